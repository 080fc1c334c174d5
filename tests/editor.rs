//! What an author sees in an editor with the YAML language server: it reads the schemas through the first line of a file.
//!
//! `tests/editor/install.sh` installs the server. Where it is not installed the tests say so and pass, unless
//! `CLAUSAL_EDITOR_TESTS=required`.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::fs;
use std::process::Command;
use std::time::Duration;

use common::client::{Client, position_after, uri};
use serde_json::{Value as Json, json};

const SERVER: &str = "tests/editor/node_modules/yaml-language-server/bin/yaml-language-server";
const SCHEMA_LINE: &str = "# yaml-language-server: $schema=../schema/csp/policy.schema.json\n";

/// The server, or `None` where it is not installed.
fn server() -> Option<Client> {
    let path = common::root().join(SERVER);
    let node = Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success());
    if !node || !path.exists() {
        absent();
        return None;
    }
    let mut command = Command::new("node");
    command.arg(path).arg("--stdio");
    let mut client = Client::start(command);
    client.request(
        "initialize",
        json!({
            "processId": null,
            "rootUri": uri(""),
            "capabilities": {
                "textDocument": { "completion": { "completionItem": { "documentationFormat": ["markdown"] } } },
                "workspace": { "configuration": true }
            }
        }),
    );
    client.notify("initialized", json!({}));
    let settings =
        json!({ "yaml": { "validate": true, "completion": true, "hover": true, "schemaStore": { "enable": false } } });
    client.notify("workspace/didChangeConfiguration", json!({ "settings": settings }));
    Some(client)
}

#[allow(clippy::print_stderr, reason = "whoever runs the tests is to know what was not tested")]
fn absent() {
    let message = "the YAML language server is not installed; run tests/editor/install.sh";
    assert!(std::env::var("CLAUSAL_EDITOR_TESTS").as_deref() != Ok("required"), "{message}");
    eprintln!("skipped: {message}");
}

fn open(client: &mut Client, file: &str, text: &str) -> Vec<Json> {
    let uri = uri(file);
    let document = json!({ "uri": uri, "languageId": "yaml", "version": 1, "text": text });
    client.notify("textDocument/didOpen", json!({ "textDocument": document }));
    client.next_diagnostics(&uri);
    client.settled(&uri, Duration::from_millis(700))
}

fn shipped(file: &str) -> String {
    fs::read_to_string(common::root().join(file)).unwrap()
}

fn labels(completion: &Json) -> Vec<String> {
    let items = completion.get("items").unwrap_or(completion).as_array().unwrap();
    items.iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
}

fn item<'j>(completion: &'j Json, label: &str) -> &'j Json {
    let items = completion.get("items").unwrap_or(completion).as_array().unwrap();
    let found = items.iter().find(|item| item["label"] == label);
    found.unwrap_or_else(|| panic!("no `{label}` among {:?}", labels(completion)))
}

#[test]
fn shipped_files_have_no_diagnostics() {
    let Some(mut client) = server() else { return };
    let other = ["bundle", "vocabulary", "roles", "sources/csp-2021-06"];
    let csp = ["cancellation-windows", "unavailable-markets", "role-permissions", "obligations"];
    let csp = csp.iter().chain(&other).map(|file| format!("csp/{file}"));
    let timeline = ["bundle", "vocabulary", "windows", "markets", "credit"].map(|file| format!("csp-timeline/{file}"));
    for file in csp.chain(timeline) {
        let path = format!("policies/{file}.yaml");
        let found = open(&mut client, &path, &shipped(&path));
        assert!(found.is_empty(), "{file}: {found:?}");
    }
}

#[test]
fn mistakes_are_marked_where_they_stand() {
    let Some(mut client) = server() else { return };
    let text = shipped("policies/csp/cancellation-windows.yaml")
        .replace("more-than: $window.calendar_days", "more-then: $window.calendar_days")
        .replace("deny: window-passed", "deny: window-past")
        .replace("order.status: completed", "order.stats: completed");
    let found = open(&mut client, "policies/csp/broken.yaml", &text);
    for (wrong, part) in [("more-then", "more-then"), ("window-past", "window-passed"), ("order.stats", "order.stats")]
    {
        let line = text.lines().position(|line| line.contains(wrong)).unwrap();
        let told = found.iter().find(|d| d["range"]["start"]["line"] == line);
        let told = told.unwrap_or_else(|| panic!("line {line} ({wrong}) is not blamed: {found:#?}"));
        assert!(told["message"].as_str().unwrap().contains(part), "{told}");
    }
    assert_eq!(found.len(), 3, "{found:#?}");
}

#[test]
fn names_of_the_bundle_complete_with_what_they_are() {
    let Some(mut client) = server() else { return };
    let text = format!(
        "{SCHEMA_LINE}policy: extra\nrequest: purchase\nsource: csp-2021-06\nrules:\n  - id: one\n    clauses: [111]\n    \
         when:\n      customer.market: \n      actor.roles: {{ any: [] }}\n      cust\n    deny: \n"
    );
    let file = "policies/csp/extra.yaml";
    open(&mut client, file, &text);
    let mut complete = |after: &str| {
        let at = json!({ "textDocument": { "uri": uri(file) }, "position": position_after(&text, after) });
        client.request("textDocument/completion", at)
    };
    let facts = complete("      cust");
    let segment = item(&facts, "customer.segment");
    assert!(segment["documentation"].to_string().contains("The segment of the customer."), "{segment}");
    let markets = complete("customer.market: ");
    let greenland = item(&markets, "GL");
    assert!(greenland["documentation"].to_string().contains("Greenland"), "{greenland}");
    assert!(labels(&markets).iter().any(|label| label == "$unavailable"), "{:?}", labels(&markets));
    let roles = complete("any: [");
    assert!(item(&roles, "admin-agent")["documentation"].to_string().contains("Агент по администрированию"));
    let reasons = complete("deny: ");
    assert!(item(&reasons, "market-unavailable")["documentation"].to_string().contains("market"));
}

#[test]
fn hover_says_what_a_fact_is() {
    let Some(mut client) = server() else { return };
    let file = "policies/csp/cancellation-windows.yaml";
    let text = shipped(file);
    open(&mut client, file, &text);
    let at = json!({ "textDocument": { "uri": uri(file) }, "position": position_after(&text, "order.sta") });
    let hover = client.request("textDocument/hover", at);
    assert!(hover["contents"].to_string().contains("The state of the order."), "{hover}");
}
