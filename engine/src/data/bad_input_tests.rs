//! Everything that files do wrong, reader by reader, and what is said about it.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use super::fixtures::symbols;
use super::*;

/// One kind of bad input: what it is, how the folder is made, and the rest of the manifest.
pub(super) struct Kind {
    name: &'static str,
    manifest: &'static str,
    make: Box<dyn Fn(&Path)>,
}

pub(super) fn kind(name: &'static str, manifest: &'static str, make: impl Fn(&Path) + 'static) -> Kind {
    Kind { name, manifest, make: Box::new(make) }
}

/// A kind that is a file and its bytes.
pub(super) fn bytes(
    name: &'static str,
    manifest: &'static str,
    file: &'static str,
    bytes: impl AsRef<[u8]>,
) -> Kind {
    let bytes = bytes.as_ref().to_vec();
    kind(name, manifest, move |folder| fs::write(folder.join(file), &bytes).unwrap())
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What reading the folder says: `refused: …`, or a line for each thing said and the number of rows.
fn outcome(kind: &Kind, preset: Option<PresetText>) -> String {
    let folder = TempDir::new().unwrap();
    (kind.make)(folder.path());
    let path = if kind.manifest.contains("path =") { "" } else { "path = \".\"\n" };
    let text = format!("[data.d]\n{path}{}", kind.manifest);
    let set = match Manifest::parse(&text) {
        Ok(mut manifest) => manifest.data.remove("d").unwrap(),
        Err(errors) => {
            let lines = errors.iter().map(|error| {
                format!(
                    "manifest:{}: {}; {}\n",
                    error.line,
                    error.message,
                    error.help.as_deref().unwrap_or_default()
                )
            });
            return lines.collect();
        }
    };
    let path = folder.path().join(if set.path == "." { "" } else { &set.path });
    let symbols = symbols();
    let source = DataSource { path, shown: String::new(), set, preset };
    crate::table::tests::agree(&symbols, &source, kind.name);
    match read(&symbols, &source) {
        Err(error) => format!("refused: {error}\n"),
        Ok(dataset) => {
            let mut text = String::new();
            for error in &dataset.errors {
                let file = error.file.map_or("", |file| dataset.files[file as usize].as_str());
                let place = error.line.map_or(file.to_owned(), |line| place(file, line));
                let column = error.column.as_deref().map_or(String::new(), |column| format!(" `{column}`"));
                let severity = match error.severity {
                    Severity::Error => "",
                    Severity::Warning => "warning: ",
                    _ => "information: ",
                };
                writeln!(text, "{severity}{place}{column} [{}] {}", error.code, error.message).unwrap();
            }
            let rows = symbols.records.iter().zip(&dataset.tables);
            for (record, table) in rows.filter_map(|(record, table)| Some((record, table.as_ref()?))) {
                writeln!(text, "{}: {} rows", record.name, table.len()).unwrap();
            }
            text
        }
    }
}

pub(super) fn report(kinds: &[Kind], preset: &dyn Fn() -> Option<PresetText>) -> String {
    let mut text = String::new();
    for kind in kinds {
        let said = outcome(kind, preset());
        assert!(!said.contains("SECRET"), "{}: {said}", kind.name);
        writeln!(text, "# {}\n{said}", kind.name).unwrap();
    }
    text
}

const SCHOOLS: &str = "school_id,name\n7,Elm\n8,Oak\n";
const STUDENT: &str = "student_unique_id,birth_date,grade\n";

#[test]
fn csv() {
    let students = |rows: &str| format!("{STUDENT}{rows}");
    let sessions = "school_id,school_year,session_name,days\n";
    let kinds = [
        bytes("truncated inside a quote", "", "schools.csv", "school_id,name\n7,\"El"),
        bytes("truncated inside a row", "", "schools.csv", "school_id,name\n7,Elm\n8"),
        bytes("latin-1", "", "schools.csv", b"school_id,name\n7,Caf\xE9\n"),
        bytes("latin-1 header", "", "schools.csv", b"school_id,name,\xE9cole\n7,Elm,x\n"),
        bytes("utf-16", "", "schools.csv", b"\xFF\xFEs\0c\0"),
        bytes("byte order mark, which is fine", "", "schools.csv", format!("\u{feff}{SCHOOLS}")),
        bytes("carriage returns, which are fine", "", "schools.csv", SCHOOLS.replace('\n', "\r\n")),
        bytes("duplicate header", "", "schools.csv", "school_id,name,name\n7,Elm,Oak\n"),
        bytes("missing column", "", "schools.csv", "school_id\n7\n"),
        bytes("extra column", "", "schools.csv", "school_id,name,bus\n7,Elm,3\n"),
        bytes("extra cell", "", "schools.csv", "school_id,name\n7,Elm,3\n"),
        bytes("quoted newline, which is fine", "", "schools.csv", "school_id,name\n7,\"Elm\nEast\"\n8,Oak\n"),
        bytes(
            "number of 400 digits",
            "",
            "sessions.csv",
            format!("{sessions}7,2024-25,Fall,{}\n", "9".repeat(400)),
        ),
        bytes("February 29 of 2023", "", "students.csv", students("SECRET,2023-02-29,03\n")),
        bytes("month 13", "", "students.csv", students("SECRET,2023-13-01,03\n")),
        bytes(
            "code with a trailing space, which is fine",
            "",
            "students.csv",
            students("1,2015-01-01,03 \n"),
        ),
        bytes("unknown code", "", "students.csv", students("1,2015-01-01,Thrid grade\n")),
        kind("dangling key", "", move |folder| {
            fs::write(folder.join("schools.csv"), SCHOOLS).unwrap();
            fs::write(folder.join("sessions.csv"), format!("{sessions}9,2024-25,Fall,81\n")).unwrap();
        }),
        bytes("duplicate key", "", "schools.csv", "school_id,name\n7,Elm\n7,Oak\n"),
        bytes("missing value", "", "schools.csv", "school_id,name\n7,\n"),
        bytes("missing key", "", "schools.csv", "school_id,name\n,Elm\n"),
        bytes("empty file", "", "schools.csv", ""),
        bytes("header without rows, which says that there are none", "", "schools.csv", "school_id,name\n"),
        bytes("wrong delimiter", "", "schools.csv", SCHOOLS.replace(',', ";")),
        bytes("a null byte", "", "sessions.csv", format!("{sessions}7,2024-25,Fall,8\01\n")),
        kind("folder instead of file", "", |folder| fs::create_dir(folder.join("schools.csv")).unwrap()),
        kind("folder instead of the file of a record", "[data.d.School]\nfile = \"s\"\n", |folder| {
            fs::create_dir(folder.join("s")).unwrap();
        }),
        kind("no file", "", |_| ()),
        kind("two files for a record", "", |folder| {
            fs::write(folder.join("schools.csv"), SCHOOLS).unwrap();
            fs::write(folder.join("School.tsv"), SCHOOLS.replace(',', "\t")).unwrap();
        }),
        bytes("a quote inside a cell, which is fine", "", "schools.csv", "school_id,name\n7,Elm 5\" pipe\n"),
        bytes("file that is not there", "[data.d.School]\nfile = \"school.csv\"\n", "schools.csv", SCHOOLS),
        bytes("zip archive by another name", "", "schools.csv", b"PK\x03\x04rest"),
        bytes(
            "percent without a sign",
            "",
            "attendance_events.csv",
            "student,school_id,school_year,session_name,event_date,share\n1,7,2024-25,Fall,2024-10-01,0.5\n",
        ),
        bytes("ambiguous school year", "", "sessions.csv", format!("{sessions}7,2025,Fall,81\n")),
        bytes("negative count", "", "sessions.csv", format!("{sessions}7,2024-25,Fall,-1\n")),
    ];
    insta::assert_snapshot!(report(&kinds, &|| None));
}

#[cfg(unix)]
#[test]
fn links() {
    let link = |from: &'static str, to: &'static str| {
        move |folder: &Path| std::os::unix::fs::symlink(folder.join(to), folder.join(from)).unwrap()
    };
    let kinds = [
        kind("a link to itself", "", link("schools.csv", "schools.csv")),
        kind("a link to nothing", "", link("schools.csv", "gone.csv")),
        kind("a link to itself for a record", "[data.d.School]\nfile = \"a.txt\"\n", link("a.txt", "a.txt")),
    ];
    insta::assert_snapshot!(report(&kinds, &|| None));
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("round");
    std::os::unix::fs::symlink(&path, &path).unwrap();
    let source = DataSource { path, shown: "round".to_owned(), set: DataSet::default(), preset: None };
    assert_eq!(
        read(&symbols(), &source).unwrap_err().to_string(),
        "round: it is a link that leads nowhere or in a circle; remove the link, or put the file in its place"
    );
}

#[test]
fn compressed() {
    let packed = gzip(SCHOOLS.as_bytes());
    let mut damaged = gzip(SCHOOLS.repeat(100).as_bytes());
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xFF;
    let mut two = gzip(b"school_id,name\n7,Elm\n");
    two.extend(gzip(b"8,Oak\n"));
    let bomb = gzip(&vec![b'0'; 20 << 20]);
    let kinds = [
        bytes("gzip, which is fine", "", "Schools.csv.gz", &packed),
        bytes("gzip in two parts, which is fine", "", "schools.csv.gz", &two),
        bytes("gzip that is cut short", "", "schools.csv.gz", &packed[..packed.len() - 12]),
        bytes("gzip that is damaged", "", "schools.csv.gz", &damaged),
        bytes("gzip bomb", "", "schools.csv.gz", &bomb),
        bytes("gzip without its ending", "", "schools.csv", &packed),
        bytes("the ending without gzip", "", "schools.csv.gz", SCHOOLS),
        bytes("gzip bomb in JSON Lines", "format = \"jsonl\"\n", "schools.jsonl.gz", &bomb),
    ];
    insta::assert_snapshot!(report(&kinds, &|| None));
}

#[test]
fn json_lines() {
    let kinds = [
        bytes(
            "fine",
            "format = \"jsonl\"\n",
            "sessions.jsonl",
            "{\"school\":{\"school_id\":7},\"school_year\":\"2024-25\",\"session_name\":\"Fall\",\"days\":8.1e1}\r\n\n{\"school\":{\"school_id\":\"7\"},\"school_year\":\"2024-25\",\"session_name\":\"Spring\",\"days\":null}",
        ),
        bytes(
            "paths of the manifest",
            "format = \"jsonl\"\n[data.d.School]\nfile = \"s.jsonl\"\ncolumns = { school_id = \"a.id\", name = \"a.names.long\" }\n",
            "s.jsonl",
            "{\"a\":{\"id\":7,\"names\":{\"long\":\"Elm\",\"short\":\"E\"}}}\n",
        ),
        bytes(
            "cut short",
            "format = \"jsonl\"\n",
            "schools.jsonl",
            "{\"school_id\":7,\"name\":\"Elm\"}\n{\"school_id\":8,\"na",
        ),
        bytes(
            "a bad line",
            "format = \"jsonl\"\n",
            "schools.jsonl",
            "{\"school_id\":7,\"name\":\"Elm\"}\n{\"school_id\":8,}\n{\"school_id\":9,\"name\":\n",
        ),
        bytes("a list around the objects", "format = \"jsonl\"\n", "schools.jsonl", "[{\"school_id\":7}]\n"),
        bytes(
            "an object over several lines",
            "format = \"jsonl\"\n",
            "schools.jsonl",
            "{\n  \"school_id\": 7\n}\n",
        ),
        bytes(
            "a name twice",
            "format = \"jsonl\"\n",
            "schools.jsonl",
            "{\"school_id\":7,\"name\":\"Elm\",\"name\":\"Oak\"}\n",
        ),
        bytes(
            "a list where a value is expected",
            "format = \"jsonl\"\n",
            "schools.jsonl",
            "{\"school_id\":7,\"name\":[\"Elm\"]}\n{\"school_id\":8,\"name\":\"Oak\"}\n{\"school_id\":9,\"name\":{\"long\":\"Ash\"}}\n",
        ),
        bytes(
            "text that is damaged",
            "format = \"jsonl\"\n",
            "schools.jsonl",
            "{\"school_id\":7,\"name\":\"\\ud800\"}\n",
        ),
        bytes(
            "latin-1",
            "format = \"jsonl\"\n",
            "schools.jsonl",
            b"{\"school_id\":7,\"name\":\"Elm\"}\n{\"school_id\":8,\"name\":\"Caf\xE9\"}\n",
        ),
        bytes(
            "a name that is not there",
            "format = \"jsonl\"\n",
            "schools.jsonl",
            "{\"school_id\":7,\"nmae\":\"Elm\"}\n",
        ),
        bytes(
            "number of 400 digits",
            "format = \"jsonl\"\n[data.d.Session]\ncolumns = { school = \"s\" }\n",
            "sessions.jsonl",
            format!(
                "{{\"s\":7,\"school_year\":\"2024-25\",\"session_name\":\"Fall\",\"days\":{}}}\n",
                "9".repeat(400)
            ),
        ),
        bytes(
            "number with a large exponent",
            "format = \"jsonl\"\n[data.d.Session]\ncolumns = { school = \"s\" }\n",
            "sessions.jsonl",
            "{\"s\":7,\"school_year\":\"2024-25\",\"session_name\":\"Fall\",\"days\":1e999999}\n",
        ),
        bytes("empty file", "format = \"jsonl\"\n", "schools.jsonl", ""),
        bytes(
            "private text in a broken line",
            "format = \"jsonl\"\n",
            "students.jsonl",
            "\"SECRET\"\n{\"student_unique_id\":\"SECRET\" \"x\"}\n",
        ),
        bytes(
            "a missing name",
            "format = \"jsonl\"\n",
            "schools.jsonl",
            "{\"school_id\":7,\"name\":\"Elm\"}\n{\"school_id\":8}\n",
        ),
    ];
    insta::assert_snapshot!(report(&kinds, &|| None));
}

#[test]
fn fixed_width() {
    const MANIFEST: &str = "format = \"fixed\"\n[data.d.School]\nlayout = \"layout.csv\"\n";
    let with = |name: &'static str, layout: &'static str, text: &'static [u8]| {
        kind(name, MANIFEST, move |folder| {
            fs::write(folder.join("layout.csv"), layout).unwrap();
            fs::write(folder.join("schools.txt"), text).unwrap();
        })
    };
    let layout = "field,start,width\nname,5,6\nschool_id,1,3\n";
    let kinds = [
        with("fine", layout, "  7 Elm   \r\n  8 Évora \n\n".as_bytes()),
        with("a line too short", layout, b"  7 Elm   \n  8 Oak\n"),
        with("lines longer than the layout", layout, b"  7 Elm   X\n  8 Oak   \n  9 Ash   Y\n"),
        with("latin-1", layout, b"  7 Elm   \n  8 Caf\xE9  \n"),
        with("fields that overlap", "field,start,width\nname,3,6\nschool_id,1,3\n", b""),
        with("a start that is no number", "field,start,width\nname,x,6\n", b""),
        with("a field twice", "field,start,width\nname,1,2\nname,3,2\n", b""),
        with("a layout without its columns", "field,begin,width\nname,1,2\n", b""),
        with("a layout without fields", "field,start,width\n", b""),
        with("a field that is not in the layout", "field,start,width\nschool_id,1,3\n", b"  7\n"),
        with("empty file", layout, b""),
        bytes("no layout", "format = \"fixed\"\n", "schools.txt", "  7 Elm   \n"),
        bytes("a layout that is not there", MANIFEST, "schools.txt", "  7 Elm   \n"),
    ];
    insta::assert_snapshot!(report(&kinds, &|| None));
}

