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
    manifest: String,
    make: Box<dyn Fn(&Path)>,
}

impl Kind {
    /// Makes the files in a folder.
    pub(super) fn fill(&self, folder: &Path) {
        (self.make)(folder);
    }

    /// The same with another file beside.
    pub(super) fn and(self, file: &'static str, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref().to_vec();
        let make = self.make;
        let make = move |folder: &Path| {
            make(folder);
            fs::write(folder.join(file), &bytes).unwrap();
        };
        Self { make: Box::new(make), ..self }
    }

    /// The same with another text in a file.
    pub(super) fn rewritten(self, file: &'static str, from: &'static str, to: &'static str) -> Self {
        let make = self.make;
        let make = move |folder: &Path| {
            make(folder);
            let text = fs::read_to_string(folder.join(file)).unwrap();
            assert!(text.contains(from), "{text}");
            fs::write(folder.join(file), text.replace(from, to)).unwrap();
        };
        Self { make: Box::new(make), ..self }
    }

    /// The same with more in the manifest.
    pub(super) fn says(self, more: &str) -> Self {
        Self { manifest: format!("{}{more}", self.manifest), ..self }
    }

    /// The same of another record, whose file is called so.
    pub(super) fn of(self, record: &str, file: &'static str) -> Self {
        let make = self.make;
        let make = move |folder: &Path| {
            make(folder);
            fs::rename(folder.join("schools.txt"), folder.join(file)).unwrap();
        };
        let manifest = self.manifest.replace("data.d.School", &format!("data.d.{record}"));
        Self { manifest, make: Box::new(make), ..self }
    }
}

