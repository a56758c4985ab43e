//! A client in the same process: it talks to the real server over a pipe in memory and keeps its own copy of each text.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rubric_engine::project::Shipped;
use rubric_lsp::Ships;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Nothing takes longer than this, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn ships() -> Ships {
    let tiny = Shipped::new(
        "k12/tiny.rubric",
        "/// What ships.\npolicy k12.tiny { title \"Tiny\" cite \"x\" }\ncategory Size { small, large }\n",
    );
    Ships { policies: vec![tiny], ..Ships::default() }
}

pub(crate) struct Client {
    output: WriteHalf<DuplexStream>,
    messages: UnboundedReceiver<Value>,
    /// Messages of the server that nobody waited for yet.
    pub(crate) unread: Vec<Value>,
    next: i64,
    pub(crate) capabilities: Value,
    pub(crate) folder: tempfile::TempDir,
    server: tokio::task::JoinHandle<i32>,
    versions: BTreeMap<String, i64>,
    /// The methods of all that was sent.
    pub(crate) sent: BTreeSet<String>,
}

impl Client {
    /// A server for a folder with these files, and what the client says it can do.
    pub(crate) async fn start(files: &[(&str, &str)], capabilities: Value) -> Self {
        Self::start_with(files, |folder| {
            json!({
                "processId": null,
                "capabilities": capabilities,
                "workspaceFolders": [{ "uri": uri(folder), "name": "folder" }],
            })
        })
        .await
    }

