//! CSV files, by several threads.
//!
//! A piece without quotes is split where its delimiters stand; one with quotes, or with a carriage return alone at the end of a
//! line, is split by the row reader's own parser. Whether a piece begins inside quotes, only those before it can tell: it is
//! read as if it did not, and again where that turns out wrong, before anybody sees its rows.

use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};
use std::thread;

use csv::ByteRecord;
use memchr::{memchr, memchr_iter};

use super::batch::Batch;
use super::chunks::{Piece, Pieces, Turns, Watch};
use super::decode::{Building, Decoder, Outcome, Reading, Replay, Size, TextRow};
use super::tables::Scanned;
use crate::data::bytes::DataFile;
use crate::data::csv_reader::{CsvFile, never_closed};
use crate::data::{DataError, ReadError};

/// Where the rows of a file begin, and how they are split.
pub(crate) struct Layout {
    /// Bytes before the first row, and its line.
    pub(crate) start: (u64, u64),
    pub(crate) delimiter: u8,
    pub(crate) width: usize,
    /// Bytes that are read at a time.
    pub(crate) piece: usize,
}

/// What the pieces so far come to.
#[derive(Default)]
struct Count {
    rows: u32,
    blank: u64,
    errors: Vec<(usize, Vec<DataError>)>,
    /// A row that ends in another piece: its bytes so far, and its line.
    open: Option<(Vec<u8>, u64)>,
}

/// Reads the rows of a file.
pub(crate) fn scan(
    reading: &Reading<'_>,
    layout: &Layout,
    file: &DataFile,
    threads: usize,
    each: &(dyn Fn(Batch) + Sync),
) -> Result<Scanned, ReadError> {
    let pieces = Pieces::open(file, layout.start, layout.piece)?;
    let turns = Turns::new(Count::default());
    let failed: Mutex<Vec<(usize, ReadError)>> = Mutex::default();
    let work = || {
        let mut watch = Watch { turns: &turns, done: false };
        let mut worker = Worker {
            reading,
            layout,
            shown: &file.shown,
            decoder: Decoder::new(reading),
            size: Size::default(),
        };
        let mut buffer = Vec::new();
        loop {
            let (number, result) = match pieces.next(std::mem::take(&mut buffer)) {
                Ok(None) => break,
                // What can be read before it may still be wrong, and is then what is told.
                Err(error) => (usize::MAX, Err(error)),
                Ok(Some(mut piece)) => {
                    let result = worker.piece(&mut piece, &turns, each);
                    buffer = piece.bytes;
                    (piece.number, result)
                }
            };
            match result {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    failed.lock().unwrap_or_else(PoisonError::into_inner).push((number, error));
                    pieces.stop();
                    if number < usize::MAX {
                        return;
                    }
                    break;
                }
            }
        }
        watch.done = true;
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let mut failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.sort_by_key(|(number, _)| *number);
    if let Some((_, error)) = failed.into_iter().next() {
        return Err(error);
    }
    let mut count = turns.into_inner();
    if let Some((_, line)) = count.open {
        return Err(never_closed(&file.shown, line));
    }
    count.errors.sort_by_key(|(number, _)| *number);
    let errors = count.errors.into_iter().flat_map(|(_, errors)| errors).collect();
    Ok(Scanned { rows: count.rows, blank: count.blank, errors })
}

struct Worker<'a> {
    reading: &'a Reading<'a>,
    layout: &'a Layout,
    shown: &'a str,
    decoder: Decoder<'a>,
    /// Of the piece before.
    size: Size,
}

/// What a piece holds.
struct Found {
    building: Building,
    blank: u64,
    /// Where in the piece a row begins that does not end in it, and its line.
    open: Option<(usize, u64)>,
}

