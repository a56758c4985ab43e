//! Whether two versions of a declaration give the same for every record.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::cnf::Lit;
use super::collection::Source;
use super::findings::law_of;
use super::question::{Search, Verdict};
use super::slice::{segments, slice};
use super::sym::{Leaf, Rails, Sym};
use super::witness::Witness;
use super::world::{Row, World};
use crate::evaluate::{Evaluator, Verdict as Result, Worth};
use crate::plan::{
    CompareOp, Instance, Interval, Plan, PolicyId, ResultId, ResultStatus, Symbols, written_number,
};
use crate::value::{Base, RecordId};

/// What the two versions give for a record for which they differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The old version: `retained`, `violated`, `1200.50`.
    pub old: String,
    /// The new one.
    pub new: String,
    /// Of a requirement `for each` value: for which value it differs, by position.
    pub value: Option<u32>,
    /// The record in the new plan's names.
    pub witness: Witness,
}

/// Whether two versions are the same for every record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Equivalence {
    /// They are.
    Same,
    /// They differ for this record, as the evaluator has confirmed.
    Differs(Difference),
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

/// What a declaration gives, by name; no two of these hold together.
struct Results {
    named: BTreeMap<String, Lit>,
    /// Of an amount: the total and its lines.
    numbers: BTreeMap<String, Sym>,
    /// Under which law.
    within: Vec<Lit>,
}

/// What the evaluator gives for the first row, in a word.
fn outcome(evaluator: &Evaluator<'_>, symbols: &Symbols, result: ResultId, value: Option<u32>) -> String {
    match result {
        ResultId::Decision(id) => match evaluator.decision(id, 0).verdict {
            Result::Outcome(outcome) => {
                let category = symbols.decision(id).map(|symbol| symbol.outcomes);
                let name =
                    category.and_then(|category| crate::plan::category_value(symbols, category, outcome));
                name.unwrap_or_default().to_owned()
            }
            // Whether a fact would help is no difference between two laws.
            Result::Status(ResultStatus::Error) => ResultStatus::Undetermined.word().to_owned(),
            Result::Status(status) => status.word().to_owned(),
        },
        ResultId::Requirement(requirement) => {
            let status = evaluator.requirement(Instance { requirement, value }, 0).status;
            if status == ResultStatus::Error {
                ResultStatus::Undetermined.word().to_owned()
            } else {
                status.word().to_owned()
            }
        }
        ResultId::Amount(id) => {
            let result = evaluator.amount(id, 0);
            let word = |worth: &Worth| match worth {
                Worth::Known(number) => written_number(number),
                Worth::NotApplicable => ResultStatus::NotApplicable.word().to_owned(),
                Worth::Undetermined(_) | Worth::Error(_) => ResultStatus::Undetermined.word().to_owned(),
            };
            let mut text = word(&result.total);
            let zero = |worth: &Worth| matches!(worth, Worth::Known(number) if *number == crate::value::Number::ZERO);
            let lines: BTreeMap<&str, &Worth> =
                result.lines.iter().map(|line| (line.label.as_str(), &line.worth)).collect();
            let lines: Vec<String> = lines
                .into_iter()
                .filter(|(_, worth)| !zero(worth))
                .map(|(label, worth)| format!("{label} {}", word(worth)))
                .collect();
            if lines.len() > 1 {
                text.push_str(&format!(" ({})", lines.join(", ")));
            }
            text
        }
    }
}

fn policy_of(symbols: &Symbols, result: ResultId) -> Option<PolicyId> {
    match result {
        ResultId::Decision(id) => symbols.decision(id).map(|symbol| symbol.policy),
        ResultId::Requirement(id) => symbols.requirement(id).map(|symbol| symbol.policy),
        ResultId::Amount(id) => symbols.amount(id).map(|symbol| symbol.policy),
    }
}

fn record_of(symbols: &Symbols, result: ResultId) -> Option<RecordId> {
    match result {
        ResultId::Decision(id) => symbols.decision(id).map(|symbol| symbol.of),
        ResultId::Requirement(id) => symbols.requirement(id).map(|symbol| symbol.of),
        ResultId::Amount(id) => symbols.amount(id).map(|symbol| symbol.of),
    }
}

