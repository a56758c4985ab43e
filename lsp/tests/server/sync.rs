//! Texts: what the client holds is what the server holds, whatever happens to files.

use serde_json::{Value, json};

use crate::client::{Client, start};

const TEXT: &str =
    "policy a.b { title \"T\" cite \"x\" }\ncategory K { a \"é😀\", b }\nrecord P { key id: text k: K }\n";

fn pull() -> Value {
    json!({
        "textDocument": { "diagnostic": {} },
        "workspace": { "diagnostics": { "refreshSupport": true } },
    })
}

#[tokio::test]
async fn names_of_files_may_hold_anything() {
    let name = "a é/100% #1 [b].rubric";
    let wrong = TEXT.replace("k: K", "k: Kay");
    let mut client = Client::start(&[(name, &wrong)], pull()).await;
    assert!(client.diagnostics(name).await.iter().any(|it| it["code"] == "unknown-type"));
    client.open(name, TEXT).await;
    assert!(!client.diagnostics(name).await.iter().any(|it| it["code"] == "unknown-type"));
    let found = client.at("textDocument/definition", name, start(TEXT, "K }\n")).await;
    assert_eq!(found[0]["uri"], client.uri(name));
    client.close(name).await;
    assert!(client.diagnostics(name).await.iter().any(|it| it["code"] == "unknown-type"));
    client.end().await;
}

#[tokio::test]
async fn a_client_that_leaves_a_percent_as_it_is_is_understood() {
    let wrong = TEXT.replace("k: K", "k: Kay");
    let mut client = Client::start(&[("100% é.rubric", &wrong)], pull()).await;
    // The URI as Eglot writes it.
    let uri = client.uri("100% é.rubric").replace("%25", "%");
    let document = json!({ "uri": uri, "languageId": "rubric", "version": 1, "text": TEXT });
    client.notify("textDocument/didOpen", json!({ "textDocument": document })).await;
    let of_it = json!({ "textDocument": { "uri": uri } });
    let report = client.request("textDocument/diagnostic", of_it).await;
    assert!(!report.to_string().contains("unknown-type"), "{report}");
    let params = json!({ "textDocument": { "uri": uri }, "position": start(TEXT, "K }\n") });
    let found = client.request("textDocument/definition", params).await;
    assert_eq!(found[0]["uri"], client.uri("100% é.rubric"), "{found}");
    client.end().await;
}

#[tokio::test]
async fn a_file_that_is_not_utf8_says_so_until_its_text_is_opened() {
    let mut client = Client::start(&[("a/b.rubric", TEXT)], pull()).await;
    let mut bytes = TEXT.as_bytes().to_vec();
    let at = TEXT.find("é").unwrap();
    bytes.splice(at..at + 2, [0xe9]);
    std::fs::write(client.path("a/b.rubric"), &bytes).unwrap();
    let changes = json!({ "changes": [{ "uri": client.uri("a/b.rubric"), "type": 2 }] });
    client.notify("workspace/didChangeWatchedFiles", changes).await;
    let codes: Vec<Value> =
        client.diagnostics("a/b.rubric").await.iter().map(|it| it["code"].clone()).collect();
    assert_eq!(codes, ["not-utf8"]);
    client.open("a/b.rubric", TEXT).await;
    assert_eq!(client.diagnostics("a/b.rubric").await, Vec::<Value>::new());
    client.end().await;
}

#[tokio::test]
async fn half_a_character_and_what_is_no_message_end_nothing() {
    let mut client = Client::start(&[("a/b.rubric", TEXT)], pull()).await;
    client.open("a/b.rubric", &TEXT.replace("k: K", "k: Kay")).await;
    let uri = client.uri("a/b.rubric");
    // A JavaScript editor deletes the second half of the 😀, and then puts it back.
    let half = start(TEXT, "😀")["character"].as_u64().unwrap() + 1;
    let change = |version: u32, from: u64, to: u64, text: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","method":"textDocument/didChange","params":{{"textDocument":{{"uri":"{uri}","version":{version}}},"contentChanges":[{{"range":{{"start":{{"line":1,"character":{from}}},"end":{{"line":1,"character":{to}}}}},"text":"{text}"}}]}}}}"#
        )
    };
    client.send_text(&change(2, half - 1, half + 1, r"\ud83d")).await;
    for nonsense in ["{", "[]", "null", "", "\"\\ud83d\"", r#"{"jsonrpc":"2.0"}"#] {
        client.send_text(nonsense).await;
    }
    client.send_text(&change(3, half, half, r"\ude00")).await;
    let found = client.diagnostics("a/b.rubric").await;
    let kay = start(&TEXT.replace("k: K", "k: Kay"), "Kay");
    assert_eq!((found.len(), &found[0]["range"]["start"]), (1, &kay), "{found:?}");
    client.send_text(&change(4, half - 1, half + 1, "😀")).await;
    let symbols = client.of("textDocument/documentSymbol", "a/b.rubric").await;
    assert!(symbols.to_string().contains("\"a\""), "{symbols}");
    client.end().await;
}

