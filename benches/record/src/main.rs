//! How many decisions a second, on one core: a student with seven courses, a decision of six outcomes.
//!
//! `cargo run --release --manifest-path benches/record/Cargo.toml [STUDENTS [ENGINE]]`. Every engine has its policy compiled and its
//! inputs made beforehand, in the form it likes best, and is first asked for every student: all must decide alike. Then they
//! are timed in turn, seven times each; the table has the medians. What is timed is the processor's time, where the system tells
//! it, so that other work on the machine does not count.
//!
//! An explanation is the whole tree that a caller of the engine is given: every rule, condition, derived fact, row and fact with
//! its words, state, citations, place and source. `written out` is the same with every word of it copied into a text besides,
//! indented by depth: nothing of the tree is left to be made when it is read.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a program for developers"
)]

mod peers;
mod student;

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use rubric_engine::columns::Columns;
use rubric_engine::db::Database;
use rubric_engine::evaluate::{Evaluator, Explanation, Options, Step, Verdict};
use rubric_engine::plan::DecisionId;
use rubric_engine::record::Compiled;
use rubric_engine::value::{Date, RecordId};

use peers::{Cedar, Cel, OUTCOMES, Rego};

const TURNS: usize = 7;
/// So long an engine is asked at a time.
const TURN: Duration = Duration::from_millis(200);

/// The time that this thread has had a processor; else the time that has passed.
fn processor(begun: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|told| told.split_whitespace().next()?.parse().ok());
    nanoseconds.map_or_else(|| begun.elapsed(), Duration::from_nanos)
}

/// All that an explanation says.
fn write_out(explanation: &Explanation, text: &mut String) {
    fn write_steps(steps: &[Step], depth: usize, text: &mut String) {
        for step in steps {
            _ = write!(text, "{:depth$}{}: {}", "", step.text, step.state);
            step.cites.iter().for_each(|cite| _ = write!(text, " [{cite}]"));
            if let Some(source) = &step.source {
                _ = write!(text, " {}:{}", source.file, source.line);
            }
            text.push('\n');
            write_steps(&step.steps, depth + 2, text);
        }
    }
    _ = writeln!(text, "{}: {}, as of {}", explanation.title, explanation.result, explanation.as_of);
    explanation.cites.iter().for_each(|cite| _ = writeln!(text, "[{cite}]"));
    explanation.because.iter().chain(&explanation.needs).for_each(|line| _ = writeln!(text, "{line}"));
    write_steps(&explanation.steps, 2, text);
}

/// Something that decides all students once, or as many as it is told.
type Engine<'e> = (&'static str, Box<dyn FnMut(usize) -> usize + 'e>);

