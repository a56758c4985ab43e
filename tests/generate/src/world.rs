//! Records for a plan, some facts of which can be taken away.

use std::sync::Arc;

use rubric_engine::data::{Cell, Dataset, Origin};
use rubric_engine::plan::{Field, FieldKind, Op, Plan, RecordKind};
use rubric_engine::value::{Base, Date, Number, RecordId, Reference, Value};

use crate::random::Random;

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// What is true: a value, or that there is none.
    pub truth: Option<Value>,
    /// Whether it is taken away.
    pub hidden: bool,
}

/// The rows of every record of a plan.
#[derive(Clone, Debug)]
pub struct World {
    /// By record; `None` for groups.
    pub tables: Vec<Option<Vec<Vec<Slot>>>>,
}

/// Cells of a field take small values, so that rows agree often and limits are met.
fn value(plan: &Plan, random: &mut Random, base: Base, sizes: &[usize]) -> Option<Value> {
    let small = i64::try_from(random.below(5)).ok()?;
    Some(match base {
        Base::Flag => Value::Flag(random.percent(50)),
        Base::Count | Base::Days | Base::Months => Value::Number(Number::from_int(small)),
        Base::Number => Value::Number(Number::ratio(small * 2 - 3, 2).ok()?),
        Base::Percent => Value::Number(Number::ratio(small * 25, 100).ok()?),
        Base::Money => Value::Number(Number::ratio(small * 175, 100).ok()?),
        Base::Text => Value::Text(Arc::from(*random.pick(&["ab", "abc", "b", "a1", " ", "béla"])?)),
        Base::Date => {
            let days = [(2023, 12, 31), (2024, 1, 31), (2024, 2, 29), (2024, 7, 1), (2022, 6, 30)];
            let (year, month, day) = *random.pick(&days)?;
            Value::Date(Date::new(year, month, day).ok()?)
        }
        Base::SchoolYear => Value::SchoolYear(2022 + i16::try_from(random.below(3)).ok()?),
        Base::Category(category) => {
            let values = plan.symbols.category(category)?.values.len();
            Value::Category(u32::try_from(random.below(values)).ok()?)
        }
        Base::Record(record) => {
            let rows = sizes.get(record.0 as usize).copied().unwrap_or(0);
            // One key more than there are rows: it dangles.
            let dangling = usize::from(random.percent(3));
            reference(plan, random, record, rows + dangling, sizes)?
        }
        Base::Many(_) | Base::Set(_) | Base::Damaged => return None,
    })
}

/// A key of a record, by the number of its row.
fn reference(
    plan: &Plan,
    random: &mut Random,
    record: RecordId,
    rows: usize,
    sizes: &[usize],
) -> Option<Value> {
    if rows == 0 {
        return None;
    }
    let key = key(plan, record, random.below(rows), sizes)?;
    Some(Value::Reference(Reference { record, row: None, key: key.into() }))
}

/// The key of the n-th row: its first part that can tell rows apart is the number, references go round.
fn key(plan: &Plan, record: RecordId, row: usize, sizes: &[usize]) -> Option<Vec<Value>> {
    let declared = plan.symbols.record(record)?;
    let fields: Vec<&Field> = declared.fields.iter().take(declared.keys).collect();
    let mut rest = row;
    let mut parts = Vec::with_capacity(fields.len());
    for field in fields {
        let part = match field.ty.base {
            Base::Text => {
                let part = Value::Text(Arc::from(format!("{}{rest}", declared.name.chars().next()?)));
                rest = 0;
                part
            }
            Base::Count | Base::Number => {
                let part = Value::Number(Number::from_int(i64::try_from(rest).ok()?));
                rest = 0;
                part
            }
            Base::SchoolYear => {
                let year = 2022 + i16::try_from(row % 3).ok()?;
                Value::SchoolYear(year)
            }
            Base::Category(category) => {
                let values = plan.symbols.category(category)?.values.len().max(1);
                let part = Value::Category(u32::try_from(rest % values).ok()?);
                rest /= values;
                part
            }
            Base::Record(other) if other != record => {
                let rows = sizes.get(other.0 as usize).copied().unwrap_or(0).max(1);
                let key = key(plan, other, rest % rows, sizes)?;
                rest /= rows;
                Value::Reference(Reference { record: other, row: None, key: key.into() })
            }
            _ => return None,
        };
        parts.push(part);
    }
    Some(parts)
}

