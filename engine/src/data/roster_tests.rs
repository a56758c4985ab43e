//! Everything that OneRoster files do wrong, and what is said about it.

use std::fs;

use super::bad_input_tests::{Kind, ORGS, ROSTER, TERMS, bytes, kind, of_bytes, preset, report};

const MANIFEST: &str = "format = \"oneroster\"\n";
/// That the export is all there is.
const BULK: &str = "propertyName,value\noneroster.version,1.1\nfile.orgs,bulk\n";

/// Files of a roster; where none is a manifest, that of version 1.1.
fn with(name: &'static str, files: &[(&'static str, &str)]) -> Kind {
    let files: Vec<(&str, String)> = files.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
    kind(name, MANIFEST, move |folder| {
        fs::write(folder.join("manifest.csv"), BULK).unwrap();
        for (name, text) in &files {
            fs::write(folder.join(name), text).unwrap();
        }
    })
}

fn without(name: &'static str, files: &[(&'static str, &str)]) -> Kind {
    let inner = with(name, files);
    kind(name, MANIFEST, move |folder| {
        inner.fill(folder);
        fs::remove_file(folder.join("manifest.csv")).unwrap();
    })
}

fn orgs(name: &'static str, text: impl AsRef<[u8]>) -> Kind {
    bytes(name, MANIFEST, "orgs.csv", text).and("manifest.csv", BULK)
}

fn manifest(name: &'static str, text: &str) -> Kind {
    bytes(name, MANIFEST, "orgs.csv", ORGS).and("manifest.csv", text)
}

fn classes(name: &'static str, rows: &str) -> Kind {
    let text = format!("sourcedId,orgSourcedId,terms\n{rows}");
    with(name, &[("classes.csv", &text), ("orgs.csv", ORGS), ("terms.csv", TERMS)])
}

/// A class whose term has these cells: a school year and days.
fn term(name: &'static str, cells: &str) -> Kind {
    let terms = format!("sourcedId,year,days\nT,{cells}\n");
    with(
        name,
        &[
            ("classes.csv", "sourcedId,orgSourcedId,terms\nK,E,T\n"),
            ("orgs.csv", ORGS),
            ("terms.csv", &terms),
        ],
    )
}

fn pupil(name: &'static str, birth: &str, grade: &str) -> Kind {
    let users = format!("sourcedId,status,role,birth,grade\nSECRET,,student,{birth},{grade}\n");
    with(name, &[("orgs.csv", ORGS), ("users.csv", &users)])
}

fn of_manifests() -> Vec<Kind> {
    let version = "propertyName,value\noneroster.version,1.1\n";
    vec![
        without("no manifest", &[("orgs.csv", ORGS)]),
        manifest(
            "version 1.2, which is fine",
            "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.orgs,bulk\n",
        ),
        manifest(
            "a mark, carriage returns, quotes and capitals, which are fine",
            "\u{feff}\"PropertyName\",\"Value\"\r\n\"oneroster.version\",\"1.1\"\r\n\"file.orgs\",\"Bulk\"\r\n",
        ),
        manifest("another version", "propertyName,value\noneroster.version,2.0\n"),
        manifest("no version", "propertyName,value\nfile.orgs,bulk\n"),
        manifest("an empty version", "propertyName,value\noneroster.version,\nfile.orgs,bulk\n"),
        manifest("a delta", &format!("{version}file.orgs,delta\n")),
        manifest("a file that is promised", &format!("{version}file.orgs,bulk\nfile.terms,bulk\n")),
        with(
            "a file that should be absent",
            &[
                ("manifest.csv", &format!("{version}file.orgs,bulk\nfile.terms,absent\n")),
                ("orgs.csv", ORGS),
                ("terms.csv", TERMS),
            ],
        ),
        with(
            "a file of which it says nothing",
            &[
                ("manifest.csv", &format!("{version}file.orgs,bulk\n")),
                ("orgs.csv", ORGS),
                ("terms.csv", TERMS),
            ],
        ),
        manifest("a word that is none", &format!("{version}file.orgs,full\n")),
        manifest("nothing for a word", &format!("{version}file.orgs,\n")),
        manifest("a file twice, said otherwise", &format!("{version}file.orgs,bulk\nfile.orgs,absent\n")),
        manifest("something else", "a,b\n"),
        manifest("an empty manifest", ""),
        manifest("a manifest without rows", "propertyName,value\n"),
        manifest("a manifest with semicolons", "propertyName;value\noneroster.version;1.1\n"),
        manifest("a row with a cell too few", &format!("{version}file.orgs\n")),
        bytes("a manifest in UTF-16", MANIFEST, "orgs.csv", ORGS).and("manifest.csv", b"\xFF\xFEp\0"),
        kind("a folder for the manifest", MANIFEST, |folder| {
            fs::create_dir(folder.join("manifest.csv")).unwrap();
            fs::write(folder.join("orgs.csv"), ORGS).unwrap();
        }),
    ]
}

