//! Whatever policies say, checks and proofs come to an end: no panic, steps within a bound, and what is not decided said with a
//! reason.
//!
//! `RUBRIC_CASES` says how many times policies are made, each time four to six that hang together; `RUBRIC_SEED` with which
//! the first are. What is rejected is checked as well: it
//! is no less of a text than what is accepted.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::time::Instant;

use rubric_engine::db::Database;
use rubric_engine::diagnostic::Severity;
use rubric_engine::prove;
use rubric_generate::{Program, Random, Settings, cases, first_seed, program};

/// Steps that the proofs of some policies may take together, by far more than any of a million took.
const MOST_STEPS: u64 = 2_000_000;

const PROMISES: &str = "policy w {
  title \"T\"
  authority state \"S\" under v
  cite \"c\"
  effective from 2000-01-01
  school_year starts july 1
  month_end round up
}
use v
use p
use q
";

/// The names that are declared so, in the order of the text.
fn declared<'t>(text: &'t str, keyword: &str) -> Vec<&'t str> {
    let lines = text.lines().filter_map(|line| line.strip_prefix(keyword));
    lines.filter_map(|line| line.split([' ', '(']).next()).collect()
}

/// The files of a program, what is granted in it being drawn anew, with promises about what it declares, and with waivers.
fn files(random: &mut Random, program: &Program) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut promises = String::from(PROMISES);
    for file in &program.files {
        let whole = file.text();
        let mut text = String::new();
        for line in whole.split_inclusive('\n') {
            // Amounts can only be replaced.
            let grants: &[&str] = match line.split(' ').next() {
                Some("decision" | "requirement") => &["replace", "replace", "tighten", "relax"],
                _ => &["replace"],
            };
            let grant = format!("districts may {}", random.pick(grants).unwrap());
            let mut line = line.replace("districts may replace", &grant);
            if line.trim_start().starts_with("rule ") && random.percent(20) {
                line = line.replace(" cite \"c\"", " cite \"c\" waivable by \"board\"");
            }
            text.push_str(&line);
        }
        let pick = |random: &mut Random, list: &[&str]| {
            list.get(random.below(list.len().max(1))).map(|&it| it.to_owned())
        };
        let decisions: Vec<&str> = whole
            .lines()
            .filter(|line| line.starts_with("decision ") && line.contains(" of Child"))
            .filter_map(|line| line.split(' ').nth(1))
            .collect();
        let facts = ["a", "n", "grade", "part", "fund", "day", "quota", "m"];
        for decision in decisions {
            let fact = pick(random, &facts).unwrap();
            promises.push_str(&match random.below(5) {
                0 => format!("assert {decision} never worsens as {fact} rises\n"),
                1 => format!("assert {decision} never worsens as {fact} falls\n"),
                2 => format!("assert {decision} never depends on {fact}\n"),
                3 => format!("assert ({decision} = first_{decision}) implies (n >= {})\n", random.below(3)),
                _ => format!("assert (a and n > 1) implies ({decision} != third_{decision})\n"),
            });
        }
        for amount in declared(&whole, "amount ").into_iter().filter(|name| name.starts_with("pay_")) {
            promises.push_str(&match random.below(3) {
                0 => format!("assert {amount} is at least 0\n"),
                1 => format!("assert {amount}.base is at most 3\n"),
                _ => format!("assert {amount} never depends on note\n"),
            });
        }
        files.push((file.path.clone(), text));
    }
    files.push(("w.rubric".to_owned(), promises));
    files
}

#[test]
fn checks_and_proofs_come_to_an_end() {
    let mut codes: BTreeMap<String, usize> = BTreeMap::new();
    let (mut most, mut slowest) = ((0, 0), (0, 0));
    let (mut policies, mut accepted, mut rejected) = (0_usize, 0_usize, 0_usize);
    let start = Instant::now();
    for case in 0..cases(40) {
        let seed = first_seed() + u64::try_from(case).unwrap();
        let mut random = Random::new(seed ^ 0x0c4e_c4ed);
        let settings = Settings {
            errors: !seed.is_multiple_of(3),
            known: true,
            depth: 1 + random.below(3),
            all: seed.is_multiple_of(2),
        };
        let program = program(&mut random, &settings);
        let files = files(&mut random, &program);
        let (before, since) = (prove::steps(), Instant::now());
        let mut database = Database::default();
        for (path, text) in &files {
            database.set_text(path, Some(text));
        }
        policies += files.len();
        let mut is_rejected = false;
        for file in database.files() {
            for found in database.diagnostics(file) {
                is_rejected |= found.severity == Severity::Error;
                if found.code == "not-decided" || found.code == "assertion-open" {
                    let because = found.message.split_once("because of ").map_or("", |(_, why)| why);
                    assert!(!because.trim().is_empty(), "seed {seed}: no reason in {}", found.message);
                }
                *codes.entry(found.code.to_owned()).or_default() += 1;
            }
        }
        *if is_rejected { &mut rejected } else { &mut accepted } += 1;
        let steps = prove::steps() - before;
        most = most.max((steps, seed));
        let took = since.elapsed().as_millis();
        slowest = slowest.max((took, seed));
        let text = || files.iter().map(|(path, text)| format!("// {path}\n{text}\n")).collect::<String>();
        assert!(steps <= MOST_STEPS, "seed {seed}: {steps} steps\n{}", text());
    }
    println!(
        "{policies} policies in {:?}, {accepted} times without errors, {rejected} times with some; at most {} steps (seed {}), {} ms (seed {})\n{codes:?}",
        start.elapsed(),
        most.0,
        most.1,
        slowest.0,
        slowest.1
    );
    assert!(accepted > 0 && rejected > 0, "{accepted} {rejected}");
    // Something is found of nearly every kind, or the proofs were never begun.
    for code in
        ["rule-conflict", "rule-never-applies", "condition-always-holds", "assertion-fails", "not-decided"]
    {
        assert!(codes.contains_key(code), "nothing was `{code}`: {codes:?}");
    }
}
