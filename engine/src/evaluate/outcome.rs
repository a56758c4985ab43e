//! What evaluating a decision or requirement gives, and the tree that says why.

use std::sync::Arc;

use super::waiver::{Waiver, WaiverUse};
use super::wording::{Cites, Words};
use crate::diagnostic::Place;
use crate::plan::ResultStatus;
use crate::value::{Fault, Need, Number};

/// A rule or the default, that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum By {
    /// Position of the rule in the decision's rules.
    Rule(u32),
    /// Position of the default in the decision's defaults.
    Default(u32),
}

/// An outcome, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Position in the outcomes.
    Outcome(u32),
    /// `not_applicable`, `undetermined`, `conflict` or `error`.
    Status(ResultStatus),
}

/// What a decision gives for one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionResult {
    /// The outcome or the status.
    pub verdict: Verdict,
    /// The rules that decided, in the order of the text; of a conflict, those that disagree.
    pub by: Vec<By>,
    /// Rules that held, or may have, and are waived for the record: their positions and the waivers.
    pub waived: Vec<(u32, Waiver)>,
    /// Rules of the same outcome that may apply too.
    pub perhaps: Vec<By>,
    /// Of `undetermined`: the outcomes still possible, by position; empty when nothing matched.
    pub possible: Vec<u32>,
    /// Of `undetermined`: the decisive missing facts.
    pub needs: Arc<[Need]>,
    /// Of `error`: why.
    pub faults: Arc<[Fault]>,
    /// The `because` texts of what decided, values filled in, private values masked.
    pub because: Vec<String>,
}

/// What a requirement gives for one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequirementResult {
    /// `met`, `violated`, `excepted`, `waived`, `pending`, `not_applicable`, `undetermined` or `error`.
    pub status: ResultStatus,
    /// Every `must` with its state.
    pub musts: Vec<MustOutcome>,
    /// The waiver of the requirement for the record.
    pub waiver: Option<WaiverUse>,
    /// Positions of the excepts that hold.
    pub excepts: Vec<u32>,
    /// Of `undetermined`: the decisive missing facts.
    pub needs: Arc<[Need]>,
    /// Of `error`: why.
    pub faults: Arc<[Fault]>,
    /// The `because` text with values filled in, private values masked; set when violated.
    pub because: Option<String>,
}

/// What an amount gives for one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmountResult {
    /// The sum of the lines.
    pub total: Worth,
    /// One for each line of the symbol, in its order; together they are the total.
    pub lines: Vec<LineResult>,
    /// The `because` texts of the amount and of the lines that apply, values filled in, private values masked.
    pub because: Vec<String>,
}

/// What a line gives for one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineResult {
    /// Its label.
    pub label: String,
    /// What it comes to.
    pub worth: Worth,
}

/// What an amount or a line comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Worth {
    /// So much.
    Known(Number),
    /// The amount does not apply to the record.
    NotApplicable,
    /// Facts are missing: which.
    Undetermined(Arc<[Need]>),
    /// No fact helps: why.
    Error(Arc<[Fault]>),
}

impl Worth {
    /// The status, where it is not a value.
    #[must_use]
    pub const fn status(&self) -> Option<ResultStatus> {
        match self {
            Self::Known(_) => None,
            Self::NotApplicable => Some(ResultStatus::NotApplicable),
            Self::Undetermined(_) => Some(ResultStatus::Undetermined),
            Self::Error(_) => Some(ResultStatus::Error),
        }
    }

    /// The facts that are missing.
    #[must_use]
    pub fn needs(&self) -> Arc<[Need]> {
        match self {
            Self::Undetermined(needs) => Arc::clone(needs),
            _ => Arc::default(),
        }
    }
}

/// The state of a `must`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum MustOutcome {
    Holds,
    Fails,
    Unknown,
    Error,
}

/// Why a record has its result: a tree, ready to be rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// `promotion of Student maria`; private keys masked.
    pub title: String,
    /// The result in a few words: `retained`, `undetermined`.
    pub result: Words,
    /// Citations of the whole.
    pub cites: Cites,
    /// The `because` texts.
    pub because: Vec<String>,
    /// Names of decisive missing facts.
    pub needs: Vec<String>,
    /// The day of the run.
    pub as_of: Words,
    /// What led there.
    pub steps: Vec<Step>,
}

/// One node of an [`Explanation`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is.
    pub kind: StepKind,
    /// `rule english_learner: promoted_for_good_cause`, `reading_level >= passing_level`, `reading_level`.
    pub text: Words,
    /// `yes`, `no`, `unknown`, `1`, `not in force`, `overridden by reads_at_level`; private values masked.
    pub state: Words,
    /// Citations.
    pub cites: Cites,
    /// Where it was written; of a fact, where its row was read.
    pub place: Option<Place>,
    /// For a fact: the file and line it was read from.
    pub source: Option<Fact>,
    /// Of a rule, a `must`, an `except`, a line, a default or the value of a parameter: whose it is.
    pub layer: Option<Arc<Layer>>,
    /// What it follows from.
    pub steps: Vec<Step>,
}

/// Whose something is, of the layers of law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// `district "Miami-Dade"`, where its policy says it.
    pub authority: Option<String>,
    /// The policy in which it is written.
    pub policy: String,
}

/// Where a fact comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The file.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u64,
}

/// The kinds of [`Step`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepKind {
    /// A rule that decided.
    Decided,
    /// A rule whose condition holds but which another overrides.
    Overridden,
    /// A rule or `must` that does not hold.
    NotHeld,
    /// A rule or `must` whose condition is not known.
    Undetermined,
    /// A `must` or `except` that holds, or a condition that is yes.
    Held,
    /// A rule or requirement that is waived for the record.
    Waived,
    /// A rule that is not in force.
    NotInForce,
    /// A condition or a part of one.
    Condition,
    /// A derived fact.
    Define,
    /// A fact of a record.
    Fact,
    /// A parameter, with the row in force.
    Parameter,
    /// Rows that an aggregate looked at.
    Rows,
    /// An error.
    Fault,
}
