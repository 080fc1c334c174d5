//! The loop: messages in, answers and diagnostics out.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;

use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{self, Notification as _};
use lsp_types::request::{self, Request as _};
use lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionParams, CodeActionProviderCapability, CompletionList,
    CompletionOptions, CompletionParams, CompletionResponse, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DocumentSymbolParams, DocumentSymbolResponse, GotoDefinitionParams,
    GotoDefinitionResponse, HoverParams, HoverProviderCapability, InitializeParams, InitializeResult, OneOf,
    PublishDiagnosticsParams, ReferenceParams, ServerCapabilities, ServerInfo, TextDocumentContentChangeEvent,
    TextDocumentPositionParams, TextDocumentSyncCapability, TextDocumentSyncKind,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use crate::bundle::files::Files;

use super::answer;
use super::diagnose::{self, Shown};
use super::frame::{Frame, read};
use super::paths::path_of;
use super::text::Lines;
use super::workspace::{View, Workspace};

/// Messages that may wait; an editor that sends faster waits.
const WAITING: usize = 256;

/// Serves one editor until it says `exit` or goes away. `scenarios` is the bundle that scenarios are read against.
///
/// # Errors
/// When nothing can be written any more.
pub fn serve(input: impl BufRead + Send + 'static, output: impl Write, scenarios: Files) -> std::io::Result<u8> {
    let (send, receive) = sync_channel(WAITING);
    // The thread ends with its input; it is not waited for, as a read cannot be broken off.
    thread::spawn(move || {
        let mut input = input;
        loop {
            let frame = read(&mut input);
            let last = matches!(frame, Frame::End);
            if send.send(frame).is_err() || last {
                return;
            }
        }
    });
    let workspace = Workspace::new(scenarios);
    let mut server = Server { output, workspace, shown: Shown::new(), state: State::New, watches: false, dirty: false };
    server.run(&receive)
}

/// How far the conversation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Running,
    ShutDown,
}

struct Server<W> {
    output: W,
    workspace: Workspace,
    shown: Shown,
    state: State,
    /// Whether the editor tells of files that change on disk when it is asked to.
    watches: bool,
    /// Whether something changed since bundles were last read.
    dirty: bool,
}

/// A request that cannot be answered.
struct Refusal(ErrorCode, String);

type Answer = Result<Json, Refusal>;

impl<W: Write> Server<W> {
    fn run(&mut self, input: &Receiver<Frame>) -> std::io::Result<u8> {
        loop {
            // Bundles are read when the editor pauses, or when an answer needs them.
            let frame = if self.dirty {
                match input.try_recv() {
                    Ok(frame) => frame,
                    Err(TryRecvError::Empty) => {
                        self.refresh()?;
                        continue;
                    }
                    Err(TryRecvError::Disconnected) => Frame::End,
                }
            } else {
                input.recv().unwrap_or(Frame::End)
            };
            match frame {
                Frame::End => return Ok(u8::from(self.state != State::ShutDown)),
                Frame::Malformed(code, why) => self.complain(code, &why)?,
                Frame::Message(Message::Request(request)) => self.request(request)?,
                Frame::Message(Message::Notification(told)) if told.method == notification::Exit::METHOD => {
                    return Ok(u8::from(self.state != State::ShutDown));
                }
                Frame::Message(Message::Notification(told)) => self.notified(told)?,
                // The editor agrees to watch files.
                Frame::Message(Message::Response(_)) => {}
            }
        }
    }

    fn send(&mut self, message: Message) -> std::io::Result<()> {
        message.write(&mut self.output)
    }

    /// Tells of input that is no message; there is no request to answer, so the id is null.
    fn complain(&mut self, code: ErrorCode, why: &str) -> std::io::Result<()> {
        // An enumeration's number is its value.
        let error =
            json!({ "jsonrpc": "2.0", "id": null, "error": { "code": code as i32, "message": why } }).to_string();
        write!(self.output, "Content-Length: {}\r\n\r\n{error}", error.len())?;
        self.output.flush()
    }

