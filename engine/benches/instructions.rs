//! How many instructions the processor is given for pieces of work that must stay cheap.
//!
//! `cargo bench -p rubric-engine --bench instructions` runs each piece under callgrind and compares the counts with those in
//! `engine/benches/instructions.txt`: it fails where one has grown by more than five in a hundred. With `-- --record` the counts
//! become the recorded ones. Unlike times, they are the same on a busy machine; another compiler gives others, so that with one
//! they are shown and nothing fails. Without valgrind it says so, and fails nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a program for developers"
)]

#[path = "../../benches/made/decision.rs"]
mod made;

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;

use rubric_engine::columns::{self, ColumnRecords, Columns};
use rubric_engine::data::{Cell, DataSet, DataSource, Dataset, Origin};
use rubric_engine::db::Database;
use rubric_engine::evaluate::{Evaluator, Options};
use rubric_engine::plan::{DecisionId, Plan};
use rubric_engine::record::Compiled;
use rubric_engine::table::Tables;
use rubric_engine::value::{Date, Number, RecordId, Reference, Value};

const POLICY: &str = include_str!("../../benches/record/promotion.rubric");
const AS_OF: Date = Date::constant(2026, 7, 1);
const STUDENTS: u32 = 2048;
/// By how much a count may grow, in a hundred. Other decisions of the compiler about inlining alone move a piece by five.
const GROWTH: u64 = 10;

/// What is counted.
const PIECES: [(&str, fn()); 8] = [
    ("a policy checked", check),
    ("30 rules proved", proved),
    ("2048 decisions, compiled, one by one", alone),
    ("2048 decisions, compiled, together", together),
    ("2048 decisions by column", by_column),
    ("64 decisions by the evaluator", evaluator),
    ("64 explanations", explanations),
    ("14336 rows of CSV as columns", read),
];

/// All that is counted happens in here.
#[inline(never)]
fn measured<T>(work: impl FnOnce() -> T) -> T {
    black_box(work())
}

fn plan() -> Arc<Plan> {
    let mut db = Database::default();
    db.set_text("promotion.rubric", Some(POLICY));
    db.plan()
}

/// Whole numbers that look random.
fn chance(seed: &mut u64, below: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % below
}

fn records(plan: &Plan) -> Dataset {
    let mut data = Dataset::new(&plan.symbols);
    let mut seed = 1;
    let number = |n: u64| Cell::Known(Value::Number(Number::from_int(i64::try_from(n).unwrap())));
    let flag = |n: u64| Cell::Known(Value::Flag(n == 0));
    let key = |row: u32| Value::Text(format!("S{row:07}").into());
    for row in 0..STUDENTS {
        let mut student = vec![Cell::Known(key(row)), number(chance(&mut seed, 13))];
        student.extend([7, 8].map(|below| flag(chance(&mut seed, below))));
        student.extend([6, 3].map(|below| number(chance(&mut seed, below))));
        student.extend([number(180), number(chance(&mut seed, 40))]);
        data.supply(&plan.symbols, RecordId(0)).unwrap().push(student, Origin::default());
        for _ in 0..7 {
            let owner = Reference { record: RecordId(0), row: None, key: [key(row)].into() };
            let mut course = vec![Cell::Known(Value::Reference(owner))];
            course.extend([4, 20].map(|below| flag(chance(&mut seed, below).min(1))));
            course.extend([number(chance(&mut seed, 2)), number(60 + chance(&mut seed, 40))]);
            data.supply(&plan.symbols, RecordId(1)).unwrap().push(course, Origin::default());
        }
    }
    data.finish(&plan.symbols);
    data
}

fn check() {
    let diagnostics = measured(|| {
        let mut db = Database::default();
        let file = db.set_text("promotion.rubric", Some(POLICY));
        db.diagnostics(file).len() + db.plan().decisions.len()
    });
    assert!(diagnostics > 0);
}

/// As `benches/prove.rs` does it: parsing, all checks and all proofs of a fresh database.
fn proved() {
    let text = made::decision(30, 30, 0);
    let diagnostics = measured(|| {
        let mut db = Database::default();
        let file = db.set_text("bench.rubric", Some(&text));
        db.diagnostics(file).len()
    });
    assert!(diagnostics > 0);
}

fn alone() {
    let plan = plan();
    let data = records(&plan);
    let compiled = Compiled::of(&plan, DecisionId(0), AS_OF, &Options::default());
    let prepared = compiled.prepare(&data, 0..STUDENTS);
    let mut decider = compiled.decider(&data);
    let deciding =
        measured(|| (0..prepared.len()).map(|at| decider.decide(&prepared, at).by.len()).sum::<usize>());
    assert!(deciding >= prepared.len());
}

fn together() {
    let plan = plan();
    let data = records(&plan);
    let compiled = Compiled::of(&plan, DecisionId(0), AS_OF, &Options::default());
    let prepared = compiled.prepare(&data, 0..STUDENTS);
    let mut decider = compiled.decider(&data);
    let mut deciding = 0;
    measured(|| decider.decide_each(&prepared, 0..prepared.len(), |_, result| deciding += result.by.len()));
    assert!(deciding >= prepared.len());
}

fn by_column() {
    let plan = plan();
    let data = records(&plan);
    let options = Options::default();
    let columns = Columns::new(&plan, &data, AS_OF, &options);
    let batches = columns.batches();
    let given = measured(|| batches.batch(RecordId(0), 0..STUDENTS).decision(DecisionId(0)));
    assert_eq!(given.of.len(), STUDENTS as usize);
}

