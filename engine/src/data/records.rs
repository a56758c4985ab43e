//! What evaluation reads of records, however they are held.

use std::borrow::Cow;

use super::{Cell, Dataset};
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

    /// File and line where a row was read.
    fn origin(&self, record: RecordId, row: u32) -> Option<(&str, u64)>;
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

    fn origin(&self, record: RecordId, row: u32) -> Option<(&str, u64)> {
        let origin = self.table(record)?.origin(row);
        Some((self.files.get(origin.file as usize)?, origin.line))
    }
}
