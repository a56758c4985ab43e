//! What tests notice: the plan is changed in one small place at a time, and the tests are run on what comes out.
//!
//! A *mutant* is a plan with one such change: a comparison is strict that was not, a constant is one unit more or less, an
//! override is dropped, an outcome is another, a day is the one before or after. A test that fails on it *kills* it.
//! What no test kills is told, unless [`compare`](crate::prove::compare) proves that the change makes no difference to
//! any complete record: such a mutant is said to be one, and not counted. Nothing is drawn by lot, so the same policies
//! and tests always give the same mutants and the same score.

mod borders;
mod edit;
mod judge;
mod sites;
mod text;

use std::sync::Arc;

use crate::diagnostic::Place;
use crate::evaluate::SourceText;
use crate::plan::{DefineId, ParameterId, Plan, PolicyId, ResultId, Symbol};
use edit::Edit;

pub(super) use judge::Reach;
pub use judge::{Fate, judge};

/// A plan with one small change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// What sort of change it is.
    pub kind: MutantKind,
    /// The declaration that is changed.
    pub of: Mutated,
    /// Where, in the text.
    pub place: Place,
    /// What stands there: `reading_level >= passing_level`.
    pub before: String,
    /// What stands there in the mutant: `reading_level > passing_level`.
    pub after: String,
    edit: Edit,
}

/// What sort of change a mutant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MutantKind {
    /// `>=` is `>`, `=` is `!=`, an end of `between` is not in, a value of `in (…)` is left out.
    Comparison,
    /// A constant, or a value of a parameter, is one unit more or less.
    Constant,
    /// A `subject to` or `notwithstanding` is dropped, or an `except`.
    Override,
    /// A rule or a default gives another outcome.
    Outcome,
    /// A `from` or `until` is the day before or after.
    Date,
}

impl MutantKind {
    /// The word, as in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Comparison => "comparison",
            Self::Constant => "constant",
            Self::Override => "override",
            Self::Outcome => "outcome",
            Self::Date => "date",
        }
    }
}

/// A declaration that a mutant changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum Mutated {
    Policy(PolicyId),
    Parameter(ParameterId),
    Define(DefineId),
    Result(ResultId),
}

impl Mutated {
    /// Its name, as policies write it.
    #[must_use]
    pub fn name(self, plan: &Plan) -> String {
        let symbols = &plan.symbols;
        let name = match self {
            Self::Policy(id) => symbols.policy(id).map(|it| it.name.as_str()),
            Self::Parameter(id) => symbols.name(Symbol::Parameter(id)),
            Self::Define(id) => symbols.name(Symbol::Define(id)),
            Self::Result(id) => symbols.name(id),
        };
        name.unwrap_or_default().to_owned()
    }
}

impl Mutant {
    /// The plan with the change.
    #[must_use]
    pub fn apply(&self, plan: &Plan) -> Plan {
        self.edit.apply(plan)
    }
}

/// Every mutant of a plan, in the order of files and text. `text` gives what is written at a place.
#[must_use]
pub fn mutants(plan: &Plan, text: &SourceText<'_>) -> Vec<Mutant> {
    in_order(sites::all(plan, text, false))
}

/// The changes that one side of a threshold or of a day tells from the policy: a test that fails on one stands on that
/// side, and the rule matters to it. In the order of files and text.
#[must_use]
pub(super) fn borders(plan: &Plan, text: &SourceText<'_>) -> Vec<Mutant> {
    in_order(sites::all(plan, text, true))
}

fn in_order(mut found: Vec<Mutant>) -> Vec<Mutant> {
    found.sort_by(|a, b| (a.place, a.kind, &a.before, &a.after).cmp(&(b.place, b.kind, &b.before, &b.after)));
    found
}

/// How well tests notice: those killed among those that are not equivalent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Killed by a test.
    pub killed: usize,
    /// Killed by none.
    pub survived: usize,
    /// Proved to make no difference.
    pub equivalent: usize,
}

impl Score {
    /// Of these fates.
    #[must_use]
    pub fn of(fates: &[Fate]) -> Self {
        let mut score = Self::default();
        for fate in fates {
            match fate {
                Fate::Killed(_) => score.killed += 1,
                Fate::Survived { .. } => score.survived += 1,
                Fate::Equivalent => score.equivalent += 1,
            }
        }
        score
    }

    /// In tenths of a percent, rounded down; nothing where there is nothing to kill.
    #[must_use]
    pub fn per_mille(&self) -> Option<usize> {
        (self.killed * 1000).checked_div(self.killed + self.survived)
    }

    /// Whether it is at least so many percent; what has nothing to kill is.
    #[must_use]
    pub fn reaches(&self, percent: usize) -> bool {
        self.killed * 100 >= percent * (self.killed + self.survived)
    }
}

/// What was written at a place, on one line.
fn written(text: &SourceText<'_>, place: Place) -> Option<String> {
    let words = text(place)?;
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then_some(line)
}

/// A shared name.
type Name = Arc<str>;

#[cfg(test)]
mod tests;
