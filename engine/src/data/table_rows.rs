//! Rows of cells under names, whatever they are written in: each becomes a row of its record.

use std::collections::HashSet;
use std::sync::Arc;

use csv::ByteRecord;

use super::columns::{Columns, FieldColumns, absent_cell};
use super::convert::Problem;
use super::{Cell, DataError, DataSet, Dataset, Origin, ReadError, Severity};
use crate::plan::{Record, Symbols};
use crate::value::{RecordId, Value};

/// What comes next in a file.
pub(super) enum Next {
    /// A row, and the line on which it begins.
    Row(u64),
    /// A row of which nothing can be read.
    Broken { line: u64, code: &'static str, message: String },
    /// The end.
    End,
}

/// The rows of a file, in its order.
pub(super) trait RowSource {
    /// Puts the next row into `row`, one cell for each name of the header, and into `several` the positions of those
    /// that are no single value, and what they are.
    fn next(
        &mut self,
        row: &mut ByteRecord,
        several: &mut Vec<(usize, &'static str)>,
    ) -> Result<Next, ReadError>;
}

/// Reads the rows of a record.
pub(super) fn read_rows(
    symbols: &Symbols,
    set: &DataSet,
    id: RecordId,
    header: &[String],
    source: &mut dyn RowSource,
    shown: &str,
    dataset: &mut Dataset,
) -> Result<(), ReadError> {
    let Some(record) = symbols.record(id) else { return Ok(()) };
    let mapping = set.records.get(&record.name);
    let columns = Columns::find(symbols, record, set, header)
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
        several: Vec::new(),
        errors: Vec::new(),
    };
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
        rows.errors.push(about_file(finding.code, finding.severity, finding.field, Some(1), message));
    }
    let mut blank = 0_u64;
    let mut row = ByteRecord::new();
    loop {
        rows.several.clear();
        match source.next(&mut row, &mut rows.several)? {
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
                if rows.several.is_empty() && row.iter().all(|cell| cell.trim_ascii().is_empty()) {
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
        let message = format!("{blank} {} without any value", if blank == 1 { "row" } else { "rows" });
        rows.errors.push(about_file("blank-rows", Severity::Information, None, None, message));
    }
    dataset.errors.append(&mut rows.errors);
    // A file without rows says that there are none.
    let _ = dataset.supply(symbols, id);
    Ok(())
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
    /// Columns of this row that hold no single value, and what they hold.
    several: Vec<(usize, &'static str)>,
    errors: Vec<DataError>,
}

enum Found {
    Value(Value),
    Empty,
    Bad,
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

    fn cells(&mut self, row: &ByteRecord, line: u64, at: u32) -> Vec<Cell> {
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
        if let Some((_, what)) = self.several.iter().find(|(several, _)| *several == column) {
            let message = format!("it holds {what}, and one value is expected");
            self.report(Some(column), Problem { code: "not-one-value", message, of_column: false }, place);
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
