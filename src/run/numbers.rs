//! Numbers as they stand in lines: many of a column at a time, from small tables with nothing to branch on, where they are small.

use rubric_engine::columns::Numbers;

use super::words::{LONG, SHORT, Word};

/// States that a column of numbers has at most.
pub(super) const OPEN: usize = 8;
/// The row has the number.
pub(super) const NUMBER: u8 = Numbers::THERE;

/// What stands for the states of rows that have no number.
pub(super) struct Others {
    words: [Word; OPEN],
    halves: [[u64; 2]; OPEN],
    lengths: [u8; OPEN],
    /// Whether some is too long for a cell.
    is_long: bool,
}

impl Others {
    pub(super) fn of(words: [Word; OPEN]) -> Self {
        let half = |word: Word, shift: u32| u64::try_from((word.bytes >> shift) & u128::from(u64::MAX));
        let halves = words.map(|word| [half(word, 0).unwrap_or(0), half(word, 64).unwrap_or(0)]);
        let lengths = words.map(|word| word.length);
        Self { words, halves, lengths, is_long: lengths.contains(&LONG) }
    }

    fn word(&self, state: u8) -> Word {
        self.words.get(usize::from(state) % OPEN).copied().unwrap_or(Word::NONE)
    }
}

/// The cells of a column, and how many bytes each has.
pub(super) type Cells<'c> = (&'c mut [[u8; SHORT]], &'c mut [u8]);

/// Puts numbers into cells; in the rows without one, what stands for their states. Whether some cell may be [`LONG`].
pub(super) fn put(cells: Cells<'_>, values: &[i64], of: &[u8], others: &Others, decimals: Decimals) -> bool {
    let largest = values.iter().fold(0, |largest, value| value.unsigned_abs().max(largest));
    if let (Some((unit, _)), b',') = (decimals.units, decimals.separator)
        && largest < u64::from(unit).saturating_mul(10_000)
        && u32::try_from(largest).is_ok()
    {
        let is_wide = largest >= u64::from(unit).saturating_mul(1_000);
        let rows = (values, of);
        macro_rules! few {
            ($places:literal, $behind:ident) => {
                match is_wide {
                    false => put_few::<$places, false>(cells, rows, others, $behind),
                    true => put_few::<$places, true>(cells, rows, others, $behind),
                }
            };
        }
        match decimals.scale {
            0 => put_whole(cells, rows, others),
            1 => few!(1, two_places),
            2 => few!(2, two_places),
            3 => few!(3, four_places),
            4 => few!(4, four_places),
            5 => few!(5, six_places),
            6 => few!(6, six_places),
            _ => return put_any(cells, rows, others, decimals),
        }
        return others.is_long;
    }
    put_any(cells, (values, of), others, decimals)
}

/// Numbers of any size.
fn put_any(
    (bytes, lengths): Cells<'_>,
    (values, of): (&[i64], &[u8]),
    others: &Others,
    decimals: Decimals,
) -> bool {
    for ((bytes, length), (value, state)) in bytes.iter_mut().zip(lengths).zip(values.iter().zip(of)) {
        let is_number = *state == NUMBER;
        let number = decimals.word(if is_number { *value } else { 0 });
        let word = Word::pick(is_number, number, others.word(*state));
        *bytes = word.bytes.to_le_bytes();
        *length = word.length;
    }
    true
}

/// Whole numbers below ten thousand.
fn put_whole((bytes, lengths): Cells<'_>, (values, of): (&[i64], &[u8]), others: &Others) {
    for ((bytes, length), (value, state)) in bytes.iter_mut().zip(lengths).zip(values.iter().zip(of)) {
        let at = usize::try_from(value.unsigned_abs()).unwrap_or(usize::MAX);
        let (text, digits) = told(WHOLE.get(at).copied().unwrap_or_default());
        let (text, sign) = signed(text, *value);
        let number = ([text, 0], digits.wrapping_add(sign));
        choose((bytes, length), *state, number, others);
    }
}

