//! The outline of a file, and declarations of the workspace by name.

use rubric_engine::diagnostic::FileId;
use rubric_engine::ide::{self, Outline, OutlineKind};
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types as lsp;

use crate::snapshot::Snapshot;

/// More declarations than anybody reads are not sent.
const MOST: usize = 500;

const fn kind(kind: OutlineKind) -> lsp::SymbolKind {
    match kind {
        OutlineKind::Policy => lsp::SymbolKind::MODULE,
        OutlineKind::Category => lsp::SymbolKind::ENUM,
        OutlineKind::Value => lsp::SymbolKind::ENUM_MEMBER,
        OutlineKind::Record => lsp::SymbolKind::STRUCT,
        OutlineKind::Group => lsp::SymbolKind::CLASS,
        OutlineKind::Field => lsp::SymbolKind::FIELD,
        OutlineKind::Key => lsp::SymbolKind::KEY,
        OutlineKind::Input => lsp::SymbolKind::VARIABLE,
        OutlineKind::Parameter => lsp::SymbolKind::CONSTANT,
        OutlineKind::Define => lsp::SymbolKind::FUNCTION,
        OutlineKind::Decision => lsp::SymbolKind::INTERFACE,
        OutlineKind::Part => lsp::SymbolKind::NAMESPACE,
        OutlineKind::Rule | OutlineKind::Must | OutlineKind::Except => lsp::SymbolKind::METHOD,
        OutlineKind::Default => lsp::SymbolKind::PROPERTY,
        OutlineKind::Requirement => lsp::SymbolKind::EVENT,
        OutlineKind::Amount => lsp::SymbolKind::NUMBER,
        OutlineKind::Line => lsp::SymbolKind::OPERATOR,
        OutlineKind::Fixture => lsp::SymbolKind::OBJECT,
        OutlineKind::Test => lsp::SymbolKind::BOOLEAN,
        OutlineKind::Row => lsp::SymbolKind::VARIABLE,
    }
}

pub(crate) fn document(
    snapshot: &Snapshot,
    params: &lsp::DocumentSymbolParams,
) -> Result<Option<lsp::DocumentSymbolResponse>> {
    let uri = &params.text_document.uri;
    let Some(file) = snapshot.file(uri) else { return Ok(None) };
    let outline = ide::outline(&snapshot.database, file);
    if snapshot.client.nested_symbols {
        let nested = outline.iter().map(|entry| nested(snapshot, file, entry)).collect();
        return Ok(Some(lsp::DocumentSymbolResponse::Nested(nested)));
    }
    let mut flat = Vec::new();
    for entry in &outline {
        flat.push(information(snapshot, file, uri, entry, None));
        for child in &entry.children {
            flat.push(information(snapshot, file, uri, child, Some(&entry.name)));
        }
    }
    Ok(Some(lsp::DocumentSymbolResponse::Flat(flat)))
}

#[allow(deprecated, reason = "the type has the field")]
fn nested(snapshot: &Snapshot, file: FileId, entry: &Outline) -> lsp::DocumentSymbol {
    let children: Vec<lsp::DocumentSymbol> =
        entry.children.iter().map(|child| nested(snapshot, file, child)).collect();
    lsp::DocumentSymbol {
        name: entry.name.clone(),
        detail: entry.detail.clone(),
        kind: kind(entry.kind),
        tags: None,
        deprecated: None,
        range: snapshot.range(file, entry.span),
        selection_range: snapshot.range(file, entry.name_span),
        children: (!children.is_empty()).then_some(children),
    }
}

#[allow(deprecated, reason = "the type has the field")]
fn information(
    snapshot: &Snapshot,
    file: FileId,
    uri: &lsp::Uri,
    entry: &Outline,
    container: Option<&str>,
) -> lsp::SymbolInformation {
    lsp::SymbolInformation {
        name: entry.name.clone(),
        kind: kind(entry.kind),
        tags: None,
        deprecated: None,
        location: lsp::Location { uri: uri.clone(), range: snapshot.range(file, entry.span) },
        container_name: container.map(ToOwned::to_owned),
    }
}

pub(crate) fn workspace(
    snapshot: &Snapshot,
    params: &lsp::WorkspaceSymbolParams,
) -> Result<Vec<lsp::WorkspaceSymbol>> {
    let query = params.query.to_lowercase();
    let mut found = Vec::new();
    for file in snapshot.database.files() {
        let path = snapshot.database.path(file).to_owned();
        let Some(uri) = snapshot.view.uri(&path) else { continue };
        let mut add = |entry: &Outline, container: Option<&str>| {
            if found.len() < MOST && fits(&entry.name.to_lowercase(), &query) {
                let range = snapshot.range(file, entry.name_span);
                found.push(lsp::WorkspaceSymbol {
                    name: entry.name.clone(),
                    kind: kind(entry.kind),
                    tags: None,
                    container_name: container.map(ToOwned::to_owned),
                    location: lsp::OneOf::Left(lsp::Location { uri: uri.clone(), range }),
                    data: None,
                });
            }
        };
        let outline = ide::outline(&snapshot.database, file);
        let policy = outline.iter().find(|entry| entry.kind == OutlineKind::Policy).map(|it| it.name.clone());
        for entry in &outline {
            add(entry, policy.as_deref());
            for child in entry.children.iter().filter(|child| child.kind != OutlineKind::Row) {
                add(child, Some(&entry.name));
            }
        }
    }
    Ok(found)
}

/// What was found in several projects.
pub(crate) fn joined(found: Vec<Vec<lsp::WorkspaceSymbol>>) -> lsp::WorkspaceSymbolResponse {
    lsp::WorkspaceSymbolResponse::Nested(found.into_iter().flatten().take(MOST).collect())
}

/// Whether the letters of the query stand in the name, in their order.
fn fits(name: &str, query: &str) -> bool {
    let mut letters = name.chars();
    query.chars().all(|wanted| letters.any(|letter| letter == wanted))
}
