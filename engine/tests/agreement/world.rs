//! Random records for any vocabulary: with missing, unreadable and dangling cells, duplicate keys, and numbers too large.

use std::sync::Arc;

use rubric_engine::data::{Cell, Dataset, Origin};
use rubric_engine::plan::{FieldKind, Plan, RecordKind, Symbols};
use rubric_engine::value::{Base, Date, Number, RecordId, Reference, Type, Value};

/// A small generator of numbers that look random; the same seed gives the same.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}

/// How the records of a world are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// So many rows at most of each record.
    pub(crate) rows: u64,
    /// One cell in so many is not as it should be; 0: none.
    pub(crate) doubt: u64,
}

pub(crate) fn world(plan: &Plan, dice: &mut Dice, kind: Kind) -> Dataset {
    let symbols = &plan.symbols;
    let mut keys: Vec<Option<Vec<Arc<[Value]>>>> = vec![None; symbols.records.len()];
    for record in 0..symbols.records.len() {
        keys_of(symbols, record, dice, kind, &mut keys);
    }
    let mut data = Dataset::new(symbols);
    for (position, record) in symbols.records.iter().enumerate() {
        let id = RecordId(u32::try_from(position).unwrap());
        if record.kind != RecordKind::Record || (kind.doubt > 0 && dice.one_in(40)) {
            continue;
        }
        data.supply(symbols, id).unwrap();
        for key in keys[position].clone().unwrap() {
            let cells = record.fields.iter().enumerate().map(|(field, declared)| {
                if declared.kind != FieldKind::Cell {
                    return Cell::Absent;
                }
                if kind.doubt > 0 && dice.one_in(kind.doubt * if field < record.keys { 20 } else { 1 }) {
                    return doubtful(declared.ty, dice);
                }
                if field < record.keys {
                    return Cell::Known(key[field].clone());
                }
                if declared.ty.optional && dice.one_in(4) {
                    return Cell::Missing;
                }
                if let Some(absent) = &declared.absent
                    && dice.one_in(3)
                {
                    return Cell::Known(absent.value.clone());
                }
                Cell::Known(value(symbols, declared.ty.base, dice, kind, &keys))
            });
            let cells: Vec<Cell> = cells.collect();
            data.supply(symbols, id).unwrap().push(cells, Origin::default());
        }
    }
    data.finish(symbols);
    data
}

fn doubtful(ty: Type, dice: &mut Dice) -> Cell {
    match dice.below(2) {
        0 => Cell::Unreadable,
        _ if ty.optional => Cell::Missing,
        _ => Cell::Absent,
    }
}

fn keys_of(
    symbols: &Symbols,
    record: usize,
    dice: &mut Dice,
    kind: Kind,
    keys: &mut Vec<Option<Vec<Arc<[Value]>>>>,
) {
    if keys[record].is_some() {
        return;
    }
    keys[record] = Some(Vec::new());
    let declared = &symbols.records[record];
    for field in declared.fields.iter().take(declared.keys) {
        if let Base::Record(target) = field.ty.base {
            keys_of(symbols, target.0 as usize, dice, kind, keys);
        }
    }
    let rows = dice.below(kind.rows + 1);
    let mut own: Vec<Arc<[Value]>> = Vec::new();
    for row in 0..rows {
        let repeat = kind.doubt > 0 && dice.one_in(kind.doubt * 3);
        let key: Arc<[Value]> = if repeat && !own.is_empty() {
            dice.pick(&own).clone()
        } else {
            let parts =
                declared.fields.iter().take(declared.keys).enumerate().map(|(field, part)| {
                    match part.ty.base {
                        Base::Text => Value::Text(format!("k{row}_{field}").into()),
                        base => value(symbols, base, dice, Kind { doubt: 0, ..kind }, keys),
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
    dice: &mut Dice,
    kind: Kind,
    keys: &[Option<Vec<Arc<[Value]>>>],
) -> Value {
    match base {
        Base::Flag => Value::Flag(dice.one_in(2)),
        Base::Count => match dice.below(60) {
            0 if kind.doubt > 0 => number("9223372036854775807"),
            _ => Value::Number(Number::from_int(i64::try_from(dice.below(5)).unwrap())),
        },
        Base::Percent => Value::Number(Number::ratio(i64::try_from(dice.below(101)).unwrap(), 100).unwrap()),
        Base::Number | Base::Money | Base::Days | Base::Months => match dice.below(80) {
            0 if kind.doubt > 0 => number("9223372036854775807"),
            1 if kind.doubt > 0 => {
                number("99999999999999999999999999999999999999999999999999999999999999999999999")
            }
            2 if kind.doubt > 0 => Value::Number(Number::ratio(1, 3).unwrap()),
            3 if kind.doubt > 0 => number("0.000000001"),
            n if n < 40 || matches!(base, Base::Days | Base::Months) => {
                Value::Number(Number::from_int(i64::try_from(dice.below(7)).unwrap() - 2))
            }
            _ => Value::Number(Number::ratio(i64::try_from(dice.below(900)).unwrap() - 200, 100).unwrap()),
        },
        Base::Text => Value::Text((*dice.pick(&["", "a", "ab", "abc", "12-34", "é1"])).into()),
        Base::Date => match dice.below(30) {
            0 => Value::Date(Date::constant(2024, 2, 29)),
            1 if kind.doubt > 0 => Value::Date(Date::MAX),
            _ => {
                let year = i16::try_from(2009 + dice.below(18)).unwrap();
                let month = i8::try_from(1 + dice.below(12)).unwrap();
                Value::Date(Date::new(year, month, i8::try_from(1 + dice.below(28)).unwrap()).unwrap())
            }
        },
        Base::SchoolYear => Value::SchoolYear(i16::try_from(2022 + dice.below(4)).unwrap()),
        Base::Category(category) => {
            let values = symbols.category(category).unwrap().values.len() as u64;
            Value::Category(u32::try_from(dice.below(values)).unwrap())
        }
        Base::Record(record) => {
            let known = keys[record.0 as usize].as_deref().unwrap_or(&[]);
            let dangling = known.is_empty() || (kind.doubt > 0 && dice.one_in(kind.doubt));
            let key = if dangling {
                let declared = &symbols.records[record.0 as usize];
                let parts = declared.fields.iter().take(declared.keys).map(|part| match part.ty.base {
                    Base::Text => Value::Text("nobody".into()),
                    base => value(symbols, base, dice, kind, keys),
                });
                parts.collect()
            } else {
                dice.pick(known).clone()
            };
            Value::Reference(Reference { record, row: None, key })
        }
        Base::Many(_) | Base::Set(_) | Base::Damaged => Value::None,
    }
}

fn number(text: &str) -> Value {
    Value::Number(Number::parse_decimal(text).unwrap())
}
