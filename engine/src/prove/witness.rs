//! A record that shows something: rows as a `test` block writes them, and as the evaluator reads them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use rubric_grammar::ast::RoundingMode;

use crate::data::{Cell, Dataset, Origin};
use crate::evaluate::{Evaluator, Options};
use crate::plan::{
    DefineId, Field, FieldKind, InputId, ParameterId, Plan, Privacy, Symbols, category_value, show_with,
    written_name, written_number,
};
use crate::value::{Base, Date, Number, RecordId, Reference, State, Type, Value};

/// What a row says of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Its value; not a reference.
    Value(Value),
    /// Another row, by its position.
    Row(usize),
    /// Nothing on file.
    Missing,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its record.
    pub record: RecordId,
    /// What it is called, and the key of a record whose key is text.
    pub name: Arc<str>,
    /// By position of the field; what is not here is not on file.
    pub facts: BTreeMap<u32, Fact>,
}

/// A made-up record with what it leads to; the first row is what the question is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witness {
    /// The day of deciding.
    pub as_of: Date,
    /// The rows.
    pub rows: Vec<Row>,
    /// Records that are supplied, and may have no rows.
    pub supplied: Vec<RecordId>,
    /// Values for the whole run.
    pub inputs: BTreeMap<InputId, Value>,
    /// Derived facts of the first row that are fixed, whatever their definitions say.
    pub givens: BTreeMap<DefineId, Value>,
    /// Values that parameters have on every day, by key.
    pub parameters: BTreeMap<(ParameterId, Vec<i64>), Value>,
}

impl Witness {
    /// Its rows as records.
    #[must_use]
    pub fn dataset(&self, symbols: &Symbols) -> Dataset {
        let mut data = Dataset::new(symbols);
        for record in &self.supplied {
            data.supply(symbols, *record);
        }
        for row in &self.rows {
            let Some(record) = symbols.record(row.record) else { continue };
            let cells = record
                .fields
                .iter()
                .enumerate()
                .map(|(position, field)| self.cell(symbols, row, position, field, 0))
                .collect();
            if let Some(table) = data.supply(symbols, row.record) {
                table.push(cells, Origin::default());
            }
        }
        data.finish(symbols);
        data
    }

    fn cell(&self, symbols: &Symbols, row: &Row, position: usize, field: &Field, depth: u32) -> Cell {
        if field.kind != FieldKind::Cell || depth > 16 {
            return Cell::Absent;
        }
        let is_key = symbols.record(row.record).is_some_and(|record| position < record.keys);
        match u32::try_from(position).ok().and_then(|position| row.facts.get(&position)) {
            Some(Fact::Value(value)) => Cell::Known(value.clone()),
            Some(Fact::Row(other)) => self
                .key(symbols, *other, depth)
                .map_or(Cell::Absent, |key| Cell::Known(Value::Reference(key))),
            None if is_key && field.ty.base == Base::Text => Cell::Known(Value::Text(Arc::clone(&row.name))),
            Some(Fact::Missing) | None => match &field.absent {
                Some(absent) => Cell::Known(absent.value.clone()),
                None if field.ty.optional && field.judged_by.is_none() => Cell::Missing,
                None => Cell::Absent,
            },
        }
    }

    fn key(&self, symbols: &Symbols, row: usize, depth: u32) -> Option<Reference> {
        let row = self.rows.get(row)?;
        let record = symbols.record(row.record)?;
        let parts: Option<Vec<Value>> = record
            .fields
            .iter()
            .take(record.keys)
            .enumerate()
            .map(|(position, field)| match self.cell(symbols, row, position, field, depth + 1) {
                Cell::Known(value) => Some(value),
                _ => None,
            })
            .collect();
        Some(Reference { record: row.record, row: None, key: parts?.into() })
    }

    /// Asks the evaluator about the record.
    pub fn ask<T>(&self, plan: &Plan, question: impl FnOnce(&Evaluator<'_>) -> T) -> T {
        let data = self.dataset(&plan.symbols);
        let inputs = self.inputs.iter().map(|(input, value)| (*input, State::Known(value.clone()))).collect();
        let mut options = Options { inputs, privacy: Privacy::Reveal, ..Options::default() };
        let fixed =
            self.givens.iter().map(|(define, value)| ((*define, Some(0)), State::Known(value.clone())));
        options.givens.defines.extend(fixed);
        let fixed = self.parameters.iter().map(|(cell, value)| (cell.clone(), State::Known(value.clone())));
        options.givens.parameters.extend(fixed);
        question(&Evaluator::new(plan, &data, self.as_of, options))
    }

    /// The name of the row that the question is about.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.rows.first().map_or("", |row| &row.name)
    }

