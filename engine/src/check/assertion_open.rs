//! # whether an assertion always holds is not decided
//!
//! Severity: warning
//!
//! An `assert` promises something of every record there can be. The checker proves it, or shows a record (or two that differ in one
//! fact) that breaks it. Where a product of two unknowns, a rank among all records or the order of texts plays a part, or the
//! steps run out, it can do neither, and says so; nothing here says that the promise is wrong.
//!
//! Wrong:
//!
//! ```rubric
//! define diligent of Student: number = fee * fee - 2 * fee + 1
//! assert diligent is at least 0
//! ```
//!
//! Right: what can be decided is promised.
//!
//! ```rubric
//! define diligent of Student: number = fee * fee
//! assert diligent is at least 0
//! ```
//!
//! To keep it, write `allow(assertion-open) "why"` before the assertion.

use crate::diagnostic::Diagnostic;
use crate::plan::AssertBody;
use crate::prove::Property;

pub(super) fn told(assert: &AssertBody, property: &Property) -> Option<Diagnostic> {
    let Property::Open(why) = property else { return None };
    let message = format!("whether this always holds is not decided, because of {why}");
    let diagnostic = Diagnostic::warning("assertion-open", assert.place, message);
    Some(diagnostic.help("no record is known that breaks it, and that none does is not proved"))
}
