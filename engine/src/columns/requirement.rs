//! Requirements: what must hold and what excuses as codes; each combination that occurs is judged once.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::compare::{as_found, strict};
use super::lanes::{Env, Lanes};
use super::logic::is_none;
use super::quick::QuickMap;
use super::store::{KeyCounts, Store};
use super::vector::{Data, ERROR, KNOWN, NEVER, NO, NO_DAY, UNKNOWN, Vector};
use super::worker::Worker;
use crate::evaluate::RequirementResult;
use crate::evaluate::found::Found;
use crate::evaluate::requirement::{judge, status};
use crate::plan::{ExprId, Instance, MustCheck, Op, RequirementBody, ResultStatus};
use crate::value::{Date, RecordId, Value, date};

/// What a requirement gives in each lane. Needs and faults are stood for.
pub(crate) struct Judged {
    pub(crate) distinct: Vec<RequirementResult>,
    pub(crate) of: Vec<u32>,
}

/// What a result follows from.
#[derive(PartialEq, Eq, Hash)]
enum Reason {
    Outside,
    Open(u8),
    Parts(Date, Vec<u8>),
}

#[derive(Default)]
struct Sorted {
    known: QuickMap<Reason, u32>,
    distinct: Vec<RequirementResult>,
    of: Vec<u32>,
}

impl Sorted {
    fn put(&mut self, lane: u32, reason: Reason, result: impl FnOnce() -> RequirementResult) {
        let next = u32::try_from(self.distinct.len()).unwrap_or(u32::MAX);
        let at = *self.known.entry(reason).or_insert(next);
        if at == next {
            self.distinct.push(result());
        }
        if let Some(place) = self.of.get_mut(lane as usize) {
            *place = at;
        }
    }

    fn open(&mut self, lane: u32, state: u8) {
        let result = if state == ERROR { ResultStatus::Error } else { ResultStatus::Undetermined };
        self.put(lane, Reason::Open(if state == ERROR { ERROR } else { UNKNOWN }), || status(result));
    }
}