fn of_files() -> Vec<Kind> {
    vec![
        with("no file of a roster", &[("manifest.csv", "propertyName,value\n"), ("buses.csv", "a\n")]),
        with("a file that no roster has", &[("orgs.csv", ORGS), ("buses.csv", "a\n")]),
        with("a name that is nearly right", &[("manifest.csv", "propertyName,value\n"), ("org.csv", ORGS)]),
        with("a copy of a file", &[("orgs.csv", ORGS), ("orgs (1).csv", ORGS)]),
        kind("a name in another case, which is fine", MANIFEST, |folder| {
            fs::write(folder.join("Orgs.CSV"), ORGS).unwrap();
            fs::write(folder.join("manifest.csv"), BULK).unwrap();
        }),
        orgs("a file twice", ORGS).and("orgs.csv.gz", super::bad_input_tests::gzip(ORGS.as_bytes())),
        kind("files in a folder inside", MANIFEST, |folder| {
            fs::create_dir(folder.join("export")).unwrap();
            fs::write(folder.join("export/orgs.csv"), ORGS).unwrap();
        }),
        kind("an archive in the folder", MANIFEST, |folder| {
            fs::write(folder.join("roster.zip"), b"PK\x05\x06").unwrap()
        }),
        with(
            "a file that another needs",
            &[("classes.csv", "sourcedId,orgSourcedId,terms\nK,E,T\n"), ("orgs.csv", ORGS)],
        ),
        bytes(
            "columns in the manifest of the project",
            "format = \"oneroster\"\n[data.d.School]\ncolumns = { name = \"x\" }\n",
            "orgs.csv",
            ORGS,
        ),
        kind("an empty folder", MANIFEST, |_| ()),
    ]
}

fn of_headers() -> Vec<Kind> {
    vec![
        orgs(
            "quotes, capitals and columns of one's own",
            "\"SourcedID\",\"status\",\"name\",\"TYPE\",\"metadata.x\"\r\n\"E\",\"\",\"Elm\",\"School\",\"1\"\r\n",
        ),
        orgs("no column for the key", "id,name,type\nE,Elm,school\n"),
        orgs("no column that tells the records", "sourcedId,name\nE,Elm\n"),
        orgs("no column for a value", "sourcedId,status,type\nE,,school\n"),
        orgs("no column for the status", "sourcedId,name,type\nE,Elm,school\n"),
        orgs("two columns of one name", "sourcedId,name,Name,type\nE,Elm,Oak,school\n"),
        orgs("columns without a name", "sourcedId,status,name,type,,\nE,,Elm,school,,\n"),
        orgs(
            "columns of one's own twice",
            "sourcedId,status,name,type,metadata.x,metadata.x\nE,,Elm,school,1,2\n",
        ),
        orgs("semicolons", ORGS.replace(',', ";")),
        orgs("tabs", ORGS.replace(',', "\t")),
        orgs("header alone", "sourcedId,status,name,type\n"),
        orgs("no header", "E,,Elm,school\nF,,Oak,school\n"),
        orgs("latin-1 header", b"sourcedId,status,name,type,\xE9cole\nE,,Elm,school,1\n"),
    ]
}

