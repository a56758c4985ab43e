//! A file of results: its columns, and its rows as CSV, JSON Lines or Parquet.

use std::io::Write;

use rubric_engine::plan::{Plan, ResultId};
use rubric_engine::table::{
    EncodedGroup, Entry, ParquetTable, RowGroup, RowGroups, Stored, StoredColumn, StoredRows, WriteError,
};
use rubric_engine::value::{Base, Value};

use super::columns::{Column, Content, Sheet};
use super::evaluate::Output;
use super::pieces::Lines;
use crate::cli::TableFormat;
use crate::failure::Failure;

/// A file that is being put together from its rows.
pub(super) enum ResultFile<W: Write + Send> {
    Text(W),
    Parquet(Box<ParquetTable<W>>),
}

/// Some rows of a file.
pub(super) enum ResultRows {
    Csv(Vec<u8>),
    Jsonl(Vec<String>, Vec<u8>),
    Parquet(Vec<Title>, StoredRows),
    /// A row group of a Parquet file, as it will stand there.
    Group(EncodedGroup),
    /// Of a text, as they stand in the file.
    Lines(Lines),
}

/// A column of results.
pub(super) struct Title {
    name: String,
    pub(super) stored: Stored,
    /// It holds values that need not be known; where the columns have types, another one says in which state they are.
    pub(super) has_status: bool,
}

/// How a value is known that has no word for its state.
const KNOWN: &str = "known";
const MISSING: &str = "missing";

impl Title {
    /// What stands in the column for a cell, which has no value where the text says in which state it is.
    pub(super) fn entry<'c>(&self, value: Option<&'c Value>, text: &'c str) -> Entry<'c> {
        match (self.stored, value) {
            (Stored::Text, None) if self.has_status || text.is_empty() => Entry::Null,
            (Stored::Text, _) => Entry::Text(text),
            (_, Some(value)) => Entry::Value(value),
            (_, None) => Entry::Null,
        }
    }

    /// In which state it is.
    pub(super) fn status<'c>(value: Option<&Value>, text: &'c str) -> Entry<'c> {
        Entry::Text(match value {
            Some(_) => KNOWN,
            None if text.is_empty() => MISSING,
            None => text,
        })
    }
}

pub(super) fn titles(plan: &Plan, sheet: &Sheet) -> Vec<Title> {
    let symbols = &plan.symbols;
    let title = |name: String, stored, has_status| Title { name, stored, has_status };
    let text = |name: String| title(name, Stored::Text, false);
    let keys = symbols.record(sheet.record).map_or(&[][..], |record| &record.fields);
    let mut titles: Vec<Title> = sheet
        .keys
        .iter()
        .zip(keys)
        .map(|(name, field)| title(name.clone(), Stored::of(field.ty.base), false))
        .collect();
    for Column { title: name, content } in &sheet.columns {
        match content {
            Content::Fact(id) => {
                let base = symbols.define(*id).map_or(Base::Damaged, |define| define.ty.base);
                // What is worked out on the way need not be whole cents or days.
                let stored = match base {
                    Base::Money | Base::Days | Base::Months => Stored::Text,
                    _ => Stored::of(base),
                };
                titles.push(title(name.clone(), stored, true));
            }
            Content::Result(ResultId::Amount(id), _) => {
                let symbol = symbols.amount(*id);
                let stored = Stored::of(symbol.map_or(Base::Damaged, |symbol| symbol.ty.base));
                titles.push(title(name.clone(), stored, true));
                titles.push(text(format!("{name}.needs")));
                // Where the total is rounded, its lines may have fractions of a cent.
                let total = plan.amounts.get(&id.0).and_then(|body| body.total);
                let is_rounded = total.is_some_and(|total| total.rounding.is_some());
                let stored = if is_rounded { Stored::Text } else { stored };
                let lines = symbol.map_or(&[][..], |symbol| &symbol.lines);
                titles.extend(lines.iter().map(|label| title(format!("{name}.{label}"), stored, true)));
            }
            Content::Result(..) => {
                titles.extend([name.clone(), format!("{name}.by"), format!("{name}.needs")].map(text));
            }
        }
    }
    titles
}

pub(super) fn stored(titles: &[Title]) -> Vec<StoredColumn> {
    let mut columns = Vec::new();
    for title in titles {
        columns.push(StoredColumn { name: title.name.clone(), stored: title.stored });
        if title.has_status {
            columns.push(StoredColumn { name: format!("{}.status", title.name), stored: Stored::Text });
        }
    }
    columns
}

impl<W: Write + Send> ResultFile<W> {
    /// Begins the file.
    pub(super) fn new(
        plan: &Plan,
        sheet: &Sheet,
        format: TableFormat,
        mut output: W,
    ) -> Result<Self, Failure> {
        let titles = titles(plan, sheet);
        Ok(match format {
            TableFormat::Csv => {
                let names: Vec<String> = titles.into_iter().map(|title| title.name).collect();
                output.write_all(&csv_line(&names)?).map_err(|error| not_written(&error))?;
                Self::Text(output)
            }
            // JSON lines have the titles in each line.
            TableFormat::Jsonl => Self::Text(output),
            TableFormat::Parquet => {
                let table =
                    ParquetTable::new(output, &stored(&titles)).map_err(|error| unwritable(&error))?;
                Self::Parquet(Box::new(table))
            }
        })
    }

