//! What is advertised, what is handled and what is tested are one list.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::{Client, after, start};
use crate::requests::{BASE, RULES, open};

/// What is advertised, by its path; the function that handles it; what a client sends for it.
const PROMISES: [(&str, &str, &str); 45] = [
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
    ("", "did_change_configuration", "workspace/didChangeConfiguration"),
    ("", "", "exit"),
    ("", "", "$/cancelRequest"),
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

/// What must come of a message.
enum Answer {
    /// It is a notification.
    None,
    /// An answer in which this stands.
    Holds(&'static str),
    /// Exactly this.
    Is(Value),
}

struct Round {
    method: &'static str,
    params: Value,
    answer: Answer,
}

/// One message for each method that clients send beside what starts and ends the talk, in an order in which each finds what
/// it needs.
fn rounds(client: &Client) -> Vec<Round> {
    use Answer::{Holds, Is, None};
    let document = json!({ "uri": client.uri("a/rules.rubric") });
    let base = json!({ "uri": client.uri("a/base.rubric") });
    let of = |more: Value| {
        let mut params = json!({ "textDocument": document });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    };
    let at = |text: &str| of(json!({ "position": start(RULES, text) }));
    let all = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
    let options = json!({ "tabSize": 2, "insertSpaces": true });
    let called = json!({
        "name": "passing", "kind": 14, "uri": client.uri("a/base.rubric"),
        "range": { "start": start(BASE, "parameter passing"), "end": after(BASE, "2020-07-01: 3\n}") },
        "selectionRange": { "start": start(BASE, "passing"), "end": after(BASE, "passing") },
        "data": ["parameter", 0],
    });
    let none = json!({ "event": { "added": [], "removed": [] } });
    let renamed = json!({
        "files": [{ "oldUri": client.uri("a/base.rubric"), "newUri": client.uri("a/basis.rubric") }],
    });
    let round = |method, params, answer| Round { method, params, answer };
    let opened = json!({
        "uri": client.uri("a/base.rubric"), "languageId": "rubric", "version": 1, "text": BASE,
    });
    vec![
        round("textDocument/didOpen", json!({ "textDocument": opened }), None),
        round(
            "textDocument/didChange",
            json!({
                "textDocument": { "uri": client.uri("a/base.rubric"), "version": 2 },
                "contentChanges": [{ "text": BASE }],
            }),
            None,
        ),
        round("textDocument/didSave", json!({ "textDocument": base }), None),
        round("textDocument/hover", at("passing and"), Holds("parameter passing: count")),
        round("textDocument/completion", at("level >="), Holds("\"level\"")),
        round(
            "completionItem/resolve",
            json!({ "label": "level", "data": [0, ["field", 0, 1]] }),
            Holds("The level 😀"),
        ),
        round(
            "textDocument/signatureHelp",
            of(json!({ "position": after(RULES, "reads(") })),
            Holds("reads(least: count)"),
        ),
        round("textDocument/definition", at("level >="), Holds("base.rubric")),
        round("textDocument/typeDefinition", at("maria {"), Holds("base.rubric")),
        round("textDocument/implementation", at("reads_well:"), Holds("rules.rubric")),
        round(
            "textDocument/references",
            of(json!({ "position": start(RULES, "reads_well:"), "context": { "includeDeclaration": true } })),
            Holds("rules.rubric"),
        ),
        round("textDocument/documentHighlight", at("level >="), Holds("\"range\"")),
        round("textDocument/documentSymbol", of(json!({})), Holds("\"promotion\"")),
        round("workspace/symbol", json!({ "query": "pas" }), Holds("\"passing\"")),
        round("textDocument/prepareCallHierarchy", at("passing and"), Holds("\"passing\"")),
        round("callHierarchy/incomingCalls", json!({ "item": called }), Holds("\"promotion\"")),
        round("callHierarchy/outgoingCalls", json!({ "item": called }), Is(json!([]))),
        round(
            "textDocument/codeAction",
            of(
                json!({ "range": { "start": start(RULES, "level >= passing"), "end": after(RULES, "level >= passing") }, "context": { "diagnostics": [] } }),
            ),
            Holds("refactor.extract"),
        ),
        round("textDocument/codeLens", of(json!({})), Holds("run all 2 tests: 1 fail")),
        round("textDocument/formatting", of(json!({ "options": options })), Holds("newText")),
        round(
            "textDocument/rangeFormatting",
            of(json!({ "options": options, "range": all })),
            Holds("newText"),
        ),
        round("textDocument/prepareRename", at("level >="), Holds("\"placeholder\":\"level\"")),
        round(
            "textDocument/rename",
            of(json!({ "position": start(RULES, "level >="), "newName": "step" })),
            Holds("\"step\""),
        ),
        round("textDocument/documentLink", of(json!({})), Holds("base.rubric")),
        round("textDocument/foldingRange", of(json!({})), Holds("startLine")),
        round(
            "textDocument/selectionRange",
            of(json!({ "positions": [start(RULES, "passing and")] })),
            Holds("parent"),
        ),
        round("textDocument/inlayHint", of(json!({ "range": all })), Holds("passes")),
        round("textDocument/semanticTokens/full", of(json!({})), Holds("resultId")),
        round(
            "textDocument/semanticTokens/full/delta",
            of(json!({ "previousResultId": "0" })),
            Holds("\"edits\":[]"),
        ),
        round("textDocument/semanticTokens/range", of(json!({ "range": all })), Holds("\"data\":[")),
        round("textDocument/diagnostic", of(json!({})), Holds("\"kind\":\"full\"")),
        round("workspace/diagnostic", json!({ "previousResultIds": [] }), Holds("base.rubric")),
        round("workspace/willRenameFiles", renamed, Holds("a.basis")),
        round("workspace/didChangeWorkspaceFolders", none, None),
        round(
            "workspace/didChangeWatchedFiles",
            json!({ "changes": [{ "uri": client.uri("rubric.toml"), "type": 2 }] }),
            None,
        ),
        round("workspace/didChangeConfiguration", json!({ "settings": {} }), None),
        round("$/cancelRequest", json!({ "id": 999_999 }), None),
        round("textDocument/didClose", json!({ "textDocument": base }), None),
    ]
}

/// Each command with its arguments, and what stands in the answer.
fn commands_run(client: &Client) -> Vec<(&'static str, Value, &'static str)> {
    let uri = client.uri("a/rules.rubric");
    vec![
        ("rubric.runTest", json!([uri, "wrong"]), "\"failed\":1"),
        ("rubric.runAllTests", json!([]), "\"passed\":1"),
        ("rubric.explain", json!([uri, "wrong"]), "**promoted**"),
        ("rubric.showCheck", json!(["missing-citation"]), "# missing-citation"),
        // The data set of this folder is no sample; that it is counted is tested with one that is.
        ("rubric.showSample", json!([uri, "promotion"]), "nothing was counted"),
        ("rubric.showFlips", json!([uri, "promotion"]), "nothing was counted"),
    ]
}

/// The rules with one mistake that has a fix, and with a definition that can be put in where it is named.
fn mistaken() -> String {
    let rules = RULES.replace("promoted, retained\r\n", "promoted, retained, excepted\r\n");
    rules.replace("student_id != \"é😀\"", "shortcut and student_id == \"é😀\"")
        + "define shortcut of Student: flag = level > 0\r\n"
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
    // Each is sent, with what a client sends for it, and what comes back is more than nothing.
    for round in rounds(&client) {
        let answer = match round.answer {
            Answer::None => {
                client.notify(round.method, round.params).await;
                continue;
            }
            Answer::Holds(_) | Answer::Is(_) => client.request(round.method, round.params).await,
        };
        match round.answer {
            Answer::Holds(text) => {
                assert!(answer.to_string().contains(text), "{}: no {text} in {answer:#}", round.method);
            }
            Answer::Is(expected) => assert_eq!(answer, expected, "{}", round.method),
            Answer::None => {}
        }
    }
    let commands = &client.capabilities["executeCommandProvider"]["commands"];
    let run: Vec<&str> = commands_run(&client).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(*commands, json!(run), "the commands that are advertised, and those that are run");
    for (name, arguments, holds) in commands_run(&client) {
        let params = json!({ "command": name, "arguments": arguments });
        let answer = client.ask("workspace/executeCommand", params).await;
        assert!(answer.to_string().contains(holds), "{name}: no {holds} in {answer:#}");
    }
    // What the texts have is shown by what follows; here each kind that is advertised is one that can be asked for alone.
    let kinds = client.capabilities["codeActionProvider"]["codeActionKinds"].as_array().unwrap().clone();
    assert_eq!(kinds.len(), 5);
    client.change("a/rules.rubric", json!([{ "text": mistaken() }])).await;
    for kind in kinds {
        let mut found = Vec::new();
        for at in ["student_id ==", " reads(1)", "level >= passing", "excepted", "shortcut and"] {
            let (from, to) = (start(&mistaken(), at), after(&mistaken(), at));
            let params = json!({
                "textDocument": { "uri": client.uri("a/rules.rubric") },
                "range": { "start": from, "end": to }, "context": { "diagnostics": [], "only": [kind] },
            });
            let answer = client.request("textDocument/codeAction", params).await;
            found.extend(answer.as_array().unwrap().clone());
        }
        assert!(!found.is_empty(), "{kind}");
        assert!(found.iter().all(|action| action["kind"] == kind), "{kind}: {found:#?}");
    }
    let wanted: BTreeSet<String> = PROMISES
        .iter()
        .map(|(.., method)| *method)
        .filter(|it| !it.is_empty())
        .map(ToOwned::to_owned)
        .collect();
    let ending = ["shutdown", "exit"].map(ToOwned::to_owned);
    let sent: BTreeSet<String> = client.sent.iter().cloned().chain(ending).collect();
    assert_eq!(sent, wanted, "what was sent, and what is promised");
    assert_eq!(client.end().await, 0);
}

#[tokio::test]
async fn a_client_that_is_told_is_not_asked_as_well() {
    let client = crate::client::Client::start(&[], json!({})).await;
    assert_eq!(client.capabilities.get("diagnosticProvider"), None);
    client.end().await;
}
