//! The syntax tree: what was written, with spans, and nothing about what it means.
//!
//! The tree of one file is a plain value. A part that could not be parsed is absent or [`ExprKind::Damaged`], its item
//! says `damaged`, and the error stands in [`Parse::errors`](crate::Parse): a damaged item is never evaluated.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

pub use crate::dump::{dump, dump_expr, dump_item};
use crate::span::Span;

/// A name as written; backquotes are removed from `text` and covered by `span`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// Names joined by dots: `florida.grade_3_promotion`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    /// The names, at least one.
    pub segments: Vec<Name>,
    /// The whole path.
    pub span: Span,
}

/// A quoted text without its quotes, escapes resolved.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Text {
    /// The text.
    pub value: String,
    /// With the quotes.
    pub span: Span,
}

/// A quoted text with `{expression}` in it, as after `because`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Template {
    /// The pieces in order.
    pub parts: Vec<TemplatePart>,
    /// With the quotes.
    pub span: Span,
}

/// One piece of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TemplatePart {
    /// Literal text; `{{` has become `{`.
    Text(String),
    /// An expression between braces.
    Value(Expr),
}

/// `/// …` lines above a declaration, joined by newlines, markers removed.
pub type Docs = Option<String>;

/// `allow(code) "reason"` before a declaration or rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Allow {
    /// The code of the diagnostic, such as `missing-citation`.
    pub code: Name,
    /// Why.
    pub reason: Text,
    /// The whole clause.
    pub span: Span,
}

/// One file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// The items in the order of the text.
    pub items: Vec<Item>,
}

/// One top-level declaration and where it stands. What it says is shared: a file of which one declaration changed has the
/// others from the reading before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// In the file, from the first byte of its documentation or first `allow` to its end.
    pub span: Span,
    declaration: Arc<Declaration>,
}

impl Item {
    /// A declaration that stands there.
    #[must_use]
    pub fn new(span: Span, declaration: Declaration) -> Self {
        Self { span, declaration: Arc::new(declaration) }
    }

    /// The same declaration at another place.
    #[must_use]
    pub fn at(&self, span: Span) -> Self {
        Self { span, declaration: Arc::clone(&self.declaration) }
    }

    /// Whether both are one declaration of one reading, so that they say the same without being compared.
    #[must_use]
    pub fn is_shared_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.declaration, &other.declaration)
    }
}

impl Deref for Item {
    type Target = Declaration;

    fn deref(&self) -> &Declaration {
        &self.declaration
    }
}

impl DerefMut for Item {
    fn deref_mut(&mut self) -> &mut Declaration {
        Arc::make_mut(&mut self.declaration)
    }
}

/// What one top-level declaration says, with spans relative to its item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// Documentation.
    pub docs: Docs,
    /// Suppressed checks.
    pub allows: Vec<Allow>,
    /// The declaration.
    pub kind: ItemKind,
    /// Some part of it could not be parsed.
    pub damaged: bool,
}

/// What an item declares.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is documented on the struct it holds")]
pub enum ItemKind {
    Policy(Policy),
    Use(Use),
    Category(Category),
    Record(Record),
    Group(Group),
    Input(Input),
    Parameter(Parameter),
    Define(Define),
    Decision(Decision),
    Requirement(Requirement),
    Amount(Amount),
    Assert(Assert),
    Fixture(Fixture),
    Test(Test),
    /// `waiver w { … }` outside a test.
    Waiver(Row),
    /// Text that is no item; an error names it.
    Junk,
}

/// `policy a.b { … }`: the header of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `a.b`.
    pub path: Path,
    /// `title "…"`.
    pub title: Option<Text>,
    /// `authority district "Miami-Dade" under florida.grade_3_promotion`.
    pub authority: Option<Authority>,
    /// `cite "…"`, any number.
    pub cites: Vec<Text>,
    /// `effective from D [until D | through D]`.
    pub effective: Option<Interval>,
    /// `school_year starts july 1`.
    pub school_year: Option<MonthDay>,
    /// `month_end round down|up`.
    pub month_end: Option<MonthEnd>,
}

/// Who makes the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// `federal`, `state`, `district`, `school` or another word.
    pub level: Name,
    /// `"Florida"`.
    pub title: Option<Text>,
    /// `under a.b`.
    pub under: Option<Path>,
    /// The clause.
    pub span: Span,
}

