//! What real editors say in `initialize`, replayed: see `lsp/tests/initialize/README.md`.

use std::fs;
use std::path::Path;

use rubric_tests::Editor;
use serde_json::{Value, json};

use crate::sandbox;

/// A policy with one mistake, behind characters that take several bytes and several UTF-16 units.
const MISTAKEN: &str =
    "policy a.b { title \"T\" cite \"x\" }\ncategory K { a \"é😀\" } record P { key id: text k: Kay }\n";

#[test]
fn every_editor_is_understood_and_shown_the_mistake_at_its_place() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lsp/tests/initialize");
    // The column where `Kay` begins, in the units that the editor and the server agree on.
    let expected =
        [("emacs", "utf-16", 50), ("helix", "utf-8", 53), ("neovim", "utf-16", 50), ("vscode", "utf-16", 50)];
    let mut recorded: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".json").map(str::to_owned))
        .collect();
    recorded.sort();
    assert_eq!(recorded, expected.map(|(name, ..)| name));

    for (name, encoding, column) in expected {
        let sandbox = sandbox().with("a/b.rubric", MISTAKEN);
        let path = sandbox.path().join("a/b.rubric");
        let text = fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        let here = sandbox.path();
        let here = here.to_str().unwrap();
        let parameters: Value = serde_json::from_str(&text.replace("/work/school", here)).unwrap();

        let mut editor = Editor::start(sandbox.command());
        let answer = editor.request("initialize", &parameters);
        let capabilities = &answer["result"]["capabilities"];
        // An editor that says nothing of encodings means UTF-16, and so does a server.
        assert_eq!(
            capabilities["positionEncoding"].as_str().unwrap_or("utf-16"),
            encoding,
            "{name}: {answer}"
        );
        editor.notify("initialized", &json!({}));
        editor.open(&path, MISTAKEN);
        // One that asks for diagnostics is not told of them as well.
        let found = if capabilities["diagnosticProvider"].is_null() {
            let some = |found: &Value| found["diagnostics"].as_array().is_some_and(|found| !found.is_empty());
            editor.diagnostics(&path, some)
        } else {
            let document = json!({ "uri": format!("file://{here}/a/b.rubric") });
            let answer = editor.request("textDocument/diagnostic", &json!({ "textDocument": document }));
            answer["result"]["items"].clone()
        };
        assert_eq!(found.as_array().unwrap().len(), 1, "{name}: {found}");
        assert_eq!(found[0]["range"]["start"], json!({ "line": 1, "character": column }), "{name}");

        editor.request("shutdown", &Value::Null);
        editor.notify("exit", &Value::Null);
        assert_eq!(editor.wait(), Some(0), "{name}");
    }
}