impl Worker<'_> {
    /// What a requirement gives in each lane, worked out once.
    pub(crate) fn judged(&self, lanes: &Rc<Lanes>, instance: Instance) -> Rc<Judged> {
        if let Some(known) = lanes.judged.borrow().get(&instance) {
            return Rc::clone(known);
        }
        let judged = Rc::new(self.judge(lanes, instance));
        lanes.judged.borrow_mut().insert(instance, Rc::clone(&judged));
        judged
    }

    fn judge(&self, lanes: &Rc<Lanes>, instance: Instance) -> Judged {
        let all = |result: ResultStatus| Judged { distinct: vec![status(result)], of: vec![0; lanes.len()] };
        let symbol = self.store.symbols().requirement(instance.requirement);
        let body = self.store.plan.requirements.get(&instance.requirement.0);
        let (Some(symbol), Some(body)) = (symbol, body) else { return all(ResultStatus::Error) };
        if !self.evaluator.is_effective(symbol.policy) {
            // A waiver of what does not apply changes nothing.
            return all(ResultStatus::NotApplicable);
        }
        let mut sorted = Sorted { of: vec![0; lanes.len()], ..Sorted::default() };
        let mut env = Env::of(&body.code, lanes, self.store.as_of);
        if let (Some(slot), Some(value)) = (body.each, instance.value) {
            env.bind(slot, Lanes::new(None, vec![value; lanes.len()]));
        }
        let (laws, rest) = self.laws(&env, body.law_on);
        for (lane, state) in rest {
            sorted.open(lane, state);
        }
        for (law, own) in laws {
            let lane_of = |at: u32| own.get(at as usize).copied().unwrap_or(u32::MAX);
            if !body.interval.contains(law) {
                for lane in &own {
                    sorted.put(*lane, Reason::Outside, || status(ResultStatus::NotApplicable));
                }
                continue;
            }
            let mut inner = if own.len() == lanes.len() { env.clone() } else { env.select(&own) };
            inner.law = law;
            let mut within: Vec<u32> = Vec::new();
            match body.condition {
                None => within.extend(0..u32::try_from(own.len()).unwrap_or(u32::MAX)),
                Some(condition) => {
                    let scope = self.eval(&inner, condition);
                    for (at, state) in (0_u32..).zip(scope.truths().iter()) {
                        match *state {
                            KNOWN => within.push(at),
                            NO => sorted
                                .put(lane_of(at), Reason::Outside, || status(ResultStatus::NotApplicable)),
                            state => sorted.open(lane_of(at), state),
                        }
                    }
                }
            }
            if within.is_empty() {
                continue;
            }
            let narrowed = if within.len() == inner.len { inner } else { inner.select(&within) };
            let parts = self.parts(&narrowed, instance, body, law);
            for (at, lane) in within.iter().enumerate() {
                let key: Vec<u8> = parts.iter().map(|part| part.get(at).copied().unwrap_or(ERROR)).collect();
                let result = key.clone();
                sorted.put(lane_of(*lane), Reason::Parts(law, key), || self.result(body, law, &result));
            }
        }
        self.waive(lanes, instance, &mut sorted);
        Judged { distinct: sorted.distinct, of: sorted.of }
    }

    /// Every `must`, every `except` that is in force, and what `due` says, as codes.
    fn parts(&self, env: &Env<'_>, instance: Instance, body: &RequirementBody, law: Date) -> Vec<Vec<u8>> {
        let condition = |id: ExprId| self.eval(env, id).truths().into_owned();
        let mut parts: Vec<Vec<u8>> = body
            .musts
            .iter()
            .enumerate()
            .map(|(position, must)| match &must.check {
                _ if !must.interval.contains(law) => vec![KNOWN; env.len],
                MustCheck::Condition(id) => condition(*id),
                MustCheck::Unique(keys) => self.unique(env, instance, body, position, keys),
            })
            .collect();
        let in_force = body.excepts.iter().filter(|except| except.interval.contains(law));
        parts.extend(in_force.map(|except| condition(except.when)));
        parts.extend(body.due.map(|(due, _)| self.due(&self.eval(env, due))));
        parts
    }

    /// Whether the day has come: yes, no, not known, an error, or (as none) nothing that is a day.
    fn due(&self, days: &Vector) -> Vec<u8> {
        let today = i32::try_from(date::ordinal(self.store.as_of)).unwrap_or(0);
        days.state
            .iter()
            .enumerate()
            .map(|(lane, state)| match (&days.data, *state) {
                (Data::Date(days), KNOWN) => match days.get(lane).copied() {
                    Some(NEVER) => NO,
                    Some(NO_DAY) | None => NOT_A_DAY,
                    Some(day) if today <= day => NO,
                    Some(_) => KNOWN,
                },
                (_, KNOWN | NO) => NOT_A_DAY,
                (_, ERROR) => ERROR,
                _ => UNKNOWN,
            })
            .collect()
    }

    fn result(&self, body: &RequirementBody, law: Date, key: &[u8]) -> RequirementResult {
        let mut codes = key.iter().copied();
        let musts: Vec<Found> = body.musts.iter().map(|_| as_found(codes.next().unwrap_or(ERROR))).collect();
        let excepts: Vec<Option<Found>> = body
            .excepts
            .iter()
            .map(|except| except.interval.contains(law).then(|| as_found(codes.next().unwrap_or(ERROR))))
            .collect();
        let due = body.due.map(|_| match codes.next() {
            Some(NO) => Found::known(Value::Never),
            Some(KNOWN) => Found::known(Value::Date(Date::MIN)),
            Some(UNKNOWN) => as_found(UNKNOWN),
            Some(NOT_A_DAY) => Found::known(Value::None),
            _ => as_found(ERROR),
        });
        let then_violated = body.due.is_some_and(|(_, then_violated)| then_violated);
        judge(&musts, &excepts, due.as_ref(), then_violated, self.store.as_of)
    }

    /// Lanes of which the requirement is waived are judged by the definition.
    fn waive(&self, lanes: &Rc<Lanes>, instance: Instance, sorted: &mut Sorted) {
        let waivers = &self.store.options.waivers;
        if waivers.is_empty() {
            return;
        }
        for (place, row) in sorted.of.iter_mut().zip(&lanes.rows) {
            if !Store::is_key(*row) && waivers.names_requirement(instance, *row) {
                self.count_replay("rows with a waiver");
                sorted.distinct.push(self.evaluator.requirement(instance, *row));
                *place = u32::try_from(sorted.distinct.len() - 1).unwrap_or(u32::MAX);
            }
        }
    }

    /// Whether a requirement is met.
    pub(crate) fn met(&self, lanes: &Rc<Lanes>, instance: Instance) -> Vector {
        let judged = self.judged(lanes, instance);
        let of_distinct: Vec<u8> = judged
            .distinct
            .iter()
            .map(|result| match result.status {
                ResultStatus::Met | ResultStatus::Excepted | ResultStatus::Waived => KNOWN,
                ResultStatus::Violated | ResultStatus::NotApplicable => NO,
                ResultStatus::Error | ResultStatus::Conflict => ERROR,
                _ => UNKNOWN,
            })
            .collect();
        let state = judged.of.iter().map(|at| of_distinct.get(*at as usize).copied().unwrap_or(ERROR));
        Vector::flags(state.collect())
    }

    /// What a requirement gives for a range of rows; where facts are missing or wrong, the definition says which.
    pub(crate) fn requirements(&self, lanes: &Rc<Lanes>, instance: Instance) -> Judged {
        let judged = self.judged(lanes, instance);
        let mut results = Judged { distinct: judged.distinct.clone(), of: judged.of.clone() };
        let open: Vec<bool> = judged
            .distinct
            .iter()
            .map(|result| matches!(result.status, ResultStatus::Undetermined | ResultStatus::Error))
            .collect();
        for (at, row) in results.of.iter_mut().zip(&lanes.rows) {
            if open.get(*at as usize).copied().unwrap_or(true) {
                self.count_replay("what an undetermined result needs");
                results.distinct.push(self.evaluator.requirement(instance, *row));
                *at = u32::try_from(results.distinct.len() - 1).unwrap_or(u32::MAX);
            }
        }
        results
    }

    /// Whether no other row shares the row's key.
    fn unique(
        &self,
        env: &Env<'_>,
        instance: Instance,
        body: &RequirementBody,
        position: usize,
        keys: &[ExprId],
    ) -> Vec<u8> {
        let Some(lanes) = env.slot(0) else { return vec![ERROR; env.len] };
        let Some(record) = lanes.record else { return vec![ERROR; env.len] };
        let shared = self.store.shared_keys.once((instance, position), || {
            let rows = self.rows_of(record).unwrap_or(0);
            let parts = self.for_each_batch(record, rows, |worker, lanes| {
                let mut env = Env::of(&body.code, lanes, worker.store.as_of);
                if let (Some(slot), Some(value)) = (body.each, instance.value) {
                    env.bind(slot, Lanes::new(None, vec![value; lanes.len()]));
                }
                let (states, parts) = worker.unique_keys(&env, record, lanes, keys);
                let known = states.iter().enumerate().filter(|(_, state)| **state == KNOWN);
                let key = |lane| parts.iter().filter_map(|part| part.value(lane, worker.store)).collect();
                known.map(|(lane, _)| key(lane)).collect::<Vec<Vec<Value>>>()
            });
            let mut counts: KeyCounts = HashMap::new();
            for key in parts.into_iter().flatten() {
                *counts.entry(key).or_default() += 1;
            }
            Arc::new(counts)
        });
        let mut own = env.clone();
        own.law = self.store.as_of;
        let (mut states, parts) = self.unique_keys(&own, record, lanes, keys);
        for (lane, state) in states.iter_mut().enumerate() {
            if *state != KNOWN || parts.iter().any(|part| is_none(&part.data, lane)) {
                continue;
            }
            let key: Vec<Value> = parts.iter().filter_map(|part| part.value(lane, self.store)).collect();
            if shared.get(&key).is_some_and(|rows| *rows > 1) {
                *state = NO;
            }
        }
        states
    }

    /// The keys that must be unique. Of a field it is the cell itself: that two rows share it is what is asked.
    fn unique_keys(
        &self,
        env: &Env<'_>,
        record: RecordId,
        lanes: &Lanes,
        keys: &[ExprId],
    ) -> (Vec<u8>, Vec<Arc<Vector>>) {
        let cell = |key: ExprId| match env.code.get(key).map(|expr| &expr.op) {
            Some(Op::Field { of, field }) if !self.store.is_group(record) => {
                let own = env.code.get(*of).is_some_and(|of| of.op == Op::Row(0));
                let there = lanes.rows.iter().all(|row| !Store::is_key(*row));
                let column = self.store.field(record, *field).filter(|_| own && there)?;
                Some(Arc::new(column.gather(&lanes.rows)))
            }
            _ => None,
        };
        let parts: Vec<Arc<Vector>> =
            keys.iter().map(|key| cell(*key).unwrap_or_else(|| self.eval(env, *key))).collect();
        let mut states = vec![KNOWN; env.len];
        for part in &parts {
            states.iter_mut().zip(&part.state).for_each(|(all, own)| *all = strict(*all, *own));
        }
        (states, parts)
    }
}

/// Among the codes of `due`: something that is known and no day.
const NOT_A_DAY: u8 = 9;
