//! CSV and TSV files.

use std::io::{BufRead, Read};

use csv::ByteRecord;

use super::bytes::{BYTE_ORDER_MARK, DataFile, unreadable};
use super::table_rows::{Next, Odd, RowSource, read_rows};
use super::{DataSet, Dataset, ReadError};
use crate::plan::Symbols;
use crate::value::RecordId;

/// Watches the bytes that pass: whether they are inside quotes, to notice one that is never closed, and the newest.
struct Watched<R> {
    inner: R,
    delimiter: u8,
    at: At,
    total: u64,
    newest: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Start,
    Cell,
    Quoted,
    /// After a quote inside quotes: the end, or the first half of a doubled one.
    Quote,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.inner.read(buffer)?;
        let read = buffer.get(..length).unwrap_or(&[]);
        for byte in read {
            self.at = match (self.at, *byte) {
                (At::Quoted, b'"') => At::Quote,
                (At::Quoted, _) | (At::Start | At::Quote, b'"') => At::Quoted,
                (_, b'\r' | b'\n') => At::Start,
                (_, byte) if byte == self.delimiter => At::Start,
                _ => At::Cell,
            };
        }
        if let Some(newest) = self.newest.last().copied() {
            self.newest.clear();
            self.newest.push(newest);
        }
        self.newest.extend_from_slice(read);
        self.total += length as u64;
        Ok(length)
    }
}

impl<R> Watched<R> {
    /// Whether the byte before that place ends a line.
    fn line_ends_before(&self, place: u64) -> bool {
        let from_end = self.total.checked_sub(place).and_then(|distance| usize::try_from(distance).ok());
        from_end.and_then(|distance| self.newest.iter().rev().nth(distance)) == Some(&b'\n')
    }
}

/// The line on which a row begins. The reader's own position is before the blank lines and the second half of a line
/// end that it skips, so it is counted back from the end of the row; one that is still open when the text ends has none.
fn first_line<R: Read>(reader: &csv::Reader<Watched<R>>, row: &ByteRecord, is_open: bool) -> u64 {
    let end = reader.position();
    let inside = row.iter().flatten().filter(|byte| **byte == b'\n').count() as u64;
    let terminator = u64::from(!is_open && reader.get_ref().line_ends_before(end.byte()));
    end.line().saturating_sub(inside + terminator)
}

/// A CSV file after its header.
pub(crate) struct CsvFile<R> {
    reader: csv::Reader<Watched<R>>,
    shown: String,
}

/// Why a text cannot be read; what the system says of its bytes comes first.
fn broken(error: csv::Error, shown: &str) -> ReadError {
    if let csv::ErrorKind::Io(error) = error.kind() {
        return unreadable(error, shown);
    }
    ReadError::new(format!("it cannot be read: {error}")).file(shown)
}

/// Bytes of the beginning by which a text is known.
const BEGINNING: usize = 512;

/// Passes over a byte order mark, and refuses texts in another encoding and what is no text.
pub(crate) fn skip_mark(input: &mut impl BufRead, shown: &str) -> Result<(), ReadError> {
    let start = input.fill_buf().map_err(|error| unreadable(&error, shown))?;
    let start = start.get(..BEGINNING).unwrap_or(start);
    let marked = start.starts_with(&[0xFF, 0xFE]) || start.starts_with(&[0xFE, 0xFF]);
    // Every other byte of plain letters is null.
    let every_other = |first: usize| {
        let mut pairs = start.iter().skip(first).step_by(2);
        start.len() >= 4 && pairs.len() >= 2 && pairs.all(|byte| *byte == 0)
    };
    let nulls = start.iter().filter(|byte| **byte == 0).count();
    if marked || (every_other(0) != every_other(1) && nulls < start.len()) {
        return Err(ReadError::new("the file is in UTF-16").file(shown).help("save it in UTF-8"));
    }
    let is_control = |byte: &&u8| matches!(**byte, 0..=8 | 14..=25 | 27..=31);
    let controls = start.iter().filter(is_control).count();
    if controls > MOST_CONTROLS {
        return Err(ReadError::new("the file is no text: it begins with bytes that no text has")
            .file(shown)
            .help("export it again as text, or remove it if it is something else"));
    }
    if start.starts_with(&BYTE_ORDER_MARK) {
        input.consume(3);
    }
    Ok(())
}

/// A few may be typing mistakes.
const MOST_CONTROLS: usize = 4;

impl<R: Read> CsvFile<R> {
    /// A part of a file, from the beginning of a row on.
    pub(crate) fn part(input: R, delimiter: u8, shown: &str) -> Self {
        let input = Watched { inner: input, delimiter, at: At::Start, total: 0, newest: Vec::new() };
        let mut reader = csv::ReaderBuilder::new();
        let reader = reader.has_headers(false).flexible(true).delimiter(delimiter).from_reader(input);
        Self { reader, shown: shown.to_owned() }
    }

