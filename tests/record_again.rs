//! What a replay compares, and what it says of requests that it cannot decide again.
#![cfg(all(feature = "record", feature = "cli"))]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod common;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use clausal::Engine;
use clausal::record::canonical::Writer;
use clausal::record::line::Lines;
use clausal::record::withheld::looked_into;
use serde_json::{Value as Json, json};

fn clausal(folder: &Path, args: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_clausal"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may be gone before.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let done = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

fn json((_, out, err): &(i32, String, String)) -> Json {
    serde_json::from_str(out).unwrap_or_else(|error| panic!("{error}: {out} {err}"))
}

fn written(text: &str) -> Option<String> {
    let mut out = Vec::new();
    Writer::default().write(text.as_bytes(), (), &mut (), &mut out).ok()?;
    Some(String::from_utf8(out).unwrap())
}

#[test]
fn the_canonical_form_is_that_of_the_standard() {
    let engine = Engine::embedded().unwrap();
    let (mut seen, mut lines) = (0, Lines::default());
    for path in common::files(&common::root().join("fixtures/decide"), ".yaml") {
        let request = common::yaml(&path)["request"].to_string();
        let Ok(answer) = engine.decide_json(request.as_bytes()) else { continue };
        for text in [request, answer.to_json_line("en"), format!("{:#}", answer.to_json("en"))] {
            let value: Json = serde_json::from_str(&text).unwrap();
            let standard = String::from_utf8(serde_json_canonicalizer::to_vec(&value).unwrap()).unwrap();
            assert_eq!(written(&text).unwrap(), standard);
            let mut by_pieces = Vec::new();
            lines.canonical(text.as_bytes(), &mut by_pieces).unwrap();
            assert_eq!(String::from_utf8(by_pieces).unwrap(), standard);
            seen += 1;
        }
    }
    assert!(seen > 300, "{seen}");
    let odd = r#" { "\u20ac" : "\u000a\/\u0001\"\\é" , "\r":1,"1":[ ] ,"\u00f6":{}, "\ud83d\ude02": [true , null,-0.0],"":1e3,"a b":0.5,"a":"","\ufb33":9007199254740991 }"#;
    let value: Json = serde_json::from_str(odd).unwrap();
    assert_eq!(written(odd).unwrap().into_bytes(), serde_json_canonicalizer::to_vec(&value).unwrap());
    assert_eq!(
        written("[9007199254740992,-9007199254740993]").unwrap(),
        r#"[{"$integer":"9007199254740992"},{"$integer":"-9007199254740993"}]"#
    );
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(written(&deep(128)).is_some() && written(&deep(129)).is_none());
    for wrong in [
        "",
        "{",
        "[1 2]",
        "[1,]x",
        "{\"b\":1,\"a\":2,\"b\":3}",
        "{\"a\":1,\"a\":2}",
        "\"",
        "\"\\",
        "\"\\u12\"",
        "01",
        "nul",
        "1 1",
        "{1:2}",
        "\"\\ud800\"",
    ] {
        assert_eq!(written(wrong), None, "{wrong}");
    }
}

/// A copy of the small bundle with another condition for coming in.
fn door(folder: &Path, name: &str, when: &str) {
    let small = common::root().join("fixtures/bundles/small");
    std::fs::create_dir_all(folder.join(name)).unwrap();
    for path in common::files(&small, "") {
        std::fs::copy(&path, folder.join(name).join(path.strip_prefix(&small).unwrap())).unwrap();
    }
    let policy = folder.join(name).join("policy.yaml");
    let text = std::fs::read_to_string(&policy).unwrap();
    let from = "{ user: { present: true } }";
    assert!(text.contains(from));
    std::fs::write(policy, text.replacen(from, when, 1)).unwrap();
}

#[test]
fn what_depends_on_a_value_that_is_not_kept_is_not_decided_again() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str], input: &str| clausal(folder.path(), args, input);
    door(folder.path(), "open", "{ user: { present: true } }");
    door(folder.path(), "known", "{ user: [ann, bob] }");
    door(folder.path(), "long", "{ script: \"user != () && len(user) > 3\" }");
    let visits =
        [json!({"kind": "visit", "at": "2021-07-01", "user": "ann"}), json!({"kind": "visit", "at": "2021-07-01"})];
    let visits = visits.map(|visit| visit.to_string()).join("\n");
    for (bundle, undecided) in [("open", 0), ("known", 1), ("long", 1)] {
        let log = format!("{bundle}.log");
        let decided = run(&["decide", "--json", "--bundle", bundle, "--record", &log], &visits);
        assert_eq!(decided.1.lines().count(), 2, "{}", decided.2);
        let done = run(&["replay", &log, "--json"], "");
        let tally = json(&done);
        let counts = ["entries", "different", "undecided", "same_bundle"].map(|key| tally[key].as_u64().unwrap());
        assert_eq!((done.0, counts), (0, [2, 0, undecided, 2 - undecided]), "{bundle}: {}", done.1);
        let of = run(&["replay", &log, "--json", "--bundle", "known"], "");
        assert_eq!(json(&of)["undecided"], 1, "whatever decided it, the bundle that decides now looks into it");
        if undecided == 1 {
            assert_eq!(tally["withheld"][0], json!({"path": "user", "count": 1, "entries": [1]}));
            let text = run(&["replay", &log], "").1;
            assert!(text.contains("cannot be decided again: `user` matters"), "{text}");
            let shown = run(&["log", "show", &log, "1"], "").1;
            assert!(shown.contains("recorded: {") && shown.contains("only a commitment is kept"), "{shown}");
        }
    }
    let shipped = Engine::embedded().unwrap();
    assert!(looked_into(shipped.checked()).is_empty(), "every entry of the shipped bundle can be decided again");
}

