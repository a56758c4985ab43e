//! The columns and the compiled decisions give what the evaluator gives, on random policies that use every construct and on
//! random records with every flaw.
//!
//! `RUBRIC_CASES` pairs of a policy and a record, from `RUBRIC_SEED` on. What differs is made small and told with the seed;
//! what was wrong becomes a test of its own beside what was mended, or a policy in `everything`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::sync::Arc;

use rubric_engine::data::Dataset;
use rubric_engine::evaluate::{Options, waivers};
use rubric_engine::plan::{InputId, Op, Plan};
use rubric_engine::value::{Date, Number, State, Value};
use rubric_generate::{
    CONSTRUCTS, Compared, Flaws, Program, Random, Roughness, Usage, cases, covered, differences, first_seed,
    listed, program, rough, shrink, smaller,
};

const TODAY: Date = Date::constant(2024, 9, 1);
/// So many records for each policy.
const WORLDS: u64 = 9;
/// Fewer policies than that need not use everything.
const ENOUGH: usize = 60;
/// Among so many policies everything is used.
const MOST: usize = 3_000;

const fn settings(seed: u64) -> rubric_generate::Settings {
    rubric_generate::Settings { errors: !seed.is_multiple_of(4), known: true, depth: 3, all: true }
}

fn options(plan: &Plan, data: &Dataset, inputs: bool) -> Options {
    let (counted, _) = waivers(plan, data, TODAY);
    let mut options = Options { waivers: Arc::new(counted), ..Options::default() };
    for (position, input) in (0..).zip(&plan.symbols.inputs).filter(|_| inputs) {
        let value = match input.name.as_str() {
            "term" => Value::Category(1),
            _ => Value::Number(Number::from_int(1)),
        };
        options.inputs.insert(InputId(position), State::Known(value));
    }
    options
}

/// A question: some records, and how they are looked at.
#[derive(Clone)]
struct Asked {
    data: Dataset,
    inputs: bool,
    batch: u32,
}

impl Asked {
    fn differences(&self, plan: &Arc<Plan>, compared: &mut Compared) -> Vec<String> {
        let options = options(plan, &self.data, self.inputs);
        differences(plan, &self.data, TODAY, &options, self.batch, compared)
    }
}

/// The smallest policy and records found of which it still holds.
fn small(
    program: &Program,
    asked: &Asked,
    holds: impl Fn(&Arc<Plan>, &Asked) -> bool,
) -> (Program, Arc<Plan>, Asked) {
    let plan = program.plan().unwrap();
    let names = |plan: &Plan| -> Vec<String> {
        plan.symbols.records.iter().map(|record| record.name.clone()).collect()
    };
    let small = shrink(program, 2_000, |candidate, candidate_plan| {
        names(candidate_plan) == names(&plan)
            && candidate.plan().is_ok_and(|candidate_plan| holds(&candidate_plan, asked))
    });
    let plan = small.plan().unwrap();
    let mut asked = asked.clone();
    while let Some(fewer) = smaller(&plan, &asked.data)
        .into_iter()
        .map(|data| Asked { data, ..asked.clone() })
        .find(|fewer| holds(&plan, fewer))
    {
        asked = fewer;
    }
    (small, plan, asked)
}

