//! Whoever touches a log is found out: every kind of change, and the first bad entry.
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

use std::path::{Path, PathBuf};
use std::process::Command;

use clausal::record::entry::Hash;
use clausal::record::merkle::{self, Frontier};
use clausal::record::proof::{Proof, prove};
use clausal::record::verify::{Verified, verify};
use clausal::record::{Checkpoint, LogFile, Options, PublicKey, SecretKey, Store};
use clausal::{Engine, Timestamp};
use rusqlite::Connection;
use serde_json::{Value as Json, json};

struct Log {
    _folder: tempfile::TempDir,
    path: PathBuf,
    key: SecretKey,
}

impl Log {
    /// A log of `count` entries.
    fn new(count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = Self { path: folder.path().join("log"), _folder: folder, key: SecretKey::generate().unwrap() };
        log.add(count);
        log
    }

    fn add(&self, count: usize) {
        let log = LogFile::open(&self.path, Options::default()).unwrap();
        let recorder = Engine::embedded().unwrap().with_record(&log);
        for n in 0..count {
            let day = format!("2021-07-{:02}", n + 1);
            let request = json!({"id": format!("r-{n}"), "kind": "key-access", "operation": "get-key", "at": day,
                "actor": {"id": format!("user-{}", n % 3), "side": "partner", "roles": ["Admin agent"], "portal": "partner-center"},
                "customer": {"name": "Contoso"}, "product": {"kind": "perpetual-software"}, "order": {"id": format!("A-{n}")}});
            recorder.decide_json(request.to_string().as_bytes(), Timestamp::parse(&day).unwrap()).unwrap();
        }
    }

    fn checkpoint(&self) -> Checkpoint {
        let store = Store::open(&self.path).unwrap();
        let time = Timestamp::parse("2021-08-01").unwrap();
        Checkpoint::sign(store.name().unwrap(), &store.head().unwrap(), time, &self.key).unwrap()
    }

    fn sql(&self, sql: &str) {
        Connection::open(&self.path).unwrap().execute_batch(sql).unwrap();
    }

    fn verify(&self, elsewhere: &[Checkpoint], trusted: &[PublicKey]) -> Verified {
        verify(&Store::open_read_only(&self.path).unwrap(), elsewhere, trusted).unwrap()
    }

    fn first(&self, elsewhere: &[Checkpoint]) -> (Option<u64>, &'static str) {
        let found = self.verify(elsewhere, &[]);
        found.faults.first().map_or((None, "good"), |fault| (fault.entry, fault.code))
    }

    /// Rewrites hashes and head so that the chain fits what the entries say now: what a careful forger does.
    fn rechain(&self) {
        let store = Store::open(&self.path).unwrap();
        let (mut previous, mut tree, mut hashes) = (store.name().unwrap(), Frontier::default(), Vec::new());
        store
            .scan(1, u64::MAX, |row| {
                previous = Hash::chained(&previous, &Hash::of_payload(&row.payload.unwrap()));
                tree.push(merkle::leaf(&previous));
                hashes.push((row.seq, previous));
                Ok(true)
            })
            .unwrap();
        drop(store);
        let connection = Connection::open(&self.path).unwrap();
        for (seq, hash) in &hashes {
            connection
                .execute(
                    "UPDATE entries SET hash = ?2 WHERE seq = ?1",
                    rusqlite::params![*seq as i64, hash.0.as_slice()],
                )
                .unwrap();
        }
        connection
            .execute(
                "UPDATE head SET count = ?1, hash = ?2, peaks = ?3",
                rusqlite::params![hashes.len() as i64, previous.0.as_slice(), tree.to_bytes()],
            )
            .unwrap();
    }
}

const EDIT: &str = "UPDATE entries SET payload = CAST(replace(CAST(payload AS TEXT), 'Admin agent', 'Sales agent') AS BLOB) WHERE seq = 4";

#[test]
fn an_untouched_log_is_good() {
    let log = Log::new(9);
    let checkpoint = log.checkpoint();
    log.add(3);
    let found = log.verify(&[checkpoint, log.checkpoint()], &[log.key.public()]);
    assert!(found.is_good(), "{:?}", found.faults);
    assert_eq!((found.entries, found.checkpoints, found.covered), (12, 2, 12));
    assert_eq!(found.clock_back, [10], "the second run starts with an earlier day");
}

