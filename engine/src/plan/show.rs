//! Values as people write them.

use std::borrow::Cow;

use super::{Instance, Symbols};
use crate::value::{Base, CategoryId, Fault, Number, Reference, Type, Value};

/// A name as a policy writes it: in backquotes where it is a word of the language, or no word at all.
#[must_use]
pub fn written_name(name: &str) -> Cow<'_, str> {
    let mut letters = name.chars();
    let first = letters.next().is_some_and(|letter| letter.is_alphabetic() || letter == '_');
    let plain =
        first && letters.all(|letter| letter.is_alphabetic() || letter.is_ascii_digit() || letter == '_');
    if plain && !rubric_grammar::RESERVED.contains(&name) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(format!("`{name}`"))
    }
}

/// A requirement as a policy names it; of one `for each` value, with that value.
#[must_use]
pub fn written_instance(symbols: &Symbols, instance: Instance) -> String {
    let Some(symbol) = symbols.requirement(instance.requirement) else { return String::new() };
    let name = written_name(&symbol.name);
    match instance.value.and_then(|value| category_value(symbols, symbol.each?, value)) {
        Some(value) => format!("{name}({})", written_name(value)),
        None => name.into_owned(),
    }
}

/// What stands for a private value.
pub const MASK: &str = "•••";

/// Whether private parts of keys are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Privacy {
    /// They are masked.
    #[default]
    Mask,
    /// They are shown, as was asked for.
    Reveal,
}

/// The value as a policy would write it; of a reference its key, private parts masked.
#[must_use]
pub fn show(symbols: &Symbols, value: &Value, ty: Type) -> String {
    show_with(symbols, value, ty, Privacy::Mask)
}

/// The value as a policy would write it, with private parts of keys masked or not.
#[must_use]
pub fn show_with(symbols: &Symbols, value: &Value, ty: Type, privacy: Privacy) -> String {
    match value {
        Value::Flag(true) => "yes".to_owned(),
        Value::Flag(false) => "no".to_owned(),
        Value::Number(number) => show_number(number, ty.base),
        Value::Text(text) => text.to_string(),
        Value::Date(date) => date.to_string(),
        Value::Never => "never".to_owned(),
        Value::None => "none".to_owned(),
        Value::SchoolYear(year) => show_school_year(*year),
        Value::Category(position) => show_category(symbols, *position, ty.base),
        Value::Reference(reference) => show_key(symbols, reference, privacy),
        Value::NotApplicable => "not_applicable".to_owned(),
    }
}

/// The name of a category's value.
fn show_category(symbols: &Symbols, position: u32, base: Base) -> String {
    let (Base::Category(category) | Base::Set(category)) = base else { return format!("#{position}") };
    category_value(symbols, category, position).map_or_else(|| format!("#{position}"), ToOwned::to_owned)
}

/// The name of the value at that position.
#[must_use]
pub fn category_value(symbols: &Symbols, category: CategoryId, position: u32) -> Option<&str> {
    Some(symbols.category(category)?.values.get(position as usize)?.name.as_str())
}

/// `SY2024-25`.
fn show_school_year(year: i16) -> String {
    format!("SY{year:04}-{:02}", (i32::from(year) + 1).rem_euclid(100))
}

/// The key's parts, `, ` between.
pub(crate) fn show_key(symbols: &Symbols, reference: &Reference, privacy: Privacy) -> String {
    let Some(record) = symbols.record(reference.record) else { return MASK.to_owned() };
    if reference.key.is_empty() {
        return match reference.row {
            Some(row) => [record.name.as_str(), " in row ", &(u64::from(row) + 1).to_string()].concat(),
            None => "unknown".to_owned(),
        };
    }
    let mut parts = reference.key.iter().zip(&record.fields).map(|(part, field)| {
        if field.private && privacy == Privacy::Mask {
            MASK.to_owned()
        } else {
            show_with(symbols, part, field.ty, privacy)
        }
    });
    if let [_] = &*reference.key {
        return parts.next().unwrap_or_default();
    }
    parts.collect::<Vec<_>>().join(", ")
}

