//! Expressions, by kind.

use rubric_grammar::Span;
use rubric_grammar::ast::{self, BinaryOp, ExprKind, IsTest, RoundingUnit, TextTest};

use super::Lowering;
use super::unit::{base_name, has_equality, is_quantity};
use crate::plan::{ArithmeticOp, Case, CompareOp, ExprId, Op, Symbol};
use crate::value::{Base, Type, Value};

/// What a text must be to be valid: it has a letter or a digit, no space at either end, no control character, and no
/// character that stands for bytes that could not be read.
const VALID_TEXT: &str = r"(?:[\p{L}\p{N}]|[^\s\p{Cc}\x{FFFD}][^\p{Cc}\x{FFFD}]*[\p{L}\p{N}])(?:[^\p{Cc}\x{FFFD}]*[^\s\p{Cc}\x{FFFD}])?";

impl Lowering<'_> {
    /// Lowers an expression. `expected` is the type that the place asks for, where it is known: it decides which
    /// category a bare value belongs to, and is not otherwise enforced (see [`Lowering::value`]).
    ///
    /// `None`: something is wrong with it, and that is already reported.
    pub fn expr(&mut self, written: &ast::Expr, expected: Option<Type>) -> Option<(ExprId, Type)> {
        let span = written.span;
        let lowered = match &*written.kind {
            ExprKind::Damaged => None,
            ExprKind::Paren(inner) => self.expr(inner, expected),
            ExprKind::Literal(literal) => self.literal(literal, false, span),
            ExprKind::Name(name) => self.name(name, false, expected),
            ExprKind::Field(base, name) => self.field(written, base, name),
            ExprKind::Call(callee, arguments) => self.call(written, callee, arguments, expected),
            ExprKind::On(item, day) => self.on(item, day, span),
            ExprKind::Not(inner) => self.not(inner, span),
            ExprKind::Negate(inner) => self.negate(inner, span),
            ExprKind::Binary(BinaryOp::And | BinaryOp::Or, ..) => self.logic(written),
            ExprKind::Binary(BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div, ..) => {
                self.arithmetic_chain(written)
            }
            ExprKind::Binary(op, left, right) => self.compare(*op, left, right, span),
            ExprKind::PercentOf(percent, whole) => self.percent_of(percent, whole, span),
            ExprKind::InList { item, negated, list } => self.in_list(item, list, *negated, span),
            ExprKind::InSet { item, negated, set } => self.in_set(item, set, *negated, span),
            ExprKind::Between { item, negated, low, high } => self.between(item, low, high, *negated, span),
            ExprKind::Is { item, negated, test } => self.is(item, *test, *negated, span),
            ExprKind::TextTest { item, negated, test, pattern } => {
                self.text_test(item, *test, pattern, *negated, span)
            }
            ExprKind::Presumed(item, otherwise) => self.presumed(item, otherwise, span),
            ExprKind::Rounded(item, rounding) => self.rounded(item, *rounding, span),
            ExprKind::If(when, then, otherwise) => self.if_then_else(when, then, otherwise, expected, span),
            ExprKind::Case(arms, otherwise) => self.case(arms, otherwise.as_ref(), expected, span),
            ExprKind::Aggregate(aggregate) => self.aggregate(aggregate, span),
            ExprKind::Quantity { kind, count, rows } => self.quantity(*kind, count, rows, span),
            ExprKind::Part(part, of) => self.part(*part, of, span),
            ExprKind::Affix(first, length, of) => self.affix(*first, length, of, span),
            ExprKind::Elapsed(unit, from, to) => self.elapsed(*unit, from, to, span),
            ExprKind::PercentRank(among) => self.percent_rank(among, span),
            ExprKind::InTop(share, among) => self.in_top(share, among, span),
            ExprKind::Total(among) => self.total(among, span),
            ExprKind::Apportion { total, rows, by, unit } => self.apportion(total, rows, by, *unit, span),
        };
        self.checked(lowered)
    }

    /// A value of a damaged type is damaged itself, so that one mistake gives one message.
    pub(super) fn checked(&mut self, lowered: Option<(ExprId, Type)>) -> Option<(ExprId, Type)> {
        let sound = lowered.filter(|(_, ty)| ty.base != Base::Damaged);
        if sound.is_none() {
            self.failed = true;
        }
        sound
    }

    /// Adds a flag, negated where the text says so.
    pub(super) fn flag(&mut self, op: Op, negated: bool, span: Span) -> (ExprId, Type) {
        let ty = Type::of(Base::Flag);
        let id = self.push(op, ty, span);
        (if negated { self.push(Op::Not(id), ty, span) } else { id }, ty)
    }

    fn field(&mut self, written: &ast::Expr, base: &ast::Expr, name: &ast::Name) -> Option<(ExprId, Type)> {
        if let Some(pick) = self.pick_chain(written) {
            return pick;
        }
        if let Some(value) = self.qualified_value(base, name, written.span) {
            return value;
        }
        let (of, ty) = self.dotted(base)?;
        self.member(of, ty, name, None, written.span)
    }

    fn not(&mut self, inner: &ast::Expr, span: Span) -> Option<(ExprId, Type)> {
        let inner = self.condition(inner)?;
        Some(self.flag(Op::Not(inner), false, span))
    }

    /// `and` and `or`, in a loop: a chain of them may be very long.
    fn logic(&mut self, written: &ast::Expr) -> Option<(ExprId, Type)> {
        enum Step<'e> {
            Visit(&'e ast::Expr),
            Join(bool, Span),
        }
        let mut steps = vec![Step::Visit(written)];
        let mut done: Vec<Option<ExprId>> = Vec::new();
        while let Some(step) = steps.pop() {
            match step {
                Step::Visit(part) => match &*part.kind {
                    ExprKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), left, right) => {
                        steps.push(Step::Join(*op == BinaryOp::And, part.span));
                        steps.push(Step::Visit(right));
                        steps.push(Step::Visit(left));
                    }
                    _ => {
                        let condition = self.condition(part);
                        done.push(condition);
                    }
                },
                Step::Join(and, span) => {
                    let (right, left) = (done.pop().flatten(), done.pop().flatten());
                    let joined = left.zip(right).map(|(left, right)| {
                        let op = if and { Op::And(left, right) } else { Op::Or(left, right) };
                        self.push(op, Type::of(Base::Flag), span)
                    });
                    done.push(joined);
                }
            }
        }
        let id = done.pop().flatten()?;
        Some((id, Type::of(Base::Flag)))
    }

    fn is(&mut self, item: &ast::Expr, test: IsTest, negated: bool, span: Span) -> Option<(ExprId, Type)> {
        if test == IsTest::Met {
            let (id, ty) = self.is_met(item, span)?;
            return Some(if negated { self.flag(Op::Not(id), false, span) } else { (id, ty) });
        }
        if test == IsTest::Valid {
            return self.is_valid(item, negated, span);
        }
        let (id, ty) = self.single(item, None)?;
        let op = match test {
            IsTest::Known => Op::IsKnown(id),
            IsTest::None => Op::IsNone(id),
            _ => {
                if !ty.optional {
                    self.report_not_optional(item, id, "is missing");
                    return None;
                }
                Op::IsMissing(id)
            }
        };
        Some(self.flag(op, negated, span))
    }

    /// `t is valid`: a test that the whole text matches.
    fn is_valid(&mut self, item: &ast::Expr, negated: bool, span: Span) -> Option<(ExprId, Type)> {
        let (id, ty) = self.single(item, None)?;
        if ty.base != Base::Text {
            let what = super::type_name(self.cx.symbols, ty);
            let diagnostic = self
                .error(
                    "type-mismatch",
                    item.span,
                    format!("`is valid` looks at text, and this is a `{what}`"),
                )
                .help("other values are valid as soon as they are known: write `is known`");
            self.report(diagnostic);
            return None;
        }
        let text = Type::of(Base::Text);
        let pattern = self.push(Op::Literal(Value::Text(VALID_TEXT.into())), text, span);
        Some(self.flag(Op::TextTest(ast::TextTest::Matches, id, pattern), negated, span))
    }

    fn presumed(&mut self, item: &ast::Expr, otherwise: &ast::Expr, span: Span) -> Option<(ExprId, Type)> {
        let lowered = self.expr(item, None);
        let other = self.expr(otherwise, lowered.map(|(_, ty)| Type::of(ty.base)));
        let ((id, ty), (other, other_type)) = lowered.zip(other)?;
        if !ty.optional {
            self.report_not_optional(item, id, "presumed");
            return None;
        }
        let base = self.agree(item, ty, otherwise, other_type)?;
        let ty = Type { base, optional: other_type.optional };
        Some((self.push(Op::Presumed(id, other), ty, span), ty))
    }

    /// Only a value of a type `T?` can be missing.
    fn report_not_optional(&mut self, item: &ast::Expr, id: ExprId, word: &str) {
        let leaf = self.optional_leaf(id);
        let symbols = self.cx.symbols;
        let declared = self.code.get(id).and_then(|expr| match &expr.op {
            Op::Field { of, field } => {
                let Base::Record(record) = self.type_of(*of).base else { return None };
                symbols.record(record)?.fields.get(*field as usize)
            }
            _ => None,
        });
        let (message, help) = match (&leaf, declared) {
            (Some(leaf), _) => (
                "a computed value is unknown, not missing, when something in it is missing".to_owned(),
                format!("put `{word}` on `{leaf}`"),
            ),
            (None, Some(field)) => (
                format!("`{}` must always have a value, so it is never missing", field.name),
                format!(
                    "write `{}?` in its declaration if it may be absent",
                    super::type_name(symbols, field.ty)
                ),
            ),
            (None, None) => (
                "this value is never missing".to_owned(),
                format!(
                    "only a value of a type with `?` can be: remove `{word}`, or put it on what may be absent"
                ),
            ),
        };
        let mut diagnostic = self.error("not-optional", item.span, message).help(help);
        if let Some(field) = declared {
            diagnostic = diagnostic.label(field.place, "declared here without `?`");
        }
        self.report(diagnostic);
    }

    /// The name of something inside that may be missing.
    fn optional_leaf(&self, id: ExprId) -> Option<String> {
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            let Some(expr) = self.code.get(id) else { continue };
            if expr.ty.optional {
                let symbols = self.cx.symbols;
                let name = match &expr.op {
                    Op::Field { of, field } => match self.type_of(*of).base {
                        Base::Record(record) => symbols
                            .record(record)
                            .and_then(|record| record.fields.get(*field as usize))
                            .map(|field| field.name.clone()),
                        _ => None,
                    },
                    Op::Define { define, .. } => symbols.define(*define).map(|define| define.name.clone()),
                    _ => None,
                };
                if name.is_some() {
                    return name;
                }
            }
            open.extend(crate::plan::operands(&expr.op));
        }
        None
    }

    fn text_test(
        &mut self,
        item: &ast::Expr,
        test: TextTest,
        pattern: &ast::Expr,
        negated: bool,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let text = Type::of(Base::Text);
        let item = self.value(item, text);
        let lowered = self.value(pattern, text);
        let (item, lowered) = item.zip(lowered)?;
        if test == TextTest::Matches {
            match self.code.get(lowered).map(|expr| expr.op.clone()) {
                Some(Op::Literal(Value::Text(written))) => {
                    if let Err(error) = regex::Regex::new(&written) {
                        let words = error.to_string();
                        let reason =
                            words.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
                        let reason = reason.trim().trim_start_matches("error: ");
                        let diagnostic = self
                            .error(
                                "bad-regex",
                                pattern.span,
                                format!("this pattern cannot be used: {reason}"),
                            )
                            .help("`matches` takes a regular expression, such as \"[0-9]{5}\"");
                        self.report(diagnostic);
                        return None;
                    }
                }
                _ => {
                    let diagnostic = self
                        .error("bad-regex", pattern.span, "the pattern of `matches` must be a quoted text")
                        .help("to compare with another value write `=`, `starts with` or `ends with`");
                    self.report(diagnostic);
                    return None;
                }
            }
        }
        Some(self.flag(Op::TextTest(test, item, lowered), negated, span))
    }

    fn rounded(&mut self, item: &ast::Expr, rounding: ast::Rounding, span: Span) -> Option<(ExprId, Type)> {
        let (id, ty) = self.expr(item, None)?;
        let money_unit = matches!(rounding.unit, RoundingUnit::Cents | RoundingUnit::Dollars);
        let fits = match ty.base {
            Base::Money => money_unit,
            Base::Percent => matches!(rounding.unit, RoundingUnit::Places(_)),
            base => is_quantity(base) && !money_unit,
        };
        if !fits {
            let unit = match rounding.unit {
                RoundingUnit::Cents => "cents".to_owned(),
                RoundingUnit::Dollars => "dollars".to_owned(),
                RoundingUnit::Whole => "whole".to_owned(),
                RoundingUnit::Places(places) => format!("{places} places"),
            };
            let what = base_name(self.cx.symbols, ty.base);
            let help = match ty.base {
                Base::Money => "money is rounded `to cents` or `to dollars`",
                Base::Percent => "a percent is rounded `to 2 places` (whole percents) or more: 55% is 0.55",
                base if is_quantity(base) => "a number is rounded `to whole` or `to 2 places`",
                _ => "only numbers, percents, money and durations are rounded",
            };
            let diagnostic =
                self.error("unit-mismatch", span, format!("`{what}` cannot be rounded to {unit}")).help(help);
            self.report(diagnostic);
            return None;
        }
        let ty = Type::of(ty.base);
        Some((self.push(Op::Rounded(id, rounding.mode, rounding.unit), ty, span), ty))
    }

    fn if_then_else(
        &mut self,
        when: &ast::Expr,
        then: &ast::Expr,
        otherwise: &ast::Expr,
        expected: Option<Type>,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let when = self.condition(when);
        let values = self.same_type(&[then, otherwise], expected);
        let (when, (values, ty)) = when.zip(values)?;
        let [then, otherwise] = *values.as_slice() else { return None };
        Some((self.push(Op::If(when, then, otherwise), ty, span), ty))
    }

    fn case(
        &mut self,
        arms: &[(ast::Expr, ast::Expr)],
        otherwise: Option<&ast::Expr>,
        expected: Option<Type>,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let conditions: Vec<Option<ExprId>> = arms.iter().map(|(when, _)| self.condition(when)).collect();
        let written: Vec<&ast::Expr> = arms.iter().map(|(_, then)| then).chain(otherwise).collect();
        let values = self.same_type(&written, expected);
        let conditions: Vec<ExprId> = conditions.into_iter().collect::<Option<_>>()?;
        let (values, ty) = values?;
        let otherwise = values.get(conditions.len()).copied();
        let arms = conditions.into_iter().zip(values).collect();
        Some((self.push(Op::Case(Case { arms, otherwise }), ty, span), ty))
    }

    /// Alternatives that must be of one type; may be missing when one of them may.
    pub(super) fn same_type(
        &mut self,
        written: &[&ast::Expr],
        expected: Option<Type>,
    ) -> Option<(Vec<ExprId>, Type)> {
        let mut lowered: Vec<Option<(ExprId, Type)>> = vec![None; written.len()];
        let mut wanted = expected;
        // Values of a category are named last, when the others have said which category it is.
        let (named, others): (Vec<usize>, Vec<usize>) =
            (0..written.len()).partition(|at| written.get(*at).is_some_and(|part| self.is_value_name(part)));
        for at in others.into_iter().chain(named) {
            let (Some(part), Some(place)) = (written.get(at), lowered.get_mut(at)) else { continue };
            *place = self.single(part, wanted);
            wanted = wanted.or(place.map(|(_, ty)| Type::of(ty.base)));
            if place.is_none() && wanted.is_none() {
                return None;
            }
        }
        let lowered: Vec<(ExprId, Type)> = lowered.into_iter().collect::<Option<_>>()?;
        let mut all: Option<(usize, Type)> = None;
        for (at, (_, ty)) in lowered.iter().enumerate() {
            all = Some(match all {
                None => (at, *ty),
                Some((first, so_far)) => {
                    let (a, b) = (written.get(first)?, written.get(at)?);
                    let base = self.agree(a, so_far, b, *ty)?;
                    (first, Type { base, optional: so_far.optional || ty.optional })
                }
            });
        }
        let (_, ty) = all?;
        Some((lowered.into_iter().map(|(id, _)| id).collect(), ty))
    }

    /// `a + b - c`, in a loop along its left side.
    fn arithmetic_chain(&mut self, written: &ast::Expr) -> Option<(ExprId, Type)> {
        let mut chain = Vec::new();
        let mut first = written;
        while let ExprKind::Binary(op, left, right) = &*first.kind {
            let op = match op {
                BinaryOp::Add => ArithmeticOp::Add,
                BinaryOp::Sub => ArithmeticOp::Sub,
                BinaryOp::Mul => ArithmeticOp::Mul,
                BinaryOp::Div => ArithmeticOp::Div,
                _ => break,
            };
            chain.push((op, left, right, first.span));
            first = left;
        }
        let mut so_far = self.expr(first, None);
        for (op, left, right, span) in chain.into_iter().rev() {
            let right_side = self.expr(right, None);
            so_far = match so_far.zip(right_side) {
                Some(sides) => self.arithmetic(op, (left, sides.0), (right, sides.1), span),
                None => None,
            };
        }
        so_far
    }

    fn in_list(
        &mut self,
        item: &ast::Expr,
        list: &[ast::Expr],
        negated: bool,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        // The brackets of `in (universal_meals on d)` are not those of a list.
        if let [only] = list
            && self.names_a_set(only)
        {
            return self.in_set(item, only, negated, span);
        }
        let (id, ty) = self.expr(item, None)?;
        if !has_equality(ty.base) {
            self.report_no_equality(item, ty);
            return None;
        }
        let mut values = Vec::with_capacity(list.len());
        for other in list {
            let value = self.expr(other, Some(Type::of(ty.base)));
            values.push(match value {
                Some((value, other_type)) => self.agree(item, ty, other, other_type).map(|_| value),
                None => None,
            });
        }
        let values: Vec<ExprId> = values.into_iter().collect::<Option<_>>()?;
        Some(self.flag(Op::InList(id, values), negated, span))
    }

    /// Whether this is a parameter that holds a set, on some day and by some keys.
    fn names_a_set(&self, written: &ast::Expr) -> bool {
        let symbols = self.cx.symbols;
        match &*written.kind {
            ExprKind::On(of, _) | ExprKind::Call(of, _) => self.names_a_set(of),
            ExprKind::Name(name) => {
                let policy = symbols.policy(self.cx.policy);
                let found = policy.map_or(&[][..], |policy| policy.scope.get(&name.text));
                found.iter().any(|symbol| match symbol {
                    Symbol::Parameter(id) => {
                        symbols.parameter(*id).is_some_and(|one| matches!(one.ty.base, Base::Set(_)))
                    }
                    _ => false,
                })
            }
            _ => false,
        }
    }

    fn in_set(
        &mut self,
        item: &ast::Expr,
        set: &ast::Expr,
        negated: bool,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let (set_id, set_type) = self.expr(set, None)?;
        let Base::Set(category) = set_type.base else {
            let what = base_name(self.cx.symbols, set_type.base);
            let diagnostic = self
                .error("type-mismatch", set.span, format!("`in` looks into a set, and this is `{what}`"))
                .help("for a list write `in (a, b)`, for one value `=`");
            self.report(diagnostic);
            return None;
        };
        let item = self.value(item, Type::of(Base::Category(category)))?;
        let mut written = set;
        while let ExprKind::Paren(inner) = &*written.kind {
            written = inner;
        }
        let found = match &*written.kind {
            ExprKind::If(..) | ExprKind::Case(..) => None,
            _ => self.in_versions(item, set_id, span),
        };
        let Some(found) = found else {
            let diagnostic = self
                .error("type-mismatch", set.span, "only a parameter holds a set")
                .help("declare a `parameter … : set of …`, or list the values: `in (a, b)`");
            self.report(diagnostic);
            return None;
        };
        let flag = Type::of(Base::Flag);
        Some(if negated { (self.push(Op::Not(found), flag, span), flag) } else { (found, flag) })
    }

    fn between(
        &mut self,
        item: &ast::Expr,
        low: &ast::Expr,
        high: &ast::Expr,
        negated: bool,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let (id, ty) = self.expr(item, None)?;
        let low_side = self.expr(low, Some(Type::of(ty.base)));
        let high_side = self.expr(high, Some(Type::of(ty.base)));
        let ((low_id, low_type), (high_id, high_type)) = low_side.zip(high_side)?;
        self.agree(item, ty, low, low_type)?;
        self.agree(item, ty, high, high_type)?;
        self.check_order(CompareOp::Le, item, id, ty, span)?;
        Some(self.flag(Op::Between(id, low_id, high_id), negated, span))
    }

    fn affix(
        &mut self,
        first: bool,
        length: &ast::Expr,
        of: &ast::Expr,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let length = self.value(length, Type::of(Base::Count));
        let of = self.value(of, Type::of(Base::Text));
        let (length, of) = length.zip(of)?;
        let ty = Type::of(Base::Text);
        Some((self.push(Op::Affix(first, length, of), ty, span), ty))
    }
}
