//! What a requirement gives for a record.

use std::sync::Arc;

use super::evaluator::{Evaluator, Frame, RowsByKey, Subject, Task};
use super::found::{Faults, Found, Truth, and, faults_of, needs_of, strict};
use super::outcome::{MustOutcome, RequirementResult};
use super::waiver::WaiverUse;
use crate::plan::{ExprId, Instance, MustCheck, Op, RequirementBody, ResultStatus};
use crate::value::{Date, Fault, Reference, Value};

/// A requirement for one record, with what it was judged from.
#[derive(Clone, Debug)]
pub(super) struct Inquiry {
    /// What it gives; the `because` text is filled in later.
    pub(super) result: RequirementResult,
    /// Under the law of which day, where that is known.
    pub(super) law: Option<Date>,
    /// The `where`, where it was reached.
    pub(super) scope: Option<Found>,
    /// Each `must`; empty when it was not reached.
    pub(super) musts: Vec<Found>,
    /// Each `except`, `None` where it is not in force; empty when it was not reached.
    pub(super) excepts: Vec<Option<Found>>,
    /// The last day of `due`.
    pub(super) due: Option<Found>,
}

/// A result that nothing but a status is known of.
pub(crate) fn status(status: ResultStatus) -> RequirementResult {
    RequirementResult {
        status,
        musts: Vec::new(),
        waiver: None,
        excepts: Vec::new(),
        needs: Arc::default(),
        faults: Arc::default(),
        because: None,
    }
}

impl Inquiry {
    fn of(outcome: ResultStatus) -> Self {
        let result = status(outcome);
        Self { result, law: None, scope: None, musts: Vec::new(), excepts: Vec::new(), due: None }
    }

    /// A requirement that cannot be evaluated.
    pub(super) fn broken(what: &str) -> Self {
        Self::error(Arc::from([Fault::Broken(Arc::from(what))]))
    }

    fn error(faults: Faults) -> Self {
        let mut inquiry = Self::of(ResultStatus::Error);
        inquiry.result.faults = faults;
        inquiry
    }

    /// The result when something that everything hangs on is not known.
    fn open(found: &Found) -> Self {
        if found.truth() == Truth::Error {
            return Self::error(found.faults());
        }
        let mut inquiry = Self::of(ResultStatus::Undetermined);
        inquiry.result.needs = found.needs();
        inquiry
    }
}

impl<'c> Frame<'c> {
    /// A frame whose slot 0 is the row, and whose value of `for each` is the instance's.
    pub(super) fn of_requirement(
        body: &'c RequirementBody,
        requirement: Instance,
        subject: &Reference,
        law: Date,
    ) -> Self {
        let mut frame = Self::of(&body.code, subject, law);
        if let (Some(slot), Some(value)) = (body.each, requirement.value) {
            frame.bind(slot, Some(Value::Category(value)));
        }
        frame
    }
}

