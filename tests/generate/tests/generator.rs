//! What the generator promises: programs without errors, and every operation of the plan among them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use rubric_generate::{Random, Settings, Usage, World, cases, program};

#[test]
fn programs_have_no_errors_and_use_every_operation() {
    let mut usage = Usage::default();
    let mut failures = Vec::new();
    let programs = cases(150).max(150);
    for seed in 0..programs {
        let seed = u64::try_from(seed).unwrap();
        let settings = Settings { errors: seed % 2 == 1, known: true, depth: 3, all: false };
        let program = program(&mut Random::new(seed), &settings);
        match program.plan() {
            Ok(plan) => usage.add(&plan),
            Err(errors) => failures.push(format!("seed {seed}:\n{errors}")),
        }
    }
    let shown: Vec<&String> = failures.iter().take(8).collect();
    assert!(failures.is_empty(), "{} of {programs} programs have errors\n{shown:#?}", failures.len());
    if std::env::var_os("RUBRIC_SHOW_USAGE").is_some() {
        println!("{usage}");
    }
    assert_eq!(usage.lacking(), Vec::<&str>::new(), "{usage}");
}

#[test]
fn a_seed_decides_everything() {
    let settings = Settings { errors: true, known: true, depth: 3, all: false };
    let once = |seed| program(&mut Random::new(seed), &settings).text();
    assert_eq!(once(7), once(7));
    assert_ne!(once(7), once(8));
    let plan = program(&mut Random::new(7), &settings).plan().unwrap();
    let world = |seed| format!("{:?}", World::new(&plan, &mut Random::new(seed), 4, 20).tables);
    assert_eq!(world(1), world(1));
    assert_ne!(world(1), world(2));
}
