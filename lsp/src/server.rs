//! The handlers, and how the server is started.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::panic;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rubric_engine::data::PresetText;
use rubric_engine::project::Shipped;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::unbounded_channel;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types as lsp;
use tower_lsp::{Client as Peer, LanguageServer, LspService, Server};

use crate::aim::About;
use crate::capabilities::capabilities;
use crate::client::{self, Client};
use crate::document::Document;
use crate::features::{
    actions, calls, completion, diagnostics, execute, files, format, hints, hover, lenses, links, navigation,
    rename, structure, symbols, tokens,
};
use crate::frames;
use crate::outbox;
use crate::pool::Ask;
use crate::router::{Router, Said};
use crate::snapshot::Snapshot;
use crate::worker::Event;
use crate::workspace::Opened;

/// How many requests may be under way; with few, slow ones would hold back what the client types.
const CONCURRENCY: usize = 512;

/// How much of what the client says is read ahead.
const PIPE: usize = 1 << 16;

/// What ships with the program.
#[derive(Clone, Debug, Default)]
pub struct Ships {
    /// Policies that can be used without being in a project.
    pub policies: Vec<Shipped>,
    /// How formats are read, by the name of the format.
    pub presets: BTreeMap<String, PresetText>,
}

/// Serves on standard input and output until the client says `exit`, and gives the exit status the protocol asks for:
/// 0 after `shutdown`, else 1. The thread that reads standard input may still be running: end the process.
///
/// # Errors
/// The runtime cannot be started.
pub fn serve_stdio(ships: Ships) -> io::Result<i32> {
    // The message of a panic may hold text of a policy or of data; where it was raised does not.
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        eprintln!("rubric lsp: a defect at {place}");
    }));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let code = runtime.block_on(serve(tokio::io::stdin(), tokio::io::stdout(), ships));
    runtime.shutdown_background();
    Ok(code)
}

/// Serves one client until it says `exit` or goes away, and gives the exit status the protocol asks for.
pub async fn serve(
    input: impl AsyncRead + Send + Unpin + 'static,
    output: impl AsyncWrite,
    ships: Ships,
) -> i32 {
    let (outgoing, messages) = unbounded_channel();
    let router = Arc::new(Mutex::new(Router::new(outgoing, ships)));
    let shut_down = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&shut_down);
    let routes = Arc::clone(&router);
    let can = Arc::new(Mutex::new(Client::default()));
    let (service, socket) = LspService::new(move |peer| {
        tokio::spawn(outbox::send(peer.clone(), messages, Arc::clone(&can)));
        Backend {
            router: routes,
            peer,
            can,
            start: Mutex::default(),
            shut_down: told,
            coloured: Mutex::default(),
            number: AtomicU64::new(0),
        }
    });
    let (mended, reads) = tokio::io::duplex(PIPE);
    let serving = Server::new(mended, output, socket).concurrency_level(CONCURRENCY).serve(service);
    // A task of its own, so that what is said is read while what was said before is answered. Whether the client went away or
    // its pipe broke, there is nothing more to be read; the server sees that itself.
    let handing_on = tokio::spawn(frames::hand_on(input, reads));
    serving.await;
    handing_on.abort();
    // The folder of the server's own is removed by a worker; an answer under way is not waited for longer than it takes.
    let end = move || router.lock().unwrap_or_else(PoisonError::into_inner).end();
    let _ = tokio::task::spawn_blocking(end).await;
    i32::from(!shut_down.load(Ordering::Relaxed))
}

struct Backend {
    router: Arc<Mutex<Router>>,
    peer: Peer,
    can: Arc<Mutex<Client>>,
    /// What `initialize` said, until the client may be answered: what is published before the answer to `initialize` is
    /// lost.
    start: Mutex<Option<Said>>,
    shut_down: Arc<AtomicBool>,
    /// The tokens that the client has, by document, with the name it knows them by.
    coloured: Mutex<BTreeMap<String, (String, Vec<lsp::SemanticToken>)>>,
    number: AtomicU64,
}

impl Backend {
    /// Hands on what the client said. Called before any `await`, so that the order is the client's.
    fn tell(&self, said: Said) {
        self.begin();
        self.router.lock().unwrap_or_else(PoisonError::into_inner).take(said);
    }

    /// Hands on what `initialize` said, once.
    fn begin(&self) {
        let start = self.start.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(start) = start {
            self.router.lock().unwrap_or_else(PoisonError::into_inner).take(start);
        }
    }