/// Numbers of a few places below ten thousand, or a thousand if they are not `WIDE`; `behind` is their point, their places
/// and the comma.
#[inline]
fn put_few<const PLACES: u32, const WIDE: bool>(
    (bytes, lengths): Cells<'_>,
    (values, of): (&[i64], &[u8]),
    others: &Others,
    behind: impl Fn(u32) -> (u64, u32),
) {
    let unit = const { 10_u32.pow(PLACES) };
    let up = if PLACES.is_multiple_of(2) { 1 } else { 10 };
    for ((bytes, length), (value, state)) in bytes.iter_mut().zip(lengths).zip(values.iter().zip(of)) {
        let magnitude = u32::try_from(value.unsigned_abs()).unwrap_or(0);
        let (whole, fraction) = (magnitude / unit, magnitude % unit);
        let (thousands, rest) = if WIDE { (whole / 1_000, whole % 1_000) } else { (0, whole) };
        let is_thousands = u32::from(thousands > 0);
        let (text, digits) =
            told(BEFORE.get((rest + 1_000 * is_thousands) as usize).copied().unwrap_or_default());
        let first = u64::from((thousands | u32::from(b'0')) & is_thousands.wrapping_neg());
        let text = text.wrapping_shl(8 * is_thousands) | first;
        let (text, sign) = signed(text, *value);
        let before = digits.wrapping_add(is_thousands).wrapping_add(sign);
        let (places, count) = behind(fraction.wrapping_mul(up));
        // There are one to five bytes before the point.
        let low = text | places.wrapping_shl(8 * before);
        let high = places.wrapping_shr(64_u32.wrapping_sub(8 * before));
        choose((bytes, length), *state, ([low, high], before.wrapping_add(count)), others);
    }
}

/// The sign before a number, where it has one.
#[inline]
fn signed(text: u64, value: i64) -> (u64, u32) {
    let sign = u32::from(value < 0);
    (text.wrapping_shl(8 * sign) | (u64::from(b'-') & u64::from(sign).wrapping_neg()), sign)
}

/// Puts the number into a cell, or what stands for another state.
#[inline]
fn choose(
    (bytes, length): (&mut [u8; SHORT], &mut u8),
    state: u8,
    ([low, high], count): ([u64; 2], u32),
    others: &Others,
) {
    let [other, more] = others.halves.get(usize::from(state) % OPEN).copied().unwrap_or_default();
    let is_number = state == NUMBER;
    let mask = u64::from(is_number).wrapping_neg();
    let (low, high) = ((low & mask) | (other & !mask), (high & mask) | (more & !mask));
    *bytes = (u128::from(low) | u128::from(high) << 64).to_le_bytes();
    // No number here has as many bytes as a byte can count.
    let count = u8::try_from(count & 0xff).unwrap_or(LONG);
    let other = others.lengths.get(usize::from(state) % OPEN).copied().unwrap_or(LONG);
    let mask = u8::from(is_number).wrapping_neg();
    *length = (count & mask) | (other & !mask);
}

/// What an entry of a table says: some bytes, the lowest first, and how many.
#[inline]
fn told(entry: u64) -> (u64, u32) {
    let count = u32::try_from(entry >> 56).unwrap_or(0);
    (entry & (u64::MAX >> 8), count)
}

/// At most two places.
#[inline]
fn two_places(fraction: u32) -> (u64, u32) {
    told(TWO.get(fraction as usize).copied().unwrap_or_default())
}

/// At most four places.
#[inline]
fn four_places(fraction: u32) -> (u64, u32) {
    told(FOUR_PLACES.get(fraction as usize).copied().unwrap_or_default())
}

/// At most six places: the zeros at the end of the first three are left out only where no others follow.
#[inline]
fn six_places(fraction: u32) -> (u64, u32) {
    let (first, rest) = (fraction / 1_000, fraction % 1_000);
    let at = first + 1_000 * u32::from(rest > 0);
    let (text, places) = told(THREE.get(at as usize).copied().unwrap_or_default());
    let (more, others) = told(THREE_MORE.get(rest as usize).copied().unwrap_or_default());
    (text | more << 32, places.wrapping_add(others))
}

/// Some digits of a number.
struct Digits {
    count: u32,
    /// A point before them, where there are any.
    point: bool,
    /// No zeros at their end.
    trimmed: bool,
    /// A comma behind them.
    comma: bool,
}

impl Digits {
    /// Them as an entry of a table.
    const fn of(&self, number: u32) -> u64 {
        let (mut text, mut length, mut rest, mut place) = (0_u64, 0_u64, number as u64, 0);
        while place < self.count {
            if !self.trimmed || length > 0 || rest % 10 > 0 {
                text = (text << 8) | (rest % 10 + b'0' as u64);
                length += 1;
            }
            rest /= 10;
            place += 1;
        }
        if self.point && length > 0 {
            text = (text << 8) | b'.' as u64;
            length += 1;
        }
        if self.comma {
            text |= (b',' as u64) << (8 * length);
            length += 1;
        }
        text | (length << 56)
    }
}

const fn digits_of(number: u32) -> u32 {
    match number.checked_ilog10() {
        Some(before) => before + 1,
        None => 1,
    }
}