fn evaluator() {
    let plan = plan();
    let data = records(&plan);
    let evaluator = Evaluator::new(&plan, &data, AS_OF, Options::default());
    let deciding =
        measured(|| (0..64).map(|row| evaluator.decision(DecisionId(0), row).by.len()).sum::<usize>());
    assert!(deciding >= 64);
}

fn explanations() {
    let mut db = Database::default();
    db.set_text("promotion.rubric", Some(POLICY));
    let plan = db.plan();
    let data = records(&plan);
    let evaluator = Evaluator::new(&plan, &data, AS_OF, Options::default());
    let explain = |row| evaluator.explain_decision(DecisionId(0), row, &|place| db.source(place));
    let steps = measured(|| (0..64).map(|row| explain(row).steps.len()).sum::<usize>());
    assert!(steps >= 64);
}

fn read() {
    let plan = plan();
    let folder = tempfile::tempdir().unwrap();
    let mut seed = 1;
    let mut text = String::from("student,core,completed,credit,mastery\n");
    for row in 0..STUDENTS * 7 {
        let (core, completed) = (chance(&mut seed, 4) == 0, chance(&mut seed, 20) > 0);
        let word = |flag| if flag { "yes" } else { "no" };
        let (credit, mastery) = (chance(&mut seed, 2), 60 + chance(&mut seed, 40));
        writeln!(text, "S{:07},{},{},{credit},{mastery}", row / 7, word(core), word(completed)).unwrap();
    }
    std::fs::write(folder.path().join("Course.csv"), text).unwrap();
    let path = folder.path().to_path_buf();
    let source = DataSource { path, shown: "records".into(), set: DataSet::default(), preset: None };
    let wanted = columns::wanted(&plan, &plan.symbols.results, &[]);
    let records = measured(|| {
        let tables = Tables::open(&plan.symbols, &source, 1).unwrap();
        ColumnRecords::read(&plan.symbols, &tables, &wanted).unwrap()
    });
    assert!(records.errors().iter().all(|error| error.code != "bad-cell"), "{:?}", records.errors().first());
}

fn recorded_at() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.txt")
}

/// The compiler, whose code is counted.
fn compiler() -> String {
    let told = Command::new("rustc").arg("--version").output().expect("a compiler");
    String::from_utf8_lossy(&told.stdout).trim().to_owned()
}

/// The count of a piece.
fn count(piece: &str) -> u64 {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("counts");
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "--toggle-collect=*measured*", "--quiet"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe().expect("this program"))
        .arg("--piece")
        .arg(piece)
        .stdout(Stdio::null())
        .status()
        .expect("valgrind");
    assert!(status.success(), "{piece}: {status}");
    let text = std::fs::read_to_string(&out).expect("counts");
    let total =
        text.lines().find_map(|line| line.strip_prefix("summary: ").or(line.strip_prefix("totals: ")));
    let count = total.and_then(|total| total.split_whitespace().next()?.parse().ok()).expect("a total");
    assert!(count > 1000, "{piece}: only {count} instructions were counted");
    count
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--piece") {
        let name = arguments.get(at + 1).expect("the name of a piece");
        let (_, piece) = PIECES.iter().find(|(known, _)| known == name).expect("a piece of that name");
        piece();
        return ExitCode::SUCCESS;
    }
    let there =
        Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        println!("skipped: no instructions are counted without valgrind (`apt-get install valgrind`)");
        return ExitCode::SUCCESS;
    }
    let recorded = std::fs::read_to_string(recorded_at()).unwrap_or_default();
    let compiler = compiler();
    let same_compiler = recorded.lines().next() == Some(&format!("# {compiler}"));
    let mut text = format!("# {compiler}\n");
    let mut grown = Vec::new();
    println!("{:<40} {:>14} {:>14} {:>8}", "", "instructions", "recorded", "");
    for (piece, _) in PIECES {
        let counted = count(piece);
        _ = writeln!(text, "{counted:>12} {piece}");
        let line = recorded.lines().find_map(|line| line.trim_start().strip_suffix(piece));
        let before: Option<u64> = line.and_then(|count| count.trim().parse().ok());
        let change = before.map_or_else(String::new, |before| {
            let change = i128::from(counted) * 1000 / i128::from(before.max(1)) - 1000;
            format!("{}{}.{} %", if change < 0 { '-' } else { '+' }, change.abs() / 10, change.abs() % 10)
        });
        println!(
            "{piece:<40} {counted:>14} {:>14} {change:>8}",
            before.map_or("-".to_owned(), |n| n.to_string())
        );
        if before.is_none_or(|before| counted * 100 > before * (100 + GROWTH)) {
            grown.push(piece);
        }
    }
    if arguments.iter().any(|argument| argument == "--record") {
        std::fs::write(recorded_at(), text).expect("the recorded counts");
        println!("recorded");
        return ExitCode::SUCCESS;
    }
    if !same_compiler {
        println!(
            "recorded with another compiler ({}): nothing is compared",
            recorded.lines().next().unwrap_or("none")
        );
        return ExitCode::SUCCESS;
    }
    if grown.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("grown by more than {GROWTH} in a hundred, or not recorded: {}", grown.join("; "));
    println!("where that is meant: cargo bench -p rubric-engine --bench instructions -- --record");
    ExitCode::FAILURE
}
