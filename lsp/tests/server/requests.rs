//! Every request, over the wire. What the answers must be in detail is tested where they are made, in the engine.

use serde_json::{Value, json};

use crate::client::{Client, after, edited, start, written};

pub(crate) const BASE: &str = "/// The base é😀.
policy a.base {
  title \"Base\"
  cite  \"34 CFR 200.58\"
}

/// What is taught.
category Subject { reading \"é😀\", math }

record Student {
  key student_id: text private
  /// The level 😀.
  level: count?
  results: many Result
}

record Result {
  key (student: Student, subject: Subject)
  score: number
}

parameter passing: count {
  cite \"(1)\"
  from 2014-07-01: 2
  from 2020-07-01: 3
}

define reads(least: count) of Student: flag =
  any of results as r where r.subject = reading and r.score >= least
";

pub(crate) const RULES: &str = "policy a.rules {\r
  title \"Rules é\"\r
  cite  \"(5)\"\r
}\r
\r
use a.base\r
\r
/// Promotion 😀.\r
decision promotion of Student {\r
  outcomes promoted, retained\r
\r
  default retained\r
    cite \"(a)\"\r
\r
  rule reads_well: promoted\r
    when level >= passing and student_id != \"é😀\"\r
    cite \"(b)\"\r
\r
  rule excused: retained\r
    when reads(1)\r
    notwithstanding reads_well\r
    cite \"(c)\"\r
}\r
\r
fixture child {\r
  as of 2024-06-01\r
  Student maria { student_id: \"m\"  level: 4 }\r
  no Result\r
}\r
\r
test \"a child é😀 who reads\" from child {\r
  expect maria.promotion = promoted by reads_well\r
}\r
\r
test \"wrong\" from child {\r
  expect maria.promotion = retained\r
}\r
";

const FILES: [(&str, &str); 3] = [
    ("a/base.rubric", BASE),
    ("a/rules.rubric", RULES),
    (
        "rubric.toml",
        "[data.x]\npath = \"records\"\nas_of = 2019-01-01\n\n[data.x.Student]\ncolumns = { level = \"LVL\" }\n",
    ),
];

pub(crate) fn able() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-16"] },
        "workspace": {
            "workspaceEdit": { "documentChanges": false },
            "diagnostics": { "refreshSupport": true },
        },
        "textDocument": {
            "hover": { "contentFormat": ["markdown"] },
            "completion": { "completionItem": { "snippetSupport": true } },
            "documentSymbol": { "hierarchicalDocumentSymbolSupport": true },
            "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } } },
            "diagnostic": {},
        },
    })
}

pub(crate) async fn open() -> Client {
    let mut client = Client::start(&FILES, able()).await;
    client.open("a/rules.rubric", RULES).await;
    client
}

