//! Which of many records come out otherwise: both versions are worked out by column, many records at a time, and only of
//! those that differ the explaining evaluator is asked, which says by which rule.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use rubric_engine::columns::{Batch, Batches, Columns, Facts as Column};
use rubric_engine::data::Cell;
use rubric_engine::evaluate::{Evaluator, Worth, decision_words, requirement_words};
use rubric_engine::plan::{
    AmountId, DecisionId, Field, Instance, Plan, Privacy, RecordKind, ResultStatus, show, show_with,
};
use rubric_engine::value::{Base, Number, RecordId, State, Type, Value};

use crate::render::{self, Flip};
use crate::session::{Facts, Session};
use crate::terminal::Progress;

/// How many rows a thread takes at a time.
const RANGE: usize = 1024;
/// Definitions may read each other deeply, and each level takes some stack.
const STACK: usize = 64 << 20;
/// Where the value by which records are grouped is not on file.
const NOT_KNOWN: &str = "not known";

#[derive(Clone, Copy)]
pub(super) enum Asked {
    Decision(DecisionId),
    Requirement(Instance),
    Amount(AmountId),
}

/// One version of the policies with its records, as threads share it.
pub(super) struct Side<'s> {
    facts: Facts<'s>,
    columns: Columns<'s>,
}

impl<'s> Side<'s> {
    pub(super) fn of(session: &'s Session) -> Self {
        let facts = session.facts();
        let columns = Columns::new(facts.plan, session.records.source(), facts.as_of, facts.options);
        Self { facts, columns }
    }
}

/// What is asked of the rows of a record in both versions.
pub(super) struct Comparing<'a> {
    pub(super) old: &'a Side<'a>,
    pub(super) new: &'a Side<'a>,
    pub(super) records: (RecordId, RecordId),
    pub(super) questions: &'a [(Asked, Asked)],
    /// The fields by which flips are counted, by position in the new version.
    pub(super) groupings: &'a [(u32, &'a Field)],
}

/// What a thread works with.
struct Bench<'a> {
    columns: (Batches<'a>, Batches<'a>),
    evaluators: (Evaluator<'a>, Evaluator<'a>),
}

/// What a result is, and of an amount its lines.
struct Answer {
    result: String,
    by: Vec<String>,
    lines: BTreeMap<String, String>,
}

/// What a result is for each of some rows; equal results are equal here.
enum Given<'b> {
    /// A word, and for each row which.
    Words(Vec<String>, Vec<u32>),
    /// By label, the total without one; and the type, which says how a number is written.
    Numbers(BTreeMap<Option<String>, Column<'b>>, Option<Base>),
}

