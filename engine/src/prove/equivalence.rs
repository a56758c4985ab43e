//! Whether two versions of a declaration give the same for every record.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::cnf::Lit;
use super::collection::Source;
use super::common::Common;
use super::encode::Frame;
use super::findings::law_of;
use super::question::{Search, Verdict};
use super::slice::segments;
use super::subject::{Answer, Subject};
use super::sym::{Leaf, Rails, Sym};
use super::trial;
use super::vocabulary::{Shared, names};
use super::witness::Witness;
use super::world::{Row, World};
use crate::plan::{
    CompareOp, Instance, Interval, Plan, ResultId, ResultStatus, Shaper, Shapes, Symbols, category_value,
};
use crate::value::{Base, RecordId};

/// What the two versions give for a record for which they differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The old version: `retained`, `violated`, `1200.50`.
    pub old: String,
    /// The new one.
    pub new: String,
    /// A test that passes with the old version.
    pub old_test: String,
    /// A test that passes with the new one.
    pub new_test: String,
    /// Of a requirement `for each` value of a category: the value, in the new version.
    pub value: Option<u32>,
    /// The record in the new version's names.
    pub witness: Witness,
}

/// Whether two versions are the same for every record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Equivalence {
    /// They are.
    Same,
    /// They differ for this record, as the evaluator has confirmed.
    Differs(Box<Difference>),
    /// Neither could be shown; why.
    NotDecided(String),
}

impl From<Equivalence> for Verdict {
    fn from(equivalence: Equivalence) -> Self {
        match equivalence {
            Equivalence::Same => Self::Proved,
            Equivalence::Differs(difference) => Self::Refuted(difference.witness),
            Equivalence::NotDecided(why) => Self::NotDecided(why),
        }
    }
}

/// More combinations of days and laws than these are not looked at.
const MOST_LAWS: usize = 400;

/// Whether a declaration of one plan and one of another (or another of the same) give the same for every complete record
/// on every day. Records, fields, categories and outcomes are matched by name. Undetermined and error are one result.
#[must_use]
pub fn equivalent(old: &Plan, old_id: ResultId, new: &Plan, new_id: ResultId) -> Equivalence {
    match (old_id, new_id) {
        (ResultId::Decision(a), ResultId::Decision(b)) => {
            compare(old, Subject::Decision(a), new, Subject::Decision(b))
        }
        (ResultId::Amount(a), ResultId::Amount(b)) => {
            compare(old, Subject::Amount(a), new, Subject::Amount(b))
        }
        (ResultId::Requirement(a), ResultId::Requirement(b)) => {
            let named = |symbols: &Symbols, id| -> BTreeMap<Option<String>, Instance> {
                let each = symbols.requirement(id).and_then(|symbol| symbol.each);
                let name = |it: &Instance| category_value(symbols, each?, it.value?).map(ToOwned::to_owned);
                symbols.instances(id).into_iter().map(|it| (name(&it), it)).collect()
            };
            let (left, right) = (named(&old.symbols, a), named(&new.symbols, b));
            if !left.keys().eq(right.keys()) {
                return Equivalence::NotDecided("one is for other values than the other".to_owned());
            }
            let mut open = None;
            for (one, other) in left.into_values().zip(right.into_values()) {
                match compare(old, Subject::Requirement(one), new, Subject::Requirement(other)) {
                    Equivalence::Same => {}
                    Equivalence::NotDecided(why) => open = open.or(Some(why)),
                    differs => return differs,
                }
            }
            open.map_or(Equivalence::Same, Equivalence::NotDecided)
        }
        _ => Equivalence::NotDecided("they are not of one kind".to_owned()),
    }
}

/// Whether two declarations give the same for every complete record on every day, as [`equivalent`]; of a requirement
/// `for each` value, for one value of each.
#[must_use]
pub fn compare(old: &Plan, old_subject: Subject, new: &Plan, new_subject: Subject) -> Equivalence {
    let (a, b) = (old_subject.slice(old), new_subject.slice(new));
    let shared = Shared::of(&a, &b);
    let pair = Pair {
        old: (&a, old_subject),
        new: (&b, new_subject),
        shared: &shared,
        common: Common::of(&shared.old, &shared.new),
    };
    pair.compare()
}

