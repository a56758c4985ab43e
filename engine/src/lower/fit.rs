//! Values where a type is wanted, and two values that must be of one type. One place says why they are not.

use rubric_grammar::ast::{Expr, ExprKind, Literal};

use super::Lowering;
use super::unit::{base_name, is_numeric, is_ordered, is_quantity, unify};
use crate::diagnostic::{Applicability, Diagnostic};
use crate::plan::{CompareOp, ExprId, Op, Symbols};
use crate::value::{Base, Date, Number, Type, Value};

/// A number without a unit that the text gives, with its sign: the number itself, in brackets, or in an alternative.
pub(super) fn bare_number(written: &Expr) -> Option<(&Expr, String)> {
    match &*written.kind {
        ExprKind::Literal(Literal::Number(text)) => {
            let zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
            (!zero).then(|| (written, text.clone()))
        }
        ExprKind::Paren(inner) => bare_number(inner),
        ExprKind::Negate(inner) => bare_number(inner).map(|(_, text)| (written, format!("-{text}"))),
        ExprKind::If(_, a, b) => bare_number(a).or_else(|| bare_number(b)),
        ExprKind::Presumed(_, other) => bare_number(other),
        ExprKind::Case(arms, otherwise) => {
            arms.iter().map(|(_, then)| then).chain(otherwise).find_map(bare_number)
        }
        ExprKind::Call(callee, arguments) => match &*callee.kind {
            ExprKind::Name(name) if matches!(name.text.as_str(), "min" | "max") => {
                arguments.iter().find_map(bare_number)
            }
            _ => None,
        },
        _ => None,
    }
}

/// The literal in the text, brackets taken off.
fn literal(written: &Expr) -> Option<&Literal> {
    match &*written.kind {
        ExprKind::Paren(inner) => literal(inner),
        ExprKind::Literal(literal) => Some(literal),
        _ => None,
    }
}

/// `55` and `0.55` as `55%`.
fn as_percent(text: &str) -> String {
    let number = Number::parse_decimal(text);
    let small = text.contains('.') && number.as_ref().is_some_and(|number| *number < Number::ONE);
    let scaled =
        number.and_then(|number| number.mul(&Number::from_int(100)).ok()).and_then(|it| it.to_decimal(12));
    match (small, scaled) {
        (true, Some(scaled)) => format!("{scaled}%"),
        _ => format!("{text}%"),
    }
}

/// The type of one side of a mistake, in words: a literal without a unit is a number, not a count.
pub(super) fn side_name(symbols: &Symbols, written: &Expr, base: Base) -> String {
    match literal(written) {
        Some(Literal::Number(_)) => base_name(symbols, Base::Number),
        _ => base_name(symbols, base),
    }
}

