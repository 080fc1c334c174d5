//! `clausal watch` answers saves.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Long enough for a busy machine; a save is answered much sooner.
const PATIENCE: Duration = Duration::from_secs(60);

struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clausal"));
        command.args(["watch", "csp", "scenarios"]).current_dir(folder).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines }
    }

    /// The lines up to the end of an answer that contains a text; answers before it are skipped.
    fn until(&self, wanted: &str) -> String {
        let (mut answer, mut all) = (String::new(), String::new());
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else { panic!("no {wanted:?} in:\n{all}") };
            answer = format!("{answer}{line}\n");
            all = format!("{all}{line}\n");
            if line.starts_with("watching; answered in ") {
                if answer.contains(wanted) {
                    return answer;
                }
                answer.clear();
            }
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // It may have ended by itself, which the test has noticed then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

#[test]
fn saves_of_policies_messages_and_scenarios_are_answered() {
    let home = tempfile::TempDir::new().unwrap();
    let (bundle, scenarios) = (home.path().join("csp"), home.path().join("scenarios"));
    copy(&common::root().join("policies/csp"), &bundle);
    copy(&common::root().join("fixtures/decide/hybrid-benefit"), &scenarios);
    let count = common::files(&scenarios, ".yaml").len();
    let watching = Watching::start(home.path());
    let answer = watching.until("agree");
    assert!(
        answer.contains(&format!("csp is in order\n{count} scenarios agree, {count} requests decided\n")),
        "{answer}"
    );

    let messages = bundle.join("messages/en.ftl");
    let text = fs::read_to_string(&messages).unwrap();
    fs::write(&messages, text.replace("which saves up to", "and saves up to")).unwrap();
    let answer = watching.until(&format!("differ; {count} scenarios"));
    assert!(
        answer.contains("    -     The license can be used for virtual machines at the lower rate, which"),
        "{answer}"
    );
    assert!(
        answer.contains("    +     The license can be used for virtual machines at the lower rate, and"),
        "{answer}"
    );
    fs::write(&messages, &text).unwrap();
    watching.until(&format!("{count} scenarios agree"));

    let policy = bundle.join("hybrid-benefit.yaml");
    let before = fs::read_to_string(&policy).unwrap();
    fs::write(&policy, before.replace("permit: benefit-applies", "permit: benefit-aplies")).unwrap();
    let answer = watching.until("does not load");
    assert!(answer.contains("hybrid-benefit.yaml:") && answer.contains("did you mean `benefit-applies`?"), "{answer}");

    // As editors save: written beside, then moved over.
    fs::write(bundle.join("hybrid-benefit.yaml.tmp"), &before).unwrap();
    fs::rename(bundle.join("hybrid-benefit.yaml.tmp"), &policy).unwrap();
    watching.until(&format!("{count} scenarios agree"));

    let scenario = scenarios.join("convert.yaml");
    let text = fs::read_to_string(&scenario).unwrap();
    fs::write(&scenario, text.replace("outcome: permit", "outcome: deny")).unwrap();
    let answer = watching.until(&format!("1 differs; {count} scenarios"));
    assert!(answer.contains("expected deny"), "{answer}");
}

#[test]
fn a_folder_without_a_bundle_is_refused() {
    let home = tempfile::TempDir::new().unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_clausal")).arg("watch").current_dir(home.path()).output().unwrap();
    assert_eq!(done.status.code(), Some(64));
    let err = String::from_utf8(done.stderr).unwrap();
    assert!(err.contains("`.` holds no `bundle.yaml`"), "{err}");
}