    /// The name of the row with that key.
    pub(super) fn named(&self, symbols: &Symbols, reference: &Reference) -> Option<String> {
        let is = |at: &usize| self.key(symbols, *at, 0).is_some_and(|key| key.key == reference.key);
        let of = |at: &usize| self.rows.get(*at).is_some_and(|row| row.record == reference.record);
        let at = (0..self.rows.len()).filter(of).find(is)?;
        self.rows.get(at).map(|row| row.name.to_string())
    }

    /// A `test` block with these rows and that expectation, in which the `%` of `%.` stands for the row.
    #[must_use]
    pub fn test(&self, symbols: &Symbols, title: &str, expectation: &str) -> String {
        let mut text = format!("test \"{}\" {{\n  as of {}\n", title.replace('"', "'"), self.as_of);
        for row in &self.rows {
            let Some(record) = symbols.record(row.record) else { continue };
            let facts: Vec<String> = row
                .facts
                .iter()
                .filter_map(|(position, fact)| {
                    let field = record.fields.get(*position as usize)?;
                    Some(format!("{}: {}", written_name(&field.name), self.fact(symbols, fact, field.ty)?))
                })
                .collect();
            let (record, row) = (written_name(&record.name), written_name(&row.name));
            if facts.is_empty() {
                let _ = writeln!(text, "  {record} {row} {{}}");
            } else {
                let _ = writeln!(text, "  {record} {row} {{ {} }}", facts.join("  "));
            }
        }
        for record in &self.supplied {
            if !self.rows.iter().any(|row| row.record == *record)
                && let Some(record) = symbols.record(*record)
            {
                let _ = writeln!(text, "  no {}", written_name(&record.name));
            }
        }
        for (input, value) in &self.inputs {
            if let Some(input) = symbols.inputs.get(input.0 as usize) {
                let value = literal(symbols, value, input.ty);
                let _ = writeln!(text, "  given {} = {value}", written_name(&input.name));
            }
        }
        let subject = written_name(self.subject());
        for (define, value) in &self.givens {
            if let Some(define) = symbols.define(*define) {
                let value = literal(symbols, value, define.ty);
                let _ = writeln!(text, "  given {subject}.{} = {value}", written_name(&define.name));
            }
        }
        for ((parameter, key), value) in &self.parameters {
            if let Some(symbol) = symbols.parameter(*parameter) {
                let keys: Vec<String> =
                    key.iter().zip(&symbol.by).map(|(part, ty)| key_word(symbols, *part, *ty)).collect();
                let keys = if keys.is_empty() { String::new() } else { format!("({})", keys.join(", ")) };
                let value = literal(symbols, value, symbol.ty);
                let _ = writeln!(text, "  given {}{keys} = {value}", written_name(&symbol.name));
            }
        }
        let _ = writeln!(text, "  expect {}\n}}", expectation.replace("%.", &format!("{subject}.")));
        text
    }

    fn fact(&self, symbols: &Symbols, fact: &Fact, ty: Type) -> Option<String> {
        Some(match fact {
            Fact::Value(value) => literal(symbols, value, ty),
            Fact::Row(row) => written_name(&self.rows.get(*row)?.name).into_owned(),
            Fact::Missing => "missing".to_owned(),
        })
    }

    /// The same, as small and plain as it can be and still show what it shows: facts that it does not hang on are gone,
    /// numbers are round.
    #[must_use]
    pub fn minimized(mut self, symbols: &Symbols, shows: impl Fn(&Self) -> bool) -> Self {
        self = self.without_idle_rows(&shows);
        for row in 0..self.rows.len() {
            let facts: Vec<u32> =
                self.rows.get(row).map(|row| row.facts.keys().copied().collect()).unwrap_or_default();
            for field in facts {
                for simpler in self.simpler(symbols, row, field) {
                    let mut changed = self.clone();
                    let Some(facts) = changed.rows.get_mut(row).map(|row| &mut row.facts) else { continue };
                    match simpler {
                        None => drop(facts.remove(&field)),
                        Some(fact) => drop(facts.insert(field, fact)),
                    }
                    if shows(&changed) {
                        self = changed;
                        break;
                    }
                }
            }
        }
        // A row that nothing names any more.
        self.without_idle_rows(&shows)
    }

