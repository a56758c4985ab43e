//! One JSON object, as its values by path; numbers as they are written.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A value inside an object.
pub(super) enum Leaf<'a> {
    /// Text or a number, as text.
    Text(&'a str),
    /// `true` or `false`.
    Flag(&'a str),
    /// `null`.
    Null,
    /// Neither: `a list` or `an object`.
    Several(&'static str),
    /// Text that is damaged, such as half of a character.
    Damaged,
}

/// Nothing that is exported for people is nested more deeply.
const DEEPEST: usize = 64;
/// Digits that an exponent may add.
const LONGEST_EXPONENT: i32 = 100;

/// The members of an object, in their order.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// What is wrong with a line that should be an object.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It ends before the object does.
    Early,
    /// In words that go on after `the line `.
    Wrong(String),
}

/// Says what is wrong without showing any of it: it may be private.
fn fault(text: &str, error: &serde_json::Error) -> Fault {
    if error.is_eof() {
        return Fault::Early;
    }
    let before = error.column().saturating_sub(1);
    let at = text.char_indices().take_while(|(byte, _)| *byte < before).count() + 1;
    let said = error.to_string();
    Fault::Wrong(match said.split(" at line ").next().unwrap_or_default() {
        "trailing characters" => {
            format!(
                "goes on after its object, from character {at} on; write one object a line and nothing after it"
            )
        }
        "trailing comma" => {
            format!("has a comma at character {} with nothing after it", at.saturating_sub(1))
        }
        "expected value" => format!(
            "has no value at character {at}; a value is text in double quotes, a number in digits, true, false or null"
        ),
        "invalid number" => {
            format!("has a number that JSON does not know, at character {at}; write it in digits, as -8.5")
        }
        "key must be a string" => format!("has no name in double quotes at character {at}"),
        "invalid escape" => format!("has a `\\` at character {at} with nothing that follows one; double it"),
        control if control.starts_with("control character") => format!(
            "has a tab or another control character in a text, at character {at}; write it with a `\\`, as `\\t`"
        ),
        "lone leading surrogate in hex escape" | "unexpected end of hex escape" => {
            format!("has half of a character, at character {at}")
        }
        said => format!("is not JSON: {said}, at character {at}"),
    })
}

/// Whether a text is an object with a comma after it.
pub(super) fn is_before_comma(text: &str) -> bool {
    text.trim_end().strip_suffix(',').is_some_and(|object| members(object).is_ok())
}

fn members(text: &str) -> Result<Members<'_>, Fault> {
    if !text.trim_start().starts_with('{') {
        return Err(Fault::Wrong("is no JSON object in `{` and `}`".to_owned()));
    }
    let members: Members<'_> = serde_json::from_str(text).map_err(|error| fault(text, &error))?;
    let mut names = HashSet::new();
    match members.0.iter().find(|(name, _)| !names.insert(name.as_str())) {
        Some((name, _)) => Err(Fault::Wrong(format!("has the name `{name}` twice in one object"))),
        None => Ok(members),
    }
}

