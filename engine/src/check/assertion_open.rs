//! # whether an assertion always holds is not decided
//!
//! Severity: warning
//!
//! An `assert` promises something of every record there can be. `never depends on` is decided by looking at what is read. Of
//! this one the checker can say neither that it holds nor which record breaks it; nothing here says that it is wrong.
//!
//! Wrong:
//!
//! ```rubric
//! define diligent of Student: number = fee / 2
//! assert diligent is at least 0
//! ```
//!
//! Right: what can be decided is promised.
//!
//! ```rubric
//! define diligent of Student: number = fee / 2
//! assert diligent never depends on credits
//! ```
//!
//! To keep it, write `allow(assertion-open) "why"` before the assertion.

use crate::diagnostic::Diagnostic;
use crate::plan::{AssertBody, Claim, Plan};

pub(super) fn check(plan: &Plan, found: &mut Vec<Diagnostic>) {
    for assert in &plan.asserts {
        if !matches!(assert.claim, Claim::NeverDepends { .. }) {
            found.push(report(assert));
        }
    }
}

fn report(assert: &AssertBody) -> Diagnostic {
    Diagnostic::warning("assertion-open", assert.place, "whether this always holds is not decided")
        .help("no record is known that breaks it, and that none does is not proved")
}
