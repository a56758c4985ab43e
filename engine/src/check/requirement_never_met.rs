//! # no record can meet a requirement
//!
//! Severity: warning
//!
//! What it asks for cannot hold for any complete record within its `where`. It is a proof, in every stretch of time.
//!
//! Wrong: no number is both.
//!
//! ```rubric
//! requirement has_credits of Student {
//!   cite "§ 4"
//!   must credits >= 5
//!   must credits < 4
//! }
//! ```
//!
//! Right:
//!
//! ```rubric
//! requirement has_credits of Student {
//!   cite "§ 4"
//!   must credits >= 5
//! }
//! ```
//!
//! To keep it, write `allow(requirement-never-met) "why"` before the declaration.

use crate::diagnostic::Diagnostic;
use crate::plan::Plan;
use crate::prove::Finding;

pub(super) fn told(plan: &Plan, finding: &Finding) -> Option<Diagnostic> {
    let Finding::NeverMet(requirement) = finding else { return None };
    let symbol = plan.symbols.requirement(*requirement)?;
    let message = format!("no record can meet `{}`", symbol.name);
    Some(
        Diagnostic::warning("requirement-never-met", symbol.place, message)
            .here("asks for what cannot be")
            .help("change what it asks for, or its `where`"),
    )
}
