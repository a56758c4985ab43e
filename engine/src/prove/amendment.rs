//! Whether an amendment does what its grant allows: the law of the parent and the amended law, of one unknown record.
//!
//! `tighten`: where the parent gives an outcome, the amended law gives one that is no more favourable; neither is about a
//! record that the other is not about; and no record that the parent decides is left with a conflict, without a rule or with
//! an error. `relax` is the same the other way round. That the amended law asks for a fact which may be missing, and does
//! not decide without it, is in nobody's favour and breaks no grant.
//!
//! Both laws are whole: that of the policies above with all that these amend, and the same with all that this policy amends,
//! values of parameters too. What authorities beside it or below amend is in neither.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cnf::Lit;
use super::common::Common;
use super::encode::{DECLARATION_WITH_ERRORS, Frame};
use super::findings::{effective, stretches};
use super::law::{Given, Side, What, given, ruled};
use super::question::Search;
use super::subject::Subject;
use super::sym::Sym;
use super::trial;
use super::vocabulary::Shared;
use super::witness::Witness;
use super::world::World;
use crate::layer;
use crate::plan::{Code, ExprId, Interval, ParameterId, Plan, PolicyId, ResultId, Shaper, Shapes, Symbol};
use crate::value::RecordId;

/// In which direction an authority may change what it amends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Nothing becomes more favourable.
    Tighten,
    /// Nothing becomes less favourable.
    Relax,
}

/// What an amended law does that its grant does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// It gives what is too favourable, or not favourable enough.
    Order,
    /// It is about a record that the parent's law is not about, or the other way round.
    Applies,
    /// Its rules disagree where the parent decides.
    Conflict,
    /// No rule matches where the parent decides.
    Nothing,
    /// It is an error where the parent decides.
    Error,
}

/// What both laws give for a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// What is not as it was granted.
    pub how: How,
    /// By the parent's law.
    pub parent: Given,
    /// By the amended law.
    pub amended: Given,
}

/// A record for which an amendment does what it should not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overstep {
    /// What was judged; of a requirement `for each` value, of that.
    pub subject: Subject,
    /// What both laws give.
    pub judged: Judged,
    /// The rule of the amendment that does it, by position in the amended law.
    pub rule: Option<u32>,
    /// Of a conflict: the rules that it disagrees with, of this and of other records.
    pub others: Vec<u32>,
    /// Where the values of parameters alone do it: these.
    pub parameters: Vec<ParameterId>,
    /// The record.
    pub witness: Witness,
}

/// What was found out about an amendment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does this for a record.
    Oversteps(Box<Overstep>),
    /// Whether it does could not be shown; why.
    NotDecided(String),
}

/// An amendment of a decision or a requirement, with the laws that it stands between.
#[derive(Debug)]
pub struct Amended<'a> {
    /// What hangs on it by the law of the policies above.
    pub parent: Plan,
    /// The same with what the policy amends.
    pub amended: Plan,
    /// The same with what every policy amends.
    whole: &'a Plan,
    result: ResultId,
    policy: PolicyId,
    direction: Direction,
}

/// Rules that one rule disagrees with: so many are told.
const MOST_OTHERS: usize = 4;
/// Of a requirement `for each` value, so many values are judged.
const MOST_INSTANCES: usize = 64;

impl<'a> Amended<'a> {
    /// An amendment of a result by a policy that was granted to change it in one direction; `whole` holds what hangs on it,
    /// with what every policy amends.
    #[must_use]
    pub fn new(whole: &'a Plan, result: ResultId, policy: PolicyId, direction: Direction) -> Self {
        let above = whole.symbols.above(policy);
        let parent = layer::only(whole, |other| above.contains(&other));
        let amended = apart(layer::only(whole, |other| other == policy || above.contains(&other)));
        Self { parent, amended, whole, result, policy, direction }
    }

