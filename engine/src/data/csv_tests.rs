//! What real files do wrong, and what is said about it.

use std::fmt::Write as _;
use std::fs;

use tempfile::TempDir;

use proptest::collection::vec;
use proptest::prelude::*;

use super::fixtures::symbols;
use super::*;
use crate::value::{RecordId, Value};

fn read_files(files: &[(&str, &[u8])], manifest: &str) -> Result<Dataset, ReadError> {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let text = format!("[data.d]\npath = \".\"\n{manifest}");
    let set = Manifest::parse(&text).unwrap().data.remove("d").unwrap();
    read(&symbols(), &DataSource { path: folder.path().to_owned(), shown: String::new(), set, preset: None })
}

/// Everything that is said: `file:line column [code] record key: message`.
fn said(files: &[(&str, &str)], manifest: &str) -> String {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    match read_files(&files, manifest) {
        Ok(dataset) => list(&dataset),
        Err(error) => format!("refused: {error}"),
    }
}

fn list(dataset: &Dataset) -> String {
    let symbols = symbols();
    let mut text = String::new();
    for error in &dataset.errors {
        let file = error.file.map_or("", |file| dataset.files[file as usize].as_str());
        let record = error.record.map_or("", |record| symbols.record(record).unwrap().name.as_str());
        let key =
            error.row.and_then(|row| dataset.key_text(&symbols, error.record?, row)).unwrap_or_default();
        let line = error.line.map_or(String::new(), |line| format!(":{line}"));
        let column = error.column.as_deref().map_or(String::new(), |column| format!(" `{column}`"));
        writeln!(text, "{file}{line}{column} [{}] {record} {key}: {}", error.code, error.message).unwrap();
    }
    text
}

const STUDENTS: &str = "student_unique_id,birth_date,grade,english_learner\n";
const SESSIONS: &str = "school_id,school_year,session_name,days\n";

#[test]
fn a_clean_folder_says_nothing() {
    let files = [
        (
            "students.csv",
            "student_unique_id,birth_date,grade,english_learner\r\n1,2015-02-03,03,Y\r\n2,2015-02-04,Second grade,\r\n",
        ),
        ("School.TSV", "school_id\tname\n7\tElm, \"East\"\n"),
        ("sessions.csv", "school_id,school_year,session_name,days\n7,2024-25,Fall,81\n"),
        (
            "attendance_events.csv",
            "student,school_id,school_year,session_name,event_date,share\n1,7,2024-25,Fall,2024-10-01,50%\n",
        ),
    ];
    let bytes: Vec<(&str, &[u8])> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    let dataset = read_files(&bytes, "").unwrap();
    assert_eq!(list(&dataset), "");
    let events = dataset.table(RecordId(3)).unwrap();
    let Cell::Known(Value::Reference(session)) = events.cell(0, 1) else { panic!("{:?}", events.cell(0, 1)) };
    assert_eq!((session.record, session.row), (RecordId(2), Some(0)));
    assert_eq!(events.children(0, 0), [0]);
    assert_eq!(events.children(0, 1), [0_u32; 0]);
    assert_eq!(*dataset.table(RecordId(0)).unwrap().cell(1, 3), Cell::Missing);
    assert!(dataset.table(RecordId(4)).is_none(), "a record without a file is not supplied");
}

#[test]
fn a_cell_that_is_empty_means_what_its_field_says() {
    let dataset =
        read_files(&[("Credential.csv", b"credential_id,fee,expires,approved\nA,,,\n")], "").unwrap();
    let credentials = dataset.table(RecordId(4)).unwrap();
    let cells: Vec<&Cell> = (0..4).map(|field| credentials.cell(0, field)).collect();
    assert_eq!(cells[1..], [&Cell::Missing, &Cell::Known(Value::Never), &Cell::Absent]);
    assert_eq!(list(&dataset), "");
}

