//! Rows of cells under names, whatever they are written in: each becomes a row of its record.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use csv::ByteRecord;

use super::columns::{Columns, FieldColumns, absent_cell};
use super::convert::{Converter, Problem, quoted};
use super::{Cell, DataError, DataSet, Dataset, Origin, ReadError, Severity};
use crate::plan::{Record, Symbols};
use crate::value::{RecordId, Value};

/// What comes next in a file.
pub(crate) enum Next {
    /// A row, and the line on which it begins.
    Row(u64),
    /// A row of which nothing can be read.
    Broken { line: u64, code: &'static str, message: String },
    /// The end.
    End,
}

/// What is said of a flag in the place of a text.
pub(crate) const FLAG_FOR_TEXT: &str =
    "is yes or no, and a text is expected; export what the field is, or name the right column";

/// Why a cell has no text that stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Odd {
    pub(crate) code: &'static str,
    /// What stands there, where it can be shown.
    pub(crate) found: Option<String>,
    /// What is to be said of it.
    pub(crate) what: Cow<'static, str>,
    /// It only matters where a text is expected.
    pub(crate) of_text: bool,
}

impl Odd {
    /// It holds that, and one value is expected.
    pub(crate) fn several(what: &str) -> Self {
        let what = format!("it holds {what}, and one value is expected");
        Self::told("not-one-value", what)
    }

    /// It cannot be read, for that reason.
    pub(crate) fn told(code: &'static str, what: impl Into<Cow<'static, str>>) -> Self {
        Self { code, found: None, what: what.into(), of_text: false }
    }

    /// It holds `true` or `false`, which is no text.
    pub(crate) fn flag(found: &str) -> Self {
        Self { code: "bad-text", found: Some(found.to_owned()), what: FLAG_FOR_TEXT.into(), of_text: true }
    }

    pub(crate) fn problem(&self, private: bool) -> Problem {
        let message = match &self.found {
            Some(_) if private => format!("the value {}", self.what),
            Some(found) => format!("{} {}", quoted(found), self.what),
            None => self.what.to_string(),
        };
        Problem { code: self.code, message, of_column: false }
    }
}

/// The rows of a file, in its order.
pub(crate) trait RowSource {
    /// Puts the next row into `row`, one cell for each name of the header, and into `odd` the positions of those that
    /// have no text, and why.
    fn next(&mut self, row: &mut ByteRecord, odd: &mut Vec<(usize, Odd)>) -> Result<Next, ReadError>;

    /// Whether its rows are lines, of which the first is the header and an empty one stands for nothing.
    fn has_lines(&self) -> bool {
        true
    }

    /// The line that names its columns.
    fn header_line(&self) -> Option<u64> {
        self.has_lines().then_some(1)
    }
}

/// Reads the rows of a record.
pub(crate) fn read_rows(
    symbols: &Symbols,
    set: &DataSet,
    id: RecordId,
    header: &[String],
    source: &mut dyn RowSource,
    shown: &str,
    dataset: &mut Dataset,
) -> Result<(), ReadError> {
    let Some(record) = symbols.record(id) else { return Ok(()) };
    let columns = Columns::find(symbols, record, set, header, &[])
        .map_err(|error| ReadError { file: Some(shown.to_owned()), ..error })?;
    read_columns(symbols, set, id, header, &columns, source, shown, dataset)
}

/// Reads the rows of a record, whose columns are found.
#[expect(clippy::too_many_arguments, reason = "what a file is read with")]
pub(crate) fn read_columns(
    symbols: &Symbols,
    set: &DataSet,
    id: RecordId,
    header: &[String],
    columns: &Columns,
    source: &mut dyn RowSource,
    shown: &str,
    dataset: &mut Dataset,
) -> Result<(), ReadError> {
    let Some(record) = symbols.record(id) else { return Ok(()) };

    let file = u32::try_from(dataset.files.len()).unwrap_or(u32::MAX);
    dataset.files.push(shown.to_owned());
    let names = shared_names(header);
    let mut rows = Rows::new(id, record, columns, &names, set, file);
    let about_file = |code, severity, field, line, message| DataError {
        code,
        severity,
        record: Some(id),
        row: None,
        field,
        file: Some(file),
        line,
        column: None,
        message,
    };
    for finding in &columns.findings {
        let message = finding.message.clone();
        let line = source.header_line();
        rows.errors.push(about_file(finding.code, finding.severity, finding.field, line, message));
    }
    let mut blank = 0_u64;
    let mut row = ByteRecord::new();
    loop {
        rows.odd.clear();
        match source.next(&mut row, &mut rows.odd)? {
            Next::End => break,
            Next::Broken { line, code, message } => {
                let Some(table) = dataset.supply(symbols, id) else { break };
                let at = table.len();
                table.push(rows.untrusted(), Origin { file, line });
                rows.errors.push(DataError {
                    row: Some(at),
                    ..about_file(code, Severity::Error, None, Some(line), message)
                });
            }
            Next::Row(line) => {
                let empty = rows.odd.is_empty() && row.iter().all(|cell| cell.trim_ascii().is_empty());
                if empty && source.has_lines() {
                    blank += 1;
                    continue;
                }
                let Some(table) = dataset.supply(symbols, id) else { break };
                let at = table.len();
                let cells = rows.cells(&row, line, at);
                table.push(cells, Origin { file, line });
            }
        }
    }
    if blank > 0 {
        rows.errors.push(about_file("blank-rows", Severity::Information, None, None, without_value(blank)));
    }
    dataset.errors.append(&mut rows.errors);
    // A file without rows says that there are none.
    let _ = dataset.supply(symbols, id);
    Ok(())
}

