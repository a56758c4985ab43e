//! The threads that answer requests from snapshots.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rubric_engine::db::Cancelled;
use tokio::sync::oneshot;
use tower_lsp::jsonrpc::{Error, Result};

use crate::snapshot::Snapshot;
use crate::worker::Event;

/// How many requests are answered at once. A snapshot is only made for these, so that a change never waits for more.
pub(crate) const THREADS: usize = 2;

/// The stack of a thread: policies nest deeply while they are being typed.
pub(crate) const STACK: usize = 64 << 20;

/// A change cancels the answers under way; each is tried again so many times.
const TRIES: u8 = 4;

/// One attempt at an answer; without a snapshot it gives up.
type Attempt = dyn FnMut(Option<&Snapshot>) -> Step + Send;

/// A request that waits for its answer.
pub(crate) struct Ask {
    run: Box<Attempt>,
    what: &'static str,
    tries: u8,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Done,
    /// A change came in between.
    Again,
}

impl std::fmt::Debug for Ask {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Ask")
            .field("what", &self.what)
            .field("tries", &self.tries)
            .finish_non_exhaustive()
    }
}

impl Ask {
    /// A request, and where its answer will be. A client that cancels drops the receiver, and nothing is computed for it.
    pub(crate) fn new<T: Send + 'static>(
        what: &'static str,
        answer: impl Fn(&Snapshot) -> Result<T> + Send + 'static,
    ) -> (Self, oneshot::Receiver<Result<T>>) {
        let (sender, receiver) = oneshot::channel();
        let mut sender = Some(sender);
        let run = move |snapshot: Option<&Snapshot>| {
            let Some(waiting) = sender.take().filter(|sender| !sender.is_closed()) else {
                return Step::Done;
            };
            let Some(snapshot) = snapshot else {
                let _ = waiting.send(Err(Error::content_modified()));
                return Step::Done;
            };
            let attempt =
                catch_unwind(AssertUnwindSafe(|| Cancelled::catch(AssertUnwindSafe(|| answer(snapshot)))));
            match attempt {
                Ok(Ok(result)) => drop(waiting.send(result)),
                Ok(Err(_)) => {
                    sender = Some(waiting);
                    return Step::Again;
                }
                Err(_) => {
                    // What was being looked at may be private; which request it was is not.
                    eprintln!("rubric lsp: answering {what} failed");
                    let _ = waiting.send(Err(Error::internal_error()));
                }
            }
            Step::Done
        };
        (Self { run: Box::new(run), what, tries: 0 }, receiver)
    }
}

impl Ask {
    /// Whether it asks for what is wrong with what was typed: that is answered first.
    pub(crate) fn is_urgent(&self) -> bool {
        self.what == "diagnostic"
    }
}

/// The threads; they end when this is dropped.
pub(crate) struct Pool {
    jobs: Sender<(Ask, Snapshot)>,
}

impl Pool {
    /// Starts the threads. Each says [`Event::Answered`] when it is free again.
    pub(crate) fn new(events: &Sender<Event>) -> io::Result<Self> {
        let (jobs, incoming) = channel();
        let incoming = Arc::new(Mutex::new(incoming));
        for _ in 0..THREADS {
            let (incoming, events) = (Arc::clone(&incoming), events.clone());
            thread::Builder::new()
                .name("rubric-answer".to_owned())
                .stack_size(STACK)
                .spawn(move || answer(&incoming, &events))?;
        }
        Ok(Self { jobs })
    }

    pub(crate) fn give(&self, ask: Ask, snapshot: Snapshot) {
        // Only when every thread is gone does nobody listen, and then the server is ending.
        let _ = self.jobs.send((ask, snapshot));
    }
}

fn answer(incoming: &Mutex<Receiver<(Ask, Snapshot)>>, events: &Sender<Event>) {
    loop {
        let job = incoming.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((mut ask, snapshot)) = job else { return };
        let step = (ask.run)(Some(&snapshot));
        drop(snapshot);
        ask.tries += 1;
        let again = match step {
            Step::Done => None,
            Step::Again if ask.tries < TRIES => Some(ask),
            Step::Again => {
                (ask.run)(None);
                None
            }
        };
        if events.send(Event::Answered(again)).is_err() {
            return;
        }
    }
}
