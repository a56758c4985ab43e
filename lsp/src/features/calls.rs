//! Who reads a definition or result, and what it reads.

use rubric_engine::diagnostic::FileId;
use rubric_engine::ide::{self, Entity, EntityKind};
use rubric_engine::plan::Symbol;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types as lsp;

use crate::snapshot::Snapshot;

fn item(snapshot: &Snapshot, symbol: Symbol) -> Option<lsp::CallHierarchyItem> {
    let entity = Entity::Symbol(symbol);
    let place = *ide::definition(&snapshot.database, &entity).first()?;
    let sort = ide::kind(&snapshot.database.symbols(), &entity);
    let range = whole(snapshot, place.file, place.span.start).unwrap_or(place.span);
    Some(lsp::CallHierarchyItem {
        name: ide::name_of(&snapshot.database, &entity)?,
        kind: match sort {
            EntityKind::Parameter => lsp::SymbolKind::CONSTANT,
            EntityKind::Input => lsp::SymbolKind::VARIABLE,
            EntityKind::Define => lsp::SymbolKind::FUNCTION,
            EntityKind::Requirement => lsp::SymbolKind::EVENT,
            EntityKind::Amount => lsp::SymbolKind::NUMBER,
            _ => lsp::SymbolKind::INTERFACE,
        },
        tags: None,
        detail: Some(sort.word().to_owned()),
        uri: snapshot.uri(place.file)?,
        range: snapshot.range(place.file, range),
        selection_range: snapshot.range(place.file, place.span),
        data: None,
    })
}

fn whole(snapshot: &Snapshot, file: FileId, offset: u32) -> Option<rubric_grammar::Span> {
    let parsed = snapshot.database.parsed(file)?;
    let items = &parsed.parse.file.items;
    items.iter().map(|item| item.span).find(|span| span.start <= offset && offset <= span.end)
}

/// The symbol that a client's item stands for: that which is declared at its name now.
fn symbol(snapshot: &Snapshot, item: &lsp::CallHierarchyItem) -> Option<Symbol> {
    let file = snapshot.file(&item.uri)?;
    let offset = snapshot.offset(file, item.selection_range.start);
    match ide::at(&snapshot.database, file, offset)?.entity {
        Entity::Symbol(symbol) => Some(symbol),
        _ => None,
    }
}

pub(crate) fn prepare(
    snapshot: &Snapshot,
    params: &lsp::CallHierarchyPrepareParams,
) -> Result<Option<Vec<lsp::CallHierarchyItem>>> {
    let Some((file, offset)) = snapshot.at(&params.text_document_position_params) else { return Ok(None) };
    let Some(found) = ide::at(&snapshot.database, file, offset) else { return Ok(None) };
    let symbol = match found.entity {
        Entity::Symbol(symbol) | Entity::Label(symbol, ..) => symbol,
        _ => return Ok(None),
    };
    if matches!(symbol, Symbol::Category(_) | Symbol::Record(_)) {
        return Ok(None);
    }
    Ok(item(snapshot, symbol).map(|item| vec![item]))
}

pub(crate) fn incoming(
    snapshot: &Snapshot,
    params: &lsp::CallHierarchyIncomingCallsParams,
) -> Result<Option<Vec<lsp::CallHierarchyIncomingCall>>> {
    let Some(symbol) = symbol(snapshot, &params.item) else { return Ok(None) };
    let calls = ide::callers(&snapshot.database, symbol).into_iter().filter_map(|call| {
        let from = item(snapshot, call.symbol)?;
        let from_ranges = call.places.iter().map(|place| snapshot.range(place.file, place.span)).collect();
        Some(lsp::CallHierarchyIncomingCall { from, from_ranges })
    });
    Ok(Some(calls.collect()))
}

pub(crate) fn outgoing(
    snapshot: &Snapshot,
    params: &lsp::CallHierarchyOutgoingCallsParams,
) -> Result<Option<Vec<lsp::CallHierarchyOutgoingCall>>> {
    let Some(symbol) = symbol(snapshot, &params.item) else { return Ok(None) };
    let calls = ide::callees(&snapshot.database, symbol).into_iter().filter_map(|call| {
        let to = item(snapshot, call.symbol)?;
        let from_ranges = call.places.iter().map(|place| snapshot.range(place.file, place.span)).collect();
        Some(lsp::CallHierarchyOutgoingCall { to, from_ranges })
    });
    Ok(Some(calls.collect()))
}
