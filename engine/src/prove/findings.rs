//! What is found out about a decision, a requirement or a definition, one after the other and in a fixed order.

use std::collections::BTreeSet;

use super::cnf::Lit;
use super::decide::Ruled;
use super::encode::Frame;
use super::question::{RAN_OUT, Search};
use super::slice::{segments, slice};
use super::sym::{Leaf, Rails};
use super::witness::Witness;
use super::world::{Law, World};
use crate::diagnostic::Place;
use crate::evaluate::{By, Verdict as Result};
use crate::plan::{
    Code, CompareOp, DecisionBody, DecisionId, DefineId, ExprId, Instance, Interval, Op, ParameterId, Plan,
    PolicyId, RequirementId, ResultId, ResultStatus, Symbol,
};
use crate::value::{Fault, State};

/// Something found out about a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Two rules of a decision, by position, apply to this record and disagree.
    Conflict(DecisionId, u32, u32, Witness),
    /// No rule matches this record, and there is no default.
    Gap(DecisionId, Witness),
    /// A rule, by position, applies to no record; the part of its condition that cannot hold, where it is the condition.
    NeverApplies(DecisionId, u32, Vec<Place>),
    /// Without the rule every record has the same outcome.
    NeverChanges(DecisionId, u32),
    /// The condition of the rule holds for every record of the decision.
    AlwaysHolds(DecisionId, u32, Place),
    /// A comparison that is yes (or no) for every record.
    Constant(Place, bool),
    /// No record violates the requirement.
    NeverViolated(RequirementId),
    /// No record meets the requirement.
    NeverMet(RequirementId),
    /// Two arms of a `case` hold for this record, with different values.
    ArmsDisagree(DefineId, Place, Place, Witness),
    /// No arm of a `case` holds for this record.
    NoArm(DefineId, Place, Witness),
    /// What could not be decided, where, and why.
    Open(&'static str, Place, String),
}

/// What is not decided where the steps ran out before it was known whether something can be.
const EFFECT: &str = "whether every rule and comparison has an effect";

/// So many pairs of rules are told at most.
const MOST_CONFLICTS: usize = 4;
/// So many copies of a decision are compared at most.
const MOST_COPIES: usize = 24;

pub(super) fn effective(plan: &Plan, policy: PolicyId) -> Interval {
    plan.symbols.policy(policy).map(|policy| policy.effective).unwrap_or_default()
}

/// Everything that is found out about a decision or a requirement. Amounts have none of these faults.
#[must_use]
pub fn findings(plan: &Plan, result: ResultId) -> Vec<Finding> {
    let of = |plan: &Plan| match result {
        ResultId::Decision(id) => decision(plan, id),
        ResultId::Requirement(id) => requirement(plan, id),
        ResultId::Amount(_) => Vec::new(),
    };
    let mut found = of(plan);
    if found.iter().any(has_no_effect)
        && let Some(plan) = without_granted(plan)
    {
        // What has no effect by the values of today may have one where an authority below sets another, as it may.
        let anyhow = of(&plan);
        found.retain(|one| !has_no_effect(one) || anyhow.iter().any(|other| is_same(one, other)));
    }
    found
}

/// Whether it says of a part that nothing hangs on it.
const fn has_no_effect(finding: &Finding) -> bool {
    matches!(
        finding,
        Finding::NeverApplies(..)
            | Finding::NeverChanges(..)
            | Finding::AlwaysHolds(..)
            | Finding::Constant(..)
            | Finding::NeverViolated(..)
            | Finding::NeverMet(..)
    )
}

/// Whether two say the same of the same, whatever is to blame.
fn is_same(one: &Finding, other: &Finding) -> bool {
    match (one, other) {
        (Finding::NeverApplies(a, rule, _), Finding::NeverApplies(b, other, _)) => (a, rule) == (b, other),
        (one, other) => one == other,
    }
}