/// Cells that are as good as empty.
pub(crate) fn absent_texts<'a>(set: &'a DataSet, record: &Record) -> Vec<&'a String> {
    let mapping = set.records.get(&record.name);
    let of_record = mapping.map_or(&[][..], |mapping| &mapping.writing.absent);
    of_record.iter().chain(&set.writing.absent).collect()
}

/// The names of columns, as errors hold them.
pub(crate) fn shared_names(header: &[String]) -> Vec<Arc<str>> {
    header.iter().map(|name| Arc::from(name.as_str())).collect()
}

/// What is said of rows that hold nothing.
pub(crate) fn without_value(blank: u64) -> String {
    format!("{blank} {} without any value", if blank == 1 { "row" } else { "rows" })
}

/// What reads the rows of one file, one after the other.
pub(crate) struct Rows<'a> {
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
    /// Columns of this row that have no text.
    pub(crate) odd: Vec<(usize, Odd)>,
    /// What was wrong so far.
    pub(crate) errors: Vec<DataError>,
}

enum Found {
    Value(Value),
    Empty,
    Bad,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(
        id: RecordId,
        record: &'a Record,
        columns: &'a Columns,
        names: &'a [Arc<str>],
        set: &'a DataSet,
        file: u32,
    ) -> Self {
        Self {
            id,
            record,
            columns,
            names,
            absent: absent_texts(set, record),
            file,
            said: HashSet::new(),
            reported: HashSet::new(),
            odd: Vec::new(),
            errors: Vec::new(),
        }
    }
}

impl Rows<'_> {
    /// The cells of a row of which nothing can be read.
    fn untrusted(&self) -> Vec<Cell> {
        let cell = |field: &FieldColumns| match field {
            FieldColumns::Fixed(cell) => cell.clone(),
            _ => Cell::Unreadable,
        };
        self.columns.fields.iter().map(cell).collect()
    }

    /// The cells of a row, one for each field; what is wrong with them goes to the errors.
    pub(crate) fn cells(&mut self, row: &ByteRecord, line: u64, at: u32) -> Vec<Cell> {
        self.reported.clear();
        let columns = self.columns;
        let extra_is_blank = row.iter().skip(self.names.len()).all(|cell| cell.trim_ascii().is_empty());
        if row.len() < self.names.len() || !extra_is_blank {
            self.wrong_count(row, line, at);
            return self.untrusted();
        }
        let fields = columns.fields.iter().zip(&self.record.fields).zip(0_u32..);
        let mut cells = Vec::with_capacity(columns.fields.len());
        for ((source, field), position) in fields {
            cells.push(match source {
                FieldColumns::Fixed(cell) => cell.clone(),
                FieldColumns::Value { column, converter } => {
                    match self.value(row, *column, converter, (line, at, position)) {
                        Found::Value(value) => Cell::Known(value),
                        Found::Bad => Cell::Unreadable,
                        Found::Empty => self.empty(field, Some(*column), (line, at, position)),
                    }
                }
                FieldColumns::Reference { shape, leaves } => {
                    let (mut values, mut empty, mut bad) =
                        (Vec::with_capacity(leaves.len()), Vec::new(), false);
                    for leaf in leaves {
                        match self.value(row, leaf.column, &leaf.converter, (line, at, position)) {
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
        converter: &Converter,
        place: (u64, u32, u32),
    ) -> Found {
        let is_odd = |odd: &Odd| !odd.of_text || converter.is_text();
        if let Some((_, odd)) = self.odd.iter().find(|(at, odd)| *at == column && is_odd(odd)) {
            let problem = odd.problem(converter.is_private());
            self.report(Some(column), problem, place);
            return Found::Bad;
        }
        let bytes = row.get(column).unwrap_or_default();
        let Ok(text) = std::str::from_utf8(bytes) else {
            let message = "the cell is not UTF-8 text; save the file in UTF-8".to_owned();
            self.report(Some(column), Problem { code: "not-utf-8", message, of_column: false }, place);
            return Found::Bad;
        };
        let text = text.trim();
        if text.is_empty() || self.absent.iter().any(|absent| absent.as_str() == text) {
            return Found::Empty;
        }
        match converter.read(text) {
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
        // What is wrong with a column is said once, whatever else is said of its cells.
        if let Some(column) = column {
            let first = if problem.of_column {
                self.said.insert((column, problem.code))
            } else {
                self.reported.insert(column)
            };
            if !first {
                return;
            }
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
