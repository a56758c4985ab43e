//! How dates are written in a file.

use rubric_grammar::MONTHS;

use crate::value::Date;

/// `%m/%d/%Y` and its kin; [`DateFormat::iso`] unless a manifest says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateFormat {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// `%Y`: four digits.
    Year,
    /// `%y`: two digits, 69 to 99 in the 1900s.
    ShortYear,
    /// `%m`: one or two digits.
    Month,
    /// `%b` or `%B`: an English name.
    MonthName,
    /// `%d`: one or two digits.
    Day,
    /// Anything else, as it stands.
    Literal(char),
}

/// Ways of writing dates that are looked for when the expected one does not fit, and their names in a message.
const COMMON: [(&str, &str); 9] = [
    ("%Y-%m-%d", "year-month-day"),
    ("%m/%d/%Y", "month/day/year"),
    ("%d/%m/%Y", "day/month/year"),
    ("%m-%d-%Y", "month-day-year"),
    ("%d-%m-%Y", "day-month-year"),
    (YEAR_DAY_MONTH, "year-day-month"),
    ("%Y/%m/%d", "year/month/day"),
    ("%Y%m%d", "%Y%m%d"),
    ("%d-%b-%Y", "day-month name-year"),
];

const YEAR_DAY_MONTH: &str = "%Y-%d-%m";

impl DateFormat {
    /// `2024-06-01`, with or without a time after it.
    #[must_use]
    pub fn iso() -> Self {
        Self {
            text: "%Y-%m-%d".to_owned(),
            parts: vec![Part::Year, Part::Literal('-'), Part::Month, Part::Literal('-'), Part::Day],
        }
    }

