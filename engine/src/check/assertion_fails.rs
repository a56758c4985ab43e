//! # a result depends on what it never may
//!
//! Severity: error
//!
//! `assert D never depends on F` is a promise that no way leads from F to D: not through values, conditions, `where`, keys, rows that
//! are looked up, `by` or `per`. The message shows the shortest way that does, with a label at each step. Texts after
//! `because` decide nothing and are not looked at.
//!
//! Wrong:
//!
//! ```rubric
//! define diligent of Student: flag = fee > 0 and (count of enrollments) > 0
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   cite "§ 3"
//!   default retained
//!   rule enough: promoted when credits >= 5 or diligent
//! }
//! assert promotion never depends on Enrollment
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
//! assert promotion never depends on Enrollment
//! ```
//!
//! F is a field of the record that D is of, `Record.field`, a whole record with all its fields, a define, a parameter, an input or
//! another result. What is shown is that a way exists, not that it makes a difference: `x > 3 or x <= 3` depends on x.
//! This error cannot be allowed.

use super::depends;
use crate::diagnostic::{Diagnostic, Place};
use crate::plan::{Claim, Fact, Plan, Symbols};

pub(super) fn check(plan: &Plan, found: &mut Vec<Diagnostic>) {
    for assert in &plan.asserts {
        let Claim::NeverDepends { subject, never } = &assert.claim else { continue };
        for (fact, place) in never {
            if let Some(way) = depends::way(plan, *subject, *fact) {
                found.push(report(&plan.symbols, *subject, *fact, *place, &way));
            }
        }
    }
}

fn report(symbols: &Symbols, subject: Fact, fact: Fact, place: Place, way: &[(Fact, Place)]) -> Diagnostic {
    let name = |fact: Fact| fact.name(symbols);
    let steps: Vec<String> = std::iter::once(subject)
        .chain(way.iter().map(|(fact, _)| *fact))
        .map(|fact| format!("`{}`", name(fact)))
        .collect();
    let message = format!("`{}` depends on `{}`: {}", name(subject), name(fact), steps.join(" → "));
    let diagnostic = Diagnostic::error("assertion-fails", place, message).here("never, says the assertion");
    let labelled = steps.iter().zip(steps.iter().skip(1)).zip(way).fold(
        diagnostic,
        |diagnostic, ((reader, read), (_, place))| diagnostic.label(*place, format!("{reader} reads {read}")),
    );
    labelled.help("take it out at one of these places, or do not promise it")
}
