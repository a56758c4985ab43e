//! The fields of records and groups.

use std::collections::BTreeMap;

use rubric_grammar::Span;
use rubric_grammar::ast::{self, TypeKind};

use super::scope::{nearest, suggest};
use super::{absent, types};
use crate::diagnostic::{Diagnostic, FileId, Place};
use crate::plan::{Field, FieldKind, PolicyId, RecordKind, Symbol, Symbols};
use crate::value::{Base, RecordId, Type};

/// One `record`, `extend record` or `group` in a file.
pub(super) struct Part<'a> {
    pub(super) policy: PolicyId,
    pub(super) file: FileId,
    pub(super) item: u32,
    pub(super) fields: &'a [ast::Field],
    /// `extend record`.
    pub(super) extend: bool,
}

impl Part<'_> {
    fn place(&self, span: Span) -> Place {
        Place { file: self.file, item: Some(self.item), span }
    }
}

/// A `many` field whose other side is looked up when every field is known.
pub(super) struct PendingMany {
    record: RecordId,
    field: usize,
    policy: PolicyId,
    place: Place,
    target: ast::Name,
    target_place: Place,
    by: Option<(ast::Name, Place)>,
}

/// Adds the fields of one declaration to its record; keys go before the fields that are there.
pub(super) fn add_fields(
    symbols: &mut Symbols,
    record: RecordId,
    part: &Part<'_>,
    pending: &mut Vec<PendingMany>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut added: Vec<(bool, Field, Option<&ast::Field>)> = Vec::new();
    for written in part.fields {
        let place = part.place(written.name.span);
        let many = match &written.ty.kind {
            TypeKind::Many { record, by } => Some((record, by)),
            _ => None,
        };
        let ty = match many {
            Some(_) => Type::of(Base::Damaged),
            None => types::resolve(symbols, part.policy, &written.ty, |span| part.place(span), diagnostics),
        };
        let kind =
            if many.is_some() || ty.base == Base::Damaged { FieldKind::Damaged } else { FieldKind::Cell };
        let absent = written.absent.as_ref().and_then(|value| match absent::value(symbols, ty.base, value) {
            Ok(value) => Some(value),
            Err(expected) => {
                diagnostics.push(
                    Diagnostic::error(
                        "type-mismatch",
                        part.place(value.span),
                        format!("this is no value of `{}`", written.name.text),
                    )
                    .help(format!("write {expected}")),
                );
                None
            }
        });
        if let (Some(value), true) = (&written.absent, ty.optional) {
            diagnostics.push(
                Diagnostic::error(
                    "absent-and-optional",
                    part.place(value.span),
                    format!("`{}` may be absent (`?`), and absence also means a value", written.name.text),
                )
                .help("keep one: `?` leaves an absent cell missing, `absent means` makes it a known value"),
            );
        }
        if written.key && part.extend {
            diagnostics.push(
                Diagnostic::error("bad-key", place, "an extension cannot add to the key of a record")
                    .help("remove `key`, or declare the key where the record is declared"),
            );
        }
        if written.key && (ty.optional || many.is_some()) {
            diagnostics.push(
                Diagnostic::error(
                    "bad-key",
                    part.place(written.ty.span),
                    format!("`{}` is part of a key and must always have a value", written.name.text),
                )
                .help("remove `?` or `many`, or take it out of the key"),
            );
        }
        added.push((
            written.key && !part.extend,
            Field {
                name: written.name.text.clone(),
                ty,
                kind,
                private: written.private,
                jurisdiction: written.jurisdiction,
                unchangeable: written.unchangeable,
                absent,
                judged_by: written.judged_by.as_ref().map(|who| who.value.as_str().into()),
                docs: written.docs.clone(),
                place,
            },
            many.is_some().then_some(written),
        ));
    }
    added.sort_by_key(|(key, ..)| !key);
    let Some(target) = symbols.records.get_mut(record.0 as usize) else { return };
    for (key, field, many) in added {
        if let Some(first) = target.fields.iter().find(|other| other.name == field.name) {
            diagnostics.push(
                Diagnostic::error(
                    "duplicate-name",
                    field.place,
                    format!("`{}` has two fields `{}`", target.name, field.name),
                )
                .label(first.place, "the first is here")
                .help("rename one of them"),
            );
            continue;
        }
        if let Some(written) = many
            && let TypeKind::Many { record: other, by } = &written.ty.kind
        {
            pending.push(PendingMany {
                record,
                field: target.fields.len(),
                policy: part.policy,
                place: field.place,
                target: other.clone(),
                target_place: part.place(other.span),
                by: by.as_ref().map(|by| (by.clone(), part.place(by.span))),
            });
        }
        target.fields.push(field);
        target.keys += usize::from(key);
    }
}

/// Finds, for each `many` field, the field of the other record that names this one.
pub(super) fn resolve_many(
    symbols: &mut Symbols,
    pending: Vec<PendingMany>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for many in pending {
        let base = types::named(symbols, many.policy, &many.target, many.target_place, diagnostics);
        let child = match base {
            Base::Record(child) => child,
            Base::Damaged => continue,
            _ => {
                diagnostics.push(
                    Diagnostic::error(
                        "type-mismatch",
                        many.target_place,
                        format!("`{}` is no record", many.target.text),
                    )
                    .help("`many` is followed by the name of a record"),
                );
                continue;
            }
        };
        match back_reference(symbols, &many, child) {
            Ok(by) => {
                let field = symbols
                    .records
                    .get_mut(many.record.0 as usize)
                    .and_then(|record| record.fields.get_mut(many.field));
                if let Some(field) = field {
                    field.ty = Type::of(Base::Many(child));
                    field.kind = FieldKind::Many { record: child, by };
                }
            }
            Err(diagnostic) => diagnostics.push(*diagnostic),
        }
    }
}

