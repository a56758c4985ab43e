//! The checker that proves, on small policies: every planted fault is found, with a record that shows it and a test that
//! passes when it is pasted; nothing is found where nothing is wrong; and nothing is left undecided.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

#[path = "common/corpus.rs"]
mod corpus;

use std::collections::BTreeSet;

use corpus::{database, mended, replayed, said};
use rubric_engine::diagnostic::{Diagnostic, Severity};
use rubric_engine::testing;

const VOCABULARY: &str = include_str!("prove/vocabulary.rubric");
const FAULTS: &str = include_str!("prove/faults.txt");
const SOUND: &str = include_str!("prove/sound.txt");
const PROMISES: &str = include_str!("prove/promises.txt");

/// What the checks say that prove something, each with the place where it is said.
const CODES: [&str; 11] = [
    "rule-conflict",
    "decision-gap",
    "rule-never-applies",
    "rule-never-changes",
    "condition-always-holds",
    "constant-comparison",
    "requirement-never-violated",
    "requirement-never-met",
    "case-arms-disagree",
    "case-without-arm",
    "not-decided",
];

/// Name, what is expected, text. Of a fault that is the code `at` the place, with the word before it: `rule-conflict at rule b`.
fn sections(text: &str) -> Vec<(String, BTreeSet<String>, String)> {
    text.split("=== ")
        .skip(1)
        .map(|section| {
            let (head, body) = section.split_once('\n').unwrap();
            let (name, codes) = head.split_once('|').unwrap_or((head, ""));
            let codes =
                codes.split(';').map(|code| code.trim().to_owned()).filter(|code| !code.is_empty()).collect();
            let body = if body.starts_with("rule ") || body.starts_with("default ") {
                let (rules, rest) = body.split_at(body.find("\nassert ").map_or(body.len(), |at| at + 1));
                format!("decision d of S {{\n  outcomes up, mid, low\n  cite \"§ 2\"\n{rules}}}\n{rest}")
            } else {
                body.to_owned()
            };
            (name.trim().to_owned(), codes, format!("{VOCABULARY}{body}"))
        })
        .collect()
}