    /// Reads `%m/%d/%Y`.
    ///
    /// # Errors
    /// What in it is not understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text.chars();
        while let Some(found) = rest.next() {
            parts.push(match found {
                '%' => match rest.next() {
                    Some('Y') => Part::Year,
                    Some('y') => Part::ShortYear,
                    Some('m') => Part::Month,
                    Some('b' | 'B') => Part::MonthName,
                    Some('d' | 'e') => Part::Day,
                    Some('%') => Part::Literal('%'),
                    Some(other) => {
                        return Err(format!(
                            "`%{other}` is not a part of a date; the parts are %Y %y %m %b %d"
                        ));
                    }
                    None => return Err("it ends in `%`".to_owned()),
                },
                other => Part::Literal(other),
            });
        }
        let has = |wanted: &[Part]| parts.iter().filter(|part| wanted.contains(part)).count() == 1;
        if !has(&[Part::Year, Part::ShortYear]) || !has(&[Part::Month, Part::MonthName]) || !has(&[Part::Day])
        {
            return Err("it must name a year (%Y), a month (%m) and a day (%d), each once".to_owned());
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The date, where the text is one in this format.
    #[must_use]
    pub fn read(&self, text: &str) -> Option<Date> {
        self.read_parts(text).and_then(|(year, month, day)| Date::new(year, month, day).ok())
    }

    fn read_parts(&self, text: &str) -> Option<(i16, i8, i8)> {
        let (mut year, mut month, mut day) = (0_i16, 0_i8, 0_i8);
        let mut rest = text;
        for (index, part) in self.parts.iter().enumerate() {
            // Digits that touch another part (`%Y%m%d`) must have their full width.
            let numeric = |index: Option<usize>| {
                let part = index.and_then(|index| self.parts.get(index));
                matches!(part, Some(Part::Year | Part::ShortYear | Part::Month | Part::Day))
            };
            let touches = numeric(index.checked_add(1)) || numeric(index.checked_sub(1));
            match part {
                Part::Year => (year, rest) = digits(rest, 4, 4)?,
                Part::ShortYear => {
                    let (short, after) = digits::<i16>(rest, 2, 2)?;
                    year = if short < 69 { 2000 + short } else { 1900 + short };
                    rest = after;
                }
                Part::Month => (month, rest) = digits(rest, if touches { 2 } else { 1 }, 2)?,
                Part::Day => (day, rest) = digits(rest, if touches { 2 } else { 1 }, 2)?,
                Part::MonthName => (month, rest) = month_name(rest)?,
                Part::Literal(expected) => rest = rest.strip_prefix(*expected)?,
            }
        }
        (rest.is_empty() || (self.text == "%Y-%m-%d" && is_time(rest))).then_some((year, month, day))
    }

    /// Why the text is not a date in this format, in words that go on after it: `fits day/month/year; the file says …`.
    #[must_use]
    pub fn explain(&self, text: &str) -> String {
        if let Some((year, month, _)) = self.read_parts(text)
            && (1..=12).contains(&month)
            && year > 0
        {
            return "is no day of the calendar".to_owned();
        }
        let fits = |format: &str| Self::parse(format).is_ok_and(|other| other.read(text).is_some());
        let fitting: Vec<&(&str, &str)> =
            COMMON.iter().filter(|(format, _)| *format != self.text && fits(format)).collect();
        match fitting.as_slice() {
            [] => {}
            // Where the manifest says a format, the others of the file are in it; and no one writes a day before its month
            // after a year: of such a date it is known that it is wrong, not how the file is written.
            [(format, name)] if *self == Self::iso() && *format != YEAR_DAY_MONTH => {
                return format!(
                    "fits {name}; if the file is written so, add `dates = \"{format}\"` to the manifest"
                );
            }
            [(_, name)] => return format!("fits {name}; the file says {}", self.text),
            [(_, one), (_, other), ..] if *self != Self::iso() => {
                return format!("can be {one} or {other}; the file says {}", self.text);
            }
            [(first, one), (second, other), ..] => {
                return format!(
                    "can be {one} or {other}; say which in the manifest, by `dates = \"{first}\"` or `dates = \"{second}\"`"
                );
            }
        }
        let plain_number = text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
        if plain_number {
            return format!("looks like a spreadsheet's day number; the file says {}", self.text);
        }
        format!("is not a date in the format {}", self.text)
    }
}

fn digits<T: std::str::FromStr>(text: &str, least: usize, most: usize) -> Option<(T, &str)> {
    let length = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(length)?;
    if length < least {
        return None;
    }
    Some((number.parse().ok()?, rest))
}

fn month_name(text: &str) -> Option<(i8, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (name, rest) = text.split_at_checked(length)?;
    let name = name.to_ascii_lowercase();
    let position = MONTHS.iter().position(|month| {
        *month == name || month.get(..3) == Some(name.as_str()) || (name == "sept" && *month == "september")
    })?;
    Some((i8::try_from(position).ok()? + 1, rest))
}

/// `T16:00:00`, ` 00:00:00.000`, `T16:00:00Z`, `T16:00:00-05:00`: the day is the one that is written.
fn is_time(text: &str) -> bool {
    let Some(time) = text.strip_prefix(['T', ' ']) else { return false };
    let mut parts = time.trim_end_matches('Z').splitn(3, ':');
    let two = |part: Option<&str>| {
        part.is_some_and(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let seconds = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b':' | b'+' | b'-');
    two(parts.next())
        && two(parts.next())
        && parts.next().is_none_or(|rest| !rest.is_empty() && rest.bytes().all(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_the_format_that_is_said() {
        let read = |format: &str, text: &str| {
            DateFormat::parse(format).unwrap().read(text).map(|date| date.to_string())
        };
        for (format, text, expected) in [
            ("%Y-%m-%d", "2024-06-01", Some("2024-06-01")),
            ("%Y-%m-%d", "2021-04-08T21:00:00", Some("2021-04-08")),
            ("%Y-%m-%d", "2021-04-08 00:00:00.000", Some("2021-04-08")),
            ("%Y-%m-%d", "2021-04-08T21:00:00-05:00", Some("2021-04-08")),
            ("%Y-%m-%d", "2021-04-08 noon", None),
            ("%Y-%m-%d", "2023-02-29", None),
            ("%m/%d/%Y", "6/1/2024", Some("2024-06-01")),
            ("%m/%d/%Y", "06/01/24", None),
            ("%m/%d/%y", "06/01/24", Some("2024-06-01")),
            ("%m/%d/%y", "06/01/75", Some("1975-06-01")),
            ("%Y%m%d", "20240601", Some("2024-06-01")),
            ("%Y%m%d", "2024061", None),
            ("%d-%b-%Y", "01-JUN-2024", Some("2024-06-01")),
            ("%B %d, %Y", "June 1, 2024", Some("2024-06-01")),
        ] {
            assert_eq!(read(format, text).as_deref(), expected, "{text} as {format}");
        }
    }

    #[test]
    fn a_date_that_does_not_fit_says_what_it_fits() {
        let explain = |format: &str, text: &str| DateFormat::parse(format).unwrap().explain(text);
        assert_eq!(explain("%m/%d/%Y", "13/05/2024"), "fits day/month/year; the file says %m/%d/%Y");
        assert_eq!(
            explain("%Y-%m-%d", "5/13/2024"),
            "fits month/day/year; if the file is written so, add `dates = \"%m/%d/%Y\"` to the manifest"
        );
        assert_eq!(
            explain("%Y-%m-%d", "03/04/2024"),
            "can be month/day/year or day/month/year; say which in the manifest, by `dates = \"%m/%d/%Y\"` or `dates = \"%d/%m/%Y\"`"
        );
        assert_eq!(explain("%Y-%m-%d", "2024-13-05"), "fits year-day-month; the file says %Y-%m-%d");
        assert_eq!(explain("%Y-%m-%d", "2023-02-29"), "is no day of the calendar");
        assert_eq!(
            explain("%Y-%m-%d", "45292"),
            "looks like a spreadsheet's day number; the file says %Y-%m-%d"
        );
        assert_eq!(explain("%Y-%m-%d", "soon"), "is not a date in the format %Y-%m-%d");
    }

    #[test]
    fn a_format_must_name_year_month_and_day() {
        assert_eq!(
            DateFormat::parse("%m/%d"),
            Err("it must name a year (%Y), a month (%m) and a day (%d), each once".to_owned())
        );
        assert_eq!(
            DateFormat::parse("%m/%d/%Y %H"),
            Err("`%H` is not a part of a date; the parts are %Y %y %m %b %d".to_owned())
        );
    }
}
