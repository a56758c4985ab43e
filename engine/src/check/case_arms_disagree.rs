//! # two arms of a case hold for one record, with different values
//!
//! Severity: error
//!
//! The arms of a `case` are not tried in an order: those that hold must agree, else the value is an error for that record. The
//! checker looks at all complete records and shows one; the evaluator has confirmed it. Where an order is meant, `if … then …
//! else if …` says so.
//!
//! Wrong: six credits are more than three.
//!
//! ```rubric
//! define standing of Student: count =
//!   case { when credits >= 6 then 2  when credits >= 3 then 1  otherwise 0 }
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   cite "§ 3"
//!   default retained
//!   rule enough: promoted when standing >= 1
//! }
//! ```
//!
//! Right:
//!
//! ```rubric
//! define standing of Student: count =
//!   if credits >= 6 then 2 else if credits >= 3 then 1 else 0
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   cite "§ 3"
//!   default retained
//!   rule enough: promoted when standing >= 1
//! }
//! ```
//!
//! Looked at is a `case` that is the whole of a definition of a record. This error cannot be allowed.

use super::proof;
use crate::diagnostic::Diagnostic;
use crate::plan::{Plan, written_name};
use crate::prove::Finding;

pub(super) fn told(plan: &Plan, finding: &Finding) -> Option<Diagnostic> {
    let Finding::ArmsDisagree(define, one, other, witness) = finding else { return None };
    let name = &plan.symbols.define(*define)?.name;
    let test =
        proof::shown(&plan.symbols, witness, &format!("arms of {name} disagree"), &format!("%.{} = error", written_name(name)));
    Some(
        Diagnostic::error("case-arms-disagree", *other, format!("two arms of `{name}` hold together, with different values"))
            .here("holds too")
            .label(*one, "holds")
            .help(format!("make one condition leave the other's records out, or write `if … else if …`\n{test}")),
    )
}
