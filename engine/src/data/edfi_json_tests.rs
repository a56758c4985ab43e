//! Everything that Ed-Fi resources as JSON Lines do wrong, and what is said about it.

use std::fs;

use super::bad_input_tests::{Kind, bytes, kind, of_bytes, preset, report};

const PRESET: &str = r#"
[identity.School]
school_id = "schoolId"
[identity.Student]
student_unique_id = "studentUniqueId"
[identity.Session]
school = "."
school_year = "schoolYear"
session_name = "sessionName"
[record.Student]
from = "students"
student_unique_id = "studentUniqueId"
birth_date = "birthDate"
grade = "gradeLevelDescriptor"
english_learner = "_ext/state/englishLearner"
[record.School]
from = "schools"
school_id = "schoolId"
name = "nameOfInstitution"
[record.Session]
from = "sessions"
school = "schoolReference"
school_year = "schoolYear"
session_name = "sessionName"
days = "totalInstructionalDays"
[record.AttendanceEvent]
from = "studentAttendances"
each = "absences"
student = "studentReference"
session = "sessionReference"
event_date = "eventDate"
share = { path = "share", percent = "fraction" }
[record.Credential]
from = "credentials"
credential_id = "credentialIdentifier"
fee = "fee"
expires = "expirationDate"
approved = "approved"
"#;
const MANIFEST: &str = "format = \"edfi-jsonl\"\n";
const ELM: &str = "{\"schoolId\":7,\"nameOfInstitution\":\"Elm\"}";
const SCHOOLS: &str =
    "{\"schoolId\":7,\"nameOfInstitution\":\"Elm\"}\n{\"schoolId\":8,\"nameOfInstitution\":\"Oak\"}\n";

fn schools(name: &'static str, text: impl AsRef<[u8]>) -> Kind {
    bytes(name, MANIFEST, "schools.jsonl", text)
}

/// A second school, after a good one.
fn second(name: &'static str, line: &str) -> Kind {
    schools(name, format!("{ELM}\n{line}\n"))
}

fn session(name: &'static str, reference: &str, rest: &str) -> Kind {
    let text = format!(
        "{{\"schoolReference\":{reference},\"schoolYear\":\"2024-25\",\"sessionName\":\"Fall\",{rest}}}\n"
    );
    bytes(name, MANIFEST, "sessions.jsonl", text)
}

fn days(name: &'static str, days: &str) -> Kind {
    session(name, "{\"schoolId\":7}", &format!("\"totalInstructionalDays\":{days}"))
}

fn student(name: &'static str, birth: &str, grade: &str) -> Kind {
    let text = format!(
        "{{\"studentUniqueId\":\"SECRET\",\"birthDate\":{birth},\"gradeLevelDescriptor\":{grade}}}\n"
    );
    bytes(name, MANIFEST, "students.jsonl", text)
}

fn absences(name: &'static str, absences: &str) -> Kind {
    bytes(name, MANIFEST, "studentAttendances.jsonl", format!("{{\"absences\":{absences}}}\n"))
}

const ABSENCE: &str = "{\"studentReference\":{\"studentUniqueId\":\"1\"},\"sessionReference\":{\"schoolId\":7,\"schoolYear\":\"2024-25\",\"sessionName\":\"Fall\"},\"eventDate\":\"2024-10-01\"}";

fn of_lines() -> Vec<Kind> {
    vec![
        schools("cut short", format!("{ELM}\n{{\"schoolId\":8,")),
        schools("cut short in a text", format!("{ELM}\n{{\"schoolId\":8,\"nameOfInstitution\":\"Oa")),
        second("a line that breaks", &format!("{{\"schoolId\":8,\n{ELM}")),
        second("two objects on a line", "{\"schoolId\":8}{\"schoolId\":9}"),
        schools("a comma after each line", SCHOOLS.replace("}\n", "},\n")),
        schools("a list around the objects, as the interface gives it", format!("[{ELM}]\n")),
        second("a list for an object", "[8,\"Oak\"]"),
        schools("an object over several lines", "{\n  \"schoolId\": 7\n}\n"),
        schools(
            "an object over several lines, from its first member on",
            "{\"schoolId\":7,\n\"nameOfInstitution\":\"Elm\"}\n",
        ),
        second("a number for an object", "8"),
        second("null for an object", "null"),
        second("an object without members", "{}"),
        second("an answer of the interface in the place of an object", "{\"message\":\"Token expired\"}"),
        second("a name twice", "{\"schoolId\":8,\"schoolId\":9,\"nameOfInstitution\":\"Oak\"}"),
        second("a tab inside a text", "{\"schoolId\":8,\"nameOfInstitution\":\"O\tk\"}"),
        second("NaN", "{\"schoolId\":NaN,\"nameOfInstitution\":\"Oak\"}"),
        schools("latin-1", b"{\"schoolId\":7,\"nameOfInstitution\":\"Caf\xE9\"}\n"),
        second("half a character", "{\"schoolId\":8,\"nameOfInstitution\":\"\\ud800\"}"),
        second("objects 100 deep", &format!("{{\"more\":{}1{}}}", "{\"a\":".repeat(100), "}".repeat(100))),
        second("lists 100 deep", &format!("{{\"more\":{}{}}}", "[".repeat(100), "]".repeat(100))),
        second("CSV", "schoolId,nameOfInstitution"),
        absences("a line of which each element of a list gives a row", &format!("[{ABSENCE}]")),
        bytes(
            "a broken line of which each element of a list gives a row",
            MANIFEST,
            "studentAttendances.jsonl",
            format!("{{\"absences\":[{ABSENCE}]}}\n{{\"absences\":[{ABSENCE},}}\n"),
        ),
    ]
}

