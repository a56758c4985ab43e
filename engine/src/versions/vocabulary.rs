//! Records, fields, categories and inputs that are otherwise.

use std::collections::{BTreeMap, BTreeSet};

use super::Change;
use crate::plan::{Field, FieldKind, Plan, RecordKind, Shaper, Shapes, Symbols, show};
use crate::prove::type_name;
use crate::value::{Base, CategoryId, RecordId, Type};

pub(super) fn changes(old: &Plan, new: &Plan) -> Vec<Change> {
    let mut told = super::terms::changes(categories(&old.symbols), categories(&new.symbols));
    told.extend(super::terms::changes(records(old), records(new)));
    told.extend(groups(old, new));
    told.extend(super::terms::changes(inputs(&old.symbols), inputs(&new.symbols)));
    // Of what a version does not have at all, its parts are not told.
    let whole: BTreeSet<String> = told
        .iter()
        .filter(|change| change.old.is_none() || change.new.is_none())
        .filter_map(|change| change.what.strip_prefix("record ").or(change.what.strip_prefix("group ")))
        .map(|name| format!("{name}."))
        .collect();
    told.retain(|change| !whole.iter().any(|prefix| change.what.starts_with(prefix.as_str())));
    told
}

/// The values of categories that have a name of their own: not the outcomes that a decision names.
fn categories(symbols: &Symbols) -> BTreeMap<String, String> {
    let own: BTreeSet<CategoryId> = symbols
        .decisions
        .iter()
        .filter(|decision| {
            symbols.category(decision.outcomes).is_some_and(|category| category.name == decision.name)
        })
        .map(|decision| decision.outcomes)
        .collect();
    let declared = (0_u32..).zip(&symbols.categories).filter(|(id, _)| !own.contains(&CategoryId(*id)));
    declared
        .map(|(_, category)| {
            let values: Vec<String> = category
                .values
                .iter()
                .map(|value| match value.codes.as_slice() {
                    [] => value.name.clone(),
                    codes => format!("{} ({})", value.name, codes.join(", ")),
                })
                .collect();
            let order = if category.ordered { "in order: " } else { "" };
            (format!("category {}", category.name), format!("{order}{}", values.join(", ")))
        })
        .collect()
}

fn records(plan: &Plan) -> BTreeMap<String, String> {
    let symbols = &plan.symbols;
    let mut told = BTreeMap::new();
    for (id, record) in (0_u32..).zip(&symbols.records) {
        // Declared by nobody: it is there where something can be waived, which is told of what can be.
        if symbols.waivers == Some(RecordId(id)) {
            continue;
        }
        let keys: Vec<&str> =
            record.fields.iter().take(record.keys).map(|field| field.name.as_str()).collect();
        let what = if record.kind == RecordKind::Record { "record" } else { "group" };
        told.insert(format!("{what} {}", record.name), format!("by {}", keys.join(", ")));
        for field in &record.fields {
            told.insert(format!("{}.{}", record.name, field.name), field_words(symbols, field));
        }
    }
    told
}

fn field_words(symbols: &Symbols, field: &Field) -> String {
    let mut words = match field.kind {
        FieldKind::Members => "members".to_owned(),
        _ => type_name(symbols, field),
    };
    if let Some(absent) = &field.absent {
        words.push_str(&format!(" absent means {}", show(symbols, &absent.value, field.ty)));
    }
    if let Some(who) = &field.judged_by {
        words.push_str(&format!(" judged by {who}"));
    }
    words
}

/// Groups that are formed by other keys.
fn groups(old: &Plan, new: &Plan) -> Vec<Change> {
    let mut shapes = Shapes::default();
    let mut of = |plan: &Plan| -> BTreeMap<String, crate::plan::Shape> {
        let mut shaper = Shaper::new(plan, &mut shapes);
        let groups = (0_u32..).zip(&plan.symbols.records).filter(|(_, it)| it.kind != RecordKind::Record);
        groups.map(|(id, group)| (group.name.clone(), shaper.group(RecordId(id)))).collect()
    };
    let (one, other) = (of(old), of(new));
    one.into_iter()
        .filter(|(name, shape)| other.get(name).is_some_and(|theirs| theirs != shape))
        .map(|(name, _)| Change {
            what: format!("how rows of group {name} are formed"),
            old: Some("one way".to_owned()),
            new: Some("another".to_owned()),
        })
        .collect()
}

fn inputs(symbols: &Symbols) -> BTreeMap<String, String> {
    let word = |ty: Type| {
        let base = match ty.base {
            Base::Category(id) => symbols.category(id).map(|it| it.name.clone()).unwrap_or_default(),
            other => format!("{other:?}").to_lowercase(),
        };
        format!("{base}{}", if ty.optional { "?" } else { "" })
    };
    symbols.inputs.iter().map(|input| (format!("input {}", input.name), word(input.ty))).collect()
}
