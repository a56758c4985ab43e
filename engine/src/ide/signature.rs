//! What a call takes, while it is being written.

use rubric_grammar::{LexicalKind, lexical};

use super::scope::Visible;
use crate::db::Database;
use crate::diagnostic::FileId;
use crate::lower::type_name;
use crate::plan::{Symbol, Symbols};

/// What a call takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// `certified_in(subject: Subject): flag`.
    pub label: String,
    /// The bytes of each parameter in the label.
    pub parameters: Vec<(u32, u32)>,
    /// Position of the parameter that is being written.
    pub active: u32,
    /// What it is for.
    pub docs: Option<String>,
}

/// The functions of the language: name, parameters, what comes out, what it does.
const BUILT_IN: [(&str, &[&str], &str, &str); 6] = [
    ("min", &["a", "b"], "the type of both", "the lower of two values"),
    ("max", &["a", "b"], "the type of both", "the higher of two values"),
    ("age", &["birth_date: date", "on: date"], "count", "whole years from a birth to a day"),
    ("date", &["year: count", "month: count", "day: count"], "date", "the day with these numbers"),
    (
        "nth_weekday",
        &["n: count", "weekday", "month", "year: count"],
        "date",
        "such as the first Wednesday of October: `nth_weekday(1, wednesday, october, y)`",
    ),
    ("school_year", &["day: date"], "school_year", "the school year that holds a day"),
];

/// The call around a byte of a file.
#[must_use]
pub fn signature(db: &Database, file: FileId, offset: u32) -> Option<Signature> {
    let text = db.text(file);
    let parsed = db.parsed(file)?;
    let items = &parsed.parse.file.items;
    let item = items.iter().rev().find(|item| item.span.start <= offset)?;
    let before = text.get(item.span.start as usize..offset as usize)?;
    let (tokens, _) = lexical(before);
    let written = |at: usize| {
        let span = tokens.get(at)?.span;
        before.get(span.start as usize..span.end as usize)
    };
    if tokens
        .last()
        .is_some_and(|token| token.kind == LexicalKind::Text && token.span.end as usize == before.len())
    {
        return None;
    }
    let (mut depth, mut active) = (0_u32, 0_u32);
    let mut at = tokens.len();
    let name = loop {
        at = at.checked_sub(1)?;
        match tokens.get(at)?.kind {
            LexicalKind::Symbol(')') => depth += 1,
            LexicalKind::Symbol('(') if depth == 0 => break written(at.checked_sub(1)?)?,
            LexicalKind::Symbol('(') => depth -= 1,
            LexicalKind::Symbol(',') if depth == 0 => active += 1,
            LexicalKind::Symbol('{' | '}') => return None,
            _ => {}
        }
    };
    if let Some((name, parameters, result, docs)) = BUILT_IN.iter().find(|(it, ..)| *it == name) {
        let parameters: Vec<String> = parameters.iter().map(|it| (*it).to_owned()).collect();
        return Some(build(name, &parameters, result, active, Some((*docs).to_owned())));
    }
    let (symbols, collected) = (db.symbols(), db.collected());
    let policy = collected.policies.get(&file).copied()?;
    let visible = Visible::at(&symbols, policy, item, offset - item.span.start);
    let found = visible.scope(super::entity::bare(name)).iter().copied();
    found.into_iter().find_map(|symbol| of_symbol(&symbols, symbol, active))
}

fn of_symbol(symbols: &Symbols, symbol: Symbol, active: u32) -> Option<Signature> {
    let (name, parameters, result, docs) = match symbol {
        Symbol::Define(id) => {
            let it = symbols.define(id)?;
            let parameters: Vec<String> =
                it.params.iter().map(|(name, ty)| format!("{name}: {}", type_name(symbols, *ty))).collect();
            (&it.name, parameters, type_name(symbols, it.ty), it.docs.clone())
        }
        Symbol::Parameter(id) => {
            let it = symbols.parameter(id)?;
            let parameters: Vec<String> = it.by.iter().map(|ty| type_name(symbols, *ty)).collect();
            (&it.name, parameters, type_name(symbols, it.ty), it.docs.clone())
        }
        Symbol::Record(id) => {
            let it = symbols.record(id)?;
            let keys = it.fields.iter().take(it.keys);
            let parameters: Vec<String> =
                keys.map(|field| format!("{}: {}", field.name, type_name(symbols, field.ty))).collect();
            (&it.name, parameters, it.name.clone(), it.docs.clone())
        }
        Symbol::Requirement(id) => {
            let it = symbols.requirement(id)?;
            let each = symbols.category(it.each?)?;
            (&it.name, vec![each.name.clone()], "flag".to_owned(), it.docs.clone())
        }
        _ => return None,
    };
    (!parameters.is_empty()).then(|| build(name, &parameters, &result, active, docs))
}

fn build(name: &str, parameters: &[String], result: &str, active: u32, docs: Option<String>) -> Signature {
    let mut label = format!("{name}(");
    let mut places = Vec::new();
    for (at, parameter) in parameters.iter().enumerate() {
        if at > 0 {
            label.push_str(", ");
        }
        let start = u32::try_from(label.len()).unwrap_or(u32::MAX);
        label.push_str(parameter);
        places.push((start, u32::try_from(label.len()).unwrap_or(u32::MAX)));
    }
    label.push_str("): ");
    label.push_str(result);
    let last = u32::try_from(places.len().saturating_sub(1)).unwrap_or(u32::MAX);
    Signature { label, parameters: places, active: active.min(last), docs }
}