/// The number with its unit.
fn show_number(number: &Number, base: Base) -> String {
    match base {
        Base::Money => show_money(number),
        Base::Percent => match number.mul(&Number::from_int(100)) {
            Ok(points) => format!("{}%", plain(&points)),
            Err(_) => plain(number),
        },
        Base::Days => counted(number, "day"),
        Base::Months => match number.div(&Number::from_int(12)) {
            Ok(years) if years.is_whole() && years != Number::ZERO => counted(&years, "year"),
            _ => counted(number, "month"),
        },
        _ => plain(number),
    }
}

fn counted(number: &Number, unit: &str) -> String {
    let one = *number == Number::ONE || number.negated().is_ok_and(|opposite| opposite == Number::ONE);
    format!("{} {unit}{}", plain(number), if one { "" } else { "s" })
}

/// Decimal digits where a few are exact, else a fraction.
fn plain(number: &Number) -> String {
    number.to_decimal(12).unwrap_or_else(|| number.to_fraction())
}

/// `$1,000.50`, `-$5`.
fn show_money(number: &Number) -> String {
    let text = plain(number);
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    if digits.contains('/') {
        return format!("{sign}${digits}");
    }
    let (whole, cents) = digits.split_once('.').unwrap_or((digits, ""));
    let mut grouped = String::new();
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if cents.is_empty() { format!("{sign}${grouped}") } else { format!("{sign}${grouped}.{cents:0<2}") }
}

/// What is wrong, in a few words.
#[must_use]
pub fn show_fault(symbols: &Symbols, fault: &Fault) -> String {
    match fault {
        Fault::Overflow => "a number grew past 10^76".to_owned(),
        Fault::DivisionByZero => "division by zero".to_owned(),
        Fault::NotACount => "a count is negative or not whole".to_owned(),
        Fault::Conflict(name) => format!("`{name}` is in conflict"),
        Fault::DuplicateKey { record, .. } => {
            let name = symbols.record(*record).map_or("row", |record| record.name.as_str());
            format!("several {name} rows have the same key")
        }
        Fault::NoParameterValue(name) => format!("`{name}` has no value at that date and key"),
        Fault::CaseDisagrees => "arms of a `case` that hold disagree".to_owned(),
        Fault::NoSuchDate => "there is no such day".to_owned(),
        Fault::NotInForce(name) => format!("no definition of `{name}` is in force"),
        Fault::NotAValue => {
            "`never`, `none` or what is not applicable where a number or a day is needed".to_owned()
        }
        Fault::LimitsCross(name) => format!("the least of `{name}` is more than its most"),
        Fault::BadApportionment(why) => format!("cannot be shared: {why}"),
        Fault::Broken(what) => format!("cannot be evaluated: {what}"),
    }
}

/// A value as files hold it: plain for programs, and as policies write it where that is plain.
#[must_use]
pub fn written(symbols: &Symbols, value: &Value, base: Base) -> String {
    match value {
        Value::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => written_number(number),
        Value::Text(text) => text.to_string(),
        Value::Date(date) => date.to_string(),
        Value::Never => "never".to_owned(),
        Value::None => "none".to_owned(),
        // Without `SY`, spreadsheets take 2009-10 for October.
        Value::SchoolYear(year) => format!("SY{year:04}-{:02}", (i32::from(*year) + 1).rem_euclid(100)),
        Value::Category(position) => match base {
            Base::Category(category) | Base::Set(category) => {
                category_value(symbols, category, *position).unwrap_or_default().to_owned()
            }
            _ => String::new(),
        },
        Value::Reference(reference) => written_key(symbols, reference),
        Value::NotApplicable => "not_applicable".to_owned(),
    }
}

/// Its digits where these end, else a fraction: never a digit that is not so.
#[must_use]
pub fn written_number(number: &Number) -> String {
    number.to_decimal(12).or_else(|| number.to_decimal(MOST_PLACES)).unwrap_or_else(|| number.to_fraction())
}

/// No number has more places.
const MOST_PLACES: u32 = 76;

