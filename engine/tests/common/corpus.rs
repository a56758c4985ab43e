//! Small policies of which is known what the checker has to say.

use rubric_engine::db::Database;
use rubric_engine::diagnostic::{Diagnostic, Severity};
use rubric_engine::testing;

/// Policies by their paths.
pub(crate) fn database(files: &[(&'static str, String)]) -> Database {
    let mut database = Database::default();
    for (path, text) in files {
        database.set_text(path, Some(text));
    }
    database
}

/// All that is found in them.
pub(crate) fn found(database: &Database) -> Vec<Diagnostic> {
    database.files().into_iter().flat_map(|file| database.diagnostics(file)).collect()
}

/// The code with its place and the word before that: `rule-conflict at rule b`.
pub(crate) fn said(database: &Database, one: &Diagnostic) -> String {
    let place = one.place().unwrap();
    let (text, span) = (database.text(place.file), database.span(place));
    let (before, from) = text.split_at(span.start as usize);
    let word = before.split_whitespace().next_back().unwrap_or_default();
    format!("{} at {word} {}", one.code, from.split_at((span.end - span.start) as usize).0)
}

/// What failed of the tests that the diagnostics offer, pasted behind the last text.
pub(crate) fn replayed(files: &[(&'static str, String)], diagnostics: &[Diagnostic]) -> Vec<String> {
    let mut failures = Vec::new();
    for diagnostic in diagnostics {
        let help = diagnostic.help.as_deref().unwrap_or_default();
        let Some((_, test)) = help.split_once("\n\n") else { continue };
        let mut files = files.to_vec();
        files.last_mut().unwrap().1.push_str(&format!("\n{test}"));
        let database = database(&files);
        let plan = database.plan();
        if plan.tests.is_empty() {
            let all: Vec<String> = found(&database).into_iter().map(|one| one.message).collect();
            failures.push(format!("not a test: {test}\n{all:?}"));
        }
        for body in &plan.tests {
            let report = testing::run(&plan, body);
            if !report.passed {
                failures.push(format!("{test}\n{:?}", report.failures));
            }
        }
    }
    failures
}

/// What is wrong with the mends that the diagnostics offer, each made in the text by itself: it leaves what it is of, or what
/// was not there before. How many were made.
pub(crate) fn mended(files: &[(&'static str, String)], diagnostics: &[Diagnostic]) -> (usize, Vec<String>) {
    let before = database(files);
    let errors = |database: &Database| {
        let all = found(database).into_iter();
        all.filter(|one| one.severity == Severity::Error).map(|one| one.message).collect::<Vec<_>>()
    };
    let known = errors(&before);
    let (mut made, mut failures) = (0, Vec::new());
    for diagnostic in diagnostics {
        for fix in diagnostic.fix.iter().chain(&diagnostic.choices) {
            made += 1;
            let mut files = files.to_vec();
            let mut edits = fix.edits.clone();
            edits.sort_by_key(|(place, _)| std::cmp::Reverse(before.span(*place)));
            for (place, text) in &edits {
                let span = before.span(*place);
                let path = before.path(place.file);
                let file = files.iter_mut().find(|(name, _)| *name == &*path).unwrap();
                file.1.replace_range(span.start as usize..span.end as usize, text);
            }
            let after = errors(&database(&files));
            let new: Vec<&String> = after.iter().filter(|message| !known.contains(message)).collect();
            if after.contains(&diagnostic.message) || !new.is_empty() {
                failures.push(format!("{}: {}: {after:?}", diagnostic.message, fix.title));
            }
        }
    }
    (made, failures)
}
