//! `latest`, `earliest` and `only`: what is read of the row that the others do not displace.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::rc::Rc;
use std::sync::Arc;

use rubric_grammar::ast::AggregateKind;

use super::compare::{as_found, key_code};
use super::lanes::{Env, Expansion};
use super::rows::{Members, ranges};
use super::vector::{Data, ERROR, KNOWN, MISSING, NO, NO_DAY, Vector};
use super::worker::Worker;
use crate::evaluate::found::Found;
use crate::evaluate::pick::{Row, agreed, candidates};
use crate::plan::{ExprId, Rows};
use crate::value::{Base, Value};

impl Worker<'_> {
    pub(crate) fn pick(
        &self,
        env: &Env<'_>,
        id: ExprId,
        kind: AggregateKind,
        rows: &Rows,
        by: Option<ExprId>,
        read: ExprId,
    ) -> Vector {
        self.expanding(env, id, &|env| {
            let members = self.select(env, rows)?;
            let by = by.filter(|_| kind != AggregateKind::Only);
            let dates = by.map(|by| self.eval(&env.within(&members.rows, rows.slot), by));
            let side = if kind == AggregateKind::Earliest { Ordering::Less } else { Ordering::Greater };
            Ok(self.picked(env, &members, rows.slot, dates.as_deref(), side, read))
        })
    }

    fn picked(
        &self,
        env: &Env<'_>,
        members: &Members,
        slot: u16,
        dates: Option<&Vector>,
        side: Ordering,
        read: ExprId,
    ) -> Vector {
        let base = env.code.get(read).map_or(Base::Damaged, |expr| expr.ty.base);
        let all = members.ranges(env.len);
        // The rows that may be the one. Of lanes whose rows all count and have a date, those at the best; of others all.
        let mut kept: Vec<u32> = Vec::new();
        let mut clear = Vec::with_capacity(env.len);
        for range in all {
            let sure = range.clone().all(|at| {
                members.presence.get(at) == Some(&KNOWN) && dates.is_none_or(|dates| has_day(dates, at))
            });
            clear.push(sure);
            let positions = range.clone().filter_map(|at| u32::try_from(at).ok());
            match dates {
                Some(dates) if sure => {
                    let day = |at: &u32| key_code(&dates.data, *at as usize);
                    let best = match side {
                        Ordering::Less => positions.clone().map(|at| day(&at)).min(),
                        _ => positions.clone().map(|at| day(&at)).max(),
                    };
                    kept.extend(positions.filter(|at| Some(day(at)) == best));
                }
                _ => kept.extend(positions),
            }
        }
        let of: Vec<u32> =
            kept.iter().map(|at| members.rows.of.get(*at as usize).copied().unwrap_or(0)).collect();
        let chosen = Expansion::new(of, members.rows.lanes.select(&kept), Vec::new());
        let chosen = Rc::new(chosen);
        let readings = self.eval(&env.within(&chosen, slot), read);
        let within = ranges(&chosen.of, env.len);
        // Where all candidates give one narrow value, that is it.
        let (mut quick, mut first) = (Vec::new(), Vec::new());
        let (mut empty, mut slow) = (Vec::new(), Vec::new());
        for (lane, (range, clear)) in (0_u32..).zip(within.iter().zip(&clear)) {
            if range.is_empty() {
                empty.push(lane);
                continue;
            }
            let agree = *clear && agreeing(&readings, range.clone());
            match u32::try_from(range.start) {
                Ok(start) if agree => {
                    quick.push(lane);
                    first.push(start);
                }
                _ => slow.push(lane),
            }
        }
        let founds: Vec<Found> = slow
            .iter()
            .map(|lane| {
                let range = within.get(*lane as usize).cloned().unwrap_or_default();
                let rows: Vec<(usize, Row)> = range
                    .map(|at| {
                        let member = kept.get(at).copied().unwrap_or(0) as usize;
                        let date = match dates {
                            Some(dates) => dates.found(member, self.store).doubted(),
                            None => Found::flag(true),
                        };
                        let lets_in = as_found(members.presence.get(member).copied().unwrap_or(ERROR));
                        let value = self.bound(&chosen.lanes, at).unwrap_or(Value::None);
                        (at, Row { value, lets_in, date })
                    })
                    .collect();
                let (places, rows): (Vec<usize>, Vec<Row>) = rows.into_iter().unzip();
                let candidates = candidates(&rows, side);
                let readings: Vec<Found> = places
                    .iter()
                    .zip(&rows)
                    .filter(|(_, row)| candidates.iter().any(|candidate| std::ptr::eq(*candidate, *row)))
                    .map(|(at, _)| readings.found(*at, self.store).plain())
                    .collect();
                agreed(&candidates, &readings)
            })
            .collect();
        let mut parts: Vec<(Vec<u32>, Cow<'_, Vector>)> = Vec::new();
        if !quick.is_empty() {
            let first = readings.gather(&first);
            parts.push((quick, Cow::Owned(first.plain())));
        }
        if !slow.is_empty() {
            parts.push((slow, Cow::Owned(Vector::from_founds(founds, base, self.store))));
        }
        if !empty.is_empty() {
            let nothing = Vector::open(MISSING, empty.len());
            parts.push((empty, Cow::Owned(nothing)));
        }
        let mut found = Vector::assemble(env.len, &parts, false, self.store);
        for (lane, failed) in &members.rows.failed {
            if let Some(state) = found.state.get_mut(*lane as usize) {
                *state = *failed;
            }
        }
        found
    }
}

/// Whether a row has a day, or whatever else the rows are ordered by, as a number.
fn has_day(dates: &Vector, at: usize) -> bool {
    dates.state.get(at) == Some(&KNOWN)
        && match &dates.data {
            Data::Date(days) | Data::Year(days) => days.get(at).is_some_and(|day| *day != NO_DAY),
            Data::Num(..) => true,
            _ => false,
        }
}

/// Whether all of the readings are the same value, told apart by their numbers, or all missing.
fn agreeing(readings: &Arc<Vector>, mut range: std::ops::Range<usize>) -> bool {
    let Some(first) = range.next() else { return false };
    let state = |at: usize| readings.state.get(at).copied().unwrap_or(ERROR);
    if !matches!(state(first), NO | KNOWN | MISSING) {
        return false;
    }
    let one = range.is_empty();
    let told = matches!(
        readings.data,
        Data::Flag | Data::Num(..) | Data::Code(_) | Data::Date(_) | Data::Year(_) | Data::Row(..)
    );
    one || (state(first) == MISSING || told)
        && range.clone().all(|at| {
            state(at) == state(first)
                && (state(first) == MISSING
                    || key_code(&readings.data, at) == key_code(&readings.data, first))
        })
}