fn recorded(folder: &Path) -> Vec<String> {
    let files = common::files(&common::root().join("fixtures/decide"), ".yaml");
    let all: Vec<String> = files.iter().map(|path| common::yaml(path)["request"].to_string()).collect();
    clausal(folder, &["decide", "--json", "--record", "log"], &all.join("\n"));
    all
}

/// An export is not trusted: each of these edits leaves lines that read, and each is found.
#[test]
fn an_edited_export_differs() {
    let folder = tempfile::tempdir().unwrap();
    let all = recorded(folder.path());
    assert_eq!(clausal(folder.path(), &["log", "export", "log", "--out", "all.ndjson"], "").0, 0);
    let text = std::fs::read_to_string(folder.path().join("all.ndjson")).unwrap();
    let replayed = |text: &str| {
        std::fs::write(folder.path().join("edited.ndjson"), text).unwrap();
        clausal(folder.path(), &["replay", "edited.ndjson", "--json"], "")
    };
    let whole = json(&replayed(&text));
    assert_eq!((&whole["different"], &whole["entries"]), (&json!(0), &json!(all.len())));
    let at = |needle: &str| text.find(needle).unwrap_or_else(|| panic!("{needle}"));
    let edits = [
        ("\"outcome\":\"deny\"", "\"outcome\":\"permit\""),
        ("\"side\":\"partner\"}", "\"side\":\"customer\"}"),
        ("],\"code\":\"", "],\"added\":1,\"code\":\""),
        ("\"decision\":{\"at\":", "\"decision\":{ \"at\":"),
    ];
    for (from, to) in edits {
        at(from);
        let done = replayed(&text.replacen(from, to, 1));
        let tally = json(&done);
        assert_eq!((done.0, &tally["different"]), (1, &json!(1)), "{from}");
    }
    // The same entries in another form of JSON, and without the bundle, which is the shipped one.
    let other: Vec<String> = text
        .lines()
        .filter(|line| line.starts_with("{\"entry\""))
        .map(|line| {
            let line: Json = serde_json::from_str(line).unwrap();
            format!("{{ \"hash\":{}, \"entry\": {} }}\r\n\n", line["hash"], line["entry"])
        })
        .collect();
    let tally = json(&replayed(&other.concat()));
    assert_eq!((&tally["different"], &tally["entries"]), (&json!(0), &json!(all.len())));
    // Another name for the bundle that decided is no difference in what a decision says.
    let renamed = text.replace("\"version\":\"2021.6\"", "\"version\":\"2021.7\"");
    let tally = json(&clausal(folder.path(), &["replay", "all.ndjson", "--json", "--bundle", "csp"], ""));
    assert_eq!((&tally["changed"], &tally["same_bundle"]), (&json!(0), &whole["same_bundle"]));
    assert!(renamed != text);
    std::fs::write(folder.path().join("edited.ndjson"), renamed).unwrap();
    let tally = json(&clausal(folder.path(), &["replay", "edited.ndjson", "--json", "--bundle", "csp"], ""));
    assert_eq!((&tally["changed"], &tally["entries"]), (&json!(0), &json!(all.len())));
}

