//! Whatever is edited, opened, closed, renamed and deleted: the server's texts are the client's, and what it finds is what
//! a server finds that starts on them. `RUBRIC_CASES` says how many edits.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::client::{Client, byte, uri};

const NAMES: [&str; 4] = ["a/base.rubric", "a/rules.rubric", "b é/100% x.rubric", "new/d.rubric"];

const TEXTS: [&str; 3] = [
    "policy a.base { title \"B\" cite \"x\" }\ncategory K { a \"é😀\", b }\nrecord P { key id: text k: K level: count? }\n",
    "policy a.rules { title \"R\" cite \"x\" }\r\nuse a.base\r\ndecision d of P {\r\n  outcomes yes_it_is, nope\r\n  default nope cite \"1\"\r\n  rule r: yes_it_is\r\n    when level >= 2 and k = a\r\n    cite \"é😀\"\r\n}\r\n",
    "policy b.x { title \"X\" cite \"x\" }\nuse a.base\ndefine q of P: flag = level = 1\n",
];

const PIECES: [&str; 20] = [
    "é",
    "😀",
    "\n",
    "\r\n",
    "{",
    "}",
    "level",
    " a.base",
    "use a.base\n",
    "\"",
    "// c\n",
    "rule z: nope when k = b cite \"2\"\n",
    " and ",
    ">= 3",
    "policy c.d { title \"T\" cite \"y\" }\n",
    "K",
    "define w of P: count? = level\n",
    "(",
    " ",
    "",
];

/// A plain generator, so that a failure can be repeated by its number.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit.max(1)
    }
}

