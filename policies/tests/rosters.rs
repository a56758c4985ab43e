//! The presets for OneRoster and for Ed-Fi JSON Lines, on small exports of an invented district.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

use std::fmt::Write as _;
use std::fs;
use std::sync::{Arc, OnceLock};

use rubric_engine::data::{Cell, DataSet, DataSource, Dataset, Format, PresetText, read};
use rubric_engine::db::Database;
use rubric_engine::plan::Plan;
use rubric_engine::value::Value;
use rubric_policies::{FILES, text};

fn plan() -> &'static Arc<Plan> {
    static PLAN: OnceLock<Arc<Plan>> = OnceLock::new();
    PLAN.get_or_init(|| {
        let mut database = Database::default();
        for (path, text) in FILES.iter().filter(|(path, _)| path.starts_with("k12/")) {
            database.set_text(path, Some(text));
        }
        database.plan()
    })
}

fn read_files(format: Format, files: &[(&str, String)]) -> Dataset {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let name = format!("presets/{}.toml", format.name());
    let source = DataSource {
        path: folder.path().to_owned(),
        shown: String::new(),
        set: DataSet { format, ..DataSet::default() },
        preset: Some(PresetText { text: text(&name).unwrap().to_owned(), name }),
    };
    read(&plan().symbols, &source).unwrap()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::Date(date) => date.to_string(),
        Value::SchoolYear(year) => format!("SY{year}"),
        Value::Number(number) => number.to_decimal(6).unwrap(),
        Value::Category(position) => format!("#{position}"),
        Value::Flag(flag) => flag.to_string(),
        Value::Never => "never".to_owned(),
        Value::Reference(reference) => {
            let key: Vec<String> = reference.key.iter().map(shown).collect();
            format!("<{}>{}", key.join(" "), if reference.row.is_some() { "" } else { "?" })
        }
        other => format!("{other:?}"),
    }
}

/// Every row of every record, and everything that was said.
fn everything(dataset: &Dataset) -> String {
    let symbols = &plan().symbols;
    let mut text = String::new();
    for (record, table) in symbols.records.iter().zip(&dataset.tables) {
        let Some(table) = table else { continue };
        writeln!(text, "{}", record.name).unwrap();
        for row in 0..table.len() {
            let mut cells = Vec::new();
            for (at, field) in (0..).zip(&record.fields) {
                match table.cell(row, at) {
                    Cell::Known(value) => cells.push(format!("{}={}", field.name, shown(value))),
                    Cell::Unreadable => cells.push(format!("{}!", field.name)),
                    _ => {}
                }
            }
            writeln!(text, "  {}", cells.join(" ")).unwrap();
        }
    }
    for error in &dataset.errors {
        let record = error.record.map_or("", |record| &symbols.record(record).unwrap().name);
        if error.code == "path-not-supplied" {
            continue;
        }
        let file = error.file.map_or("", |file| dataset.files[file as usize].as_str());
        let line = error.line.map_or(String::new(), |line| format!(":{line}"));
        let column = error.column.as_deref().unwrap_or_default();
        writeln!(text, "{file}{line} {column} [{}] {record}: {}", error.code, error.message).unwrap();
    }
    text
}

/// With every cell in quotes, as rosters are written.
fn quoted(rows: &[&str]) -> String {
    let line =
        |row: &&str| row.split(';').map(|cell| format!("\"{cell}\"")).collect::<Vec<_>>().join(",") + "\r\n";
    rows.iter().map(line).collect()
}

