//! A parameter whose values are greater than the law has them, or less, by whatever the solver likes: what a grant to `raise`
//! or to `lower` allows.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cnf::Lit;
use super::encode::{Frame, leaf};
use super::form::{Form, Q, whole};
use super::solver::Model;
use super::sym::{Leaf, Sym};
use super::world::{World, exact};
use crate::evaluate::order;
use crate::plan::{CompareOp, ExprId, ParameterBody, ParameterId, ParameterRow, ParameterSymbol, Symbols};
use crate::value::{Base, Date, Type, Value};

/// Of a table with so many keys each has a value of its own; of a larger one what `otherwise` gives is one for each reading.
const MOST_KEYS: usize = 64;

/// Which rows of the law a raised value lies over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// That of this day, or, where there is none, all: one value, whatever the day on which it is read.
    Day(Option<Date>),
    /// Each by itself, as an amendment has another value from a day on.
    Each,
}

/// The parameter, and what has been read of it.
#[derive(Clone, Debug)]
pub(super) struct Raised {
    pub(super) parameter: ParameterId,
    body: Arc<ParameterBody>,
    ty: Type,
    /// The types of its keys.
    by: Vec<Type>,
    /// Every key, where they are few enough.
    keys: Option<Vec<Vec<i64>>>,
    rises: bool,
    over: Over,
    /// By the row that each lies over (the first, where it lies over several) and key.
    cells: BTreeMap<(usize, Vec<i64>), Sym>,
    /// What `otherwise` gives for the keys of a reading.
    others: Vec<(usize, Vec<Sym>, Sym)>,
    /// That they are greater than those of the law, or as great.
    pub(super) within: Vec<Lit>,
}

/// What a row gives for a key.
pub(super) fn held<'b>(row: &'b ParameterRow, key: &[i64]) -> Option<&'b Value> {
    row.cells.get(key).and_then(|values| values.first()).or(row.otherwise.as_ref())
}

impl Raised {
    pub(super) fn new(
        symbols: &Symbols,
        parameter: ParameterId,
        symbol: &ParameterSymbol,
        body: &Arc<ParameterBody>,
        rises: bool,
        over: Over,
    ) -> Self {
        Self {
            parameter,
            body: Arc::clone(body),
            ty: Type { optional: false, ..symbol.ty },
            by: symbol.by.clone(),
            keys: every_key(symbols, &symbol.by),
            rises,
            over,
            cells: BTreeMap::new(),
            others: Vec::new(),
            within: Vec::new(),
        }
    }

    /// The rows that a value lies over, `row` being that in force where each is raised by itself.
    fn under(&self, row: usize) -> Vec<&ParameterRow> {
        match self.over {
            Over::Each => self.body.rows.get(row).into_iter().collect(),
            Over::Day(Some(day)) => self.body.row_at(day).into_iter().collect(),
            Over::Day(None) => self.body.rows.iter().collect(),
        }
    }

    /// The keys that have values of their own, and whether others have one.
    fn keys(&self, row: usize) -> (Vec<Vec<i64>>, bool) {
        let under = self.under(row);
        let has_others = under.iter().any(|row| row.otherwise.is_some());
        if let (true, Some(keys)) = (has_others, &self.keys) {
            return (keys.clone(), false);
        }
        let mut keys: Vec<Vec<i64>> = under.iter().flat_map(|row| row.cells.keys().cloned()).collect();
        keys.sort_unstable();
        keys.dedup();
        (keys, has_others)
    }
}

/// All keys of a table, of one without keys the only one.
fn every_key(symbols: &Symbols, by: &[Type]) -> Option<Vec<Vec<i64>>> {
    let mut keys = vec![Vec::new()];
    for ty in by {
        let Base::Category(category) = ty.base else { return None };
        let values = i64::try_from(symbols.category(category)?.values.len()).ok()?;
        keys = keys
            .iter()
            .flat_map(|key: &Vec<i64>| {
                (0..values).map(|value| key.iter().copied().chain([value]).collect::<Vec<i64>>())
            })
            .take(MOST_KEYS + 1)
            .collect();
    }
    (keys.len() <= MOST_KEYS).then_some(keys)
}

impl<'p> World<'p> {
    /// What is read of the raised parameter.
    pub(super) fn raised_value(&mut self, frame: &Frame<'p>, keys: &[Sym], on: Option<ExprId>) -> Sym {
        let Some(raised) = &self.raised else { return Sym::unknown() };
        let (body, over) = (Arc::clone(&raised.body), raised.over);
        let rows = match over {
            Over::Each => self.rows_in_force(frame, &body, on),
            Over::Day(_) => vec![(Lit::YES, 0)],
        };
        let mut cases: Vec<(Lit, Leaf)> = Vec::new();
        for (in_force, row) in rows {
            let Some((named, has_others)) = self.raised.as_ref().map(|raised| raised.keys(row)) else {
                continue;
            };
            let mut other = vec![in_force];
            for key in named {
                let is: Vec<Lit> = key.iter().zip(keys).map(|(part, sym)| self.key_is(sym, *part)).collect();
                let is = self.all(is);
                other.push(!is);
                if is == Lit::NO {
                    continue;
                }
                let value = self.raised_cell(row, key);
                for (case, leaf) in value.cases {
                    cases.push((self.all([in_force, is, case]), leaf));
                }
            }
            if has_others {
                for sym in keys {
                    other.push(self.any(sym.cases.iter().map(|(when, _)| *when)));
                }
                let other = self.all(other);
                let value = self.raised_other(row, keys);
                for (case, leaf) in value.cases {
                    cases.push((self.all([other, case]), leaf));
                }
            }
        }
        cases.retain(|(when, _)| *when != Lit::NO);
        Sym { cases, missing: Lit::NO }
    }

