//! `clausal diff` as a command: where bundles come from, what hostile archives get, what a change touches, exit codes.
#![cfg(all(feature = "record", feature = "cli"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::io::Write;

use common::command::clausal;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value as Json, json};

/// A bundle of two rules; `most` is how many may be sold without a seller.
fn texts(most: u32) -> Vec<(String, String)> {
    let policy = format!(
        "policy: p\nrequest: sale\nrules:\n  - {{ id: sale, permit: fine }}\n  - {{ id: many, when: {{ count: {{ more-than: {most} }} }}, deny: refused }}\n"
    );
    let vocabulary = "stages: [only]\nreasons: { information-missing: only, rule-failed: only, fine: only, refused: only, none: only }\nfacts:\n  count: { type: integer, at-least: 0, gist: Count. }\nkinds:\n  sale: { gist: A sale., facts: [count], otherwise: none }\n";
    let manifest = "bundle: b\nversion: \"1\"\nlanguages: [en]\nvocabulary: v.yaml\npolicies: [p.yaml]\nmessages: { en: en.ftl }\n";
    let messages: String = ["information-missing", "rule-failed", "fine", "refused", "none"]
        .iter()
        .map(|code| format!("reason-{code} = {code}\n"))
        .collect();
    [("bundle.yaml", manifest), ("v.yaml", vocabulary), ("p.yaml", &policy), ("en.ftl", &messages)]
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .to_vec()
}

/// A tar with these paths as they stand, however hostile.
fn tar(files: &[(String, String)]) -> Vec<u8> {
    let mut out = tar::Builder::new(Vec::new());
    for (path, text) in files {
        let mut header = tar::Header::new_old();
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        out.append(&header, text.as_bytes()).unwrap();
    }
    out.into_inner().unwrap()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zip(files: &[(String, String)]) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (path, text) in files {
        out.start_file(path.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(text.as_bytes()).unwrap();
    }
    out.finish().unwrap().into_inner()
}

fn below(folder: &str, files: Vec<(String, String)>) -> Vec<(String, String)> {
    files.into_iter().map(|(path, text)| (format!("{folder}/{path}"), text)).collect()
}

#[test]
fn archives_are_read_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("old.tar", tar(&texts(5)));
    write("new.tar.gz", gz(&tar(&below("release-2/policies", texts(7)))));
    write("new.zip", zip(&below("p", texts(7))));
    let both = [below("policies/old", texts(5)), below("policies/new", texts(7))].concat();
    write("both.tgz", gz(&tar(&both)));
    for new in ["new.tar.gz", "new.zip", "both.tgz:policies/new", "both.tgz:policies/new/"] {
        let done = clausal(folder.path(), &["diff", "old.tar", new, "--format", "json"], "");
        assert_eq!(done.code, 0, "{new}: {}", done.err);
        let found: Json = serde_json::from_str(&done.out).unwrap();
        assert_eq!((&found["verdict"], &found["complete"]), (&json!("wider"), &json!(true)), "{new}");
        assert_eq!(found["regions"][0]["where"], json!([{ "fact": "count", "is": "more than 5 and at most 7" }]));
    }
    let done = clausal(folder.path(), &["diff", "old.tar", "both.tgz:policies/old", "--fail-on", "change"], "");
    assert_eq!(
        (done.code, done.out.as_str()),
        (0, "equivalent: 0 regions wider, 0 narrower, 0 other\n"),
        "{}",
        done.err
    );
    let done = clausal(folder.path(), &["diff", "old.tar", "both.tgz"], "");
    assert_eq!(done.code, 65);
    assert!(done.err.contains("several bundles (`policies/new`, `policies/old`)"), "{}", done.err);
}