const ROSTER: &str = r#"
lists = ["terms"]
[skip]
status = "tobedeleted"
[link.classes]
orgSourcedId = "orgs"
terms = "terms"
[identity.School]
school_id = "."
[record.School]
from = "orgs"
where = { type = "school" }
school_id = "sourcedId"
name = "name"
[record.Session]
from = "classes"
distinct = true
school = "orgSourcedId"
school_year = "terms/year"
session_name = { path = "terms", take = "all" }
days = "terms/days"
"#;

const ORGS: &str = "sourcedId,status,name,type\nE,,Elm,school\n";
const TERMS: &str = "sourcedId,year,days\nT,2024-25,81\nU,2024-25,82\n";

fn preset(text: &'static str) -> impl Fn() -> Option<PresetText> {
    move || Some(PresetText { name: "ours.toml".to_owned(), text: text.to_owned() })
}

#[test]
fn roster() {
    const MANIFEST: &str = "format = \"oneroster\"\n";
    let with = |name: &'static str, files: &[(&'static str, &str)]| {
        let files: Vec<(&str, String)> =
            files.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
        kind(name, MANIFEST, move |folder| {
            for (name, text) in &files {
                fs::write(folder.join(name), text).unwrap();
            }
        })
    };
    let manifest = |rest: &str| format!("propertyName,value\noneroster.version,1.1\n{rest}");
    let classes = |rows: &str| format!("sourcedId,orgSourcedId,terms\n{rows}");
    let kinds = [
        with(
            "fine",
            &[
                ("manifest.csv", &manifest("file.orgs,bulk\n")),
                (
                    "orgs.csv",
                    "\"SourcedID\",\"status\",\"name\",\"TYPE\",\"metadata.x\"\r\n\"E\",\"\",\"Elm\",\"School\",\"1\"\r\n",
                ),
            ],
        ),
        with(
            "rows to be deleted, and of no record",
            &[("orgs.csv", "sourcedId,status,name,type\nE,tobedeleted,Elm,school\nD,,East,district\n")],
        ),
        with("a delta", &[("manifest.csv", &manifest("file.orgs,delta\n")), ("orgs.csv", ORGS)]),
        with(
            "a file that is promised",
            &[("manifest.csv", &manifest("file.orgs,bulk\nfile.terms,bulk\n")), ("orgs.csv", ORGS)],
        ),
        with(
            "a file that should be absent",
            &[
                ("manifest.csv", &manifest("file.orgs,bulk\nfile.terms,absent\n")),
                ("orgs.csv", ORGS),
                ("terms.csv", TERMS),
            ],
        ),
        with("a manifest of something else", &[("manifest.csv", "a,b\n"), ("orgs.csv", ORGS)]),
        with(
            "another version",
            &[("manifest.csv", "propertyName,value\noneroster.version,2.0\n"), ("orgs.csv", ORGS)],
        ),
        with(
            "a word in the manifest that is none",
            &[("manifest.csv", &manifest("file.orgs,full\n")), ("orgs.csv", ORGS)],
        ),
        with("no file of a roster", &[("buses.csv", "a\n")]),
        with(
            "a row with too many cells",
            &[("orgs.csv", "sourcedId,status,name,type\nE,,Elm,East,school\n")],
        ),
        with("no column for the key", &[("orgs.csv", "id,name,type\nE,Elm,school\n")]),
        with("no column that tells the records", &[("orgs.csv", "sourcedId,name\nE,Elm\n")]),
        with("two columns of one name", &[("orgs.csv", "sourcedId,name,Name,type\nE,Elm,Oak,school\n")]),
        with("empty file", &[("orgs.csv", "")]),
        with("header alone", &[("orgs.csv", "sourcedId,name,type\n")]),
        with("a file that another needs", &[("classes.csv", &classes("K,E,T\n")), ("orgs.csv", ORGS)]),
        with(
            "a row that is not there",
            &[("classes.csv", &classes("K,E,X\nL,F,T\n")), ("orgs.csv", ORGS), ("terms.csv", TERMS)],
        ),
        with(
            "two rows of one key",
            &[
                ("classes.csv", &classes("K,E,T\n")),
                ("orgs.csv", ORGS),
                ("terms.csv", &format!("{TERMS}T,2025-26,80\n")),
            ],
        ),
        with(
            "several values where one is expected",
            &[
                ("classes.csv", &classes("K,E,\"T,U\"\nL,E,T\nM,E,T\n")),
                ("orgs.csv", ORGS),
                ("terms.csv", TERMS),
            ],
        ),
        kind("latin-1", MANIFEST, |folder| {
            fs::write(folder.join("orgs.csv"), b"sourcedId,name,type\nE,Caf\xE9,school\n").unwrap()
        }),
    ];
    insta::assert_snapshot!(report(&kinds, &preset(ROSTER)));
}

