//! Everything that files of fixed width and their layouts do wrong, and what is said about it.

use std::fs;

use super::bad_input_tests::{Kind, bytes, kind, of_bytes, report};

const MANIFEST: &str = "format = \"fixed\"\n[data.d.School]\nlayout = \"layout.csv\"\n";
const LAYOUT: &str = "field,start,width\nname,5,6\nschool_id,1,3\n";
const SCHOOLS: &str = "  7 Elm   \n  8 Oak   \n";

fn with(name: &'static str, layout: impl AsRef<[u8]>, text: impl AsRef<[u8]>) -> Kind {
    bytes(name, MANIFEST, "schools.txt", text).and("layout.csv", layout)
}

fn lines(name: &'static str, text: impl AsRef<[u8]>) -> Kind {
    with(name, LAYOUT, text)
}

fn layout(name: &'static str, layout: impl AsRef<[u8]>) -> Kind {
    with(name, layout, SCHOOLS)
}

/// Students: a key of 8 characters, a day of 10, a grade of 12, a flag of 5.
fn students(name: &'static str, manifest: &'static str, rows: &[[&str; 3]]) -> Kind {
    let line = |(number, [day, grade, flag]): (usize, &[&str; 3])| {
        format!("SECRET{number:<2}{day:<10}{grade:<12}{flag:<5}\n")
    };
    let text: String = rows.iter().enumerate().map(line).collect();
    let layout =
        "field,start,width\nstudent_unique_id,1,8\nbirth_date,9,10\ngrade,19,12\nenglish_learner,31,5\n";
    bytes(name, manifest, "students.txt", text).and("students.layout.csv", layout)
}

const STUDENTS: &str = "format = \"fixed\"\n[data.d.Student]\nlayout = \"students.layout.csv\"\n";

/// Sessions: a school of 3 characters, a school year of 7, a name of 6, days of 5.
fn sessions(name: &'static str, rows: &[&str]) -> Kind {
    const SESSIONS: &str = "format = \"fixed\"\n[data.d.Session]\nlayout = \"sessions.layout.csv\"\n";
    let layout = "field,start,width\nschool_id,1,3\nschool_year,4,7\nsession_name,11,6\ndays,17,5\n";
    let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
    bytes(name, SESSIONS, "sessions.txt", text).and("sessions.layout.csv", layout)
}

fn of_lines() -> Vec<Kind> {
    vec![
        lines(
            "carriage returns, a character of two bytes and a blank line, which are fine",
            "  7 Elm   \r\n  8 Évora \n\n",
        ),
        lines("a line too short", "  7 Elm   \n  8 Oak\n"),
        lines("a line that ends before the last field", "  7 Elm   \n  8\n"),
        lines("a line of one character", "  7 Elm   \n8\n"),
        lines("lines longer than the layout", "  7 Elm   X\n  8 Oak   \n  9 Ash   Y\n"),
        lines("a line with blanks after the layout, which is fine", "  7 Elm         \n"),
        lines("a line of blanks", "  7 Elm   \n          \n  8 Oak   \n"),
        lines("a tab between the fields", "  7\tElm   \n  8 Oak   \n"),
        lines("a tab that makes the line short", "7\tElm\n  8 Oak   \n"),
        lines("latin-1", b"  7 Elm   \n  8 Caf\xE9  \n"),
        lines("bytes of a mainframe", b"\x40\x40\xF7\x40\xC5\x93\x94\x40\x40\x40\n"),
        lines("a character of two parts before a field", "  7 Elm   \n  8 E\u{301}vora \n"),
        lines("characters of four bytes, which are fine", "  7 🏫🏫🏫🏫🏫🏫\n"),
        lines("a null byte", "  7 E\0m   \n"),
        lines("the names of the fields in the first line", "sch name  \n  7 Elm   \n"),
        lines("fields that are one place too far right", "   7 Elm  \n   8 Oak  \n"),
        lines("CSV", "school_id,name\n7,Elm\n8,Oak\n"),
        lines("the end of a text of the old kind", "  7 Elm   \n\u{1a}"),
        lines("old carriage returns alone", SCHOOLS.replace('\n', "\r")),
        lines("cut short in a line", "  7 Elm   \n  8 O"),
        lines("page breaks", "  7 Elm   \n\u{c}\n  8 Oak   \n"),
        lines("a sum at the end, which is a row like others", "  7 Elm   \n  8 Oak   \nTOTAL    2\n"),
        kind("a line of 65 megabytes", MANIFEST, |folder| {
            fs::write(folder.join("layout.csv"), LAYOUT).unwrap();
            fs::write(folder.join("schools.txt"), vec![b'x'; 65 << 20]).unwrap();
        }),
    ]
}

