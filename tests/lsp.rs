//! `clausal lsp`, asked by a scripted editor over standard input and output.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::string_slice, clippy::arithmetic_side_effects, reason = "tests")]

mod common;

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use common::client::{Client, position_after, uri};
use serde_json::{Value as Json, json};

fn start() -> Client {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clausal"));
    command.arg("lsp");
    Client::start(command)
}

fn running() -> Client {
    let mut client = start();
    let params = json!({
        "processId": null,
        "rootUri": uri(""),
        "capabilities": { "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } } }
    });
    let result = client.request("initialize", params);
    assert_eq!(result["serverInfo"]["name"], "clausal");
    for capability in ["hoverProvider", "definitionProvider", "referencesProvider", "documentSymbolProvider"] {
        assert_eq!(result["capabilities"][capability], true, "{capability}");
    }
    assert!(
        result["capabilities"]["completionProvider"]["triggerCharacters"].as_array().unwrap().contains(&json!("$"))
    );
    client.notify("initialized", json!({}));
    client
}

fn shipped(file: &str) -> String {
    fs::read_to_string(common::root().join("policies/csp").join(file)).unwrap()
}

fn csp(file: &str) -> String {
    uri(&format!("policies/csp/{file}"))
}

fn open(client: &mut Client, uri: &str, text: &str) -> Vec<Json> {
    let document = json!({ "uri": uri, "languageId": "yaml", "version": 1, "text": text });
    client.notify("textDocument/didOpen", json!({ "textDocument": document }));
    client.next_diagnostics(uri)
}

fn change(client: &mut Client, uri: &str, changes: Json) -> Vec<Json> {
    let document = json!({ "uri": uri, "version": 2 });
    client.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    client.next_diagnostics(uri)
}

fn ask(client: &mut Client, method: &str, uri: &str, position: &Json) -> Json {
    let mut params = json!({ "textDocument": { "uri": uri }, "position": position });
    if method == "textDocument/references" {
        params["context"] = json!({ "includeDeclaration": true });
    }
    client.request(method, params)
}

/// What is shown for a document now: an answer comes after everything that was said before the question.
fn shown(client: &mut Client, uri: &str) -> Vec<Json> {
    client.request("no/such", json!({}));
    client.settled(uri, Duration::ZERO)
}

fn labels(completion: &Json) -> Vec<&str> {
    completion["items"].as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap()).collect()
}

fn item<'j>(completion: &'j Json, label: &str) -> &'j Json {
    let found = completion["items"].as_array().unwrap().iter().find(|item| item["label"] == label);
    found.unwrap_or_else(|| panic!("no `{label}` among {:?}", labels(completion)))
}

/// The text that stands at a location.
fn standing(location: &Json) -> String {
    let path = location["uri"].as_str().unwrap().strip_prefix("file://").unwrap();
    let text = fs::read_to_string(path).unwrap();
    let (start, end) = (&location["range"]["start"], &location["range"]["end"]);
    assert_eq!(start["line"], end["line"]);
    let line = text.lines().nth(usize::try_from(start["line"].as_u64().unwrap()).unwrap()).unwrap();
    let units: Vec<u16> = line.encode_utf16().collect();
    let at = |position: &Json| usize::try_from(position["character"].as_u64().unwrap()).unwrap();
    let file = path.rsplit('/').next().unwrap();
    format!("{file}: {}", String::from_utf16(&units[at(start)..at(end)]).unwrap())
}

fn all_standing(locations: &Json) -> Vec<String> {
    locations.as_array().unwrap_or_else(|| panic!("{locations}")).iter().map(standing).collect()
}