fn labels(items: &Value) -> Vec<&str> {
    items.as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_files_have_no_mistake() {
    let mut client = open().await;
    for path in ["a/base.rubric", "a/rules.rubric"] {
        let found = client.diagnostics(path).await;
        assert_eq!(found, Vec::<Value>::new(), "{path}");
    }
    assert_eq!(client.end().await, 0);
}

#[tokio::test]
async fn hover_tells_what_is_known() {
    let mut client = open().await;
    let hover = client.at("textDocument/hover", "a/rules.rubric", start(RULES, "passing and")).await;
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(text.contains("parameter passing: count"), "{text}");
    // The day of the sample data decides what is in force.
    assert!(text.contains("from 2014-07-01: `2` **in force**"), "{text}");
    assert_eq!(written(RULES, &hover["range"]), "passing");
    let hover =
        client.at("textDocument/hover", "a/rules.rubric", start(RULES, "reads_well\r\n    cite")).await;
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(text.contains("overridden by `excused`"), "{text}");
    let signature = client.at("textDocument/signatureHelp", "a/rules.rubric", after(RULES, "reads(")).await;
    assert_eq!(signature["signatures"][0]["label"], "reads(least: count): flag");
    client.end().await;
}

#[tokio::test]
async fn names_lead_to_their_declarations_and_back() {
    let mut client = open().await;
    let at = start(RULES, "level >=");
    let found = client.at("textDocument/definition", "a/rules.rubric", at.clone()).await;
    assert_eq!(found[0]["uri"], client.uri("a/base.rubric"));
    assert_eq!(written(BASE, &found[0]["range"]), "level");
    let at_row = start(RULES, "maria {");
    let found = client.at("textDocument/typeDefinition", "a/rules.rubric", at_row).await;
    assert_eq!(written(BASE, &found[0]["range"]), "Student");
    let at_label = start(RULES, "reads_well:");
    let found = client.at("textDocument/implementation", "a/rules.rubric", at_label.clone()).await;
    assert_eq!(written(RULES, &found[0]["range"]), "excused");
    let params = json!({
        "textDocument": { "uri": client.uri("a/rules.rubric") },
        "position": at_label, "context": { "includeDeclaration": true },
    });
    let found = client.request("textDocument/references", params).await;
    let lines: Vec<u64> =
        found.as_array().unwrap().iter().map(|it| it["range"]["start"]["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [14, 20, 31]);
    let found = client.at("textDocument/documentHighlight", "a/rules.rubric", at).await;
    assert_eq!(found.as_array().unwrap().len(), 2, "{found}");
    client.end().await;
}

#[tokio::test]
async fn a_rename_reaches_every_file_and_the_manifest() {
    let mut client = open().await;
    let at = start(RULES, "level >=");
    let prepared = client.at("textDocument/prepareRename", "a/rules.rubric", at.clone()).await;
    assert_eq!(prepared["placeholder"], "level");
    let params = json!({
        "textDocument": { "uri": client.uri("a/rules.rubric") }, "position": at, "newName": "grade_level",
    });
    let edit = client.request("textDocument/rename", params).await;
    let changes = edit["changes"].as_object().unwrap();
    let rules = edited(RULES, &changes[&client.uri("a/rules.rubric")]);
    assert!(rules.contains("when grade_level >= passing") && rules.contains("  grade_level: 4 }"), "{rules}");
    let base = edited(BASE, &changes[&client.uri("a/base.rubric")]);
    assert!(base.contains("\n  grade_level: count?"), "{base}");
    let manifest = edited(FILES[2].1, &changes[&client.uri("rubric.toml")]);
    assert!(manifest.contains("columns = { grade_level = \"LVL\" }"), "{manifest}");
    // What comes of it has no mistake either.
    client.change("a/rules.rubric", json!([{ "text": rules }])).await;
    client.open("a/base.rubric", &base).await;
    assert_eq!(client.diagnostics("a/rules.rubric").await, Vec::<Value>::new());
    let taken = json!({
        "textDocument": { "uri": client.uri("a/base.rubric") },
        "position": start(&base, "grade_level"), "newName": "results",
    });
    let refused = client.ask("textDocument/rename", taken).await;
    assert!(refused["error"]["message"].as_str().unwrap().contains("already"), "{refused}");
    client.end().await;
}

#[tokio::test]
async fn completion_and_its_documentation() {
    let mut client = open().await;
    let typed = RULES.replace("level >= passing and", "lev");
    client.change("a/rules.rubric", json!([{ "text": typed }])).await;
    let found = client.at("textDocument/completion", "a/rules.rubric", after(&typed, "when lev")).await;
    assert!(labels(&found).contains(&"level"), "{found}");
    let item = found.as_array().unwrap().iter().find(|item| item["label"] == "level").unwrap();
    assert_eq!(written(&typed, &item["textEdit"]["range"]), "lev");
    let resolved = client.request("completionItem/resolve", item.clone()).await;
    let text = resolved["documentation"]["value"].as_str().unwrap();
    assert!(text.contains("The level 😀"), "{text}");
    client.end().await;
}

#[tokio::test]
async fn outlines_calls_folds_and_selections() {
    let mut client = open().await;
    let outline = client.of("textDocument/documentSymbol", "a/rules.rubric").await;
    let names: Vec<&str> =
        outline.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a.rules", "promotion", "child", "a child é😀 who reads", "wrong"]);
    let found = client.request("workspace/symbol", json!({ "query": "pas" })).await;
    assert_eq!(found[0]["name"], "passing", "{found}");
    let items =
        client.at("textDocument/prepareCallHierarchy", "a/rules.rubric", start(RULES, "passing and")).await;
    let callers = client.request("callHierarchy/incomingCalls", json!({ "item": items[0] })).await;
    assert_eq!(callers[0]["from"]["name"], "promotion", "{callers}");
    let callees = client.request("callHierarchy/outgoingCalls", json!({ "item": callers[0]["from"] })).await;
    let names: Vec<&str> =
        callees.as_array().unwrap().iter().map(|it| it["to"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["passing", "reads"]);
    let folds = client.of("textDocument/foldingRange", "a/rules.rubric").await;
    assert!(folds.as_array().unwrap().iter().any(|fold| fold["startLine"] == 8), "{folds}");
    let params = json!({
        "textDocument": { "uri": client.uri("a/rules.rubric") }, "positions": [start(RULES, "passing and")],
    });
    let selected = client.request("textDocument/selectionRange", params).await;
    assert_eq!(written(RULES, &selected[0]["range"]), "passing");
    assert_eq!(written(RULES, &selected[0]["parent"]["range"]), "level >= passing");
    let links = client.of("textDocument/documentLink", "a/rules.rubric").await;
    assert_eq!(written(RULES, &links[0]["range"]), "a.base", "{links}");
    client.open("a/base.rubric", BASE).await;
    let links = client.of("textDocument/documentLink", "a/base.rubric").await;
    assert_eq!(links[0]["target"], "https://www.ecfr.gov/current/title-34/section-200.58");
    client.end().await;
}

#[tokio::test]
async fn tests_run_and_explain_themselves_in_the_editor() {
    let mut client = open().await;
    let lenses = client.of("textDocument/codeLens", "a/rules.rubric").await;
    let titles: Vec<&str> =
        lenses.as_array().unwrap().iter().map(|it| it["command"]["title"].as_str().unwrap()).collect();
    assert!(titles.contains(&"✔ run test: passes"), "{titles:?}");
    assert!(titles.contains(&"✘ run test: maria.promotion is promoted, not retained"), "{titles:?}");
    assert!(titles.contains(&"run all 2 tests: 1 fail"), "{titles:?}");
    assert!(titles.contains(&"overrides 1") && titles.contains(&"overridden by 1"), "{titles:?}");
    assert!(titles.contains(&"no test in which it holds"), "{titles:?}");
    let run = json!({
        "command": "rubric.runTest",
        "arguments": [client.uri("a/rules.rubric"), "a child é😀 who reads"],
    });
    let ran = client.request("workspace/executeCommand", run).await;
    assert_eq!((&ran["passed"], &ran["failed"]), (&json!(1), &json!(0)));
    let all = client.request("workspace/executeCommand", json!({ "command": "rubric.runAllTests" })).await;
    assert_eq!(all["tests"][1]["failures"][0]["line"], 35, "{all}");
    let explain =
        json!({ "command": "rubric.explain", "arguments": [client.uri("a/rules.rubric"), "wrong"] });
    let explained = client.request("workspace/executeCommand", explain).await;
    let text = explained["markdown"].as_str().unwrap();
    assert!(text.contains("`rule reads_well: promoted`") && text.contains("**promoted**"), "{text}");
    let page = json!({ "command": "rubric.showCheck", "arguments": ["missing-citation"] });
    let page = client.request("workspace/executeCommand", page).await;
    assert!(page["markdown"].as_str().unwrap().starts_with("# missing-citation"));
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
    let params = json!({ "textDocument": { "uri": client.uri("a/rules.rubric") }, "range": range });
    let hints = client.request("textDocument/inlayHint", params).await;
    let hints = labels(&hints).join("|");
    assert!(
        hints.contains(" = 2") && hints.contains("✔ passes") && hints.contains("✘ maria.promotion"),
        "{hints}"
    );
    client.end().await;
}

#[tokio::test]
async fn colours_full_and_what_changed() {
    let mut client = open().await;
    let full = client.of("textDocument/semanticTokens/full", "a/rules.rubric").await;
    let data = full["data"].as_array().unwrap();
    assert!(data.len() > 100 && data.len() % 5 == 0);
    let at = start(RULES, "promotion of");
    client.change("a/rules.rubric", json!([{ "range": { "start": at, "end": at }, "text": "x" }])).await;
    let params = json!({
        "textDocument": { "uri": client.uri("a/rules.rubric") }, "previousResultId": full["resultId"],
    });
    let delta = client.request("textDocument/semanticTokens/full/delta", params).await;
    let mut applied: Vec<Value> = data.clone();
    for edit in delta["edits"].as_array().unwrap() {
        let from = edit["start"].as_u64().unwrap() as usize;
        let to = from + edit["deleteCount"].as_u64().unwrap() as usize;
        applied.splice(from..to, edit["data"].as_array().cloned().unwrap_or_default());
    }
    let fresh = client.of("textDocument/semanticTokens/full", "a/rules.rubric").await;
    assert_eq!(Value::from(applied), fresh["data"]);
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 2, "character": 0 } });
    let params = json!({ "textDocument": { "uri": client.uri("a/rules.rubric") }, "range": range });
    let some = client.request("textDocument/semanticTokens/range", params).await;
    assert!(some["data"].as_array().unwrap().len() < data.len());
    client.end().await;
}

#[tokio::test]
async fn formatting_and_fixes() {
    let mut client = open().await;
    let rough = "policy a.b { title \"é😀\"   cite \"x\" }\n\ncategory K { a, b }\n\nrecord P {    key id: text k: Kay }\n";
    client.open("a/b.rubric", rough).await;
    let uri = client.uri("a/b.rubric");
    let params = json!({ "textDocument": { "uri": uri }, "options": { "tabSize": 2, "insertSpaces": true } });
    let edits = client.request("textDocument/formatting", params).await;
    let formatted = edited(rough, &edits);
    assert_eq!(formatted, rubric_grammar::format::format(rough, &rubric_grammar::parse(rough), 100).text);
    let range = json!({ "start": { "line": 4, "character": 0 }, "end": { "line": 4, "character": 3 } });
    let params = json!({
        "textDocument": { "uri": uri }, "range": range, "options": { "tabSize": 2, "insertSpaces": true },
    });
    let edits = client.request("textDocument/rangeFormatting", params).await;
    let some = edited(rough, &edits);
    assert!(
        some.starts_with("policy a.b { title \"é😀\"   cite") && some.contains("record P { key"),
        "{some}"
    );
    let found = client.diagnostics("a/b.rubric").await;
    let wrong = found.iter().find(|it| it["code"] == "unknown-type").unwrap();
    let href = wrong["codeDescription"]["href"].as_str().unwrap();
    assert!(href.ends_with("checks/unknown-type.md"), "{href}");
    // Curly quotes have one clear fix.
    let pasted = "policy a.b { title \u{201c}T\u{201d} cite \"x\" }\n";
    client.change("a/b.rubric", json!([{ "text": pasted }])).await;
    let whole = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 1, "character": 0 } });
    let params = json!({
        "textDocument": { "uri": uri }, "range": whole, "context": { "diagnostics": [], "only": ["source.fixAll"] },
    });
    let actions = client.request("textDocument/codeAction", params).await;
    let fixed = edited(pasted, &actions[0]["edit"]["changes"][&uri]);
    assert_eq!(fixed, "policy a.b { title \"T\" cite \"x\" }\n");
    let params = json!({ "textDocument": { "uri": uri }, "range": whole, "context": { "diagnostics": [] } });
    let actions = client.request("textDocument/codeAction", params).await;
    assert!(actions.as_array().unwrap().iter().any(|it| it["kind"] == "quickfix"), "{actions}");
    client.end().await;
}

