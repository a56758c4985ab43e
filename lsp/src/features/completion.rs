//! Completion, and the documentation of what was proposed.

use rubric_engine::ide::{self, Completion, CompletionKind, Entity, EntityKind};
use rubric_engine::plan::{
    AmountId, DecisionId, DefineId, InputId, ParameterId, PolicyId, RequirementId, Symbol,
};
use rubric_engine::value::{CategoryId, RecordId};
use serde_json::{Value, json};
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types as lsp;

use crate::snapshot::Snapshot;

pub(crate) fn complete(
    snapshot: &Snapshot,
    params: &lsp::CompletionParams,
) -> Result<Option<lsp::CompletionResponse>> {
    let Some((file, offset)) = snapshot.at(&params.text_document_position) else { return Ok(None) };
    let items = ide::complete(&snapshot.database, file, offset);
    let items = items.into_iter().map(|it| {
        let range = snapshot.range(file, it.replaces);
        item(snapshot, it, range)
    });
    Ok(Some(lsp::CompletionResponse::Array(items.collect())))
}

const fn kind(kind: CompletionKind) -> lsp::CompletionItemKind {
    match kind {
        CompletionKind::Keyword => lsp::CompletionItemKind::KEYWORD,
        CompletionKind::Snippet => lsp::CompletionItemKind::SNIPPET,
        CompletionKind::Type => lsp::CompletionItemKind::CLASS,
        CompletionKind::Function => lsp::CompletionItemKind::FUNCTION,
        CompletionKind::Check | CompletionKind::Status => lsp::CompletionItemKind::CONSTANT,
        CompletionKind::Named(named) => match named {
            EntityKind::Policy => lsp::CompletionItemKind::MODULE,
            EntityKind::Category => lsp::CompletionItemKind::ENUM,
            EntityKind::Value | EntityKind::Outcome => lsp::CompletionItemKind::ENUM_MEMBER,
            EntityKind::Record | EntityKind::Group => lsp::CompletionItemKind::STRUCT,
            EntityKind::Field => lsp::CompletionItemKind::FIELD,
            EntityKind::Parameter => lsp::CompletionItemKind::CONSTANT,
            EntityKind::Define => lsp::CompletionItemKind::FUNCTION,
            EntityKind::Decision | EntityKind::Requirement | EntityKind::Amount => {
                lsp::CompletionItemKind::INTERFACE
            }
            EntityKind::Label => lsp::CompletionItemKind::REFERENCE,
            EntityKind::Input | EntityKind::Fixture | EntityKind::Row | EntityKind::Local => {
                lsp::CompletionItemKind::VARIABLE
            }
        },
    }
}

fn item(snapshot: &Snapshot, completion: Completion, range: lsp::Range) -> lsp::CompletionItem {
    let written = completion.insert.unwrap_or_else(|| completion.label.clone());
    let snippet = completion.snippet && snapshot.client.snippets;
    let new_text = if completion.snippet && !snippet { plain(&written) } else { written };
    lsp::CompletionItem {
        kind: Some(kind(completion.kind)),
        detail: completion.detail,
        sort_text: Some(format!("{:02}{}", completion.rank, completion.label)),
        filter_text: Some(completion.label.clone()),
        insert_text_format: Some(if snippet {
            lsp::InsertTextFormat::SNIPPET
        } else {
            lsp::InsertTextFormat::PLAIN_TEXT
        }),
        text_edit: Some(lsp::CompletionTextEdit::Edit(lsp::TextEdit { range, new_text })),
        data: completion
            .entity
            .as_ref()
            .map(encode)
            .filter(|entity| !entity.is_null())
            .map(|entity| json!([snapshot.project, entity])),
        label: completion.label,
        ..lsp::CompletionItem::default()
    }
}

/// A snippet without its places to go to.
fn plain(snippet: &str) -> String {
    let mut out = String::new();
    let mut rest = snippet;
    while let Some(at) = rest.find('$') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let after = after.strip_prefix('$').unwrap_or(after);
        if let Some(inside) = after.strip_prefix('{') {
            let (place, behind) = inside.split_once('}').unwrap_or((inside, ""));
            let text = place.split_once(':').map_or_else(
                || {
                    place
                        .split_once('|')
                        .and_then(|(_, choices)| choices.split([',', '|']).next())
                        .unwrap_or("")
                },
                |(_, text)| text,
            );
            out.push_str(text);
            rest = behind;
        } else {
            rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
        }
    }
    out + rest
}

