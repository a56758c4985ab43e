//! What a compiled decision consists of: instructions over registers, a register for each instruction.
//!
//! A register is a column: a state for each lane and, unless it is a condition, a whole number. The lanes of the first
//! space are records; those of any other are the rows of a `many` field of the lanes of its parent, in their order.

use std::sync::Arc;

use rubric_grammar::ast::{DurationUnit, MonthEnd, PartOf};

use crate::plan::{CompareOp, DecisionBody, DefineBody, ExprId};
use crate::value::{Date, Type};

/// A condition that is no.
pub(super) const NO: u8 = 0;
/// Not known.
pub(super) const UNKNOWN: u8 = 1;
/// An error.
pub(super) const ERROR: u8 = 2;
/// A condition that is yes; any other value that is known. Of these four `and` is the least.
pub(super) const KNOWN: u8 = 3;
/// Definitely nothing on file.
pub(super) const MISSING: u8 = 4;

/// `none`, where numbers stand for it.
pub(super) const NONE: i64 = i64::MIN;
/// What a decision is for a record outside its `where`.
pub(super) const NOT_APPLICABLE: i64 = i64::MIN + 1;
/// Later than every day.
pub(super) const NEVER: i64 = i64::MAX;

/// What the numbers of a register are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// There are none: the state says it.
    Truth,
    /// A number, times 10 to the scale.
    Number(u8),
    /// Days since 1970-01-01.
    Day,
    /// The year in which a school year starts.
    Year,
    /// Position in a category.
    Code,
    /// Position among the texts that the decision names; other texts are all the same, so only equality with one that is
    /// named can be asked.
    Text,
}

/// A register, by the position of its instruction.
pub(super) type Register = usize;

/// Rows that are evaluated together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Space {
    /// Whose rows; `None` of the records themselves.
    pub(super) parent: Option<usize>,
    /// Position of the `many` field.
    pub(super) field: u32,
    /// The expression that names them, to ask the evaluator for them.
    pub(super) rows: Option<(Leaf, u16)>,
}

/// Whose code an expression is of.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Decision(Arc<DecisionBody>),
    Define(Arc<DefineBody>),
}

impl Source {
    pub(super) fn code(&self) -> &crate::plan::Code {
        match self {
            Self::Decision(body) => &body.code,
            Self::Define(body) => &body.code,
        }
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.code(), other.code())
    }
}

impl Eq for Source {}

impl std::hash::Hash for Source {
    fn hash<H: std::hash::Hasher>(&self, hasher: &mut H) {
        std::ptr::hash(self.code(), hasher);
    }
}

/// An expression that is read, or worked out by the evaluator, when records are prepared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Leaf {
    pub(super) source: Source,
    pub(super) expr: ExprId,
    /// The spaces whose lanes slots are bound to.
    pub(super) slots: Vec<(u16, usize)>,
    pub(super) law: Date,
}

/// A leaf and where its column is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Slot {
    pub(super) leaf: Leaf,
    pub(super) space: usize,
    pub(super) kind: Kind,
    pub(super) ty: Type,
}

/// The rows, and those of them that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Members {
    pub(super) space: usize,
    pub(super) filter: Option<Register>,
}

/// A side of a comparison of quotients: `of / by`, times 10 to the power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Quotient {
    pub(super) of: Register,
    pub(super) by: Register,
    /// By what the numerator has to be multiplied for the scales of both.
    pub(super) factor: i64,
    /// By what the denominator has to be.
    pub(super) divisor: i64,
}

/// An instruction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Instruction {
    Constant(u8, i64),
    Slot(usize),
    /// What the lanes' parents have.
    Expand(Register),
    /// The missing as unknown.
    Doubt(Register),
    Not(Register),
    And(Register, Register),
    Or(Register, Register),
    /// Of numbers of one kind and scale.
    Compare(CompareOp, Register, Register),
    CompareConstant(CompareOp, Register, i64),
    /// Whether two conditions are the same, or (`false`) are not.
    Alike(bool, Register, Register),
    CompareQuotient(CompareOp, Quotient, Register),
    InConstants(Register, Arc<[i64]>),
    IsKnown(Register),
    IsMissing(Register),
    IsNone(Register),
    Presumed(Register, Register),
    If(Register, Register, Register),
    Rescale(Register, i64),
    Add(Register, Register),
    Subtract(Register, Register),
    Multiply(Register, Register),
    Negate(Register),
    /// What is below zero is replayed.
    ToCount(Register),
    /// The lesser (`false`) or the greater.
    Extreme(bool, Register, Register),
    ShiftDays(Register, Register, bool),
    ShiftMonths(Register, Register, bool, MonthEnd),
    ShiftYears(Register, Register, bool),
    Elapsed(DurationUnit, Register, Register, MonthEnd),
    Age(Register, Register, MonthEnd),
    Part(PartOf, Register),
    SchoolYear(Register, (u8, u8)),
    /// A value for each code; `None` for all others, or the otherwise.
    Table(Register, Arc<[(i64, i64)]>, Option<i64>),
    /// `any of` (`true`), `all` of a condition that is in no filter.
    Fold(bool, usize, Option<Register>),
    Count(Members),
    Sum(Members, Register),
    /// `lowest` (`false`) or `highest`.
    Best(bool, Members, Register),
}

/// What is known of a register before it is run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Info {
    pub(super) space: usize,
    pub(super) kind: Kind,
    /// Whether a lane may be missing.
    pub(super) missing: bool,
    /// The state and number of all lanes.
    pub(super) constant: Option<(u8, i64)>,
}
