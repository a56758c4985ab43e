//! Aggregates: the members of each lane are reduced; lanes that are not exact follow the definition, and keep bounds.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::ops::Range;

use rubric_grammar::ast::{AggregateKind, QuantityKind};

use super::compare::{as_found, has_codes, key_code};
use super::lanes::Env;
use super::logic::{and, is_none, or};
use super::rows::{Members, Unexpanded};
use super::vector::{Data, ERROR, KNOWN, MISSING, NO, UNKNOWN, Vector};
use super::worker::Worker;
use crate::evaluate::aggregate::{Item, average, count, count_distinct, extreme, sum};
use crate::evaluate::found::Found;
use crate::plan::{CompareOp, ExprId, Rows};
use crate::value::{Base, Value};

impl Worker<'_> {
    /// Evaluates lanes that expand to rows, in parts where they have many.
    pub(crate) fn expanding(
        &self,
        env: &Env<'_>,
        id: ExprId,
        work_out: &dyn Fn(&Env<'_>) -> Result<Vector, Unexpanded>,
    ) -> Vector {
        match work_out(env) {
            Ok(found) => found,
            Err(Unexpanded::NoKernel(why)) => self.replay(env, id, why),
            Err(Unexpanded::TooMany) => {
                let len = u32::try_from(env.len).unwrap_or(u32::MAX);
                let parts: Vec<(Vec<u32>, Cow<'_, Vector>)> = [0..len / 2, len / 2..len]
                    .into_iter()
                    .map(|half| {
                        let half: Vec<u32> = half.collect();
                        let found = self.expanding(&env.select(&half), id, work_out);
                        (half, Cow::Owned(found))
                    })
                    .collect();
                Vector::assemble(env.len, &parts, true, self.store)
            }
        }
    }

    pub(crate) fn aggregate(
        &self,
        env: &Env<'_>,
        id: ExprId,
        kind: AggregateKind,
        rows: &Rows,
        operand: Option<ExprId>,
    ) -> Vector {
        let by_rows = |env: &Env<'_>| self.aggregate_rows(env, id, kind, rows, operand);
        self.tallied(env, id, &rows.source, &by_rows).unwrap_or_else(|| by_rows(env))
    }

    /// From the rows of each lane.
    fn aggregate_rows(
        &self,
        env: &Env<'_>,
        id: ExprId,
        kind: AggregateKind,
        rows: &Rows,
        operand: Option<ExprId>,
    ) -> Vector {
        self.expanding(env, id, &|env| {
            // What is read of the rows is read of all of them where that is cheaper than to take out those that count.
            let all = operand.is_none_or(|operand| self.is_cheap(env.code, operand));
            let members = if all { self.survey(env, rows)? } else { self.select(env, rows)? };
            Ok(match kind {
                AggregateKind::Any => any(&members, env.len),
                AggregateKind::None => super::logic::not(&any(&members, env.len)),
                AggregateKind::All | AggregateKind::SomeAndAll => {
                    let Some(satisfy) = operand else { return Err(Unexpanded::NoKernel("an aggregate")) };
                    let satisfied = self.eval(&self.inner(env, &members.rows, rows.slot, satisfy), satisfy);
                    let satisfied = satisfied.truths();
                    let holds: Vec<u8> = members
                        .presence
                        .iter()
                        .zip(satisfied.iter())
                        .map(|(there, satisfied)| or(opposite_of_truth(*there), *satisfied))
                        .collect();
                    let mut all = fold(&members, env.len, &holds, KNOWN, and);
                    fail(&members, &mut all);
                    if kind == AggregateKind::SomeAndAll {
                        let some = any(&members, env.len);
                        all.iter_mut().zip(&some.state).for_each(|(all, some)| *all = and(*all, *some));
                    }
                    Vector::flags(all)
                }
                AggregateKind::Count => counted(&members, env.len),
                _ => {
                    let Some(operand) = operand else { return Err(Unexpanded::NoKernel("an aggregate")) };
                    self.reduce(env, kind, &members, rows.slot, operand)
                }
            })
        })
    }

    /// `at least n of …`.
    pub(crate) fn quantity(
        &self,
        env: &Env<'_>,
        id: ExprId,
        kind: QuantityKind,
        n: ExprId,
        rows: &Rows,
    ) -> Vector {
        let op = match kind {
            QuantityKind::AtLeast => CompareOp::Ge,
            QuantityKind::AtMost => CompareOp::Le,
            QuantityKind::Exactly => CompareOp::Eq,
        };
        self.expanding(env, id, &|env| {
            let counted = counted(&self.survey(env, rows)?, env.len);
            Ok(Vector::flags(self.compared(op, &counted, &self.eval(env, n))))
        })
    }

    fn reduce(
        &self,
        env: &Env<'_>,
        kind: AggregateKind,
        members: &Members,
        slot: u16,
        operand: ExprId,
    ) -> Vector {
        let base = env.code.get(operand).map_or(Base::Damaged, |expr| expr.ty.base);
        let read = self.eval(&self.inner(env, &members.rows, slot, operand), operand);
        // What is not applicable to a row is nothing of it, and adds nothing.
        let quantity = !matches!(base, Base::Category(_));
        let skipped = |at: usize| {
            quantity
                && match &read.data {
                    Data::Any(values) => values.get(at) == Some(&Value::NotApplicable),
                    _ => false,
                }
        };
        let result = if matches!(kind, AggregateKind::CountDistinct) { Base::Count } else { base };
        let ranges = members.ranges(env.len);
        let counts = Counts::of(members, &read, ranges);
        let reduced = match kind {
            AggregateKind::Sum => sums(&read, ranges, &counts),
            AggregateKind::Highest => extremes(&read, ranges, &counts, Ordering::Greater),
            AggregateKind::Lowest => extremes(&read, ranges, &counts, Ordering::Less),
            AggregateKind::CountDistinct if has_codes(&read, self.store) => distinct(&read, ranges, &counts),
            _ => None,
        };
        let (reduced, done) = match reduced {
            Some((vector, done)) => (Some(vector), done),
            None => (None, vec![false; env.len]),
        };
        let (quick, slow): (Vec<u32>, Vec<u32>) = (0..u32::try_from(env.len).unwrap_or(u32::MAX))
            .partition(|lane| done.get(*lane as usize) == Some(&true));
        let missing = || Found::missing(super::vector::some_need());
        let founds: Vec<Found> = slow
            .iter()
            .map(|lane| {
                let range = ranges.get(*lane as usize).cloned().unwrap_or_default();
                let items: Vec<Item> = range
                    .filter(|at| members.presence.get(*at) != Some(&NO) && !skipped(*at))
                    .map(|at| Item {
                        lets_in: as_found(members.presence.get(at).copied().unwrap_or(ERROR)),
                        operand: read.found(at, self.store).doubted().plain(),
                    })
                    .collect();
                match kind {
                    AggregateKind::Sum => sum(&items, base == Base::Count),
                    AggregateKind::Highest => extreme(&items, Ordering::Greater, missing),
                    AggregateKind::Lowest => extreme(&items, Ordering::Less, missing),
                    AggregateKind::Average => average(&items, missing),
                    _ => count_distinct(&items),
                }
            })
            .collect();
        let slow_vector = Vector::from_founds(founds, result, self.store);
        let mut all = match reduced {
            Some(vector) if slow.is_empty() => vector,
            Some(vector) => {
                let parts =
                    [(quick.clone(), Cow::Owned(vector.gather(&quick))), (slow, Cow::Owned(slow_vector))];
                Vector::assemble(env.len, &parts, true, self.store)
            }
            None => slow_vector,
        };
        fail_vector(members, &mut all);
        all
    }
}

/// Lanes of which the rows are not known.
fn fail(members: &Members, states: &mut [u8]) {
    for (lane, failed) in &members.rows.failed {
        if let Some(state) = states.get_mut(*lane as usize) {
            *state = *failed;
        }
    }
}

fn fail_vector(members: &Members, vector: &mut Vector) {
    if members.rows.failed.is_empty() {
        return;
    }
    fail(members, &mut vector.state);
    vector
        .bounds
        .retain(|(lane, _)| members.rows.failed.binary_search_by_key(lane, |(lane, _)| *lane).is_err());
}

/// The opposite of a condition that is never missing; without branches.
pub(crate) const fn opposite_of_truth(code: u8) -> u8 {
    // Yes and no are told by two equal bits.
    code ^ (((code ^ (code >> 1)) & 1 ^ 1).wrapping_neg() & 3)
}

/// The codes of each lane's rows put together, one after the other.
fn fold(members: &Members, lanes: usize, codes: &[u8], first: u8, join: impl Fn(u8, u8) -> u8) -> Vec<u8> {
    let of = |range: &Range<usize>| {
        codes.get(range.clone()).unwrap_or_default().iter().fold(first, |all, code| join(all, *code))
    };
    members.ranges(lanes).iter().map(of).collect()
}

fn any(members: &Members, lanes: usize) -> Vector {
    let mut any = fold(members, lanes, &members.presence, NO, or);
    fail(members, &mut any);
    Vector::flags(any)
}

fn counted(members: &Members, lanes: usize) -> Vector {
    let mut counts = Vec::with_capacity(lanes);
    let mut open = Vec::new();
    let ranges = members.ranges(lanes);
    for (lane, range) in (0_u32..).zip(ranges) {
        let (mut there, mut all) = (0_i64, 0_i64);
        for code in members.presence.get(range.clone()).unwrap_or_default() {
            there += i64::from(*code == KNOWN);
            all += i64::from(*code != NO);
        }
        counts.push(there);
        if there != all {
            open.push(lane);
        }
    }
    let mut vector = Vector::of(vec![KNOWN; lanes], Data::Num(counts, 0));
    if !open.is_empty() {
        for lane in open {
            let range = ranges.get(lane as usize).cloned().unwrap_or_default();
            let codes = range.map(|at| members.presence.get(at).copied().unwrap_or(ERROR));
            let rows = codes.filter(|code| *code != NO).map(|code| (Value::None, as_found(code)));
            let found = count(&rows.collect());
            if let Some(state) = vector.state.get_mut(lane as usize) {
                *state = super::vector::code_of(&found);
            }
            if let Some(bounds) = found.bounds {
                vector.bounds.push((lane, bounds));
            }
        }
        if let Data::Num(counts, _) = &mut vector.data {
            for (count, _) in counts.iter_mut().zip(&vector.state).filter(|(_, state)| **state != KNOWN) {
                *count = 0;
            }
        }
    }
    fail_vector(members, &mut vector);
    vector
}

/// By row, from whether it is there and the state of what is read of it: 0 it does not count, 1 it does and its value is
/// known, 2 otherwise.
pub(crate) fn counting(presence: &[u8], state: &[u8]) -> Vec<u8> {
    let code = |(there, state): (&u8, &u8)| {
        let is_open = u8::from(*there != KNOWN) | u8::from(*state != KNOWN) & u8::from(*state != NO);
        (1 + is_open) & u8::from(*there == NO).wrapping_sub(1)
    };
    presence.iter().zip(state).map(code).collect()
}

type Ranges = [Range<usize>];

/// Which rows count, and of which lanes that is known, as is what is read of the rows that do.
struct Counts {
    /// As [`counting`] says.
    rows: Vec<u8>,
    exact: Vec<bool>,
}

impl Counts {
    fn of(members: &Members, read: &Vector, ranges: &Ranges) -> Self {
        let rows = counting(&members.presence, &read.state);
        let is_exact = |range: &Range<usize>| {
            rows.get(range.clone()).unwrap_or_default().iter().fold(0, |all, code| all | code) < 2
        };
        Self { exact: ranges.iter().map(is_exact).collect(), rows }
    }

    /// The values of the rows that count.
    fn taken<'v, T: Copy>(&'v self, values: &'v [T], range: &Range<usize>) -> impl Iterator<Item = T> + 'v {
        let codes = self.rows.get(range.clone()).unwrap_or_default();
        let values = values.get(range.clone()).unwrap_or_default();
        values.iter().zip(codes).filter(|(_, code)| **code == 1).map(|(value, _)| *value)
    }
}

/// Sums of exact lanes, where they fit; which lanes are done.
fn sums(read: &Vector, ranges: &Ranges, counts: &Counts) -> Option<(Vector, Vec<bool>)> {
    let (values, scale): (&[i64], u8) = match &read.data {
        Data::Num(values, scale) => (values, *scale),
        Data::Void if read.state.is_empty() => (&[], 0),
        _ => return None,
    };
    let mut done = Vec::with_capacity(ranges.len());
    let mut totals = Vec::with_capacity(ranges.len());
    let mut state = Vec::with_capacity(ranges.len());
    for (range, exact) in ranges.iter().zip(&counts.exact) {
        let (mut total, mut fits) = (0_i64, *exact);
        let codes = counts.rows.get(range.clone()).unwrap_or_default();
        for (value, code) in values.get(range.clone()).unwrap_or_default().iter().zip(codes) {
            // What does not count is masked, so that there is nothing to branch on.
            let (sum, is_over) = total.overflowing_add(value & -i64::from(*code == 1));
            total = sum;
            fits &= !is_over;
        }
        done.push(fits);
        state.push(if fits { KNOWN } else { UNKNOWN });
        totals.push(if fits { total } else { 0 });
    }
    Some((Vector::of(state, Data::Num(totals, scale)), done))
}

/// The highest or lowest of exact lanes; which lanes are done.
fn extremes(read: &Vector, ranges: &Ranges, counts: &Counts, side: Ordering) -> Option<(Vector, Vec<bool>)> {
    fn best<T: Copy + Ord + Default>(
        values: &[T],
        ranges: &Ranges,
        counts: &Counts,
        side: Ordering,
        unordered: impl Fn(T) -> bool,
    ) -> (Vec<u8>, Vec<T>, Vec<bool>) {
        let mut state = Vec::with_capacity(ranges.len());
        let (mut found, mut done) = (Vec::with_capacity(ranges.len()), Vec::with_capacity(ranges.len()));
        for (range, exact) in ranges.iter().zip(&counts.exact) {
            let (mut best, mut ok) = (None, *exact);
            for value in counts.taken(values, range) {
                ok &= !unordered(value);
                best = match best {
                    Some(best) if side == Ordering::Greater => Some(value.max(best)),
                    Some(best) => Some(value.min(best)),
                    None => Some(value),
                };
            }
            done.push(ok);
            state.push(match best {
                Some(_) if ok => KNOWN,
                None if ok => MISSING,
                _ => UNKNOWN,
            });
            found.push(best.filter(|_| ok).unwrap_or_default());
        }
        (state, found, done)
    }
    Some(match &read.data {
        Data::Num(values, scale) => {
            let (state, found, done) = best(values, ranges, counts, side, |_| false);
            (Vector::of(state, Data::Num(found, *scale)), done)
        }
        Data::Date(days) => {
            let (state, found, done) = best(days, ranges, counts, side, |day| day == super::vector::NO_DAY);
            (Vector::of(state, Data::Date(found)), done)
        }
        Data::Year(years) => {
            let (state, found, done) =
                best(years, ranges, counts, side, |year| year == super::vector::NO_DAY);
            (Vector::of(state, Data::Year(found)), done)
        }
        Data::Code(codes) => {
            let none = |code| code >= super::vector::NOT_APPLICABLE;
            let (state, found, done) = best(codes, ranges, counts, side, none);
            (Vector::of(state, Data::Code(found)), done)
        }
        _ => return None,
    })
}

/// How many distinct values exact lanes have.
fn distinct(read: &Vector, ranges: &Ranges, counts: &Counts) -> Option<(Vector, Vec<bool>)> {
    let mut found = Vec::with_capacity(ranges.len());
    let mut state = Vec::with_capacity(ranges.len());
    for (range, exact) in ranges.iter().zip(&counts.exact) {
        let mut seen = HashSet::new();
        let taken = |at: &usize| counts.rows.get(*at) == Some(&1) && !is_none(&read.data, *at);
        for at in range.clone().filter(taken) {
            seen.insert((read.state.get(at).copied().unwrap_or(ERROR), key_code(&read.data, at)));
        }
        found.push(if *exact { i64::try_from(seen.len()).ok()? } else { 0 });
        state.push(if *exact { KNOWN } else { UNKNOWN });
    }
    Some((Vector::of(state, Data::Num(found, 0)), counts.exact.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::logic::opposite;

    #[test]
    fn conditions_are_turned_without_branches() {
        for code in [NO, UNKNOWN, ERROR, KNOWN] {
            assert_eq!(opposite_of_truth(code), opposite(code), "{code}");
        }
    }
}