pub(super) fn kind(name: &'static str, manifest: &'static str, make: impl Fn(&Path) + 'static) -> Kind {
    Kind { name, manifest: manifest.to_owned(), make: Box::new(make) }
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

/// What can be wrong with the bytes of a file of text, whatever stands in it; `good` is what should.
pub(super) fn of_bytes(manifest: &'static str, file: &'static str, good: &str) -> Vec<Kind> {
    let packed = gzip(good.as_bytes());
    let mut damaged = gzip(good.repeat(100).as_bytes());
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xFF;
    let packed_name: &'static str = format!("{file}.gz").leak();
    let wide = |order: fn(u16) -> [u8; 2], mark: &str| -> Vec<u8> {
        format!("{mark}{good}").encode_utf16().flat_map(order).collect()
    };
    let of = |name, bytes_of: &[u8]| bytes(name, manifest, file, bytes_of);
    let of_packed = |name, bytes_of: &[u8]| bytes(name, manifest, packed_name, bytes_of);
    let mut binary = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\xFE\xDC\n\xBA\x98".to_vec();
    binary.extend((0..=255).rev());
    vec![
        of("empty file", b""),
        of("nothing but blank lines", b"\n \r\n\n"),
        of("byte order mark, which is fine", format!("\u{feff}{good}").as_bytes()),
        of("nothing but a byte order mark", "\u{feff}".as_bytes()),
        of("carriage returns, which are fine", good.replace('\n', "\r\n").as_bytes()),
        of("no end of the last line, which is fine", good.trim_end_matches('\n').as_bytes()),
        of("UTF-16", &wide(u16::to_le_bytes, "\u{feff}")),
        of("UTF-16, the other way round", &wide(u16::to_be_bytes, "\u{feff}")),
        of("UTF-16 without a mark", &wide(u16::to_le_bytes, "")),
        of("a picture", &binary),
        of("nothing but null bytes", &[0; 64]),
        of("zip archive by another name", b"PK\x03\x04rest"),
        of("gzip without its ending", &packed),
        of_packed("gzip, which is fine", &packed),
        of_packed("gzip that is cut short", &packed[..packed.len() - 12]),
        of_packed("gzip that is damaged", &damaged),
        of_packed("gzip bomb", &gzip(&vec![b'0'; 1 << 20])),
        of_packed("the ending without gzip", good.as_bytes()),
        kind("folder instead of file", manifest, move |folder| fs::create_dir(folder.join(file)).unwrap()),
    ]
}

const SCHOOLS: &str = "school_id,name\n7,Elm\n8,Oak\n";
const STUDENT: &str = "student_unique_id,birth_date,grade\n";

#[test]
fn csv() {
    let students = |rows: &str| format!("{STUDENT}{rows}");
    let sessions = "school_id,school_year,session_name,days\n";
    let mut kinds = of_bytes("", "schools.csv", SCHOOLS);
    kinds.extend([
        bytes("truncated inside a quote", "", "schools.csv", "school_id,name\n7,\"El"),
        bytes("truncated inside a row", "", "schools.csv", "school_id,name\n7,Elm\n8"),
        bytes("latin-1", "", "schools.csv", b"school_id,name\n7,Caf\xE9\n"),
        bytes("latin-1 header", "", "schools.csv", b"school_id,name,\xE9cole\n7,Elm,x\n"),
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
        bytes("header without rows, which says that there are none", "", "schools.csv", "school_id,name\n"),
        bytes("wrong delimiter", "", "schools.csv", SCHOOLS.replace(',', ";")),
        bytes("a null byte", "", "sessions.csv", format!("{sessions}7,2024-25,Fall,8\01\n")),
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
        bytes(
            "percent without a sign",
            "",
            "attendance_events.csv",
            "student,school_id,school_year,session_name,event_date,share\n1,7,2024-25,Fall,2024-10-01,0.5\n",
        ),
        bytes("ambiguous school year", "", "sessions.csv", format!("{sessions}7,2025,Fall,81\n")),
        bytes("negative count", "", "sessions.csv", format!("{sessions}7,2024-25,Fall,-1\n")),
        bytes("a count with a fraction", "", "sessions.csv", format!("{sessions}7,2024-25,Fall,8.5\n")),
        bytes("a count in words", "", "sessions.csv", format!("{sessions}7,2024-25,Fall,eighty\n")),
        bytes("a number with an exponent", "", "sessions.csv", format!("{sessions}7,2024-25,Fall,8e1\n")),
        bytes("a number with two points", "", "sessions.csv", format!("{sessions}7,2024-25,Fall,8.1.2\n")),
        bytes(
            "a comma for the decimal point",
            "",
            "sessions.csv",
            format!("{sessions}7,2024-25,Fall,\"81,5\"\n"),
        ),
        bytes("a school year that skips one", "", "sessions.csv", format!("{sessions}7,2024-26,Fall,81\n")),
        bytes("a date with its month first", "", "students.csv", students("SECRET,09/30/2014,03\n")),
        bytes("a date that can be two days", "", "students.csv", students("SECRET,03/04/2014,03\n")),
        bytes(
            "a date with a time, which is fine",
            "",
            "students.csv",
            students("SECRET,2014-09-30 00:00,03\n"),
        ),
        bytes("a date as a spreadsheet counts it", "", "students.csv", students("SECRET,41912,03\n")),
        bytes(
            "a code in another case, which is fine",
            "",
            "students.csv",
            students("1,2015-01-01,third GRADE\n"),
        ),
        bytes("an error of a spreadsheet", "", "students.csv", students("1,2015-01-01,#N/A\n")),
        bytes("a title above the header", "", "schools.csv", format!("Schools of Mesa\n{SCHOOLS}")),
        bytes("a header in another case, which is fine", "", "schools.csv", "School ID,NAME\n7,Elm\n"),
        bytes("a column without a name", "", "schools.csv", "school_id,name,\n7,Elm,\n"),
        bytes("rows without any value", "", "schools.csv", "school_id,name\n7,Elm\n,\n,\n"),
        bytes("the header again among the rows", "", "schools.csv", format!("{SCHOOLS}{SCHOOLS}")),
        bytes(
            "a quote that goes on after its end, which is fine",
            "",
            "schools.csv",
            "school_id,name\n7,\"Elm\"x\n8,Oak\n",
        ),
    ]);
    assert!(kinds.len() >= 40, "{}", kinds.len());
    insta::assert_snapshot!(report(&kinds, &|| None));
}

#[cfg(unix)]
#[test]
fn links() {
    let link = |from: &'static str, to: &'static str| {
        move |folder: &Path| std::os::unix::fs::symlink(folder.join(to), folder.join(from)).unwrap()
    };
    let mut kinds = vec![kind(
        "a link to itself for a record",
        "[data.d.School]\nfile = \"a.txt\"\n",
        link("a.txt", "a.txt"),
    )];
    for (manifest, file) in [
        ("", "schools.csv"),
        ("format = \"jsonl\"\n", "schools.jsonl"),
        ("format = \"parquet\"\n", "schools.parquet"),
        ("format = \"fixed\"\n[data.d.School]\nlayout = \"schools.txt\"\n", "schools.txt"),
        ("format = \"edfi-jsonl\"\n", "schools.jsonl"),
        ("format = \"edfi-xml\"\n", "schools.xml"),
        ("format = \"oneroster\"\n", "orgs.csv"),
    ] {
        kinds.push(kind("a link to itself", manifest, link(file, file)));
        kinds.push(kind("a link to nothing", manifest, link(file, "gone")));
        kinds.push(kind("a link to a device", manifest, move |folder| {
            std::os::unix::fs::symlink("/dev/null", folder.join(file)).unwrap();
        }));
    }
    let preset = || Some(PresetText { name: "ours.toml".to_owned(), text: String::new() });
    insta::assert_snapshot!(report(&kinds, &preset));
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
    let bomb = gzip(&vec![b'0'; 1 << 20]);
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

pub(super) const ROSTER: &str = r#"
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
[record.Student]
from = "users"
where = { role = "student" }
student_unique_id = "sourcedId"
birth_date = "birth"
grade = "grade"
"#;

pub(super) const ORGS: &str = "sourcedId,status,name,type\nE,,Elm,school\n";
pub(super) const TERMS: &str = "sourcedId,year,days\nT,2024-25,81\nU,2024-25,82\n";

pub(super) fn preset(text: &'static str) -> impl Fn() -> Option<PresetText> {
    move || Some(PresetText { name: "ours.toml".to_owned(), text: text.to_owned() })
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
        zip("zip bomb", &one("orgs.csv", &vec![b'0'; 1 << 20])),
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
