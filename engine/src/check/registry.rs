//! The manual: one page for every code that a diagnostic can carry.

use std::sync::LazyLock;

use crate::diagnostic::Severity;

/// The manual page of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The code, such as `parameter-overlap`.
    pub code: String,
    /// How bad what it finds is.
    pub severity: Severity,
    /// What it finds, in one line.
    pub title: String,
    /// The page below its title and severity, Markdown.
    pub text: String,
}

/// The codes of which a diagnostic can carry a fix, in their order. A code that is missing here is a defect that every run
/// without optimizations stops at, so that what is tested of all fixes is tested of all.
pub const FIXES: [&str; 33] = [
    "amends-nothing",
    "bad-allow",
    "bad-literal",
    "foreign-operator",
    "may-be-missing",
    "needless-comma",
    "needs-brackets",
    "not-looser",
    "not-tighter",
    "overtaken-value",
    "percent-of-sum",
    "rank-needs-known",
    "rule-conflict",
    "swallowed-comparison",
    "syntax",
    "type-mismatch",
    "typographic-character",
    "uneven-limit",
    "uneven-share",
    "unit-mismatch",
    "unknown-field",
    "unknown-fixture",
    "unknown-label",
    "unknown-name",
    "unknown-outcome",
    "unknown-policy",
    "unknown-row",
    "unknown-type",
    "unknown-value",
    "unrounded-money",
    "unused-use",
    "vacuous-all",
    "wrong-arguments",
];

/// Every page, in the order of the codes.
pub static PAGES: LazyLock<Vec<Page>> = LazyLock::new(|| {
    let mut pages: Vec<Page> = super::SOURCES
        .iter()
        .map(|(name, text)| read(&name.replace('_', "-"), &documentation(text)))
        .chain(super::pages::TEXTS.iter().map(|(name, text)| read(name, text)))
        .collect();
    pages.sort_by(|a, b| a.code.cmp(&b.code));
    pages
});

/// The page of a code.
#[must_use]
pub fn page(code: &str) -> Option<&'static Page> {
    let position = PAGES.binary_search_by(|page| page.code.as_str().cmp(code)).ok()?;
    PAGES.get(position)
}

/// The `//!` lines of a source file without their marks.
fn documentation(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    lines
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .fold(String::new(), |text, line| text + line + "\n")
}

fn read(code: &str, text: &str) -> Page {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let title = lines.next().and_then(|line| line.strip_prefix("# ")).unwrap_or_default();
    let severity = lines.next().and_then(|line| line.strip_prefix("Severity: ")).unwrap_or_default();
    let text = text.split_once(severity).map_or("", |(_, rest)| rest);
    Page {
        code: code.to_owned(),
        severity: match severity {
            "information" => Severity::Information,
            "warning" => Severity::Warning,
            _ => Severity::Error,
        },
        title: title.to_owned(),
        text: text.trim().to_owned(),
    }
}

impl Page {
    /// The page as it stands in the manual.
    #[must_use]
    pub fn markdown(&self) -> String {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Information => "information",
        };
        format!("# {}: {}\n\nSeverity: {severity}\n\n{}\n", self.code, self.title, self.text)
    }
}
