//! What columns write into the lines of rows: pieces that many rows share are made once, and copied sixteen bytes at a time
//! where they are no longer than that. Lines of comma-separated values are put together from blocks of such pieces, which each
//! column fills by itself (`Block`).

use rubric_engine::columns::Batches;
use rubric_engine::value::RecordId;

/// What a column writes into the line of each row: the separator before it is not part of it.
pub(super) enum Pieces<'b> {
    /// Each distinct one, and for each row which it is.
    Shared { distinct: Vec<Piece>, of: Vec<u32> },
    /// One after the other, and where each ends.
    Own { bytes: Vec<u8>, ends: Vec<usize> },
    /// The key of each row from its first on, as it stands.
    Keys { batches: &'b Batches<'b>, record: RecordId, first: u32 },
    /// Numbers that are written as they come, and what stands for the states of rows that have none; for each row, which.
    Numbers {
        before: Vec<u8>,
        after: &'static [u8],
        values: Vec<i64>,
        scale: u8,
        states: Vec<Piece>,
        of: Vec<u8>,
    },
}

/// The row has the number.
pub(super) const NUMBER: u8 = u8::MAX;

/// Bytes that are copied at a time.
const SHORT: usize = 16;

/// Some bytes of a line.
pub(super) enum Piece {
    /// At most sixteen, and how many.
    Short([u8; SHORT], usize),
    Long(Vec<u8>),
}

impl From<Vec<u8>> for Piece {
    fn from(bytes: Vec<u8>) -> Self {
        let mut short = [0; SHORT];
        match short.get_mut(..bytes.len()) {
            Some(place) => {
                place.copy_from_slice(&bytes);
                Self::Short(short, bytes.len())
            }
            None => Self::Long(bytes),
        }
    }
}

/// Lines on their way, in memory that is there before they are.
pub(super) struct Lines {
    bytes: Vec<u8>,
    end: usize,
}

impl Lines {
    /// Room for so many bytes.
    pub(super) fn with_room(bytes: usize) -> Self {
        Self { bytes: vec![0; bytes], end: 0 }
    }

    /// Makes room for so many bytes more.
    #[inline]
    fn reserve(&mut self, more: usize) {
        let needed = self.end.saturating_add(more);
        if needed > self.bytes.len() {
            self.grow(needed);
        }
    }

    #[cold]
    fn grow(&mut self, needed: usize) {
        self.bytes.resize(needed.saturating_mul(2), 0);
    }

    /// Adds a byte.
    #[inline]
    pub(super) fn byte(&mut self, byte: u8) {
        self.reserve(1);
        if let Some(place) = self.bytes.get_mut(self.end) {
            *place = byte;
        }
        self.end += 1;
    }

    /// Adds the first of sixteen bytes.
    #[inline]
    fn short(&mut self, bytes: &[u8; SHORT], length: usize) {
        self.reserve(SHORT);
        if let Some(place) = self.bytes.get_mut(self.end..).and_then(<[u8]>::first_chunk_mut) {
            *place = *bytes;
        }
        self.end += length;
    }

    /// Adds bytes.
    fn slice(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        let end = self.end + bytes.len();
        if let Some(place) = self.bytes.get_mut(self.end..end) {
            place.copy_from_slice(bytes);
        }
        self.end = end;
    }

    #[inline]
    fn piece(&mut self, piece: &Piece) {
        match piece {
            Piece::Short(bytes, length) => self.short(bytes, *length),
            Piece::Long(bytes) => self.slice(bytes),
        }
    }

    /// The lines.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes.truncate(self.end);
        self.bytes
    }
}

