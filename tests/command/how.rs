//! `rubric explain --how`: which facts would have to be others.

use insta::assert_snapshot;
use rubric_tests::{Sandbox, assert_fits};
use serde_json::Value;

use crate::sandbox;

const POLICY: &str = r#"policy reading {
  title "Reading"
  cite  "§ 1"
}

record Student {
  key student_id: text private
  level: count
  days_absent: count private
  results: many Result
}

record Result {
  key result_id: text
  student: Student
  passed: flag
}

define mathematics_mastered of Student: count = count of results where passed

decision promotion of Student {
  outcomes promoted, with_support, retained

  default retained
    cite "(a)"

  rule masters: promoted
    when mathematics_mastered >= 3
    cite "(b)"

  rule nearly: with_support
    when level >= 2 and days_absent <= 10
    subject to masters
    cite "(c)"
}

requirement attends of Student {
  must days_absent <= 10
    cite "(d)"
}

amount fee of Student = level * $5
"#;

fn project() -> Sandbox {
    sandbox()
        .with(
            "rubric.toml",
            "[project]\nname = \"reading\"\n\n[data.sample]\npath = \"records\"\nas_of = 2024-06-01\n",
        )
        .with("reading.rubric", POLICY)
        .with("records/Student.csv", "student_id,level,days_absent\nsecret1,1,12\nsecret2,3,2\n")
        .with(
            "records/Result.csv",
            "result_id,student,passed\nr1,secret1,yes\nr2,secret1,yes\nr3,secret1,no\n",
        )
}

#[test]
fn the_smallest_sets_of_facts_come_with_the_explanation() {
    let project = project();
    let how = |more: &[&str]| {
        let mut arguments = vec!["explain", "reading", "secret1", "--data", "sample"];
        arguments.extend(more);
        project.run(&arguments)
    };
    let ran = how(&["--how"]);
    assert!(!ran.stdout.contains("secret1"), "{ran}");
    assert_snapshot!("how", ran);
    let promoted = how(&["promotion", "--reveal", "--how", "promoted"]);
    assert!(promoted.stdout.contains("mathematics_mastered: 2, needs 3"), "{promoted}");
    assert!(!promoted.stdout.contains("with_support, with"), "{promoted}");
    assert_snapshot!("how_no_such_outcome", how(&["promotion", "--how", "promotd"]));
    let amount = how(&["fee", "--how"]);
    assert_eq!(amount.status, Some(2), "{amount}");
    let without = how(&[]);
    assert!(!without.stdout.contains("how:"), "{without}");
}

#[test]
fn as_json_it_fits_its_schema() {
    let ran =
        project().run(&["explain", "reading", "secret1", "--data", "sample", "--format", "json", "--how"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_fits(&report, include_str!("../../docs/schemas/explain.schema.json"));
    let ways = report["explanations"][0]["how"]["ways"].as_array().unwrap();
    assert_eq!(ways[0]["changes"][0]["fact"], "mathematics_mastered");
    assert_eq!(ways[0]["changes"][0]["needs"], "3");
    assert_eq!(report["explanations"][1]["how"]["ways"][0]["changes"][0]["needs"], "•••");
    assert!(report["explanations"][2].get("how").is_none());
    assert!(!ran.stdout.contains("secret1"));
}
