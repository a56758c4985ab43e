//! How many decisions a second, of one record after the other and of many at a time, on one core.
//!
//! `cargo bench --bench records`: a promotion decision of six outcomes over seven courses, by the explaining evaluator, by
//! column one record at a time, and by column in batches. The ratios are what counts.

use std::hint::black_box;
use std::time::{Duration, Instant};

use rubric_engine::columns::Columns;
use rubric_engine::data::{Cell, Dataset, Origin};
use rubric_engine::db::Database;
use rubric_engine::evaluate::{Evaluator, Options};
use rubric_engine::plan::{DecisionId, Plan};
use rubric_engine::value::{Date, Number, RecordId, Reference, Value};

const POLICY: &str = r#"policy p { title "T" authority state "S" cite "1" }
record Student {
  key id: text
  grade: count
  special_education: flag
  english_learner: flag
  years_learning: count
  retentions: count
  days_enrolled: count
  days_absent: count
  courses: many Course
}
record Course { student: Student  core: flag  completed: flag  credit: number  mastery: count }
define credits of Student: number = sum of credit over courses where completed and mastery >= 80
define core_mastered of Student: flag = some and all of courses where core satisfy mastery >= 80
define present of Student: flag = (days_enrolled - days_absent) / days_enrolled >= 90%
decision promotion of Student {
  outcomes promoted, good_cause, learner, growth, age, retained
  cite "1"
  default retained
  rule standards: promoted when core_mastered and credits >= (if grade >= 9 then 3 else 1)
  rule cause: good_cause when special_education and retentions >= 1 subject to standards
  rule language: learner when english_learner and years_learning < 2 subject to standards, cause
  rule attends: growth when present and credits > 0 subject to standards, cause, language
  rule old: age when retentions >= 2 subject to standards, cause, language, attends
}
"#;

const STUDENTS: u32 = 20_000;
const COURSES: u32 = 7;

fn records(plan: &Plan) -> Dataset {
    let mut data = Dataset::new(&plan.symbols);
    let mut seed = 1_u64;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let number = |n: u64| Cell::Known(Value::Number(Number::from_int(i64::try_from(n).unwrap_or(0))));
    let flag = |n: u64| Cell::Known(Value::Flag(n == 0));
    let key = |row: u32| Value::Text(format!("S{row:07}").into());
    for row in 0..STUDENTS {
        let cells = vec![
            Cell::Known(key(row)),
            number(next(13)),
            flag(next(7)),
            flag(next(8)),
            number(next(6)),
            number(next(3)),
            number(180),
            number(next(40)),
        ];
        if let Some(table) = data.supply(&plan.symbols, RecordId(0)) {
            table.push(cells, Origin::default());
        }
        for _ in 0..COURSES {
            let student = Reference { record: RecordId(0), row: None, key: [key(row)].into() };
            let cells = vec![
                Cell::Known(Value::Reference(student)),
                flag(next(4)),
                flag(next(20).min(1) ^ 1),
                number(next(2)),
                number(60 + next(40)),
            ];
            if let Some(table) = data.supply(&plan.symbols, RecordId(1)) {
                table.push(cells, Origin::default());
            }
        }
    }
    data.finish(&plan.symbols);
    data
}

/// The median of five runs, as records a second.
fn speed(mut run: impl FnMut() -> u32) -> f64 {
    let mut took: Vec<(Duration, u32)> = (0..5)
        .map(|_| {
            let start = Instant::now();
            let records = black_box(run());
            (start.elapsed(), records)
        })
        .collect();
    took.sort_unstable();
    took.get(2).map_or(0.0, |(took, records)| f64::from(*records) / took.as_secs_f64())
}

fn main() {
    let mut db = Database::default();
    db.set_text("p.rubric", Some(POLICY));
    let plan = db.plan();
    let data = records(&plan);
    let options = Options::default();
    let as_of = Date::constant(2026, 7, 1);
    let decision = DecisionId(0);
    let by_row = speed(|| {
        let evaluator = Evaluator::new(&plan, &data, as_of, options.clone());
        (0..STUDENTS / 10).for_each(|row| drop(black_box(evaluator.decision(decision, row))));
        STUDENTS / 10
    });
    let columns = Columns::new(&plan, &data, as_of, &options);
    let batches = columns.batches();
    let one = speed(|| {
        (0..STUDENTS)
            .for_each(|row| drop(black_box(batches.batch(RecordId(0), row..row + 1).decision(decision))));
        STUDENTS
    });
    let many = speed(|| {
        for from in (0..STUDENTS).step_by(2048) {
            let to = (from + 2048).min(STUDENTS);
            drop(black_box(batches.batch(RecordId(0), from..to).decision(decision)));
        }
        STUDENTS
    });
    println!("evaluator            {by_row:>12.0} decisions a second");
    println!("columns, one by one  {one:>12.0} {:>8.1} x", one / by_row);
    println!("columns, batches     {many:>12.0} {:>8.1} x", many / by_row);
}