#[tokio::test]
async fn files_take_their_policies_names_with_them() {
    let mut client = open().await;
    let params = json!({ "files": [{ "oldUri": client.uri("a/base.rubric"), "newUri": client.uri("a/ground.rubric") }] });
    let edit = client.request("workspace/willRenameFiles", params).await;
    let rules = edited(RULES, &edit["changes"][&client.uri("a/rules.rubric")]);
    assert!(rules.contains("use a.ground\r\n"), "{rules}");
    let base = edited(BASE, &edit["changes"][&client.uri("a/base.rubric")]);
    assert!(base.contains("policy a.ground {"), "{base}");
    client.end().await;
}

#[tokio::test]
async fn the_workspace_is_asked_at_once_and_unchanged_files_are_not_sent_again() {
    let mut client = open().await;
    client.open("a/rules.rubric", &RULES.replace("promoted by", "promotd by")).await;
    let report = client.request("workspace/diagnostic", json!({ "previousResultIds": [] })).await;
    let items = report["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{report}");
    let wrong = items.iter().find(|it| it["uri"] == client.uri("a/rules.rubric")).unwrap();
    assert_eq!(wrong["items"][0]["code"], "unknown-outcome", "{report}");
    let before: Vec<Value> =
        items.iter().map(|it| json!({ "uri": it["uri"], "value": it["resultId"] })).collect();
    let report = client.request("workspace/diagnostic", json!({ "previousResultIds": before })).await;
    assert!(report["items"].as_array().unwrap().iter().all(|it| it["kind"] == "unchanged"), "{report}");
    client.end().await;
}

