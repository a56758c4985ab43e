//! One line a finding: `file:line:column: error[code] message`.

use std::fmt::Write as _;

use super::Finding;
use crate::terminal::{Style, Terminal, harmless};

/// A finding on one line, with its end.
pub(crate) fn concise(finding: &Finding, terminal: Terminal) -> String {
    let mut line = String::new();
    if let Some(spot) = finding.spots.first() {
        let _ = write!(line, "{}:{}:{}: ", harmless(&spot.source.path), spot.start.line, spot.start.column);
    }
    let style = super::style(finding.severity);
    let kind = format!("{}[{}]", finding.word(), finding.code);
    let message = finding.message.replace('\n', " ");
    let _ = write!(line, "{} {}", terminal.paint(style, &kind), harmless(&message));
    if let Some(help) = &finding.help {
        let help = format!(" ({})", help.replace('\n', " "));
        let _ = write!(line, "{}", terminal.paint(Style::Faint, &harmless(&help)));
    }
    line.push('\n');
    line
}
