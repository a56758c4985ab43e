//! Decisions: the conditions of all lanes as codes; each combination that occurs is decided once.

use std::rc::Rc;
use std::sync::Arc;

use super::lanes::{Env, Lanes};
use super::quick::QuickMap;
use super::store::Store;
use super::vector::{Data, ERROR, KNOWN, NO, NOT_APPLICABLE, UNKNOWN, Vector};
use super::worker::Worker;
use crate::evaluate::decision::{all_outcomes, pronounce, rule_on, status};
use crate::evaluate::found::Found;
use crate::evaluate::{DecisionResult, Verdict};
use crate::plan::{DecisionBody, DecisionId, ResultStatus};
use crate::value::Date;

/// What a decision gives in each lane. Needs and faults are stood for.
pub(crate) struct Ruled {
    pub(crate) distinct: Vec<DecisionResult>,
    pub(crate) of: Vec<u32>,
}

/// The result when something that everything hangs on is not known.
fn undecided(state: u8, possible: &[u32]) -> DecisionResult {
    match state {
        ERROR => status(ResultStatus::Error),
        _ => DecisionResult { possible: possible.to_vec(), ..status(ResultStatus::Undetermined) },
    }
}

/// Results by lane, each distinct one once.
struct Sorted<K> {
    known: QuickMap<K, u32>,
    distinct: Vec<DecisionResult>,
    of: Vec<u32>,
}

impl<K: std::hash::Hash + Eq> Sorted<K> {
    fn put(&mut self, lane: u32, at: u32) {
        if let Some(place) = self.of.get_mut(lane as usize) {
            *place = at;
        }
    }

    fn add(&mut self, result: DecisionResult) -> u32 {
        self.distinct.push(result);
        u32::try_from(self.distinct.len() - 1).unwrap_or(u32::MAX)
    }

    fn once(&mut self, key: K, result: impl FnOnce() -> DecisionResult) -> u32 {
        if let Some(at) = self.known.get(&key) {
            return *at;
        }
        let at = self.add(result());
        self.known.insert(key, at);
        at
    }
}

/// What a result follows from: a status by itself, or under the law of a day the conditions that hold and those that may.
#[derive(PartialEq, Eq, Hash)]
enum Reason {
    Outside,
    Open(u8),
    Few(Date, u128),
    Many(Date, Vec<u8>),
}

/// So many results are found without their table.
const RECENT: usize = 64;

