//! Everything that JSON Lines do wrong, and what is said about it.

use std::fs;

use super::bad_input_tests::{Kind, bytes, kind, of_bytes, report};

const MANIFEST: &str = "format = \"jsonl\"\n";
const SCHOOLS: &str = "{\"school_id\":7,\"name\":\"Elm\"}\n{\"school_id\":8,\"name\":\"Oak\"}\n";
const ELM: &str = "{\"school_id\":7,\"name\":\"Elm\"}";

fn schools(name: &'static str, text: impl AsRef<[u8]>) -> Kind {
    bytes(name, MANIFEST, "schools.jsonl", text)
}

fn sessions(name: &'static str, rest: &str) -> Kind {
    let text = format!("{{\"school\":7,\"school_year\":\"2024-25\",\"session_name\":\"Fall\",{rest}}}\n");
    bytes(name, MANIFEST, "sessions.jsonl", text)
}

/// Students, of whom each line is what differs.
fn students(name: &'static str, lines: &[&str]) -> Kind {
    let line = |(number, line): (usize, &&str)| {
        format!("{{\"student_unique_id\":\"SECRET{number}\",\"english_learner\":null,{line}}}\n")
    };
    let text: String = lines.iter().enumerate().map(line).collect();
    bytes(name, MANIFEST, "students.jsonl", text)
}

fn events(name: &'static str, manifest: &'static str, share: &str) -> Kind {
    let text = format!(
        "{{\"student\":\"1\",\"session\":{{\"school\":{{\"school_id\":7}},\"school_year\":\"2024-25\",\"session_name\":\"Fall\"}},\"event_date\":\"2024-10-01\",\"share\":{share}}}\n"
    );
    bytes(name, manifest, "attendance_events.jsonl", text)
}

/// What the lines are.
fn of_lines() -> Vec<Kind> {
    vec![
        bytes(
            "numbers with exponents, keys in objects and blank lines, which are fine",
            MANIFEST,
            "sessions.jsonl",
            "{\"school\":{\"school_id\":7},\"school_year\":\"2024-25\",\"session_name\":\"Fall\",\"days\":8.1e1}\r\n\n{\"school\":{\"school_id\":\"7\"},\"school_year\":\"2024-25\",\"session_name\":\"Spring\",\"days\":null}",
        ),
        schools("cut short in a name", format!("{ELM}\n{{\"school_id\":8,\"na")),
        schools("cut short in a text", format!("{ELM}\n{{\"school_id\":8,\"name\":\"Oa")),
        schools("cut short between members", format!("{ELM}\n{{\"school_id\":8,")),
        schools("cut short in the only line", "{\"school_id\":8,"),
        schools(
            "a comma before the end, and a line that breaks",
            format!("{ELM}\n{{\"school_id\":8,}}\n{{\"school_id\":9,\"name\":\n"),
        ),
        schools(
            "two objects on a line",
            format!("{ELM}\n{{\"school_id\":8,\"name\":\"Oak\"}}{{\"school_id\":9,\"name\":\"Ash\"}}\n"),
        ),
        schools(
            "two objects on a line, with a comma between them",
            format!("{ELM}\n{{\"school_id\":8}},{{\"school_id\":9}}\n"),
        ),
        schools("a comma after each line", SCHOOLS.replace("}\n", "},\n")),
        schools("a list around the objects", format!("[{ELM}]\n")),
        schools("a list around the objects, over lines", format!("[\n{ELM},\n{ELM}\n]\n")),
        schools("a list for an object", format!("{ELM}\n[8,\"Oak\"]\n")),
        schools("an object over several lines", "{\n  \"school_id\": 7\n}\n"),
        schools(
            "an object over several lines, from its first member on",
            "{\"school_id\": 7,\n \"name\": \"Elm\"}\n",
        ),
        schools("a number for an object", format!("{ELM}\n8\n")),
        schools("a text for an object", format!("{ELM}\n\"8\"\n")),
        schools("null for an object", format!("{ELM}\nnull\n")),
        schools("an object without members", format!("{ELM}\n{{}}\n")),
        schools("nothing but an object without members", "{}\n"),
        schools("a comment", format!("{ELM}\n// Oak follows\n")),
        schools("one quote for two", format!("{ELM}\n{{'school_id':8}}\n")),
        schools("a name without quotes", format!("{ELM}\n{{school_id:8}}\n")),
        schools("CSV", "school_id,name\n7,Elm\n"),
        schools("a tab inside a text", format!("{ELM}\n{{\"school_id\":8,\"name\":\"O\tk\"}}\n")),
        schools("an escape that is none", format!("{ELM}\n{{\"school_id\":8,\"name\":\"O\\qk\"}}\n")),
        schools("a null byte", format!("{ELM}\n{{\"school_id\":8,\"name\":\"O\0k\"}}\n")),
        schools("a null byte, written so", format!("{ELM}\n{{\"school_id\":8,\"name\":\"O\\u0000k\"}}\n")),
        schools("latin-1", b"{\"school_id\":7,\"name\":\"Elm\"}\n{\"school_id\":8,\"name\":\"Caf\xE9\"}\n"),
        schools("half a character", "{\"school_id\":7,\"name\":\"\\ud800\"}\n"),
        schools(
            "half a character in a name",
            format!("{ELM}\n{{\"school_id\":8,\"na\\ud800me\":\"Oak\"}}\n"),
        ),
        schools("old carriage returns alone", SCHOOLS.replace('\n', "\r")),
        bytes(
            "private text in a broken line",
            MANIFEST,
            "students.jsonl",
            "\"SECRET\"\n{\"student_unique_id\":\"SECRET\" \"x\"}\n",
        ),
        kind("a line of 65 megabytes", MANIFEST, |folder| {
            fs::write(folder.join("schools.jsonl"), vec![b' '; 65 << 20]).unwrap();
        }),
    ]
}

