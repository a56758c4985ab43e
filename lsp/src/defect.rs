//! A defect on purpose, in tests alone: the real server is run as a program of its own, and a command panics with text
//! that nobody may read.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::features::execute::Executed;
use crate::server::{Ships, serve_stdio};

/// The command, which no server has that is not a test.
pub(crate) const COMMAND: &str = "rubric.defect";

/// Says that this program is to serve, and not to test.
const SERVES: &str = "RUBRIC_TEST_SERVES";

/// What nobody may read.
const PRIVATE: &str = "Maria Doe, born 2011-05-06";

pub(crate) fn defect(private: &str) -> tower_lsp::jsonrpc::Result<Executed> {
    panic!("cannot read the record of {private}")
}

/// Serves when it is told to by the test below; by itself it has nothing to do.
#[test]
fn server() {
    if std::env::var_os(SERVES).is_some() {
        std::process::exit(serve_stdio(Ships::default()).unwrap());
    }
}

struct Peer {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    next: i64,
}

impl Peer {
    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.input.write_all(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes()).unwrap();
        self.input.flush().unwrap();
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let mut message = json!({ "jsonrpc": "2.0", "id": self.next, "method": method });
        if !params.is_null() {
            message["params"] = params;
        }
        self.send(&message);
        loop {
            let answer = self.read();
            if answer["id"] == self.next && answer.get("method").is_none() {
                return answer;
            }
        }
    }

    fn read(&mut self) -> Value {
        let mut length = None;
        loop {
            let mut line = String::new();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "the server ended");
            // The frame around tests writes to the same pipe before the server does.
            if let Some((_, said)) = line.split_once("Content-Length: ") {
                length = Some(said.trim().parse().unwrap());
            }
            if let (Some(length), true) = (length, line.trim().is_empty()) {
                let mut text = vec![0; length];
                self.output.read_exact(&mut text).unwrap();
                return serde_json::from_slice(&text).unwrap();
            }
        }
    }
}

#[test]
fn a_panic_in_a_request_ends_neither_the_server_nor_its_silence_about_records() {
    let mut server = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "defect::server", "--nocapture", "--test-threads=1"])
        .env(SERVES, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(server.stdout.take().unwrap());
    let mut peer = Peer { input: server.stdin.take().unwrap(), output, next: 0 };
    let able = json!({
        "textDocument": { "diagnostic": {} }, "workspace": { "diagnostics": { "refreshSupport": true } },
    });
    peer.ask("initialize", json!({ "processId": null, "capabilities": able }));
    peer.send(&json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }));
    let document = json!({
        "uri": "file:///a/b.rubric", "languageId": "rubric", "version": 1,
        "text": "policy a.b { title \"B\" cite \"x\" }\ncategory K { a, b }\n",
    });
    let opened = json!({ "textDocument": document });
    peer.send(&json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": opened }));
    // More often than there are threads that answer: none of them may be lost.
    for _ in 0..5 {
        let params = json!({ "command": COMMAND, "arguments": [PRIVATE] });
        let answer = peer.ask("workspace/executeCommand", params);
        assert_eq!(answer["error"]["code"], -32603, "{answer}");
        assert!(!answer.to_string().contains("Maria"), "{answer}");
        let at = json!({ "textDocument": { "uri": "file:///a/b.rubric" }, "position": { "line": 1, "character": 9 } });
        let hover = peer.ask("textDocument/hover", at);
        assert!(hover["result"].to_string().contains("category K"), "{hover}");
    }
    assert_eq!(peer.ask("shutdown", Value::Null).get("error"), None);
    peer.send(&json!({ "jsonrpc": "2.0", "method": "exit" }));
    let mut said = String::new();
    server.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(server.wait().unwrap().code(), Some(0), "{said}");
    // It is logged where it happened and in answer to what, and nothing of what it was about.
    let count = |text: &str| said.matches(text).count();
    assert_eq!(count("rubric lsp: answering executeCommand failed"), 5, "{said}");
    assert_eq!(count("rubric lsp: a defect at lsp/src/defect.rs:"), 5, "{said}");
    assert!(!said.contains("Maria") && !said.contains("record of"), "{said}");
}
