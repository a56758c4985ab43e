//! What a decision gives for a record: its conditions are evaluated, then the algorithm of [`super::decide`] decides.

use std::sync::Arc;

use super::decide::{Candidate, Ruling, decide};
use super::evaluator::{Evaluator, Frame, Subject, Task};
use super::found::{Found, Truth, faults_of, needs_of};
use super::outcome::{By, DecisionResult, Verdict};
use super::waiver::Waiver;
use crate::plan::{DecisionBody, DecisionId, PolicyId, ResultStatus};
use crate::value::{Date, Fault, Need, NeedKind, Reference, Value};

/// A decision for one record, with what it was decided from.
#[derive(Clone, Debug)]
pub(super) struct Hearing {
    /// What it gives; the `because` texts are filled in later.
    pub(super) result: DecisionResult,
    /// Under the law of which day, where that is known.
    pub(super) law: Option<Date>,
    /// The `where`, where it was reached.
    pub(super) scope: Option<Found>,
    /// The condition of each rule, `None` where it is not in force; empty when it was not reached.
    pub(super) conditions: Vec<Option<Found>>,
}

impl Hearing {
    fn of(result: DecisionResult) -> Self {
        Self { result, law: None, scope: None, conditions: Vec::new() }
    }

    /// A decision that cannot be evaluated.
    pub(super) fn broken(what: &str) -> Self {
        Self::of(DecisionResult {
            faults: Arc::from([Fault::Broken(Arc::from(what))]),
            ..status(ResultStatus::Error)
        })
    }
}

pub(crate) fn status(status: ResultStatus) -> DecisionResult {
    DecisionResult {
        verdict: Verdict::Status(status),
        by: Vec::new(),
        waived: Vec::new(),
        perhaps: Vec::new(),
        possible: Vec::new(),
        needs: Arc::default(),
        faults: Arc::default(),
        because: Vec::new(),
    }
}

/// The result when something that everything hangs on is not known.
fn open(found: &Found, possible: Vec<u32>) -> DecisionResult {
    match found.truth() {
        Truth::Error => DecisionResult { faults: found.faults(), ..status(ResultStatus::Error) },
        _ => DecisionResult { needs: found.needs(), possible, ..status(ResultStatus::Undetermined) },
    }
}

impl Evaluator<'_> {
    /// A decision for a row, worked out once.
    pub(super) fn hearing(&self, decision: DecisionId, subject: &Reference) -> Arc<Hearing> {
        let key = (decision, Subject::from(subject));
        if self.postpones(|| Task::Hearing(decision, Subject::from(subject))) {
            return Arc::new(Hearing::broken("postponed"));
        }
        let heard =
            self.memory.hearings.once(key, &self.memory.postponed, || Arc::new(self.hear(decision, subject)));
        heard.unwrap_or_else(|| Arc::new(Hearing::broken("a decision that depends on itself")))
    }

    /// The value of a decision that another body reads.
    pub(crate) fn decided(&self, decision: DecisionId, subject: &Reference) -> Found {
        let name =
            || Arc::from(self.symbols().decision(decision).map_or("", |decision| decision.name.as_str()));
        let hearing = self.hearing(decision, subject);
        let result = &hearing.result;
        match result.verdict {
            Verdict::Outcome(outcome) => Found::known(Value::Category(outcome)),
            Verdict::Status(ResultStatus::NotApplicable) => Found::known(Value::NotApplicable),
            Verdict::Status(ResultStatus::Conflict) => Found::fault(Fault::Conflict(name())),
            Verdict::Status(ResultStatus::Error) => Found::error(result.faults.clone()),
            Verdict::Status(_) if result.needs.is_empty() => Found::need(Need {
                record: subject.record,
                row: subject.row,
                field: None,
                kind: NeedKind::Undecided(name()),
            }),
            Verdict::Status(_) => Found::unknown(result.needs.clone()),
        }
    }

    pub(crate) fn is_effective(&self, policy: PolicyId) -> bool {
        self.symbols().policy(policy).is_none_or(|policy| policy.effective.contains(self.as_of))
    }

    /// The day whose law is applied.
    pub(super) fn law_day(
        &self,
        frame: &mut Frame<'_>,
        law_on: Option<crate::plan::ExprId>,
    ) -> Result<Date, Found> {
        let Some(law_on) = law_on else { return Ok(self.as_of) };
        let found = self.eval(frame, law_on).doubted().plain();
        match found.value() {
            Some(Value::Date(day)) => Ok(*day),
            Some(Value::Never) => Ok(Date::MAX),
            Some(_) => Err(Found::fault(Fault::NotAValue)),
            None => Err(found),
        }
    }

    fn hear(&self, decision: DecisionId, subject: &Reference) -> Hearing {
        let Some(symbol) = self.symbols().decision(decision) else {
            return Hearing::broken("an unknown decision");
        };
        let Some(body) = self.plan.decisions.get(&decision.0) else {
            return Hearing::broken(&format!("`{}` has errors", symbol.name));
        };
        if !self.is_effective(symbol.policy) {
            return Hearing::of(status(ResultStatus::NotApplicable));
        }
        let mut frame = Frame::of(&body.code, subject, self.as_of);
        let law = match self.law_day(&mut frame, body.law_on) {
            Ok(law) => law,
            Err(found) => return Hearing::of(open(&found, all_outcomes(body))),
        };
        frame.law = law;
        let scope = body.condition.map(|condition| self.eval(&mut frame, condition).doubted().plain());
        let within = scope.as_ref().map_or(Truth::True, Found::truth);
        if within == Truth::False {
            return Hearing { law: Some(law), scope, ..Hearing::of(status(ResultStatus::NotApplicable)) };
        }
        let conditions: Vec<Option<Found>> = body
            .rules
            .iter()
            .map(|rule| {
                rule.interval.contains(law).then(|| match rule.when {
                    Some(when) => self.condition(&mut frame, when).doubted().plain(),
                    None => Found::flag(true),
                })
            })
            .collect();
        let mut conditions = conditions;
        let waived = self.waive_rules(decision, body, subject, &mut conditions);
        let mut result = conclude(body, law, scope.as_ref(), &conditions);
        result.waived = waived;
        Hearing { result, law: Some(law), scope, conditions }
    }

    /// Sets the conditions of waived rules to no, unless they are an error, which nobody can waive.
    fn waive_rules(
        &self,
        decision: DecisionId,
        body: &DecisionBody,
        subject: &Reference,
        conditions: &mut [Option<Found>],
    ) -> Vec<(u32, Waiver)> {
        let mut waived = Vec::new();
        for ((position, rule), condition) in (0_u32..).zip(&body.rules).zip(conditions) {
            let Some(condition) = condition else { continue };
            if matches!(condition.truth(), Truth::True | Truth::Unknown)
                && let Some(waiver) = self.waiver_of_rule(decision, rule, subject.row)
            {
                *condition = Found::flag(false);
                waived.push((position, waiver.clone()));
            }
        }
        waived
    }
}