/// The plan without the values that authorities below may set: whoever proves something of it proves it for all that they
/// could be. Nothing where there are none.
fn without_granted(plan: &Plan) -> Option<Plan> {
    let symbols = &plan.symbols;
    let is_granted = |id: &u32| {
        let version = symbols.parameter(ParameterId(*id)).and_then(|symbol| symbol.version);
        let declared = version.map_or(ParameterId(*id), |version| version.of);
        symbols.grants.contains_key(&Symbol::Parameter(declared))
    };
    if !plan.parameters.keys().any(is_granted) {
        return None;
    }
    let mut without = plan.clone();
    without.parameters.retain(|id, _| !is_granted(id));
    Some(without)
}

/// A world with a row of the decision, under the law of a segment, and what puts it there.
pub(super) fn law_of<'p>(
    world: &mut World<'p>,
    code: &'p Code,
    law_on: Option<ExprId>,
    row: usize,
    segment: Interval,
) -> (Law, Vec<Lit>) {
    let mut law = world.law();
    let Some(law_on) = law_on else { return (law, Vec::new()) };
    let first = Law {
        day: segment.from.or(segment.until.and_then(|day| day.yesterday().ok())).unwrap_or(law.day),
        ..law.clone()
    };
    law = first;
    let frame = Frame::of(code, Some(row), law.clone());
    let day = world.plain(&frame, law_on);
    let mut ways = Vec::new();
    for (when, leaf) in &day.cases {
        let Leaf::Num(form) = leaf else { continue };
        law.form = form.clone();
        let number = |day| super::form::Form::whole(super::calendar::day_number(day));
        let after = segment.from.map_or(Lit::YES, |from| world.solver.less(&number(from), form, true));
        let before = segment.until.map_or(Lit::YES, |until| world.solver.less(form, &number(until), false));
        ways.push(world.all([*when, after, before]));
    }
    let within = world.any(ways);
    (law, vec![within])
}

/// The stretches of law, and in each the days on which is decided.
pub(super) fn stretches(parts: &[&Plan], within: Interval, own_law: bool) -> Vec<(Interval, Interval)> {
    let all = segments(parts, if own_law { Interval::default() } else { within });
    all.into_iter().map(|law| (law, if own_law { within } else { law })).collect()
}