#[tokio::test]
async fn columns_are_counted_without_the_mark_of_an_encoding() {
    let marked = format!("\u{feff}{TEXT}");
    let use_it = "policy c.d { title \"T\" cite \"x\" }\nuse a.b\n";
    let mut client = Client::start(&[("a/b.rubric", &marked), ("c/d.rubric", use_it)], pull()).await;
    for _ in 0..2 {
        let found = client.at("textDocument/definition", "c/d.rubric", start(use_it, "a.b")).await;
        assert_eq!(found[0]["range"]["start"], start(TEXT, "a.b"), "{found}");
        let changes = json!({ "changes": [{ "uri": client.uri("a/b.rubric"), "type": 2 }] });
        client.notify("workspace/didChangeWatchedFiles", changes).await;
    }
    client.end().await;
}

#[tokio::test]
async fn a_finding_names_what_it_is_about_elsewhere_and_what_nobody_needs_is_faded() {
    let twice = TEXT.replace(
        "record P",
        "category K { x }\ncategory L { y }\nrequirement r of P { cite \"1\" must k = a }\nrecord P",
    );
    let mut client = Client::start(&[("a/b.rubric", &twice)], pull()).await;
    let found = client.diagnostics("a/b.rubric").await;
    let of = |code: &str| {
        found.iter().find(|it| it["code"] == code).unwrap_or_else(|| panic!("{code}: {found:?}"))
    };
    let related = &of("duplicate-name")["relatedInformation"][0]["location"];
    assert_eq!(
        (&related["uri"], &related["range"]["start"]["line"]),
        (&json!(client.uri("a/b.rubric")), &json!(1))
    );
    assert_eq!(of("unused-definition")["tags"], json!([1]));
    client.end().await;
}

#[tokio::test]
async fn a_client_is_shown_that_policies_are_being_read() {
    let mut client =
        Client::start(&[("a/b.rubric", TEXT)], json!({ "window": { "workDoneProgress": true } })).await;
    let made = client.wait(|it| it["method"] == "window/workDoneProgress/create").await;
    let token = made["params"]["token"].clone();
    for kind in ["begin", "end"] {
        let said = client.wait(|it| it["method"] == "$/progress").await;
        assert_eq!(
            (&said["params"]["token"], &said["params"]["value"]["kind"]),
            (&token, &json!(kind)),
            "{said}"
        );
    }
    client.end().await;
}

#[tokio::test]
async fn a_mistyped_name_is_one_mistake() {
    let text = "policy a.b { title \"É😀\" cite \"x\" effective from 2020-07-01 }\nrecord P { key id: text  level: count }\nparameter least: count { cite \"2\" from 2020-07-01: 1 }\ndefine able of P: flag = level >= least\nrequirement r of P { cite \"1\" must able }\n";
    let mut client = Client::start(&[("a/b.rubric", text)], pull()).await;
    assert_eq!(client.diagnostics("a/b.rubric").await, Vec::<Value>::new());
    client.open("a/b.rubric", text).await;
    for (right, wrong) in [("must able", "must abel"), (">= least", ">= lest")] {
        client.change("a/b.rubric", json!([{ "text": text.replace(right, wrong) }])).await;
        let found = client.diagnostics("a/b.rubric").await;
        let codes: Vec<&Value> = found.iter().map(|it| &it["code"]).collect();
        assert_eq!(codes, ["unknown-name"], "{wrong}: {found:?}");
    }
    client.end().await;
}