/// What names stand in them.
fn of_names() -> Vec<Kind> {
    let deep = |count: usize| format!("{}1{}", "{\"a\":".repeat(count), "}".repeat(count));
    let many: String = (0..5000).map(|name| format!(",\"n{name}\":1")).collect();
    vec![
        bytes(
            "paths of the manifest",
            "format = \"jsonl\"\n[data.d.School]\nfile = \"s.jsonl\"\ncolumns = { school_id = \"a.id\", name = \"a.names.long\" }\n",
            "s.jsonl",
            "{\"a\":{\"id\":7,\"names\":{\"long\":\"Elm\",\"short\":\"E\"}}}\n",
        ),
        bytes(
            "a path of the manifest that no line has",
            "format = \"jsonl\"\n[data.d.School]\ncolumns = { name = \"names.long\" }\n",
            "schools.jsonl",
            "{\"school_id\":7,\"names\":{\"lnog\":\"Elm\"}}\n",
        ),
        bytes(
            "a path of the manifest through a value",
            "format = \"jsonl\"\n[data.d.School]\ncolumns = { name = \"names.long\" }\n",
            "schools.jsonl",
            "{\"school_id\":7,\"names\":{\"long\":\"Elm\"}}\n{\"school_id\":8,\"names\":\"Oak\"}\n",
        ),
        schools("a name twice", format!("{ELM}\n{{\"school_id\":8,\"name\":\"Oak\",\"name\":\"Ash\"}}\n")),
        schools("a name twice, in the only line", "{\"school_id\":7,\"name\":\"Elm\",\"name\":\"Oak\"}\n"),
        bytes(
            "a name with a dot beside an object of the same path",
            "format = \"jsonl\"\n[data.d.School]\ncolumns = { name = \"n.long\" }\n",
            "schools.jsonl",
            "{\"school_id\":7,\"n.long\":\"Elm\",\"n\":{\"long\":\"Oak\"}}\n",
        ),
        schools("names that differ in case", "{\"school_id\":7,\"NAME\":\"Elm\",\"Name\":\"Oak\"}\n"),
        schools("a name in another case, which is fine", "{\"SchoolID\":7,\"NAME\":\"Elm\"}\n"),
        schools("a name with blanks around it", "{\"school_id\":7,\" name \":\"Elm\"}\n"),
        schools("a name that is nearly right", "{\"school_id\":7,\"nmae\":\"Elm\"}\n"),
        schools("a name that is always missing", "{\"school_id\":7}\n{\"school_id\":8}\n"),
        schools("a name that is missing once", format!("{ELM}\n{{\"school_id\":8}}\n")),
        schools("a name that says nothing", "{\"school_id\":7,\"name\":\"Elm\",\"\":1}\n"),
        schools(
            "a name more, in one line",
            format!("{ELM}\n{{\"school_id\":8,\"name\":\"Oak\",\"bus\":3}}\n"),
        ),
        schools("more names than a record has", format!("{{\"school_id\":7{many}}}\n")),
        schools(
            "a list where a value is expected",
            "{\"school_id\":7,\"name\":[\"Elm\"]}\n{\"school_id\":8,\"name\":\"Oak\"}\n{\"school_id\":9,\"name\":{\"long\":\"Ash\"}}\n",
        ),
        schools(
            "an empty list where a value is expected",
            format!("{ELM}\n{{\"school_id\":8,\"name\":[]}}\n"),
        ),
        schools(
            "an empty object where a value is expected",
            format!("{ELM}\n{{\"school_id\":8,\"name\":{{}}}}\n"),
        ),
        schools(
            "objects 100 deep",
            format!("{ELM}\n{{\"school_id\":8,\"name\":\"Oak\",\"more\":{}}}\n", deep(100)),
        ),
        schools("objects 10000 deep", format!("{ELM}\n{}\n", deep(10_000))),
        schools(
            "lists 100000 deep",
            format!("{ELM}\n{{\"school_id\":8,\"name\":\"Oak\",\"more\":{}}}\n", "[".repeat(100_000)),
        ),
    ]
}