impl Worker<'_> {
    /// Reads a piece and hands on its rows; `false` once another thread has given up.
    fn piece(
        &mut self,
        piece: &mut Piece,
        turns: &Turns<Count>,
        each: &(dyn Fn(Batch) + Sync),
    ) -> Result<bool, ReadError> {
        let mut found = self.read(&piece.bytes, piece.line)?;
        let file = self.reading.file;
        let turn = turns.take(piece.number, |count| {
            if let Some((mut bytes, line)) = count.open.take() {
                let goes_on = memchr(b'"', &piece.bytes).is_none();
                bytes.append(&mut piece.bytes);
                if goes_on {
                    count.open = Some((bytes, line));
                    return Ok(None);
                }
                piece.bytes = bytes;
                found = self.read(&piece.bytes, line)?;
            }
            if let Some((at, line)) = found.open {
                count.open = Some((piece.bytes.get(at..).unwrap_or(&[]).to_vec(), line));
            }
            let first = count.rows;
            let rows = u32::try_from(found.building.len()).ok().and_then(|rows| first.checked_add(rows));
            count.rows = rows.ok_or_else(|| {
                ReadError::new("it has more than 4294967295 rows").file(self.shown).help("split the file")
            })?;
            count.blank += found.blank;
            Ok(Some((found, first)))
        });
        let Some(turn) = turn else { return Ok(false) };
        let Some((found, first)) = turn? else { return Ok(true) };
        self.size = found.building.size();
        let (batch, errors) = found.building.finish(file, first);
        if !errors.is_empty() {
            turns.add(|count| count.errors.push((piece.number, errors)));
        }
        if !batch.is_empty() {
            each(batch);
        }
        Ok(true)
    }

    fn read(&mut self, bytes: &[u8], line: u64) -> Result<Found, ReadError> {
        let lone = |at: usize| bytes.get(at + 1) != Some(&b'\n');
        if memchr(b'"', bytes).is_some() || memchr_iter(b'\r', bytes).any(lone) {
            self.read_quoted(bytes, line)
        } else {
            Ok(self.read_plain(bytes, line))
        }
    }

    fn found(&self) -> Found {
        let mut building = Building::new(self.reading.symbols, self.reading.wanted);
        building.reserve(&self.size);
        Found { building, blank: 0, open: None }
    }

    fn read_plain(&mut self, bytes: &[u8], mut line: u64) -> Found {
        let mut found = self.found();
        let mut replay = Replay::new(self.reading);
        let mut ends: Vec<usize> = Vec::with_capacity(self.layout.width + 1);
        let mut start = 0;
        let mut row = |worker: &mut Self, start: usize, ends: &[usize], line: u64| {
            // An empty line is no row.
            if let [end] = ends
                && matches!(bytes.get(start..*end), Some(b"" | b"\r"))
            {
                return;
            }
            let cell = |column: usize| {
                let from =
                    column.checked_sub(1).map_or(Some(start), |before| ends.get(before).map(|end| end + 1));
                let cell = from.zip(ends.get(column)).and_then(|(from, end)| bytes.get(from..*end));
                let cell = cell.unwrap_or_default();
                if column + 1 == ends.len() { cell.strip_suffix(b"\r").unwrap_or(cell) } else { cell }
            };
            worker.row(&cell, ends.len(), line, &mut found, &mut replay);
        };
        for at in Marks::new(bytes, self.layout.delimiter) {
            ends.push(at);
            if bytes.get(at) == Some(&b'\n') {
                row(self, start, &ends, line);
                ends.clear();
                start = at + 1;
                line += 1;
            }
        }
        if start < bytes.len() {
            ends.push(bytes.len());
            row(self, start, &ends, line);
        }
        replay.finish(&mut found.building);
        found
    }

    fn read_quoted(&mut self, bytes: &[u8], line: u64) -> Result<Found, ReadError> {
        let mut found = self.found();
        let mut replay = Replay::new(self.reading);
        let mut part = CsvFile::part(bytes, self.layout.delimiter, self.shown);
        let mut row = ByteRecord::new();
        loop {
            let (at, _) = part.position();
            let Some((within, is_open)) = part.next_row(&mut row)? else { break };
            let line = line + within - 1;
            if is_open {
                // The second half of a line end, and empty lines, lie before it.
                let at = usize::try_from(at).unwrap_or(0);
                let before = bytes.get(at..).unwrap_or(&[]).iter();
                let before = before.take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
                found.open = Some((at + before, line));
                break;
            }
            self.row(&|column| row.get(column).unwrap_or_default(), row.len(), line, &mut found, &mut replay);
        }
        replay.finish(&mut found.building);
        Ok(found)
    }

    fn row<'c>(
        &mut self,
        cell: &impl Fn(usize) -> &'c [u8],
        width: usize,
        line: u64,
        found: &mut Found,
        replay: &mut Replay<'_>,
    ) {
        let is_blank = || (0..width).all(|column| cell(column).trim_ascii().is_empty());
        if width == self.layout.width {
            match self.decoder.read(&TextRow { cell, of: PhantomData }, &mut found.building) {
                Outcome::Good => return found.building.end_row(line),
                Outcome::Empty => {
                    if is_blank() {
                        found.building.truncate(found.building.len());
                        found.blank += 1;
                        return;
                    }
                    return found.building.end_row(line);
                }
                Outcome::Bad => {}
            }
        }
        if is_blank() {
            found.blank += 1;
            return;
        }
        replay.row((0..width).map(cell), line, &mut found.building);
    }
}

