use super::{Asked, Came, How, MOST_EVALUATIONS, Question, how};
use crate::db::Database;
use crate::diagnostic::Severity;
use crate::evaluate::Options;
use crate::plan::{Instance, Plan, Privacy, ResultId, ResultStatus};
use crate::testing::records_of;

const HEAD: &str = r#"policy p { title "T" cite "c" school_year starts july 1 month_end round down }
ordered category Grade { KG, G1, G2, G3 }
category Subject { reading, mathematics }
record Student {
  key student_id: text private
  grade: Grade
  birth_date: date
  sex: text unchangeable
  english_learner: flag
  us_entry: date?
  level: count
  days_absent: count
  secret: count private
  results: many Result
}
record Result { key result_id: text  student: Student  subject: Subject  passed: flag  taken_on: date  points: count }
"#;

const ROWS: &str = r#"
test "rows" {
  as of 2024-06-01
  Student ana {
    grade: G3  birth_date: 2015-01-01  sex: "F"  english_learner: no  level: 1  days_absent: 12  secret: 3
  }
  Result r[1..3] { student: ana  subject: mathematics  passed: yes  taken_on: 2024-01-01  points: 4 }
  Result r[4..5] { student: ana  subject: mathematics  passed: no  taken_on: 2024-02-01  points: 1 }
  Result r[6..6] { student: ana  subject: reading  passed: yes  taken_on: 2024-03-01  points: 1 }
}
"#;

fn asked(rest: &str, wanted: Option<&str>, privacy: Privacy) -> (String, How) {
    asked_of(rest, ROWS, wanted, privacy)
}

/// The ways, one a line: `promoted: level 1 -> 2; grade G3 -> G1 (by …)`.
fn asked_of(rest: &str, rows: &str, wanted: Option<&str>, privacy: Privacy) -> (String, How) {
    let mut database = Database::default();
    let file = database.set_text("p.rubric", Some(&format!("{HEAD}{rest}{rows}")));
    let errors: Vec<_> =
        database.diagnostics(file).into_iter().filter(|found| found.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let plan: &Plan = &database.plan();
    let data = records_of(plan, &plan.tests[0]);
    let result = match plan.symbols.results.last().unwrap() {
        ResultId::Decision(id) => Asked::Decision(*id),
        ResultId::Requirement(id) => Asked::Requirement(Instance::from(*id)),
        ResultId::Amount(_) => panic!("an amount"),
    };
    let wanted = wanted.map(|wanted| match result {
        Asked::Decision(id) => {
            let outcomes = plan.symbols.category(plan.symbols.decision(id).unwrap().outcomes).unwrap();
            let at = outcomes.values.iter().position(|value| value.name == wanted).unwrap();
            Came::Outcome(u32::try_from(at).unwrap())
        }
        Asked::Requirement(_) => Came::Status(match wanted {
            "met" => ResultStatus::Met,
            _ => ResultStatus::Violated,
        }),
    });
    let options = Options { privacy, ..Options::default() };
    let found = how(&Question {
        plan,
        data: &data,
        as_of: crate::value::Date::constant(2024, 6, 1),
        options: &options,
        text: &|place| database.source(place),
        result,
        row: 0,
        wanted,
    });
    let lines: Vec<String> = found
        .ways
        .iter()
        .map(|way| {
            let changes: Vec<String> = way
                .changes
                .iter()
                .map(|change| {
                    let by = if change.by.is_empty() {
                        String::new()
                    } else {
                        format!(" ({})", change.by.join(", "))
                    };
                    format!("{} {} -> {}{by}", change.fact, change.now, change.needs)
                })
                .collect();
            format!("{}: {}", way.result, changes.join("; "))
        })
        .collect();
    (lines.join("\n"), found)
}

fn told(rest: &str) -> String {
    asked(rest, None, Privacy::Mask).0
}

#[test]
fn the_nearest_value_of_one_fact() {
    for (condition, expected) in [
        ("level >= 3", "a: level 1 -> 3"),
        ("days_absent < 10", "a: days_absent 12 -> 9"),
        ("days_absent <= 10", "a: days_absent 12 -> 10"),
        ("english_learner", "a: english_learner no -> yes"),
        ("grade <= G1", "a: grade G3 -> KG"),
        ("days_absent between 20 and 30", "a: days_absent 12 -> 20"),
        ("us_entry is known and us_entry > 2023-05-05", "a: us_entry missing -> 2024-06-01"),
        ("as_of < us_entry + 2 years", "a: us_entry missing -> 2024-06-01"),
        ("level * 7 + days_absent >= 200", "a: level 1 -> 27\na: days_absent 12 -> 193"),
    ] {
        let policy = format!(
            "decision d of Student {{ outcomes a, b default b cite \"c\" rule r: a when {condition} cite \"c\" }}"
        );
        let found = told(&policy);
        let first: Vec<&str> = found.lines().take(expected.lines().count()).collect();
        assert_eq!(first.join("\n"), expected, "{condition}");
    }
}

#[test]
fn a_count_of_rows_is_told_by_its_name() {
    let policy = r#"define mathematics_mastered of Student: count = count of results where subject = mathematics and passed
decision d of Student { outcomes a, b default b cite "c" rule r: a when mathematics_mastered >= 5 cite "c" }"#;
    assert_eq!(
        told(policy),
        "a: mathematics_mastered 3 -> 5 (passed of Result r[4]: no, needs yes, passed of Result r[5]: no, needs yes)"
    );
}

#[test]
fn fewer_rows_and_rows_that_are_others() {
    let policy = r#"define failed of Student: count = count of results where not passed
requirement r of Student { must failed <= 1 cite "c" }"#;
    let (told, found) = asked(policy, None, Privacy::Mask);
    assert_eq!(found.now, "violated");
    assert_eq!(told, "met: failed 2 -> 1 (passed of Result r[4]: no, needs yes)");
    let policy = r#"requirement r of Student { must (count of results) <= 4 cite "c" }"#;
    assert_eq!(self::told(policy), "met: count of results 6 -> 4 (2 fewer Result)");
}

#[test]
fn two_facts_where_one_is_not_enough_and_none_more() {
    let policy = r#"decision d of Student { outcomes a, b default b cite "c"
  rule r: a when level >= 2 and days_absent < 10 cite "c" }"#;
    assert_eq!(told(policy), "a: level 1 -> 2; days_absent 12 -> 9");
    let policy = r#"decision d of Student { outcomes a, b default b cite "c"
  rule r: a when level >= 2 and days_absent < 10 cite "c"
  rule s: a when english_learner cite "c" }"#;
    assert_eq!(told(policy), "a: english_learner no -> yes\na: level 1 -> 2; days_absent 12 -> 9");
}