fn shared() -> Vec<(&'static str, String)> {
    vec![
        (
            "orgs.csv",
            quoted(&[
                "sourcedId;status;dateLastModified;name;type;identifier;parentSourcedId",
                "D;;;Alder Quay;district;0100;",
                "E;;;Elm;school;0101;D",
            ]),
        ),
        (
            "academicSessions.csv",
            quoted(&[
                "sourcedId;status;dateLastModified;title;type;startDate;endDate;parentSourcedId;schoolYear",
                "T1;;;Fall;semester;2024-08-12;2024-12-20;;2025",
                "T2;;;Spring;semester;2025-01-06;2025-05-30;;2025",
            ]),
        ),
        (
            "courses.csv",
            quoted(&[
                "sourcedId;status;dateLastModified;schoolYearSourcedId;title;courseCode;grades;orgSourcedId;subjects;subjectCodes",
                "C;;;;Grade 3 reading;R3;03;D;;",
            ]),
        ),
        (
            "classes.csv",
            quoted(&[
                "sourcedId;status;dateLastModified;title;grades;courseSourcedId;classCode;classType;location;schoolSourcedId;termSourcedIds;subjects;subjectCodes;periods",
                "K1;;;Reading A;03;C;;scheduled;;E;T1,T2;;;",
                "K2;;;Reading B;03;C;;scheduled;;E;T1,T2;;;",
                "K3;tobedeleted;;Reading C;03;C;;scheduled;;E;T1;;;",
            ]),
        ),
        (
            "enrollments.csv",
            quoted(&[
                "sourcedId;status;dateLastModified;classSourcedId;schoolSourcedId;userSourcedId;role;primary;beginDate;endDate;metadata.bus",
                "1;;;K1;E;S1;student;false;;;7",
                "2;;;K1;E;S2;student;false;2024-09-01;2024-10-01;",
                "3;;;K1;E;P1;teacher;true;;;",
                "4;;;K2;E;P2;teacher;false;;;",
                "5;;;K9;E;S1;student;false;;;",
            ]),
        ),
        (
            "demographics.csv",
            quoted(&[
                "sourcedId;status;dateLastModified;birthdate;sex;hispanicOrLatinoEthnicity",
                "S1;;;2015-02-03;female;true",
                "P1;;;1980-02-03;male;",
            ]),
        ),
        ("categories.csv", quoted(&["sourcedId;status;dateLastModified;title", "1;;;Homework"])),
    ]
}

#[test]
fn a_roster_in_version_1_1() {
    let mut files = shared();
    files.push((
        "manifest.csv",
        quoted(&[
            "propertyName;value",
            "manifest.version;1.0",
            "oneroster.version;1.1",
            "file.orgs;bulk",
            "file.academicSessions;bulk",
            "file.courses;bulk",
            "file.classes;bulk",
            "file.enrollments;bulk",
            "file.users;bulk",
            "file.demographics;bulk",
            "file.categories;bulk",
            "file.results;absent",
        ]),
    ));
    files.push(("users.csv", quoted(&[
        "sourcedId;status;dateLastModified;enabledUser;orgSourcedIds;role;username;userIds;givenName;familyName;middleName",
        "S1;;;true;E;student;s1;;Ada;Reed;",
        "S2;;;true;E,D;student;s2;;Ben;Cole;",
        "P1;;;true;E;teacher;p1;;Cy;Day;",
        "P2;;;true;E;teacher;p2;;Di;Ely;",
        "X;;;true;E;parent;x;;Ed;Fox;",
    ])));
    insta::assert_snapshot!(everything(&read_files(Format::Oneroster, &files)));
}

#[test]
fn a_roster_in_version_1_2() {
    let mut files = shared();
    files.push(("users.csv", quoted(&[
        "sourcedId;status;dateLastModified;enabledUser;username;userIds;givenName;familyName;middleName;primaryOrgSourcedId",
        "S1;;;true;s1;;Ada;Reed;;E", "S2;;;true;s2;;Ben;Cole;;E",
        "P1;;;true;p1;;Cy;Day;;E", "P2;;;true;p2;;Di;Ely;;E", "X;;;true;x;;Ed;Fox;;E",
    ])));
    files.push(("roles.csv", quoted(&[
        "sourcedId;status;dateLastModified;userSourcedId;roleType;role;beginDate;endDate;orgSourcedId;userProfileSourcedId",
        "1;;;S1;primary;student;;;E;", "2;;;S2;primary;student;;;E;", "3;;;S2;secondary;student;;;D;",
        "4;;;P1;primary;teacher;;;E;", "5;;;P1;secondary;principal;;;E;", "6;;;P2;primary;teacher;;;E;",
        "7;;;X;primary;parent;;;E;",
    ])));
    insta::assert_snapshot!(everything(&read_files(Format::Oneroster, &files)));
}

