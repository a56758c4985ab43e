//! Plain cells, recognised from their bytes. Whatever is not plain is read by the converter of its column.

use std::collections::HashMap;
use std::sync::Arc;

use super::key::day_number;
use crate::data::convert::{Converter, Plain};
use crate::value::{Date, Value};

/// What a cell holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Got<'b> {
    /// Nothing.
    Empty,
    /// Something that the row reader has to say more about.
    Bad,
    /// `mantissa / 10^places`.
    Decimal(i64, u8),
    /// A day.
    Day(i32),
    /// A text.
    Text(&'b [u8]),
    /// One of a few values, by its number in [`Recogniser::words`].
    Word(usize),
    /// Any other value; they are rare, and what is common should be small.
    Value(Box<Value>),
}

impl Got<'_> {
    /// The same, of its own.
    pub(crate) fn into_owned(self) -> Got<'static> {
        match self {
            Self::Empty => Got::Empty,
            Self::Bad => Got::Bad,
            Self::Decimal(mantissa, places) => Got::Decimal(mantissa, places),
            Self::Day(day) => Got::Day(day),
            Self::Text(text) => match std::str::from_utf8(text) {
                Ok(text) => Got::Value(Box::new(Value::Text(Arc::from(text)))),
                Err(_) => Got::Bad,
            },
            Self::Word(word) => Got::Word(word),
            Self::Value(value) => Got::Value(value),
        }
    }
}

/// Recognises the cells of a column.
pub(crate) struct Recogniser<'a> {
    converter: &'a Converter,
    pub(super) plain: Plain,
    pub(super) absent: &'a [&'a String],
    seen: Seen,
    /// The values of the words that were met.
    pub(crate) words: Vec<Value>,
}

impl<'a> Recogniser<'a> {
    pub(crate) fn new(converter: &'a Converter, absent: &'a [&'a String]) -> Self {
        Self { converter, plain: converter.plain(), absent, seen: Seen::default(), words: Vec::new() }
    }

    /// What a decimal of that many places is; `None` where its text has to be read.
    pub(crate) fn decimal(&self, mantissa: i64, found: u8) -> Option<Got<'static>> {
        match self.plain {
            Plain::Decimal { places, added, signed }
                if found <= places && (signed || mantissa >= 0) && self.absent.is_empty() =>
            {
                Some(Got::Decimal(mantissa, found + added))
            }
            _ => None,
        }
    }

    /// What a day is; `None` where its text has to be read.
    pub(crate) fn day(&self, day: i32) -> Option<Got<'static>> {
        let known = DAYS.contains(&day) && self.plain == Plain::IsoDay && self.absent.is_empty();
        known.then_some(Got::Day(day))
    }

    /// What a cell holds.
    pub(crate) fn read<'b>(&mut self, cell: &'b [u8]) -> Got<'b> {
        let (Some(first), Some(last)) = (cell.first(), cell.last()) else { return Got::Empty };
        if !self.absent.is_empty() || !first.is_ascii_graphic() || !last.is_ascii_graphic() {
            return self.with_care(cell);
        }
        match self.plain {
            Plain::Words => self.word(cell),
            Plain::IsoDay => match iso_day(cell) {
                Some(day) => Got::Day(day),
                None => self.with_care(cell),
            },
            Plain::Decimal { places, added, signed } => match decimal(cell) {
                Some((mantissa, found)) if found <= places && (signed || mantissa >= 0) => {
                    Got::Decimal(mantissa, found + added)
                }
                _ => self.with_care(cell),
            },
            Plain::Text if cell.is_ascii() => Got::Text(cell),
            Plain::Text | Plain::Nothing => self.with_care(cell),
        }
    }

    /// Reads a cell as the row reader does.
    fn with_care<'b>(&mut self, cell: &'b [u8]) -> Got<'b> {
        let Ok(text) = std::str::from_utf8(cell) else { return Got::Bad };
        let text = text.trim();
        if text.is_empty() || self.absent.iter().any(|absent| absent.as_str() == text) {
            return Got::Empty;
        }
        match self.plain {
            Plain::Text => Got::Text(text.as_bytes()),
            Plain::Words => self.word(text.as_bytes()),
            _ => self.converted(text),
        }
    }

    fn converted<'b>(&mut self, text: &str) -> Got<'b> {
        match self.converter.read(text) {
            Ok(value) => Got::Value(Box::new(value)),
            Err(_) => Got::Bad,
        }
    }

    fn word<'b>(&mut self, word: &[u8]) -> Got<'b> {
        if let Some(found) = self.seen.get(word) {
            return Got::Word(found as usize);
        }
        let Ok(text) = std::str::from_utf8(word) else { return Got::Bad };
        match self.converter.read(text) {
            Ok(value) => {
                let at = match self.words.iter().position(|known| *known == value) {
                    Some(at) => at,
                    None => {
                        self.words.push(value);
                        self.words.len() - 1
                    }
                };
                self.seen.insert(word, u32::try_from(at).unwrap_or(u32::MAX));
                Got::Word(at)
            }
            Err(_) => Got::Bad,
        }
    }
}

