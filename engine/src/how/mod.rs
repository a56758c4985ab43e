//! What would give a record another result: the smallest sets of facts whose change does, each tried by the evaluator.
//!
//! Facts are the cells of the record and of the rows that name it, and how many such rows there are. Keys, references and
//! birth dates are no such facts, nor is what its author marks `unchangeable`. For each fact the values are sought at which
//! something that the result reads comes out otherwise, and of these the nearest; then sets of one, two and three facts
//! are tried, smallest first. A fact of a row is told by the derived facts that it moves: "mathematics mastered: 7,
//! needs 8". Work is counted in evaluations, so that every machine says the same; what runs out is said to have.

mod changed;
mod facts;
mod measure;
mod search;
mod value;

use crate::data::Records;
use crate::evaluate::{Fact, Options, SourceText};
use crate::plan::{DecisionId, Instance, Plan, ResultStatus};
use crate::value::Date;

/// What is asked, of which record.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The law.
    pub plan: &'a Plan,
    /// The records.
    pub data: &'a dyn Records,
    /// The day of the run.
    pub as_of: Date,
    /// What the run fixes beside them; its privacy is kept.
    pub options: &'a Options,
    /// What is written at a place.
    pub text: &'a SourceText<'a>,
    /// The result.
    pub result: Asked,
    /// The row, of the result's record.
    pub row: u32,
    /// What is wanted; nothing: of a decision any other outcome, of a requirement that it is met or excepted.
    pub wanted: Option<Came>,
}

/// A decision or a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum Asked {
    Decision(DecisionId),
    Requirement(Instance),
}

/// What comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// An outcome of a decision, by position.
    Outcome(u32),
    /// The status of a requirement, or why a decision has no outcome.
    Status(ResultStatus),
}

/// What would give another result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct How {
    /// What comes out now: `retained`.
    pub now: String,
    /// It is what is wanted already.
    pub already: bool,
    /// The sets of facts, the smallest first. None is part of another.
    pub ways: Vec<Way>,
    /// Everything up to [`MOST_FACTS`] facts was tried; else the evaluations ran out, or enough ways were found.
    pub all_tried: bool,
    /// How many evaluations were made.
    pub evaluations: u32,
}

/// A set of facts that gives another result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The result: `promoted`.
    pub result: String,
    /// Which facts.
    pub changes: Vec<Change>,
}

impl Way {
    /// Whether the same facts come to the same, whatever was changed to get there.
    fn says_the_same(&self, other: &Self) -> bool {
        let facts = |way: &Self| -> Vec<(String, String, String)> {
            let all = way.changes.iter();
            all.map(|change| (change.fact.clone(), change.now.clone(), change.needs.clone())).collect()
        };
        self.result == other.result && facts(self) == facts(other)
    }
}

/// A fact that would have to be another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which: `reading_level`, `mathematics_mastered`.
    pub fact: String,
    /// What it is; masked where it must be.
    pub now: String,
    /// What it would have to be, the nearest to what it is; masked where it must be.
    pub needs: String,
    /// Of a derived fact: what was changed to get there, as an example.
    pub by: Vec<String>,
    /// Where the fact was read.
    pub source: Option<Fact>,
}

/// So many facts are changed at once at most.
pub const MOST_FACTS: usize = 3;
/// So many sets are told at most.
pub const MOST_WAYS: usize = 5;
/// So many evaluations are made at most.
pub const MOST_EVALUATIONS: u32 = 12_000;

/// What would give the record another result.
#[must_use]
pub fn how(question: &Question<'_>) -> How {
    search::Search::new(question).run()
}

#[cfg(test)]
mod tests;