/// Visits the members of an object and of the objects in it; an object itself is visited before its members.
/// `opens` says whether a list is opened: its elements are then visited under its own path.
pub(super) fn visit(
    text: &str,
    separator: &str,
    opens_lists: bool,
    seen: &mut dyn FnMut(Step<'_>),
) -> Result<(), Fault> {
    object(text, &mut String::new(), separator, opens_lists, 0, seen)
}

/// What [`visit`] comes by.
pub(super) enum Step<'a> {
    /// An object or an opened element of a list begins, under its path and own name.
    Enter(&'a str, &'a str),
    /// It ends.
    Leave,
    /// A value, under its path and own name.
    Leaf(&'a str, &'a str, Leaf<'a>),
}

fn object(
    text: &str,
    path: &mut String,
    separator: &str,
    opens_lists: bool,
    depth: usize,
    seen: &mut dyn FnMut(Step<'_>),
) -> Result<(), Fault> {
    if depth > DEEPEST {
        return Err(Fault::Wrong(format!("has objects inside objects more than {DEEPEST} deep")));
    }
    for (name, value) in members(text)?.0 {
        let length = path.len();
        if !path.is_empty() {
            path.push_str(separator);
        }
        path.push_str(&name);
        member(&name, value.get(), path, separator, opens_lists, depth, seen)?;
        path.truncate(length);
    }
    Ok(())
}

fn member(
    name: &str,
    value: &str,
    path: &mut String,
    separator: &str,
    opens_lists: bool,
    depth: usize,
    seen: &mut dyn FnMut(Step<'_>),
) -> Result<(), Fault> {
    match value.bytes().next() {
        Some(b'{') => {
            seen(Step::Enter(path, name));
            object(value, path, separator, opens_lists, depth + 1, seen)?;
            seen(Step::Leave);
        }
        Some(b'[') if opens_lists => {
            if depth > DEEPEST {
                return Err(Fault::Wrong(format!("has lists inside lists more than {DEEPEST} deep")));
            }
            let elements: Vec<&RawValue> =
                serde_json::from_str(value).map_err(|error| fault(value, &error))?;
            for element in elements {
                member(name, element.get(), path, separator, opens_lists, depth + 1, seen)?;
            }
        }
        Some(b'[') => seen(Step::Leaf(path, name, Leaf::Several("a list"))),
        Some(b'"') => match serde_json::from_str::<String>(value) {
            Ok(text) => seen(Step::Leaf(path, name, Leaf::Text(&text))),
            Err(_) => seen(Step::Leaf(path, name, Leaf::Damaged)),
        },
        Some(b'n') => seen(Step::Leaf(path, name, Leaf::Null)),
        Some(b't' | b'f') => seen(Step::Leaf(path, name, Leaf::Flag(value))),
        _ => {
            let plain = without_exponent(value);
            seen(Step::Leaf(path, name, Leaf::Text(plain.as_deref().unwrap_or(value))));
        }
    }
    Ok(())
}

/// `1500` of `1.5e3`; `None` when there is no exponent, or one that is no reasonable number.
fn without_exponent(number: &str) -> Option<String> {
    let (mantissa, exponent) = number.split_once(['e', 'E'])?;
    let exponent: i32 = exponent.parse().ok().filter(|found| i32::abs(*found) <= LONGEST_EXPONENT)?;
    let (sign, digits) = mantissa.strip_prefix('-').map_or(("", mantissa), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    let point = i32::try_from(whole.len()).ok()? + exponent;
    Some(match usize::try_from(point) {
        Ok(point) if point >= all.len() => format!("{sign}{all}{}", "0".repeat(point - all.len())),
        Ok(point) if point > 0 => {
            let (before, after) = all.split_at_checked(point)?;
            format!("{sign}{before}.{after}")
        }
        _ => format!("{sign}0.{}{all}", "0".repeat(usize::try_from(-point).ok()?)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str, opens_lists: bool) -> Result<Vec<String>, Fault> {
        let mut found = Vec::new();
        visit(text, ".", opens_lists, &mut |step| {
            if let Step::Leaf(path, _, leaf) = step {
                let value = match leaf {
                    Leaf::Text(text) | Leaf::Flag(text) => text.to_owned(),
                    Leaf::Null => "null".to_owned(),
                    Leaf::Several(what) => what.to_owned(),
                    Leaf::Damaged => "damaged".to_owned(),
                };
                found.push(format!("{path}={value}"));
            }
        })?;
        Ok(found)
    }

    #[test]
    fn values_stand_under_their_path() {
        let text = r#"{"a":1.10,"b":{"c":"x\ny","d":null,"e":{"f":true}},"g":[1,{"h":2}],"i":"\ud800"}"#;
        assert_eq!(
            paths(text, false).unwrap(),
            ["a=1.10", "b.c=x\ny", "b.d=null", "b.e.f=true", "g=a list", "i=damaged"]
        );
        assert_eq!(
            paths(text, true).unwrap(),
            ["a=1.10", "b.c=x\ny", "b.d=null", "b.e.f=true", "g=1", "g.h=2", "i=damaged"]
        );
    }

    #[test]
    fn numbers_lose_no_digit() {
        for (written, expected) in [
            ("123456789012345678901234567890.125", "123456789012345678901234567890.125"),
            ("1.5e3", "1500"),
            ("-1.25E1", "-12.5"),
            ("15e-3", "0.015"),
            ("0e0", "0"),
            ("1e999999999", "1e999999999"),
        ] {
            let text = format!("{{\"n\":{written}}}");
            assert_eq!(paths(&text, false).unwrap(), [format!("n={expected}")]);
        }
    }

    #[test]
    fn what_is_no_object_is_said_without_showing_it() {
        let wrong = |text: &str| match paths(text, false).unwrap_err() {
            Fault::Early => "early".to_owned(),
            Fault::Wrong(what) => what,
        };
        for (text, expected) in [
            ("\"SECRET\"", "is no JSON object in `{` and `}`"),
            ("{\"a\":1", "early"),
            (
                "{\"a\":}",
                "has no value at character 6; a value is text in double quotes, a number in digits, true, false or null",
            ),
            ("{\"a\":1,\"a\":2}", "has the name `a` twice in one object"),
            (
                "{\"a\":1} x",
                "goes on after its object, from character 9 on; write one object a line and nothing after it",
            ),
        ] {
            assert_eq!(wrong(text), expected, "{text}");
        }
        let deep = format!("{}1{}", "{\"a\":".repeat(70), "}".repeat(70));
        assert_eq!(wrong(&deep), "has objects inside objects more than 64 deep");
        // Deeper than any stack.
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(paths(&format!("{{\"a\":{deep}}}"), false).unwrap(), ["a=a list"]);
        assert!(paths(&format!("{{\"a\":{deep}}}"), true).is_err());
    }
}