fn decision(whole: &Plan, id: DecisionId) -> Vec<Finding> {
    let plan = slice(whole, &[ResultId::Decision(id)], &[]);
    let (Some(symbol), Some(body)) = (plan.symbols.decision(id), plan.decisions.get(&id.0)) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut told: BTreeSet<(u32, u32)> = BTreeSet::new();
    let mut gap_told = false;
    let mut open_told: BTreeSet<&'static str> = BTreeSet::new();
    let rules = body.rules.len();
    // By rule: in force in some segment, and in each of these…
    let mut in_force = vec![false; rules];
    let mut applies = vec![false; rules];
    let mut changes = vec![false; rules];
    let mut holds_always = vec![true; rules];
    let mut guilty: Vec<Vec<Place>> = vec![Vec::new(); rules];
    let mut copies = 0;
    let place = symbol.place;
    let mut open = |found: &mut Vec<Finding>, what: &'static str, why: String| {
        if open_told.insert(what) {
            found.push(Finding::Open(what, place, why));
        }
    };
    let mut constants = Constants::default();
    for (law_days, days) in stretches(&[&plan], effective(&plan, symbol.policy), body.law_on.is_some()) {
        let mut world = World::new(&plan, days);
        let row = world.row(symbol.of);
        let (law, mut base) = law_of(&mut world, &body.code, body.law_on, row, law_days);
        let ruled = world.rule(body, row, &law, &[]);
        base.push(ruled.scope.yes);
        let frame = Frame::of(&body.code, Some(row), law.clone());
        conflicts(&mut world, id, (&ruled, &base), row, &mut told, &mut found, &mut open);
        if ruled.nothing != Lit::NO && !gap_told {
            let goals: Vec<Lit> = base.iter().copied().chain([ruled.nothing]).collect();
            let shows = |witness: &Witness| {
                witness.ask(&plan, |evaluator| {
                    let result = evaluator.decision(id, 0);
                    result.verdict == Result::Status(ResultStatus::Undetermined)
                        && result.possible.is_empty()
                        && result.needs.is_empty()
                })
            };
            match world.search(&goals, row, shows) {
                Search::None => {}
                Search::Found(witness) => {
                    gap_told = true;
                    found.push(Finding::Gap(id, witness));
                }
                Search::Open(why) => open(&mut found, "gap", why),
            }
        }
        for (position, rule) in body.rules.iter().enumerate() {
            if !rule.interval.contains(law.day) {
                continue;
            }
            set(&mut in_force, position);
            let condition = ruled.conditions.get(position).copied().unwrap_or(Rails::NO);
            // A rule that decides alone applies, which is asked only of the others.
            let alone = changes.get(position) == Some(&false)
                && decides_alone(&mut world, body, &ruled, &base, position, &law);
            if alone {
                set(&mut changes, position);
                set(&mut applies, position);
            }
            if let Some(when) = rule.when {
                let goals: Vec<Lit> = base.iter().copied().chain([!condition.yes]).collect();
                if holds_always.get(position) == Some(&true) && world.never(&goals).is_none() {
                    clear(&mut holds_always, position);
                }
                if applies.get(position) == Some(&false) {
                    let sure = ruled.sure.get(position).copied().unwrap_or(Lit::NO);
                    let goals: Vec<Lit> = base.iter().copied().chain([sure]).collect();
                    if world.never(&goals).is_none() {
                        set(&mut applies, position);
                    } else if let Some(place) = guilty.get_mut(position) {
                        *place = blame(&mut world, &frame, when, &base);
                    }
                }
            } else {
                clear(&mut holds_always, position);
                set(&mut applies, position);
            }
            if changes.get(position) == Some(&false) && applies.get(position) == Some(&true) {
                copies += 1;
                if copies > MOST_COPIES || differs_without(&mut world, body, (&ruled, &base), position, &law)
                {
                    set(&mut changes, position);
                }
            }
        }
        // Last, since the records that were found by then have most answers.
        let conditions =
            body.rules.iter().filter(|rule| rule.interval.contains(law.day)).filter_map(|rule| rule.when);
        constants.look(&mut world, &frame, &conditions.collect::<Vec<_>>());
        if world.ran_out {
            open(&mut found, EFFECT, RAN_OUT.to_owned());
        }
    }
    for (position, rule) in body.rules.iter().enumerate() {
        let at = |list: &[bool]| list.get(position) == Some(&true);
        let Ok(number) = u32::try_from(position) else { break };
        if !at(&in_force) {
            continue;
        }
        if !at(&applies) {
            let places = guilty.get(position).cloned().unwrap_or_default();
            found.push(Finding::NeverApplies(id, number, places));
        } else if !at(&changes) {
            found.push(Finding::NeverChanges(id, number));
        }
        if at(&holds_always)
            && let Some(place) = rule.when.and_then(|when| body.code.get(when)).map(|expr| expr.place)
        {
            found.push(Finding::AlwaysHolds(id, number, place));
        }
    }
    constants.tell(&mut found);
    found
}

fn set(list: &mut [bool], position: usize) {
    if let Some(place) = list.get_mut(position) {
        *place = true;
    }
}

fn clear(list: &mut [bool], position: usize) {
    if let Some(place) = list.get_mut(position) {
        *place = false;
    }
}

