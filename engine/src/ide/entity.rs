//! What a name in a text can stand for, and what is known of it.

use std::sync::Arc;

use rubric_grammar::Span;

use super::{FileSpan, Role, labels};
use crate::db::Database;
use crate::diagnostic::{FileId, Place};
use crate::lower::Target;
use crate::names::Collected;
use crate::plan::{FieldKind, PolicyId, Symbol, Symbols};
use crate::value::{Base, CategoryId, RecordId, Type};

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    /// A policy.
    Policy(PolicyId),
    /// A declaration.
    Symbol(Symbol),
    /// A field of a record.
    Field(RecordId, u32),
    /// A value of a category, or an outcome of a decision.
    Value(CategoryId, u32),
    /// The label of a rule, part, `must`, `except` or line: of what, and in which policy it is declared.
    Label(Symbol, PolicyId, Arc<str>),
    /// A fixture.
    Fixture(PolicyId, Arc<str>),
    /// A row of a fixture or test, by the item that first declares it.
    Row {
        /// The file.
        file: FileId,
        /// The position of the item.
        item: u32,
        /// The row's name.
        name: Arc<str>,
    },
    /// An argument or an alias.
    Local {
        /// The file.
        file: FileId,
        /// The position of the item.
        item: u32,
        /// Its declaration in the item.
        span: Span,
    },
}

impl From<Target> for Entity {
    fn from(target: Target) -> Self {
        match target {
            Target::Symbol(symbol) => Self::Symbol(symbol),
            Target::Field(record, field) => Self::Field(record, field),
            Target::Value(category, value) => Self::Value(category, value),
        }
    }
}

/// What sort of thing an [`Entity`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "they say themselves")]
pub enum EntityKind {
    Policy,
    Category,
    Value,
    Outcome,
    Record,
    Group,
    Field,
    Input,
    Parameter,
    Define,
    Decision,
    Requirement,
    Amount,
    Label,
    Fixture,
    Row,
    Local,
}

impl EntityKind {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Category => "category",
            Self::Value => "value",
            Self::Outcome => "outcome",
            Self::Record => "record",
            Self::Group => "group",
            Self::Field => "field",
            Self::Input => "input",
            Self::Parameter => "parameter",
            Self::Define => "define",
            Self::Decision => "decision",
            Self::Requirement => "requirement",
            Self::Amount => "amount",
            Self::Label => "label",
            Self::Fixture => "fixture",
            Self::Row => "row",
            Self::Local => "local name",
        }
    }
}

/// What sort of thing it is.
#[must_use]
pub fn kind(symbols: &Symbols, entity: &Entity) -> EntityKind {
    match entity {
        Entity::Policy(_) => EntityKind::Policy,
        Entity::Symbol(symbol) => match symbol {
            Symbol::Category(_) => EntityKind::Category,
            Symbol::Record(id) => match symbols.record(*id).map(|record| record.kind) {
                Some(crate::plan::RecordKind::Group { .. }) => EntityKind::Group,
                _ => EntityKind::Record,
            },
            Symbol::Input(_) => EntityKind::Input,
            Symbol::Parameter(_) => EntityKind::Parameter,
            Symbol::Define(_) => EntityKind::Define,
            Symbol::Decision(_) => EntityKind::Decision,
            Symbol::Requirement(_) => EntityKind::Requirement,
            Symbol::Amount(_) => EntityKind::Amount,
        },
        Entity::Field(..) => EntityKind::Field,
        Entity::Value(category, _) => {
            if symbols.decisions.iter().any(|decision| {
                decision.outcomes == *category
                    && symbols.category(*category).is_some_and(|it| it.name == decision.name)
            }) {
                EntityKind::Outcome
            } else {
                EntityKind::Value
            }
        }
        Entity::Label(..) => EntityKind::Label,
        Entity::Fixture(..) => EntityKind::Fixture,
        Entity::Row { .. } => EntityKind::Row,
        Entity::Local { .. } => EntityKind::Local,
    }
}

/// The type of what a symbol gives, where it is a value.
pub(super) fn type_of(symbols: &Symbols, symbol: Symbol) -> Option<Type> {
    match symbol {
        Symbol::Category(id) => Some(Type::of(Base::Category(id))),
        Symbol::Record(id) => Some(Type::of(Base::Record(id))),
        Symbol::Input(id) => symbols.inputs.get(id.0 as usize).map(|it| it.ty),
        Symbol::Parameter(id) => symbols.parameter(id).map(|it| it.ty),
        Symbol::Define(id) => symbols.define(id).map(|it| it.ty),
        Symbol::Decision(id) => symbols.decision(id).map(|it| Type::of(Base::Category(it.outcomes))),
        Symbol::Requirement(_) => Some(Type::of(Base::Flag)),
        Symbol::Amount(id) => symbols.amount(id).map(|it| it.ty),
    }
}

