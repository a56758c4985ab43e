//! Two versions of policies: on the same records, and for every record that can be.

use insta::assert_snapshot;
use rubric_tests::{Sandbox, assert_fits};
use serde_json::Value;

use crate::sandbox;

const VOCABULARY: &str = r#"policy reading {
  title "Reading"
  cite  "§ 1"
}

record District {
  key district_id: text
}

record Student {
  key student_id: text private
  district: District jurisdiction
  grade: text
  level: count
  fee: money
  birthplace: text private
}
"#;

const OLD: &str = r#"
decision promotion of Student {
  outcomes promoted, retained

  default retained
    cite "(a)"

  rule reads: promoted
    when level >= 2
    cite "(b)"
}

requirement reading_plan of Student {
  must level >= 1
    cite "(c)"
}

amount grant of Student {
  line base = fee
    cite "(d)"
  line books = $5
    cite "(e)"
}
"#;

const STUDENTS: &str = "student_id,district,grade,level,fee,birthplace\n\
                        secret1,d1,G3,1,10,Nowhere\n\
                        secret2,d1,G3,2,10,Nowhere\n\
                        secret3,d2,G4,2,10,Nowhere\n\
                        secret4,d2,,3,10,Nowhere\n\
                        secret5,d2,G4,,10,Nowhere\n";

fn versions(change: impl Fn(&str) -> String) -> Sandbox {
    let project = sandbox();
    project.write("old/reading.rubric", &format!("{VOCABULARY}{OLD}"));
    project.write("new/reading.rubric", &format!("{VOCABULARY}{}", change(OLD)));
    project.write("records/Student.csv", STUDENTS);
    project.write("records/District.csv", "district_id\nd1\nd2\n");
    project
}

fn stricter(text: &str) -> String {
    text.replace("level >= 2", "level >= 3").replace("$5", "$6").replace("reads:", "reads_well:")
}

const DIFF: [&str; 7] = ["diff", "old", "new", "--data", "records", "--as-of", "2024-06-01"];

fn diff(project: &Sandbox, more: &[&str]) -> rubric_tests::Ran {
    project.run(&[&DIFF[..], more].concat())
}

#[test]
fn each_record_that_differs_with_what_decided() {
    let ran = diff(&versions(stricter), &["--by", "grade"]);
    assert_eq!(ran.status, Some(1), "{ran}");
    assert!(!ran.to_string().contains("secret"), "{ran}");
    assert_snapshot!(ran);
}

#[test]
fn what_is_written_otherwise_but_means_the_same_is_the_same() {
    let project = versions(|text| text.replace("level >= 2", "not (level < 2)"));
    let ran = diff(&project, &[]);
    assert_eq!(ran.status, Some(0), "{ran}");
    assert_snapshot!(ran);
}

#[test]
fn results_that_only_one_version_has() {
    let project = versions(|text| text.replace("requirement reading_plan", "requirement support_plan"));
    let ran = diff(&project, &[]);
    assert_eq!(ran.status, Some(1), "{ran}");
    assert!(
        ran.stdout.contains("requirement reading.reading_plan of Student: only in the old version"),
        "{ran}"
    );
    assert!(
        ran.stdout.contains("requirement reading.support_plan of Student: only in the new version"),
        "{ran}"
    );
}

#[test]
fn json_fits_its_schema() {
    let ran = diff(&versions(stricter), &["--by", "grade", "--format", "json"]);
    assert!(!ran.to_string().contains("secret"), "{ran}");
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_fits(&report, include_str!("../../docs/schemas/diff.schema.json"));
    let promotion = &report["results"][0];
    assert_eq!(promotion["changes"][0]["from"], "promoted");
    assert_eq!(promotion["changes"][0]["to"], "retained");
    assert_eq!(promotion["changes"][0]["records"], 2);
    assert_eq!(promotion["groups"]["district"], serde_json::json!({ "d1": 1, "d2": 1 }));
    assert_eq!(promotion["flips"][0]["old"]["by"], serde_json::json!(["reads"]));
    assert_eq!(promotion["flips"][0]["new"]["by"], serde_json::json!(["default"]));
}

#[test]
fn fails_only_on_the_changes_that_are_named() {
    let project = versions(stricter);
    let status = |change: &str| diff(&project, &["--fail-on", change]).status;
    assert_eq!(status("promoted->retained"), Some(1));
    assert_eq!(status("retained->promoted"), Some(0));
    assert_eq!(status("retained->promoted,promoted->retained"), Some(1));
}

#[test]
fn wrong_usage() {
    let project = versions(stricter);
    for (more, message) in [
        (["--fail-on", "promoted"], "is no change"),
        (["--fail-on", "promoted->retaind"], "no result of the new version can be `retaind`"),
        (["--by", "grad"], "did you mean `grade`?"),
        (["--by", "birthplace"], "names a private field"),
        (["--by", "student_id"], "names a private field"),
    ] {
        let ran = diff(&project, &more);
        assert_eq!(ran.status, Some(2), "{ran}");
        assert!(ran.stderr.contains(message), "{ran}");
        assert_eq!(ran.stdout, "", "{ran}");
    }
}

#[test]
fn a_version_with_errors_is_not_compared() {
    let ran = diff(&versions(|text| text.replace("level >= 2", "levle >= 2")), &[]);
    assert_eq!(ran.status, Some(1), "{ran}");
    assert!(ran.stderr.contains("`new` cannot be compared"), "{ran}");
}

