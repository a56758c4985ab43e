//! Diagnostics that the client asks for, of a document and of the workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use rubric_engine::diagnostic::FileId;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types as lsp;

use crate::convert;
use crate::snapshot::Snapshot;

/// What is found in a file, and a name for exactly that.
fn of_file(snapshot: &Snapshot, file: FileId) -> (String, Vec<lsp::Diagnostic>) {
    let found = snapshot.database.shared_diagnostics(file);
    let items: Vec<lsp::Diagnostic> = found.iter().map(|it| convert::diagnostic(snapshot, it)).collect();
    let mut hasher = DefaultHasher::new();
    for item in &items {
        serde_json::to_string(item).unwrap_or_default().hash(&mut hasher);
    }
    (format!("{:016x}", hasher.finish()), items)
}

pub(crate) fn document(
    snapshot: &Snapshot,
    params: &lsp::DocumentDiagnosticParams,
) -> Result<lsp::DocumentDiagnosticReportResult> {
    let (result_id, items) = match snapshot.file(&params.text_document.uri) {
        Some(file) => of_file(snapshot, file),
        None => (String::new(), Vec::new()),
    };
    let report = if params.previous_result_id.as_ref() == Some(&result_id) {
        lsp::DocumentDiagnosticReport::Unchanged(lsp::RelatedUnchangedDocumentDiagnosticReport {
            related_documents: None,
            unchanged_document_diagnostic_report: lsp::UnchangedDocumentDiagnosticReport { result_id },
        })
    } else {
        lsp::DocumentDiagnosticReport::Full(lsp::RelatedFullDocumentDiagnosticReport {
            related_documents: None,
            full_document_diagnostic_report: lsp::FullDocumentDiagnosticReport {
                result_id: Some(result_id),
                items,
            },
        })
    };
    Ok(lsp::DocumentDiagnosticReportResult::Report(report))
}

/// What is found in a project.
pub(crate) fn workspace(
    snapshot: &Snapshot,
    params: &lsp::WorkspaceDiagnosticParams,
) -> Result<Vec<lsp::WorkspaceDocumentDiagnosticReport>> {
    let before: BTreeMap<&str, &str> =
        params.previous_result_ids.iter().map(|it| (it.uri.as_str(), it.value.as_str())).collect();
    let mut items = Vec::new();
    for file in snapshot.database.files() {
        let path = snapshot.database.path(file).to_owned();
        let Some(uri) = snapshot.view.uri(&path) else { continue };
        let (result_id, found) = of_file(snapshot, file);
        let version = snapshot.view.version(&path).map(i64::from);
        items.push(if before.get(uri.as_str()) == Some(&result_id.as_str()) {
            lsp::WorkspaceDocumentDiagnosticReport::Unchanged(
                lsp::WorkspaceUnchangedDocumentDiagnosticReport {
                    uri,
                    version,
                    unchanged_document_diagnostic_report: lsp::UnchangedDocumentDiagnosticReport {
                        result_id,
                    },
                },
            )
        } else {
            full(uri, version, Some(result_id), found)
        });
    }
    Ok(items)
}

/// What is found in several projects.
pub(crate) fn joined(
    params: &lsp::WorkspaceDiagnosticParams,
    found: Vec<Vec<lsp::WorkspaceDocumentDiagnosticReport>>,
) -> lsp::WorkspaceDiagnosticReport {
    let mut items: Vec<lsp::WorkspaceDocumentDiagnosticReport> = found.into_iter().flatten().collect();
    let there: BTreeSet<String> = items.iter().map(|item| uri(item).as_str().to_owned()).collect();
    // Of a file that is gone, nothing is left to say.
    for before in params.previous_result_ids.iter().filter(|it| !there.contains(it.uri.as_str())) {
        items.push(full(before.uri.clone(), None, None, Vec::new()));
    }
    lsp::WorkspaceDiagnosticReport { items }
}

const fn uri(report: &lsp::WorkspaceDocumentDiagnosticReport) -> &lsp::Uri {
    match report {
        lsp::WorkspaceDocumentDiagnosticReport::Full(report) => &report.uri,
        lsp::WorkspaceDocumentDiagnosticReport::Unchanged(report) => &report.uri,
    }
}

const fn full(
    uri: lsp::Uri,
    version: Option<i64>,
    result_id: Option<String>,
    items: Vec<lsp::Diagnostic>,
) -> lsp::WorkspaceDocumentDiagnosticReport {
    lsp::WorkspaceDocumentDiagnosticReport::Full(lsp::WorkspaceFullDocumentDiagnosticReport {
        uri,
        version,
        full_document_diagnostic_report: lsp::FullDocumentDiagnosticReport { result_id, items },
    })
}
