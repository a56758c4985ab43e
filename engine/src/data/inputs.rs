//! Inputs of a run: values given as text, by name.

use std::collections::BTreeMap;

use super::PercentAs;
use super::convert::{Converter, Style};
use super::manifest::nearest;
use crate::plan::{InputId, Symbols};
use crate::value::{Base, Value};

/// Why an input cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// The values of inputs. A name that two policies declare is told apart by its policy: `state.subject.name`.
///
/// # Errors
/// The first name that is no input, or text that is no value of its type.
pub fn inputs(
    symbols: &Symbols,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<InputId, Value>, InputError> {
    let mut found = BTreeMap::new();
    for (name, text) in given {
        let id = find(symbols, name)?;
        found.insert(id, read(symbols, id, name, text)?);
    }
    Ok(found)
}

fn find(symbols: &Symbols, name: &str) -> Result<InputId, InputError> {
    let mut full = Vec::new();
    let mut found = Vec::new();
    for (position, input) in (0_u32..).zip(&symbols.inputs) {
        let policy = symbols.policy(input.policy).map_or("", |policy| policy.name.as_str());
        let qualified = format!("{policy}.{}", input.name);
        if input.name == name || qualified == name {
            found.push(InputId(position));
            full.push(qualified);
        }
    }
    match found.as_slice() {
        [id] => Ok(*id),
        [] => {
            let names = || symbols.inputs.iter().map(|input| input.name.as_str());
            let help = match nearest(name, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if symbols.inputs.is_empty() => "these policies have no inputs".to_owned(),
                None => {
                    let names: Vec<String> = names().map(|name| format!("`{name}`")).collect();
                    format!("the inputs are {}", names.join(", "))
                }
            };
            Err(InputError { message: format!("there is no input `{name}`"), help: Some(help) })
        }
        _ => {
            let ways: Vec<String> = full.iter().map(|name| format!("`{name}`")).collect();
            Err(InputError {
                message: format!("`{name}` is an input of several policies"),
                help: Some(format!("write {}", ways.join(" or "))),
            })
        }
    }
}

fn read(symbols: &Symbols, id: InputId, name: &str, text: &str) -> Result<Value, InputError> {
    let Some(input) = symbols.inputs.get(id.0 as usize) else {
        return Err(InputError { message: format!("there is no input `{name}`"), help: None });
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(InputError { message: format!("the input `{name}` is given no value"), help: None });
    }
    if input.ty.base == Base::Percent && !text.ends_with('%') {
        return Err(InputError {
            message: format!("the input `{name}` is a percent, and `{text}` does not say so"),
            help: Some(format!("write `{text}%`, or what was meant")),
        });
    }
    let style = Style { percent: Some(PercentAs::Points), field: name, ..Style::default() };
    Converter::new(symbols, input.ty, false, &style).read(text).map_err(|problem| {
        let (what, help) = match problem.message.split_once("; ") {
            Some((what, help)) => (what.to_owned(), Some(help.to_owned())),
            None => (problem.message, None),
        };
        InputError { message: format!("the input `{name}` cannot be used: {what}"), help }
    })
}

/// What values an input can have, in a few words.
#[must_use]
pub fn input_values(symbols: &Symbols, id: InputId) -> String {
    let Some(input) = symbols.inputs.get(id.0 as usize) else { return String::new() };
    match input.ty.base {
        Base::Category(category) => {
            let values = symbols.category(category).map_or(&[][..], |category| &category.values);
            let names: Vec<String> = values.iter().take(8).map(|value| format!("`{}`", value.name)).collect();
            let more = if values.len() > names.len() { ", …" } else { "" };
            format!("one of {}{more}", names.join(", "))
        }
        _ => format!("a `{}`", crate::lower::type_name(symbols, input.ty)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Database;
    use crate::value::Number;

    const POLICY: &str = r#"policy p { title "T" cite "c" }
category Submission { fall_1 "F1", fall_2, winter }
input submission: Submission
input share: percent
input rounds: count
input year: school_year
input late: flag?
"#;

    fn given(name: &str, text: &str) -> Result<Value, String> {
        let mut db = Database::default();
        db.set_text("p.rubric", Some(POLICY));
        let given = BTreeMap::from([(name.to_owned(), text.to_owned())]);
        match inputs(&db.symbols(), &given) {
            Ok(found) => Ok(found.into_values().next().unwrap()),
            Err(error) => Err(format!("{}; {}", error.message, error.help.unwrap_or_default())),
        }
    }

    #[test]
    fn inputs_are_read_by_their_types() {
        let number = |numerator, denominator| Value::Number(Number::ratio(numerator, denominator).unwrap());
        for (name, text, expected) in [
            ("submission", "fall_2", Value::Category(1)),
            ("submission", "F1", Value::Category(0)),
            ("p.submission", "winter", Value::Category(2)),
            ("share", "25%", number(1, 4)),
            ("rounds", " 3 ", number(3, 1)),
            ("year", "SY2024-25", Value::SchoolYear(2024)),
            ("late", "yes", Value::Flag(true)),
        ] {
            assert_eq!(given(name, text), Ok(expected), "{name}={text}");
        }
    }

    #[test]
    fn what_cannot_be_an_input_says_why() {
        for (name, text, expected) in [
            ("submision", "fall_1", "there is no input `submision`; did you mean `submission`?"),
            (
                "zzz",
                "1",
                "there is no input `zzz`; the inputs are `submission`, `share`, `rounds`, `year`, `late`",
            ),
            (
                "submission",
                "fall_3",
                "the input `submission` cannot be used: `fall_3` is no code of Submission; did you mean `fall_1`?",
            ),
            (
                "share",
                "25",
                "the input `share` is a percent, and `25` does not say so; write `25%`, or what was meant",
            ),
            (
                "rounds",
                "1.5",
                "the input `rounds` cannot be used: `1.5` is not whole, and a count always is; ",
            ),
            ("rounds", " ", "the input `rounds` is given no value; "),
        ] {
            assert_eq!(given(name, text), Err(expected.to_owned()), "{name}={text}");
        }
    }
}
