//! The rows of one record.
//!
//! A cell costs 4 bytes; each distinct cell of the table costs 64 more, 8 for being found, and its text or key. A row
//! costs 13: its line, its place in the index of keys, and whether its key recurs; and 4 for each `many` field that
//! collects it. A million rows of ten columns with two million distinct cells take about 53 MB and 144 MB and the texts,
//! where the cells as values would take 640 MB and the texts.

use std::hash::{BuildHasher, Hash, Hasher};

use super::pool::{Hashing, IdTable, Pool};
use super::{Cell, Origin};
use crate::value::{Reference, Value};

/// The rows of one record.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pool: Pool,
    cells: Vec<u32>,
    width: usize,
    lines: Vec<u32>,
    /// First row of each run of rows from one file, and the file.
    files: Vec<(u32, u32)>,
    keys: usize,
    by_key: IdTable,
    duplicates: Vec<bool>,
    has_duplicates: bool,
    /// By field: rows of this table that name a row of the field's record.
    children: Vec<(u32, Children)>,
}

/// Rows by parent: those of parent `p` are `rows[starts[p]..starts[p + 1]]`.
#[derive(Clone, Debug, Default)]
struct Children {
    starts: Vec<u32>,
    rows: Vec<u32>,
}

impl Table {
    /// An empty table for a record with that many fields.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    /// Adds a row: one cell for each field of the record; those of `many` fields are ignored.
    pub fn push(&mut self, row: Vec<Cell>, origin: Origin) {
        let given = row.len().min(self.width);
        for cell in row.into_iter().take(self.width) {
            let id = self.pool.intern(cell);
            self.cells.push(id);
        }
        for _ in given..self.width {
            let id = self.pool.intern(Cell::Absent);
            self.cells.push(id);
        }
        if self.files.last().is_none_or(|(_, file)| *file != origin.file) {
            self.files.push((self.len(), origin.file));
        }
        self.lines.push(u32::try_from(origin.line).unwrap_or(u32::MAX));
    }

    /// Puts another cell in the place of one; before the table is finished.
    pub(super) fn replace(&mut self, row: u32, field: u32, cell: Cell) {
        let id = self.pool.intern(cell);
        if let Some(place) = self.cells.get_mut(row as usize * self.width + field as usize) {
            *place = id;
        }
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        u32::try_from(self.lines.len()).unwrap_or(u32::MAX)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The cell of a row and a field; [`Cell::Absent`] outside the table.
    #[must_use]
    pub fn cell(&self, row: u32, field: u32) -> &Cell {
        self.id(row, field).and_then(|id| self.pool.get(id)).unwrap_or(&Cell::Absent)
    }

    fn id(&self, row: u32, field: u32) -> Option<u32> {
        if field as usize >= self.width {
            return None;
        }
        self.cells.get(row as usize * self.width + field as usize).copied()
    }

    /// The cells of a field, row by row, as numbers under which [`Table::distinct`] has them.
    pub(crate) fn numbers(&self, field: u32) -> impl Iterator<Item = u32> + '_ {
        let field = field as usize;
        let skipped = if field < self.width { field } else { self.cells.len() };
        self.cells.iter().skip(skipped).step_by(self.width.max(1)).copied()
    }

    /// How many distinct cells the table has.
    pub(crate) fn distinct_cells(&self) -> usize {
        self.pool.len()
    }

    /// A distinct cell.
    pub(crate) fn distinct(&self, number: u32) -> &Cell {
        self.pool.get(number).unwrap_or(&Cell::Absent)
    }

    /// Whether some rows share their key.
    pub(crate) const fn has_duplicates(&self) -> bool {
        self.has_duplicates
    }

    /// Where the row was read.
    #[must_use]
    pub fn origin(&self, row: u32) -> Origin {
        let run = self.files.partition_point(|(first, _)| *first <= row);
        let file = run.checked_sub(1).and_then(|run| self.files.get(run)).map_or(0, |(_, file)| *file);
        Origin { file, line: self.lines.get(row as usize).copied().map_or(0, u64::from) }
    }

    /// The row with that key; the first of several.
    #[must_use]
    pub fn find(&self, key: &[Value]) -> Option<u32> {
        if key.len() != self.keys {
            return None;
        }
        let ids: Vec<u32> =
            key.iter().map(|value| self.pool.id_of(&Cell::Known(value.clone()))).collect::<Option<_>>()?;
        self.by_key.find(hash_of(ids.iter().copied()), |row| self.key_ids(row).eq(ids.iter().copied()))
    }

