//! # the checker could not decide
//!
//! Severity: information
//!
//! Whether rules conflict, or a record falls between them, is decided for conditions on fields, counts of rows, dates and
//! linear arithmetic. Where something else plays a part (a product of two unknowns, the order of texts, a rank among all
//! records), or the steps run out, the checker can neither prove it nor show a record, and says so. Nothing is wrong
//! with the policy; test such cases by hand.
//!
//! Wrong: it hangs on a product.
//!
//! ```rubric
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   cite "§ 3"
//!   default retained
//!   rule enough: promoted when fee * fee > 2 and fee > 0 and credits >= 5
//!   rule poor: retained when fee * fee * fee < 1
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
//!   rule enough: promoted when fee > 2 and credits >= 5
//!   rule poor: retained when fee < 1
//! }
//! ```

use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::plan::Plan;
use crate::prove::Finding;

pub(super) fn told(_: &Plan, finding: &Finding) -> Option<Diagnostic> {
    let Finding::Open(what, place, why) = finding else { return None };
    Some(open(*place, what, why))
}

/// That it is not decided, and why.
pub(super) fn open(place: Place, what: &str, why: &str) -> Diagnostic {
    let message = format!("not decided: {what}, because of {why}");
    let mut diagnostic = Diagnostic::warning("not-decided", place, message);
    diagnostic.severity = Severity::Information;
    diagnostic.help("neither a proof nor a record that shows it was found: test such cases by hand")
}
