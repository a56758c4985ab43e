//! How long parsing and checking take. `cargo bench --bench check` prints medians; nothing fails on a time.
//!
//! The texts are generated, so that the figures mean the same everywhere: policies with records, parameters, defines,
//! decisions and tests, in the proportions of the shipped ones.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a program for developers")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use rubric_engine::db::Database;

/// A policy of about `lines` lines that checks without errors.
fn policy(name: &str, lines: usize) -> String {
    let mut text = format!(
        "policy {name} {{\n  title \"{name}\"\n  cite \"§ 1\"\n  effective from 2020-07-01\n  month_end round down\n}}\n\n\
         ordered category Grade_{name} {{ K, G1 \"01\", G2 \"02\", G3 \"03\" }}\n\n\
         record Student_{name} {{\n  key id: text\n  grade: Grade_{name}\n  level: count\n  credits: number?\n  entry: date?\n  \
         results: many Result_{name}\n}}\n\nrecord Result_{name} {{\n  key id: text\n  student: Student_{name}\n  score: count\n  taken_on: date\n}}\n"
    );
    let mut count = text.lines().count();
    let mut number = 0;
    while count + 24 <= lines {
        number += 1;
        write!(
            text,
            "\n/// The cut of block {number}.\nparameter cut_{number}: count {{\n  cite \"(p)\"\n  from 2020-07-01: {number}\n  from 2022-07-01: {}\n}}\n\n\
             define best_{number} of Student_{name}: count? =\n  (latest of results by taken_on where score >= {number}).score\n\n\
             decision advance_{number} of Student_{name} where grade >= G1 {{\n  outcomes up, review, stay\n\n  default stay\n    cite \"(a)\"\n\n  \
             rule reads: up\n    when best_{number} >= cut_{number} and (count of results where score > 1) >= 2\n    cite \"(b)\"\n\n  \
             rule recent: review\n    when entry is known and as_of < entry + 2 years and not (credits presumed 0 >= 3)\n    \
             subject to reads\n    cite \"(c)\"\n}}\n",
            number + 1
        )
        .unwrap();
        count = text.lines().count();
    }
    text
}

fn median(mut run: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..7).map(|_| run()).collect();
    times.sort();
    times.get(3).copied().unwrap_or_default()
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let result = work();
    let elapsed = start.elapsed();
    drop(result);
    elapsed
}

fn row(what: &str, time: Duration) {
    println!("{what:<58} {:>10.2} ms", time.as_secs_f64() * 1000.0);
}

fn check_all(database: &Database) -> usize {
    database.files().iter().map(|file| database.diagnostics(*file).len()).sum()
}

fn main() {
    let long = policy("long", 2_000);
    println!("{} lines, {} bytes; medians of 7", long.lines().count(), long.len());
    row("parse a policy of 2,000 lines", median(|| timed(|| rubric_grammar::parse(&long))));
    let parsed = rubric_grammar::parse(&long);
    row(
        "format it",
        median(|| {
            timed(|| rubric_grammar::format::format(&long, &parsed, rubric_grammar::format::DEFAULT_WIDTH))
        }),
    );

    let texts: Vec<(String, String)> = (0..200)
        .map(|n| format!("p{n}"))
        .map(|name| (format!("{name}.rubric"), policy(&name, 220)))
        .collect();
    let lines: usize = texts.iter().map(|(_, text)| text.lines().count()).sum();
    let load = || {
        let mut database = Database::default();
        for (path, text) in &texts {
            database.set_text(path, Some(text));
        }
        database
    };
    println!("\n200 policies, {lines} lines");
    row(
        "check them from nothing",
        median(|| {
            let database = load();
            timed(|| check_all(&database))
        }),
    );
    let mut database = load();
    println!("(with {} diagnostics)", check_all(&database));
    let (path, text) = texts.first().unwrap();
    let mut number = 100;
    row(
        "check again after an edit inside one rule",
        median(|| {
            number += 1;
            let edited = text.replacen("score >= 1", &format!("score >= {number}"), 1);
            database.set_text(path, Some(&edited));
            timed(|| check_all(&database))
        }),
    );

    println!("\nhostile texts");
    row("100,000 brackets", median(|| timed(|| rubric_grammar::parse(&"(".repeat(100_000)))));
    let nested = format!("policy p {{ }} define x: flag = {} yes", "not ".repeat(100_000));
    row("100,000 times `not`", median(|| timed(|| rubric_grammar::parse(&nested))));
    let huge = long.repeat(50 * 1024 * 1024 / long.len() + 1);
    row("50 MB", median(|| timed(|| rubric_grammar::parse(&huge))));
    let mut seed = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 56) as u8
    })
    .take(200_000)
    .collect();
    row("200,000 random bytes", median(|| timed(|| rubric_grammar::parse_bytes(&noise))));
}