    pub(crate) async fn start_with(files: &[(&str, &str)], params: impl FnOnce(&Path) -> Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let (input, output) = tokio::io::split(theirs);
        let server = tokio::spawn(rubric_lsp::serve(input, output, ships()));
        let (input, output) = tokio::io::split(ours);
        let (sender, messages) = unbounded_channel();
        tokio::spawn(async move {
            let mut input = input;
            while let Some(message) = read(&mut input).await {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let mut client = Self {
            output,
            messages,
            unread: Vec::new(),
            next: 0,
            capabilities: Value::Null,
            folder,
            server,
            versions: BTreeMap::new(),
            sent: BTreeSet::new(),
        };
        let params = params(client.folder.path());
        let answer = client.request("initialize", params).await;
        client.capabilities = answer["capabilities"].clone();
        client.notify("initialized", json!({})).await;
        client
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn uri(&self, path: &str) -> String {
        uri(&self.path(path))
    }

    /// The result of a request; it must not be an error.
    pub(crate) async fn request(&mut self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params).await;
        assert_eq!(answer.get("error"), None, "{method}: {answer}");
        answer["result"].clone()
    }

    /// The answer to a request, error or not.
    pub(crate) async fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.send_request(method, params).await;
        self.answer(id).await
    }

    pub(crate) async fn send_request(&mut self, method: &str, params: Value) -> i64 {
        self.next += 1;
        let id = self.next;
        let mut message = json!({ "jsonrpc": "2.0", "id": id, "method": method });
        if !params.is_null() {
            message["params"] = params;
        }
        self.send(&message).await;
        id
    }

    pub(crate) async fn answer(&mut self, id: i64) -> Value {
        self.wait(move |message| message["id"] == id && message.get("method").is_none()).await
    }

    pub(crate) async fn notify(&mut self, method: &str, params: Value) {
        let mut message = json!({ "jsonrpc": "2.0", "method": method });
        if !params.is_null() {
            message["params"] = params;
        }
        self.send(&message).await;
    }

    async fn send(&mut self, message: &Value) {
        if let Some(method) = message["method"].as_str() {
            self.sent.insert(method.to_owned());
        }
        self.send_text(&message.to_string()).await;
    }

    /// Sends a message as it is written.
    pub(crate) async fn send_text(&mut self, text: &str) {
        let message = format!("Content-Length: {}\r\n\r\n{text}", text.len());
        self.output.write_all(message.as_bytes()).await.unwrap();
    }

    /// The first message that fits, also among those passed over before. Requests of the server are answered.
    pub(crate) async fn wait(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.unread.iter().position(&fits) {
            return self.unread.remove(at);
        }
        loop {
            let message = tokio::time::timeout(PATIENCE, self.messages.recv()).await;
            let message = match message {
                Ok(Some(message)) => message,
                Ok(None) => panic!("the server ended; it said {:#?}", self.unread),
                Err(_) => panic!("the server said nothing that fits, but {:#?}", self.unread),
            };
            if message.get("method").is_some() && message.get("id").is_some() {
                let answer = json!({ "jsonrpc": "2.0", "id": message["id"], "result": null });
                self.send(&answer).await;
            }
            if fits(&message) {
                return message;
            }
            self.unread.push(message);
        }
    }

    pub(crate) async fn open(&mut self, path: &str, text: &str) {
        let uri = self.uri(path);
        self.versions.insert(uri.clone(), 1);
        let document = json!({ "uri": uri, "languageId": "rubric", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document })).await;
    }

    /// Changes a document, and gives its new version.
    pub(crate) async fn change(&mut self, path: &str, changes: Value) -> i64 {
        let uri = self.uri(path);
        let version = self.versions.entry(uri.clone()).or_insert(0);
        *version += 1;
        let version = *version;
        let document = json!({ "uri": uri, "version": version });
        let params = json!({ "textDocument": document, "contentChanges": changes });
        self.notify("textDocument/didChange", params).await;
        version
    }

    pub(crate) async fn close(&mut self, path: &str) {
        let document = json!({ "uri": self.uri(path) });
        self.notify("textDocument/didClose", json!({ "textDocument": document })).await;
    }

    /// What is found in a file, asked for.
    pub(crate) async fn diagnostics(&mut self, path: &str) -> Vec<Value> {
        let document = json!({ "uri": self.uri(path) });
        let report = self.request("textDocument/diagnostic", json!({ "textDocument": document })).await;
        report["items"].as_array().cloned().unwrap_or_default()
    }

    /// A request about a place in a document.
    pub(crate) async fn at(&mut self, method: &str, path: &str, position: Value) -> Value {
        let params = json!({ "textDocument": { "uri": self.uri(path) }, "position": position });
        self.request(method, params).await
    }

    /// A request about a document.
    pub(crate) async fn of(&mut self, method: &str, path: &str) -> Value {
        self.request(method, json!({ "textDocument": { "uri": self.uri(path) } })).await
    }

    /// Ends the server as the protocol asks, and gives its exit status.
    pub(crate) async fn end(mut self) -> i32 {
        self.request("shutdown", Value::Null).await;
        self.notify("exit", Value::Null).await;
        // The pipe stays open: the server must end all the same.
        tokio::time::timeout(PATIENCE, &mut self.server).await.unwrap().unwrap()
    }
}

/// The place after the first `before` in a text, in UTF-16 units.
pub(crate) fn after(text: &str, before: &str) -> Value {
    place(text, text.find(before).unwrap() + before.len())
}

/// The place of the first `at` in a text, in UTF-16 units.
pub(crate) fn start(text: &str, at: &str) -> Value {
    place(text, text.find(at).unwrap())
}

pub(crate) fn place(text: &str, byte: usize) -> Value {
    let before = &text[..byte];
    let line = before.matches('\n').count();
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    json!({ "line": line, "character": before[start..].encode_utf16().count() })
}

/// The text with edits made, as a client makes them; positions in UTF-16 units.
pub(crate) fn edited(text: &str, edits: &Value) -> String {
    let mut edits: Vec<(usize, usize, String)> = edits
        .as_array()
        .unwrap()
        .iter()
        .map(|edit| {
            let (start, end) = (byte(text, &edit["range"]["start"]), byte(text, &edit["range"]["end"]));
            (start, end, edit["newText"].as_str().unwrap().to_owned())
        })
        .collect();
    edits.sort_by_key(|edit| edit.0);
    let mut out = text.to_owned();
    for (start, end, new) in edits.into_iter().rev() {
        out.replace_range(start..end, &new);
    }
    out
}

/// The byte of a place in UTF-16 units.
pub(crate) fn byte(text: &str, position: &Value) -> usize {
    let line = position["line"].as_u64().unwrap() as usize;
    let column = position["character"].as_u64().unwrap() as usize;
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let mut units = 0;
    let mut at = start;
    for letter in text[start..].chars() {
        if units >= column || letter == '\n' {
            break;
        }
        units += letter.len_utf16();
        at += letter.len_utf8();
    }
    at
}

/// What stands at a range.
pub(crate) fn written<'t>(text: &'t str, range: &Value) -> &'t str {
    &text[byte(text, &range["start"])..byte(text, &range["end"])]
}

pub(crate) fn uri(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let bytes = path.to_str().unwrap().bytes();
    let encoded: String = bytes
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    format!("file://{encoded}")
}

async fn read(input: &mut ReadHalf<DuplexStream>) -> Option<Value> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(input.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "))?.parse().ok()?;
    let mut text = vec![0; length];
    input.read_exact(&mut text).await.ok()?;
    serde_json::from_slice(&text).ok()
}