/// Pairs of rules that surely apply to one record and disagree.
fn conflicts(
    world: &mut World<'_>,
    id: DecisionId,
    (ruled, base): (&Ruled, &[Lit]),
    row: usize,
    told: &mut BTreeSet<(u32, u32)>,
    found: &mut Vec<Finding>,
    open: &mut impl FnMut(&mut Vec<Finding>, &'static str, String),
) {
    if ruled.conflict == Lit::NO {
        return;
    }
    let plan = world.plan;
    let Some(body) = plan.decisions.get(&id.0) else { return };
    let mut goals: Vec<Lit> = base.iter().copied().chain([ruled.conflict]).collect();
    for (a, b) in told.iter() {
        goals.push(not_both(world, ruled, (*a, *b)));
    }
    while told.len() < MOST_CONFLICTS {
        let shows = |witness: &Witness| {
            disagreeing(plan, id, body, witness).is_some_and(|pair| !told.contains(&pair))
        };
        match world.search(&goals, row, shows) {
            Search::None => return,
            Search::Open(why) => return open(found, "conflict", why),
            Search::Found(witness) => {
                let Some(pair) = disagreeing(plan, id, body, &witness) else { return };
                told.insert(pair);
                goals.push(not_both(world, ruled, pair));
                found.push(Finding::Conflict(id, pair.0, pair.1, witness));
            }
        }
    }
}

fn not_both(world: &mut World<'_>, ruled: &Ruled, (a, b): (u32, u32)) -> Lit {
    let sure = |rule: u32| ruled.sure.get(rule as usize).copied().unwrap_or(Lit::NO);
    !world.all([sure(a), sure(b)])
}

/// The first two rules that the evaluator finds in conflict for a record.
fn disagreeing(plan: &Plan, id: DecisionId, body: &DecisionBody, witness: &Witness) -> Option<(u32, u32)> {
    witness.ask(plan, |evaluator| {
        let result = evaluator.decision(id, 0);
        if result.verdict != Result::Status(ResultStatus::Conflict) {
            return None;
        }
        let rule = |by: &By| match by {
            By::Rule(rule) => Some(*rule),
            By::Default(_) => None,
        };
        let outcome = |rule: u32| body.rules.get(rule as usize).map(|rule| rule.outcome);
        let rules: Vec<u32> = result.by.iter().filter_map(rule).collect();
        let first = *rules.first()?;
        let other = rules.iter().find(|rule| outcome(**rule) != outcome(first))?;
        Some((first, *other))
    })
}

/// The parts of a condition that cannot hold together; nothing where it can hold but is always overridden.
fn blame<'p>(world: &mut World<'p>, frame: &Frame<'p>, when: ExprId, base: &[Lit]) -> Vec<Place> {
    let mut parts = Vec::new();
    let mut open = vec![when];
    while let Some(next) = open.pop() {
        match frame.code.get(next).map(|expr| &expr.op) {
            Some(Op::And(a, b)) => open.extend([*b, *a]),
            _ => parts.push(next),
        }
    }
    let marked: Vec<(Lit, ExprId)> =
        parts.iter().map(|part| (world.condition(frame, *part).yes, *part)).collect();
    let goals: Vec<Lit> = base.iter().copied().chain(marked.iter().map(|(yes, _)| *yes)).collect();
    let Some(blamed) = world.never(&goals) else { return Vec::new() };
    let place = |part: ExprId| frame.code.get(part).map(|expr| expr.place);
    let mut places: Vec<Place> =
        marked.iter().filter(|(yes, _)| blamed.contains(yes)).filter_map(|(_, part)| place(*part)).collect();
    if places.is_empty() {
        places.extend(place(when));
    }
    places
}

/// Whether some record has its outcome by this rule alone: then it changes something.
fn decides_alone(
    world: &mut World<'_>,
    body: &DecisionBody,
    ruled: &Ruled,
    base: &[Lit],
    position: usize,
    law: &Law,
) -> bool {
    let Some(rule) = body.rules.get(position) else { return true };
    let mut goals: Vec<Lit> = base.to_vec();
    goals.extend(ruled.sure.get(position));
    goals.extend(ruled.is.iter().find(|(outcome, _)| *outcome == rule.outcome).map(|(_, is)| *is));
    for (other, theirs) in body.rules.iter().enumerate() {
        if other != position && theirs.outcome == rule.outcome {
            // One that this rule overrides would come back without it.
            let comes_back = theirs.overridden_by.iter().any(|by| *by as usize == position);
            let condition = ruled.conditions.get(other).filter(|_| comes_back).map(|condition| condition.no);
            goals.extend(condition.or_else(|| ruled.may.get(other).map(|may| !*may)));
        }
    }
    let default = body.defaults.iter().find(|default| default.interval.contains(law.day));
    if default.is_some_and(|default| default.outcome == rule.outcome) {
        let others = ruled.conditions.iter().enumerate().filter(|(other, _)| *other != position);
        let some: Vec<Lit> = others.map(|(_, condition)| condition.yes).collect();
        goals.push(world.any(some));
    }
    world.never(&goals).is_none()
}