#[test]
fn a_mistake_is_shown_while_it_stands() {
    let mut client = running();
    let uri = csp("cancellation-windows.yaml");
    let good = shipped("cancellation-windows.yaml");
    let bad = good.replace("deny: window-passed", "deny: window-past");
    let found = open(&mut client, &uri, &bad);
    assert_eq!(found.len(), 1, "{found:#?}");
    let told = &found[0];
    assert_eq!(
        (&told["code"], &told["severity"], &told["source"]),
        (&json!("unknown-reason"), &json!(1), &json!("clausal"))
    );
    assert!(told["message"].as_str().unwrap().contains("did you mean `window-passed`?"), "{told}");
    assert_eq!(told["range"]["end"], position_after(&bad, "window-past"));

    let range = &told["range"];
    let actions = client.request(
        "textDocument/codeAction",
        json!({
            "textDocument": { "uri": uri }, "range": range, "context": { "diagnostics": found }
        }),
    );
    assert_eq!(actions.as_array().unwrap().len(), 1, "{actions:#}");
    assert_eq!((&actions[0]["kind"], &actions[0]["isPreferred"]), (&json!("quickfix"), &json!(true)));
    assert_eq!(actions[0]["title"], "replace `window-past` with `window-passed`");
    let edit = &actions[0]["edit"]["changes"][&uri][0];
    assert_eq!((&edit["range"], &edit["newText"]), (range, &json!("window-passed")));
    let elsewhere = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 1 } });
    let none = client.request(
        "textDocument/codeAction",
        json!({
            "textDocument": { "uri": uri }, "range": elsewhere, "context": { "diagnostics": [] }
        }),
    );
    assert_eq!(none, json!([]));

    // The fix, as the editor would apply it: a change of a range.
    let after = change(&mut client, &uri, json!([{ "range": edit["range"], "text": edit["newText"] }]));
    assert_eq!(after, Vec::<Json>::new());
    let after = change(&mut client, &uri, json!([{ "text": bad }]));
    assert_eq!(after.len(), 1);
    // Closed, the file on disk counts again.
    client.notify("textDocument/didOpen", json!({ "textDocument": { "uri": csp("purchase.yaml"), "languageId": "yaml", "version": 1, "text": shipped("purchase.yaml") } }));
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    assert_eq!(shown(&mut client, &uri), Vec::<Json>::new());
}

#[test]
fn a_mistake_shows_in_the_file_it_is_in() {
    let mut client = running();
    let vocabulary = csp("vocabulary.yaml");
    let policy = csp("purchase.yaml");
    open(&mut client, &vocabulary, &shipped("vocabulary.yaml").replace("  sale-permitted: window\n", ""));
    let found = shown(&mut client, &policy);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["code"], "unknown-reason");
    let found = change(&mut client, &vocabulary, json!([{ "text": shipped("vocabulary.yaml") }]));
    assert_eq!((found, shown(&mut client, &policy)), (vec![], vec![]));
}

#[test]
fn columns_count_utf_16_units() {
    let mut client = running();
    let uri = csp("purchase.yaml");
    let text = shipped("purchase.yaml").replace("    deny: segment-not-commercial", "    deny: \"𝒳я-segment\" # 𝒳");
    let found = open(&mut client, &uri, &text);
    let told = found.iter().find(|d| d["code"] == "unknown-reason").unwrap_or_else(|| panic!("{found:#?}"));
    assert_eq!(told["range"]["start"]["character"], 10);
    assert_eq!(told["range"]["end"]["character"], 10 + 2 + 2 + 1 + 8);
    let line = told["range"]["start"]["line"].clone();
    let quoted = json!({ "start": { "line": line, "character": 10 }, "end": { "line": line, "character": 23 } });
    let found = change(&mut client, &uri, json!([{ "range": quoted, "text": "segment-not-commercial" }]));
    assert_eq!(found, Vec::<Json>::new());
}

/// Completion in a policy with a line under the rule's id.
fn complete(client: &mut Client, line: &str) -> Json {
    let uri = csp("extra.yaml");
    let (before, after) = line.split_once('|').unwrap();
    let head = "policy: extra\nrequest: cancellation\nsource: csp-2021-06\nrules:\n  - id: one\n";
    let rest = "\n  - id: two\n    clauses: [260]\n    deny: window-passed\n";
    let text = format!("{head}{before}{after}{rest}");
    let document = json!({ "uri": uri, "languageId": "yaml", "version": 1, "text": text });
    client.notify("textDocument/didOpen", json!({ "textDocument": document }));
    let position = position_after(&text, &format!("{head}{before}"));
    ask(client, "textDocument/completion", &uri, &position)
}

