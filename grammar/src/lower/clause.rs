//! Clauses: what the bodies of declarations are made of, before they are given to their owners.

use pest::iterators::Pair;

use super::Lower;
use crate::ast::{
    Allow, Authority, CategoryValue, DatedExpr, Docs, Due, Expr, ExprKind, Field, ForEach, Grant, Interval,
    IntervalEnd, MonthDay, MonthEnd, MustKind, Name, Outcomes, Param, ParameterEntry, ParameterValue,
    Rounding, Statement, Table, TableRow, Template, Text, TypeExpr, TypeKind,
};
use crate::ast::{Expect, Given, Row, RowField};
use crate::rules::Rule as R;
use crate::span::Span;

/// One clause of a declaration.
#[derive(Debug)]
pub(crate) struct Clause {
    pub(crate) kind: ClauseKind,
    pub(crate) span: Span,
}

/// What a clause says.
#[derive(Debug)]
pub(crate) enum ClauseKind {
    Title(Text),
    Authority(Authority),
    Effective(Interval),
    SchoolYear(MonthDay),
    MonthEnd(MonthEnd),
    Cite(Text),
    Because(Template),
    Id(Text),
    Severity(Name),
    Due(Due),
    Law(Expr),
    When(Expr),
    SubjectTo(Vec<Name>),
    Notwithstanding(Vec<Name>),
    Interval(Interval),
    WaivableBy(Text),
    Allow(Allow),
    Where(Expr),
    ForEach(ForEach),
    Grant(Grant),
    Rule {
        docs: Docs,
        label: Name,
        fixed: bool,
        outcome: Option<Name>,
        damaged: bool,
    },
    PartStart(Name),
    PartEnd,
    Default(Name),
    Outcomes(Outcomes),
    Must {
        label: Option<Name>,
        kind: MustKind,
    },
    Except(Name),
    Line {
        docs: Docs,
        label: Name,
        for_each: Option<ForEach>,
        value: Expr,
    },
    Rounded(Rounding),
    Limit {
        most: bool,
        value: Expr,
    },
    Value(CategoryValue),
    Fields(Vec<Field>),
    ParameterEntry(ParameterEntry),
    DefineEntry(DatedExpr),
    Statement(Statement),
    RowField(RowField),
    /// Lost to a syntax error: the owner is damaged.
    Damaged,
}

impl ClauseKind {
    /// The words with which it begins.
    pub(crate) fn words(&self) -> &'static str {
        match self {
            Self::Title(_) => "title",
            Self::Authority(_) => "authority",
            Self::Effective(_) => "effective",
            Self::SchoolYear(_) => "school_year",
            Self::MonthEnd(_) => "month_end",
            Self::Cite(_) => "cite",
            Self::Because(_) => "because",
            Self::Id(_) => "id",
            Self::Severity(_) => "severity",
            Self::Due(_) => "due",
            Self::Law(_) => "law on",
            Self::When(_) => "when",
            Self::SubjectTo(_) => "subject to",
            Self::Notwithstanding(_) => "notwithstanding",
            Self::Interval(_) => "from",
            Self::WaivableBy(_) => "waivable by",
            Self::Allow(_) => "allow",
            Self::Where(_) => "where",
            Self::ForEach(_) => "for each",
            Self::Grant(_) => "may",
            Self::Rule { .. } => "rule",
            Self::PartStart(_) | Self::PartEnd => "part",
            Self::Default(_) => "default",
            Self::Outcomes(_) => "outcomes",
            Self::Must { .. } => "must",
            Self::Except(_) => "except",
            Self::Line { .. } => "line",
            Self::Rounded(_) => "rounded",
            Self::Limit { most: true, .. } => "at most",
            Self::Limit { most: false, .. } => "at least",
            Self::Value(_) => "value",
            Self::Fields(_) => "field",
            Self::ParameterEntry(_) | Self::DefineEntry(_) => "from",
            Self::Statement(_) => "statement",
            Self::RowField(_) => "field",
            Self::Damaged => "clause",
        }
    }
}