    /// The same without the rows, but the first, that it does not hang on.
    fn without_idle_rows(mut self, shows: &impl Fn(&Self) -> bool) -> Self {
        let mut at = self.rows.len();
        while at > 1 {
            at -= 1;
            let smaller = self.without_row(at);
            if shows(&smaller) {
                self = smaller;
            }
        }
        self
    }

    fn without_row(&self, at: usize) -> Self {
        let mut smaller = self.clone();
        if at < smaller.rows.len() {
            smaller.rows.remove(at);
        }
        for row in &mut smaller.rows {
            row.facts.retain(|_, fact| *fact != Fact::Row(at));
            for fact in row.facts.values_mut() {
                if let Fact::Row(other) = fact
                    && *other > at
                {
                    *other -= 1;
                }
            }
        }
        smaller
    }

    /// What could stand in the place of a fact, the plainest first: nothing, then round values.
    fn simpler(&self, symbols: &Symbols, row: usize, field: u32) -> Vec<Option<Fact>> {
        let mut found = vec![None];
        let Some(row) = self.rows.get(row) else { return found };
        let declared = symbols.record(row.record).and_then(|record| record.fields.get(field as usize));
        if let (Some(declared), Some(Fact::Value(value))) = (declared, row.facts.get(&field)) {
            let plainer = plainer(value, declared.ty.base).into_iter();
            found.extend(plainer.map(|value| Some(Fact::Value(value))));
        }
        found
    }
}

/// Values that are plainer than one, the plainest first.
fn plainer(value: &Value, base: Base) -> Vec<Value> {
    match value {
        Value::Flag(true) => vec![Value::Flag(false)],
        Value::Category(position) => (0..*position).take(4).map(Value::Category).collect(),
        Value::Number(number) => {
            let mut candidates = vec![Number::ZERO, Number::ONE];
            for scale in [100, 10, 1] {
                let step = if base == Base::Percent {
                    Number::ratio(scale, 100)
                } else {
                    Ok(Number::from_int(scale))
                };
                let Ok(step) = step else { continue };
                // A round number stays near: 100 is no plainer way to say 4.
                let size = if number.is_negative() { number.negated() } else { Ok(number.clone()) };
                if scale > 1 && size.is_ok_and(|size| size < step) {
                    continue;
                }
                for mode in [RoundingMode::Down, RoundingMode::Up] {
                    let rounded =
                        number.div(&step).and_then(|n| n.rounded(mode, 0)).and_then(|n| n.mul(&step));
                    candidates.extend(rounded.ok());
                }
            }
            // Nothing is plainer than nothing, and of what stands after the number none is.
            candidates.into_iter().take_while(|other| other != number).map(Value::Number).collect()
        }
        Value::Date(day) => {
            let firsts = [Date::new(day.year(), 1, 1), Date::new(day.year(), day.month(), 1)];
            firsts.into_iter().flatten().filter(|other| other != day).map(Value::Date).collect()
        }
        _ => Vec::new(),
    }
}

/// A part of the key of a table as a policy writes it.
fn key_word(symbols: &Symbols, part: i64, ty: Type) -> String {
    let value = match ty.base {
        Base::Category(_) => u32::try_from(part).ok().map(Value::Category),
        Base::Flag => Some(Value::Flag(part != 0)),
        Base::SchoolYear => i16::try_from(part).ok().map(Value::SchoolYear),
        _ => Some(Value::Number(Number::from_int(part))),
    };
    value.map(|value| literal(symbols, &value, ty)).unwrap_or_default()
}

/// A value as a policy writes it.
pub(crate) fn literal(symbols: &Symbols, value: &Value, ty: Type) -> String {
    match value {
        Value::Text(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        Value::Number(number) if matches!(ty.base, Base::Count | Base::Number) => written_number(number),
        Value::Category(position) => match ty.base {
            Base::Category(category) | Base::Set(category) => category_value(symbols, category, *position)
                .map_or_else(String::new, |name| written_name(name).into_owned()),
            _ => show_with(symbols, value, ty, Privacy::Reveal),
        },
        _ => show_with(symbols, value, ty, Privacy::Reveal),
    }
}
