//! What the server says unasked, in its order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tower_lsp::Client as Peer;
use tower_lsp::ls_types as lsp;

use crate::client::Client;
use crate::publish::Message;

/// Sends until the channel closes.
pub(crate) async fn send(peer: Peer, mut messages: UnboundedReceiver<Message>, can: Arc<Mutex<Client>>) {
    let due = Arc::new(AtomicBool::new(false));
    let client = || can.lock().unwrap_or_else(PoisonError::into_inner).clone();
    // How many projects are being read, and whom to tell when they have been.
    let mut reading: (usize, Option<oneshot::Sender<()>>) = (0, None);
    while let Some(message) = messages.recv().await {
        match message {
            Message::Diagnostics { uri, version, diagnostics } => {
                peer.publish_diagnostics(uri, diagnostics, version).await;
            }
            Message::Refresh => {
                // Each waits for an answer of the client, which must not hold back diagnostics; and one is enough for
                // all changes of a moment.
                if !due.swap(true, Ordering::Relaxed) {
                    tokio::spawn(refresh(peer.clone(), client(), Arc::clone(&due)));
                }
            }
            Message::Reading(true) => {
                reading.0 += 1;
                if reading.1.is_none() && client().progress {
                    let (reads, end) = oneshot::channel();
                    reading.1 = Some(reads);
                    tokio::spawn(tell_of_reading(peer.clone(), end));
                }
            }
            Message::Reading(false) => {
                reading.0 = reading.0.saturating_sub(1);
                if reading.0 == 0 {
                    // Whoever tells of it hears that the other end is gone.
                    drop(reading.1.take());
                }
            }
        }
    }
}

/// How long changes are gathered before the client is told to ask again.
const MOMENT: Duration = Duration::from_millis(250);

async fn refresh(peer: Peer, client: Client, due: Arc<AtomicBool>) {
    tokio::time::sleep(MOMENT).await;
    due.store(false, Ordering::Relaxed);
    if client.pulls && client.refreshes_diagnostics {
        let _ = peer.workspace_diagnostic_refresh().await;
    }
    if client.refreshes_lenses {
        let _ = peer.code_lens_refresh().await;
    }
    if client.refreshes_hints {
        let _ = peer.inlay_hint_refresh().await;
    }
}

/// Shows that policies are read, until `end`. It waits for an answer of the client, which must not hold back diagnostics.
async fn tell_of_reading(peer: Peer, end: oneshot::Receiver<()>) {
    let token = lsp::ProgressToken::String("rubric-reading".to_owned());
    if peer.create_work_done_progress(token.clone()).await.is_ok() {
        let progress = peer.progress(token, "reading policies").begin().await;
        let _ = end.await;
        progress.finish().await;
    }
}