/// How many different keys a record can have, with these numbers of rows of the others.
fn most_rows(plan: &Plan, record: RecordId, sizes: &[usize]) -> usize {
    let Some(declared) = plan.symbols.record(record) else { return 0 };
    let mut most = 1_usize;
    for field in declared.fields.iter().take(declared.keys) {
        match field.ty.base {
            Base::Text | Base::Count | Base::Number => return usize::MAX,
            Base::Category(category) => {
                most *= plan.symbols.category(category).map_or(1, |category| category.values.len());
            }
            Base::Record(other) => most *= sizes.get(other.0 as usize).copied().unwrap_or(0),
            _ => {}
        }
    }
    most
}

/// Whether rows are found by this field: what it says is which rows there are, and is never taken away.
fn finds_rows(plan: &Plan, record: RecordId, field: u32) -> bool {
    plan.symbols.record(record).is_some_and(|declared| (field as usize) < declared.keys)
        || is_group_key(plan, record, field)
        || plan.symbols.records.iter().flat_map(|record| &record.fields).any(
            |other| matches!(other.kind, FieldKind::Many { record: of, by } if of == record && by == field),
        )
}

/// Whether a group's key reads the field.
fn is_group_key(plan: &Plan, record: RecordId, field: u32) -> bool {
    plan.groups.iter().any(|(group, body)| {
        let of = plan.symbols.record(RecordId(*group)).map(|group| group.kind);
        of == Some(RecordKind::Group { of: record })
            && body
                .code
                .exprs
                .iter()
                .any(|expr| matches!(expr.op, Op::Field { field: read, .. } if read == field))
    })
}

impl World {
    /// Random rows for every record, up to `most` each; of the cells that may be, so many of a hundred are taken away.
    #[must_use]
    pub fn new(plan: &Plan, random: &mut Random, most: usize, hidden: usize) -> Self {
        let records = &plan.symbols.records;
        let mut sizes: Vec<usize> = records
            .iter()
            .map(|record| if record.kind == RecordKind::Record { random.below(most + 1) } else { 0 })
            .collect();
        for position in 0..sizes.len() {
            let Ok(record) = u32::try_from(position).map(RecordId) else { continue };
            let most = most_rows(plan, record, &sizes);
            if let Some(size) = sizes.get_mut(position) {
                *size = (*size).min(most);
            }
        }
        let mut tables = Vec::with_capacity(records.len());
        for (position, record) in records.iter().enumerate() {
            let id = RecordId(u32::try_from(position).unwrap_or(u32::MAX));
            if record.kind != RecordKind::Record || plan.symbols.waivers == Some(id) {
                tables.push(None);
                continue;
            }
            let size = sizes.get(position).copied().unwrap_or(0);
            let rows = (0..size).filter_map(|row| Self::row(plan, random, id, row, &sizes, hidden)).collect();
            tables.push(Some(rows));
        }
        Self { tables }
    }

