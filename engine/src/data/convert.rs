//! From the text of a cell to a value of its field's type: never guessed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::manifest::nearest;
use super::{DateFormat, PercentAs, SchoolYearIs};
use crate::plan::{Category, Symbols};
use crate::value::{Base, Number, Type, Value};

/// Reads the cells of one column.
#[derive(Clone, Debug)]
pub(crate) struct Converter {
    wanted: Wanted,
    private: bool,
}

#[derive(Clone, Debug)]
enum Wanted {
    Flag,
    Count,
    Number,
    Whole(&'static str),
    Money,
    Percent {
        written: Option<PercentAs>,
        field: String,
    },
    Text {
        last_part: bool,
    },
    Date(DateFormat),
    SchoolYear(Option<SchoolYearIs>),
    Category(Codes),
    /// The type is damaged; that is reported elsewhere.
    Nothing,
}

/// What a column is written in, for whoever recognises plain cells without making a text of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plain {
    /// A few words: flags, codes, school years, days in a format of one's own.
    Words,
    /// Days as 2024-06-01.
    IsoDay,
    /// Decimals of at most so many places, to which so many are added, and whether they may be below zero.
    Decimal { places: u8, added: u8, signed: bool },
    /// Any text.
    Text,
    /// Nothing that is recognised so.
    Nothing,
}

/// How a column is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Style<'a> {
    pub(crate) dates: Option<&'a DateFormat>,
    pub(crate) school_year: Option<SchoolYearIs>,
    pub(crate) percent: Option<PercentAs>,
    /// The name of the field.
    pub(crate) field: &'a str,
    /// Codes of the data, with the name or code of the value they stand for.
    pub(crate) codes: Vec<&'a BTreeMap<String, String>>,
    /// Texts that are the address of a descriptor stand for its last part.
    pub(crate) descriptors: bool,
}

/// Numbers stay below 10^76, and so do the parts of a fraction.
const MOST_DIGITS: usize = 76;

/// Why a text is no value of the type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// It is the column that cannot be read, so that saying it once is enough.
    pub(crate) of_column: bool,
}

impl Converter {
    /// A reader for a type. `private`: its messages never show what was found.
    pub(crate) fn new(symbols: &Symbols, ty: Type, private: bool, style: &Style<'_>) -> Self {
        let wanted = match ty.base {
            Base::Flag => Wanted::Flag,
            Base::Count => Wanted::Count,
            Base::Number => Wanted::Number,
            Base::Days => Wanted::Whole("days"),
            Base::Months => Wanted::Whole("months"),
            Base::Money => Wanted::Money,
            Base::Percent => Wanted::Percent { written: style.percent, field: style.field.to_owned() },
            Base::Text => Wanted::Text { last_part: style.descriptors },
            Base::Date => Wanted::Date(style.dates.cloned().unwrap_or_else(DateFormat::iso)),
            Base::SchoolYear => Wanted::SchoolYear(style.school_year),
            Base::Category(id) => match symbols.category(id) {
                Some(category) => Wanted::Category(Codes::new(category, &style.codes)),
                None => Wanted::Nothing,
            },
            Base::Record(_) | Base::Many(_) | Base::Set(_) | Base::Damaged => Wanted::Nothing,
        };
        Self { wanted, private }
    }

    /// Whether its messages may not show what was found.
    pub(crate) const fn is_private(&self) -> bool {
        self.private
    }

    /// Whether it reads texts.
    pub(crate) const fn is_text(&self) -> bool {
        matches!(self.wanted, Wanted::Text { .. })
    }

    /// What can be recognised without this converter.
    pub(crate) fn plain(&self) -> Plain {
        const PLACES: u8 = 18;
        let decimal = |places, added, signed| Plain::Decimal { places, added, signed };
        match &self.wanted {
            Wanted::Flag | Wanted::SchoolYear(_) | Wanted::Category(_) => Plain::Words,
            Wanted::Date(format) if *format == DateFormat::iso() => Plain::IsoDay,
            Wanted::Date(_) => Plain::Words,
            Wanted::Count => decimal(0, 0, false),
            Wanted::Whole(_) => decimal(0, 0, true),
            Wanted::Money => decimal(2, 0, true),
            Wanted::Number | Wanted::Percent { written: Some(PercentAs::Fraction), .. } => {
                decimal(PLACES, 0, true)
            }
            Wanted::Percent { written: Some(PercentAs::Points), .. } => decimal(PLACES - 2, 2, true),
            Wanted::Text { last_part: false } => Plain::Text,
            Wanted::Percent { written: None, .. } | Wanted::Text { last_part: true } | Wanted::Nothing => {
                Plain::Nothing
            }
        }
    }