#[test]
fn what_can_stand_is_offered() {
    let mut client = running();
    let offered = |client: &mut Client, line: &str, wanted: &[&str], unwanted: &[&str]| {
        let completion = complete(client, line);
        let labels = labels(&completion);
        for label in wanted {
            assert!(labels.contains(label), "{line}: no `{label}` among {labels:?}");
        }
        for label in unwanted {
            assert!(!labels.contains(label), "{line}: `{label}` among {labels:?}");
        }
    };
    let client = &mut client;
    offered(client, "    |", &["when", "deny", "clauses", "results"], &["id", "policy"]);
    offered(client, "    wh|", &["when"], &["id"]);
    offered(client, "    deny: |", &["window-passed", "keys-revoked"], &["deny"]);
    offered(client, "    deny: window-|", &["window-passed"], &[]);
    offered(client, "    clauses: [26|]", &["260", "262"], &["csp-2021-06#260"]);
    offered(client, "    obligations: [|]", &["revoke-keys", "visible-within-15-minutes"], &[]);
    offered(client, "    outcome: |", &["permit", "deny", "refer"], &["window-passed"]);
    offered(client, "    when:\n      |", &["order.age_days", "any-of", "not", "script"], &["range.from", "modes"]);
    offered(client, "    when: { order.status: pending, |", &["order.age_days", "any-of"], &["order.status"]);
    offered(client, "    when: { order.|: 5 }", &["order.age_days", "order.status"], &[]);
    offered(client, "    when: { order.status: | }", &["pending", "completed"], &["$window.days", "AX"]);
    offered(client, "    when: { order.status: [pending, |] }", &["completed"], &["$never-cancellable"]);
    offered(client, "    when: { product.vendor: $| }", &["$never-cancellable"], &["$unavailable", "$window.days"]);
    offered(client, "    when: { order.age_days: { | } }", &["at-most", "present"], &["any"]);
    offered(client, "    when: { order.age_days: { at-most: $| } }", &["$window.days"], &["$never-cancellable"]);
    offered(client, "    when: { actor.roles: { | } }", &["any", "none"], &["at-most"]);
    offered(client, "    when: { actor.roles: { any: [|] } }", &["admin-agent", "global-admin"], &[]);
    offered(
        client,
        "    when: { script: \"order.age_days > |\" }",
        &["window.days", "days_between", "unused_days"],
        &[],
    );
    offered(client, "    results: { | }", &["days_remaining"], &["tax"]);
    offered(client, "    results: { credit_basis: | }", &["full", "prorated"], &[]);
    offered(client, "    gist: |", &[], &["window-passed", "deny"]);
    offered(client, "lists: { l: { type: | } }", &["market", "integer", "set of role"], &[]);
    // What follows does not parse, yet what stands before is understood.
    offered(client, "    when: { order.status: |\n    {{{ [", &["pending"], &[]);
}

#[test]
fn an_offer_says_what_it_is_and_replaces_the_word() {
    let mut client = running();
    let completion = complete(&mut client, "    when: { customer.mark| }");
    let market = item(&completion, "customer.market");
    assert!(market["documentation"]["value"].as_str().unwrap().contains("The country of the customer's tenant."));
    assert_eq!(market["textEdit"]["newText"], "customer.market: ");
    let range = &market["textEdit"]["range"];
    assert_eq!((&range["start"]["character"], &range["end"]["character"]), (&json!(12), &json!(25)));
    let completion = complete(&mut client, "    when: { customer.market: Green| }");
    let greenland = item(&completion, "GL");
    assert_eq!(greenland["textEdit"]["newText"], "GL");
    assert!(greenland["filterText"].as_str().unwrap().contains("Гренландия"), "{greenland}");
    let completion = complete(&mut client, "    clauses: [|]");
    assert!(item(&completion, "260")["detail"].as_str().unwrap().len() > 10);
}

