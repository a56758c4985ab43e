//! From the engine's types to the protocol's.

use std::collections::BTreeMap;

use rubric_engine::db::Database;
use rubric_engine::diagnostic::{Diagnostic, FileId, Place, Severity};
use rubric_grammar::{Encoding, Position};
use tower_lsp::ls_types as lsp;

use crate::document::Document;
use crate::workspace::Workspace;

/// A position of the client.
pub(crate) const fn position(position: lsp::Position) -> Position {
    Position { line: position.line, column: position.character }
}

/// Makes protocol diagnostics of what the engine finds, each text measured once.
pub(crate) struct Converter<'a> {
    database: &'a Database,
    workspace: &'a Workspace,
    encoding: Encoding,
    documents: BTreeMap<FileId, Document>,
}

impl<'a> Converter<'a> {
    pub(crate) const fn new(database: &'a Database, workspace: &'a Workspace, encoding: Encoding) -> Self {
        Self { database, workspace, encoding, documents: BTreeMap::new() }
    }

    fn range(&mut self, place: Place) -> lsp::Range {
        let span = self.database.span(place);
        let read = || Document::new(&*self.database.text(place.file));
        let document = self.documents.entry(place.file).or_insert_with(read);
        let position = |offset: u32| {
            let position = document.position(offset, self.encoding);
            lsp::Position::new(position.line, position.column)
        };
        lsp::Range::new(position(span.start.min(span.end)), position(span.end))
    }

    pub(crate) fn diagnostic(&mut self, diagnostic: &Diagnostic) -> lsp::Diagnostic {
        let mut labels = diagnostic.labels.iter();
        let range = labels.next().map(|label| self.range(label.place)).unwrap_or_default();
        let mut related = Vec::new();
        for label in labels {
            let range = self.range(label.place);
            let uri = self.workspace.uri(self.database.path(label.place.file));
            related.extend(uri.map(|uri| lsp::DiagnosticRelatedInformation {
                location: lsp::Location { uri, range },
                message: label.text.clone(),
            }));
        }
        let message = match &diagnostic.help {
            Some(help) => format!("{}\n\n{help}", diagnostic.message),
            None => diagnostic.message.clone(),
        };
        lsp::Diagnostic {
            range,
            severity: Some(match diagnostic.severity {
                Severity::Error => lsp::DiagnosticSeverity::ERROR,
                Severity::Warning => lsp::DiagnosticSeverity::WARNING,
                Severity::Information => lsp::DiagnosticSeverity::INFORMATION,
            }),
            code: Some(lsp::NumberOrString::String(diagnostic.code.to_owned())),
            source: Some("rubric".to_owned()),
            message,
            related_information: (!related.is_empty()).then_some(related),
            ..lsp::Diagnostic::default()
        }
    }
}