    /// The place after what was read so far: how many bytes, and on which line, from 1.
    pub(crate) fn position(&self) -> (u64, u64) {
        (self.reader.position().byte(), self.reader.position().line())
    }

    /// Puts the next row into `row`: the line on which it begins, and whether it ends where the part ends, inside quotes.
    pub(crate) fn next_row(&mut self, row: &mut ByteRecord) -> Result<Option<(u64, bool)>, ReadError> {
        if !self.reader.read_byte_record(row).map_err(|error| broken(error, &self.shown))? {
            return Ok(None);
        }
        let is_last = self.reader.position().byte() >= self.reader.get_ref().total;
        let is_open = is_last && self.reader.get_ref().at == At::Quoted;
        Ok(Some((first_line(&self.reader, row, is_open), is_open)))
    }
}

/// What to say of a quote that the rest of the file follows.
pub(crate) fn never_closed(shown: &str, line: u64) -> ReadError {
    ReadError::new("a quote opened in this row is never closed, so that the rest of the file is one cell")
        .file(shown)
        .line(line)
        .help("close the quote, or double it if it belongs to the text")
}

impl<R: BufRead> CsvFile<R> {
    /// Reads the header of a file whose delimiter a manifest can say.
    pub(crate) fn open(input: R, delimiter: u8, shown: &str) -> Result<(Self, Vec<String>), ReadError> {
        let help = |name: &str| format!("add `delimiter = \"{name}\"` to the manifest");
        Self::open_with(input, delimiter, shown, help)
    }

    /// Reads the header of a file whose cells have commas between them, whatever a manifest says.
    pub(crate) fn open_commas(input: R, shown: &str) -> Result<(Self, Vec<String>), ReadError> {
        Self::open_with(input, b',', shown, |_| "put commas between the cells".to_owned())
    }

    /// `help`: what to do where another delimiter stands between the cells.
    fn open_with(
        mut input: R,
        delimiter: u8,
        shown: &str,
        help: impl Fn(&str) -> String,
    ) -> Result<(Self, Vec<String>), ReadError> {
        skip_mark(&mut input, shown)?;
        let mut file = Self::part(input, delimiter, shown);
        let mut row = ByteRecord::new();
        if !file.reader.read_byte_record(&mut row).map_err(|error| broken(error, shown))? {
            return Err(ReadError::new("the file is empty, without even a header").file(shown).help(
                "its first line names the columns; a file with a header and no rows says that there are none",
            ));
        }
        let header = header(&row, delimiter, shown, help)?;
        Ok((file, header))
    }
}

impl<R: BufRead> RowSource for CsvFile<R> {
    fn next(&mut self, row: &mut ByteRecord, _odd: &mut Vec<(usize, Odd)>) -> Result<Next, ReadError> {
        match self.next_row(row)? {
            Some((line, true)) => Err(never_closed(&self.shown, line)),
            Some((line, false)) => Ok(Next::Row(line)),
            None => Ok(Next::End),
        }
    }
}

/// What stands between the cells of a file.
pub(crate) fn delimiter(symbols: &Symbols, set: &DataSet, id: RecordId, file: &DataFile) -> u8 {
    let mapping = symbols.record(id).and_then(|record| set.records.get(&record.name));
    let said = mapping.and_then(|mapping| mapping.writing.delimiter).or(set.writing.delimiter);
    said.unwrap_or(if file.ending() == "tsv" { b'\t' } else { b',' })
}

/// Reads the rows of a record from a file.
pub(crate) fn read(
    symbols: &Symbols,
    set: &DataSet,
    id: RecordId,
    input: impl BufRead,
    delimiter: u8,
    shown: &str,
    dataset: &mut Dataset,
) -> Result<(), ReadError> {
    let (mut file, header) = CsvFile::open(input, delimiter, shown)?;
    read_rows(symbols, set, id, &header, &mut file, shown, dataset)
}

fn header(
    row: &ByteRecord,
    delimiter: u8,
    shown: &str,
    help: impl Fn(&str) -> String,
) -> Result<Vec<String>, ReadError> {
    let mut names = Vec::new();
    for cell in row {
        let Ok(name) = std::str::from_utf8(cell) else {
            return Err(ReadError::new("the header is not UTF-8 text")
                .file(shown)
                .line(1)
                .help("save the file in UTF-8"));
        };
        names.push(name.trim().to_owned());
    }
    if let [only] = names.as_slice() {
        let others = [(',', ","), (';', ";"), ('\t', "tab"), ('|', "|")];
        let seems = others.iter().find(|(other, _)| *other != char::from(delimiter) && only.contains(*other));
        if let Some((_, name)) = seems {
            return Err(ReadError::new("the header is one column with other delimiters in it")
                .file(shown)
                .line(1)
                .help(help(name)));
        }
    }
    Ok(names)
}