    /// What the amendment does that it should not; nothing where it is proved that it does what it was granted.
    #[must_use]
    pub fn verdicts(&self) -> Vec<Verdict> {
        let subjects = Subject::all(&self.amended.symbols, self.result);
        let Some(any) = subjects.first().copied() else { return Vec::new() };
        if self.guard().is_none() {
            return Vec::new();
        }
        if subjects.len() > MOST_INSTANCES {
            return vec![Verdict::NotDecided("more values than are judged each by itself".to_owned())];
        }
        if !self.under_one_law(any) {
            return vec![Verdict::NotDecided("a day whose law counts that is itself amended".to_owned())];
        }
        let common = Common::of(&self.parent, &self.amended);
        let mut found = Vec::new();
        for subject in subjects {
            Proof { of: self, subject, common: &common }.look(&mut found);
        }
        found
    }

    /// Whether a record is of the authority: in the code of the amended law.
    fn guard(&self) -> Option<(&Code, ExprId)> {
        let own = |policy: PolicyId| policy == self.policy;
        match self.result {
            ResultId::Decision(id) => {
                let body = self.amended.decisions.get(&id.0)?;
                let guard = body.rules.iter().filter(|rule| own(rule.policy)).find_map(|rule| rule.guard)?;
                Some((&body.code, guard))
            }
            ResultId::Requirement(id) => {
                let body = self.amended.requirements.get(&id.0)?;
                let musts = body.musts.iter().filter(|must| own(must.policy)).filter_map(|must| must.guard);
                let excepts = body.excepts.iter().filter(|it| own(it.policy)).filter_map(|it| it.guard);
                let guard = musts.chain(excepts).next()?;
                Some((&body.code, guard))
            }
            ResultId::Amount(_) => None,
        }
    }

    /// Whether both are under the law of one day.
    fn under_one_law(&self, subject: Subject) -> bool {
        let mut shapes = Shapes::default();
        let mut of = |plan: &Plan| {
            let (code, at) = subject.law_on(plan)?;
            Shaper::new(plan, &mut shapes).code(code).get(at.0 as usize).copied()?
        };
        of(&self.parent) == of(&self.amended)
    }

    /// What both laws give for a record, where it is not as it was granted.
    fn judged(&self, subject: Subject, witness: &Witness) -> Option<Judged> {
        let parent = given(&self.parent, subject, witness);
        let amended = given(&self.amended, subject, witness);
        let how = self.how(subject, parent.what, amended.what)?;
        Some(Judged { how, parent, amended })
    }

    fn how(&self, subject: Subject, parent: What, amended: What) -> Option<How> {
        match (parent, amended) {
            (What::Worth(before), What::Worth(after)) => self.is_wrong(before, after).then_some(How::Order),
            (What::Undetermined, What::Worth(0)) => self.is_strict(subject).then_some(How::Order),
            (What::Worth(_), What::NotApplicable)
            | (What::NotApplicable, What::Worth(_) | What::Conflict) => Some(How::Applies),
            (What::Worth(_), What::Conflict) => Some(How::Conflict),
            (What::Worth(_), What::Nothing) => Some(How::Nothing),
            (What::Worth(_), What::Error) => Some(How::Error),
            _ => None,
        }
    }

    const fn is_wrong(&self, before: u32, after: u32) -> bool {
        match self.direction {
            Direction::Tighten => after < before,
            Direction::Relax => after > before,
        }
    }

    /// Whether what is satisfied by the amended law has to be so by the parent's, also where that asks for a fact.
    const fn is_strict(&self, subject: Subject) -> bool {
        matches!(subject, Subject::Requirement(_)) && matches!(self.direction, Direction::Tighten)
    }

    /// The parameters that the policy amends, where with their values alone the record has the same, or what is as wrong.
    fn parameters(&self, subject: Subject, judged: &Judged, witness: &Witness) -> Vec<ParameterId> {
        let own: Vec<ParameterId> = self
            .amended
            .symbols
            .amendments
            .iter()
            .filter(|it| it.policy == self.policy)
            .filter(|it| it.version.is_some_and(|it| self.amended.parameters.contains_key(&it.0)))
            .filter_map(|it| match it.target {
                Symbol::Parameter(id) => Some(id),
                _ => None,
            })
            .collect();
        if own.is_empty() {
            return own;
        }
        let alone = Plan { parameters: self.amended.parameters.clone(), ..self.parent.clone() };
        let alone = given(&alone, subject, witness).what;
        let oversteps = self.how(subject, judged.parent.what, alone) == Some(How::Order);
        if alone == judged.amended.what || (judged.how == How::Order && oversteps) { own } else { Vec::new() }
    }
}