impl<'p> World<'p> {
    /// What a result gives, under the law of a stretch of days.
    fn results(
        &mut self,
        result: ResultId,
        value: Option<u32>,
        row: usize,
        law_days: Interval,
    ) -> Option<Results> {
        let plan = self.plan;
        let symbols = &plan.symbols;
        let mut named: BTreeMap<String, Lit> = BTreeMap::new();
        let mut numbers = BTreeMap::new();
        let policy = symbols.policy(policy_of(symbols, result)?)?;
        let today = self.law().day;
        if !policy.effective.contains(today) {
            named.insert(ResultStatus::NotApplicable.word().to_owned(), Lit::YES);
            return Some(Results { named, numbers, within: Vec::new() });
        }
        let scope: Rails;
        let within;
        match result {
            ResultId::Decision(id) => {
                let (symbol, body) = (symbols.decision(id)?, plan.decisions.get(&id.0)?);
                let (law, goals) = law_of(self, &body.code, body.law_on, row, law_days);
                within = goals;
                let ruled = self.rule(body, row, &law, &[]);
                scope = ruled.scope;
                for (outcome, when) in &ruled.is {
                    let name = crate::plan::category_value(symbols, symbol.outcomes, *outcome)?;
                    named.insert(name.to_owned(), *when);
                }
                named.insert(ResultStatus::Conflict.word().to_owned(), ruled.conflict);
            }
            ResultId::Requirement(id) => {
                let body = plan.requirements.get(&id.0)?;
                let (law, goals) = law_of(self, &body.code, body.law_on, row, law_days);
                within = goals;
                let judged = self.judge(body, row, value, &law);
                scope = judged.scope;
                let all = [
                    (ResultStatus::Met, judged.met),
                    (ResultStatus::Excepted, judged.excepted),
                    (ResultStatus::Violated, judged.violated),
                    (ResultStatus::Pending, judged.pending),
                ];
                named.extend(all.map(|(status, when)| (status.word().to_owned(), when)));
            }
            ResultId::Amount(id) => {
                let (symbol, body) = (symbols.amount(id)?, plan.amounts.get(&id.0)?);
                let (law, goals) = law_of(self, &body.code, body.law_on, row, law_days);
                within = goals;
                let lines = self.lines(id, body, row, &law);
                scope = lines.scope;
                let mut all: BTreeMap<String, Sym> = symbol.lines.iter().cloned().zip(lines.lines).collect();
                all.insert(String::new(), lines.total);
                for (label, mut sym) in all {
                    self.guard(&mut sym, scope.yes);
                    numbers.insert(label, sym);
                }
            }
        }
        for when in named.values_mut() {
            *when = self.all([scope.yes, *when]);
        }
        named.insert(ResultStatus::NotApplicable.word().to_owned(), scope.no);
        Some(Results { named, numbers, within })
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
        let labels: BTreeSet<&String> = a.numbers.keys().chain(b.numbers.keys()).collect();
        for label in labels {
            // A line that the other does not have is nothing there.
            let left = a.numbers.get(label).unwrap_or(&nothing).clone();
            let right = b.numbers.get(label).unwrap_or(&nothing).clone();
            let unequal = self.compare(CompareOp::Ne, &left, &right).yes;
            let left = self.any(left.cases.iter().map(|(when, _)| *when));
            let right = self.any(right.cases.iter().map(|(when, _)| *when));
            ways.push(unequal);
            if a.numbers.contains_key(label) && b.numbers.contains_key(label) {
                ways.extend([self.all([left, !right]), self.all([!left, right])]);
            }
        }
        self.any(ways)
    }

    /// The same unknown records, read by another plan.
    fn adopt<'q>(self, plan: &'q Plan) -> World<'q> {
        let (from, to) = (self.plan, plan);
        let record = |id: RecordId| to.symbols.record_named(&from.symbols.record(id)?.name);
        let field = |id: RecordId, position: u32| {
            let declared = from.symbols.record(id)?.fields.get(position as usize)?;
            let fields = &to.symbols.record(record(id)?)?.fields;
            let at = fields.iter().position(|field| field.name == declared.name)?;
            let other = fields.get(at)?;
            let alike = declared.ty.optional == other.ty.optional
                && declared.absent == other.absent
                && declared.judged_by.is_some() == other.judged_by.is_some()
                && match (declared.ty.base, other.ty.base) {
                    (Base::Category(a), Base::Category(b)) => {
                        let names = |symbols: &Symbols, id| {
                            symbols.category(id).map(|it| {
                                it.values.iter().map(|value| value.name.clone()).collect::<Vec<_>>()
                            })
                        };
                        names(&from.symbols, a) == names(&to.symbols, b)
                    }
                    (Base::Record(_), Base::Record(_)) | (Base::Many(_), Base::Many(_)) => true,
                    (a, b) => a == b,
                };
            alike.then(|| u32::try_from(at).ok())?
        };
        let owners: Vec<RecordId> = self.rows.iter().map(|row| row.record).collect();
        let rows = self
            .rows
            .into_iter()
            .map(|row| {
                let facts =
                    row.fields.into_iter().filter_map(|(at, sym)| Some((field(row.record, at)?, sym)));
                Row { fields: facts.collect(), record: record(row.record).unwrap_or(RecordId(u32::MAX)) }
            })
            .collect();
        let source = |source: &Source| match source {
            Source::All(id) => record(*id).map(Source::All),
            Source::Many(row, at) => Some(Source::Many(*row, field(*owners.get(*row)?, *at)?)),
        };
        let collections = World::adopted(self.collections, source, record);
        let inputs = self.inputs.into_iter().filter_map(|(input, sym)| {
            let name = &from.symbols.inputs.get(input.0 as usize)?.name;
            let at = to.symbols.inputs.iter().position(|input| input.name == *name)?;
            Some((crate::plan::InputId(u32::try_from(at).ok()?), sym))
        });
        World {
            plan,
            rows,
            collections,
            inputs: inputs.collect(),
            solver: self.solver,
            choices: self.choices,
            texts: self.texts,
            as_of: self.as_of,
            segment: self.segment,
            defines: BTreeMap::new(),
            decisions: BTreeMap::new(),
            requirements: BTreeMap::new(),
            amounts: BTreeMap::new(),
            row_equality: self.row_equality,
            text_equality: self.text_equality,
            products: self.products,
            vague: self.vague,
            depth: 0,
        }
    }
}

