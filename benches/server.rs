//! How fast the language server answers. `cargo bench --bench server` drives the real program over its pipes and prints
//! medians and 99th percentiles beside what they should be at most; nothing fails on a time.
//!
//! The workspace is generated: a vocabulary, 498 policies of some 100 lines with their tests, and one policy of 2,000 lines
//! that is edited. Times are from the last byte of the edit or question that is written to the first byte of the answer
//! that is read. `RUBRIC_EDITS` says how many edits are replayed for the memory figure, and `RUBRIC_PROGRAM` names another
//! build of the program to measure.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a program for developers"
)]

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const VOCABULARY: &str = "policy b.records { title \"Records\" cite \"x\" }
ordered category Grade { K, G1 \"01\", G2 \"02\", G3 \"03\" }
record Student {
  key id: text private
  grade: Grade
  level: count
  credits: number?
  entry: date?
  results: many Result
}
record Result { key id: text student: Student score: count taken_on: date }
";

/// A policy of about `lines` lines that checks without errors.
fn policy(name: &str, lines: usize) -> String {
    let mut text = format!(
        "policy b.{name} {{\n  title \"{name}\"\n  cite \"§ 1\"\n  effective from 2020-07-01\n  month_end round down\n}}\n\nuse b.records\n"
    );
    let mut number = 0;
    while text.lines().count() + 32 <= lines {
        number += 1;
        write!(
            text,
            "\n/// The cut of block {number}.\nparameter cut_{number}: count {{\n  cite \"(p)\"\n  from 2020-07-01: {number}\n  from 2022-07-01: {}\n}}\n\n\
             define best_{number} of Student: count? =\n  (latest of results by taken_on where score >= {number}).score\n\n\
             decision advance_{number} of Student where grade >= G1 {{\n  outcomes up, review, stay\n\n  default stay\n    cite \"(a)\"\n\n  \
             rule reads: up\n    when best_{number} >= cut_{number} and (count of results where score > 1) >= 2\n    cite \"(b)\"\n\n  \
             rule recent: review\n    when entry is known and as_of < entry + 2 years and not (credits presumed 0 >= 3)\n    \
             subject to reads\n    cite \"(c)\"\n}}\n",
            number + 1
        )
        .unwrap();
        if number % 4 == 1 {
            write!(
                text,
                "\ntest \"{name} {number}\" {{\n  as of 2024-06-01\n  Student a {{ id: \"a\"  grade: G2  level: 1  entry: 2020-08-01 }}\n  no Result\n  expect a.advance_{number} = stay\n}}\n"
            )
            .unwrap();
        }
    }
    text
}

struct Server {
    process: Child,
    input: ChildStdin,
    messages: Receiver<(Instant, Value)>,
    next: i64,
    version: i64,
}

impl Server {
    fn start(folder: &Path) -> Self {
        let program =
            std::env::var("RUBRIC_PROGRAM").unwrap_or_else(|_| env!("CARGO_BIN_EXE_rubric").to_owned());
        let mut process =
            Command::new(program).arg("lsp").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = process.stdin.take().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let (sender, messages) = channel();
        thread::spawn(move || {
            loop {
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    if output.read_line(&mut line).unwrap_or(0) == 0 {
                        return;
                    }
                    if let Some(value) = line.strip_prefix("Content-Length: ") {
                        length = value.trim_end().parse().unwrap();
                    }
                    if line == "\r\n" {
                        break;
                    }
                }
                let at = Instant::now();
                let mut text = vec![0; length];
                output.read_exact(&mut text).unwrap();
                if sender.send((at, serde_json::from_slice(&text).unwrap())).is_err() {
                    return;
                }
            }
        });
        let mut server = Self { process, input, messages, next: 0, version: 1 };
        let params = json!({
            "processId": null,
            "capabilities": {},
            "workspaceFolders": [{ "uri": uri(folder), "name": "folder" }],
        });
        server.ask("initialize", &params);
        server.notify("initialized", &json!({}));
        server
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.input.write_all(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes()).unwrap();
        self.input.flush().unwrap();
    }

    fn notify(&mut self, method: &str, params: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn request(&mut self, method: &str, params: &Value) -> i64 {
        self.next += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params }));
        self.next
    }

    fn wait(&mut self, fits: impl Fn(&Value) -> bool) -> (Instant, Value) {
        loop {
            let (at, message) = self.messages.recv_timeout(Duration::from_secs(120)).expect("an answer");
            if message.get("id").is_some() && message.get("method").is_some() {
                self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": null }));
            }
            if fits(&message) {
                return (at, message);
            }
        }
    }

    /// An answer, and how long it took.
    fn ask(&mut self, method: &str, params: &Value) -> (Duration, Value) {
        let id = self.request(method, params);
        let start = Instant::now();
        let (at, answer) = self.wait(|message| message["id"] == id && message.get("method").is_none());
        assert_eq!(answer.get("error"), None, "{method}: {answer}");
        (at.saturating_duration_since(start), answer["result"].clone())
    }

    /// Replaces a stretch of a line; gives when that was said, and the version of the text.
    fn edit(&mut self, uri: &str, line: usize, from: usize, to: usize, text: &str) -> (Instant, i64) {
        self.version += 1;
        let version = self.version;
        let range = json!({
            "start": { "line": line, "character": from }, "end": { "line": line, "character": to },
        });
        let params = json!({
            "textDocument": { "uri": uri, "version": version },
            "contentChanges": [{ "range": range, "text": text }],
        });
        self.notify("textDocument/didChange", &params);
        (Instant::now(), version)
    }

    /// When the diagnostics of that version of a document came, and how many there are.
    fn published(&mut self, uri: &str, version: i64) -> (Instant, usize) {
        let (at, message) = self.wait(|message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
                && message["params"]["version"] == version
        });
        (at, message["params"]["diagnostics"].as_array().unwrap().len())
    }

    /// Resident memory, now and at most, in megabytes.
    fn memory(&self) -> (u64, u64) {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let of = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse().ok()).unwrap_or(0_u64)
                / 1024
        };
        (of("VmRSS"), of("VmHWM"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.to_str().unwrap())
}