impl Comparing<'_> {
    /// For each question the pairs of rows that differ, in their order.
    pub(super) fn flips(&self, rows: &[(u32, u32)], threads: usize, progress: &Progress) -> Vec<Vec<Flip>> {
        let ranges: Vec<&[(u32, u32)]> = rows.chunks(RANGE).collect();
        let next = AtomicUsize::new(0);
        let found: Mutex<BTreeMap<usize, Vec<Vec<Flip>>>> = Mutex::new(BTreeMap::new());
        let work = || {
            let bench = Bench {
                columns: (self.old.columns.batches(), self.new.columns.batches()),
                evaluators: (
                    self.old.facts.evaluator(Privacy::Mask),
                    self.new.facts.evaluator(Privacy::Mask),
                ),
            };
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(range) = ranges.get(at) else { break };
                let flips = self.of_range(&bench, range);
                found.lock().unwrap_or_else(PoisonError::into_inner).insert(at, flips);
                progress.advance(range.len() as u64);
            }
        };
        thread::scope(|scope| {
            for _ in 1..threads.min(ranges.len()) {
                // With fewer threads than asked for, those that there are take all ranges; this one is always there.
                let _ = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
            }
            work();
        });
        let mut all: Vec<Vec<Flip>> = self.questions.iter().map(|_| Vec::new()).collect();
        for flips in found.into_inner().unwrap_or_else(PoisonError::into_inner).into_values() {
            for (all, more) in all.iter_mut().zip(flips) {
                all.extend(more);
            }
        }
        all
    }

    fn of_range(&self, bench: &Bench<'_>, rows: &[(u32, u32)]) -> Vec<Vec<Flip>> {
        let mut all: Vec<Vec<Flip>> = self.questions.iter().map(|_| Vec::new()).collect();
        // Rows that stand in one order in both versions: nearly always all of them.
        for run in rows.chunk_by(|a, b| a.0.checked_add(1) == Some(b.0) && a.1.checked_add(1) == Some(b.1)) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
            let before = bench.columns.0.batch(self.records.0, first.0..last.0.saturating_add(1));
            let after = bench.columns.1.batch(self.records.1, first.1..last.1.saturating_add(1));
            for ((old, new), flips) in self.questions.iter().zip(&mut all) {
                let one = given(self.old.facts.plan, &before, *old);
                let other = given(self.new.facts.plan, &after, *new);
                for (at, pair) in run.iter().enumerate() {
                    if differ(&one, &other, at) {
                        flips.extend(self.flip(bench, (*old, *new), *pair));
                    }
                }
            }
        }
        all
    }

    /// What the evaluator says of a pair of rows; nothing where it comes out the same.
    fn flip(
        &self,
        bench: &Bench<'_>,
        (old, new): (Asked, Asked),
        (before, after): (u32, u32),
    ) -> Option<Flip> {
        let mut a = answer(self.old.facts.plan, &bench.evaluators.0, old, before);
        let mut b = answer(self.new.facts.plan, &bench.evaluators.1, new, after);
        if a.result == b.result && a.lines == b.lines {
            return None;
        }
        let labels: BTreeSet<String> = a.lines.keys().chain(b.lines.keys()).cloned().collect();
        for label in labels {
            let (x, y) = (a.lines.get(&label), b.lines.get(&label));
            if x != y {
                a.by.extend(x.map(|worth| format!("{label} = {worth}")));
                b.by.extend(y.map(|worth| format!("{label} = {worth}")));
            }
        }
        let symbols = &self.new.facts.plan.symbols;
        let of = self.records.1;
        let row = bench.evaluators.1.row(of, after);
        let groups = self
            .groupings
            .iter()
            .map(|(position, field)| (field.name.clone(), self.group(&row, after, *position, field)));
        Some(Flip {
            key: show(symbols, &row, Type::of(Base::Record(of))),
            old: render::Side { result: a.result, by: a.by },
            new: render::Side { result: b.result, by: b.by },
            groups: groups.collect(),
        })
    }

    fn group(&self, name: &Value, row: u32, position: u32, field: &Field) -> String {
        let facts = self.new.facts;
        let symbols = &facts.plan.symbols;
        let of = self.records.1;
        let value = match symbols.record(of).map(|record| record.kind) {
            Some(RecordKind::Group { .. }) => match name {
                Value::Reference(reference) => reference.key.get(position as usize).cloned(),
                _ => None,
            },
            _ => match &*facts.data.cell(of, row, position) {
                Cell::Known(value) => Some(value.clone()),
                _ => None,
            },
        };
        value.map_or_else(|| NOT_KNOWN.to_owned(), |value| show(symbols, &value, field.ty))
    }
}

fn given<'b>(plan: &Plan, batch: &'b Batch<'_>, asked: Asked) -> Given<'b> {
    match asked {
        Asked::Decision(id) => {
            let outcomes = batch.decision(id);
            let words = outcomes.distinct.into_iter().map(|result| decision_words(plan, id, result).0);
            Given::Words(words.collect(), outcomes.of)
        }
        Asked::Requirement(it) => {
            let outcomes = batch.requirement(it);
            let words = outcomes.distinct.into_iter().map(|result| requirement_words(plan, it, result).0);
            Given::Words(words.collect(), outcomes.of)
        }
        Asked::Amount(id) => {
            let amounts = batch.amount(id);
            let mut columns = BTreeMap::from([(None, amounts.total)]);
            columns.extend(amounts.lines.into_iter().map(|(label, column)| (Some(label), column)));
            Given::Numbers(columns, plan.symbols.amount(id).map(|symbol| symbol.ty.base))
        }
    }
}

/// Whether the results at that place may differ.
fn differ(one: &Given<'_>, other: &Given<'_>, at: usize) -> bool {
    match (one, other) {
        (Given::Words(a, of), Given::Words(b, theirs)) => word(a, of, at) != word(b, theirs, at),
        (Given::Numbers(a, base), Given::Numbers(b, theirs)) => {
            base != theirs
                || !a.keys().eq(b.keys())
                || a.values().zip(b.values()).any(|(x, y)| worth(&x.state(at)) != worth(&y.state(at)))
        }
        _ => true,
    }
}

