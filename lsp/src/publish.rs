//! The thread that tells the client, unasked, what the checker finds.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use rubric_engine::db::{Cancelled, Database};
use rubric_engine::diagnostic::{Diagnostic, FileId, Severity};
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

impl Said {
    fn has_errors(&self) -> bool {
        self.found.iter().any(|one| one.severity == Severity::Error)
    }
}

/// Works until the channel closes, and gives the files of which it said that something is wrong. Of several states only
/// the newest is looked at. Says [`Event::Checked`] as soon as the documents that the client has open are checked.
pub(crate) fn publish(
    states: &Receiver<Snapshot>,
    messages: &UnboundedSender<Message>,
    events: &Sender<Event>,
) -> Vec<lsp::Uri> {
    let mut publisher =
        Publisher { said: BTreeMap::new(), begun: false, provers: prover(), wrong: BTreeSet::new() };
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

/// Works out what is proved of files, the last first, for another thread that begins with what is written in them: after
/// most edits one of the two takes about as long as the other.
fn prove(database: &Database, files: &[FileId]) {
    // A change that comes in between ends this, and a defect is told of where the file itself is looked at.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        files.iter().for_each(|file| database.prove_from_the_end(*file));
    }));
}

/// The files that have errors. Of a file whose check has a defect, or when a change comes in between, nothing is said.
fn with_errors(database: &Database, files: &[FileId]) -> BTreeSet<FileId> {
    let is_wrong = |file: &FileId| !database.errors(*file).is_empty();
    let wrong = || files.iter().copied().filter(is_wrong).collect();
    catch_unwind(AssertUnwindSafe(wrong)).unwrap_or_default()
}

/// A thread that proves what it is sent, until nobody can send any more. Without it the same is found, later.
fn prover() -> Sender<(Database, Vec<FileId>)> {
    let (sender, incoming) = channel::<(Database, Vec<FileId>)>();
    let work = move || {
        while let Ok((database, files)) = incoming.recv() {
            prove(&database, &files);
        }
    };
    let _ = thread::Builder::new().name("rubric-prove".to_owned()).stack_size(STACK).spawn(work);
    sender
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
    /// Files of a state that another thread proves meanwhile.
    provers: Sender<(Database, Vec<FileId>)>,
    /// Open documents that had errors when they were last looked at: nothing is proved of them.
    wrong: BTreeSet<FileId>,
}

impl Publisher {
    /// Says of every file what is new: first of those that the client has open.
    fn news(&mut self, state: &Snapshot, messages: &UnboundedSender<Message>, events: &Sender<Event>) {
        let checked = || drop(events.send(Event::Checked(state.number)));
        // Those that the client has open first: how many others there are must not matter to whoever types.
        let open: Vec<FileId> = state.view.open().filter_map(|path| state.database.file(path)).collect();
        if state.client.pulls {
            checked();
            if std::mem::replace(&mut self.begun, true) {
                // It will ask what is wrong with these, if it has not yet.
                prove(&state.database, &self.without_errors(&open));
            } else {
                // The client asks for one file at a time, and waits the first time until all have been read.
                prepare(&state.database, &state.database.files(), 0);
            }
            self.wrong = with_errors(&state.database, &open);
            return;
        }
        if self.begun {
            let _ = self.provers.send((state.database.clone(), self.without_errors(&open)));
            self.of_files(state, &open, messages);
            checked();
            let wrong = |file: &FileId| self.said.get(file).is_some_and(Said::has_errors);
            self.wrong = open.iter().copied().filter(wrong).collect();
            self.of_others(state, &open, messages);
            return;
        }
        let mut files = open.clone();
        files.extend(state.database.files().into_iter().filter(|file| !open.contains(file)));
        share(state, &files, open.len(), || {
            // Nobody waits for 500 files to see what is wrong with the one that was opened.
            for file in &open {
                self.of_file(state, *file, messages, |file| state.database.early_diagnostics(file).into());
            }
            self.of_files(state, &open, messages);
            checked();
            self.of_others(state, &open, messages);
        });
        self.begun = true;
    }

    /// Those that probably have none: most edits leave it at that.
    fn without_errors(&self, files: &[FileId]) -> Vec<FileId> {
        files.iter().copied().filter(|file| !self.wrong.contains(file)).collect()
    }

    /// Says what is new of files.
    fn of_files(&mut self, state: &Snapshot, files: &[FileId], messages: &UnboundedSender<Message>) {
        for file in files {
            self.of_file(state, *file, messages, |file| state.database.shared_diagnostics(file));
        }
    }

    /// Says what is new of the files that are not open, and takes back what was said of those that are gone.
    fn of_others(&mut self, state: &Snapshot, open: &[FileId], messages: &UnboundedSender<Message>) {
        let mut files = state.database.files();
        let present: BTreeSet<FileId> = files.iter().copied().collect();
        self.said.retain(|file, said| {
            let there = present.contains(file);
            if !there && !said.diagnostics.is_empty() {
                let gone =
                    Message::Diagnostics { uri: said.uri.clone(), version: None, diagnostics: Vec::new() };
                let _ = messages.send(gone);
            }
            there
        });
        files.retain(|file| !open.contains(file));
        self.of_files(state, &files, messages);
    }

    fn of_file(
        &mut self,
        state: &Snapshot,
        file: FileId,
        messages: &UnboundedSender<Message>,
        check: impl Fn(FileId) -> Arc<[Diagnostic]>,
    ) {
        let path = state.database.path(file);
        let before = self.said.get(&file);
        let uri = match before {
            Some(said) if state.view.calls_it(path, &said.uri) => Cow::Borrowed(&said.uri),
            _ => match state.view.uri(path) {
                Some(uri) => Cow::Owned(uri),
                // What ships is not the client's to mend.
                None => return,
            },
        };
        // A defect in one check must not end the server, nor hide what is found in other files.
        let attempt =
            || catch_unwind(AssertUnwindSafe(|| Cancelled::catch(AssertUnwindSafe(|| check(file)))));
        let mut checked = attempt();
        if matches!(checked, Ok(Err(Cancelled::PropagatedPanic))) {
            // It was the other thread that met the defect, or a change; this one meets the same.
            checked = attempt();
        }
        let found = match checked {
            Ok(Ok(found)) => found,
            Ok(Err(cancelled)) => std::panic::resume_unwind(Box::new(cancelled)),
            Err(_) => {
                eprintln!("rubric lsp: checking {path} failed");
                return;
            }
        };
        let version = state.view.version(path);
        let same = before.is_some_and(|said| {
            said.found.is_empty() && found.is_empty() && said.version == version && said.uri == *uri
        });
        if same {
            return;
        }
        let diagnostics: Vec<lsp::Diagnostic> =
            found.iter().map(|diagnostic| convert::diagnostic(state, diagnostic)).collect();
        let news = match before {
            Some(said) => said.diagnostics != diagnostics || said.version != version || said.uri != *uri,
            None => !diagnostics.is_empty() || version.is_some(),
        };
        let uri = uri.into_owned();
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