fn edits() -> usize {
    std::env::var("RUBRIC_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(400)
}

fn able() -> Value {
    json!({
        "textDocument": { "diagnostic": {} },
        "workspace": { "diagnostics": { "refreshSupport": true } },
    })
}

/// What is found in every file, without what names a server's own folder.
async fn findings(client: &mut Client) -> BTreeMap<String, Value> {
    let report = client.request("workspace/diagnostic", json!({ "previousResultIds": [] })).await;
    let root = client.uri("");
    let mut found = BTreeMap::new();
    for item in report["items"].as_array().unwrap() {
        let name = item["uri"].as_str().unwrap().replace(&root, "");
        let mut items = item["items"].clone();
        for one in items.as_array_mut().unwrap() {
            one.as_object_mut().unwrap().remove("codeDescription");
        }
        let items: Value = serde_json::from_str(&items.to_string().replace(&root, "")).unwrap();
        found.insert(name, items);
    }
    found
}

/// A random place in a text, as an editor counts; sometimes past the end of a line or of the text.
fn somewhere(random: &mut Random, text: &str) -> Value {
    let line = random.below(text.matches('\n').count() + 2);
    let width = text.lines().nth(line).map_or(0, |line| line.encode_utf16().count());
    json!({ "line": line, "character": random.below(width + 2) })
}

/// The byte that a client means: never inside a character, never between `\r` and `\n`.
fn client_byte(text: &str, position: &Value) -> usize {
    let line = position["line"].as_u64().unwrap() as usize;
    if line > text.matches('\n').count() {
        return text.len();
    }
    let mut at = byte(text, position);
    // Inside a pair, before it; past the end of the line, at its end.
    let column = position["character"].as_u64().unwrap() as usize;
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    while text[start..at].encode_utf16().count() > column {
        at -= text[start..at].chars().next_back().unwrap().len_utf8();
    }
    if text[..at].ends_with('\r') && text[at..].starts_with('\n') {
        at -= 1;
    }
    at
}

/// A server for these folders; without a name, for the folder that holds all files.
async fn started(folders: &[&str], texts: &BTreeMap<String, String>) -> Client {
    let files: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let named = |root: &Path| {
        let folders = folders.iter().map(|name| json!({ "uri": uri(&root.join(name)), "name": name }));
        json!({ "processId": null, "capabilities": able(), "workspaceFolders": folders.collect::<Vec<_>>() })
    };
    Client::start_with(&files, named).await
}

#[tokio::test]
async fn edited_equals_fresh() {
    edit_at_random(&[""], 20_261_126).await;
}

/// Files of the same names in both have nothing to do with each other, whatever is done to either.
#[tokio::test]
async fn edited_equals_fresh_in_two_folders() {
    edit_at_random(&["one", "two é 50%"], 20_261_127).await;
}

async fn edit_at_random(folders: &[&str], seed: u64) {
    let within = |folder: &&str, name: &&str| match *folder {
        "" => (*name).to_owned(),
        folder => format!("{folder}/{name}"),
    };
    // A file is only renamed within its folder.
    let names: Vec<Vec<String>> =
        folders.iter().map(|folder| NAMES.iter().map(|name| within(folder, name)).collect()).collect();
    let mut disk: BTreeMap<String, String> = BTreeMap::new();
    for names in &names {
        disk.extend(names.iter().cloned().zip(TEXTS.map(str::to_owned)));
    }
    let mut client = started(folders, &disk).await;
    let mut random = Random(seed);
    let mut open: BTreeMap<String, String> = BTreeMap::new();
    let count = edits();
    for number in 1..=count {
        let of_folder = random.below(folders.len());
        let names = &names[of_folder];
        let name = names[random.below(NAMES.len())].as_str();
        if folders.len() > 1 && random.below(200) == 0 {
            // A folder goes and comes again, with what is open in it.
            let folder = folders[of_folder];
            let folder = json!([{ "uri": client.uri(folder), "name": folder }]);
            for (added, removed) in [(json!([]), folder.clone()), (folder, json!([]))] {
                let event = json!({ "event": { "added": added, "removed": removed } });
                client.notify("workspace/didChangeWorkspaceFolders", event).await;
            }
        }
        match random.below(20) {
            0 if !open.contains_key(name) => {
                let text = disk
                    .get(name)
                    .cloned()
                    .unwrap_or_else(|| "policy new.d { title \"D\" cite \"x\" }\n".to_owned());
                client.open(name, &text).await;
                open.insert(name.to_owned(), text);
            }
            1 if open.remove(name).is_some() => client.close(name).await,
            2 if !open.contains_key(name) => {
                // Deleted, or written anew.
                let path = client.path(name);
                if disk.remove(name).is_some() {
                    fs::remove_file(&path).unwrap();
                } else {
                    let text = TEXTS[random.below(TEXTS.len())].to_owned();
                    fs::create_dir_all(path.parent().unwrap()).unwrap();
                    fs::write(&path, &text).unwrap();
                    disk.insert(name.to_owned(), text);
                }
                let changes = json!({ "changes": [{ "uri": client.uri(name), "type": 2 }] });
                client.notify("workspace/didChangeWatchedFiles", changes).await;
            }
            3 if !open.contains_key(name) && disk.contains_key(name) => {
                // Renamed: to a name that is free.
                let other = names[random.below(NAMES.len())].as_str();
                if !disk.contains_key(other) && !open.contains_key(other) {
                    let text = disk.remove(name).unwrap();
                    fs::create_dir_all(client.path(other).parent().unwrap()).unwrap();
                    fs::rename(client.path(name), client.path(other)).unwrap();
                    disk.insert(other.to_owned(), text);
                    let changes = json!({ "changes": [
                        { "uri": client.uri(name), "type": 3 }, { "uri": client.uri(other), "type": 1 },
                    ] });
                    client.notify("workspace/didChangeWatchedFiles", changes).await;
                }
            }
            _ => {
                let Some(text) = open.get(name).cloned() else { continue };
                if text.len() > 4_000 || random.below(40) == 0 {
                    let whole = TEXTS[random.below(TEXTS.len())];
                    client.change(name, json!([{ "text": whole }])).await;
                    open.insert(name.to_owned(), whole.to_owned());
                    continue;
                }
                let (mut changes, mut now) = (Vec::new(), text);
                for _ in 0..=random.below(3) {
                    let (start, end) = (somewhere(&mut random, &now), somewhere(&mut random, &now));
                    let (from, to) = (client_byte(&now, &start), client_byte(&now, &end));
                    let (from, to, start, end) =
                        if from <= to { (from, to, start, end) } else { (to, from, end, start) };
                    // Mostly short, or nothing would be left.
                    let (to, end) = if to - from > 12 { (from, start.clone()) } else { (to, end) };
                    let new = PIECES[random.below(PIECES.len())];
                    changes.push(json!({ "range": { "start": start, "end": end }, "text": new }));
                    now.replace_range(from..to, new);
                }
                client.change(name, Value::from(changes)).await;
                open.insert(name.to_owned(), now);
            }
        }
        if number % 100 != 0 && number != count {
            continue;
        }
        let mut texts = disk.clone();
        texts.extend(open.clone());
        let mut fresh = started(folders, &texts).await;
        let (edited, anew) = (findings(&mut client).await, findings(&mut fresh).await);
        let differs: Vec<&String> =
            edited.keys().filter(|name| edited.get(*name) != anew.get(*name)).collect();
        assert_eq!(edited, anew, "after {number} edits, in {differs:?} of {texts:#?}");
        // The text that the server holds, by what it says the whole of it is.
        for (name, text) in &open {
            let end = json!({ "line": 0, "character": 0 });
            let params = json!({ "textDocument": { "uri": client.uri(name) }, "positions": [end] });
            let grown = client.request("textDocument/selectionRange", params).await;
            let mut outer = &grown[0];
            while outer["parent"].is_object() {
                outer = &outer["parent"];
            }
            if !text.is_empty() {
                assert_eq!(byte(text, &outer["range"]["end"]), text.len(), "{name} after {number} edits");
            }
            let colours = client.of("textDocument/semanticTokens/full", name).await;
            let params = json!({ "textDocument": { "uri": fresh.uri(name) } });
            let expected = fresh.request("textDocument/semanticTokens/full", params).await;
            assert_eq!(colours["data"], expected["data"], "{name} after {number} edits");
        }
        fresh.end().await;
    }
    assert_eq!(client.end().await, 0);
}