/// Whether a declaration of one plan and one of another (or another of the same) give the same for every complete record
/// on every day. Records, fields, categories and outcomes are matched by name. Undetermined and error are one result.
#[must_use]
pub fn equivalent(old: &Plan, old_id: ResultId, new: &Plan, new_id: ResultId) -> Equivalence {
    let (a, b) = (slice(old, &[old_id], &[]), slice(new, &[new_id], &[]));
    let values: Vec<Option<u32>> = match (old_id, new_id) {
        (ResultId::Requirement(one), ResultId::Requirement(other)) => {
            let of = |symbols: &Symbols, id| {
                symbols.instances(id).into_iter().map(|it| it.value).collect::<Vec<_>>()
            };
            let (left, right) = (of(&a.symbols, one), of(&b.symbols, other));
            if left != right {
                return Equivalence::NotDecided("one is for other values than the other".to_owned());
            }
            left
        }
        _ => vec![None],
    };
    let own_law = has_own_law(&a, old_id) || has_own_law(&b, new_id);
    let all = segments(&[&a, &b], Interval::default());
    let mut open = None;
    for value in values {
        for days in &all {
            let laws = if own_law { all.clone() } else { vec![*days] };
            for law in laws {
                match differs_within((&a, old_id), (&b, new_id), value, *days, law) {
                    Search::None => {}
                    Search::Open(why) => open = open.or(Some(why)),
                    Search::Found(witness) => {
                        let Some((before, after)) = both((&a, old_id), (&b, new_id), value, &witness) else {
                            continue;
                        };
                        return Equivalence::Differs(Difference { old: before, new: after, value, witness });
                    }
                }
            }
        }
    }
    open.map_or(Equivalence::Same, Equivalence::NotDecided)
}

fn has_own_law(plan: &Plan, result: ResultId) -> bool {
    match result {
        ResultId::Decision(id) => plan.decisions.get(&id.0).is_some_and(|body| body.law_on.is_some()),
        ResultId::Requirement(id) => plan.requirements.get(&id.0).is_some_and(|body| body.law_on.is_some()),
        ResultId::Amount(id) => plan.amounts.get(&id.0).is_some_and(|body| body.law_on.is_some()),
    }
}

/// What both versions give for a record.
fn both(
    (a, old): (&Plan, ResultId),
    (b, new): (&Plan, ResultId),
    value: Option<u32>,
    witness: &Witness,
) -> Option<(String, String)> {
    let before = witness.translated(&b.symbols, &a.symbols)?;
    Some((
        before.ask(a, |evaluator| outcome(evaluator, &a.symbols, old, value)),
        witness.ask(b, |evaluator| outcome(evaluator, &b.symbols, new, value)),
    ))
}

fn differs_within(
    (a, old): (&Plan, ResultId),
    (b, new): (&Plan, ResultId),
    value: Option<u32>,
    days: Interval,
    law: Interval,
) -> Search {
    let mut world = World::new(a, days);
    let unclear = || Search::Open("a version has errors".to_owned());
    let Some(record) = record_of(&a.symbols, old) else { return unclear() };
    let row = world.row(record);
    let Some(before) = world.results(old, value, row, law) else { return unclear() };
    let mut world = world.adopt(b);
    if world.rows.first().map(|row| row.record) != record_of(&b.symbols, new) {
        return Search::Open("they are of different records".to_owned());
    }
    let Some(after) = world.results(new, value, row, law) else { return unclear() };
    let differ = world.differ(&before, &after);
    if before.within != after.within && !before.within.is_empty() && !after.within.is_empty() {
        return Search::Open("they are under the law of different days".to_owned());
    }
    let mut goals = before.within;
    goals.extend(after.within);
    goals.push(differ);
    // The record that is found is made smaller, and must not become one that only lacks a fact on one of the sides.
    let open: Cell<Option<(bool, bool)>> = Cell::default();
    world.search(&goals, row, |witness| {
        let Some((before, after)) = both((a, old), (b, new), value, witness) else { return false };
        let is_open = |outcome: &str| outcome.contains(ResultStatus::Undetermined.word());
        let now = (is_open(&before), is_open(&after));
        let first = open.get().unwrap_or(now);
        let shows = before != after && now.0 <= first.0 && now.1 <= first.1;
        if shows && open.get().is_none() {
            open.set(Some(now));
        }
        shows
    })
}
