//! Sharing a sum: lanes that share it are worked out once.

use std::collections::HashMap;

use rubric_grammar::ast::RoundingUnit;

use super::lanes::Env;
use super::rows::Unexpanded;
use super::vector::{ERROR, KNOWN, MISSING, UNKNOWN, Vector, code_of};
use super::worker::Worker;
use crate::evaluate::apportion::{by_key, shares};
use crate::evaluate::found::Found;
use crate::evaluate::operate;
use crate::plan::{ExprId, Rows, reads_slot};
use crate::value::{Base, Number, Value};

impl Worker<'_> {
    /// The part of the row in slot 0. The rows among which it shares and the sum are the same for each of them.
    pub(crate) fn apportion(
        &self,
        env: &Env<'_>,
        id: ExprId,
        total: ExprId,
        rows: &Rows,
        by: ExprId,
        unit: RoundingUnit,
    ) -> Vector {
        self.expanding(env, id, &|env| {
            let Some(own) = env.slot(0).cloned() else {
                return Err(Unexpanded::NoKernel("a part of no row"));
            };
            let members = self.select(env, rows)?;
            let totals = self.eval(env, total);
            let weights = self.eval(&env.within(&members.rows, rows.slot), by);
            let own_weights = reads_slot(env.code, by, 0);
            let mut known: HashMap<Sharing, Result<Vec<(u32, Number)>, u8>> = HashMap::new();
            let founds = members.ranges(env.len).iter().enumerate().map(|(lane, range)| {
                let lane_u32 = u32::try_from(lane).unwrap_or(u32::MAX);
                if let Ok(at) = members.rows.failed.binary_search_by_key(&lane_u32, |(lane, _)| *lane) {
                    let state = members.rows.failed.get(at).map_or(ERROR, |(_, state)| *state);
                    return super::vector::open(state);
                }
                let states = members.presence.get(range.clone()).unwrap_or(&[]);
                if states.contains(&ERROR) {
                    return super::vector::open(ERROR);
                }
                if states.iter().any(|state| *state != KNOWN) {
                    return super::vector::open(UNKNOWN);
                }
                let sharing: Vec<u32> = members.rows.lanes.rows.get(range.clone()).unwrap_or(&[]).to_vec();
                let Some(row) = own.rows.get(lane).copied().filter(|row| sharing.contains(row)) else {
                    return Found::known(Value::Number(Number::ZERO));
                };
                let sum = totals.found(lane, self.store).doubted().plain();
                let state = code_of(&sum);
                let key = (sharing, state, sum.value().cloned(), own_weights.then_some(lane));
                let parts = known.entry(key).or_insert_with_key(|(sharing, _, sum, _)| {
                    let read = |at: usize| weights.value(at, self.store);
                    let states = || range.clone().map(|at| weights.state.get(at).copied().unwrap_or(ERROR));
                    let total_state = totals.state.get(lane).copied().unwrap_or(ERROR);
                    if total_state == ERROR || states().any(|state| state == ERROR) {
                        return Err(ERROR);
                    }
                    let (Some(sum), false) = (sum, states().any(|state| matches!(state, UNKNOWN | MISSING)))
                    else {
                        return Err(UNKNOWN);
                    };
                    let mut order: Vec<(u32, usize)> = sharing.iter().copied().zip(range.clone()).collect();
                    let name = |row: u32| {
                        let record = members.rows.lanes.record?;
                        Some(Value::Reference(self.store.reference(record, row)))
                    };
                    order.sort_by_cached_key(|(row, _)| Ordered(name(*row).unwrap_or(Value::None)));
                    let numbers: Option<Vec<Number>> = order
                        .iter()
                        .map(|(_, at)| match read(*at) {
                            Some(Value::Number(number)) => Some(number),
                            _ => None,
                        })
                        .collect();
                    let (Value::Number(sum), Some(numbers)) = (sum, numbers) else { return Err(ERROR) };
                    let parts = shares(sum, &numbers, operate::places(unit)).map_err(|_| ERROR)?;
                    Ok(order.into_iter().map(|(row, _)| row).zip(parts).collect())
                });
                match parts {
                    Ok(parts) => match parts.iter().find(|(other, _)| *other == row) {
                        Some((_, part)) => Found::known(Value::Number(part.clone())),
                        None => super::vector::open(ERROR),
                    },
                    Err(state) => super::vector::open(*state),
                }
            });
            let founds: Vec<Found> = founds.collect();
            debug_assert!(founds.iter().all(|found| code_of(found) != MISSING));
            Ok(Vector::from_founds(founds, Base::Number, self.store))
        })
    }
}

/// Among which rows, the state and worth of the sum, and for which lane, where lanes weigh differently.
type Sharing = (Vec<u32>, u8, Option<Value>, Option<usize>);

/// A row in the order of its key.
struct Ordered(Value);

impl PartialEq for Ordered {
    fn eq(&self, other: &Self) -> bool {
        by_key(&self.0, &other.0).is_eq()
    }
}

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        by_key(&self.0, &other.0)
    }
}
