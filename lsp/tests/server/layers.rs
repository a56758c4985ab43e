//! A state's law and what a district amends in it: over the wire, a name is one name in the files of both, their tests and
//! the manifest. What is found in detail is tested in the engine.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::{Client, edited, start, written};
use crate::requests::able;

const STATE: &str = "policy law.state { title \"S é😀\" authority state \"Florida\" cite \"x\" effective from 2020-07-01 }
record District { key id: text }
record Student { key id: text private district: District jurisdiction level: count }
/// é😀
parameter cut: count, districts may raise { cite \"(a)\" from 2020-07-01: 2 }
decision promotion of Student, districts may tighten {
  outcomes up, stay
  default stay cite \"1\"
  rule ready: up when level >= cut cite \"2\"
}
fixture child { as of 2024-06-01 District dade { } Student ana { district: dade level: 2 } }
test \"in the state\" from child { District other { } Student ana { district: other } expect ana.promotion = up by ready }
";

const DADE: &str = "policy law.dade { title \"D é😀\" authority district \"dade\" under law.state cite \"x\" effective from 2020-07-01 }\r
amend parameter cut { cite \"B-1\" from 2020-07-01: 3 }\r
amend decision promotion { rule held: stay when level < cut * 9 notwithstanding ready cite \"B-2\" }\r
test \"in the district\" from child { expect ana.promotion = stay }\r
";

const FILES: [(&str, &str); 3] = [
    ("law/state.rubric", STATE),
    ("law/dade.rubric", DADE),
    (
        "rubric.toml",
        "[data.\"é\"]\npath = \"records\"\n\n[data.\"é\".Student]\ncolumns = { level = \"LVL\" }\n",
    ),
];

/// The files with the edits of an answer made.
fn made(client: &Client, edit: &Value) -> BTreeMap<&'static str, String> {
    let changes = edit["changes"].as_object().unwrap();
    let text = |(path, text): (&'static str, &str)| {
        let edits = changes.get(&client.uri(path));
        (path, edits.map_or_else(|| text.to_owned(), |edits| edited(text, edits)))
    };
    FILES.into_iter().map(text).collect()
}

#[tokio::test]
async fn a_rename_reaches_the_law_its_amendments_their_tests_and_the_manifest() {
    // The file, where the cursor stands, and how often each file has the new name.
    let cases = [
        ("law/state.rubric", "cut: count", [2, 2, 0]),
        ("law/dade.rubric", "cut {", [2, 2, 0]),
        ("law/dade.rubric", "cut * 9", [2, 2, 0]),
        ("law/state.rubric", "promotion of", [2, 2, 0]),
        ("law/dade.rubric", "promotion {", [2, 2, 0]),
        ("law/state.rubric", "ready: up", [2, 1, 0]),
        ("law/dade.rubric", "ready cite", [2, 1, 0]),
        ("law/dade.rubric", "level < cut", [3, 1, 1]),
    ];
    let mut client = Client::start(&FILES, able()).await;
    for (path, at, expected) in cases {
        let text = FILES.iter().find(|(name, _)| *name == path).unwrap().1;
        let position = start(text, at);
        let prepared = client.at("textDocument/prepareRename", path, position.clone()).await;
        let name = at.split([' ', ':']).next().unwrap();
        assert_eq!(prepared["placeholder"], name, "{at}");
        assert_eq!(written(text, &prepared["range"]), name, "{at}");
        let params = json!({
            "textDocument": { "uri": client.uri(path) }, "position": position, "newName": "grün_😀".trim_end_matches('😀'),
        });
        let edit = client.request("textDocument/rename", params).await;
        let files = made(&client, &edit);
        let counts = FILES.map(|(path, _)| files[path].matches("grün_").count());
        assert_eq!(counts, expected, "{path}: {at}: {edit:#}");
        for (path, _) in &FILES[..2] {
            client.open(path, &files[path]).await;
        }
        for (path, _) in &FILES[..2] {
            assert_eq!(client.diagnostics(path).await, Vec::<Value>::new(), "{path} after {at}");
        }
        let run = json!({ "command": "rubric.runAllTests" });
        let ran = client.request("workspace/executeCommand", run).await;
        assert_eq!((&ran["passed"], &ran["failed"]), (&json!(2), &json!(0)), "{at}: {ran}");
        for (path, _) in &FILES[..2] {
            client.close(path).await;
        }
    }
    client.end().await;
}

#[tokio::test]
async fn what_cannot_be_renamed_is_refused_before_a_name_is_typed() {
    let mut client = Client::start(&FILES, able()).await;
    for (path, text, at, why) in [
        ("law/dade.rubric", DADE, "law.state cite", "named like its file"),
        ("law/dade.rubric", DADE, "amend parameter", "no name here"),
        ("law/dade.rubric", DADE, "\"B-1\"", "no name here"),
        ("law/state.rubric", STATE, "districts may raise", "no name here"),
    ] {
        let params = json!({ "textDocument": { "uri": client.uri(path) }, "position": start(text, at) });
        let answer = client.ask("textDocument/prepareRename", params).await;
        assert!(answer["error"]["message"].as_str().unwrap_or_default().contains(why), "{at}: {answer}");
    }
    let taken = json!({
        "textDocument": { "uri": client.uri("law/dade.rubric") }, "position": start(DADE, "held:"), "newName": "ready",
    });
    let answer = client.ask("textDocument/rename", taken).await;
    assert!(answer["error"]["message"].as_str().unwrap().contains("already"), "{answer}");
    client.end().await;
}

#[tokio::test]
async fn implementations_are_amendments_and_what_overrides() {
    let mut client = Client::start(&FILES, able()).await;
    for (path, text, at, name) in [
        ("law/state.rubric", STATE, "cut: count", "cut"),
        ("law/state.rubric", STATE, "promotion of", "promotion"),
        ("law/state.rubric", STATE, "ready: up", "held"),
        ("law/dade.rubric", DADE, "ready cite", "held"),
    ] {
        let found = client.at("textDocument/implementation", path, start(text, at)).await;
        let found = found.as_array().unwrap();
        assert_eq!(found.len(), 1, "{at}: {found:?}");
        assert_eq!(found[0]["uri"], client.uri("law/dade.rubric"), "{at}");
        assert_eq!(written(DADE, &found[0]["range"]), name, "{at}");
    }
    client.end().await;
}
