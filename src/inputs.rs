//! Values for the whole run: `--set submission=fall_1`.

use std::collections::BTreeMap;

use rubric_engine::data::DateFormat;
use rubric_engine::plan::{InputId, Symbols};
use rubric_engine::value::{Base, Number, Value};

use crate::failure::Failure;
use crate::nearest::nearest;

/// The inputs as they are set.
pub(crate) fn inputs(symbols: &Symbols, set: &[String]) -> Result<BTreeMap<InputId, Value>, Failure> {
    let mut values = BTreeMap::new();
    for written in set {
        let Some((name, text)) = written.split_once('=') else {
            return Err(Failure::new(format!("`{written}` sets nothing")).help("write `--set name=value`"));
        };
        let found = (0_u32..).zip(&symbols.inputs).find(|(_, input)| input.name == name.trim());
        let Some((id, input)) = found else {
            let failure = Failure::new(format!("the policies have no input `{name}`"));
            return Err(match nearest(name, symbols.inputs.iter().map(|input| input.name.as_str())) {
                Some(near) => failure.help(format!("did you mean `{near}`?")),
                None => failure.help("an input is declared by `input name: type`"),
            });
        };
        let value = value(symbols, input.ty.base, text.trim()).map_err(|expected| {
            Failure::new(format!("`{text}` is no value of the input `{name}`"))
                .help(format!("write {expected}"))
        })?;
        values.insert(InputId(id), value);
    }
    Ok(values)
}

/// Inputs of the policies that are not set, so that what reads them is not known.
pub(crate) fn not_set<'s>(symbols: &'s Symbols, values: &BTreeMap<InputId, Value>) -> Vec<&'s str> {
    let inputs = (0_u32..).zip(&symbols.inputs);
    inputs
        .filter(|(id, _)| !values.contains_key(&InputId(*id)))
        .map(|(_, input)| input.name.as_str())
        .collect()
}

/// The value that a text stands for, or what it should look like.
fn value(symbols: &Symbols, base: Base, text: &str) -> Result<Value, String> {
    let number = |text: &str| Number::parse_decimal(text).map(Value::Number);
    let (value, expected) = match base {
        Base::Flag => match text {
            "yes" => (Some(Value::Flag(true)), ""),
            "no" => (Some(Value::Flag(false)), ""),
            _ => (None, "`yes` or `no`"),
        },
        Base::Count => {
            let whole =
                Number::parse_decimal(text).filter(|number| number.is_whole() && !number.is_negative());
            (whole.map(Value::Number), "a whole number")
        }
        Base::Number => (number(text), "a number, such as 2.5"),
        Base::Percent => {
            let points = text.strip_suffix('%').and_then(Number::parse_decimal);
            (
                points.and_then(|points| points.div(&Number::from_int(100)).ok()).map(Value::Number),
                "a percentage, such as 25%",
            )
        }
        Base::Money => (number(text.strip_prefix('$').unwrap_or(text)), "an amount, such as $1000.50"),
        Base::Text => (Some(Value::Text(text.into())), ""),
        Base::Date => (DateFormat::iso().read(text).map(Value::Date), "a date, such as 2024-06-01"),
        Base::SchoolYear => (school_year(text).map(Value::SchoolYear), "a school year, such as SY2024-25"),
        Base::Category(category) => {
            let values =
                symbols.category(category).map(|category| category.values.as_slice()).unwrap_or_default();
            let found = values
                .iter()
                .position(|value| value.name == text || value.codes.iter().any(|code| code == text));
            return found.and_then(|found| u32::try_from(found).ok()).map(Value::Category).ok_or_else(|| {
                let names: Vec<String> = values.iter().map(|value| format!("`{}`", value.name)).collect();
                format!("one of {}", names.join(", "))
            });
        }
        _ => (None, "the value in a data set: an input of this type cannot be set on the command line"),
    };
    value.ok_or_else(|| expected.to_owned())
}

/// `SY2024-25` or `2024-25`.
fn school_year(text: &str) -> Option<i16> {
    let (start, end) = text.strip_prefix("SY").unwrap_or(text).split_once('-')?;
    let start: i16 = start.parse().ok().filter(|_| start.len() == 4)?;
    let end: i16 = end.parse().ok().filter(|_| end.len() == 2)?;
    ((start + 1).rem_euclid(100) == end).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_type() {
        let symbols = Symbols::default();
        let number = |text: &str| Some(Value::Number(Number::parse_decimal(text).unwrap()));
        for (base, text, expected) in [
            (Base::Flag, "yes", Some(Value::Flag(true))),
            (Base::Flag, "true", None),
            (Base::Count, "3", number("3")),
            (Base::Count, "-3", None),
            (Base::Count, "2.5", None),
            (Base::Percent, "25%", number("0.25")),
            (Base::Percent, "25", None),
            (Base::Money, "$10.50", number("10.5")),
            (Base::Money, "ten", None),
            (Base::SchoolYear, "SY2024-25", Some(Value::SchoolYear(2024))),
            (Base::SchoolYear, "1999-00", Some(Value::SchoolYear(1999))),
            (Base::SchoolYear, "2024-26", None),
            (Base::Date, "2024-13-01", None),
            (Base::Text, "x", Some(Value::Text("x".into()))),
        ] {
            assert_eq!(value(&symbols, base, text).ok(), expected, "{text}");
        }
    }
}
