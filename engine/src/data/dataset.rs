//! The rows of one run, by record, with their keys resolved.

use std::sync::Arc;

use super::Table;
use super::place::place_in;
use crate::plan::{FieldKind, RecordKind, Symbols};
use crate::value::{Base, RecordId, Reference, Value};

pub use crate::diagnostic::Severity;

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Cell {
    /// Its value. A reference is resolved by [`Dataset::finish`]; before that its `row` is `None`.
    Known(Value),
    /// Nothing on file, in a field `T?`.
    Missing,
    /// Nothing on file, in a field that must have a value or that awaits a finding.
    Absent,
    /// Something that could not be read; a [`DataError`] says what.
    Unreadable,
    /// A test says `unknown`.
    Assumed,
}

/// Where a row was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Position in [`Dataset::files`].
    pub file: u32,
    /// Line on which the row begins, from 1.
    pub line: u64,
}

/// The rows of one run.
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    /// By [`RecordId`]; `None` when no data was supplied for the record. Groups are always `None`.
    pub tables: Vec<Option<Table>>,
    /// Paths that [`Origin::file`] points into.
    pub files: Vec<String>,
    /// What was wrong.
    pub errors: Vec<DataError>,
}

impl Dataset {
    /// Nothing supplied, for as many records as the symbols have.
    #[must_use]
    pub fn new(symbols: &Symbols) -> Self {
        Self { tables: vec![None; symbols.records.len()], files: Vec::new(), errors: Vec::new() }
    }

    /// The table of a record, where it was supplied.
    #[must_use]
    pub fn table(&self, record: RecordId) -> Option<&Table> {
        self.tables.get(record.0 as usize)?.as_ref()
    }

    /// The table of a record, supplied and empty from now on if it was not.
    pub fn supply(&mut self, symbols: &Symbols, record: RecordId) -> Option<&mut Table> {
        let width = symbols.record(record)?.fields.len();
        Some(self.tables.get_mut(record.0 as usize)?.get_or_insert_with(|| Table::new(width)))
    }

    /// Builds the keys, finds duplicates, resolves references and collects the rows of `many` fields. Duplicate keys
    /// and dangling references are added to the errors, which are then in the order of files and lines. Call it once,
    /// after the last row.
    pub fn finish(&mut self, symbols: &Symbols) {
        for (position, record) in symbols.records.iter().enumerate() {
            if record.kind != RecordKind::Record {
                continue;
            }
            let Some(Some(table)) = self.tables.get_mut(position) else { continue };
            let shared = table.index(record.keys);
            let Ok(id) = u32::try_from(position).map(RecordId) else { continue };
            for (first, row) in shared {
                self.report_duplicate(id, first, row);
            }
        }
        self.resolve_references(symbols);
        self.collect_children(symbols);
        self.errors.sort_by_key(|error| (error.file, error.line));
    }

    fn report_duplicate(&mut self, record: RecordId, first: u32, row: u32) {
        let Some(table) = self.table(record) else { return };
        let error = duplicate(&self.files, record, (first, table.origin(first)), (row, table.origin(row)));
        self.errors.push(error);
    }

    fn resolve_references(&mut self, symbols: &Symbols) {
        for position in 0..self.tables.len() {
            let Some(Some(mut own)) = self.tables.get_mut(position).map(Option::take) else { continue };
            let mut names_itself = false;
            for reference in own.references_mut() {
                if reference.record.0 as usize == position {
                    names_itself = true;
                } else {
                    let other = self.tables.get(reference.record.0 as usize).and_then(Option::as_ref);
                    reference.row = other.and_then(|other| other.find(&reference.key));
                }
            }
            if names_itself {
                let keys: Vec<Arc<[Value]>> = own
                    .references_mut()
                    .filter(|reference| reference.record.0 as usize == position)
                    .map(|reference| Arc::clone(&reference.key))
                    .collect();
                let rows: Vec<Option<u32>> = keys.iter().map(|key| own.find(key)).collect();
                let references =
                    own.references_mut().filter(|reference| reference.record.0 as usize == position);
                for (reference, row) in references.zip(rows) {
                    reference.row = row;
                }
            }
            let record = u32::try_from(position).ok().map(RecordId);
            for (row, field, reference) in own.dangling() {
                let target = reference.record.0 as usize;
                if target != position && !self.tables.get(target).is_some_and(Option::is_some) {
                    continue;
                }
                self.errors.push(DataError {
                    code: "dangling-key",
                    severity: Severity::Warning,
                    record,
                    row: Some(row),
                    field: Some(field),
                    file: Some(own.origin(row).file),
                    line: Some(own.origin(row).line),
                    column: None,
                    message: dangling(symbols, record, field, &reference),
                });
            }
            if let Some(slot) = self.tables.get_mut(position) {
                *slot = Some(own);
            }
        }
    }