#[tokio::test]
async fn a_mistyped_use_is_one_mistake() {
    let base = "policy a.base { title \"B\" cite \"x\" }\ncategory K { a, b }\nrecord P { key id: text k: K }\ndefine q of P: flag = k = a\nrequirement z of P { cite \"1\" must k != b }\n";
    let user =
        "policy a.user { title \"U\" cite \"x\" }\nuse a.base\nrequirement r of P { cite \"1\" must q }\n";
    let mut client = Client::start(&[("a/base.rubric", base), ("a/user.rubric", user)], pull()).await;
    let params = json!({ "previousResultIds": [] });
    let report = client.request("workspace/diagnostic", params.clone()).await;
    let codes = |report: &Value| -> Vec<String> {
        let items = report["items"].as_array().unwrap().iter();
        let found = items.flat_map(|item| item["items"].as_array().unwrap().clone());
        found.map(|one| one["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(codes(&report), [""; 0], "{report}");
    client.open("a/user.rubric", &user.replace("use a.base", "use a.bse")).await;
    let report = client.request("workspace/diagnostic", params).await;
    let found = codes(&report);
    assert!(found.iter().any(|code| code == "unknown-policy"), "{found:?}");
    assert!(!found.iter().any(|code| code == "unused-definition"), "{report}");
    client.end().await;
}

#[tokio::test]
async fn requests_that_a_change_interrupts_are_answered_from_the_new_text() {
    let mut client = Client::start(&[], pull()).await;
    client.open("a/b.rubric", TEXT).await;
    let place = start(TEXT, "K }\n");
    let mut asked = Vec::new();
    for round in 0..50 {
        let params = json!({ "textDocument": { "uri": client.uri("a/b.rubric") }, "position": place });
        asked.push(client.send_request("textDocument/hover", params).await);
        let end = json!({ "line": 3 + round, "character": 0 });
        client
            .change("a/b.rubric", json!([{ "range": { "start": end, "end": end }, "text": "// c\n" }]))
            .await;
    }
    for id in asked {
        let answer = client.answer(id).await;
        let text = answer["result"]["contents"]["value"].as_str().unwrap_or_default();
        let modified = answer["error"]["code"] == -32801;
        assert!(text.contains("category K") || modified, "{answer}");
    }
    assert_eq!(client.diagnostics("a/b.rubric").await.len(), 0);
    client.end().await;
}

#[tokio::test]
async fn a_cancelled_request_is_answered_as_cancelled() {
    let mut client = Client::start(&[], pull()).await;
    client.open("a/b.rubric", TEXT).await;
    let params =
        json!({ "textDocument": { "uri": client.uri("a/b.rubric") }, "position": start(TEXT, "K }\n") });
    let id = client.send_request("textDocument/hover", params).await;
    client.notify("$/cancelRequest", json!({ "id": id })).await;
    let answer = client.answer(id).await;
    // It may have been done already.
    assert!(answer["error"]["code"] == -32800 || answer["result"].is_object(), "{answer}");
    client.end().await;
}

#[tokio::test]
async fn folders_come_and_go() {
    let mut client = Client::start(&[("one/a/b.rubric", TEXT)], pull()).await;
    let other = tempfile::tempdir().unwrap();
    let text = TEXT.replace("policy a.b", "policy c.d").replace("K", "Kind").replace("k: Kind", "k: Kid");
    std::fs::create_dir_all(other.path().join("c")).unwrap();
    std::fs::write(other.path().join("c/d.rubric"), text).unwrap();
    let folder = json!({ "uri": crate::client::uri(other.path()), "name": "other" });
    let count = |report: &Value| report["items"].as_array().unwrap().len();
    let params = json!({ "previousResultIds": [] });
    assert_eq!(count(&client.request("workspace/diagnostic", params.clone()).await), 1);
    let event = json!({ "event": { "added": [folder], "removed": [] } });
    client.notify("workspace/didChangeWorkspaceFolders", event).await;
    let report = client.request("workspace/diagnostic", params.clone()).await;
    assert_eq!(count(&report), 2, "{report}");
    assert!(report.to_string().contains("unknown-type"), "{report}");
    let event = json!({ "event": { "added": [], "removed": [folder] } });
    client.notify("workspace/didChangeWorkspaceFolders", event).await;
    let report = client.request("workspace/diagnostic", params).await;
    assert_eq!(count(&report), 1);
    client.end().await;
}

#[tokio::test]
async fn a_manifest_that_changes_changes_what_is_read() {
    let wrong = TEXT.replace("k: K", "k: Kay").replace("policy a.b", "policy drafts.x");
    let mut client = Client::start(
        &[
            ("a/b.rubric", TEXT),
            ("drafts/x.rubric", &wrong),
            ("rubric.toml", "[project]\npolicies = [\"a\"]\n"),
        ],
        pull(),
    )
    .await;
    let params = json!({ "previousResultIds": [] });
    let report = client.request("workspace/diagnostic", params.clone()).await;
    assert!(!report.to_string().contains("unknown-type"), "{report}");
    // A file that does not belong to the project is not read because it changed.
    let changed =
        |client: &Client, path: &str| json!({ "changes": [{ "uri": client.uri(path), "type": 2 }] });
    let draft = changed(&client, "drafts/x.rubric");
    client.notify("workspace/didChangeWatchedFiles", draft).await;
    let report = client.request("workspace/diagnostic", params.clone()).await;
    assert!(!report.to_string().contains("unknown-type"), "{report}");
    std::fs::write(client.path("rubric.toml"), "[project]\npolicies = [\"a\", \"drafts\"]\n").unwrap();
    let manifest = changed(&client, "rubric.toml");
    client.notify("workspace/didChangeWatchedFiles", manifest).await;
    let report = client.request("workspace/diagnostic", params).await;
    assert!(report.to_string().contains("unknown-type"), "{report}");
    client.end().await;
}

#[tokio::test]
async fn what_is_found_is_pushed_to_a_client_that_does_not_ask() {
    let mut client = Client::start(&[], json!({})).await;
    client.open("a/b.rubric", &TEXT.replace("k: K", "k: Kay")).await;
    let said = client.wait(|message| message["method"] == "textDocument/publishDiagnostics").await;
    assert_eq!(said["params"]["version"], 1);
    assert_eq!(said["params"]["diagnostics"][0]["code"], "unknown-type");
    let version = client.change("a/b.rubric", json!([{ "text": TEXT }])).await;
    let said = client.wait(move |message| message["params"]["version"] == version).await;
    assert_eq!(said["params"]["diagnostics"], json!([]));
    client.end().await;
}

#[tokio::test]
async fn what_only_all_files_show_follows_what_is_said_of_the_open_one() {
    let other = "policy c.d { title \"T\" cite \"x\" }\nuse a.b\nrecord Q { key id: text k: K }\n";
    let mut client = Client::start(&[("c/d.rubric", other)], json!({})).await;
    let text = TEXT.to_owned()
        + "define idle of P: flag = k = a\ndefine odd of P: flag = k = aa\nrequirement r of P { cite \"1\" must k != b }\n";
    client.open("a/b.rubric", &text).await;
    let of_it = |it: &Value, uri: &str| {
        it["method"] == "textDocument/publishDiagnostics" && it["params"]["uri"] == uri
    };
    let uri = client.uri("a/b.rubric");
    let first = client.wait(|it| of_it(it, &uri)).await;
    assert!(first.to_string().contains("unknown-value"), "{first}");
    // It is said at once, or with what nobody uses.
    let mut last = first;
    while !last.to_string().contains("unused-definition") {
        last = client.wait(|it| of_it(it, &uri)).await;
        assert!(last.to_string().contains("unknown-value"), "{last}");
    }
    client.end().await;
}

#[tokio::test]
async fn a_crowd_of_requests_waits_for_what_is_typed_and_is_answered() {
    let mut client = Client::start(&[], json!({})).await;
    client.open("a/b.rubric", TEXT).await;
    let params =
        json!({ "textDocument": { "uri": client.uri("a/b.rubric") }, "position": start(TEXT, "K }\n") });
    let mut asked = Vec::new();
    for round in 0..10 {
        for _ in 0..50 {
            asked.push(client.send_request("textDocument/hover", params.clone()).await);
        }
        let with = if round % 2 == 0 { TEXT.replace("k: K", "k: Kay") } else { TEXT.to_owned() };
        let version = client.change("a/b.rubric", json!([{ "text": with }])).await;
        if round % 3 == 0 {
            let said = client.wait(move |message| message["params"]["version"] == version).await;
            let found = said["params"]["diagnostics"].as_array().unwrap().len();
            assert_eq!(found, usize::from(round % 2 == 0), "{said}");
        }
    }
    for id in asked {
        let answer = client.answer(id).await;
        let text = answer["result"].to_string();
        assert!(text.contains("category K") || text == "null", "{answer}");
        assert!(answer.get("error").is_none() || answer["error"]["code"] == -32801, "{answer}");
    }
    client.end().await;
}
