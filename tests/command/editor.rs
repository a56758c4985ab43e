//! The language server, as an editor sees it.

use serde_json::{Value, json};

use crate::sandbox;
use rubric_tests::Editor;

/// A policy without a mistake.
const RIGHT: &str =
    "policy a.b { title \"T\" cite \"x\" }\r\ncategory K { a \"é😀\", b } record P { key id: text k: K }\r\n";

/// The same with one mistake, behind characters that take several bytes and several UTF-16 units.
const MISTAKEN: &str = "policy a.b { title \"T\" cite \"x\" }\r\ncategory K { a \"é😀\", b } record P { key id: text k: Kay }\r\n";

fn none(parameters: &Value) -> bool {
    parameters["diagnostics"].as_array().is_some_and(Vec::is_empty)
}

fn some(parameters: &Value) -> bool {
    !none(parameters)
}

#[test]
fn diagnostics_appear_and_vanish_as_one_types() {
    let sandbox = sandbox();
    let path = sandbox.path().join("a/b.rubric");
    let mut editor = Editor::start(sandbox.command());
    let answer = editor.initialize(&sandbox.path(), &["utf-16"]);
    assert_eq!(answer["result"]["capabilities"]["positionEncoding"], "utf-16");
    assert_eq!(answer["result"]["capabilities"]["textDocumentSync"]["change"], 2);

    editor.open(&path, MISTAKEN);
    let found = editor.diagnostics(&path, some);
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found[0]["source"], "rubric");
    assert_eq!(found[0]["severity"], 1);
    assert_eq!(found[0]["range"]["start"], json!({ "line": 1, "character": 53 }), "{found}");

    let wrong_letters =
        json!({ "start": { "line": 1, "character": 54 }, "end": { "line": 1, "character": 56 } });
    editor.change(&path, 2, &json!([{ "range": wrong_letters, "text": "" }]));
    assert_eq!(editor.diagnostics(&path, |found| found["version"] == 2), json!([]));

    editor.change(&path, 3, &json!([{ "text": MISTAKEN }]));
    assert_eq!(editor.diagnostics(&path, |found| found["version"] == 3).as_array().unwrap().len(), 1);
    editor.close(&path);
    editor.diagnostics(&path, none);
}

#[test]
fn positions_are_bytes_where_the_editor_counts_bytes() {
    let sandbox = sandbox();
    let path = sandbox.path().join("a/b.rubric");
    let mut editor = Editor::start(sandbox.command());
    let answer = editor.initialize(&sandbox.path(), &["utf-16", "utf-8"]);
    assert_eq!(answer["result"]["capabilities"]["positionEncoding"], "utf-8");
    editor.open(&path, MISTAKEN);
    let found = editor.diagnostics(&path, some);
    assert_eq!(found[0]["range"]["start"], json!({ "line": 1, "character": 56 }), "{found}");
}

#[test]
fn files_of_the_folder_are_checked_without_being_opened() {
    let sandbox = sandbox().with("with space é/a/b.rubric", MISTAKEN);
    let path = sandbox.path().join("with space é/a/b.rubric");
    let mut editor = Editor::start(sandbox.command());
    editor.initialize(&sandbox.path(), &[]);
    editor.diagnostics(&path, some);

    // What the editor holds counts, then again what is on disk.
    editor.open(&path, RIGHT);
    editor.diagnostics(&path, none);
    editor.close(&path);
    editor.diagnostics(&path, some);
}

#[test]
fn the_shipped_vocabulary_is_there() {
    let sandbox = sandbox();
    let path = sandbox.path().join("a/b.rubric");
    let mut editor = Editor::start(sandbox.command());
    editor.initialize(&sandbox.path(), &[]);
    editor.open(
        &path,
        "policy a.b {}\nuse k12.student\ndefine grade_of of Student: Grade? = nothing_of_the_kind\n",
    );
    let found = editor.diagnostics(&path, some);
    let messages = found.to_string();
    assert!(messages.contains("nothing_of_the_kind"), "{found}");
    assert!(!messages.contains("k12"), "{found}");
}

#[test]
fn the_server_ends_at_exit_while_its_input_stays_open() {
    let sandbox = sandbox();
    let mut editor = Editor::start(sandbox.command());
    editor.initialize(&sandbox.path(), &[]);
    assert_eq!(editor.request("shutdown", &Value::Null)["error"], Value::Null);
    editor.notify("exit", &Value::Null);
    assert_eq!(editor.wait(), Some(0));

    let mut abrupt = Editor::start(sandbox.command());
    abrupt.initialize(&sandbox.path(), &[]);
    abrupt.notify("exit", &Value::Null);
    assert_eq!(abrupt.wait(), Some(1), "without `shutdown` it is no clean end");
}