/// Two versions of a declaration.
struct Pair<'a> {
    /// As it is written.
    old: (&'a Plan, Subject),
    new: (&'a Plan, Subject),
    /// In one vocabulary.
    shared: &'a Shared,
    common: Common,
}

/// Under which law a version is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Under {
    /// That of these days.
    Days(Interval),
    /// None, as the day whose law counts is not known.
    Nothing,
}

/// What a declaration gives, by name; no two of these hold together.
struct Results {
    named: BTreeMap<String, Lit>,
    /// Of an amount: the total and its lines; of a definition: its value.
    values: BTreeMap<String, Sym>,
    /// Under which law.
    within: Vec<Lit>,
}

impl Pair<'_> {
    fn compare(&self) -> Equivalence {
        let record = |(plan, subject): (&Plan, Subject)| {
            let id = subject.record(&plan.symbols)?;
            Some(plan.symbols.record(id)?.name.clone())
        };
        if record(self.old) != record(self.new) {
            return Equivalence::NotDecided("they are of different records".to_owned());
        }
        let all = segments(&[self.old.0, self.new.0], Interval::default());
        let laws = self.laws(&all);
        if laws.len() > MOST_LAWS {
            return Equivalence::NotDecided("there are too many stretches of law".to_owned());
        }
        let mut open = None;
        for (days, before, after) in laws {
            match self.within(days, before, after) {
                Search::None => {}
                Search::Open(why) => open = open.or(Some(why)),
                Search::Found(witness) => match self.difference(&witness) {
                    Some(difference) => return Equivalence::Differs(Box::new(difference)),
                    None => open = open.or(Some("the record that was found shows nothing".to_owned())),
                },
            }
        }
        let Some(why) = open else { return Equivalence::Same };
        if !self.shared.unlike.is_empty() {
            return Equivalence::NotDecided(self.shared.unlike.join(", "));
        }
        // What the solver could not find may be near a boundary.
        let first = RefCell::new(None);
        let confirms = |witness: &Witness| self.confirms(&first, witness);
        let found = trial::find(self.shared, self.new.1.record(&self.new.0.symbols), &all, confirms);
        match found.and_then(|witness| self.difference(&witness)) {
            Some(difference) => Equivalence::Differs(Box::new(difference)),
            None => Equivalence::NotDecided(why),
        }
    }

    /// The days on which is decided, and the law of each version.
    fn laws(&self, all: &[Interval]) -> Vec<(Interval, Under, Under)> {
        let own = |(plan, subject): (&Plan, Subject)| subject.law_on(plan).is_some();
        let every: Vec<Under> = all.iter().copied().map(Under::Days).chain([Under::Nothing]).collect();
        let mut found = Vec::new();
        for days in all {
            let today = [Under::Days(*days)];
            match (own(self.old), own(self.new)) {
                (false, false) => found.push((*days, Under::Days(*days), Under::Days(*days))),
                (true, true) if self.one_law() => {
                    found.extend(all.iter().map(|law| (*days, Under::Days(*law), Under::Days(*law))));
                }
                (old, new) => {
                    let (old, new) = (
                        if old { &every[..] } else { &today[..] },
                        if new { &every[..] } else { &today[..] },
                    );
                    for before in old {
                        found.extend(new.iter().map(|after| (*days, *before, *after)));
                    }
                }
            }
        }
        found
    }

    /// Whether both are under the law of one day, whatever it is.
    fn one_law(&self) -> bool {
        let mut shapes = Shapes::default();
        let mut of = |(plan, subject): (&Plan, Subject)| {
            let (code, at) = subject.law_on(plan)?;
            Shaper::new(plan, &mut shapes).code(code).get(at.0 as usize).copied()?
        };
        let (one, other) = (of(self.old), of(self.new));
        one.is_some() && one == other
    }

    fn within(&self, days: Interval, before: Under, after: Under) -> Search {
        let unclear = || Search::Open("a version has errors".to_owned());
        let (old, new) = (&self.shared.old, &self.shared.new);
        let mut world = World::new(old, days);
        world.common = self.common.clone();
        let Some(record) = self.old.1.record(&old.symbols) else { return unclear() };
        let row = world.row(record);
        let Some(one) = world.results(self.old.1, row, before) else { return unclear() };
        let mut world = world.adopt(self.shared);
        let Some(other) = world.results(self.new.1, row, after) else { return unclear() };
        let differ = world.differ(&one, &other);
        let mut goals = one.within;
        goals.extend(other.within);
        goals.push(differ);
        if !self.shared.unlike.is_empty() {
            return match world.never(&goals) {
                Some(_) => Search::None,
                None => Search::Open(self.shared.unlike.join(", ")),
            };
        }
        let first = RefCell::new(None);
        debug_assert_eq!(self.new.1.record(&new.symbols), world.rows.get(row).map(|row| row.record));
        world.search(&goals, row, |witness| self.confirms(&first, witness))
    }

    /// What both versions give for a record of the shared vocabulary.
    fn answers(&self, witness: &Witness) -> Option<((Witness, Answer), (Witness, Answer))> {
        let ((a, old), (b, new)) = (self.old, self.new);
        let (before, after) = self.shared.apart(witness, &b.symbols)?;
        let one = before.ask(a, |evaluator| old.answer(a, evaluator, &before));
        let other = after.ask(b, |evaluator| new.answer(b, evaluator, &after));
        Some(((before, one), (after, other)))
    }

    /// Whether they differ for a record, in the way in which they did for the first of them.
    fn confirms(&self, first: &RefCell<Option<(String, String)>>, witness: &Witness) -> bool {
        let Some(((_, one), (_, other))) = self.answers(witness) else { return false };
        if one.text == other.text {
            return false;
        }
        let mut first = first.borrow_mut();
        let kinds = (one.kind, other.kind);
        match &*first {
            Some(known) => *known == kinds,
            None => {
                *first = Some(kinds);
                true
            }
        }
    }

    fn difference(&self, witness: &Witness) -> Option<Difference> {
        let ((before, one), (after, other)) = self.answers(witness)?;
        if one.text == other.text {
            return None;
        }
        let name = self.new.1.name(&self.new.0.symbols);
        let title = |now: &Answer, which: &str, then: &Answer| {
            format!("{name}: {}, with the {which} version {}", now.text, then.text)
        };
        Some(Difference {
            old_test: one.test(&self.old.0.symbols, &before, &title(&one, "new", &other)),
            new_test: other.test(&self.new.0.symbols, &after, &title(&other, "old", &one)),
            old: one.text,
            new: other.text,
            value: match self.new.1 {
                Subject::Requirement(instance) => instance.value,
                Subject::Decision(_) | Subject::Amount(_) | Subject::Define(_) => None,
            },
            witness: after,
        })
    }
}