/// `july 1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthDay {
    /// 1 to 12.
    pub month: u8,
    /// As written, 1 to 31.
    pub day: u8,
    /// The month and the day.
    pub span: Span,
}

/// Where a date plus months lands when the day does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MonthEnd {
    /// On the last day of the month.
    Down,
    /// On the first day of the next month.
    Up,
}

/// `from D [until D | through D]`; in a `fixed` position either end may be absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    /// First day in.
    pub from: Option<DateLit>,
    /// The other end.
    pub end: Option<IntervalEnd>,
    /// The whole clause.
    pub span: Span,
}

/// The far end of an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntervalEnd {
    /// `until D`: D is out.
    Until(DateLit),
    /// `through D`: D is in.
    Through(DateLit),
}

/// A date literal; whether the day exists is checked later.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DateLit {
    /// As written.
    pub year: i16,
    /// As written.
    pub month: u8,
    /// As written.
    pub day: u8,
    /// Where.
    pub span: Span,
}

/// `use a.b`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The other policy.
    pub path: Path,
}

/// `category X { … }` or `ordered category X { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// Later values are greater.
    pub ordered: bool,
    /// Its name.
    pub name: Name,
    /// Its values.
    pub values: Vec<CategoryValue>,
}

/// `reading "ELA" "RLA"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryValue {
    /// Documentation.
    pub docs: Docs,
    /// Its name.
    pub name: Name,
    /// Codes found in data.
    pub codes: Vec<Text>,
}

/// `record X { … }` or `extend record X { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// `extend`: adds fields to a record declared elsewhere.
    pub extend: bool,
    /// Its name.
    pub name: Name,
    /// Key fields first come first.
    pub fields: Vec<Field>,
}

/// One field of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Documentation.
    pub docs: Docs,
    /// Part of the key.
    pub key: bool,
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
    /// `private`.
    pub private: bool,
    /// `jurisdiction`.
    pub jurisdiction: bool,
    /// `unchangeable`.
    pub unchangeable: bool,
    /// `absent means V`.
    pub absent: Option<Expr>,
    /// `judged by "principal"`.
    pub judged_by: Option<Text>,
    /// The field, without documentation.
    pub span: Span,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeExpr {
    /// What stands before `?`.
    pub kind: TypeKind,
    /// `?` follows.
    pub optional: bool,
    /// The whole type.
    pub span: Span,
}

/// The kinds of [`TypeExpr`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeKind {
    /// A built-in type, a category or a record.
    Name(Name),
    /// `many R [by f]`.
    Many {
        /// The record.
        record: Name,
        /// The field of that record which names this one.
        by: Option<Name>,
    },
    /// `set of T`.
    Set(Name),
}

/// `group Placement of SubstituteDay by substitute, year = school_year(day)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: Name,
    /// The record that is grouped.
    pub of: Name,
    /// The key.
    pub keys: Vec<GroupKey>,
}

/// One part of a group's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupKey {
    /// A field of the members, or the name of the expression.
    pub name: Name,
    /// `= E`.
    pub value: Option<Expr>,
}

/// `input submission: Submission`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
}

/// `, districts may raise`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// `districts`, `schools`, … as written.
    pub who: Name,
    /// `raise`, `lower`, `set`, `tighten`, `relax`, `replace` or `add`.
    pub what: Name,
    /// The clause.
    pub span: Span,
}

/// `parameter p by A, B: money { … }`, or `amend parameter p { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// `amend`.
    pub amend: bool,
    /// Its name.
    pub name: Name,
    /// `by A, B`.
    pub by: Vec<Name>,
    /// Absent in an amendment.
    pub ty: Option<TypeExpr>,
    /// `, districts may …`.
    pub grants: Vec<Grant>,
    /// Citations of the whole.
    pub cites: Vec<Text>,
    /// The dated rows.
    pub entries: Vec<ParameterEntry>,
}

/// One `from …` of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterEntry {
    /// When.
    pub interval: Interval,
    /// Its citations.
    pub cites: Vec<Text>,
    /// What.
    pub value: ParameterValue,
    /// The entry.
    pub span: Span,
}

/// What a parameter holds during one interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterValue {
    /// `: 2`.
    Single(Expr),
    /// `: CA, ME` of a set; one name alone is `Single`.
    List(Vec<Expr>),
    /// `{ … }`.
    Table(Table),
}

