//! What declarations are worth: bodies of groups, parameters, defines, decisions, requirements, amounts and tests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rubric_grammar::ast::{RoundingMode, RoundingUnit};

use super::{AmountId, Code, DecisionId, DefineId, ExprId, InputId, ParameterId, PolicyId, RequirementId};
use crate::diagnostic::{Place, Severity};
use crate::value::{Date, RecordId, Value};

/// `from` is in, `until` is out; `None` is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Interval {
    /// First day in.
    pub from: Option<Date>,
    /// First day out.
    pub until: Option<Date>,
}

impl Interval {
    /// Whether the day lies in it.
    #[must_use]
    pub fn contains(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }

    /// The days that lie in both; `None` where there is none.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Option<Self> {
        let until = match (self.until, other.until) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let both = Self { from: self.from.max(other.from), until };
        both.from.zip(both.until).is_none_or(|(from, until)| from < until).then_some(both)
    }

    /// Whether some day lies in both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let before = |end: Option<Date>, start: Option<Date>| matches!((end, start), (Some(end), Some(start)) if end <= start);
        !before(self.until, other.from) && !before(other.until, self.from)
    }
}

/// A piece of a `because` text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplatePart {
    /// Literal text.
    Text(String),
    /// A value of the body's code.
    Value(ExprId),
}

/// The key of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupBody {
    /// Slot 0 is the member.
    pub code: Code,
    /// One expression for each key field.
    pub keys: Vec<ExprId>,
}

/// The rows of a parameter. Open rows (no `until`) last until the next open row begins; a closed row lies over the
/// open one while it lasts. [`ParameterBody::row_at`] finds the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterBody {
    /// In the order of the text.
    pub rows: Vec<ParameterRow>,
    /// Citations of the whole.
    pub cites: Vec<Arc<str>>,
}

impl ParameterBody {
    /// The row in force on a day: a closed row that holds the day, else the open row that began last.
    #[must_use]
    pub fn row_at(&self, day: Date) -> Option<&ParameterRow> {
        let in_force = |row: &&ParameterRow| row.interval.contains(day);
        self.rows.iter().filter(|row| row.interval.until.is_some()).find(in_force).or_else(|| {
            self.rows
                .iter()
                .filter(|row| row.interval.until.is_none())
                .filter(in_force)
                .max_by_key(|row| row.interval.from)
        })
    }
}

/// What a parameter holds during one interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterRow {
    /// When.
    pub interval: Interval,
    /// Citations.
    pub cites: Vec<Arc<str>>,
    /// By key; the empty key for a parameter without `by`. Sets hold several values, others one.
    pub cells: BTreeMap<Vec<i64>, Vec<Value>>,
    /// `otherwise`.
    pub otherwise: Option<Value>,
    /// The policy in which it is written.
    pub policy: PolicyId,
    /// Of an amendment: the row of the parent that it lies over, from which the cells come that it does not change.
    pub over: Option<Arc<OverRow>>,
    /// Where.
    pub place: Place,
}

/// The row that a row of an amendment lies over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverRow {
    /// The row.
    pub row: ParameterRow,
    /// The keys whose cells are the amendment's own; none of a row that changes all.
    pub own: Option<BTreeSet<Vec<i64>>>,
}

impl ParameterRow {
    /// The row in whose text the value of a key stands.
    #[must_use]
    pub fn source_of(&self, key: &[i64]) -> &Self {
        match &self.over {
            Some(over) if over.own.as_ref().is_some_and(|own| !own.contains(key)) => over.row.source_of(key),
            _ => self,
        }
    }
}

/// A derived fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefineBody {
    /// Slot 0 is the record, where there is one.
    pub code: Code,
    /// One arm, or several with disjoint intervals.
    pub arms: Vec<DefineArm>,
    /// Citations of the whole.
    pub cites: Vec<Arc<str>>,
}