/// What values stand in them.
fn of_values() -> Vec<Kind> {
    let day = |text: &str| format!("\"grade\":\"03\",\"birth_date\":{text}");
    let grade = |text: &str| format!("\"birth_date\":\"2015-01-01\",\"grade\":{text}");
    let one_day = |name, text: &str| students(name, &[&day(text)]);
    let one_grade = |name, text: &str| students(name, &[&grade(text)]);
    let percents = "format = \"jsonl\"\n[data.d.AttendanceEvent]\npercent = { share = \"points\" }\n";
    vec![
        sessions("number of 400 digits", &format!("\"days\":{}", "9".repeat(400))),
        sessions("number of 400 digits after the point", &format!("\"days\":1.{}", "9".repeat(400))),
        sessions("1e400", "\"days\":1e400"),
        sessions("a number with a large exponent", "\"days\":1e999999999999"),
        sessions("a number that an exponent makes whole, which is fine", "\"days\":8.1e1"),
        sessions("a number that an exponent makes a fraction", "\"days\":81e-1"),
        sessions("NaN", "\"days\":NaN"),
        sessions("infinity", "\"days\":-Infinity"),
        sessions("a number with zeros before it", "\"days\":081"),
        sessions("a number with a plus", "\"days\":+81"),
        sessions("a hexadecimal number", "\"days\":0x51"),
        sessions("a number without its digits", "\"days\":81."),
        sessions("a number as text, which is fine", "\"days\":\"1,081\""),
        sessions("words for a number", "\"days\":\"eighty\""),
        sessions("a flag for a number", "\"days\":true"),
        sessions("a negative count", "\"days\":-1"),
        sessions("a fraction of a count", "\"days\":80.5"),
        schools("a number for text, which is fine", "{\"school_id\":7,\"name\":108}\n"),
        schools("a flag for text", "{\"school_id\":7,\"name\":true}\n"),
        bytes(
            "numbers and words for flags",
            MANIFEST,
            "credentials.jsonl",
            "{\"credential_id\":\"a\",\"fee\":1,\"expires\":null,\"approved\":1}\n{\"credential_id\":\"b\",\"fee\":1,\"expires\":null,\"approved\":2}\n{\"credential_id\":\"c\",\"fee\":1,\"expires\":null,\"approved\":\"perhaps\"}\n",
        ),
        bytes(
            "fractions of a cent, and money with its sign",
            MANIFEST,
            "credentials.jsonl",
            "{\"credential_id\":\"a\",\"fee\":1.005,\"expires\":null,\"approved\":null}\n{\"credential_id\":\"b\",\"fee\":\"$1,000.50\",\"expires\":null,\"approved\":null}\n{\"credential_id\":\"c\",\"fee\":\"5 USD\",\"expires\":null,\"approved\":null}\n",
        ),
        one_day("February 29 of 2023", "\"2023-02-29\""),
        one_day("month 13", "\"2023-13-01\""),
        one_day("day 0", "\"2023-01-00\""),
        one_day("a time of the day after the day, which is fine", "\"2015-01-01T00:00:00Z\""),
        one_day("a day in another format", "\"09/30/2014\""),
        one_day("a day in one of two other formats", "\"03/04/2014\""),
        one_day("a day as a whole number", "20150101"),
        one_day("a day as milliseconds", "1420070400000"),
        one_day("a day as the number of a spreadsheet", "42005"),
        one_day("no day as zeros", "\"0000-00-00\""),
        one_day("null for a day that must be there", "null"),
        one_grade("a code of nothing", "\"Kindergarten\""),
        one_grade("a code that is nearly right", "\"Thrid grade\""),
        one_grade("a code with blanks around it, which is fine", "\" 03 \""),
        one_grade("a code in another case, which is fine", "\"THIRD GRADE\""),
        one_grade("a code as a number, which is fine", "3"),
        one_grade("a code as a number with a fraction", "3.0"),
        events("a percent of which nothing says how it is written", MANIFEST, "0.5"),
        events("a percent above 100, which is one", percents, "250"),
        events("a percent in words", percents, "\"half\""),
        bytes(
            "a school year alone, and one of three years",
            MANIFEST,
            "sessions.jsonl",
            "{\"school\":7,\"school_year\":2025,\"session_name\":\"Fall\",\"days\":1}\n{\"school\":7,\"school_year\":\"2024-26\",\"session_name\":\"Fall\",\"days\":1}\n",
        ),
        schools("null for a key", format!("{ELM}\n{{\"school_id\":null,\"name\":\"Oak\"}}\n")),
        schools("nothing for a key", format!("{ELM}\n{{\"school_id\":\" \",\"name\":\"Oak\"}}\n")),
        schools("a key that is always missing", "{\"name\":\"Elm\"}\n{\"name\":\"Oak\"}\n"),
        schools(
            "a key twice, as number and text",
            format!("{ELM}\n{{\"school_id\":\"7\",\"name\":\"Oak\"}}\n"),
        ),
        kind("a key that no row has", MANIFEST, |folder| {
            fs::write(folder.join("schools.jsonl"), SCHOOLS).unwrap();
            fs::write(
                folder.join("sessions.jsonl"),
                "{\"school\":9,\"school_year\":\"2024-25\",\"session_name\":\"Fall\",\"days\":1}\n",
            )
            .unwrap();
        }),
        events("half of a key", MANIFEST, "\"50%\"").rewritten(
            "attendance_events.jsonl",
            "\"school_year\":\"2024-25\"",
            "\"school_year\":null",
        ),
    ]
}