/// Every number of at most four digits, with the comma behind it.
static WHOLE: [u64; 10_000] = table(0);
/// Every number below a thousand; then with the zeros before it.
static BEFORE: [u64; 2_000] = table(1);
/// Two places behind the point, as they are written, with the comma behind them.
static TWO: [u64; 100] = table(2);
/// Four.
static FOUR_PLACES: [u64; 10_000] = table(3);
/// Three; then with the zeros at their end, and without the comma.
static THREE: [u64; 2_000] = table(4);
/// Three that follow others; nothing where they are zero.
static THREE_MORE: [u64; 1_000] = table(5);

#[expect(clippy::indexing_slicing, reason = "worked out while this is compiled")]
const fn table<const SIZE: usize>(which: u8) -> [u64; SIZE] {
    let (mut all, mut at, mut number) = ([0; SIZE], 0, 0);
    while at < SIZE {
        let is_second = at >= 1_000 && SIZE == 2_000;
        let digits = match which {
            0 => Digits { count: digits_of(number), point: false, trimmed: false, comma: true },
            1 if is_second => Digits { count: 3, point: false, trimmed: false, comma: false },
            1 => Digits { count: digits_of(number), point: false, trimmed: false, comma: false },
            2 => Digits { count: 2, point: true, trimmed: true, comma: true },
            3 => Digits { count: 4, point: true, trimmed: true, comma: true },
            4 => Digits { count: 3, point: true, trimmed: !is_second, comma: !is_second },
            _ => Digits { count: 3, point: false, trimmed: true, comma: number > 0 },
        };
        all[at] = digits.of(number);
        at += 1;
        number = if SIZE == 2_000 && number == 999 { 0 } else { number + 1 };
    }
    all
}

/// How the numbers of a column are written.
#[derive(Clone, Copy)]
pub(super) struct Decimals {
    scale: u8,
    /// `10^scale`, and what makes a fraction of so many places one of eight; absent where there are more places.
    units: Option<(u32, u32)>,
    separator: u8,
}

impl Decimals {
    pub(super) fn new(scale: u8, separator: u8) -> Self {
        let places = u32::from(scale);
        let units = 8_u32.checked_sub(places).map(|rest| (10_u32.pow(places), 10_u32.pow(rest)));
        Self { scale, units, separator }
    }

    /// A number with the separator behind it.
    #[inline]
    pub(super) fn word(self, value: i64) -> Word {
        self.small(value).unwrap_or_else(|| self.large(value))
    }

    /// One of at most four digits before the point and eight behind it, and of no more than `u32` without the point, from
    /// tables. What is shifted has room: no number here is longer than fourteen bytes.
    #[inline]
    fn small(self, value: i64) -> Option<Word> {
        let (unit, up) = self.units?;
        let magnitude = u32::try_from(value.unsigned_abs()).ok()?;
        let (whole, fraction) = match self.scale {
            0 => (magnitude, 0),
            _ => (magnitude.checked_div(unit)?, magnitude.checked_rem(unit)?),
        };
        let (digits, length) = SMALLEST.get(whole as usize).copied()?;
        let (mut behind, mut places) = (u128::from(self.separator), 0);
        if fraction > 0 {
            let eight = fraction.wrapping_mul(up);
            let (four, rest) = (eight / 10_000, eight % 10_000);
            let (text, count) = FRACTIONS.get(four as usize).copied()?;
            (behind, places) = if rest == 0 {
                (u128::from(text | u64::from(self.separator).wrapping_shl(8 * u32::from(count))), count)
            } else {
                let four = u64::from(u32::from_le_bytes(*FOUR.get(four as usize)?));
                let (text, count) = FRACTIONS.get(rest as usize).copied()?;
                // The point of the second half gives way to the last digit of the first.
                let more = (text >> 8) | u64::from(self.separator).wrapping_shl(8 * u32::from(count - 1));
                (u128::from(b'.') | (u128::from(four) << 8) | (u128::from(more) << 40), count + 4)
            };
        }
        let bytes = u128::from(digits) | behind.wrapping_shl(8 * u32::from(length));
        let is_negative = value < 0;
        let bytes = if is_negative { (bytes << 8) | u128::from(b'-') } else { bytes };
        Some(Word { bytes, length: length.wrapping_add(places).wrapping_add(1 + u8::from(is_negative)) })
    }

    #[cold]
    fn large(self, value: i64) -> Word {
        match short_word(value, self.scale) {
            Some((bytes, length)) if length < 16 => Word {
                bytes: bytes | (u128::from(self.separator) << (8 * length)),
                length: u8::try_from(length + 1).unwrap_or(LONG),
            },
            _ => Word::NONE,
        }
    }
}