fn main() {
    let count: usize =
        std::env::args().nth(1).map_or(20_000, |count| count.parse().expect("a number of students"));
    let students = student::students(count);
    let mut db = Database::default();
    let file = db.set_text("promotion.rubric", Some(include_str!("../promotion.rubric")));
    for diagnostic in db.diagnostics(file) {
        println!("{}: {}", diagnostic.code, diagnostic.message);
    }
    let plan = db.plan();
    let data = student::dataset(&plan, &students);
    let options = Options::default();
    let as_of = Date::constant(2026, 7, 1);
    let decision = DecisionId(0);
    let rows = u32::try_from(count).expect("not so many students");

    let compiled = Compiled::of(&plan, decision, as_of, &options);
    assert!(compiled.asked().is_empty(), "the evaluator is asked for {:?}", compiled.asked());
    let prepared = compiled.prepare(&data, 0..rows);
    let (mut rego, cedar, cel) = (Rego::new(&students), Cedar::new(&students), Cel::new(&students));

    // All must decide alike.
    let evaluator = Evaluator::new(&plan, &data, as_of, options.clone());
    let outcome = |verdict: &Verdict| match verdict {
        Verdict::Outcome(outcome) => *outcome as usize,
        Verdict::Status(status) => panic!("a student is {}", status.word()),
    };
    let mut counts = [0_usize; 6];
    let mut decider = compiled.decider(&data);
    let columns = Columns::new(&plan, &data, as_of, &options);
    let of_columns = columns.batches().batch(RecordId(0), 0..rows).decision(decision);
    for at in 0..count {
        let expected = outcome(&evaluator.decision(decision, u32::try_from(at).expect("a row")).verdict);
        counts[expected] += 1;
        let given = [
            outcome(&decider.decide(&prepared, at).verdict),
            outcome(&of_columns.distinct[of_columns.of[at] as usize].verdict),
            rego.decide(at),
            rego.interpret(at),
            cedar.decide(at),
            cel.decide(at),
        ];
        assert!(given.iter().all(|given| *given == expected), "student {at}: {expected}, {given:?}");
    }
    assert_eq!(decider.replayed(), 0);
    println!("{count} students, all engines decide alike:");
    OUTCOMES.iter().zip(counts).for_each(|(outcome, count)| println!("  {outcome:<12} {count:>6}"));

    let source = |place| db.source(place);
    let mut alone = compiled.decider(&data);
    let batches = columns.batches();
    let next = |at: &mut usize| {
        *at = (*at + 1) % count;
        *at
    };
    let (mut a, mut b, mut c, mut d, mut e, mut f, mut g) = (0, 0, 0, 0, 0, 0, 0);
    let mut engines: Vec<Engine<'_>> = vec![
        (
            "compiled, batches",
            Box::new(|_| {
                decider.decide_each(&prepared, 0..count, |_, result| _ = black_box(&result.verdict));
                count
            }),
        ),
        (
            "compiled, one by one",
            Box::new(|times| {
                (0..times).for_each(|_| _ = black_box(&alone.decide(&prepared, next(&mut a)).verdict));
                times
            }),
        ),
        (
            "columns, batches",
            Box::new(|_| {
                for from in (0..rows).step_by(2048) {
                    drop(black_box(
                        batches.batch(RecordId(0), from..(from + 2048).min(rows)).decision(decision),
                    ));
                }
                count
            }),
        ),
        (
            "evaluator",
            Box::new(|times| {
                let evaluator = Evaluator::new(&plan, &data, as_of, options.clone());
                for _ in 0..times {
                    drop(black_box(evaluator.decision(decision, u32::try_from(next(&mut b)).unwrap())));
                }
                times
            }),
        ),
        (
            "explanations",
            Box::new(|times| {
                let evaluator = Evaluator::new(&plan, &data, as_of, options.clone());
                for _ in 0..times {
                    let row = u32::try_from(next(&mut c)).unwrap();
                    drop(black_box(evaluator.explain_decision(decision, row, &source)));
                }
                times
            }),
        ),
        (
            "explanations, written out",
            Box::new(|times| {
                let evaluator = Evaluator::new(&plan, &data, as_of, options.clone());
                let mut text = String::new();
                for _ in 0..times {
                    let row = u32::try_from(next(&mut g)).unwrap();
                    text.clear();
                    write_out(&evaluator.explain_decision(decision, row, &source), &mut text);
                    assert!(black_box(&text).len() > 100);
                }
                times
            }),
        ),
        (
            "regorus, compiled",
            Box::new(|times| {
                (0..times).for_each(|_| _ = black_box(rego.decide(next(&mut d))));
                times
            }),
        ),
        (
            "cedar (no aggregates)",
            Box::new(|times| {
                (0..times).for_each(|_| _ = black_box(cedar.decide(next(&mut e))));
                times
            }),
        ),
        (
            "cel",
            Box::new(|times| {
                (0..times).for_each(|_| _ = black_box(cel.decide(next(&mut f))));
                times
            }),
        ),
    ];
    let mut speeds: Vec<Vec<f64>> = vec![Vec::new(); engines.len()];
    if let Some(only) = std::env::args().nth(2) {
        engines.retain(|(name, _)| name.starts_with(&only) || name.starts_with("regorus"));
    }
    let started = Instant::now();
    // The first turn warms up.
    for turn in 0..=TURNS {
        for ((_, engine), speeds) in engines.iter_mut().zip(&mut speeds) {
            let (begun, mut done) = (processor(started), 0);
            let elapsed = || processor(started).saturating_sub(begun);
            while elapsed() < TURN {
                done += engine(1000);
            }
            if turn > 0 {
                #[allow(clippy::cast_precision_loss, reason = "a speed for people")]
                speeds.push(done as f64 / elapsed().as_secs_f64());
            }
        }
    }
    let names: Vec<&str> = engines.iter().map(|(name, _)| *name).collect();
    let medians: Vec<(&str, f64)> = names
        .into_iter()
        .zip(speeds.iter_mut().map(|speeds| {
            speeds.sort_by(f64::total_cmp);
            speeds[TURNS / 2]
        }))
        .collect();
    let regorus =
        medians.iter().find(|(name, _)| name.starts_with("regorus")).map_or(f64::NAN, |(_, speed)| *speed);
    println!(
        "\none core, processor's time, medians of {TURNS}\n{:<26} {:>12} {:>12}",
        "", "a second", "of regorus"
    );
    for (name, speed) in medians {
        println!("{name:<26} {speed:>12.0} {:>11.1}x", speed / regorus);
    }
}
