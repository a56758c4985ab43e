//! Which rows an aggregate is over, and which of them its condition lets in.

use std::collections::HashMap;
use std::sync::Arc;

use super::evaluator::{Evaluator, Frame};
use super::found::{Found, Truth, and};
use super::selection::Selection;
use crate::data::Cell;
use crate::plan::{FieldKind, RecordKind, RowSource, Rows, demanded};
use crate::value::{Fault, Need, NeedKind, RecordId, Reference, Value};

/// Rows and whether each is surely, or perhaps, among them.
pub(crate) type Members = Vec<(Value, Found)>;

/// The rows of a record by the value of one field.
#[derive(Debug, Default)]
pub(crate) struct Column {
    by_value: HashMap<Value, Vec<u32>>,
    /// Rows of which it cannot be said that the field differs from a value.
    others: Vec<u32>,
}

impl Column {
    /// The rows of which it cannot be said that the field differs from the value, in order.
    pub(crate) fn candidates(&self, wanted: &Value) -> Vec<u32> {
        let mut found = self.others.clone();
        found.extend(self.by_value.get(wanted).into_iter().flatten());
        found.sort_unstable();
        found
    }
}

impl Evaluator<'_> {
    /// The rows that the condition lets in, surely or perhaps; an error when the collection itself is not known.
    pub(super) fn select(&self, frame: &mut Frame<'_>, rows: &Rows) -> Result<Members, Found> {
        self.select_of(frame, rows).map(|selection| selection.members)
    }

    /// The same, and of how many.
    pub(super) fn select_of(&self, frame: &mut Frame<'_>, rows: &Rows) -> Result<Selection, Found> {
        let (members, of) = match self.likely(frame, rows) {
            Some(members) => (members, None),
            None => {
                let members = self.source(frame, &rows.source)?;
                let of = members.len();
                (members, Some(of))
            }
        };
        let Some(filter) = rows.filter else { return Ok(Selection { members, of }) };
        let outer = frame.bind(rows.slot, None);
        let mut selected = members;
        selected.retain_mut(|(value, presence)| {
            // The row is lent to the frame, not copied.
            frame.bind(rows.slot, Some(std::mem::replace(value, Value::None)));
            let condition = self.condition(frame, filter);
            if let Some(row) = frame.bind(rows.slot, None) {
                *value = row;
            }
            match (presence.truth(), condition.truth()) {
                (_, Truth::False) => return false,
                (Truth::True, Truth::True) => return true,
                _ => *presence = and(presence, &condition),
            }
            presence.truth() != Truth::False
        });
        frame.bind(rows.slot, outer);
        Ok(Selection { members: selected, of })
    }

    /// The rows of a source.
    pub(crate) fn source(&self, frame: &mut Frame<'_>, source: &RowSource) -> Result<Members, Found> {
        match source {
            RowSource::Many { of, field } => {
                let owner = self.eval(frame, *of).doubted();
                match owner.value() {
                    Some(Value::Reference(reference)) => {
                        let reference = self.located(reference);
                        self.children(&reference, *field)
                    }
                    Some(_) => Err(Found::broken("rows of something that is no row")),
                    None => Err(owner.plain()),
                }
            }
            RowSource::All(record) => self.all(*record),
            RowSource::Values(category) => {
                let values = self.symbols().category(*category).map_or(0, |category| category.values.len());
                let values = u32::try_from(values).unwrap_or(u32::MAX);
                Ok((0..values).map(|value| (Value::Category(value), Found::flag(true))).collect())
            }
            RowSource::Flatten { outer, inner } => {
                let mut all = Vec::new();
                let members = self.select(frame, outer)?;
                let before = frame.bind(outer.slot, None);
                for (value, presence) in members {
                    frame.bind(outer.slot, Some(value));
                    let within = self.source(frame, inner);
                    match within {
                        Ok(within) => {
                            all.extend(
                                within.into_iter().map(|(value, there)| (value, and(&presence, &there))),
                            );
                        }
                        Err(found) => {
                            frame.bind(outer.slot, before);
                            return Err(found);
                        }
                    }
                }
                frame.bind(outer.slot, before);
                Ok(all)
            }
        }
    }

    /// How many rows a source gives.
    pub(super) fn source_size(&self, frame: &mut Frame<'_>, source: &RowSource) -> Result<usize, Found> {
        match source {
            RowSource::All(record) if !self.is_group(*record) => match self.data.rows(*record) {
                Some(rows) => Ok(rows as usize),
                None => Err(not_supplied(*record)),
            },
            RowSource::Many { of, field } => {
                // Rows that are there without anything having to be looked at.
                let at_hand =
                    self.row_at_hand(frame, *of).and_then(|owner| self.children_at_hand(owner, *field));
                match at_hand {
                    Some(rows) => Ok(rows),
                    None => self.source(frame, source).map(|members| members.len()),
                }
            }
            _ => self.source(frame, source).map(|members| members.len()),
        }
    }

    /// How many rows name a row, after these have been selected.
    fn children_at_hand(&self, owner: &Reference, field: u32) -> Option<usize> {
        if self.is_group(owner.record) {
            return None;
        }
        let row = owner.row.filter(|row| !self.data.is_duplicate(owner.record, *row))?;
        self.known_key(owner.record, row).ok()?;
        let declared = self.symbols().record(owner.record)?.fields.get(field as usize)?;
        match declared.kind {
            FieldKind::Many { record, by } if !self.is_group(record) && self.data.rows(record).is_some() => {
                Some(self.data.children(record, by, row).len())
            }
            _ => None,
        }
    }

    fn present(&self, record: RecordId, rows: impl IntoIterator<Item = u32>) -> Members {
        rows.into_iter()
            .map(|row| (Value::Reference(self.reference(record, row)), Found::flag(true)))
            .collect()
    }

    fn all(&self, record: RecordId) -> Result<Members, Found> {
        if self.is_group(record) {
            let table = self.group_table(record)?;
            return Ok(self.present(record, 0..u32::try_from(table.rows.len()).unwrap_or(u32::MAX)));
        }
        match self.data.rows(record) {
            Some(rows) => Ok(self.present(record, 0..rows)),
            None => Err(not_supplied(record)),
        }
    }

    /// The rows of a `many` field, or the members of a group.
    fn children(&self, owner: &Reference, field: u32) -> Result<Members, Found> {
        let declared =
            self.symbols().record(owner.record).and_then(|record| record.fields.get(field as usize));
        let (child, by) = match declared.map(|field| field.kind) {
            Some(FieldKind::Many { record, by }) => (record, by),
            Some(FieldKind::Members) => {
                let table = self.group_table(owner.record)?;
                let members = owner.row.and_then(|row| table.rows.get(row as usize));
                let members = members.map_or(&[][..], |(_, members)| members.as_slice());
                return Ok(members.iter().map(|member| (member.clone(), Found::flag(true))).collect());
            }
            _ => return Err(Found::broken("rows of a field that has none")),
        };
        if !self.is_group(owner.record) {
            let Some(row) = owner.row else { return Err(Found::need(self.no_row(owner.record))) };
            if self.data.is_duplicate(owner.record, row) {
                return Err(Found::fault(Fault::DuplicateKey { record: owner.record, row }));
            }
            self.known_key(owner.record, row)?;
        }
        if self.is_group(child) {
            let table = self.group_table(child)?;
            let owner = Value::Reference(owner.clone());
            let names = |(key, _): &(Arc<[Value]>, _)| key.get(by as usize) == Some(&owner);
            let rows = (0u32..).zip(&table.rows).filter(|(_, row)| names(row)).map(|(row, _)| row);
            return Ok(self.present(child, rows.collect::<Vec<_>>()));
        }
        if self.data.rows(child).is_none() {
            return Err(not_supplied(child));
        }
        match owner.row {
            Some(row) if !self.is_group(owner.record) => {
                Ok(self.present(child, self.data.children(child, by, row).iter().copied()))
            }
            _ => Err(Found::broken("rows that name a group")),
        }
    }

    /// A row whose own key is not known may be named by any row or by none.
    fn known_key(&self, record: RecordId, row: u32) -> Result<(), Found> {
        let keys = self.symbols().record(record).map_or(0, |record| record.keys);
        for field in 0..u32::try_from(keys).unwrap_or(u32::MAX) {
            let part = self.cell(record, row, field);
            if part.value().is_none() {
                return Err(part.doubted().plain());
            }
        }
        Ok(())
    }

    /// The rows of a record that can satisfy an equality which the condition demands: all others are surely out.
    fn likely(&self, frame: &mut Frame<'_>, rows: &Rows) -> Option<Members> {
        let RowSource::All(record) = rows.source else { return None };
        let kind = self.symbols().record(record)?.kind;
        if kind != RecordKind::Record || self.data.rows(record).is_none() {
            return None;
        }
        let (field, other) = demanded(frame.code, rows.slot, rows.filter?)?;
        let wanted = self.eval(frame, other);
        let wanted = wanted.value()?;
        if matches!(wanted, Value::Reference(reference) if reference.key.is_empty()) {
            return None;
        }
        Some(self.present(record, self.values_of(record, field)?.candidates(wanted)))
    }

    /// The rows of a record by the value of a field.
    pub(crate) fn values_of(&self, record: RecordId, field: u32) -> Option<Arc<Column>> {
        self.memory
            .columns
            .once((record, field), &self.memory.postponed, || Arc::new(self.column(record, field)))
    }

    fn column(&self, record: RecordId, field: u32) -> Column {
        let mut column = Column::default();
        for row in 0..self.data.rows(record).unwrap_or(0) {
            let given = self.options.givens.fields.contains_key(&(record, row, field));
            match &*self.data.cell(record, row, field) {
                _ if given || self.data.is_duplicate(record, row) => column.others.push(row),
                Cell::Known(Value::None) => {}
                Cell::Known(value) => column.by_value.entry(value.clone()).or_default().push(row),
                _ => column.others.push(row),
            }
        }
        column
    }
}

fn not_supplied(record: RecordId) -> Found {
    Found::need(Need { record, row: None, field: None, kind: NeedKind::NotSupplied })
}
