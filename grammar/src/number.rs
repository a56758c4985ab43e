//! Numbers, dates and school years as they are written, and what was meant by those written wrong.

/// What a token that begins with a digit says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// The grammar knows it.
    Good,
    /// It is written wrong.
    Bad {
        message: String,
        help: Option<String>,
        /// What to write instead, when that is sure.
        fix: Option<String>,
        /// What the grammar reads in its place, so that the rest is still understood.
        understood: String,
    },
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// How far the token that begins here reaches, in bytes.
pub(crate) fn length(text: &str) -> usize {
    let slash_date = is_slash_date(text);
    let mut chars = text.char_indices().peekable();
    let mut digits = 0;
    let mut dashed = false;
    let mut end = 0;
    while let Some((at, c)) = chars.next() {
        let next_is_digit = chars.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        let goes_on = match c {
            c if c.is_alphanumeric() || c == '_' => true,
            '.' | ',' => next_is_digit,
            '/' => slash_date && next_is_digit,
            c if is_dash(c) => {
                let dates = (digits == 4 || dashed) && next_is_digit;
                dashed |= dates;
                dates
            }
            _ => false,
        };
        if !goes_on {
            return at;
        }
        digits = if c.is_ascii_digit() { digits + 1 } else { 0 };
        end = at + c.len_utf8();
    }
    end
}

/// `9/1/2024` or `2024/9/1`.
fn is_slash_date(text: &str) -> bool {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '/')).unwrap_or(text.len());
    let parts: Vec<&str> = text.get(..end).unwrap_or("").split('/').collect();
    match parts.as_slice() {
        [a, b, c] => {
            let short = |part: &str| (1..=2).contains(&part.len());
            (short(a) && short(b) && c.len() == 4) || (a.len() == 4 && short(b) && short(c))
        }
        _ => false,
    }
}

fn bad(message: String, help: &str, fix: Option<String>, understood: &str) -> Reading {
    let help = (!help.is_empty()).then(|| help.to_owned());
    Reading::Bad { message, help, fix, understood: understood.to_owned() }
}

const DATES: &str = "a date is written year-month-day with two digits each: `2024-09-01`";

/// Reads a token of [`length`] bytes; `money` when `$` stands before it.
pub(crate) fn read(text: &str, money: bool) -> Reading {
    if text.contains('-') && !money {
        return read_dashed(text);
    }
    if text.contains('/') {
        let parts: Vec<u32> = text.split('/').filter_map(|part| part.parse().ok()).collect();
        let fix = match parts.as_slice() {
            [year, month, day] if *year > 31 => date_text(*year, *month, *day),
            // Day and month can be told apart only when one of them is above 12.
            [month, day, year] if *day > 12 || month == day => date_text(*year, *month, *day),
            _ => None,
        };
        let understood = fix.clone().unwrap_or_else(|| "2000-01-01".to_owned());
        return bad(format!("`{text}` is no date"), DATES, fix, &understood);
    }
    let number_end =
        text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ','))).unwrap_or(text.len());
    let (number, word) = text.split_at_checked(number_end).unwrap_or((text, ""));
    if !word.is_empty() {
        let unit = matches!(word, "day" | "days" | "month" | "months" | "year" | "years");
        let fix = unit.then(|| format!("{number} {word}"));
        let help =
            if unit { "a space stands between a number and its unit" } else { "a name begins with a letter" };
        let plain = plain_number(number);
        let understood = fix.clone().unwrap_or(plain);
        return bad(format!("`{text}` is neither a number nor a name"), help, fix, &understood);
    }
    let (whole, fraction) =
        number.split_once('.').map_or((number, None), |(whole, rest)| (whole, Some(rest)));
    if fraction.is_some_and(|fraction| fraction.contains(['.', ','])) {
        return bad(format!("`{text}` is no number"), "", None, &plain_number(number));
    }
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or("");
    let grouped = whole.contains(',');
    if grouped && (first.len() > 3 || groups.any(|group| group.len() != 3)) {
        let help = "a comma in a number separates thousands, as in `1,000`; a comma in a list is followed by a space";
        let plain = plain_number(number);
        return bad(format!("`{text}` is no number"), help, None, &plain);
    }
    if first.len() > 1 && first.starts_with('0') {
        let plain = plain_number(number);
        let help = "a number does not begin with 0; a code with leading zeros is a text in quotes";
        return bad(format!("`{text}` is no number"), help, Some(plain.clone()), &plain);
    }
    Reading::Good
}

/// Digits that the grammar accepts, whatever was written.
fn plain_number(text: &str) -> String {
    let digits: String = text.chars().take_while(|c| *c != '.').filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() { "0".to_owned() } else { digits.to_owned() }
}

fn date_text(year: u32, month: u32, day: u32) -> Option<String> {
    let possible = (1..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    possible.then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// `2024-25`, `2024-9-1`, `2024-09-01`.
fn read_dashed(text: &str) -> Reading {
    let parts: Vec<&str> = text.split('-').collect();
    let all_digits =
        parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty());
    let number = |index: usize| parts.get(index).and_then(|part| part.parse::<u32>().ok()).unwrap_or(0);
    match (parts.len(), all_digits) {
        (2, true) => {
            let start = number(0);
            let end = number(1);
            let ends_next = (start + 1) % 100 == end || start + 1 == end;
            let fix = ends_next.then(|| format!("SY{:04}-{:02}", start, (start + 1) % 100));
            let help = if ends_next {
                "a school year is written `SY2024-25`; a subtraction needs spaces"
            } else {
                "a school year is written `SY2024-25`, a date `2024-09-01`; a subtraction needs spaces"
            };
            let understood = fix.clone().unwrap_or_else(|| "SY2000-01".to_owned());
            bad(format!("`{text}` is neither a school year nor a date"), help, fix, &understood)
        }
        (3, true) => {
            let well_written = parts.iter().map(|part| part.len()).eq([4, 2, 2]);
            if well_written {
                return Reading::Good;
            }
            let fix = date_text(number(0), number(1), number(2));
            let understood = fix.clone().unwrap_or_else(|| "2000-01-01".to_owned());
            bad(format!("`{text}` is no date"), DATES, fix, &understood)
        }
        _ => bad(format!("`{text}` is no date"), DATES, None, "2000-01-01"),
    }
}

/// Are they the digits of a school year, `2024` and `25`?
pub(crate) fn is_school_year(first: &str, last: &str) -> bool {
    let year = |text: &str| text.parse::<u32>().ok();
    let follows = year(first).zip(year(last)).is_some_and(|(first, last)| (first + 1) % 100 == last);
    first.len() == 4 && last.len() == 2 && follows
}

/// What was meant by a school year that is written wrong, if that is sure, and what is read in its place.
pub(crate) fn school_year(first: &str, last: &str) -> (Option<String>, String) {
    let text = |year: u32| format!("SY{year:04}-{:02}", (year + 1) % 100);
    let start = match (first.len(), first.parse::<u32>()) {
        (4, Ok(year)) => year,
        (2, Ok(year)) => 2000 + year,
        _ => return (None, text(2000)),
    };
    let follows =
        last.parse::<u32>().is_ok_and(|last| last == start + 1 || (last < 100 && last == (start + 1) % 100));
    (follows.then(|| text(start)), text(start))
}
