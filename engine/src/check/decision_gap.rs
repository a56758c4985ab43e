//! # a decision gives nothing for some record
//!
//! Severity: error
//!
//! A decision without a `default` whose rules do not match a record leaves it undetermined, and no further fact will help. The
//! checker looks at all complete records within the `where` and shows one that no rule matches; the evaluator has confirmed
//! it.
//!
//! Wrong: level 1 is neither.
//!
//! ```rubric
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   cite "§ 3"
//!   rule reads: promoted when level >= 2
//!   rule low: retained when level < 1
//! }
//! ```
//!
//! Right:
//!
//! ```rubric
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   cite "§ 3"
//!   rule reads: promoted when level >= 2
//!   rule low: retained when level < 2
//! }
//! ```
//!
//! A `default` closes every gap, also those that were not meant. This error cannot be allowed.

use super::proof;
use crate::diagnostic::Diagnostic;
use crate::plan::{Plan, written_name};
use crate::prove::Finding;

pub(super) fn told(plan: &Plan, finding: &Finding) -> Option<Diagnostic> {
    let Finding::Gap(decision, witness) = finding else { return None };
    let symbol = plan.symbols.decision(*decision)?;
    let message = format!("no rule of `{}` matches some record, and there is no default", symbol.name);
    let test = proof::shown(
        &plan.symbols,
        witness,
        &format!("no rule of {} matches", symbol.name),
        &format!("%.{} = undetermined", written_name(&symbol.name)),
    );
    Some(
        Diagnostic::error("decision-gap", symbol.place, message)
            .here("nothing for this record")
            .help(format!("add a rule for such records, or a `default`\n{test}")),
    )
}
