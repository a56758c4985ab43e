//! Cells of at most eight bytes as words, and what many such words stand for. Nothing here branches on what a cell holds, so
//! that compilers work out several cells at a time; each function says of all its cells together whether they are plainly good.

/// A word holds the bytes of a cell at its upper end, above zeros; of an empty cell it is 0. Where a text has no byte of
/// zeros, different cells have different words.
pub(super) type Word = u64;
/// No cell has this word.
pub(super) const NO_WORD: Word = 1;

/// The part of eight bytes that a cell of so many has.
const KEPT: [u64; 16] = {
    const ALL: u64 = u64::MAX;
    let of_short = [0, ALL << 56, ALL << 48, ALL << 40, ALL << 32, ALL << 24, ALL << 16, ALL << 8];
    let [a, b, c, d, e, f, g, h] = of_short;
    [a, b, c, d, e, f, g, h, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL]
};

/// The last eight bytes of a cell; zeros before those of a shorter one.
#[inline]
pub(super) fn last_word(bytes: &[u8], (start, end): (usize, usize)) -> Word {
    word_of(bytes, end, end.wrapping_sub(start))
}

/// The same of a cell that ends there and has that length.
#[inline]
pub(super) fn word_of(bytes: &[u8], end: usize, length: usize) -> Word {
    // Before the eighth byte, there are no such places.
    let word = match bytes.get(end.wrapping_sub(8)..end).and_then(|eight| eight.first_chunk::<8>()) {
        Some(eight) => u64::from_le_bytes(*eight),
        None => near_start(bytes, end),
    };
    word & KEPT.get(length & 15).copied().unwrap_or(u64::MAX)
}

/// The same where the text has no eight bytes before that place.
#[cold]
fn near_start(bytes: &[u8], end: usize) -> Word {
    let mut eight = [0; 8];
    let there = bytes.get(..end).unwrap_or_default();
    eight.iter_mut().rev().zip(there.iter().rev()).for_each(|(place, byte)| *place = *byte);
    u64::from_le_bytes(eight)
}

/// A bit for each byte of a word.
const ONES: u64 = u64::MAX / 255;

/// How many places the number in a word has; `None` where a point is the first or last of its characters.
pub(super) fn places(word: Word) -> Option<u8> {
    let bytes = word.to_be_bytes();
    match bytes.iter().position(|byte| *byte == b'.') {
        None => Some(0),
        Some(at) => {
            (at > 0 && bytes.get(at + 1).is_some_and(|byte| *byte != 0)).then(|| at.try_into().ok())?
        }
    }
}

macro_rules! digits {
    ($name:ident, $part:ty, $number:path) => {
        /// `place`: the byte in which each word that is not empty has a point.
        fn $name<const HAS_POINT: bool>(words: &[Word], place: u64, values: &mut [i64]) -> bool {
            const LEAST: $part = <$part>::MAX / 255;
            const MOST: $part = LEAST << 7;
            const UPPER: $part = LEAST * 0xF0;
            let part = |word: u64| (word >> (u64::BITS - <$part>::BITS)) as $part;
            let place = part(place);
            let point = place & (LEAST * 0x2E);
            let before = (place & place.wrapping_neg()).wrapping_sub(1);
            let after = !(before | place);
            let mut bad: $part = 0;
            for (word, value) in words.iter().zip(values) {
                let mut word = part(*word);
                if HAS_POINT {
                    let is_filled: $part = if word == 0 { 0 } else { <$part>::MAX };
                    let is_first: $part = if (word << 8) & place == 0 { <$part>::MAX } else { 0 };
                    bad |= (((word & place) ^ point) | is_first) & is_filled;
                    // What stands before the point is moved into its place.
                    word = (word & after) | ((word & before) << 8);
                }
                // The bytes of zeros below the lowest bit are no part of the number: noughts.
                let blank = (word & word.wrapping_neg()).wrapping_sub(1) & MOST;
                let plain = (word | (blank >> 2) | (blank >> 3)) ^ (LEAST * 0x30);
                bad |= (plain | plain.wrapping_add(LEAST * 6)) & UPPER;
                *value = $number(plain);
            }
            bad == 0
        }
    };
}
digits!(digits_of_four, u32, number_of_four);
digits!(digits_of_eight, u64, number_of_eight);