#[test]
fn every_change_is_found_with_the_first_bad_entry() {
    let touched = |sql: &str| {
        let log = Log::new(8);
        log.sql(sql);
        log.first(&[])
    };
    assert_eq!(touched(EDIT), (Some(4), "edited"));
    assert_eq!(touched("DELETE FROM entries WHERE seq = 5"), (Some(5), "missing"));
    assert_eq!(touched("DELETE FROM entries WHERE seq = 1"), (Some(1), "missing"));
    assert_eq!(touched("DELETE FROM entries WHERE seq > 6"), (Some(7), "truncated"), "the head still counts them");
    let swap = "UPDATE entries SET seq = 100 WHERE seq = 3; UPDATE entries SET seq = 3 WHERE seq = 4;
                UPDATE entries SET seq = 4 WHERE seq = 100;";
    assert_eq!(touched(swap), (Some(3), "reordered"));
    assert_eq!(touched("UPDATE entries SET hash = zeroblob(32) WHERE seq = 2"), (Some(2), "edited"));
    assert_eq!(touched("UPDATE entries SET hash = x'00' WHERE seq = 2"), (Some(2), "damaged"));
    assert_eq!(touched("UPDATE entries SET payload = NULL WHERE seq = 2"), (Some(2), "edited"));
    assert_eq!(touched("UPDATE entries SET seq = 0 WHERE seq = 1"), (Some(1), "damaged"));
    assert_eq!(touched("UPDATE entries SET payload = 'text' WHERE seq = 2"), (Some(2), "reordered"));
    let value =
        "UPDATE private SET openings = CAST(replace(CAST(openings AS TEXT), 'user-1', 'user-9') AS BLOB) WHERE seq = 2";
    assert_eq!(touched(value), (None, "private-changed"));
    assert_eq!(touched("UPDATE bundles SET files = replace(files, 'admin-agent', 'admin')"), (None, "bundle-changed"));
    assert_eq!(touched("UPDATE head SET peaks = zeroblob(length(peaks))"), (None, "head-changed"));
    assert_eq!(touched("INSERT INTO checkpoints VALUES (1, 1, '{}')"), (None, "checkpoint-unreadable"));
}

#[test]
fn a_rewritten_chain_is_found_by_a_checkpoint_kept_elsewhere() {
    let log = Log::new(3);
    let early = log.checkpoint();
    log.add(5);
    let late = log.checkpoint();
    log.sql(EDIT);
    log.rechain();
    assert_eq!(log.first(&[]), (None, "good"), "the chain alone cannot tell");
    assert_eq!(log.first(std::slice::from_ref(&late)), (Some(1), "rewritten"));
    assert_eq!(log.first(&[late, early]), (Some(4), "rewritten"), "entries 1 to 3 are vouched for");
}

#[test]
fn truncation_is_found_by_a_checkpoint_kept_elsewhere() {
    let log = Log::new(8);
    let checkpoint = log.checkpoint();
    log.sql("DELETE FROM entries WHERE seq > 5");
    log.rechain();
    assert_eq!(log.first(&[]), (None, "good"), "the chain alone cannot tell");
    assert_eq!(log.first(std::slice::from_ref(&checkpoint)), (Some(6), "truncated"));
    let other = Log::new(2);
    assert_eq!(other.first(&[checkpoint]), (None, "other-log"));
}

#[test]
fn forged_checkpoints_are_not_believed() {
    let log = Log::new(4);
    let good = log.checkpoint();
    let public = log.key.public();
    let other = SecretKey::generate().unwrap();
    let codes = |checkpoint: Checkpoint, trusted: &[PublicKey]| {
        log.verify(&[checkpoint], trusted).faults.first().map(|f| f.code)
    };
    assert_eq!(codes(good.clone(), &[public]), None);
    assert_eq!(codes(good.clone(), &[other.public()]), Some("checkpoint-forged"));
    for (key, value) in [
        ("count", json!(3)),
        ("head", json!("00")),
        ("root", json!("00")),
        ("time", json!("2020-01-01")),
        ("signature", json!("00")),
    ] {
        let mut json = serde_json::to_value(&good).unwrap();
        json[key] = value;
        assert_eq!(codes(serde_json::from_value(json).unwrap(), &[public]), Some("checkpoint-forged"), "{key}");
    }
}

#[test]
fn proofs_check_without_the_log() {
    let log = Log::new(11);
    let checkpoint = log.checkpoint();
    let store = Store::open_read_only(&log.path).unwrap();
    for seq in 1..=11 {
        let proof = prove(&store, seq, Some(&checkpoint)).unwrap();
        let text = serde_json::to_string(&proof).unwrap();
        let read: Proof = serde_json::from_str(&text).unwrap();
        assert_eq!(read.check(&[log.key.public()]), Ok(seq));
        assert!(read.check(&[SecretKey::generate().unwrap().public()]).is_err());
        for (from, to) in [("Admin agent", "Sales agent"), ("get-key", "get-kex"), ("\"permit\"", "\"deny\"")] {
            let forged: Proof = serde_json::from_str(&text.replace(from, to)).unwrap();
            assert!(!text.contains(from) || forged.check(&[]).is_err(), "{from}");
        }
        let mut other: Json = serde_json::from_str(&text).unwrap();
        other["path"].as_array_mut().unwrap().pop();
        assert!(serde_json::from_str::<Proof>(&other.to_string()).unwrap().check(&[]).is_err());
    }
    assert!(prove(&store, 12, Some(&checkpoint)).is_err());
    assert!(prove(&store, 1, None).unwrap_err().to_string().contains("no checkpoint covers entry 1"));
}

