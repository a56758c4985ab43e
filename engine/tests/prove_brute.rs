//! The checker against brute force: generated decisions over small domains. Every record of the domain is decided by the
//! evaluator, and what the checker says must be what these records show, one way and the other.
//!
//! `RUBRIC_CASES` says how many decisions.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "common/random.rs"]
mod random;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rubric_engine::data::Dataset;
use rubric_engine::db::Database;
use rubric_engine::evaluate::{Evaluator, Options, Verdict};
use rubric_engine::plan::{DecisionId, ExprId, Interval, Plan, ResultId, ResultStatus};
use rubric_engine::prove::{Equivalence, Fact, Finding, Row, Witness, equivalent, findings};
use rubric_engine::value::{Date, Number, RecordId, State, Value};

use random::Random;

const HEADER: &str = "policy t { title \"T\" cite \"§\" effective from 2024-01-01 until 2024-01-02 }\n\
    category Size { small, middle, large }\n\
    record S { key id: text  n: count  m: count  f: flag  of_: flag?  on: count?  c: Size  rows: many R }\n\
    record R { key rid: text  s: S  ok: flag  level: flag }\n";

/// What a decision may read: so that all records can be looked at, each decision reads some of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Feature {
    N,
    M,
    F,
    OptionalFlag,
    OptionalNumber,
    Size,
    Rows,
}

const ALL: [Feature; 7] = [
    Feature::N,
    Feature::M,
    Feature::F,
    Feature::OptionalFlag,
    Feature::OptionalNumber,
    Feature::Size,
    Feature::Rows,
];

/// A condition; numbers are held to a few values by the decision's `where`.
fn condition(random: &mut Random, features: &BTreeSet<Feature>, depth: u64) -> String {
    if depth > 0 && random.below(2) == 0 {
        let (a, b) = (condition(random, features, depth - 1), condition(random, features, depth - 1));
        return match random.below(3) {
            0 => format!("({a} and {b})"),
            1 => format!("({a} or {b})"),
            _ => format!("(not {a})"),
        };
    }
    loop {
        let op = random.pick(&["=", "!=", "<", "<=", ">", ">="]);
        let k = random.below(4);
        let (reads, text): (&[Feature], String) = match random.below(12) {
            0 | 1 => (&[Feature::N], format!("(n {op} {k})")),
            2 => (&[Feature::M], format!("(m {op} {k})")),
            3 => (&[Feature::N, Feature::M], format!("(n {op} m)")),
            4 => (&[Feature::N, Feature::M], format!("(n + m {op} {})", k + 1)),
            5 => (&[Feature::F], "f".to_owned()),
            6 => (
                &[Feature::OptionalFlag],
                random.pick(&["of_", "(of_ presumed no)", "(of_ is missing)", "(of_ is known)"]).to_owned(),
            ),
            7 => (
                &[Feature::OptionalNumber],
                format!("({} {op} {k})", random.pick(&["on", "(on presumed 1)"])),
            ),
            8 => (
                &[Feature::Size],
                format!("(c {} {})", random.pick(&["=", "!="]), random.pick(&["small", "middle", "large"])),
            ),
            9 => (
                &[Feature::Rows],
                format!(
                    "((count of rows where {}) {op} {})",
                    random.pick(&["ok", "level", "ok and level", "not ok", "ok or level"]),
                    k % 3
                ),
            ),
            10 => (
                &[Feature::Rows],
                format!("(any of rows where {})", random.pick(&["ok", "level", "ok and level", "not ok"])),
            ),
            _ => (&[Feature::F, Feature::N, Feature::M], format!("((if f then n else m) {op} {k})")),
        };
        if reads.iter().all(|feature| features.contains(feature)) {
            return text;
        }
    }
}

fn features(random: &mut Random) -> BTreeSet<Feature> {
    let count = 3 + usize::try_from(random.below(3)).unwrap();
    let mut chosen = BTreeSet::new();
    while chosen.len() < count {
        chosen.insert(ALL[usize::try_from(random.below(7)).unwrap()]);
    }
    chosen
}