    fn request(&mut self, request: Request) -> std::io::Result<()> {
        let Request { id, method, params } = request;
        let answer = match (self.state, method.as_str()) {
            (State::New, request::Initialize::METHOD) => self.initialize(params),
            (State::New, _) => Err(Refusal(ErrorCode::ServerNotInitialized, "`initialize` comes first".into())),
            (State::Running, request::Shutdown::METHOD) => {
                self.state = State::ShutDown;
                Ok(Json::Null)
            }
            (State::Running, request::Initialize::METHOD) => {
                Err(Refusal(ErrorCode::InvalidRequest, "`initialize` came before".into()))
            }
            (State::Running, _) => {
                if self.dirty {
                    self.refresh()?;
                }
                self.answer(&method, params)
            }
            (State::ShutDown, _) => {
                Err(Refusal(ErrorCode::InvalidRequest, "only `exit` comes after `shutdown`".into()))
            }
        };
        self.respond(id, answer)
    }

    fn respond(&mut self, id: RequestId, answer: Answer) -> std::io::Result<()> {
        let response = match answer {
            Ok(result) => Response::new_ok(id, result),
            Err(Refusal(code, message)) => Response::new_err(id, code as i32, message),
        };
        self.send(Message::Response(response))
    }

    fn initialize(&mut self, params: Json) -> Answer {
        let params: InitializeParams = typed(params)?;
        let files = params.capabilities.workspace.and_then(|workspace| workspace.did_change_watched_files);
        self.watches = files.and_then(|files| files.dynamic_registration).unwrap_or(false);
        self.state = State::Running;
        let info = ServerInfo { name: "clausal".into(), version: Some(env!("CARGO_PKG_VERSION").into()) };
        json_of(&InitializeResult { capabilities: capabilities(), server_info: Some(info) })
    }

    fn answer(&mut self, method: &str, params: Json) -> Answer {
        let workspace = &self.workspace;
        match method {
            request::Completion::METHOD => {
                let params: CompletionParams = typed(params)?;
                let items =
                    at(workspace, &params.text_document_position, |view, position| answer::completion(&view, position));
                json_of(&CompletionResponse::List(CompletionList {
                    is_incomplete: false,
                    items: items.unwrap_or_default(),
                }))
            }
            request::HoverRequest::METHOD => {
                let params: HoverParams = typed(params)?;
                let hover = at(workspace, &params.text_document_position_params, |view, position| {
                    answer::hover(workspace, &view, position)
                });
                json_of(&hover.flatten())
            }
            request::GotoDefinition::METHOD => {
                let params: GotoDefinitionParams = typed(params)?;
                let places = at(workspace, &params.text_document_position_params, |view, position| {
                    answer::definition(workspace, &view, position)
                });
                json_of(&GotoDefinitionResponse::Array(places.unwrap_or_default()))
            }
            request::References::METHOD => {
                let params: ReferenceParams = typed(params)?;
                let defined = params.context.include_declaration;
                let places = at(workspace, &params.text_document_position, |view, position| {
                    answer::references(workspace, &view, position, defined)
                });
                json_of(&places.unwrap_or_default())
            }
            request::DocumentSymbolRequest::METHOD => {
                let params: DocumentSymbolParams = typed(params)?;
                let symbols = path_of(&params.text_document.uri).map(|path| answer::symbols(workspace, &path));
                json_of(&DocumentSymbolResponse::Nested(symbols.unwrap_or_default()))
            }
            request::CodeActionRequest::METHOD => {
                let params: CodeActionParams = typed(params)?;
                let fixes = path_of(&params.text_document.uri);
                json_of(&fixes.map(|path| diagnose::fixes(workspace, &path, params.range)).unwrap_or_default())
            }
            _ => Err(Refusal(ErrorCode::MethodNotFound, format!("`{method}` is not supported"))),
        }
    }

    /// Notifications that cannot be understood are passed over, as the protocol has no answer to them.
    fn notified(&mut self, told: Notification) -> std::io::Result<()> {
        if self.state != State::Running {
            return Ok(());
        }
        match told.method.as_str() {
            notification::Initialized::METHOD if self.watches => self.watch()?,
            notification::DidOpenTextDocument::METHOD => {
                if let Ok(DidOpenTextDocumentParams { text_document: it }) = typed(told.params)
                    && let Some(path) = path_of(&it.uri)
                {
                    self.workspace.set(path.clone(), it.uri, it.version, it.text);
                    self.shown.remove(&path);
                    self.dirty = true;
                }
            }
            notification::DidChangeTextDocument::METHOD => {
                if let Ok(params) = typed(told.params) {
                    self.change(params);
                }
            }
            notification::DidCloseTextDocument::METHOD => {
                if let Ok(DidCloseTextDocumentParams { text_document }) = typed(told.params)
                    && let Some(path) = path_of(&text_document.uri)
                {
                    self.dirty |= self.workspace.documents.remove(&path).is_some();
                }
            }
            notification::DidSaveTextDocument::METHOD | notification::DidChangeWatchedFiles::METHOD => {
                self.dirty = true
            }
            _ => {}
        }
        Ok(())
    }