#[test]
fn archives() {
    use zip::write::{SimpleFileOptions, ZipWriter};
    type Writer = ZipWriter<std::io::Cursor<Vec<u8>>>;
    let archive = |fill: &dyn Fn(&mut Writer)| {
        let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
        fill(&mut writer);
        writer.finish().unwrap().into_inner()
    };
    let packed = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let add = |writer: &mut Writer, name: &str, bytes: &[u8], options: SimpleFileOptions| {
        writer.start_file(name, options).unwrap();
        writer.write_all(bytes).unwrap();
    };
    let one = |name: &str, bytes: &[u8]| archive(&|writer| add(writer, name, bytes, packed));
    let fine = archive(&|writer| {
        writer.add_directory("export/", stored).unwrap();
        add(writer, "export/orgs.csv", ORGS.as_bytes(), packed);
        add(writer, "export/terms.csv", TERMS.as_bytes(), stored);
        add(writer, "__MACOSX/export/._orgs.csv", b"x", stored);
        add(writer, "export/readme.txt", b"x", stored);
    });
    let mut damaged = archive(&|writer| add(writer, "orgs.csv", ORGS.as_bytes(), stored));
    let at = damaged.windows(3).position(|window| window == b"Elm").unwrap();
    damaged[at] = b'O';
    let zip = |name: &'static str, content: &[u8]| {
        bytes(name, "format = \"oneroster\"\npath = \"r.zip\"\n", "r.zip", content)
    };
    let kinds = [
        zip("fine", &fine),
        zip("zip inside zip", &one("inner.zip", &fine)),
        zip("zip bomb", &one("orgs.csv", &vec![b'0'; 20 << 20])),
        zip("zip that is cut short", &fine[..fine.len() / 2]),
        zip("zip that is damaged", &damaged),
        zip("no zip", ORGS.as_bytes()),
        zip("empty file", b""),
        zip("a name that leads out", &one("../orgs.csv", ORGS.as_bytes())),
        zip("a name from the root", &one("/etc/orgs.csv", ORGS.as_bytes())),
        zip("a name with backslashes", &one("a\\orgs.csv", ORGS.as_bytes())),
        zip("a link", &archive(&|writer| writer.add_symlink("orgs.csv", "/etc/passwd", stored).unwrap())),
        zip(
            "two files of one name",
            &archive(&|writer| {
                add(writer, "a/orgs.csv", ORGS.as_bytes(), stored);
                add(writer, "b/orgs.csv", ORGS.as_bytes(), stored);
            }),
        ),
        zip("nothing of a roster", &one("readme.txt", b"x")),
    ];
    insta::assert_snapshot!(report(&kinds, &preset(ROSTER)));
}

