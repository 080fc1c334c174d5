//! A client of language servers over standard input and output, for tests.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

const PATIENCE: Duration = Duration::from_secs(60);

/// A server that was started, and what it said.
pub struct Client {
    child: Child,
    input: Option<ChildStdin>,
    said: Receiver<Json>,
    next: i64,
    /// The last diagnostics of each document, and how often they came.
    diagnostics: BTreeMap<String, (usize, Json)>,
    /// Messages that a person would see in the editor's log.
    pub log: Vec<Json>,
}

impl Client {
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (say, said) = channel();
        thread::spawn(move || {
            let mut output = output;
            while let Some(message) = read(&mut output) {
                if say.send(message).is_err() {
                    return;
                }
            }
        });
        Self { child, input, said, next: 0, diagnostics: BTreeMap::new(), log: Vec::new() }
    }

    /// Sends bytes as they are.
    pub fn send_raw(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    pub fn send(&mut self, message: &Json) {
        let text = message.to_string();
        self.send_raw(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    pub fn notify(&mut self, method: &str, params: Json) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// The result of a request, or its error as `{"error": …}`.
    pub fn request(&mut self, method: &str, params: Json) -> Json {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        self.answer(id)
    }

    /// The answer to a request that was sent with this id.
    pub fn answer(&mut self, id: i64) -> Json {
        let until = Instant::now() + PATIENCE;
        loop {
            let message = self.receive(until).unwrap_or_else(|| panic!("no answer to request {id}"));
            if message["id"] == id && message.get("method").is_none() {
                return match message.get("error") {
                    Some(error) => json!({ "error": error }),
                    None => message["result"].clone(),
                };
            }
            self.take(&message);
        }
    }

    /// The next diagnostics of a document, after those already seen.
    pub fn next_diagnostics(&mut self, uri: &str) -> Vec<Json> {
        let seen = self.diagnostics.get(uri).map_or(0, |(count, _)| *count);
        let until = Instant::now() + PATIENCE;
        while self.diagnostics.get(uri).map_or(0, |(count, _)| *count) == seen {
            let message = self.receive(until).unwrap_or_else(|| panic!("no diagnostics for {uri}"));
            self.take(&message);
        }
        self.diagnostics[uri].1.as_array().unwrap().clone()
    }

    /// What is published for a document once nothing more comes.
    pub fn settled(&mut self, uri: &str, quiet: Duration) -> Vec<Json> {
        while let Some(message) = self.receive(Instant::now() + quiet) {
            self.take(&message);
        }
        self.diagnostics.get(uri).map(|(_, all)| all.as_array().unwrap().clone()).unwrap_or_default()
    }

    /// The exit code, once the server ends by itself.
    pub fn wait(&mut self) -> Option<i32> {
        drop(self.input.take());
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("the server does not end");
    }

    fn receive(&mut self, until: Instant) -> Option<Json> {
        match self.said.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => panic!("the server went away"),
        }
    }

    fn take(&mut self, message: &Json) {
        match message["method"].as_str() {
            Some("textDocument/publishDiagnostics") => {
                let uri = message["params"]["uri"].as_str().unwrap().to_owned();
                let entry = self.diagnostics.entry(uri).or_default();
                *entry = (entry.0 + 1, message["params"]["diagnostics"].clone());
            }
            Some("window/logMessage" | "window/showMessage") => self.log.push(message["params"].clone()),
            Some(method) if message.get("id").is_some() => {
                let items = message["params"]["items"].as_array().map_or(0, Vec::len);
                let result =
                    if method == "workspace/configuration" { json!(vec![Json::Null; items]) } else { Json::Null };
                self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }));
            }
            _ => {}
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // It has usually ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(output: &mut impl BufRead) -> Option<Json> {
    let mut length = None;
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
            length = value.parse::<usize>().ok();
        }
    }
    let mut bytes = vec![0; length?];
    output.read_exact(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// The URI of a file of this repository.
pub fn uri(path: &str) -> String {
    let root = super::root();
    format!("file://{}/{path}", root.to_string_lossy().replace(' ', "%20"))
}

/// A position after the first place of `before`, plus the UTF-16 length of what precedes it on its line.
pub fn position_after(text: &str, before: &str) -> Json {
    let at = text.find(before).unwrap_or_else(|| panic!("no `{before}`")) + before.len();
    let head = &text[..at];
    let line = head.matches('\n').count();
    let start = head.rfind('\n').map_or(0, |newline| newline + 1);
    json!({ "line": line, "character": head[start..].encode_utf16().count() })
}
