//! What columns write into the lines of rows: pieces that many rows share are made once, and copied sixteen bytes at a time
//! where they are no longer than that. Lines of comma-separated values are put together from blocks of such pieces, which each
//! column fills by itself (`Block`).

use std::borrow::Cow;
use std::ops::Range;

use super::numbers::{Decimals, NUMBER, OPEN, Others, decimal, short_decimal};
use super::words::{LONG, SHORT, Word, is_special};

/// What a column writes into the line of each row: the separator before it is not part of it.
pub(super) enum Pieces<'b> {
    /// Each distinct one, and for each row which it is.
    Shared { distinct: Vec<Piece>, of: Cow<'b, [u32]> },
    /// One after the other, and where each ends.
    Own { bytes: Vec<u8>, ends: Vec<usize> },
    /// Keys, as they stand.
    Keys(Vec<&'b str>),
    /// Numbers that are written as they come, and what stands for the states of rows that have none; for each row, which.
    Numbers {
        before: Vec<u8>,
        after: &'static [u8],
        values: &'b [i64],
        scale: u8,
        states: Vec<Piece>,
        of: Vec<u8>,
    },
}

/// Some bytes of a line.
pub(super) enum Piece {
    /// At most sixteen, and how many.
    Short([u8; SHORT], usize),
    Long(Vec<u8>),
}

impl Piece {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Short(bytes, length) => bytes.get(..*length).unwrap_or_default(),
            Self::Long(bytes) => bytes,
        }
    }
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
    /// In memory that was there before, or else with room for so many bytes.
    pub(super) fn within(mut bytes: Vec<u8>, room: usize) -> Self {
        if bytes.len() < room {
            bytes.resize(room, 0);
        }
        Self { bytes, end: 0 }
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

    /// The lines so far.
    pub(super) fn written(&self) -> &[u8] {
        self.bytes.get(..self.end).unwrap_or_default()
    }

    /// The memory that they were in.
    pub(super) fn into_memory(self) -> Vec<u8> {
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
            Self::Keys(keys) => {
                let key = keys.get(row).copied().unwrap_or_default();
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
/// Columns of a block over which a long piece that rows share is spread.
const PARTS: usize = 4;

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
    let parts = pieces.iter().enumerate().flat_map(|(column, pieces)| {
        let parts = 0..pieces.parts();
        parts.map(move |part| pieces.filling(part, separator(column), rows))
    });
    let parts: Vec<Filling<'_>> = parts.collect();
    let mut block = Block { columns: vec![blank; parts.len()], is_long: [false; ROWS] };
    for first in (0..rows).step_by(ROWS) {
        let these = first..rows.min(first + ROWS);
        block.is_long = [false; ROWS];
        for (part, cells) in parts.iter().zip(&mut block.columns) {
            if part.fill(these.clone(), cells) {
                let long = block.is_long.iter_mut().zip(&cells.lengths);
                long.for_each(|(is_long, length)| *is_long |= *length == LONG);
            }
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

impl Cells {
    /// Puts words into it; whether some is none.
    fn put(&mut self, words: impl Iterator<Item = Word>) -> bool {
        let mut is_long = false;
        for ((bytes, length), word) in self.bytes.iter_mut().zip(&mut self.lengths).zip(words) {
            *bytes = word.bytes.to_le_bytes();
            *length = word.length;
            is_long |= word.length == LONG;
        }
        is_long
    }
}

/// What fills a column of a block.
enum Filling<'p> {
    /// A word for each distinct piece, and for each row which it is.
    Words {
        words: Vec<Word>,
        of: &'p [u32],
    },
    /// The same where there are more pieces than rows: only of those that are asked for there is a word.
    Shared {
        distinct: &'p [Piece],
        of: &'p [u32],
        part: usize,
        separator: u8,
    },
    Own {
        bytes: &'p [u8],
        ends: &'p [usize],
        separator: u8,
    },
    Keys {
        keys: &'p [&'p str],
        separator: u8,
    },
    Numbers {
        values: &'p [i64],
        of: &'p [u8],
        others: Box<Others>,
        decimals: Decimals,
    },
    /// Pieces that are all written by themselves.
    Long,
}

impl Pieces<'_> {
    /// In how many columns of a block they have room.
    fn parts(&self) -> usize {
        match self {
            Self::Shared { distinct, .. } => {
                let longest = distinct.iter().map(|piece| piece.bytes().len()).max().unwrap_or(0);
                (longest + 1).div_ceil(SHORT).min(PARTS)
            }
            _ => 1,
        }
    }

    /// What fills a column of blocks of so many rows with a part of the pieces.
    fn filling(&self, part: usize, separator: u8, rows: usize) -> Filling<'_> {
        match self {
            Self::Shared { distinct, of } if distinct.len() <= rows => {
                let words = distinct.iter().map(|piece| piece.word(part, separator));
                Filling::Words { words: words.collect(), of }
            }
            Self::Shared { distinct, of } => Filling::Shared { distinct, of, part, separator },
            Self::Numbers { before, after, values, scale, states, of } => {
                if !before.is_empty() || !after.is_empty() || states.len() > OPEN {
                    return Filling::Long;
                }
                let mut words = [Word::of(b"", separator); OPEN];
                let open = states.iter().map(|piece| Word::of(piece.bytes(), separator));
                words.iter_mut().zip(open).for_each(|(place, word)| *place = word);
                let decimals = Decimals::new(*scale, separator);
                Filling::Numbers { values, of, others: Box::new(Others::of(words)), decimals }
            }
            Self::Keys(keys) => Filling::Keys { keys, separator },
            Self::Own { bytes, ends } => Filling::Own { bytes, ends, separator },
        }
    }
}

impl Piece {
    /// A part of it as a word; of one that is too long for the parts there is none.
    fn word(&self, part: usize, separator: u8) -> Word {
        let bytes = self.bytes();
        if bytes.len() < SHORT * PARTS { Word::of_part(bytes, part, separator) } else { Word::NONE }
    }
}

impl Filling<'_> {
    /// Fills a column of a block of some rows; whether some piece may have to be written by itself.
    fn fill(&self, rows: Range<usize>, cells: &mut Cells) -> bool {
        match self {
            Self::Words { words, of } => {
                let of = of.get(rows).unwrap_or_default();
                cells.put(of.iter().map(|at| words.get(*at as usize).copied().unwrap_or(Word::NONE)))
            }
            Self::Shared { distinct, of, part, separator } => {
                let of = of.get(rows).unwrap_or_default();
                let piece = |at: &u32| distinct.get(*at as usize);
                cells.put(of.iter().map(|at| piece(at).map_or(Word::NONE, |it| it.word(*part, *separator))))
            }
            Self::Numbers { values, of, others, decimals } => {
                let (values, of) = (values.get(rows.clone()), of.get(rows));
                let cells = (&mut cells.bytes[..], &mut cells.lengths[..]);
                super::numbers::put(
                    cells,
                    values.unwrap_or_default(),
                    of.unwrap_or_default(),
                    others,
                    *decimals,
                )
            }
            Self::Keys { keys, separator } => {
                let keys = keys.get(rows).unwrap_or_default();
                cells.put(keys.iter().map(|key| {
                    if is_special(key) { Word::NONE } else { Word::of(key.as_bytes(), *separator) }
                }))
            }
            Self::Own { bytes, ends, separator } => cells.put(rows.map(|row| {
                let start = row.checked_sub(1).map_or(Some(0), |before| ends.get(before).copied());
                let piece = start.zip(ends.get(row).copied());
                let piece = piece.and_then(|(start, end)| bytes.get(start..end)).unwrap_or_default();
                Word::of(piece, *separator)
            })),
            Self::Long => cells.put(rows.map(|_| Word::NONE)),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_length_stand_one_after_the_other() {
        let texts = ["", "a", "0123456789abcdef", "0123456789abcdefg", &"x".repeat(100)];
        let distinct = texts.iter().map(|text| Piece::from(text.as_bytes().to_vec())).collect();
        let pieces = Pieces::Shared { distinct, of: Cow::Borrowed(&[4, 0, 1, 2, 3, 4, 4, 1]) };
        let mut lines = Lines::within(Vec::new(), 0);
        for row in 0..8 {
            pieces.write(row, &mut lines);
            lines.byte(b',');
        }
        let expected: String = [4, 0, 1, 2, 3, 4, 4, 1].map(|at| format!("{},", texts[at])).concat();
        assert_eq!(std::str::from_utf8(lines.written()).unwrap(), expected);
    }

    #[test]
    fn lines_are_the_pieces_of_their_columns() {
        const COUNT: usize = 3 * ROWS + 5;
        let long = [31, 32, 63, 64, 100].map(|length| "0123456789".repeat(10).split_at(length).0.to_owned());
        let texts = [
            "",
            "a",
            "0123456789abcde",
            "0123456789abcdef",
            &long[0],
            &long[1],
            &long[2],
            &long[3],
            &long[4],
        ];
        let texts = &texts;
        let piece = |text: &&str| Piece::from(text.as_bytes().to_vec());
        fn spread(row: usize) -> i64 {
            (row as i64 - 90) * 9_973_i64.pow((row % 5) as u32)
        }
        let large: Vec<i64> = (0..COUNT).map(spread).collect();
        let small: Vec<i64> = (0..COUNT).map(|row| row as i64 * 53 - 5_000).collect();
        let numbers = |values, scale| Pieces::Numbers {
            before: Vec::new(),
            after: b"",
            of: (0..COUNT).map(|row| if row % 7 == 3 { (row % 4) as u8 } else { NUMBER }).collect(),
            values,
            scale,
            states: ["error", "unknown", "", "not applicable to this"].iter().map(piece).collect(),
        };
        let many: Vec<String> = (0..2 * COUNT).map(|at| format!("{at}")).collect();
        let own: Vec<&str> = (0..COUNT).map(|row| texts[row % 9]).collect();
        let ends = own.iter().scan(0, |end, text| {
            *end += text.len();
            Some(*end)
        });
        let columns = [
            Pieces::Shared {
                distinct: texts.iter().map(piece).collect(),
                of: (0..COUNT as u32).map(|row| row % 9).collect(),
            },
            Pieces::Shared {
                distinct: texts.iter().take(7).map(piece).collect(),
                of: (0..COUNT as u32).map(|row| row % 7).collect(),
            },
            Pieces::Shared {
                distinct: many.iter().map(|text| Piece::from(text.as_bytes().to_vec())).collect(),
                of: (0..COUNT as u32).map(|row| row * 7 % 300).collect(),
            },
            numbers(&large, 0),
            numbers(&small, 0),
            Pieces::Own { bytes: own.concat().into_bytes(), ends: ends.collect() },
            Pieces::Keys(own.clone()),
            numbers(&small, 2),
            numbers(&large, 2),
        ];
        let (mut lines, mut expected) = (Lines::within(Vec::new(), 0), Lines::within(Vec::new(), 0));
        csv_lines(&columns, COUNT, &mut lines);
        for row in 0..COUNT {
            for (column, pieces) in columns.iter().enumerate() {
                pieces.write(row, &mut expected);
                expected.byte(if column + 1 == columns.len() { b'\n' } else { b',' });
            }
        }
        assert_eq!(std::str::from_utf8(lines.written()), std::str::from_utf8(expected.written()));
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
