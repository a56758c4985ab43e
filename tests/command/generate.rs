//! `rubric test --generate`: tests at the sides that no test stands on.

use insta::assert_snapshot;

use crate::sandbox;

const POLICY: &str = r#"policy reading {
  title "Reading"
  cite  "§ 1"
}

record Student {
  key student_id: text private
  level: count
  results: many Result
}

record Result {
  key result_id: text
  student: Student
  score: percent
}

parameter passing: percent {
  cite "(0)"
  from 2020-07-01: 70%
}

define passes of Student: count = count of results where score >= passing

decision promotion of Student {
  outcomes promoted, retained

  default retained
    cite "(a)"

  rule reads: promoted
    when level >= 2
    cite "(b)"

  rule passes_twice: promoted
    when passes >= 2
    cite "(c)"
    from 2022-07-01
}

test "a reader moves up" {
  as of 2024-06-01
  Student ana { level: 2 }
  no Result
  expect ana.promotion = promoted
}
"#;

#[test]
fn each_side_gets_a_test_once() {
    let sandbox = sandbox().with("reading.rubric", POLICY);
    let ran = sandbox.run(&["test", "--generate"]);
    assert_eq!(ran.status, Some(0), "{ran}");
    assert_snapshot!("generate", ran);
    let again = sandbox.run(&["test", "--generate"]);
    assert_eq!(ran, again, "the same policies give the same tests");
    sandbox.write("reading.rubric", &format!("{POLICY}\n{}", ran.stdout));
    let tested = sandbox.run(&["test", "--quiet"]);
    assert_eq!(tested.to_string(), "status: 0\n", "every test that was written passes");
    let formatted = sandbox.run(&["fmt", "--check"]);
    assert_eq!(formatted.status, Some(0), "{formatted}");
    let nothing = sandbox.run(&["test", "--generate"]);
    assert_eq!(nothing.stdout, "", "{nothing}");
    assert!(nothing.stderr.contains("0 tests written"), "{nothing}");
}

#[test]
fn a_file_is_made_and_none_is_replaced() {
    let sandbox = sandbox().with("reading.rubric", POLICY);
    let ran = sandbox.run(&["test", "--generate", "--out", "out/proposed.txt"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(0), ""), "{ran}");
    assert!(sandbox.read("out/proposed.txt").contains("a person must confirm it"));
    let ran = sandbox.run(&["test", "--generate", "--out", "reading.rubric"]);
    assert_eq!(ran.status, Some(2), "{ran}");
    assert_eq!(sandbox.read("reading.rubric"), POLICY);
    let ran = sandbox.run(&["test", "--out", "x"]);
    assert_eq!(ran.status, Some(2), "{ran}");
}

#[test]
fn tests_that_fail_come_first() {
    let sandbox = sandbox()
        .with("reading.rubric", &POLICY.replace("ana.promotion = promoted", "ana.promotion = retained"));
    let ran = sandbox.run(&["test", "--generate"]);
    assert_eq!(ran.status, Some(1), "{ran}");
    assert!(ran.stderr.contains("no test was written"), "{ran}");
}
