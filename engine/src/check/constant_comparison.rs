//! # a comparison has one answer for every record
//!
//! Severity: warning
//!
//! The values on both sides cannot stand in any other way: above the last value of a category, below zero for a count,
//! between two ends of which the first is the greater.
//!
//! Wrong: there is no grade above G3.
//!
//! ```rubric
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   cite "§ 3"
//!   default retained
//!   rule enough: promoted when credits >= 5 or grade > G3
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
//!   rule enough: promoted when credits >= 5 or grade >= G3
//! }
//! ```
//!
//! To keep it, write `allow(constant-comparison) "why"` before the rule or the declaration.

use crate::diagnostic::Diagnostic;
use crate::plan::Plan;
use crate::prove::Finding;

pub(super) fn told(_: &Plan, finding: &Finding) -> Option<Diagnostic> {
    let Finding::Constant(place, always) = finding else { return None };
    let (message, here) = if *always {
        ("this comparison is yes for every record", "always yes")
    } else {
        ("this comparison is yes for no record", "never yes")
    };
    Some(
        Diagnostic::warning("constant-comparison", *place, message)
            .here(here)
            .help("compare with a value that records can lie on both sides of, or take it out"),
    )
}
