//! What the client can do, as `initialize` says it.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use rubric_grammar::Encoding;
use tower_lsp::ls_types as lsp;

/// What the client can do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "the protocol has these switches")]
pub(crate) struct Client {
    pub(crate) encoding: Encoding,
    /// Shows Markdown.
    pub(crate) markdown: bool,
    /// Fills in snippets.
    pub(crate) snippets: bool,
    /// Asks for diagnostics, so that none are sent unasked.
    pub(crate) pulls: bool,
    /// Can be told to ask for diagnostics again.
    pub(crate) refreshes_diagnostics: bool,
    pub(crate) refreshes_lenses: bool,
    pub(crate) refreshes_hints: bool,
    /// Understands `documentChanges`.
    pub(crate) document_changes: bool,
    /// Shows an outline as a tree.
    pub(crate) nested_symbols: bool,
    /// Can be told of work under way.
    pub(crate) progress: bool,
    /// Can be asked to tell of files that change on disk.
    pub(crate) watches: bool,
    /// Understands code actions that are not commands.
    pub(crate) literal_actions: bool,
}

impl Default for Client {
    fn default() -> Self {
        Self::of(&lsp::InitializeParams::default())
    }
}

impl Client {
    pub(crate) fn of(params: &lsp::InitializeParams) -> Self {
        let capabilities = &params.capabilities;
        let text = capabilities.text_document.as_ref();
        let workspace = capabilities.workspace.as_ref();
        let hover = text.and_then(|it| it.hover.as_ref()).and_then(|it| it.content_format.as_ref());
        let item = text.and_then(|it| it.completion.as_ref()).and_then(|it| it.completion_item.as_ref());
        let yes = |flag: Option<bool>| flag.unwrap_or(false);
        let refreshes_diagnostics =
            yes(workspace.and_then(|it| it.diagnostics.as_ref()).and_then(|it| it.refresh_support));
        Self {
            encoding: encoding(capabilities),
            markdown: hover.is_none_or(|formats| formats.contains(&lsp::MarkupKind::Markdown)),
            snippets: yes(item.and_then(|it| it.snippet_support)),
            // A client that cannot be told to ask again would go on showing what another file has mended, and some say
            // that they can ask and never do.
            pulls: text.is_some_and(|it| it.diagnostic.is_some()) && refreshes_diagnostics,
            refreshes_diagnostics,
            refreshes_lenses: yes(workspace
                .and_then(|it| it.code_lens.as_ref())
                .and_then(|it| it.refresh_support)),
            refreshes_hints: yes(workspace
                .and_then(|it| it.inlay_hint.as_ref())
                .and_then(|it| it.refresh_support)),
            document_changes: yes(workspace
                .and_then(|it| it.workspace_edit.as_ref())
                .and_then(|it| it.document_changes)),
            nested_symbols: yes(text
                .and_then(|it| it.document_symbol.as_ref())
                .and_then(|it| it.hierarchical_document_symbol_support)),
            progress: yes(capabilities.window.as_ref().and_then(|it| it.work_done_progress)),
            watches: yes(workspace
                .and_then(|it| it.did_change_watched_files.as_ref())
                .and_then(|it| it.dynamic_registration)),
            literal_actions: text
                .and_then(|it| it.code_action.as_ref())
                .is_some_and(|it| it.code_action_literal_support.is_some()),
        }
    }
}

/// UTF-8 where the client can, since that is how texts are held; else UTF-16.
fn encoding(capabilities: &lsp::ClientCapabilities) -> Encoding {
    let offered = capabilities.general.as_ref().and_then(|general| general.position_encodings.as_ref());
    match offered {
        Some(offered) if offered.contains(&lsp::PositionEncodingKind::UTF8) => Encoding::Utf8,
        _ => Encoding::Utf16,
    }
}

/// The folders that the client has open.
pub(crate) fn folders(params: &lsp::InitializeParams) -> Vec<PathBuf> {
    match &params.workspace_folders {
        Some(folders) if !folders.is_empty() => {
            folders.iter().filter_map(|folder| path(&folder.uri)).collect()
        }
        _ => root(params),
    }
}

/// The path of a file. What an editor shows of a history has the path of a file too, and is none.
pub(crate) fn file_path(uri: &lsp::Uri) -> Option<Cow<'_, Path>> {
    uri.to_file_path().filter(|_| uri.scheme().as_str().eq_ignore_ascii_case("file"))
}

/// Whether it is of a document that was never saved.
pub(crate) fn is_untitled(uri: &lsp::Uri) -> bool {
    uri.scheme().as_str() == "untitled"
}

pub(crate) fn path(uri: &lsp::Uri) -> Option<PathBuf> {
    file_path(uri).map(Cow::into_owned)
}

#[allow(deprecated, reason = "clients without workspace folders still send them")]
fn root(params: &lsp::InitializeParams) -> Vec<PathBuf> {
    let by_uri = params.root_uri.as_ref().and_then(path);
    by_uri.or_else(|| params.root_path.as_ref().map(PathBuf::from)).into_iter().collect()
}
