//! The handlers, and how the server is started.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rubric_engine::project::Shipped;
use rubric_grammar::Encoding;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::unbounded_channel;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types as lsp;
use tower_lsp::{Client, LanguageServer, LspService, Server};

use crate::worker::{Event, work};

/// The stack of the thread that checks: policies nest deeply while they are being typed.
const STACK: usize = 64 << 20;

/// How many requests may be under way; with few, slow ones would hold back what the client types.
const CONCURRENCY: usize = 64;

/// Serves on standard input and output until the client says `exit`, and gives the exit status the protocol asks for:
/// 0 after `shutdown`, else 1. The thread that reads standard input may still be running: end the process.
///
/// # Errors
/// The runtime cannot be started.
pub fn serve_stdio(shipped: Vec<Shipped>) -> io::Result<i32> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let code = runtime.block_on(serve(tokio::io::stdin(), tokio::io::stdout(), shipped));
    runtime.shutdown_background();
    Ok(code)
}

/// Serves one client until it says `exit` or goes away, and gives the exit status the protocol asks for.
pub async fn serve(input: impl AsyncRead + Unpin, output: impl AsyncWrite, shipped: Vec<Shipped>) -> i32 {
    let (events, incoming) = mpsc::channel();
    let (outgoing, mut publications) = unbounded_channel();
    let worker = thread::Builder::new()
        .name("rubric-check".to_owned())
        .stack_size(STACK)
        .spawn(move || work(&incoming, &outgoing, shipped));
    if let Err(error) = worker {
        eprintln!("rubric lsp: {error}");
        return 1;
    }
    let shut_down = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&shut_down);
    let (service, socket) = LspService::new(move |client| {
        let publisher = client.clone();
        tokio::spawn(async move {
            while let Some(found) = publications.recv().await {
                publisher.publish_diagnostics(found.uri, found.diagnostics, found.version).await;
            }
        });
        Backend { events, client, start: Mutex::default(), watches: AtomicBool::new(false), shut_down: told }
    });
    Server::new(input, output, socket).concurrency_level(CONCURRENCY).serve(service).await;
    i32::from(!shut_down.load(Ordering::Relaxed))
}

struct Backend {
    events: Sender<Event>,
    client: Client,
    /// What `initialize` said, until the client may be answered: what is published before the answer to `initialize` is
    /// lost.
    start: Mutex<Option<Event>>,
    /// Whether the client can be asked to tell of files that change on disk.
    watches: AtomicBool,
    shut_down: Arc<AtomicBool>,
}

impl Backend {
    /// Hands on what the client said. Called before any `await`, so that the order is the client's.
    fn tell(&self, event: Event) {
        self.begin();
        // Only when the worker is gone does nobody listen, and then the server is ending.
        let _ = self.events.send(event);
    }
}

impl Backend {
    /// Hands on what `initialize` said, once.
    fn begin(&self) {
        let start = self.start.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(start) = start {
            let _ = self.events.send(start);
        }
    }
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: lsp::InitializeParams) -> Result<lsp::InitializeResult> {
        let encoding = encoding(&params);
        self.watches.store(can_watch(&params), Ordering::Relaxed);
        let start = Event::Start { folders: folders(&params), encoding };
        *self.start.lock().unwrap_or_else(PoisonError::into_inner) = Some(start);
        Ok(lsp::InitializeResult {
            capabilities: capabilities(encoding),
            server_info: Some(lsp::ServerInfo {
                name: "rubric".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
            ..lsp::InitializeResult::default()
        })
    }

    async fn initialized(&self, _: lsp::InitializedParams) {
        self.begin();
        if self.watches.load(Ordering::Relaxed) {
            // Not awaited here: a client that never answers would keep the server from ending at `exit`. One that refuses
            // just does not tell; what it has open is known anyway.
            let client = self.client.clone();
            tokio::spawn(async move {
                let _ = client.register_capability(vec![watcher()]).await;
            });
        }
    }

    async fn did_open(&self, params: lsp::DidOpenTextDocumentParams) {
        let lsp::TextDocumentItem { uri, version, text, .. } = params.text_document;
        self.tell(Event::Open { uri, version, text });
    }

    async fn did_change(&self, params: lsp::DidChangeTextDocumentParams) {
        let lsp::VersionedTextDocumentIdentifier { uri, version } = params.text_document;
        self.tell(Event::Change { uri, version, changes: params.content_changes });
    }

    async fn did_close(&self, params: lsp::DidCloseTextDocumentParams) {
        self.tell(Event::Close { uri: params.text_document.uri });
    }

    async fn did_change_watched_files(&self, params: lsp::DidChangeWatchedFilesParams) {
        self.tell(Event::ChangedOnDisk {
            uris: params.changes.into_iter().map(|change| change.uri).collect(),
        });
    }

    async fn shutdown(&self) -> Result<()> {
        self.shut_down.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// UTF-8 where the client can, since that is how texts are held; else UTF-16.
fn encoding(params: &lsp::InitializeParams) -> Encoding {
    let offered =
        params.capabilities.general.as_ref().and_then(|general| general.position_encodings.as_ref());
    match offered {
        Some(offered) if offered.contains(&lsp::PositionEncodingKind::UTF8) => Encoding::Utf8,
        _ => Encoding::Utf16,
    }
}

fn capabilities(encoding: Encoding) -> lsp::ServerCapabilities {
    lsp::ServerCapabilities {
        position_encoding: Some(match encoding {
            Encoding::Utf8 => lsp::PositionEncodingKind::UTF8,
            Encoding::Utf16 => lsp::PositionEncodingKind::UTF16,
        }),
        text_document_sync: Some(lsp::TextDocumentSyncCapability::Options(lsp::TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(lsp::TextDocumentSyncKind::INCREMENTAL),
            ..lsp::TextDocumentSyncOptions::default()
        })),
        ..lsp::ServerCapabilities::default()
    }
}

fn can_watch(params: &lsp::InitializeParams) -> bool {
    let workspace = params.capabilities.workspace.as_ref();
    let watched = workspace.and_then(|workspace| workspace.did_change_watched_files.as_ref());
    watched.and_then(|watched| watched.dynamic_registration).unwrap_or(false)
}

/// Asks to be told of policy files that come, change and go.
fn watcher() -> lsp::Registration {
    lsp::Registration {
        id: "rubric-files".to_owned(),
        method: "workspace/didChangeWatchedFiles".to_owned(),
        register_options: Some(serde_json::json!({ "watchers": [{ "globPattern": "**/*.rubric" }] })),
    }
}

/// The folders that the client has open.
fn folders(params: &lsp::InitializeParams) -> Vec<PathBuf> {
    let path = |uri: &lsp::Uri| uri.to_file_path().map(Cow::into_owned);
    match &params.workspace_folders {
        Some(folders) if !folders.is_empty() => {
            folders.iter().filter_map(|folder| path(&folder.uri)).collect()
        }
        _ => root_uri(params).as_ref().and_then(path).into_iter().collect(),
    }
}

#[allow(deprecated, reason = "clients without workspace folders still send it")]
fn root_uri(params: &lsp::InitializeParams) -> Option<lsp::Uri> {
    params.root_uri.clone()
}