    /// The value of a text that is not empty.
    pub(crate) fn read(&self, text: &str) -> Result<Value, Problem> {
        match &self.wanted {
            Wanted::Flag => flag(text).map(Value::Flag).ok_or_else(|| {
                self.problem(
                    "bad-flag",
                    text,
                    "is not yes or no; write yes, no, true, false, y, n, t, f, 1 or 0",
                )
            }),
            Wanted::Count => match number(text) {
                Some(number) if number.is_negative() => {
                    Err(self.problem("bad-number", text, "is below 0, and a count never is"))
                }
                Some(number) if !number.is_whole() => {
                    Err(self.problem("bad-number", text, "is not whole, and a count always is"))
                }
                Some(number) => Ok(Value::Number(number)),
                None => Err(self.problem("bad-number", text, "is not a whole number")),
            },
            Wanted::Whole(unit) => match number(text) {
                Some(number) if number.is_whole() => Ok(Value::Number(number)),
                _ => Err(self.problem("bad-number", text, &format!("is not a whole number of {unit}"))),
            },
            Wanted::Number => number(text)
                .map(Value::Number)
                .ok_or_else(|| self.problem("bad-number", text, "is not a number")),
            Wanted::Money => match money(text) {
                Some(amount) if amount.has_places(2) => Ok(Value::Number(amount)),
                Some(_) => Err(self.problem(
                    "bad-number",
                    text,
                    "has fractions of a cent: money is whole cents, a rate is a `number`",
                )),
                None => Err(self.problem("bad-number", text, "is not an amount of money such as $1,000.50")),
            },
            Wanted::Percent { written, field } => self.percent(text, *written, field),
            Wanted::Text { last_part } => {
                let text = if *last_part { last_part_of_descriptor(text) } else { text };
                Ok(Value::Text(Arc::from(text)))
            }
            Wanted::Date(format) => format
                .read(text)
                .map(Value::Date)
                .ok_or_else(|| self.problem("bad-date", text, &format.explain(text))),
            Wanted::SchoolYear(meaning) => self.school_year(text, *meaning),
            Wanted::Category(codes) => {
                codes.find(last_part_of_descriptor(text)).map(Value::Category).ok_or_else(|| {
                    self.problem(
                        "unknown-code",
                        last_part_of_descriptor(text),
                        &codes.explain(text, self.private),
                    )
                })
            }
            Wanted::Nothing => Err(Problem {
                code: "damaged-field",
                message: "its field has an error in the policies".to_owned(),
                of_column: true,
            }),
        }
    }