fn back_reference(symbols: &Symbols, many: &PendingMany, child: RecordId) -> Result<u32, Box<Diagnostic>> {
    let (Some(child), Some(parent)) = (symbols.record(child), symbols.record(many.record)) else {
        return Err(Box::new(Diagnostic::error(
            "unknown-type",
            many.target_place,
            "this record is not declared",
        )));
    };
    let candidates: Vec<(usize, &Field)> = child
        .fields
        .iter()
        .enumerate()
        .filter(|(_, field)| field.ty.base == Base::Record(many.record))
        .collect();
    if let Some((by, place)) = &many.by {
        if let Some((position, _)) = candidates.iter().find(|(_, field)| field.name == by.text) {
            return Ok(u32::try_from(*position).unwrap_or(u32::MAX));
        }
        let message = format!("`{}` has no field `{}` that names a `{}`", child.name, by.text, parent.name);
        let diagnostic = Diagnostic::error("unknown-field", *place, message);
        return Err(Box::new(suggest(
            diagnostic,
            symbols,
            &by.text,
            *place,
            candidates.iter().map(|(_, field)| field.name.as_str()),
        )));
    }
    match candidates.as_slice() {
        [(position, _)] => Ok(u32::try_from(*position).unwrap_or(u32::MAX)),
        [] => Err(Box::new(
            Diagnostic::error(
                "no-back-reference",
                many.place,
                format!("no field of `{}` names a `{}`", child.name, parent.name),
            )
            .label(child.place, format!("`{}` is declared here", child.name))
            .help(format!("add a field of type `{}` to `{}`", parent.name, child.name)),
        )),
        [(_, first), ..] => Err(Box::new(
            Diagnostic::error(
                "ambiguous-back-reference",
                many.place,
                format!("several fields of `{}` name a `{}`", child.name, parent.name),
            )
            .help(format!("say which: `many {} by {}`", child.name, first.name)),
        )),
    }
}

/// The key fields of a group and its `members`. The type of a computed key is set when its expression has been typed.
pub(super) fn add_group_fields(
    symbols: &mut Symbols,
    group: RecordId,
    part: &Part<'_>,
    written: &ast::Group,
    of: RecordId,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some(member) = symbols.record(of).cloned() else { return };
    let by_name: BTreeMap<&str, &Field> =
        member.fields.iter().map(|field| (field.name.as_str(), field)).collect();
    let mut fields = Vec::new();
    for key in &written.keys {
        let place = part.place(key.name.span);
        let source = by_name.get(key.name.text.as_str());
        if key.value.is_none() && source.is_none() {
            let diagnostic = Diagnostic::error(
                "unknown-field",
                place,
                format!("`{}` has no field `{}`", member.name, key.name.text),
            );
            diagnostics.push(match nearest(&key.name.text, by_name.keys().copied()) {
                Some(name) => diagnostic
                    .help(format!("did you mean `{name}`? a computed key is written `name = expression`")),
                None => diagnostic.help("a computed key is written `name = expression`"),
            });
        }
        let source = if key.value.is_none() { source } else { None };
        fields.push(Field {
            name: key.name.text.clone(),
            ty: source.map_or(Type::of(Base::Damaged), |field| Type::of(field.ty.base)),
            kind: FieldKind::Cell,
            private: source.is_some_and(|field| field.private),
            jurisdiction: source.is_some_and(|field| field.jurisdiction),
            unchangeable: source.is_some_and(|field| field.unchangeable),
            absent: None,
            judged_by: None,
            docs: None,
            place,
        });
    }
    let keys = fields.len();
    fields.push(Field {
        name: "members".to_owned(),
        ty: Type::of(Base::Many(of)),
        kind: FieldKind::Members,
        private: false,
        jurisdiction: false,
        unchangeable: false,
        absent: None,
        judged_by: None,
        docs: None,
        place: part.place(written.name.span),
    });
    if let Some(record) = symbols.records.get_mut(group.0 as usize) {
        record.kind = RecordKind::Group { of };
        record.fields = fields;
        record.keys = keys;
    }
}

/// The record that `extend record X` and `group G of X` name.
pub(super) fn named_record(
    symbols: &Symbols,
    part: &Part<'_>,
    name: &ast::Name,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<RecordId> {
    let place = part.place(name.span);
    let scope = symbols.policy(part.policy).map(|policy| &policy.scope)?;
    let found = scope.get(&name.text).iter().find_map(|symbol| match symbol {
        Symbol::Record(id) => Some(*id),
        _ => None,
    });
    if found.is_none() {
        let records = scope.names.iter().filter_map(|(name, symbols)| {
            symbols.iter().any(|symbol| matches!(symbol, Symbol::Record(_))).then_some(name.as_str())
        });
        let diagnostic =
            Diagnostic::error("unknown-type", place, format!("there is no record `{}`", name.text));
        diagnostics.push(suggest(diagnostic, symbols, &name.text, place, records));
    }
    found
}
