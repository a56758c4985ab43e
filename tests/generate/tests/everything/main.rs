//! The columns give what the evaluator gives, on every record.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests fail by panicking")]

mod ranges;

use std::sync::Arc;

use rubric_engine::db::Database;
use rubric_engine::diagnostic::Severity;
use rubric_engine::evaluate::{Options, waivers};
use rubric_engine::plan::{InputId, Plan};
use rubric_engine::value::{Date, Number, State, Value};

use rubric_generate::{
    CONSTRUCTS, Compared, Random, Roughness, cases, covered, differences, first_seed, rough,
};

const TODAY: Date = Date::constant(2024, 9, 1);

/// Every construct, and what two districts and a school amend of it.
const FILES: [(&str, &str); 4] = [
    ("everything.rubric", include_str!("everything.rubric")),
    ("first.rubric", include_str!("first.rubric")),
    ("other.rubric", include_str!("other.rubric")),
    ("second.rubric", include_str!("second.rubric")),
];

fn plan() -> Arc<Plan> {
    let mut db = Database::default();
    let files: Vec<_> = FILES.iter().map(|(path, text)| db.set_text(path, Some(text))).collect();
    // What is wrong in meaning (rules that disagree for some record) is wanted here; what cannot be evaluated has no body.
    let plan = db.plan();
    let errors: Vec<String> = files
        .into_iter()
        .flat_map(|file| db.diagnostics(file))
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .map(|diagnostic| diagnostic.message.clone())
        .collect();
    let symbols = &plan.symbols;
    assert_eq!(plan.defines.len(), symbols.defines.len(), "{errors:?}");
    assert_eq!(plan.decisions.len(), symbols.decisions.len(), "{errors:?}");
    assert_eq!(plan.requirements.len(), symbols.requirements.len(), "{errors:?}");
    assert_eq!(plan.amounts.len(), symbols.amounts.len(), "{errors:?}");
    plan
}

#[test]
fn every_construct_over_random_records() {
    let plan = plan();
    let mut compared = Compared::default();
    for seed in (first_seed()..).take(cases(60)) {
        let mut dice = Random::new(seed);
        let roughness =
            Roughness { rows: [3, 8, 20][(seed % 3) as usize], doubt: [0, 8, 30][(seed / 3 % 3) as usize] };
        let data = rough(&plan, &mut dice, roughness);
        let (counted, _) = waivers(&plan, &data, TODAY);
        let mut options = Options { waivers: Arc::new(counted), ..Options::default() };
        if !dice.percent(33) {
            options.inputs.insert(InputId(0), State::Known(Value::Number(Number::from_int(2))));
        }
        let size = [1, 3, 4096][(seed / 9 % 3) as usize];
        let found = differences(&plan, &data, TODAY, &options, size, &mut compared);
        assert!(found.is_empty(), "seed {seed}, {roughness:?}:\n{}", found.join("\n"));
    }
    println!("{} results; asked of the evaluator: {:?}", compared.results, compared.replayed);
    assert!(compared.results > 1000);
}

#[test]
fn records_in_ranges_over_random_records() {
    let plan = plan();
    let folder = tempfile::tempdir().unwrap();
    let mut all = 0;
    for seed in (first_seed()..).take(cases(18)) {
        let mut dice = Random::new(seed);
        let roughness =
            Roughness { rows: [8, 20][(seed % 2) as usize], doubt: [0, 8, 30][(seed / 2 % 3) as usize] };
        let data = rough(&plan, &mut dice, roughness);
        let (counted, _) = waivers(&plan, &data, TODAY);
        let options = Options { waivers: Arc::new(counted), ..Options::default() };
        let (found, divided) = ranges::differences(&plan, &data, TODAY, &options, folder.path());
        assert!(found.is_empty(), "seed {seed}, {roughness:?}:\n{}", found.join("\n"));
        all += divided;
    }
    println!("{all} results of records in ranges");
    assert!(all > 20, "{all}");
}

#[test]
fn the_policy_has_every_construct() {
    let covered = covered(&plan());
    let missing: Vec<&&str> = CONSTRUCTS.iter().filter(|name| !covered.contains(**name)).collect();
    println!("{} of {} constructs", CONSTRUCTS.len() - missing.len(), CONSTRUCTS.len());
    assert!(missing.is_empty(), "not covered: {missing:?}");
    let unlisted: Vec<&String> = covered.iter().filter(|name| !CONSTRUCTS.contains(&name.as_str())).collect();
    assert!(unlisted.is_empty(), "not listed: {unlisted:?}");
}
