//! Going from a name to where it is declared, what it holds, what amends it, and every place that names it.

use rubric_engine::ide::{self, FileSpan, Role};
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types as lsp;

use crate::snapshot::Snapshot;

fn locations(snapshot: &Snapshot, places: Vec<FileSpan>) -> Option<lsp::GotoDefinitionResponse> {
    let found: Vec<lsp::Location> = places.into_iter().filter_map(|place| snapshot.location(place)).collect();
    (!found.is_empty()).then_some(lsp::GotoDefinitionResponse::Array(found))
}

fn entity(snapshot: &Snapshot, params: &lsp::TextDocumentPositionParams) -> Option<ide::Entity> {
    let (file, offset) = snapshot.at(params)?;
    ide::at(&snapshot.database, file, offset).map(|found| found.entity)
}

pub(crate) fn definition(
    snapshot: &Snapshot,
    params: &lsp::TextDocumentPositionParams,
) -> Result<Option<lsp::GotoDefinitionResponse>> {
    Ok(entity(snapshot, params)
        .and_then(|entity| locations(snapshot, ide::definition(&snapshot.database, &entity))))
}

pub(crate) fn type_definition(
    snapshot: &Snapshot,
    params: &lsp::TextDocumentPositionParams,
) -> Result<Option<lsp::GotoDefinitionResponse>> {
    Ok(entity(snapshot, params)
        .and_then(|entity| locations(snapshot, ide::type_definition(&snapshot.database, &entity))))
}

pub(crate) fn implementation(
    snapshot: &Snapshot,
    params: &lsp::TextDocumentPositionParams,
) -> Result<Option<lsp::GotoDefinitionResponse>> {
    Ok(entity(snapshot, params)
        .and_then(|entity| locations(snapshot, ide::implementations(&snapshot.database, &entity))))
}

pub(crate) fn references(
    snapshot: &Snapshot,
    params: &lsp::ReferenceParams,
) -> Result<Option<Vec<lsp::Location>>> {
    let Some(entity) = entity(snapshot, &params.text_document_position) else { return Ok(None) };
    let found = ide::references(&snapshot.database, &entity)
        .into_iter()
        .filter(|(_, role)| params.context.include_declaration || *role != Role::Declaration);
    Ok(Some(found.filter_map(|(place, _)| snapshot.location(place)).collect()))
}

pub(crate) fn highlights(
    snapshot: &Snapshot,
    params: &lsp::DocumentHighlightParams,
) -> Result<Option<Vec<lsp::DocumentHighlight>>> {
    let Some((file, offset)) = snapshot.at(&params.text_document_position_params) else { return Ok(None) };
    let Some(found) = ide::at(&snapshot.database, file, offset) else { return Ok(None) };
    let all = snapshot.database.occurrences(file);
    let same = all.iter().filter(|it| it.entity == found.entity);
    Ok(Some(
        same.map(|it| lsp::DocumentHighlight {
            range: snapshot.range(file, it.span),
            kind: Some(match it.role {
                Role::Declaration | Role::Amendment => lsp::DocumentHighlightKind::WRITE,
                Role::Use | Role::Row => lsp::DocumentHighlightKind::READ,
            }),
        })
        .collect(),
    ))
}