/// The actions of a kind at a place, by their titles.
async fn actions(client: &mut Client, path: &str, at: &Value, to: &Value, only: &str) -> Vec<Value> {
    let params = json!({
        "textDocument": { "uri": client.uri(path) },
        "range": { "start": at, "end": to },
        "context": { "diagnostics": [], "only": [only] },
    });
    let actions = client.request("textDocument/codeAction", params).await;
    actions.as_array().unwrap().clone()
}

#[tokio::test]
async fn refactorings_change_the_text_as_they_say() {
    let mut client = open().await;
    let (from, to) = (start(RULES, "level >= passing"), after(RULES, "level >= passing"));
    let found = actions(&mut client, "a/rules.rubric", &from, &to, "refactor.extract").await;
    let text = edited(RULES, &found[0]["edit"]["changes"][&client.uri("a/rules.rubric")]);
    assert!(text.contains("define new_definition of Student: flag =\r\n  level >= passing\r\n"), "{text}");
    assert!(text.contains("when new_definition and student_id"), "{text}");
    // What was extracted is put back.
    client.change("a/rules.rubric", json!([{ "text": text }])).await;
    let at = start(&text, "new_definition and");
    let found = actions(&mut client, "a/rules.rubric", &at, &at, "refactor.inline").await;
    let back = edited(&text, &found[0]["edit"]["changes"][&client.uri("a/rules.rubric")]);
    assert!(back.contains("when (level >= passing) and student_id"), "{back}");
    // What is missing is added: an outcome's rule, a citation, a test of what a proof shows.
    let gap = RULES.replace("promoted, retained\r\n", "promoted, retained, excepted\r\n");
    client.change("a/rules.rubric", json!([{ "text": gap }])).await;
    let at = start(&gap, "excepted");
    let found = actions(&mut client, "a/rules.rubric", &at, &at, "refactor.rewrite").await;
    assert!(found.iter().any(|it| it["title"] == "add a rule for `excepted`"), "{found:?}");
    let bare = RULES.replace("  cite  \"(5)\"\r\n", "").replace("    cite \"(b)\"\r\n", "");
    client.change("a/rules.rubric", json!([{ "text": bare }])).await;
    let at = start(&bare, "reads_well: promoted");
    let found = actions(&mut client, "a/rules.rubric", &at, &at, "refactor.rewrite").await;
    assert!(found.iter().any(|it| it["title"] == "add a citation"), "{found:?}");
    let clash = RULES.replace("    notwithstanding reads_well\r\n", "");
    client.change("a/rules.rubric", json!([{ "text": clash }])).await;
    let at = start(&clash, "excused: retained");
    let found = actions(&mut client, "a/rules.rubric", &at, &at, "refactor.rewrite").await;
    let shown = found.iter().find(|it| it["title"].as_str().unwrap().starts_with("add the record")).unwrap();
    let text = edited(&clash, &shown["edit"]["changes"][&client.uri("a/rules.rubric")]);
    client.change("a/rules.rubric", json!([{ "text": text }])).await;
    let run = json!({
        "command": "rubric.runTest",
        "arguments": [client.uri("a/rules.rubric"), "reads_well and excused disagree"],
    });
    let ran = client.request("workspace/executeCommand", run).await;
    assert_eq!(ran["passed"], 1, "{ran}");
    client.end().await;
}

#[tokio::test]
async fn each_declaration_can_be_begun_with_a_snippet() {
    let mut client = open().await;
    let text = "policy a.b { title \"T\" cite \"x\" }\n\n";
    client.open("a/b.rubric", text).await;
    let found =
        client.at("textDocument/completion", "a/b.rubric", json!({ "line": 1, "character": 0 })).await;
    let snippets: Vec<&str> = found
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["insertTextFormat"] == 2)
        .map(|item| item["label"].as_str().unwrap())
        .collect();
    for wanted in [
        "category",
        "record",
        "group",
        "input",
        "parameter",
        "define",
        "decision",
        "requirement",
        "amount",
        "fixture",
        "test",
        "assert",
    ] {
        assert!(snippets.iter().any(|label| label.starts_with(wanted)), "{wanted}: {snippets:?}");
    }
    client.end().await;
}