    fn key_ids(&self, row: u32) -> impl Iterator<Item = u32> + '_ {
        let start = row as usize * self.width;
        self.cells.get(start..start + self.keys).unwrap_or(&[]).iter().copied()
    }

    /// Whether another row has the same key.
    #[must_use]
    pub fn is_duplicate(&self, row: u32) -> bool {
        self.duplicates.get(row as usize).copied().unwrap_or(false)
    }

    /// The rows of this table whose field names that row, in the order of the table.
    #[must_use]
    pub fn children(&self, field: u32, parent: u32) -> &[u32] {
        let Some((_, children)) = self.children.iter().find(|(by, _)| *by == field) else { return &[] };
        let bound = |index: usize| children.starts.get(index).map(|start| *start as usize);
        let parent = parent as usize;
        let (Some(start), Some(end)) = (bound(parent), bound(parent + 1)) else { return &[] };
        children.rows.get(start..end).unwrap_or(&[])
    }

    /// Builds the index of the keys and marks the rows that share one; gives the first row of each duplicate.
    pub(super) fn index(&mut self, keys: usize) -> Vec<(u32, u32)> {
        self.keys = keys.min(self.width);
        self.duplicates = vec![false; self.lines.len()];
        self.has_duplicates = false;
        self.by_key = IdTable::default();
        let mut found = Vec::new();
        if self.keys == 0 {
            return found;
        }
        let known: Vec<bool> = (0..self.pool.len())
            .map(|id| matches!(self.pool.get(u32::try_from(id).unwrap_or(u32::MAX)), Some(Cell::Known(_))))
            .collect();
        let mut by_key = IdTable::default();
        for row in 0..self.len() {
            if !self.key_ids(row).all(|id| known.get(id as usize).copied().unwrap_or(false)) {
                continue;
            }
            let hash = hash_of(self.key_ids(row));
            if let Some(first) = by_key.find(hash, |other| self.key_ids(other).eq(self.key_ids(row))) {
                found.push((first, row));
            } else {
                by_key.insert(hash, row, |row| hash_of(self.key_ids(row)));
            }
        }
        self.by_key = by_key;
        self.has_duplicates = !found.is_empty();
        for row in found.iter().flat_map(|(first, row)| [*first, *row]) {
            if let Some(flag) = self.duplicates.get_mut(row as usize) {
                *flag = true;
            }
        }
        found
    }

    /// The references in this table, to set their rows: each distinct one once.
    pub(super) fn references_mut(&mut self) -> impl Iterator<Item = &mut Reference> {
        self.pool.cells_mut().filter_map(|cell| match cell {
            Cell::Known(Value::Reference(reference)) => Some(reference),
            _ => None,
        })
    }

    /// Whether some reference names no row.
    pub(super) fn has_dangling(&self) -> bool {
        (0..self.pool.len()).any(|id| is_dangling(self.pool.get(u32::try_from(id).unwrap_or(u32::MAX))))
    }

    /// Row, field and reference of each cell whose reference names no row.
    pub(super) fn dangling(&self) -> Vec<(u32, u32, Reference)> {
        let mut found = Vec::new();
        if self.has_dangling() {
            for row in 0..self.len() {
                for field in 0..u32::try_from(self.width).unwrap_or(u32::MAX) {
                    if let Cell::Known(Value::Reference(reference)) = self.cell(row, field)
                        && reference.row.is_none()
                    {
                        found.push((row, field, reference.clone()));
                    }
                }
            }
        }
        found
    }

    /// Collects the rows whose field names a row of a table with that many rows.
    pub(super) fn collect(&mut self, field: u32, parents: u32) {
        if self.children.iter().any(|(by, _)| *by == field) {
            return;
        }
        let mut starts = vec![0_u32; parents as usize + 1];
        for row in 0..self.len() {
            if let Some(count) =
                self.parent(row, field).and_then(|parent| starts.get_mut(parent as usize + 1))
            {
                *count += 1;
            }
        }
        let mut total = 0;
        for start in &mut starts {
            total += *start;
            *start = total;
        }
        let mut next = starts.clone();
        let mut rows = vec![0_u32; total as usize];
        for row in 0..self.len() {
            if let Some(place) = self.parent(row, field).and_then(|parent| next.get_mut(parent as usize)) {
                if let Some(slot) = rows.get_mut(*place as usize) {
                    *slot = row;
                }
                *place += 1;
            }
        }
        self.children.push((field, Children { starts, rows }));
    }

    fn parent(&self, row: u32, field: u32) -> Option<u32> {
        match self.cell(row, field) {
            Cell::Known(Value::Reference(reference)) => reference.row,
            _ => None,
        }
    }
}

fn is_dangling(cell: Option<&Cell>) -> bool {
    matches!(cell, Some(Cell::Known(Value::Reference(Reference { row: None, .. }))))
}

fn hash_of(ids: impl Iterator<Item = u32>) -> u64 {
    let mut hasher = Hashing::default().build_hasher();
    for id in ids {
        id.hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Number;

    fn number(n: i64) -> Cell {
        Cell::Known(Value::Number(Number::from_int(n)))
    }

    #[test]
    fn cells_cost_what_is_said() {
        assert!(size_of::<Cell>() <= 64, "{}", size_of::<Cell>());
        let mut table = Table::new(10);
        for row in 0..1000 {
            table.push((0..10).map(|field| number(row / 10 + field)).collect(), Origin::default());
        }
        assert_eq!((table.cells.len(), table.pool.len()), (10_000, 109));
    }

    #[test]
    fn rows_are_found_by_all_parts_of_their_key() {
        let mut table = Table::new(3);
        for row in 0..100_u32 {
            let cells = vec![number(i64::from(row / 10)), number(i64::from(row % 10)), number(0)];
            table.push(cells, Origin { file: row / 50, line: u64::from(row) + 2 });
        }
        assert_eq!(table.index(2), []);
        let key = |a: i64, b: i64| [Value::Number(Number::from_int(a)), Value::Number(Number::from_int(b))];
        assert_eq!(table.find(&key(4, 2)), Some(42));
        assert_eq!(table.find(&key(4, 12)), None);
        assert_eq!(table.find(&key(4, 2)[..1]), None);
        assert_eq!(table.origin(42), Origin { file: 0, line: 44 });
        assert_eq!(table.origin(50), Origin { file: 1, line: 52 });
    }

    #[test]
    fn a_shared_key_marks_every_row_that_has_it() {
        let mut table = Table::new(1);
        for cell in [number(1), number(2), number(1), Cell::Unreadable, Cell::Unreadable] {
            table.push(vec![cell], Origin::default());
        }
        assert_eq!(table.index(1), [(0, 2)]);
        assert_eq!(
            (0..5).map(|row| table.is_duplicate(row)).collect::<Vec<_>>(),
            [true, false, true, false, false]
        );
    }
}