/// All outcomes that rules and defaults name.
pub(crate) fn all_outcomes(body: &DecisionBody) -> Vec<u32> {
    let rules = body.rules.iter().map(|rule| rule.outcome);
    let mut all: Vec<u32> = rules.chain(body.defaults.iter().map(|default| default.outcome)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The result of conditions that were reached, and of a `where` that is not no.
pub(crate) fn conclude(
    body: &DecisionBody,
    law: Date,
    scope: Option<&Found>,
    conditions: &[Option<Found>],
) -> DecisionResult {
    let ruling = rule_on(body, law, conditions);
    let mut result = pronounce(body, law, conditions, &ruling);
    let Some(scope) = scope.filter(|scope| scope.truth() != Truth::True) else { return result };
    let possible = match result.verdict {
        Verdict::Outcome(outcome) => vec![outcome],
        Verdict::Status(_) if result.possible.is_empty() => all_outcomes(body),
        Verdict::Status(_) => std::mem::take(&mut result.possible),
    };
    open(scope, possible)
}

/// The position of the default in force.
pub(crate) fn default_at(body: &DecisionBody, law: Date) -> Option<usize> {
    body.defaults.iter().position(|default| default.interval.contains(law))
}

pub(crate) fn rule_on(body: &DecisionBody, law: Date, conditions: &[Option<Found>]) -> Ruling {
    let candidates: Vec<Candidate<'_>> = body
        .rules
        .iter()
        .zip(conditions)
        .map(|(rule, condition)| Candidate {
            outcome: rule.outcome,
            condition: condition.as_ref().map_or(Truth::False, Found::truth),
            overridden_by: &rule.overridden_by,
        })
        .collect();
    let default = default_at(body, law).and_then(|default| body.defaults.get(default));
    decide(&candidates, default.map(|default| default.outcome))
}

pub(crate) fn pronounce(
    body: &DecisionBody,
    law: Date,
    conditions: &[Option<Found>],
    ruling: &Ruling,
) -> DecisionResult {
    let rules = |positions: &[usize]| -> Vec<By> {
        positions.iter().filter_map(|&position| Some(By::Rule(u32::try_from(position).ok()?))).collect()
    };
    let default = || default_at(body, law).and_then(|default| u32::try_from(default).ok()).map(By::Default);
    let of = |positions: &[usize]| -> Vec<&Found> {
        positions.iter().filter_map(|&position| conditions.get(position)?.as_ref()).collect()
    };
    match ruling {
        Ruling::Outcome { outcome, by, default: by_default, perhaps, default_perhaps } => {
            let mut result =
                DecisionResult { verdict: Verdict::Outcome(*outcome), ..status(ResultStatus::Error) };
            result.by = rules(by);
            result.by.extend(default().filter(|_| *by_default));
            result.perhaps = rules(perhaps);
            result.perhaps.extend(default().filter(|_| *default_perhaps));
            result
        }
        Ruling::Conflict { by } => DecisionResult { by: rules(by), ..status(ResultStatus::Conflict) },
        Ruling::Nothing => status(ResultStatus::Undetermined),
        Ruling::Undetermined { needed, possible } => DecisionResult {
            possible: possible.clone(),
            needs: needs_of(of(needed)),
            ..status(ResultStatus::Undetermined)
        },
        Ruling::Error { failed } => {
            DecisionResult { faults: faults_of(of(failed)), ..status(ResultStatus::Error) }
        }
    }
}
