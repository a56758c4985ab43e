//! The explaining evaluator: the definition of what a plan gives for a record.
//!
//! A state ([`State`](crate::value::State)) is known only if every completion of the absent facts gives the same, and
//! unknown where the tables of the operators do not settle it; other engines are never cleverer. [`Evaluator`] answers
//! questions about one row at a time and remembers what it found on the way.

pub(crate) mod aggregate;
pub(crate) mod amount;
pub(crate) mod apportion;
mod at_hand;
mod because;
pub(crate) mod bounds;
pub(crate) mod decide;
pub(crate) mod decision;
pub(crate) mod evaluator;
mod exercise;
mod explain;
pub(crate) mod expr;
mod field;
pub(crate) mod found;
pub(crate) mod group;
mod needs;
pub(crate) mod operate;
mod outcome;
pub(crate) mod pick;
pub(crate) mod population;
mod privacy;
mod reasons;
pub(crate) mod requirement;
pub(crate) mod rows;
mod selection;
mod waiver;
mod wording;
mod words;

#[cfg(test)]
mod tests;

pub(crate) use bounds::order;
pub use evaluator::{Env, Evaluator, Givens, Options};
pub(crate) use exercise::Inside;
pub use explain::SourceText;
pub use needs::{show_need, show_need_with};
pub use outcome::{
    AmountResult, By, DecisionResult, Explanation, Fact, Layer, LineResult, MustOutcome, RequirementResult,
    Step, StepKind, Verdict, Worth,
};
pub use waiver::{NoTarget, Target, Waived, Waiver, WaiverUse, Waivers, may_waive, waiver_target, waivers};
pub(crate) use waiver::{quoted, waiver_of};
pub use wording::{Cites, Words};
pub use words::{decision_words, requirement_words};