#[test]
fn ed_fi_json_lines() {
    const PRESET: &str = r#"
[identity.School]
school_id = "schoolId"
[record.School]
from = "schools"
school_id = "schoolId"
name = "nameOfInstitution"
[record.Session]
from = "sessions"
school = "schoolReference"
school_year = "schoolYear"
session_name = "sessionName"
"#;
    const MANIFEST: &str = "format = \"edfi-jsonl\"\n";
    let school = "{\"schoolId\":7,\"nameOfInstitution\":\"Elm\"}";
    let kinds = [
        bytes("fine", MANIFEST, "schools.jsonl", format!("\u{feff}{school}\r\n")),
        bytes("gzip, which is fine", MANIFEST, "schools.jsonl.gz", gzip(school.as_bytes())),
        bytes("cut short", MANIFEST, "schools.jsonl", format!("{school}\n{{\"schoolId\":8,")),
        bytes("a bad line", MANIFEST, "schools.jsonl", format!("{school}\n{{\"schoolId\":8,\n{school}")),
        bytes("a list around the objects", MANIFEST, "schools.jsonl", format!("[{school}]\n")),
        bytes("latin-1", MANIFEST, "schools.jsonl", b"{\"schoolId\":7,\"nameOfInstitution\":\"Caf\xE9\"}\n"),
        bytes(
            "half a character",
            MANIFEST,
            "schools.jsonl",
            "{\"schoolId\":7,\"nameOfInstitution\":\"\\ud800\"}\n",
        ),
        bytes("a missing value", MANIFEST, "schools.jsonl", "{\"schoolId\":7,\"nameOfInstitution\":null}\n"),
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
        bytes("a resource that the preset does not know", MANIFEST, "surveys.jsonl", "{}\n"),
        bytes("empty file", MANIFEST, "schools.jsonl", ""),
        bytes("no file", MANIFEST, "schools.json", "[]"),
        kind("two files of one resource", MANIFEST, |folder| {
            fs::write(folder.join("Schools.jsonl"), "").unwrap();
            fs::write(folder.join("schools.ndjson"), "").unwrap();
        }),
        bytes(
            "columns in the manifest",
            "format = \"edfi-jsonl\"\n[data.d.School]\ncolumns = { name = \"x\" }\n",
            "schools.jsonl",
            school,
        ),
    ];
    insta::assert_snapshot!(report(&kinds, &preset(PRESET)));
}

