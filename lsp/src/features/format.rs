//! Formatting, of a whole document or of some of its lines.

use rubric_engine::diagnostic::FileId;
use rubric_grammar::Span;
use rubric_grammar::format::{DEFAULT_WIDTH, format};
use similar::{Algorithm, DiffOp, capture_diff_slices};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types as lsp;

use crate::snapshot::Snapshot;

pub(crate) fn document(
    snapshot: &Snapshot,
    uri: &lsp::Uri,
    within: Option<lsp::Range>,
) -> Result<Option<Vec<lsp::TextEdit>>> {
    let Some(file) = snapshot.file(uri) else { return Ok(None) };
    let Some(parsed) = snapshot.database.parsed(file) else { return Ok(None) };
    let text = snapshot.database.text(file);
    let formatted = format(&text, &parsed.parse, DEFAULT_WIDTH);
    if let Some(refused) = formatted.refused {
        let mut error = Error::invalid_request();
        error.message = refused.to_string().into();
        return Err(error);
    }
    Ok(Some(edits(snapshot, file, &text, &formatted.text, within)))
}

/// The replacements of whole lines that make the one text the other, so that cursors and folds elsewhere stay.
fn edits(
    snapshot: &Snapshot,
    file: FileId,
    old: &str,
    new: &str,
    within: Option<lsp::Range>,
) -> Vec<lsp::TextEdit> {
    let old_lines: Vec<&str> = old.split_inclusive('\n').collect();
    let new_lines: Vec<&str> = new.split_inclusive('\n').collect();
    let mut starts: Vec<usize> = vec![0];
    for line in &old_lines {
        starts.push(starts.last().copied().unwrap_or(0) + line.len());
    }
    let mut found = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &old_lines, &new_lines) {
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        let (from, to) = (op.old_range(), op.new_range());
        let wanted = within.is_none_or(|within| {
            let (start, end) = (from.start as u64, from.end as u64);
            start <= u64::from(within.end.line) && end > u64::from(within.start.line)
                || start == end && start == u64::from(within.start.line)
        });
        if !wanted {
            continue;
        }
        let byte =
            |line: usize| starts.get(line).and_then(|byte| u32::try_from(*byte).ok()).unwrap_or(u32::MAX);
        let span = Span::new(byte(from.start), byte(from.end));
        let new_text: String = new_lines.get(to).unwrap_or(&[]).concat();
        found.push(lsp::TextEdit { range: snapshot.range(file, span), new_text });
    }
    found
}