    /// Adds rows; gives back memory that others can be written to.
    pub(super) fn add(&mut self, rows: ResultRows) -> Result<Vec<u8>, Failure> {
        match (self, rows) {
            (Self::Text(output), ResultRows::Csv(rows) | ResultRows::Jsonl(_, rows)) => {
                output.write_all(&rows).map_err(|error| not_written(&error))?;
            }
            (Self::Text(output), ResultRows::Lines(lines)) => {
                output.write_all(lines.written()).map_err(|error| not_written(&error))?;
                return Ok(lines.into_memory());
            }
            (Self::Parquet(table), ResultRows::Group(group)) => {
                table.append(group).map_err(|error| unwritable(&error))?;
            }
            _ => return Err(Failure::new("rows of another format")),
        }
        Ok(Vec::new())
    }

    /// What begins row groups, of a file that has such.
    pub(super) fn groups(&self) -> Option<RowGroups> {
        match self {
            Self::Text(_) => None,
            Self::Parquet(table) => Some(table.groups()),
        }
    }

    /// What was written to, once the whole file is.
    pub(super) fn finish(self) -> Result<W, Failure> {
        match self {
            Self::Text(output) => Ok(output),
            Self::Parquet(table) => table.close().map_err(|error| unwritable(&error)),
        }
    }
}

fn not_written(error: &std::io::Error) -> Failure {
    Failure::new(format!("the results cannot be written: {error}"))
}

impl ResultRows {
    pub(super) fn new(plan: &Plan, sheet: &Sheet, format: TableFormat) -> Self {
        let titles = titles(plan, sheet);
        match format {
            TableFormat::Csv => Self::Csv(Vec::new()),
            TableFormat::Jsonl => {
                Self::Jsonl(titles.into_iter().map(|title| title.name).collect(), Vec::new())
            }
            TableFormat::Parquet => {
                let rows = StoredRows::new(&stored(&titles));
                Self::Parquet(titles, rows)
            }
        }
    }

    /// The titles of the columns, as texts have them.
    pub(super) fn names(plan: &Plan, sheet: &Sheet) -> Vec<String> {
        titles(plan, sheet).into_iter().map(|title| title.name).collect()
    }

    /// Adds a row: a cell for each title.
    pub(super) fn push(&mut self, cells: Vec<Output>) -> Result<(), Failure> {
        match self {
            Self::Csv(bytes) => {
                bytes.extend(csv_line(&cells.into_iter().map(Output::into_text).collect::<Vec<_>>())?);
                Ok(())
            }
            Self::Jsonl(titles, bytes) => json_line(titles, cells, bytes),
            Self::Parquet(titles, rows) => parquet_row(titles, cells, rows),
            Self::Group(_) | Self::Lines(_) => Err(Failure::new("rows that are written already")),
        }
    }

    /// Adds them to a row group.
    pub(super) fn add_to(self, group: &mut RowGroup) -> Result<(), Failure> {
        match self {
            Self::Parquet(_, rows) => group.write(rows).map_err(|error| unwritable(&error)),
            _ => Err(Failure::new("rows of another format")),
        }
    }
}

impl Output {
    fn into_text(self) -> String {
        match self {
            Self::One(text) | Self::Value(_, text) => text,
            Self::Many(texts) => texts.join(";"),
        }
    }
}

fn parquet_row(titles: &[Title], cells: Vec<Output>, rows: &mut StoredRows) -> Result<(), Failure> {
    let cells: Vec<(Option<Value>, String)> = cells
        .into_iter()
        .map(|cell| match cell {
            Output::Value(value, text) => (value, text),
            other => (None, other.into_text()),
        })
        .collect();
    let mut entries = Vec::new();
    for ((value, text), title) in cells.iter().zip(titles) {
        entries.push(title.entry(value.as_ref(), text));
        if title.has_status {
            entries.push(Title::status(value.as_ref(), text));
        }
    }
    rows.push(entries).map_err(|error| unwritable(&error))
}

pub(super) fn unwritable(error: &WriteError) -> Failure {
    Failure::new(error.to_string())
}

/// One line of comma-separated values.
pub(super) fn csv_line(cells: &[String]) -> Result<Vec<u8>, Failure> {
    let failed =
        |error: &dyn std::fmt::Display| Failure::new(format!("a line of results cannot be written: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells).map_err(|error| failed(&error))?;
    writer.into_inner().map_err(|error| failed(&error))
}

fn json_line(titles: &[String], cells: Vec<Output>, bytes: &mut Vec<u8>) -> Result<(), Failure> {
    let line: serde_json::Map<String, serde_json::Value> = titles
        .iter()
        .zip(cells)
        .map(|(title, cell)| {
            let value = match cell {
                Output::One(text) | Output::Value(_, text) => text.into(),
                Output::Many(texts) => texts.into(),
            };
            (title.clone(), value)
        })
        .collect();
    serde_json::to_writer(&mut *bytes, &line)
        .map_err(|error| Failure::new(format!("a line of results cannot be written: {error}")))?;
    bytes.push(b'\n');
    Ok(())
}
