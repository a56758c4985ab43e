//! How long proofs take. `cargo bench --bench prove` prints medians beside their bars; nothing fails on a time.
//!
//! Decisions are generated: rules over terms of every kind (numbers, categories, flags, dates, counts of rows, percents of
//! two numbers), each overriding some before it, a parameter with values of two stretches of time. Every figure is of a
//! fresh database: parsing, all checks and all proofs. The peer of the same run is the same decision without proofs (its
//! plan), so that the ratio says what proving costs on any machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a program for developers")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use rubric_engine::db::Database;
use rubric_engine::prove;

/// A decision of so many rules over so many terms.
fn decision(rules: usize, terms: usize, edit: usize) -> String {
    let mut text = String::from(
        "policy bench {\n  title \"Bench\"\n  cite \"§ 1\"\n  effective from 2015-07-01\n  school_year starts july 1\n  month_end round down\n}\n\n\
         ordered category Grade { KG, G1, G2, G3, G4, G5 }\ncategory Area { reading, math, science, art }\n\n\
         record Student {\n  key id: text\n",
    );
    for term in 0..terms {
        let field = match term % 6 {
            0 => format!("n{term}: count"),
            1 => format!("f{term}: flag"),
            2 => format!("g{term}: Grade"),
            3 => format!("d{term}: date"),
            4 => format!("x{term}: number"),
            _ => format!("o{term}: count?"),
        };
        writeln!(text, "  {field}").unwrap();
    }
    text.push_str(
        "  results: many Result\n}\n\nrecord Result {\n  key rid: text\n  student: Student\n  score: count\n  area: Area\n}\n\n\
         parameter cut: count {\n  cite \"(p)\"\n  from 2015-07-01: 2\n  from 2020-07-01: 3\n}\n\n\
         decision promotion of Student {\n  outcomes promoted, review, retained\n  cite \"(a)\"\n\n  default retained\n",
    );
    // Whole numbers that look random, the same in every run.
    let mut seed = 7_u64;
    let mut below = |n: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % n
    };
    for rule in 0..rules {
        let mut parts = Vec::new();
        for part in 0..2 + below(3) {
            let term = below(terms);
            let k = below(12) + usize::from(rule == 1 && part == 0) * edit;
            parts.push(match term % 6 {
                0 if below(4) == 0 => format!("n{term} >= cut"),
                0 => format!("n{term} >= {k}"),
                1 => format!("f{term}"),
                2 => format!("g{term} >= G{}", 1 + k % 5),
                3 => format!("as_of < d{term} + {} years", 5 + k),
                4 if term >= 4 && below(3) == 0 => {
                    format!("n{} > 0 and x{term} / n{} >= {}%", term - 4, term - 4, 50 + k)
                }
                4 => format!("x{term} < {k}.5"),
                _ if below(3) == 0 => format!("(count of results where score >= {k}) >= 2"),
                _ => format!("o{term} presumed 0 <= {k}"),
            });
        }
        let outcome = ["promoted", "review", "retained"].get(below(3)).unwrap();
        write!(text, "\n  rule r{rule}: {outcome}\n    when {}\n", parts.join(" and ")).unwrap();
        if rule > 0 && below(3) > 0 {
            writeln!(text, "    notwithstanding r{}", below(rule)).unwrap();
        }
    }
    text.push_str("}\n");
    text
}

fn median(mut run: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..5).map(|_| run()).collect();
    times.sort();
    times.get(2).copied().unwrap_or_default()
}

/// How long it takes, and what comes of it; what it leaves is dropped outside of it.
fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed(), result)
}

fn diagnostics(database: &Database) -> usize {
    database.files().iter().map(|file| database.diagnostics(*file).len()).sum()
}

fn row(what: &str, time: Duration, bar: Duration, more: &str) {
    let said = if time <= bar { "within" } else { "OVER" };
    println!("{what:<56} {:>9.1} ms  {said} {:>5} ms{more}", time.as_secs_f64() * 1000.0, bar.as_millis());
}

fn main() {
    println!("medians of 5");
    for (rules, terms, bar) in [(6, 10, 20), (30, 30, 100), (200, 60, 2_000)] {
        let text = decision(rules, terms, 0);
        let load = || {
            let mut database = Database::default();
            database.set_text("bench.rubric", Some(&text));
            database
        };
        let found = diagnostics(&load());
        let steps = prove::steps();
        diagnostics(&load());
        let steps = prove::steps() - steps;
        let cold = median(|| {
            let database = load();
            timed(|| diagnostics(&database)).0
        });
        let peer = median(|| {
            let database = load();
            timed(|| database.plan()).0
        });
        let ratio = cold.as_secs_f64() / peer.as_secs_f64();
        let bar = Duration::from_millis(bar);
        let more = format!("; {ratio:.0} times its plan; {found} diagnostics, {steps} steps");
        row(&format!("{rules} rules over {terms} terms, all proofs, cold"), cold, bar, &more);
    }

    let shipped: Vec<(String, String)> =
        rubric_policies::FILES.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let load = |with: &[(String, String)]| {
        let mut database = Database::default();
        for (path, text) in shipped.iter().chain(with) {
            database.set_text(path, Some(text));
        }
        database
    };
    let cold = median(|| {
        let database = load(&[]);
        timed(|| diagnostics(&database)).0
    });
    row(&format!("the {} shipped policies, cold", shipped.len()), cold, Duration::from_secs(2), "");

    let mut database = load(&[("bench.rubric".to_owned(), decision(30, 30, 0))]);
    let (all, _) = timed(|| diagnostics(&database));
    let mut edit = 0;
    let again = median(|| {
        edit += 1;
        database.set_text("bench.rubric", Some(&decision(30, 30, edit)));
        timed(|| diagnostics(&database)).0
    });
    let more = format!("; {:.1} ms before", all.as_secs_f64() * 1000.0);
    row("all and a decision of 30 rules, after an edit in a rule", again, Duration::from_millis(100), &more);
}