/// The name of an entity, without backquotes.
#[must_use]
pub fn name_of(db: &Database, entity: &Entity) -> Option<String> {
    let symbols = db.symbols();
    match entity {
        Entity::Policy(id) => symbols.policy(*id).map(|policy| policy.name.clone()),
        Entity::Symbol(symbol) => symbols.name(*symbol).map(ToOwned::to_owned),
        Entity::Field(record, field) => {
            Some(symbols.record(*record)?.fields.get(*field as usize)?.name.clone())
        }
        Entity::Value(category, value) => {
            Some(symbols.category(*category)?.values.get(*value as usize)?.name.clone())
        }
        Entity::Label(.., name) | Entity::Fixture(_, name) | Entity::Row { name, .. } => {
            Some(name.to_string())
        }
        Entity::Local { file, item, span } => {
            db.source(Place { file: *file, item: Some(*item), span: *span }).map(|it| bare(&it).to_owned())
        }
    }
}

/// A name without the backquotes around it.
pub(super) fn bare(written: &str) -> &str {
    written.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')).unwrap_or(written)
}

/// The file of which the declaration of an entity is part.
pub(super) fn home(collected: &Collected, symbols: &Symbols, entity: &Entity) -> Option<FileId> {
    match entity {
        Entity::Policy(id) => symbols.policy(*id).map(|policy| policy.place.file),
        Entity::Symbol(symbol) => symbols.place(*symbol).map(|it| it.file),
        Entity::Label(symbol, policy, _) => labels::place(symbols, *symbol, *policy).map(|it| it.file),
        Entity::Field(record, field) => {
            Some(symbols.record(*record)?.fields.get(*field as usize)?.place.file)
        }
        Entity::Value(category, value) => {
            Some(symbols.category(*category)?.values.get(*value as usize)?.place.file)
        }
        Entity::Fixture(policy, name) => {
            collected.fixtures.get(&(*policy, name.to_string())).map(|(file, _)| *file)
        }
        Entity::Row { file, .. } | Entity::Local { file, .. } => Some(*file),
    }
}

/// Where an entity is declared: each version of a rule, each of the texts that declare a row.
#[must_use]
pub fn definition(db: &Database, entity: &Entity) -> Vec<FileSpan> {
    let (symbols, collected) = (db.symbols(), db.collected());
    let Some(file) = home(&collected, &symbols, entity) else { return Vec::new() };
    let all = db.occurrences(file);
    let declares = |role| role == Role::Declaration;
    all.iter()
        .filter(|it| it.entity == *entity && declares(it.role))
        .map(|it| FileSpan { file, span: it.span })
        .collect()
}

/// Where the type of an entity is declared: the category or record that it holds.
#[must_use]
pub fn type_definition(db: &Database, entity: &Entity) -> Vec<FileSpan> {
    let symbols = db.symbols();
    let ty = match entity {
        Entity::Symbol(symbol) => type_of(&symbols, *symbol),
        Entity::Field(record, field) => symbols.record(*record).and_then(|record| {
            let field = record.fields.get(*field as usize)?;
            match field.kind {
                FieldKind::Many { record, .. } => Some(Type::of(Base::Record(record))),
                _ => Some(field.ty),
            }
        }),
        Entity::Value(category, _) => Some(Type::of(Base::Category(*category))),
        Entity::Row { file, item, name } => {
            super::scope::row_record(db, *file, *item, name).map(|record| Type::of(Base::Record(record)))
        }
        Entity::Local { file, span, .. } => super::scope::local_type(db, *file, *span, entity),
        _ => None,
    };
    let target = match ty.map(|ty| ty.base) {
        Some(Base::Category(id) | Base::Set(id)) => {
            // The outcomes of a decision are a category that no text names: the decision stands for it.
            let decision = symbols.decisions.iter().position(|it| {
                it.outcomes == id && symbols.category(id).is_some_and(|category| category.name == it.name)
            });
            match decision.and_then(|at| u32::try_from(at).ok()) {
                Some(at) => Entity::Symbol(Symbol::Decision(crate::plan::DecisionId(at))),
                None => Entity::Symbol(Symbol::Category(id)),
            }
        }
        Some(Base::Record(id) | Base::Many(id)) => Entity::Symbol(Symbol::Record(id)),
        _ => return Vec::new(),
    };
    definition(db, &target)
}
