//! The commands.

use rubric_engine::check;
use rubric_engine::diagnostic::FileId;
use rubric_engine::plan::TestBody;
use rubric_engine::testing::{self, TestReport};
use serde_json::{Value, json};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types as lsp;

use super::{explanation, sampled};
use crate::commands;
use crate::snapshot::Snapshot;

/// What a command gives, and what the client is told beside it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Executed {
    pub(crate) value: Value,
    pub(crate) message: Option<(lsp::MessageType, String)>,
}

pub(crate) fn execute(snapshot: &Snapshot, params: &lsp::ExecuteCommandParams) -> Result<Executed> {
    match params.command.as_str() {
        commands::RUN_TEST => run(snapshot, vec![file(snapshot, params)?], Some(text(params, 1)?)),
        commands::RUN_ALL_TESTS => {
            let files = match params.arguments.first() {
                None | Some(Value::Null) => snapshot.database.files(),
                Some(_) => vec![file(snapshot, params)?],
            };
            run(snapshot, files, None)
        }
        commands::EXPLAIN => explain(snapshot, file(snapshot, params)?, text(params, 1)?),
        commands::SHOW_SAMPLE | commands::SHOW_FLIPS => {
            let only_flips = params.command == commands::SHOW_FLIPS;
            let value = sampled::document(snapshot, file(snapshot, params)?, text(params, 1)?, only_flips)?;
            Ok(Executed { value, message: None })
        }
        commands::SHOW_CHECK => {
            let code = text(params, 0)?;
            let page = check::page(code)
                .ok_or_else(|| Error::invalid_params(format!("there is no check `{code}`")))?;
            Ok(document(code, page.markdown()))
        }
        #[cfg(test)]
        crate::defect::COMMAND => crate::defect::defect(text(params, 0)?),
        other => Err(Error::invalid_params(format!("there is no command `{other}`"))),
    }
}

fn document(title: &str, markdown: String) -> Executed {
    Executed { value: json!({ "title": title, "markdown": markdown }), message: None }
}

fn text(params: &lsp::ExecuteCommandParams, at: usize) -> Result<&str> {
    let found = params.arguments.get(at).and_then(Value::as_str);
    found.ok_or_else(|| Error::invalid_params(format!("`{}` needs more arguments", params.command)))
}

fn file(snapshot: &Snapshot, params: &lsp::ExecuteCommandParams) -> Result<FileId> {
    let uri = text(params, 0)?;
    let uri: lsp::Uri = uri.parse().map_err(|_| Error::invalid_params(format!("`{uri}` is no URI")))?;
    snapshot.file(&uri).ok_or_else(|| Error::invalid_params("the file is not part of the workspace"))
}

fn run(snapshot: &Snapshot, files: Vec<FileId>, title: Option<&str>) -> Result<Executed> {
    let mut reports: Vec<(FileId, TestReport)> = Vec::new();
    for file in files {
        let all = snapshot.database.test_reports(file);
        let wanted = all.iter().filter(|report| title.is_none_or(|title| *report.title == *title));
        reports.extend(wanted.map(|report| (file, report.clone())));
    }
    if let (Some(title), true) = (title, reports.is_empty()) {
        return Err(Error::invalid_params(format!(
            "there is no test \"{title}\" that can be run: it may have errors"
        )));
    }
    let failed = reports.iter().filter(|(_, report)| !report.passed).count();
    let tests: Vec<Value> = reports
        .iter()
        .map(|(file, report)| {
            let failures: Vec<Value> = report
                .failures
                .iter()
                .map(|failure| {
                    json!({
                        "line": snapshot.place_range(failure.place).start.line,
                        "message": failure.message,
                        "notes": failure.notes,
                    })
                })
                .collect();
            json!({
                "uri": snapshot.uri(*file),
                "title": &*report.title,
                "passed": report.passed,
                "failures": failures,
            })
        })
        .collect();
    let value = json!({ "passed": reports.len() - failed, "failed": failed, "tests": tests });
    Ok(Executed { message: Some(told(&value)), value })
}

/// What came of tests, in a line.
fn told(ran: &Value) -> (lsp::MessageType, String) {
    let tests = ran["tests"].as_array().map_or(&[] as &[Value], Vec::as_slice);
    let mut failures = tests.iter().filter_map(|test| test["failures"].get(0)?["message"].as_str());
    match (failures.next(), tests.len()) {
        (Some(failure), 1) => (lsp::MessageType::ERROR, failure.to_owned()),
        (Some(failure), all) => {
            (lsp::MessageType::ERROR, format!("{} of {all} tests fail: {failure}", ran["failed"]))
        }
        (None, 1) => (lsp::MessageType::INFO, "the test passes".to_owned()),
        (None, all) => (lsp::MessageType::INFO, format!("all {all} tests pass")),
    }
}

/// What came of the tests of several projects.
pub(crate) fn joined(ran: Vec<Executed>) -> Executed {
    let sum = |name: &str| ran.iter().filter_map(|it| it.value.get(name)?.as_u64()).sum::<u64>();
    let (passed, failed) = (sum("passed"), sum("failed"));
    let tests: Vec<&Value> =
        ran.iter().filter_map(|it| it.value.get("tests")?.as_array()).flatten().collect();
    let value = json!({ "passed": passed, "failed": failed, "tests": tests });
    Executed { message: Some(told(&value)), value }
}

/// Whether a command is about the tests of every project.
pub(crate) fn is_of_all(params: &lsp::ExecuteCommandParams) -> bool {
    params.command == commands::RUN_ALL_TESTS && params.arguments.first().is_none_or(Value::is_null)
}

fn explain(snapshot: &Snapshot, file: FileId, title: &str) -> Result<Executed> {
    let plan = snapshot.database.plan();
    let is_it = |test: &TestBody| test.place.file == file && *test.title == *title;
    let Some(test) = plan.tests.iter().find(|test| is_it(test)) else {
        return Err(Error::invalid_params(format!(
            "there is no test \"{title}\" that can be explained: it may have errors"
        )));
    };
    let source = |place| snapshot.database.source(place);
    match testing::explain(&plan, test, &source) {
        Ok(explanations) => Ok(document(title, explanation::markdown(title, &explanations))),
        Err(failure) => Err(Error::invalid_params(failure.message)),
    }
}
