//! The rows of a test as records.

use std::sync::Arc;

use super::constant_with_index;
use crate::data::{Cell, Dataset, Origin};
use crate::plan::{ExprId, Field, FieldKind, Op, Plan, TestBody, TestCell, TestRow};
use crate::value::{Base, RecordId, Reference, State, Value};

/// A key may lead through this many other rows.
const DEEPEST_KEY: usize = 32;

/// The records of a test.
pub(super) struct Built {
    pub(super) data: Dataset,
    /// By position in the test: the row in its table.
    pub(super) positions: Vec<u32>,
}

pub(super) fn build(plan: &Plan, test: &TestBody) -> Built {
    let symbols = &*plan.symbols;
    let mut data = Dataset::new(symbols);
    for record in &test.empty {
        data.supply(symbols, *record);
    }
    let maker = Maker { plan, test };
    let mut positions = Vec::with_capacity(test.rows.len());
    for row in &test.rows {
        let cells = maker.cells(row);
        let table = data.supply(symbols, row.record);
        positions.push(table.as_ref().map_or(0, |table| table.len()));
        if let Some(table) = table {
            table.push(cells, Origin::default());
        }
    }
    data.finish(symbols);
    Built { data, positions }
}

struct Maker<'a> {
    plan: &'a Plan,
    test: &'a TestBody,
}

impl Maker<'_> {
    fn cells(&self, row: &TestRow) -> Vec<Cell> {
        let Some(record) = self.plan.symbols.record(row.record) else { return Vec::new() };
        let cell = |(position, field): (usize, &Field)| {
            let position = u32::try_from(position).unwrap_or(u32::MAX);
            self.cell(row, position, field, 0)
        };
        record.fields.iter().enumerate().map(cell).collect()
    }

    fn cell(&self, row: &TestRow, position: u32, field: &Field, depth: usize) -> Cell {
        match row.cells.get(&position) {
            _ if field.kind != FieldKind::Cell => Cell::Absent,
            Some(TestCell::Value(id)) => self.value(row, *id, field, depth).map_or(Cell::Absent, Cell::Known),
            Some(TestCell::Unknown) => Cell::Assumed,
            Some(TestCell::Missing) => left_out(field),
            None if self.is_key(row.record, position) && field.ty.base == Base::Text => {
                Cell::Known(Value::Text(Arc::clone(&row.name)))
            }
            None => left_out(field),
        }
    }

    fn is_key(&self, record: RecordId, position: u32) -> bool {
        self.plan.symbols.record(record).is_some_and(|record| (position as usize) < record.keys)
    }

    fn value(&self, row: &TestRow, id: ExprId, field: &Field, depth: usize) -> Option<Value> {
        let Base::Record(target) = field.ty.base else { return self.constant(row, id) };
        let key: Vec<Value> = match &self.test.code.get(id)?.op {
            Op::TestRow(other) => return self.row(*other, depth),
            Op::Lookup { keys, .. } => keys
                .iter()
                .map(|key| match self.test.code.get(*key)?.op {
                    Op::TestRow(other) => self.row(other, depth),
                    _ => self.constant(row, *key),
                })
                .collect::<Option<_>>()?,
            _ => vec![self.constant(row, id)?],
        };
        Some(Value::Reference(Reference { record: target, row: None, key: key.into() }))
    }

    fn constant(&self, row: &TestRow, id: ExprId) -> Option<Value> {
        match constant_with_index(self.plan, &self.test.code, id, row.index) {
            State::Known(value) => Some(value),
            _ => None,
        }
    }

    /// A row by its key; none where a part of the key is not stated.
    fn row(&self, position: u32, depth: usize) -> Option<Value> {
        let row = self.test.rows.get(position as usize)?;
        let record = self.plan.symbols.record(row.record)?;
        if depth > DEEPEST_KEY {
            return None;
        }
        let part = |(position, field): (usize, &Field)| match self.cell(
            row,
            u32::try_from(position).ok()?,
            field,
            depth + 1,
        ) {
            Cell::Known(value) => Some(value),
            _ => None,
        };
        let key: Option<Vec<Value>> = record.fields.iter().take(record.keys).enumerate().map(part).collect();
        Some(Value::Reference(Reference { record: row.record, row: None, key: key?.into() }))
    }
}

/// A field that the test says nothing of.
fn left_out(field: &Field) -> Cell {
    match &field.absent {
        Some(absent) => Cell::Known(absent.value.clone()),
        None if field.ty.optional && field.judged_by.is_none() => Cell::Missing,
        None => Cell::Absent,
    }
}
