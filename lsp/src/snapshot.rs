//! One state of everything, for a request.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use rubric_engine::db::{Database, Parsed};
use rubric_engine::diagnostic::{FileId, Place};
use rubric_engine::ide::FileSpan;
use rubric_engine::value::Date;
use rubric_grammar::{Encoding, Position, Span};
use tower_lsp::ls_types as lsp;

use crate::client::Client;
use crate::manual::Manual;
use crate::sample::Seen;
use crate::workspace::View;

/// One state of the workspace. While it lives, a change waits; so whoever computes for long from it asks the database,
/// which unwinds when a change waits.
pub(crate) struct Snapshot {
    pub(crate) database: Database,
    pub(crate) view: View,
    pub(crate) client: Arc<Client>,
    pub(crate) manual: Arc<Manual>,
    /// The number of the project.
    pub(crate) project: u32,
    /// The number of the state.
    pub(crate) number: u64,
    /// What was counted on sample records last, of this state or an earlier one.
    pub(crate) sampled: Option<Arc<Seen>>,
    sheets: RefCell<BTreeMap<FileId, Sheet>>,
}

/// A text and where its lines begin.
#[derive(Clone)]
struct Sheet {
    text: Arc<str>,
    parsed: Option<Arc<Parsed>>,
}

impl Snapshot {
    pub(crate) fn new(
        database: Database,
        view: View,
        client: Arc<Client>,
        manual: Arc<Manual>,
        (project, number): (u32, u64),
        sampled: Option<Arc<Seen>>,
    ) -> Self {
        Self { database, view, client, manual, project, number, sampled, sheets: RefCell::default() }
    }

    pub(crate) fn encoding(&self) -> Encoding {
        self.client.encoding
    }

    /// The day for which an editor shows what is in force: that of the sample data, else today. Nothing is evaluated at it.
    pub(crate) fn today(&self) -> Date {
        self.view.as_of.unwrap_or_else(crate::clock::today)
    }

    fn sheet(&self, file: FileId) -> Sheet {
        let mut sheets = self.sheets.borrow_mut();
        let make = || Sheet { text: self.database.text(file), parsed: self.database.parsed(file) };
        sheets.entry(file).or_insert_with(make).clone()
    }

    /// The file of a URI, when it is there.
    pub(crate) fn file(&self, uri: &lsp::Uri) -> Option<FileId> {
        let file = self.database.file(&self.view.path_of(uri))?;
        self.view.is_present(self.database.path(file)).then_some(file)
    }

    /// The URI of a file; shipped policies are written to a folder of the server's own when a client goes there.
    pub(crate) fn uri(&self, file: FileId) -> Option<lsp::Uri> {
        let path = self.database.path(file);
        self.view.uri(path).or_else(|| self.manual.shipped(path, &self.database.text(file)))
    }

    /// The byte of a place in a file.
    pub(crate) fn offset(&self, file: FileId, position: lsp::Position) -> u32 {
        let sheet = self.sheet(file);
        let position = Position { line: position.line, column: position.character };
        match &sheet.parsed {
            Some(parsed) => parsed.lines.offset(&sheet.text, position, self.encoding()),
            None => 0,
        }
    }

    pub(crate) fn span(&self, file: FileId, range: lsp::Range) -> Span {
        let (start, end) = (self.offset(file, range.start), self.offset(file, range.end));
        Span::new(start.min(end), start.max(end))
    }

    pub(crate) fn position(&self, file: FileId, offset: u32) -> lsp::Position {
        let sheet = self.sheet(file);
        match &sheet.parsed {
            Some(parsed) => {
                let position = parsed.lines.position(&sheet.text, offset, self.encoding());
                lsp::Position::new(position.line, position.column)
            }
            None => lsp::Position::default(),
        }
    }

    pub(crate) fn range(&self, file: FileId, span: Span) -> lsp::Range {
        lsp::Range::new(self.position(file, span.start.min(span.end)), self.position(file, span.end))
    }

    pub(crate) fn place_range(&self, place: Place) -> lsp::Range {
        self.range(place.file, self.database.span(place))
    }

    pub(crate) fn location(&self, place: FileSpan) -> Option<lsp::Location> {
        Some(lsp::Location { uri: self.uri(place.file)?, range: self.range(place.file, place.span) })
    }

    /// The file and byte of a place that the client names.
    pub(crate) fn at(&self, place: &lsp::TextDocumentPositionParams) -> Option<(FileId, u32)> {
        let file = self.file(&place.text_document.uri)?;
        Some((file, self.offset(file, place.position)))
    }

    /// An edit of several files.
    pub(crate) fn workspace_edit(
        &self,
        edits: impl IntoIterator<Item = (FileSpan, String)>,
    ) -> lsp::WorkspaceEdit {
        let mut by_file: BTreeMap<FileId, Vec<lsp::TextEdit>> = BTreeMap::new();
        for (place, new_text) in edits {
            let range = self.range(place.file, place.span);
            by_file.entry(place.file).or_default().push(lsp::TextEdit { range, new_text });
        }
        let by_uri = by_file.into_iter().filter_map(|(file, edits)| {
            let path = self.database.path(file);
            Some((self.view.uri(path)?, self.view.version(path), edits))
        });
        self.edit_of(by_uri)
    }

    /// An edit of several documents, in the form that the client understands.
    pub(crate) fn edit_of(
        &self,
        documents: impl IntoIterator<Item = (lsp::Uri, Option<i32>, Vec<lsp::TextEdit>)>,
    ) -> lsp::WorkspaceEdit {
        if self.client.document_changes {
            let documents = documents.into_iter().map(|(uri, version, edits)| lsp::TextDocumentEdit {
                text_document: lsp::OptionalVersionedTextDocumentIdentifier { uri, version },
                edits: edits.into_iter().map(lsp::OneOf::Left).collect(),
            });
            return lsp::WorkspaceEdit {
                document_changes: Some(lsp::DocumentChanges::Edits(documents.collect())),
                ..lsp::WorkspaceEdit::default()
            };
        }
        let changes = documents.into_iter().map(|(uri, _, edits)| (uri, edits)).collect();
        lsp::WorkspaceEdit { changes: Some(changes), ..lsp::WorkspaceEdit::default() }
    }

    /// Markdown, or plain text for a client that shows no Markdown.
    pub(crate) fn markup(&self, markdown: &str) -> lsp::MarkupContent {
        if self.client.markdown {
            return lsp::MarkupContent { kind: lsp::MarkupKind::Markdown, value: markdown.to_owned() };
        }
        let lines = markdown.lines().filter(|line| !line.starts_with("```"));
        let value = lines.map(|line| Cow::from(line).replace(['`', '*'], "")).collect::<Vec<_>>().join("\n");
        lsp::MarkupContent { kind: lsp::MarkupKind::PlainText, value }
    }
}
