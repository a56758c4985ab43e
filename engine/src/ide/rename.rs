//! Giving a thing another name, everywhere at once.

use rubric_grammar::ast::ItemKind;
use rubric_grammar::{RESERVED, Span};

use super::entity::{EntityKind, kind, name_of};
use super::{Entity, FileSpan, Role, at, references};
use crate::db::Database;
use crate::diagnostic::FileId;
use crate::lower::snake_case;
use crate::names::BUILT_IN;
use crate::project::SHIPPED_ROOT;

/// One replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenameEdit {
    /// What is replaced.
    pub place: FileSpan,
    /// The new text.
    pub text: String,
}

/// Why something is not renamed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenameError(pub String);

/// The name at a byte, when it can be given another name.
///
/// # Errors
/// Why it cannot.
pub fn renamable(db: &Database, file: FileId, offset: u32) -> Result<(Entity, Span), RenameError> {
    let Some(found) = at(db, file, offset) else {
        return Err(RenameError("there is no name here that can be changed".to_owned()));
    };
    if let Entity::Policy(_) = found.entity {
        let help = "a policy is named like its file: rename the file, and what names it follows";
        return Err(RenameError(help.to_owned()));
    }
    let declared = super::definition(db, &found.entity);
    if declared.is_empty() {
        return Err(RenameError("where this name is declared is not known".to_owned()));
    }
    for place in &declared {
        let path = db.path(place.file);
        if path.starts_with(SHIPPED_ROOT) {
            let name = name_of(db, &found.entity).unwrap_or_default();
            return Err(RenameError(format!("`{name}` ships with Rubric in {path} and keeps its name")));
        }
    }
    if found.role == Role::Row {
        let name = name_of(db, &found.entity).unwrap_or_default();
        return Err(RenameError(format!(
            "this is the row's name, which follows from `{name}`: rename the record"
        )));
    }
    Ok((found.entity, found.span))
}

/// The replacements that give the entity at a byte a new name.
///
/// # Errors
/// The name is no name, is taken, or the entity cannot be renamed.
pub fn rename(db: &Database, file: FileId, offset: u32, new: &str) -> Result<Vec<RenameEdit>, RenameError> {
    let (entity, _) = renamable(db, file, offset)?;
    let symbols = db.symbols();
    let new = super::entity::bare(new.trim());
    check_name(new)?;
    let sort = kind(&symbols, &entity);
    let old = name_of(db, &entity).unwrap_or_default();
    if old == new {
        return Ok(Vec::new());
    }
    if let Some(taken) = taken(db, &entity, new) {
        return Err(RenameError(format!("`{new}` is already {taken}")));
    }
    let mut edits = Vec::new();
    for (place, role) in references(db, &entity) {
        let text = match role {
            Role::Row => snake_case(new),
            _ => new.to_owned(),
        };
        edits.push(RenameEdit { place, text });
    }
    if sort == EntityKind::Record || sort == EntityKind::Group {
        let small = snake_case(new);
        let clash = edits.iter().any(|edit| edit.text == small)
            && symbols.records.iter().any(|record| snake_case(&record.name) == small);
        if clash {
            return Err(RenameError(format!("a row of another record is already called `{small}`")));
        }
    }
    Ok(edits)
}

fn check_name(name: &str) -> Result<(), RenameError> {
    let mut letters = name.chars();
    let first = letters.next().is_some_and(|letter| letter.is_alphabetic() || letter == '_');
    if !first || !letters.all(|letter| letter.is_alphanumeric() || letter == '_') {
        return Err(RenameError(format!(
            "`{name}` is no name: a name has letters, digits and `_`, and does not begin with a digit"
        )));
    }
    if RESERVED.contains(&name) {
        return Err(RenameError(format!("`{name}` is a word of the language: choose another name")));
    }
    Ok(())
}

/// What already has a name beside the entity.
fn taken(db: &Database, entity: &Entity, name: &str) -> Option<String> {
    let symbols = db.symbols();
    match entity {
        Entity::Symbol(symbol) => {
            if BUILT_IN.contains(&name) {
                return Some("a type of the language".to_owned());
            }
            let home = symbols.owner(*symbol)?;
            // Every policy that sees the entity would then see two things of one name.
            let sees =
                |policy: &&crate::plan::Policy| policy.scope.names.values().flatten().any(|it| it == symbol);
            let clash = symbols.policies.iter().filter(sees).find(|policy| {
                let of = symbols.of(*symbol);
                policy.scope.get(name).iter().any(|other| symbols.of(*other) == of)
            });
            let home_name = symbols.policy(home)?.name.clone();
            clash.map(|policy| format!("declared in what `{}` sees, beside `{home_name}`", policy.name))
        }
        Entity::Field(record, _) => {
            let record = symbols.record(*record)?;
            let has = record.fields.iter().any(|field| field.name == name);
            has.then(|| format!("a field of `{}`", record.name))
        }
        Entity::Value(category, _) => {
            let category = symbols.category(*category)?;
            let has = category.values.iter().any(|value| value.name == name);
            has.then(|| format!("a value of `{}`", category.name))
        }
        Entity::Label(owner, home, _) => {
            // An amendment would say something of the other, or the other of what is renamed.
            let related = |policy: crate::plan::PolicyId| {
                policy == *home
                    || symbols.above(policy).contains(home)
                    || symbols.above(*home).contains(&policy)
            };
            let policies = symbols.owner(*owner).into_iter();
            let policies = policies.chain(symbols.amendments_of(*owner).into_iter().map(|it| it.policy));
            let other = |policy| Entity::Label(*owner, policy, name.into());
            let clash =
                policies.filter(|it| related(*it)).find(|it| !super::definition(db, &other(*it)).is_empty());
            clash.map(|_| "a label here".to_owned())
        }
        Entity::Fixture(policy, _) => {
            let collected = db.collected();
            let has = collected.fixtures.contains_key(&(*policy, name.to_owned()));
            has.then(|| "a fixture of this policy".to_owned())
        }
        Entity::Row { file, item, .. } => {
            let parsed = db.parsed(*file)?;
            let item = parsed.parse.file.items.get(*item as usize)?;
            let statements = match &item.kind {
                ItemKind::Fixture(it) => &it.statements,
                ItemKind::Test(it) => &it.statements,
                _ => return None,
            };
            let has = statements.iter().any(|statement| match statement {
                rubric_grammar::ast::Statement::Row(row) => {
                    row.name.as_ref().is_some_and(|it| it.text == name)
                }
                _ => false,
            });
            has.then(|| "a row here".to_owned())
        }
        Entity::Local { file, item, .. } => {
            let all = db.occurrences(*file);
            let has = all.iter().any(|it| match &it.entity {
                Entity::Local { item: other, .. } if other == item => {
                    name_of(db, &it.entity).is_some_and(|it| it == name)
                }
                _ => false,
            });
            has.then(|| "an argument or alias here".to_owned())
        }
        Entity::Policy(_) => None,
    }
}
