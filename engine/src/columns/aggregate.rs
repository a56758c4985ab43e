//! Aggregates: the members of each lane are reduced; lanes that are not exact follow the definition, and keep bounds.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;

use rubric_grammar::ast::{AggregateKind, QuantityKind};

use super::compare::{as_found, has_codes, key_code};
use super::lanes::Env;
use super::logic::{and, is_none, opposite, or};
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
        self.expanding(env, id, &|env| {
            let members = self.select(env, rows)?;
            Ok(match kind {
                AggregateKind::Any => any(&members, env.len),
                AggregateKind::None => super::logic::not(&any(&members, env.len)),
                AggregateKind::All | AggregateKind::SomeAndAll => {
                    let Some(satisfy) = operand else { return Err(Unexpanded::NoKernel("an aggregate")) };
                    let satisfied = self.eval(&env.within(&members.rows, rows.slot), satisfy);
                    let satisfied = satisfied.truths();
                    let mut all = vec![KNOWN; env.len];
                    for ((lane, there), satisfied) in
                        members.rows.of.iter().zip(&members.presence).zip(satisfied.iter())
                    {
                        if let Some(all) = all.get_mut(*lane as usize) {
                            *all = and(*all, or(opposite(*there), *satisfied));
                        }
                    }
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
            let counted = counted(&self.select(env, rows)?, env.len);
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
        let read = self.eval(&env.within(&members.rows, slot), operand);
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
        let mut exact: Vec<bool> = Vec::with_capacity(env.len);
        for range in &ranges {
            exact.push(range.clone().all(|at| members.presence.get(at) == Some(&KNOWN) && read.is_known(at)));
        }
        let reduced = match kind {
            AggregateKind::Sum => sums(&read, &ranges, &exact),
            AggregateKind::Highest => extremes(&read, &ranges, &exact, Ordering::Greater),
            AggregateKind::Lowest => extremes(&read, &ranges, &exact, Ordering::Less),
            AggregateKind::CountDistinct if has_codes(&read, self.store) => distinct(&read, &ranges, &exact),
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
                    .filter(|at| !skipped(*at))
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

fn any(members: &Members, lanes: usize) -> Vector {
    let mut any = vec![NO; lanes];
    for (lane, there) in members.rows.of.iter().zip(&members.presence) {
        if let Some(any) = any.get_mut(*lane as usize) {
            *any = or(*any, *there);
        }
    }
    fail(members, &mut any);
    Vector::flags(any)
}

fn counted(members: &Members, lanes: usize) -> Vector {
    let mut counts = vec![0_i64; lanes];
    let mut open = Vec::new();
    for (lane, there) in members.rows.of.iter().zip(&members.presence) {
        if let Some(count) = counts.get_mut(*lane as usize) {
            *count += 1;
        }
        if *there != KNOWN && open.last() != Some(lane) {
            open.push(*lane);
        }
    }
    let mut vector = Vector::of(vec![KNOWN; lanes], Data::Num(counts, 0));
    if !open.is_empty() {
        let ranges = members.ranges(lanes);
        for lane in open {
            let range = ranges.get(lane as usize).cloned().unwrap_or_default();
            let rows = range.map(|at| {
                let there = members.presence.get(at).copied().unwrap_or(ERROR);
                (Value::None, as_found(there))
            });
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

type Ranges = [std::ops::Range<usize>];

/// Sums of exact lanes, where they fit; which lanes are done.
fn sums(read: &Vector, ranges: &Ranges, exact: &[bool]) -> Option<(Vector, Vec<bool>)> {
    let (values, scale): (&[i64], u8) = match &read.data {
        Data::Num(values, scale) => (values, *scale),
        Data::Void if read.state.is_empty() => (&[], 0),
        _ => return None,
    };
    let mut done = Vec::with_capacity(ranges.len());
    let mut totals = Vec::with_capacity(ranges.len());
    let mut state = Vec::with_capacity(ranges.len());
    for (range, exact) in ranges.iter().zip(exact) {
        let members = values.get(range.clone()).unwrap_or(&[]);
        let total: i128 = members.iter().map(|value| i128::from(*value)).sum();
        let total = i64::try_from(total).ok().filter(|_| *exact);
        done.push(total.is_some());
        state.push(if total.is_some() { KNOWN } else { UNKNOWN });
        totals.push(total.unwrap_or(0));
    }
    Some((Vector::of(state, Data::Num(totals, scale)), done))
}

/// The highest or lowest of exact lanes; which lanes are done.
fn extremes(read: &Vector, ranges: &Ranges, exact: &[bool], side: Ordering) -> Option<(Vector, Vec<bool>)> {
    fn best<T: Copy + Ord + Default>(
        values: &[T],
        ranges: &Ranges,
        exact: &[bool],
        side: Ordering,
        unordered: impl Fn(T) -> bool,
    ) -> (Vec<u8>, Vec<T>, Vec<bool>) {
        let (mut state, mut found, mut done) = (Vec::new(), Vec::new(), Vec::new());
        for (range, exact) in ranges.iter().zip(exact) {
            let members = values.get(range.clone()).unwrap_or(&[]);
            let best = match side {
                Ordering::Greater => members.iter().max(),
                _ => members.iter().min(),
            };
            let ok = *exact && !members.iter().any(|value| unordered(*value));
            done.push(ok);
            state.push(match best {
                Some(_) if ok => KNOWN,
                None if ok => MISSING,
                _ => UNKNOWN,
            });
            found.push(best.copied().filter(|_| ok).unwrap_or_default());
        }
        (state, found, done)
    }
    Some(match &read.data {
        Data::Num(values, scale) => {
            let (state, found, done) = best(values, ranges, exact, side, |_| false);
            (Vector::of(state, Data::Num(found, *scale)), done)
        }
        Data::Date(days) => {
            let (state, found, done) = best(days, ranges, exact, side, |day| day == super::vector::NO_DAY);
            (Vector::of(state, Data::Date(found)), done)
        }
        Data::Year(years) => {
            let (state, found, done) = best(years, ranges, exact, side, |year| year == super::vector::NO_DAY);
            (Vector::of(state, Data::Year(found)), done)
        }
        Data::Code(codes) => {
            let none = |code| code >= super::vector::NOT_APPLICABLE;
            let (state, found, done) = best(codes, ranges, exact, side, none);
            (Vector::of(state, Data::Code(found)), done)
        }
        _ => return None,
    })
}

/// How many distinct values exact lanes have.
fn distinct(read: &Vector, ranges: &Ranges, exact: &[bool]) -> Option<(Vector, Vec<bool>)> {
    let mut counts = Vec::with_capacity(ranges.len());
    let mut state = Vec::with_capacity(ranges.len());
    for (range, exact) in ranges.iter().zip(exact) {
        let mut seen = HashSet::new();
        for at in range.clone().filter(|at| !is_none(&read.data, *at)) {
            seen.insert((read.state.get(at).copied().unwrap_or(ERROR), key_code(&read.data, at)));
        }
        counts.push(if *exact { i64::try_from(seen.len()).ok()? } else { 0 });
        state.push(if *exact { KNOWN } else { UNKNOWN });
    }
    Some((Vector::of(state, Data::Num(counts, 0)), exact.to_vec()))
}
