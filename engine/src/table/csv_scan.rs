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
use super::block::{Block, Blocks};
use super::chunks::{Piece, Pieces, Turns, Watch};
use super::decode::{Building, Decoder, Outcome, Reading, Replay, Size, TextRow};
use super::marks::{END, LONGEST, Odd, mark, mark_even};
use super::quick::ROWS;
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
    /// Whether the digest of the file is taken.
    pub(crate) digested: bool,
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
    let pieces = Pieces::open(file, layout.start, layout.piece, layout.digested)?;
    let turns = Turns::new(Count::default());
    let failed: Mutex<Vec<(usize, ReadError)>> = Mutex::default();
    let work = || {
        let mut watch = Watch { turns: &turns, done: false };
        let decoder = Decoder::new(reading);
        let mut worker = Worker {
            reading,
            layout,
            shown: &file.shown,
            blocks: Blocks::new(&decoder),
            decoder,
            marks: Vec::new(),
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
    let digest = pieces.digest();
    Ok(Scanned { rows: count.rows, blank: count.blank, errors, digest, ..Scanned::default() })
}

struct Worker<'a> {
    reading: &'a Reading<'a>,
    layout: &'a Layout,
    shown: &'a str,
    decoder: Decoder<'a>,
    blocks: Blocks,
    /// Where the cells of a piece end; kept for its memory.
    marks: Vec<u32>,
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
        let mut found = self.read(&piece.bytes, piece.line, piece.lines)?;
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
                found = self.read(&piece.bytes, line, memchr_iter(b'\n', &piece.bytes).count())?;
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

    fn read(&mut self, bytes: &[u8], line: u64, lines: usize) -> Result<Found, ReadError> {
        if u32::try_from(bytes.len()).is_err() {
            return Err(ReadError::new("a line is longer than 4 GB").file(self.shown).line(line));
        }
        let odd = Odd::of(bytes);
        let lone = |at: usize| bytes.get(at + 1) != Some(&b'\n');
        if bytes.len() > LONGEST || odd.quotes || (odd.returns && memchr_iter(b'\r', bytes).any(lone)) {
            self.read_quoted(bytes, line)
        } else {
            Ok(self.read_plain(bytes, (line, lines), odd))
        }
    }

    fn found(&self) -> Found {
        let mut building = Building::new(self.reading.symbols, self.reading.wanted);
        building.reserve(&self.size);
        Found { building, blank: 0, open: None }
    }

    fn read_plain(&mut self, bytes: &[u8], (mut line, lines): (u64, usize), odd: Odd) -> Found {
        let mut found = self.found();
        let mut replay = Replay::new(self.reading);
        let width = self.layout.width.max(1);
        let mut marks = std::mem::take(&mut self.marks);
        let even = mark_even(bytes, (self.layout.delimiter, width, lines), &mut marks);
        if even.is_none() {
            marks.clear();
            mark(bytes, self.layout.delimiter, &mut marks);
        }
        let (mut rest, mut start) = (marks.get(..even.unwrap_or(marks.len())).unwrap_or_default(), 0);
        let is_end = |mark: &u32| even.is_none() && mark & END != 0;
        while !rest.is_empty() {
            let next = rest.chunks_exact(width).take(ROWS);
            let rows = if even.is_some() { next.len() } else { next.take_while(|row| is_row(row)).count() };
            let (these, after) = match rest.split_at_checked(rows * width) {
                Some(split) if rows > 0 => split,
                // One row of another width.
                _ => {
                    let end = rest.iter().position(is_end).unwrap_or(rest.len() - 1);
                    rest.split_at(end + 1)
                }
            };
            let block = Block { bytes, marks: these, width, start, returns: odd.returns };
            // No text has bytes of zeros, and words are read more easily without.
            let is_read =
                rows > 0 && !odd.zeros && self.blocks.read(&mut self.decoder, &block, &mut found.building);
            if is_read {
                found.building.end_rows(line, rows);
                line += rows as u64;
            } else {
                let mut left = these;
                while !left.is_empty() {
                    let length = match even {
                        Some(_) => width,
                        None => left.iter().position(is_end).map_or(left.len(), |end| end + 1),
                    };
                    let (row, after) = left.split_at(length.min(left.len()));
                    left = after;
                    self.plain_row(bytes, start, row, line, &mut found, &mut replay);
                    start = row.last().map_or(start, |end| (end & !END) as usize + 1);
                    line += 1;
                }
            }
            start = these.last().map_or(start, |end| (end & !END) as usize + 1);
            rest = after;
        }
        self.marks = marks;
        self.blocks.end(&mut found.building);
        replay.finish(&mut found.building);
        found
    }

    /// Reads one row from the ends of its cells.
    fn plain_row(
        &mut self,
        bytes: &[u8],
        start: usize,
        ends: &[u32],
        line: u64,
        found: &mut Found,
        replay: &mut Replay<'_>,
    ) {
        let end_of = |at: usize| ends.get(at).map(|end| (end & !END) as usize);
        // An empty line is no row.
        if ends.len() == 1
            && let Some(end) = end_of(0)
            && matches!(bytes.get(start..end), Some(b"" | b"\r"))
        {
            return;
        }
        let cell = |column: usize| {
            let from = column.checked_sub(1).map_or(Some(start), |before| end_of(before).map(|end| end + 1));
            let cell = from.zip(end_of(column)).and_then(|(from, end)| bytes.get(from..end));
            let cell = cell.unwrap_or_default();
            if column + 1 == ends.len() { cell.strip_suffix(b"\r").unwrap_or(cell) } else { cell }
        };
        self.row(&cell, ends.len(), line, found, replay);
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

/// Whether a row ends after so many cells, and not before.
fn is_row(marks: &[u32]) -> bool {
    match marks.split_last() {
        Some((last, before)) => last & END != 0 && before.iter().fold(0, |all, mark| all | mark) & END == 0,
        None => false,
    }
}