/// Words that were met, with their numbers. Short ones are found without a hash map.
struct Seen {
    slots: Vec<(u128, u32)>,
    more: HashMap<Vec<u8>, u32>,
}

const SLOTS: usize = 256;
/// From 0000-01-01 to 9999-12-31.
pub(super) const DAYS: std::ops::RangeInclusive<i32> = -719_528..=2_932_896;
/// No more words are kept, so that a column of many different ones does not take memory without end.
const MOST_WORDS: usize = 1 << 16;

impl Default for Seen {
    fn default() -> Self {
        Self { slots: vec![(0, 0); SLOTS], more: HashMap::new() }
    }
}

impl Seen {
    fn get(&self, word: &[u8]) -> Option<u32> {
        let Some(packed) = pack(word) else { return self.more.get(word).copied() };
        match self.slots.get(slot(packed)) {
            Some((found, number)) if *found == packed => Some(*number),
            _ => self.more.get(word).copied(),
        }
    }

    fn insert(&mut self, word: &[u8], number: u32) {
        let place = pack(word).and_then(|packed| Some((packed, self.slots.get_mut(slot(packed))?)));
        match place {
            Some((packed, place)) if place.0 == 0 => *place = (packed, number),
            _ if self.more.len() < MOST_WORDS => {
                self.more.insert(word.to_vec(), number);
            }
            _ => {}
        }
    }
}

/// A word of at most 15 bytes and its length; never 0 for one that is not empty.
fn pack(word: &[u8]) -> Option<u128> {
    let mut packed = [0_u8; 16];
    let (text, length) = packed.split_at_mut(15);
    text.get_mut(..word.len())?.copy_from_slice(word);
    length.copy_from_slice(&[u8::try_from(word.len()).ok()?]);
    Some(u128::from_le_bytes(packed))
}

#[expect(clippy::cast_possible_truncation, reason = "a hash of its halves, and eight bits of that")]
fn slot(packed: u128) -> usize {
    let mixed = ((packed >> 64) as u64 ^ packed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 56) as usize
}

/// `2024-06-01`.
#[inline]
pub(super) fn iso_day(cell: &[u8]) -> Option<i32> {
    let [a, b, c, d, b'-', e, f, b'-', g, h] = cell else { return None };
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| i16::from(byte - b'0'));
    let year = digit(a)? * 1000 + digit(b)? * 100 + digit(c)? * 10 + digit(d)?;
    let (month, day) = (digit(e)? * 10 + digit(f)?, digit(g)? * 10 + digit(h)?);
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok().map(day_number)
}

/// Digits, with a point between them or not; at most 18.
#[inline]
pub(super) fn decimal(cell: &[u8]) -> Option<(i64, u8)> {
    let (negative, digits) = match cell.split_first() {
        Some((b'-', digits)) => (true, digits),
        _ => (false, cell),
    };
    let (mut mantissa, mut point) = (0_i64, None);
    if digits.len() > 18 {
        return None;
    }
    for (at, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => mantissa = mantissa * 10 + i64::from(byte - b'0'),
            b'.' if point.is_none() && at > 0 => point = Some(at),
            _ => return None,
        }
    }
    let places = point.map_or(0, |at| digits.len() - at - 1);
    if digits.is_empty() || (point.is_some() && places == 0) {
        return None;
    }
    Some((if negative { -mantissa } else { mantissa }, u8::try_from(places).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_numbers_and_days_are_recognised_and_nothing_else() {
        for (text, expected) in [
            ("12", Some((12, 0))),
            ("-0.50", Some((-50, 2))),
            ("123456789012345678", Some((123_456_789_012_345_678, 0))),
            ("1234567890123456789", None),
            ("1.", None),
            (".5", None),
            ("-", None),
            ("", None),
            ("1,000", None),
            ("1.2.3", None),
            ("+1", None),
            ("1e3", None),
        ] {
            assert_eq!(decimal(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(iso_day(b"1970-01-02"), Some(1));
        assert_eq!(iso_day(b"1969-12-31"), Some(-1));
        for text in ["2023-02-29", "2023-13-01", "2023-1-01", "2023-01-01T", "202a-01-01", "2023/01/01"] {
            assert_eq!(iso_day(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn days_end_where_the_calendar_does() {
        let first = Date::new(0, 1, 1).unwrap();
        let last = Date::new(9999, 12, 31).unwrap();
        assert_eq!((day_number(first), day_number(last)), (*DAYS.start(), *DAYS.end()));
    }

    #[test]
    fn words_are_found_again() {
        let mut seen = Seen::default();
        let words: Vec<String> =
            (0..2000).map(|number| format!("{number}{}", "x".repeat(number % 20))).collect();
        for (number, word) in (0..).zip(&words) {
            assert_eq!(seen.get(word.as_bytes()), None);
            seen.insert(word.as_bytes(), number);
        }
        for (number, word) in (0..).zip(&words) {
            assert_eq!(seen.get(word.as_bytes()), Some(number), "{word}");
        }
        assert_ne!(pack(b"a"), pack(b"a\0"));
    }
}
