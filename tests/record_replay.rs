//! Replay, activity and exports, over every request that the fixtures hold.
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

use std::path::Path;

use common::command::{Done, clausal};
use serde_json::{Value as Json, json};

/// The requests of all fixtures, one a line.
fn requests() -> Vec<String> {
    let files = common::files(&common::root().join("fixtures/decide"), ".yaml");
    let all: Vec<String> = files.iter().map(|path| common::yaml(path)["request"].to_string()).collect();
    assert!(all.len() > 100);
    all
}

fn recorded() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let all = requests();
    let with = clausal(folder.path(), &["decide", "--json", "--record", "log"], &all.join("\n"));
    let without = clausal(folder.path(), &["decide", "--json"], &all.join("\n"));
    assert_eq!((with.code, with.out.as_str()), (without.code, without.out.as_str()), "recording changes no answer");
    assert_eq!(with.out.lines().count(), all.len());
    folder
}

fn json(done: &Done) -> Json {
    serde_json::from_str(&done.out).unwrap_or_else(|e| panic!("{e}: {} {}", done.out, done.err))
}

#[test]
fn the_same_bundle_gives_the_same_bytes_from_every_form() {
    let folder = recorded();
    let run = |args: &[&str]| clausal(folder.path(), args, "");
    assert_eq!(run(&["log", "export", "log", "--out", "log.ndjson", "--with-private"]).code, 0);
    assert_eq!(run(&["log", "export", "log", "--out", "bare.ndjson"]).code, 0);
    assert!(!std::fs::read_to_string(folder.path().join("bare.ndjson")).unwrap().contains("\"salt\""));
    let mut forms = vec!["log", "log.ndjson", "bare.ndjson"];
    if cfg!(feature = "parquet") {
        assert_eq!(run(&["log", "export", "log", "--out", "log.parquet", "--with-private"]).code, 0);
        forms.push("log.parquet");
    }
    let entries = requests().len();
    let invalid = forms.iter().map(|form| {
        let done = run(&["replay", form, "--json"]);
        let tally = json(&done);
        assert_eq!((done.code, &tally["entries"]), (0, &json!(entries)), "{form}: {}", done.out);
        assert_eq!((&tally["different"], &tally["changed"]), (&json!(0), &json!(0)), "{form}: {}", done.out);
        let invalid = tally["invalid"].as_u64().unwrap();
        assert_eq!(tally["same_bundle"].as_u64().unwrap() + invalid, entries as u64);
        invalid
    });
    let invalid: Vec<u64> = invalid.collect();
    assert!(invalid.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(run(&["replay", "log"]).out.contains("are the same, byte for byte"));
}

/// A copy of the shipped bundle with one change.
fn changed_bundle(folder: &Path, file: &str, from: &str, to: &str) {
    let csp = common::root().join("policies/csp");
    for path in common::files(&csp, "") {
        let target = folder.join("changed").join(path.strip_prefix(&csp).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(&path, target).unwrap();
    }
    let path = folder.join("changed").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn another_bundle_shows_what_would_change() {
    let folder = recorded();
    changed_bundle(
        folder.path(),
        "cancellation-windows.yaml",
        "server-subscription], within: P30D",
        "server-subscription], within: P20D",
    );
    let done = clausal(folder.path(), &["replay", "log", "--bundle", "changed", "--json"], "");
    let tally = json(&done);
    assert_eq!((done.code, &tally["same_bundle"]), (0, &json!(0)), "{}", done.err);
    let changed = tally["changed"].as_u64().unwrap();
    assert!(changed > 0 && changed < requests().len() as u64, "{changed}");
    let groups = tally["changes"].as_array().unwrap();
    assert_eq!(groups.iter().map(|group| group["count"].as_u64().unwrap()).sum::<u64>(), changed);
    let denied = groups.iter().find(|g| g["before"] == "permit" && g["after"] == "deny").unwrap();
    assert_eq!((&denied["kind"], &denied["reasons_after"][0]), (&json!("cancellation"), &json!("window-passed")));
    // The permits that become denials lose their credit; what the answers themselves say is the judge.
    let answers = |bundle: &[&str]| {
        let args = [&["decide", "--json"], bundle].concat();
        clausal(folder.path(), &args, &requests().join("\n")).out
    };
    let credit = |out: &str, other: &str| {
        let lines = out.lines().zip(other.lines()).map(|(a, b)| {
            let parts = |line: &str| match serde_json::from_str(line).unwrap() {
                Json::Array(items) => items,
                one => vec![one],
            };
            parts(a)
                .into_iter()
                .zip(parts(b))
                .filter(|(a, b)| a["results"] != b["results"])
                .map(|(a, _)| a)
                .collect::<Vec<_>>()
        });
        let amounts = lines.flatten().filter(|part| part["results"]["credit_currency"] == "USD");
        amounts
            .filter_map(|part| {
                Some(part["results"]["credit_amount"].as_str()?.parse::<rust_decimal::Decimal>().unwrap())
            })
            .sum::<rust_decimal::Decimal>()
            .normalize()
    };
    let (old, new) = (answers(&[]), answers(&["--bundle", "changed"]));
    let money = tally["money"].as_array().unwrap().iter().find(|money| money["currency"] == "USD").unwrap();
    let amount = |key: &str| money[key].as_str().unwrap().parse::<rust_decimal::Decimal>().unwrap().normalize();
    assert!(amount("before") > amount("after"));
    assert_eq!(amount("before") - amount("after"), credit(&old, &new) - credit(&new, &old));
    let text = clausal(folder.path(), &["replay", "log", "--bundle", "changed"], "").out;
    assert!(text.contains("cancellation: permit -> deny") && text.contains("credit in USD: "), "{text}");
}

#[test]
fn a_changed_decision_is_shown_with_its_place() {
    let folder = recorded();
    rusqlite::Connection::open(folder.path().join("log"))
        .unwrap()
        .execute_batch(
            "UPDATE entries SET payload = CAST(replace(CAST(payload AS TEXT), '\"outcome\":\"deny\"', '\"outcome\":\"permit\"') AS BLOB)
             WHERE seq = (SELECT min(seq) FROM entries WHERE CAST(payload AS TEXT) LIKE '{\"bundle\"%\"outcome\":\"deny\"%' AND CAST(payload AS TEXT) NOT LIKE '%\"decision\":[%')",
        )
        .unwrap();
    let done = clausal(folder.path(), &["replay", "log", "--json"], "");
    let tally = json(&done);
    assert_eq!((done.code, &tally["different"]), (1, &json!(1)));
    assert_eq!((&tally["first"]["path"], &tally["first"]["before"]), (&json!("outcome"), &json!("\"permit\"")));
    assert!(tally["first"]["why"].as_str().unwrap().contains("altered"));
}

#[test]
fn a_replay_believes_nothing_it_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hostile");
    let deep = format!("{{\"entry\":{}}}", "[".repeat(100_000));
    let entry = |request: &str| {
        format!(
            r#"{{"entry":{{"bundle":{{"name":"csp","version":"1","digest":"D"}},"decision":{{}},"engine":"0","received":"x","request":{request},"seq":1}},"hash":""}}"#
        )
    };
    let digest = clausal(folder.path(), &["decide", "--json"], &requests()[0]);
    let answer: Json = serde_json::from_str(&digest.out).unwrap();
    let digest = answer["bundle"]["digest"].as_str().or(answer[0]["bundle"]["digest"].as_str()).unwrap().to_owned();
    let cases = [
        ("", 0),
        ("text", 74),
        ("{}", 74),
        ("{\"entry\":1}", 74),
        ("{\"bundle\":\"D\",\"files\":[]}", 0),
        (deep.as_str(), 74),
        ("PAR1PAR1", 74),
        ("SQLite format 3\0", 74),
        (&entry("{}"), 74),
        (&format!("{{\"bundle\":\"D\",\"files\":{{\"bundle.yaml\":\"name: x\"}}}}\n{}", entry("{}")), 74),
        (&entry("{}").replace("\"D\"", &format!("\"{digest}\"")), 1),
        (&entry("{\"kind\":{\"$integer\":\"x\"}}").replace("\"D\"", &format!("\"{digest}\"")), 1),
    ];
    for (text, code) in cases {
        std::fs::write(&path, text).unwrap();
        let done = clausal(folder.path(), &["replay", "hostile"], "");
        assert_eq!(done.code, code, "{text:.80}: {} {}", done.out, done.err);
        assert!(!done.err.contains("panicked"), "{}", done.err);
    }
    assert_eq!(clausal(folder.path(), &["replay", "none"], "").code, 74);
}

fn access(n: u32, user: &str, operation: &str) -> String {
    json!({"kind": "key-access", "operation": operation, "at": format!("2021-06-{n:02}T09:00:00Z"),
        "actor": {"id": user, "side": "partner", "roles": ["Admin agent"], "portal": "partner-center"},
        "customer": {"name": "Contoso", "market": "NO"},
        "product": {"kind": "perpetual-software", "name": "SQL Server", "version": "2019", "language": "en", "bit": "64"},
        "order": {"id": format!("A-{n}"), "status": "completed", "purchased_at": "2021-05-30"}})
    .to_string()
}

#[test]
fn activity_is_for_those_who_may_know() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| clausal(folder.path(), args, "");
    let uses = [
        access(1, "ann", "get-key"),
        access(2, "=bob", "download"),
        access(3, "ann", "view-item"),
        access(30, "eve", "copy-link"),
    ];
    let decided = clausal(folder.path(), &["decide", "--json", "--record", "log"], &uses.join("\n"));
    assert_eq!(decided.code, 0, "{}", decided.out);
    let ask = |role: &str, more: &[&str]| {
        let base =
            ["activity", "log", "--from", "2021-06-01", "--to", "2021-06-29", "--as", role, "--at", "2021-07-01"];
        run(&[&base[..], more].concat())
    };
    let refused = ask("Sales agent", &["--plot", "none.svg"]);
    assert_eq!((refused.code, refused.out.as_str()), (2, ""), "no list");
    assert!(refused.err.contains("role-not-permitted"), "{}", refused.err);
    assert!(!folder.path().join("none.svg").exists());

    let list = json(&ask("Global admin", &["--format", "json", "--plot", "plot.svg"]));
    let users: Vec<&str> = list.as_array().unwrap().iter().map(|one| one["user"].as_str().unwrap()).collect();
    assert_eq!(users, ["ann", "=bob"], "both days are included, looking is no use");
    assert_eq!(
        (&list[0]["what"], &list[0]["product"], &list[0]["order"]),
        (&json!("get-key"), &json!("SQL Server"), &json!("A-1"))
    );
    let csv = ask("Global admin", &["--format", "csv"]).out;
    assert_eq!(csv.lines().nth(2).unwrap(), "'=bob,download,SQL Server,A-2,2021-06-02T09:00:00Z,2");
    assert!(ask("Global admin", &[]).out.ends_with("2 uses\n"));
    let last = [
        "activity",
        "--from",
        "2021-06-01",
        "--to",
        "2021-06-29",
        "--at",
        "2021-07-01",
        "--as",
        "Sales agent",
        "Global admin",
        "log",
    ];
    assert!(run(&last).out.ends_with("2 uses\n"), "{}", run(&last).err);
    assert_eq!(run(&last[..9]).code, 64);
    let svg = std::fs::read_to_string(folder.path().join("plot.svg")).unwrap();
    assert_eq!(svg.matches("<rect x=").count(), 29 + 5, "a square a day, and the legend");
    assert!(svg.contains("2021-06-02: 1") && svg.contains("2021-06-03: 0"));

    assert_eq!(run(&["log", "erase", "log", "1"]).code, 0);
    assert_eq!(json(&ask("Global admin", &["--format", "json"]))[0]["user"], Json::Null);
    assert_eq!(ask("Global admin", &["--record", "log"]).code, 0);
    assert_eq!(run(&["log", "find", "log", "--kind", "activity-log"]).out.lines().count(), 1, "the asking is recorded");
    let reversed = run(&["activity", "log", "--from", "2021-06-29", "--to", "2021-06-01", "--as", "Global admin"]);
    assert_eq!((reversed.code, reversed.out.as_str()), (1, ""));
}

#[test]
fn settings_and_overlays_are_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let all = requests().join("\n");
    let run = |args: &[&str]| clausal(folder.path(), args, &all);
    run(&["decide", "--record", "log", "--set", "role_mode=union", "--set", "log_range=asked-for"]);
    run(&["decide", "--record", "log", "--bundle", "csp-timeline"]);
    let tally = json(&run(&["replay", "log", "--json"]));
    assert_eq!((&tally["different"], &tally["entries"]), (&json!(0), &json!(2 * requests().len())));
    let verified = run(&["log", "verify", "log"]);
    assert_eq!(verified.code, 0, "{}", verified.out);
    let known = json(&run(&["replay", "log", "--as-known-on", "2021-05-01", "--json"]));
    assert!(known["changed"].as_u64().unwrap() > 0);
}

#[cfg(feature = "parquet")]
#[test]
fn a_damaged_parquet_is_an_error() {
    use clausal::record::replay::replay;
    use clausal::record::source::Source;
    let folder = recorded();
    assert_eq!(clausal(folder.path(), &["log", "export", "log", "--out", "log.parquet"], "").code, 0);
    let whole = std::fs::read(folder.path().join("log.parquet")).unwrap();
    let path = folder.path().join("damaged.parquet");
    let (mut refused, mut at) = (0, 7_u64);
    for round in 0..30 {
        at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut bytes = whole.clone();
        let place = if round % 2 == 0 { at % bytes.len() as u64 } else { bytes.len() as u64 - 1 - at % 2_000 };
        if round % 5 == 4 {
            bytes.truncate(place as usize);
        } else {
            bytes[place as usize] ^= 1 << (at >> 61);
        }
        std::fs::write(&path, &bytes).unwrap();
        let done = Source::open(&path).and_then(|source| {
            let _ = source.count();
            replay(&source, None, |_| ())
        });
        refused += u32::from(done.is_err());
    }
    assert!(refused > 3, "{refused}");
}