    fn raised_cell(&mut self, row: usize, key: Vec<i64>) -> Sym {
        let Some(raised) = &self.raised else { return Sym::unknown() };
        let at = (row, key);
        if let Some(known) = raised.cells.get(&at) {
            return known.clone();
        }
        let values = raised.under(row).into_iter().filter_map(|row| held(row, &at.1)).cloned().collect();
        let value = self.beyond(values);
        if let Some(raised) = &mut self.raised {
            raised.cells.insert(at, value.clone());
        }
        value
    }

    fn raised_other(&mut self, row: usize, keys: &[Sym]) -> Sym {
        let Some(raised) = &self.raised else { return Sym::unknown() };
        let known = raised.others.iter().find(|(of, read, _)| *of == row && read == keys);
        if let Some((_, _, known)) = known {
            return known.clone();
        }
        let values = raised.under(row).into_iter().filter_map(|row| row.otherwise.clone()).collect();
        let value = self.beyond(values);
        if let Some(raised) = &mut self.raised {
            raised.others.push((row, keys.to_vec(), value.clone()));
        }
        value
    }

    /// A value that is as great as each of these, or greater; of a lowered parameter as small.
    fn beyond(&mut self, values: Vec<Value>) -> Sym {
        let Some((ty, rises)) = self.raised.as_ref().map(|raised| (raised.ty, raised.rises)) else {
            return Sym::unknown();
        };
        let value = self.number_beyond(ty, rises, &values).unwrap_or_else(|| self.any_of(ty));
        let op = if rises { CompareOp::Ge } else { CompareOp::Le };
        for bound in values.iter().filter_map(leaf) {
            let is_beyond = self.compare(op, &value, &Sym::of(bound)).yes;
            self.solver.cnf.clause(&[is_beyond]);
            if let Some(raised) = &mut self.raised {
                raised.within.push(is_beyond);
            }
        }
        value
    }

    /// A number that is bounded by these, so that whoever looks at rows of a collection alone knows it too.
    fn number_beyond(&mut self, ty: Type, rises: bool, values: &[Value]) -> Option<Sym> {
        let numbers: Option<Vec<Q>> = values
            .iter()
            .map(|value| match value {
                Value::Number(number) => Some(exact(number)),
                _ => None,
            })
            .collect();
        let bound = if rises { numbers?.into_iter().max()? } else { numbers?.into_iter().min()? };
        let is_whole = match ty.base {
            Base::Count | Base::Days | Base::Months => true,
            Base::Number | Base::Percent => false,
            _ => return None,
        };
        let least = (ty.base == Base::Count).then(|| whole(0));
        let (low, high) = if rises { (Some(bound), None) } else { (least, Some(bound)) };
        Some(Sym::of(Leaf::Num(Form::of(self.solver.number(is_whole, low, high)))))
    }

    /// The raised values of a model, by key; of several that lie over rows of one key the one that lies over all.
    pub(super) fn raised_values(&mut self, model: &Model) -> Option<BTreeMap<Vec<i64>, Value>> {
        let raised = self.raised.clone()?;
        let mut found: BTreeMap<Vec<i64>, Value> = BTreeMap::new();
        let mut put = |key: Vec<i64>, value: Value| {
            let wanted = if raised.rises { std::cmp::Ordering::Greater } else { std::cmp::Ordering::Less };
            let lies_within = found.get(&key).is_some_and(|known| order(&value, known) != Some(wanted));
            if !lies_within {
                found.insert(key, value);
            }
        };
        for ((_, key), value) in &raised.cells {
            put(key.clone(), self.plain_fact(model, value, raised.ty)?);
        }
        for (_, keys, value) in &raised.others {
            let parts = keys.iter().zip(&raised.by);
            let key: Option<Vec<i64>> =
                parts.map(|(sym, ty)| key_part(&self.plain_fact(model, sym, *ty)?)).collect();
            // A key that is not known is not read by it.
            if let Some(key) = key {
                put(key, self.plain_fact(model, value, raised.ty)?);
            }
        }
        Some(found)
    }
}

fn key_part(value: &Value) -> Option<i64> {
    match value {
        Value::Category(position) => Some(i64::from(*position)),
        Value::SchoolYear(year) => Some(i64::from(*year)),
        _ => None,
    }
}