/// Rows of literals under an optional header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Names of the columns: values of the last key.
    pub header: Vec<Name>,
    /// The rows.
    pub rows: Vec<TableRow>,
    /// With the braces.
    pub span: Span,
}

/// `contiguous: $0.42 $4.03` or `otherwise: $4.43`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRow {
    /// Values of the keys, in their order; empty for `otherwise`.
    pub labels: Vec<Name>,
    /// Literals or names.
    pub cells: Vec<Expr>,
    /// The row.
    pub span: Span,
}

/// `define f(x: T) of R: T = E` or `{ from D: E … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Define {
    /// Its name.
    pub name: Name,
    /// `(subject: Subject)`.
    pub params: Vec<Param>,
    /// `of R`.
    pub of: Option<Name>,
    /// Its type.
    pub ty: TypeExpr,
    /// Citations of the whole.
    pub cites: Vec<Text>,
    /// Its body.
    pub body: DefineBody,
}

/// One parameter of a define.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
}

/// The body of a define.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefineBody {
    /// `= E`.
    Always(Expr),
    /// `{ from D: E … }`.
    Dated(Vec<DatedExpr>),
    /// Lost to a syntax error.
    Damaged,
}

/// `from D [until D] [cite "…"]: E`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatedExpr {
    /// When.
    pub interval: Interval,
    /// Its citations.
    pub cites: Vec<Text>,
    /// What.
    pub value: Expr,
    /// The entry.
    pub span: Span,
}

/// `decision d of R where E { … }`, or `amend decision d { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// `amend`.
    pub amend: bool,
    /// Its name.
    pub name: Name,
    /// Absent in an amendment.
    pub of: Option<Name>,
    /// `where E`.
    pub condition: Option<Expr>,
    /// `, districts may …`.
    pub grants: Vec<Grant>,
    /// `outcomes …`.
    pub outcomes: Option<Outcomes>,
    /// `law on E`.
    pub law_on: Option<Expr>,
    /// Citations of the whole.
    pub cites: Vec<Text>,
    /// `default …`; more than one only with disjoint intervals.
    pub defaults: Vec<DefaultRule>,
    /// Rules and parts in the order of the text.
    pub members: Vec<DecisionMember>,
}

/// A rule or a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecisionMember {
    /// `rule …`.
    Rule(Rule),
    /// `part … { … }`.
    Part(Part),
}

/// `outcomes a, b, c` or `outcomes Tier`, with `in any order`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcomes {
    /// Outcomes, or one category.
    pub names: Vec<Name>,
    /// Not from most to least favourable.
    pub any_order: bool,
    /// The clause.
    pub span: Span,
}

/// `default retained cite … because …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultRule {
    /// The outcome.
    pub outcome: Name,
    /// Citations.
    pub cites: Vec<Text>,
    /// `because "…"`.
    pub because: Option<Template>,
    /// When in force.
    pub interval: Option<Interval>,
    /// The clause.
    pub span: Span,
}

/// `rule r fixed: outcome when E …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Documentation.
    pub docs: Docs,
    /// Suppressed checks.
    pub allows: Vec<Allow>,
    /// Its label.
    pub label: Name,
    /// `fixed`.
    pub fixed: bool,
    /// The outcome; absent when lost to a syntax error.
    pub outcome: Option<Name>,
    /// `when E`; absent: always.
    pub when: Option<Expr>,
    /// `subject to a, b`.
    pub subject_to: Vec<Name>,
    /// `notwithstanding a, b`.
    pub notwithstanding: Vec<Name>,
    /// When in force.
    pub interval: Option<Interval>,
    /// Citations.
    pub cites: Vec<Text>,
    /// `because "…"`.
    pub because: Option<Template>,
    /// `waivable by "…"`.
    pub waivable_by: Vec<Text>,
    /// Some part of it could not be parsed.
    pub damaged: bool,
    /// The rule, without documentation.
    pub span: Span,
}

/// `part p subject to x cite "…" { rule … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its label.
    pub label: Name,
    /// Belongs to each rule in it.
    pub subject_to: Vec<Name>,
    /// Belongs to each rule in it.
    pub notwithstanding: Vec<Name>,
    /// Belongs to each rule in it.
    pub interval: Option<Interval>,
    /// Belongs to each rule in it.
    pub cites: Vec<Text>,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// The part.
    pub span: Span,
}

