//! Code lenses: run a test and what came of it, run all, what a rule overrides, what no test exercises, what a sample
//! comes to.

use std::collections::BTreeSet;

use rubric_engine::diagnostic::{FileId, Place};
use rubric_engine::ide::FileSpan;
use rubric_engine::plan::{Plan, ResultId, RuleBody};
use rubric_engine::testing::{Coverage, TestReport, cover};
use serde_json::{Value, json};
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types as lsp;

use super::sampled;
use crate::commands;
use crate::snapshot::Snapshot;

pub(crate) fn lenses(
    snapshot: &Snapshot,
    params: &lsp::CodeLensParams,
) -> Result<Option<Vec<lsp::CodeLens>>> {
    let uri = &params.text_document.uri;
    let Some(file) = snapshot.file(uri) else { return Ok(None) };
    let mut found = Vec::new();
    let reports = snapshot.database.test_reports(file);
    for report in reports.iter() {
        let range = snapshot.place_range(report.place);
        let arguments = vec![json!(uri), json!(&*report.title)];
        found.push(lens(range, outcome(report), commands::RUN_TEST, arguments.clone()));
        found.push(lens(range, "explain".to_owned(), commands::EXPLAIN, arguments));
    }
    let header = header(snapshot, file);
    if let Some(header) = header.filter(|_| !reports.is_empty()) {
        let failed = reports.iter().filter(|report| !report.passed).count();
        let title = match failed {
            0 => format!("run all {} tests: all pass", reports.len()),
            failed => format!("run all {} tests: {failed} fail", reports.len()),
        };
        found.push(lens(header, title, commands::RUN_ALL_TESTS, vec![json!(uri)]));
    }
    overrides(snapshot, uri, file, &mut found);
    sampled::lenses(snapshot, uri, file, header, &mut found);
    Ok(Some(found))
}

pub(super) fn lens(range: lsp::Range, title: String, command: &str, arguments: Vec<Value>) -> lsp::CodeLens {
    let command = lsp::Command { title, command: command.to_owned(), arguments: Some(arguments) };
    lsp::CodeLens { range, command: Some(command), data: None }
}

fn outcome(report: &TestReport) -> String {
    match report.failures.as_slice() {
        [] => "✔ run test: passes".to_owned(),
        [failure] => format!("✘ run test: {}", failure.message.replace('`', "")),
        [failure, more @ ..] => {
            format!("✘ run test: {}, and {} more", failure.message.replace('`', ""), more.len())
        }
    }
}

/// The header of the policy.
fn header(snapshot: &Snapshot, file: FileId) -> Option<lsp::Range> {
    let id = snapshot.database.collected().policies.get(&file).copied()?;
    let symbols = snapshot.database.symbols();
    Some(snapshot.place_range(symbols.policy(id)?.place))
}

/// What each rule overrides and is overridden by, and what no test of its policy or of one that uses it exercises.
fn overrides(snapshot: &Snapshot, uri: &lsp::Uri, file: FileId, found: &mut Vec<lsp::CodeLens>) {
    let plan = snapshot.database.plan();
    for body in plan.decisions.values() {
        if body.rules.first().is_none_or(|rule| rule.place.file != file) {
            continue;
        }
        for (position, rule) in (0_u32..).zip(&body.rules) {
            let over: Vec<&RuleBody> =
                body.rules.iter().filter(|other| other.overridden_by.contains(&position)).collect();
            let under: Vec<&RuleBody> =
                rule.overridden_by.iter().filter_map(|other| body.rules.get(*other as usize)).collect();
            if over.is_empty() && under.is_empty() {
                continue;
            }
            let mut words = Vec::new();
            if !over.is_empty() {
                words.push(format!("overrides {}", over.len()));
            }
            if !under.is_empty() {
                words.push(format!("overridden by {}", under.len()));
            }
            let range = snapshot.place_range(rule.place);
            let locations: Vec<lsp::Location> =
                over.iter().chain(&under).filter_map(|other| location(snapshot, other.place)).collect();
            let arguments = vec![json!(uri), json!(range.start), json!(locations)];
            found.push(lens(range, words.join(", "), commands::SHOW_LOCATIONS, arguments));
        }
    }
    let own: Vec<ResultId> =
        plan.symbols.results.iter().copied().filter(|it| declared_in(&plan, *it, file)).collect();
    let mut coverage = Coverage::default();
    let mut tested = false;
    for test in &plan.tests {
        // Tests of files that this one cannot reach exercise nothing of it.
        if !reads(snapshot, test.place.file, file) {
            continue;
        }
        snapshot.database.unwind_if_cancelled();
        cover(&plan, test, &own, &mut coverage);
        tested = true;
    }
    if !tested {
        return;
    }
    let mut seen = BTreeSet::new();
    for covered in coverage.never_exercised(&plan) {
        if covered.place.file != file || !own.contains(&covered.result) || !seen.insert(covered.place) {
            continue;
        }
        let title = match (covered.yes, covered.no) {
            (false, false) => "never tested",
            (false, true) => "no test in which it holds",
            _ => "no test in which it does not hold",
        };
        found.push(lens(snapshot.place_range(covered.place), title.to_owned(), "", Vec::new()));
    }
}

fn declared_in(plan: &Plan, result: ResultId, file: FileId) -> bool {
    plan.symbols.place(result).is_some_and(|place| place.file == file)
}

fn location(snapshot: &Snapshot, place: Place) -> Option<lsp::Location> {
    snapshot.location(FileSpan { file: place.file, span: snapshot.database.span(place) })
}

/// Whether the policy of one file is, or uses, that of another.
fn reads(snapshot: &Snapshot, reader: FileId, file: FileId) -> bool {
    if reader == file {
        return true;
    }
    let collected = snapshot.database.collected();
    let (Some(reader), Some(read)) = (collected.policies.get(&reader), collected.policies.get(&file)) else {
        return false;
    };
    collected.uses.get(reader).is_some_and(|uses| uses.iter().any(|(used, _)| used == read))
}