fn clausal(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_clausal")).args(args).current_dir(folder).output().unwrap();
    (done.status.code().unwrap(), String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap())
}

#[test]
fn the_command_proves_finds_prunes_and_erases() {
    let log = Log::new(6);
    let folder = log.path.parent().unwrap().to_owned();
    let run = |args: &[&str]| clausal(&folder, args);
    assert_eq!(run(&["log", "key", "key.pem"]).0, 0);
    assert_eq!(run(&["log", "key", "key.pem"]).0, 74, "a key is not overwritten");
    assert_eq!(run(&["log", "checkpoint", "log", "--key", "key.pem", "--out", "c.json"]).0, 0);
    let (code, out, _) = run(&["log", "verify", "log", "--checkpoint", "c.json", "--key", "key.pem.pub"]);
    assert_eq!(
        (code, out.contains("good: 6 entries read"), out.contains("2 checkpoints agree")),
        (0, true, true),
        "{out}"
    );

    let prove = ["log", "prove", "log", "r-2", "--out", "p.json", "--fact", "customer.name", "--value"];
    assert_eq!(run(&[&prove[..], &["Fabrikam"]].concat()).0, 74);
    assert_eq!(run(&[&prove[..], &["Contoso"]].concat()).0, 0);
    let (code, out, _) = run(&["log", "check", "p.json", "--key", "key.pem.pub"]);
    assert_eq!(
        (code, out.contains("entry 3 is in the log"), out.contains("`customer.name` was `Contoso`")),
        (0, true, true)
    );
    let forged = std::fs::read_to_string(folder.join("p.json")).unwrap().replace("get-key", "download");
    std::fs::write(folder.join("forged.json"), forged).unwrap();
    let (code, out, _) = run(&["log", "check", "forged.json"]);
    assert_eq!((code, out.starts_with("NOT GOOD")), (1, true), "{out}");

    let find = |args: &[&str]| run(&[&["log", "find", "log"], args].concat()).1.lines().count();
    assert_eq!(find(&[]), 6);
    assert_eq!(find(&["--actor", "user-1"]), 2);
    assert_eq!(find(&["--customer", "Contoso"]), 6, "by its commitment");
    assert_eq!(find(&["--customer", "Fabrikam"]), 0);
    assert_eq!(find(&["--order", "A-2"]), 1);
    assert_eq!(find(&["--from", "2021-07-02", "--to", "2021-07-04"]), 3);
    assert_eq!(find(&["--kind", "cancellation"]), 0);
    let (code, _, told) = run(&["log", "find", "log", "--from", "2021-07-32"]);
    assert!(code == 64 && told.contains("nor an instant"), "{told}");
    let shown: Json = serde_json::from_str(&run(&["log", "show", "log", "2", "--json"]).1).unwrap();
    let reason = &shown["decision"]["reasons"][0];
    assert_eq!(find(&["--reason", reason["code"].as_str().unwrap(), "--rule", reason["rule"].as_str().unwrap()]), 6);
    assert_eq!(find(&["--clause", reason["clauses"][0].as_str().unwrap(), "--limit", "4"]), 4);
    assert_eq!(find(&["--outcome", "refer"]), 0);
    let (code, out, _) = run(&["log", "show", "log", "2"]);
    assert_eq!(code, 0);
    assert!(out.contains(reason["message"].as_str().unwrap()) && out.contains("- id: "), "{out}");
    let rules = out.matches(" (key-access.yaml:").count();
    assert_eq!(out.matches("- id: ").count(), rules, "of each rule its own lines, not the next one's: {out}");

    assert_eq!(run(&["log", "erase", "log", "2", "--fact", "actor.id"]).0, 0);
    assert_eq!(find(&["--actor", "user-1"]), 1);
    let (_, out, _) = run(&["log", "prune", "log", "--before", "2021-07-03"]);
    assert_eq!(out, "2 entries pruned; their hashes stay\n");
    let bytes = std::fs::read(&log.path).unwrap();
    assert!(bytes.windows(10).any(|part| part == br#""id":"A-2""#), "as it would be");
    assert!(!bytes.windows(10).any(|part| part == br#""id":"A-1""#), "nothing of it is left in the file");
    let (code, out, _) = run(&["log", "verify", "log", "--checkpoint", "c.json", "--key", "key.pem.pub"]);
    assert_eq!((code, out.contains("2 of them pruned"), out.contains("2 checkpoints agree")), (0, true, true), "{out}");
    assert_eq!(run(&["log", "prove", "log", "5"]).0, 0, "what is left can be proved");
    assert_eq!(run(&["log", "prove", "log", "1"]).0, 74);
    log.sql("UPDATE entries SET digest = zeroblob(32) WHERE seq = 1");
    let (code, out, _) = run(&["log", "verify", "log"]);
    assert_eq!((code, out.contains("first bad entry: 1")), (1, true), "{out}");
}