#[test]
fn changed_questions_are_told_by_their_facts() {
    let folder = tempfile::tempdir().unwrap();
    door(folder.path(), "open", "{ user: { present: true } }");
    door(folder.path(), "asks", "{ user: { present: true } }");
    let asks = folder.path().join("asks");
    for (file, from, to) in [
        (
            "policy.yaml",
            "permit: known-user",
            "permit: known-user }\n  - { id: pass, clauses: [1], ask: { pass: { present: true } }, else: information-missing",
        ),
        ("vocabulary.yaml", "facts:\n", "facts:\n  pass: { type: text, absent: optional, gist: A pass. }\n"),
        ("vocabulary.yaml", "facts: [user]", "facts: [user, pass]"),
    ] {
        let text = std::fs::read_to_string(asks.join(file)).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(asks.join(file), text.replacen(from, to, 1)).unwrap();
    }
    let run = |args: &[&str], input: &str| clausal(folder.path(), args, input);
    let visit = json!({"kind": "visit", "at": "2021-07-01", "user": "ann"}).to_string();
    assert_eq!(run(&["decide", "--bundle", "open", "--record", "log"], &visit).0, 0);
    let done = run(&["replay", "log", "--bundle", "asks"], "");
    assert!(done.1.contains("visit: permit -> needs-information"), "{} {}", done.1, done.2);
    assert!(done.1.contains("asks also for pass"), "{}", done.1);
    let tally = json(&run(&["replay", "log", "--bundle", "asks", "--json"], ""));
    assert_eq!(tally["changes"][0]["missing_after"], json!(["pass"]));
}