/// Which files there are.
fn of_files() -> Vec<Kind> {
    vec![
        bytes("no file", MANIFEST, "schools.json", "[]"),
        kind("an empty folder", MANIFEST, |_| ()),
        bytes("no file of a record", MANIFEST, "buses.jsonl", "{\"bus\":1}\n"),
        bytes("a file beside those of records", MANIFEST, "buses.jsonl", "{\"bus\":1}\n")
            .and("schools.jsonl", SCHOOLS),
        bytes("two files for a record", MANIFEST, "schools.jsonl", SCHOOLS).and("School.ndjson", SCHOOLS),
        bytes(
            "a file that is not there",
            "format = \"jsonl\"\n[data.d.School]\nfile = \"school.jsonl\"\n",
            "schools.jsonl",
            SCHOOLS,
        ),
        bytes(
            "a record that no policy has",
            "format = \"jsonl\"\n[data.d.Schol]\nfile = \"schools.jsonl\"\n",
            "schools.jsonl",
            SCHOOLS,
        ),
        bytes(
            "a field that no record has",
            "format = \"jsonl\"\n[data.d.School]\ncolumns = { nmae = \"name\" }\n",
            "schools.jsonl",
            SCHOOLS,
        ),
        bytes("a format that is none", "format = \"json\"\n", "schools.jsonl", SCHOOLS),
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
    insta::assert_snapshot!(report(&kinds, &|| None));
}