#[test]
fn hostile_archives_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refuse = |name: &str, bytes: Vec<u8>, because: &str| {
        std::fs::write(folder.path().join(name), bytes).unwrap();
        let done = clausal(folder.path(), &["diff", "csp", name], "");
        assert_eq!(done.code, 65, "{name}: {}", done.out);
        assert!(done.err.contains(because), "{name}: {}", done.err);
    };
    let one = |path: &str, text: &str| vec![(path.to_owned(), text.to_owned())];
    for path in ["../bundle.yaml", "a/../../bundle.yaml", "/etc/bundle.yaml", "a\\..\\bundle.yaml"] {
        refuse("outside.tar", tar(&one(path, "bundle: b")), "leads out of it");
        refuse("outside.zip", zip(&one(path, "bundle: b")), "leads out of it");
    }
    refuse("twice.tar", tar(&[one("bundle.yaml", "a"), one("./bundle.yaml", "b")].concat()), "twice");
    refuse("empty.tar", tar(&one("readme.md", "nothing")), "no `bundle.yaml`");
    refuse("words.tar.gz", b"this is no archive".to_vec(), "cannot be read");
    refuse("words.zip", b"this is no archive".to_vec(), "cannot be read");
    let whole = gz(&tar(&texts(5)));
    refuse("cut.tar.gz", whole[..whole.len() / 2].to_vec(), "cannot be read");
    // Small on disk, large in memory.
    let large = "a".repeat((8 << 20) + 1);
    refuse("bomb.tar.gz", gz(&tar(&one("bundle.yaml", &large))), "more than 8388608 bytes in a file");
    refuse("bomb.zip", zip(&one("bundle.yaml", &large)), "more than 8388608 bytes in a file");
    let many: Vec<(String, String)> = (0..10_001).map(|n| (format!("{n}.md"), String::new())).collect();
    refuse("many.tar.gz", gz(&tar(&many)), "more than 10000 entries");
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    let mut linked = tar::Builder::new(Vec::new());
    linked.append_link(&mut link, "bundle.yaml", "/etc/passwd").unwrap();
    refuse("link.tar", linked.into_inner().unwrap(), "no `bundle.yaml`");
    // What is skipped is unpacked too, up to a bound.
    let mut endless = tar::Header::new_gnu();
    endless.set_path("film.mp4").unwrap();
    endless.set_size(1 << 40);
    endless.set_cksum();
    let mut bytes = endless.as_bytes().to_vec();
    bytes.extend(vec![0; 1 << 20]);
    refuse("endless.tar.gz", gz(&bytes), "cannot be read");
}

#[test]
fn recorded_decisions_and_their_money_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let files = common::files(&common::root().join("fixtures/decide"), ".yaml");
    let requests: Vec<String> = files.iter().map(|path| common::yaml(path)["request"].to_string()).collect();
    assert_eq!(clausal(folder.path(), &["decide", "--json", "--record", "log"], &requests.join("\n")).code, 1);
    let csp = common::root().join("policies/csp");
    for path in common::files(&csp, "") {
        let to = folder.path().join("changed").join(path.strip_prefix(&csp).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(&path, to).unwrap();
    }
    let path = folder.path().join("changed/cancellation-windows.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    let changed = text.replacen("server-subscription], within: P30D", "server-subscription], within: P20D", 1);
    assert_ne!(text, changed);
    std::fs::write(path, changed).unwrap();
    let diff = |new: &str| {
        let done = clausal(folder.path(), &["diff", "csp", new, "--log", "log", "--format", "json"], "");
        assert_eq!(done.code, 0, "{}", done.err);
        serde_json::from_str::<Json>(&done.out).unwrap()
    };
    let replayed = clausal(folder.path(), &["replay", "log", "--bundle", "changed", "--json"], "");
    let replayed: Json = serde_json::from_str(&replayed.out).unwrap();
    let found = diff("changed");
    assert_eq!(found["verdict"], "stricter");
    assert!(replayed["changed"].as_u64().unwrap() > 0);
    assert_eq!(found["recorded"]["changed"], replayed["changed"]);
    assert_eq!(found["recorded"]["money"], replayed["money"]);
    assert_eq!(found["recorded"]["changed_by_old"], 0);
    let same = diff("csp");
    assert_eq!((&same["verdict"], &same["recorded"]["changed"]), (&json!("equivalent"), &json!(0)));
    let done = clausal(folder.path(), &["diff", "csp", "changed", "--log", "log"], "");
    let lines: Vec<&str> = done.out.lines().rev().take(5).collect();
    assert!(lines.iter().any(|line| line.contains("recorded decisions change")), "{}", done.out);
    assert!(lines.iter().any(|line| line.starts_with("credit in ")), "{}", done.out);
}

