//! Where the columns of records come from.

use std::sync::Arc;

use super::store::Store;
use super::stored::Stored;
use super::vector::{KNOWN, MISSING, NO, UNKNOWN, Vector};
use crate::data::{Cell, Dataset, Records};
use crate::plan::Fact;
use crate::value::{Base, RecordId, Reference, Value};

/// Records that can be read column by column.
pub(crate) trait Columnar: Records {
    /// What is on file for a field, row by row, whether or not rows share a key.
    fn column(&self, record: RecordId, field: u32, store: &Store<'_>) -> Option<Arc<Stored>>;

    /// The rows that the rows of a record name by a field, where they can be collected by what they name.
    fn named_rows(&self, record: RecordId, field: u32) -> Option<Arc<Stored>>;

    /// Whether some rows of a record share their key.
    fn has_duplicates(&self, record: RecordId) -> bool;

    /// Of the rows of a record, whether a part of their own key is not known.
    fn keyless(&self, record: RecordId, store: &Store<'_>) -> Option<Vec<bool>>;

    /// The key of a row, where it is one text and that is at hand.
    fn text_key(&self, record: RecordId, row: u32) -> Option<&str>;

    /// Keys that fields hold and no row has, by the lanes that the columns have for them.
    fn loose_keys(&self) -> &[Reference];

    /// Whether rows of some record have other numbers than in their file.
    fn renumbers(&self) -> bool {
        false
    }

    /// Whether these rows of a record lie so far apart that something is better worked out for all of its rows in their
    /// order than for these alone.
    fn is_scattered(&self, _record: RecordId, _fact: Fact, _rows: &[u32]) -> bool {
        false
    }
}

impl Columnar for Dataset {
    fn column(&self, record: RecordId, field: u32, store: &Store<'_>) -> Option<Arc<Stored>> {
        let table = self.table(record)?;
        let declared = store.symbols().record(record).and_then(|record| record.fields.get(field as usize));
        let judged = declared.is_some_and(|field| field.judged_by.is_some());
        let base = declared.map_or(Base::Damaged, |field| field.ty.base);
        // Each distinct cell is read once; the rows only point to it.
        let mut places = vec![u32::MAX; table.distinct_cells()];
        let (mut states, mut values) = (Vec::new(), Vec::new());
        let mut rows = Vec::with_capacity(table.len() as usize);
        for number in table.numbers(field) {
            let Some(place) = places.get_mut(number as usize) else { continue };
            if *place == u32::MAX {
                *place = u32::try_from(states.len()).unwrap_or(u32::MAX);
                let (state, value) = match table.distinct(number) {
                    Cell::Known(value @ Value::Flag(false)) => (NO, value.clone()),
                    Cell::Known(value) => (KNOWN, value.clone()),
                    Cell::Missing if !judged => (MISSING, Value::None),
                    _ => (UNKNOWN, Value::None),
                };
                states.push(state);
                values.push(value);
            }
            rows.push(*place);
        }
        Some(Arc::new(Stored::of_distinct(Vector::from_values(states, values, base, store), &rows)))
    }

    fn named_rows(&self, _: RecordId, _: u32) -> Option<Arc<Stored>> {
        None
    }

    fn keyless(&self, record: RecordId, store: &Store<'_>) -> Option<Vec<bool>> {
        let keys = store.symbols().record(record)?.keys;
        let mut keyless = vec![false; self.rows(record)? as usize];
        for field in 0..u32::try_from(keys).ok()? {
            let column = store.field(record, field)?;
            for (state, keyless) in column.states().unwrap_or(&[]).iter().zip(&mut keyless) {
                *keyless |= !matches!(*state, NO | KNOWN);
            }
        }
        Some(keyless)
    }

    fn has_duplicates(&self, record: RecordId) -> bool {
        self.table(record).is_some_and(crate::data::Table::has_duplicates)
    }

    fn text_key(&self, record: RecordId, row: u32) -> Option<&str> {
        match self.table(record)?.cell(row, 0) {
            Cell::Known(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn loose_keys(&self) -> &[Reference] {
        &[]
    }
}