/// The same plan with codes at addresses of their own: two laws share what they have in common by these.
pub(super) fn apart(mut plan: Plan) -> Plan {
    plan.defines.values_mut().for_each(|body| *body = Arc::new((**body).clone()));
    plan.decisions.values_mut().for_each(|body| *body = Arc::new((**body).clone()));
    plan.requirements.values_mut().for_each(|body| *body = Arc::new((**body).clone()));
    plan.amounts.values_mut().for_each(|body| *body = Arc::new((**body).clone()));
    plan
}

fn has(found: &[Verdict], is: impl Fn(&Overstep) -> bool) -> bool {
    found.iter().any(|verdict| matches!(verdict, Verdict::Oversteps(overstep) if is(overstep)))
}

/// The proof of one subject.
struct Proof<'a> {
    of: &'a Amended<'a>,
    subject: Subject,
    common: &'a Common,
}

/// A stretch of law: the unknown record with what both laws give for it.
struct Stretch<'p> {
    world: World<'p>,
    row: usize,
    /// That the record is of the authority, and under this law.
    base: Vec<Lit>,
    parent: Side,
    amended: Side,
}

impl Stretch<'_> {
    fn goals(&self, more: impl IntoIterator<Item = Lit>) -> Vec<Lit> {
        self.base.iter().copied().chain(more).collect()
    }
}

impl<'a> Proof<'a> {
    fn look(&self, found: &mut Vec<Verdict>) {
        let (parent, amended) = (&self.of.parent, &self.of.amended);
        let Some(policy) = self.subject.policy(&amended.symbols) else { return };
        let own_law = self.subject.law_on(amended).is_some();
        let all = stretches(&[parent, amended], effective(amended, policy), own_law);
        let mut open: Option<String> = None;
        for (law_days, days) in &all {
            let Some(mut stretch) = self.stretch(*law_days, *days) else {
                open = open.or(Some(DECLARATION_WITH_ERRORS.to_owned()));
                continue;
            };
            for why in [
                self.order(&mut stretch, found),
                self.conflicts(&mut stretch, found),
                self.errors(&mut stretch, found),
            ] {
                open = open.or(why);
            }
        }
        let Some(why) = open.filter(|_| !has(found, |_| true)) else { return };
        // What the solver could not find may be near a boundary.
        let shared = Shared::of(parent, amended);
        let days: Vec<Interval> = all.iter().map(|(_, days)| *days).collect();
        let breaks =
            |witness: &Witness| self.is_own(witness) && self.of.judged(self.subject, witness).is_some();
        match trial::find(&shared, self.subject.record(&amended.symbols), &days, breaks) {
            Some(witness) => self.tell(found, &witness, None, Vec::new()),
            None if found.iter().any(|it| matches!(it, Verdict::NotDecided(_))) => {}
            None => found.push(Verdict::NotDecided(why)),
        }
    }

    /// Whether a record is of the authority: then only do the two laws differ.
    fn is_own(&self, witness: &Witness) -> bool {
        let Some((code, guard)) = self.of.guard() else { return false };
        let Some(record) = self.subject.record(&self.of.amended.symbols) else { return false };
        let yes = crate::value::State::Known(crate::value::Value::Flag(true));
        witness.ask(&self.of.amended, |evaluator| evaluator.about(code, record, 0, guard) == yes)
    }

