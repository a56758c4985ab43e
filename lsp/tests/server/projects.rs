//! Several folders at once: each is a project of its own, as it is for the command.

use serde_json::{Value, json};

use crate::client::{Client, edited, start, uri};

const RECORDS: &str = "/// Records é😀.\npolicy a.records { title \"R\" cite \"x\" }\n\n/// One child.\nrecord Child { key id: text  level: count }\n";
const RULES: &str = "policy a.rules { title \"É😀\" cite \"x\" effective from 2020-07-01 }\n\nuse a.records\n\nrequirement able of Child { cite \"1\" must level >= 1 }\n\ntest \"é😀\" {\n  as of 2024-06-01\n  Child c { id: \"c\"  level: 2 }\n  expect c.able = met\n}\n";
const MANIFEST: &str = "[project]\nname = \"a\"\npolicies = [\"a\"]\n\n[data.x]\npath = \"records\"\nas_of = 2024-06-01\n\n[data.x.Child]\ncolumns = { level = \"LVL\" }\n";

fn pull() -> Value {
    json!({
        "textDocument": { "diagnostic": {}, "completion": { "completionItem": { "snippetSupport": true } } },
        "workspace": { "diagnostics": { "refreshSupport": true } },
    })
}

fn folder(client: &Client, name: &str) -> Value {
    json!({ "uri": client.uri(name), "name": name })
}