fn of_names() -> Vec<Kind> {
    vec![
        second(
            "what the interface adds",
            "{\"id\":\"b3f\",\"schoolId\":8,\"nameOfInstitution\":\"Oak\",\"_etag\":\"5\",\"_lastModifiedDate\":\"2024-10-01\"}",
        ),
        second("a name in another case", "{\"SchoolId\":8,\"nameOfInstitution\":\"Oak\"}"),
        second("a name that is nearly right", "{\"schoolID\":8,\"nameOfInstitution\":\"Oak\"}"),
        schools("a name that is always missing", "{\"schoolId\":7}\n{\"schoolId\":8}\n"),
        second("null for a value", "{\"schoolId\":8,\"nameOfInstitution\":null}"),
        second("nothing for a value", "{\"schoolId\":8,\"nameOfInstitution\":\" \"}"),
        second("an object for a value", "{\"schoolId\":8,\"nameOfInstitution\":{\"long\":\"Oak\"}}"),
        second("a list for a value", "{\"schoolId\":8,\"nameOfInstitution\":[\"Oak\"]}"),
        second("a list of two for a value", "{\"schoolId\":8,\"nameOfInstitution\":[\"Oak\",\"Ash\"]}"),
        second("an empty list for a value", "{\"schoolId\":8,\"nameOfInstitution\":[]}"),
        second("a flag for a text", "{\"schoolId\":8,\"nameOfInstitution\":true}"),
        second(
            "an extension that nothing reads",
            "{\"schoolId\":8,\"nameOfInstitution\":\"Oak\",\"_ext\":{\"state\":{\"charter\":true}}}",
        ),
        bytes(
            "an extension that is read, and the same one elsewhere",
            MANIFEST,
            "students.jsonl",
            "{\"studentUniqueId\":\"SECRET\",\"birthDate\":\"2015-01-01\",\"gradeLevelDescriptor\":\"03\",\"_ext\":{\"state\":{\"englishLearner\":true}},\"englishLearner\":true}\n",
        ),
        absences("no list", "null"),
        absences("an empty list", "[]"),
        absences("an object for a list", ABSENCE),
        absences("a list with null in it", &format!("[null,{ABSENCE}]")),
        absences("a list of texts", "[\"2024-10-01\"]"),
        absences("a list in a list", &format!("[[{ABSENCE}]]")),
        absences("an element without a key", "[{\"eventDate\":\"2024-10-01\"}]"),
        absences("half of a key", &format!("[{}]", ABSENCE.replace("\"schoolYear\":\"2024-25\",", ""))),
        absences(
            "a percent in words",
            &format!("[{}]", ABSENCE.replace("\"2024-10-01\"", "\"2024-10-01\",\"share\":\"half\"")),
        ),
        session(
            "a reference with its link",
            "{\"schoolId\":7,\"link\":{\"rel\":\"School\",\"href\":\"/ed-fi/schools/b3f\"}}",
            "\"id\":1",
        ),
        session(
            "a reference that is its link alone",
            "{\"link\":{\"rel\":\"School\",\"href\":\"/ed-fi/schools/b3f\"}}",
            "\"id\":1",
        ),
        session("an empty reference", "{}", "\"id\":1"),
        session("null for a reference", "null", "\"id\":1"),
        session("a key for a reference, which is fine", "7", "\"id\":1"),
        session("a list for a reference", "[{\"schoolId\":7},{\"schoolId\":8}]", "\"id\":1"),
        session("a reference by another name", "{\"schoolID\":7}", "\"id\":1"),
    ]
}