    fn stretch(&self, law_days: Interval, days: Interval) -> Option<Stretch<'a>> {
        let mut world = World::new(&self.of.parent, days);
        world.common = self.common.clone();
        let row = world.row(self.subject.record(&self.of.amended.symbols)?);
        let parent = world.side(self.subject, row, law_days)?;
        let mut world = world.under(&self.of.amended);
        let amended = world.side(self.subject, row, law_days)?;
        let (code, guard) = self.of.guard()?;
        let is_own = world.condition(&Frame::of(code, Some(row), amended.law.clone()), guard).yes;
        let base = [is_own].into_iter().chain(parent.within.iter().chain(&amended.within).copied()).collect();
        Some(Stretch { world, row, base, parent, amended })
    }

    /// Looks for a record of which it is that.
    fn search(
        &self,
        stretch: &mut Stretch<'_>,
        goals: &[Lit],
        is: impl Fn(&Judged) -> bool,
    ) -> Search<Witness> {
        let row = stretch.row;
        stretch.world.search_for(
            goals,
            |world, model| world.decode(model, row),
            |witness| self.of.judged(self.subject, witness).is_some_and(|judged| is(&judged)),
        )
    }

    /// What is given in the wrong direction, of other records, or not at all; what could not be decided.
    fn order(&self, stretch: &mut Stretch<'_>, found: &mut Vec<Verdict>) -> Option<String> {
        let is_here = |how: How| matches!(how, How::Order | How::Applies | How::Nothing);
        if has(found, |overstep| is_here(overstep.judged.how)) {
            return None;
        }
        let Stretch { world, parent, amended, .. } = stretch;
        let mut ways = Vec::new();
        for (before, was) in &parent.worths {
            for (after, is) in &amended.worths {
                if self.of.is_wrong(*before, *after) {
                    ways.push(world.all([*was, *is]));
                }
            }
        }
        ways.push(world.all([parent.some, amended.not_applicable]));
        ways.push(world.all([parent.some, amended.nothing]));
        let about = world.any([amended.some, amended.conflict]);
        ways.push(world.all([parent.not_applicable, about]));
        if let (true, Some(good)) = (self.of.is_strict(self.subject), amended.worths.get(&0)) {
            ways.push(world.all([!parent.some, !parent.not_applicable, *good]));
        }
        let wrong = world.any(ways);
        let goals = stretch.goals([wrong]);
        match self.search(stretch, &goals, |judged| is_here(judged.how)) {
            Search::None => None,
            Search::Open(why) => Some(why),
            Search::Found(witness) => {
                self.tell(found, &witness, None, Vec::new());
                None
            }
        }
    }

    /// Rules that disagree where the parent decides: once for each rule of the amendment.
    fn conflicts(&self, stretch: &mut Stretch<'_>, found: &mut Vec<Verdict>) -> Option<String> {
        let (decides, conflict) = (stretch.parent.some, stretch.amended.conflict);
        let any = stretch.goals([decides, conflict]);
        if conflict == Lit::NO || stretch.world.never(&any).is_some() {
            return None;
        }
        let body = ruled(&self.of.amended, self.subject)?;
        let is_own = |rule: u32| {
            let rule = body.rules.get(rule as usize);
            rule.is_some_and(|rule| rule.policy == self.of.policy && rule.guard.is_some())
        };
        let mut open = None;
        for (one, own) in (0_u32..).zip(&body.rules).filter(|(one, _)| is_own(*one)) {
            if has(found, |it| it.judged.how == How::Conflict && it.rule == Some(one)) {
                continue;
            }
            let mut shown: Option<Witness> = None;
            let mut others = Vec::new();
            for (other, theirs) in (0_u32..).zip(&body.rules) {
                let told = is_own(other) && other > one;
                if told || theirs.outcome == own.outcome || others.len() >= MOST_OTHERS {
                    continue;
                }
                let sure = |rule: u32| stretch.amended.sure.get(rule as usize).copied().unwrap_or(Lit::NO);
                let goals = stretch.goals([decides, sure(one), sure(other)]);
                let both = |judged: &Judged| {
                    judged.how == How::Conflict
                        && [one, other].iter().all(|rule| judged.amended.rules.contains(rule))
                };
                match self.search(stretch, &goals, both) {
                    Search::None => {}
                    Search::Open(why) => open = open.or(Some(why)),
                    Search::Found(witness) => {
                        others.push(other);
                        shown = shown.or(Some(witness));
                    }
                }
            }
            if let Some(witness) = shown {
                self.tell(found, &witness, Some(one), others);
            }
        }
        if has(found, |it| it.judged.how == How::Conflict) {
            return open;
        }
        // What is amended otherwise brings rules of the parent into conflict.
        match self.search(stretch, &any, |judged| judged.how == How::Conflict) {
            Search::None => open,
            Search::Open(why) => open.or(Some(why)),
            Search::Found(witness) => {
                self.tell(found, &witness, None, Vec::new());
                open
            }
        }
    }

    /// Where the parent decides and the amended law cannot, though nothing is missing and no finding is awaited.
    fn errors(&self, stretch: &mut Stretch<'_>, found: &mut Vec<Verdict>) -> Option<String> {
        if has(found, |it| it.judged.how == How::Error) {
            return None;
        }
        let Stretch { world, parent, amended, .. } = stretch;
        let mut lost =
            vec![parent.some, !amended.some, !amended.conflict, !amended.nothing, !amended.not_applicable];
        lost.extend(world.absent.iter().map(|absent| !*absent));
        lost.extend(world.findings_made());
        let goals = stretch.goals(lost);
        match self.search(stretch, &goals, |judged| judged.how == How::Error) {
            // What cannot be followed may be unknown, which is no sign of an error: one is shown, or not claimed.
            Search::None | Search::Open(_) => None,
            Search::Found(witness) => {
                self.tell(found, &witness, None, Vec::new());
                None
            }
        }
    }

    /// Keeps what a record shows, made as small as it can be.
    fn tell(&self, found: &mut Vec<Verdict>, witness: &Witness, rule: Option<u32>, others: Vec<u32>) {
        let Some(first) = self.of.judged(self.subject, witness) else { return };
        let whole = |witness: &Witness| given(self.of.whole, self.subject, witness).what;
        // A test of it passes with what everybody amends.
        let pasted = whole(witness) == first.amended.what;
        let same = |judged: &Judged| {
            (judged.how, judged.parent.what, judged.amended.what)
                == (first.how, first.parent.what, first.amended.what)
                && rule.iter().chain(others.first()).all(|rule| judged.amended.rules.contains(rule))
        };
        let shows = |witness: &Witness| {
            self.of.judged(self.subject, witness).is_some_and(|judged| same(&judged))
                && (!pasted || whole(witness) == first.amended.what)
        };
        let witness = witness.clone().minimized(&self.of.amended.symbols, shows);
        let Some(judged) = self.of.judged(self.subject, &witness) else { return };
        let rule = rule.or_else(|| self.own_rule(&judged));
        let parameters = self.of.parameters(self.subject, &judged, &witness);
        let overstep = Overstep { subject: self.subject, judged, rule, others, parameters, witness };
        found.push(Verdict::Oversteps(Box::new(overstep)));
    }

    /// The rule of the amendment among those that decided.
    fn own_rule(&self, judged: &Judged) -> Option<u32> {
        let rules = &ruled(&self.of.amended, self.subject)?.rules;
        let is_own = |rule: &&u32| {
            let rule = rules.get(**rule as usize);
            rule.is_some_and(|rule| rule.policy == self.of.policy && rule.guard.is_some())
        };
        judged.amended.rules.iter().find(is_own).copied()
    }
}

impl World<'_> {
    /// That every finding that is read is made.
    fn findings_made(&mut self) -> Vec<Lit> {
        let symbols = Arc::clone(&self.plan.symbols);
        let rows: Vec<(RecordId, BTreeMap<u32, Sym>)> =
            self.rows.iter().map(|row| (row.record, row.fields.clone())).collect();
        let mut made = Vec::new();
        for (record, fields) in rows {
            for (field, sym) in fields {
                let declared = symbols.record(record).and_then(|it| it.fields.get(field as usize));
                if declared.is_some_and(|field| field.judged_by.is_some()) {
                    made.push(self.any(sym.cases.iter().map(|(when, _)| *when)));
                }
            }
        }
        made
    }
}
