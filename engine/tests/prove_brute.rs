//! The checker against brute force: generated decisions over small domains, every record of which the evaluator decides.
//!
//! `RUBRIC_CASES` says how many; 10,000 takes a few minutes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rubric_engine::db::Database;
use rubric_engine::evaluate::{By, Verdict};
use rubric_engine::plan::{DecisionId, Plan, ResultId, ResultStatus};
use rubric_engine::prove::{Equivalence, Fact, Finding, Row, Witness, equivalent, findings};
use rubric_engine::value::{Date, Number, RecordId, Value};

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[usize::try_from(self.below(list.len() as u64)).unwrap()]
    }
}

const HEADER: &str = "policy t { title \"T\" cite \"§\" effective from 2024-01-01 until 2024-01-02 }\n\
    category Size { small, middle, large }\n\
    record S { key id: text  n: count  m: count  f: flag  of_: flag?  on: count?  c: Size  rows: many R }\n\
    record R { key rid: text  s: S  ok: flag  level: flag }\n";

/// A condition; numbers are held to 0..=3 by the decision's `where`.
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
    match random.below(12) {
        0 | 1 => format!("(n {op} {k})"),
        2 => format!("(m {op} {k})"),
        3 => format!("(n {op} m)"),
        4 => format!("(n + m {op} {})", k + 1),
        5 => "f".to_owned(),
        6 => random.pick(&["of_", "(of_ presumed no)", "(of_ is missing)", "(of_ is known)"]).to_owned(),
        7 => format!("({} {op} {k})", random.pick(&["on", "(on presumed 1)"])),
        8 => format!("(c {} {})", random.pick(&["=", "!="]), random.pick(&["small", "middle", "large"])),
        9 => format!(
            "((count of rows where {}) {op} {})",
            random.pick(&["ok", "level", "ok and level", "not ok", "ok or level"]),
            k % 3
        ),
        10 => format!("(any of rows where {})", random.pick(&["ok", "level", "ok and level", "not ok"])),
        _ => format!("((if f then n else m) {op} {k})"),
    }
}

fn decision(random: &mut Random) -> String {
    let mut text = format!(
        "{HEADER}decision d of S where n <= 2 and m <= 2 and (on presumed 0) <= 1 and (count of rows) <= 2 {{\n  outcomes up, mid, low\n  cite \"§\"\n"
    );
    if random.below(3) > 0 {
        let _ = writeln!(text, "  default {}", random.pick(&["up", "low"]));
    }
    let rules = 2 + random.below(4);
    for rule in 0..rules {
        let when = condition(random, 2);
        let _ = write!(text, "  rule r{rule}: {} when {when}", random.pick(&["up", "mid", "low"]));
        for other in 0..rule {
            if random.below(4) == 0 {
                let _ = write!(text, " {} r{other}", random.pick(&["subject to", "notwithstanding"]));
                break;
            }
        }
        text.push('\n');
    }
    text.push('}');
    text
}

fn plan(text: &str) -> Option<std::sync::Arc<Plan>> {
    let mut database = Database::default();
    database.set_text("t.rubric", Some(text));
    let plan = database.plan();
    plan.decisions.contains_key(&0).then_some(plan)
}

/// Every record within the `where`.
fn records() -> Vec<Witness> {
    let mut all = Vec::new();
    // By kind of row: how many.
    let mut kinds: Vec<[u8; 4]> = Vec::new();
    for a in 0..=2u8 {
        for b in 0..=2 - a {
            for c in 0..=2 - a - b {
                for d in 0..=2 - a - b - c {
                    kinds.push([a, b, c, d]);
                }
            }
        }
    }
    let number = |n: i64| Fact::Value(Value::Number(Number::from_int(n)));
    let flag = |yes: bool| Fact::Value(Value::Flag(yes));
    for n in 0..=2 {
        for m in 0..=2 {
            for f in [false, true] {
                for of in [None, Some(false), Some(true)] {
                    for on in [None, Some(0), Some(1)] {
                        for c in 0..3 {
                            for counts in &kinds {
                                let facts = BTreeMap::from([
                                    (1, number(n)),
                                    (2, number(m)),
                                    (3, flag(f)),
                                    (4, of.map_or(Fact::Missing, flag)),
                                    (5, on.map_or(Fact::Missing, number)),
                                    (6, Fact::Value(Value::Category(c))),
                                ]);
                                let mut rows = vec![Row { record: RecordId(0), name: "s".into(), facts }];
                                for (kind, count) in counts.iter().enumerate() {
                                    for copy in 0..*count {
                                        let facts = BTreeMap::from([
                                            (1, Fact::Row(0)),
                                            (2, flag(kind & 1 == 1)),
                                            (3, flag(kind & 2 == 2)),
                                        ]);
                                        let name = format!("r{kind}{copy}");
                                        rows.push(Row { record: RecordId(1), name: name.into(), facts });
                                    }
                                }
                                all.push(Witness {
                                    as_of: Date::constant(2024, 1, 1),
                                    rows,
                                    supplied: vec![RecordId(0), RecordId(1)],
                                    inputs: BTreeMap::new(),
                                });
                            }
                        }
                    }
                }
            }
        }
    }
    all
}

const D: DecisionId = DecisionId(0);