    fn can(&self) -> Client {
        self.can.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks the project that the question is about for an answer from a snapshot. The question is put in its place among
    /// what the client said at once, before anything is awaited.
    fn ask<P: About + Send + 'static, T: Send + 'static>(
        &self,
        what: &'static str,
        params: P,
        answer: impl Fn(&Snapshot, &P) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> {
        let aim = params.aim();
        let (ask, receiver) = Ask::new(what, move |snapshot| answer(snapshot, &params));
        self.tell(Said::Ask(aim, ask));
        async move { receiver.await.unwrap_or_else(|_| Err(Error::request_cancelled())) }
    }

    /// Asks every project.
    fn ask_all<P: Send + Sync + 'static, T: Send + 'static>(
        &self,
        what: &'static str,
        params: &Arc<P>,
        answer: impl Fn(&Snapshot, &P) -> Result<T> + Copy + Send + 'static,
    ) -> impl Future<Output = Result<Vec<T>>> {
        let params = Arc::clone(params);
        let (sender, mut receivers) = unbounded_channel();
        self.tell(Said::AskAll(Box::new(move || {
            let params = Arc::clone(&params);
            let (ask, receiver) = Ask::new(what, move |snapshot| answer(snapshot, &params));
            let _ = sender.send(receiver);
            ask
        })));
        async move {
            let mut all = Vec::new();
            while let Some(receiver) = receivers.recv().await {
                all.push(receiver.await.unwrap_or_else(|_| Err(Error::request_cancelled()))?);
            }
            Ok(all)
        }
    }

    /// Keeps the tokens that the client gets, and gives them a name.
    fn keep(&self, uri: &lsp::Uri, data: &[lsp::SemanticToken]) -> String {
        let name = self.number.fetch_add(1, Ordering::Relaxed).to_string();
        let mut coloured = self.coloured.lock().unwrap_or_else(PoisonError::into_inner);
        coloured.insert(uri.as_str().to_owned(), (name.clone(), data.to_vec()));
        name
    }
}

fn all_tokens(snapshot: &Snapshot, uri: &lsp::Uri) -> Result<Vec<lsp::SemanticToken>> {
    Ok(snapshot.file(uri).map(|file| tokens::tokens(snapshot, file, None)).unwrap_or_default())
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: lsp::InitializeParams) -> Result<lsp::InitializeResult> {
        let client = Client::of(&params);
        let capabilities = capabilities(&client);
        *self.can.lock().unwrap_or_else(PoisonError::into_inner) = client.clone();
        let start = Said::Start { folders: client::folders(&params), client };
        *self.start.lock().unwrap_or_else(PoisonError::into_inner) = Some(start);
        Ok(lsp::InitializeResult {
            capabilities,
            server_info: Some(lsp::ServerInfo {
                name: "rubric".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
            ..lsp::InitializeResult::default()
        })
    }

    async fn initialized(&self, _: lsp::InitializedParams) {
        self.begin();
        if self.can().watches {
            // Not awaited here: a client that never answers would keep the server from ending at `exit`. One that refuses
            // just does not tell; what it has open is known anyway.
            let peer = self.peer.clone();
            tokio::spawn(async move {
                let _ = peer.register_capability(vec![watcher()]).await;
            });
        }
    }

    async fn shutdown(&self) -> Result<()> {
        self.shut_down.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn did_open(&self, params: lsp::DidOpenTextDocumentParams) {
        let lsp::TextDocumentItem { uri, version, text, .. } = params.text_document;
        let opened = Opened { uri: uri.clone(), version, document: Document::new(text) };
        self.tell(Said::Of(uri, Event::Open(opened)));
    }

    async fn did_change(&self, params: lsp::DidChangeTextDocumentParams) {
        let lsp::VersionedTextDocumentIdentifier { uri, version } = params.text_document;
        let change = Event::Change { uri: uri.clone(), version, changes: params.content_changes };
        self.tell(Said::Of(uri, change));
    }

    async fn did_close(&self, params: lsp::DidCloseTextDocumentParams) {
        let uri = params.text_document.uri;
        self.coloured.lock().unwrap_or_else(PoisonError::into_inner).remove(uri.as_str());
        self.tell(Said::Of(uri.clone(), Event::Close { uri }));
    }

    async fn did_change_watched_files(&self, params: lsp::DidChangeWatchedFilesParams) {
        self.tell(Said::Disk(params.changes.into_iter().map(|change| change.uri).collect()));
    }

    async fn did_change_workspace_folders(&self, params: lsp::DidChangeWorkspaceFoldersParams) {
        let paths = |folders: &[lsp::WorkspaceFolder]| -> Vec<PathBuf> {
            folders.iter().filter_map(|folder| client::path(&folder.uri)).collect()
        };
        let (added, removed) = (paths(&params.event.added), paths(&params.event.removed));
        self.tell(Said::Folders { added, removed });
    }

    async fn did_save(&self, params: lsp::DidSaveTextDocumentParams) {
        let uri = params.text_document.uri;
        self.tell(Said::Of(uri.clone(), Event::Save { uri }));
    }

    async fn did_change_configuration(&self, _: lsp::DidChangeConfigurationParams) {}

    async fn hover(&self, params: lsp::HoverParams) -> Result<Option<lsp::Hover>> {
        self.ask("hover", params, hover::hover).await
    }

    async fn signature_help(&self, params: lsp::SignatureHelpParams) -> Result<Option<lsp::SignatureHelp>> {
        self.ask("signatureHelp", params, hover::signature).await
    }

    async fn completion(&self, params: lsp::CompletionParams) -> Result<Option<lsp::CompletionResponse>> {
        self.ask("completion", params, completion::complete).await
    }

    async fn completion_resolve(&self, params: lsp::CompletionItem) -> Result<lsp::CompletionItem> {
        self.ask("completionItem/resolve", params, |snapshot, item| {
            completion::resolve(snapshot, item.clone())
        })
        .await
    }

    async fn goto_definition(
        &self,
        params: lsp::GotoDefinitionParams,
    ) -> Result<Option<lsp::GotoDefinitionResponse>> {
        self.ask("definition", params.text_document_position_params, navigation::definition).await
    }

    async fn goto_type_definition(
        &self,
        params: lsp::request::GotoTypeDefinitionParams,
    ) -> Result<Option<lsp::request::GotoTypeDefinitionResponse>> {
        self.ask("typeDefinition", params.text_document_position_params, navigation::type_definition).await
    }

    async fn goto_implementation(
        &self,
        params: lsp::request::GotoImplementationParams,
    ) -> Result<Option<lsp::request::GotoImplementationResponse>> {
        self.ask("implementation", params.text_document_position_params, navigation::implementation).await
    }

    async fn references(&self, params: lsp::ReferenceParams) -> Result<Option<Vec<lsp::Location>>> {
        self.ask("references", params, navigation::references).await
    }

    async fn document_highlight(
        &self,
        params: lsp::DocumentHighlightParams,
    ) -> Result<Option<Vec<lsp::DocumentHighlight>>> {
        self.ask("documentHighlight", params, navigation::highlights).await
    }

    async fn document_symbol(
        &self,
        params: lsp::DocumentSymbolParams,
    ) -> Result<Option<lsp::DocumentSymbolResponse>> {
        self.ask("documentSymbol", params, symbols::document).await
    }

    async fn symbol(
        &self,
        params: lsp::WorkspaceSymbolParams,
    ) -> Result<Option<lsp::WorkspaceSymbolResponse>> {
        let found = self.ask_all("symbol", &Arc::new(params), symbols::workspace).await?;
        Ok(Some(symbols::joined(found)))
    }

    async fn prepare_call_hierarchy(
        &self,
        params: lsp::CallHierarchyPrepareParams,
    ) -> Result<Option<Vec<lsp::CallHierarchyItem>>> {
        self.ask("prepareCallHierarchy", params, calls::prepare).await
    }

    async fn incoming_calls(
        &self,
        params: lsp::CallHierarchyIncomingCallsParams,
    ) -> Result<Option<Vec<lsp::CallHierarchyIncomingCall>>> {
        self.ask("incomingCalls", params, calls::incoming).await
    }

    async fn outgoing_calls(
        &self,
        params: lsp::CallHierarchyOutgoingCallsParams,
    ) -> Result<Option<Vec<lsp::CallHierarchyOutgoingCall>>> {
        self.ask("outgoingCalls", params, calls::outgoing).await
    }

    async fn code_action(&self, params: lsp::CodeActionParams) -> Result<Option<lsp::CodeActionResponse>> {
        self.ask("codeAction", params, actions::actions).await
    }

    async fn code_lens(&self, params: lsp::CodeLensParams) -> Result<Option<Vec<lsp::CodeLens>>> {
        self.ask("codeLens", params, lenses::lenses).await
    }

    async fn formatting(&self, params: lsp::DocumentFormattingParams) -> Result<Option<Vec<lsp::TextEdit>>> {
        self.ask("formatting", params, |snapshot, params| {
            format::document(snapshot, &params.text_document.uri, None)
        })
        .await
    }

    async fn range_formatting(
        &self,
        params: lsp::DocumentRangeFormattingParams,
    ) -> Result<Option<Vec<lsp::TextEdit>>> {
        self.ask("rangeFormatting", params, |snapshot, params| {
            format::document(snapshot, &params.text_document.uri, Some(params.range))
        })
        .await
    }

    async fn prepare_rename(
        &self,
        params: lsp::TextDocumentPositionParams,
    ) -> Result<Option<lsp::PrepareRenameResponse>> {
        self.ask("prepareRename", params, rename::prepare).await
    }

    async fn rename(&self, params: lsp::RenameParams) -> Result<Option<lsp::WorkspaceEdit>> {
        self.ask("rename", params, rename::rename).await
    }

    async fn will_rename_files(&self, params: lsp::RenameFilesParams) -> Result<Option<lsp::WorkspaceEdit>> {
        let found = self.ask_all("willRenameFiles", &Arc::new(params), files::will_rename).await?;
        Ok(files::joined(found))
    }

    async fn document_link(&self, params: lsp::DocumentLinkParams) -> Result<Option<Vec<lsp::DocumentLink>>> {
        self.ask("documentLink", params, links::links).await
    }

    async fn folding_range(&self, params: lsp::FoldingRangeParams) -> Result<Option<Vec<lsp::FoldingRange>>> {
        self.ask("foldingRange", params, structure::folds).await
    }

    async fn selection_range(
        &self,
        params: lsp::SelectionRangeParams,
    ) -> Result<Option<Vec<lsp::SelectionRange>>> {
        self.ask("selectionRange", params, structure::selections).await
    }

    async fn inlay_hint(&self, params: lsp::InlayHintParams) -> Result<Option<Vec<lsp::InlayHint>>> {
        self.ask("inlayHint", params, hints::hints).await
    }

    async fn semantic_tokens_full(
        &self,
        params: lsp::SemanticTokensParams,
    ) -> Result<Option<lsp::SemanticTokensResult>> {
        let uri = params.text_document.uri;
        let data = self.ask("semanticTokens/full", uri.clone(), all_tokens).await?;
        let result_id = Some(self.keep(&uri, &data));
        Ok(Some(lsp::SemanticTokensResult::Tokens(lsp::SemanticTokens { result_id, data })))
    }

    async fn semantic_tokens_full_delta(
        &self,
        params: lsp::SemanticTokensDeltaParams,
    ) -> Result<Option<lsp::SemanticTokensFullDeltaResult>> {
        let uri = params.text_document.uri;
        let data = self.ask("semanticTokens/full/delta", uri.clone(), all_tokens).await?;
        let before = {
            let coloured = self.coloured.lock().unwrap_or_else(PoisonError::into_inner);
            coloured.get(uri.as_str()).filter(|(name, _)| *name == params.previous_result_id).cloned()
        };
        let result_id = Some(self.keep(&uri, &data));
        Ok(Some(match before {
            Some((_, old)) => lsp::SemanticTokensFullDeltaResult::TokensDelta(lsp::SemanticTokensDelta {
                result_id,
                edits: tokens::difference(&old, &data),
            }),
            None => lsp::SemanticTokensFullDeltaResult::Tokens(lsp::SemanticTokens { result_id, data }),
        }))
    }

    async fn semantic_tokens_range(
        &self,
        params: lsp::SemanticTokensRangeParams,
    ) -> Result<Option<lsp::SemanticTokensRangeResult>> {
        let data = self
            .ask("semanticTokens/range", params, |snapshot, params| {
                let Some(file) = snapshot.file(&params.text_document.uri) else { return Ok(Vec::new()) };
                Ok(tokens::tokens(snapshot, file, Some(snapshot.span(file, params.range))))
            })
            .await?;
        Ok(Some(lsp::SemanticTokensRangeResult::Tokens(lsp::SemanticTokens { result_id: None, data })))
    }

    async fn diagnostic(
        &self,
        params: lsp::DocumentDiagnosticParams,
    ) -> Result<lsp::DocumentDiagnosticReportResult> {
        self.ask("diagnostic", params, diagnostics::document).await
    }

    async fn workspace_diagnostic(
        &self,
        params: lsp::WorkspaceDiagnosticParams,
    ) -> Result<lsp::WorkspaceDiagnosticReportResult> {
        let params = Arc::new(params);
        let found = self.ask_all("workspace/diagnostic", &params, diagnostics::workspace).await?;
        Ok(lsp::WorkspaceDiagnosticReportResult::Report(diagnostics::joined(&params, found)))
    }

    async fn execute_command(&self, params: lsp::ExecuteCommandParams) -> Result<Option<lsp::LSPAny>> {
        let done = if execute::is_of_all(&params) {
            execute::joined(self.ask_all("executeCommand", &Arc::new(params), execute::execute).await?)
        } else {
            self.ask("executeCommand", params, execute::execute).await?
        };
        if let Some((kind, message)) = done.message {
            self.peer.show_message(kind, message).await;
        }
        Ok(Some(done.value))
    }
}

/// Asks to be told of policy files and manifests that come, change and go.
fn watcher() -> lsp::Registration {
    lsp::Registration {
        id: "rubric-files".to_owned(),
        method: "workspace/didChangeWatchedFiles".to_owned(),
        register_options: Some(serde_json::json!({
            "watchers": [{ "globPattern": "**/*.rubric" }, { "globPattern": "**/rubric.toml" }]
        })),
    }
}
