//! What is refused: malformed requests, each with the path and the words that a person expects, and bundles with mistakes,
//! whose reports are pinned as people read them.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod common;

use std::fs;

use clausal::Engine;
use serde_json::Value as Json;

fn answer(request: &[u8]) -> Json {
    common::answer(&Engine::embedded().unwrap(), request)
}

#[test]
fn requests_are_refused_as_expected() {
    let folder = common::root().join("fixtures/reject/requests");
    let (mut wrong, mut count) = (Vec::new(), 0);
    for path in common::files(&folder, ".json") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let expect = common::yaml(&path.with_extension("expect.yaml"));
        let answer = answer(&fs::read(&path).unwrap());
        let error = &answer["error"];
        count += 1;
        if error["code"] != "invalid-request" {
            wrong.push(format!("{name}: decided: {answer}"));
            continue;
        }
        if let Some(path) = expect.get("path")
            && error["path"] != *path
        {
            wrong.push(format!("{name}: path {}, expected {path}: {}", error["path"], error["message"]));
        }
        if let Some(says) = expect.get("says").and_then(Json::as_str)
            && !error["message"].as_str().unwrap().contains(says)
        {
            wrong.push(format!("{name}: {}, expected {says:?}", error["message"]));
        }
    }
    assert!(count > 70, "only {count} requests");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

fn refused(request: &[u8], says: &str) {
    let answer = answer(request);
    assert_eq!(answer["error"]["code"], "invalid-request");
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains(says), "{message}");
    assert!(message.len() < 500 && !message.contains('\n'), "{message}");
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    refused(b"{\"kind\": \"purchase\", \"id\": \"\xff\xfe\"}", "UTF-8");
    refused(b"\xff\xfe{\x00}\x00", "");
    refused(b"{\"kind\": \"pur\xc3", "");
}

#[test]
fn large_and_deep_requests_are_refused() {
    let large = format!("{{\"kind\": \"purchase\", \"id\": \"{}\"}}", "a".repeat(10 << 20));
    refused(large.as_bytes(), "larger than");
    let long = format!("{{\"kind\": \"purchase\", \"at\": \"2021-07-01\", \"id\": \"{}\"}}", "a".repeat(100_000));
    refused(long.as_bytes(), "");
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        refused(deep.as_bytes(), "");
        let inside = format!("{{\"kind\": \"purchase\", \"at\": \"2021-07-01\", \"actor\": {deep}}}");
        refused(inside.as_bytes(), "");
        refused(open.repeat(300_000).as_bytes(), "");
    }
}

/// Bundles, each a few files on top of `fixtures/reject/example`, and what a person is told.
mod reports {
    use std::collections::BTreeMap;
    use std::path::Path;

    use clausal::bundle::load::Loaded;
    use clausal::cli::findings::{Form, Report};
    use clausal::{Code, Limits, Severity};

    use super::common::{self, bundles};

    fn report(loaded: &Loaded) -> String {
        let text = Report { loaded, root: "" }.render(Form::Human);
        anstream::adapter::strip_str(&text).to_string()
    }

    /// The files of a folder on top of the example's; one that is no text cannot be in memory, and is read from disk.
    fn load(folder: &Path) -> Loaded {
        let target = tempfile::tempdir().unwrap();
        for (from, to) in [("base", "base"), ("example", "example"), ("", "example")] {
            let from =
                if from.is_empty() { folder.to_owned() } else { common::root().join("fixtures/reject").join(from) };
            let to = target.path().join(to);
            std::fs::create_dir_all(&to).unwrap();
            for file in common::files(&from, "") {
                std::fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
            }
        }
        clausal::Engine::builder().folder(target.path().join("example")).check()
    }