/// What stands at that place.
fn word<'w>(words: &'w [String], of: &[u32], at: usize) -> Option<&'w str> {
    words.get(*of.get(at)? as usize).map(String::as_str)
}

/// A number, or why there is none.
fn worth(state: &State) -> Result<&Number, ResultStatus> {
    match state {
        State::Known(Value::Number(number)) => Ok(number),
        State::Known(Value::NotApplicable) => Err(ResultStatus::NotApplicable),
        State::Unknown(_) | State::Missing => Err(ResultStatus::Undetermined),
        State::Known(_) | State::Error(_) => Err(ResultStatus::Error),
    }
}

fn answer(plan: &Plan, evaluator: &Evaluator<'_>, asked: Asked, row: u32) -> Answer {
    let plain = |(result, by, _)| Answer { result, by, lines: BTreeMap::new() };
    match asked {
        Asked::Decision(id) => plain(decision_words(plan, id, evaluator.decision(id, row))),
        Asked::Requirement(it) => plain(requirement_words(plan, it, evaluator.requirement(it, row))),
        Asked::Amount(id) => {
            let result = evaluator.amount(id, row);
            let lines =
                result.lines.iter().map(|line| (line.label.clone(), worth_text(plan, id, &line.worth)));
            Answer { result: worth_text(plan, id, &result.total), by: Vec::new(), lines: lines.collect() }
        }
    }
}