#[test]
fn columns_and_compiled_decisions_agree_with_the_evaluator() {
    let wanted = u64::try_from(cases(6_000)).unwrap();
    let mut seed = first_seed();
    println!("from RUBRIC_SEED={seed}, {wanted} pairs of a policy and a record");
    let (mut compared, mut flaws, mut usage) = (Compared::default(), Flaws::default(), Usage::default());
    let mut found: BTreeSet<String> = BTreeSet::new();
    let mut policies = 0_usize;
    // What is rare in policies is waited for, where there are enough of them to ask for everything.
    let is_rare = |found: &BTreeSet<String>, usage: &Usage, policies: usize| {
        (ENOUGH..MOST).contains(&policies)
            && !(CONSTRUCTS.iter().all(|name| found.contains(*name)) && usage.lacking().is_empty())
    };
    while compared.pairs < wanted || is_rare(&found, &usage, policies) {
        let mut random = Random::new(seed);
        let program = program(&mut random, &settings(seed));
        let plan = program.plan().unwrap_or_else(|errors| panic!("RUBRIC_SEED={seed}:\n{errors}"));
        usage.add(&plan);
        found.extend(covered(&plan));
        for at in 0..WORLDS {
            let (few, many) = (at % 3, at / 3);
            let pick = |from: [u64; 3], at: u64| from.into_iter().nth(usize::try_from(at).unwrap()).unwrap();
            let roughness = Roughness { rows: pick([3, 8, 20], few), doubt: pick([0, 8, 30], many) };
            let data = rough(&plan, &mut random, roughness);
            let batch = u32::try_from(pick([1, 3, 4096], (at + many) % 3)).unwrap();
            let asked = Asked { data, inputs: !random.percent(30), batch };
            flaws.add(&plan, &asked.data);
            let different = asked.differences(&plan, &mut compared);
            if different.is_empty() {
                continue;
            }
            let differs = |plan: &Arc<Plan>, asked: &Asked| {
                !asked.differences(plan, &mut Compared::default()).is_empty()
            };
            let (small, plan, asked) = small(&program, &asked, differs);
            let told = asked.differences(&plan, &mut Compared::default());
            let text: String = small.files.iter().skip(1).map(rubric_generate::File::text).collect();
            panic!(
                "RUBRIC_SEED={seed}, world {at}, {roughness:?}, batches of {batch}, inputs {}:\n{}\n{text}\n{}",
                asked.inputs,
                told.join("\n"),
                listed(&plan, &asked.data)
            );
        }
        policies += 1;
        seed += 1;
    }
    println!("{policies} policies, {} pairs, {} results", compared.pairs, compared.results);
    println!("asked of the evaluator by the columns: {:?}", compared.replayed);
    println!("asked of it by compiled decisions: {} of {}", compared.compiled, compared.decided);
    println!("{flaws:?}");
    let lacking: Vec<&&str> = CONSTRUCTS.iter().filter(|name| !found.contains(**name)).collect();
    println!(
        "{} of {} constructs of the plan, lacking {lacking:?}",
        CONSTRUCTS.len() - lacking.len(),
        CONSTRUCTS.len()
    );
    println!("{usage}");
    assert!(flaws.has_all(), "{flaws:?}");
    assert!(compared.compiled * 2 < compared.decided, "most of them have to be decided by instructions");
    if policies >= ENOUGH {
        assert!(lacking.is_empty(), "not covered: {lacking:?}");
        assert_eq!(usage.lacking(), Vec::<&str>::new(), "{usage}");
    }
}

#[test]
fn what_differs_is_made_small() {
    // As if the columns could not divide, in records of a child.
    let divides = |plan: &Plan| {
        let codes = plan.defines.values().map(|body| &body.code);
        codes
            .flat_map(|code| &code.exprs)
            .any(|expr| matches!(expr.op, Op::Arithmetic(rubric_engine::plan::ArithmeticOp::Div, ..)))
    };
    let child = |plan: &Plan, data: &Dataset| {
        let child = plan.symbols.record_named("Child").unwrap();
        data.table(child).is_some_and(|table| !table.is_empty())
    };
    let mut random = Random::new(0);
    let (program, plan) = (0..200)
        .find_map(|seed| {
            let program = program(&mut Random::new(seed), &settings(seed));
            let plan = program.plan().ok()?;
            divides(&plan).then_some((program, plan))
        })
        .unwrap();
    let data = rough(&plan, &mut random, Roughness { rows: 8, doubt: 8 });
    let asked = Asked { data, inputs: true, batch: 3 };
    assert!(child(&plan, &asked.data));
    let (small, plan, asked) =
        small(&program, &asked, |plan, asked| divides(plan) && child(plan, &asked.data));
    assert!(divides(&plan) && child(&plan, &asked.data));
    let items = |program: &Program| program.files.iter().map(|file| file.items.len()).sum::<usize>();
    assert!(items(&small) * 2 <= items(&program), "{}", small.text());
    assert_eq!(listed(&plan, &asked.data).lines().count(), 1);
}
