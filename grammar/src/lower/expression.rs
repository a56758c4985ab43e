//! Expressions: flat lists of operands and operators become trees.

use pest::iterators::Pair;

use super::clause::{children, damaged};
use super::{Lower, offset};
use crate::ast::{
    Aggregate, AggregateKind, BinaryOp, DurationUnit, Expr, ExprKind, IsTest, Literal, PartOf, Population,
    QuantityKind, Rounding, RoundingMode, RoundingUnit, Rows, TextTest,
};
use crate::limits::{MAX_CHAIN, MAX_LOGIC_CHAIN, MAX_SUFFIXES};
use crate::rules::Rule as R;
use crate::span::Span;

/// How tightly operators bind, loosest first.
mod level {
    pub(super) const OR: u8 = 1;
    pub(super) const AND: u8 = 2;
    pub(super) const NOT: u8 = 3;
    pub(super) const COMPARISON: u8 = 4;
    pub(super) const ADD: u8 = 5;
    pub(super) const MULTIPLY: u8 = 6;
    pub(super) const NEGATE: u8 = 7;
}

/// The pieces of one flat list, and how far it has been read.
pub(super) struct Flat<'p> {
    pub(super) pairs: Vec<Pair<'p, R>>,
    pub(super) at: usize,
}

impl<'p> Flat<'p> {
    fn peek(&self) -> Option<R> {
        self.pairs.get(self.at).map(Pair::as_rule)
    }

    fn next(&mut self) -> Option<Pair<'p, R>> {
        let pair = self.pairs.get(self.at).cloned();
        self.at += 1;
        pair
    }
}

fn infix_level(rule: R) -> Option<u8> {
    Some(match rule {
        R::kw_or => level::OR,
        R::kw_and => level::AND,
        R::comparison | R::is_tail | R::between_tail | R::in_tail | R::text_tail => level::COMPARISON,
        R::plus | R::subtract => level::ADD,
        R::times | R::divide => level::MULTIPLY,
        _ => return None,
    })
}

