//! Typed expressions.

use std::cmp::Ordering;

use rubric_grammar::ast::{
    AggregateKind, DurationUnit, MonthEnd, PartOf, QuantityKind, RoundingMode, RoundingUnit, TextTest,
};

use super::{AmountId, DecisionId, DefineId, InputId, ParameterId, RequirementId};
use crate::diagnostic::Place;
use crate::value::{CategoryId, RecordId, Type, Value};

/// An expression of a [`Code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExprId(pub u32);

/// The expressions of one body; each stands after those it uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code {
    /// The expressions.
    pub exprs: Vec<Expr>,
}

impl Code {
    /// Adds an expression.
    pub fn push(&mut self, expr: Expr) -> ExprId {
        self.exprs.push(expr);
        ExprId(u32::try_from(self.exprs.len() - 1).unwrap_or(u32::MAX))
    }

    /// The expression; `None` only for an id of another code.
    #[must_use]
    pub fn get(&self, id: ExprId) -> Option<&Expr> {
        self.exprs.get(id.0 as usize)
    }
}

/// A typed operation and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    /// The operation.
    pub op: Op,
    /// The type of its value.
    pub ty: Type,
    /// Where it was written.
    pub place: Place,
}

/// What an expression does. Operands are expressions of the same [`Code`].
///
/// Rows are bound to slots: slot 0 is the record that the body is `of` (in a `group` key: the member); every aggregate
/// binds one more for its filter, operand and `satisfy`. The rows of enclosing aggregates stay visible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// A constant.
    Literal(Value),
    /// The day of the run.
    AsOf,
    /// A value given for the whole run.
    Input(InputId),
    /// The row (or, over a category, the value) bound to a slot.
    Row(u16),
    /// A parameter of the define; in a test row with a range, 0 is `index`.
    Argument(u16),
    /// A row that the test declares, by position in [`TestBody::rows`](super::TestBody).
    TestRow(u32),
    /// The value of a field of a row; not for `many` fields.
    Field {
        /// A row.
        of: ExprId,
        /// Position of the field in its record.
        field: u32,
    },
    /// A derived fact.
    Define {
        /// Which.
        define: DefineId,
        /// Of which row; `None` when the define is of no record.
        of: Option<ExprId>,
        /// Its arguments.
        arguments: Vec<ExprId>,
    },
    /// The outcome of a decision: a value of its category, or not applicable.
    Decision {
        /// Which.
        decision: DecisionId,
        /// Of which row.
        of: ExprId,
    },
    /// `q is met`.
    IsMet {
        /// Which.
        requirement: RequirementId,
        /// `for each`: for which value.
        value: Option<ExprId>,
        /// Of which row.
        of: ExprId,
    },
    /// An amount of a row, or a line of it; not applicable where the amount is not.
    Amount {
        /// Which.
        amount: AmountId,
        /// Which line, by position in its symbol; absent: the total.
        line: Option<u32>,
        /// Of which row.
        of: ExprId,
    },
    /// `apportion T over S by w to u`: the part of the row in slot 0. The rows and the sum are the same for each of the
    /// rows, which lowering has made sure of.
    Apportion {
        /// What is shared.
        total: ExprId,
        /// Among which rows; the row in slot 0 is one of their source.
        rows: Rows,
        /// By which weight.
        by: ExprId,
        /// In which unit.
        unit: RoundingUnit,
    },
    /// `p`, `p(a, b)`, `p on d`.
    Parameter {
        /// Which.
        parameter: ParameterId,
        /// One for each of its `by`.
        keys: Vec<ExprId>,
        /// `on d`; else the legal date.
        on: Option<ExprId>,
    },
    /// `Placement(a, b)`: the row with that key.
    Lookup {
        /// Its record or group.
        record: RecordId,
        /// One for each key field.
        keys: Vec<ExprId>,
    },
    /// Kleene negation.
    Not(ExprId),
    /// Kleene conjunction.
    And(ExprId, ExprId),
    /// Kleene disjunction.
    Or(ExprId, ExprId),
    /// `-a`.
    Negate(ExprId),
    /// On numbers, money, counts, percents, and durations of one unit.
    Arithmetic(ArithmeticOp, ExprId, ExprId),
    /// `date + days`, `date + months`, `date - months`, `school_year + 1`.
    Shift {
        /// A date or a school year.
        start: ExprId,
        /// By how much; its type says days, months or (of a school year) number.
        by: ExprId,
        /// Subtract.
        back: bool,
        /// Where months land when the day does not exist.
        month_end: MonthEnd,
    },
    /// `a < b`; uses bounds where one side is bounded.
    Compare(CompareOp, ExprId, ExprId),
    /// `x in (a, b)`: any equality holds.
    InList(ExprId, Vec<ExprId>),
    /// `x in s`, where s is a set.
    InSet(ExprId, ExprId),
    /// `x between a and b`; uses bounds where one side is bounded.
    Between(ExprId, ExprId, ExprId),
    /// `x is known`.
    IsKnown(ExprId),
    /// `x is missing`.
    IsMissing(ExprId),
    /// `x is none`.
    IsNone(ExprId),
    /// `starts with`, `ends with`, `matches`; the pattern of `matches` is a literal that compiles.
    TextTest(TextTest, ExprId, ExprId),
    /// `x presumed d`.
    Presumed(ExprId, ExprId),
    /// `x rounded half up to cents`.
    Rounded(ExprId, RoundingMode, RoundingUnit),
    /// `if c then a else b`.
    If(ExprId, ExprId, ExprId),
    /// `case { … }`, unordered.
    Case(Case),
    /// An aggregate other than `latest`, `earliest` and `only`.
    Aggregate {
        /// Which.
        kind: AggregateKind,
        /// Over which rows.
        rows: Rows,
        /// `sum of E`; for `all` and `some and all` the condition after `satisfy`.
        operand: Option<ExprId>,
    },
    /// `(latest of S by E where P).path`, `(only of S where P).path`.
    Pick {
        /// `Latest`, `Earliest` or `Only`.
        kind: AggregateKind,
        /// Among which rows.
        rows: Rows,
        /// By what; absent for `only`.
        by: Option<ExprId>,
        /// What is read of the row; `Row(slot)` itself when no path follows.
        read: ExprId,
    },
    /// `at least 3 of S where P`; uses the bounds of the count.
    Quantity(QuantityKind, ExprId, Rows),
    /// `percent_rank of E among R where P per (a, b)` and its kin.
    Population(Box<Population>),
    /// `year of d`, `first_day of y`, `length of t`; the school year's first month and day where needed.
    Part(PartOf, ExprId, Option<(u8, u8)>),
    /// `first 2 of x` (`true`), `last 3 of x` (`false`).
    Affix(bool, ExprId, ExprId),
    /// `days between a and b`, whole `months between`, `years between`; months by the given mode.
    Elapsed(DurationUnit, ExprId, ExprId, MonthEnd),
    /// The least.
    Min(Vec<ExprId>),
    /// The greatest.
    Max(Vec<ExprId>),
    /// `age(birth_date, on)`, whole years.
    Age(ExprId, ExprId, MonthEnd),
    /// `date(y, m, d)`.
    MakeDate(ExprId, ExprId, ExprId),
    /// `nth_weekday(1, wednesday, october, y)`: n, weekday (Monday is 1), month, year.
    NthWeekday(ExprId, u8, u8, ExprId),
    /// `school_year(d)`; the first month and day of the school year.
    SchoolYearOf(ExprId, (u8, u8)),
    /// A count from a whole number that is not negative, else an error.
    ToCount(ExprId),
}

/// Arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum ArithmeticOp {
    Add,
    Sub,
    Mul,
    Div,
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl CompareOp {
    /// Whether it is so of two values that stand in that order.
    #[must_use]
    pub const fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Eq => order.is_eq(),
            Self::Ne => order.is_ne(),
            Self::Lt => order.is_lt(),
            Self::Le => order.is_le(),
            Self::Gt => order.is_gt(),
            Self::Ge => order.is_ge(),
        }
    }

    /// The same with its sides exchanged.
    #[must_use]
    pub const fn turned(self) -> Self {
        match self {
            Self::Lt => Self::Gt,
            Self::Le => Self::Ge,
            Self::Gt => Self::Lt,
            Self::Ge => Self::Le,
            same => same,
        }
    }
}

/// `case { when C then V … otherwise V }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Condition and value.
    pub arms: Vec<(ExprId, ExprId)>,
    /// `otherwise`.
    pub otherwise: Option<ExprId>,
}

/// A row among all rows of its record that share its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Population {
    /// What is asked.
    pub kind: PopulationKind,
    /// All rows of a record. The filter, the operand and the key see only the row bound to this slot.
    pub rows: Rows,
    /// What is ranked or added up.
    pub operand: ExprId,
    /// `per (a, b)`: what rows must share; empty: they are all one partition.
    pub per: Vec<ExprId>,
    /// The row that asks; `None` only of a total of all rows.
    pub own: Option<ExprId>,
}

/// What is asked of a [`Population`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PopulationKind {
    /// `percent_rank of`: the share of the others that lie below.
    PercentRank,
    /// `in top 25% of`; the share.
    InTop(ExprId),
    /// `total of`.
    Total,
}

/// Rows bound to a slot, with a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Where they come from.
    pub source: RowSource,
    /// The slot that each is bound to.
    pub slot: u16,
    /// `where P`.
    pub filter: Option<ExprId>,
}

/// Where rows come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowSource {
    /// A `many` field of a row, or the members of a group (its field `members`).
    Many {
        /// The row.
        of: ExprId,
        /// Position of the `many` field in its record.
        field: u32,
    },
    /// All rows of a record or group.
    All(RecordId),
    /// The values of a category.
    Values(CategoryId),
    /// Rows of rows: `district.schools.sections`.
    Flatten {
        /// The outer rows.
        outer: Box<Rows>,
        /// What each gives; its `of` may be `Row(outer.slot)`.
        inner: Box<RowSource>,
    },
}