#[test]
fn the_outcome_that_is_wanted() {
    let policy = r#"decision d of Student { outcomes a, b, c default c cite "c"
  rule r: a when level >= 3 cite "c"  rule s: b when level = 2 cite "c" }"#;
    assert_eq!(told(policy), "b: level 1 -> 2\na: level 1 -> 3");
    assert_eq!(asked(policy, Some("a"), Privacy::Mask).0, "a: level 1 -> 3");
    let (told, found) = asked(policy, Some("c"), Privacy::Mask);
    assert!(found.already && told.is_empty());
}

#[test]
fn what_nobody_can_change_is_never_proposed() {
    for condition in [
        "birth_date < 2014-01-01",
        "sex = \"M\"",
        "student_id = \"x\"",
        "birth_date < 2014-01-01 or sex = \"M\"",
    ] {
        let policy = format!(
            "decision d of Student {{ outcomes a, b default b cite \"c\" rule r: a when {condition} cite \"c\" }}"
        );
        let (told, found) = asked(&policy, None, Privacy::Mask);
        assert_eq!(told, "", "{condition}");
        assert!(found.all_tried, "{condition}");
    }
}

#[test]
fn private_values_are_masked() {
    let policy = r#"define doubled of Student: count = secret * 2
decision d of Student { outcomes a, b default b cite "c" rule r: a when doubled >= 20 cite "c" }"#;
    assert_eq!(told(policy), "a: secret ••• -> •••");
    assert_eq!(asked(policy, None, Privacy::Reveal).0, "a: secret 3 -> 10");
}

#[test]
fn the_latest_row_and_a_sum() {
    let policy = r#"define last_points of Student: count? = (latest of results by taken_on).points
decision d of Student { outcomes a, b default b cite "c" rule r: a when last_points >= 4 cite "c" }"#;
    assert!(
        told(policy).starts_with("a: last_points 1 -> 4 (points of Result r[6]: 1, needs 4)"),
        "{}",
        told(policy)
    );
    let policy = r#"define total_points of Student: count = sum of points over results
decision d of Student { outcomes a, b default b cite "c" rule r: a when total_points >= 20 cite "c" }"#;
    assert!(
        told(policy).starts_with("a: total_points 15 -> 20 (points of Result r[1]: 4, needs 9)"),
        "{}",
        told(policy)
    );
}

#[test]
fn a_row_where_there_is_none() {
    let policy = r#"define passes of Student: count = count of results where passed
decision d of Student { outcomes a, b default b cite "c" rule r: a when passes >= 2 cite "c" }"#;
    let rows = r#"test "rows" { as of 2024-06-01
  Student ana { grade: G3 birth_date: 2015-01-01 sex: "F" english_learner: no level: 1 days_absent: 12 secret: 3 }
  Student bo like ana {}
  Result other { student: bo subject: reading passed: yes taken_on: 2024-01-01 points: 1 } }"#;
    assert_eq!(asked_of(policy, rows, None, Privacy::Mask).0, "a: passes 0 -> 2 (2 more Result)");
}

#[test]
fn work_is_bounded_and_says_so() {
    let conditions: Vec<String> =
        (0..6).map(|at| format!("(level + {at}) * (days_absent + {at}) = 0")).collect();
    let policy = format!(
        "decision d of Student {{ outcomes a, b default b cite \"c\" rule r: a when {} cite \"c\" }}",
        conditions.join(" and ")
    );
    let (told, found) = asked(&policy, None, Privacy::Mask);
    assert_eq!(told, "");
    assert!(found.evaluations <= MOST_EVALUATIONS);
}
