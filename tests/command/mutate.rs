//! `rubric test --mutate`: which small changes of policies the tests notice.

use insta::assert_snapshot;
use rubric_tests::assert_fits;
use serde_json::Value;

use crate::sandbox;

const POLICY: &str = r#"policy reading {
  title "Reading"
  cite  "§ 1"
}

record Student {
  key student_id: text
  level: count
}

decision promotion of Student {
  outcomes promoted, retained

  default retained
    cite "(a)"

  rule reads: promoted
    when level >= 2
    cite "(b)"
}

test "a reader moves up" {
  as of 2024-06-01
  Student ana { level: 2 }
  expect ana.promotion = promoted
}
"#;

/// What the other side of the threshold takes.
const BELOW: &str = r#"
test "below the level a student stays" {
  as of 2024-06-01
  Student ben { level: 1 }
  expect ben.promotion = retained
}
"#;

#[test]
fn what_no_test_notices_is_told_with_its_place_and_a_score() {
    let sandbox = sandbox().with("reading.rubric", POLICY);
    let ran = sandbox.run(&["test", "--mutate", "--fail-under", "90"]);
    assert_snapshot!(ran);
    let ran = sandbox.run(&["test", "--mutate", "--verbose"]);
    assert_eq!(ran.status, Some(0), "without --fail-under a score is no failure: {ran}");
    assert!(ran.stdout.contains("expect student_1.promotion = retained"), "{ran}");
}

#[test]
fn with_both_sides_tested_nothing_is_left() {
    let sandbox = sandbox().with("reading.rubric", &format!("{POLICY}{BELOW}"));
    let ran = sandbox.run(&["test", "--mutate", "--fail-under", "100", "--quiet"]);
    assert_eq!(ran.to_string(), "status: 0\n");
    let ran = sandbox.run(&["test", "--mutate", "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_fits(&report, include_str!("../../docs/schemas/test.schema.json"));
    assert_eq!(report["mutation"]["score"], 100.0);
    assert_eq!(report["mutation"]["mutants"].as_array().unwrap().len(), 5);
}

#[test]
fn tests_that_fail_come_first() {
    let sandbox = sandbox().with("reading.rubric", &POLICY.replace("= promoted", "= retained"));
    let ran = sandbox.run(&["test", "--mutate", "--format", "json"]);
    assert_eq!(ran.status, Some(1));
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(report.get("mutation").is_none(), "{report}");
    assert!(ran.stderr.contains("the tests have to pass first"), "{ran}");
}
