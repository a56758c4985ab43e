//! Records that lie in a temporary file give what records in memory give, into however many ranges they are divided.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::path::Path;
use std::sync::Arc;

use rubric_engine::columns::{self, ColumnRecords, Limit};
use rubric_engine::data::{DataSet, DataSource, Dataset};
use rubric_engine::plan::{Plan, ResultId};
use rubric_engine::table::Tables;
use rubric_engine::value::Date;
use rubric_generate::{Random, Settings, World, cases, first_seed, outcome, program};

const TODAY: Date = Date::constant(2024, 9, 1);

/// What differs, and how many records were divided.
fn differences(plan: &Arc<Plan>, data: &Dataset, folder: &Path) -> (Vec<String>, usize) {
    let source =
        DataSource { path: "memory".into(), shown: "memory".into(), set: DataSet::default(), preset: None };
    let tables = Tables::of_rows(&plan.symbols, &source, data.clone());
    let mut asked: Vec<Vec<ResultId>> = plan.symbols.results.iter().map(|result| vec![*result]).collect();
    asked.push(plan.symbols.results.clone());
    let (mut found, mut divided) = (Vec::new(), 0);
    for results in asked {
        let wanted = columns::wanted(plan, &results, &[]);
        let plain = ColumnRecords::read(&plan.symbols, &tables, &wanted).unwrap();
        let expected = outcome(plan, &plain, &results, TODAY, 1, false);
        for ranges in [1, 2, 5] {
            let limit = Limit { ranges: Some(ranges), ..Limit::new(1 << 40, folder) };
            let spilled = ColumnRecords::read_within(plan, &tables, &results, &[], &limit).unwrap();
            divided += spilled.divided().len();
            let given = outcome(plan, &spilled, &results, TODAY, 1 + ranges as usize % 2, true);
            let differing = expected.iter().zip(&given).filter(|(expected, given)| expected != given);
            found.extend(
                differing.map(|(expected, given)| format!("{ranges} ranges:\n  {expected}\n  {given}")),
            );
            assert_eq!(expected.len(), given.len());
        }
    }
    (found, divided)
}

#[test]
fn ranges_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = 0;
    for seed in (first_seed()..).take(cases(40)) {
        let mut random = Random::new(seed);
        let settings = Settings { errors: seed % 2 == 1, known: true, depth: 3, all: false };
        let program = program(&mut random, &settings);
        let plan = program.plan().unwrap_or_else(|errors| panic!("seed {seed}:\n{errors}"));
        for hidden in [0, 25] {
            let world = World::new(&plan, &mut random, 12, hidden);
            let (found, divided) = differences(&plan, &world.data(&plan, false), folder.path());
            let shown: Vec<&String> = found.iter().take(3).collect();
            assert!(
                found.is_empty(),
                "seed {seed}, {hidden} in a hundred hidden: {shown:#?}\n{}",
                program.text()
            );
            all += divided;
        }
    }
    println!("{all} times a record was divided");
    assert!(all > 20, "{all}");
}