/// What a define is worth during an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefineArm {
    /// When.
    pub interval: Interval,
    /// Citations.
    pub cites: Vec<Arc<str>>,
    /// What.
    pub value: ExprId,
    /// Where.
    pub place: Place,
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionBody {
    /// Slot 0 is the record.
    pub code: Code,
    /// `where`.
    pub condition: Option<ExprId>,
    /// `law on`.
    pub law_on: Option<ExprId>,
    /// Citations of the whole.
    pub cites: Vec<Arc<str>>,
    /// At most one is in force on a day.
    pub defaults: Vec<DefaultBody>,
    /// In the order of the text; parts are dissolved into their rules.
    pub rules: Vec<RuleBody>,
}

/// `default retained`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultBody {
    /// Position in the outcomes.
    pub outcome: u32,
    /// When.
    pub interval: Interval,
    /// Citations.
    pub cites: Vec<Arc<str>>,
    /// `because`; may be empty.
    pub because: Vec<TemplatePart>,
    /// Where.
    pub place: Place,
}

/// One version of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleBody {
    /// Its label; versions of one rule share it.
    pub label: Arc<str>,
    /// The part it stands in.
    pub part: Option<Arc<str>>,
    /// Position in the outcomes.
    pub outcome: u32,
    /// `when`; absent: always.
    pub when: Option<ExprId>,
    /// When in force.
    pub interval: Interval,
    /// `fixed`.
    pub fixed: bool,
    /// `waivable by`: who may waive it.
    pub waivable_by: Vec<Arc<str>>,
    /// Positions of the rules that directly override this one.
    pub overridden_by: Vec<u32>,
    /// Citations, those of its part first.
    pub cites: Vec<Arc<str>>,
    /// `because`; may be empty.
    pub because: Vec<TemplatePart>,
    /// The policy in which it is written.
    pub policy: PolicyId,
    /// Of an amendment: whether the record is of its authority; part of `when`.
    pub guard: Option<ExprId>,
    /// The default of an amendment, which every other rule overrides.
    pub is_default: bool,
    /// Its label in the text.
    pub place: Place,
    /// Its outcome in the text: clauses may follow it.
    pub said: Place,
}

/// A requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequirementBody {
    /// Slot 0 is the record.
    pub code: Code,
    /// `id`.
    pub id: Option<Arc<str>>,
    /// `severity`.
    pub severity: Severity,
    /// Citations of the whole.
    pub cites: Vec<Arc<str>>,
    /// `because`; may be empty.
    pub because: Vec<TemplatePart>,
    /// `waivable by`: who may waive it.
    pub waivable_by: Vec<Arc<str>>,
    /// `for each`: the slot that the value is bound to.
    pub each: Option<u16>,
    /// `where`.
    pub condition: Option<ExprId>,
    /// `law on`.
    pub law_on: Option<ExprId>,
    /// When in force.
    pub interval: Interval,
    /// `due`: the last day, and whether the unknown is violated after it.
    pub due: Option<(ExprId, bool)>,
    /// At least one.
    pub musts: Vec<MustBody>,
    /// What excuses.
    pub excepts: Vec<ExceptBody>,
}

/// What must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MustBody {
    /// Its label.
    pub label: Option<Arc<str>>,
    /// What.
    pub check: MustCheck,
    /// When in force.
    pub interval: Interval,
    /// Citations.
    pub cites: Vec<Arc<str>>,
    /// The policy in which it is written.
    pub policy: PolicyId,
    /// Of an amendment: whether the record is of its authority; elsewhere it holds.
    pub guard: Option<ExprId>,
    /// Of which authorities the record is where an amendment stands in its place; there it holds.
    pub put_aside: Vec<ExprId>,
    /// Where.
    pub place: Place,
}

/// What must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MustCheck {
    /// A condition.
    Condition(ExprId),
    /// No other row of the record has the same values.
    Unique(Vec<ExprId>),
}