fn of_rows() -> Vec<Kind> {
    vec![
        orgs(
            "rows to be deleted, and of no record",
            "sourcedId,status,name,type\nE,tobedeleted,Elm,school\nD,,East,district\n",
        ),
        orgs(
            "active rows, which is fine",
            "sourcedId,status,name,type\nE,active,Elm,school\nF,Active,Oak,school\n",
        ),
        orgs(
            "a status that is none",
            "sourcedId,status,name,type\nE,inactive,Elm,school\nF,inactive,Oak,school\n",
        ),
        orgs("a type of no record", "sourcedId,status,name,type\nE,,Elm,shcool\nF,,Oak,school\n"),
        orgs("no type", "sourcedId,status,name,type\nE,,Elm,\nF,,Oak,school\n"),
        orgs("a row with too many cells", "sourcedId,status,name,type\nE,,Elm,East,school\n"),
        orgs("a row with too few cells", "sourcedId,status,name,type\nE,,Elm\n"),
        orgs("cut short in a row", "sourcedId,status,name,type\nE,,Elm,school\nF,,Oa"),
        orgs("a quote that is never closed", "sourcedId,status,name,type\nE,,\"Elm,school\nF,,Oak,school\n"),
        orgs("quoted newline, which is fine", "sourcedId,status,name,type\nE,,\"Elm\nEast\",school\n"),
        orgs("a blank row, which is fine", "sourcedId,status,name,type\n\nE,,Elm,school\n,,,\n"),
        orgs("latin-1", b"sourcedId,status,name,type\nE,,Caf\xE9,school\n"),
        orgs("latin-1 in a key", b"sourcedId,status,name,type\nCaf\xE9,,Elm,school\n"),
        orgs("a null byte", "sourcedId,status,name,type\nE,,E\0m,school\n"),
        orgs("nothing for a value", "sourcedId,status,name,type\nE,,,school\n"),
        orgs("nothing for a key", "sourcedId,status,name,type\n,,Elm,school\n"),
        orgs("a key twice", "sourcedId,status,name,type\nE,,Elm,school\nE,,Oak,school\n"),
        orgs(
            "a key in another case, which is another",
            "sourcedId,status,name,type\nE,,Elm,school\ne,,Oak,school\n",
        ),
    ]
}

fn of_links() -> Vec<Kind> {
    let two_keys = format!("{TERMS}T,2025-26,80\n");
    let no_keys = format!("{TERMS},2025-26,80\n,2023-24,80\n");
    let wide = b"sourcedId,year,days\nT,2024-25,81\nU,20\xE924,82\n";
    vec![
        classes("classes of terms, which is fine", "K,E,T\nL,E,U\n"),
        classes("a row that is not there", "K,E,X\nL,F,T\n"),
        classes("nothing for a row", "K,,T\nL,E,\n"),
        classes("a list with nothing in it", "K,E,\"T,,\"\n"),
        classes("a list with blanks, which is fine", "K,E,\" T , T\"\n"),
        classes("a list with other commas", "K,E,\"T;U\"\n"),
        classes("a list in brackets", "K,E,\"[T]\"\n"),
        classes("several values where one is expected", "K,E,\"T,U\"\nL,E,T\nM,E,T\n"),
        classes("a key in another case", "K,E,t\n"),
        classes("a key of two rows", "K,E,T\n").and("terms.csv", two_keys),
        classes("rows without a key", "K,E,T\n").and("terms.csv", no_keys),
        classes("latin-1 in a row that is named", "K,E,T\nL,E,U\n").and("terms.csv", wide),
        classes("a row to be deleted that is named", "K,E,T\n")
            .and("terms.csv", "sourcedId,status,year,days\nT,tobedeleted,2024-25,81\n"),
    ]
}

fn of_values() -> Vec<Kind> {
    vec![
        pupil("fine", "2015-01-01", "03"),
        pupil("February 29 of 2023", "2023-02-29", "03"),
        pupil("month 13", "2023-13-01", "03"),
        pupil("a day in another format", "09/30/2014", "03"),
        pupil("a day in one of two other formats", "03/04/2014", "03"),
        pupil("a day and a time, which is fine", "2015-01-01T00:00:00.000Z", "03"),
        pupil("a code of nothing", "2015-01-01", "KG"),
        pupil("a code in another case, which is fine", "2015-01-01", "third GRADE"),
        pupil("a code with a blank after it, which is fine", "2015-01-01", "03 "),
        pupil("several codes", "2015-01-01", "\"02,03\""),
        pupil("nothing for a code and a day", "", ""),
        term("number of 400 digits", &format!("2024-25,{}", "9".repeat(400))),
        term("1e400", "2024-25,1e400"),
        term("a negative count", "2024-25,-1"),
        term("a fraction of a count", "2024-25,80.5"),
        term("a school year alone", "2025,81"),
        term("a school year of three years", "2024-26,81"),
        term("nothing for a school year", ",81"),
    ]
}

#[test]
fn bad_input() {
    let mut kinds: Vec<Kind> = of_bytes(MANIFEST, "orgs.csv", ORGS)
        .into_iter()
        .map(|kind| kind.and("manifest.csv", "propertyName,value\noneroster.version,1.1\n"))
        .collect();
    kinds.extend(of_manifests());
    kinds.extend(of_files());
    kinds.extend(of_headers());
    kinds.extend(of_rows());
    kinds.extend(of_links());
    kinds.extend(of_values());
    assert!(kinds.len() >= 40, "{}", kinds.len());
    insta::assert_snapshot!(report(&kinds, &preset(ROSTER)));
}
