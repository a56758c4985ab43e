//! Code actions: the fix of each diagnostic, all safe fixes at once, and refactorings.

use rubric_engine::diagnostic::{Applicability, Diagnostic, FileId, Fix, Place};
use rubric_engine::ide::{self, FileSpan, RefactoringKind};
use rubric_grammar::Span;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types as lsp;

use crate::convert;
use crate::snapshot::Snapshot;

/// All safe fixes of a file.
pub(crate) const FIX_ALL: lsp::CodeActionKind = lsp::CodeActionKind::new("source.fixAll.rubric");

pub(crate) fn actions(
    snapshot: &Snapshot,
    params: &lsp::CodeActionParams,
) -> Result<Option<lsp::CodeActionResponse>> {
    let Some(file) = snapshot.file(&params.text_document.uri) else { return Ok(None) };
    if !snapshot.client.literal_actions {
        // Commands would have to change the text behind the client's back.
        return Ok(None);
    }
    let wanted = |kind: &lsp::CodeActionKind| match &params.context.only {
        None => *kind != FIX_ALL,
        Some(only) => only.iter().any(|only| is_kind(kind.as_str(), only.as_str())),
    };
    let span = snapshot.span(file, params.range);
    let diagnostics = snapshot.database.diagnostics(file);
    let mut found = Vec::new();
    if wanted(&lsp::CodeActionKind::QUICKFIX) {
        for diagnostic in diagnostics.iter().filter(|diagnostic| touches(snapshot, diagnostic, span)) {
            for fix in diagnostic.fix.iter().chain(&diagnostic.choices) {
                found.push(lsp::CodeAction {
                    title: fix.title.clone(),
                    kind: Some(lsp::CodeActionKind::QUICKFIX),
                    diagnostics: Some(vec![convert::diagnostic(snapshot, diagnostic)]),
                    edit: Some(snapshot.workspace_edit(edits(snapshot, fix))),
                    is_preferred: Some(fix.applicability == Applicability::Always),
                    ..lsp::CodeAction::default()
                });
            }
        }
    }
    if wanted(&FIX_ALL) {
        let all = all_fixes(snapshot, file, &diagnostics);
        if !all.is_empty() {
            found.push(lsp::CodeAction {
                title: "fix everything that has one clear fix".to_owned(),
                kind: Some(FIX_ALL),
                edit: Some(snapshot.workspace_edit(all)),
                ..lsp::CodeAction::default()
            });
        }
    }
    for refactoring in ide::refactorings(&snapshot.database, file, span) {
        let kind = match refactoring.kind {
            RefactoringKind::Extract => lsp::CodeActionKind::REFACTOR_EXTRACT,
            RefactoringKind::Inline => lsp::CodeActionKind::REFACTOR_INLINE,
            RefactoringKind::Rewrite => lsp::CodeActionKind::REFACTOR_REWRITE,
        };
        if wanted(&kind) {
            found.push(lsp::CodeAction {
                title: refactoring.title,
                kind: Some(kind),
                edit: Some(snapshot.workspace_edit(refactoring.edits)),
                ..lsp::CodeAction::default()
            });
        }
    }
    Ok(Some(found.into_iter().map(lsp::CodeActionOrCommand::CodeAction).collect()))
}

/// Whether a kind is one of a wider kind: `refactor.extract` of `refactor`.
fn is_kind(kind: &str, wider: &str) -> bool {
    kind.strip_prefix(wider).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')) || wider.is_empty()
}

fn touches(snapshot: &Snapshot, diagnostic: &Diagnostic, span: Span) -> bool {
    diagnostic.place().is_some_and(|place| {
        let found = snapshot.database.span(place);
        found.start <= span.end && span.start <= found.end
    })
}

fn edits(snapshot: &Snapshot, fix: &Fix) -> Vec<(FileSpan, String)> {
    let place = |place: Place| FileSpan { file: place.file, span: snapshot.database.span(place) };
    fix.edits.iter().map(|(at, text)| (place(*at), text.clone())).collect()
}

/// The fixes that may be applied unseen and do not touch each other, in this file.
fn all_fixes(snapshot: &Snapshot, file: FileId, diagnostics: &[Diagnostic]) -> Vec<(FileSpan, String)> {
    let mut taken: Vec<(FileSpan, String)> = Vec::new();
    for diagnostic in diagnostics {
        let Some(fix) = diagnostic.fix.as_ref().filter(|fix| fix.applicability == Applicability::Always)
        else {
            continue;
        };
        let new = edits(snapshot, fix);
        let free = new.iter().all(|(place, _)| {
            place.file == file
                && taken
                    .iter()
                    .all(|(other, _)| place.span.end < other.span.start || other.span.end < place.span.start)
        });
        if free {
            taken.extend(new);
        }
    }
    taken
}
