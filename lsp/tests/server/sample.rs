//! What the sample records of `rubric.toml` come to, as lenses and documents; private keys never.

use serde_json::{Value, json};

use crate::client::{Client, start};

const POLICY: &str = "policy a.b { title \"T\" cite \"x\" }
record Student { key id: text private  level: count? }
decision promotion of Student {
  outcomes up, stay
  cite \"2\"
  default stay
  rule reads: up when level >= 2
}
requirement tested of Student { cite \"3\" must level is known }
amount aid of Student { cite \"4\" line base = if level >= 2 then $10 else $5 }
";

const MANIFEST: &str = "[data.sample]\npath = \"records é\"\nas_of = 2024-06-01\n";
const RECORDS: &str = "id,level\nsecret-1,1\nsecret-2,2\nsecret-3,3\nsecret-4,\n";

fn able() -> Value {
    json!({
        "workspace": { "codeLens": { "refreshSupport": true }, "diagnostics": { "refreshSupport": true } },
        "textDocument": { "diagnostic": {} },
    })
}

async fn open(manifest: &str, records: &str) -> Client {
    let files = [("a/b.rubric", POLICY), ("rubric.toml", manifest), ("records é/Student.csv", records)];
    let mut client = Client::start(&files, able()).await;
    client.open("a/b.rubric", POLICY).await;
    client
}

/// The titles of the lenses, once one of them is there.
async fn lenses(client: &mut Client, wanted: &str) -> Vec<String> {
    for _ in 0..2_000 {
        let lenses = client.of("textDocument/codeLens", "a/b.rubric").await;
        let titles: Vec<String> = lenses
            .as_array()
            .unwrap()
            .iter()
            .map(|lens| lens["command"]["title"].as_str().unwrap().to_owned())
            .collect();
        if titles.iter().any(|title| title == wanted) {
            return titles;
        }
        assert!(!lenses.to_string().contains("secret"), "{lenses}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("no lens says {wanted}: {}", client.of("textDocument/codeLens", "a/b.rubric").await)
}

async fn document(client: &mut Client, command: &str, name: &str) -> String {
    let params = json!({ "command": command, "arguments": [client.uri("a/b.rubric"), name] });
    let answer = client.request("workspace/executeCommand", params).await;
    answer["markdown"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn rules_say_how_many_records_they_decide() {
    let mut client = open(MANIFEST, RECORDS).await;
    let titles = lenses(&mut client, "decides 2 of 4; 1 undetermined").await;
    for wanted in [
        "up 2, stay 1, undetermined 1",
        "decides 1 of 4; 1 undetermined",
        "met 3, violated 1",
        "known for 3 of 4; 1 undetermined",
    ] {
        assert!(titles.iter().any(|title| title == wanted), "{wanted}: {titles:?}");
    }
    assert!(!titles.iter().any(|title| title.contains("flips")), "{titles:?}");
    let text = document(&mut client, "rubric.showSample", "promotion").await;
    assert!(text.contains("| reads | 2 | 1 |") && text.contains("as of 2024-06-01"), "{text}");
    assert_eq!(client.end().await, 0);
}

#[tokio::test]
async fn an_edit_says_which_records_it_flips_until_it_is_saved() {
    let mut client = open(MANIFEST, RECORDS).await;
    lenses(&mut client, "decides 2 of 4; 1 undetermined").await;
    let edited = POLICY.replace("level >= 2\n", "level >= 1\n");
    client.change("a/b.rubric", json!([{ "text": edited }])).await;
    let titles = lenses(&mut client, "this edit flips 1 record").await;
    assert!(titles.iter().any(|title| title == "decides 3 of 4; 1 undetermined"), "{titles:?}");
    let text = document(&mut client, "rubric.showFlips", "promotion").await;
    assert!(text.contains("| ••• | records é/Student.csv:2 | stay | up |"), "{text}");
    assert!(!text.contains("secret"), "{text}");
    // Half-typed text says nothing of what it cannot mean, and the server goes on.
    let broken = edited.replace("level >= 1\n", "level >=\n");
    client.change("a/b.rubric", json!([{ "text": broken }])).await;
    client.change("a/b.rubric", json!([{ "text": edited }])).await;
    lenses(&mut client, "this edit flips 1 record").await;
    let saved = json!({ "textDocument": { "uri": client.uri("a/b.rubric") } });
    std::fs::write(client.path("a/b.rubric"), &edited).unwrap();
    client.notify("textDocument/didSave", saved).await;
    let at = start(POLICY, "default stay");
    client.change("a/b.rubric", json!([{ "range": { "start": at, "end": at }, "text": " " }])).await;
    let titles = lenses(&mut client, "decides 3 of 4; 1 undetermined").await;
    assert!(!titles.iter().any(|title| title.contains("flips")), "{titles:?}");
    client.end().await;
}

#[tokio::test]
async fn what_keeps_a_sample_from_being_read_is_said_once() {
    let mut client = open("[data.sample]\npath = \"nowhere\"\nas_of = 2024-06-01\n", RECORDS).await;
    lenses(&mut client, "sample: nowhere: there is no such folder: check path in the manifest, or --data")
        .await;
    client.end().await;
    let mut client = open("[data.sample]\npath = \"records é\"\n", RECORDS).await;
    let why =
        "sample: the data set sample says no day of deciding: add as_of = 2024-06-01 to it in rubric.toml";
    lenses(&mut client, why).await;
    // The manifest is mended.
    std::fs::write(client.path("rubric.toml"), MANIFEST).unwrap();
    let changes = json!({ "changes": [{ "uri": client.uri("rubric.toml"), "type": 2 }] });
    client.notify("workspace/didChangeWatchedFiles", changes).await;
    lenses(&mut client, "decides 2 of 4; 1 undetermined").await;
    client.end().await;
}