/// Whether some record has another result without the rule.
fn differs_without(
    world: &mut World<'_>,
    body: &DecisionBody,
    (ruled, base): (&Ruled, &[Lit]),
    position: usize,
    law: &Law,
) -> bool {
    let mut conditions = ruled.conditions.clone();
    if let Some(place) = conditions.get_mut(position) {
        *place = Rails::NO;
    }
    let without = world.ruled(body, law, ruled.scope, conditions);
    let mut ways = Vec::new();
    for (outcome, with) in &ruled.is {
        let other = without.is.iter().find(|(other, _)| other == outcome).map_or(Lit::NO, |(_, lit)| *lit);
        ways.extend([world.all([*with, !other]), world.all([!*with, other])]);
    }
    for (a, b) in [(ruled.conflict, without.conflict), (ruled.nothing, without.nothing)] {
        ways.extend([world.all([a, !b]), world.all([!a, b])]);
    }
    let differs = world.any(ways);
    let goals: Vec<Lit> = base.iter().copied().chain([differs]).collect();
    world.never(&goals).is_none()
}

/// Comparisons that were looked at: those that are yes, or no, in every segment.
#[derive(Default)]
struct Constants {
    seen: std::collections::BTreeMap<Place, (bool, bool)>,
}

impl Constants {
    /// Looks at the comparisons of conditions that read the record itself.
    fn look<'p>(&mut self, world: &mut World<'p>, frame: &Frame<'p>, conditions: &[ExprId]) {
        let mut open: Vec<ExprId> = conditions.to_vec();
        while let Some(next) = open.pop() {
            let Some(expr) = frame.code.get(next) else { continue };
            match &expr.op {
                Op::Not(a) => open.push(*a),
                Op::And(a, b) | Op::Or(a, b) => open.extend([*b, *a]),
                Op::Compare(..) | Op::Between(..) | Op::InList(..) => {
                    let constant = |id: &ExprId| {
                        matches!(frame.code.get(*id).map(|expr| &expr.op), Some(Op::Literal(_)))
                    };
                    if crate::plan::operands(&expr.op).iter().all(constant) {
                        continue;
                    }
                    let rails = world.condition(frame, next);
                    let before = self.seen.get(&expr.place).copied().unwrap_or((true, true));
                    let always = before.0 && world.never(&[!rails.yes]).is_some();
                    let never = before.1 && !always && world.never(&[rails.yes]).is_some();
                    self.seen.insert(expr.place, (always, never));
                }
                _ => {}
            }
        }
    }

    fn tell(&self, found: &mut Vec<Finding>) {
        for (place, (always, never)) in &self.seen {
            if *always || *never {
                found.push(Finding::Constant(*place, *always));
            }
        }
    }
}

fn requirement(whole: &Plan, id: RequirementId) -> Vec<Finding> {
    let plan = slice(whole, &[ResultId::Requirement(id)], &[]);
    let (Some(symbol), Some(body)) = (plan.symbols.requirement(id), plan.requirements.get(&id.0)) else {
        return Vec::new();
    };
    let (mut may_fail, mut may_pass, mut ran_out) = (false, false, false);
    let mut constants = Constants::default();
    let mut found = Vec::new();
    let instances: Vec<Instance> = plan.symbols.instances(id);
    for (law_days, days) in stretches(&[&plan], effective(&plan, symbol.policy), body.law_on.is_some()) {
        for instance in instances.iter().take(12) {
            if may_fail && may_pass && instance.value.is_some_and(|value| value > 0) {
                break;
            }
            let mut world = World::new(&plan, days);
            let row = world.row(symbol.of);
            let (law, mut base) = law_of(&mut world, &body.code, body.law_on, row, law_days);
            let judged = world.judge(body, row, instance.value, &law);
            base.push(judged.scope.yes);
            let with = |lit: Lit| base.iter().copied().chain([lit]).collect::<Vec<Lit>>();
            may_fail = may_fail || world.never(&with(judged.violated)).is_none();
            may_pass = may_pass || world.never(&with(judged.met)).is_none();
            let mut frame = Frame::of(&body.code, Some(row), law);
            if let (Some(slot), Some(value)) = (body.each, instance.value) {
                frame = frame.with(slot, Leaf::Cat(value));
            } else {
                let conditions = body.musts.iter().filter_map(|must| match must.check {
                    crate::plan::MustCheck::Condition(condition) => Some(condition),
                    crate::plan::MustCheck::Unique(_) => None,
                });
                constants.look(&mut world, &frame, &conditions.collect::<Vec<_>>());
            }
            ran_out |= world.ran_out;
        }
    }
    if ran_out {
        found.push(Finding::Open(EFFECT, symbol.place, RAN_OUT.to_owned()));
    }
    if instances.is_empty() || instances.len() > 12 {
        return found;
    }
    if !may_fail {
        found.push(Finding::NeverViolated(id));
    }
    if !may_pass {
        found.push(Finding::NeverMet(id));
    }
    constants.tell(&mut found);
    found
}