#[test]
fn bad_cells_are_reported_and_unknown() {
    let students = format!(
        "{STUDENTS}1,2015-02-03,Thrid grade,Y\n2,2/13/2015,03,Y\n3,2015-02-30,03,maybe\n4,,03,\n,2015-02-03,03,\n5,2015-13-02,zz,\n"
    );
    let credentials =
        "credential_id,fee,expires,approved\nA,\"$1,000.50\",2020-01-01,\nB,a lot,01/02/2020,perhaps\n";
    insta::assert_snapshot!(said(&[("students.csv", &students), ("credentials.csv", credentials)], ""), @r#"
    credentials.csv:3 `fee` [bad-number] Credential B: `a lot` is not an amount of money such as $1,000.50
    credentials.csv:3 `expires` [bad-date] Credential B: `01/02/2020` can be month/day/year or day/month/year; say which in the manifest, by `dates = "%m/%d/%Y"` or `dates = "%d/%m/%Y"`
    credentials.csv:3 `approved` [bad-flag] Credential B: `perhaps` is not yes or no; write yes, no, true, false, y, n, t, f, 1 or 0
    students.csv:2 `grade` [unknown-code] Student •••: `Thrid grade` is no code of GradeLevel; did you mean `Third grade`?
    students.csv:3 `birth_date` [bad-date] Student •••: the value fits month/day/year; if the file is written so, add `dates = "%m/%d/%Y"` to the manifest
    students.csv:4 `birth_date` [bad-date] Student •••: the value is no day of the calendar
    students.csv:4 `english_learner` [bad-flag] Student •••: `maybe` is not yes or no; write yes, no, true, false, y, n, t, f, 1 or 0
    students.csv:5 `birth_date` [missing-value] Student •••: the cell is empty, and `birth_date` must have a value
    students.csv:6 `student_unique_id` [missing-value] Student ?: the cell is empty, and `student_unique_id` must have a value
    students.csv:7 `birth_date` [bad-date] Student •••: the value fits year-day-month; the file says %Y-%m-%d
    students.csv:7 `grade` [unknown-code] Student •••: `zz` is no code of GradeLevel; its codes are Second grade, Third grade
    "#);
    let files: [(&str, &[u8]); 1] = [("students.csv", students.as_bytes())];
    let dataset = read_files(&files, "").unwrap();
    let table = dataset.table(RecordId(0)).unwrap();
    assert_eq!(table.len(), 6, "every row is kept");
    assert_eq!(
        (table.cell(0, 2), table.cell(1, 1), table.cell(3, 1)),
        (&Cell::Unreadable, &Cell::Unreadable, &Cell::Absent)
    );
}

#[test]
fn no_private_value_is_ever_shown() {
    let students = format!("{STUDENTS}SECRET-1,1999-99-99,03,Y\nSECRET-1,SECRET-2,03,Y\n");
    let events =
        "student,school_id,school_year,session_name,event_date,share\nSECRET-3,7,2024-25,Fall,2024-10-01,\n";
    let text = said(&[("students.csv", &students), ("attendance_events.csv", events)], "");
    assert!(!text.contains("SECRET") && !text.contains("1999"), "{text}");
    insta::assert_snapshot!(text, @r#"
    attendance_events.csv:2 [dangling-key] AttendanceEvent ••• / 7 / 2024-25 / Fall / 2024-10-01: no Student has this key
    students.csv:2 `birth_date` [bad-date] Student •••: the value is not a date in the format %Y-%m-%d
    students.csv:3 `birth_date` [bad-date] Student •••: the value is not a date in the format %Y-%m-%d
    students.csv:3 [duplicate-key] Student •••: another row has the same key, on line 2; keep one of them
    "#);
}

#[test]
fn day_and_month_are_never_exchanged_silently() {
    let students = format!("{STUDENTS}1,2015-02-03,03,Y\n");
    let events = "student,school_id,school_year,session_name,event_date\n1,7,2024-25,Fall,13/05/2024\n1,7,2024-25,Fall,05/13/2024\n";
    let manifest = "[data.d.AttendanceEvent]\ndates = \"%m/%d/%Y\"\n";
    insta::assert_snapshot!(said(&[("students.csv", &students), ("attendance_events.csv", events)], manifest), @r#"
    attendance_events.csv:1 [column-not-supplied] AttendanceEvent : there is no column for `share`, so that nothing is on file
    attendance_events.csv:2 `event_date` [bad-date] AttendanceEvent ••• / 7 / 2024-25 / Fall / ?: `13/05/2024` fits day/month/year; the file says %m/%d/%Y
    "#);
}

#[test]
fn keys_that_dangle_or_recur_are_reported() {
    let schools = "school_id,name\n7,Elm\n8,Oak\n7,Ash\n";
    let sessions = format!("{SESSIONS}7,2024-25,Fall,81\n9,2024-25,Fall,81\n,2024-25,Spring,88\n");
    insta::assert_snapshot!(said(&[("schools.csv", schools), ("sessions.csv", &sessions)], ""), @r#"
    schools.csv:4 [duplicate-key] School 7: another row has the same key, on line 2; keep one of them
    sessions.csv:3 [dangling-key] Session 9 / 2024-25 / Fall: no School has the key `9`
    sessions.csv:4 `school_id` [missing-value] Session ? / 2024-25 / Spring: the cell is empty, and `school` must have a value
    "#);
}

#[test]
fn rows_that_do_not_fit_their_header_are_not_trusted() {
    let schools = "\u{feff}school_id,name\n1,Elm\n2\n3,Oak,Street\n4,Ash,,\n\n,\n5,\"two\nlines\"\n6\n";
    insta::assert_snapshot!(said(&[("schools.csv", schools)], ""), @r#"
    schools.csv [blank-rows] School : 1 row without any value
    schools.csv:3 [wrong-cell-count] School ?: the row has 1 cell and the header 2, so that none of them can be trusted
    schools.csv:4 [wrong-cell-count] School ?: the row has 3 cells and the header 2, so that none of them can be trusted; put a cell that contains the delimiter in quotes
    schools.csv:10 [wrong-cell-count] School ?: the row has 1 cell and the header 2, so that none of them can be trusted
    "#);
}

#[test]
fn columns_that_are_not_there_are_said_once() {
    let students = "StudentUniqueId,BirthDay,Grade,notes\n1,2015-02-03,03,x\n2,2015-02-03,03,y\n";
    insta::assert_snapshot!(said(&[("students.csv", students)], ""), @r#"
    students.csv:1 [missing-column] Student : there is no column `birth_date`; is it `BirthDay`? then add `columns = { birth_date = "BirthDay" }` to the manifest
    students.csv:1 [column-not-supplied] Student : there is no column for `english_learner`, so that nothing is on file
    students.csv:1 [column-not-read] Student : no field is read from `notes`
    "#);
    let manifest = "[data.d.Student]\ncolumns = { birth_date = \"BirthDay\", english_learner = \"EL\" }\n";
    insta::assert_snapshot!(said(&[("students.csv", students)], manifest), @r#"
    students.csv:1 [missing-column] Student : there is no column `EL` for `english_learner`; the columns are `StudentUniqueId`, `BirthDay`, `Grade`, `notes`
    students.csv:1 [column-not-read] Student : no field is read from `notes`
    "#);
}

#[test]
fn what_is_ambiguous_is_asked_for_once() {
    let sessions = format!("{SESSIONS}7,2025,Fall,81\n7,2025,Spring,-3\n");
    insta::assert_snapshot!(said(&[("sessions.csv", &sessions)], ""), @r#"
    sessions.csv:2 `school_year` [ambiguous-school-year] Session 7 / ? / Fall: a year alone can be the one in which the school year starts or ends; add `school_year = "starts"` or `school_year = "ends"` to the manifest
    sessions.csv:3 `days` [bad-number] Session 7 / ? / Spring: `-3` is below 0, and a count never is
    "#);
    let events = "student,school_id,school_year,session_name,event_date,share\n1,7,2024-25,Fall,2024-10-01,0.5\n1,7,2024-25,Fall,2024-10-02,0.5\n";
    insta::assert_snapshot!(said(&[("attendance_events.csv", events)], ""), @r#"
    attendance_events.csv:2 `share` [percent-not-declared] AttendanceEvent ••• / 7 / 2024-25 / Fall / 2024-10-01: the manifest does not say how this percent is written; add `percent = { share = "fraction" }` if a quarter is 0.25, or "points" if it is 25
    "#);
    assert_eq!(
        said(&[("sessions.csv", &format!("{SESSIONS}7,2025,Fall,\n"))], "school_year = \"ends\"\n"),
        ""
    );
    assert_eq!(
        said(
            &[("attendance_events.csv", events)],
            "[data.d.AttendanceEvent]\npercent = { share = \"fraction\" }\n"
        ),
        ""
    );
}

#[test]
fn data_sets_that_cannot_be_read_say_what_to_do() {
    let schools = "school_id,name\n7,Elm\n";
    let mut text = String::new();
    for (files, manifest) in [
        (vec![("notes.csv", schools)], ""),
        (vec![], ""),
        (vec![("school.csv", schools), ("Schools.csv", schools)], ""),
        (vec![("schools.csv", "")], ""),
        (vec![("schools.csv", "school_id;name\n7;Elm\n")], ""),
        (vec![("schools.csv", "school_id,name\n7,\"Elm\n8,Oak\n")], ""),
        (
            vec![("schools.csv", "school_id,name,Name\n7,Elm,Oak\n")],
            "[data.d.School]\ncolumns = { name = \"NAME\" }\n",
        ),
        (vec![("schools.csv", schools)], "[data.d.Shcool]\nfile = \"x.csv\"\n"),
        (vec![("schools.csv", schools)], "[data.d.School]\nfile = \"scools.csv\"\n"),
        (vec![("schools.csv", schools)], "[data.d.School]\ncolumns = { nmae = \"Name\" }\n"),
        (vec![("schools.csv", schools)], "codes.GradeLevel = { \"3\" = \"thrid_grade\" }\n"),
        (
            vec![("attendance_events.csv", "x\n")],
            "[data.d.AttendanceEvent]\ncolumns = { session = [\"a\", \"b\"] }\n",
        ),
    ] {
        writeln!(text, "{}", said(&files, manifest)).unwrap();
    }
    insta::assert_snapshot!(text, @r#"
    refused: no file is named after a record; its files are `notes.csv`, the records Student, School, Session, AttendanceEvent, Credential
    refused: no file is named after a record; it has no .csv or .tsv file
    refused: two files can hold `School`: `Schools.csv` and `school.csv`; remove one, or name the right one as `file` of `School` in the manifest
    refused: schools.csv: the file is empty, without even a header; its first line names the columns; a file with a header and no rows says that there are none
    refused: schools.csv:1: the header is one column with other delimiters in it; add `delimiter = ";"` to the manifest
    refused: schools.csv:2: a quote opened in this row is never closed, so that the rest of the file is one cell; close the quote, or double it if it belongs to the text
    refused: schools.csv:1: two columns can be `NAME`: `name` and `Name`; rename or remove one of them
    refused: the manifest maps `Shcool`, and no policy declares that record; did you mean `School`?
    refused: scools.csv: the file of `School` is not there; did you mean `schools.csv`?
    refused: the manifest maps `nmae` of `School`, which has no such field; did you mean `name`?
    refused: the manifest gives the code `3` the meaning `thrid_grade`, which GradeLevel does not have; did you mean `third_grade`?
    refused: attendance_events.csv: `session` of `AttendanceEvent` is read from 3 columns, and the manifest names 2; name the columns of `school.school_id`, `school_year`, `session_name`, in this order
    "#);
    let utf16 = read_files(&[("schools.csv", &[0xFF, 0xFE, b's', 0])], "").unwrap_err();
    assert_eq!(utf16.to_string(), "schools.csv: the file is in UTF-16; save it in UTF-8");
    let header = read_files(&[("schools.csv", b"school_id,n\xE9me\n")], "").unwrap_err();
    assert_eq!(header.to_string(), "schools.csv:1: the header is not UTF-8 text; save the file in UTF-8");
}

#[test]
fn bytes_that_are_no_text_are_reported_with_their_line() {
    let dataset = read_files(&[("schools.csv", b"school_id,name\n1,Elm\n2,Caf\xE9\n")], "").unwrap();
    assert_eq!(
        list(&dataset),
        "schools.csv:3 `name` [not-utf-8] School 2: the cell is not UTF-8 text; save the file in UTF-8\n"
    );
}

#[test]
fn lines_are_those_of_an_editor() {
    for newline in ["\n", "\r\n"] {
        let text = "school_id,name\n1,\"a\nb\"\n\n\n2,\n3,c\n4,".replace('\n', newline);
        let dataset = read_files(&[("schools.csv", text.as_bytes())], "").unwrap();
        let lines: Vec<u64> =
            (0..4).map(|row| dataset.table(RecordId(1)).unwrap().origin(row).line).collect();
        assert_eq!(lines, [2, 6, 7, 8], "{newline:?}");
        let reported: Vec<u64> = dataset.errors.iter().filter_map(|error| error.line).collect();
        assert_eq!(reported, [6, 8]);
    }
}

#[test]
fn codes_and_blanks_of_the_data_are_mapped() {
    let students = format!("{STUDENTS}1,2015-02-03,THIRD,NULL\n2,2015-02-03,G2,N/A\n");
    let manifest = "absent = [\"NULL\", \"N/A\"]\ncodes.GradeLevel = { THIRD = \"third_grade\" }\n[data.d.Student]\ncodes.grade = { G2 = \"02\" }\n";
    assert_eq!(said(&[("students.csv", &students)], manifest), "");
}

#[test]
fn a_file_for_nothing_is_named() {
    let files = [("schools.csv", "school_id,name\n7,Elm\n"), ("buses.csv", "a\n1\n")];
    assert_eq!(
        said(&files, ""),
        "buses.csv [file-not-read]  : no record is named after `buses.csv`, so it is not read\n"
    );
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(noise in vec(any::<u8>(), 0..60)) {
        let mut bytes = b"school_id,name\n".to_vec();
        bytes.extend(noise);
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
        if let Ok(dataset) = read_files(&[("schools.csv", &bytes)], "") {
            for error in &dataset.errors {
                prop_assert!(error.line.is_none_or(|line| (1..=lines + 1).contains(&line)), "{:?}", error);
            }
        }
    }

    #[test]
    fn texts_are_read_as_they_were_written(names in vec("[ -~\n]{1,12}", 1..8)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["school_id", "name"]).unwrap();
        for (id, name) in names.iter().enumerate() {
            writer.write_record([id.to_string().as_str(), name]).unwrap();
        }
        let dataset = read_files(&[("schools.csv", &writer.into_inner().unwrap())], "").unwrap();
        let table = dataset.table(RecordId(1)).unwrap();
        prop_assert_eq!(table.len() as usize, names.len());
        let mut line = 2;
        for (row, name) in (0_u32..).zip(&names) {
            prop_assert_eq!(table.origin(row).line, line);
            line += 1 + name.matches('\n').count() as u64;
            match name.trim() {
                "" => prop_assert_eq!(table.cell(row, 1), &Cell::Absent),
                trimmed => prop_assert_eq!(table.cell(row, 1), &Cell::Known(Value::Text(trimmed.into()))),
            }
        }
    }
}

#[test]
fn a_table_that_is_no_file_is_refused_and_a_hidden_one_left_aside() {
    for (name, expected) in [
        ("students.csv", Some("students.csv: it is a folder, and a file is expected")),
        (".#students.csv", None),
    ] {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("School.csv"), "school_id,name\n7,Elm\n").unwrap();
        fs::create_dir(folder.path().join(name)).unwrap();
        let set = Manifest::parse("[data.d]\npath = \".\"\n").unwrap().data.remove("d").unwrap();
        let source = DataSource { path: folder.path().to_owned(), shown: String::new(), set, preset: None };
        let refused = read(&symbols(), &source).err().map(|error| {
            let place = error.file.unwrap_or_default();
            format!("{place}: {}", error.message)
        });
        assert_eq!(refused.as_deref(), expected, "{name}");
    }
}
