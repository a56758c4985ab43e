//! Literals.

use rubric_grammar::Span;
use rubric_grammar::ast::{DurationUnit, Literal};

use super::Lowering;
use crate::plan::{ExprId, Op};
use crate::value::{Base, Number, Type, Value};

impl Lowering<'_> {
    /// A literal, negated where a `-` stands before it.
    pub(super) fn literal(
        &mut self,
        literal: &Literal,
        negative: bool,
        span: Span,
    ) -> Option<(ExprId, Type)> {
        let (value, base) = match literal {
            Literal::Number(text) => {
                let number = self.number(text, negative, span)?;
                let counts = number.is_whole() && !number.is_negative();
                (Value::Number(number), if counts { Base::Count } else { Base::Number })
            }
            Literal::Percent(text) => {
                let number = self.number(text, negative, span)?;
                let share = number.div(&Number::from_int(100)).ok();
                (Value::Number(self.in_range(share, span)?), Base::Percent)
            }
            Literal::Money(text) => (Value::Number(self.number(text, negative, span)?), Base::Money),
            Literal::Duration(text, unit) => {
                let number = self.number(text, negative, span)?;
                match unit {
                    DurationUnit::Days => (Value::Number(self.whole(number, span)?), Base::Days),
                    DurationUnit::Months => (Value::Number(self.whole(number, span)?), Base::Months),
                    DurationUnit::Years => {
                        let months = number.mul(&Number::from_int(12)).ok();
                        let months = self.in_range(months, span)?;
                        (Value::Number(self.whole(months, span)?), Base::Months)
                    }
                }
            }
            _ if negative => {
                let diagnostic = self
                    .error("type-mismatch", span, "only a number can be negative")
                    .help("remove the `-`; the opposite of a condition is `not`");
                self.report(diagnostic);
                return None;
            }
            Literal::Flag(flag) => (Value::Flag(*flag), Base::Flag),
            Literal::Date(date) => (Value::Date(self.day(date)?), Base::Date),
            Literal::SchoolYear(year) => (Value::SchoolYear(*year), Base::SchoolYear),
            Literal::Text(text) => (Value::Text(text.value.as_str().into()), Base::Text),
        };
        let ty = Type::of(base);
        Some((self.push(Op::Literal(value), ty, span), ty))
    }

    fn number(&mut self, text: &str, negative: bool, span: Span) -> Option<Number> {
        let number = Number::parse_decimal(text);
        let number = if negative { number.and_then(|number| number.negated().ok()) } else { number };
        self.in_range(number, span)
    }

    fn in_range(&mut self, number: Option<Number>, span: Span) -> Option<Number> {
        if number.is_none() {
            let diagnostic = self
                .error("bad-number", span, "this number has too many digits")
                .help("numbers are exact up to 76 digits");
            self.report(diagnostic);
        }
        number
    }

    fn whole(&mut self, number: Number, span: Span) -> Option<Number> {
        if !number.is_whole() {
            let diagnostic = self
                .error("bad-number", span, "a duration is a whole number of days or months")
                .help("write `30 days`, `6 months` or `2 years`; half a year is `6 months`");
            self.report(diagnostic);
            return None;
        }
        Some(number)
    }
}
