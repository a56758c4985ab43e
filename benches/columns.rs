//! How fast the kernels of the columnar engine are. `cargo bench --bench columns` prints medians; nothing fails on a time.
//!
//! Records are generated in memory as Arrow columns: students with an identifier and a grade, and seven enrolments for each.
//! Each line is one kernel of a run, alone as far as that can be: keys that are looked up (numbers behind a prefix, and
//! names that are hashed), aggregates over the rows of a student, the rules of a decision, the lines of an amount, and
//! results as texts. `RUBRIC_ROWS` says how many students there are.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a program for developers")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{ArrayRef, BooleanArray, Decimal128Array, Int32Array, RecordBatch, StringArray};
use rubric_engine::columns::{self, ColumnRecords, Columns};
use rubric_engine::data::{DataSet, DataSource};
use rubric_engine::db::Database;
use rubric_engine::evaluate::Options;
use rubric_engine::plan::{DefineId, Plan, ResultId};
use rubric_engine::table::Tables;
use rubric_engine::value::{Date, RecordId};

const POLICY: &str = r#"policy p { title "T" authority state "S" cite "1" effective from 2014-07-01 }
record Student { key student_id: text  grade: count  retentions: count  learner: flag  enrollments: many Enrollment }
record Enrollment { student: Student  credit: number  completed: flag  mastery: count? }
define mastered of Enrollment: flag = completed and mastery is known and mastery >= 80
define courses of Student: count = count of enrollments where mastered
define credits of Student: number = sum of credit over enrollments where mastered
define best of Student: count? = highest of mastery over enrollments where completed
define all_passed of Student: flag = some and all of enrollments satisfy mastery >= 60
decision promotion of Student {
  outcomes promoted, helped, repeated
  cite "1"
  default repeated
  rule standards: promoted when credits >= 3 and all_passed is known and all_passed
  rule learner: helped when learner and courses >= 2 subject to standards
  rule age: promoted when retentions >= 2 subject to standards, learner
}
amount funding of Student {
  cite "2"
  line base = credits * 700.25 rounded half up to cents
  line mastery = courses * $112.35
  line extra = $250 when learner
}
"#;

const COURSES: u64 = 7;

fn chance(number: u64, below: u64) -> u64 {
    let mixed =
        number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    (mixed >> 17) % below
}

/// Students and their enrolments; `name` writes an identifier.
fn records(students: u64, name: fn(u64) -> String) -> Vec<(RecordId, Vec<RecordBatch>)> {
    let int = |number: u64| i32::try_from(number).unwrap();
    let own = RecordBatch::try_from_iter([
        ("student_id", Arc::new(StringArray::from_iter_values((0..students).map(name))) as ArrayRef),
        ("grade", Arc::new(Int32Array::from_iter_values((0..students).map(|row| int(chance(row, 13)))))),
        ("retentions", Arc::new(Int32Array::from_iter_values((0..students).map(|row| int(chance(row, 4)))))),
        ("learner", Arc::new(BooleanArray::from_iter((0..students).map(|row| Some(chance(row, 8) == 0))))),
    ]);
    let rows = 0..students * COURSES;
    let credit =
        Decimal128Array::from_iter_values(rows.clone().map(|row| i128::from(25 + 25 * chance(row, 4))));
    let mastery = rows.clone().map(|row| (chance(row, 50) > 0).then(|| int(50 + chance(row + 1, 50))));
    let taken = RecordBatch::try_from_iter([
        (
            "student",
            Arc::new(StringArray::from_iter_values(rows.clone().map(|row| name(row / COURSES)))) as ArrayRef,
        ),
        ("credit", Arc::new(credit.with_precision_and_scale(9, 2).unwrap())),
        ("completed", Arc::new(BooleanArray::from_iter(rows.map(|row| Some(chance(row, 16) > 0))))),
        ("mastery", Arc::new(Int32Array::from_iter(mastery))),
    ]);
    vec![(RecordId(0), vec![own.unwrap()]), (RecordId(1), vec![taken.unwrap()])]
}

fn median(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..7)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    times.get(3).copied().unwrap_or_default()
}

fn show(what: &str, time: Duration, rows: u64) {
    #[expect(clippy::cast_precision_loss, reason = "to be read by people")]
    let each = time.as_secs_f64() * 1e9 / rows as f64;
    println!("{what:<58} {:>8.1} ms {each:>8.2} ns a row", time.as_secs_f64() * 1e3);
}

fn define(plan: &Plan, name: &str) -> DefineId {
    let at = plan.symbols.defines.iter().position(|define| define.name == name).unwrap();
    DefineId(u32::try_from(at).unwrap())
}

fn main() {
    let students: u64 =
        std::env::var("RUBRIC_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(200_000);
    let mut database = Database::default();
    database.set_text("p.rubric", Some(POLICY));
    let plan = database.plan();
    let results = plan.symbols.results.clone();
    let facts = ["courses", "credits", "best", "all_passed"].map(|name| define(&plan, name));
    let source = DataSource {
        path: "memory".into(),
        shown: "memory".to_owned(),
        set: DataSet::default(),
        preset: None,
    };
    let wanted = columns::wanted(&plan, &results, &facts);
    let read = |name| {
        let batches = records(students, name);
        let tables = Tables::of_batches(&plan.symbols, &source, batches).unwrap();
        let read = || ColumnRecords::read(&plan.symbols, &tables, &wanted).unwrap();
        let time = median(|| {
            black_box(read());
        });
        (read(), time)
    };
    println!("{students} students, {} enrolments, one thread", students * COURSES);
    let (held, time) = read(|row| format!("P{row:07}"));
    show("keys: numbers behind a prefix, and all columns", time, students * COURSES);
    let (_, time) = read(|row| format!("{:016x}", row.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
    show("keys: sixteen bytes that are hashed, and all columns", time, students * COURSES);

    let options = Options::default();
    let rows = u32::try_from(students).unwrap();
    let all = |work: &dyn Fn(&columns::Batch<'_>)| {
        let columns = Columns::new(&plan, &held, Date::constant(2024, 6, 1), &options);
        let batches = columns.batches();
        for first in (0..rows).step_by(1024) {
            work(&batches.batch(RecordId(0), first..(first + 1024).min(rows)));
        }
        assert!(batches.replayed().is_empty(), "{:?}", batches.replayed());
    };
    for (name, fact) in ["count", "sum", "highest", "some and all"].iter().zip(facts) {
        let time = median(|| all(&|batch| drop(black_box(batch.define(fact)))));
        show(&format!("accumulate: {name}"), time, students * COURSES);
    }
    for result in &results {
        let (what, time) = match *result {
            ResultId::Decision(id) => {
                ("decide", median(|| all(&|batch| drop(black_box(batch.decision(id))))))
            }
            ResultId::Amount(id) => ("amount", median(|| all(&|batch| drop(black_box(batch.amount(id)))))),
            ResultId::Requirement(_) => continue,
        };
        show(&format!("{what}, with what it reads"), time, students);
    }
    let time = median(|| {
        all(&|batch| {
            black_box(batch.record_batch(&results, &facts).unwrap());
        });
    });
    show("all results and facts as texts", time, students);
}
