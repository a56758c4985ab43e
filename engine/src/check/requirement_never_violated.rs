//! # no record can violate a requirement
//!
//! Severity: warning
//!
//! Every complete record meets it, is excepted or stands outside its `where`, so that it asks for nothing. It is a proof, in
//! every stretch of time.
//!
//! Wrong: a count is never below zero.
//!
//! ```rubric
//! requirement has_credits of Student {
//!   cite "§ 4"
//!   must credits >= 0
//! }
//! ```
//!
//! Right:
//!
//! ```rubric
//! requirement has_credits of Student {
//!   cite "§ 4"
//!   must credits >= 1
//! }
//! ```
//!
//! To keep it, write `allow(requirement-never-violated) "why"` before the declaration.

use crate::diagnostic::Diagnostic;
use crate::plan::Plan;
use crate::prove::Finding;

pub(super) fn told(plan: &Plan, finding: &Finding) -> Option<Diagnostic> {
    let Finding::NeverViolated(requirement) = finding else { return None };
    let symbol = plan.symbols.requirement(*requirement)?;
    let message = format!("no record can violate `{}`", symbol.name);
    Some(
        Diagnostic::warning("requirement-never-violated", symbol.place, message)
            .here("asks for nothing")
            .help("change what it asks for, its `where` or its `except`"),
    )
}