/// What excuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptBody {
    /// Its label.
    pub label: Arc<str>,
    /// When.
    pub when: ExprId,
    /// When in force.
    pub interval: Interval,
    /// Citations.
    pub cites: Vec<Arc<str>>,
    /// The policy in which it is written.
    pub policy: PolicyId,
    /// Of an amendment: whether the record is of its authority; part of `when`.
    pub guard: Option<ExprId>,
    /// Of which authorities the record is where an amendment stands in its place; there it does not excuse.
    pub put_aside: Vec<ExprId>,
    /// Where.
    pub place: Place,
}

/// An amount: the sum of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmountBody {
    /// Slot 0 is the record.
    pub code: Code,
    /// `where`.
    pub condition: Option<ExprId>,
    /// `law on`.
    pub law_on: Option<ExprId>,
    /// Citations of the whole.
    pub cites: Vec<Arc<str>>,
    /// `because`; may be empty.
    pub because: Vec<TemplatePart>,
    /// In the order of the text; versions of one line share its label.
    pub lines: Vec<LineBody>,
    /// What is done to the total: the generated line is the difference.
    pub total: Option<TotalBody>,
}

/// One version of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineBody {
    /// Its label; that of the amount where this is all of it.
    pub label: Arc<str>,
    /// Its worth where it applies, before the limits; its rounding is part of it.
    pub value: ExprId,
    /// `when`; absent: always.
    pub when: Option<ExprId>,
    /// Positions of the lines that put this one aside where their `when` holds.
    pub subject_to: Vec<u32>,
    /// `at most`.
    pub at_most: Option<ExprId>,
    /// `at least`.
    pub at_least: Option<ExprId>,
    /// When in force.
    pub interval: Interval,
    /// Citations.
    pub cites: Vec<Arc<str>>,
    /// `because`; may be empty.
    pub because: Vec<TemplatePart>,
    /// The policy in which it is written.
    pub policy: PolicyId,
    /// What amendments make of it, each for the records of its authority, those of the lowest first. All of it is in
    /// `value`, `when` and the limits; these say what it was made of.
    pub layers: Vec<LineLayer>,
    /// Its label in the text.
    pub place: Place,
}

/// What an amendment puts in the place of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineLayer {
    /// The policy that amends.
    pub policy: PolicyId,
    /// Whether the record is of its authority.
    pub guard: ExprId,
    /// Citations.
    pub cites: Vec<Arc<str>>,
    /// `because`; may be empty.
    pub because: Vec<TemplatePart>,
    /// Its label in the text.
    pub place: Place,
}

/// Limits and rounding of a total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TotalBody {
    /// `at most`.
    pub at_most: Option<ExprId>,
    /// `at least`.
    pub at_least: Option<ExprId>,
    /// `rounded`.
    pub rounding: Option<(RoundingMode, RoundingUnit)>,
    /// The amount's name in the text.
    pub place: Place,
}

/// A test, its fixtures merged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestBody {
    /// Its title.
    pub title: Arc<str>,
    /// Its policy.
    pub policy: PolicyId,
    /// `as of`; a constant.
    pub as_of: Option<ExprId>,
    /// The rows, ranges written out.
    pub rows: Vec<TestRow>,
    /// Records supplied and empty.
    pub empty: Vec<RecordId>,
    /// Facts that are fixed.
    pub givens: Vec<GivenBody>,
    /// Waivers.
    pub waivers: Vec<WaiverBody>,
    /// What is expected.
    pub expects: Vec<ExpectBody>,
    /// The code of all these; no slot is bound.
    pub code: Code,
    /// The test's title in the text.
    pub place: Place,
}

/// `waiver w { … }` in a policy or a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaiverBody {
    /// Its name.
    pub name: Arc<str>,
    /// What is waived: `promotion.reads_at_level`, `area_credits(math)`.
    pub target: Arc<str>,
    /// For whom.
    pub subject: WaiverSubject,
    /// Who waives.
    pub authority: Arc<str>,
    /// When.
    pub interval: Interval,
    /// Why.
    pub reason: Arc<str>,
    /// What is waived, in the text.
    pub target_place: Place,
    /// Who waives, in the text.
    pub authority_place: Place,
}

