//! What is worth saying between the words of a text: the value of a parameter in force, the type of an alias or line.

use rubric_grammar::Span;

use super::{Entity, Role};
use crate::db::{Body, Database};
use crate::diagnostic::FileId;
use crate::lower::type_name;
use crate::plan::{Symbol, show};
use crate::value::{Base, Date, Type};

/// A few words that stand in no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// After this byte.
    pub offset: u32,
    /// The words.
    pub text: String,
    /// More of them.
    pub more: Option<String>,
    /// It is a type.
    pub is_type: bool,
}

/// The hints of a stretch of a file, in its order. `today` says which value of a parameter is in force.
#[must_use]
pub fn hints(db: &Database, file: FileId, within: Span, today: Date) -> Vec<Hint> {
    let symbols = db.symbols();
    let mut found = Vec::new();
    for name in db.occurrences(file).iter() {
        if name.span.end < within.start || name.span.start > within.end {
            continue;
        }
        match (&name.entity, name.role) {
            (Entity::Symbol(Symbol::Parameter(id)), Role::Use) => {
                found.extend(in_force(db, *id, today).map(|(text, more)| Hint {
                    offset: name.span.end,
                    text: format!(" = {text}"),
                    more: Some(more),
                    is_type: false,
                }));
            }
            (Entity::Local { span, .. }, Role::Declaration) => {
                // An argument says its type itself.
                if written_type_follows(db, file, name.span.end) {
                    continue;
                }
                let ty = super::scope::local_type(db, file, *span, &name.entity);
                found.extend(ty.map(|ty| Hint {
                    offset: name.span.end,
                    text: format!(": {}", type_name(&symbols, ty)),
                    more: None,
                    is_type: true,
                }));
            }
            (Entity::Label(Symbol::Amount(id), ..), Role::Declaration) => {
                found.extend(symbols.amount(*id).map(|amount| Hint {
                    offset: name.span.end,
                    text: format!(": {}", type_name(&symbols, amount.ty)),
                    more: None,
                    is_type: true,
                }));
            }
            _ => {}
        }
    }
    found
}

fn written_type_follows(db: &Database, file: FileId, offset: u32) -> bool {
    db.text(file).get(offset as usize..).is_some_and(|rest| rest.trim_start().starts_with(':'))
}

/// The value of a parameter without keys that is in force, and since when.
fn in_force(db: &Database, id: crate::plan::ParameterId, today: Date) -> Option<(String, String)> {
    let symbols = db.symbols();
    let declared = symbols.parameter(id)?;
    let item = declared.place.item?;
    let Some(Body::Parameter(body)) = db.body(declared.place.file, item) else { return None };
    let row = body.row_at(today)?;
    let values = row.cells.get(&Vec::new())?;
    let ty = match declared.ty.base {
        Base::Set(category) => Type::of(Base::Category(category)),
        _ => declared.ty,
    };
    let values: Vec<String> = values.iter().take(4).map(|value| show(&symbols, value, ty)).collect();
    let more = format!("`{}` {}", declared.name, super::hover::interval_words(row.interval));
    Some((values.join(", "), more))
}
