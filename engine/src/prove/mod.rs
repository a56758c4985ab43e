//! Proofs about policies: for every record at once, with an exact decision procedure and nothing to install.
//!
//! A question ("can two rules of this decision disagree?") becomes clauses over the unknown record. A SAT solver looks for a
//! record, exact simplex and the calendar check its numbers and days, and what they find out goes back to it. What it
//! proposes is built as a record and run through the evaluator, which is the definition of meaning: only what that
//! confirms is shown. Where nothing is left to propose, the claim is proved; where proposals are not confirmed, or the
//! steps run out, it is *not decided*, and why is said. Work is counted in steps, so every machine gives one answer.
//!
//! - [`findings`] and [`define_findings`] are what the checks tell: conflicts, gaps, rules without effect.
//! - [`equivalent`] says whether two versions of a declaration give the same for every record; [`compare`] is the same of one
//!   value, and of definitions.
//! - [`Amended`] says whether what a policy amends does what it was granted to do, and [`mixed`] whether a value
//!   that may be raised moves all results one way.
//! - [`property`] says whether a promise (`assert`) is kept for every record.
//!
//! A record of a question is complete: required fields have values, fields that may be missing have one or are missing. Of
//! several latest rows none disagrees with another. Numbers are below the limit at which the evaluator gives up.

mod amendment;
mod amount;
mod calendar;
mod cnf;
mod collection;
mod common;
mod compare;
mod decide;
mod decode;
mod encode;
mod equivalence;
mod findings;
mod form;
mod given_up;
mod grant;
mod known;
mod law;
mod property;
mod question;
mod raised;
mod rational;
mod simplex;
mod slice;
mod solver;
mod subject;
mod sym;
mod trial;
mod vocabulary;
mod witness;
mod world;

pub use amendment::{Amended, Direction, How, Judged, Overstep, Verdict as AmendmentVerdict};
pub(crate) use encode::AFTER_ERRORS;
pub use equivalence::{Difference, Equivalence, compare, equivalent};
pub use findings::{Finding, define_findings, findings};
pub(crate) use given_up::unless;
pub use grant::{Mixed, Moved, mixed, readers};
pub use law::{Given, What};
pub use property::{Broken, Property, property, property_part};
pub use question::Verdict;
pub(crate) use slice::{Bodies, gather};
pub use slice::{segments, slice, slice_with};
pub use solver::steps;
pub use subject::Subject;
pub use vocabulary::type_name;

pub(crate) use witness::literal;
pub use witness::{Fact, Row, Witness};
