//! The names of policies that stand in a `rubric.toml`.

use std::fs;

use rubric_engine::ide::{self, Entity, EntityKind, ManifestName};
use rubric_engine::project::MANIFEST;
use rubric_grammar::{LineIndex, Span};
use tower_lsp::ls_types as lsp;

use crate::snapshot::Snapshot;

/// The edits of the manifest that give an entity a new name.
pub(crate) fn rename(
    snapshot: &Snapshot,
    entity: &Entity,
    new: &str,
) -> Vec<(lsp::Uri, Option<i32>, Vec<lsp::TextEdit>)> {
    let symbols = snapshot.database.symbols();
    let Some(old) = ide::name_of(&snapshot.database, entity) else { return Vec::new() };
    let record = match entity {
        Entity::Field(record, _) => symbols.record(*record).map(|record| record.name.clone()),
        _ => None,
    };
    let category = match entity {
        Entity::Value(category, _) => symbols.category(*category).map(|it| it.name.clone()),
        _ => None,
    };
    let sort = ide::kind(&symbols, entity);
    let wanted = |name: &ManifestName| match (sort, name) {
        (EntityKind::Record, ManifestName::Record(name))
        | (EntityKind::Category, ManifestName::Category(name))
        | (EntityKind::Input, ManifestName::Input(name)) => *name == old,
        (EntityKind::Field, ManifestName::Field(of, name)) => Some(of) == record.as_ref() && *name == old,
        (EntityKind::Value, ManifestName::Value(of, name)) => Some(of) == category.as_ref() && *name == old,
        (EntityKind::Value, ManifestName::FieldValue(of, field, name)) => {
            let of = symbols.records.iter().find(|it| it.name == *of);
            let field = of.and_then(|it| it.fields.iter().find(|it| it.name == *field));
            let holds = field.is_some_and(|field| {
                matches!((field.ty.base, entity), (rubric_engine::value::Base::Category(a), Entity::Value(b, _)) if a == *b)
            });
            holds && *name == old
        }
        _ => false,
    };
    let mut found = Vec::new();
    if let Some(folder) = snapshot.view.folder.as_deref() {
        let path = folder.join(MANIFEST);
        let Ok(text) = fs::read_to_string(&path) else { return found };
        let lines = LineIndex::new(&text);
        let position = |offset| {
            let position = lines.position(&text, offset, snapshot.encoding());
            lsp::Position::new(position.line, position.column)
        };
        let edits: Vec<lsp::TextEdit> = ide::manifest_names(&text)
            .into_iter()
            .filter(|(name, _)| wanted(name))
            .map(|(_, Span { start, end })| {
                let quoted = text.as_bytes().get(start as usize).is_some_and(|byte| b"\"'".contains(byte));
                lsp::TextEdit {
                    range: lsp::Range::new(position(start), position(end)),
                    new_text: if quoted { format!("\"{new}\"") } else { new.to_owned() },
                }
            })
            .collect();
        if let (false, Some(uri)) = (edits.is_empty(), lsp::Uri::from_file_path(&path)) {
            found.push((uri, None, edits));
        }
    }
    found
}
