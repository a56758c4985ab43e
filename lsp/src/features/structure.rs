//! Folding and growing selections.

use rubric_engine::ide;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types as lsp;

use crate::snapshot::Snapshot;

pub(crate) fn folds(
    snapshot: &Snapshot,
    params: &lsp::FoldingRangeParams,
) -> Result<Option<Vec<lsp::FoldingRange>>> {
    let Some(file) = snapshot.file(&params.text_document.uri) else { return Ok(None) };
    let folds = ide::folds(&snapshot.database, file).into_iter().map(|(span, comment)| {
        let range = snapshot.range(file, span);
        lsp::FoldingRange {
            start_line: range.start.line,
            start_character: None,
            // The line of the closing brace stays visible.
            end_line: if comment { range.end.line } else { range.end.line.saturating_sub(1) },
            end_character: None,
            kind: Some(if comment { lsp::FoldingRangeKind::Comment } else { lsp::FoldingRangeKind::Region }),
            collapsed_text: None,
        }
    });
    Ok(Some(folds.filter(|fold| fold.start_line < fold.end_line).collect()))
}

pub(crate) fn selections(
    snapshot: &Snapshot,
    params: &lsp::SelectionRangeParams,
) -> Result<Option<Vec<lsp::SelectionRange>>> {
    let Some(file) = snapshot.file(&params.text_document.uri) else { return Ok(None) };
    let found = params.positions.iter().map(|position| {
        let offset = snapshot.offset(file, *position);
        let chain = ide::selections(&snapshot.database, file, offset);
        let outermost_first = chain.into_iter().rev();
        outermost_first
            .fold(None, |parent: Option<lsp::SelectionRange>, span| {
                Some(lsp::SelectionRange { range: snapshot.range(file, span), parent: parent.map(Box::new) })
            })
            .unwrap_or(lsp::SelectionRange { range: lsp::Range::new(*position, *position), parent: None })
    });
    Ok(Some(found.collect()))
}
