//! `clausal decide` as a caller meets it: input forms, exit codes, languages, streams.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::process::Command;

use common::command::{Done, clausal};
use serde_json::Value as Json;

fn command(args: &[&str]) -> Command {
    common::command::command(&common::root(), args)
}

fn run(args: &[&str], input: &str) -> Done {
    clausal(&common::root(), args, input)
}

fn benefit(assurance: &str) -> String {
    format!(
        r#"{{"kind":"hybrid-benefit","at":"2021-07-01","license":{{"product":"Windows Server","edition":"Standard"{assurance}}}}}"#
    )
}

fn permitted() -> String {
    benefit(r#","software_assurance":true"#)
}

fn denied() -> String {
    benefit(r#","software_assurance":false"#)
}

fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn the_exit_code_is_the_outcome() {
    let not_covered = r#"{"kind":"hybrid-benefit","at":"2021-07-01","license":{"product":"SQL Server"}}"#;
    let refer = common::root().join("fixtures/decide/cancellation/more-information-goes-to-support.yaml");
    let refer = common::yaml(&refer)["request"].to_string();
    let cases =
        [(permitted(), 0), (denied(), 2), (benefit(""), 3), (refer, 4), (not_covered.into(), 5), ("{}".into(), 1)];
    for (request, code) in cases {
        assert_eq!(run(&["decide", "-"], &request).code, code, "{request}");
    }
}

#[test]
fn an_invalid_request_is_one_line_of_words_and_an_error_object() {
    let done = run(&["decide", "--json"], r#"{"kind":"purchase","at":"2021-02-30"}"#);
    assert_eq!(done.code, 1);
    assert_eq!(done.err.lines().count(), 1);
    assert!(done.err.contains("`at`") && done.err.contains("2021-02-30"), "{}", done.err);
    let error = &json(&done.out)["error"];
    assert_eq!((&error["code"], &error["path"]), (&"invalid-request".into(), &"at".into()));
}

#[test]
fn text_says_nothing_on_stdout_for_an_invalid_request() {
    let done = run(&["decide", "--text"], "{}");
    assert_eq!((done.code, done.out.as_str()), (1, ""));
}

#[test]
fn an_array_answers_with_an_array_in_order() {
    let done = run(&["decide"], &format!("[{},\n {}, {{}}]", permitted(), denied()));
    assert_eq!(done.code, 1);
    let answers = json(&done.out);
    let outcomes: Vec<&Json> = answers.as_array().unwrap().iter().map(|a| &a["outcome"]).collect();
    assert_eq!(outcomes, [&Json::from("permit"), &Json::from("deny"), &Json::Null]);
    assert_eq!(answers[2]["error"]["code"], "invalid-request");
}

#[test]
fn a_bad_line_answers_on_its_own_line_and_the_stream_goes_on() {
    let input = format!("{}\n{{\"kind\": oops}}\n\n{}\n{{\"kind\":\n{}", permitted(), denied(), permitted());
    let done = run(&["decide"], &input);
    let lines: Vec<Json> = done.out.lines().map(json).collect();
    let outcomes: Vec<&Json> = lines.iter().map(|line| &line["outcome"]).collect();
    assert_eq!(outcomes, [&Json::from("permit"), &Json::Null, &Json::from("deny"), &Json::Null, &Json::from("permit")]);
    assert_eq!(done.code, 1);
}

#[test]
fn an_error_of_many_names_the_line_that_it_is_in() {
    // Blank lines are counted and not answered; the last line has no end.
    let input = format!("\n{}\n{{\"kind\":}}\n \n{}\n[]", permitted(), denied());
    for threads in ["1", "2"] {
        let done = run(&["decide", "--threads", threads], &input);
        assert_eq!(done.out.lines().count(), 4, "{}", done.out);
        let places: Vec<&str> = done.err.lines().map(|line| line.split(": ").nth(1).unwrap()).collect();
        assert_eq!(places, ["invalid request in line 3", "invalid request in line 6"], "{}", done.err);
    }
}

#[test]
fn a_broken_first_line_does_not_swallow_the_stream() {
    let done = run(&["decide"], &format!("{{\"kind\":\n{}\n{}\n", permitted(), denied()));
    assert_eq!(done.out.lines().count(), 3, "{}", done.out);
}

#[test]
fn one_object_over_several_lines_is_one_request() {
    let pretty = serde_json::to_string_pretty(&json(&permitted())).unwrap();
    let done = run(&["decide"], &pretty);
    assert_eq!((done.code, done.out.lines().count()), (0, 1));
}

#[test]
fn a_line_over_the_limit_is_refused_and_the_next_is_decided() {
    let long = format!("{{\"id\":\"{}\"}}", "x".repeat(2 << 20));
    let done = run(&["decide"], &format!("{}\n{long}\n{}\n", permitted(), denied()));
    let lines: Vec<Json> = done.out.lines().map(json).collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[1]["error"]["message"].as_str().unwrap().contains("larger than"), "{}", lines[1]);
    assert_eq!(lines[2]["outcome"], "deny");
}

const YAML: &str = "kind: hybrid-benefit\nat: 2021-07-01\nlicense:\n  { product: Windows Server, edition: Standard, software_assurance: true }\n";

#[test]
fn yaml_is_read_from_the_standard_input_as_from_a_file() {
    for before in ["", "# A request.\n", "---\n", "\n\n", "\u{feff}"] {
        let done = run(&["decide"], &format!("{before}{YAML}"));
        assert_eq!((done.code, done.out.lines().count()), (0, 1), "{before:?}: {}", done.err);
    }
    let list: String = format!("- {}", YAML.replace('\n', "\n  ").trim_end());
    let done = run(&["decide"], &format!("{list}\n{list}\n"));
    assert_eq!((done.code, json(&done.out).as_array().map(Vec::len)), (0, Some(2)), "{}", done.err);
}

#[test]
fn a_mistake_in_yaml_is_told_as_one_with_its_place() {
    let done = run(&["decide"], &format!("\n{YAML}at: 2021-07-02\n"));
    let error = &json(&done.out)["error"];
    assert_eq!(error["message"], "the key `at` is given twice (line 6, column 1)");
    assert_eq!((done.code, done.err.lines().count()), (1, 1), "{}", done.err);
}

#[test]
fn a_byte_order_mark_before_the_input_is_no_part_of_it() {
    for input in [permitted(), format!("{}\n{}\n", permitted(), permitted()), format!("[{}]", permitted())] {
        assert_eq!(run(&["decide"], &format!("\u{feff}{input}")).code, 0, "{input}");
    }
}

#[test]
fn a_line_over_the_limit_is_refused_though_it_begins_blank() {
    let long = format!("{}{}", " ".repeat(2 << 20), permitted());
    for threads in ["1", "2"] {
        let done = run(&["decide", "--json", "--threads", threads], &format!("{}\n{long}\n{}", permitted(), denied()));
        let lines: Vec<Json> = done.out.lines().map(json).collect();
        assert_eq!(lines.len(), 3, "{}", done.out);
        assert!(lines[1]["error"]["message"].as_str().unwrap().contains("larger than"), "{}", lines[1]);
    }
}

#[test]
fn a_byte_order_mark_may_come_in_pieces() {
    let mut child = command(&["decide"]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for part in ["\u{feff}".as_bytes(), permitted().as_bytes()].concat().chunks(2) {
        stdin.write_all(part).unwrap();
        stdin.flush().unwrap();
        std::thread::yield_now();
    }
    drop(stdin);
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn answers_come_before_the_input_ends() {
    let mut child = command(&["decide"]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..3 {
        writeln!(stdin, "{}", permitted()).unwrap();
        stdin.flush().unwrap();
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        assert_eq!(json(&line)["outcome"], "permit");
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn many_lines_are_answered_in_their_order_however_many_threads_decide() {
    let line = |at: usize| match at % 7 {
        0 => "no request".to_owned(),
        odd if odd % 2 == 1 => permitted().replacen('{', &format!("{{\"id\":\"r-{at}\","), 1),
        _ => denied().replacen('{', &format!("{{\"id\":\"r-{at}\","), 1),
    };
    let input: String = (0..3_000).map(|at| line(at) + "\n").collect();
    let one = run(&["decide", "--json", "--threads", "1"], &input);
    let four = run(&["decide", "--json", "--threads", "4"], &input);
    assert_eq!((one.code, &one.err), (four.code, &four.err));
    assert_eq!(one.out, four.out);
    assert_eq!(four.out.lines().count(), 3_000);
    for (at, line) in four.out.lines().enumerate() {
        let id = json(line)["id"].as_str().map(str::to_owned);
        assert_eq!(id, (at % 7 != 0).then(|| format!("r-{at}")));
    }
}

#[test]
fn yaml_requests_keep_norway_and_refuse_unquoted_money() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("request.yaml");
    let request = |rest: &str| {
        format!(
            "kind: purchase\nat: 2021-07-01T12:00:00Z\nactor: {{ side: partner, roles: [Admin agent], portal: api }}\n{rest}"
        )
    };
    std::fs::write(&file, request("customer: { market: NO }\nproduct: { kind: azure-reservation }\n")).unwrap();
    let done = run(&["decide", file.to_str().unwrap()], "");
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    assert!(json(&done.out)["reasons"][0]["message"].as_str().unwrap().contains("Norway"));
    let money = "kind: cancellation\nat: 2021-07-01\norder: { paid: 10.50 }\n";
    std::fs::write(&file, money).unwrap();
    let done = run(&["decide", file.to_str().unwrap()], "");
    assert_eq!((done.code, &json(&done.out)["error"]["path"]), (1, &Json::from("order.paid")));
}

#[test]
fn a_yaml_request_that_is_no_yaml_is_an_invalid_request() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("request.yaml");
    std::fs::write(&file, "kind: [purchase\n").unwrap();
    let done = run(&["decide", file.to_str().unwrap()], "");
    assert_eq!(done.code, 1, "{}", done.err);
    assert_eq!(json(&done.out)["error"]["code"], "invalid-request");
}

#[test]
fn languages_change_words_and_no_codes() {
    let (en, ru) = (run(&["decide", "--lang", "en"], &denied()), run(&["decide", "--lang", "ru"], &denied()));
    let (en, ru) = (json(&en.out), json(&ru.out));
    assert_eq!(en["reasons"][0]["code"], ru["reasons"][0]["code"]);
    assert_ne!(en["reasons"][0]["message"], ru["reasons"][0]["message"]);
    let unknown = run(&["decide", "--lang", "fr"], &denied());
    assert_eq!((unknown.code, unknown.out.as_str()), (64, ""));
    assert!(unknown.err.contains("`en`, `ru`"));
}

#[test]
fn wrong_usage_and_missing_bundles_have_their_codes() {
    assert_eq!(run(&["decide", "--no-such-flag"], "").code, 64);
    assert_eq!(run(&["no-such-verb"], "").code, 64);
    assert_eq!(run(&["decide", "--bundle", "no/such/folder"], &denied()).code, 65);
    assert_eq!(run(&["decide", "no/such/file.json"], "").code, 74);
    assert_eq!(run(&["--help"], "").code, 0);
}

#[test]
fn a_bundle_folder_decides_like_the_embedded_one() {
    let embedded = run(&["decide"], &denied());
    let folder = run(&["decide", "--bundle", "policies/csp"], &denied());
    assert_eq!(embedded.out, folder.out);
}

#[test]
fn pipes_get_no_colour() {
    let done = run(&["decide", "--text"], &denied());
    assert!(done.out.starts_with("DENY  hybrid-benefit"), "{}", done.out);
    assert!(!done.out.contains('\u{1b}') && !done.err.contains('\u{1b}'));
}

/// Every command tells a bundle that is named in another way, or nearly, how it is named.
#[test]
fn a_bundle_that_is_not_found_or_stands_elsewhere_is_pointed_to() {
    let tip = "a bundle is named with `--bundle policies/csp`";
    let elsewhere = "is a bundle and not";
    let cases: [(&[&str], i32, &str); 17] = [
        (&["prove", "policies/csp"], 64, tip),
        (&["who", "--kind", "purchase", "policies/csp"], 64, tip),
        (&["show", "policies/csp"], 64, tip),
        (&["decide", "one.json", "policies/csp"], 64, tip),
        (&["decide", "policies/csp"], 64, elsewhere),
        (&["explain", "policies/csp"], 64, elsewhere),
        (&["history", "policies/csp"], 64, elsewhere),
        (&["test", "policies/csp"], 64, elsewhere),
        (&["coverage", "policies/csp"], 64, elsewhere),
        (&["mutate", "policies/csp"], 64, elsewhere),
        (&["prove", "--bundle", "csp-timelin"], 65, "did you mean `csp-timeline`?"),
        (&["decide", "--bundle", "policies/cps"], 65, "did you mean `policies/csp`?"),
        (&["check", "policies/csp-timelin"], 65, "did you mean `policies/csp-timeline`?"),
        (&["diff", "csp", "csp-timelin"], 65, "did you mean `csp-timeline`?"),
        (&["who", "--kind", "purchas"], 64, "did you mean `purchase`?"),
        (&["who", "--kind", "purchase", "--when", "customer.market=GLL"], 64, "did you mean `GL`?"),
        (&["history", "--kind", "purchas", "--fact", "customer.market=GL"], 1, "did you mean `purchase`?"),
    ];
    for (args, code, says) in cases {
        let done = run(args, "");
        assert!(done.code == code && done.err.contains(says), "{args:?} gives {}: {}", done.code, done.err);
    }
    assert_eq!(run(&["check", "csp-timeline"], "").code, 0, "shipped bundles are known by their names everywhere");
}
