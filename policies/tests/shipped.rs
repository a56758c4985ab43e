//! Every shipped file checks without a word, is formatted, and passes its own tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

use rubric_engine::db::Database;
use rubric_engine::diagnostic::Place;
use rubric_engine::testing;
use rubric_grammar::ast::ItemKind;
use rubric_grammar::format::{DEFAULT_WIDTH, format};
use rubric_grammar::parse;
use rubric_policies::FILES;

fn shipped() -> Database {
    let mut database = Database::default();
    for (path, text) in FILES {
        database.set_text(path, Some(text));
    }
    database
}

fn shown(database: &Database, place: Place) -> String {
    let line =
        database.lines(place.file).line_column(&database.text(place.file), database.span(place).start).line;
    format!("{}:{line}", database.path(place.file))
}

#[test]
fn every_file_checks_without_a_finding() {
    let database = shipped();
    let mut found = Vec::new();
    for file in database.files() {
        for diagnostic in database.diagnostics(file) {
            let place = diagnostic
                .place()
                .map_or_else(|| database.path(file).to_owned(), |place| shown(&database, place));
            found
                .push(format!("{place}: {} ({}) {:?}", diagnostic.message, diagnostic.code, diagnostic.help));
        }
    }
    assert_eq!(database.files().len(), FILES.len());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_file_is_formatted() {
    let changed: Vec<&str> = FILES
        .iter()
        .filter(|(_, text)| format(text, &parse(text), DEFAULT_WIDTH).text != *text)
        .map(|(path, _)| *path)
        .collect();
    assert!(changed.is_empty(), "`rubric fmt policies` changes {}", changed.join(", "));
}

#[test]
fn every_test_passes() {
    let database = shipped();
    let plan = database.plan();
    let mut failed = Vec::new();
    for test in &plan.tests {
        let report = testing::run(&plan, test);
        for failure in report.failures {
            let place = shown(&database, failure.place);
            failed.push(format!("{place}: {}: {} {:?}", report.title, failure.message, failure.notes));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));

    let written = FILES.iter().flat_map(|(_, text)| parse(text).file.items);
    let written = written.filter(|item| matches!(item.kind, ItemKind::Test(_))).count();
    assert_eq!(plan.tests.len(), written, "a test was not run");
}