/// An expression that was lost, at a place.
pub(crate) fn damaged(span: Span) -> Expr {
    Expr { kind: Box::new(ExprKind::Damaged), span }
}

/// The children of a pair that are not keywords: keywords are rules of their own, and say nothing more.
pub(crate) fn children(pair: Pair<'_, R>) -> impl Iterator<Item = Pair<'_, R>> {
    pair.into_inner().filter(|child| !is_silent_keyword(child.as_rule()))
}

/// Keywords that carry no meaning beyond the rule they stand in.
fn is_silent_keyword(rule: R) -> bool {
    matches!(
        rule,
        R::kw_absent
            | R::kw_allow
            | R::kw_among
            | R::kw_amount
            | R::kw_apportion
            | R::kw_as
            | R::kw_assert
            | R::kw_authority
            | R::kw_be
            | R::kw_because
            | R::kw_between
            | R::kw_by
            | R::kw_case
            | R::kw_category
            | R::kw_cite
            | R::kw_decision
            | R::kw_default
            | R::kw_define
            | R::kw_depends
            | R::kw_due
            | R::kw_each
            | R::kw_effective
            | R::kw_else
            | R::kw_except
            | R::kw_expect
            | R::kw_fixture
            | R::kw_for
            | R::kw_from
            | R::kw_given
            | R::kw_group
            | R::kw_id
            | R::kw_if
            | R::kw_implies
            | R::kw_in
            | R::kw_input
            | R::kw_is
            | R::kw_judged
            | R::kw_key
            | R::kw_law
            | R::kw_like
            | R::kw_line
            | R::kw_many
            | R::kw_may
            | R::kw_means
            | R::kw_month_end
            | R::kw_must
            | R::kw_needs
            | R::kw_never
            | R::kw_no
            | R::kw_notwithstanding
            | R::kw_of
            | R::kw_on
            | R::kw_otherwise
            | R::kw_outcomes
            | R::kw_over
            | R::kw_parameter
            | R::kw_part
            | R::kw_per
            | R::kw_policy
            | R::kw_presumed
            | R::kw_record
            | R::kw_requirement
            | R::kw_round
            | R::kw_rounded
            | R::kw_rule
            | R::kw_satisfy
            | R::kw_school_year
            | R::kw_set
            | R::kw_severity
            | R::kw_starts
            | R::kw_subject
            | R::kw_test
            | R::kw_then
            | R::kw_title
            | R::kw_to
            | R::kw_top
            | R::kw_under
            | R::kw_unique
            | R::kw_use
            | R::kw_waivable
            | R::kw_waiver
            | R::kw_when
            | R::kw_where
            | R::kw_worsens
            | R::EOI
            | R::open
            | R::close
            | R::close_paren
            | R::colon
            | R::equals
    )
}

impl Lower<'_> {
    /// One clause of any declaration; a `part` gives several.
    pub(crate) fn clause(&mut self, pair: Pair<'_, R>, out: &mut Vec<Clause>) {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let text = pair.as_str();
        let whole = pair.clone();
        let mut inner = children(pair);
        let kind = match rule {
            R::part => {
                for child in inner {
                    match child.as_rule() {
                        R::part_head => self.part_head(child, out),
                        _ => self.clause(child, out),
                    }
                }
                out.push(Clause {
                    kind: ClauseKind::PartEnd,
                    span: Span::new(span.end.saturating_sub(1), span.end),
                });
                return;
            }
            R::title_clause => self.first_text(inner).map(ClauseKind::Title),
            R::cite_clause => self.first_text(inner).map(ClauseKind::Cite),
            R::id_clause => self.first_text(inner).map(ClauseKind::Id),
            R::waivable_clause => self.first_text(inner).map(ClauseKind::WaivableBy),
            R::because_clause => inner.next().map(|text| ClauseKind::Because(self.template(&text))),
            R::severity_clause => inner.next().map(|name| ClauseKind::Severity(self.name(&name))),
            R::due_clause => {
                let date = inner.next().map(|date| self.expression(date));
                let then_violated = inner.next().is_some();
                date.map(|date| ClauseKind::Due(Due { date, then_violated, span }))
            }
            R::law_clause => inner.next().map(|date| ClauseKind::Law(self.expression(date))),
            R::when_clause => inner.next().map(|condition| ClauseKind::When(self.expression(condition))),
            R::where_part => inner.next().map(|condition| ClauseKind::Where(self.expression(condition))),
            R::subject_clause => Some(ClauseKind::SubjectTo(inner.map(|name| self.name(&name)).collect())),
            R::notwithstanding_clause => {
                Some(ClauseKind::Notwithstanding(inner.map(|name| self.name(&name)).collect()))
            }
            R::interval_clause => inner.next().map(|pair| ClauseKind::Interval(self.interval(pair))),
            R::effective_clause => inner.next().map(|pair| ClauseKind::Effective(self.interval(pair))),
            R::allow_clause => self.allow(whole).map(ClauseKind::Allow),
            R::grant => {
                let who = inner.next().map(|name| self.name(&name));
                let what = inner.next().map(|name| self.name(&name));
                who.zip(what).map(|(who, what)| ClauseKind::Grant(Grant { who, what, span }))
            }
            R::for_each => self.for_each(inner).map(ClauseKind::ForEach),
            R::authority_clause => self.authority(inner, span).map(ClauseKind::Authority),
            R::school_year_clause => {
                let month = inner.next().map(|month| (month_number(month.as_str()), self.span(&month)));
                let day = inner.next().map(|day| (day.as_str().trim().parse().unwrap_or(0), self.span(&day)));
                month.zip(day).map(|((month, from), (day, to))| {
                    ClauseKind::SchoolYear(MonthDay { month, day, span: from.to(to) })
                })
            }
            R::month_end_clause => {
                let up = text.trim_end().ends_with("up");
                Some(ClauseKind::MonthEnd(if up { MonthEnd::Up } else { MonthEnd::Down }))
            }
            R::rule_head => {
                let docs = self.take_docs(span.start);
                let label = inner.next().map(|name| self.name(&name));
                let mut next = inner.next();
                let fixed = next.as_ref().is_some_and(|pair| pair.as_rule() == R::kw_fixed);
                if fixed {
                    next = inner.next();
                }
                let outcome = next.map(|name| self.name(&name));
                label.map(|label| ClauseKind::Rule { docs, label, fixed, outcome, damaged: false })
            }
            R::default_clause => inner.next().map(|name| ClauseKind::Default(self.name(&name))),
            R::outcomes_clause => {
                let mut outcomes = Outcomes { names: Vec::new(), any_order: false, span };
                for child in inner {
                    if child.as_rule() == R::any_order {
                        outcomes.any_order = true;
                    } else {
                        outcomes.names.push(self.name(&child));
                    }
                }
                Some(ClauseKind::Outcomes(outcomes))
            }
            R::must_clause => {
                let mut label = None;
                let mut kind = None;
                for child in inner {
                    match child.as_rule() {
                        R::must_label => label = children(child).next().map(|name| self.name(&name)),
                        R::must_be_unique => {
                            let keys = children(child).map(|key| self.expression(key)).collect();
                            kind = Some(MustKind::Unique(keys));
                        }
                        _ => kind = Some(MustKind::Condition(self.expression(child))),
                    }
                }
                kind.map(|kind| ClauseKind::Must { label, kind })
            }
            R::except_clause => inner.next().map(|name| ClauseKind::Except(self.name(&name))),
            R::line_head => {
                let docs = self.take_docs(span.start);
                let label = inner.next().map(|name| self.name(&name));
                let mut for_each = None;
                let mut value = None;
                for child in inner {
                    if child.as_rule() == R::for_each {
                        for_each = self.for_each(children(child));
                    } else {
                        value = Some(self.expression(child));
                    }
                }
                label.zip(value).map(|(label, value)| ClauseKind::Line { docs, label, for_each, value })
            }
            R::rounded_clause => {
                inner.next().map(|suffix| ClauseKind::Rounded(super::expression::rounding(children(suffix))))
            }
            R::limit_clause => {
                let most = text.trim_start_matches("at").trim_start().starts_with("most");
                inner.nth(1).map(|value| ClauseKind::Limit { most, value: self.expression(value) })
            }
            R::category_value => {
                let docs = self.take_docs(span.start);
                inner.next().map(|name| {
                    let name = self.name(&name);
                    let codes = inner.map(|code| self.text(&code)).collect();
                    ClauseKind::Value(CategoryValue { docs, name, codes })
                })
            }
            R::field => Some(ClauseKind::Fields(self.field(whole, false).into_iter().collect())),
            R::key_clause => {
                let docs = self.take_docs(span.start);
                let mut fields: Vec<Field> = inner.filter_map(|field| self.field(field, true)).collect();
                if let (Some(docs), Some(first)) = (docs, fields.first_mut()) {
                    first.docs.get_or_insert(docs);
                }
                Some(ClauseKind::Fields(fields))
            }
            R::parameter_entry => self.parameter_entry(inner, span).map(ClauseKind::ParameterEntry),
            R::define_entry => self.define_entry(inner, span).map(ClauseKind::DefineEntry),
            R::row_field => {
                let name = inner.next().map(|name| self.name(&name));
                let value = inner.next().map(|value| self.expression(value));
                name.zip(value).map(|(name, value)| ClauseKind::RowField(RowField { name, value }))
            }
            _ => self.statement(whole).map(ClauseKind::Statement),
        };
        out.push(Clause { kind: kind.unwrap_or(ClauseKind::Damaged), span });
    }

    /// `part p subject to x cite "…"`.
    pub(crate) fn part_head(&mut self, pair: Pair<'_, R>, out: &mut Vec<Clause>) {
        let span = self.span(&pair);
        for child in children(pair) {
            if child.as_rule() == R::name {
                let kind = ClauseKind::PartStart(self.name(&child));
                out.push(Clause { kind, span });
            } else {
                self.clause(child, out);
            }
        }
    }

    fn first_text<'p>(&mut self, mut inner: impl Iterator<Item = Pair<'p, R>>) -> Option<Text> {
        inner.next().map(|text| self.text(&text))
    }

    pub(crate) fn allow(&mut self, pair: Pair<'_, R>) -> Option<Allow> {
        let span = self.span(&pair);
        let mut inner = children(pair);
        let code = inner.next().map(|code| self.name(&code))?;
        let reason = inner.next().map(|reason| self.text(&reason))?;
        Some(Allow { code, reason, span })
    }

    fn for_each<'p>(&mut self, mut inner: impl Iterator<Item = Pair<'p, R>>) -> Option<ForEach> {
        let category = inner.next().map(|name| self.name(&name))?;
        let alias = inner.next().map(|name| self.name(&name));
        Some(ForEach { category, alias })
    }

    fn authority<'p>(
        &mut self,
        mut inner: impl Iterator<Item = Pair<'p, R>>,
        span: Span,
    ) -> Option<Authority> {
        let level = inner.next().map(|name| self.name(&name))?;
        let mut authority = Authority { level, title: None, under: None, span };
        for child in inner {
            if child.as_rule() == R::string {
                authority.title = Some(self.text(&child));
            } else {
                authority.under = Some(self.path(child));
            }
        }
        Some(authority)
    }

    pub(crate) fn interval(&mut self, pair: Pair<'_, R>) -> Interval {
        let mut interval = Interval { from: None, end: None, span: self.span(&pair) };
        for child in children(pair) {
            if child.as_rule() == R::date {
                interval.from = Some(self.date(&child));
            } else {
                let through = child.as_str().starts_with("through");
                let date =
                    child.into_inner().find(|part| part.as_rule() == R::date).map(|date| self.date(&date));
                interval.end = date
                    .map(|date| if through { IntervalEnd::Through(date) } else { IntervalEnd::Until(date) });
            }
        }
        interval
    }

    pub(crate) fn type_expression(&mut self, pair: Pair<'_, R>) -> TypeExpr {
        let span = self.span(&pair);
        let mut kind = None;
        let mut optional = false;
        for child in children(pair) {
            match child.as_rule() {
                R::optional_mark => optional = true,
                R::many_type => {
                    let mut inner = children(child);
                    let record = inner.next().map(|name| self.name(&name));
                    let by = inner.next().map(|name| self.name(&name));
                    kind = record.map(|record| TypeKind::Many { record, by });
                }
                R::set_type => kind = children(child).next().map(|name| TypeKind::Set(self.name(&name))),
                _ => kind = Some(TypeKind::Name(self.name(&child))),
            }
        }
        let kind = kind.unwrap_or_else(|| TypeKind::Name(Name { text: String::new(), span }));
        TypeExpr { kind, optional, span }
    }

    pub(crate) fn parameters(&mut self, pair: Pair<'_, R>) -> Vec<Param> {
        let mut params = Vec::new();
        for declaration in children(pair) {
            let mut inner = children(declaration);
            let name = inner.next().map(|name| self.name(&name));
            let ty = inner.next().map(|ty| self.type_expression(ty));
            params.extend(name.zip(ty).map(|(name, ty)| Param { name, ty }));
        }
        params
    }

    fn field(&mut self, pair: Pair<'_, R>, key: bool) -> Option<Field> {
        let span = self.span(&pair);
        let docs = self.take_docs(span.start);
        let mut inner = children(pair);
        let name = inner.next().map(|name| self.name(&name))?;
        let ty = inner.next().map(|ty| self.type_expression(ty))?;
        let mut field = Field {
            docs,
            key,
            name,
            ty,
            private: false,
            jurisdiction: false,
            unchangeable: false,
            absent: None,
            judged_by: None,
            span,
        };
        for modifier in inner {
            match modifier.as_rule() {
                R::private_mark => field.private = true,
                R::jurisdiction_mark => field.jurisdiction = true,
                R::unchangeable_mark => field.unchangeable = true,
                R::judged_by => field.judged_by = children(modifier).next().map(|text| self.text(&text)),
                _ => field.absent = Some(self.signed_tight(modifier)),
            }
        }
        Some(field)
    }

    fn parameter_entry<'p>(
        &mut self,
        inner: impl Iterator<Item = Pair<'p, R>>,
        span: Span,
    ) -> Option<ParameterEntry> {
        let mut interval = None;
        let mut cites = Vec::new();
        let mut value = None;
        for child in inner {
            match child.as_rule() {
                R::interval => interval = Some(self.interval(child)),
                R::cite_clause => cites.extend(self.first_text(children(child))),
                R::value_list => {
                    let mut list: Vec<Expr> =
                        child.into_inner().map(|value| self.expression(value)).collect();
                    value = if list.len() == 1 {
                        list.pop().map(ParameterValue::Single)
                    } else {
                        Some(ParameterValue::List(list))
                    };
                }
                _ => value = Some(ParameterValue::Table(self.table(child))),
            }
        }
        interval.zip(value).map(|(interval, value)| ParameterEntry { interval, cites, value, span })
    }

    fn table(&mut self, pair: Pair<'_, R>) -> Table {
        let mut table = Table { header: Vec::new(), rows: Vec::new(), span: self.span(&pair) };
        for child in children(pair) {
            if child.as_rule() == R::table_header {
                table.header = child.into_inner().map(|name| self.name(&name)).collect();
            } else {
                let mut row = TableRow { labels: Vec::new(), cells: Vec::new(), span: self.span(&child) };
                for part in children(child) {
                    if part.as_rule() == R::table_label {
                        if part.as_str().trim_end() != "otherwise" {
                            row.labels = part.into_inner().map(|name| self.name(&name)).collect();
                        }
                    } else {
                        row.cells.push(self.cell(part));
                    }
                }
                table.rows.push(row);
            }
        }
        table
    }

    fn define_entry<'p>(
        &mut self,
        inner: impl Iterator<Item = Pair<'p, R>>,
        span: Span,
    ) -> Option<DatedExpr> {
        let mut interval = None;
        let mut cites = Vec::new();
        let mut value = None;
        for child in inner {
            match child.as_rule() {
                R::interval => interval = Some(self.interval(child)),
                R::cite_clause => cites.extend(self.first_text(children(child))),
                _ => value = Some(self.expression(child)),
            }
        }
        interval.zip(value).map(|(interval, value)| DatedExpr { interval, cites, value, span })
    }

    /// One statement of a fixture or a test.
    fn statement(&mut self, pair: Pair<'_, R>) -> Option<Statement> {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let mut inner = children(pair);
        match rule {
            R::as_of_statement => inner.next().map(|date| Statement::AsOf(self.expression(date))),
            R::no_statement => inner.next().map(|name| Statement::No(self.name(&name))),
            R::given_statement => {
                let target = inner.next().map(|target| self.expression(target))?;
                let value = inner.next().map(|value| self.expression(value))?;
                Some(Statement::Given(Given { target, value, span }))
            }
            R::expect_statement => {
                let condition = inner.next().map(|condition| self.expression(condition))?;
                let mut expect = Expect { condition, by: Vec::new(), needs: Vec::new(), span };
                for child in inner {
                    if child.as_rule() == R::expect_by {
                        expect.by = children(child).map(|name| self.name(&name)).collect();
                    } else {
                        expect.needs = children(child).map(|fact| self.expression(fact)).collect();
                    }
                }
                Some(Statement::Expect(expect))
            }
            R::row | R::waiver => {
                let mut row = self.row_head(inner.next()?)?;
                row.span = span;
                let mut fields = Vec::new();
                for child in inner {
                    self.clause(child, &mut fields);
                }
                row.fields = fields
                    .into_iter()
                    .filter_map(|field| match field.kind {
                        ClauseKind::RowField(field) => Some(field),
                        _ => None,
                    })
                    .collect();
                Some(if rule == R::waiver { Statement::Waiver(row) } else { Statement::Row(row) })
            }
            _ => None,
        }
    }

    /// `Student b like maria`, `waiver w`.
    pub(crate) fn row_head(&mut self, pair: Pair<'_, R>) -> Option<Row> {
        let span = self.span(&pair);
        let waiver = pair.as_rule() == R::waiver_head;
        let mut record = None;
        let mut row_name = None;
        let mut range = None;
        let mut like = None;
        for child in pair.into_inner() {
            match child.as_rule() {
                R::kw_waiver => record = Some(self.name(&child)),
                R::name if waiver => row_name = Some(self.name(&child)),
                R::name => record = Some(self.name(&child)),
                R::row_name => row_name = Some(self.name(&child)),
                R::row_range => {
                    let ends: Vec<i64> = child
                        .into_inner()
                        .map(|end| end.as_str().trim().parse().unwrap_or(i64::MAX))
                        .collect();
                    range = ends.first().copied().zip(ends.get(1).copied());
                }
                R::like => like = children(child).next().map(|name| self.name(&name)),
                _ => {}
            }
        }
        record.map(|record| Row { record, name: row_name, range, like, fields: Vec::new(), span })
    }
}

fn month_number(name: &str) -> u8 {
    crate::keywords::MONTHS
        .iter()
        .position(|month| *month == name.trim())
        .and_then(|index| u8::try_from(index + 1).ok())
        .unwrap_or(0)
}
