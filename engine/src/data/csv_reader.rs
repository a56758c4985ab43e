//! Comma-separated and tab-separated files, one for each record.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use csv::ByteRecord;

use super::columns::{Columns, FieldColumns, absent_cell};
use super::convert::Problem;
use super::{Cell, DataError, DataSet, Dataset, Origin, ReadError, Severity};
use crate::plan::{Record, Symbols};
use crate::value::{RecordId, Value};

/// Reads the rows of a record from a file.
pub(super) fn read_file(
    symbols: &Symbols,
    set: &DataSet,
    id: RecordId,
    path: &Path,
    shown: &str,
    dataset: &mut Dataset,
) -> Result<(), ReadError> {
    let unreadable =
        |error: std::io::Error| ReadError::new(format!("it cannot be read: {error}")).file(shown);
    let file = File::open(path).map_err(unreadable)?;
    let tabs = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tsv"));
    read(symbols, set, id, BufReader::with_capacity(1 << 16, file), tabs, shown, dataset)
}

/// Watches the bytes that pass: counts quotes, to notice one that is never closed, and knows the newest bytes.
struct Watched<R> {
    inner: R,
    quotes: u64,
    /// The last byte that ends no line.
    last: u8,
    total: u64,
    newest: Vec<u8>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.inner.read(buffer)?;
        let read = buffer.get(..length).unwrap_or(&[]);
        self.quotes += read.iter().filter(|byte| **byte == b'"').count() as u64;
        if let Some(last) = read.iter().rev().find(|byte| !matches!(byte, b'\r' | b'\n')) {
            self.last = *last;
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
/// end that it skips, so it is counted back from the end of the row.
fn first_line<R: Read>(reader: &csv::Reader<Watched<R>>, row: &ByteRecord) -> u64 {
    let end = reader.position();
    let inside = row.iter().flatten().filter(|byte| **byte == b'\n').count() as u64;
    let terminator = u64::from(reader.get_ref().line_ends_before(end.byte()));
    end.line().saturating_sub(inside + terminator)
}

pub(super) fn read<R: BufRead>(
    symbols: &Symbols,
    set: &DataSet,
    id: RecordId,
    mut input: R,
    tabs: bool,
    shown: &str,
    dataset: &mut Dataset,
) -> Result<(), ReadError> {
    let Some(record) = symbols.record(id) else { return Ok(()) };
    let start = input
        .fill_buf()
        .map_err(|error| ReadError::new(format!("it cannot be read: {error}")).file(shown))?;
    if start.starts_with(&[0xFF, 0xFE]) || start.starts_with(&[0xFE, 0xFF]) {
        return Err(ReadError::new("the file is in UTF-16").file(shown).help("save it as CSV in UTF-8"));
    }
    if start.starts_with(&[0xEF, 0xBB, 0xBF]) {
        input.consume(3);
    }
    let mapping = set.records.get(&record.name);
    let delimiter = mapping.and_then(|mapping| mapping.writing.delimiter).or(set.writing.delimiter);
    let delimiter = delimiter.unwrap_or(if tabs { b'\t' } else { b',' });
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(Watched { inner: input, quotes: 0, last: 0, total: 0, newest: Vec::new() });

    let mut row = ByteRecord::new();
    let broken = |error: csv::Error| ReadError::new(format!("it cannot be read: {error}")).file(shown);
    if !reader.read_byte_record(&mut row).map_err(broken)? {
        return Err(ReadError::new("the file is empty, without even a header").file(shown).help(
            "its first line names the columns; a file with a header and no rows says that there are none",
        ));
    }
    let header = header(&row, delimiter, shown)?;
    let columns = Columns::find(symbols, record, set, &header)
        .map_err(|error| ReadError { file: Some(shown.to_owned()), ..error })?;

    let file = u32::try_from(dataset.files.len()).unwrap_or(u32::MAX);
    dataset.files.push(shown.to_owned());
    let names: Vec<Arc<str>> = header.iter().map(|name| Arc::from(name.as_str())).collect();
    let mut rows = Rows {
        id,
        record,
        columns: &columns,
        names: &names,
        absent: mapping
            .map_or(&[][..], |mapping| &mapping.writing.absent)
            .iter()
            .chain(&set.writing.absent)
            .collect(),
        file,
        said: HashSet::new(),
        reported: HashSet::new(),
        errors: Vec::new(),
    };
    for finding in &columns.findings {
        rows.errors.push(DataError {
            code: finding.code,
            severity: finding.severity,
            record: Some(id),
            row: None,
            field: finding.field,
            file: Some(file),
            line: Some(1),
            column: None,
            message: finding.message.clone(),
        });
    }
    let mut blank = 0_u64;
    let mut last_start = 0;
    let mut last_open = false;
    while reader.read_byte_record(&mut row).map_err(broken)? {
        let line = first_line(&reader, &row);
        last_start = line;
        last_open = row.iter().next_back().is_some_and(|cell| cell.contains(&b'\n'));
        if row.iter().all(|cell| cell.trim_ascii().is_empty()) {
            blank += 1;
            continue;
        }
        let Some(table) = dataset.supply(symbols, id) else { break };
        let at = table.len();
        let cells = rows.cells(&row, line, at);
        table.push(cells, Origin { file, line });
    }
    if last_open && reader.get_ref().quotes % 2 == 1 && reader.get_ref().last != b'"' {
        return Err(ReadError::new(
            "a quote opened in this row is never closed, so that the rest of the file is one cell",
        )
        .file(shown)
        .line(last_start)
        .help("close the quote, or double it if it belongs to the text"));
    }
    if blank > 0 {
        rows.errors.push(DataError {
            code: "blank-rows",
            severity: Severity::Information,
            record: Some(id),
            row: None,
            field: None,
            file: Some(file),
            line: None,
            column: None,
            message: format!("{blank} {} without any value", if blank == 1 { "row" } else { "rows" }),
        });
    }
    dataset.errors.append(&mut rows.errors);
    // A file without rows says that there are none.
    let _ = dataset.supply(symbols, id);
    Ok(())
}

fn header(row: &ByteRecord, delimiter: u8, shown: &str) -> Result<Vec<String>, ReadError> {
    let mut names = Vec::new();
    for cell in row {
        let Ok(name) = std::str::from_utf8(cell) else {
            return Err(ReadError::new("the header is not UTF-8 text")
                .file(shown)
                .line(1)
                .help("save the file as CSV in UTF-8"));
        };
        names.push(name.trim().to_owned());
    }
    if let [only] = names.as_slice() {
        let others = [(',', ","), (';', ";"), ('\t', "tab"), ('|', "|")];
        let seems = others.iter().find(|(other, _)| *other != char::from(delimiter) && only.contains(*other));
        if let Some((_, name)) = seems {
            let help = format!("add `delimiter = \"{name}\"` to the manifest");
            return Err(ReadError::new("the header is one column with other delimiters in it")
                .file(shown)
                .line(1)
                .help(help));
        }
    }
    Ok(names)
}

struct Rows<'a> {
    id: RecordId,
    record: &'a Record,
    columns: &'a Columns,
    names: &'a [Arc<str>],
    absent: Vec<&'a String>,
    file: u32,
    /// Columns about which nothing more is said.
    said: HashSet<(usize, &'static str)>,
    /// Columns of this row that have been reported; several fields may read one.
    reported: HashSet<usize>,
    errors: Vec<DataError>,
}

enum Found {
    Value(Value),
    Empty,
    Bad,
}

impl Rows<'_> {
    fn cells(&mut self, row: &ByteRecord, line: u64, at: u32) -> Vec<Cell> {
        self.reported.clear();
        let columns = self.columns;
        let extra_is_blank = row.iter().skip(self.names.len()).all(|cell| cell.trim_ascii().is_empty());
        if row.len() < self.names.len() || !extra_is_blank {
            self.wrong_count(row, line, at);
            return columns
                .fields
                .iter()
                .map(|field| match field {
                    FieldColumns::Fixed(cell) => cell.clone(),
                    _ => Cell::Unreadable,
                })
                .collect();
        }
        let fields = columns.fields.iter().zip(&self.record.fields).zip(0_u32..);
        let mut cells = Vec::with_capacity(columns.fields.len());
        for ((source, field), position) in fields {
            cells.push(match source {
                FieldColumns::Fixed(cell) => cell.clone(),
                FieldColumns::Value { column, converter } => {
                    match self.value(row, *column, |text| converter.read(text), (line, at, position)) {
                        Found::Value(value) => Cell::Known(value),
                        Found::Bad => Cell::Unreadable,
                        Found::Empty => self.empty(field, Some(*column), (line, at, position)),
                    }
                }
                FieldColumns::Reference { shape, leaves } => {
                    let (mut values, mut empty, mut bad) =
                        (Vec::with_capacity(leaves.len()), Vec::new(), false);
                    for leaf in leaves {
                        let found = self.value(
                            row,
                            leaf.column,
                            |text| leaf.converter.read(text),
                            (line, at, position),
                        );
                        match found {
                            Found::Value(value) => values.push(value),
                            Found::Bad => bad = true,
                            Found::Empty => empty.push(leaf),
                        }
                    }
                    let own = leaves.iter().filter(|leaf| !leaf.shared).count();
                    let own_empty = empty.iter().filter(|leaf| !leaf.shared).count();
                    if bad {
                        Cell::Unreadable
                    } else if empty.is_empty() {
                        shape
                            .reference(&values)
                            .map_or(Cell::Unreadable, |found| Cell::Known(Value::Reference(found)))
                    } else if empty.len() == leaves.len() || (own > 0 && own_empty == own) {
                        self.empty(field, empty.first().map(|leaf| leaf.column), (line, at, position))
                    } else {
                        for leaf in empty {
                            let message =
                                format!("the cell is empty, and the key of `{}` needs it", field.name);
                            let problem = Problem { code: "incomplete-key", message, of_column: false };
                            self.report(Some(leaf.column), problem, (line, at, position));
                        }
                        Cell::Unreadable
                    }
                }
            });
        }
        cells
    }

    fn value(
        &mut self,
        row: &ByteRecord,
        column: usize,
        read: impl Fn(&str) -> Result<Value, Problem>,
        place: (u64, u32, u32),
    ) -> Found {
        let bytes = row.get(column).unwrap_or_default();
        let Ok(text) = std::str::from_utf8(bytes) else {
            let message = "the cell is not UTF-8 text; save the file as CSV in UTF-8".to_owned();
            self.report(Some(column), Problem { code: "not-utf-8", message, of_column: false }, place);
            return Found::Bad;
        };
        let text = text.trim();
        if text.is_empty() || self.absent.iter().any(|absent| absent.as_str() == text) {
            return Found::Empty;
        }
        match read(text) {
            Ok(value) => Found::Value(value),
            Err(problem) => {
                self.report(Some(column), problem, place);
                Found::Bad
            }
        }
    }

    fn empty(&mut self, field: &crate::plan::Field, column: Option<usize>, place: (u64, u32, u32)) -> Cell {
        let (cell, error) = absent_cell(field);
        if error {
            let message = format!("the cell is empty, and `{}` must have a value", field.name);
            self.report(column, Problem { code: "missing-value", message, of_column: false }, place);
        }
        cell
    }

    fn report(&mut self, column: Option<usize>, problem: Problem, (line, row, field): (u64, u32, u32)) {
        if let Some(column) = column
            && ((problem.of_column && !self.said.insert((column, problem.code)))
                || !self.reported.insert(column))
        {
            return;
        }
        self.errors.push(DataError {
            code: problem.code,
            severity: Severity::Error,
            record: Some(self.id),
            row: Some(row),
            field: Some(field),
            file: Some(self.file),
            line: Some(line),
            column: column.and_then(|column| self.names.get(column)).cloned(),
            message: problem.message,
        });
    }

    fn wrong_count(&mut self, row: &ByteRecord, line: u64, at: u32) {
        let newlines = row.iter().flatten().filter(|byte| **byte == b'\n').count() as u64;
        let spans = if newlines > 0 {
            format!("; it goes on to line {}, so look for a quote that is not closed", line + newlines)
        } else if row.len() > self.names.len() {
            "; put a cell that contains the delimiter in quotes".to_owned()
        } else {
            String::new()
        };
        self.errors.push(DataError {
            code: "wrong-cell-count",
            severity: Severity::Error,
            record: Some(self.id),
            row: Some(at),
            field: None,
            file: Some(self.file),
            line: Some(line),
            column: None,
            message: format!(
                "the row has {} {} and the header {}, so that none of them can be trusted{spans}",
                row.len(),
                if row.len() == 1 { "cell" } else { "cells" },
                self.names.len()
            ),
        });
    }
}