    #[test]
    fn each_bundle_is_refused_with_its_report() {
        let mut folders: Vec<_> = std::fs::read_dir(common::root().join("fixtures/reject/bundles"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        folders.sort();
        assert!(folders.len() > 50, "only {} bundles", folders.len());
        for folder in folders {
            let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
            let loaded = load(&folder);
            assert!(!loaded.findings.is_empty(), "{name} has no findings");
            insta::with_settings!({ snapshot_path => "../fixtures/reject/reports", prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_snapshot!(name, report(&loaded));
            });
        }
    }

    #[test]
    fn norway_needs_no_quotes_and_gets_a_warning() {
        let loaded = load(&common::root().join("fixtures/reject/bundles/norway-without-quotes"));
        assert!(loaded.bundle.is_some());
        let told: Vec<_> = loaded.findings.iter().map(|f| (f.code, f.severity())).collect();
        assert_eq!(told, [(Code::MisreadScalar, Severity::Warning)]);
        let rule = loaded.bundle.unwrap();
        let rule = rule.rules.iter().find(|rule| &*rule.name == "example/norway").unwrap();
        assert!(format!("{:?}", rule.when).contains("Symbol(\"NO\")"), "{:?}", rule.when);
    }

    fn check(files: &[(&str, String)]) -> Loaded {
        let files: BTreeMap<String, String> =
            files.iter().map(|(name, text)| (name.to_string(), text.clone())).collect();
        bundles::check(files, &Limits::default())
    }

    fn codes(loaded: &Loaded) -> Vec<Code> {
        let mut codes: Vec<Code> = loaded.findings.iter().map(|finding| finding.code).collect();
        codes.dedup();
        codes
    }

    #[test]
    fn an_alias_bomb_does_not_go_off() {
        let mut text = String::from("policy: example\nlists:\n  a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        let mut level = 0;
        while text.len() < 151 << 10 {
            level += 1;
            let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
            text.push_str(&format!("  a{level}: &a{level} [{aliases}]\n"));
        }
        let loaded = check(&[("policy.yaml", text)]);
        assert!(loaded.bundle.is_none());
        assert!(loaded.findings.len() <= 1_001, "{}", loaded.findings.len());
        assert_eq!(loaded.findings.first().map(|f| f.code), Some(Code::AnchorOrTag));
    }

    #[test]
    fn ten_thousand_levels_are_one_finding() {
        for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", "")] {
            let deep = format!(
                "source: handbook\nclauses: []\npublished:\n  {}x{}\n",
                open.repeat(10_000),
                close.repeat(10_000)
            );
            let loaded = check(&[("source.yaml", deep)]);
            assert_eq!(codes(&loaded), [Code::LimitExceeded], "{open} {}", loaded.findings[0]);
        }
        let unclosed = format!("source: handbook\npublished: {}\n", "[".repeat(10_000));
        assert_eq!(codes(&check(&[("source.yaml", unclosed)])), [Code::LimitExceeded]);
    }

    #[test]
    fn five_thousand_mistakes_are_capped_and_said_so() {
        let rule = |n: usize| format!("  - {{ id: r{n}, when: {{ order.statu: completed }}, deny: window-passed }}\n");
        let rules: String = (0..5_000).map(rule).collect();
        let loaded = check(&[("policy.yaml", format!("policy: example\nrequest: cancellation\nrules:\n{rules}"))]);
        assert_eq!(loaded.findings.len(), 1_001);
        let last = loaded.findings.last().unwrap();
        assert_eq!((last.code, last.message.as_str()), (Code::TooManyFindings, "4000 more findings are not shown"));
    }

    #[test]
    fn more_mistakes_than_are_held_are_counted() {
        let entries = "x, ".repeat(60_000);
        let text = format!("policy: example\nlists:\n  many:\n    type: market\n    entries: [{entries}x]\n");
        let loaded = check(&[("policy.yaml", text)]);
        assert!(loaded.bundle.is_none());
        assert_eq!(loaded.findings.last().unwrap().message, "59002 more findings are not shown");
    }

    #[test]
    fn values_without_end_are_bounded() {
        let text = format!("policy: example\nlists: [{}]\n", "x,".repeat(1_100_000));
        assert_eq!(codes(&check(&[("policy.yaml", text)])), [Code::LimitExceeded]);
    }

    #[test]
    fn keys_without_end_are_read_in_time() {
        let keys: String = (0..100_000).map(|n| format!("  k{n}: 1\n")).collect();
        let begin = std::time::Instant::now();
        let loaded = check(&[("policy.yaml", format!("policy: example\nlists:\n{keys}  k7: 1\n"))]);
        assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
        assert_eq!(loaded.findings.len(), 1_001);
    }

    #[test]
    fn files_that_are_too_large_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = "bundle: x\nversion: \"1\"\nlanguages: [en]\nvocabulary: large.yaml\nmessages: { en: en.ftl }\n";
        std::fs::write(folder.path().join("bundle.yaml"), manifest).unwrap();
        std::fs::write(folder.path().join("en.ftl"), "").unwrap();
        std::fs::File::create(folder.path().join("large.yaml")).unwrap().set_len(100 << 20).unwrap();
        let loaded = clausal::Engine::builder().folder(folder.path()).check();
        assert_eq!(codes(&loaded), [Code::LimitExceeded]);
        assert_eq!(loaded.findings[0].place.to_string(), "bundle.yaml:4:13");
    }

    #[cfg(unix)]
    #[test]
    fn loops_pipes_and_folders_are_no_files() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = "bundle: x\nversion: \"1\"\nlanguages: [en]\nvocabulary: loop.yaml\nregistries: [folder.yaml, pipe.yaml]\nmessages: { en: en.ftl }\n";
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("bundle.yaml"), manifest).unwrap();
        std::fs::write(path("en.ftl"), "").unwrap();
        std::os::unix::fs::symlink(path("loop.yaml"), path("loop.yaml")).unwrap();
        std::fs::create_dir(path("folder.yaml")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(path("pipe.yaml")).status().unwrap().success());
        let loaded = clausal::Engine::builder().folder(folder.path()).check();
        let told: Vec<&str> = loaded.findings.iter().map(|finding| finding.message.as_str()).collect();
        let why = ["too many levels of symbolic links", "it is a folder", "it is not a file"];
        assert_eq!(told.len(), why.len(), "{told:?}");
        for (told, why) in told.iter().zip(why) {
            assert!(told.ends_with(why), "{told}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_cycle_through_links_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir(path("a")).unwrap();
        std::os::unix::fs::symlink(path("a"), path("b")).unwrap();
        std::fs::write(path("a/bundle.yaml"), "bundle: a\nversion: \"1\"\nextends: ../b\n").unwrap();
        assert_eq!(codes(&clausal::Engine::builder().folder(path("a")).check()), [Code::ExtendsCycle]);
    }

    #[test]
    fn nothing_that_is_no_bundle_is_found() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        for place in [folder.path().to_owned(), folder.path().join("nowhere"), folder.path().join("file")] {
            let loaded = clausal::Engine::builder().folder(&place).check();
            assert!(!loaded.found && loaded.bundle.is_none());
            assert_eq!(codes(&loaded), [Code::FileMissing]);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_may_not_be_read_is_told() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bundle.yaml");
        std::fs::write(&file, "bundle: x\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o000)).unwrap();
        if std::fs::read(&file).is_ok() {
            // The administrator reads everything.
            return;
        }
        let loaded = clausal::Engine::builder().folder(folder.path()).check();
        assert!(loaded.findings[0].message.ends_with("it may not be read"), "{:?}", loaded.findings);
    }
}
