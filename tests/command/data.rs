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

const KEYLESS: &str = r#"policy p { title "T" cite "1" }
record Student { key student_unique_id: text  age: count  events: many Event by student }
record Event { key student: Student  key number: count  days: count }
decision grown of Student {
  outcomes grown, young
  default young
  rule old: grown when age >= 9 and (count of events) >= 1
}
"#;

#[test]
fn a_row_without_a_key_is_a_data_error_once_and_its_result_says_so() {
    let project = sandbox()
        .with("rubric.toml", "[project]\nname = \"keys\"\n")
        .with("p.rubric", KEYLESS)
        .with("data/Student.csv", "student_unique_id,age\na,10\n,11\n,3\n")
        .with("data/Event.csv", "student,number,days\na,1,10\na,,10\n,2,10\n");
    let mut written = Vec::new();
    for engine in ["columns", "evaluator"] {
        let out = format!("out-{engine}");
        let arguments = ["--data", "data", "--as-of", "2024-06-03", "--out", &out, "--engine", engine];
        let ran = project.run(&[&["run", "p"], &arguments[..]].concat());
        assert_eq!(ran.status, Some(0), "{ran}");
        written.push((
            project.read(&format!("{out}/data-errors.csv")),
            project.read(&format!("{out}/Student.csv")),
        ));
    }
    // What the columns do not read is not looked at; of what both read the same is said.
    let of_students = |text: &str| {
        let lines = text.lines().filter(|line| line.contains("Student.csv"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let expected = |line: u32| {
        format!(
            "data/Student.csv,{line},student_unique_id,Student,?,missing-value,\"the cell is empty, and `student_unique_id` must have a value\",error"
        )
    };
    for (errors, results) in &written {
        assert_eq!(of_students(errors), [expected(3), expected(4)]);
        let rows: Vec<&str> = results.lines().skip(1).collect();
        assert_eq!(rows, ["a,grown,old,", ",undetermined,,student_unique_id", ",young,default,"]);
    }
}

#[test]
fn a_column_that_two_records_lack_is_told_once() {
    let project = sandbox()
        .with(
            "rubric.toml",
            "[project]\nname = \"two\"\n[data.d]\npath = \"data\"\nas_of = 2024-06-03\n[data.d.Student]\nfile = \"all.csv\"\n[data.d.Person]\nfile = \"all.csv\"\n",
        )
        .with(
            "p.rubric",
            "policy p { title \"T\" cite \"1\" }\nrecord Student { key id: text  age: count }\nrecord Person { key id: text  age: count }\n\
             decision s of Student { outcomes a, b  default b  rule r: a when age >= 9 }\n\
             decision t of Person { outcomes a, b  default b  rule r: a when age >= 9 }\n",
        )
        .with("data/all.csv", "id\n1\n2\n");
    for engine in ["columns", "evaluator"] {
        let ran = project.run(&["run", "p", "--data", "d", "--out", engine, "--engine", engine]);
        assert_eq!(ran.status, Some(0), "{ran}");
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert_eq!(told.matches("there is no column `age`").count(), 1, "{engine}: {ran}");
        let errors = project.read(&format!("{engine}/data-errors.csv"));
        assert_eq!(errors.matches("there is no column `age`").count(), 1, "{errors}");
    }
}
