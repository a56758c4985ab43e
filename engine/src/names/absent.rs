//! `absent means V`: the value of an absent cell.

use rubric_grammar::ast::{DurationUnit, Expr, ExprKind, Literal};

use crate::plan::{Absent, Symbols};
use crate::value::{Base, Date, Number, Value};

/// The value, or in words what it should have been.
pub(super) fn value(symbols: &Symbols, base: Base, written: &Expr) -> Result<Absent, String> {
    let value = match (&*written.kind, base) {
        (_, Base::Damaged) => Some(Value::None),
        (ExprKind::Name(name), Base::Date) if name.text == "never" => Some(Value::Never),
        (ExprKind::Name(name), _) if name.text == "none" => Some(Value::None),
        (ExprKind::Name(name), Base::Category(category)) => symbols.category(category).and_then(|category| {
            let position = category.values.iter().position(|value| value.name == name.text)?;
            Some(Value::Category(u32::try_from(position).ok()?))
        }),
        (ExprKind::Literal(literal), _) => from_literal(literal, base),
        // Of what may lie below zero; a count may not.
        (ExprKind::Negate(of), Base::Number | Base::Percent | Base::Money | Base::Days | Base::Months) => {
            match &*of.kind {
                ExprKind::Literal(literal) => from_literal(literal, base).and_then(negated),
                _ => None,
            }
        }
        _ => None,
    };
    value.map(|value| Absent { value }).ok_or_else(|| expected(symbols, base))
}

fn negated(value: Value) -> Option<Value> {
    match value {
        Value::Number(number) => number.negated().ok().map(Value::Number),
        _ => None,
    }
}

fn from_literal(literal: &Literal, base: Base) -> Option<Value> {
    match (literal, base) {
        (Literal::Flag(flag), Base::Flag) => Some(Value::Flag(*flag)),
        (Literal::Number(text), Base::Count) => Number::parse_decimal(text)
            .filter(|number| number.is_whole() && !number.is_negative())
            .map(Value::Number),
        (Literal::Number(text), Base::Number) | (Literal::Money(text), Base::Money) => {
            Number::parse_decimal(text).map(Value::Number)
        }
        (Literal::Number(text), Base::Percent) if text == "0" => Some(Value::Number(Number::ZERO)),
        (Literal::Percent(text), Base::Percent) => {
            let hundred = Number::from_int(100);
            Number::parse_decimal(text)?.div(&hundred).ok().map(Value::Number)
        }
        (Literal::Duration(text, DurationUnit::Days), Base::Days)
        | (Literal::Duration(text, DurationUnit::Months), Base::Months) => {
            Number::parse_decimal(text).filter(Number::is_whole).map(Value::Number)
        }
        (Literal::Duration(text, DurationUnit::Years), Base::Months) => Number::parse_decimal(text)?
            .mul(&Number::from_int(12))
            .ok()
            .filter(Number::is_whole)
            .map(Value::Number),
        (Literal::Text(text), Base::Text) => Some(Value::Text(text.value.as_str().into())),
        (Literal::Date(date), Base::Date) => {
            Date::new(date.year, date.month.cast_signed(), date.day.cast_signed()).ok().map(Value::Date)
        }
        (Literal::SchoolYear(year), Base::SchoolYear) => Some(Value::SchoolYear(*year)),
        _ => None,
    }
}

fn expected(symbols: &Symbols, base: Base) -> String {
    match base {
        Base::Flag => "`yes`, `no` or `none`".to_owned(),
        Base::Count => "a whole number or `none`".to_owned(),
        Base::Number => "a number or `none`".to_owned(),
        Base::Percent => "a percentage such as `0%` or `none`".to_owned(),
        Base::Money => "an amount such as `$0` or `none`".to_owned(),
        Base::Days => "days such as `0 days` or `none`".to_owned(),
        Base::Months => "months such as `6 months` or `none`".to_owned(),
        Base::Text => "a quoted text or `none`".to_owned(),
        Base::Date => "`never`, a date or `none`".to_owned(),
        Base::SchoolYear => "a school year such as `SY2024-25` or `none`".to_owned(),
        Base::Category(id) => {
            let name = symbols.category(id).map_or("the category", |category| category.name.as_str());
            format!("a value of `{name}` or `none`")
        }
        _ => "`none`".to_owned(),
    }
}