impl<'p> World<'p> {
    /// What a declaration gives, under a law.
    fn results(&mut self, subject: Subject, row: usize, under: Under) -> Option<Results> {
        let plan = self.plan;
        let symbols = &plan.symbols;
        let mut named: BTreeMap<String, Lit> = BTreeMap::new();
        let mut values = BTreeMap::new();
        let policy = symbols.policy(subject.policy(symbols)?)?;
        let today = self.law().day;
        if !matches!(subject, Subject::Define(_)) && !policy.effective.contains(today) {
            named.insert(ResultStatus::NotApplicable.word().to_owned(), Lit::YES);
            return Some(Results { named, values, within: Vec::new() });
        }
        let Under::Days(law_days) = under else {
            let (code, law_on) = subject.law_on(plan)?;
            let frame = Frame::of(code, Some(row), self.law());
            let day = self.plain(&frame, law_on);
            let known: Vec<Lit> = day
                .cases
                .iter()
                .filter(|(_, leaf)| matches!(leaf, Leaf::Num(_)))
                .map(|(when, _)| *when)
                .collect();
            let known = self.any(known);
            return Some(Results { named, values, within: vec![!known] });
        };
        let scope: Rails;
        let within;
        match subject {
            Subject::Decision(id) => {
                let (symbol, body) = (symbols.decision(id)?, plan.decisions.get(&id.0)?);
                let (law, goals) = law_of(self, &body.code, body.law_on, row, law_days);
                within = goals;
                let ruled = self.rule(body, row, &law, &[]);
                scope = ruled.scope;
                for (outcome, when) in &ruled.is {
                    let name = category_value(symbols, symbol.outcomes, *outcome)?;
                    named.insert(name.to_owned(), *when);
                }
                named.insert(ResultStatus::Conflict.word().to_owned(), ruled.conflict);
            }
            Subject::Requirement(it) => {
                let body = plan.requirements.get(&it.requirement.0)?;
                let (law, goals) = law_of(self, &body.code, body.law_on, row, law_days);
                within = goals;
                let judged = self.judge(body, row, it.value, &law);
                scope = judged.scope;
                let all = [
                    (ResultStatus::Met, judged.met),
                    (ResultStatus::Excepted, judged.excepted),
                    (ResultStatus::Violated, judged.violated),
                    (ResultStatus::Pending, judged.pending),
                ];
                named.extend(all.map(|(status, when)| (status.word().to_owned(), when)));
            }
            Subject::Amount(id) => {
                let (symbol, body) = (symbols.amount(id)?, plan.amounts.get(&id.0)?);
                let (law, goals) = law_of(self, &body.code, body.law_on, row, law_days);
                within = goals;
                let lines = self.lines(id, body, row, &law);
                scope = lines.scope;
                let mut all: BTreeMap<String, Sym> = symbol.lines.iter().cloned().zip(lines.lines).collect();
                all.insert(String::new(), lines.total);
                for (label, mut sym) in all {
                    self.guard(&mut sym, scope.yes);
                    values.insert(label, sym);
                }
            }
            Subject::Define(id) => {
                let symbol = symbols.define(id)?;
                let law = self.law();
                let value = self.define(id, Some(row), Vec::new(), &law);
                let sym = self.without_bounds(value);
                named.insert(ResultStatus::Missing.word().to_owned(), sym.missing);
                match symbol.ty.base {
                    Base::Category(category) => self.by_name(category, &sym, &mut named)?,
                    _ => drop(values.insert(String::new(), sym)),
                }
                return Some(Results { named, values, within: Vec::new() });
            }
        }
        for when in named.values_mut() {
            *when = self.all([scope.yes, *when]);
        }
        named.insert(ResultStatus::NotApplicable.word().to_owned(), scope.no);
        Some(Results { named, values, within })
    }