fn of_values() -> Vec<Kind> {
    let day = "\"2015-01-01\"";
    let grade = "\"uri://ed-fi.org/GradeLevelDescriptor#Third grade\"";
    vec![
        student("the address of a descriptor, which is fine", day, grade),
        student(
            "the address of a descriptor of another author, which is fine",
            day,
            "\"uri://state.gov/GradeLevelDescriptor#Third grade\"",
        ),
        student(
            "the address of a descriptor without its value",
            day,
            "\"uri://ed-fi.org/GradeLevelDescriptor\"",
        ),
        student(
            "the address of a descriptor with nothing for its value",
            day,
            "\"uri://ed-fi.org/GradeLevelDescriptor#\"",
        ),
        student(
            "the address of a descriptor with a value of nothing",
            day,
            "\"uri://ed-fi.org/GradeLevelDescriptor#Kindergarten\"",
        ),
        student("the address of another descriptor", day, "\"uri://ed-fi.org/SexDescriptor#Third grade\""),
        student("the address of a page", day, "\"https://ed-fi.org/GradeLevelDescriptor#Third grade\""),
        student("the number of a descriptor", day, "1873"),
        student(
            "a code with a blank after it, which is fine",
            day,
            "\"uri://ed-fi.org/GradeLevelDescriptor#Third grade \"",
        ),
        student("a code in another case, which is fine", day, "\"THIRD GRADE\""),
        student("February 29 of 2023", "\"2023-02-29\"", grade),
        student("month 13", "\"2023-13-01\"", grade),
        student("a day in another format", "\"09/30/2014\"", grade),
        student("a day in one of two other formats", "\"03/04/2014\"", grade),
        student("a day and a time, which is fine", "\"2015-01-01T00:00:00\"", grade),
        student("a day as a whole number", "20150101", grade),
        student("a flag for a day", "true", grade),
        days("number of 400 digits", &"9".repeat(400)),
        days("1e400", "1e400"),
        days("a number with a large exponent", "1e999999999999"),
        days("a negative count", "-1"),
        days("a fraction of a count", "80.5"),
        days("words for a number", "\"eighty\""),
        days("a flag for a number", "true"),
        bytes(
            "an ambiguous school year",
            MANIFEST,
            "sessions.jsonl",
            "{\"schoolReference\":{\"schoolId\":7},\"schoolYear\":2025,\"sessionName\":\"Fall\"}\n",
        ),
        bytes(
            "a school year that the manifest explains, of one record",
            "format = \"edfi-jsonl\"\n[data.d.Session]\nschool_year = \"ends\"\n",
            "sessions.jsonl",
            "{\"schoolReference\":{\"schoolId\":7},\"schoolYear\":2025,\"sessionName\":\"Fall\"}\n",
        ),
        bytes(
            "fractions of a cent",
            MANIFEST,
            "credentials.jsonl",
            "{\"credentialIdentifier\":\"a\",\"fee\":1.005}\n",
        ),
        second("null for a key", "{\"schoolId\":null,\"nameOfInstitution\":\"Oak\"}"),
        second("nothing for a key", "{\"schoolId\":\"\",\"nameOfInstitution\":\"Oak\"}"),
        second("a key twice, as number and text", "{\"schoolId\":\"7\",\"nameOfInstitution\":\"Oak\"}"),
        session("a key that no row has", "{\"schoolId\":9}", "\"id\":1").and("schools.jsonl", SCHOOLS),
    ]
}

fn of_files() -> Vec<Kind> {
    vec![
        bytes("a resource that the preset does not know", MANIFEST, "surveys.jsonl", "{}\n"),
        bytes("a resource in another case, which is fine", MANIFEST, "Schools.JSONL", SCHOOLS),
        bytes("no file", MANIFEST, "schools.json", "[]"),
        kind("two files of one resource", MANIFEST, |folder| {
            fs::write(folder.join("Schools.jsonl"), "").unwrap();
            fs::write(folder.join("schools.ndjson"), "").unwrap();
        }),
        bytes(
            "columns in the manifest",
            "format = \"edfi-jsonl\"\n[data.d.School]\ncolumns = { name = \"x\" }\n",
            "schools.jsonl",
            ELM,
        ),
        bytes(
            "a file in the manifest",
            "format = \"edfi-jsonl\"\n[data.d.School]\nfile = \"schools.jsonl\"\n",
            "schools.jsonl",
            ELM,
        ),
    ]
}

#[test]
fn bad_input() {
    let mut kinds = of_bytes(MANIFEST, "schools.jsonl", SCHOOLS);
    kinds.extend(of_lines());
    kinds.extend(of_names());
    kinds.extend(of_values());
    kinds.extend(of_files());
    assert!(kinds.len() >= 40, "{}", kinds.len());
    insta::assert_snapshot!(report(&kinds, &preset(PRESET)));
}
