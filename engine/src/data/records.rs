//! What evaluation reads of records, however they are held.

use std::borrow::Cow;

use super::dataset::key_part;
use super::{Cell, Dataset, MASK, Origin};
use crate::plan::Symbols;
use crate::value::{RecordId, Value};

/// The records of a run: rows by number, their keys resolved. Groups have none; they are built from their members.
pub trait Records: Sync {
    /// How many rows a record has; `None` when no data was supplied for it.
    fn rows(&self, record: RecordId) -> Option<u32>;

    /// The cell of a row and a field; [`Cell::Absent`] outside the records.
    fn cell(&self, record: RecordId, row: u32, field: u32) -> Cow<'_, Cell>;

    /// Whether another row of the record has the same key.
    fn is_duplicate(&self, record: RecordId, row: u32) -> bool;

    /// The row with that key; the first of several.
    fn find(&self, record: RecordId, key: &[Value]) -> Option<u32>;

    /// The rows of a record whose field names that row, in their order.
    fn children(&self, record: RecordId, field: u32, parent: u32) -> Cow<'_, [u32]>;

    /// The number that a row has in its file, where rows are numbered otherwise here.
    fn number_in_file(&self, _record: RecordId, row: u32) -> u32 {
        row
    }

    /// Where a row was read.
    fn origin(&self, record: RecordId, row: u32) -> Option<Origin>;

    /// Paths that [`Origin::file`] points into.
    fn files(&self) -> &[String];
}

impl Records for Dataset {
    fn rows(&self, record: RecordId) -> Option<u32> {
        Some(self.table(record)?.len())
    }

    fn cell(&self, record: RecordId, row: u32, field: u32) -> Cow<'_, Cell> {
        self.table(record).map_or(Cow::Owned(Cell::Absent), |table| Cow::Borrowed(table.cell(row, field)))
    }

    fn is_duplicate(&self, record: RecordId, row: u32) -> bool {
        self.table(record).is_some_and(|table| table.is_duplicate(row))
    }

    fn find(&self, record: RecordId, key: &[Value]) -> Option<u32> {
        self.table(record)?.find(key)
    }

    fn children(&self, record: RecordId, field: u32, parent: u32) -> Cow<'_, [u32]> {
        self.table(record)
            .map_or(Cow::Owned(Vec::new()), |table| Cow::Borrowed(table.children(field, parent)))
    }

    fn origin(&self, record: RecordId, row: u32) -> Option<Origin> {
        Some(self.table(record)?.origin(row))
    }

    fn files(&self) -> &[String] {
        &self.files
    }
}

/// The key of a row as people write it, parts separated by ` / `; a part that is `private` is masked.
#[must_use]
pub fn key_text(records: &dyn Records, symbols: &Symbols, record: RecordId, row: u32) -> Option<String> {
    let declared = symbols.record(record)?;
    records.rows(record)?;
    let parts =
        (0_u32..).zip(declared.fields.iter().take(declared.keys)).map(|(field, declaration)| match &*records
            .cell(record, row, field)
        {
            Cell::Known(_) if declaration.private => MASK.to_owned(),
            Cell::Known(value) => key_part(symbols, declaration.ty.base, value),
            _ => "?".to_owned(),
        });
    Some(parts.collect::<Vec<_>>().join(" / "))
}