    fn problem(&self, code: &'static str, text: &str, what: &str) -> Problem {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let too_long = code == "bad-number"
            && digits > MOST_DIGITS
            && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'-' | b'+'));
        if too_long {
            let found = if self.private { "the value".to_owned() } else { quoted(text) };
            let message = format!("{found} has {digits} digits, and a number has at most {MOST_DIGITS}");
            return Problem { code, message, of_column: false };
        }
        let found = if self.private { "the value".to_owned() } else { quoted(text) };
        if code == "bad-number" && has_exponent(text) {
            let message = format!(
                "{found} is written with an exponent; write its digits, of which a number has at most {MOST_DIGITS}"
            );
            return Problem { code, message, of_column: false };
        }
        Problem { code, message: format!("{found} {what}"), of_column: false }
    }

    fn percent(&self, text: &str, written: Option<PercentAs>, field: &str) -> Result<Value, Problem> {
        let hundredth = |number: Number| number.div(&Number::from_int(100)).ok();
        if let Some(points) = text.strip_suffix('%') {
            return number(points.trim_end())
                .and_then(hundredth)
                .map(Value::Number)
                .ok_or_else(|| self.problem("bad-number", text, "is not a percent"));
        }
        let Some(found) = number(text) else {
            return Err(self.problem("bad-number", text, "is not a percent"));
        };
        match written {
            Some(PercentAs::Fraction) => Ok(Value::Number(found)),
            Some(PercentAs::Points) => hundredth(found)
                .map(Value::Number)
                .ok_or_else(|| self.problem("bad-number", text, "is too large")),
            None => Err(Problem {
                code: "percent-not-declared",
                message: format!(
                    "the manifest does not say how this percent is written; add `percent = {{ {field} = \"fraction\" }}` \
                     if a quarter is 0.25, or \"points\" if it is 25"
                ),
                of_column: true,
            }),
        }
    }

    fn school_year(&self, text: &str, meaning: Option<SchoolYearIs>) -> Result<Value, Problem> {
        let wrong = || self.problem("bad-school-year", text, "is not a school year; write it as 2024-25");
        let year = |digits: &str| {
            let plain = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
            if plain { digits.parse::<i16>().ok() } else { None }
        };
        let written =
            text.strip_prefix("SY").or_else(|| text.strip_prefix("sy")).unwrap_or(text).trim_start();
        if let Some((first, second)) = written.split_once(['-', '/']) {
            let (start, second) = (year(first.trim_end()).ok_or_else(wrong)?, second.trim_start());
            let next = i32::from(start) + 1;
            let fits = second == next.to_string() || second == format!("{:02}", next.rem_euclid(100));
            return if fits {
                Ok(Value::SchoolYear(start))
            } else {
                Err(self.problem(
                    "bad-school-year",
                    text,
                    "is not a school year: the second year must follow the first",
                ))
            };
        }
        match (year(written).ok_or_else(wrong)?, meaning) {
            (start, Some(SchoolYearIs::Starts)) => Ok(Value::SchoolYear(start)),
            (end, Some(SchoolYearIs::Ends)) => Ok(Value::SchoolYear(end - 1)),
            (_, None) => Err(Problem {
                code: "ambiguous-school-year",
                message: "a year alone can be the one in which the school year starts or ends; add `school_year = \"starts\"` \
                          or `school_year = \"ends\"` to the manifest"
                    .to_owned(),
                of_column: true,
            }),
        }
    }
}

/// The codes of a category, as found in data.
#[derive(Clone, Debug)]
pub(crate) struct Codes {
    category: String,
    exact: HashMap<String, u32>,
    /// In lower case; `None` where two values differ in nothing else.
    folded: HashMap<String, Option<u32>>,
    shown: Vec<String>,
}

impl Codes {
    fn new(category: &Category, mapped: &[&BTreeMap<String, String>]) -> Self {
        let mut codes = Self {
            category: category.name.clone(),
            exact: HashMap::new(),
            folded: HashMap::new(),
            shown: Vec::new(),
        };
        for (position, value) in (0_u32..).zip(&category.values) {
            codes.shown.push(value.codes.first().unwrap_or(&value.name).clone());
            for code in std::iter::once(&value.name).chain(&value.codes) {
                codes.add(code, position);
            }
        }
        for (code, meant) in mapped.iter().copied().flatten() {
            if let Some(position) = codes.find(meant) {
                codes.exact.insert(code.clone(), position);
                codes.folded.insert(code.to_lowercase(), Some(position));
            }
        }
        codes
    }

    fn add(&mut self, code: &str, position: u32) {
        self.exact.entry(code.to_owned()).or_insert(position);
        self.folded
            .entry(code.to_lowercase())
            .and_modify(|found| {
                if *found != Some(position) {
                    *found = None;
                }
            })
            .or_insert(Some(position));
    }

    /// The value of a code: as it stands, else in another case.
    fn find(&self, code: &str) -> Option<u32> {
        self.exact.get(code).copied().or_else(|| self.folded.get(&code.to_lowercase()).copied().flatten())
    }