fn of_layouts() -> Vec<Kind> {
    vec![
        layout(
            "fields in any order and with gaps, which is fine",
            "field,start,width\nname,5,6\nschool_id,1,2\n",
        ),
        layout("fields that overlap", "field,start,width\nname,3,6\nschool_id,1,3\n"),
        layout("a field inside another", "field,start,width\nname,1,10\nschool_id,3,2\n"),
        layout("a start that is no number", "field,start,width\nname,x,6\n"),
        layout("a start of 0", "field,start,width\nname,0,6\n"),
        layout("a start below 0", "field,start,width\nname,-1,6\n"),
        layout("a start with a fraction", "field,start,width\nname,1.5,6\n"),
        layout("a width of 0", "field,start,width\nname,1,0\n"),
        layout("no width", "field,start,width\nname,1,\n"),
        layout("a width of 20 digits", "field,start,width\nname,1,99999999999999999999\n"),
        layout("first and last place for a start", "field,start,width\nname,5-10,6\n"),
        layout("a field twice", "field,start,width\nname,1,2\nname,3,2\n"),
        layout("a field without a name", "field,start,width\n,1,2\nname,3,2\n"),
        layout("a field beyond the line", "field,start,width\nschool_id,1,3\nname,90,6\n"),
        layout("a layout without its columns", "field,begin,width\nname,1,2\n"),
        layout("a column that is nearly right", "field,strat,width\nname,1,2\n"),
        layout("a column twice", "field,start,start,width\nname,1,2,3\n"),
        layout(
            "a column more, which is fine",
            "field,start,width,remark\nschool_id,1,3,the key\nname,5,6,\n",
        ),
        layout("a layout with semicolons", LAYOUT.replace(',', ";")),
        layout("a row with a cell too few", "field,start,width\nschool_id,1\nname,5,6\n"),
        layout("a layout without fields", "field,start,width\n"),
        layout("an empty layout", ""),
        layout(
            "a layout with a mark and carriage returns, which is fine",
            format!("\u{feff}{}", LAYOUT.replace('\n', "\r\n")),
        ),
        layout("a layout in UTF-16", b"\xFF\xFEf\0"),
        layout("a layout in latin-1", b"field,start,width\nsch\xF6ol,1,3\n"),
        layout("a quote that is never closed", "field,start,width\n\"name,5,6\nschool_id,1,3\n"),
        layout("a field that is not in the layout", "field,start,width\nschool_id,1,3\n"),
        layout("a field that no record has", format!("{LAYOUT}bus,11,2\n")),
        layout("a name that is nearly right", "field,start,width\nschool_id,1,3\nnmae,5,6\n"),
        bytes("no layout", "format = \"fixed\"\n", "schools.txt", SCHOOLS),
        bytes("a layout that is not there", MANIFEST, "schools.txt", SCHOOLS),
        kind("a folder for the layout", MANIFEST, |folder| {
            fs::create_dir(folder.join("layout.csv")).unwrap();
            fs::write(folder.join("schools.txt"), SCHOOLS).unwrap();
        }),
    ]
}