impl Lowering<'_> {
    /// The value as one of the wanted type, converted where that is exact.
    pub(super) fn fit(&mut self, written: &Expr, id: ExprId, found: Type, wanted: Type) -> Option<ExprId> {
        let bare = bare_number(written);
        match (found.base, wanted.base) {
            (_, Base::Damaged) => Some(id),
            (found, Base::Percent) if is_numeric(found) && bare.is_some() => {
                self.report_bare_percent(written);
                None
            }
            (found, wanted) if found == wanted => Some(id),
            (Base::Count | Base::Percent, Base::Number) | (Base::Count | Base::Number, Base::Percent) => {
                Some(id)
            }
            (Base::Number, Base::Count) => {
                if bare.is_some_and(|(whole, _)| {
                    literal(whole).is_some() || matches!(&*whole.kind, ExprKind::Negate(_))
                }) {
                    let diagnostic = self
                        .error("type-mismatch", written.span, "a `count` is a whole number, 0 or more")
                        .help("write a whole number, or declare it `number`");
                    self.report(diagnostic);
                    return None;
                }
                Some(self.push(Op::ToCount(id), Type::of(Base::Count), written.span))
            }
            _ => {
                let symbols = self.cx.symbols;
                let (wanted_name, found_name) =
                    (base_name(symbols, wanted.base), base_name(symbols, found.base));
                let message = match self.outcome_of(id) {
                    Some(decision) => format!("expected `{wanted_name}`, found the outcome of `{decision}`"),
                    None => format!("expected `{wanted_name}`, found `{found_name}`"),
                };
                let code = mismatch_code(found.base, wanted.base);
                let diagnostic = self.error(code, written.span, message);
                let diagnostic = self.explain(diagnostic, written, found.base, wanted.base);
                self.report(diagnostic);
                None
            }
        }
    }

    /// The name of the decision whose outcome this is.
    pub(super) fn outcome_of(&self, id: ExprId) -> Option<&str> {
        match self.code.get(id)?.op {
            Op::Decision { decision, .. } => Some(self.cx.symbols.decision(decision)?.name.as_str()),
            _ => None,
        }
    }

    /// The type of two values that are compared or are alternatives, else a report.
    pub(super) fn agree(
        &mut self,
        left: &Expr,
        left_type: Type,
        right: &Expr,
        right_type: Type,
    ) -> Option<Base> {
        let bases = (left_type.base, right_type.base);
        for (percent, other, written) in [(bases.0, bases.1, right), (bases.1, bases.0, left)] {
            if percent == Base::Percent && is_numeric(other) && bare_number(written).is_some() {
                self.report_bare_percent(written);
                return None;
            }
        }
        if let Some(base) = unify(bases.0, bases.1) {
            return Some(base);
        }
        let symbols = self.cx.symbols;
        let left_name = side_name(symbols, left, bases.0);
        let right_name = side_name(symbols, right, bases.1);
        let message = format!("`{left_name}` and `{right_name}` do not go together");
        let diagnostic = self
            .error(mismatch_code(bases.0, bases.1), right.span, message)
            .here(format!("this is `{right_name}`"))
            .label(self.place(left.span), format!("this is `{left_name}`"));
        // A literal on either side is what can be mended.
        let diagnostic = if literal(left).is_some() && literal(right).is_none() {
            self.explain(diagnostic, left, bases.0, bases.1)
        } else {
            self.explain(diagnostic, right, bases.1, bases.0)
        };
        self.report(diagnostic);
        None
    }

    /// A percent against a number without `%`.
    pub(super) fn report_bare_percent(&mut self, written: &Expr) {
        let Some((literal, text)) = bare_number(written) else { return };
        let percent = as_percent(&text);
        let place = self.place(literal.span);
        let diagnostic = self
            .error("unit-mismatch", literal.span, format!("`{text}` has no `%`, and a percent is meant"))
            .help(format!("write `{percent}`; without the sign {text} would be {text} times the whole"))
            .fix(format!("write `{percent}`"), Applicability::Maybe, vec![(place, percent)]);
        self.report(diagnostic);
    }

    /// Adds what to do about a value of the one type where the other is wanted.
    fn explain(&self, diagnostic: Diagnostic, written: &Expr, found: Base, wanted: Base) -> Diagnostic {
        let symbols = self.cx.symbols;
        let place = self.place(written.span);
        let mend = |diagnostic: Diagnostic, text: String| {
            diagnostic.help(format!("write `{text}`")).fix(
                format!("write `{text}`"),
                Applicability::Maybe,
                vec![(place, text)],
            )
        };
        let number = match literal(written) {
            Some(Literal::Number(text)) => Some(text.as_str()),
            _ => None,
        };
        match (found, wanted, number) {
            (_, Base::Money, Some(text)) => mend(diagnostic, format!("${text}")),
            (_, Base::Days, Some(text)) => mend(diagnostic, format!("{text} days")),
            (_, Base::Months, Some(text)) => mend(diagnostic, format!("{text} months")),
            (_, Base::SchoolYear, Some(text)) => match text.parse::<i16>() {
                Ok(year @ 1900..=2200) => mend(diagnostic, format!("SY{year}-{:02}", (year + 1) % 100)),
                _ => diagnostic.help("a school year is written `SY2024-25`"),
            },
            (Base::Months | Base::Days, other, _) if is_numeric(other) => match literal(written) {
                Some(Literal::Duration(text, _)) => mend(diagnostic, text.clone()),
                _ => diagnostic.help("a duration divided by a duration, such as `d / 1 days`, is a number"),
            },
            (Base::Months | Base::Days, Base::Date, _) => {
                diagnostic.help("count from a day, such as `as_of - 2 years`")
            }
            (Base::Date, Base::Months | Base::Days, _) => {
                diagnostic.help("the time from one date to another is `days between a and b`")
            }
            (Base::Money, other, _) | (other, Base::Money, _) if is_quantity(other) => {
                diagnostic.help("an amount of money and a bare number measure different things: give both a `$`, or divide money by money to have a number")
            }
            (Base::Days, Base::Months, _) | (Base::Months, Base::Days, _) => diagnostic.help(
                "a month has 28 to 31 days: use one of the two units, or compare dates, such as `a + 2 months <= b`",
            ),
            (Base::Days | Base::Months, other, _) | (other, Base::Days | Base::Months, _) if is_numeric(other) => {
                diagnostic.help("a duration has a unit: `30 days`, `6 months`, `2 years`; dividing it by a duration gives a number")
            }
            (Base::Date, Base::SchoolYear, _) => diagnostic.help("the school year of a date is `school_year(d)`"),
            (Base::SchoolYear, Base::Date, _) => {
                diagnostic.help("a school year has `first_day of` and `last_day of`")
            }
            (Base::Text, Base::Date, _) => match literal(written) {
                Some(Literal::Text(text)) if text.value.parse::<Date>().is_ok() => {
                    mend(diagnostic, text.value.clone())
                }
                _ => diagnostic.help("a date is written `2024-09-01`, without quotes"),
            },
            (Base::Text, Base::Category(id), _) => {
                let Some(category) = symbols.category(id) else { return diagnostic };
                let value = match literal(written) {
                    Some(Literal::Text(text)) => category.values.iter().find(|value| {
                        value.codes.contains(&text.value) || value.name.eq_ignore_ascii_case(&text.value)
                    }),
                    _ => None,
                };
                match value {
                    Some(value) => mend(diagnostic, value.name.clone()),
                    None => diagnostic.help(format!("name a value of `{}`, without quotes", category.name)),
                }
            }
            (Base::Category(_), Base::Flag, _) => {
                diagnostic.help("a condition is yes or no: compare it, such as `x = value`")
            }
            (Base::Record(id), other, _) | (other, Base::Record(id), _) if other != Base::Flag => {
                let key = symbols.record(id).and_then(|record| record.fields.first());
                match key {
                    Some(key) if key.ty.base == other => {
                        diagnostic.help(format!("the one is a row: compare its key, `.{}`", key.name))
                    }
                    _ => diagnostic,
                }
            }
            (_, Base::Flag, _) => diagnostic.help("a condition is yes or no: compare the value with something"),
            _ => diagnostic,
        }
    }

    /// Whether `<` and its kin mean something on the value, else a report.
    pub(super) fn check_order(
        &mut self,
        op: CompareOp,
        item: &Expr,
        id: ExprId,
        ty: Type,
        span: rubric_grammar::Span,
    ) -> Option<()> {
        if matches!(op, CompareOp::Eq | CompareOp::Ne) {
            return Some(());
        }
        let symbols = self.cx.symbols;
        if let Some(decision) = self.outcome_of(id) {
            let outcomes = match ty.base {
                Base::Category(category) => symbols.category(category),
                _ => None,
            };
            let names: Vec<&str> = outcomes
                .map_or(&[][..], |category| &category.values)
                .iter()
                .take(2)
                .map(|value| value.name.as_str())
                .collect();
            let message = format!("outcomes of `{decision}` are not compared by order");
            let help = format!("say which you mean: `{decision} in ({})`", names.join(", "));
            let diagnostic = self.error("type-mismatch", span, message).help(help);
            self.report(diagnostic);
            return None;
        }
        if is_ordered(symbols, ty.base) {
            return Some(());
        }
        let what = base_name(symbols, ty.base);
        let mut diagnostic =
            self.error("type-mismatch", item.span, format!("values of `{what}` have no order"));
        diagnostic = match ty.base {
            Base::Category(id) => {
                let place = symbols.category(id).map(|category| category.place);
                let diagnostic = diagnostic
                    .help(format!("declare `ordered category {what}`, or list the values: `in (…)`"));
                match place {
                    Some(place) => diagnostic.label(place, "declared here without `ordered`"),
                    None => diagnostic,
                }
            }
            _ => diagnostic.help("only `=` and `!=` compare them"),
        };
        self.report(diagnostic);
        None
    }

    /// An expression of any type that is one value: a set is not.
    pub(super) fn single(&mut self, written: &Expr, expected: Option<Type>) -> Option<(ExprId, Type)> {
        let (id, ty) = self.expr(written, expected)?;
        if matches!(ty.base, Base::Set(_)) {
            let what = base_name(self.cx.symbols, ty.base);
            let diagnostic = self
                .error("type-mismatch", written.span, format!("a `{what}` is not one value"))
                .help("ask whether a value is in it: `x in s`");
            self.report(diagnostic);
            return None;
        }
        Some((id, ty))
    }

    pub(super) fn report_no_equality(&mut self, item: &Expr, ty: Type) {
        let what = base_name(self.cx.symbols, ty.base);
        let help = match ty.base {
            Base::Set(_) => "ask whether a value is in it: `x in s`",
            _ => "compare single values",
        };
        let diagnostic =
            self.error("type-mismatch", item.span, format!("`{what}` cannot be compared")).help(help);
        self.report(diagnostic);
    }

    /// The constant that an expression is, when it is one.
    pub(super) fn constant(&self, id: ExprId) -> Option<&Value> {
        match &self.code.get(id)?.op {
            Op::Literal(value) => Some(value),
            _ => None,
        }
    }
}

/// Two quantities differ in their unit, anything else in its type.
fn mismatch_code(a: Base, b: Base) -> &'static str {
    if is_quantity(a) && is_quantity(b) { "unit-mismatch" } else { "type-mismatch" }
}
