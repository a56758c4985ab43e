//! How long proofs take. `cargo bench --bench prove` prints medians beside their bars; nothing fails on a time.
//!
//! Decisions are generated (`made/decision.rs`). Every figure is of a fresh database: parsing, all checks and all proofs. The
//! peer of the same run is the same decision without proofs (its plan), so that the ratio says what proving costs on any
//! machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a program for developers")]

#[path = "made/decision.rs"]
mod made;

use std::time::{Duration, Instant};

use made::decision;
use rubric_engine::db::Database;
use rubric_engine::prove;

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