    fn collect_children(&mut self, symbols: &Symbols) {
        for (position, record) in symbols.records.iter().enumerate() {
            for field in &record.fields {
                let FieldKind::Many { record: child, by } = field.kind else { continue };
                let parents = self.tables.get(position).and_then(Option::as_ref).map_or(0, Table::len);
                if let Some(Some(table)) = self.tables.get_mut(child.0 as usize) {
                    table.collect(by, parents);
                }
            }
        }
    }

    /// The key of a row as people write it, parts separated by ` / `; a part that is `private` is masked.
    #[must_use]
    pub fn key_text(&self, symbols: &Symbols, record: RecordId, row: u32) -> Option<String> {
        super::key_text(self, symbols, record, row)
    }
}

/// What is said of a row whose key an earlier one has.
pub(crate) fn duplicate(
    files: &[String],
    record: RecordId,
    (_, there): (u32, Origin),
    (row, here): (u32, Origin),
) -> DataError {
    let file = files.get(there.file as usize).map_or("", String::as_str);
    let mut place = place_in(file, there.line);
    if here.file != there.file {
        place = format!("{place} of `{file}`");
    }
    DataError {
        code: "duplicate-key",
        severity: Severity::Error,
        record: Some(record),
        row: Some(row),
        field: None,
        file: Some(here.file),
        line: Some(here.line),
        column: None,
        message: format!("another row has the same key, on {place}; keep one of them"),
    }
}

/// What stands where a private value would.
pub const MASK: &str = "•••";

pub(crate) fn dangling(
    symbols: &Symbols,
    record: Option<RecordId>,
    field: u32,
    reference: &Reference,
) -> String {
    let target = symbols.record(reference.record).map_or("", |record| record.name.as_str());
    let private = record
        .and_then(|record| symbols.record(record))
        .and_then(|record| record.fields.get(field as usize))
        .is_some_and(|field| field.private);
    if private {
        return format!("no {target} has this key");
    }
    let key = key_part(symbols, Base::Record(reference.record), &Value::Reference(reference.clone()));
    if key.contains(MASK) {
        format!("no {target} has this key")
    } else {
        format!("no {target} has the key `{key}`")
    }
}

pub(super) fn key_part(symbols: &Symbols, base: Base, value: &Value) -> String {
    match (value, base) {
        (Value::Reference(reference), _) => {
            let fields = symbols.record(reference.record).map_or(&[][..], |record| record.fields.as_slice());
            let parts = reference.key.iter().zip(fields).map(|(part, field)| {
                if field.private { MASK.to_owned() } else { key_part(symbols, field.ty.base, part) }
            });
            parts.collect::<Vec<_>>().join(" / ")
        }
        (Value::Category(position), Base::Category(category)) => symbols
            .category(category)
            .and_then(|category| category.values.get(*position as usize))
            .map_or_else(String::new, |value| value.name.clone()),
        (Value::Text(text), _) => text.to_string(),
        (Value::Flag(flag), _) => if *flag { "yes" } else { "no" }.to_owned(),
        (Value::Date(date), _) => date.to_string(),
        (Value::SchoolYear(year), _) => format!("{year}-{:02}", (i32::from(*year) + 1).rem_euclid(100)),
        (Value::Number(number), _) => number.to_decimal(12).unwrap_or_else(|| number.to_fraction()),
        (Value::Never, _) => "never".to_owned(),
        (Value::None, _) => "none".to_owned(),
        (Value::NotApplicable | Value::Category(_), _) => String::new(),
    }
}

/// One thing that is wrong with the data. The message never holds the value of a `private` field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataError {
    /// Stable code, such as `unknown-code`, `bad-date`, `missing-value`, `dangling-key`, `duplicate-key`.
    pub code: &'static str,
    /// An error makes a result unknown or worse; a warning does not by itself.
    pub severity: Severity,
    /// The record; `None` for what concerns a file or a folder.
    pub record: Option<RecordId>,
    /// The row in its table, when there is one.
    pub row: Option<u32>,
    /// The field.
    pub field: Option<u32>,
    /// Position in [`Dataset::files`].
    pub file: Option<u32>,
    /// Line in the file, from 1.
    pub line: Option<u64>,
    /// Column of the table (its header) or path in the element.
    pub column: Option<Arc<str>>,
    /// What was found and what was expected.
    pub message: String,
}
