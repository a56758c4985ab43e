//! `rubric data check`.

use insta::assert_snapshot;
use rubric_tests::assert_fits;
use serde_json::Value;

use crate::sandbox;

const STUDENTS: &str =
    "student_unique_id,birth_date,first_name\n1,2015-02-03,SECRET\n2,2035-02-03,SECRET\n2,x,SECRET\n";
const STAYS: &str = "student,school,entry_date,entry_grade_level,exit_withdraw_date,note\n\
                     1,7,2024-08-12,Thrid grade,,a\n2,7,2024-08-12,Thrid grade,2024-08-01,b\n3,7,,03,,c\n";

#[test]
fn a_folder_is_compared_with_the_shipped_vocabulary() {
    let folder = sandbox()
        .with("records/students.csv", STUDENTS)
        .with("records/student_school_associations.csv", STAYS)
        .with("records/buses.csv", "bus\n1\n");
    let ran = folder.run(&["data", "check", "--data", "records", "--as-of", "2024-06-01"]);
    assert_eq!(ran.status, Some(1), "{ran}");
    assert!(!ran.stdout.contains("SECRET"));
    assert_snapshot!("data_check", ran);
    let json = folder.run(&["data", "check", "--data", "records", "--format", "json"]);
    assert_eq!(json.status, Some(1), "{json}");
    let report: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_fits(&report, include_str!("../../docs/schemas/data-check.schema.json"));
    assert_eq!((&report["errors"], &report["as_of"]), (&Value::from(5), &Value::Null), "{report:#}");
}

#[test]
fn clean_data_exits_with_zero_and_unreadable_data_with_two() {
    let folder = sandbox().with("records/students.csv", "student_unique_id,birth_date\n1,2015-02-03\n");
    let ran = folder.run(&["data", "check", "--data", "records", "--as-of", "2024-06-01", "--quiet"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{ran}");
    let ran = folder.with("records/students.csv", "").run(&["data", "check", "--data", "records"]);
    assert_eq!(ran.status, Some(2), "{ran}");
    assert!(ran.stderr.contains("the file is empty"), "{ran}");
}
