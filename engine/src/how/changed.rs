//! Records in which some cells are others, rows are added or are not there.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::data::{Cell, Origin, Records};
use crate::plan::Symbols;
use crate::value::{Base, RecordId, Reference, Value};

/// What is changed. Rows are those of the records as they are.
#[derive(Clone, Debug, Default)]
pub(super) struct Edits {
    cells: BTreeMap<(RecordId, u32, u32), Cell>,
    added: BTreeMap<RecordId, Vec<Vec<Cell>>>,
    removed: BTreeMap<RecordId, BTreeSet<u32>>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// Another cell, of a record, row and field.
    Cell(RecordId, u32, u32, Cell),
    /// A row more.
    Add(RecordId, Vec<Cell>),
    /// A row less.
    Remove(RecordId, u32),
}

impl Edits {
    pub(super) fn of<'e>(edits: impl IntoIterator<Item = &'e Edit>) -> Self {
        let mut all = Self::default();
        for edit in edits {
            match edit {
                Edit::Cell(record, row, field, cell) => {
                    all.cells.insert((*record, *row, *field), cell.clone());
                }
                Edit::Add(record, cells) => all.added.entry(*record).or_default().push(cells.clone()),
                Edit::Remove(record, row) => {
                    all.removed.entry(*record).or_default().insert(*row);
                }
            }
        }
        all
    }
}

/// The records with the changes.
pub(super) struct Changed<'a> {
    pub(super) base: &'a dyn Records,
    pub(super) symbols: &'a Symbols,
    pub(super) edits: Edits,
}

/// Where a row comes from.
enum Place {
    Base(u32),
    Added(usize),
}

impl Changed<'_> {
    fn removed(&self, record: RecordId) -> Option<&BTreeSet<u32>> {
        self.edits.removed.get(&record)
    }

    fn added(&self, record: RecordId) -> &[Vec<Cell>] {
        self.edits.added.get(&record).map_or(&[], Vec::as_slice)
    }

    /// How many rows stand before those that are added.
    fn kept(&self, record: RecordId) -> Option<u32> {
        let gone = self.removed(record).map_or(0, BTreeSet::len);
        self.base.rows(record).map(|rows| rows.saturating_sub(u32::try_from(gone).unwrap_or(u32::MAX)))
    }

    fn place(&self, record: RecordId, row: u32) -> Place {
        let kept = self.kept(record).unwrap_or(0);
        if row >= kept {
            return Place::Added((row - kept) as usize);
        }
        let mut old = row;
        for gone in self.removed(record).into_iter().flatten() {
            if *gone <= old {
                old += 1;
            }
        }
        Place::Base(old)
    }

    /// The number of a row that is kept.
    pub(super) fn now(&self, record: RecordId, old: u32) -> Option<u32> {
        let Some(removed) = self.removed(record) else { return Some(old) };
        let before = u32::try_from(removed.range(..old).count()).ok()?;
        (!removed.contains(&old)).then(|| old - before)
    }

    fn renamed<'c>(&self, cell: Cow<'c, Cell>) -> Cow<'c, Cell> {
        match &*cell {
            Cell::Known(Value::Reference(reference)) if self.removed(reference.record).is_some() => {
                let row = reference.row.and_then(|row| self.now(reference.record, row));
                Cow::Owned(Cell::Known(Value::Reference(Reference { row, ..reference.clone() })))
            }
            _ => cell,
        }
    }
}

impl Records for Changed<'_> {
    fn rows(&self, record: RecordId) -> Option<u32> {
        let added = u32::try_from(self.added(record).len()).ok()?;
        self.kept(record).map(|kept| kept + added)
    }

    fn cell(&self, record: RecordId, row: u32, field: u32) -> Cow<'_, Cell> {
        self.renamed(match self.place(record, row) {
            Place::Base(old) => match self.edits.cells.get(&(record, old, field)) {
                Some(cell) => Cow::Borrowed(cell),
                None => self.base.cell(record, old, field),
            },
            Place::Added(position) => self
                .added(record)
                .get(position)
                .and_then(|row| row.get(field as usize))
                .map_or(Cow::Owned(Cell::Absent), Cow::Borrowed),
        })
    }

    fn is_duplicate(&self, record: RecordId, row: u32) -> bool {
        match self.place(record, row) {
            Place::Base(old) => self.base.is_duplicate(record, old),
            // Its key is a new one.
            Place::Added(_) => false,
        }
    }

    fn find(&self, record: RecordId, key: &[Value]) -> Option<u32> {
        if let Some(old) = self.base.find(record, key) {
            return self.now(record, old);
        }
        let position = self.added(record).iter().position(|row| {
            row.len() >= key.len()
                && row.iter().zip(key).all(|(cell, part)| matches!(cell, Cell::Known(value) if value == part))
        })?;
        Some(self.kept(record)? + u32::try_from(position).ok()?)
    }

    fn children(&self, record: RecordId, field: u32, parent: u32) -> Cow<'_, [u32]> {
        let declared = self.symbols.record(record).and_then(|record| record.fields.get(field as usize));
        let Some(Base::Record(owner)) = declared.map(|field| field.ty.base) else {
            return Cow::Owned(Vec::new());
        };
        let Place::Base(parent) = self.place(owner, parent) else { return Cow::Owned(Vec::new()) };
        let base = self.base.children(record, field, parent);
        let added = self.added(record);
        if added.is_empty() && self.removed(record).is_none() {
            return base;
        }
        let mut rows: Vec<u32> = base.iter().filter_map(|old| self.now(record, *old)).collect();
        let kept = self.kept(record).unwrap_or(0);
        rows.extend((kept..).zip(added).filter_map(|(row, cells)| match cells.get(field as usize) {
            Some(Cell::Known(Value::Reference(reference))) if reference.row == Some(parent) => Some(row),
            _ => None,
        }));
        Cow::Owned(rows)
    }

    fn origin(&self, record: RecordId, row: u32) -> Option<Origin> {
        match self.place(record, row) {
            Place::Base(old) => self.base.origin(record, old),
            Place::Added(_) => None,
        }
    }

    fn files(&self) -> &[String] {
        self.base.files()
    }
}
