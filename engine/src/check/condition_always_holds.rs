//! # the condition of a rule always holds
//!
//! Severity: warning
//!
//! For every complete record of the decision the `when` is yes, so that it decides nothing. It is a proof, in every stretch of
//! time in which the rule is in force.
//!
//! Wrong: a count is never below zero.
//!
//! ```rubric
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   cite "§ 3"
//!   default retained
//!   rule enough: promoted when credits >= 5 or credits < 5
//! }
//! ```
//!
//! Right:
//!
//! ```rubric
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   cite "§ 3"
//!   default retained
//!   rule enough: promoted when credits >= 5
//! }
//! ```
//!
//! To keep it, write `allow(condition-always-holds) "why"` before the rule.

use super::proof;
use crate::diagnostic::Diagnostic;
use crate::plan::Plan;
use crate::prove::Finding;

pub(super) fn told(plan: &Plan, finding: &Finding) -> Option<Diagnostic> {
    let Finding::AlwaysHolds(decision, rule, place) = finding else { return None };
    let rule = proof::rule(plan, *decision, *rule)?;
    let message = format!("the condition of the rule `{}` holds for every record", rule.label);
    Some(
        Diagnostic::warning("condition-always-holds", *place, message)
            .here("always yes")
            .help("leave out the `when` if that is meant, else change it"),
    )
}
