//! Inlay hints: what the engine knows, and what comes of the expectations of a test.

use rubric_engine::ide;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types as lsp;

use crate::snapshot::Snapshot;

pub(crate) fn hints(
    snapshot: &Snapshot,
    params: &lsp::InlayHintParams,
) -> Result<Option<Vec<lsp::InlayHint>>> {
    let Some(file) = snapshot.file(&params.text_document.uri) else { return Ok(None) };
    let within = snapshot.span(file, params.range);
    let hints = ide::hints(&snapshot.database, file, within, snapshot.today());
    let mut found: Vec<lsp::InlayHint> = hints
        .into_iter()
        .map(|hint| {
            let kind = hint.is_type.then_some(lsp::InlayHintKind::TYPE);
            let more = hint.more.map(|more| snapshot.markup(&more));
            make(snapshot.position(file, hint.offset), hint.text, kind, more, false)
        })
        .collect();
    for report in snapshot.database.test_reports(file).iter() {
        for failure in &report.failures {
            let span = snapshot.database.span(failure.place);
            if span.start > within.end || span.end < within.start {
                continue;
            }
            let notes = (!failure.notes.is_empty()).then(|| snapshot.markup(&failure.notes.join("\n\n")));
            let text = format!("✘ {}", failure.message.replace('`', ""));
            found.push(make(snapshot.position(file, span.end), text, None, notes, true));
        }
        let span = snapshot.database.span(report.place);
        if report.passed && span.start <= within.end && within.start <= span.end {
            found.push(make(snapshot.position(file, span.end), "✔ passes".to_owned(), None, None, true));
        }
    }
    Ok(Some(found))
}

fn make(
    position: lsp::Position,
    text: String,
    kind: Option<lsp::InlayHintKind>,
    more: Option<lsp::MarkupContent>,
    padded: bool,
) -> lsp::InlayHint {
    lsp::InlayHint {
        position,
        label: lsp::InlayHintLabel::String(text),
        kind,
        text_edits: None,
        tooltip: more.map(lsp::InlayHintTooltip::MarkupContent),
        padding_left: padded.then_some(true),
        padding_right: None,
        data: None,
    }
}
