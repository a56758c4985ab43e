//! Hover and signature help.

use rubric_engine::ide;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types as lsp;

use crate::snapshot::Snapshot;

pub(crate) fn hover(snapshot: &Snapshot, params: &lsp::HoverParams) -> Result<Option<lsp::Hover>> {
    let place = snapshot.at(&params.text_document_position_params);
    Ok(place.and_then(|(file, offset)| {
        let found = ide::hover(&snapshot.database, file, offset, snapshot.today())?;
        Some(lsp::Hover {
            contents: lsp::HoverContents::Markup(snapshot.markup(&found.text)),
            range: Some(snapshot.range(file, found.span)),
        })
    }))
}

pub(crate) fn signature(
    snapshot: &Snapshot,
    params: &lsp::SignatureHelpParams,
) -> Result<Option<lsp::SignatureHelp>> {
    let place = snapshot.at(&params.text_document_position_params);
    let found = place.and_then(|(file, offset)| ide::signature(&snapshot.database, file, offset));
    Ok(found.map(|found| {
        let parameters = found.parameters.iter().map(|(start, end)| {
            let text = found.label.get(*start as usize..*end as usize).unwrap_or("").to_owned();
            lsp::ParameterInformation { label: lsp::ParameterLabel::Simple(text), documentation: None }
        });
        let information = lsp::SignatureInformation {
            parameters: Some(parameters.collect()),
            documentation: found
                .docs
                .as_deref()
                .map(|docs| lsp::Documentation::MarkupContent(snapshot.markup(docs))),
            active_parameter: Some(found.active),
            label: found.label,
        };
        lsp::SignatureHelp {
            signatures: vec![information],
            active_signature: Some(0),
            active_parameter: Some(found.active),
        }
    }))
}
