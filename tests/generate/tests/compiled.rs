//! A compiled decision gives what the evaluator gives, on random policies and records.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::sync::Arc;

use rubric_engine::data::Dataset;
use rubric_engine::evaluate::{DecisionResult, Evaluator, Options};
use rubric_engine::plan::{DecisionId, Plan};
use rubric_engine::record::Compiled;
use rubric_engine::value::Date;
use rubric_generate::{Random, Settings, World, cases, program};

const TODAY: Date = Date::constant(2024, 9, 1);

/// How many results were compared, and how many of them the evaluator gave.
#[derive(Default)]
struct Counts {
    results: u64,
    replayed: u64,
}

fn differences(plan: &Plan, data: &Dataset, counts: &mut Counts) -> Vec<String> {
    let options = Options::default();
    let evaluator = Evaluator::new(plan, data, TODAY, options.clone());
    let mut found = Vec::new();
    for (position, symbol) in plan.symbols.decisions.iter().enumerate() {
        let decision = DecisionId(u32::try_from(position).unwrap());
        let compiled = Compiled::of(plan, decision, TODAY, &options);
        let rows = evaluator.rows_of(symbol.of).unwrap_or(0);
        let prepared = compiled.prepare(data, 0..rows);
        assert_eq!(prepared.len(), rows as usize);
        let mut decider = compiled.decider(data);
        let expected: Vec<DecisionResult> = (0..rows)
            .map(|row| DecisionResult {
                because: Vec::new(),
                needs: Arc::default(),
                faults: Arc::default(),
                ..evaluator.decision(decision, row)
            })
            .collect();
        let mut differs = |how: &str, at: usize, got: &DecisionResult| {
            counts.results += 1;
            if expected.get(at) != Some(got) {
                found.push(format!("{how}, {} of {at}:\n  {:?}\n  {got:?}", symbol.name, expected.get(at)));
            }
        };
        for at in 0..prepared.len() {
            differs("alone", at, decider.decide(&prepared, at));
        }
        decider.decide_each(&prepared, 0..prepared.len(), |at, got| differs("together", at, got));
        counts.replayed += decider.replayed();
    }
    found
}

#[test]
fn compiled_decisions_agree() {
    let mut counts = Counts::default();
    for seed in 0..cases(60) {
        let mut random = Random::new(u64::try_from(seed).unwrap());
        let settings = Settings { errors: seed % 2 == 1, known: true, depth: 3 };
        let program = program(&mut random, &settings);
        let plan = program.plan().unwrap_or_else(|errors| panic!("seed {seed}:\n{errors}"));
        for hidden in [0, 25] {
            let world = World::new(&plan, &mut random, 5, hidden);
            let found = differences(&plan, &world.data(&plan, false), &mut counts);
            let shown: Vec<&String> = found.iter().take(5).collect();
            assert!(
                found.is_empty(),
                "seed {seed}, {hidden} in a hundred hidden: {shown:#?}\n{}",
                program.text()
            );
        }
    }
    println!("{} results, {} of them the evaluator's", counts.results, counts.replayed);
    assert!(counts.results > 1_000);
    assert!(counts.replayed * 2 < counts.results, "most of them have to be decided by instructions");
}
