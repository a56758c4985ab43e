//! The renderers: one finding in, text out. They differ only in whom they speak to.

mod concise;
mod difference;
mod explanation;
mod finding;
mod full;
mod how;
mod json;
mod manual;
mod mutation;
mod tests;
mod versions;

use rubric_engine::diagnostic::Severity;

pub(crate) use concise::concise;
pub(crate) use difference::{Flip, ResultDifference, Side, VersionDifference, full_difference};
pub(crate) use explanation::{explain_report, tree};
pub(crate) use finding::{Finding, Lookup, Mend, Position, SourceText, Spot};
pub(crate) use full::full;
pub(crate) use how::how;
pub(crate) use json::check_report;
pub(crate) use manual::manual;
pub(crate) use mutation::{Mutation, score_words};
pub(crate) use tests::{Tested, full_tests, test_report};
pub(crate) use versions::{full_versions, versions_report, versions_summary};

use crate::failure::Failure;
use crate::terminal::{Style, Terminal, counted};

/// JSON for people to read too, with its end.
pub(crate) fn to_json(report: &impl serde::Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(report)
        .map_err(|error| Failure::new(format!("the report cannot be written as JSON: {error}")))?;
    Ok(text + "\n")
}

pub(crate) const fn style(severity: Severity) -> Style {
    match severity {
        Severity::Error => Style::Bad,
        Severity::Warning => Style::Doubtful,
        Severity::Information => Style::Name,
    }
}

/// How many findings there are of each severity.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Summary {
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    pub(crate) information: usize,
}

impl Summary {
    pub(crate) fn of(findings: &[Finding]) -> Self {
        let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        Self {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            information: count(Severity::Information),
        }
    }

    /// `2 errors and 1 warning`; `no findings`.
    pub(crate) fn words(self, terminal: Terminal) -> String {
        let parts: Vec<String> = [
            (self.errors, "error", Style::Bad),
            (self.warnings, "warning", Style::Doubtful),
            (self.information, "remark", Style::Name),
        ]
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, what, style)| terminal.paint(style, &counted(count, what)).into_owned())
        .collect();
        match parts.split_last() {
            None => terminal.paint(Style::Good, "no findings").into_owned(),
            Some((last, [])) => last.clone(),
            Some((last, before)) => format!("{} and {last}", before.join(", ")),
        }
    }
}
