//! # a promise about a result is broken
//!
//! Severity: error
//!
//! What an `assert` promises of every record holds for all, or the message shows a record for which it does not: of `D never
//! worsens as x rises` two records that differ in `x` alone, of `A is at least E`, `A is at most E` and `D implies E` one. They
//! are made up, the evaluator has confirmed them, and they stand there as `test` blocks that pass when they are pasted.
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
use crate::plan::{AssertBody, Claim, Fact, Plan, Symbols};
use crate::prove::Property;

/// A record, or two, for which it does not hold.
pub(super) fn told(plan: &Plan, assert: &AssertBody, property: &Property) -> Option<Diagnostic> {
    let Property::Broken(broken) = property else { return None };
    let (place, message) = match &assert.claim {
        Claim::NeverDepends { .. } => return None,
        Claim::NeverWorsens { decision, moved, rises, place } => {
            let (of, fact) = (Fact::Decision(*decision).name(&plan.symbols), moved.name(&plan.symbols));
            let direction = if *rises { "rises" } else { "falls" };
            (*place, format!("`{of}` worsens as `{fact}` {direction}: {}", broken.found))
        }
        Claim::Holds(promise) => match promise.subject {
            Some(subject) if promise.sides.is_some() => {
                let name = subject.name(&plan.symbols);
                (assert.place, format!("of some record `{name}` is {}", broken.found))
            }
            _ if promise.sides.is_some() => (assert.place, format!("of some record this is {}", broken.found)),
            _ => (assert.place, format!("of some record {}", broken.found)),
        },
    };
    let tests: Vec<String> = broken
        .shown
        .iter()
        .filter(|(_, _, expected)| !expected.is_empty())
        .map(|(witness, title, expected)| witness.test(&plan.symbols, title, &expected.join("\n  expect ")))
        .collect();
    let shown = if tests.is_empty() {
        "promise less, or change what it is promised of".to_owned()
    } else {
        format!("promise less, or change what it is promised of; what breaks it, made up:\n\n{}", tests.join("\n"))
    };
    Some(Diagnostic::error("assertion-fails", place, message).here("not for every record").help(shown))
}

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