pub(crate) fn resolve(snapshot: &Snapshot, mut item: lsp::CompletionItem) -> Result<lsp::CompletionItem> {
    let entity = item.data.as_ref().and_then(|data| decode(data.get(1)?));
    let known = item.data.as_ref().is_none_or(Value::is_null) || entity.is_some();
    if known {
        let text = ide::document(&snapshot.database, &item.label, entity.as_ref(), snapshot.today());
        item.documentation = text.map(|text| lsp::Documentation::MarkupContent(snapshot.markup(&text)));
    }
    Ok(item)
}

/// The number of the project in which something was proposed.
pub(crate) fn project(item: &lsp::CompletionItem) -> Option<u32> {
    item.data.as_ref()?.get(0)?.as_u64()?.try_into().ok()
}

/// An entity as the client keeps it until it asks for its documentation.
fn encode(entity: &Entity) -> Value {
    match entity {
        Entity::Policy(id) => json!(["policy", id.0]),
        Entity::Symbol(symbol) => {
            let (word, id) = symbol_parts(*symbol);
            json!([word, id])
        }
        Entity::Field(record, field) => json!(["field", record.0, field]),
        Entity::Value(category, value) => json!(["value", category.0, value]),
        Entity::Label(symbol, policy, label) => {
            let (word, id) = symbol_parts(*symbol);
            json!(["label", word, id, &**label, policy.0])
        }
        Entity::Fixture(policy, name) => json!(["fixture", policy.0, &**name]),
        Entity::Row { .. } | Entity::Local { .. } => Value::Null,
    }
}

const fn symbol_parts(symbol: Symbol) -> (&'static str, u32) {
    match symbol {
        Symbol::Category(id) => ("category", id.0),
        Symbol::Record(id) => ("record", id.0),
        Symbol::Input(id) => ("input", id.0),
        Symbol::Parameter(id) => ("parameter", id.0),
        Symbol::Define(id) => ("define", id.0),
        Symbol::Decision(id) => ("decision", id.0),
        Symbol::Requirement(id) => ("requirement", id.0),
        Symbol::Amount(id) => ("amount", id.0),
    }
}

fn symbol(word: &str, id: u32) -> Option<Symbol> {
    Some(match word {
        "category" => Symbol::Category(CategoryId(id)),
        "record" => Symbol::Record(RecordId(id)),
        "input" => Symbol::Input(InputId(id)),
        "parameter" => Symbol::Parameter(ParameterId(id)),
        "define" => Symbol::Define(DefineId(id)),
        "decision" => Symbol::Decision(DecisionId(id)),
        "requirement" => Symbol::Requirement(RequirementId(id)),
        "amount" => Symbol::Amount(AmountId(id)),
        _ => return None,
    })
}

fn decode(data: &Value) -> Option<Entity> {
    let parts = data.as_array()?;
    let number = |at: usize| parts.get(at)?.as_u64().and_then(|number| u32::try_from(number).ok());
    let text = |at: usize| parts.get(at)?.as_str();
    Some(match text(0)? {
        "policy" => Entity::Policy(PolicyId(number(1)?)),
        "field" => Entity::Field(RecordId(number(1)?), number(2)?),
        "value" => Entity::Value(CategoryId(number(1)?), number(2)?),
        "label" => Entity::Label(symbol(text(1)?, number(2)?)?, PolicyId(number(4)?), text(3)?.into()),
        "fixture" => Entity::Fixture(PolicyId(number(1)?), text(2)?.into()),
        word => Entity::Symbol(symbol(word, number(1)?)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_come_back_as_they_went() {
        for entity in [
            Entity::Policy(PolicyId(3)),
            Entity::Symbol(Symbol::Define(DefineId(7))),
            Entity::Field(RecordId(1), 2),
            Entity::Value(CategoryId(4), 0),
            Entity::Label(Symbol::Decision(DecisionId(0)), PolicyId(2), "é".into()),
            Entity::Fixture(PolicyId(0), "f".into()),
        ] {
            assert_eq!(decode(&encode(&entity)), Some(entity));
        }
        assert_eq!(decode(&json!(["symbol", 1])), None);
    }

    #[test]
    fn snippets_without_places() {
        for (snippet, expected) in [
            ("rule ${1:label}: ${2:outcome}\n  when $0", "rule label: outcome\n  when "),
            ("severity ${4|error,warning|}", "severity error"),
            ("as of ${1:2024-06-01}$0", "as of 2024-06-01"),
        ] {
            assert_eq!(plain(snippet), expected);
        }
    }
}
