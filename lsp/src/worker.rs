//! The thread that owns the database: takes what the client said in order, and publishes what the checker finds.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::Receiver;

use rubric_engine::db::Database;
use rubric_engine::project::Shipped;
use rubric_grammar::Encoding;
use tokio::sync::mpsc::UnboundedSender;
use tower_lsp::ls_types as lsp;

use crate::convert::{Converter, position};
use crate::document::Document;
use crate::workspace::Workspace;

/// What the client said.
#[derive(Debug)]
pub(crate) enum Event {
    /// The workspace is known; its files are to be read.
    Start { folders: Vec<PathBuf>, encoding: Encoding },
    /// A document was opened.
    Open { uri: lsp::Uri, version: i32, text: String },
    /// A document was changed.
    Change { uri: lsp::Uri, version: i32, changes: Vec<lsp::TextDocumentContentChangeEvent> },
    /// A document was closed.
    Close { uri: lsp::Uri },
    /// Files changed on disk.
    ChangedOnDisk { uris: Vec<lsp::Uri> },
}

/// What is found in one file now; replaces what was found before.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Publication {
    pub(crate) uri: lsp::Uri,
    pub(crate) version: Option<i32>,
    pub(crate) diagnostics: Vec<lsp::Diagnostic>,
}

/// Works until the channel closes.
pub(crate) fn work(
    events: &Receiver<Event>,
    publications: &UnboundedSender<Publication>,
    shipped: Vec<Shipped>,
) {
    let mut worker = Worker {
        database: Database::default(),
        workspace: Workspace::default(),
        encoding: Encoding::Utf16,
        shipped,
        said: BTreeMap::new(),
    };
    while let Ok(first) = events.recv() {
        // What has already arrived is taken first: what would be found before it is out of date.
        let mut next = Some(first);
        while let Some(event) = next {
            worker.take(event);
            next = events.try_recv().ok();
        }
        for publication in worker.news() {
            if publications.send(publication).is_err() {
                return;
            }
        }
    }
}

struct Worker {
    database: Database,
    workspace: Workspace,
    encoding: Encoding,
    shipped: Vec<Shipped>,
    /// What was last said of each file, so that only news is sent.
    said: BTreeMap<String, Publication>,
}

impl Worker {
    fn take(&mut self, event: Event) {
        let Self { database, workspace, encoding, .. } = self;
        match event {
            Event::Start { folders, encoding } => {
                self.encoding = encoding;
                *workspace = Workspace::new(folders, std::mem::take(&mut self.shipped));
                workspace.load(database);
            }
            Event::Open { uri, version, text } => {
                workspace.open(database, &uri, Document::new(text), version)
            }
            Event::Change { uri, version, changes } => {
                workspace.change(database, &uri, version, |document| {
                    for change in changes {
                        match change.range {
                            Some(range) => {
                                document.replace(
                                    position(range.start),
                                    position(range.end),
                                    &change.text,
                                    *encoding,
                                );
                            }
                            None => *document = Document::new(change.text),
                        }
                    }
                })
            }
            Event::Close { uri } => workspace.close(database, &uri),
            Event::ChangedOnDisk { uris } => {
                for uri in uris {
                    workspace.changed_on_disk(database, &uri);
                }
            }
        }
    }

    /// What is to be said of every file that something new is to be said of.
    fn news(&mut self) -> Vec<Publication> {
        let found = self.findings();
        let is_news = |path: &String, publication: &Publication| match self.said.get(path) {
            Some(said) => said != publication,
            None => !publication.diagnostics.is_empty() || publication.version.is_some(),
        };
        let mut news: Vec<Publication> =
            found.iter().filter(|(path, new)| is_news(path, new)).map(|(_, new)| new.clone()).collect();
        // Of a file that is gone, nothing is left to say.
        let gone = self
            .said
            .iter()
            .filter(|(path, said)| !found.contains_key(*path) && !said.diagnostics.is_empty());
        news.extend(gone.map(|(_, said)| Publication {
            version: None,
            diagnostics: Vec::new(),
            ..said.clone()
        }));
        self.said = found;
        news
    }

    fn findings(&self) -> BTreeMap<String, Publication> {
        let mut found = BTreeMap::new();
        let mut converter = Converter::new(&self.database, &self.workspace, self.encoding);
        for file in self.database.files() {
            let path = self.database.path(file).to_owned();
            let Some(uri) = self.workspace.uri(&path) else { continue };
            // A defect in one check must not end the server, nor hide what is found in other files.
            let checked = catch_unwind(AssertUnwindSafe(|| self.database.diagnostics(file)));
            let Ok(checked) = checked else {
                eprintln!("rubric lsp: checking {path} failed");
                continue;
            };
            let diagnostics = checked.iter().map(|diagnostic| converter.diagnostic(diagnostic)).collect();
            let version = self.workspace.version(&path);
            found.insert(path, Publication { uri, version, diagnostics });
        }
        found
    }
}