impl Pieces<'_> {
    /// Writes the piece of a row.
    #[inline]
    pub(super) fn write(&self, row: usize, out: &mut Lines) {
        match self {
            Self::Shared { distinct, of } => {
                if let Some(piece) = of.get(row).and_then(|at| distinct.get(*at as usize)) {
                    out.piece(piece);
                }
            }
            Self::Own { bytes, ends } => {
                let start = row.checked_sub(1).map_or(Some(0), |before| ends.get(before).copied());
                let piece = start.zip(ends.get(row).copied()).and_then(|(start, end)| bytes.get(start..end));
                out.slice(piece.unwrap_or_default());
            }
            Self::Keys { batches, record, first } => {
                let row = u32::try_from(row).ok().and_then(|row| first.checked_add(row));
                let key = row.and_then(|row| batches.text_key(*record, row)).unwrap_or_default();
                if is_special(key) {
                    let mut quoted = Vec::new();
                    csv_cell(&mut quoted, key);
                    out.slice(&quoted);
                } else {
                    out.slice(key.as_bytes());
                }
            }
            Self::Numbers { before, after, values, scale, states, of } => match of.get(row) {
                Some(&NUMBER) => {
                    if !before.is_empty() {
                        out.slice(before);
                    }
                    let value = values.get(row).copied().unwrap_or(0);
                    match short_decimal(value, *scale) {
                        Some((text, length)) => out.short(&text, length),
                        None => {
                            let mut text = Vec::new();
                            decimal(&mut text, value, *scale);
                            out.slice(&text);
                        }
                    }
                    if !after.is_empty() {
                        out.slice(after);
                    }
                }
                state => {
                    if let Some(piece) = state.and_then(|state| states.get(usize::from(*state))) {
                        out.piece(piece);
                    }
                }
            },
        }
    }
}

/// Rows of a block.
const ROWS: usize = 64;
/// The piece is written by itself.
const LONG: u8 = u8::MAX;

/// The pieces of some rows with what separates them, each of at most sixteen bytes, so that lines are copied from it without
/// asking what each column is.
struct Block {
    columns: Vec<Cells>,
    /// Rows with a piece that is longer.
    is_long: [bool; ROWS],
}

/// The pieces of a column in a block.
#[derive(Clone)]
struct Cells {
    bytes: [[u8; SHORT]; ROWS],
    /// How many bytes each piece has, or [`LONG`].
    lengths: [u8; ROWS],
}