    fn explain(&self, text: &str, private: bool) -> String {
        let text = last_part_of_descriptor(text);
        let mut known: Vec<&str> = self.exact.keys().map(String::as_str).collect();
        known.sort_unstable();
        let nearest = if private { None } else { nearest(text, known) };
        let help = match nearest {
            Some(name) => format!("did you mean `{name}`?"),
            None if self.shown.len() <= 8 => format!("its codes are {}", self.shown.join(", ")),
            None => format!(
                "its {} codes begin with {}; map yours under `codes` in rubric.toml",
                self.shown.len(),
                self.shown.iter().take(4).cloned().collect::<Vec<_>>().join(", ")
            ),
        };
        format!("is no code of {}; {help}", self.category)
    }
}

/// Whether a category knows the code or name.
pub(crate) fn knows_code(category: &Category, code: &str) -> bool {
    Codes::new(category, &[]).find(code).is_some()
}

/// `Third grade` of `uri://ed-fi.org/GradeLevelDescriptor#Third grade`.
fn last_part_of_descriptor(text: &str) -> &str {
    match text.split_once("Descriptor#") {
        Some((address, part)) if address.starts_with("uri://") => part.trim(),
        _ => text,
    }
}

/// In backquotes, and not longer than a line.
pub(crate) fn quoted(text: &str) -> String {
    let short: String =
        text.chars().take(40).map(|found| if found.is_control() { ' ' } else { found }).collect();
    let more = if text.chars().nth(40).is_some() { "…" } else { "" };
    format!("`{short}{more}`")
}

/// `1e400`, `-1.5E-7`.
fn has_exponent(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && number(mantissa).is_some()
}

fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "y" | "t" | "1" => Some(true),
        "no" | "false" | "n" | "f" | "0" => Some(false),
        _ => None,
    }
}

/// `-1,234.50`, `.5`: commas only between groups of three.
fn number(text: &str) -> Option<Number> {
    let (sign, digits) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (if text.starts_with('-') { "-" } else { "" }, rest),
        None => ("", text),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let whole = if whole.contains(',') {
        let mut groups = whole.split(',');
        let first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()));
        if !first || !groups.all(|group| group.len() == 3) {
            return None;
        }
        whole.replace(',', "")
    } else {
        whole.to_owned()
    };
    match fraction {
        Some(fraction) => {
            let whole = if whole.is_empty() { "0" } else { whole.as_str() };
            Number::parse_decimal(&format!("{sign}{whole}.{fraction}"))
        }
        None => Number::parse_decimal(&format!("{sign}{whole}")),
    }
}

