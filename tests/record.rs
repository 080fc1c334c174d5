//! The log of decisions: what is stored, what is private, what is durable.
#![cfg(feature = "record")]
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

use clausal::record::entry::{Hash, canonical};
use clausal::record::mask::{self, Openings, committed, opens, reveal};
use clausal::record::{Entry, LogFile, Options, Overload, RecordError, SecretKey, Store};
use clausal::{Engine, Timestamp};
use serde_json::{Value as Json, json};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn benefit(id: &str) -> Json {
    json!({"id": id, "kind": "hybrid-benefit", "at": "2021-07-01",
        "license": {"product": "Windows Server", "edition": "Standard", "software_assurance": true}})
}

fn key_access() -> Json {
    json!({"id": "k-1", "kind": "key-access", "operation": "get-key", "at": "2021-07-01T10:00:00Z",
        "actor": {"id": "agent-7@partner.example", "side": "partner", "roles": ["Admin agent"], "portal": "partner-center"},
        "customer": {"tenant_id": "b2f7e2c0-secret", "name": "Contoso Secret", "domain": "secret.example"},
        "product": {"kind": "perpetual-software", "name": "SQL Server"},
        "order": {"id": "A-1", "status": "completed", "purchased_at": "2021-06-20", "customer_tenant_id": "b2f7e2c0-secret"}})
}

fn append(path: &Path, requests: &[Json]) {
    let log = LogFile::open(path, Options::default()).unwrap();
    let recorder = Engine::embedded().unwrap().with_record(&log);
    for request in requests {
        recorder.decide_json(request.to_string().as_bytes(), at("2021-07-01T10:00:01Z")).unwrap();
    }
}

#[test]
fn an_entry_says_what_was_decided_and_its_hash_covers_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    append(&path, &[benefit("a"), benefit("b")]);
    append(&path, &[benefit("c")]);
    let store = Store::open_read_only(&path).unwrap();
    let (mut previous, mut ids) = (store.name().unwrap(), Vec::new());
    store
        .scan(1, u64::MAX, |row| {
            let payload = row.payload.unwrap();
            assert_eq!(Hash::chained(&previous, &Hash::of_payload(&payload)), row.hash);
            previous = row.hash;
            let whole: Json = serde_json::from_slice(&payload).unwrap();
            assert_eq!(canonical(&whole).unwrap(), payload, "RFC 8785");
            let entry = Entry::parse(&payload).unwrap();
            assert_eq!(entry.received, "2021-07-01T10:00:01Z");
            let decision = &entry.decisions().unwrap()[0];
            assert_eq!(decision["outcome"], "permit");
            ids.push(decision["id"].as_str().unwrap().to_owned());
            let engine = Engine::embedded().unwrap();
            let again = engine.decide_json(entry.request.get().as_bytes()).unwrap();
            assert_eq!(again.to_json("en"), *decision);
            Ok(true)
        })
        .unwrap();
    assert_eq!(ids, ["a", "b", "c"]);
    assert_eq!((store.head().unwrap().count, store.head().unwrap().hash), (3, previous));
    assert_eq!(store.bundles().unwrap(), [Engine::embedded().unwrap().bundle().digest.to_string()], "stored once");
}

#[test]
fn private_values_are_nowhere_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let invalid = json!({"kind": "key-access", "at": "2021-07-01", "customer": {"nam": "Contoso Secret"}});
    append(&path, &[key_access(), invalid, json!("secret.example")]);
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in ["b2f7e2c0-secret", "Contoso Secret", "secret.example"] {
            assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{secret} is in the file");
        }
    }
    let store = Store::open_read_only(&path).unwrap();
    let row = store.row(2).unwrap().unwrap();
    let entry = row.payload.as_deref().map(Entry::parse).unwrap().unwrap();
    assert_eq!(entry.decision.get(), r#"{"error":{"code":"invalid-request","why":"unknown-key"}}"#);
    assert!(committed(&serde_json::from_str(entry.request.get()).unwrap()).is_some(), "masked as a whole");
}

#[test]
fn a_masked_request_decides_the_same_and_its_values_can_be_proved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut other = key_access();
    other["order"]["customer_tenant_id"] = "another".into();
    append(&path, &[key_access(), other]);
    let store = Store::open_read_only(&path).unwrap();
    let engine = Engine::embedded().unwrap();
    let mut outcomes = Vec::new();
    for seq in [1, 2] {
        let row = store.row(seq).unwrap().unwrap();
        let entry = row.payload.as_deref().map(Entry::parse).unwrap().unwrap();
        let request: Json = serde_json::from_str(entry.request.get()).unwrap();
        let openings: Openings = serde_json::from_slice(row.openings.as_deref().unwrap()).unwrap();
        let tenant = mask::at_path(&request, "customer.tenant_id").and_then(committed).unwrap();
        assert!(opens(&openings["customer.tenant_id"], "b2f7e2c0-secret", tenant));
        assert!(!opens(&openings["customer.tenant_id"], "b2f7e2c0-secre", tenant));
        assert_eq!(openings["customer.tenant_id"].value, None);
        assert_eq!(openings["actor.id"].value.as_deref(), Some("agent-7@partner.example"));
        for openings in [openings, Openings::default()] {
            let again = engine.decide_json(reveal(&request, &openings).to_string().as_bytes()).unwrap();
            assert_eq!(again.to_json("en").to_string(), entry.decisions().unwrap()[0].to_string());
            outcomes.push(again.outcome());
        }
    }
    assert_eq!(outcomes[0], outcomes[1]);
    assert_ne!(outcomes[0], outcomes[2], "the rule that compares the tenants sees that they differ");
}

