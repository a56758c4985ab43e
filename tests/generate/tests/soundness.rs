//! What is known stays known when facts are added, and results do not depend on the order of anything.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::collections::BTreeMap;

use rubric_engine::evaluate::{By, Evaluator, Options, Verdict, Worth};
use rubric_engine::plan::{AmountId, DecisionId, DefineId, InputId, Plan, RequirementId, ResultStatus};
use rubric_engine::value::{Date, Number, RecordId, State, Value};
use rubric_generate::{Program, Random, Settings, World, cases, first_seed, program, shrink};

const TODAY: Date = Date::constant(2024, 3, 1);
const WORLDS: usize = 4;

/// What came of one question: the answer, and what it may become when facts are added.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    /// Settled: the answer, in words.
    Known(String),
    /// The answers still possible, where they are listed.
    Open(Option<Vec<String>>),
    Error,
}

fn options(plan: &Plan) -> Options {
    let mut options = Options::default();
    for (position, input) in (0_u32..).zip(&plan.symbols.inputs) {
        let value = match input.name.as_str() {
            "term" => State::Known(Value::Category(1)),
            _ => State::Known(Value::Number(Number::from_int(1))),
        };
        options.inputs.insert(InputId(position), value);
    }
    options
}

/// Every result of every row, by the row's key and the question's name. `by`: with what decided.
fn answers(plan: &Plan, world: &World, complete: bool, by: bool) -> BTreeMap<(String, String), Answer> {
    let data = world.data(plan, complete);
    let evaluator = Evaluator::new(plan, &data, TODAY, options(plan));
    let symbols = &plan.symbols;
    let mut found = BTreeMap::new();
    let rows = |record: RecordId| {
        let count = evaluator.rows_of(record).unwrap_or(0);
        let name = symbols.record(record).map_or("", |record| record.name.as_str());
        let data = &data;
        (0..count).map(move |row| {
            (row, format!("{name} {}", data.key_text(symbols, record, row).unwrap_or_default()))
        })
    };
    let state = |state: &State| match state {
        State::Known(value) => Answer::Known(shown(plan, value)),
        State::Missing => Answer::Known("missing".to_owned()),
        State::Unknown(needs) => {
            assert!(!needs.is_empty(), "nothing is needed");
            Answer::Open(None)
        }
        State::Error(_) => Answer::Error,
    };
    let worth = |worth: &Worth| match worth {
        Worth::Known(number) => Answer::Known(number.to_fraction()),
        Worth::NotApplicable => Answer::Known("not_applicable".to_owned()),
        Worth::Undetermined(_) => Answer::Open(None),
        Worth::Error(_) => Answer::Error,
    };
    for (position, define) in (0_u32..).zip(&symbols.defines) {
        let Some(of) = define.of.filter(|_| define.params.is_empty()) else { continue };
        for (row, key) in rows(of) {
            let answer = state(&evaluator.define(DefineId(position), Some(row), Vec::new()));
            found.insert((key, define.name.clone()), answer);
        }
    }
    for (position, decision) in (0_u32..).zip(&symbols.decisions) {
        let outcome = |outcome: u32| {
            let values = symbols.category(decision.outcomes).map(|category| &category.values);
            values
                .and_then(|values| values.get(outcome as usize))
                .map_or_else(String::new, |value| value.name.clone())
        };
        for (row, key) in rows(decision.of) {
            let result = evaluator.decision(DecisionId(position), row);
            let label = |by: &By| match by {
                By::Default(_) => "default".to_owned(),
                By::Rule(rule) => {
                    plan.decisions[&position].rules.get(*rule as usize).unwrap().label.to_string()
                }
            };
            let mut labels: Vec<String> = if by { result.by.iter().map(label).collect() } else { Vec::new() };
            labels.sort();
            let answer = match result.verdict {
                Verdict::Outcome(position) => Answer::Known(format!("{} {labels:?}", outcome(position))),
                Verdict::Status(ResultStatus::Undetermined) => Answer::Open(Some(
                    result.possible.iter().map(|position| format!("{} []", outcome(*position))).collect(),
                )),
                Verdict::Status(ResultStatus::Error) => Answer::Error,
                Verdict::Status(status) => Answer::Known(format!("{} {labels:?}", status.word())),
            };
            found.insert((key, decision.name.clone()), answer);
        }
    }
    for (position, requirement) in (0_u32..).zip(&symbols.requirements) {
        for instance in symbols.instances(RequirementId(position)) {
            for (row, key) in rows(requirement.of) {
                let result = evaluator.requirement(instance, row);
                let answer = match result.status {
                    // Until the day of `due` only `met` is final.
                    ResultStatus::Undetermined => Answer::Open(None),
                    ResultStatus::Pending if !by => Answer::Open(None),
                    ResultStatus::Error => Answer::Error,
                    // What is excepted may turn out not to have needed it.
                    ResultStatus::Excepted | ResultStatus::Met if !by => {
                        Answer::Known("satisfied".to_owned())
                    }
                    status => Answer::Known(status.word().to_owned()),
                };
                found.insert((key, symbols.instance_name(instance)), answer);
            }
        }
    }
    for (position, amount) in (0_u32..).zip(&symbols.amounts) {
        for (row, key) in rows(amount.of) {
            let result = evaluator.amount(AmountId(position), row);
            for line in &result.lines {
                found.insert((key.clone(), format!("{}.{}", amount.name, line.label)), worth(&line.worth));
            }
            found.insert((key, amount.name.clone()), worth(&result.total));
        }
    }
    found
}