fn of_values() -> Vec<Kind> {
    let one = |name, row: [&str; 3]| students(name, STUDENTS, &[row]);
    vec![
        one("February 29 of 2023", ["2023-02-29", "03", "yes"]),
        one("month 13", ["2023-13-01", "03", "yes"]),
        one("a day in another format", ["09/30/2014", "03", "yes"]),
        one("a day in one of two other formats", ["03/04/2014", "03", "yes"]),
        one("a day without dashes", ["20150101", "03", "yes"]),
        one("no day as zeros", ["00000000", "03", "yes"]),
        one("blanks for a day", ["", "03", "yes"]),
        students("days as the manifest says, which is fine", "format = \"fixed\"\ndates = \"%Y%m%d\"\n[data.d.Student]\nlayout = \"students.layout.csv\"\n", &[["20150101", "03", "yes"]]),
        one("a code of nothing", ["2015-01-01", "99", "yes"]),
        one("a code that is nearly right", ["2015-01-01", "Thrid grade", "yes"]),
        one("a code in another case, which is fine", ["2015-01-01", "THIRD GRADE", "yes"]),
        one("a code that is cut off", ["2015-01-01", "Third gra", "yes"]),
        one("a flag that is none", ["2015-01-01", "03", "perh."]),
        one("blanks for a flag, which may be missing", ["2015-01-01", "03", ""]),
        sessions("fine", &["  72024-25Fall     81"]),
        sessions("a negative count", &["  72024-25Fall     -1"]),
        sessions("letters in a number", &["  72024-25Fall     8l"]),
        sessions("a blank inside a number", &["  72024-25Fall    8 1"]),
        sessions("zeros before a number, which are fine", &["  72024-25Fall  00081"]),
        sessions("a school year of three years", &["  72024-26Fall     81"]),
        sessions("a school year alone", &["  72025   Fall     81"]),
        sessions("half of a key", &["  7       Fall     81"]),
        lines("nothing for a key", "  7 Elm   \n    Oak   \n"),
        lines("nothing for a value", "  7       \n"),
        lines("a key twice", "  7 Elm   \n7   Oak   \n"),
        sessions("a key that no row has", &["  92024-25Fall     81"]).and("schools.txt", SCHOOLS).and("layout.csv", LAYOUT).says("[data.d.School]\nlayout = \"layout.csv\"\n"),
        with("number of 400 digits", "field,start,width\ncredential_id,1,1\nfee,2,400\n", format!("a{}\n", "9".repeat(400))).of("Credential", "credentials.txt"),
        with("a percent of which nothing says how it is written", "field,start,width\nstudent,1,1\nschool_id,2,1\nschool_year,3,7\nsession_name,10,4\nevent_date,14,10\nshare,24,3\n", "172024-25Fall2024-10-010.5\n").of("AttendanceEvent", "attendance_events.txt"),
    ]
}

fn of_files() -> Vec<Kind> {
    vec![
        bytes("no file", MANIFEST, "schools.csv", SCHOOLS).and("layout.csv", LAYOUT),
        bytes("two files for a record", MANIFEST, "schools.txt", SCHOOLS)
            .and("school.dat", SCHOOLS)
            .and("layout.csv", LAYOUT),
        bytes("a file of no record", MANIFEST, "schools.txt", SCHOOLS)
            .and("buses.dat", SCHOOLS)
            .and("layout.csv", LAYOUT),
        bytes(
            "a file that is not there",
            "format = \"fixed\"\n[data.d.School]\nfile = \"school.txt\"\nlayout = \"layout.csv\"\n",
            "schools.txt",
            SCHOOLS,
        ),
    ]
}

#[test]
fn bad_input() {
    let mut kinds: Vec<Kind> = of_bytes(MANIFEST, "schools.txt", SCHOOLS)
        .into_iter()
        .map(|kind| kind.and("layout.csv", LAYOUT))
        .collect();
    kinds.extend(of_lines());
    kinds.extend(of_layouts());
    kinds.extend(of_values());
    kinds.extend(of_files());
    assert!(kinds.len() >= 40, "{}", kinds.len());
    insta::assert_snapshot!(report(&kinds, &|| None));
}