/// The number of four digits, of which the first is in the lowest byte.
#[inline]
fn number_of_four(digits: u32) -> i64 {
    let pairs = (digits << 3).wrapping_add(digits << 1).wrapping_add(digits >> 8) & 0x00FF_00FF;
    let upper = pairs & 0xFF;
    let hundreds = (upper << 6).wrapping_add(upper << 5).wrapping_add(upper << 2);
    i64::from(hundreds.wrapping_add(pairs >> 16))
}

/// The same of eight.
#[inline]
fn number_of_eight(digits: u64) -> i64 {
    let pairs = (digits << 3).wrapping_add(digits << 1).wrapping_add(digits >> 8) & 0x00FF_00FF_00FF_00FF;
    let hundreds = (pairs << 6).wrapping_add(pairs << 5).wrapping_add(pairs << 2);
    let fours = hundreds.wrapping_add(pairs >> 16) & 0x0000_FFFF_0000_FFFF;
    (fours & 0xFFFF).wrapping_mul(10_000).wrapping_add(fours >> 32).cast_signed()
}

/// Puts the numbers of words into as many values, without their points: whether each is empty, which gives 0, or digits with
/// so many places among them. `longest`: the length of the longest cell.
pub(super) fn numbers(words: &[Word], longest: usize, places: u8, values: &mut [i64]) -> bool {
    let place = match places {
        0 => 0,
        1..=6 => 0xFF << (56 - 8 * places),
        _ => return false,
    };
    match (longest, places) {
        (0..=4, 0) => digits_of_four::<false>(words, 0, values),
        (0..=4, 1 | 2) => digits_of_four::<true>(words, place, values),
        (0..=8, 0) => digits_of_eight::<false>(words, 0, values),
        (0..=8, _) => digits_of_eight::<true>(words, place, values),
        _ => false,
    }
}

/// The day that two words say, the last eight bytes and the first four of `2024-06-01`, and bits that are 0 where it is one.
#[inline]
pub(super) fn day(last: Word, year: u32) -> (i32, u64) {
    // `24-06-01`; the dashes become noughts.
    const DASHES: u64 = 0x0000_2D00_002D_0000;
    const UPPER: u64 = ONES * 0xF0;
    let digits = last ^ (ONES * 0x30);
    let dashes = (digits ^ (DASHES ^ 0x0000_3000_0030_0000)) & 0x0000_FF00_00FF_0000;
    let digits = digits & !0x0000_FF00_00FF_0000;
    let century = u64::from(year) ^ 0x3030_3030;
    let mut bad = dashes;
    bad |= (digits | digits.wrapping_add(ONES * 6)) & UPPER;
    bad |= (century | century.wrapping_add(ONES * 6)) & UPPER & 0xFFFF_FFFF;
    let digit = |of: u64, at: u32| (of >> (8 * at)) & 0xF;
    let year =
        digit(century, 0) * 1000 + digit(century, 1) * 100 + digit(century, 2) * 10 + digit(century, 3);
    let month = digit(digits, 3) * 10 + digit(digits, 4);
    let date = digit(digits, 6) * 10 + digit(digits, 7);
    let is_leap = year.is_multiple_of(4) & (!year.is_multiple_of(100) | year.is_multiple_of(400));
    let length = if month == 2 { 28 + u64::from(is_leap) } else { 30 + ((month ^ (month >> 3)) & 1) };
    let is_day = (month.wrapping_sub(1) < 12) & (date.wrapping_sub(1) < length);
    bad |= u64::from(!is_day);
    // Years and months from March on, so that the day that some years have more is the last one; 400 years later, so that
    // no year is below 0.
    let is_early = u64::from(month < 3);
    let (year, month) = ((year + 400).wrapping_sub(is_early), month + 12 * is_early);
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 979).wrapping_sub(2919) / 32 + date;
    // From 0000-03-01 less 400 years to 1970-01-01.
    let day = i32::try_from(days).unwrap_or(0).wrapping_sub(EPOCH);
    (day, bad)
}

const EPOCH: i32 = 719_469 + 146_097;

#[cfg(test)]
mod tests {
    use super::super::key::day_of;
    use super::super::recognise::{decimal, iso_day};
    use super::*;