#[test]
fn lists_say_what_they_leave_out() {
    let folder = tempfile::tempdir().unwrap();
    let all = recorded(folder.path());
    let run = |args: &[&str]| clausal(folder.path(), args, "");
    let invalid = run(&["log", "find", "log", "--outcome", "invalid"]);
    let expected = json(&run(&["replay", "log", "--json"]))["invalid"].as_u64().unwrap();
    assert!(expected > 0);
    assert_eq!(invalid.1.lines().count() as u64, expected);
    let wrong = run(&["log", "find", "log", "--outcome", "denied"]);
    assert!(wrong.0 == 64 && wrong.2.contains("did you mean `deny`"), "{}", wrong.2);
    assert!(run(&["log", "find", "log", "--id", "nobody"]).2.contains("no entry meets"));
    let seen = json(&run(&["log", "show", "log", "3", "--json"]))["received"].as_str().unwrap().to_owned();
    let between = |from: &str, to: &str| run(&["log", "find", "log", "--from", from, "--to", to, "--json"]);
    let then = between(&seen, &seen).1;
    assert!(then.lines().count() < all.len() && then.contains(&format!("\"received\":\"{seen}\"")), "{then}");
    let earlier = between(&seen, &seen.replace('Z', "+01:00"));
    assert!(earlier.0 == 64 && earlier.2.contains("is later than `--to"), "{}", earlier.2);
    // A name that no bundle of the log has finds nothing because it is mistyped; any other may find nothing.
    for (option, mistyped, meant) in [
        ("--kind", "cancelation", "cancellation"),
        ("--rule", "role-permissions/cancel-need-admin-agent", "role-permissions/cancel-needs-admin-agent"),
        ("--reason", "window-pased", "window-passed"),
        ("--clause", "csp-2021-60#253", "csp-2021-06#253"),
    ] {
        let wrong = run(&["log", "find", "log", option, mistyped]);
        assert_eq!((wrong.0, wrong.1.as_str()), (64, ""), "{}", wrong.2);
        assert!(wrong.2.contains(mistyped) && wrong.2.contains(&format!("did you mean `{meant}`")), "{}", wrong.2);
        let none = run(&["log", "find", "log", option, meant, "--id", "nobody"]);
        assert!(none.0 == 0 && none.2.contains("no entry meets"), "{}", none.2);
    }
    let some = run(&["log", "find", "log", "--limit", "2"]);
    assert!(some.1.lines().count() == 2 && some.2.contains("more than these 2"), "{}", some.2);
    let exact = run(&["log", "find", "log", "--limit", &all.len().to_string()]);
    assert!(exact.1.lines().count() == all.len() && exact.2.is_empty(), "{}", exact.2);
    assert_eq!(run(&["log", "prune", "log", "--before", "2999-01-01"]).0, 0);
    let pruned = format!("{} entries of the log are pruned", all.len());
    assert!(run(&["log", "find", "log"]).2.contains(&pruned));
    let activity = ["activity", "log", "--from", "2021-06-01", "--to", "2021-06-30", "--as", "Global admin"];
    let activity = run(&activity);
    assert!(activity.1.ends_with("0 uses\n") && activity.2.contains(&pruned), "{}", activity.2);
}

#[test]
fn an_entry_is_explained_by_the_bundle_that_decided_it() {
    let folder = tempfile::tempdir().unwrap();
    recorded(folder.path());
    let run = |args: &[&str]| clausal(folder.path(), args, "");
    let denied = run(&["log", "find", "log", "--outcome", "deny", "--limit", "1", "--json"]).1;
    let seq = serde_json::from_str::<Json>(&denied).unwrap()["seq"].to_string();
    let shown = run(&["log", "show", "log", &seq, "--explain"]);
    assert!(shown.0 == 0 && shown.1.contains(&format!("entry {seq} ")), "{}", shown.2);
    assert!(!shown.1.contains("note: "), "decided again, it is the same: {}", shown.1);
    let ndjson = run(&["log", "export", "log", "--out", "x.ndjson"]);
    assert_eq!(ndjson.0, 0);
    let other = run(&["log", "verify", "x.ndjson"]);
    assert!(other.0 == 74 && other.2.contains("`clausal replay`"), "{}", other.2);
    // What was recorded is shown, not what would be decided now.
    let update = format!(
        "UPDATE entries SET payload = CAST(replace(CAST(payload AS TEXT), '\"outcome\":\"deny\"', '\"outcome\":\"permit\"') AS BLOB) WHERE seq = {seq}"
    );
    rusqlite::Connection::open(folder.path().join("log")).unwrap().execute_batch(&update).unwrap();
    let shown = run(&["log", "show", "log", &seq]).1;
    assert!(shown.contains("note: at `") && shown.contains("\"outcome\":\"permit\""), "{shown}");
    // What was altered is not saved as if it were good.
    let saved = run(&["log", "export", "log", "--salvage", "--out", "saved.ndjson"]);
    assert!(saved.2.contains(&format!("entry {seq} does not fit")), "{}", saved.2);
    let lines = std::fs::read_to_string(folder.path().join("saved.ndjson")).unwrap();
    assert_eq!(lines.matches("\"hash\":\"").count().to_string(), (seq.parse::<u64>().unwrap() - 1).to_string());
}
