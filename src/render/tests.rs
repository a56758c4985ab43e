//! A report of tests, for people and as JSON, described by `docs/schemas/test.schema.json`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rubric_engine::diagnostic::Severity;
use rubric_engine::plan::Symbols;
use rubric_engine::testing::{Covered, TestReport};
use serde::Serialize;

use super::mutation::{JsonMutation, Mutation, full_mutation, mutation_report};
use super::{Finding, Lookup};
use crate::terminal::{Style, Terminal, counted, harmless};

/// The name and version of the shape.
const TEST_SCHEMA: &str = "rubric.test/1";

/// What is shown of the tests of some files.
pub(crate) struct Tested {
    pub(crate) reports: Vec<TestReport>,
    /// How the tests met each rule, where that was asked for.
    pub(crate) coverage: Option<Vec<Covered>>,
    /// Which changes of the policies they noticed, where that was asked for.
    pub(crate) mutation: Option<Mutation>,
}

impl Tested {
    pub(crate) fn failed(&self) -> usize {
        self.reports.iter().filter(|report| !report.passed).count()
    }
}

/// Every test by file, each failure with the text around it, and the rules that no test exercised.
pub(crate) fn full_tests(
    tested: &Tested,
    symbols: &Symbols,
    lookup: &mut Lookup<'_>,
    terminal: Terminal,
) -> String {
    let mut text = String::new();
    let mut by_file: BTreeMap<String, Vec<&TestReport>> = BTreeMap::new();
    for report in &tested.reports {
        by_file.entry(lookup.spot(report.place, "").source.path.clone()).or_default().push(report);
    }
    for (path, reports) in by_file {
        let failed = reports.iter().filter(|report| !report.passed).count();
        if terminal.quiet && failed == 0 {
            continue;
        }
        let _ = writeln!(text, "{}", terminal.paint(Style::Strong, &harmless(&path)));
        for report in reports {
            if report.passed && terminal.quiet {
                continue;
            }
            let (mark, style) = if report.passed { ("✔", Style::Good) } else { ("✘", Style::Bad) };
            let _ = writeln!(text, "  {} {}", terminal.paint(style, mark), harmless(&report.title));
            for failure in &report.failures {
                let finding = Finding {
                    code: "",
                    severity: Severity::Error,
                    message: failure.message.clone(),
                    spots: vec![lookup.spot(failure.place, "")],
                    help: (!failure.notes.is_empty()).then(|| failure.notes.join("\n")),
                    mend: None,
                };
                let drawn = super::full(&finding, terminal);
                text.push_str(
                    &drawn
                        .lines()
                        .map(|line| format!("    {line}").trim_end().to_owned() + "\n")
                        .collect::<String>(),
                );
            }
        }
        text.push('\n');
    }
    if let Some(coverage) = &tested.coverage {
        text.push_str(&full_coverage(coverage, symbols, lookup, terminal));
    }
    if let Some(mutation) = &tested.mutation {
        text.push_str(&full_mutation(mutation, &tested.reports, lookup, terminal));
    }
    text
}

fn full_coverage(
    coverage: &[Covered],
    symbols: &Symbols,
    lookup: &mut Lookup<'_>,
    terminal: Terminal,
) -> String {
    let mut text = String::new();
    let exercised = coverage.iter().filter(|part| part.yes && part.no).count();
    let _ =
        writeln!(text, "coverage: {exercised} of {} exercised both ways", counted(coverage.len(), "rule"));
    for part in coverage.iter().filter(|part| !part.yes || !part.no) {
        let spot = lookup.spot(part.place, "");
        let never = match (part.yes, part.no) {
            (false, false) => "is in no test",
            (false, true) => "never holds in a test",
            _ => "never fails to hold in a test",
        };
        let place = format!("{}:{}", harmless(&spot.source.path), spot.start.line);
        let what = format!(
            "{} {} of {}",
            part.kind.word(),
            part.label,
            symbols.name(part.result).unwrap_or_default()
        );
        let _ = writeln!(
            text,
            "  {} {}: {never}",
            terminal.paint(Style::Faint, &place),
            terminal.paint(Style::Doubtful, &harmless(&what))
        );
    }
    text.push('\n');
    text
}

/// What `rubric test --format json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct JsonReport {
    schema: &'static str,
    rubric: &'static str,
    passed: usize,
    failed: usize,
    tests: Vec<JsonTest>,
    coverage: Option<Vec<JsonCovered>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutation: Option<JsonMutation>,
}

#[derive(Debug, Serialize)]
struct JsonTest {
    title: String,
    file: String,
    line: u32,
    passed: bool,
    failures: Vec<JsonFailure>,
}

#[derive(Debug, Serialize)]
struct JsonFailure {
    file: String,
    line: u32,
    message: String,
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct JsonCovered {
    result: String,
    kind: &'static str,
    label: String,
    file: String,
    line: u32,
    held: bool,
    failed_to_hold: bool,
}

/// The report of some tests.
pub(crate) fn test_report(tested: &Tested, symbols: &Symbols, lookup: &mut Lookup<'_>) -> JsonReport {
    let failed = tested.failed();
    let mut tests = Vec::new();
    for report in &tested.reports {
        let spot = lookup.spot(report.place, "");
        let failures = report.failures.iter().map(|failure| {
            let spot = lookup.spot(failure.place, "");
            JsonFailure {
                file: spot.source.path.clone(),
                line: spot.start.line,
                message: failure.message.clone(),
                notes: failure.notes.clone(),
            }
        });
        tests.push(JsonTest {
            title: report.title.to_string(),
            file: spot.source.path.clone(),
            line: spot.start.line,
            passed: report.passed,
            failures: failures.collect(),
        });
    }
    let coverage = tested.coverage.as_ref().map(|coverage| {
        let covered = coverage.iter().map(|part| {
            let spot = lookup.spot(part.place, "");
            JsonCovered {
                result: symbols.name(part.result).unwrap_or_default().to_owned(),
                kind: part.kind.word(),
                label: part.label.clone(),
                file: spot.source.path.clone(),
                line: spot.start.line,
                held: part.yes,
                failed_to_hold: part.no,
            }
        });
        covered.collect()
    });
    JsonReport {
        schema: TEST_SCHEMA,
        rubric: env!("CARGO_PKG_VERSION"),
        passed: tested.reports.len() - failed,
        failed,
        tests,
        coverage,
        mutation: tested.mutation.as_ref().map(|mutation| mutation_report(mutation, &tested.reports, lookup)),
    }
}
