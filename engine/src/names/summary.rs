//! The signatures of one file.

use rubric_grammar::Span;
use rubric_grammar::ast::{DefineBody, ExprKind, File, Item, ItemKind};

use crate::diagnostic::FileId;

/// The items of a file without their bodies and without where they stand in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSummary {
    /// The file.
    pub file: FileId,
    /// Its path, with `/`.
    pub path: String,
    /// One for each item of the file, in its order; bodies are empty, spans relative to the item.
    pub items: Vec<Item>,
}

/// Keeps what other declarations can see.
#[must_use]
pub fn summarize(file: FileId, path: &str, tree: &File) -> FileSummary {
    FileSummary { file, path: path.to_owned(), items: tree.items.iter().map(signature).collect() }
}

fn signature(item: &Item) -> Item {
    let kind = match &item.kind {
        ItemKind::Parameter(parameter) => {
            let mut kept = parameter.clone();
            kept.entries.clear();
            kept.cites.clear();
            ItemKind::Parameter(kept)
        }
        ItemKind::Define(define) => {
            let mut kept = define.clone();
            kept.body = DefineBody::Damaged;
            kept.cites.clear();
            ItemKind::Define(kept)
        }
        ItemKind::Decision(decision) => {
            let mut kept = decision.clone();
            (kept.condition, kept.law_on) = (None, None);
            kept.defaults.clear();
            kept.members.clear();
            kept.cites.clear();
            ItemKind::Decision(kept)
        }
        ItemKind::Requirement(requirement) => {
            let mut kept = requirement.clone();
            (kept.condition, kept.law_on, kept.due, kept.because) = (None, None, None, None);
            kept.musts.clear();
            kept.excepts.clear();
            kept.cites.clear();
            ItemKind::Requirement(kept)
        }
        ItemKind::Amount(amount) => {
            let mut kept = amount.clone();
            (kept.condition, kept.law_on, kept.value, kept.because) = (None, None, None, None);
            kept.limits = rubric_grammar::ast::Limits::default();
            kept.lines.clear();
            kept.cites.clear();
            ItemKind::Amount(kept)
        }
        ItemKind::Group(group) => {
            let mut kept = group.clone();
            for key in &mut kept.keys {
                if let Some(value) = &mut key.value {
                    *value.kind = ExprKind::Damaged;
                }
            }
            ItemKind::Group(kept)
        }
        ItemKind::Fixture(fixture) => {
            let mut kept = fixture.clone();
            kept.statements.clear();
            ItemKind::Fixture(kept)
        }
        ItemKind::Test(_) | ItemKind::Assert(_) | ItemKind::Waiver(_) | ItemKind::Junk => ItemKind::Junk,
        ItemKind::Policy(_)
        | ItemKind::Use(_)
        | ItemKind::Category(_)
        | ItemKind::Record(_)
        | ItemKind::Input(_) => item.kind.clone(),
    };
    Item { span: Span::default(), docs: item.docs.clone(), allows: Vec::new(), kind, damaged: item.damaged }
}