/// A place for a key among as many.
fn place_of(key: u128) -> usize {
    let halves = [key, key >> 64].map(|half| u64::try_from(half & u128::from(u64::MAX)).unwrap_or(0));
    let mixed = halves.iter().fold(0_u64, |all, half| (all ^ half).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    usize::try_from(mixed >> (64 - RECENT.ilog2())).unwrap_or(0)
}

impl Worker<'_> {
    /// What a decision gives in each lane, worked out once.
    pub(crate) fn ruled(&self, lanes: &Rc<Lanes>, decision: DecisionId) -> Rc<Ruled> {
        if let Some(known) = lanes.ruled.borrow().get(&decision) {
            return Rc::clone(known);
        }
        let ruled = Rc::new(self.rule(lanes, decision));
        lanes.ruled.borrow_mut().insert(decision, Rc::clone(&ruled));
        ruled
    }

    fn rule(&self, lanes: &Rc<Lanes>, decision: DecisionId) -> Ruled {
        let all = |result: DecisionResult| Ruled { distinct: vec![result], of: vec![0; lanes.len()] };
        let symbol = self.store.symbols().decision(decision);
        let (Some(symbol), Some(body)) = (symbol, self.store.plan.decisions.get(&decision.0)) else {
            return all(status(ResultStatus::Error));
        };
        if !self.evaluator.is_effective(symbol.policy) {
            return all(status(ResultStatus::NotApplicable));
        }
        let mut sorted =
            Sorted { known: QuickMap::default(), distinct: Vec::new(), of: vec![0; lanes.len()] };
        let possible = all_outcomes(body);
        let env = Env::of(&body.code, lanes, self.store.as_of);
        let (laws, rest) = self.laws(&env, body.law_on);
        for (lane, state) in rest {
            let at = sorted.once(Reason::Open(state), || undecided(state, &possible));
            sorted.put(lane, at);
        }
        for (law, own) in laws {
            let whole = own.len() == lanes.len();
            let mut inner = if whole { env.clone() } else { env.select(&own) };
            inner.law = law;
            let mut within: Vec<u32> = Vec::new();
            match body.condition {
                None => within.extend(0..u32::try_from(own.len()).unwrap_or(u32::MAX)),
                Some(condition) => {
                    let scope = self.eval(&inner, condition);
                    for (at, state) in (0_u32..).zip(scope.truths().iter()) {
                        let reason = match *state {
                            KNOWN => {
                                within.push(at);
                                continue;
                            }
                            NO => sorted.once(Reason::Outside, || status(ResultStatus::NotApplicable)),
                            ERROR => sorted.once(Reason::Open(ERROR), || undecided(ERROR, &possible)),
                            // What the rules would give narrows what is possible; the evaluator says it.
                            _ => sorted.once(Reason::Open(UNKNOWN), || undecided(UNKNOWN, &possible)),
                        };
                        let lane = own.get(at as usize).copied().unwrap_or(u32::MAX);
                        sorted.put(lane, reason);
                    }
                }
            }
            if within.is_empty() {
                continue;
            }
            let narrowed = if within.len() == inner.len { inner } else { inner.select(&within) };
            let lane_of = |at: usize| {
                let at = within.get(at).copied().unwrap_or(u32::MAX);
                own.get(at as usize).copied().unwrap_or(u32::MAX)
            };
            self.conditions(&narrowed, body, law, &mut sorted, lane_of);
        }
        self.waive_rules(lanes, decision, body, &mut sorted);
        Ruled { distinct: sorted.distinct, of: sorted.of }
    }

    /// Decides the lanes that are within, by the conditions of the rules in force.
    fn conditions(
        &self,
        env: &Env<'_>,
        body: &DecisionBody,
        law: Date,
        sorted: &mut Sorted<Reason>,
        lane_of: impl Fn(usize) -> u32,
    ) {
        let codes: Vec<Option<Vec<u8>>> = body
            .rules
            .iter()
            .map(|rule| {
                rule.interval.contains(law).then(|| match rule.when {
                    Some(when) => self.eval(env, when).truths().into_owned(),
                    None => vec![KNOWN; env.len],
                })
            })
            .collect();
        let result = |codes: &mut dyn Iterator<Item = Option<u8>>| {
            let conditions: Vec<Option<Found>> =
                codes.map(|code| code.map(super::compare::as_found)).collect();
            pronounce(body, law, &conditions, &rule_on(body, law, &conditions))
        };
        if codes.len() > 64 {
            for lane in 0..env.len {
                let key: Vec<u8> = codes
                    .iter()
                    .map(|codes| codes.as_ref().and_then(|codes| codes.get(lane)).copied().unwrap_or(NO))
                    .collect();
                let mut own =
                    codes.iter().map(|codes| codes.as_ref().and_then(|codes| codes.get(lane)).copied());
                let at = sorted.once(Reason::Many(law, key), || result(&mut own));
                sorted.put(lane_of(lane), at);
            }
            return;
        }
        // Two bits for each rule.
        let mut keys = vec![0_u128; env.len];
        for (rule, codes) in codes.iter().enumerate() {
            let Some(codes) = codes else { continue };
            for (key, code) in keys.iter_mut().zip(codes) {
                *key |= u128::from(code & 3) << (2 * rule);
            }
        }
        // Results that were asked for of late, each at a place that its key tells.
        let mut recent: [Option<(u128, u32)>; RECENT] = [None; RECENT];
        for (lane, key) in keys.into_iter().enumerate() {
            let place = recent.get_mut(place_of(key));
            let at = match place {
                Some(Some((known, at))) if *known == key => *at,
                place => {
                    let at = sorted.once(Reason::Few(law, key), || {
                        let mut own = codes
                            .iter()
                            .map(|codes| codes.as_ref().and_then(|codes| codes.get(lane)).copied());
                        result(&mut own)
                    });
                    if let Some(place) = place {
                        *place = Some((key, at));
                    }
                    at
                }
            };
            sorted.put(lane_of(lane), at);
        }
    }

    /// Lanes of which a rule is waived are decided by the definition.
    fn waive_rules(
        &self,
        lanes: &Rc<Lanes>,
        decision: DecisionId,
        body: &DecisionBody,
        sorted: &mut Sorted<Reason>,
    ) {
        let waivers = &self.store.options.waivers;
        if waivers.is_empty() {
            return;
        }
        for (lane, row) in (0_u32..).zip(&lanes.rows) {
            let named = |label: &Arc<str>| waivers.names_rule(decision, label, *row);
            if !Store::is_key(*row) && body.rules.iter().any(|rule| named(&rule.label)) {
                self.count_replay("rows with a waiver");
                let at = sorted.add(self.evaluator.decision(decision, *row));
                sorted.put(lane, at);
            }
        }
    }

    /// The value of a decision that another body reads.
    pub(crate) fn decided(&self, lanes: &Rc<Lanes>, decision: DecisionId) -> Vector {
        let ruled = self.ruled(lanes, decision);
        let of_distinct: Vec<(u8, u32)> = ruled
            .distinct
            .iter()
            .map(|result| match result.verdict {
                Verdict::Outcome(outcome) => (KNOWN, outcome),
                Verdict::Status(ResultStatus::NotApplicable) => (KNOWN, NOT_APPLICABLE),
                Verdict::Status(ResultStatus::Conflict | ResultStatus::Error) => (ERROR, 0),
                Verdict::Status(_) => (UNKNOWN, 0),
            })
            .collect();
        let (state, codes) =
            ruled.of.iter().map(|at| of_distinct.get(*at as usize).copied().unwrap_or((ERROR, 0))).unzip();
        Vector::of(state, Data::Code(codes))
    }

    /// What a decision gives for a range of rows; where facts are missing or wrong, the definition says which.
    pub(crate) fn decisions(&self, lanes: &Rc<Lanes>, decision: DecisionId) -> Ruled {
        let ruled = self.ruled(lanes, decision);
        let mut results = Ruled { distinct: ruled.distinct.clone(), of: ruled.of.clone() };
        let open = |result: &DecisionResult| {
            matches!(result.verdict, Verdict::Status(ResultStatus::Undetermined | ResultStatus::Error))
        };
        let is_open: Vec<bool> = ruled.distinct.iter().map(open).collect();
        for (at, row) in results.of.iter_mut().zip(&lanes.rows) {
            if is_open.get(*at as usize).copied().unwrap_or(true) {
                self.count_replay("what an undetermined result needs");
                results.distinct.push(self.evaluator.decision(decision, *row));
                *at = u32::try_from(results.distinct.len() - 1).unwrap_or(u32::MAX);
            }
        }
        results
    }

    pub(crate) fn count_replay(&self, why: &'static str) {
        *self.replayed.borrow_mut().entry(why).or_default() += 1;
    }
}