/// `requirement q of R where E { … }`, or `amend requirement q { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// `amend`.
    pub amend: bool,
    /// Its name.
    pub name: Name,
    /// Absent in an amendment.
    pub of: Option<Name>,
    /// `for each Area as a`.
    pub for_each: Option<ForEach>,
    /// `where E`.
    pub condition: Option<Expr>,
    /// `, districts may …`.
    pub grants: Vec<Grant>,
    /// `id "STAFF-0117"`.
    pub id: Option<Text>,
    /// `severity error|warning`.
    pub severity: Option<Name>,
    /// Citations of the whole.
    pub cites: Vec<Text>,
    /// `because "…"`.
    pub because: Option<Template>,
    /// `law on E`.
    pub law_on: Option<Expr>,
    /// `due E [then violated]`.
    pub due: Option<Due>,
    /// `waivable by "…"`.
    pub waivable_by: Vec<Text>,
    /// When in force.
    pub interval: Option<Interval>,
    /// What must hold.
    pub musts: Vec<Must>,
    /// What excuses.
    pub excepts: Vec<Except>,
}

/// `for each Area as a`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForEach {
    /// The category.
    pub category: Name,
    /// `as a`.
    pub alias: Option<Name>,
}

/// `due E [then violated]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The last day.
    pub date: Expr,
    /// `then violated`.
    pub then_violated: bool,
    /// The clause.
    pub span: Span,
}

/// `must [label:] E` or `must be unique by k, …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Must {
    /// Suppressed checks.
    pub allows: Vec<Allow>,
    /// Its label.
    pub label: Option<Name>,
    /// What must hold.
    pub kind: MustKind,
    /// Citations.
    pub cites: Vec<Text>,
    /// The clause.
    pub span: Span,
}

/// What must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MustKind {
    /// A condition.
    Condition(Expr),
    /// No other row has the same key.
    Unique(Vec<Expr>),
}

/// `except label when E`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Except {
    /// Suppressed checks.
    pub allows: Vec<Allow>,
    /// Its label.
    pub label: Name,
    /// When it excuses.
    pub when: Expr,
    /// Citations.
    pub cites: Vec<Text>,
    /// When in force.
    pub interval: Option<Interval>,
    /// The clause.
    pub span: Span,
}

/// `amount a of R: T { line … }` or `amount a of R = E`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amount {
    /// `amend`.
    pub amend: bool,
    /// Its name.
    pub name: Name,
    /// Absent in an amendment.
    pub of: Option<Name>,
    /// Absent: money.
    pub ty: Option<TypeExpr>,
    /// `law on E`.
    pub law_on: Option<Expr>,
    /// `where E`.
    pub condition: Option<Expr>,
    /// `, districts may …`.
    pub grants: Vec<Grant>,
    /// Citations of the whole.
    pub cites: Vec<Text>,
    /// `because "…"`.
    pub because: Option<Template>,
    /// `= E`.
    pub value: Option<Expr>,
    /// `line …`.
    pub lines: Vec<Line>,
    /// Limits of the total.
    pub limits: Limits,
    /// `rounded …` of the total.
    pub rounding: Option<Rounding>,
}

/// `at most E at least E`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// `at most E`.
    pub at_most: Option<Expr>,
    /// `at least E`.
    pub at_least: Option<Expr>,
}

/// `line base = E when E cite "…"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Documentation.
    pub docs: Docs,
    /// Suppressed checks.
    pub allows: Vec<Allow>,
    /// Its label.
    pub label: Name,
    /// `for each Area as a`.
    pub for_each: Option<ForEach>,
    /// Its value.
    pub value: Expr,
    /// `when E`.
    pub when: Option<Expr>,
    /// `subject to a`.
    pub subject_to: Vec<Name>,
    /// Its limits.
    pub limits: Limits,
    /// When in force.
    pub interval: Option<Interval>,
    /// Citations.
    pub cites: Vec<Text>,
    /// `because "…"`.
    pub because: Option<Template>,
    /// The line.
    pub span: Span,
}

/// `assert promotion never depends on days_present`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assert {
    /// A decision, an amount or a line.
    pub subject: Expr,
    /// What is claimed of it.
    pub claim: Claim,
}