fn report(what: &str, mut times: Vec<Duration>, limits: &str) {
    times.sort();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1000.0;
    println!("{what:<52} p50 {:>7.2}  p99 {:>7.2}  max {:>7.2} ms   {limits}", at(0.5), at(0.99), at(1.0));
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    std::fs::create_dir(root.join("b")).unwrap();
    std::fs::write(root.join("b/records.rubric"), VOCABULARY).unwrap();
    for number in 0..498 {
        let name = format!("p{number}");
        std::fs::write(root.join(format!("b/{name}.rubric")), policy(&name, 110)).unwrap();
    }
    let long = policy("long", 2_000);
    let path = root.join("b/long.rubric");
    std::fs::write(&path, &long).unwrap();
    let long_uri = uri(&path);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!(
        "500 files; the one that is edited has {} lines, {} bytes; load {}",
        long.lines().count(),
        long.len(),
        load.trim()
    );

    let (mut starts, mut wholes) = (Vec::new(), Vec::new());
    let mut server = None;
    for _ in 0..5 {
        let start = Instant::now();
        let mut one = Server::start(&root);
        let document = json!({ "uri": long_uri, "languageId": "rubric", "version": 1, "text": long });
        one.notify("textDocument/didOpen", &json!({ "textDocument": document }));
        let (at, _) = one.published(&long_uri, 1);
        starts.push(at - start);
        one.ask("workspace/diagnostic", &json!({ "previousResultIds": [] }));
        wholes.push(start.elapsed());
        server = Some(one);
    }
    report("first diagnostics after the program starts", starts, "(at most 300)");
    report("those of the whole workspace after it starts", wholes, "");
    let mut server = server.unwrap();
    let (_, all) = server.ask("workspace/diagnostic", &json!({ "previousResultIds": [] }));
    let found: usize = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["items"].as_array().map_or(0, Vec::len))
        .sum();
    println!("(the workspace has {found} diagnostics; memory {} MB)", server.memory().0);

    // A digit of a rule in the middle of the file is typed, again and again.
    let lines: Vec<&str> = long.lines().collect();
    let middle = lines.len() / 2;
    let line = middle + lines[middle..].iter().position(|line| line.contains("score > 1")).unwrap();
    let column = lines[line].find("score > 1").unwrap() + "score > ".len();
    let mut file = Vec::new();
    for round in 0..300 {
        let (start, version) = server.edit(&long_uri, line, column, column + 1, &(round % 8 + 2).to_string());
        file.push(server.published(&long_uri, version).0.saturating_duration_since(start));
        thread::sleep(Duration::from_millis(5));
    }
    report("a digit in a rule: edit to its file's diagnostics", file, "(p50 at most 5, p99 at most 20)");

    let mut workspace = Vec::new();
    for round in 0..100 {
        let (start, _) = server.edit(&long_uri, line, column, column + 1, &(round % 8 + 2).to_string());
        let id = server.request("workspace/diagnostic", &json!({ "previousResultIds": [] }));
        let (at, _) = server.wait(|message| message["id"] == id && message.get("method").is_none());
        workspace.push(at.saturating_duration_since(start));
    }
    report("the same: edit to the whole workspace's diagnostics", workspace, "(at most 50)");

    let mut named = Vec::new();
    let define = lines.iter().position(|line| line.starts_with("define best_1 ")).unwrap() + 1;
    let place = lines[define].find("score >= 1").unwrap() + "score >= ".len();
    for round in 0..100 {
        let (start, version) = server.edit(&long_uri, define, place, place + 1, &(round % 8 + 1).to_string());
        named.push(server.published(&long_uri, version).0.saturating_duration_since(start));
    }
    report("a digit in what a rule names: edit to diagnostics", named, "");

    let mut broken = Vec::new();
    for round in 0..100 {
        let (start, version) = if round % 2 == 0 {
            server.edit(&long_uri, line, column - 2, column, "")
        } else {
            server.edit(&long_uri, line, column - 2, column - 2, "> ")
        };
        broken.push(server.published(&long_uri, version).0.saturating_duration_since(start));
    }
    report("a rule broken and mended: edit to diagnostics", broken, "(p50 at most 5)");

    for (what, after_edit) in [("at rest", false), ("right after an edit", true)] {
        for method in ["textDocument/hover", "textDocument/completion"] {
            let mut times = Vec::new();
            for round in 0..200 {
                if after_edit {
                    server.edit(&long_uri, line, column, column + 1, &(round % 8 + 2).to_string());
                }
                let params = json!({
                    "textDocument": { "uri": long_uri },
                    "position": { "line": line, "character": column - "score > ".len() + 2 },
                });
                times.push(server.ask(method, &params).0);
            }
            report(
                &format!("{} {what}", method.trim_start_matches("textDocument/")),
                times,
                "(p99 at most 10)",
            );
        }
    }

    let mut crowded = Vec::new();
    for round in 0..50 {
        let params = json!({
            "textDocument": { "uri": long_uri }, "position": { "line": line, "character": column - 3 },
        });
        let asked: Vec<i64> = (0..100).map(|_| server.request("textDocument/hover", &params)).collect();
        let (start, version) = server.edit(&long_uri, line, column, column + 1, &(round % 8 + 2).to_string());
        let mut left = asked.len();
        let mut published = None;
        while left > 0 || published.is_none() {
            let (at, message) = server.wait(|_| true);
            if message["id"].as_i64().is_some_and(|id| asked.contains(&id)) && message.get("method").is_none()
            {
                left -= 1;
            }
            if message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["version"] == version
            {
                published = Some(at);
            }
        }
        crowded.push(published.unwrap().saturating_duration_since(start));
    }
    report("edit to diagnostics with 100 hovers in flight", crowded, "(as without them)");

    let edits =
        std::env::var("RUBRIC_EDITS").ok().and_then(|edits| edits.parse().ok()).unwrap_or(10_000_usize);
    let start = Instant::now();
    for round in 0..edits {
        let (_, version) = server.edit(&long_uri, line, column, column + 1, &(round % 8 + 2).to_string());
        if round % 10 == 9 {
            let place = json!({ "line": line, "character": column - 3 });
            let params = json!({ "textDocument": { "uri": long_uri }, "position": place });
            server.request("textDocument/completion", &params);
            server.published(&long_uri, version);
        }
    }
    let (now, most) = server.memory();
    println!(
        "memory after {edits} edits in {:.1} s: {now} MB, at most {most} MB (at most 300)",
        start.elapsed().as_secs_f64()
    );
}
