//! Records that are tried where the solver is at a loss: values at and beside every constant of the two versions.
//!
//! It shows differences only; that none is found proves nothing. The same records are tried on every machine.

use std::collections::{BTreeMap, BTreeSet};

use super::vocabulary::{Read, Shared, codes, reads};
use super::witness::{Fact, Row, Witness};
use crate::plan::{FieldKind, InputId, Interval, Op, Plan, RecordKind, Symbols};
use crate::value::date::add_days;
use crate::value::{Base, Date, Number, RecordId, Type, Value};

/// So many records are tried.
const TRIALS: u64 = 700;
/// A record has at most so many rows.
const MOST_ROWS: usize = 24;
/// So many values of a category, and so many constants, are tried.
const MOST_VALUES: usize = 40;

/// A record for which the two versions differ, made as small as it goes.
pub(super) fn find(
    shared: &Shared,
    subject: Option<RecordId>,
    segments: &[Interval],
    confirms: impl Fn(&Witness) -> bool,
) -> Option<Witness> {
    let subject = subject?;
    let symbols = &shared.new.symbols;
    if symbols.record(subject)?.kind != RecordKind::Record {
        return None;
    }
    let pool = Pool::of(shared, segments);
    for number in 0..TRIALS {
        let mut maker = Maker {
            pool: &pool,
            symbols,
            random: Random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bd1_e995),
            plain: number == 0,
            witness: Witness::default(),
        };
        let witness = maker.record(subject);
        if confirms(&witness) {
            return Some(witness.minimized(symbols, confirms));
        }
    }
    None
}

/// What values are made of.
struct Pool {
    days: Vec<Date>,
    dates: Vec<Date>,
    numbers: Vec<Number>,
    texts: Vec<std::sync::Arc<str>>,
    years: Vec<i16>,
    /// What either version reads, in the shared vocabulary.
    fields: BTreeSet<(RecordId, u32)>,
    /// Records of which all rows are looked at.
    whole: BTreeSet<RecordId>,
    inputs: BTreeSet<InputId>,
}

impl Pool {
    fn of(shared: &Shared, segments: &[Interval]) -> Self {
        let mut pool = Self {
            days: Vec::new(),
            dates: Vec::new(),
            numbers: vec![Number::ZERO, Number::ONE],
            texts: vec!["a".into(), "".into()],
            years: Vec::new(),
            fields: BTreeSet::new(),
            whole: BTreeSet::new(),
            inputs: BTreeSet::new(),
        };
        for segment in segments {
            pool.days.extend(segment.from);
            pool.days.extend(segment.until.and_then(|until| until.yesterday().ok()));
        }
        if pool.days.is_empty() {
            pool.days.push(Date::constant(2024, 6, 1));
        }
        for plan in [&shared.old, &shared.new] {
            for code in codes(plan) {
                for expr in &code.exprs {
                    if let Op::Literal(value) = &expr.op {
                        pool.constant(value);
                    }
                }
            }
            for body in plan.parameters.values() {
                for row in &body.rows {
                    for value in row.cells.values().flatten().chain(&row.otherwise) {
                        pool.constant(value);
                    }
                }
            }
        }
        for day in pool.days.clone() {
            pool.dates.push(day);
        }
        pool.finish();
        let new = &shared.new.symbols;
        pool.reads(&shared.new, Some, Some);
        let old = &shared.old.symbols;
        pool.reads(
            &shared.old,
            |(record, field)| {
                let declared = old.record(record)?;
                let id = new.record_named(&declared.name)?;
                let name = &declared.fields.get(field as usize)?.name;
                let at = new.record(id)?.fields.iter().position(|field| field.name == *name)?;
                Some((id, u32::try_from(at).ok()?))
            },
            |input| {
                let name = &old.inputs.get(input.0 as usize)?.name;
                let at = new.inputs.iter().position(|input| input.name == *name)?;
                Some(InputId(u32::try_from(at).ok()?))
            },
        );
        pool
    }

    fn constant(&mut self, value: &Value) {
        match value {
            Value::Number(number) => self.numbers.push(number.clone()),
            Value::Date(day) => self.dates.push(*day),
            Value::Text(text) => self.texts.push(text.clone()),
            Value::SchoolYear(year) => self.years.push(*year),
            _ => {}
        }
    }

