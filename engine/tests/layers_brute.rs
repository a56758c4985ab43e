//! Proofs about layers against brute force: generated laws of a state and amendments of a district over small domains. Every
//! record of the domain is decided by the evaluator, once with the state's text alone and once with the district's too, and
//! what the checker says must be what these records show, one way and the other.
//!
//! `RUBRIC_CASES` says how many of each.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "common/random.rs"]
mod random;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rubric_engine::db::Database;
use rubric_engine::diagnostic::Severity;
use rubric_engine::evaluate::{Evaluator, Options, Verdict};
use rubric_engine::plan::{DecisionId, Instance, Plan, RequirementId, ResultStatus};
use rubric_engine::prove::{Fact, Row, Witness};
use rubric_engine::testing;
use rubric_engine::value::{Date, Number, RecordId, Value};

use random::Random;

const TODAY: Date = Date::constant(2024, 1, 1);
const WITHIN: &str = "n <= 2 and (on presumed 0) <= 1";

fn cases() -> u64 {
    std::env::var("RUBRIC_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300)
}

fn header(grant: &str, cut: u64) -> String {
    format!(
        "policy state {{ title \"T\" authority state \"S\" cite \"§\" effective from 2024-01-01 until 2024-01-02 }}\n\
         record District {{ key district_id: text }}\n\
         record S {{ key id: text  district: District jurisdiction  n: count  f: flag  of_: flag?  on: count? }}\n\
         parameter cut: count, districts may {grant} {{ cite \"§\" from 2024-01-01: {cut} }}\n"
    )
}

/// A condition; numbers are held to a few values by a `where`.
fn condition(random: &mut Random, depth: u64) -> String {
    if depth > 0 && random.below(2) == 0 {
        let (a, b) = (condition(random, depth - 1), condition(random, depth - 1));
        return match random.below(3) {
            0 => format!("({a} and {b})"),
            1 => format!("({a} or {b})"),
            _ => format!("(not {a})"),
        };
    }
    let op = random.pick(&["=", "!=", "<", "<=", ">", ">="]);
    let k = random.below(4);
    match random.below(7) {
        0 | 1 => format!("(n {op} {k})"),
        2 => format!("(n {op} cut)"),
        3 => "f".to_owned(),
        4 => random.pick(&["of_", "(of_ presumed no)", "(of_ is missing)", "(of_ is known)"]).to_owned(),
        5 => format!("({} {op} {k})", random.pick(&["on", "(on presumed 1)"])),
        _ => format!("((on presumed 0) {op} cut)"),
    }
}

/// The rules of a decision, each after those of `above`.
fn rules(random: &mut Random, name: &str, above: &[String]) -> (String, Vec<String>) {
    let (mut text, mut labels) = (String::new(), Vec::new());
    for number in 0..1 + random.below(3) {
        let label = format!("{name}{number}");
        let when = condition(random, 2);
        let _ = write!(text, "  rule {label}: {} when {when}", random.pick(&["up", "mid", "low"]));
        for other in above.iter().chain(&labels) {
            match random.below(5) {
                0 => drop(write!(text, " subject to {other}")),
                1 => drop(write!(text, " notwithstanding {other}")),
                _ => {}
            }
        }
        text.push_str(" cite \"§\"\n");
        labels.push(label);
    }
    (text, labels)
}

fn database(state: &str, district: Option<&str>) -> Database {
    let mut database = Database::default();
    database.set_text("state.rubric", Some(state));
    if let Some(district) = district {
        database.set_text("dade.rubric", Some(district));
    }
    database
}

/// Every record of the district.
fn records() -> Witness {
    let number = |n: i64| Fact::Value(Value::Number(Number::from_int(n)));
    let flag = |yes: bool| Fact::Value(Value::Flag(yes));
    let fields: [(u32, Vec<Fact>); 4] = [
        (2, (0..3).map(number).collect()),
        (3, vec![flag(false), flag(true)]),
        (4, vec![flag(false), flag(true), Fact::Missing]),
        (5, vec![number(0), number(1), number(2), Fact::Missing]),
    ];
    let mut all: Vec<BTreeMap<u32, Fact>> = vec![BTreeMap::from([(1, Fact::Row(0))])];
    for (field, values) in fields {
        let with = |facts: &BTreeMap<u32, Fact>, value: &Fact| {
            let mut facts = facts.clone();
            facts.insert(field, value.clone());
            facts
        };
        all = all.iter().flat_map(|facts| values.iter().map(move |value| with(facts, value))).collect();
    }
    let mut rows = vec![Row { record: RecordId(0), name: "dade".into(), facts: BTreeMap::new() }];
    rows.extend(all.into_iter().enumerate().map(|(number, facts)| Row {
        record: RecordId(1),
        name: format!("s{number}").into(),
        facts,
    }));
    let supplied = vec![RecordId(0), RecordId(1)];
    Witness { as_of: TODAY, rows, supplied, ..Witness::default() }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    Worth(u32),
    NotApplicable,
    Conflict,
    Nothing,
    Open,
}

fn decided(evaluator: &Evaluator<'_>, decision: u32, row: u32) -> Given {
    let result = evaluator.decision(DecisionId(decision), row);
    match result.verdict {
        Verdict::Outcome(outcome) => Given::Worth(outcome),
        Verdict::Status(ResultStatus::Conflict) => Given::Conflict,
        Verdict::Status(ResultStatus::NotApplicable) => Given::NotApplicable,
        Verdict::Status(ResultStatus::Undetermined)
            if result.possible.is_empty() && result.needs.is_empty() =>
        {
            Given::Nothing
        }
        Verdict::Status(ResultStatus::Undetermined) => Given::Open,
        Verdict::Status(other) => panic!("{}", other.word()),
    }
}

fn judged(evaluator: &Evaluator<'_>, row: u32) -> Given {
    let it = Instance { requirement: RequirementId(0), value: None };
    match evaluator.requirement(it, row).status {
        ResultStatus::Met | ResultStatus::Excepted => Given::Worth(0),
        ResultStatus::Violated => Given::Worth(1),
        ResultStatus::NotApplicable => Given::NotApplicable,
        ResultStatus::Undetermined => Given::Open,
        other => panic!("{}", other.word()),
    }
}

/// What every record of the domain has.
fn all(plan: &Plan, given: impl Fn(&Evaluator<'_>, u32) -> Given) -> Vec<Given> {
    let data = records().dataset(&plan.symbols);
    let evaluator = Evaluator::new(plan, &data, TODAY, Options::default());
    (0..evaluator.rows_of(RecordId(1)).unwrap()).map(|row| given(&evaluator, row)).collect()
}

/// Whether a change of one record is not what was granted.
fn breaks(tighten: bool, requirement: bool, before: Given, after: Given) -> bool {
    match (before, after) {
        (Given::Worth(before), Given::Worth(after)) if tighten => after < before,
        (Given::Worth(before), Given::Worth(after)) => after > before,
        (Given::Worth(_), Given::Open) => false,
        (Given::Worth(_), _) => true,
        (Given::NotApplicable, after) => matches!(after, Given::Worth(_) | Given::Conflict),
        // What is satisfied in the district has to be so by the state's law.
        (Given::Open, Given::Worth(0)) => requirement && tighten,
        _ => false,
    }
}

#[test]
fn what_is_said_of_an_amendment_is_what_enumeration_finds() {
    let mut random = Random(13);
    let mut said: BTreeMap<&str, u64> = BTreeMap::new();
    let mut done = 0;
    while done < cases() {
        let requirement = random.below(4) == 0;
        let grant = random.pick(&["tighten", "relax"]);
        let (mut state, mut district) = (header("set", 1), String::new());
        let within = if random.below(3) == 0 { "n <= 2 and (on presumed 0) <= cut" } else { WITHIN };
        district.push_str("policy dade { title \"D\" authority district \"dade\" under state cite \"§\" }\n");
        if random.below(2) == 0 {
            let cut = random.below(3);
            let _ = writeln!(district, "amend parameter cut {{ from 2024-01-01: {cut} cite \"§\" }}");
        }
        if requirement {
            let (must, except) = (condition(&mut random, 2), condition(&mut random, 1));
            let _ = writeln!(
                state,
                "requirement q of S where {within}, districts may {grant} {{ cite \"§\" must a: {must} except b when {except} }}"
            );
            let more = condition(&mut random, 2);
            let clause = if grant == "tighten" { "must c:" } else { "except c when" };
            let _ = writeln!(district, "amend requirement q {{ {clause} {more} cite \"§\" }}");
        } else {
            let _ = writeln!(
                state,
                "decision d of S where {within}, districts may {grant} {{\n  outcomes up, mid, low"
            );
            if random.below(4) > 0 {
                let _ = writeln!(state, "  default {} cite \"§\"", random.pick(&["up", "low"]));
            }
            let (own, labels) = rules(&mut random, "a", &[]);
            let _ = writeln!(state, "{own}}}");
            let _ = writeln!(district, "amend decision d {{");
            if random.below(6) == 0 {
                let _ = writeln!(district, "  default {} cite \"§\"", random.pick(&["up", "mid", "low"]));
            }
            let (added, _) = rules(&mut random, "b", &labels);
            let _ = writeln!(district, "{added}}}");
        }
        let (alone, both) = (database(&state, None), database(&state, Some(&district)));
        let files = both.files();
        if files.iter().any(|file| !both.errors(*file).is_empty()) {
            // Rules that override each other in a circle.
            continue;
        }
        done += 1;
        let given = |evaluator: &Evaluator<'_>, row| {
            if requirement { judged(evaluator, row) } else { decided(evaluator, 0, row) }
        };
        let (before, after) = (all(&alone.plan(), given), all(&both.plan(), given));
        let broken = before
            .iter()
            .zip(&after)
            .any(|(before, after)| breaks(grant == "tighten", requirement, *before, *after));
        let found = both.diagnostics(both.file("dade.rubric").unwrap());
        let told: Vec<_> =
            found.iter().filter(|one| matches!(one.code, "not-tighter" | "not-looser")).collect();
        assert!(!found.iter().any(|one| one.code == "not-decided"), "{found:?}\n{state}\n{district}");
        assert_eq!(!told.is_empty(), broken, "{told:?}\n{state}\n{district}");
        for one in &told {
            assert_eq!(one.severity, Severity::Error);
            let (_, test) = one.help.as_ref().unwrap().split_once("made up:\n\n").unwrap();
            let plan = database(&state, Some(&format!("{district}\n{test}"))).plan();
            assert_eq!(plan.tests.len(), 1, "{test}\n{state}\n{district}");
            let report = testing::run(&plan, &plan.tests[0]);
            assert!(report.passed, "{:?}\n{test}\n{state}\n{district}", report.failures);
        }
        let kind = match (requirement, broken) {
            (true, true) => "requirement breaks",
            (true, false) => "requirement keeps",
            (false, true) => "decision breaks",
            (false, false) => "decision keeps",
        };
        *said.entry(kind).or_default() += 1;
    }
    println!("{done} amendments: {said:?}");
    assert_eq!(said.len(), 4, "{said:?}");
}

#[test]
fn what_is_said_of_a_grant_is_what_enumeration_finds() {
    let mut random = Random(17);
    let (mut mixed, mut one_way, mut done) = (0, 0, 0);
    while done < cases().div_ceil(2) {
        let rises = random.below(2) == 0;
        let mut decisions = String::new();
        for name in ["d", "e"] {
            let _ = writeln!(decisions, "decision {name} of S where {WITHIN} {{\n  outcomes up, mid, low");
            let _ = writeln!(decisions, "  default {} cite \"§\"", random.pick(&["up", "low"]));
            let (own, _) = rules(&mut random, name, &[]);
            let _ = writeln!(decisions, "{own}}}");
        }
        let text = |cut: u64| format!("{}{decisions}", header(if rises { "raise" } else { "lower" }, cut));
        let now = database(&text(2), None);
        let file = now.file("state.rubric").unwrap();
        if !now.errors(file).is_empty() || !decisions.contains("cut") {
            continue;
        }
        done += 1;
        // No number that is compared with it is more than three.
        let others: Vec<u64> = if rises { vec![3, 4] } else { vec![0, 1] };
        let (mut tighter, mut looser) = (false, false);
        for decision in 0..2 {
            let given = |evaluator: &Evaluator<'_>, row| decided(evaluator, decision, row);
            let before = all(&now.plan(), given);
            for cut in &others {
                for (before, after) in before.iter().zip(all(&database(&text(*cut), None).plan(), given)) {
                    if let (Given::Worth(before), Given::Worth(after)) = (before, after) {
                        tighter |= after > *before;
                        looser |= after < *before;
                    }
                }
            }
        }
        let found = now.diagnostics(file);
        let told = found.iter().any(|one| one.code == "mixed-grant");
        assert!(!found.iter().any(|one| one.code == "not-decided"), "{found:?}\n{}", text(2));
        assert_eq!(told, tighter && looser, "{found:?}\n{}", text(2));
        if told { mixed += 1 } else { one_way += 1 }
    }
    println!("{mixed} mixed, {one_way} not");
    assert!(mixed > 0 && one_way > 0, "{mixed} {one_way}");
}