    /// When a value is which of a category, by name.
    fn by_name(
        &mut self,
        category: crate::value::CategoryId,
        sym: &Sym,
        named: &mut BTreeMap<String, Lit>,
    ) -> Option<()> {
        let values = names(self.plan.symbols.category(category)?);
        for (position, name) in (0_u32..).zip(values) {
            let is = self.compare(CompareOp::Eq, sym, &Sym::of(Leaf::Cat(position))).yes;
            named.insert(name.to_owned(), is);
        }
        for (word, leaf) in [("none", Leaf::None), ("not_applicable", Leaf::NotApplicable)] {
            let when: Vec<Lit> =
                sym.cases.iter().filter(|(_, other)| *other == leaf).map(|(when, _)| *when).collect();
            let when = self.any(when);
            // A value may have that name; it is told apart.
            named.insert(format!("({word})"), when);
        }
        Some(())
    }

    /// When two results differ.
    fn differ(&mut self, a: &Results, b: &Results) -> Lit {
        let mut ways = Vec::new();
        let names: BTreeSet<&String> = a.named.keys().chain(b.named.keys()).collect();
        for name in names {
            let of = |results: &Results| results.named.get(name).copied().unwrap_or(Lit::NO);
            let (left, right) = (of(a), of(b));
            ways.extend([self.all([left, !right]), self.all([!left, right])]);
        }
        let nothing = Sym::of(Leaf::Num(super::form::Form::default()));
        let labels: BTreeSet<&String> = a.values.keys().chain(b.values.keys()).collect();
        for label in labels {
            // A line that the other does not have is nothing there.
            let left = a.values.get(label).unwrap_or(&nothing).clone();
            let right = b.values.get(label).unwrap_or(&nothing).clone();
            ways.push(self.unequal(&left, &right));
            let left = self.any(left.cases.iter().map(|(when, _)| *when));
            let right = self.any(right.cases.iter().map(|(when, _)| *when));
            if a.values.contains_key(label) && b.values.contains_key(label) {
                ways.extend([self.all([left, !right]), self.all([!left, right])]);
            }
        }
        self.any(ways)
    }

