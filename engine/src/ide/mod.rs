//! What an editor asks of policies: what stands at a place, where else it is named, what could be written here.
//!
//! Pure functions over one state of the [`Database`]; nothing here knows a protocol, a file on disk or a clock. Spans are
//! bytes of a file.

mod actions;
mod calls;
mod completion;
mod entity;
mod hints;
mod hover;
mod labels;
mod manifest;
mod occurrences;
mod outline;
mod rename;
mod sample;
mod scope;
mod signature;
mod structure;
mod tokens;

use rubric_grammar::Span;

use crate::db::Database;
use crate::diagnostic::FileId;

pub use actions::{Refactoring, RefactoringKind, refactorings};
pub use calls::{Call, callees, callers};
pub use completion::{Completion, CompletionKind, complete, document};
pub use entity::{Entity, EntityKind, definition, kind, name_of, type_definition};
pub use hints::{Hint, hints};
pub use hover::{Hover, describe, hover};
pub use manifest::{ManifestName, manifest_names};
pub use occurrences::{Occurrence, Role};
pub(crate) use occurrences::{Source, collect};
pub use outline::{Outline, OutlineKind, outline};
pub use rename::{RenameEdit, RenameError, renamable, rename};
pub use sample::{Counted, DEFAULT, Deciding, Flipped, Sample, count, flipped};
pub use signature::{Signature, signature};
pub use structure::{folds, selections};
pub use tokens::{Token, TokenKind, tokens};

/// A stretch of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileSpan {
    /// The file.
    pub file: FileId,
    /// Its bytes.
    pub span: Span,
}

/// What is named at a byte of a file: the name's span, and what it stands for.
#[must_use]
pub fn at(db: &Database, file: FileId, offset: u32) -> Option<Occurrence> {
    let parsed = db.parsed(file)?;
    let items = (0_u32..).zip(&parsed.parse.file.items);
    let touched = items.filter(|(_, item)| item.span.start <= offset && offset <= item.span.end);
    let names = touched.flat_map(|(position, item)| {
        let names = db.item_occurrences(file, position);
        names.iter().map(|name| name.in_file(item.span.start)).collect::<Vec<_>>()
    });
    let touching = names.filter(|it| it.span.start <= offset && offset <= it.span.end);
    // Between two names that touch, the one that begins here is meant.
    touching.max_by_key(|it| it.span.start)
}

/// Every place in the workspace that names an entity, in the order of files and text.
#[must_use]
pub fn references(db: &Database, entity: &Entity) -> Vec<(FileSpan, Role)> {
    let mut found = Vec::new();
    let files = match entity {
        Entity::Local { file, .. } => vec![*file],
        _ => db.files(),
    };
    for file in files {
        let all = db.occurrences(file);
        let same = all.iter().filter(|it| it.entity == *entity);
        found.extend(same.map(|it| (FileSpan { file, span: it.span }, it.role)));
    }
    found
}

/// The amendments of a declaration and, of a rule, the rules that override it: those of policies below as well.
#[must_use]
pub fn implementations(db: &Database, entity: &Entity) -> Vec<FileSpan> {
    let mut found: Vec<FileSpan> = references(db, entity)
        .into_iter()
        .filter_map(|(place, role)| (role == Role::Amendment).then_some(place))
        .collect();
    if let Entity::Label(owner, policy, label) = entity {
        found.extend(labels::overriding(db, *owner, *policy, label));
    }
    found.sort_unstable();
    found.dedup();
    found
}