#[test]
fn threads_change_nothing() {
    // More records than one thread takes at a time.
    let mut students = String::from("student_id,district,grade,level,fee,birthplace\n");
    for number in 0..3_000 {
        let level = if number % 7 == 0 { String::new() } else { (number % 5).to_string() };
        students.push_str(&format!("s{number},d{},G{},{level},{number},x\n", number % 2 + 1, number % 3));
    }
    let project = versions(stricter);
    project.write("records/Student.csv", &students);
    let one = diff(&project, &["--threads", "1", "--format", "json"]);
    let many = diff(&project, &["--threads", "8", "--format", "json"]);
    assert_eq!(one.status, Some(1), "{one}");
    assert_eq!(one.stdout, many.stdout);
    let report: Value = serde_json::from_str(&one.stdout).unwrap();
    // Of 3,000 records every fifth has level 2, but for every seventh of these.
    let level_2 = (0..3_000).filter(|number| number % 7 != 0 && number % 5 == 2).count();
    assert_eq!(report["results"][0]["changes"][0]["records"], level_2);
    assert_eq!(report["results"][0]["flips"].as_array().unwrap().len(), level_2);
    assert_eq!(report["results"][2]["flips"].as_array().unwrap().len(), 3_000);
}

/// Without records.
fn prove(project: &Sandbox, more: &[&str]) -> rubric_tests::Ran {
    project.run(&[&["diff", "old", "new"][..], more].concat())
}

#[test]
fn every_record_that_can_be() {
    let ran = prove(&versions(stricter), &[]);
    assert_eq!(ran.status, Some(1), "{ran}");
    assert_snapshot!(ran);
}

#[test]
fn what_is_written_otherwise_is_proved_to_be_the_same() {
    let project = versions(|text| {
        text.replace("level >= 2", "not (level < 2)").replace("must level >= 1", "must level > 0")
    });
    let ran = prove(&project, &[]);
    assert_eq!(ran.status, Some(0), "{ran}");
    assert_snapshot!(ran);
}

#[test]
fn what_is_declared_otherwise() {
    let project = versions(|text| {
        let text = text.replace("requirement reading_plan", "requirement support_plan");
        format!("{text}\nparameter cut: count {{ cite \"(f)\" from 2024-07-01: 3 }}\n")
    });
    project.write(
        "old/cuts.rubric",
        "policy cuts {\n  title \"Cuts\"\n  cite \"§ 2\"\n}\n\n\
         category Area { math, reading }\n\n\
         parameter passing by Area: count {\n  cite \"§ 2\"\n  from 2020-07-01 { math: 3  reading: 2 }\n}\n",
    );
    project.write(
        "new/cuts.rubric",
        "policy cuts {\n  title \"Cuts\"\n  cite \"§ 2\"\n  effective from 2021-07-01\n}\n\n\
         category Area { math, reading, science }\n\n\
         parameter passing by Area: count {\n  cite \"§ 2\"\n  from 2020-07-01 { math: 3  reading: 2  science: 1 }\n\
           from 2025-07-01 { math: 4  reading: 2  science: 1 }\n}\n",
    );
    let ran = prove(&project, &[]);
    assert_eq!(ran.status, Some(1), "{ran}");
    assert_snapshot!(ran);
}

#[test]
fn what_is_not_decided_is_said_and_is_not_the_same() {
    let project = versions(str::to_owned);
    let text = project.read("new/reading.rubric");
    project.write(
        "new/reading.rubric",
        &text
            .replace("  level: count", "  level: text")
            .replace("level >= 2", "level = \"2\"")
            .replace("must level >= 1", "must level != \"0\""),
    );
    let ran = prove(&project, &[]);
    assert_eq!(ran.status, Some(1), "{ran}");
    assert!(
        ran.stdout
            .contains("not decided: `Student.level` is `count` in the old version and `text` in the new"),
        "{ran}"
    );
}

#[test]
fn json_without_records_fits_its_schema_and_its_tests_pass() {
    let project = versions(stricter);
    let ran = prove(&project, &["--format", "json"]);
    assert_eq!(prove(&project, &["--format", "json"]), ran);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_fits(&report, include_str!("../../docs/schemas/versions.schema.json"));
    assert_eq!(report["differ"], true);
    let mut shown = 0;
    for result in report["results"].as_array().unwrap() {
        for side in ["old", "new"] {
            let Some(test) = result[side]["test"].as_str() else { continue };
            shown += 1;
            let file = format!("{side}/reading.rubric");
            let text = project.read(&file);
            project.write(&file, &format!("{text}\n{test}"));
        }
    }
    assert_eq!(shown, 4, "{report:#}");
    for side in ["old", "new"] {
        let ran = project.run(&["test", side]);
        assert_eq!(ran.status, Some(0), "{ran}");
    }
}

#[test]
fn what_goes_with_records_only_is_refused_without() {
    let project = versions(stricter);
    for more in [["--fail-on", "promoted->retained"], ["--by", "grade"], ["--as-of", "2024-06-01"]] {
        let ran = prove(&project, &more);
        assert_eq!(ran.status, Some(2), "{ran}");
        assert!(ran.stderr.contains("--data"), "{ran}");
    }
}
