//! The rows of one run, by record, with their keys resolved.

use std::collections::HashMap;
use std::sync::Arc;

use crate::plan::{FieldKind, RecordKind, Symbols};
use crate::value::{RecordId, Reference, Value};

pub use crate::diagnostic::Severity;

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// The rows of one record.
#[derive(Clone, Debug, Default)]
pub struct Table {
    cells: Vec<Cell>,
    width: usize,
    origins: Vec<Origin>,
    by_key: HashMap<Box<[Value]>, u32>,
    duplicates: Vec<bool>,
    /// By field: rows of this table that name a row of the field's record.
    children: HashMap<u32, HashMap<u32, Vec<u32>>>,
}

impl Table {
    /// An empty table for a record with that many fields.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    /// Adds a row: one cell for each field of the record; those of `many` fields are ignored.
    pub fn push(&mut self, mut row: Vec<Cell>, origin: Origin) {
        row.resize(self.width, Cell::Absent);
        self.cells.append(&mut row);
        self.origins.push(origin);
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        u32::try_from(self.origins.len()).unwrap_or(u32::MAX)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.origins.is_empty()
    }

    /// The cell of a row and a field; [`Cell::Absent`] outside the table.
    #[must_use]
    pub fn cell(&self, row: u32, field: u32) -> &Cell {
        self.cells.get(row as usize * self.width + field as usize).unwrap_or(&Cell::Absent)
    }

    /// Where the row was read.
    #[must_use]
    pub fn origin(&self, row: u32) -> Origin {
        self.origins.get(row as usize).copied().unwrap_or_default()
    }

    /// The row with that key; the first of several.
    #[must_use]
    pub fn find(&self, key: &[Value]) -> Option<u32> {
        self.by_key.get(key).copied()
    }

    /// Whether another row has the same key.
    #[must_use]
    pub fn is_duplicate(&self, row: u32) -> bool {
        self.duplicates.get(row as usize).copied().unwrap_or(false)
    }

    /// The rows of this table whose field names that row, in the order of the table.
    #[must_use]
    pub fn children(&self, field: u32, parent: u32) -> &[u32] {
        self.children.get(&field).and_then(|parents| parents.get(&parent)).map_or(&[], Vec::as_slice)
    }
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
    /// and dangling references are added to the errors. Call it once, after the last row.
    pub fn finish(&mut self, symbols: &Symbols) {
        for (record, table) in symbols.records.iter().zip(&mut self.tables) {
            if let (RecordKind::Record, Some(table)) = (record.kind, table) {
                table.index(record.keys);
            }
        }
        self.resolve_references(symbols);
        self.collect_children(symbols);
    }

    fn resolve_references(&mut self, symbols: &Symbols) {
        for table in 0..self.tables.len() {
            let Some(Some(mut own)) = self.tables.get_mut(table).map(Option::take) else { continue };
            let mut dangling = Vec::new();
            for (position, cell) in own.cells.iter_mut().enumerate() {
                let Cell::Known(Value::Reference(reference)) = cell else { continue };
                let found = if reference.record.0 as usize == table {
                    own.by_key.get(&*reference.key).copied()
                } else {
                    self.tables
                        .get(reference.record.0 as usize)
                        .and_then(Option::as_ref)
                        .and_then(|other| other.find(&reference.key))
                };
                *reference = Reference { row: found, ..reference.clone() };
                let supplied = reference.record.0 as usize == table
                    || self.tables.get(reference.record.0 as usize).is_some_and(Option::is_some);
                if found.is_none() && supplied {
                    dangling.push((position, reference.record));
                }
            }
            for (position, target) in dangling {
                let (row, field) = (position / own.width.max(1), position % own.width.max(1));
                let name = symbols.record(target).map_or("", |record| record.name.as_str());
                self.errors.push(DataError {
                    code: "dangling-key",
                    severity: Severity::Warning,
                    record: RecordId(u32::try_from(table).unwrap_or(u32::MAX)),
                    row: u32::try_from(row).ok(),
                    field: u32::try_from(field).ok(),
                    file: own.origins.get(row).map(|origin| origin.file),
                    line: own.origins.get(row).map(|origin| origin.line),
                    column: None,
                    message: format!("no {name} has this key"),
                });
            }
            for row in 0..own.len() {
                if own.is_duplicate(row) {
                    let origin = own.origin(row);
                    self.errors.push(DataError {
                        code: "duplicate-key",
                        severity: Severity::Error,
                        record: RecordId(u32::try_from(table).unwrap_or(u32::MAX)),
                        row: Some(row),
                        field: None,
                        file: Some(origin.file),
                        line: Some(origin.line),
                        column: None,
                        message: "another row has the same key".to_owned(),
                    });
                }
            }
            if let Some(slot) = self.tables.get_mut(table) {
                *slot = Some(own);
            }
        }
    }

    fn collect_children(&mut self, symbols: &Symbols) {
        for record in &symbols.records {
            for field in &record.fields {
                let FieldKind::Many { record: child, by } = field.kind else { continue };
                let Some(Some(table)) = self.tables.get_mut(child.0 as usize) else { continue };
                if table.children.contains_key(&by) {
                    continue;
                }
                let mut rows: HashMap<u32, Vec<u32>> = HashMap::new();
                for row in 0..table.len() {
                    if let Cell::Known(Value::Reference(Reference { row: Some(parent), .. })) =
                        table.cell(row, by)
                    {
                        rows.entry(*parent).or_default().push(row);
                    }
                }
                table.children.insert(by, rows);
            }
        }
    }
}

impl Table {
    fn index(&mut self, keys: usize) {
        self.duplicates = vec![false; self.origins.len()];
        for row in 0..self.len() {
            let key: Option<Box<[Value]>> = (0..keys)
                .map(|field| match self.cell(row, u32::try_from(field).ok()?) {
                    Cell::Known(value) => Some(value.clone()),
                    _ => None,
                })
                .collect();
            let Some(key) = key else { continue };
            if let Some(first) = self.by_key.get(&key).copied() {
                for duplicate in [first, row] {
                    if let Some(flag) = self.duplicates.get_mut(duplicate as usize) {
                        *flag = true;
                    }
                }
            } else {
                self.by_key.insert(key, row);
            }
        }
    }
}

/// One thing that is wrong with the data. The message never holds the value of a `private` field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataError {
    /// Stable code, such as `unknown-code`, `bad-date`, `missing-value`, `dangling-key`, `duplicate-key`.
    pub code: &'static str,
    /// An error makes a result unknown or worse; a warning does not by itself.
    pub severity: Severity,
    /// The record.
    pub record: RecordId,
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