#[test]
fn resources_as_json_lines() {
    let file = |name: &'static str, lines: &[&str]| (name, lines.join("\n") + "\n");
    let files = [
        file(
            "localEducationAgencies.jsonl",
            &[
                r#"{"id":"9a","localEducationAgencyId":100,"nameOfInstitution":"Alder Quay","localEducationAgencyCategoryDescriptor":"uri://ed-fi.org/LocalEducationAgencyCategoryDescriptor#Independent"}"#,
            ],
        ),
        file(
            "schools.jsonl",
            &[
                r#"{"schoolId":101,"nameOfInstitution":"Elm","localEducationAgencyReference":{"localEducationAgencyId":100,"link":{"rel":"x","href":"/y"}},"educationOrganizationCategories":[{"educationOrganizationCategoryDescriptor":"uri://ed-fi.org/EducationOrganizationCategoryDescriptor#School"}],"gradeLevels":[{"gradeLevelDescriptor":"uri://ed-fi.org/GradeLevelDescriptor#Third grade"},{"gradeLevelDescriptor":"uri://ed-fi.org/GradeLevelDescriptor#Fourth grade"}]}"#,
            ],
        ),
        file(
            "sessions.jsonl",
            &[
                r#"{"sessionName":"Fall","schoolReference":{"schoolId":101},"schoolYearTypeReference":{"schoolYear":2025},"beginDate":"2024-08-12","endDate":"2024-12-20","termDescriptor":"uri://ed-fi.org/TermDescriptor#Fall Semester","totalInstructionalDays":81}"#,
            ],
        ),
        file(
            "students.jsonl",
            &[
                r#"{"studentUniqueId":"S1","birthDate":"2015-02-03","firstName":"Ada","lastSurname":"Reed"}"#,
                r#"{"studentUniqueId":"S2","birthDate":"2015-02-30","firstName":"Ben","lastSurname":"Cole"}"#,
                r#"{"studentUniqueId":"S3","birthDate"}"#,
            ],
        ),
        file(
            "studentSchoolAssociations.jsonl",
            &[
                r#"{"studentReference":{"studentUniqueId":"S1"},"schoolReference":{"schoolId":101},"entryDate":"2024-08-12","entryGradeLevelDescriptor":"uri://ed-fi.org/GradeLevelDescriptor#Third grade","fullTimeEquivalency":0.50,"schoolYearTypeReference":{"schoolYear":2025}}"#,
                r#"{"studentReference":{"studentUniqueId":"S9"},"schoolReference":{},"entryDate":"2024-08-12","entryGradeLevelDescriptor":"uri://ed-fi.org/GradeLevelDescriptor#Thrid grade"}"#,
            ],
        ),
        file(
            "courses.jsonl",
            &[
                r#"{"courseCode":"R3","courseTitle":"Reading","educationOrganizationReference":{"educationOrganizationId":100},"numberOfParts":1}"#,
            ],
        ),
        file(
            "courseOfferings.jsonl",
            &[
                r#"{"localCourseCode":"R3","courseReference":{"courseCode":"R3","educationOrganizationId":100},"sessionReference":{"schoolId":101,"schoolYear":2025,"sessionName":"Fall"}}"#,
            ],
        ),
        file(
            "sections.jsonl",
            &[
                r#"{"sectionIdentifier":"A","courseOfferingReference":{"localCourseCode":"R3","schoolId":101,"schoolYear":2025,"sessionName":"Fall"}}"#,
            ],
        ),
        file(
            "studentSectionAssociations.jsonl",
            &[
                r#"{"beginDate":"2024-08-12","studentReference":{"studentUniqueId":"S1"},"sectionReference":{"localCourseCode":"R3","schoolId":101,"schoolYear":2025,"sectionIdentifier":"A","sessionName":"Fall"}}"#,
            ],
        ),
        file(
            "staffs.jsonl",
            &[
                r#"{"staffUniqueId":"P1","firstName":"Cy","credentials":[{"credentialReference":{"credentialIdentifier":"77","stateOfIssueStateAbbreviationDescriptor":"uri://ed-fi.org/StateAbbreviationDescriptor#FL"}}]}"#,
            ],
        ),
        ("surveys.jsonl", "{}\n".to_owned()),
        ("programs.jsonl", String::new()),
    ];
    insta::assert_snapshot!(everything(&read_files(Format::EdfiJsonl, &files)));
}

/// A name that the vocabulary lacks would be passed over with a remark.
#[test]
fn presets_name_only_what_is_declared() {
    let symbols = &plan().symbols;
    let mut named = 0;
    for (path, text) in rubric_policies::PRESETS {
        let preset: toml::Table = toml::from_str(text).unwrap();
        for part in ["record", "identity"] {
            for (name, entry) in preset[part].as_table().unwrap() {
                let id = symbols.record_named(name).unwrap_or_else(|| panic!("{path}: {name}"));
                let record = symbols.record(id).unwrap();
                let entries = entry.as_array().cloned().unwrap_or_else(|| vec![entry.clone()]);
                for field in entries.iter().flat_map(|entry| entry.as_table().unwrap().keys()) {
                    if !["from", "each", "where", "distinct", "within"].contains(&field.as_str()) {
                        assert!(
                            record.fields.iter().any(|found| found.name == *field),
                            "{path}: {name}.{field}"
                        );
                        named += 1;
                    }
                }
            }
        }
    }
    assert!(named > 1000, "{named}");
}
