//! An editor: the language server on its standard input and output.

use std::io::{BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long an answer may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A client of the language server.
#[derive(Debug)]
pub struct Editor {
    server: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    requests: i64,
}

impl Editor {
    /// Starts the server.
    #[must_use]
    pub fn start(mut command: Command) -> Self {
        let mut server = command.arg("lsp").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = server.stdin.take();
        let mut output = BufReader::new(server.stdout.take().unwrap());
        let (sender, messages) = channel();
        thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Self { server, input, messages, requests: 0 }
    }

    /// Says who it is and which folder it has open; gives what the server says of itself.
    pub fn initialize(&mut self, folder: &Path, encodings: &[&str]) -> Value {
        let folder = uri(folder);
        let parameters = json!({
            "processId": null,
            "capabilities": { "general": { "positionEncodings": encodings } },
            "workspaceFolders": [{ "uri": folder, "name": "folder" }],
        });
        let answer = self.request("initialize", &parameters);
        self.notify("initialized", &json!({}));
        answer
    }

    /// Asks something and waits for the answer; what the server says meanwhile is passed over.
    pub fn request(&mut self, method: &str, parameters: &Value) -> Value {
        self.requests += 1;
        let id = self.requests;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": parameters }));
        self.wait_for(|message| message["id"] == id && message["method"].is_null())
    }

    /// Says something.
    pub fn notify(&mut self, method: &str, parameters: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": parameters }));
    }

    /// Opens a document.
    pub fn open(&mut self, path: &Path, text: &str) {
        let document = json!({ "uri": uri(path), "languageId": "rubric", "version": 1, "text": text });
        self.notify("textDocument/didOpen", &json!({ "textDocument": document }));
    }

    /// Changes a document: `changes` as the protocol has them.
    pub fn change(&mut self, path: &Path, version: i32, changes: &Value) {
        let document = json!({ "uri": uri(path), "version": version });
        self.notify(
            "textDocument/didChange",
            &json!({ "textDocument": document, "contentChanges": changes }),
        );
    }

    /// Closes a document.
    pub fn close(&mut self, path: &Path) {
        self.notify("textDocument/didClose", &json!({ "textDocument": { "uri": uri(path) } }));
    }

    /// Says that a file changed on disk.
    pub fn changed_on_disk(&mut self, path: &Path) {
        let change = json!({ "uri": uri(path), "type": 2 });
        self.notify("workspace/didChangeWatchedFiles", &json!({ "changes": [change] }));
    }

    /// Waits until something is published of a file that fits, and gives its diagnostics.
    pub fn diagnostics(&mut self, path: &Path, fits: impl Fn(&Value) -> bool) -> Value {
        let uri = uri(path);
        let message = self.wait_for(|message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
                && fits(&message["params"])
        });
        message["params"]["diagnostics"].clone()
    }

    /// Waits for the server to end, its standard input still open, and gives its exit status.
    pub fn wait(&mut self) -> Option<i32> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.server.try_wait().unwrap() {
                return status.code();
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("the server did not end");
    }

    /// Writes bytes as they are, whatever they are.
    pub fn write(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.write(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    fn wait_for(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        let mut said = Vec::new();
        loop {
            match self.messages.recv_timeout(PATIENCE.saturating_sub(start.elapsed())) {
                Ok(message) if fits(&message) => return message,
                Ok(message) => said.push(message),
                Err(RecvTimeoutError::Timeout) => panic!("the server said nothing that fits, but {said:#?}"),
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("the server ended: {:?}", self.server.try_wait())
                }
            }
        }
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn uri(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let bytes = path.to_str().unwrap().bytes();
    let encoded: String = bytes
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    format!("file://{encoded}")
}

fn read(output: &mut impl std::io::BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.parse().ok()?;
        }
    }
    let mut text = vec![0; length];
    output.read_exact(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}
