//! The explaining evaluator: the definition of what a plan gives for a record.

mod outcome;

pub use outcome::{
    By, DecisionResult, Explanation, Fact, MustOutcome, RequirementResult, Step, StepKind, Verdict,
};