    fn change(&mut self, params: DidChangeTextDocumentParams) {
        let uri = params.text_document.uri;
        let Some(path) = path_of(&uri) else { return };
        let Some(document) = self.workspace.documents.get(&path) else { return };
        let start = document.text.to_string();
        let text = params.content_changes.into_iter().fold(start, |text, change| changed(&text, change));
        // A new version is answered with diagnostics even where they are the same.
        self.shown.remove(&path);
        self.workspace.set(path, uri, params.text_document.version, text);
        self.dirty = true;
    }

    /// Asks the editor to tell of bundle files that change on disk.
    fn watch(&mut self) -> std::io::Result<()> {
        let watchers = json!([{ "globPattern": "**/*.{yaml,rhai,ftl}" }]);
        let registration = json!({
            "registrations": [{
                "id": "files",
                "method": notification::DidChangeWatchedFiles::METHOD,
                "registerOptions": { "watchers": watchers },
            }]
        });
        let id = RequestId::from("watch".to_owned());
        self.send(Message::Request(Request::new(id, request::RegisterCapability::METHOD.into(), registration)))
    }

    /// Reads bundles anew, and tells what changed about their files.
    fn refresh(&mut self) -> std::io::Result<()> {
        self.dirty = false;
        self.workspace.refresh();
        let shown = diagnose::all(&self.workspace);
        let gone: Vec<PathBuf> = self.shown.keys().filter(|path| !shown.contains_key(*path)).cloned().collect();
        for path in gone {
            self.publish(&path, Vec::new())?;
        }
        for (path, diagnostics) in &shown {
            if self.shown.get(path) != Some(diagnostics) {
                self.publish(path, diagnostics.clone())?;
            }
        }
        self.shown = shown;
        Ok(())
    }

    fn publish(&mut self, path: &Path, diagnostics: Vec<lsp_types::Diagnostic>) -> std::io::Result<()> {
        let Some(uri) = self.workspace.uri(path) else { return Ok(()) };
        let version = self.workspace.documents.get(path).map(|document| document.version);
        let params = PublishDiagnosticsParams { uri, diagnostics, version };
        self.send(Message::Notification(Notification::new(notification::PublishDiagnostics::METHOD.into(), params)))
    }
}

fn at<T>(
    workspace: &Workspace,
    place: &TextDocumentPositionParams,
    then: impl FnOnce(View<'_>, lsp_types::Position) -> T,
) -> Option<T> {
    let path = path_of(&place.text_document.uri)?;
    Some(then(workspace.view(&path)?, place.position))
}

fn changed(text: &str, change: TextDocumentContentChangeEvent) -> String {
    let Some(range) = change.range else { return change.text };
    let lines = Lines::new(text);
    let (start, end) = (lines.byte(range.start), lines.byte(range.end));
    let before = text.get(..start).unwrap_or_default();
    let after = text.get(end.max(start)..).unwrap_or_default();
    format!("{before}{}{after}", change.text)
}

fn typed<T: DeserializeOwned>(params: Json) -> Result<T, Refusal> {
    serde_json::from_value(params).map_err(|error| Refusal(ErrorCode::InvalidParams, error.to_string()))
}

fn json_of(result: &impl Serialize) -> Answer {
    serde_json::to_value(result).map_err(|error| Refusal(ErrorCode::InternalError, error.to_string()))
}

fn capabilities() -> ServerCapabilities {
    let triggers = ["$", ".", ":", " ", "[", "{", ",", "#", "\""].map(String::from);
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::INCREMENTAL)),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some(triggers.into()),
            ..CompletionOptions::default()
        }),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]),
            ..CodeActionOptions::default()
        })),
        ..ServerCapabilities::default()
    }
}