/// Every fraction of four digits with the point before it and without the zeros at its end, and how many bytes they are; that
/// of zero is nothing.
static FRACTIONS: [(u64, u8); 10_000] = fractions();

#[expect(clippy::indexing_slicing, reason = "worked out while this is compiled")]
const fn fractions() -> [(u64, u8); 10_000] {
    let mut all = [(0, 0); 10_000];
    let mut at: usize = 1;
    while at < 10_000 {
        let (mut digits, mut length, mut rest) = (0_u64, 0_u8, at as u64);
        let mut place = 0;
        while place < 4 {
            if length > 0 || rest % 10 > 0 {
                digits = (digits << 8) | (rest % 10 + b'0' as u64);
                length += 1;
            }
            rest /= 10;
            place += 1;
        }
        all[at] = ((digits << 8) | b'.' as u64, length + 1);
        at += 1;
    }
    all
}

/// Every number of at most four digits as it is written, and how many they are.
static SMALLEST: [(u32, u8); 10_000] = smallest();

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "worked out while this is compiled"
)]
const fn smallest() -> [(u32, u8); 10_000] {
    let mut all = [(0, 0); 10_000];
    let mut at: usize = 0;
    while at < 10_000 {
        let (mut digits, mut length, mut rest) = (0_u32, 0_u8, at as u32);
        loop {
            digits = (digits << 8) | (rest % 10 + b'0' as u32);
            length += 1;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        all[at] = (digits, length);
        at += 1;
    }
    all
}

/// Every number of four digits.
static FOUR: [[u8; 4]; 10_000] = four();

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "worked out while this is compiled"
)]
const fn four() -> [[u8; 4]; 10_000] {
    let mut all = [[0; 4]; 10_000];
    let mut at = 0;
    while at < 10_000 {
        all[at] = [
            (at / 1000) as u8 + b'0',
            (at / 100 % 10) as u8 + b'0',
            (at / 10 % 10) as u8 + b'0',
            (at % 10) as u8 + b'0',
        ];
        at += 1;
    }
    all
}

/// Sixteen zeros as they are written.
const ZEROS: u128 = 0x3030_3030_3030_3030_3030_3030_3030_3030;
/// Numbers below this, of at most so many places, leave room for a point and a sign.
const SMALL: u64 = 10_u64.pow(12);
const FEW: u32 = 12;

/// The digits of `value / 10^scale`, no trailing zeros after the point, and how many bytes they are; `None` where they may be
/// more than sixteen.
#[inline]
pub(super) fn short_decimal(value: i64, scale: u8) -> Option<([u8; SHORT], usize)> {
    let (word, length) = short_word(value, scale)?;
    Some((word.to_le_bytes(), usize::try_from(length).ok()?))
}

/// The same as a word of which the lowest byte is the first, and nothing but zeros behind it.
#[inline]
fn short_word(value: i64, scale: u8) -> Option<(u128, u32)> {
    let (magnitude, scale) = (value.unsigned_abs(), u32::from(scale));
    if magnitude >= SMALL || scale > FEW {
        return None;
    }
    let four = |number: u64| -> u128 {
        let digits = usize::try_from(number % 10_000).ok().and_then(|number| FOUR.get(number));
        u128::from(u32::from_le_bytes(digits.copied().unwrap_or_default()))
    };
    // The last digit is the highest byte.
    let mut word = (four(magnitude) << 96) | 0x3030_3030;
    word |= if magnitude < 10_000 {
        0x3030_3030_3030_3030 << 32
    } else {
        (four(magnitude / 10_000) << 64) | (four(magnitude / 100_000_000) << 32)
    };
    let zeros = (word ^ ZEROS).leading_zeros() / 8;
    let dropped = zeros.min(scale);
    let places = scale - dropped;
    let digits = (16 - (word ^ ZEROS).trailing_zeros() / 8).saturating_sub(dropped).max(places + 1);
    word <<= 8 * dropped;
    let mut length = digits;
    if places > 0 {
        let shift = 128 - 8 * places;
        let fraction = word >> shift << shift;
        let point = u128::from(b'.') << (shift - 8);
        word = fraction | point | ((word ^ fraction) >> 8);
        length += 1;
    }
    word >>= 8 * (16 - length);
    if value < 0 {
        word = (word << 8) | u128::from(b'-');
        length += 1;
    }
    Some((word, length))
}