fn hover(client: &mut Client, file: &str, after: &str) -> String {
    let text = shipped(file);
    let uri = csp(file);
    if client.settled(&uri, Duration::ZERO).is_empty() {
        client.notify(
            "textDocument/didOpen",
            json!({ "textDocument": { "uri": uri, "languageId": "yaml", "version": 1, "text": text } }),
        );
    }
    let answer = ask(client, "textDocument/hover", &uri, &position_after(&text, after));
    answer["contents"]["value"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn hover_tells_what_a_name_stands_for() {
    let mut client = running();
    let cases: &[(&str, &str, &[&str])] = &[
        ("cancellation-windows.yaml", "- { order.sta", &["order.status", "order-status", "The state of the order."]),
        ("cancellation-windows.yaml", "clauses: [26", &["csp-2021-06#260", "\n\n", "normative", "тридцати"]),
        ("cancellation-windows.yaml", "deny: window-", &["window", "```ftl", "\n\nen\n", "\n\nru\n"]),
        ("cancellation-windows.yaml", "more-than: $win", &["table", "product.kind", "days"]),
        ("cancellation-windows.yaml", "more-than: $window.cal", &["column", "integer"]),
        ("cancellation-windows.yaml", "        days_betw", &["days_between(from: date, to: date) -> integer"]),
        ("cancellation-windows.yaml", "early_termi", &["decimal", "The fee for cancelling."]),
        ("cancellation-windows.yaml", "more-th", &["more than this"]),
        ("cancellation-windows.yaml", "\n    perm", &["may go ahead"]),
        ("credit-rules.yaml", "{ unused_", &["fn unused_percent(term_days, used_days)", "cut to two digits"]),
        ("unavailable-markets.yaml", "{ value: A", &["Andorra", "Андорра"]),
        ("role-permissions.yaml", "{ any: [admin-", &["Admin agent", "Агент по администрированию"]),
        ("obligations.yaml", "      - revoke-k", &["obligation", "platform", "```ftl"]),
        ("cancellation.yaml", "product.vendor: $never-", &["list", "suse", "red-hat"]),
        ("vocabulary.yaml", "customer.market: { type: mar", &["type", "AD"]),
    ];
    for (file, after, wanted) in cases {
        let told = hover(&mut client, file, after);
        for part in *wanted {
            // A gist is looked for by its language, not by its words.
            let found = if *part == "тридцати" {
                told.chars().any(|c| ('а'..='я').contains(&c))
            } else {
                told.contains(part)
            };
            assert!(found, "{file}, {after}: no `{part}` in\n{told}");
        }
    }
}

#[test]
fn definitions_are_found_in_all_files() {
    let mut client = running();
    let cases: &[(&str, &str, &[&str])] = &[
        ("cancellation-windows.yaml", "- { order.sta", &["vocabulary.yaml: order.status"]),
        ("cancellation-windows.yaml", "clauses: [26", &["csp-2021-06.yaml: 260"]),
        ("cancellation-windows.yaml", "more-than: $win", &["cancellation-windows.yaml: window"]),
        (
            "cancellation-windows.yaml",
            "deny: window-",
            &["vocabulary.yaml: window-passed", "en.ftl: reason-window-passed", "ru.ftl: reason-window-passed"],
        ),
        ("credit-rules.yaml", "{ unused_", &["proration.rhai: unused_percent"]),
        ("cancellation.yaml", "product.vendor: $never-", &["cancellation.yaml: never-cancellable"]),
        ("unavailable-markets.yaml", "{ value: A", &["markets.yaml: AD"]),
        (
            "vocabulary.yaml",
            "message: purchased-",
            &["en.ftl: contradiction-purchased-after-at", "ru.ftl: contradiction-purchased-after-at"],
        ),
        ("vocabulary.yaml", "market: { registry: mar", &["markets.yaml: markets"]),
        ("vocabulary.yaml", "days_between(date(order.window_st", &["vocabulary.yaml: order.window_start"]),
        ("bundle.yaml", "  - role-per", &["role-permissions.yaml: "]),
        ("scripts/proration.rhai", "let unused = unused_", &["proration.rhai: unused_days"]),
        ("messages/en.ftl", "reason-segment-not-commercial = { $product_", &["vocabulary.yaml: product.kind"]),
    ];
    for (file, after, wanted) in cases {
        let text = shipped(file);
        let uri = csp(file);
        client.notify(
            "textDocument/didOpen",
            json!({ "textDocument": { "uri": uri, "languageId": "yaml", "version": 1, "text": text } }),
        );
        let found = ask(&mut client, "textDocument/definition", &uri, &position_after(&text, after));
        assert_eq!(all_standing(&found), *wanted, "{file}, {after}");
    }
}

#[test]
fn references_are_found_in_all_files() {
    let mut client = running();
    let uri = csp("vocabulary.yaml");
    let text = shipped("vocabulary.yaml");
    open(&mut client, &uri, &text);
    let found = ask(&mut client, "textDocument/references", &uri, &position_after(&text, "\n  order.age_"));
    let found = all_standing(&found);
    for wanted in [
        "vocabulary.yaml: order.age_days",
        "cancellation-windows.yaml: order.age_days",
        "credit-rules.yaml: order.age_days",
    ] {
        assert!(found.contains(&wanted.to_owned()), "no {wanted} in {found:?}");
    }
    let in_scripts = found.iter().filter(|place| *place == "cancellation-windows.yaml: order.age_days").count();
    assert_eq!(in_scripts, 2, "two matchers: {found:?}");
    assert!(found.iter().any(|place| place == "en.ftl: order_age_days"), "{found:?}");

    let without = client.request(
        "textDocument/references",
        json!({
            "textDocument": { "uri": uri },
            "position": position_after(&text, "\n  order.age_"),
            "context": { "includeDeclaration": false }
        }),
    );
    assert_eq!(without.as_array().unwrap().len() + 1, found.len());
}

#[test]
fn names_are_known_while_a_file_does_not_parse() {
    let mut client = running();
    let vocabulary = csp("vocabulary.yaml");
    let found = open(&mut client, &vocabulary, &shipped("vocabulary.yaml"));
    assert_eq!(found, Vec::<Json>::new());
    let broken =
        change(&mut client, &vocabulary, json!([{ "text": format!("facts: {{ [\n{}", shipped("vocabulary.yaml")) }]));
    assert!(broken.iter().any(|d| d["code"] == "syntax"), "{broken:#?}");
    let completion = complete(&mut client, "    when: { order.status: | }");
    assert!(labels(&completion).contains(&"pending"));
}

#[test]
fn scenarios_are_helped_with_too() {
    let mut client = running();
    let uri = uri("fixtures/decide/cancellation/new.yaml");
    let text = "title: New\nrequest:\n  kind: cancellation\n  actor: { side: partner, ro }\n  product: { kind: SQL }\nexpect:\n  outcome: deny\n  reasons: [win]\n";
    assert_eq!(open(&mut client, &uri, text), Vec::<Json>::new());
    let mut offered = |after: &str| ask(&mut client, "textDocument/completion", &uri, &position_after(text, after));
    assert!(labels(&offered("partner, ro")).contains(&"roles"));
    assert!(labels(&offered("kind: SQL")).contains(&"perpetual-software"));
    assert!(labels(&offered("[win")).contains(&"window-passed"));
    assert!(labels(&offered("outcome: ")).contains(&"needs-information"));
    let about = ask(&mut client, "textDocument/hover", &uri, &position_after(text, "{ sid"));
    assert!(about["contents"]["value"].as_str().unwrap().contains("Whether the partner asks"), "{about}");
}

#[test]
fn symbols_and_strays() {
    let mut client = running();
    let uri = csp("cancellation-windows.yaml");
    open(&mut client, &uri, &shipped("cancellation-windows.yaml"));
    let symbols = client.request("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri } }));
    let names: Vec<&str> = symbols.as_array().unwrap().iter().map(|symbol| symbol["name"].as_str().unwrap()).collect();
    assert_eq!(names.first(), Some(&"cancellation-windows"));
    for wanted in ["window", "inside-window", "after-window"] {
        assert!(names.contains(&wanted), "no {wanted} in {names:?}");
    }
    let stray = open(&mut client, &csp("stray.yaml"), "policy: stray\n");
    assert_eq!(stray.len(), 1);
    assert!(stray[0]["message"].as_str().unwrap().contains("no bundle names this file"));
}

#[test]
fn the_conversation_keeps_to_its_order() {
    let mut client = start();
    let early = client.request("textDocument/hover", json!({}));
    assert_eq!(early["error"]["code"], -32002);
    client.request("initialize", json!({ "capabilities": {} }));
    let again = client.request("initialize", json!({ "capabilities": {} }));
    assert_eq!(again["error"]["code"], -32600);
    assert_eq!(client.request("shutdown", Json::Null), Json::Null);
    let late = client.request("textDocument/hover", json!({}));
    assert_eq!(late["error"]["code"], -32600);
    client.notify("exit", Json::Null);
    assert_eq!(client.wait(), Some(0));
    // Without `shutdown` the end is an error.
    let mut client = running();
    client.notify("exit", Json::Null);
    assert_eq!(client.wait(), Some(1));
    let mut client = running();
    assert_eq!(client.wait(), Some(1));
}

#[test]
fn nothing_malformed_ends_the_conversation() {
    let mut client = running();
    let uri = csp("purchase.yaml");
    let framed = |text: &str| format!("Content-Length: {}\r\n\r\n{text}", text.len());
    for raw in
        [framed("{nonsense"), framed("[1, 2]"), framed("null"), "X: y\r\n\r\n".into(), framed("{\"jsonrpc\":\"2.0\"}")]
    {
        client.send_raw(raw.as_bytes());
    }
    client.send_raw(b"Content-Length: 5\r\n\r\n\xff\xfe\xfd\xfc\xfb");
    for (method, params) in [
        ("textDocument/didOpen", json!({ "textDocument": 5 })),
        (
            "textDocument/didOpen",
            json!({ "textDocument": { "uri": "not an address", "languageId": "", "version": 1, "text": "" } }),
        ),
        (
            "textDocument/didOpen",
            json!({ "textDocument": { "uri": "untitled:1", "languageId": "yaml", "version": 1, "text": "a" } }),
        ),
        (
            "textDocument/didChange",
            json!({ "textDocument": { "uri": uri, "version": 9 }, "contentChanges": [{ "text": "x" }] }),
        ),
        ("no/such", json!({})),
        ("$/cancelRequest", json!({ "id": 77 })),
    ] {
        client.notify(method, params);
    }
    assert_eq!(client.request("no/such", json!({}))["error"]["code"], -32601);
    assert_eq!(client.request("textDocument/hover", json!({ "position": "here" }))["error"]["code"], -32602);
    open(&mut client, &uri, &shipped("purchase.yaml"));
    let far = json!({ "line": u32::MAX, "character": u32::MAX });
    for method in
        ["textDocument/hover", "textDocument/definition", "textDocument/references", "textDocument/completion"]
    {
        let answer = ask(&mut client, method, &uri, &far);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
    }
    let backwards = json!({ "start": { "line": 9, "character": 3 }, "end": { "line": 2, "character": 0 } });
    change(&mut client, &uri, json!([{ "range": backwards, "text": "\u{0}\u{feff}𝒳" }]));
    // Every cut of a file is a text that someone may be typing.
    let text = shipped("cancellation-windows.yaml");
    let other = csp("cancellation-windows.yaml");
    open(&mut client, &other, &text);
    let cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).step_by(31).collect();
    for cut in cuts {
        let head = &text[..cut];
        let document = json!({ "uri": other, "version": 3 });
        client.notify(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [{ "text": head }] }),
        );
        let answer = ask(&mut client, "textDocument/completion", &other, &position_after(head, head));
        assert!(answer["items"].is_array(), "{answer}");
    }
    assert_eq!(client.request("shutdown", Json::Null), Json::Null);
    client.notify("exit", Json::Null);
    assert_eq!(client.wait(), Some(0));
}

#[test]
fn an_answer_comes_while_one_types() {
    let mut client = running();
    let uri = csp("cancellation-windows.yaml");
    let good = shipped("cancellation-windows.yaml");
    open(&mut client, &uri, &good);
    let bad = good.replace("window-passed", "window-past");
    let mut slowest = Duration::ZERO;
    for text in [&bad, &good, &bad, &good] {
        let start = Instant::now();
        change(&mut client, &uri, json!([{ "text": text }]));
        slowest = slowest.max(start.elapsed());
    }
    // 200 ms is what is promised of a release build on an idle machine.
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
}