/// `$1,000.50`, `-$5`, `($5.00)`.
fn money(text: &str) -> Option<Number> {
    if let Some(inside) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        let amount = number(inside.trim().strip_prefix('$').unwrap_or(inside.trim()))?;
        return if amount.is_negative() { None } else { amount.negated().ok() };
    }
    match text.strip_prefix('-') {
        Some(rest) => number(rest.strip_prefix('$').unwrap_or(rest))
            .filter(|amount| !amount.is_negative())?
            .negated()
            .ok(),
        None => number(text.strip_prefix('$').unwrap_or(text).trim_start()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::fixtures::symbols;

    fn reader(base: Base, private: bool, style: &Style<'_>) -> Converter {
        Converter::new(&symbols(), Type::of(base), private, style)
    }

    #[test]
    fn numbers_are_read_exactly_and_groups_are_checked() {
        let decimal = |text: &str| number(text).map(|number| number.to_decimal(9).unwrap());
        for (text, expected) in [
            ("12", Some("12")),
            ("-1,234.50", Some("-1234.5")),
            ("+7", Some("7")),
            (".5", Some("0.5")),
            ("1,23", None),
            ("1,2345", None),
            ("12,345,678", Some("12345678")),
            ("1.2.3", None),
            ("1e5", None),
            ("5.", None),
            ("", None),
            ("--5", None),
            ("NaN", None),
        ] {
            assert_eq!(decimal(text).as_deref(), expected, "{text}");
        }
        let dollars = |text: &str| money(text).map(|number| number.to_decimal(9).unwrap());
        for (text, expected) in [
            ("$1,000.50", Some("1000.5")),
            ("1000.5", Some("1000.5")),
            ("-$5", Some("-5")),
            ("($5.00)", Some("-5")),
            ("$-5", Some("-5")),
            ("5 USD", None),
            ("-(5)", None),
        ] {
            assert_eq!(dollars(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn school_years_are_read_in_every_usual_form() {
        let read = |meaning: Option<SchoolYearIs>, text: &str| {
            let style = Style { school_year: meaning, ..Style::default() };
            reader(Base::SchoolYear, false, &style).read(text).map_err(|problem| problem.code)
        };
        for text in ["SY2024-25", "2024-25", "2024-2025", "2024/25"] {
            assert_eq!(read(None, text), Ok(Value::SchoolYear(2024)), "{text}");
        }
        assert_eq!(read(None, "1999-00"), Ok(Value::SchoolYear(1999)));
        assert_eq!(read(None, "2024-26"), Err("bad-school-year"));
        assert_eq!(read(None, "24-25"), Err("bad-school-year"));
        assert_eq!(read(None, "2025"), Err("ambiguous-school-year"));
        assert_eq!(read(Some(SchoolYearIs::Ends), "2025"), Ok(Value::SchoolYear(2024)));
        assert_eq!(read(Some(SchoolYearIs::Starts), "2025"), Ok(Value::SchoolYear(2025)));
    }

    #[test]
    fn percents_are_read_only_as_the_manifest_says() {
        let read = |percent: Option<PercentAs>, text: &str| {
            let value = reader(Base::Percent, false, &Style { percent, ..Style::default() }).read(text);
            value.map_err(|problem| problem.code)
        };
        let quarter = Ok(Value::Number(Number::ratio(1, 4).unwrap()));
        assert_eq!(read(Some(PercentAs::Fraction), "0.25"), quarter);
        assert_eq!(read(Some(PercentAs::Points), "25"), quarter);
        assert_eq!(read(None, "25 %"), quarter);
        assert_eq!(read(None, "25"), Err("percent-not-declared"));
    }

    #[test]
    fn what_cannot_be_read_is_said_without_private_values() {
        let category = symbols().records[0].fields[2].ty.base;
        let said = |base: Base, private: bool, text: &str| {
            reader(base, private, &Style::default()).read(text).unwrap_err().message
        };
        insta::assert_snapshot!(
            [
                said(category, false, "Thrid grade"),
                said(category, false, "XYZ"),
                said(category, true, "Thrid grade"),
                said(Base::Flag, false, "maybe"),
                said(Base::Count, false, "-1"),
                said(Base::Count, false, "2.5"),
                said(Base::Count, true, "2.5"),
                said(Base::Money, false, "five"),
                said(Base::Money, false, "$0.005"),
                said(Base::Date, false, "5/13/2024"),
                said(Base::Date, true, "5/13/2024"),
                said(Base::Number, false, "twelve point five and a great deal more than that"),
            ]
            .join("\n"),
            @r#"
        `Thrid grade` is no code of GradeLevel; did you mean `Third grade`?
        `XYZ` is no code of GradeLevel; its codes are Second grade, Third grade
        the value is no code of GradeLevel; its codes are Second grade, Third grade
        `maybe` is not yes or no; write yes, no, true, false, y, n, t, f, 1 or 0
        `-1` is below 0, and a count never is
        `2.5` is not whole, and a count always is
        the value is not whole, and a count always is
        `five` is not an amount of money such as $1,000.50
        `$0.005` has fractions of a cent: money is whole cents, a rate is a `number`
        `5/13/2024` fits month/day/year; if the file is written so, add `dates = "%m/%d/%Y"` to the manifest
        the value fits month/day/year; if the file is written so, add `dates = "%m/%d/%Y"` to the manifest
        `twelve point five and a great deal more …` is not a number
        "#
        );
    }

    #[test]
    fn codes_are_found_in_any_case_and_by_the_last_part_of_a_descriptor() {
        let grade = symbols().records[0].fields[2].ty.base;
        let more: BTreeMap<String, String> = [("3rd".to_owned(), "third_grade".to_owned())].into();
        let style = Style { codes: vec![&more], ..Style::default() };
        let reader = reader(grade, false, &style);
        for text in [
            "third_grade",
            "Third grade",
            "THIRD GRADE",
            "03",
            "3rd",
            "uri://ed-fi.org/GradeLevelDescriptor#Third grade",
        ] {
            assert_eq!(reader.read(text), Ok(Value::Category(1)), "{text}");
        }
    }
}
