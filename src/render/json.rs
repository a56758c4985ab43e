//! Findings for programs. The shape is described by `docs/schemas/check.schema.json`; a change that breaks a reader
//! takes a new number in [`CHECK_SCHEMA`].

use serde::Serialize;

use super::{Finding, Position, Spot};

/// The name and version of the shape.
pub(crate) const CHECK_SCHEMA: &str = "rubric.check/1";

/// What `rubric check --format json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct CheckReport {
    schema: &'static str,
    rubric: &'static str,
    files: usize,
    errors: usize,
    warnings: usize,
    information: usize,
    diagnostics: Vec<JsonFinding>,
}

#[derive(Debug, Serialize)]
struct JsonFinding {
    code: &'static str,
    severity: &'static str,
    message: String,
    #[serde(flatten)]
    place: Option<JsonSpot>,
    related: Vec<JsonSpot>,
    help: Option<String>,
    fix: Option<JsonFix>,
}

#[derive(Debug, Serialize)]
struct JsonSpot {
    file: String,
    start: JsonPosition,
    end: JsonPosition,
    label: String,
}

#[derive(Debug, Serialize)]
struct JsonPosition {
    line: u32,
    column: u32,
    offset: u32,
}

#[derive(Debug, Serialize)]
struct JsonFix {
    title: String,
    applicability: &'static str,
    edits: Vec<JsonEdit>,
}

#[derive(Debug, Serialize)]
struct JsonEdit {
    file: String,
    start: JsonPosition,
    end: JsonPosition,
    text: String,
}

/// The report of a check of so many files.
pub(crate) fn check_report(files: usize, findings: &[Finding]) -> CheckReport {
    let summary = super::Summary::of(findings);
    CheckReport {
        schema: CHECK_SCHEMA,
        rubric: env!("CARGO_PKG_VERSION"),
        files,
        errors: summary.errors,
        warnings: summary.warnings,
        information: summary.information,
        diagnostics: findings.iter().map(finding).collect(),
    }
}

fn finding(finding: &Finding) -> JsonFinding {
    let mut spots = finding.spots.iter().map(spot);
    JsonFinding {
        code: finding.code,
        severity: finding.word(),
        message: finding.message.clone(),
        place: spots.next(),
        related: spots.collect(),
        help: finding.help.clone(),
        fix: finding.mend.as_ref().map(|mend| JsonFix {
            title: mend.title.clone(),
            applicability: if mend.always { "always" } else { "maybe" },
            edits: mend.edits.iter().map(edit).collect(),
        }),
    }
}

fn spot(spot: &Spot) -> JsonSpot {
    JsonSpot {
        file: spot.source.path.clone(),
        start: position(spot.start),
        end: position(spot.end),
        label: spot.text.clone(),
    }
}

fn edit(spot: &Spot) -> JsonEdit {
    JsonEdit {
        file: spot.source.path.clone(),
        start: position(spot.start),
        end: position(spot.end),
        text: spot.text.clone(),
    }
}

const fn position(position: Position) -> JsonPosition {
    JsonPosition { line: position.line, column: position.column, offset: position.offset }
}
