//! Interchange files: what is read, and what is said about the rest.

use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;

use super::fixtures::symbols;
use super::preset::Preset;
use super::xml_plan::Interchange;
use super::*;
use crate::value::{RecordId, Value};

const PRESET: &str = r#"
[identity.School]
within = "SchoolIdentity"
school_id = "SchoolId"

[identity.Student]
within = "StudentIdentity"
student_unique_id = "StudentUniqueId"

[identity.Session]
within = "SessionIdentity"
school = "SchoolReference"
school_year = "SchoolYear"
session_name = "SessionName"

[record.Student]
from = "Student"
student_unique_id = "StudentUniqueId"
birth_date = ["BirthData/BirthDate", "BirthDate"]
grade = "Grade"
english_learner = "EnglishLearner"

[record.School]
from = ["School", "Academy"]
school_id = "SchoolId"
name = "NameOfInstitution"

[record.Session]
from = "Session"
school = "SchoolReference"
school_year = "SchoolYear"
session_name = "SessionName"
days = "TotalInstructionalDays"

[record.AttendanceEvent]
from = "Student"
each = "Absence"
student = "^"
session = "SessionReference"
event_date = "EventDate"
share = { path = "Share", percent = "fraction" }
"#;

const SCHOOL: &str = r#"<School id="S7"><SchoolId>7</SchoolId><NameOfInstitution>Elm &amp; Oak &#8211; <![CDATA[<East>]]></NameOfInstitution></School>"#;

fn read_texts(preset: &str, texts: &[&str]) -> Result<Dataset, ReadError> {
    let (symbols, set) = (symbols(), DataSet::default());
    let parsed = Preset::parse(preset).unwrap();
    let mut interchange = Interchange::compile(&symbols, &set, &parsed, "preset.toml", preset)?;
    let mut dataset = Dataset::new(&symbols);
    for (position, text) in texts.iter().enumerate() {
        interchange.read_file(text.as_bytes(), &format!("{position}.xml"), &mut dataset)?;
    }
    interchange.report_unread(&mut dataset);
    dataset.finish(&symbols);
    Ok(dataset)
}

fn wrapped(inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<InterchangeX xmlns=\"http://ed-fi.org/5.2.0\">\n{inside}\n</InterchangeX>\n"
    )
}

