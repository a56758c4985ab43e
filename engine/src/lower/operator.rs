//! Arithmetic.

use rubric_grammar::Span;
use rubric_grammar::ast::{self, ExprKind, Literal, MonthEnd};

use super::Lowering;
use super::fit::{bare_number, side_name};
use super::unit::{arithmetic, base_name, is_numeric, is_plain, is_quantity};
use crate::diagnostic::Applicability;
use crate::plan::{ArithmeticOp, ExprId, Op};
use crate::value::{Base, Type};

/// An operand: its text, and what it was lowered to.
type Side<'e> = (&'e ast::Expr, (ExprId, Type));

impl Lowering<'_> {
    /// `a + b`, `a - b`, `a * b`, `a / b`.
    pub(super) fn arithmetic(
        &mut self,
        op: ArithmeticOp,
        left: Side<'_>,
        right: Side<'_>,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let ((_, (left_id, left_type)), (_, (right_id, right_type))) = (left, right);
        let adds = matches!(op, ArithmeticOp::Add | ArithmeticOp::Sub);
        match (left_type.base, right_type.base) {
            (Base::Date, Base::Days | Base::Months) if adds => {
                return self.shift(left_id, right_id, op == ArithmeticOp::Sub, span);
            }
            (Base::Days | Base::Months, Base::Date) if op == ArithmeticOp::Add => {
                return self.shift(right_id, left_id, false, span);
            }
            (Base::SchoolYear, by) if adds && is_plain(by) => {
                return self.shift(left_id, right_id, op == ArithmeticOp::Sub, span);
            }
            (by, Base::SchoolYear) if op == ArithmeticOp::Add && is_plain(by) => {
                return self.shift(right_id, left_id, false, span);
            }
            _ => {}
        }
        if adds {
            for (percent, (written, (_, other))) in [(left_type, right), (right_type, left)] {
                if percent.base == Base::Percent && is_plain(other.base) && bare_number(written).is_some() {
                    self.report_bare_percent(written);
                    return None;
                }
            }
        }
        let Some(base) = arithmetic(op, left_type.base, right_type.base) else {
            self.report_arithmetic(op, left, right, span);
            return None;
        };
        let ty = Type::of(base);
        Some((self.push(Op::Arithmetic(op, left_id, right_id), ty, span), ty))
    }

    fn report_arithmetic(&mut self, op: ArithmeticOp, left: Side<'_>, right: Side<'_>, span: Span) {
        let ((left, (_, left_type)), (right, (_, right_type))) = (left, right);
        let symbols = self.cx.symbols;
        let (a, b) = (side_name(symbols, left, left_type.base), side_name(symbols, right, right_type.base));
        let message = match op {
            ArithmeticOp::Add => format!("cannot add `{b}` to `{a}`"),
            ArithmeticOp::Sub => format!("cannot subtract `{b}` from `{a}`"),
            ArithmeticOp::Mul => format!("cannot multiply `{a}` by `{b}`"),
            ArithmeticOp::Div => format!("cannot divide `{a}` by `{b}`"),
        };
        let adds = matches!(op, ArithmeticOp::Add | ArithmeticOp::Sub);
        let quantities = is_quantity(left_type.base) && is_quantity(right_type.base);
        let code = if quantities { "unit-mismatch" } else { "type-mismatch" };
        let mut diagnostic = self
            .error(code, span, message)
            .label(self.place(left.span), format!("this is `{a}`"))
            .label(self.place(right.span), format!("this is `{b}`"));
        let unit = |base| match base {
            Base::Money => Some(("$", "")),
            Base::Days | Base::Date => Some(("", " days")),
            Base::Months => Some(("", " months")),
            _ => None,
        };
        let mend =
            [(left, right_type.base), (right, left_type.base)].into_iter().find_map(|(side, other)| {
                let ExprKind::Literal(Literal::Number(text)) = &*side.kind else { return None };
                let (before, after) = unit(other)?;
                Some((side, format!("{before}{text}{after}")))
            });
        diagnostic = match (left_type.base, right_type.base) {
            (Base::Date, Base::Date) if op == ArithmeticOp::Sub => {
                diagnostic.help("the time from one date to another is `days between a and b`, or `months between a and b`; a period is asked for as `b < a + 2 years`")
            }
            (Base::SchoolYear, Base::SchoolYear) if op == ArithmeticOp::Sub => {
                diagnostic.help("shift one of them and compare: `a >= b + 2`")
            }
            (Base::SchoolYear, Base::Months) if adds => {
                diagnostic.help("a school year is shifted by a number: `y + 1`")
            }
            _ => match mend {
                Some((side, text)) if adds => {
                    let place = self.place(side.span);
                    diagnostic.help(format!("if that is meant, write `{text}`")).fix(
                        format!("write `{text}`"),
                        Applicability::Maybe,
                        vec![(place, text)],
                    )
                }
                _ => diagnostic.help(match (left_type.base, right_type.base) {
                    (Base::Money, Base::Money) => "dollars times dollars mean nothing; one of the two should be a number or a percent",
                    (Base::Money, other) | (other, Base::Money) if is_numeric(other) && adds => {
                        "an amount of money and a bare number measure different things: add money to money, or multiply money by a number"
                    }
                    (_, Base::Money) if op == ArithmeticOp::Div => {
                        "only money is divided by money, which gives a number"
                    }
                    (Base::Days, Base::Months) | (Base::Months, Base::Days) => {
                        "a month has 28 to 31 days: add each to a date, one after the other"
                    }
                    (Base::Date, _) | (_, Base::Date) => "to a date one adds `30 days`, `6 months` or `2 years`",
                    (Base::Category(_), _) | (_, Base::Category(_)) => {
                        "a value of a category is no number: compare it, or choose a number by it in a `parameter … by`"
                    }
                    _ => "arithmetic works on numbers, percents, money and durations",
                }),
            },
        };
        self.report(diagnostic);
    }

    /// A date or school year, moved.
    fn shift(&mut self, start: ExprId, by: ExprId, back: bool, span: Span) -> Option<(ExprId, Type)> {
        let ty = Type::of(self.type_of(start).base);
        let month_end = match self.type_of(by).base {
            Base::Months => self.month_end(start, Some(by), span)?,
            _ => MonthEnd::Down,
        };
        Some((self.push(Op::Shift { start, by, back, month_end }, ty, span), ty))
    }

    /// `-a`; of a literal it is the literal.
    pub(super) fn negate(&mut self, inner: &ast::Expr, span: Span) -> Option<(ExprId, Type)> {
        if let ExprKind::Literal(literal) = &*inner.kind {
            return self.literal(literal, true, span);
        }
        let (id, ty) = self.expr(inner, None)?;
        if !is_quantity(ty.base) {
            let what = base_name(self.cx.symbols, ty.base);
            let diagnostic = self
                .error("type-mismatch", span, format!("`{what}` has no negative"))
                .help("the opposite of a condition is `not`");
            self.report(diagnostic);
            return None;
        }
        let ty = Type::of(if ty.base == Base::Count { Base::Number } else { ty.base });
        Some((self.push(Op::Negate(id), ty, span), ty))
    }

    /// `20% of x`.
    pub(super) fn percent_of(
        &mut self,
        percent: &ast::Expr,
        whole: &ast::Expr,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let percent_side = self.value(percent, Type::of(Base::Percent));
        let whole_side = self.expr(whole, None);
        let (percent_id, (whole_id, whole_type)) = percent_side.zip(whole_side)?;
        let sides = ((percent, (percent_id, Type::of(Base::Percent))), (whole, (whole_id, whole_type)));
        self.arithmetic(ArithmeticOp::Mul, sides.0, sides.1, span)
    }
}