/// The key of a row as files hold it: its parts joined by `/`.
#[must_use]
pub fn written_key(symbols: &Symbols, reference: &Reference) -> String {
    let fields = symbols.record(reference.record).map_or(&[][..], |record| record.fields.as_slice());
    let parts = reference.key.iter().zip(fields).map(|(part, field)| written(symbols, part, field.ty.base));
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::{FileId, Place};
    use crate::plan::{Category, CategoryValue, Field, FieldKind, PolicyId, Record, RecordKind};
    use crate::value::RecordId;

    const PLACE: Place = Place { file: FileId(0), item: None, span: rubric_grammar::Span::new(0, 0) };

    fn symbols() -> Symbols {
        let field = |name: &str, base, private| Field {
            name: name.to_owned(),
            ty: Type::of(base),
            kind: FieldKind::Cell,
            private,
            jurisdiction: false,
            unchangeable: false,
            absent: None,
            judged_by: None,
            docs: None,
            place: PLACE,
        };
        let value = |name: &str| CategoryValue { name: name.to_owned(), codes: Vec::new(), place: PLACE };
        Symbols {
            categories: vec![Category {
                name: "Grade".to_owned(),
                ordered: true,
                values: vec![value("PK"), value("KG")],
                policy: PolicyId(0),
                place: PLACE,
            }],
            records: vec![Record {
                name: "Student".to_owned(),
                kind: RecordKind::Record,
                fields: vec![field("student_id", Base::Text, true), field("year", Base::SchoolYear, false)],
                keys: 2,
                docs: None,
                policy: PolicyId(0),
                place: PLACE,
            }],
            ..Symbols::default()
        }
    }

    #[test]
    fn values_are_shown_as_policies_write_them() {
        let number = |text: &str| Value::Number(Number::parse_decimal(text).unwrap());
        let third = || Value::Number(Number::ratio(1, 3).unwrap());
        let cases = [
            (Value::Flag(true), Base::Flag, "yes"),
            (Value::Flag(false), Base::Flag, "no"),
            (number("1000.5"), Base::Money, "$1,000.50"),
            (number("8594061"), Base::Money, "$8,594,061"),
            (number("-1234.567"), Base::Money, "-$1,234.567"),
            (number("0.42"), Base::Money, "$0.42"),
            (number("100"), Base::Money, "$100"),
            (third(), Base::Money, "$1/3"),
            (number("0.25"), Base::Percent, "25%"),
            (number("0.0125"), Base::Percent, "1.25%"),
            (third(), Base::Percent, "100/3%"),
            (number("1000"), Base::Count, "1000"),
            (number("-2.5"), Base::Number, "-2.5"),
            (third(), Base::Number, "1/3"),
            (number("24"), Base::Months, "2 years"),
            (number("12"), Base::Months, "1 year"),
            (number("18"), Base::Months, "18 months"),
            (number("0"), Base::Months, "0 months"),
            (number("-1"), Base::Days, "-1 day"),
            (number("30"), Base::Days, "30 days"),
            (Value::SchoolYear(2024), Base::SchoolYear, "SY2024-25"),
            (Value::SchoolYear(1999), Base::SchoolYear, "SY1999-00"),
            (Value::Date(jiff::civil::date(2024, 9, 1)), Base::Date, "2024-09-01"),
            (Value::Never, Base::Date, "never"),
            (Value::None, Base::Category(CategoryId(0)), "none"),
            (Value::Category(1), Base::Category(CategoryId(0)), "KG"),
            (Value::NotApplicable, Base::Category(CategoryId(0)), "not_applicable"),
            (Value::Text("ELA".into()), Base::Text, "ELA"),
        ];
        let symbols = symbols();
        for (value, base, expected) in cases {
            assert_eq!(show(&symbols, &value, Type::of(base)), expected);
        }
    }

    #[test]
    fn private_parts_of_keys_are_masked() {
        let key: Arc<[Value]> = [Value::Text("s1".into()), Value::SchoolYear(2024)].into();
        let maria = Value::Reference(Reference { record: RecordId(0), row: Some(0), key });
        let ty = Type::of(Base::Record(RecordId(0)));
        assert_eq!(show(&symbols(), &maria, ty), "•••, SY2024-25");
        assert_eq!(show_with(&symbols(), &maria, ty, Privacy::Reveal), "s1, SY2024-25");
    }
}