    /// Beside each constant, what is just below and above it; and of two constants that are near, their sum.
    fn finish(&mut self) {
        let mut numbers: BTreeMap<(i64, String), Number> = BTreeMap::new();
        let mut keep = |number: Number| {
            let rough = number.rounded(rubric_grammar::ast::RoundingMode::Down, 0);
            let rough = rough.ok().and_then(|whole| whole.to_i64()).unwrap_or(i64::MAX);
            numbers.insert((rough, number.to_fraction()), number);
        };
        for number in self.numbers.iter().take(MOST_VALUES) {
            keep(number.clone());
            for step in
                [Number::ratio(1, 100), Number::ratio(1, 2), Ok(Number::ONE), Ok(Number::from_int(10))]
            {
                let Ok(step) = step else { continue };
                for other in [number.add(&step), number.sub(&step)].into_iter().flatten() {
                    keep(other);
                }
            }
        }
        self.numbers = numbers.into_values().collect();
        let dates: BTreeSet<Date> = self
            .dates
            .iter()
            .take(MOST_VALUES)
            .flat_map(|day| [-366, -1, 0, 1, 30, 366].map(|by| add_days(*day, by)))
            .flatten()
            .collect();
        self.dates = dates.into_iter().collect();
        self.years.extend(self.days.iter().map(|day| day.year()));
        self.years.sort_unstable();
        self.years.dedup();
        self.texts.sort();
        self.texts.dedup();
        self.days.sort_unstable();
        self.days.dedup();
    }

    fn reads(
        &mut self,
        plan: &Plan,
        field: impl Fn((RecordId, u32)) -> Option<(RecordId, u32)>,
        input: impl Fn(InputId) -> Option<InputId>,
    ) {
        for read in reads(plan) {
            match read {
                Read::Field(record, at) => self.fields.extend(field((record, at))),
                Read::Input(id) => self.inputs.extend(input(id)),
                // Found by the first of its fields.
                Read::Record(record) => {
                    self.whole.extend(field((record, 0)).map(|(record, _)| record));
                }
            }
        }
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let n = u64::try_from(n).unwrap_or(1).max(1);
        usize::try_from((self.0 >> 33) % n).unwrap_or(0)
    }

    fn pick<'t, T>(&mut self, list: &'t [T]) -> Option<&'t T> {
        list.get(self.below(list.len()))
    }
}

/// Makes one record.
struct Maker<'a> {
    pool: &'a Pool,
    symbols: &'a Symbols,
    random: Random,
    /// The plainest of all.
    plain: bool,
    witness: Witness,
}

