//! The thread that tells the client, unasked, what the checker finds.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::thread;

use rubric_engine::db::{Cancelled, Database};
use rubric_engine::diagnostic::{Diagnostic, FileId};
use tokio::sync::mpsc::UnboundedSender;
use tower_lsp::ls_types as lsp;

use crate::convert;
use crate::pool::STACK;
use crate::snapshot::Snapshot;
use crate::worker::Event;

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

/// Works until the channel closes, and gives the files of which it said that something is wrong. Of several states only
/// the newest is looked at. Says [`Event::Checked`] as soon as the documents that the client has open are checked.
pub(crate) fn publish(
    states: &Receiver<Snapshot>,
    messages: &UnboundedSender<Message>,
    events: &Sender<Event>,
) -> Vec<lsp::Uri> {
    let mut publisher = Publisher { said: BTreeMap::new(), begun: false };
    while let Ok(mut state) = states.recv() {
        while let Ok(newer) = states.try_recv() {
            state = newer;
        }
        // A change that comes in between brings a newer state.
        let _ = Cancelled::catch(AssertUnwindSafe(|| publisher.news(&state, messages, events)));
        drop(state);
        if messages.send(Message::Refresh).is_err() {
            break;
        }
    }
    let wrong = publisher.said.into_values().filter(|said| !said.diagnostics.is_empty());
    wrong.map(|said| said.uri).collect()
}

/// Works out what is asked of the files that are open, the first of all, and then what the whole workspace is asked of the
/// others: from the end, since another thread begins at the front.
fn prepare(database: &Database, files: &[FileId], open: usize) {
    // A change that comes in between ends this, and a defect is told of where the file itself is looked at.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        files.iter().take(open).for_each(|file| database.prove_from_the_end(*file));
        files.iter().rev().for_each(|file| database.prepare(*file));
    }));
}

/// Does the work while another thread prepares the files.
fn share(state: &Snapshot, files: &[FileId], open: usize, work: impl FnOnce()) {
    let database = state.database.clone();
    thread::scope(|scope| {
        let _ = thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, move || prepare(&database, files, open));
        work();
    });
}

struct Publisher {
    said: BTreeMap<FileId, Said>,
    /// Whether every file has been looked at once: what comes after that is quick.
    begun: bool,
}

impl Publisher {
    /// Says of every file what is new: first of those that the client has open.
    fn news(&mut self, state: &Snapshot, messages: &UnboundedSender<Message>, events: &Sender<Event>) {
        let checked = || drop(events.send(Event::Checked(state.number)));
        let mut files = state.database.files();
        if state.client.pulls {
            checked();
            // The client asks for one file at a time, and waits the first time until all have been read.
            if !std::mem::replace(&mut self.begun, true) {
                prepare(&state.database, &files, 0);
            }
            return;
        }
        files.sort_by_key(|file| !state.view.is_open(state.database.path(*file)));
        let open = files.partition_point(|file| state.view.is_open(state.database.path(*file)));
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
        if self.begun {
            self.of_files(state, &files, open, messages, &checked);
            return;
        }
        share(state, &files, open, || {
            // Nobody waits for 500 files to see what is wrong with the one that was opened.
            for file in files.iter().take(open) {
                self.of_file(state, *file, messages, |file| state.database.early_diagnostics(file).into());
            }
            self.of_files(state, &files, open, messages, &checked);
        });
        self.begun = true;
    }

    /// Says what is new of files, the first of which are open.
    fn of_files(
        &mut self,
        state: &Snapshot,
        files: &[FileId],
        open: usize,
        messages: &UnboundedSender<Message>,
        checked: &dyn Fn(),
    ) {
        for (position, file) in files.iter().enumerate() {
            if position == open {
                checked();
            }
            self.of_file(state, *file, messages, |file| state.database.shared_diagnostics(file));
        }
        if open >= files.len() {
            checked();
        }
    }

    fn of_file(
        &mut self,
        state: &Snapshot,
        file: FileId,
        messages: &UnboundedSender<Message>,
        check: impl Fn(FileId) -> Arc<[Diagnostic]>,
    ) {
        let path = state.database.path(file);
        // What ships is not the client's to mend.
        let Some(uri) = state.view.uri(path) else { return };
        // A defect in one check must not end the server, nor hide what is found in other files.
        let checked = catch_unwind(AssertUnwindSafe(|| Cancelled::catch(AssertUnwindSafe(|| check(file)))));
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