/// The same however long.
pub(super) fn decimal(out: &mut Vec<u8>, value: i64, scale: u8) {
    let mut magnitude = value.unsigned_abs();
    let mut places = usize::from(scale);
    while places > 0 && magnitude.is_multiple_of(10) {
        magnitude /= 10;
        places -= 1;
    }
    let digits = magnitude.to_string();
    let sign = if value < 0 { "-" } else { "" };
    let digits = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let point = if places > 0 { "." } else { "" };
    out.extend_from_slice(format!("{sign}{whole}{point}{fraction}").as_bytes());
}

#[cfg(test)]
mod tests {
    use rubric_engine::plan::written_number;
    use rubric_engine::value::Number;

    use super::*;

    #[test]
    fn decimals_are_written_as_everywhere_else() {
        let mut values = vec![i64::MAX, i64::MIN, 100_000_000_000_000];
        for power in 0..14 {
            let power = 10_i64.pow(power);
            values
                .extend([0, 1, 5, 12, 99, 120, 1_000_500].into_iter().filter_map(|by| power.checked_mul(by)));
            values.extend([power - 1, power + 1]);
        }
        values.extend(values.clone().into_iter().filter_map(i64::checked_neg));
        for scale in 0..=18_u8 {
            for value in &values {
                let expected = written_number(&Number::of_scaled(i128::from(*value), scale));
                let mut bytes = Vec::new();
                decimal(&mut bytes, *value, scale);
                assert_eq!(String::from_utf8(bytes).unwrap(), expected, "{value} / 10^{scale}");
                if let Some((bytes, length)) = short_decimal(*value, scale) {
                    assert_eq!(
                        std::str::from_utf8(&bytes[..length]).unwrap(),
                        expected,
                        "{value} / 10^{scale}"
                    );
                }
                let word = Decimals::new(scale, b',').word(*value);
                if word.length != LONG {
                    let bytes = word.bytes.to_le_bytes();
                    let text = std::str::from_utf8(&bytes[..usize::from(word.length)]).unwrap();
                    assert_eq!(text, format!("{expected},"), "{value} / 10^{scale}");
                }
            }
        }
    }

    #[test]
    fn cells_hold_their_numbers_or_what_stands_for_their_states() {
        let texts = ["error", "unknown", "", "not_applicable"];
        let words = |separator| {
            let mut words = [Word::NONE; OPEN];
            words.iter_mut().zip(texts).for_each(|(word, text)| *word = Word::of(text.as_bytes(), separator));
            words
        };
        let mut numbers: Vec<i64> =
            vec![0, 1, 9, 10, 19, 99, 100, 101, 950, 999, 1_000, 1_001, 1_010, 9_990, 9_999];
        for power in 1..=9 {
            let power = 10_i64.pow(power);
            numbers.extend([1, 7, 12, 120, 999, 1_000, 5_005, 9_999].map(|by| by * power));
            numbers.extend([1, 7, 120, 999, 9_999].map(|by| by * power + power / 10 * 3));
            numbers.extend([1, 7, 120, 999, 9_999].map(|by| by * power + 1));
            numbers.extend([power - 1, power + 1, power * 10_000 - 1]);
        }
        numbers.extend(numbers.clone().into_iter().map(|number| -number));
        numbers.sort_unstable_by_key(|number| number.unsigned_abs());
        for (scale, separator) in (0..=9).flat_map(|scale| [(scale, b','), (scale, b'\n')]) {
            let (others, decimals) = (Others::of(words(separator)), Decimals::new(scale, separator));
            for values in numbers.chunks(5) {
                let mut states = vec![NUMBER; values.len()];
                for open in 0..5_u8 {
                    if let Some(state) = states.get_mut(usize::from(open)) {
                        *state = if open < 4 { open } else { NUMBER };
                    }
                    let (mut bytes, mut lengths) = (vec![[b'x'; SHORT]; values.len()], vec![0; values.len()]);
                    put((&mut bytes, &mut lengths), values, &states, &others, decimals);
                    for (at, value) in values.iter().enumerate() {
                        let expected = match texts.get(usize::from(states[at])) {
                            Some(text) => (*text).to_owned(),
                            None => written_number(&Number::of_scaled(i128::from(*value), scale)),
                        };
                        if lengths[at] == LONG {
                            assert!(value.unsigned_abs() >= SMALL, "{value} / 10^{scale}");
                        } else {
                            let text = &bytes[at][..usize::from(lengths[at])];
                            let expected = [expected.as_bytes(), &[separator]].concat();
                            assert_eq!(text, expected, "{value} / 10^{scale}");
                        }
                    }
                }
            }
        }
    }
}