#[test]
fn exit_codes_are_for_pipelines() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("five.tar"), tar(&texts(5))).unwrap();
    std::fs::write(folder.path().join("seven.tar"), tar(&texts(7))).unwrap();
    let code = |args: &[&str]| clausal(folder.path(), &[&["diff"], args].concat(), "").code;
    assert_eq!(code(&["five.tar", "seven.tar"]), 0);
    assert_eq!(code(&["five.tar", "seven.tar", "--fail-on", "wider"]), 1);
    assert_eq!(code(&["five.tar", "seven.tar", "--fail-on", "stricter"]), 0);
    assert_eq!(code(&["seven.tar", "five.tar", "--fail-on", "stricter"]), 1);
    assert_eq!(code(&["seven.tar", "five.tar", "--fail-on", "wider"]), 0);
    assert_eq!(code(&["five.tar", "seven.tar", "--fail-on", "change"]), 1);
    assert_eq!(code(&["five.tar", "nowhere.tar"]), 65);
    // Nothing is decided in no time.
    assert_eq!(code(&["csp", "csp-timeline", "--time-limit", "0"]), 2);
    let prove = clausal(folder.path(), &["prove", "--time-limit", "0"], "");
    assert_eq!(prove.code, 2, "{}", prove.err);
    assert!(prove.out.contains("21 not decided"), "{}", prove.out);
    let check = clausal(folder.path(), &["check", "--exact", "--time-limit", "0"], "");
    assert_eq!(check.code, 2, "{}", check.err);
    assert!(check.err.contains("not decided within the time limit"), "{}", check.err);
}

#[test]
fn who_may_do_what_is_a_table_of_what_matters() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| clausal(folder.path(), &[&["who", "--kind", "activity-log"], args].concat(), "");
    let done = run(&[]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(!done.out.contains("any value"), "{}", done.out);
    assert!(done.out.ends_with("4 rows; whatever is not named may be anything\n"), "{}", done.out);
    let done = run(&["--group-by", "actor.portal,actor.roles", "--format", "csv"]);
    let lines: Vec<&str> = done.out.lines().collect();
    assert_eq!(lines[0].split(',').take(3).collect::<Vec<_>>(), ["actor.portal", "actor.roles", "outcome"]);
    assert!(lines.len() > 4 && lines[1..].iter().all(|line| line.starts_with("partner-center,")), "{}", done.out);
    let width = |line: &str| line.split('"').step_by(2).map(|part| part.matches(',').count()).sum::<usize>();
    assert!(lines.iter().all(|line| width(line) == width(lines[0])), "{}", done.out);
    let done = run(&["--group-by", "actor.portal", "--group-by", "actor.roles", "--format", "markdown"]);
    let lines: Vec<&str> = done.out.lines().collect();
    assert!(lines[0].starts_with("| actor.portal | actor.roles | outcome |"), "{}", done.out);
    let bars = lines[0].matches('|').count();
    assert!(lines.iter().all(|line| line.matches('|').count() == bars), "{}", done.out);
    let done = run(&["--group-by", "actor.portal,actor.side", "--format", "json"]);
    let table: Json = serde_json::from_str(&done.out).unwrap();
    assert_eq!((&table["group_by"], &table["is_cut"]), (&json!(["actor.portal", "actor.side"]), &json!(false)));
    let nobody = run(&["--when", "actor.side=customer"]);
    assert_eq!(nobody.out, "0 rows; whatever is not named may be anything\n");
    let wrong = run(&["--group-by", "actor.portl"]);
    assert_eq!(wrong.code, 64);
    assert!(wrong.err.contains("did you mean `actor.portal`?"), "{}", wrong.err);
}
