//! Who reads a definition or result, and what it reads.

use std::collections::BTreeMap;

use rubric_grammar::Span;

use super::{Entity, FileSpan, Role, references};
use crate::db::Database;
use crate::diagnostic::{FileId, Place};
use crate::plan::Symbol;

/// One declaration that reads, or is read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The declaration.
    pub symbol: Symbol,
    /// The places of the names, in the file of the reader.
    pub places: Vec<FileSpan>,
}

/// The declarations that name a declaration.
#[must_use]
pub fn callers(db: &Database, symbol: Symbol) -> Vec<Call> {
    let mut found: BTreeMap<Symbol, Vec<FileSpan>> = BTreeMap::new();
    for (place, role) in references(db, &Entity::Symbol(symbol)) {
        if role != Role::Use {
            continue;
        }
        if let Some(reader) = declared_around(db, place.file, place.span).filter(|it| *it != symbol) {
            found.entry(reader).or_default().push(place);
        }
    }
    found.into_iter().map(|(symbol, places)| Call { symbol, places }).collect()
}

/// The parameters, definitions and results that a declaration names.
#[must_use]
pub fn callees(db: &Database, symbol: Symbol) -> Vec<Call> {
    let symbols = db.symbols();
    let Some(place) = symbols.place(symbol) else { return Vec::new() };
    let Some(item) = item_span(db, place) else { return Vec::new() };
    let mut found: BTreeMap<Symbol, Vec<FileSpan>> = BTreeMap::new();
    for name in db.occurrences(place.file).iter() {
        let inside = item.start <= name.span.start && name.span.end <= item.end;
        let Entity::Symbol(read) = name.entity else { continue };
        let reads = !matches!(read, Symbol::Category(_) | Symbol::Record(_));
        if inside && reads && name.role == Role::Use && read != symbol {
            found.entry(read).or_default().push(FileSpan { file: place.file, span: name.span });
        }
    }
    found.into_iter().map(|(symbol, places)| Call { symbol, places }).collect()
}

fn item_span(db: &Database, place: Place) -> Option<Span> {
    let parsed = db.parsed(place.file)?;
    parsed.parse.file.items.get(place.item? as usize).map(|item| item.span)
}

/// The declaration whose text holds a span.
fn declared_around(db: &Database, file: FileId, span: Span) -> Option<Symbol> {
    let parsed = db.parsed(file)?;
    let holds = |item: &rubric_grammar::ast::Item| item.span.start <= span.start && span.end <= item.span.end;
    let item = parsed.parse.file.items.iter().find(|item| holds(item))?;
    let all = db.occurrences(file);
    let inside = all.iter().filter(|it| item.span.start <= it.span.start && it.span.end <= item.span.end);
    inside.into_iter().find_map(|it| match (&it.entity, it.role) {
        (Entity::Symbol(symbol), Role::Declaration | Role::Amendment) => Some(*symbol),
        _ => None,
    })
}
