//! Decisions and requirements for every record at once: overriding is direct, on conditions.

use super::cnf::Lit;
use super::encode::{DECLARATION_WITH_ERRORS, Frame};
use super::findings::{law_of, stretches};
use super::form::Form;
use super::sym::{Leaf, Rails, Sym};
use super::world::{Law, World};
use crate::plan::{Code, DecisionBody, DecisionId, Instance, MustCheck, RequirementBody, RequirementId};

/// Of a result under the law of a day of the record so many stretches of law are followed.
const MOST_LAWS: usize = 12;

/// A decision of a row: when it gives what.
#[derive(Clone, Debug)]
pub(super) struct Ruled {
    /// The `where`.
    pub(super) scope: Rails,
    /// The condition of each rule; no where it is not in force.
    pub(super) conditions: Vec<Rails>,
    /// When each rule surely applies.
    pub(super) sure: Vec<Lit>,
    /// When each rule may apply.
    pub(super) may: Vec<Lit>,
    /// When each outcome is given, within the `where`.
    pub(super) is: Vec<(u32, Lit)>,
    /// Rules that surely apply disagree.
    pub(super) conflict: Lit,
    /// No rule matched, and there is no default.
    pub(super) nothing: Lit,
}

/// A requirement of a row.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub(super) scope: Rails,
    pub(super) met: Lit,
    pub(super) excepted: Lit,
    pub(super) violated: Lit,
    pub(super) pending: Lit,
}

impl<'p> World<'p> {
    /// A decision of a row, of all its rules but those left out.
    pub(super) fn rule(&mut self, body: &'p DecisionBody, row: usize, law: &Law, without: &[usize]) -> Ruled {
        let frame = Frame::of(&body.code, Some(row), law.clone());
        let scope = body.condition.map_or(Rails::YES, |condition| self.condition(&frame, condition));
        let conditions: Vec<Rails> = body
            .rules
            .iter()
            .enumerate()
            .map(|(position, rule)| {
                if !rule.interval.contains(law.day) || without.contains(&position) {
                    return Rails::NO;
                }
                rule.when.map_or(Rails::YES, |when| self.condition(&frame, when))
            })
            .collect();
        self.ruled(body, law, scope, conditions)
    }

    /// What follows from the conditions.
    pub(super) fn ruled(
        &mut self,
        body: &DecisionBody,
        law: &Law,
        scope: Rails,
        conditions: Vec<Rails>,
    ) -> Ruled {
        let overriders = |rule: usize| -> Vec<Rails> {
            let by = body.rules.get(rule).map_or(&[][..], |rule| rule.overridden_by.as_slice());
            by.iter().filter_map(|other| conditions.get(*other as usize).copied()).collect()
        };
        let (mut sure, mut may) = (Vec::new(), Vec::new());
        for (position, own) in conditions.iter().enumerate() {
            let others = overriders(position);
            sure.push(self.all(others.iter().map(|other| other.no).chain([own.yes])));
            may.push(self.all(others.iter().map(|other| !other.yes).chain([!own.no])));
        }
        let none_sure = self.all(conditions.iter().map(|condition| !condition.yes));
        let default = body.defaults.iter().find(|default| default.interval.contains(law.day));
        let mut outcomes: Vec<u32> = body.rules.iter().map(|rule| rule.outcome).collect();
        outcomes.extend(default.map(|default| default.outcome));
        outcomes.sort_unstable();
        outcomes.dedup();
        let of = |outcome: u32| {
            body.rules
                .iter()
                .enumerate()
                .filter(move |(_, rule)| rule.outcome == outcome)
                .map(|(position, _)| position)
        };
        let pick = |lits: &[Lit], outcome: u32| -> Vec<Lit> {
            of(outcome).filter_map(|position| lits.get(position).copied()).collect()
        };
        let mut is = Vec::new();
        let mut surely = Vec::new();
        for outcome in &outcomes {
            let by_default = default.is_some_and(|default| default.outcome == *outcome);
            let mut some = pick(&may, *outcome);
            if by_default {
                some.push(none_sure);
            }
            let some = self.any(some);
            let mut all = vec![some];
            for other in outcomes.iter().filter(|other| *other != outcome) {
                all.extend(pick(&may, *other).into_iter().map(|may| !may));
            }
            if !by_default {
                all.push(!none_sure);
            }
            is.push((*outcome, self.all(all)));
            surely.push(self.any(pick(&sure, *outcome)));
        }
        // Two of them: one, and one after it.
        let mut pairs = Vec::new();
        for (position, one) in surely.iter().enumerate() {
            let after = self.any(surely.iter().skip(position + 1).copied());
            pairs.push(self.all([*one, after]));
        }
        let conflict = self.any(pairs);
        let nothing = if default.is_some() {
            Lit::NO
        } else {
            self.all(conditions.iter().map(|condition| condition.no))
        };
        // A conflict is no outcome: then two outcomes may be, so that `is` excludes it already.
        Ruled { scope, conditions, sure, may, is, conflict, nothing }
    }

