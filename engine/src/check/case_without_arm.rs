//! # no arm of a case holds for some record
//!
//! Severity: warning
//!
//! A `case` without `otherwise` is unknown where no arm holds, and no further fact will help. The checker looks at all complete
//! records and shows one; the evaluator has confirmed it.
//!
//! Wrong: three credits are neither.
//!
//! ```rubric
//! define standing of Student: count =
//!   case { when credits > 3 then 1  when credits < 3 then 0 }
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
//!   case { when credits >= 3 then 1  when credits < 3 then 0 }
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   cite "§ 3"
//!   default retained
//!   rule enough: promoted when standing >= 1
//! }
//! ```
//!
//! Looked at is a `case` that is the whole of a definition of a record. Where that is meant (a year whose
//! figures are not on file), write `allow(case-without-arm) "why"` before the declaration.

use super::proof;
use crate::diagnostic::Diagnostic;
use crate::plan::{Plan, written_name};
use crate::prove::Finding;

pub(super) fn told(plan: &Plan, finding: &Finding) -> Option<Diagnostic> {
    let Finding::NoArm(define, place, witness) = finding else { return None };
    let name = &plan.symbols.define(*define)?.name;
    let test =
        proof::shown(&plan.symbols, witness, &format!("no arm of {name} holds"), &format!("%.{} = unknown", written_name(name)));
    Some(
        Diagnostic::warning("case-without-arm", *place, format!("no arm of `{name}` holds for some record"))
            .here("nothing for this record")
            .help(format!("add an arm for such records, or `otherwise`\n{test}")),
    )
}