fn cases() -> u64 {
    std::env::var("RUBRIC_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(12)
}

#[test]
fn what_is_proved_is_what_enumeration_finds() {
    let mut random = Random(7);
    // A record costs the evaluator some microseconds: of the many only every third is asked, from a start that moves.
    let all = records();
    let mut done = 0;
    while done < cases() {
        let text = decision(&mut random);
        let Some(plan) = plan(&text) else { continue };
        done += 1;
        let body = &plan.decisions[&0];
        let (mut conflicts, mut gap) = (BTreeSet::new(), false);
        let mut applied = BTreeSet::new();
        for record in all.iter().skip(usize::try_from(done % 3).unwrap()).step_by(3) {
            let result = record.ask(&plan, |evaluator| evaluator.decision(D, 0));
            let rules: Vec<u32> = result
                .by
                .iter()
                .filter_map(|by| if let By::Rule(rule) = by { Some(*rule) } else { None })
                .collect();
            match result.verdict {
                Verdict::Status(ResultStatus::Conflict) => {
                    conflicts.insert(rules);
                }
                Verdict::Status(ResultStatus::Undetermined)
                    if result.possible.is_empty() && result.needs.is_empty() =>
                {
                    gap = true;
                }
                _ => applied.extend(rules),
            }
        }
        let found = findings(&plan, ResultId::Decision(D));
        for finding in &found {
            match finding {
                Finding::Open(what, _, why) => panic!("not decided: {what}, {why}\n{text}"),
                Finding::NeverApplies(_, rule, _) => {
                    assert!(!applied.contains(rule), "rule {rule} applies\n{text}");
                    assert!(
                        conflicts.iter().all(|rules| !rules.contains(rule)),
                        "rule {rule} applies\n{text}"
                    );
                }
                Finding::NeverChanges(_, rule) => {
                    assert_eq!(without(&plan, *rule, &all), None, "rule {rule}\n{text}")
                }
                Finding::AlwaysHolds(_, rule, _) => {
                    let when = body.rules[*rule as usize].when;
                    assert!(when.is_some());
                }
                _ => {}
            }
        }
        let says_conflict = found.iter().any(|one| matches!(one, Finding::Conflict(..)));
        let says_gap = found.iter().any(|one| matches!(one, Finding::Gap(..)));
        // A third of the records may miss what is shown; what is shown the evaluator has confirmed.
        assert!(conflicts.is_empty() || says_conflict, "a conflict was missed\n{text}");
        assert!(!gap || says_gap, "a gap was missed\n{text}");
        if says_conflict && conflicts.is_empty() {
            let somewhere = all.iter().any(|record| {
                let result = record.ask(&plan, |evaluator| evaluator.decision(D, 0));
                result.verdict == Verdict::Status(ResultStatus::Conflict)
            });
            assert!(somewhere, "a conflict that no record has\n{text}");
        }
        if says_gap && !gap {
            let somewhere = all.iter().any(|record| {
                let result = record.ask(&plan, |evaluator| evaluator.decision(D, 0));
                result.verdict == Verdict::Status(ResultStatus::Undetermined)
                    && result.possible.is_empty()
                    && result.needs.is_empty()
            });
            assert!(somewhere, "a gap that no record has\n{text}");
        }
    }
}

/// A record that has another result without the rule.
fn without(plan: &Plan, rule: u32, all: &[Witness]) -> Option<Witness> {
    let mut other = plan.clone();
    let mut body = (*other.decisions[&0]).clone();
    // A rule that is never in force.
    let never = rubric_engine::plan::Interval { from: Some(Date::constant(3000, 1, 1)), until: None };
    body.rules[rule as usize].interval = never;
    other.decisions.insert(0, std::sync::Arc::new(body));
    let result =
        |plan: &Plan, record: &Witness| record.ask(plan, |evaluator| evaluator.decision(D, 0).verdict);
    let settled = |verdict: &Verdict| match verdict {
        Verdict::Status(ResultStatus::Error) => Verdict::Status(ResultStatus::Undetermined),
        other => other.clone(),
    };
    all.iter()
        .step_by(2)
        .find(|record| settled(&result(plan, record)) != settled(&result(&other, record)))
        .cloned()
}

#[test]
fn versions_that_are_called_the_same_are() {
    let mut random = Random(11);
    let all = records();
    let mut done = 0;
    let (mut same, mut differ) = (0, 0);
    while done < cases() {
        let first = decision(&mut random);
        // Half of the time the second is a small edit of the first.
        let second = if random.below(2) == 0 {
            let body = first.strip_prefix(HEADER).unwrap();
            let edits = [("<=", "<"), (">=", ">"), (" and ", " or "), (" or ", " and "), (": mid", ": low"), ("1)", "2)")];
            let (from, to) = edits[usize::try_from(random.below(6)).unwrap()];
            format!("{HEADER}{}", body.replacen(from, to, 1))
        } else {
            first
                .replace("(n < 1)", "(n <= 0)")
                .replace("(n >= 1)", "(n > 0)")
                .replace("(m > 1)", "(not (m <= 1))")
        };
        let (Some(a), Some(b)) = (plan(&first), plan(&second)) else { continue };
        done += 1;
        let result = |plan: &Plan, record: &Witness| match record
            .ask(plan, |evaluator| evaluator.decision(D, 0).verdict)
        {
            Verdict::Status(ResultStatus::Error) => Verdict::Status(ResultStatus::Undetermined),
            other => other,
        };
        match equivalent(&a, ResultId::Decision(D), &b, ResultId::Decision(D)) {
            Equivalence::Same => {
                same += 1;
                for record in all.iter().skip(usize::try_from(done % 3).unwrap()).step_by(3) {
                    assert_eq!(result(&a, record), result(&b, record), "{first}\n{second}\n{record:?}");
                }
            }
            Equivalence::Differs(difference) => {
                differ += 1;
                assert_ne!(
                    result(&a, &difference.witness),
                    result(&b, &difference.witness),
                    "{first}\n{second}"
                );
                assert_ne!(difference.old, difference.new);
            }
            Equivalence::NotDecided(why) => panic!("not decided: {why}\n{first}\n{second}"),
        }
    }
    assert!(cases() < 10 || (same > 0 && differ > 0), "{same} {differ}");
}