    /// When two values are known and not the same value; `none` is the same as `none`.
    fn unequal(&mut self, a: &Sym, b: &Sym) -> Lit {
        const PAIRS: usize = 3_000;
        if a == b {
            return Lit::NO;
        }
        if a.cases.len() * b.cases.len() > PAIRS {
            return self.opaque_rails("a comparison of too many values").yes;
        }
        let mut ways = Vec::new();
        for (when_a, left) in &a.cases {
            for (when_b, right) in &b.cases {
                let special = |leaf: &Leaf| matches!(leaf, Leaf::Never | Leaf::None | Leaf::NotApplicable);
                let unequal = if left == right {
                    Lit::NO
                } else if special(left) || special(right) {
                    Lit::YES
                } else {
                    let (left, right) = (Sym::of(left.clone()), Sym::of(right.clone()));
                    self.compare(CompareOp::Ne, &left, &right).yes
                };
                ways.push(self.all([*when_a, *when_b, unequal]));
            }
        }
        self.any(ways)
    }

    /// The same unknown records, read by the other version.
    fn adopt<'q>(mut self, shared: &'q Shared) -> World<'q> {
        let (from, to) = (self.plan, &shared.new);
        let record = |id: RecordId| to.symbols.record_named(&from.symbols.record(id)?.name);
        let field = |id: RecordId, position: u32| {
            let declared = from.symbols.record(id)?.fields.get(position as usize)?;
            let fields = &to.symbols.record(record(id)?)?.fields;
            let at = fields.iter().position(|field| field.name == declared.name)?;
            let other = fields.get(at)?;
            let values = match (declared.ty.base, other.ty.base) {
                (Base::Category(old), Base::Category(new)) => shared.values(old, new),
                _ => None,
            };
            Some((u32::try_from(at).ok()?, values))
        };
        let owners: Vec<RecordId> = self.rows.iter().map(|row| row.record).collect();
        let mut rows = Vec::new();
        for row in std::mem::take(&mut self.rows) {
            let mut fields = BTreeMap::new();
            for (at, sym) in row.fields {
                let Some((at, values)) = field(row.record, at) else { continue };
                let sym = match values {
                    Some(values) => self.renamed(sym, values),
                    None => sym,
                };
                fields.insert(at, sym);
            }
            rows.push(Row { fields, record: record(row.record).unwrap_or(RecordId(u32::MAX)) });
        }
        let source = |source: &Source| match source {
            Source::All(id) => record(*id).map(Source::All),
            Source::Many(row, at) => Some(Source::Many(*row, field(*owners.get(*row)?, *at)?.0)),
        };
        let collections = World::adopted(std::mem::take(&mut self.collections), source, record);
        let inputs = std::mem::take(&mut self.inputs).into_iter().filter_map(|(input, sym)| {
            let name = &from.symbols.inputs.get(input.0 as usize)?.name;
            let at = to.symbols.inputs.iter().position(|input| input.name == *name)?;
            Some((crate::plan::InputId(u32::try_from(at).ok()?), sym))
        });
        let inputs = inputs.collect();
        let mut world = self.under(to);
        (world.rows, world.collections, world.inputs) = (rows, collections, inputs);
        world
    }

    /// A value of a category in the values of another; only those that both have are left.
    fn renamed(&mut self, sym: Sym, values: &[Option<u32>]) -> Sym {
        let mut cases = Vec::new();
        for (when, leaf) in sym.cases {
            let choices: Vec<(Lit, u32)> = match leaf {
                Leaf::CatOf(choice) => {
                    let there = (0_u32..).zip(values).filter_map(|(old, new)| Some((old, (*new)?)));
                    there.map(|(old, new)| (self.picks(choice, old), new)).collect()
                }
                Leaf::Cat(value) => {
                    let there = values.get(value as usize).copied().flatten();
                    there.into_iter().map(|new| (Lit::YES, new)).collect()
                }
                other => {
                    cases.push((when, other));
                    continue;
                }
            };
            let clause: Vec<Lit> = choices.iter().map(|(is, _)| *is).chain([!when]).collect();
            self.solver.cnf.clause(&clause);
            for (is, value) in choices {
                cases.push((self.all([when, is]), Leaf::Cat(value)));
            }
        }
        Sym { cases, missing: sym.missing }
    }
}