fn decision(random: &mut Random, features: &BTreeSet<Feature>) -> String {
    let mut within = Vec::new();
    for feature in features {
        within.extend(match feature {
            Feature::N => Some("n <= 2"),
            Feature::M => Some("m <= 2"),
            Feature::OptionalNumber => Some("(on presumed 0) <= 1"),
            Feature::Rows => Some("(count of rows) <= 2"),
            Feature::F | Feature::OptionalFlag | Feature::Size => None,
        });
    }
    let within = if within.is_empty() { String::new() } else { format!(" where {}", within.join(" and ")) };
    let mut text = format!("{HEADER}decision d of S{within} {{\n  outcomes up, mid, low\n  cite \"§\"\n");
    if random.below(3) > 0 {
        let _ = writeln!(text, "  default {}", random.pick(&["up", "low"]));
    }
    let rules = 2 + random.below(4);
    for rule in 0..rules {
        let when = condition(random, features, 2);
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

/// Every record within the `where` of decisions that read these features, all in one data set.
fn records(features: &BTreeSet<Feature>) -> Witness {
    let number = |n: i64| Fact::Value(Value::Number(Number::from_int(n)));
    let flag = |yes: bool| Fact::Value(Value::Flag(yes));
    let flags = || vec![flag(false), flag(true)];
    // By field: what it can be.
    let mut fields: Vec<(u32, Vec<Fact>)> = Vec::new();
    let mut kinds: Vec<[u8; 4]> = vec![[0; 4]];
    for feature in ALL {
        let read = features.contains(&feature);
        let (field, values) = match feature {
            Feature::N => (1, (0..3).map(number).collect()),
            Feature::M => (2, (0..3).map(number).collect()),
            Feature::F => (3, flags()),
            Feature::OptionalFlag => (4, flags().into_iter().chain([Fact::Missing]).collect()),
            Feature::OptionalNumber => (5, (0..2).map(number).chain([Fact::Missing]).collect()),
            Feature::Size => (6, (0..3).map(|c| Fact::Value(Value::Category(c))).collect::<Vec<_>>()),
            Feature::Rows => {
                if read {
                    kinds = (0..81_u8)
                        .map(|n| [n % 3, n / 3 % 3, n / 9 % 3, n / 27])
                        .filter(|kinds| kinds.iter().sum::<u8>() <= 2)
                        .collect();
                }
                continue;
            }
        };
        fields.push((field, if read { values } else { values[..1].to_vec() }));
    }
    let mut combinations: Vec<BTreeMap<u32, Fact>> = vec![BTreeMap::new()];
    for (field, values) in &fields {
        combinations = combinations
            .iter()
            .flat_map(|facts| {
                values.iter().map(|value| {
                    let mut facts = facts.clone();
                    facts.insert(*field, value.clone());
                    facts
                })
            })
            .collect();
    }
    let students: Vec<(&BTreeMap<u32, Fact>, &[u8; 4])> =
        combinations.iter().flat_map(|facts| kinds.iter().map(move |kinds| (facts, kinds))).collect();
    let mut rows: Vec<Row> = students
        .iter()
        .enumerate()
        .map(|(number, (facts, _))| Row {
            record: RecordId(0),
            name: format!("s{number}").into(),
            facts: (*facts).clone(),
        })
        .collect();
    for (number, (_, kinds)) in students.iter().enumerate() {
        for (kind, count) in kinds.iter().enumerate() {
            for copy in 0..*count {
                let facts = BTreeMap::from([
                    (1, Fact::Row(number)),
                    (2, flag(kind & 1 == 1)),
                    (3, flag(kind & 2 == 2)),
                ]);
                rows.push(Row { record: RecordId(1), name: format!("r{number}_{kind}{copy}").into(), facts });
            }
        }
    }
    Witness {
        as_of: TODAY,
        rows,
        supplied: vec![RecordId(0), RecordId(1)],
        inputs: BTreeMap::new(),
        ..Witness::default()
    }
}

const TODAY: Date = Date::constant(2024, 1, 1);
const D: DecisionId = DecisionId(0);
const S: RecordId = RecordId(0);

fn cases() -> u64 {
    std::env::var("RUBRIC_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60)
}

/// Data sets by what is read.
#[derive(Default)]
struct Domains(BTreeMap<BTreeSet<Feature>, Dataset>);

impl Domains {
    fn of(&mut self, features: &BTreeSet<Feature>, plan: &Plan) -> &Dataset {
        self.0.entry(features.clone()).or_insert_with(|| records(features).dataset(&plan.symbols))
    }
}

/// What a decision gives; an error is not told from the undetermined, `nothing matched` is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Given {
    Outcome(u32),
    Conflict,
    Nothing,
    Undetermined,
}

fn given(evaluator: &Evaluator<'_>, row: u32) -> Given {
    let result = evaluator.decision(D, row);
    match result.verdict {
        Verdict::Outcome(outcome) => Given::Outcome(outcome),
        Verdict::Status(ResultStatus::Conflict) => Given::Conflict,
        Verdict::Status(ResultStatus::Undetermined)
            if result.possible.is_empty() && result.needs.is_empty() =>
        {
            Given::Nothing
        }
        Verdict::Status(ResultStatus::Undetermined | ResultStatus::Error) => Given::Undetermined,
        Verdict::Status(other) => panic!("{}", other.word()),
    }
}

/// What all records of a domain show.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    conflict: bool,
    gap: bool,
    never_applies: BTreeSet<u32>,
    never_changes: BTreeSet<u32>,
    always_holds: BTreeSet<u32>,
}

fn enumerated(plan: &Plan, data: &Dataset) -> Shown {
    let body = &plan.decisions[&0];
    let evaluator = Evaluator::new(plan, data, TODAY, Options::default());
    let rows = evaluator.rows_of(S).unwrap();
    let results: Vec<Given> = (0..rows).map(|row| given(&evaluator, row)).collect();
    let every = || (0..u32::try_from(body.rules.len()).unwrap()).collect::<BTreeSet<u32>>();
    let (mut never_applies, mut always_holds) = (every(), every());
    for row in 0..rows {
        let state = |when: ExprId| match evaluator.about(&body.code, S, row, when) {
            State::Known(Value::Flag(flag)) => Some(flag),
            _ => None,
        };
        let conditions: Vec<Option<bool>> = body.rules.iter().map(|rule| state(rule.when.unwrap())).collect();
        for (position, rule) in (0..).zip(&body.rules) {
            let holds = conditions[position as usize] == Some(true);
            let overridden =
                rule.overridden_by.iter().any(|other| conditions[*other as usize] != Some(false));
            if holds && !overridden {
                never_applies.remove(&position);
            }
            if !holds {
                always_holds.remove(&position);
            }
        }
    }
    let mut never_changes: BTreeSet<u32> = every().difference(&never_applies).copied().collect();
    never_changes.retain(|rule| {
        let other = without(plan, *rule);
        let evaluator = Evaluator::new(&other, data, TODAY, Options::default());
        (0..rows).all(|row| given(&evaluator, row) == results[row as usize])
    });
    Shown {
        conflict: results.contains(&Given::Conflict),
        gap: results.contains(&Given::Nothing),
        never_applies,
        never_changes,
        always_holds,
    }
}

fn without(plan: &Plan, rule: u32) -> Plan {
    let mut other = plan.clone();
    let mut body = (*other.decisions[&0]).clone();
    // A rule that is never in force.
    body.rules[rule as usize].interval = Interval { from: Some(Date::constant(3000, 1, 1)), until: None };
    other.decisions.insert(0, std::sync::Arc::new(body));
    other
}

fn proved(plan: &Plan, data: &Dataset, text: &str) -> Shown {
    let body = &plan.decisions[&0];
    let mut shown = Shown {
        conflict: false,
        gap: false,
        never_applies: BTreeSet::new(),
        never_changes: BTreeSet::new(),
        always_holds: BTreeSet::new(),
    };
    for finding in findings(plan, ResultId::Decision(D)) {
        match finding {
            Finding::Open(what, _, why) => panic!("not decided: {what}, {why}\n{text}"),
            Finding::Conflict(..) => shown.conflict = true,
            Finding::Gap(..) => shown.gap = true,
            Finding::NeverApplies(_, rule, _) => drop(shown.never_applies.insert(rule)),
            Finding::NeverChanges(_, rule) => drop(shown.never_changes.insert(rule)),
            Finding::AlwaysHolds(_, rule, _) => drop(shown.always_holds.insert(rule)),
            Finding::Constant(place, always) => {
                // Of all records, not only of those within the `where`.
                let at = (0..).zip(&body.code.exprs).find(|(_, expr)| expr.place == place).unwrap().0;
                let evaluator = Evaluator::new(plan, data, TODAY, Options::default());
                for row in 0..evaluator.rows_of(S).unwrap() {
                    let state = evaluator.about(&body.code, S, row, ExprId(at));
                    let is = state == State::Known(Value::Flag(true));
                    assert_eq!(is, always, "{place:?} {state:?}\n{text}");
                }
            }
            other => panic!("{other:?}\n{text}"),
        }
    }
    shown
}

#[test]
fn what_is_proved_is_what_enumeration_finds() {
    let mut random = Random(7);
    let mut domains = Domains::default();
    let mut said: BTreeMap<&str, u64> = BTreeMap::new();
    for _ in 0..cases() {
        let features = features(&mut random);
        let text = decision(&mut random, &features);
        let plan = plan(&text).unwrap_or_else(|| panic!("{text}"));
        let data = domains.of(&features, &plan);
        let (proved, enumerated) = (proved(&plan, data, &text), enumerated(&plan, data));
        assert_eq!(proved, enumerated, "{text}");
        for (what, holds) in [
            ("conflict", proved.conflict),
            ("gap", proved.gap),
            ("never applies", !proved.never_applies.is_empty()),
            ("never changes", !proved.never_changes.is_empty()),
            ("always holds", !proved.always_holds.is_empty()),
            ("nothing", !proved.conflict && !proved.gap),
        ] {
            *said.entry(what).or_default() += u64::from(holds);
        }
    }
    println!("{} decisions: {said:?}", cases());
    assert!(said.values().all(|count| *count > 0), "{said:?}");
}

#[test]
fn versions_that_are_called_the_same_are() {
    let mut random = Random(11);
    let mut domains = Domains::default();
    let (mut same, mut differ) = (0, 0);
    for _ in 0..cases() {
        let features = features(&mut random);
        let first = decision(&mut random, &features);
        // Half of the time the second is a small edit of the first.
        let second = if random.below(2) == 0 {
            let (_, rules) = first.split_once("outcomes").unwrap();
            let edited = rules.replacen(
                random.pick(&["<=", ">=", " and ", " or ", ": mid", "1)"]),
                random.pick(&["<", ">", " or ", ": low", "2)"]),
                1,
            );
            format!("{}outcomes{edited}", first.split_once("outcomes").unwrap().0)
        } else {
            first
                .replace("(n < 1)", "(n <= 0)")
                .replace("(n >= 1)", "(n > 0)")
                .replace("(m > 1)", "(not (m <= 1))")
        };
        let (Some(a), Some(b)) = (plan(&first), plan(&second)) else { continue };
        let data = domains.of(&features, &a);
        let [before, after] = [&a, &b].map(|plan| Evaluator::new(plan, data, TODAY, Options::default()));
        // Nothing matched is undetermined too.
        let settled = |evaluator: &Evaluator<'_>, row| match given(evaluator, row) {
            Given::Nothing => Given::Undetermined,
            other => other,
        };
        let rows = before.rows_of(S).unwrap();
        let other = (0..rows).find(|row| settled(&before, *row) != settled(&after, *row));
        match equivalent(&a, ResultId::Decision(D), &b, ResultId::Decision(D)) {
            Equivalence::Same => {
                same += 1;
                assert_eq!(other, None, "{first}\n{second}");
            }
            Equivalence::Differs(difference) => {
                differ += 1;
                assert!(other.is_some(), "{first}\n{second}");
                assert_ne!(difference.old, difference.new);
            }
            Equivalence::NotDecided(why) => panic!("not decided: {why}\n{first}\n{second}"),
        }
    }
    println!("{same} the same, {differ} not");
    assert!(same > 0 && differ > 0, "{same} {differ}");
}