impl Lower<'_> {
    /// Any expression, flat or a single operand.
    pub(crate) fn expression(&mut self, pair: Pair<'_, R>) -> Expr {
        match pair.as_rule() {
            R::expression | R::arithmetic => {
                let span = self.span(&pair);
                let pairs: Vec<Pair<'_, R>> = pair.into_inner().collect();
                if let [only] = pairs.as_slice() {
                    return self.operand(only.clone());
                }
                if !self.chain_is_short(&pairs, span) {
                    return damaged(span);
                }
                let mut flat = Flat { pairs, at: 0 };
                self.climb(&mut flat, level::OR)
            }
            _ => self.operand(pair),
        }
    }

    /// Bounds the depth of the tree that a long flat list would give.
    fn chain_is_short(&mut self, pairs: &[Pair<'_, R>], span: Span) -> bool {
        if pairs.len() <= MAX_CHAIN {
            return true;
        }
        let logic = pairs.iter().filter(|pair| matches!(pair.as_rule(), R::kw_and | R::kw_or)).count();
        let mut longest = 0;
        let mut run = 0;
        for pair in pairs {
            match pair.as_rule() {
                R::kw_and | R::kw_or => run = 0,
                R::plus | R::subtract | R::times | R::divide | R::minus | R::kw_not => run += 1,
                _ => {}
            }
            longest = longest.max(run);
        }
        if logic <= MAX_LOGIC_CHAIN && longest <= MAX_CHAIN {
            return true;
        }
        self.damaged = true;
        let help = "split it with `define`".to_owned();
        self.error("syntax-limit", "this expression has too many operators", span, Some(help), None);
        false
    }

    /// Everything that binds at least as tightly as `lowest`.
    fn climb(&mut self, flat: &mut Flat<'_>, lowest: u8) -> Expr {
        let mut left = self.prefixed(flat);
        let mut compared: Option<Span> = None;
        while let Some(rule) = flat.peek() {
            let Some(level) = infix_level(rule) else { break };
            if level < lowest {
                break;
            }
            if matches!(level, level::OR | level::AND) {
                left = self.logic_chain(flat, left, rule, level);
                continue;
            }
            let start = flat.at;
            let Some(operator) = flat.next() else { break };
            let next = match rule {
                R::is_tail | R::between_tail | R::in_tail | R::text_tail => self.tail(left, operator),
                _ => {
                    let op = binary_operator(&operator);
                    let right = self.climb(flat, level + 1);
                    self.check_bare(&left, &right);
                    binary(op, left, right)
                }
            };
            left = next;
            if level == level::COMPARISON {
                if let Some(first) = compared {
                    self.check_chained(flat, start, first, left.span);
                }
                compared = Some(left.span);
            }
        }
        left
    }

    /// `a and b and c`: one chain of one operator. Long chains are balanced, for the tree must not be deep.
    fn logic_chain(&mut self, flat: &mut Flat<'_>, first: Expr, rule: R, level: u8) -> Expr {
        let mut terms = vec![first];
        while flat.peek() == Some(rule) {
            flat.next();
            let term = self.climb(flat, level + 1);
            terms.push(term);
        }
        for term in &terms {
            self.check_bare_operand(term);
        }
        let op = if rule == R::kw_or { BinaryOp::Or } else { BinaryOp::And };
        join(op, terms)
    }

    /// `not`, unary `-` and what they stand before.
    fn prefixed(&mut self, flat: &mut Flat<'_>) -> Expr {
        match flat.peek() {
            Some(R::kw_not) => {
                let start = flat.next().map_or(Span::default(), |pair| self.span(&pair));
                let inner = self.climb(flat, level::NOT);
                self.check_negated(&inner, start);
                let span = start.to(inner.span);
                Expr { kind: Box::new(ExprKind::Not(inner)), span }
            }
            Some(R::minus) => {
                let start = flat.next().map_or(Span::default(), |pair| self.span(&pair));
                let inner = self.climb(flat, level::NEGATE);
                self.check_bare_operand(&inner);
                let span = start.to(inner.span);
                Expr { kind: Box::new(ExprKind::Negate(inner)), span }
            }
            Some(_) => self.with_suffixes(flat),
            None => damaged(Span::default()),
        }
    }

    /// An operand with `on`, `presumed` and `rounded` after it.
    fn with_suffixes(&mut self, flat: &mut Flat<'_>) -> Expr {
        let start = flat.at;
        let Some(first) = flat.next() else { return damaged(Span::default()) };
        let mut expr = self.operand(first);
        let mut count = 0;
        while let Some(R::on_suffix | R::presumed_suffix | R::rounded_suffix) = flat.peek() {
            let Some(suffix) = flat.next() else { break };
            count += 1;
            if count == MAX_SUFFIXES {
                self.damaged = true;
                self.error("syntax-limit", "this expression has too many operators", expr.span, None, None);
            }
            if count < MAX_SUFFIXES {
                self.check_suffix(flat, start, &expr, &suffix);
                let span = expr.span.to(self.span(&suffix));
                let rule = suffix.as_rule();
                let kind = match rule {
                    R::rounded_suffix => ExprKind::Rounded(expr, rounding(children(suffix))),
                    R::presumed_suffix => ExprKind::Presumed(expr, self.signed_tight(suffix)),
                    _ => {
                        let date = children(suffix).next().map_or(damaged(span), |date| self.operand(date));
                        ExprKind::On(expr, date)
                    }
                };
                expr = Expr { kind: Box::new(kind), span };
            }
        }
        expr
    }

    /// The operand of `presumed` or `absent means`: tight, with an optional sign.
    pub(crate) fn signed_tight(&mut self, pair: Pair<'_, R>) -> Expr {
        let whole = self.span(&pair);
        let mut sign = None;
        let mut value = damaged(whole);
        for child in children(pair) {
            if child.as_rule() == R::minus {
                sign = Some(self.span(&child));
            } else {
                value = self.operand(child);
            }
        }
        match sign {
            Some(start) => {
                let span = start.to(value.span);
                Expr { kind: Box::new(ExprKind::Negate(value)), span }
            }
            None => value,
        }
    }

    /// `x is known`, `x in (a, b)` and so on.
    fn tail(&mut self, item: Expr, pair: Pair<'_, R>) -> Expr {
        let span = item.span.to(self.span(&pair));
        self.check_bare_operand(&item);
        let rule = pair.as_rule();
        let mut negated = false;
        let mut test = IsTest::Known;
        let mut text_test = TextTest::Matches;
        let mut list = None;
        let mut operands = Vec::new();
        for child in children(pair) {
            match child.as_rule() {
                R::kw_not => negated = true,
                R::kw_and => {}
                R::is_test => test = is_test(child.as_str()),
                R::text_test => {
                    text_test = match child.as_str().as_bytes().first() {
                        Some(b's') => TextTest::StartsWith,
                        Some(b'e') => TextTest::EndsWith,
                        _ => TextTest::Matches,
                    };
                }
                R::in_list => list = Some(children(child).map(|item| self.expression(item)).collect()),
                _ => {
                    let operand = self.expression(child);
                    self.check_bare_operand(&operand);
                    operands.push(operand);
                }
            }
        }
        let mut operands = operands.into_iter();
        let mut next = || operands.next().unwrap_or(damaged(span));
        let kind = match rule {
            R::is_tail => ExprKind::Is { item, negated, test },
            R::between_tail => {
                let low = next();
                ExprKind::Between { item, negated, low, high: next() }
            }
            R::text_tail => ExprKind::TextTest { item, negated, test: text_test, pattern: next() },
            _ => match list {
                Some(list) => ExprKind::InList { item, negated, list },
                None => ExprKind::InSet { item, negated, set: next() },
            },
        };
        Expr { kind: Box::new(kind), span }
    }

    /// One operand: a literal, a name with what hangs on it, or a form.
    pub(crate) fn operand(&mut self, pair: Pair<'_, R>) -> Expr {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            R::expression | R::arithmetic => return self.expression(pair),
            R::path_expression => return self.path_expression(pair),
            R::name | R::reference | R::header_name => ExprKind::Name(self.name(&pair)),
            R::percent_of => {
                let mut inner = children(pair);
                let Some(percent) = inner.next() else { return damaged(span) };
                let literal = self.operand(percent);
                match inner.next() {
                    None => return literal,
                    Some(of) => ExprKind::PercentOf(literal, self.operand(of)),
                }
            }
            R::part_form => {
                let mut inner = children(pair);
                let part = inner.next().map_or(PartOf::Year, |word| part_of(word.as_str()));
                ExprKind::Part(part, self.next_operand(&mut inner, span))
            }
            R::affix_form => {
                let mut inner = children(pair);
                let first = inner.next().is_some_and(|word| word.as_str().starts_with("first"));
                let count = self.next_operand(&mut inner, span);
                ExprKind::Affix(first, count, self.next_operand(&mut inner, span))
            }
            R::elapsed_form => {
                let mut inner =
                    pair.into_inner().filter(|child| !matches!(child.as_rule(), R::kw_between | R::kw_and));
                let unit = inner.next().map_or(DurationUnit::Days, |word| duration_unit(word.as_str()));
                let from = self.next_operand(&mut inner, span);
                ExprKind::Elapsed(unit, from, self.next_operand(&mut inner, span))
            }
            R::if_form => {
                let mut inner = children(pair);
                let condition = self.next_operand(&mut inner, span);
                let then = self.next_operand(&mut inner, span);
                ExprKind::If(condition, then, self.next_operand(&mut inner, span))
            }
            R::case_form => {
                let mut arms = Vec::new();
                let mut otherwise = None;
                for child in children(pair) {
                    let is_arm = child.as_rule() == R::case_arm;
                    let mut inner = children(child);
                    let first = self.next_operand(&mut inner, span);
                    if is_arm {
                        arms.push((first, self.next_operand(&mut inner, span)));
                    } else {
                        otherwise = Some(first);
                    }
                }
                ExprKind::Case(arms, otherwise)
            }
            R::rows_form | R::some_and_all_form | R::count_form | R::over_form | R::ordered_form => {
                ExprKind::Aggregate(self.aggregate(pair))
            }
            R::quantity_form => {
                let mut inner = children(pair);
                let kind = inner.next().map_or(QuantityKind::Exactly, |word| quantity(word.as_str()));
                let count = self.next_operand(&mut inner, span);
                ExprKind::Quantity { kind, count, rows: self.next_rows(&mut inner, span) }
            }
            R::rank_form => ExprKind::PercentRank(self.population(children(pair).skip(1), span)),
            R::total_form => ExprKind::Total(self.population(children(pair).skip(1), span)),
            R::in_top_form => {
                let mut inner = children(pair);
                let share = self.next_operand(&mut inner, span);
                ExprKind::InTop(share, self.population(inner, span))
            }
            R::apportion_form => {
                let mut inner = children(pair);
                let total = self.next_operand(&mut inner, span);
                let rows = self.next_rows(&mut inner, span);
                let by = self.next_operand(&mut inner, span);
                let unit = inner.next().map_or(RoundingUnit::Cents, |unit| rounding_unit(unit.as_str()));
                ExprKind::Apportion { total, rows, by, unit }
            }
            R::cell => {
                let mut inner = pair.into_inner();
                match inner.next() {
                    Some(sign) if sign.as_rule() == R::minus => {
                        ExprKind::Negate(self.next_operand(&mut inner, span))
                    }
                    Some(value) => return self.operand(value),
                    None => ExprKind::Damaged,
                }
            }
            _ => ExprKind::Literal(self.literal(&pair)),
        };
        Expr { kind: Box::new(kind), span }
    }

    pub(super) fn cell(&mut self, pair: Pair<'_, R>) -> Expr {
        self.operand(pair)
    }

    fn next_operand<'p>(&mut self, inner: &mut impl Iterator<Item = Pair<'p, R>>, span: Span) -> Expr {
        match inner.next() {
            Some(pair) => self.expression(pair),
            None => damaged(span),
        }
    }

    fn next_rows<'p>(&mut self, inner: &mut impl Iterator<Item = Pair<'p, R>>, span: Span) -> Rows {
        match inner.next() {
            Some(pair) => self.rows(pair),
            None => Rows { source: damaged(span), alias: None, filter: None },
        }
    }

    /// A name or a bracket with fields and calls.
    fn path_expression(&mut self, pair: Pair<'_, R>) -> Expr {
        let whole = self.span(&pair);
        let mut expr: Option<Expr> = None;
        let mut count = 0;
        for part in pair.into_inner() {
            let span = self.span(&part);
            count += 1;
            if count == MAX_SUFFIXES {
                self.damaged = true;
                self.error("syntax-limit", "this path has too many parts", whole, None, None);
                return damaged(whole);
            }
            let span_so_far = expr.as_ref().map_or(span, |expr| expr.span.to(span));
            let kind = match (expr.take(), part.as_rule()) {
                (None, R::paren) => {
                    let inner = children(part).next().map_or(damaged(span), |inner| self.expression(inner));
                    ExprKind::Paren(inner)
                }
                (None, _) => ExprKind::Name(self.name(&part)),
                (Some(callee), R::call) => {
                    ExprKind::Call(callee, children(part).map(|argument| self.expression(argument)).collect())
                }
                (Some(owner), _) => ExprKind::Field(owner, self.name(&part)),
            };
            expr = Some(Expr { kind: Box::new(kind), span: span_so_far });
        }
        expr.unwrap_or(damaged(whole))
    }

    fn rows(&mut self, pair: Pair<'_, R>) -> Rows {
        let span = self.span(&pair);
        let mut rows = Rows { source: damaged(span), alias: None, filter: None };
        for child in children(pair) {
            match child.as_rule() {
                R::path_expression => rows.source = self.path_expression(child),
                R::listed_name => rows.alias = Some(self.name(&child)),
                _ => rows.filter = Some(self.expression(child)),
            }
        }
        rows
    }

    fn aggregate(&mut self, pair: Pair<'_, R>) -> Aggregate {
        let span = self.span(&pair);
        let ordered = pair.as_rule() == R::ordered_form;
        let text = pair.as_str();
        let mut kind = aggregate_kind(text);
        let mut operand = None;
        let mut rows = Rows { source: damaged(span), alias: None, filter: None };
        let mut satisfy = None;
        for child in children(pair) {
            match child.as_rule() {
                R::rows_word | R::count_word | R::over_word | R::ordered_word | R::some_and_all => {}
                R::kw_distinct => kind = AggregateKind::CountDistinct,
                R::rows => rows = self.rows(child),
                R::path_expression => rows.source = self.path_expression(child),
                R::listed_name => rows.alias = Some(self.name(&child)),
                R::arithmetic => operand = Some(self.expression(child)),
                _ if ordered => rows.filter = Some(self.expression(child)),
                _ => satisfy = Some(self.expression(child)),
            }
        }
        Aggregate { kind, operand, rows, satisfy }
    }

    fn population<'p>(&mut self, mut inner: impl Iterator<Item = Pair<'p, R>>, span: Span) -> Population {
        let operand = self.next_operand(&mut inner, span);
        let rows = self.next_rows(&mut inner, span);
        let per = inner
            .next()
            .map(|per| children(per).map(|part| self.expression(part)).collect())
            .unwrap_or_default();
        Population { operand, rows, per }
    }

    fn literal(&mut self, pair: &Pair<'_, R>) -> Literal {
        let text = pair.as_str().trim_end();
        match pair.as_rule() {
            R::flag => Literal::Flag(text == "yes"),
            R::string => Literal::Text(self.text(pair)),
            R::date => Literal::Date(self.date(pair)),
            R::school_year => {
                Literal::SchoolYear(text.get(2..6).and_then(|year| year.parse().ok()).unwrap_or(0))
            }
            R::percent => Literal::Percent(digits(text)),
            R::money => Literal::Money(digits(text)),
            R::duration => {
                let mut inner = pair.clone().into_inner();
                let number = inner.next().map(|number| digits(number.as_str())).unwrap_or_default();
                let unit = inner.next().map_or(DurationUnit::Days, |unit| duration_unit(unit.as_str()));
                Literal::Duration(number, unit)
            }
            _ => Literal::Number(digits(text)),
        }
    }
}