fn said(texts: &[&str]) -> String {
    let symbols = symbols();
    let dataset = match read_texts(PRESET, texts) {
        Ok(dataset) => dataset,
        Err(error) => return format!("refused: {error}"),
    };
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

#[test]
fn rows_parents_and_references_are_read() {
    let text = wrapped(&format!(
        r##"{SCHOOL}
        <Session>
          <SchoolReference ref="S7"/>
          <SchoolYear>2021-2022</SchoolYear><SessionName>Fall</SessionName>
        </Session>
        <Student>
          <StudentUniqueId>1</StudentUniqueId>
          <BirthData><BirthDate>2014-11-13</BirthDate></BirthData>
          <Grade>uri://ed-fi.org/GradeLevelDescriptor#Third grade</Grade>
          <Absence>
            <SessionReference><SessionIdentity>
              <SchoolReference><SchoolIdentity><SchoolId>7</SchoolId></SchoolIdentity></SchoolReference>
              <SchoolYear>2021-2022</SchoolYear><SessionName>Fall</SessionName>
            </SessionIdentity></SessionReference>
            <EventDate>2021-10-22T08:00:00</EventDate>
          </Absence>
          <Absence><EventDate>2021-10-23</EventDate></Absence>
        </Student>"##
    ));
    let dataset = read_texts(PRESET, &[&text]).unwrap();
    let schools = dataset.table(RecordId(1)).unwrap();
    assert_eq!(*schools.cell(0, 1), Cell::Known(Value::Text("Elm & Oak – <East>".into())));
    let events = dataset.table(RecordId(3)).unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!(events.children(0, 0), [0, 1], "both absences belong to the student");
    let Cell::Known(Value::Reference(session)) = events.cell(0, 1) else { panic!("{:?}", events.cell(0, 1)) };
    assert_eq!(session.row, Some(0));
    let Cell::Known(Value::Reference(school)) = dataset.table(RecordId(2)).unwrap().cell(0, 0) else {
        panic!()
    };
    assert_eq!(school.row, Some(0));
    assert_eq!(events.origin(1).line, 19);
    insta::assert_snapshot!(said(&[&text]), @r#"
    0.xml:19 `SessionReference` [missing-value] AttendanceEvent ••• / ? / 2021-10-23: nothing is on file, and `session` must have a value
    "#);
}

#[test]
fn bad_values_are_reported_with_path_and_line() {
    let text = wrapped(
        "<Student>\n<StudentUniqueId>SECRET</StudentUniqueId>\n<BirthDate>13/11/2014</BirthDate>\n<Grade>Thrid grade</Grade>\n\
         <EnglishLearner>maybe</EnglishLearner>\n<Absence><SessionReference><SessionIdentity><SchoolYear>2021</SchoolYear></SessionIdentity></SessionReference></Absence>\n\
         <Nickname>Al</Nickname></Student>\n<Student><StudentUniqueId> </StudentUniqueId></Student>\n<Bus/><Bus>\n</Bus>",
    );
    let text = said(&[&text]);
    assert!(!text.contains("SECRET"), "{text}");
    insta::assert_snapshot!(text, @r#"
     [value-not-read]  : of `Student`, the preset does not read `Nickname` (1)
    0.xml:5 `BirthDate` [bad-date] Student •••: the value fits day/month/year; if the file is written so, add `dates = "%d/%m/%Y"` to the manifest
    0.xml:6 `Grade` [unknown-code] Student •••: `Thrid grade` is no code of GradeLevel; did you mean `Third grade`?
    0.xml:7 `EnglishLearner` [bad-flag] Student •••: `maybe` is not yes or no; write yes, no, true, false, y, n, t, f, 1 or 0
    0.xml:8 `Absence/SessionReference/SessionIdentity/SchoolYear` [ambiguous-school-year] AttendanceEvent ••• / ? / ?: a year alone can be the one in which the school year starts or ends; add `school_year = "starts"` or `school_year = "ends"` to the manifest
    0.xml:8 `EventDate` [missing-value] AttendanceEvent ••• / ? / ?: nothing is on file, and `event_date` must have a value
    0.xml:10 `StudentUniqueId` [missing-value] Student ?: nothing is on file, and `student_unique_id` must have a value
    0.xml:10 `BirthData/BirthDate` [missing-value] Student ?: nothing is on file, and `birth_date` must have a value
    0.xml:10 `Grade` [missing-value] Student ?: nothing is on file, and `grade` must have a value
    0.xml:11 [element-not-read]  : the preset does not describe `Bus` (2 in this file), so it is not read
    "#);
}

#[test]
fn references_lead_nowhere_with_a_warning_or_are_not_supplied() {
    let session = |school: &str| {
        format!(
            "<Session>{school}<SchoolYear>2021-2022</SchoolYear><SessionName>Fall</SessionName></Session>"
        )
    };
    let by_key =
        session("<SchoolReference><SchoolIdentity><SchoolId>9</SchoolId></SchoolIdentity></SchoolReference>");
    assert_eq!(
        said(&[&wrapped(&by_key)]).lines().filter(|line| line.contains("key")).count(),
        0,
        "no school was supplied"
    );
    let both = wrapped(&format!("{SCHOOL}{by_key}{}", session("<SchoolReference ref=\"S8\"/>")));
    insta::assert_snapshot!(said(&[&both]), @r#"
    0.xml:3 `SchoolReference` [dangling-id] Session ? / 2021-22 / Fall: no School with a complete key has the id `S8` in this file
    0.xml:3 [dangling-key] Session 9 / 2021-22 / Fall: no School has the key `9`
    "#);
    let other_file = [wrapped(SCHOOL), wrapped(&session("<SchoolReference ref=\"S7\"/>"))];
    insta::assert_snapshot!(said(&[&other_file[0], &other_file[1]]), @r#"
    1.xml:3 `SchoolReference` [dangling-id] Session ? / 2021-22 / Fall: no School with a complete key has the id `S7` in this file
    "#);
}

#[test]
fn files_that_are_cut_short_or_no_interchange_are_refused() {
    let whole = wrapped(SCHOOL);
    let mut text = String::new();
    for file in [
        &whole[..whole.len() - 20],
        &whole[..whole.find("&amp;").unwrap()],
        "",
        "school_id,name\n7,Elm\n",
        "<InterchangeX><School></Session></InterchangeX>",
        "<InterchangeX><School>&unknown;</School></InterchangeX>",
        "<html><body/></html>",
        "<InterchangeX/>",
    ] {
        writeln!(text, "{}", said(&[file]).trim_end()).unwrap();
    }
    insta::assert_snapshot!(text, @r#"
    refused: 0.xml:3: the file ends in the middle of a tag: something cut it short; export it again; nothing can be said of the rows it lacks
    refused: 0.xml:3: the file ends inside the `School` that begins on line 3: something cut it short; export it again; nothing can be said of the rows it lacks
    refused: 0.xml: the file is empty: it has no root element; export it again; an interchange without elements says that there are none
    refused: 0.xml:1: the file is not XML: it begins with text; is it another file under this name?
    refused: 0.xml:1: the file is not well-formed XML: expected `</School>`, but `</Session>` was found; export it again
    refused: 0.xml:1: `&unknown;` stands for nothing; write the character itself; what a DOCTYPE says of entities is not followed
    0.xml [file-not-read]  : its root is `html`, and that of an interchange begins with `Interchange`, so it is not read
    0.xml [empty-file]  : the interchange has no element, so that nothing is read from it; if there are rows, export it again
    "#);
    let deep = format!("<InterchangeX><School>{}", "<a>".repeat(100_000));
    assert!(said(&[&deep]).starts_with("refused: 0.xml:1: `School` is nested too deeply"));
    let latin = b"<InterchangeX><School><SchoolId>\xE9</SchoolId></School></InterchangeX>";
    let symbols = symbols();
    let (set, preset) = (DataSet::default(), Preset::parse(PRESET).unwrap());
    let mut interchange = Interchange::compile(&symbols, &set, &preset, "preset.toml", PRESET).unwrap();
    let refused = interchange.read_file(&latin[..], "x.xml", &mut Dataset::new(&symbols)).unwrap_err();
    assert!(refused.to_string().starts_with("x.xml:1: "), "{refused}");
}

#[test]
fn a_preset_that_says_more_than_the_vocabulary_is_used() {
    let preset = "[record.School]\nfrom = \"School\"\nschool_id = \"SchoolId\"\nnmae = \"NameOfInstitution\"\ncolour = \"Colour\"\n";
    let dataset = read_texts(preset, &[&wrapped(SCHOOL)]).unwrap();
    let said: Vec<String> =
        dataset.errors.iter().map(|error| format!("{}: {}", error.code, error.message)).collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    value-not-read: of `School`, the preset does not read `NameOfInstitution` (1)
    field-not-declared: the preset has a path for `colour`, and `School` has no such field, so that it is not read
    field-not-declared: the preset has a path for `nmae`, and `School` has no such field; did you mean `name`?
    missing-path: the preset has no path for `name`, which must have a value
    "#);
}

#[test]
fn a_preset_that_cannot_make_a_key_is_refused() {
    let refused = |preset: &str| read_texts(preset, &[]).unwrap_err().to_string();
    assert_eq!(
        refused(
            "[record.Session]\nfrom = \"Session\"\nschool = \"SchoolReference\"\n[record.AttendanceEvent]\nfrom = \"Event\"\nsession = \"SessionReference\"\n"
        ),
        "preset.toml:6: the preset does not say how the key of `Session` is written in a reference; give `[identity.Session]`, and each record in its key, a path for every part of the key"
    );
    assert_eq!(
        refused(
            "[record.Student]\nfrom = \"Student\"\n[record.AttendanceEvent]\nfrom = \"Event\"\neach = \"Day\"\nstudent = \"^\"\n"
        ),
        "preset.toml:6: no `Student` is read from the element around `AttendanceEvent`; give `student` a path, or read `Student` from the same element"
    );
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(noise in vec(any::<u8>(), 0..40), at in 0..400_usize) {
        let mut bytes = wrapped(SCHOOL).into_bytes();
        let at = at.min(bytes.len());
        bytes.splice(at..at, noise);
        let (symbols, set, preset) = (symbols(), DataSet::default(), Preset::parse(PRESET).unwrap());
        let mut interchange = Interchange::compile(&symbols, &set, &preset, "preset.toml", PRESET).unwrap();
        let mut dataset = Dataset::new(&symbols);
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
        if let Err(error) = interchange.read_file(bytes.as_slice(), "x.xml", &mut dataset) {
            prop_assert!(error.line.is_none_or(|line| (1..=lines).contains(&line)), "{}", error);
        }
    }
}