/// What an [`Assert`] claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// `never depends on a, b`.
    NeverDepends(Vec<Expr>),
    /// `never worsens as x rises` (`rises`: true) or `falls`.
    NeverWorsens {
        /// What moves.
        of: Expr,
        /// `rises`, not `falls`.
        rises: bool,
    },
    /// `is at least E`.
    AtLeast(Expr),
    /// `is at most E`.
    AtMost(Expr),
    /// `assert D implies E`.
    Implies(Expr),
    /// Lost to a syntax error.
    Damaged,
}

/// `fixture f { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixture {
    /// Its name.
    pub name: Name,
    /// `from g`.
    pub from: Option<Name>,
    /// What it says.
    pub statements: Vec<Statement>,
}

/// `test "…" from f { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// Its title.
    pub title: Text,
    /// `from f`.
    pub from: Option<Name>,
    /// What it says.
    pub statements: Vec<Statement>,
}

/// One statement of a fixture or test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// `as of D`.
    AsOf(Expr),
    /// `Student maria { … }`.
    Row(Row),
    /// `no Retention`.
    No(Name),
    /// `given maria.intensive_years = 0`.
    Given(Given),
    /// `expect maria.promotion = promoted by english_learner`.
    Expect(Expect),
    /// `waiver w { … }`.
    Waiver(Row),
}

/// `Student b like maria { grade: G3 }`, `Day d[1..31] { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The record; for a waiver the word `waiver`.
    pub record: Name,
    /// The name of the row; absent in `Student { … }`.
    pub name: Option<Name>,
    /// `[1..31]`, both ends in.
    pub range: Option<(i64, i64)>,
    /// `like maria`.
    pub like: Option<Name>,
    /// The fields.
    pub fields: Vec<RowField>,
    /// The row.
    pub span: Span,
}

/// `grade: G3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowField {
    /// The field.
    pub name: Name,
    /// Its value; the names `missing` and `unknown` are values too.
    pub value: Expr,
}

/// `given target = value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// A derived fact of a row, a parameter or an input.
    pub target: Expr,
    /// Its value; the names `missing` and `unknown` are values too.
    pub value: Expr,
    /// The statement.
    pub span: Span,
}

