//! From the engine's diagnostics to the protocol's.

use rubric_engine::diagnostic::{Diagnostic, Severity};
use tower_lsp::ls_types as lsp;

use crate::snapshot::Snapshot;

/// What nobody needs is shown faded.
const UNNECESSARY: [&str; 2] = ["unused-definition", "unused-use"];

/// A diagnostic as the client shows it.
pub(crate) fn diagnostic(snapshot: &Snapshot, diagnostic: &Diagnostic) -> lsp::Diagnostic {
    let mut labels = diagnostic.labels.iter();
    let range = labels.next().map(|label| snapshot.place_range(label.place)).unwrap_or_default();
    let mut related = Vec::new();
    for label in labels {
        let range = snapshot.place_range(label.place);
        related.extend(snapshot.uri(label.place.file).map(|uri| lsp::DiagnosticRelatedInformation {
            location: lsp::Location { uri, range },
            message: label.text.clone(),
        }));
    }
    let message = match &diagnostic.help {
        Some(help) => format!("{}\n\n{help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let unnecessary = UNNECESSARY.contains(&diagnostic.code);
    lsp::Diagnostic {
        range,
        severity: Some(match diagnostic.severity {
            Severity::Error => lsp::DiagnosticSeverity::ERROR,
            Severity::Warning => lsp::DiagnosticSeverity::WARNING,
            Severity::Information => lsp::DiagnosticSeverity::INFORMATION,
        }),
        code: Some(lsp::NumberOrString::String(diagnostic.code.to_owned())),
        code_description: snapshot.manual.page(diagnostic.code).map(|href| lsp::CodeDescription { href }),
        source: Some("rubric".to_owned()),
        message,
        related_information: (!related.is_empty()).then_some(related),
        tags: unnecessary.then(|| vec![lsp::DiagnosticTag::UNNECESSARY]),
        data: None,
    }
}
