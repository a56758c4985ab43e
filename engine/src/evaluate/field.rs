//! Reading fields and naming rows.

use std::borrow::Cow;
use std::sync::Arc;

use super::evaluator::Evaluator;
use super::found::{Found, Needs};
use crate::data::Cell;
use crate::value::{Fault, Need, NeedKind, RecordId, Reference, State, Value};

impl Evaluator<'_> {
    pub(super) fn record_name(&self, record: RecordId) -> String {
        self.symbols().record(record).map_or_else(String::new, |record| record.name.clone())
    }

    /// The name of a row; its key is empty when a part of it is not known.
    pub(crate) fn reference(&self, record: RecordId, row: u32) -> Reference {
        // Rows without a key are told apart by their position alone.
        if self.symbols().record(record).is_some_and(|record| record.keys == 0) && !self.is_group(record) {
            return Reference { record, row: Some(row), key: Arc::default() };
        }
        if let Some(known) = self.memory.names.borrow().get(&(record, row)) {
            return known.clone();
        }
        let key: Arc<[Value]> = if self.is_group(record) {
            let table = self.group_table(record).ok();
            table
                .and_then(|table| table.rows.get(row as usize).map(|(key, _)| Arc::clone(key)))
                .unwrap_or_default()
        } else {
            let keys = self.symbols().record(record).map_or(0, |record| record.keys);
            let part = |field: usize| match &*self.data.cell(record, row, u32::try_from(field).ok()?) {
                Cell::Known(value) => Some(value.clone()),
                _ => None,
            };
            (0..keys).map(part).collect::<Option<_>>().unwrap_or_default()
        };
        let reference = Reference { record, row: Some(row), key };
        if !self.gives_up() {
            self.memory.names.borrow_mut().insert((record, row), reference.clone());
        }
        reference
    }

    /// The parts of a row's key that are not known.
    pub(super) fn key_needs(&self, reference: &Reference) -> Option<Needs> {
        let row = reference.row.filter(|_| reference.key.is_empty())?;
        let keys = u32::try_from(self.symbols().record(reference.record)?.keys).ok()?;
        let unknown = (0..keys)
            .map(|field| self.cell(reference.record, row, field))
            .filter(|cell| cell.value().is_none());
        Some(super::found::union(unknown.map(|cell| cell.needs())))
    }

    /// The value of a field of a row.
    pub(super) fn field(&self, reference: &Reference, field: u32) -> Found {
        if self.is_group(reference.record) {
            return match reference.key.get(field as usize) {
                Some(part) => Found::known(part.clone()),
                None => Found::broken("a field that a group does not have"),
            };
        }
        let Some(row) = reference.row else {
            return Found::need(self.no_row(reference.record));
        };
        if let Some(given) = self.options.givens.fields.get(&(reference.record, row, field)) {
            return self.given(
                given,
                Need { record: reference.record, row: Some(row), field: Some(field), kind: NeedKind::Absent },
            );
        }
        let duplicate = self.data.is_duplicate(reference.record, row);
        if duplicate {
            return Found::fault(Fault::DuplicateKey { record: reference.record, row });
        }
        self.cell(reference.record, row, field)
    }

    /// The cell of a field that no test fixes, of a row of a record whose key is its own.
    pub(super) fn known_cell(&self, reference: &Reference, field: u32) -> Option<Cow<'_, Cell>> {
        let (record, row) = (reference.record, reference.row?);
        let givens = &self.options.givens.fields;
        // Groups have no cells.
        if (!givens.is_empty() && givens.contains_key(&(record, row, field)))
            || self.data.is_duplicate(record, row)
            || self.data.rows(record).is_none()
        {
            return None;
        }
        Some(self.data.cell(record, row, field))
    }

    /// Why a row that is not there is not there.
    pub(super) fn no_row(&self, record: RecordId) -> Need {
        let kind = if self.data.rows(record).is_some() { NeedKind::Dangling } else { NeedKind::NotSupplied };
        Need { record, row: None, field: None, kind }
    }

    /// What a cell says, duplicate key or not.
    pub(super) fn cell(&self, record: RecordId, row: u32, field: u32) -> Found {
        let need = |kind| Need { record, row: Some(row), field: Some(field), kind };
        if self.data.rows(record).is_none() {
            return Found::need(self.no_row(record));
        }
        let cell = self.data.cell(record, row, field);
        if let Cell::Known(value) = &*cell {
            return Found::known(value.clone());
        }
        let declared = self.symbols().record(record).and_then(|record| record.fields.get(field as usize));
        let finding = declared.and_then(|field| field.judged_by.clone()).map(NeedKind::Finding);
        match (&*cell, finding) {
            (Cell::Known(value), _) => Found::known(value.clone()),
            (Cell::Missing | Cell::Absent, Some(finding)) => Found::need(need(finding)),
            (Cell::Missing, None) => Found::missing(Arc::from([need(NeedKind::Absent)])),
            (Cell::Absent, None) => Found::need(need(NeedKind::Absent)),
            (Cell::Unreadable, _) => Found::need(need(NeedKind::Unreadable)),
            (Cell::Assumed, _) => {
                let name = declared.map_or("", |field| field.name.as_str());
                Found::need(need(NeedKind::Assumed(Arc::from(name))))
            }
        }
    }

    /// A fact that a test fixes; `unknown` and `missing` need what it stands for.
    pub(super) fn given(&self, state: &State, instead: Need) -> Found {
        match state {
            State::Missing => Found::missing(Arc::from([instead])),
            State::Unknown(needs) if needs.is_empty() => Found::need(instead),
            State::Known(Value::Reference(reference)) => {
                Found::known(Value::Reference(self.located(reference)))
            }
            other => Found::from(other.clone()),
        }
    }
}
