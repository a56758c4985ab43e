//! Policies of which only proofs say that something is wrong: they mean something, so that tests run and versions are compared.

use crate::sandbox;

const POLICY: &str = r#"policy reading {
  title "Reading"
  cite  "§ 1"
}

record Student {
  key student_id: text
  level: count
  absences: count
}

decision promotion of Student {
  outcomes promoted, retained
  cite "§ 2"
  default retained
  rule reads: promoted when level >= 2
  rule absent: retained when absences > 20
}
"#;

#[test]
fn the_record_that_shows_a_conflict_is_a_test_that_runs() {
    let sandbox = sandbox().with("reading.rubric", POLICY);
    let checked = sandbox.run(&["check", "--format", "json"]);
    assert_eq!(checked.status, Some(1), "{checked}");
    let report: serde_json::Value = serde_json::from_str(&checked.stdout).unwrap();
    let help = report["diagnostics"][0]["help"].as_str().unwrap();
    let (_, test) = help.split_once("made up:\n\n").unwrap();
    sandbox.write("reading.rubric", &format!("{POLICY}\n{test}"));
    let tested = sandbox.run(&["test", "--quiet"]);
    assert_eq!(tested.to_string(), "status: 0\n", "{test}");
    // Mended, the record comes out otherwise, which the test notices.
    let mended = POLICY.replace("absences > 20", "absences > 20 subject to reads");
    sandbox.write("reading.rubric", &format!("{mended}\n{test}"));
    let tested = sandbox.run(&["test"]);
    assert_eq!(tested.status, Some(1), "{tested}");
}

#[test]
fn tests_are_written_beside_a_conflict() {
    let sandbox = sandbox().with("reading.rubric", POLICY);
    let ran = sandbox.run(&["test", "--generate"]);
    assert_eq!(ran.status, Some(0), "{ran}");
    sandbox.write("reading.rubric", &format!("{POLICY}\n{}", ran.stdout));
    assert!(ran.stdout.contains("level: 1") && ran.stdout.contains("absences: 21"), "{ran}");
    let tested = sandbox.run(&["test", "--quiet"]);
    assert_eq!(tested.to_string(), "status: 0\n", "{ran}");
}

#[test]
fn a_conflict_is_compared_with_what_mends_it() {
    let mended = POLICY.replace("absences > 20", "absences > 20 subject to reads");
    let sandbox = sandbox().with("old/reading.rubric", POLICY).with("new/reading.rubric", &mended);
    let ran = sandbox.run(&["diff", "old", "new"]);
    assert_eq!(ran.status, Some(1), "{ran}");
    assert!(ran.stdout.contains("differs: conflict -> promoted"), "{ran}");
}
