//! Operations on known values.

use std::sync::Arc;

use regex::Regex;
use rubric_grammar::ast::{DurationUnit, MonthEnd, PartOf, RoundingMode, RoundingUnit};

use super::expr::whole;
use crate::plan::ArithmeticOp;
use crate::value::{Base, Date, Fault, Number, Value, date};

type Computed = Result<Value, Fault>;

fn number(value: &Value) -> Result<&Number, Fault> {
    match value {
        Value::Number(number) => Ok(number),
        _ => Err(Fault::NotAValue),
    }
}

/// A whole number of something in the calendar.
fn integer(value: &Value) -> Result<i64, Fault> {
    number(value)?.to_i64().ok_or(Fault::NoSuchDate)
}

fn day(value: &Value) -> Result<Date, Fault> {
    match value {
        Value::Date(day) => Ok(*day),
        _ => Err(Fault::NotAValue),
    }
}

pub(crate) fn negate(a: &Value) -> Computed {
    number(a)?.negated().map(Value::Number)
}

pub(crate) fn arithmetic(op: ArithmeticOp, a: &Value, b: &Value) -> Computed {
    let (a, b) = (number(a)?, number(b)?);
    let result = match op {
        ArithmeticOp::Add => a.add(b),
        ArithmeticOp::Sub => a.sub(b),
        ArithmeticOp::Mul => a.mul(b),
        ArithmeticOp::Div => a.div(b),
    };
    result.map(Value::Number)
}

/// Moves a date or a school year. `never` stays later than every date.
pub(crate) fn shift(
    start: &Value,
    by: &Value,
    unit: Option<Base>,
    back: bool,
    month_end: MonthEnd,
) -> Computed {
    let by = integer(by)?;
    let by = if back { by.checked_neg().ok_or(Fault::NoSuchDate)? } else { by };
    match (start, unit) {
        (Value::Never, _) => Ok(Value::Never),
        (Value::SchoolYear(year), _) => i16::try_from(i64::from(*year).saturating_add(by))
            .ok()
            .filter(|year| (0..=9998).contains(year))
            .map(Value::SchoolYear)
            .ok_or(Fault::NoSuchDate),
        (Value::Date(start), Some(Base::Months)) => {
            date::add_months(*start, by, month_end).map(Value::Date).ok_or(Fault::NoSuchDate)
        }
        (Value::Date(start), _) => date::add_days(*start, by).map(Value::Date).ok_or(Fault::NoSuchDate),
        _ => Err(Fault::NotAValue),
    }
}

pub(crate) fn round(a: &Value, mode: RoundingMode, unit: RoundingUnit) -> Computed {
    number(a)?.rounded(mode, places(unit)).map(Value::Number)
}

/// How many places after the point a unit has.
pub(crate) fn places(unit: RoundingUnit) -> u32 {
    match unit {
        RoundingUnit::Cents => 2,
        RoundingUnit::Dollars | RoundingUnit::Whole => 0,
        RoundingUnit::Places(places) => u32::from(places),
    }
}

pub(crate) fn part(part: PartOf, a: &Value, start: Option<(u8, u8)>) -> Computed {
    let start = || start.ok_or_else(|| Fault::Broken(Arc::from("no day on which school years start")));
    match (part, a) {
        (PartOf::FirstDay, Value::SchoolYear(year)) => {
            date::first_day(*year, start()?).map(Value::Date).ok_or(Fault::NoSuchDate)
        }
        (PartOf::LastDay, Value::SchoolYear(year)) => {
            date::last_day(*year, start()?).map(Value::Date).ok_or(Fault::NoSuchDate)
        }
        (PartOf::Year, Value::SchoolYear(year)) => Ok(whole(i64::from(*year))),
        (PartOf::Length, Value::Text(text)) => {
            Ok(whole(i64::try_from(text.chars().count()).unwrap_or(i64::MAX)))
        }
        (PartOf::Year, value) => Ok(whole(i64::from(day(value)?.year()))),
        (PartOf::Month, value) => Ok(whole(i64::from(day(value)?.month()))),
        (PartOf::Day, value) => Ok(whole(i64::from(day(value)?.day()))),
        _ => Err(Fault::NotAValue),
    }
}

/// The first, or the last, characters; all there are when there are fewer.
pub(crate) fn affix(first: bool, n: &Value, text: &Value) -> Computed {
    let Value::Text(text) = text else { return Err(Fault::NotAValue) };
    let n = number(n)?;
    if n.is_negative() || !n.is_whole() {
        return Err(Fault::NotACount);
    }
    let length = text.chars().count();
    let n = n.to_i64().and_then(|n| usize::try_from(n).ok()).map_or(length, |n| n.min(length));
    let kept: String =
        if first { text.chars().take(n).collect() } else { text.chars().skip(length - n).collect() };
    Ok(Value::Text(Arc::from(kept)))
}

pub(crate) fn elapsed(unit: DurationUnit, a: &Value, b: &Value, month_end: MonthEnd) -> Computed {
    let (a, b) = (day(a)?, day(b)?);
    Ok(whole(match unit {
        DurationUnit::Days => date::days_between(a, b),
        DurationUnit::Months => date::months_between(a, b, month_end),
        DurationUnit::Years => date::years_between(a, b, month_end),
    }))
}

pub(crate) fn age(birth: &Value, on: &Value, month_end: MonthEnd) -> Computed {
    Ok(whole(date::age(day(birth)?, day(on)?, month_end)))
}

pub(crate) fn make_date(year: &Value, month: &Value, of_month: &Value) -> Computed {
    let year = i16::try_from(integer(year)?).ok();
    let month = i8::try_from(integer(month)?).ok();
    let of_month = i8::try_from(integer(of_month)?).ok();
    let (Some(year), Some(month), Some(of_month)) = (year, month, of_month) else {
        return Err(Fault::NoSuchDate);
    };
    Date::new(year, month, of_month).map(Value::Date).map_err(|_| Fault::NoSuchDate)
}

pub(crate) fn nth_weekday(n: &Value, weekday: u8, month: u8, year: &Value) -> Computed {
    date::nth_weekday(integer(n)?, weekday, month, integer(year)?).map(Value::Date).ok_or(Fault::NoSuchDate)
}

pub(crate) fn school_year_of(on: &Value, start: (u8, u8)) -> Computed {
    date::school_year_of(day(on)?, start).map(Value::SchoolYear).ok_or(Fault::NoSuchDate)
}

pub(crate) fn to_count(a: &Value) -> Computed {
    let number = number(a)?;
    if number.is_negative() || !number.is_whole() {
        return Err(Fault::NotACount);
    }
    Ok(Value::Number(number.clone()))
}

/// A pattern that the whole text must match.
pub(crate) fn pattern(text: &str) -> Option<Regex> {
    Regex::new(&format!(r"\A(?:{text})\z")).ok()
}
