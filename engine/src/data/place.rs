//! Where a row was read, in words.

use super::bytes::ending;

/// `students.csv:12`, or `students.parquet:row 12` where there are no lines.
#[must_use]
pub fn place(file: &str, line: u64) -> String {
    if has_lines(file) { format!("{file}:{line}") } else { format!("{file}:row {line}") }
}

/// `line 12`, or `row 12`.
pub(crate) fn place_in(file: &str, line: u64) -> String {
    if has_lines(file) { format!("line {line}") } else { format!("row {line}") }
}

fn has_lines(file: &str) -> bool {
    ending(file) != "parquet"
}