    /// Cells of a text, with others before, between and after them or not.
    fn words(cells: &[&[u8]], around: &[u8]) -> (Vec<Word>, usize) {
        let mut text = around.to_vec();
        let spans: Vec<(usize, usize)> = cells
            .iter()
            .map(|cell| {
                let start = text.len();
                text.extend_from_slice(cell);
                let end = text.len();
                text.extend_from_slice(around);
                (start, end)
            })
            .collect();
        let longest = cells.iter().map(|cell| cell.len()).max().unwrap_or(0);
        (spans.iter().map(|span| last_word(&text, *span)).collect(), longest)
    }

    #[test]
    fn numbers_are_those_of_cells_that_are_all_plain_and_of_as_many_places() {
        let mut state = 11_u64;
        let mut below = |limit: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 40) as usize % limit
        };
        let mut read = [0; 2];
        for round in 0..60_000 {
            let alphabet: &[u8] = if round % 3 == 0 { b"0123456789. -/:x\x10\xB0" } else { b"0123456789." };
            let cells: Vec<Vec<u8>> = (0..=below(4))
                .map(|_| {
                    let mut cell: Vec<u8> = (0..below(10)).map(|_| alphabet[below(alphabet.len())]).collect();
                    if round % 2 == 0 && cell.len() > 3 {
                        cell.retain(|byte| *byte != b'.');
                        cell.insert(cell.len().saturating_sub(2), b'.');
                    }
                    cell
                })
                .collect();
            let cells: Vec<&[u8]> = cells.iter().map(Vec::as_slice).collect();
            let (words, longest) = words(&cells, [&b""[..], b".", b"9"][round % 3]);
            let first = words.iter().find(|word| **word != 0).map_or(Some(0), |word| places(*word));
            let expected: Option<Vec<(i64, u8)>> = cells
                .iter()
                .map(|cell| if cell.is_empty() { Some((0, first?)) } else { decimal(cell) })
                .collect();
            let mut found = vec![7; cells.len()];
            let is_read = first.is_some_and(|first| numbers(&words, longest, first, &mut found));
            if is_read {
                let values = found.iter().map(|value| (*value, first.unwrap())).collect();
                assert_eq!(expected, Some(values), "{cells:?}");
            } else if let Some(expected) = &expected {
                let is_long = cells.iter().any(|cell| cell.len() > 8);
                let is_negative = cells.iter().any(|cell| cell.starts_with(b"-"));
                let is_mixed = expected.iter().any(|(_, places)| *places != expected[0].1);
                assert!(is_long || is_negative || is_mixed, "{cells:?}");
            }
            read[usize::from(is_read)] += 1;
        }
        assert!(read.iter().all(|times| *times > 5_000), "{read:?}");
    }

    #[test]
    fn days_are_those_of_the_calendar_and_nothing_else_is_one() {
        let read = |cell: &[u8]| {
            let year = u32::from_le_bytes(*cell.first_chunk().unwrap());
            let (day, bad) = day(last_word(cell, (0, 10)), year);
            (bad == 0).then_some(day)
        };
        for day in (-719_528..=2_932_896).step_by(17).chain(-150..800).chain(10_900..11_800) {
            let date = day_of(day).unwrap();
            let cell = format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day());
            assert_eq!(read(cell.as_bytes()), Some(day), "{cell}");
        }
        for year in ["1900", "2000", "2023", "2024", "0000", "9999"] {
            for month in 0..=20 {
                for date in 0..=40 {
                    let cell = format!("{year}-{month:02}-{date:02}");
                    assert_eq!(read(cell.as_bytes()), iso_day(cell.as_bytes()), "{cell}");
                }
            }
        }
        for at in 0..10 {
            for byte in 0..=255 {
                let mut cell = *b"2024-11-30";
                cell[at] = byte;
                assert_eq!(read(&cell), iso_day(&cell), "{cell:?}");
            }
        }
    }

    #[test]
    fn words_hold_the_bytes_of_their_cell_alone() {
        for around in [&b""[..], b"x", b"0123456789"] {
            let (found, longest) = words(&[b"ab", b"", b"12345678", b"123456789"], around);
            let whole = u64::from_le_bytes(*b"12345678");
            assert_eq!(found[..3], [u64::from_le_bytes(*b"\0\0\0\0\0\0ab"), 0, whole]);
            assert_eq!(longest, 9);
            assert!(found.iter().all(|word| *word != NO_WORD));
        }
    }
}