#[test]
fn what_is_not_advertised_is_answered_with_an_error_and_the_server_goes_on() {
    let sandbox = sandbox();
    let path = sandbox.path().join("a/b.rubric");
    let mut editor = Editor::start(sandbox.command());
    let answer = editor.initialize(&sandbox.path(), &[]);
    let advertised = answer["result"]["capabilities"].as_object().unwrap();
    assert!(!advertised.contains_key("monikerProvider"));
    let moniker = editor.request(
        "textDocument/moniker",
        &json!({ "textDocument": { "uri": "file:///x" }, "position": { "line": 0, "character": 0 } }),
    );
    assert_eq!(moniker["error"]["code"], -32601);
    // Of a file that is not there, nothing is known.
    let hover = editor.request(
        "textDocument/hover",
        &json!({ "textDocument": { "uri": "file:///x" }, "position": { "line": 0, "character": 0 } }),
    );
    assert_eq!(hover["result"], Value::Null);
    // A change to a document that was never opened, positions far outside, a URI that is no file.
    let far = json!({ "start": { "line": 9, "character": 9 }, "end": { "line": 1, "character": 0 } });
    editor.change(&path, 7, &json!([{ "range": far, "text": "x" }]));
    editor.notify("textDocument/didOpen", &json!({ "textDocument": { "uri": "untitled:Untitled-1", "languageId": "rubric", "version": 1, "text": "" } }));
    editor.open(&path, MISTAKEN);
    editor.change(&path, 2, &json!([{ "range": far, "text": "x" }]));
    editor.diagnostics(&path, |found| found["version"] == 2);
}

#[test]
fn files_that_change_on_disk_are_read_again() {
    let sandbox = sandbox().with("a/b.rubric", MISTAKEN);
    let path = sandbox.path().join("a/b.rubric");
    let mut editor = Editor::start(sandbox.command());
    editor.initialize(&sandbox.path(), &[]);
    editor.diagnostics(&path, some);
    sandbox.write("a/b.rubric", RIGHT);
    editor.changed_on_disk(&path);
    editor.diagnostics(&path, none);
    sandbox.write("a/b.rubric", MISTAKEN);
    editor.changed_on_disk(&path);
    editor.diagnostics(&path, some);
    std::fs::remove_file(&path).unwrap();
    editor.changed_on_disk(&path);
    editor.diagnostics(&path, none);
}

#[test]
fn a_change_in_one_file_is_seen_in_the_others() {
    let user = "policy a.user { title \"T\" cite \"x\" }\nuse a.base\nrecord P { key id: text k: K }\n";
    let sandbox = sandbox()
        .with("a/base.rubric", "policy a.base { title \"T\" }\ncategory K { a, b }\n")
        .with("a/user.rubric", user);
    let (base, path) = (sandbox.path().join("a/base.rubric"), sandbox.path().join("a/user.rubric"));
    let mut editor = Editor::start(sandbox.command());
    editor.initialize(&sandbox.path(), &[]);
    editor.open(&path, user);
    editor.diagnostics(&path, none);
    editor.open(&base, "policy a.base { title \"T\" }\ncategory Kind { a, b }\n");
    let found = editor.diagnostics(&path, some);
    assert!(found.as_array().unwrap().iter().any(|found| found["code"] == "unknown-type"), "{found}");
    editor.close(&base);
    editor.diagnostics(&path, none);
}

#[test]
fn typing_letter_by_letter_ends_in_the_text_that_was_typed() {
    let sandbox = sandbox();
    let path = sandbox.path().join("a/b.rubric");
    let mut editor = Editor::start(sandbox.command());
    editor.initialize(&sandbox.path(), &["utf-16"]);
    editor.open(&path, "");
    let (mut line, mut column, mut version) = (0, 0, 1);
    for letter in MISTAKEN.replace('\r', "").chars() {
        let here = json!({ "line": line, "character": column });
        version += 1;
        let change = json!([{ "range": { "start": here, "end": here }, "text": letter.to_string() }]);
        editor.change(&path, version, &change);
        (line, column) = if letter == '\n' { (line + 1, 0) } else { (line, column + letter.len_utf16()) };
    }
    let found = editor.diagnostics(&path, |found| found["version"] == version);
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found[0]["code"], "unknown-type");
}

#[test]
fn a_deeply_nested_text_does_not_end_the_server() {
    let sandbox = sandbox();
    let path = sandbox.path().join("a/b.rubric");
    let mut editor = Editor::start(sandbox.command());
    editor.initialize(&sandbox.path(), &[]);
    editor.open(&path, &format!("policy a.b {{ title \"T\" }}\ndefine x: count = {}", "(".repeat(100_000)));
    editor.diagnostics(&path, some);
    editor.change(&path, 2, &json!([{ "text": RIGHT }]));
    editor.diagnostics(&path, none);
}

#[test]
fn what_the_manifest_leaves_out_is_not_read() {
    let sandbox = sandbox()
        .with("rubric.toml", "[project]\npolicies = [\"a\"]\n")
        .with("drafts/a/b.rubric", RIGHT)
        .with("a/b.rubric", RIGHT);
    let path = sandbox.path().join("a/b.rubric");
    let mut editor = Editor::start(sandbox.command());
    editor.initialize(&sandbox.path(), &[]);
    editor.open(&path, RIGHT);
    // With the draft there would be two policies of one name.
    assert_eq!(editor.diagnostics(&path, |found| found["version"] == 1), json!([]));
}
