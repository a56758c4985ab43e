//! The manual page of a code.

use rubric_engine::check::Page;

use crate::terminal::{Style, Terminal};

/// The page, with its end.
pub(crate) fn manual(page: &Page, terminal: Terminal) -> String {
    let code = terminal.paint(Style::Strong, &page.code).into_owned();
    let severity = terminal.paint(super::style(page.severity), page.severity.word()).into_owned();
    format!("{code} ({severity}): {}\n\n{}\n", page.title, page.text)
}