impl Evaluator<'_> {
    /// A requirement for a row, worked out once.
    pub(super) fn inquiry(&self, requirement: Instance, subject: &Reference) -> Arc<Inquiry> {
        let key = (requirement, Subject::from(subject));
        if self.postpones(|| Task::Inquiry(requirement, Subject::from(subject))) {
            return Arc::new(Inquiry::broken("postponed"));
        }
        let known = self
            .memory
            .inquiries
            .once(key, &self.memory.postponed, || Arc::new(self.waive(requirement, subject)));
        known.unwrap_or_else(|| Arc::new(Inquiry::broken("a requirement that depends on itself")))
    }

    /// The requirement, waived where it is violated or undetermined and a waiver counts.
    fn waive(&self, requirement: Instance, subject: &Reference) -> Inquiry {
        let mut inquiry = self.inquire(requirement, subject);
        let Some(waiver) = self.waiver_of_requirement(requirement, subject.row) else { return inquiry };
        let without = inquiry.result.status;
        let used = WaiverUse { waiver: waiver.clone(), without };
        if used.needed() {
            inquiry.result.status = ResultStatus::Waived;
            inquiry.result.needs = Arc::default();
        }
        if used.needed() || matches!(without, ResultStatus::Met | ResultStatus::Excepted) {
            inquiry.result.waiver = Some(used);
        }
        inquiry
    }

    fn inquire(&self, requirement: Instance, subject: &Reference) -> Inquiry {
        let Some(symbol) = self.symbols().requirement(requirement.requirement) else {
            return Inquiry::broken("an unknown requirement");
        };
        let Some(body) = self.plan.requirements.get(&requirement.requirement.0) else {
            return Inquiry::broken(&format!("`{}` has errors", symbol.name));
        };
        if !self.is_effective(symbol.policy) {
            return Inquiry::of(ResultStatus::NotApplicable);
        }
        let mut frame = Frame::of_requirement(body, requirement, subject, self.as_of);
        let law = match self.law_day(&mut frame, body.law_on) {
            Ok(law) => law,
            Err(found) => return Inquiry::open(&found),
        };
        frame.law = law;
        if !body.interval.contains(law) {
            return Inquiry { law: Some(law), ..Inquiry::of(ResultStatus::NotApplicable) };
        }
        let scope = body.condition.map(|condition| self.eval(&mut frame, condition).doubted().plain());
        match scope.as_ref().map(|scope| (scope, scope.truth())) {
            None | Some((_, Truth::True)) => {}
            Some((_, Truth::False)) => {
                return Inquiry { law: Some(law), scope, ..Inquiry::of(ResultStatus::NotApplicable) };
            }
            Some((found, _)) => {
                let inquiry = Inquiry::open(found);
                return Inquiry { law: Some(law), scope, ..inquiry };
            }
        }
        let musts: Vec<Found> = body
            .musts
            .iter()
            .enumerate()
            .map(|(position, must)| match &must.check {
                _ if !must.interval.contains(law) => Found::flag(true),
                MustCheck::Condition(condition) => self.eval(&mut frame, *condition).doubted().plain(),
                MustCheck::Unique(keys) => self.unique(requirement, body, position, keys, subject),
            })
            .collect();
        let excepts: Vec<Option<Found>> = body
            .excepts
            .iter()
            .map(|except| {
                except.interval.contains(law).then(|| self.eval(&mut frame, except.when).doubted().plain())
            })
            .collect();
        let due = body.due.map(|(due, _)| self.eval(&mut frame, due).doubted().plain());
        let then_violated = body.due.is_some_and(|(_, then_violated)| then_violated);
        let result = judge(&musts, &excepts, due.as_ref(), then_violated, self.as_of);
        Inquiry { result, law: Some(law), scope, musts, excepts, due }
    }

    /// Whether no other row shares the row's key; a key that is not known is not compared.
    fn unique(
        &self,
        requirement: Instance,
        body: &RequirementBody,
        position: usize,
        keys: &[ExprId],
        subject: &Reference,
    ) -> Found {
        let own = match self.unique_key(requirement, body, keys, subject) {
            Ok(key) => key,
            Err(found) => return found,
        };
        if own.contains(&Value::None) {
            return Found::flag(true);
        }
        let count = || {
            let mut shared = RowsByKey::new();
            for row in 0..self.rows_of(subject.record).unwrap_or(0) {
                if let Ok(key) =
                    self.unique_key(requirement, body, keys, &self.reference(subject.record, row))
                {
                    *shared.entry(key).or_default() += 1;
                }
            }
            Arc::new(shared)
        };
        match self.memory.shared_keys.once((requirement, position), &self.memory.postponed, count) {
            Some(shared) => Found::flag(shared.get(&own).is_none_or(|&rows| rows <= 1)),
            None => Found::broken("a key that depends on itself"),
        }
    }

    fn unique_key(
        &self,
        requirement: Instance,
        body: &RequirementBody,
        keys: &[ExprId],
        subject: &Reference,
    ) -> Result<Vec<Value>, Found> {
        let mut frame = Frame::of_requirement(body, requirement, subject, self.as_of);
        let parts: Vec<Found> = keys
            .iter()
            .map(|&key| {
                let field = match body.code.get(key).map(|expr| &expr.op) {
                    Some(Op::Field { of, field }) => {
                        body.code.get(*of).filter(|of| of.op == Op::Row(0)).map(|_| *field)
                    }
                    _ => None,
                };
                match (field, subject.row) {
                    // The cell itself: that two rows share their key is what is asked, so it is no error here.
                    (Some(field), Some(row)) if !self.is_group(subject.record) => {
                        match self.options.givens.fields.get(&(subject.record, row, field)) {
                            Some(_) => self.field(subject, field),
                            None => self.cell(subject.record, row, field),
                        }
                    }
                    _ => self.eval(&mut frame, key),
                }
                .doubted()
                .plain()
            })
            .collect();
        Ok(strict(&parts)?.into_iter().cloned().collect())
    }
}