/// `expect condition [by labels] [needs facts]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expect {
    /// Mostly `target = value`.
    pub condition: Expr,
    /// `by a, b`.
    pub by: Vec<Name>,
    /// `needs x, y`.
    pub needs: Vec<Expr>,
    /// The statement.
    pub span: Span,
}

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Expr {
    /// What it is.
    pub kind: Box<ExprKind>,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of [`Expr`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExprKind {
    /// `2 years`, `"x"`, `$5`.
    Literal(Literal),
    /// `reading_level`, `this`, `as_of` (as the name `as_of`).
    Name(Name),
    /// `a.b`.
    Field(Expr, Name),
    /// `f(a, b)`, `staff.f(a)`, `Placement(a, b)`, `min(a, b)`.
    Call(Expr, Vec<Expr>),
    /// `p on d`.
    On(Expr, Expr),
    /// `not a`.
    Not(Expr),
    /// `-a`.
    Negate(Expr),
    /// `a + b`, `a and b`, `a < b`.
    Binary(BinaryOp, Expr, Expr),
    /// `20% of x`: the percent and the whole.
    PercentOf(Expr, Expr),
    /// `x in (a, b)`, `x not in (a, b)`.
    InList {
        /// What is looked for.
        item: Expr,
        /// `not in`.
        negated: bool,
        /// Where.
        list: Vec<Expr>,
    },
    /// `x in s`.
    InSet {
        /// What is looked for.
        item: Expr,
        /// `not in`.
        negated: bool,
        /// A set.
        set: Expr,
    },
    /// `x between a and b`.
    Between {
        /// What is compared.
        item: Expr,
        /// `not between`.
        negated: bool,
        /// In.
        low: Expr,
        /// In.
        high: Expr,
    },
    /// `x is known`.
    Is {
        /// What is tested.
        item: Expr,
        /// `is not`.
        negated: bool,
        /// For what.
        test: IsTest,
    },
    /// `x starts with "a"`.
    TextTest {
        /// The text.
        item: Expr,
        /// `not starts with`, never set when the word `not` precedes a whole condition.
        negated: bool,
        /// Which.
        test: TextTest,
        /// The other text.
        pattern: Expr,
    },
    /// `x presumed 0`.
    Presumed(Expr, Expr),
    /// `x rounded half up to cents`.
    Rounded(Expr, Rounding),
    /// `if c then a else b`.
    If(Expr, Expr, Expr),
    /// `case { when C then V otherwise V }`.
    Case(Vec<(Expr, Expr)>, Option<Expr>),
    /// `count of rows where p`.
    Aggregate(Aggregate),
    /// `at least 3 of rows where p`.
    Quantity {
        /// Which.
        kind: QuantityKind,
        /// How many.
        count: Expr,
        /// Which rows.
        rows: Rows,
    },
    /// `year of d`, `first_day of y`, `length of t`.
    Part(PartOf, Expr),
    /// `first 2 of x` (`true`), `last 3 of x` (`false`).
    Affix(bool, Expr, Expr),
    /// `days between a and b`.
    Elapsed(DurationUnit, Expr, Expr),
    /// `percent_rank of E among Student where P per (a, b)`.
    PercentRank(Population),
    /// `in top 25% of E among …`.
    InTop(Expr, Population),
    /// `total of E among …`.
    Total(Population),
    /// `apportion T over S by w to u`.
    Apportion {
        /// What is shared.
        total: Expr,
        /// Among which rows.
        rows: Rows,
        /// By which weight.
        by: Expr,
        /// In which unit.
        unit: RoundingUnit,
    },
    /// `(a)`.
    Paren(Expr),
    /// Lost to a syntax error.
    Damaged,
}

/// A literal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Literal {
    /// `yes`, `no`.
    Flag(bool),
    /// Digits with an optional fraction, commas removed.
    Number(String),
    /// As [`Literal::Number`], without `%`.
    Percent(String),
    /// As [`Literal::Number`], without `$`.
    Money(String),
    /// `2 years`; the number as in [`Literal::Number`].
    Duration(String, DurationUnit),
    /// `2024-09-01`.
    Date(DateLit),
    /// `SY2024-25`: the year in which it starts.
    SchoolYear(i16),
    /// `"…"`.
    Text(Text),
}

/// The unit of a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum DurationUnit {
    Days,
    Months,
    Years,
}

/// Two-sided operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum BinaryOp {
    Or,
    And,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Add,
    Sub,
    Mul,
    Div,
}

/// `is …`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum IsTest {
    Known,
    Missing,
    None,
    Met,
    Valid,
}

/// Tests of a text against another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum TextTest {
    StartsWith,
    EndsWith,
    Matches,
}

/// `rounded half up to cents`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rounding {
    /// Which way.
    pub mode: RoundingMode,
    /// To what.
    pub unit: RoundingUnit,
}

/// Which way to round; by magnitude.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum RoundingMode {
    Up,
    Down,
    HalfUp,
    HalfEven,
}

/// To what to round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum RoundingUnit {
    Cents,
    Dollars,
    Whole,
    Places(u8),
}

/// Rows of a source: `S as c where P`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rows {
    /// A `many` field, a path, `members`, a category or a record.
    pub source: Expr,
    /// `as c`.
    pub alias: Option<Name>,
    /// `where P`.
    pub filter: Option<Expr>,
}

/// An aggregate over [`Rows`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Aggregate {
    /// Which.
    pub kind: AggregateKind,
    /// `sum of E`, `latest of S by E`.
    pub operand: Option<Expr>,
    /// Over what.
    pub rows: Rows,
    /// `all of … satisfy Q`.
    pub satisfy: Option<Expr>,
}

/// Which aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum AggregateKind {
    Count,
    CountDistinct,
    Any,
    None,
    All,
    SomeAndAll,
    Sum,
    Highest,
    Lowest,
    Average,
    Latest,
    Earliest,
    Only,
}

/// `at least 3 of`, `at most 3 of`, `exactly 3 of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum QuantityKind {
    AtLeast,
    AtMost,
    Exactly,
}

/// `of E among R where P per (a, b)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Population {
    /// What is ranked or added.
    pub operand: Expr,
    /// Among which rows.
    pub rows: Rows,
    /// Within which partition.
    pub per: Vec<Expr>,
}

/// A part of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum PartOf {
    FirstDay,
    LastDay,
    Year,
    Month,
    Day,
    Length,
}
