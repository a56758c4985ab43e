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

#[test]
fn a_preset_can_be_copied_and_changed() {
    let shipped = include_str!("../../policies/presets/oneroster.toml");
    let ours = shipped.replace("school_id = \"sourcedId\"", "school_id = \"identifier\"");
    assert_ne!(ours, shipped);
    let orgs = "sourcedId,status,name,type,identifier,parentSourcedId\n\
                D,,Alder Quay,district,0100,\nE,,Elm,school,0101,D\nF,,Oak,school,0101,D\n";
    let folder = sandbox().with("roster/orgs.csv", orgs).with("ours.toml", &ours);
    let check = |manifest: &str| {
        folder.write("rubric.toml", manifest);
        folder.run(&["data", "check", "--data", "roster", "--format", "json"])
    };
    let as_shipped = check("[data.roster]\npath = \"roster\"\nformat = \"oneroster\"\n");
    assert!(!as_shipped.stdout.contains("duplicate-key"), "{as_shipped}");
    // By its own number, which two schools share here.
    let changed = check("[data.roster]\npath = \"roster\"\nformat = \"oneroster\"\npreset = \"ours.toml\"\n");
    assert!(changed.stdout.contains("duplicate-key"), "{changed}");
    let missing =
        check("[data.roster]\npath = \"roster\"\nformat = \"oneroster\"\npreset = \"theirs.toml\"\n");
    assert_eq!(missing.status, Some(2), "{missing}");
}

#[test]
fn results_in_parquet_are_checked_as_data() {
    let folder = sandbox().with("new.txt", "");
    assert_eq!(folder.run(&["new", "town", "--quiet"]).status, Some(0));
    let run =
        ["run", "--project", "town", "--data", "sample", "--out", "out", "--format", "parquet", "--quiet"];
    assert_eq!(folder.run(&run).status, Some(0));
    // Read as the project's own records, in which only the key fits.
    let ran = folder.run(&["data", "check", "--project", "town", "--data", "out/Student.parquet"]);
    assert_eq!(ran.status, Some(1), "{ran}");
    assert_snapshot!("data_check_parquet", ran);
}
