//! The thread that owns the database of a project: takes what the client said in order, and gives snapshots to whoever answers.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rubric_engine::db::Database;
use rubric_grammar::Position;
use tokio::sync::mpsc::UnboundedSender;
use tower_lsp::ls_types as lsp;

use crate::client::Client;
use crate::document::Document;
use crate::manual::Manual;
use crate::pool::{Ask, Pool, STACK, THREADS};
use crate::publish::{Message, publish};
use crate::sample::{self, Board};
use crate::server::Ships;
use crate::snapshot::Snapshot;
use crate::workspace::{Opened, Place, Workspace};

/// What the client said, or an answer that is done.
#[derive(Debug)]
pub(crate) enum Event {
    /// The project is known; its files are to be read.
    Start { place: Place, client: Client },
    /// A document was opened.
    Open(Opened),
    /// A document was changed.
    Change { uri: lsp::Uri, version: i32, changes: Vec<lsp::TextDocumentContentChangeEvent> },
    /// A document was saved.
    Save { uri: lsp::Uri },
    /// A document was closed.
    Close { uri: lsp::Uri },
    /// Files changed on disk.
    ChangedOnDisk { uris: Vec<lsp::Uri> },
    /// A request.
    Ask(Ask),
    /// A thread is free again; a request that a change came in between is to be tried again.
    Answered(Option<Ask>),
    /// Of the state of that number, the documents that the client has open are checked.
    Checked(u64),
    /// The project is none any more: nothing is to be said of it.
    Leave,
    /// The client is gone.
    Stop,
}

/// So many requests at once are a crowd: what is typed is checked before them.
const CROWD: usize = 4;

/// How long a crowd waits for that at most.
const PATIENCE: Duration = Duration::from_millis(10);

/// Works until [`Event::Stop`], [`Event::Leave`] or until the channel closes, and gives the documents that the client has
/// open. `number`: of the project.
pub(crate) fn work(
    events: &Receiver<Event>,
    answered: &Sender<Event>,
    messages: UnboundedSender<Message>,
    ships: Ships,
    manual: Arc<Manual>,
    project: u32,
) -> io::Result<Vec<Opened>> {
    let pool = Pool::new(answered)?;
    let (states, incoming) = channel();
    let (publications, checked) = (messages.clone(), answered.clone());
    let publishing = thread::Builder::new()
        .name("rubric-check".to_owned())
        .stack_size(STACK)
        .spawn(move || publish(&incoming, &publications, &checked))?;
    let board = Arc::new(Board::default());
    let (counts, counting) = channel();
    let (asks, refreshes, shown) = (answered.clone(), messages.clone(), Arc::clone(&board));
    thread::Builder::new()
        .name("rubric-sample".to_owned())
        .stack_size(STACK)
        .spawn(move || sample::watch(&counting, &asks, &refreshes, &shown))?;
    let mut worker = Worker {
        database: Database::default(),
        workspace: Workspace::default(),
        client: Arc::default(),
        manual,
        ships,
        messages,
        project,
        faults: Vec::new(),
        number: 0,
        board,
    };
    let mut waiting: VecDeque<Ask> = VecDeque::new();
    let mut busy = 0_usize;
    // Until when what was typed is checked before a crowd of requests is answered.
    let mut typed: Option<Instant> = None;
    loop {
        let first = match typed.filter(|_| waiting.len() > CROWD) {
            Some(until) => events.recv_timeout(until.saturating_duration_since(Instant::now())),
            None => events.recv().map_err(RecvTimeoutError::from),
        };
        let mut next = match first {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Ok(Vec::new()),
        };
        if next.is_none() {
            typed = None;
        }
        let mut changed = false;
        // What has already arrived is taken first: what would be found before it is out of date.
        while let Some(event) = next {
            match event {
                Event::Stop => return Ok(Vec::new()),
                Event::Leave => {
                    let open = worker.workspace.leave(&mut worker.database);
                    drop(states);
                    // What it found is taken back before another project says what it finds.
                    let manifest = worker.workspace.manifest_faults(worker.client.encoding);
                    let manifest = manifest.filter(|_| !worker.faults.is_empty()).map(|(uri, _)| uri);
                    for uri in publishing.join().unwrap_or_default().into_iter().chain(manifest) {
                        let gone = Message::Diagnostics { uri, version: None, diagnostics: Vec::new() };
                        let _ = worker.messages.send(gone);
                    }
                    return Ok(open);
                }
                Event::Ask(ask) if ask.is_urgent() => waiting.push_front(ask),
                Event::Ask(ask) => waiting.push_back(ask),
                Event::Checked(number) => typed = typed.filter(|_| number != worker.number),
                Event::Answered(again) => {
                    busy = busy.saturating_sub(1);
                    if let Some(ask) = again {
                        waiting.push_front(ask);
                    }
                }
                event => {
                    let listed = matches!(event, Event::Start { .. } | Event::ChangedOnDisk { .. });
                    worker.take(event);
                    if listed {
                        worker.tell_of_manifest();
                    }
                    changed = true;
                }
            }
            next = events.try_recv().ok();
        }
        if changed {
            worker.number += 1;
            typed = Some(Instant::now() + PATIENCE);
            worker.board.set_newest(worker.number);
            let _ = states.send(worker.snapshot());
            if worker.workspace.view().samples.is_empty() {
                worker.board.clear();
            } else {
                let _ = counts.send(());
            }
        }
        while busy < THREADS
            && !(typed.is_some() && waiting.len() > CROWD)
            && let Some(ask) = waiting.pop_front()
        {
            busy += 1;
            pool.give(ask, worker.snapshot());
        }
    }
}

