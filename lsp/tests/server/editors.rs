//! What real editors say of themselves at the start, replayed: the server must answer each as it can.

use serde_json::{Value, json};

use crate::client::{Client, place, uri};

const TEXT: &str =
    "policy a.b { title \"é😀\" cite \"x\" }\ncategory K { a \"é😀\", b }\nrecord P { key id: text k: K }\n";

const EDITORS: [(&str, &str); 4] = [
    ("vscode", include_str!("../initialize/vscode.json")),
    ("neovim", include_str!("../initialize/neovim.json")),
    ("helix", include_str!("../initialize/helix.json")),
    ("emacs", include_str!("../initialize/emacs.json")),
];

#[tokio::test]
async fn each_editor_gets_hover_symbols_and_diagnostics() {
    for (name, recorded) in EDITORS {
        let recorded: Value = serde_json::from_str(recorded).unwrap();
        let capabilities = recorded["capabilities"].clone();
        assert!(capabilities["textDocument"].is_object(), "{name}");
        let mut client = Client::start_with(&[("a/b.rubric", TEXT)], |folder| {
            let mut params = recorded.clone();
            let folder_uri = uri(folder);
            params["processId"] = Value::Null;
            params["rootUri"] = json!(folder_uri);
            params["rootPath"] = json!(folder.to_str().unwrap());
            params["workspaceFolders"] = json!([{ "uri": folder_uri, "name": "folder" }]);
            params
        })
        .await;
        let offered = capabilities["general"]["positionEncodings"].as_array().cloned().unwrap_or_default();
        let expected = if offered.contains(&json!("utf-8")) { "utf-8" } else { "utf-16" };
        assert_eq!(client.capabilities["positionEncoding"], expected, "{name}");
        client.open("a/b.rubric", &TEXT.replace("k: K ", "k: Kay ")).await;
        let pulls = capabilities["textDocument"].get("diagnostic").is_some()
            && capabilities["workspace"]["diagnostics"]["refreshSupport"] == true;
        let found = if pulls {
            client.diagnostics("a/b.rubric").await
        } else {
            let found = |it: &Value| {
                it["method"] == "textDocument/publishDiagnostics" && it["params"]["version"] == 1
            };
            client.wait(found).await["params"]["diagnostics"].as_array().cloned().unwrap()
        };
        assert!(found.iter().any(|it| it["code"] == "unknown-type"), "{name}: {found:?}");
        let at = TEXT.find("K {").unwrap();
        let hover = client.at("textDocument/hover", "a/b.rubric", place(TEXT, at)).await;
        assert!(hover.to_string().contains("category K"), "{name}: {hover}");
        let outline = client.of("textDocument/documentSymbol", "a/b.rubric").await;
        assert!(outline.to_string().contains("\"K\""), "{name}: {outline}");
        assert_eq!(client.end().await, 0, "{name}");
    }
}