/// Writes lines of comma-separated values, one for each row.
pub(super) fn csv_lines(pieces: &[Pieces<'_>], rows: usize, lines: &mut Lines) {
    let separator = |column: usize| if column + 1 == pieces.len() { b'\n' } else { b',' };
    let blank = Cells { bytes: [[0; SHORT]; ROWS], lengths: [0; ROWS] };
    let mut block = Block { columns: vec![blank; pieces.len()], is_long: [false; ROWS] };
    for first in (0..rows).step_by(ROWS) {
        let these = first..rows.min(first + ROWS);
        block.is_long = [false; ROWS];
        for (column, (pieces, cells)) in pieces.iter().zip(&mut block.columns).enumerate() {
            pieces.fill(these.clone(), cells, separator(column));
            let long = block.is_long.iter_mut().zip(&cells.lengths);
            long.for_each(|(is_long, length)| *is_long |= *length == LONG);
        }
        for (at, row) in these.enumerate() {
            if block.is_long.get(at) == Some(&true) {
                for (column, pieces) in pieces.iter().enumerate() {
                    pieces.write(row, lines);
                    lines.byte(separator(column));
                }
            } else {
                lines.row(&block, at);
            }
        }
    }
}

impl Lines {
    /// Adds the line of a row of a block.
    #[inline(never)]
    fn row(&mut self, block: &Block, at: usize) {
        self.reserve((block.columns.len() + 1) * SHORT);
        let room = self.bytes.get_mut(self.end..).unwrap_or_default();
        let mut end = 0_usize;
        for cells in &block.columns {
            let (Some(bytes), Some(length)) = (cells.bytes.get(at), cells.lengths.get(at)) else { return };
            if let Some(place) = room.get_mut(end..).and_then(<[u8]>::first_chunk_mut) {
                *place = *bytes;
            }
            end = end.wrapping_add(usize::from(*length));
        }
        self.end += end;
    }
}

/// A short piece with a separator behind it, as a word of which the lowest byte is the first.
#[derive(Clone, Copy)]
struct Word {
    bytes: u128,
    length: u8,
}

impl Word {
    const NONE: Self = Self { bytes: 0, length: LONG };

    fn of(bytes: &[u8], separator: u8) -> Self {
        match u8::try_from(bytes.len()) {
            Ok(length) if bytes.len() < SHORT => {
                let mut all = [0; SHORT];
                all.iter_mut().zip(bytes.iter().chain([&separator])).for_each(|(place, byte)| *place = *byte);
                Self { bytes: u128::from_le_bytes(all), length: length + 1 }
            }
            _ => Self::NONE,
        }
    }

    fn of_piece(piece: &Piece, separator: u8) -> Self {
        match piece {
            Piece::Short(bytes, length) => Self::of(bytes.get(..*length).unwrap_or_default(), separator),
            Piece::Long(_) => Self::NONE,
        }
    }

    /// One or the other, with nothing to branch on.
    #[inline]
    fn pick(is_first: bool, first: Self, second: Self) -> Self {
        let mask = 0_u128.wrapping_sub(u128::from(is_first));
        let length = 0_u8.wrapping_sub(u8::from(is_first));
        Self {
            bytes: (first.bytes & mask) | (second.bytes & !mask),
            length: (first.length & length) | (second.length & !length),
        }
    }
}

impl Cells {
    fn put(&mut self, words: impl Iterator<Item = Word>) {
        for ((bytes, length), word) in self.bytes.iter_mut().zip(&mut self.lengths).zip(words) {
            *bytes = word.bytes.to_le_bytes();
            *length = word.length;
        }
    }

    #[inline(never)]
    fn put_shared(&mut self, distinct: &[Piece], of: &[u32], separator: u8) {
        // Of a few there is a word each; where there are more than rows, only of those that are asked for.
        let few: Vec<Word> = match distinct.len() {
            0..=ROWS => distinct.iter().map(|piece| Word::of_piece(piece, separator)).collect(),
            _ => Vec::new(),
        };
        let of_piece = |at: usize| distinct.get(at).map(|piece| Word::of_piece(piece, separator));
        let word = |at: &u32| {
            let at = *at as usize;
            few.get(at).copied().or_else(|| of_piece(at)).unwrap_or(Word::NONE)
        };
        self.put(of.iter().map(word));
    }

    #[inline(never)]
    fn put_numbers(&mut self, values: &[i64], of: &[u8], open: &[Word; OPEN], decimals: Decimals) {
        self.put(values.iter().zip(of).map(|(value, state)| {
            let is_number = *state == NUMBER;
            let number = decimals.word(if is_number { *value } else { 0 });
            let other = open.get(usize::from(*state) % OPEN).copied().unwrap_or(Word::NONE);
            Word::pick(is_number, number, other)
        }));
    }
}

impl Pieces<'_> {
    /// Puts the pieces of some rows into their column of a block.
    fn fill(&self, rows: std::ops::Range<usize>, cells: &mut Cells, separator: u8) {
        match self {
            Self::Shared { distinct, of } => {
                cells.put_shared(distinct, of.get(rows).unwrap_or_default(), separator);
            }
            Self::Numbers { before, after, values, scale, states, of } => {
                if !before.is_empty() || !after.is_empty() || states.len() > OPEN {
                    return cells.put(rows.map(|_| Word::NONE));
                }
                let mut open = [Word::NONE; OPEN];
                let words = states.iter().map(|piece| Word::of_piece(piece, separator));
                open.iter_mut().zip(words).for_each(|(place, word)| *place = word);
                let values = values.get(rows.clone()).unwrap_or_default();
                let decimals = Decimals::new(*scale, separator);
                cells.put_numbers(values, of.get(rows).unwrap_or_default(), &open, decimals);
            }
            Self::Keys { batches, record, first } => cells.put(rows.map(|row| {
                let row = u32::try_from(row).ok().and_then(|row| first.checked_add(row));
                let key = row.and_then(|row| batches.text_key(*record, row)).unwrap_or_default();
                if is_special(key) { Word::NONE } else { Word::of(key.as_bytes(), separator) }
            })),
            Self::Own { bytes, ends } => cells.put(rows.map(|row| {
                let start = row.checked_sub(1).map_or(Some(0), |before| ends.get(before).copied());
                let piece = start.zip(ends.get(row).copied());
                let piece = piece.and_then(|(start, end)| bytes.get(start..end)).unwrap_or_default();
                Word::of(piece, separator)
            })),
        }
    }
}

/// States that a column of numbers has at most.
const OPEN: usize = 8;

/// How the numbers of a column are written.
#[derive(Clone, Copy)]
struct Decimals {
    scale: u8,
    /// `10^scale`, and what makes a fraction of so many places one of eight; absent where there are more places.
    units: Option<(u32, u32)>,
    separator: u8,
}

impl Decimals {
    fn new(scale: u8, separator: u8) -> Self {
        let places = u32::from(scale);
        let units = 8_u32.checked_sub(places).map(|rest| (10_u32.pow(places), 10_u32.pow(rest)));
        Self { scale, units, separator }
    }