/// For which row something is waived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaiverSubject {
    /// `key: "S1/SY2024-25"`.
    Key(Arc<str>),
    /// `of: maria`; a row of the test.
    Row(ExprId),
}

/// A row of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestRow {
    /// Its record.
    pub record: RecordId,
    /// Its name, such as `maria` or `d[3]`; made up when it has none.
    pub name: Arc<str>,
    /// The value of `index`.
    pub index: Option<i64>,
    /// Fields by position. A text key field that is not given is the row's name; any other is missing.
    pub cells: BTreeMap<u32, TestCell>,
    /// Where.
    pub place: Place,
}

/// What a test row says of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestCell {
    /// Its value: constants, `index` and other rows only.
    Value(ExprId),
    /// Nothing on file.
    Missing,
    /// Not known.
    Unknown,
}

/// `given x = v`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenBody {
    /// What is fixed.
    pub target: GivenTarget,
    /// To what.
    pub value: GivenValue,
    /// Where.
    pub place: Place,
}

/// What a `given` fixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GivenTarget {
    /// A derived fact without parameters, of one row or (with `None`) of none.
    Define(DefineId, Option<u32>),
    /// A field of a row.
    Field {
        /// The row, by position in the test.
        row: u32,
        /// The field, by position in its record.
        field: u32,
    },
    /// A parameter; with keys, one cell of it.
    Parameter(ParameterId, Vec<ExprId>),
    /// An input of the run.
    Input(InputId),
}

/// To what a `given` fixes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GivenValue {
    /// A value.
    Value(ExprId),
    /// Missing.
    Missing,
    /// Unknown.
    Unknown,
}

/// `expect …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectBody {
    /// What is compared.
    pub kind: ExpectKind,
    /// `by a, b`: exactly these labels decided, or these `must`s failed.
    pub by: Vec<Arc<str>>,
    /// `needs x, y`: these facts are among those needed; field names, or `row.field`.
    pub needs: Vec<Arc<str>>,
    /// The statement.
    pub place: Place,
}

/// What an `expect` compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpectKind {
    /// A decision of a row.
    Decision {
        /// Which.
        decision: DecisionId,
        /// Of which row.
        of: ExprId,
        /// What it should be.
        expected: Expected,
        /// `!=`.
        negated: bool,
    },
    /// A requirement of a row.
    Requirement {
        /// Which.
        requirement: RequirementId,
        /// `for each`: the value; a constant.
        value: Option<ExprId>,
        /// Of which row.
        of: ExprId,
        /// What it should be.
        expected: ResultStatus,
        /// `!=`.
        negated: bool,
    },
    /// An amount of a row, or a line of it.
    Amount {
        /// Which.
        amount: AmountId,
        /// Which line, by position in the symbol; absent: the total.
        line: Option<u32>,
        /// Of which row.
        of: ExprId,
        /// `undetermined`, `not_applicable` or `error`.
        expected: ResultStatus,
        /// `!=`.
        negated: bool,
    },
    /// `expect x = missing` (`unknown`, `error`).
    State(ExprId, ResultStatus),
    /// A condition that must be yes; of an equation also its two sides, to show the difference.
    Condition(ExprId, Option<(ExprId, ExprId)>),
}

/// What a decision should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// An outcome, by position.
    Outcome(u32),
    /// A status.
    Status(ResultStatus),
}

/// Words for results and states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum ResultStatus {
    Met,
    Violated,
    Excepted,
    Waived,
    Pending,
    NotApplicable,
    Undetermined,
    Conflict,
    Error,
    Missing,
    Unknown,
}

impl ResultStatus {
    /// The word, as in tests and output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Violated => "violated",
            Self::Excepted => "excepted",
            Self::Waived => "waived",
            Self::Pending => "pending",
            Self::NotApplicable => "not_applicable",
            Self::Undetermined => "undetermined",
            Self::Conflict => "conflict",
            Self::Error => "error",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
        }
    }
}
