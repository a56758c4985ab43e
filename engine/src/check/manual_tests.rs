//! The manual: every code has a page, every page a code, every example does what the page says.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::{PAGES, Page};
use crate::db::Database;
use crate::diagnostic::Severity;

const PRELUDE: &str = include_str!("pages/prelude.rubric");

/// Pages of codes that come from data, or that no short text can show.
const WITHOUT_RUBRIC: [&str; 2] = ["policy-path", "syntax-limit"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The blocks of a page in that language.
fn blocks<'a>(page: &'a Page, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    page.text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// The codes of a text that stands after the records of the examples, unless it is a whole file; errors with a mark.
fn said(example: &str) -> Vec<String> {
    let text =
        if example.contains("policy example") { example.to_owned() } else { format!("{PRELUDE}\n{example}") };
    let mut db = Database::default();
    // The policy of a district is a file of its own.
    let (own, district) = match text.split_once("\npolicy dade ") {
        Some((own, district)) => (own.to_owned(), Some(format!("policy dade {district}"))),
        None => (text.clone(), None),
    };
    let mut files = vec![db.set_text("example.rubric", Some(&own))];
    files.extend(district.map(|district| db.set_text("dade.rubric", Some(&district))));
    db.set_text("k12/staff.rubric", Some("policy k12.staff { title \"Staff\" } category Role { teacher }"));
    let shown = |one: crate::diagnostic::Diagnostic| match one.severity {
        Severity::Error => format!("{}!", one.code),
        _ => one.code.to_owned(),
    };
    files.into_iter().flat_map(|file| db.diagnostics(file)).map(shown).collect()
}

#[test]
fn every_page_is_whole() {
    for page in PAGES.iter() {
        assert!(!page.title.is_empty() && !page.title.ends_with('.'), "title of {}", page.code);
        assert!(page.text.contains("Wrong") && page.text.contains("Right"), "examples of {}", page.code);
        assert_eq!(super::page(&page.code), Some(page));
    }
    assert_eq!(super::page("parameter-gap").map(|page| page.severity), Some(Severity::Error));
    assert_eq!(super::page("unused-use").map(|page| page.severity), Some(Severity::Warning));
    assert_eq!(super::page("column-not-read").map(|page| page.severity), Some(Severity::Information));
    assert_eq!(super::page("no-such-code"), None);
}

#[test]
fn every_example_does_what_its_page_says() {
    let mut failures = Vec::new();
    for page in PAGES.iter() {
        let found = blocks(page, "rubric");
        if found.is_empty() {
            let of_data = !blocks(page, "text").is_empty();
            assert!(of_data || WITHOUT_RUBRIC.contains(&page.code.as_str()), "{} has no example", page.code);
            continue;
        }
        let [wrong, right] = *found else { panic!("{} has {} examples", page.code, found.len()) };
        let code =
            if page.severity == Severity::Error { format!("{}!", page.code) } else { page.code.clone() };
        let (wrong, right) = (said(wrong), said(right));
        if !wrong.contains(&code) {
            failures.push(format!("{}: the wrong example says {wrong:?}", page.code));
        }
        if right.contains(&code) || right.iter().any(|said| said.ends_with('!')) {
            failures.push(format!("{}: the right example says {right:?}", page.code));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Every `.rs` file below a folder that is no test.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "tests" {
                sources(&path, found);
            }
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

/// A code is the first argument of what makes a diagnostic, or stands beside `code`.
fn codes_in(text: &str) -> BTreeSet<String> {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let makes = [
        r#"Diagnostic::(?:error|warning)\(\s*"([a-z0-9-]+)""#,
        r#"\.(?:error|warning|problem|report_at|syntax)\(\s*"([a-z0-9-]+)""#,
        r#"\bcode(?::|\s*=)\s*"([a-z0-9-]+)""#,
        r#"CODE: &str = "([a-z0-9-]+)""#,
        r#"\b(?:push|note)\((?:[^"()]*,)?\s*"([a-z0-9]+(?:-[a-z0-9]+)+)","#,
        r#"Severity::[A-Z][a-z]+,\s*"([a-z0-9-]+)","#,
        r#"\{ "([a-z]+(?:-[a-z]+)+)" \} else \{ "[a-z]+(?:-[a-z]+)+" \}"#,
        r#"\{ "[a-z]+(?:-[a-z]+)+" \} else \{ "([a-z]+(?:-[a-z]+)+)" \}"#,
        r#"\("([a-z]+(?:-[a-z]+)+)", "an? [a-z]+"\)"#,
    ];
    let mut found = BTreeSet::new();
    for pattern in makes {
        let pattern = Regex::new(pattern).unwrap();
        found.extend(pattern.captures_iter(text).map(|captures| captures[1].to_owned()));
    }
    found
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let mut files = Vec::new();
    for folder in ["grammar/src", "engine/src", "lsp/src", "src"] {
        sources(&root().join(folder), &mut files);
    }
    let mut made = BTreeSet::new();
    let mut quoted = BTreeSet::new();
    let literal = Regex::new(r#""([a-z0-9]+(?:-[a-z0-9]+)*)""#).unwrap();
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        made.extend(codes_in(&text));
        let pages = file.ends_with("check/pages/mod.rs");
        quoted.extend(literal.captures_iter(&text).filter(|_| !pages).map(|captures| captures[1].to_owned()));
    }
    let documented: BTreeSet<String> = PAGES.iter().map(|page| page.code.clone()).collect();
    let without: Vec<&String> = made.difference(&documented).collect();
    assert!(without.is_empty(), "codes without a page in engine/src/check/pages: {without:?}");
    let unused: Vec<&String> = documented.difference(&quoted).collect();
    assert!(unused.is_empty(), "pages of codes that nothing reports: {unused:?}");
}

/// The manual in `docs/checks` is written from the pages: set `RUBRIC_WRITE_DOCS=1` and run this test.
#[test]
fn the_manual_is_up_to_date() {
    let folder = root().join("docs/checks");
    let mut expected: Vec<(String, String)> =
        PAGES.iter().map(|page| (format!("{}.md", page.code), page.markdown())).collect();
    expected.push(("README.md".to_owned(), index()));
    if std::env::var_os("RUBRIC_WRITE_DOCS").is_some() {
        fs::create_dir_all(&folder).unwrap();
        for entry in fs::read_dir(&folder).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
        for (name, text) in &expected {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    let names: BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    let wanted: BTreeSet<String> = expected.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(names, wanted, "RUBRIC_WRITE_DOCS=1 cargo test -p rubric-engine manual writes the manual");
    for (name, text) in expected {
        let found = fs::read_to_string(folder.join(&name)).unwrap();
        assert!(
            found == text,
            "{name} is out of date: RUBRIC_WRITE_DOCS=1 cargo test -p rubric-engine manual"
        );
    }
}

fn index() -> String {
    let mut text = "# What the checker says\n\nOne page for each code. A warning is hidden by `allow(code) \"reason\"` before the \
                    declaration or rule; an error\ncannot be. Codes of data stand in `data-errors.csv`.\n"
        .to_owned();
    for (severity, heading) in
        [(Severity::Error, "Errors"), (Severity::Warning, "Warnings"), (Severity::Information, "Information")]
    {
        text.push_str(&format!("\n## {heading}\n\n"));
        for page in PAGES.iter().filter(|page| page.severity == severity) {
            text.push_str(&format!("- [{0}]({0}.md): {1}\n", page.code, page.title));
        }
    }
    text.push_str(&format!(
        "\n## The examples\n\nExamples without a header go on from this text:\n\n```rubric\n{PRELUDE}```\n"
    ));
    text
}
