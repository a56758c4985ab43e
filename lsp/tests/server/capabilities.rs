//! What is advertised, what is handled and what is tested are one list.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::requests::open;

/// What is advertised, by its path; the function that handles it; what a client sends for it.
const PROMISES: [(&str, &str, &str); 46] = [
    ("textDocumentSync.openClose", "did_open", "textDocument/didOpen"),
    ("textDocumentSync.openClose", "did_close", "textDocument/didClose"),
    ("textDocumentSync.change", "did_change", "textDocument/didChange"),
    ("textDocumentSync.save", "did_save", "textDocument/didSave"),
    ("hoverProvider", "hover", "textDocument/hover"),
    ("completionProvider.triggerCharacters", "completion", "textDocument/completion"),
    ("completionProvider.resolveProvider", "completion_resolve", "completionItem/resolve"),
    ("signatureHelpProvider.triggerCharacters", "signature_help", "textDocument/signatureHelp"),
    ("definitionProvider", "goto_definition", "textDocument/definition"),
    ("typeDefinitionProvider", "goto_type_definition", "textDocument/typeDefinition"),
    ("implementationProvider", "goto_implementation", "textDocument/implementation"),
    ("referencesProvider", "references", "textDocument/references"),
    ("documentHighlightProvider", "document_highlight", "textDocument/documentHighlight"),
    ("documentSymbolProvider", "document_symbol", "textDocument/documentSymbol"),
    ("workspaceSymbolProvider", "symbol", "workspace/symbol"),
    ("callHierarchyProvider", "prepare_call_hierarchy", "textDocument/prepareCallHierarchy"),
    ("callHierarchyProvider", "incoming_calls", "callHierarchy/incomingCalls"),
    ("callHierarchyProvider", "outgoing_calls", "callHierarchy/outgoingCalls"),
    ("codeActionProvider.codeActionKinds", "code_action", "textDocument/codeAction"),
    ("codeLensProvider.resolveProvider", "code_lens", "textDocument/codeLens"),
    ("documentFormattingProvider", "formatting", "textDocument/formatting"),
    ("documentRangeFormattingProvider", "range_formatting", "textDocument/rangeFormatting"),
    ("renameProvider.prepareProvider", "prepare_rename", "textDocument/prepareRename"),
    ("renameProvider.prepareProvider", "rename", "textDocument/rename"),
    ("documentLinkProvider.resolveProvider", "document_link", "textDocument/documentLink"),
    ("foldingRangeProvider", "folding_range", "textDocument/foldingRange"),
    ("selectionRangeProvider", "selection_range", "textDocument/selectionRange"),
    ("inlayHintProvider", "inlay_hint", "textDocument/inlayHint"),
    ("semanticTokensProvider.legend", "semantic_tokens_full", "textDocument/semanticTokens/full"),
    ("semanticTokensProvider.full", "semantic_tokens_full_delta", "textDocument/semanticTokens/full/delta"),
    ("semanticTokensProvider.range", "semantic_tokens_range", "textDocument/semanticTokens/range"),
    ("diagnosticProvider.identifier", "diagnostic", "textDocument/diagnostic"),
    ("diagnosticProvider.interFileDependencies", "diagnostic", "textDocument/diagnostic"),
    ("diagnosticProvider.workspaceDiagnostics", "workspace_diagnostic", "workspace/diagnostic"),
    ("executeCommandProvider.commands", "execute_command", "workspace/executeCommand"),
    ("workspace.workspaceFolders", "did_change_workspace_folders", "workspace/didChangeWorkspaceFolders"),
    ("workspace.fileOperations", "will_rename_files", "workspace/willRenameFiles"),
    // Not advertised, but said in answer to, or registered at run time.
    ("", "initialize", "initialize"),
    ("", "initialized", "initialized"),
    ("", "shutdown", "shutdown"),
    ("", "did_change_watched_files", "workspace/didChangeWatchedFiles"),
    ("positionEncoding", "", "initialize"),
    // What some clients send whatever is advertised, and what the answer to it is nothing.
    ("", "did_change_configuration", ""),
    ("", "", "exit"),
    ("", "", "$/cancelRequest"),
    ("", "", "textDocument/publishDiagnostics"),
];

/// The files that ask.
const TESTS: [&str; 5] = [
    include_str!("client.rs"),
    include_str!("requests.rs"),
    include_str!("sample.rs"),
    include_str!("sync.rs"),
    include_str!("random.rs"),
];

/// What is advertised, one level deep: `renameProvider.prepareProvider`.
fn advertised(capabilities: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (name, value) in capabilities.as_object().unwrap() {
        match value.as_object() {
            Some(inner) => found.extend(inner.keys().map(|inner| format!("{name}.{inner}"))),
            None => drop(found.insert(name.clone())),
        }
    }
    found
}

/// The functions by which the server handles what clients send.
fn handlers() -> BTreeSet<&'static str> {
    let server = include_str!("../../src/server.rs");
    let (_, handlers) = server.split_once("impl LanguageServer for Backend {").unwrap();
    let (handlers, _) = handlers.split_once("\n}\n").unwrap();
    let names = handlers.split("async fn ").skip(1);
    names.map(|rest| &rest[..rest.find('(').unwrap()]).collect()
}

#[tokio::test]
async fn what_is_advertised_is_what_is_handled_and_tested() {
    let mut client = open().await;
    let promised: BTreeSet<String> =
        PROMISES.iter().filter(|(path, ..)| !path.is_empty()).map(|(path, ..)| (*path).to_owned()).collect();
    assert_eq!(advertised(&client.capabilities), promised, "what is advertised, and what is promised");
    let handling: BTreeSet<&str> =
        PROMISES.iter().map(|(_, name, _)| *name).filter(|it| !it.is_empty()).collect();
    assert_eq!(handlers(), handling, "what is handled, and what is promised");
    for (_, _, method) in PROMISES.iter().filter(|(.., method)| !method.is_empty()) {
        let quoted = format!("\"{method}\"");
        assert!(TESTS.iter().any(|tests| tests.contains(&quoted)), "no test sends {method}");
    }
    // A method that nobody handles is answered by that alone, whatever its parameters.
    for (path, _, method) in PROMISES.iter().filter(|(path, ..)| !path.is_empty()) {
        if !path.starts_with("textDocumentSync")
            && !path.starts_with("workspace.workspaceFolders")
            && *method != "initialize"
        {
            let answer = client.ask(method, json!({ "textDocument": { "uri": "file:///x" } })).await;
            assert_ne!(answer["error"]["code"], -32601, "{method}");
        }
    }
    let named = ["executeCommandProvider", "codeActionProvider"];
    let lists = named.map(|name| {
        let of = &client.capabilities[name];
        of.get("commands").or_else(|| of.get("codeActionKinds")).unwrap().as_array().unwrap().clone()
    });
    for name in lists.iter().flatten() {
        // A client may ask for a wider kind: `source.fixAll` for `source.fixAll.rubric`.
        let name = name.as_str().unwrap().trim_end_matches(".rubric").to_owned();
        let quoted = format!("\"{name}\"");
        assert!(TESTS.iter().any(|tests| tests.contains(&quoted)), "no test asks for {name}");
    }
    assert_eq!(client.end().await, 0);
}

#[tokio::test]
async fn a_client_that_is_told_is_not_asked_as_well() {
    let client = crate::client::Client::start(&[], json!({})).await;
    assert_eq!(client.capabilities.get("diagnosticProvider"), None);
    client.end().await;
}
