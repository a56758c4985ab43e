//! Renaming.

use rubric_engine::ide::{self, RenameError};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types as lsp;

use super::manifest;
use crate::snapshot::Snapshot;

fn refused(RenameError(why): RenameError) -> Error {
    let mut error = Error::invalid_request();
    error.message = why.into();
    error
}

pub(crate) fn prepare(
    snapshot: &Snapshot,
    params: &lsp::TextDocumentPositionParams,
) -> Result<Option<lsp::PrepareRenameResponse>> {
    let Some((file, offset)) = snapshot.at(params) else { return Ok(None) };
    let (entity, span) = ide::renamable(&snapshot.database, file, offset).map_err(refused)?;
    Ok(ide::name_of(&snapshot.database, &entity).map(|placeholder| {
        lsp::PrepareRenameResponse::RangeWithPlaceholder { range: snapshot.range(file, span), placeholder }
    }))
}

pub(crate) fn rename(snapshot: &Snapshot, params: &lsp::RenameParams) -> Result<Option<lsp::WorkspaceEdit>> {
    let Some((file, offset)) = snapshot.at(&params.text_document_position) else { return Ok(None) };
    let (entity, _) = ide::renamable(&snapshot.database, file, offset).map_err(refused)?;
    let edits = ide::rename(&snapshot.database, file, offset, &params.new_name).map_err(refused)?;
    let edit = snapshot.workspace_edit(edits.into_iter().map(|edit| (edit.place, edit.text)));
    let manifests = manifest::rename(snapshot, &entity, params.new_name.trim());
    Ok(Some(joined(edit, snapshot.edit_of(manifests))))
}

/// Two edits of different documents as one.
pub(crate) fn joined(mut edit: lsp::WorkspaceEdit, more: lsp::WorkspaceEdit) -> lsp::WorkspaceEdit {
    match (&mut edit.document_changes, more.document_changes) {
        (Some(lsp::DocumentChanges::Edits(edits)), Some(lsp::DocumentChanges::Edits(more))) => {
            edits.extend(more);
        }
        _ => {
            let changes = edit.changes.get_or_insert_default();
            changes.extend(more.changes.unwrap_or_default());
        }
    }
    edit
}