    fn row(
        plan: &Plan,
        random: &mut Random,
        record: RecordId,
        row: usize,
        sizes: &[usize],
        hidden: usize,
    ) -> Option<Vec<Slot>> {
        let mut key = key(plan, record, row, sizes)?.into_iter();
        let declared = plan.symbols.record(record)?;
        let mut slots = Vec::with_capacity(declared.fields.len());
        for (position, field) in (0_u32..).zip(&declared.fields) {
            if let Some(part) = key.next() {
                slots.push(Slot { truth: Some(part), hidden: false });
                continue;
            }
            let gone = (field.ty.optional || field.absent.is_some()) && random.percent(25);
            let truth = match (&field.absent, gone) {
                (Some(absent), true) => Some(absent.value.clone()),
                (None, true) => None,
                _ if field.kind != FieldKind::Cell => None,
                _ => value(plan, random, field.ty.base, sizes),
            };
            let may_hide = field.kind == FieldKind::Cell && !finds_rows(plan, record, position);
            slots.push(Slot { truth, hidden: may_hide && random.percent(hidden) });
        }
        Some(slots)
    }

    /// The records, those facts taken away (or, `complete`, none).
    #[must_use]
    pub fn data(&self, plan: &Plan, complete: bool) -> Dataset {
        let mut data = Dataset::new(&plan.symbols);
        for (position, table) in self.tables.iter().enumerate() {
            let Ok(id) = u32::try_from(position).map(RecordId) else { continue };
            let (Some(rows), Some(record)) = (table, plan.symbols.record(id)) else { continue };
            let Some(target) = data.supply(&plan.symbols, id) else { continue };
            for row in rows {
                let cells =
                    record.fields.iter().zip(row).map(|(field, slot)| cell(field, slot, complete)).collect();
                target.push(cells, Origin::default());
            }
        }
        data.finish(&plan.symbols);
        data
    }

    /// The same rows in another order.
    #[must_use]
    pub fn reordered(&self, random: &mut Random) -> Self {
        let mut copy = self.clone();
        for rows in copy.tables.iter_mut().flatten() {
            random.shuffle(rows);
        }
        copy
    }

    /// Worlds with one row fewer.
    #[must_use]
    pub fn smaller(&self) -> Vec<Self> {
        let mut found = Vec::new();
        for (table, rows) in self.tables.iter().enumerate() {
            for row in 0..rows.as_ref().map_or(0, Vec::len) {
                let mut copy = self.clone();
                if let Some(Some(rows)) = copy.tables.get_mut(table) {
                    rows.remove(row);
                    found.push(copy);
                }
            }
        }
        found
    }

    /// The same world for a plan whose records and categories are numbered otherwise, by their names.
    #[must_use]
    pub fn moved(&self, from: &Plan, to: &Plan) -> Self {
        let mut tables = vec![None; to.symbols.records.len()];
        for (record, rows) in from.symbols.records.iter().zip(&self.tables) {
            let Some(RecordId(at)) = to.symbols.record_named(&record.name) else { continue };
            let moved = rows.as_ref().map(|rows| {
                let slot = |slot: &Slot| Slot {
                    truth: slot.truth.as_ref().map(|value| renumbered(value, from, to)),
                    hidden: slot.hidden,
                };
                rows.iter().map(|row| row.iter().map(slot).collect()).collect()
            });
            if let Some(table) = tables.get_mut(at as usize) {
                *table = moved;
            }
        }
        Self { tables }
    }
}

/// Values of categories stand by their position, which the order of files does not change; records by their number.
fn renumbered(value: &Value, from: &Plan, to: &Plan) -> Value {
    match value {
        Value::Reference(reference) => {
            let name = from.symbols.record(reference.record).map(|record| record.name.as_str());
            let record = name.and_then(|name| to.symbols.record_named(name)).unwrap_or(reference.record);
            let key: Vec<Value> = reference.key.iter().map(|part| renumbered(part, from, to)).collect();
            Value::Reference(Reference { record, row: None, key: key.into() })
        }
        other => other.clone(),
    }
}

fn cell(field: &Field, slot: &Slot, complete: bool) -> Cell {
    if field.kind != FieldKind::Cell {
        return Cell::Absent;
    }
    match &slot.truth {
        _ if slot.hidden && !complete => Cell::Assumed,
        Some(value) => Cell::Known(value.clone()),
        None if field.ty.optional && field.judged_by.is_none() => Cell::Missing,
        None => Cell::Absent,
    }
}
