//! Random records for any vocabulary: with missing, unreadable and dangling cells, duplicate keys, and numbers too large.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "only tests use it: they fail by panicking")]

use std::sync::Arc;

use rubric_engine::data::{Cell, Dataset, Origin};
use rubric_engine::plan::{FieldKind, Plan, RecordKind, Symbols};
use rubric_engine::value::{Base, Date, Number, RecordId, Reference, Type, Value};

use crate::random::Random;

fn below(dice: &mut Random, n: u64) -> u64 {
    dice.bits() % n.max(1)
}

fn one_in(dice: &mut Random, n: u64) -> bool {
    below(dice, n) == 0
}

/// How the records of a world are.
#[derive(Clone, Copy, Debug)]
pub struct Roughness {
    /// So many rows at most of each record.
    pub rows: u64,
    /// One cell in so many is not as it should be; 0: none.
    pub doubt: u64,
}

/// Records of a plan.
///
/// # Panics
///
/// On a plan whose numbers do not fit its symbols.
#[must_use]
pub fn rough(plan: &Plan, dice: &mut Random, roughness: Roughness) -> Dataset {
    let symbols = &plan.symbols;
    let mut keys: Vec<Option<Vec<Arc<[Value]>>>> = vec![None; symbols.records.len()];
    for record in 0..symbols.records.len() {
        keys_of(symbols, record, dice, roughness, &mut keys);
    }
    let mut data = Dataset::new(symbols);
    for (position, record) in symbols.records.iter().enumerate() {
        let id = RecordId(u32::try_from(position).unwrap());
        if record.kind != RecordKind::Record || (roughness.doubt > 0 && one_in(dice, 40)) {
            continue;
        }
        data.supply(symbols, id).unwrap();
        for key in keys[position].clone().unwrap() {
            let cells = record.fields.iter().enumerate().map(|(field, declared)| {
                if declared.kind != FieldKind::Cell {
                    return Cell::Absent;
                }
                if roughness.doubt > 0
                    && one_in(dice, roughness.doubt * if field < record.keys { 20 } else { 1 })
                {
                    return doubtful(declared.ty, dice);
                }
                if field < record.keys {
                    return Cell::Known(key[field].clone());
                }
                if declared.ty.optional && one_in(dice, 4) {
                    return Cell::Missing;
                }
                if let Some(absent) = &declared.absent
                    && one_in(dice, 3)
                {
                    return Cell::Known(absent.value.clone());
                }
                Cell::Known(value(symbols, declared.ty.base, dice, roughness, &keys))
            });
            let cells: Vec<Cell> = cells.collect();
            data.supply(symbols, id).unwrap().push(cells, Origin::default());
        }
    }
    data.finish(symbols);
    data
}

fn doubtful(ty: Type, dice: &mut Random) -> Cell {
    match below(dice, 2) {
        0 => Cell::Unreadable,
        _ if ty.optional => Cell::Missing,
        _ => Cell::Absent,
    }
}

fn keys_of(
    symbols: &Symbols,
    record: usize,
    dice: &mut Random,
    roughness: Roughness,
    keys: &mut Vec<Option<Vec<Arc<[Value]>>>>,
) {
    if keys[record].is_some() {
        return;
    }
    keys[record] = Some(Vec::new());
    let declared = &symbols.records[record];
    for field in declared.fields.iter().take(declared.keys) {
        if let Base::Record(target) = field.ty.base {
            keys_of(symbols, target.0 as usize, dice, roughness, keys);
        }
    }
    let rows = below(dice, roughness.rows + 1);
    let mut own: Vec<Arc<[Value]>> = Vec::new();
    for row in 0..rows {
        let repeat = roughness.doubt > 0 && one_in(dice, roughness.doubt * 3);
        let key: Arc<[Value]> = if repeat && !own.is_empty() {
            dice.pick(&own).unwrap().clone()
        } else {
            let parts =
                declared.fields.iter().take(declared.keys).enumerate().map(|(field, part)| {
                    match part.ty.base {
                        Base::Text => Value::Text(format!("k{row}_{field}").into()),
                        base => value(symbols, base, dice, Roughness { doubt: 0, ..roughness }, keys),
                    }
                });
            parts.collect()
        };
        if repeat || !own.contains(&key) {
            own.push(key);
        }
    }
    keys[record] = Some(own);
}

