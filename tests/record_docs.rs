//! The commands that the guide of the record shows, run as a shell runs them, in its order.
#![cfg(all(unix, feature = "record", feature = "cli", feature = "parquet"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::path::Path;
use std::process::Command;

#[test]
fn the_commands_of_the_guide_work() {
    let folder = tempfile::tempdir().unwrap();
    let files = common::files(&common::root().join("fixtures/decide"), ".yaml");
    let requests: Vec<String> = files.iter().map(|path| common::yaml(path)["request"].to_string()).collect();
    std::fs::write(folder.path().join("requests.ndjson"), requests.join("\n")).unwrap();
    let csp = common::root().join("policies/csp");
    for path in common::files(&csp, "") {
        let target = folder.path().join("new-policies").join(path.strip_prefix(&csp).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(&path, target).unwrap();
    }
    let guide = std::fs::read_to_string(common::root().join("docs/record.md")).unwrap();
    let block = guide.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let commands: Vec<&str> = block.lines().collect();
    assert!(commands.len() >= 14, "{block}");
    let binaries = Path::new(env!("CARGO_BIN_EXE_clausal")).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    for command in commands {
        let done =
            Command::new("sh").args(["-c", command]).env("PATH", &path).current_dir(folder.path()).output().unwrap();
        let told = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        // The exit code of `decide` is that of the requests.
        let expected = if command.contains(" decide ") { 1 } else { 0 };
        assert_eq!(done.status.code(), Some(expected), "{command}\n{told}");
        assert!(!done.stdout.is_empty() || command.contains("--out") || command.contains(" key "), "{command}");
    }
    for made in ["kept.json", "proof.json", "june.svg", "decisions.parquet"] {
        assert!(folder.path().join(made).metadata().unwrap().len() > 100, "{made}");
    }
}