    /// A number with the separator behind it.
    #[inline]
    fn word(self, value: i64) -> Word {
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

/// Whether a cell of comma-separated values has to be quoted.
fn is_special(text: &str) -> bool {
    // Every byte is looked at, so that many are looked at together.
    text.bytes().fold(false, |any, byte| any | matches!(byte, b',' | b'"' | b'\n' | b'\r'))
}

/// A cell of comma-separated values, quoted where it has to be.
pub(super) fn csv_cell(out: &mut Vec<u8>, text: &str) {
    if is_special(text) {
        out.push(b'"');
        for byte in text.bytes() {
            if byte == b'"' {
                out.push(b'"');
            }
            out.push(byte);
        }
        out.push(b'"');
    } else {
        out.extend_from_slice(text.as_bytes());
    }
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
fn short_decimal(value: i64, scale: u8) -> Option<([u8; SHORT], usize)> {
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
fn decimal(out: &mut Vec<u8>, value: i64, scale: u8) {
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
    fn pieces_of_any_length_stand_one_after_the_other() {
        let texts = ["", "a", "0123456789abcdef", "0123456789abcdefg", &"x".repeat(100)];
        let distinct = texts.iter().map(|text| Piece::from(text.as_bytes().to_vec())).collect();
        let pieces = Pieces::Shared { distinct, of: vec![4, 0, 1, 2, 3, 4, 4, 1] };
        let mut lines = Lines::with_room(0);
        for row in 0..8 {
            pieces.write(row, &mut lines);
            lines.byte(b',');
        }
        let expected: String = [4, 0, 1, 2, 3, 4, 4, 1].map(|at| format!("{},", texts[at])).concat();
        assert_eq!(String::from_utf8(lines.finish()).unwrap(), expected);
    }

    #[test]
    fn lines_are_the_pieces_of_their_columns() {
        const COUNT: usize = 3 * ROWS + 5;
        let texts = ["", "a", "0123456789abcde", "0123456789abcdef", &"x".repeat(100)];
        let piece = |text: &&str| Piece::from(text.as_bytes().to_vec());
        let numbers = |values: Vec<i64>, scale| Pieces::Numbers {
            before: Vec::new(),
            after: b"",
            of: (0..values.len()).map(|row| if row % 7 == 3 { (row % 4) as u8 } else { NUMBER }).collect(),
            values,
            scale,
            states: ["error", "unknown", "", "not applicable to this"].iter().map(piece).collect(),
        };
        let many: Vec<String> = (0..100).map(|at| format!("{at}")).collect();
        let own: Vec<&str> = (0..COUNT).map(|row| texts[row % 5]).collect();
        let ends = own.iter().scan(0, |end, text| {
            *end += text.len();
            Some(*end)
        });
        let spread = |row: usize| (row as i64 - 90) * 9_973_i64.pow((row % 5) as u32);
        let columns = [
            Pieces::Shared {
                distinct: texts.iter().map(piece).collect(),
                of: (0..COUNT as u32).map(|row| row % 5).collect(),
            },
            Pieces::Shared {
                distinct: many.iter().map(|text| Piece::from(text.as_bytes().to_vec())).collect(),
                of: (0..COUNT as u32).map(|row| row % 100).collect(),
            },
            numbers((0..COUNT).map(spread).collect(), 0),
            numbers((0..COUNT).map(|row| row as i64 * 53 - 5_000).collect(), 0),
            Pieces::Own { bytes: own.concat().into_bytes(), ends: ends.collect() },
            numbers((0..COUNT).map(spread).collect(), 2),
        ];
        let (mut lines, mut expected) = (Lines::with_room(0), Lines::with_room(0));
        csv_lines(&columns, COUNT, &mut lines);
        for row in 0..COUNT {
            for (column, pieces) in columns.iter().enumerate() {
                pieces.write(row, &mut expected);
                expected.byte(if column == 5 { b'\n' } else { b',' });
            }
        }
        assert_eq!(String::from_utf8(lines.finish()), String::from_utf8(expected.finish()));
    }

    #[test]
    fn cells_are_quoted_as_by_the_csv_library() {
        for text in ["", "a", "a,b", "a\"b", "a\nb", "a\rb", " a ", "'", ";", "é", "#a", "\\"] {
            let mut bytes = b"x,".to_vec();
            csv_cell(&mut bytes, text);
            bytes.push(b'\n');
            let cells = ["x".to_owned(), text.to_owned()];
            assert_eq!(bytes, super::super::result_file::csv_line(&cells).unwrap(), "{text:?}");
        }
    }
}
