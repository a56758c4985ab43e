//! What columns write into the lines of rows: pieces that many rows share are made once, and copied sixteen bytes at a time
//! where they are no longer than that.

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
    Some((word.to_le_bytes(), usize::try_from(length).ok()?))
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