/// `a op b`, spanning both.
fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    let span = left.span.to(right.span);
    Expr { kind: Box::new(ExprKind::Binary(op, left, right)), span }
}

/// Joins terms by an associative operator: left to right when there are few, balanced when there are many.
fn join(op: BinaryOp, mut terms: Vec<Expr>) -> Expr {
    const FEW: usize = 32;
    while terms.len() > FEW {
        let mut halved = Vec::with_capacity(terms.len() / 2 + 1);
        let mut rest = terms.into_iter();
        while let Some(left) = rest.next() {
            halved.push(match rest.next() {
                Some(right) => binary(op, left, right),
                None => left,
            });
        }
        terms = halved;
    }
    let mut rest = terms.into_iter();
    let first = rest.next().unwrap_or(damaged(Span::default()));
    rest.fold(first, |left, right| binary(op, left, right))
}

fn binary_operator(pair: &Pair<'_, R>) -> BinaryOp {
    match pair.as_str().trim_end() {
        "=" => BinaryOp::Eq,
        "!=" => BinaryOp::Ne,
        "<" => BinaryOp::Lt,
        "<=" => BinaryOp::Le,
        ">" => BinaryOp::Gt,
        ">=" => BinaryOp::Ge,
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        _ => BinaryOp::Div,
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect()
}

fn is_test(word: &str) -> IsTest {
    match word.trim_end() {
        "missing" => IsTest::Missing,
        "none" => IsTest::None,
        "met" => IsTest::Met,
        "valid" => IsTest::Valid,
        _ => IsTest::Known,
    }
}

fn part_of(word: &str) -> PartOf {
    match word.trim_end() {
        "first_day" => PartOf::FirstDay,
        "last_day" => PartOf::LastDay,
        "month" => PartOf::Month,
        "day" => PartOf::Day,
        "length" => PartOf::Length,
        _ => PartOf::Year,
    }
}

fn duration_unit(word: &str) -> DurationUnit {
    match word.as_bytes().first() {
        Some(b'y') => DurationUnit::Years,
        Some(b'm') => DurationUnit::Months,
        _ => DurationUnit::Days,
    }
}

fn quantity(words: &str) -> QuantityKind {
    match words.split_whitespace().nth(1) {
        Some("least") => QuantityKind::AtLeast,
        Some("most") => QuantityKind::AtMost,
        _ => QuantityKind::Exactly,
    }
}

fn aggregate_kind(text: &str) -> AggregateKind {
    match text.split_whitespace().next() {
        Some("any") => AggregateKind::Any,
        Some("none") => AggregateKind::None,
        Some("all") => AggregateKind::All,
        Some("some") => AggregateKind::SomeAndAll,
        Some("sum") => AggregateKind::Sum,
        Some("highest") => AggregateKind::Highest,
        Some("lowest") => AggregateKind::Lowest,
        Some("average") => AggregateKind::Average,
        Some("latest") => AggregateKind::Latest,
        Some("earliest") => AggregateKind::Earliest,
        Some("only") => AggregateKind::Only,
        _ => AggregateKind::Count,
    }
}

/// `half up` and `cents`.
pub(crate) fn rounding<'p>(inner: impl Iterator<Item = Pair<'p, R>>) -> Rounding {
    let mut rounding = Rounding { mode: RoundingMode::HalfUp, unit: RoundingUnit::Cents };
    for child in inner {
        let text = child.as_str().trim_end();
        match child.as_rule() {
            R::rounding_mode => {
                rounding.mode = match text.split_whitespace().last() {
                    Some("down") => RoundingMode::Down,
                    Some("even") => RoundingMode::HalfEven,
                    _ if text.starts_with("half") => RoundingMode::HalfUp,
                    _ => RoundingMode::Up,
                };
            }
            R::rounding_unit => rounding.unit = rounding_unit(text),
            _ => {}
        }
    }
    rounding
}

fn rounding_unit(text: &str) -> RoundingUnit {
    match text.trim_end() {
        "cents" => RoundingUnit::Cents,
        "dollars" => RoundingUnit::Dollars,
        "whole" => RoundingUnit::Whole,
        places => {
            let digits = places.split_whitespace().next().unwrap_or("0");
            RoundingUnit::Places(digits.parse().unwrap_or(u8::MAX))
        }
    }
}

/// The length of a pair's text without the space that pest leaves at its end.
pub(super) fn end_of(pair: &Pair<'_, R>) -> u32 {
    offset(pair.as_span().start() + pair.as_str().trim_end().len())
}