fn value(
    symbols: &Symbols,
    base: Base,
    dice: &mut Random,
    roughness: Roughness,
    keys: &[Option<Vec<Arc<[Value]>>>],
) -> Value {
    match base {
        Base::Flag => Value::Flag(one_in(dice, 2)),
        Base::Count => match below(dice, 60) {
            0 if roughness.doubt > 0 => number("9223372036854775807"),
            _ => Value::Number(Number::from_int(i64::try_from(below(dice, 5)).unwrap())),
        },
        Base::Percent => Value::Number(Number::ratio(i64::try_from(below(dice, 101)).unwrap(), 100).unwrap()),
        Base::Number | Base::Money | Base::Days | Base::Months => match below(dice, 80) {
            0 if roughness.doubt > 0 => number("9223372036854775807"),
            1 if roughness.doubt > 0 => {
                number("99999999999999999999999999999999999999999999999999999999999999999999999")
            }
            2 if roughness.doubt > 0 => Value::Number(Number::ratio(1, 3).unwrap()),
            3 if roughness.doubt > 0 => number("0.000000001"),
            n if n < 40 || matches!(base, Base::Days | Base::Months) => {
                Value::Number(Number::from_int(i64::try_from(below(dice, 7)).unwrap() - 2))
            }
            _ => Value::Number(Number::ratio(i64::try_from(below(dice, 900)).unwrap() - 200, 100).unwrap()),
        },
        Base::Text => Value::Text((*dice.pick(&["", "a", "ab", "abc", "12-34", "é1"]).unwrap()).into()),
        Base::Date => match below(dice, 30) {
            0 => Value::Date(Date::constant(2024, 2, 29)),
            1 if roughness.doubt > 0 => Value::Date(Date::MAX),
            _ => {
                let year = i16::try_from(2009 + below(dice, 18)).unwrap();
                let month = i8::try_from(1 + below(dice, 12)).unwrap();
                Value::Date(Date::new(year, month, i8::try_from(1 + below(dice, 28)).unwrap()).unwrap())
            }
        },
        Base::SchoolYear => Value::SchoolYear(i16::try_from(2022 + below(dice, 4)).unwrap()),
        Base::Category(category) => {
            let values = symbols.category(category).unwrap().values.len() as u64;
            Value::Category(u32::try_from(below(dice, values)).unwrap())
        }
        Base::Record(record) => {
            let known = keys[record.0 as usize].as_deref().unwrap_or(&[]);
            let dangling = known.is_empty() || (roughness.doubt > 0 && one_in(dice, roughness.doubt));
            let key = if dangling {
                let declared = &symbols.records[record.0 as usize];
                let parts = declared.fields.iter().take(declared.keys).map(|part| match part.ty.base {
                    Base::Text => Value::Text("nobody".into()),
                    base => value(symbols, base, dice, roughness, keys),
                });
                parts.collect()
            } else {
                dice.pick(known).unwrap().clone()
            };
            Value::Reference(Reference { record, row: None, key })
        }
        Base::Many(_) | Base::Set(_) | Base::Damaged => Value::None,
    }
}

fn number(text: &str) -> Value {
    Value::Number(Number::parse_decimal(text).unwrap())
}

/// What is wrong with records, how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flaws {
    /// Cells that are empty.
    pub missing: u64,
    /// Cells that could not be read.
    pub unreadable: u64,
    /// Keys that name no row.
    pub dangling: u64,
    /// Rows whose key another row has.
    pub duplicate: u64,
    /// Numbers that no fast representation holds.
    pub huge: u64,
    /// Records without any data.
    pub not_supplied: u64,
}

impl Flaws {
    /// Counts those of some records.
    pub fn add(&mut self, plan: &Plan, data: &Dataset) {
        for (position, record) in plan.symbols.records.iter().enumerate() {
            if record.kind != RecordKind::Record {
                continue;
            }
            let Some(table) = data.table(RecordId(u32::try_from(position).unwrap())) else {
                self.not_supplied += 1;
                continue;
            };
            for row in 0..table.len() {
                self.duplicate += u64::from(table.is_duplicate(row));
                for (field, declared) in (0..).zip(&record.fields) {
                    match table.cell(row, field) {
                        Cell::Missing | Cell::Absent if declared.kind == FieldKind::Cell => self.missing += 1,
                        Cell::Unreadable => self.unreadable += 1,
                        Cell::Known(Value::Reference(to)) => {
                            let found = data.table(to.record).and_then(|table| table.find(&to.key));
                            self.dangling += u64::from(found.is_none());
                        }
                        Cell::Known(Value::Number(number)) => {
                            let large = Number::from_int(1_000_000_000_000);
                            self.huge += u64::from(*number > large);
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    /// Whether none of them is lacking.
    #[must_use]
    pub const fn has_all(&self) -> bool {
        self.missing > 0
            && self.unreadable > 0
            && self.dangling > 0
            && self.duplicate > 0
            && self.huge > 0
            && self.not_supplied > 0
    }
}

/// The same records with one row fewer, each in turn; and with one cell that is as it should not be made whole.
#[must_use]
pub fn smaller(plan: &Plan, data: &Dataset) -> Vec<Dataset> {
    let mut found = Vec::new();
    for position in 0..plan.symbols.records.len() {
        let record = RecordId(u32::try_from(position).unwrap());
        for row in 0..data.table(record).map_or(0, |table| table.len()) {
            found.push(without(plan, data, record, row));
        }
    }
    found
}

/// The records without one row.
fn without(plan: &Plan, data: &Dataset, record: RecordId, row: u32) -> Dataset {
    let mut copy = Dataset::new(&plan.symbols);
    for (position, declared) in plan.symbols.records.iter().enumerate() {
        let id = RecordId(u32::try_from(position).unwrap());
        let Some(from) = data.table(id) else { continue };
        let to = copy.supply(&plan.symbols, id).unwrap();
        for at in (0..from.len()).filter(|at| (id, *at) != (record, row)) {
            let fields = 0..u32::try_from(declared.fields.len()).unwrap();
            to.push(fields.map(|field| from.cell(at, field).clone()).collect(), from.origin(at));
        }
    }
    copy.finish(&plan.symbols);
    copy
}

/// The records in words, a line for each row.
#[must_use]
pub fn listed(plan: &Plan, data: &Dataset) -> String {
    let mut text = String::new();
    for (position, record) in plan.symbols.records.iter().enumerate() {
        let Some(table) = data.table(RecordId(u32::try_from(position).unwrap())) else { continue };
        for row in 0..table.len() {
            let cells = (0..).zip(&record.fields).filter(|(_, field)| field.kind == FieldKind::Cell);
            let cells: Vec<String> =
                cells.map(|(at, field)| format!("{}: {:?}", field.name, table.cell(row, at))).collect();
            text.push_str(&format!("{} {{ {} }}\n", record.name, cells.join("  ")));
        }
    }
    text
}