fn files(text: &str) -> [(&'static str, String); 1] {
    [("corpus.rubric", text.to_owned())]
}

fn checked(text: &str) -> Vec<Diagnostic> {
    corpus::found(&database(&files(text)))
}

/// Codes with their places, as a section expects them.
fn places(text: &str) -> BTreeSet<String> {
    let database = database(&files(text));
    let found = corpus::found(&database);
    let proved = found.iter().filter(|one| CODES.contains(&one.code) || one.code.starts_with("assertion-"));
    proved.map(|one| said(&database, one)).collect()
}

#[test]
fn every_planted_fault_is_found_and_shown() {
    let mut failures = Vec::new();
    let sections = sections(FAULTS);
    assert!(sections.len() >= 60, "{}", sections.len());
    for (name, expected, text) in &sections {
        let found = checked(text);
        let said = places(text);
        if said != *expected {
            let all: Vec<String> = found.iter().map(|one| format!("{}: {}", one.code, one.message)).collect();
            failures.push(format!("{name}: {said:?}, not {expected:?}; {all:?}"));
        }
        let shows = |said: &&String| {
            let code = said.split(' ').next().unwrap_or_default();
            ["rule-conflict", "decision-gap", "case-arms-disagree", "case-without-arm"].contains(&code)
        };
        if expected.iter().any(|said| shows(&said))
            && !found.iter().any(|one| one.help.as_ref().is_some_and(|help| help.contains("\n\ntest ")))
        {
            failures.push(format!("{name}: no record is shown"));
        }
        failures
            .extend(replayed(&files(text), &found).into_iter().map(|failure| format!("{name}: {failure}")));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_mend_of_a_conflict_that_is_offered_mends() {
    let (mut made, mut failures) = (0, Vec::new());
    for (name, expected, text) in &sections(FAULTS) {
        // Where several are told, one mend leaves the others, with other records.
        if expected.iter().filter(|said| said.starts_with("rule-conflict")).count() != 1 {
            continue;
        }
        let (count, failed) = mended(&files(text), &checked(text));
        made += count;
        failures.extend(failed.into_iter().map(|failure| format!("{name}: {failure}")));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(made >= 60, "{made}");
}

#[test]
fn promises_are_proved_or_broken_by_a_record() {
    let mut failures = Vec::new();
    for (name, expected, text) in &sections(PROMISES) {
        let found = checked(text);
        let (verdict, place) =
            expected.first().map_or(("", ""), |one| one.split_once(" at ").unwrap_or((one, "")));
        let code = match verdict {
            "kept" => None,
            "broken" => Some("assertion-fails"),
            _ => Some("assertion-open"),
        };
        if let Some(code) = code {
            let (said, wanted) = (places(text), format!("{code} at {place}"));
            if !said.contains(&wanted) {
                failures.push(format!("{name}: {said:?}, not {wanted}"));
            }
        }
        let said: Vec<&Diagnostic> = found
            .iter()
            .filter(|one| {
                one.code.starts_with("assertion-")
                    || one.severity == Severity::Error && !CODES.contains(&one.code)
            })
            .collect();
        if said.iter().map(|one| one.code).collect::<Vec<_>>() != code.into_iter().collect::<Vec<_>>() {
            let all: Vec<String> =
                found.iter().map(|one| format!("{}: {} {:?}", one.code, one.message, one.help)).collect();
            failures.push(format!("{name}: {code:?}, not {}", all.join("; ")));
        }
        for one in said {
            let tests = one.help.as_ref().map_or(0, |help| help.matches("test \"").count());
            let pair = one.message.contains(" worsens ");
            let reads = one.message.contains(" depends on ");
            if one.code == "assertion-fails" && !reads && tests != if pair { 2 } else { 1 } {
                failures.push(format!("{name}: {tests} tests in {:?}", one.help));
            }
        }
        failures
            .extend(replayed(&files(text), &found).into_iter().map(|failure| format!("{name}: {failure}")));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What a broken promise looks like.
#[test]
fn a_broken_promise_as_it_is_said() {
    let mut shown = String::new();
    for (name, _, text) in sections(PROMISES)
        .iter()
        .filter(|(_, expected, _)| expected.iter().any(|one| one.starts_with("broken")))
    {
        for one in checked(text).iter().filter(|one| one.code == "assertion-fails") {
            shown.push_str(&format!(
                "{name}: {}\n{}\n",
                one.message,
                one.help.as_deref().unwrap_or_default()
            ));
        }
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    let mut failures = Vec::new();
    let sections = sections(SOUND);
    assert!(sections.len() >= 60, "{}", sections.len());
    for (name, _, text) in &sections {
        let found = checked(text);
        let wrong = |one: &&Diagnostic| CODES.contains(&one.code) || one.severity == Severity::Error;
        for one in found.iter().filter(wrong) {
            failures.push(format!("{name}: {}: {} {:?}", one.code, one.message, one.help));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn what_is_found_is_the_same_every_time() {
    for (name, _, text) in sections(FAULTS).iter().take(20) {
        assert_eq!(checked(text), checked(text), "{name}");
    }
}

/// A record that the evaluator does not confirm is left out of one search, and is no proof for what is asked after it.
#[test]
fn what_one_search_leaves_out_proves_nothing() {
    let text = format!(
        "{VOCABULARY}decision d of S {{\n  outcomes up, mid, low\n  cite \"§ 2\"\n  default low\n\
         rule a: up when n * m > 100 and n < 20 and m < 20\n\
         rule b: mid when n * m > 100 and n < 20 and m < 20\n}}\n\
         test \"both apply\" {{\n  as of 2024-06-01\n  S ana {{ n: 15  m: 15 }}\n  expect ana.d = conflict\n}}\n"
    );
    let plan = database(&files(&text)).plan();
    assert!(plan.tests.len() == 1 && testing::run(&plan, &plan.tests[0]).passed);
    assert_eq!(places(&text), BTreeSet::from(["not-decided at decision d".to_owned()]));
}

/// Nine flags for each of so many pigeons and holes: no search finds out in a bounded time that one hole has two.
#[test]
fn what_ran_out_of_steps_is_said() {
    const HOLES: usize = 9;
    let flag = |pigeon: usize, hole: usize| format!("f{pigeon}_{hole}");
    let all = || (0..=HOLES).flat_map(|pigeon| (0..HOLES).map(move |hole| (pigeon, hole)));
    let fields: String = all().map(|(pigeon, hole)| format!("  {}: flag\n", flag(pigeon, hole))).collect();
    let somewhere = (0..=HOLES).map(|pigeon| {
        let holes: Vec<String> = (0..HOLES).map(|hole| flag(pigeon, hole)).collect();
        format!("({})", holes.join(" or "))
    });
    let alone = all().flat_map(|(pigeon, hole)| {
        let after = pigeon + 1..=HOLES;
        after.map(move |other| format!("not ({} and {})", flag(pigeon, hole), flag(other, hole)))
    });
    let condition: Vec<String> = somewhere.chain(alone).collect();
    let text = format!(
        "policy corpus {{ title \"P\" cite \"§\" }}\nrecord S {{\n  key id: text\n{fields}}}\n\
         decision d of S {{\n  outcomes up, low\n  cite \"§ 2\"\n  default low\n  rule a: up when {}\n}}\n",
        condition.join(" and ")
    );
    let found = checked(&text);
    let said: Vec<&str> = found.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(
        said,
        ["not decided: whether every rule and comparison has an effect, because of steps that ran out"]
    );
}