    /// The laws under which a body may be read for a row, and when each is: that of the day of deciding, or of a day of the
    /// record one for each stretch of law. Nothing where there are too many to follow.
    pub(super) fn laws(
        &mut self,
        code: &'p Code,
        law_on: Option<crate::plan::ExprId>,
        row: usize,
    ) -> Option<Vec<(Law, Lit)>> {
        if law_on.is_none() {
            return Some(vec![(self.law(), Lit::YES)]);
        }
        let all = stretches(&[self.plan], crate::plan::Interval::default(), true);
        if all.len() > MOST_LAWS {
            return None;
        }
        let mut found = Vec::with_capacity(all.len());
        for (law_days, _) in all {
            let (law, within) = law_of(self, code, law_on, row, law_days);
            found.push((law, self.all(within)));
        }
        Some(found)
    }

    /// Equal values are one case.
    pub(super) fn merged(&mut self, cases: Vec<(Lit, Leaf)>) -> Vec<(Lit, Leaf)> {
        let mut merged: std::collections::BTreeMap<Leaf, Vec<Lit>> = std::collections::BTreeMap::new();
        for (when, leaf) in cases {
            merged.entry(leaf).or_default().push(when);
        }
        let merged = merged.into_iter().map(|(leaf, when)| (self.any(when), leaf));
        merged.filter(|(when, _)| *when != Lit::NO).collect()
    }

    fn is_effective(&self, policy: crate::plan::PolicyId) -> bool {
        self.plan.symbols.policy(policy).is_none_or(|policy| policy.effective.contains(self.law().day))
    }

    /// The value of a decision that another body reads.
    pub(super) fn decided(&mut self, decision: DecisionId, row: usize) -> Sym {
        if let Some(known) = self.decisions.get(&(decision, row)) {
            return known.clone();
        }
        let plan = self.plan;
        let Some(symbol) = plan.symbols.decision(decision) else { return Sym::unknown() };
        let ty = crate::value::Type::of(crate::value::Base::Category(symbol.outcomes));
        let sym = match plan.decisions.get(&decision.0) {
            Some(_) if !self.is_effective(symbol.policy) => Sym::of(Leaf::NotApplicable),
            Some(body) => match self.laws(&body.code, body.law_on, row) {
                Some(laws) => {
                    let mut cases = Vec::new();
                    for (law, within) in laws {
                        let ruled = self.rule(body, row, &law, &[]);
                        cases.push((self.all([within, ruled.scope.no]), Leaf::NotApplicable));
                        for (outcome, when) in ruled.is {
                            cases.push((self.all([within, ruled.scope.yes, when]), Leaf::Cat(outcome)));
                        }
                    }
                    Sym { cases: self.merged(cases), missing: Lit::NO }
                }
                None => self.opaque(ty, "a decision under the law of another day"),
            },
            None => self.opaque(ty, DECLARATION_WITH_ERRORS),
        };
        self.decisions.insert((decision, row), sym.clone());
        sym
    }

