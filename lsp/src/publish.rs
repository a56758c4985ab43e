//! The thread that tells the client, unasked, what the checker finds.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;

use rubric_engine::db::Cancelled;
use rubric_engine::diagnostic::{Diagnostic, FileId};
use tokio::sync::mpsc::UnboundedSender;
use tower_lsp::ls_types as lsp;

use crate::convert;
use crate::pool::STACK;
use crate::snapshot::Snapshot;

/// What is sent unasked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Message {
    /// What is found in one file now; replaces what was found before.
    Diagnostics { uri: lsp::Uri, version: Option<i32>, diagnostics: Vec<lsp::Diagnostic> },
    /// What was asked for before may have changed.
    Refresh,
    /// The files of the workspace are being read, or have been.
    Reading(bool),
}

/// What was last said of a file.
struct Said {
    uri: lsp::Uri,
    version: Option<i32>,
    found: Arc<[Diagnostic]>,
    diagnostics: Vec<lsp::Diagnostic>,
}

/// Works until the channel closes. Of several states only the newest is looked at.
pub(crate) fn publish(states: &Receiver<Snapshot>, messages: &UnboundedSender<Message>) {
    let mut publisher = Publisher { said: BTreeMap::new() };
    while let Ok(mut state) = states.recv() {
        while let Ok(newer) = states.try_recv() {
            state = newer;
        }
        if state.client.pulls {
            drop(state);
            if messages.send(Message::Refresh).is_err() {
                return;
            }
            continue;
        }
        // A change that comes in between brings a newer state.
        let _ = Cancelled::catch(AssertUnwindSafe(|| publisher.news(&state, messages)));
        drop(state);
        if messages.send(Message::Refresh).is_err() {
            return;
        }
    }
}

/// Does the work; the first time another thread prepares what the whole workspace is asked of files, from the end.
fn share(state: &Snapshot, files: &[FileId], first: bool, work: impl FnOnce()) {
    if !first {
        return work();
    }
    let database = state.database.clone();
    thread::scope(|scope| {
        let prepare = move || {
            // A change that comes in between ends this too, and a defect is told of where the file itself is looked at.
            let _ = catch_unwind(AssertUnwindSafe(|| {
                files.iter().rev().for_each(|file| database.prepare(*file));
            }));
        };
        let _ = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, prepare);
        work();
    });
}

struct Publisher {
    said: BTreeMap<FileId, Said>,
}

impl Publisher {
    /// Says of every file what is new: first of those that the client has open.
    fn news(&mut self, state: &Snapshot, messages: &UnboundedSender<Message>) {
        let mut files = state.database.files();
        files.sort_by_key(|file| !state.view.is_open(state.database.path(*file)));
        // Of a file that is gone, nothing is left to say.
        self.said.retain(|file, said| {
            let there = files.contains(file);
            if !there && !said.diagnostics.is_empty() {
                let gone =
                    Message::Diagnostics { uri: said.uri.clone(), version: None, diagnostics: Vec::new() };
                let _ = messages.send(gone);
            }
            there
        });
        share(state, &files, self.said.is_empty(), || {
            for file in &files {
                self.of_file(state, *file, messages);
            }
        });
    }

    fn of_file(&mut self, state: &Snapshot, file: FileId, messages: &UnboundedSender<Message>) {
        let path = state.database.path(file);
        // What ships is not the client's to mend.
        let Some(uri) = state.view.uri(path) else { return };
        // A defect in one check must not end the server, nor hide what is found in other files.
        let checked = catch_unwind(AssertUnwindSafe(|| {
            Cancelled::catch(AssertUnwindSafe(|| state.database.shared_diagnostics(file)))
        }));
        let found = match checked {
            Ok(Ok(found)) => found,
            Ok(Err(cancelled)) => std::panic::resume_unwind(Box::new(cancelled)),
            Err(_) => {
                eprintln!("rubric lsp: checking {path} failed");
                return;
            }
        };
        let version = state.view.version(path);
        let before = self.said.get(&file);
        let same = before.is_some_and(|said| {
            said.found.is_empty() && found.is_empty() && said.version == version && said.uri == uri
        });
        if same {
            return;
        }
        let diagnostics: Vec<lsp::Diagnostic> =
            found.iter().map(|diagnostic| convert::diagnostic(state, diagnostic)).collect();
        let news = match before {
            Some(said) => said.diagnostics != diagnostics || said.version != version || said.uri != uri,
            None => !diagnostics.is_empty() || version.is_some(),
        };
        if news {
            let _ = messages.send(Message::Diagnostics {
                uri: uri.clone(),
                version,
                diagnostics: diagnostics.clone(),
            });
        }
        self.said.insert(file, Said { uri, version, found, diagnostics });
    }
}