/// The status that follows from the states of its parts.
pub(crate) fn judge(
    musts: &[Found],
    excepts: &[Option<Found>],
    due: Option<&Found>,
    then_violated: bool,
    as_of: Date,
) -> RequirementResult {
    let all = musts.iter().fold(Found::flag(true), |all, must| and(&all, must));
    let in_force: Vec<&Found> = excepts.iter().flatten().collect();
    let any_except = |truth: Truth| in_force.iter().any(|except| except.truth() == truth);
    let mut result = RequirementResult {
        status: ResultStatus::Met,
        musts: musts.iter().map(must_outcome).collect(),
        waiver: None,
        excepts: (0u32..)
            .zip(excepts)
            .filter(|(_, except)| except.as_ref().is_some_and(|except| except.truth() == Truth::True))
            .map(|(position, _)| position)
            .collect(),
        needs: Arc::default(),
        faults: Arc::default(),
        because: None,
    };
    if all.truth() == Truth::True {
        return result;
    }
    match due.map(|due| (due, due.value())) {
        None => {}
        Some((_, Some(Value::Never))) => {
            result.status = ResultStatus::Pending;
            return result;
        }
        Some((_, Some(Value::Date(last)))) if as_of <= *last => {
            result.status = ResultStatus::Pending;
            return result;
        }
        Some((_, Some(Value::Date(_)))) => {}
        Some((due, _)) => {
            let error = due.truth() != Truth::Unknown;
            result.status = if error { ResultStatus::Error } else { ResultStatus::Undetermined };
            result.needs = due.needs();
            result.faults = if due.value().is_some() { Arc::from([Fault::NotAValue]) } else { due.faults() };
            return result;
        }
    }
    result.status = if any_except(Truth::True) {
        ResultStatus::Excepted
    } else if all.truth() == Truth::False && !any_except(Truth::Unknown) && !any_except(Truth::Error) {
        ResultStatus::Violated
    } else if all.truth() == Truth::Unknown || any_except(Truth::Unknown) {
        ResultStatus::Undetermined
    } else {
        ResultStatus::Error
    };
    match result.status {
        ResultStatus::Undetermined if then_violated => {
            result.status = ResultStatus::Violated;
            // What is still not known on that day counts as failing.
            for must in result.musts.iter_mut().filter(|must| **must == MustOutcome::Unknown) {
                *must = MustOutcome::Fails;
            }
        }
        ResultStatus::Undetermined => result.needs = needs_of([&all].into_iter().chain(in_force)),
        ResultStatus::Error => result.faults = faults_of([&all].into_iter().chain(in_force)),
        _ => {}
    }
    result
}

fn must_outcome(must: &Found) -> MustOutcome {
    match must.truth() {
        Truth::True => MustOutcome::Holds,
        Truth::False => MustOutcome::Fails,
        Truth::Unknown => MustOutcome::Unknown,
        Truth::Error => MustOutcome::Error,
    }
}
