//! # a rule applies to no record
//!
//! Severity: warning
//!
//! Either its `when` cannot be yes for any record of the decision, or wherever it is, a rule that overrides it holds too. The
//! message points at the part of the condition that cannot hold. It is a proof: every complete record, in every stretch of
//! time in which the rule is in force.
//!
//! Wrong: no number is both.
//!
//! ```rubric
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   cite "§ 3"
//!   default retained
//!   rule enough: promoted when credits >= 5 and credits < 4
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
//! To keep it, write `allow(rule-never-applies) "why"` before the rule.

use super::proof;
use crate::diagnostic::Diagnostic;
use crate::plan::Plan;
use crate::prove::Finding;

pub(super) fn told(plan: &Plan, finding: &Finding) -> Option<Diagnostic> {
    let Finding::NeverApplies(decision, rule, places) = finding else { return None };
    let rule = proof::rule(plan, *decision, *rule)?;
    let diagnostic = Diagnostic::warning(
        "rule-never-applies",
        rule.place,
        format!("the rule `{}` applies to no record", rule.label),
    );
    Some(if places.is_empty() {
        diagnostic
            .here("overridden wherever its condition holds")
            .help("a rule that overrides it holds for all its records: take it out, or change which of them gives way")
    } else {
        let together = if places.len() > 1 { "not together with the rest" } else { "cannot hold" };
        places
            .iter()
            .fold(diagnostic.here("never"), |diagnostic, place| diagnostic.label(*place, together))
            .help("change the condition, or take the rule out")
    })
}