    /// A requirement of a row, and of one `for each` value of that value.
    pub(super) fn judge(
        &mut self,
        body: &'p RequirementBody,
        row: usize,
        value: Option<u32>,
        law: &Law,
    ) -> Judged {
        let mut frame = Frame::of(&body.code, Some(row), law.clone());
        if let (Some(slot), Some(value)) = (body.each, value) {
            frame = frame.with(slot, Leaf::Cat(value));
        }
        let mut scope = body.condition.map_or(Rails::YES, |condition| self.condition(&frame, condition));
        if !body.interval.contains(law.day) {
            scope = Rails::NO;
        }
        let mut musts = Rails::YES;
        for must in body.musts.iter().filter(|must| must.interval.contains(law.day)) {
            let holds = match &must.check {
                MustCheck::Condition(condition) => self.condition(&frame, *condition),
                MustCheck::Unique(_) => self.opaque_rails("rows that share a key"),
            };
            musts = self.both(musts, holds);
        }
        let mut excepts = Rails::NO;
        for except in &body.excepts {
            if except.interval.contains(law.day) {
                let holds = self.condition(&frame, except.when);
                excepts = self.either(excepts, holds);
            }
        }
        let (mut passed, mut waiting) = (Lit::YES, Lit::NO);
        let mut then_violated = false;
        if let Some((due, violated)) = body.due {
            then_violated = violated;
            let due = self.plain(&frame, due);
            let today = Sym::of(Leaf::Num(Form::of(self.as_of)));
            let open = self.compare(crate::plan::CompareOp::Le, &today, &due);
            (passed, waiting) = (open.no, open.yes);
        }
        let met = musts.yes;
        let excepted = self.all([!met, passed, excepts.yes]);
        let failing =
            if then_violated { self.all([!met, !excepts.yes]) } else { self.all([musts.no, excepts.no]) };
        let violated = self.all([!met, passed, !excepts.yes, failing]);
        let pending = self.all([!met, waiting]);
        Judged { scope, met, excepted, violated, pending }
    }

    /// `q is met`.
    pub(super) fn is_met(&mut self, requirement: RequirementId, value: Option<&Sym>, row: usize) -> Sym {
        let plan = self.plan;
        let Some(body) = plan.requirements.get(&requirement.0) else { return Sym::unknown() };
        let values: Vec<(Lit, Option<u32>)> = match value {
            None => vec![(Lit::YES, None)],
            Some(sym) => {
                let count = plan.symbols.instances(requirement).len();
                let mut found = Vec::new();
                for value in 0..u32::try_from(count).unwrap_or(u32::MAX) {
                    let is = self.compare(crate::plan::CompareOp::Eq, sym, &Sym::of(Leaf::Cat(value))).yes;
                    if is != Lit::NO {
                        found.push((is, Some(value)));
                    }
                }
                found
            }
        };
        let policy = plan.symbols.requirement(requirement).map(|symbol| symbol.policy);
        let mut cases = Vec::new();
        for (when, value) in values {
            let instance = Instance { requirement, value };
            let known = self.requirements.get(&(instance, row)).cloned();
            let sym = match known {
                Some(known) => known,
                None => {
                    let sym = if policy.is_some_and(|policy| !self.is_effective(policy)) {
                        Sym::of(Leaf::Flag(false))
                    } else if let Some(laws) = self.laws(&body.code, body.law_on, row) {
                        let (mut yes, mut no) = (Vec::new(), Vec::new());
                        for (law, within) in laws {
                            let judged = self.judge(body, row, value, &law);
                            let good = self.any([judged.met, judged.excepted]);
                            yes.push(self.all([within, judged.scope.yes, good]));
                            let bad = self.all([judged.scope.yes, judged.violated]);
                            let bad = self.any([judged.scope.no, bad]);
                            no.push(self.all([within, bad]));
                        }
                        Sym::flag(self.any(yes), self.any(no))
                    } else {
                        let ty = crate::value::Type::of(crate::value::Base::Flag);
                        self.opaque(ty, "a requirement under the law of another day")
                    };
                    self.requirements.insert((instance, row), sym.clone());
                    sym
                }
            };
            for (case, leaf) in sym.cases {
                cases.push((self.all([when, case]), leaf));
            }
        }
        Sym { cases, missing: Lit::NO }
    }
}