impl Maker<'_> {
    fn record(&mut self, subject: RecordId) -> Witness {
        let last = self.pool.days.last().copied().unwrap_or_default();
        let day = if self.plain { Some(&last) } else { self.random.pick(&self.pool.days) };
        self.witness.as_of = day.copied().unwrap_or(last);
        self.row(subject);
        for record in &self.pool.whole {
            if *record != subject {
                for _ in 0..self.random.below(3) {
                    self.row(*record);
                }
            }
        }
        // Rows that were made may lead to rows of their own.
        let mut at = 0;
        while at < self.witness.rows.len() {
            self.children(at);
            at += 1;
        }
        for input in &self.pool.inputs {
            let Some(ty) = self.symbols.inputs.get(input.0 as usize).map(|input| input.ty) else { continue };
            if let Some(Fact::Value(value)) = self.value(ty, 0) {
                self.witness.inputs.insert(*input, value);
            }
        }
        std::mem::take(&mut self.witness)
    }

    fn row(&mut self, record: RecordId) -> Option<usize> {
        if self.witness.rows.len() >= MOST_ROWS {
            return None;
        }
        let declared = self.symbols.record(record)?;
        let count = self.witness.rows.iter().filter(|row| row.record == record).count() + 1;
        let name = format!("{}_{count}", super::decode::snake(&declared.name));
        let at = self.witness.rows.len();
        self.witness.rows.push(Row { record, name: name.into(), facts: BTreeMap::new() });
        if !self.witness.supplied.contains(&record) {
            self.witness.supplied.push(record);
        }
        for (position, field) in declared.fields.iter().enumerate() {
            let Ok(place) = u32::try_from(position) else { break };
            let is_key = position < declared.keys;
            if field.kind != FieldKind::Cell || !(is_key || self.pool.fields.contains(&(record, place))) {
                continue;
            }
            if is_key && field.ty.base == Base::Text {
                continue;
            }
            let fact = if is_key && !matches!(field.ty.base, Base::Record(_)) {
                own_key(self.symbols, field.ty, count)
            } else if field.ty.optional && !self.plain && self.random.below(4) == 0 {
                Some(Fact::Missing)
            } else {
                self.value(field.ty, at)
            };
            if let (Some(fact), Some(row)) = (fact, self.witness.rows.get_mut(at)) {
                row.facts.insert(place, fact);
            }
        }
        Some(at)
    }

    /// The rows of the `many` fields of a row.
    fn children(&mut self, at: usize) {
        let Some(record) = self.witness.rows.get(at).map(|row| row.record) else { return };
        let Some(declared) = self.symbols.record(record) else { return };
        for (position, field) in declared.fields.iter().enumerate() {
            let Ok(place) = u32::try_from(position) else { break };
            let FieldKind::Many { record: child, by } = field.kind else { continue };
            if !self.pool.fields.contains(&(record, place)) {
                continue;
            }
            if !self.witness.supplied.contains(&child) {
                self.witness.supplied.push(child);
            }
            let wanted = if self.plain { 1 } else { self.random.below(4) };
            for _ in 0..wanted {
                if let Some(made) = self.row(child)
                    && let Some(row) = self.witness.rows.get_mut(made)
                {
                    row.facts.insert(by, Fact::Row(at));
                }
            }
        }
    }

    /// A value of a type, for the row at that place.
    fn value(&mut self, ty: Type, at: usize) -> Option<Fact> {
        let number = |number: Number| Fact::Value(Value::Number(number));
        Some(match ty.base {
            Base::Flag => Fact::Value(Value::Flag(!self.plain && self.random.below(2) == 1)),
            Base::Count => {
                let whole: Vec<&Number> =
                    self.pool.numbers.iter().filter(|n| n.is_whole() && !n.is_negative()).collect();
                number((*self.random.pick(&whole)?).clone())
            }
            Base::Days | Base::Months => {
                let whole: Vec<&Number> = self.pool.numbers.iter().filter(|n| n.is_whole()).collect();
                number((*self.random.pick(&whole)?).clone())
            }
            Base::Money => {
                let cents: Vec<&Number> = self.pool.numbers.iter().filter(|n| n.has_places(2)).collect();
                number((*self.random.pick(&cents)?).clone())
            }
            Base::Number | Base::Percent => number(self.random.pick(&self.pool.numbers)?.clone()),
            Base::Text => Fact::Value(Value::Text(self.random.pick(&self.pool.texts)?.clone())),
            Base::Date => {
                let around = [-1, 0, -400, -6_600, 40];
                let by = i64::from(*self.random.pick(&around)?);
                let day = if self.pool.dates.is_empty() || self.random.below(3) == 0 {
                    add_days(self.witness.as_of, by)?
                } else {
                    *self.random.pick(&self.pool.dates)?
                };
                Fact::Value(Value::Date(day))
            }
            Base::SchoolYear => Fact::Value(Value::SchoolYear(*self.random.pick(&self.pool.years)?)),
            Base::Category(category) => {
                let values = self.symbols.category(category)?.values.len().min(MOST_VALUES);
                Fact::Value(Value::Category(u32::try_from(self.random.below(values)).ok()?))
            }
            Base::Record(record) => {
                let known: Vec<usize> = self
                    .witness
                    .rows
                    .iter()
                    .enumerate()
                    .filter(|(other, row)| row.record == record && *other != at)
                    .map(|(other, _)| other)
                    .collect();
                let other = if known.is_empty() || self.random.below(3) == 0 {
                    self.row(record)?
                } else {
                    *self.random.pick(&known)?
                };
                Fact::Row(other)
            }
            Base::Many(_) | Base::Set(_) | Base::Damaged => return None,
        })
    }
}

/// A value of a key that no other row of the record has.
fn own_key(symbols: &Symbols, ty: Type, count: usize) -> Option<Fact> {
    let number = i64::try_from(count).ok()?;
    Some(Fact::Value(match ty.base {
        Base::Date => Value::Date(add_days(Date::constant(2024, 1, 1), number)?),
        Base::SchoolYear => Value::SchoolYear(2023 + i16::try_from(number).ok()?),
        Base::Flag => Value::Flag(number % 2 == 0),
        Base::Category(category) => {
            let values = symbols.category(category)?.values.len().max(1);
            Value::Category(u32::try_from((count - 1) % values).ok()?)
        }
        _ => Value::Number(Number::from_int(number)),
    }))
}