#[test]
fn integers_that_json_rounds_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut request = key_access();
    request["line"] = 9_007_199_254_740_993_i64.into();
    append(&path, &[request]);
    let row = Store::open_read_only(&path).unwrap().row(1).unwrap().unwrap();
    let entry = row.payload.as_deref().map(Entry::parse).unwrap().unwrap();
    let request: Json = serde_json::from_str(entry.request.get()).unwrap();
    assert_eq!(request["line"], json!({"$integer": "9007199254740993"}));
    assert_eq!(reveal(&request, &Openings::default())["line"], 9_007_199_254_740_993_i64);
}

#[test]
fn a_full_queue_refuses_or_waits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let log = LogFile::open(&path, Options { overload: Overload::Refuse, queue: 1, ..Options::default() }).unwrap();
    let recorder = Engine::embedded().unwrap().with_record(&log);
    // Another writer holds the file, so that nothing moves.
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let request = benefit("a").to_string();
    let submit = || recorder.submit_json(request.as_bytes(), at("2021-07-01"));
    let mut taken = Vec::new();
    let refused = loop {
        match submit() {
            Ok(pending) => taken.push(pending),
            Err(error) => break error,
        }
        assert!(taken.len() < 10, "nothing was refused");
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert!(matches!(refused, RecordError::Busy), "{refused}");
    other.execute_batch("COMMIT").unwrap();
    let count = taken.len() as u64;
    let last = taken.into_iter().map(|pending| pending.wait().unwrap().receipt.seq).last();
    assert_eq!(last, Some(count), "what was taken is recorded");
}

#[test]
fn many_threads_share_a_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let key = SecretKey::generate().unwrap();
    let public = key.public();
    let options = Options { queue: 8, group: 16, checkpoints: Some((50, key)), ..Options::default() };
    let log = LogFile::open(&path, options).unwrap();
    let recorder = Engine::embedded().unwrap().with_record(&log);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let recorder = &recorder;
            scope.spawn(move || {
                let mut last = 0;
                for n in 0..50 {
                    let request = benefit(&format!("{thread}-{n}")).to_string();
                    let seq = recorder.decide_json(request.as_bytes(), at("2021-07-01")).unwrap().receipt.seq;
                    assert!(seq > last, "in the order of one caller");
                    last = seq;
                }
            });
        }
    });
    drop((recorder, log));
    let store = Store::open_read_only(&path).unwrap();
    assert_eq!(store.head().unwrap().count, 200);
    let checkpoints: Vec<_> = store.checkpoints().unwrap().into_iter().map(Result::unwrap).collect();
    assert!((3..=4).contains(&checkpoints.len()), "{} checkpoints", checkpoints.len());
    assert!(checkpoints.iter().all(|checkpoint| checkpoint.check(&[public]).is_ok()));
}

#[test]
fn other_files_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text");
    std::fs::write(&text, "a text of more than sixteen bytes, which is no log at all").unwrap();
    let database = folder.path().join("database");
    rusqlite::Connection::open(&database).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    let newer = folder.path().join("newer");
    append(&newer, &[benefit("a")]);
    rusqlite::Connection::open(&newer).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    let both = |path: &Path| [Store::open(path).unwrap_err(), Store::open_read_only(path).unwrap_err()];
    assert!(both(&text).iter().all(|error| matches!(error, RecordError::NoHead)), "{:?}", both(&text));
    assert!(both(&database).iter().all(|error| matches!(error, RecordError::NotALog { .. })));
    assert!(both(&newer).iter().all(|error| matches!(error, RecordError::TooNew { found: 99, .. })));
    assert!(matches!(Store::open_read_only(&folder.path().join("none")).unwrap_err(), RecordError::NotFound { .. }));
    assert!(std::fs::read_to_string(&text).unwrap().starts_with("a text"));
}

/// A copy of the small bundle with one change, and what loading it finds.
fn findings(file: &str, from: &str, to: &str) -> Vec<String> {
    let small = common::root().join("fixtures/bundles/small");
    let read = |path: &std::path::PathBuf| std::fs::read_to_string(path).unwrap();
    let texts = common::files(&small, "").into_iter().map(|path| {
        let name = path.strip_prefix(&small).unwrap().display().to_string();
        let text = if name == file { read(&path).replace(from, to) } else { read(&path) };
        assert!(name != file || text != read(&path), "nothing changed");
        (name, text)
    });
    Engine::builder()
        .texts(texts)
        .check()
        .findings
        .iter()
        .map(|finding| format!("{} {}", finding.code, finding.message))
        .collect()
}

#[test]
fn what_is_private_is_shown_nowhere() {
    assert_eq!(findings("en.ftl", "Come in.", "Come in once more."), Vec::<String>::new());
    let shown = findings("en.ftl", "Come in.", "Come in, { $user }.");
    assert_eq!(shown, ["private-shown the message `reason-known-user` shows `$user`, which is private"]);
    assert!(findings("en.ftl", "Come in.", "Come in, { $user_state } one.").is_empty());
    let derived = "private: true, gist: Who asks. }\n  greeting: { type: text, script: (user ?? \"you\") + \"!\", gist: A greeting. }";
    let known = findings("vocabulary.yaml", "private: true, gist: Who asks. }", derived);
    assert!(known.is_empty(), "{known:?}");
    let typed = findings("vocabulary.yaml", "type: text, absent: optional, private: true", "type: date, private: true");
    assert!(typed.contains(&"wrong-form only a text that the request gives can be private".to_owned()), "{typed:?}");
    let odd = findings("vocabulary.yaml", "private: true", "private: sometimes");
    assert!(odd[0].contains("`true`, `false`, `erasable`"), "{odd:?}");
}