/// What is found out about the `case` of a definition: arms that disagree, and records for which none holds.
#[must_use]
pub fn define_findings(whole: &Plan, id: DefineId) -> Vec<Finding> {
    let Some(body) = whole.defines.get(&id.0) else { return Vec::new() };
    let Some(symbol) = whole.symbols.define(id) else { return Vec::new() };
    let is_case = |id: ExprId| matches!(body.code.get(id).map(|expr| &expr.op), Some(Op::Case(_)));
    let Some(record) = symbol.of.filter(|_| symbol.params.is_empty()) else { return Vec::new() };
    if !body.arms.iter().any(|arm| is_case(arm.value)) {
        return Vec::new();
    }
    let plan = slice(whole, &[], &[id.0]);
    let mut found = Vec::new();
    let mut told: BTreeSet<Place> = BTreeSet::new();
    for days in segments(&[&plan], effective(&plan, symbol.policy)) {
        let mut world = World::new(&plan, days);
        let row = world.row(record);
        let law = world.law();
        let Some(body) = plan.defines.get(&id.0) else { continue };
        let Some(arm) = body.arms.iter().find(|arm| arm.interval.contains(law.day)) else { continue };
        let Some(Op::Case(case)) = body.code.get(arm.value).map(|expr| &expr.op) else { continue };
        let frame = Frame::of(&body.code, Some(row), law);
        let arms: Vec<(Rails, super::sym::Sym, Place)> = case
            .arms
            .iter()
            .filter_map(|(condition, value)| {
                let place = body.code.get(*condition)?.place;
                Some((world.condition(&frame, *condition), world.plain(&frame, *value), place))
            })
            .collect();
        for (position, (one, left, place)) in arms.iter().enumerate() {
            for (other, right, theirs) in arms.iter().skip(position + 1) {
                let differ = world.compare(CompareOp::Ne, left, right).yes;
                if told.contains(theirs) {
                    continue;
                }
                let shows = |witness: &Witness| {
                    witness.ask(&plan, |evaluator| {
                        let state = evaluator.define(id, Some(0), Vec::new());
                        matches!(state, State::Error(faults) if faults.contains(&Fault::CaseDisagrees))
                    })
                };
                match world.search(&[one.yes, other.yes, differ], row, shows) {
                    Search::None => {}
                    Search::Found(witness) => {
                        told.insert(*theirs);
                        found.push(Finding::ArmsDisagree(id, *place, *theirs, witness));
                    }
                    Search::Open(why) => {
                        told.insert(*theirs);
                        found.push(Finding::Open("case-arms-disagree", *theirs, why));
                    }
                }
            }
        }
        let Some(whole) = body.code.get(arm.value).map(|expr| expr.place) else { continue };
        if case.otherwise.is_none() && !told.contains(&whole) {
            let none: Vec<Lit> = arms.iter().map(|(rails, _, _)| rails.no).collect();
            let shows = |witness: &Witness| {
                witness.ask(&plan, |evaluator| {
                    let state = evaluator.define(id, Some(0), Vec::new());
                    let undecided =
                        |need: &crate::value::Need| matches!(need.kind, crate::value::NeedKind::Undecided(_));
                    matches!(state, State::Unknown(needs) if !needs.is_empty() && needs.iter().all(undecided))
                })
            };
            match world.search(&none, row, shows) {
                Search::None => {}
                Search::Found(witness) => {
                    told.insert(whole);
                    found.push(Finding::NoArm(id, whole, witness));
                }
                Search::Open(why) => {
                    told.insert(whole);
                    found.push(Finding::Open("case-without-arm", whole, why));
                }
            }
        }
    }
    found
}