/// Where delimiters and ends of lines stand, eight bytes at a time.
struct Marks<'a> {
    words: std::slice::Iter<'a, [u8; 8]>,
    tail: &'a [u8],
    delimiter: u8,
    /// The eight bytes at hand: the highest bit of each that is a mark.
    mask: u64,
    /// Where they stand.
    base: usize,
    next: usize,
}

const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;

impl<'a> Marks<'a> {
    fn new(bytes: &'a [u8], delimiter: u8) -> Self {
        let (words, tail) = bytes.as_chunks::<8>();
        Self { words: words.iter(), tail, delimiter, mask: 0, base: 0, next: 0 }
    }

    /// The highest bit of each byte that is one of the two.
    fn marks(&self, word: [u8; 8]) -> u64 {
        let word = u64::from_le_bytes(word);
        let is_zero = |word: u64| !(((word & LOW) + LOW) | word | LOW);
        is_zero(word ^ u64::from_le_bytes([self.delimiter; 8]))
            | is_zero(word ^ u64::from_le_bytes([b'\n'; 8]))
    }
}

impl Iterator for Marks<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        while self.mask == 0 {
            self.base = self.next;
            match self.words.next() {
                Some(word) => {
                    self.next += 8;
                    self.mask = self.marks(*word);
                }
                None => {
                    if self.tail.is_empty() {
                        return None;
                    }
                    // What no file holds stands for the bytes that are not there.
                    let filler = if self.delimiter == 0 { 1 } else { 0 };
                    let mut word = [filler; 8];
                    for (place, byte) in word.iter_mut().zip(self.tail) {
                        *place = *byte;
                    }
                    self.next += self.tail.len();
                    self.tail = &[];
                    self.mask = self.marks(word);
                }
            }
        }
        let at = self.mask.trailing_zeros() / 8;
        self.mask &= self.mask - 1;
        Some(self.base + at as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_all_delimiters_and_ends_of_lines() {
        let mut state = 7_u64;
        let mut bytes = Vec::new();
        for length in 0..200 {
            bytes.clear();
            for _ in 0..length {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                bytes.push(b",\nab\x80\xAC\x8A-\0\x2D"[(state >> 40) as usize % 10]);
            }
            let expected: Vec<usize> = (0..length).filter(|at| matches!(bytes[*at], b',' | b'\n')).collect();
            assert_eq!(Marks::new(&bytes, b',').collect::<Vec<_>>(), expected, "{bytes:?}");
        }
    }
}