struct Worker {
    database: Database,
    workspace: Workspace,
    client: Arc<Client>,
    manual: Arc<Manual>,
    ships: Ships,
    messages: UnboundedSender<Message>,
    project: u32,
    /// What the client was last told of the manifest.
    faults: Vec<lsp::Diagnostic>,
    /// The number of the state: one more for each change.
    number: u64,
    board: Arc<Board>,
}

impl Worker {
    fn snapshot(&self) -> Snapshot {
        Snapshot::new(
            self.database.clone(),
            self.workspace.view().clone(),
            Arc::clone(&self.client),
            Arc::clone(&self.manual),
            (self.project, self.number),
            self.board.latest(),
        )
    }

    /// Tells the client what is wrong with the manifest, when that is news. No client asks for it.
    fn tell_of_manifest(&mut self) {
        let found = self.workspace.manifest_faults(self.client.encoding);
        let Some((uri, diagnostics)) = found.filter(|(_, found)| *found != self.faults) else { return };
        self.faults.clone_from(&diagnostics);
        let _ = self.messages.send(Message::Diagnostics { uri, version: None, diagnostics });
    }

    fn take(&mut self, event: Event) {
        let Self { database, workspace, client, .. } = self;
        match event {
            Event::Start { place, client } => {
                let _ = self.messages.send(Message::Reading(true));
                self.client = Arc::new(client);
                let ships = std::mem::take(&mut self.ships);
                *workspace = Workspace::new(place, ships, Arc::clone(&self.manual));
                workspace.load(database);
                let _ = self.messages.send(Message::Reading(false));
            }
            Event::Open(Opened { uri, version, document }) => {
                workspace.open(database, &uri, document, version);
            }
            Event::Change { uri, version, changes } => {
                let encoding = client.encoding;
                workspace.change(database, &uri, version, |document| {
                    for change in changes {
                        match change.range {
                            Some(range) => {
                                document.replace(
                                    position(range.start),
                                    position(range.end),
                                    &change.text,
                                    encoding,
                                );
                            }
                            None => *document = Document::new(change.text),
                        }
                    }
                });
            }
            Event::Save { uri } => workspace.saved(&uri),
            Event::Close { uri } => workspace.close(database, &uri),
            Event::ChangedOnDisk { uris } => {
                for uri in uris {
                    workspace.changed_on_disk(database, &uri);
                }
            }
            Event::Ask(_) | Event::Answered(_) | Event::Checked(_) | Event::Leave | Event::Stop => {}
        }
    }
}

const fn position(position: lsp::Position) -> Position {
    Position { line: position.line, column: position.character }
}
