//! # two rules apply to one record and disagree
//!
//! Severity: error
//!
//! Rules are not tried in an order, so that two rules which both apply and give different outcomes leave the record without one:
//! its result is `conflict`. The checker looks at all complete records at once and shows one for which it happens; the
//! evaluator has confirmed it. One of the two must say that it gives way (`subject to`) or that it prevails
//! (`notwithstanding`), or one of the conditions must leave the other's records out.
//!
//! Wrong: a child can have enough credits and be behind.
//!
//! ```rubric
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   cite "§ 3"
//!   default retained
//!   rule enough: promoted when credits >= 5
//!   rule behind: retained when behind >= 2
//! }
//! ```
//!
//! Right: it says which of the two decides.
//!
//! ```rubric
//! decision promotion of Student {
//!   outcomes promoted, retained
//!   cite "§ 3"
//!   default retained
//!   rule enough: promoted when credits >= 5
//!   rule behind: retained when behind >= 2 notwithstanding enough
//! }
//! ```
//!
//! An editor offers both, as clauses of the second rule; which is meant stands in the statute, not in the text. This error cannot
//! be allowed. At most four pairs of a decision are told at a time.

use super::proof::{self, Clause};
use crate::diagnostic::Diagnostic;
use crate::plan::{Plan, written_name};
use crate::prove::Finding;

pub(super) fn told(plan: &Plan, finding: &Finding) -> Option<Diagnostic> {
    let Finding::Conflict(decision, a, b, witness) = finding else { return None };
    let (one, other) = (proof::rule(plan, *decision, *a)?, proof::rule(plan, *decision, *b)?);
    let name = &plan.symbols.decision(*decision)?.name;
    let message = format!("the rules `{}` and `{}` can both apply, and disagree", one.label, other.label);
    let test = proof::shown(
        &plan.symbols,
        witness,
        &format!("{} and {} disagree", one.label, other.label),
        &format!("%.{} = conflict", written_name(name)),
    );
    let both = [Clause::SubjectTo, Clause::Notwithstanding];
    let can = |clause| proof::override_clause(plan, *decision, *b, &[*a], clause).is_some();
    let diagnostic = Diagnostic::error("rule-conflict", other.place, message);
    Some(
        proof::with_overrides(diagnostic, plan, *decision, (*b, &[*a]), &both)
            .here(format!("says {}", proof::outcome(plan, *decision, other)))
            .label(one.place, format!("says {}", proof::outcome(plan, *decision, one)))
            .help(format!(
                "{}leave the records of the other out of its `when`\n{test}",
                ways(&one.label, &other.label, both.map(can))
            )),
    )
}

/// How one of two rules can give way, where that does not make a circle of overrides.
fn ways(one: &str, other: &str, [gives_way, prevails]: [bool; 2]) -> String {
    match (gives_way, prevails) {
        (true, true) => format!(
            "let one give way: write `subject to {one}` in `{other}`, or `subject to {other}` in `{one}`; or let it \
             prevail with `notwithstanding`; or "
        ),
        (true, false) => format!("let `{other}` give way: write `subject to {one}` in it; or "),
        (false, true) => format!("let `{one}` give way: write `subject to {other}` in it; or "),
        (false, false) => String::new(),
    }
}