#[test]
fn ed_fi_xml() {
    const PRESET: &str = "[record.School]\nfrom = \"School\"\nschool_id = \"SchoolId\"\nname = \"Name\"\n";
    const MANIFEST: &str = "format = \"edfi-xml\"\n";
    let school = "<School><SchoolId>7</SchoolId><Name>Elm</Name></School>";
    let inside = |text: &str| format!("<InterchangeX>{text}</InterchangeX>");
    let kinds = [
        bytes("gzip, which is fine", MANIFEST, "a.xml.gz", gzip(inside(school).as_bytes())),
        bytes(
            "gzip that is cut short",
            MANIFEST,
            "a.xml.gz",
            &gzip(inside(&school.repeat(99)).as_bytes())[..40],
        ),
        bytes("cut short in an element", MANIFEST, "a.xml", "<InterchangeX><School><SchoolId>7"),
        bytes("cut short in a tag", MANIFEST, "a.xml", "<InterchangeX><School><Scho"),
        bytes("tags that do not match", MANIFEST, "a.xml", inside("<School></Course>")),
        bytes("utf-16", MANIFEST, "a.xml", b"\xFF\xFE<\0"),
        bytes("an entity that is none", MANIFEST, "a.xml", inside("<School><Name>&x;</Name></School>")),
        bytes("another document", MANIFEST, "a.xml", "<html/>"),
        bytes("empty file", MANIFEST, "a.xml", ""),
        bytes("no file", MANIFEST, "a.txt", ""),
        kind("folder instead of file", MANIFEST, |folder| fs::create_dir(folder.join("a.xml")).unwrap()),
    ];
    insta::assert_snapshot!(report(&kinds, &preset(PRESET)));
}