fn shown(plan: &Plan, value: &Value) -> String {
    match value {
        Value::Reference(reference) => {
            let name = plan.symbols.record(reference.record).map_or("", |record| record.name.as_str());
            format!("{name} {:?}", reference.key.iter().map(|part| shown(plan, part)).collect::<Vec<_>>())
        }
        other => format!("{other:?}"),
    }
}

/// The first answer that facts contradict. Where records go wrong (`errors`), facts may prove a settled answer to be an
/// error or to hang on one, never turn it into another.
fn contradiction(plan: &Plan, world: &World, errors: bool) -> Option<String> {
    let before = answers(plan, world, false, false);
    let after = answers(plan, world, true, false);
    for (question, first) in &before {
        let Some(then) = after.get(question) else { return Some(format!("{question:?} is no longer asked")) };
        let allowed = match (first, then) {
            (Answer::Known(a), Answer::Known(b)) => a == b,
            (Answer::Open(None), _) | (Answer::Error, Answer::Error) => true,
            (Answer::Open(Some(possible)), Answer::Known(b)) => {
                possible.contains(b) || b.starts_with("conflict") || b.starts_with("not_applicable")
            }
            (Answer::Open(_), _) => true,
            (Answer::Known(_), Answer::Error | Answer::Open(_)) => errors,
            (Answer::Error, _) => false,
        };
        if !allowed {
            return Some(format!("{} of {}: {first:?}, then {then:?}", question.1, question.0));
        }
    }
    None
}

/// Fails with the smallest program and world found of which it still holds.
fn fail(program: &Program, world: &World, what: &str, holds: impl Fn(&Program, &Plan, &World) -> bool) -> ! {
    let plan = program.plan().unwrap();
    let small = shrink(program, 300, |candidate, candidate_plan| {
        holds(candidate, candidate_plan, &world.moved(&plan, candidate_plan))
    });
    let small_plan = small.plan().unwrap();
    let mut rows = world.moved(&plan, &small_plan);
    while let Some(fewer) = rows.smaller().into_iter().find(|fewer| holds(&small, &small_plan, fewer)) {
        rows = fewer;
    }
    let mut table = String::new();
    for (record, found) in small_plan.symbols.records.iter().zip(&rows.tables) {
        for row in found.iter().flatten() {
            let cells: Vec<String> = record
                .fields
                .iter()
                .zip(row)
                .map(|(field, slot)| {
                    let truth =
                        slot.truth.as_ref().map_or("missing".to_owned(), |value| shown(&small_plan, value));
                    format!("{}: {}{truth}", field.name, if slot.hidden { "(hidden) " } else { "" })
                })
                .collect();
            table.push_str(&format!("{} {{ {} }}\n", record.name, cells.join("  ")));
        }
    }
    let tail: String = small.files.iter().skip(1).map(|file| file.text()).collect();
    panic!("{what}\n{tail}\n{table}");
}

fn settings(errors: bool) -> Settings {
    Settings { errors, known: false, depth: 3, all: false }
}

fn facts_never_contradict(errors: bool) {
    let programs = cases(240).div_ceil(WORLDS * 2);
    for seed in 0..programs {
        let seed = first_seed() + u64::try_from(seed).unwrap();
        let mut random = Random::new(seed * 2 + u64::from(errors));
        let program = program(&mut random, &settings(errors));
        let plan = program.plan().unwrap_or_else(|errors| panic!("seed {seed}: {errors}"));
        for _ in 0..WORLDS {
            let world = World::new(&plan, &mut random, 4, 12);
            if let Some(found) = contradiction(&plan, &world, errors) {
                let holds =
                    |_: &Program, plan: &Plan, world: &World| contradiction(plan, world, errors).is_some();
                fail(&program, &world, &format!("seed {seed}, errors {errors}: {found}"), holds);
            }
        }
    }
}

#[test]
fn facts_never_contradict_what_was_settled() {
    facts_never_contradict(false);
}

#[test]
fn nor_where_records_go_wrong() {
    facts_never_contradict(true);
}

#[test]
fn order_does_not_matter() {
    for seed in 0..cases(240).div_ceil(WORLDS * 2) {
        let seed = first_seed() + u64::try_from(seed).unwrap();
        let mut random = Random::new(seed ^ 0xabcd_ef01);
        let settings = Settings { errors: true, known: true, depth: 3, all: false };
        let program = program(&mut random, &settings);
        let plan = program.plan().unwrap_or_else(|errors| panic!("seed {seed}: {errors}"));
        let other_program = program.reordered(&mut random);
        let other_plan =
            other_program.plan().unwrap_or_else(|errors| panic!("seed {seed}, reordered: {errors}"));
        for _ in 0..WORLDS {
            let world = World::new(&plan, &mut random, 4, 12);
            let other = world.moved(&plan, &other_plan).reordered(&mut random);
            let (first, then) =
                (answers(&plan, &world, false, true), answers(&other_plan, &other, false, true));
            if first != then {
                let different: Vec<_> =
                    first.iter().filter(|(key, answer)| then.get(*key) != Some(*answer)).collect();
                let (question, answer) = different.first().unwrap();
                panic!(
                    "seed {seed}: {question:?}: {answer:?}, reordered {:?}\n{}",
                    then.get(*question),
                    program.text()
                );
            }
        }
    }
}
