//! # a rule changes no outcome
//!
//! Severity: warning
//!
//! Without the rule every record would have the same result: others give its outcome wherever it applies, and it keeps none
//! from applying. It is a proof: every complete record, in every stretch of time in which the rule is in force.
//!
//! Wrong: five credits are four already.
//!
//! ```rubric
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   cite "§ 3"
//!   default retained
//!   rule enough: promoted when credits >= 4
//!   rule plenty: promoted when credits >= 5
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
//!   rule enough: promoted when credits >= 4
//! }
//! ```
//!
//! A rule that only repeats the statute for the reader can stay: write `allow(rule-never-changes) "why"` before it.

use super::proof;
use crate::diagnostic::Diagnostic;
use crate::plan::Plan;
use crate::prove::Finding;

pub(super) fn told(plan: &Plan, finding: &Finding) -> Option<Diagnostic> {
    let Finding::NeverChanges(decision, rule) = finding else { return None };
    let rule = proof::rule(plan, *decision, *rule)?;
    Some(
        Diagnostic::warning("rule-never-changes", rule.place, format!("the rule `{}` changes no outcome", rule.label))
            .here(format!("{} without it too", proof::outcome(plan, *decision, rule)))
            .help("take it out, change its condition, or allow it with the reason"),
    )
}