fn worth_text(plan: &Plan, id: AmountId, worth: &Worth) -> String {
    let symbols = &plan.symbols;
    match (worth, symbols.amount(id)) {
        (Worth::Known(number), Some(symbol)) => {
            show_with(symbols, &Value::Number(number.clone()), symbol.ty, Privacy::Mask)
        }
        (other, _) => other.status().map_or("", ResultStatus::word).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]

    use std::sync::Arc;

    use rubric_engine::data::Dataset;
    use rubric_engine::evaluate::Options;
    use rubric_engine::plan::{InputId, RequirementId};
    use rubric_engine::value::Date;
    use rubric_generate::{Program, Random, Settings, World, cases, first_seed, program};

    use super::*;
    use crate::terminal::Terminal;

    const TODAY: Date = Date::constant(2024, 3, 1);

    fn options(plan: &Plan) -> Options {
        let mut options = Options::default();
        for (position, input) in (0_u32..).zip(&plan.symbols.inputs) {
            let value = match input.name.as_str() {
                "term" => Value::Category(1),
                _ => Value::Number(Number::from_int(1)),
            };
            options.inputs.insert(InputId(position), State::Known(value));
        }
        options
    }

    /// The policies with one part left out or simpler.
    fn edited(random: &mut Random, program: &Program) -> Vec<(Program, Arc<Plan>)> {
        // Candidates are many, and few of them leave what others read.
        let candidates = program.simpler();
        let mut found = Vec::new();
        for _ in 0..12 {
            let Some(candidate) = random.pick(&candidates) else { break };
            if let Ok(plan) = candidate.plan() {
                found.push((candidate.clone(), plan));
            }
            if found.len() == 4 {
                break;
            }
        }
        found
    }

    /// By its name: what is asked, and the record.
    fn questions(plan: &Plan) -> BTreeMap<String, (Asked, RecordId)> {
        let symbols = &plan.symbols;
        let mut found = BTreeMap::new();
        for (id, symbol) in (0_u32..).zip(&symbols.decisions) {
            found.insert(format!("decision {}", symbol.name), (Asked::Decision(DecisionId(id)), symbol.of));
        }
        for (id, symbol) in (0_u32..).zip(&symbols.amounts) {
            found.insert(format!("amount {}", symbol.name), (Asked::Amount(AmountId(id)), symbol.of));
        }
        for (id, symbol) in (0_u32..).zip(&symbols.requirements) {
            for it in symbols.instances(RequirementId(id)) {
                let name = format!("requirement {}", symbols.instance_name(it));
                found.insert(name, (Asked::Requirement(it), symbol.of));
            }
        }
        found
    }

    /// Result and what decided before, and after.
    type Flipped = ((String, Vec<String>), (String, Vec<String>));

    /// What the explaining evaluators say of each pair of rows, one by one.
    fn by_row(
        plans: (&Plan, &Plan),
        evaluators: &(Evaluator<'_>, Evaluator<'_>),
        asked: (Asked, Asked),
        rows: u32,
    ) -> Vec<Flipped> {
        let mut found = Vec::new();
        for row in 0..rows {
            let (a, b) =
                (answer(plans.0, &evaluators.0, asked.0, row), answer(plans.1, &evaluators.1, asked.1, row));
            let lines = |mine: &Answer, other: &Answer| -> Vec<String> {
                let differing =
                    mine.lines.iter().filter(|(label, worth)| other.lines.get(*label) != Some(*worth));
                mine.by
                    .iter()
                    .cloned()
                    .chain(differing.map(|(label, worth)| format!("{label} = {worth}")))
                    .collect()
            };
            if a.result != b.result || a.lines != b.lines {
                let (before, after) = (lines(&a, &b), lines(&b, &a));
                found.push(((a.result, before), (b.result, after)));
            }
        }
        found
    }

    #[test]
    fn flips_are_those_of_the_evaluator_row_by_row() {
        let (mut compared, mut flipped, mut ruled) = (0_usize, 0_usize, 0_usize);
        for case in 0..cases(12) {
            let seed = first_seed() + u64::try_from(case).unwrap();
            let mut random = Random::new(seed ^ 0x00d1_ff00);
            let settings = Settings { errors: seed % 2 == 1, known: true, depth: 3, all: false };
            let first = program(&mut random, &settings);
            let old_plan = first.plan().unwrap_or_else(|errors| panic!("seed {seed}: {errors}"));
            for (second, new_plan) in edited(&mut random, &first) {
                let world = World::new(&old_plan, &mut random, 8, 12);
                let moved = world.moved(&old_plan, &new_plan);
                let data: (Dataset, Dataset) = (world.data(&old_plan, false), moved.data(&new_plan, false));
                let options = (options(&old_plan), options(&new_plan));
                let facts = (
                    Facts { plan: &old_plan, data: &data.0, as_of: TODAY, options: &options.0 },
                    Facts { plan: &new_plan, data: &data.1, as_of: TODAY, options: &options.1 },
                );
                let old =
                    Side { facts: facts.0, columns: Columns::new(&old_plan, &data.0, TODAY, &options.0) };
                let new =
                    Side { facts: facts.1, columns: Columns::new(&new_plan, &data.1, TODAY, &options.1) };
                let evaluators = (facts.0.evaluator(Privacy::Mask), facts.1.evaluator(Privacy::Mask));
                let others = questions(&new_plan);
                for (name, (before, of)) in questions(&old_plan) {
                    let Some((after, theirs)) = others.get(&name).copied() else { continue };
                    let rows = evaluators.0.rows_of(of).unwrap_or(0);
                    assert_eq!(evaluators.1.rows_of(theirs).unwrap_or(0), rows);
                    let pairs: Vec<(u32, u32)> = (0..rows).map(|row| (row, row)).collect();
                    let comparing = Comparing {
                        old: &old,
                        new: &new,
                        records: (of, theirs),
                        questions: &[(before, after)],
                        groupings: &[],
                    };
                    let terminal = Terminal { color: false, quiet: true, verbose: false, width: 100 };
                    let found = comparing.flips(&pairs, 2, &terminal.progress("comparing", 0)).remove(0);
                    let found: Vec<Flipped> = found
                        .into_iter()
                        .map(|flip| ((flip.old.result, flip.old.by), (flip.new.result, flip.new.by)))
                        .collect();
                    let expected = by_row((&old_plan, &new_plan), &evaluators, (before, after), rows);
                    assert_eq!(
                        found,
                        expected,
                        "seed {seed}, {name}\n{}\n----\n{}",
                        first.text(),
                        second.text()
                    );
                    compared += rows as usize;
                    flipped += found.len();
                    ruled += found.iter().filter(|flip| !flip.0.1.is_empty() && !flip.1.1.is_empty()).count();
                }
            }
        }
        println!("{compared} answers compared, {flipped} flips, {ruled} with what decided before and after");
        assert!(flipped > 5 && ruled > 0, "{compared} {flipped} {ruled}");
    }
}