/// A client with these folders open, each with the same files.
async fn open(folders: &[&str], able: Value) -> Client {
    let mut files = Vec::new();
    for folder in folders {
        for (path, text) in
            [("a/records.rubric", RECORDS), ("a/rules.rubric", RULES), ("rubric.toml", MANIFEST)]
        {
            files.push((format!("{folder}/{path}"), text));
        }
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    let named = |root: &std::path::Path| {
        let folders = folders.iter().map(|name| json!({ "uri": uri(&root.join(name)), "name": name }));
        json!({ "processId": null, "capabilities": able, "workspaceFolders": folders.collect::<Vec<_>>() })
    };
    Client::start_with(&files, named).await
}

async fn found(client: &mut Client) -> Vec<(String, Vec<Value>)> {
    let report = client.request("workspace/diagnostic", json!({ "previousResultIds": [] })).await;
    let items = report["items"].as_array().unwrap().iter();
    let of_each = items.map(|item| {
        let codes = item["items"].as_array().unwrap().iter().map(|it| it["code"].clone()).collect();
        (item["uri"].as_str().unwrap().to_owned(), codes)
    });
    of_each.collect()
}

#[tokio::test]
async fn two_folders_with_the_same_files_have_nothing_to_do_with_each_other() {
    let mut client = open(&["one", "two é 50%"], pull()).await;
    let report = found(&mut client).await;
    assert_eq!(report.len(), 4, "{report:?}");
    assert!(report.iter().all(|(_, codes)| codes.is_empty()), "{report:?}");

    // What is asked of one is answered from it alone.
    client.open("two é 50%/a/rules.rubric", RULES).await;
    let at = start(RULES, "level >= 1");
    let place = client.at("textDocument/definition", "two é 50%/a/rules.rubric", at.clone()).await;
    assert_eq!(place.as_array().unwrap().len(), 1, "{place}");
    assert_eq!(place[0]["uri"], client.uri("two é 50%/a/records.rubric"));
    let document = json!({ "uri": client.uri("two é 50%/a/rules.rubric") });
    let params = json!({ "textDocument": document, "position": at, "newName": "grade_level" });
    let edit = client.request("textDocument/rename", params).await;
    let mut changed: Vec<&String> = edit["changes"].as_object().unwrap().keys().collect();
    changed.sort();
    let mut expected = ["rubric.toml", "a/records.rubric", "a/rules.rubric"]
        .map(|path| client.uri(&format!("two é 50%/{path}")));
    expected.sort();
    assert_eq!(changed, expected.iter().collect::<Vec<_>>(), "{edit}");
    let manifest = edited(MANIFEST, &edit["changes"][client.uri("two é 50%/rubric.toml")]);
    assert!(manifest.contains("{ grade_level = \"LVL\" }"), "{manifest}");

    // What was proposed in one is documented from it.
    let typed = RULES.replace("must level >= 1", "must lev");
    client.change("two é 50%/a/rules.rubric", json!([{ "text": typed }])).await;
    let with_docs = RECORDS.replace("  level: count", "\n  /// Two é😀.\n  level: count\n");
    client.open("two é 50%/a/records.rubric", &with_docs).await;
    let mut end = start(&typed, "lev }");
    end["character"] = json!(end["character"].as_u64().unwrap() + 3);
    let items = client.at("textDocument/completion", "two é 50%/a/rules.rubric", end).await;
    let item = items.as_array().unwrap().iter().find(|item| item["label"] == "level").unwrap().clone();
    let item = client.request("completionItem/resolve", item).await;
    assert!(item["documentation"].to_string().contains("Two é😀."), "{item}");
    client.end().await;
}

#[tokio::test]
async fn what_is_asked_of_the_workspace_is_asked_of_every_folder() {
    let mut client = open(&["one", "two"], pull()).await;
    let symbols = client.request("workspace/symbol", json!({ "query": "able" })).await;
    let mut places: Vec<&str> =
        symbols.as_array().unwrap().iter().map(|it| it["location"]["uri"].as_str().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(places, ["one", "two"].map(|name| client.uri(&format!("{name}/a/rules.rubric"))));

    let ran = client.request("workspace/executeCommand", json!({ "command": "rubric.runAllTests" })).await;
    assert_eq!((&ran["passed"], &ran["failed"]), (&json!(2), &json!(0)), "{ran}");
    assert_eq!(ran["tests"].as_array().unwrap().len(), 2);
    client.wait(|it| it["params"]["message"] == "all 2 tests pass").await;
    let of_one = json!({ "command": "rubric.runAllTests", "arguments": [client.uri("two/a/rules.rubric")] });
    let ran = client.request("workspace/executeCommand", of_one).await;
    assert_eq!(ran["tests"][0]["uri"], client.uri("two/a/rules.rubric"), "{ran}");

    let renamed = |name: &str| {
        let of = |file: &str| client.uri(&format!("{name}/a/{file}.rubric"));
        json!({ "oldUri": of("records"), "newUri": of("facts") })
    };
    let both = json!({ "files": [renamed("one"), renamed("two")] });
    let edit = client.request("workspace/willRenameFiles", both).await;
    assert_eq!(edit["changes"].as_object().unwrap().len(), 4, "{edit}");

    let report = client.request("workspace/diagnostic", json!({ "previousResultIds": [] })).await;
    let items = report["items"].as_array().unwrap().iter();
    let known = items.map(|item| json!({ "uri": item["uri"], "value": item["resultId"] }));
    let known: Vec<Value> =
        known.chain([json!({ "uri": client.uri("gone.rubric"), "value": "1" })]).collect();
    let report = client.request("workspace/diagnostic", json!({ "previousResultIds": known })).await;
    let kinds: Vec<&Value> = report["items"].as_array().unwrap().iter().map(|item| &item["kind"]).collect();
    assert_eq!(kinds, ["unchanged", "unchanged", "unchanged", "unchanged", "full"], "{report}");
    client.end().await;
}

#[tokio::test]
async fn a_folder_in_a_folder_is_no_part_of_it_while_both_are_open() {
    let mut client = open(&["one", "one/two"], pull()).await;
    let wrong = RULES.replace("level >= 1", "levle >= 1");
    client.open("one/two/a/rules.rubric", &wrong).await;
    let report = found(&mut client).await;
    assert_eq!(report.len(), 4, "{report:?}");
    let of = |name: &str| {
        let uri = client.uri(&format!("{name}/a/rules.rubric"));
        report.iter().find(|(found, _)| *found == uri).unwrap().1.clone()
    };
    assert_eq!((of("one"), of("one/two")), (vec![], vec![json!("unknown-name")]), "{report:?}");
    // The inner one is closed: the manifest of the outer one does not list its files, but the open document stays.
    let event = json!({ "event": { "added": [], "removed": [folder(&client, "one/two")] } });
    client.notify("workspace/didChangeWorkspaceFolders", event).await;
    let report = found(&mut client).await;
    assert_eq!(report.len(), 3, "{report:?}");
    client.end().await;
}

#[tokio::test]
async fn what_was_said_of_a_folder_that_is_closed_is_taken_back() {
    let mut client = open(&["one", "two"], json!({})).await;
    let wrong = RULES.replace("level >= 1", "levle >= 1");
    client.open("two/a/rules.rubric", &wrong).await;
    let uri = client.uri("two/a/rules.rubric");
    let said = |count: usize| {
        let uri = uri.clone();
        move |it: &Value| {
            it["params"]["uri"] == uri
                && it["params"]["diagnostics"].as_array().is_some_and(|it| it.len() == count)
        }
    };
    client.wait(said(1)).await;
    let event = json!({ "event": { "added": [], "removed": [folder(&client, "two")] } });
    client.notify("workspace/didChangeWorkspaceFolders", event).await;
    client.wait(said(0)).await;
    // It is still open, and in no folder: without the records that it uses.
    let alone = client.wait(|it| it["params"]["uri"] == uri && it.to_string().contains("a.records")).await;
    assert!(!alone.to_string().contains("levle"), "{alone}");
    // And whole again with its folder.
    let event = json!({ "event": { "added": [folder(&client, "two")], "removed": [] } });
    client.notify("workspace/didChangeWorkspaceFolders", event).await;
    client.wait(|it| it["params"]["uri"] == uri && it.to_string().contains("`levle`")).await;
    client.end().await;
}

#[tokio::test]
async fn a_document_of_no_folder_is_not_mixed_with_the_policies_of_one() {
    let mut client = open(&["one"], pull()).await;
    client.open("elsewhere/a/records.rubric", RECORDS).await;
    client.open("elsewhere/a/rules.rubric", &RULES.replace("level >= 1", "levle >= 1")).await;
    let report = found(&mut client).await;
    let wrong: Vec<_> = report.iter().filter(|(_, codes)| !codes.is_empty()).collect();
    assert_eq!(wrong, [&(client.uri("elsewhere/a/rules.rubric"), vec![json!("unknown-name")])]);
    client.end().await;
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_an_empty_one() {
    let params = |root: &std::path::Path| {
        let folder = json!({ "uri": uri(&root.join("gone")), "name": "gone" });
        json!({ "processId": null, "capabilities": pull(), "workspaceFolders": [folder, folder] })
    };
    let mut client = Client::start_with(&[("a.rubric", RECORDS)], params).await;
    assert_eq!(found(&mut client).await, []);
    client.open("gone/a/records.rubric", &RECORDS.replace("count", "cuont")).await;
    let report = found(&mut client).await;
    assert_eq!(report, [(client.uri("gone/a/records.rubric"), vec![json!("unknown-type")])]);
    client.end().await;
}

#[tokio::test]
async fn what_was_never_saved_uses_the_policies_of_the_first_folder_and_an_old_version_is_no_file() {
    let mut client = open(&["one", "two"], pull()).await;
    let text =
        RULES.replace("policy a.rules", "policy a.more").replace("able", "more").replace("é😀\" {", "m\" {");
    let of = |uri: &str, text: &str| json!({ "textDocument": { "uri": uri, "languageId": "rubric", "version": 1, "text": text } });
    client.notify("textDocument/didOpen", of("untitled:Untitled-1", &text)).await;
    let old = format!("git:{}?ref", client.path("one/a/rules.rubric").to_str().unwrap());
    client
        .notify("textDocument/didOpen", of(&old, "policy a.rules { title \"Old\" cite \"x\" }\nnonsense"))
        .await;
    let pull = json!({ "textDocument": { "uri": "untitled:Untitled-1" } });
    let found = client.request("textDocument/diagnostic", pull).await;
    assert_eq!(found["items"], json!([]), "{found}");
    assert_eq!(client.diagnostics("one/a/rules.rubric").await, Vec::<Value>::new());
    assert_eq!(client.diagnostics("two/a/rules.rubric").await, Vec::<Value>::new());
    client.end().await;
}

#[tokio::test]
async fn a_manifest_that_is_being_written_is_told_of_and_changes_nothing_else() {
    let mut client = open(&["one"], pull()).await;
    let stray = client.path("one/drafts/rules.rubric");
    std::fs::create_dir_all(stray.parent().unwrap()).unwrap();
    std::fs::write(&stray, RULES).unwrap();
    let uri = client.uri("one/rubric.toml");
    for (text, faults) in [
        (MANIFEST.replace("[project]", "[project"), 1),
        (MANIFEST.to_owned(), 0),
        (MANIFEST.replace("\"a\"]", "\"a\", \"gone\"]"), 1),
        (MANIFEST.to_owned(), 0),
    ] {
        std::fs::write(client.path("one/rubric.toml"), text).unwrap();
        let changes = json!({ "changes": [{ "uri": uri, "type": 2 }] });
        client.notify("workspace/didChangeWatchedFiles", changes).await;
        let said = client.wait(|it| it["params"]["uri"] == uri).await;
        assert_eq!(said["params"]["diagnostics"].as_array().unwrap().len(), faults, "{said}");
        if faults == 0 || said.to_string().contains("invalid") {
            let report = found(&mut client).await;
            assert_eq!(report.len(), 2, "{report:?}");
        }
    }
    // Without one, every policy below the folder is the project.
    std::fs::remove_file(client.path("one/rubric.toml")).unwrap();
    let changes = json!({ "changes": [{ "uri": uri, "type": 3 }] });
    client.notify("workspace/didChangeWatchedFiles", changes).await;
    assert_eq!(found(&mut client).await.len(), 3);
    client.end().await;
}
