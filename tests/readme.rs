//! What the README and the pages of `docs/` show in a `console` block is what the command prints.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::fs;
use std::process::Command;

struct Shown {
    command: String,
    output: String,
}

/// The commands of a page's `console` blocks and what it says they print. A command without output is only run.
fn shown(text: &str) -> Vec<Shown> {
    let mut out: Vec<Shown> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match (inside, line) {
            (false, "```console") => inside = true,
            (true, "```") => inside = false,
            (true, line) => match line.strip_prefix("$ ") {
                Some(command) => out.push(Shown { command: command.into(), output: String::new() }),
                None => {
                    let last = out.last_mut().unwrap();
                    last.output.push_str(line);
                    last.output.push('\n');
                }
            },
            _ => {}
        }
    }
    out
}

fn run(command: &str) -> String {
    let args = command.strip_prefix("cargo run -q --release -- ").or_else(|| command.strip_prefix("clausal "));
    let args = args.unwrap_or_else(|| panic!("`{command}` is not a command of ours"));
    let done = Command::new(env!("CARGO_BIN_EXE_clausal"))
        .args(args.split(' '))
        .current_dir(common::root())
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(![64, 65].contains(&done.status.code().unwrap()), "`{command}`: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// The page with what its commands print now.
fn renewed(text: &str) -> String {
    let (mut out, mut inside, mut printed) = (String::new(), false, false);
    for line in text.lines() {
        match (inside, line) {
            (false, "```console") => inside = true,
            (true, "```") => (inside, printed) = (false, false),
            _ => {}
        }
        if let Some(command) = line.strip_prefix("$ ").filter(|_| inside) {
            out.push_str(&format!("{line}\n"));
            printed = shown(text).iter().any(|one| one.command == command && !one.output.is_empty());
            if printed {
                out.push_str(&run(command));
            }
        } else if !printed {
            out.push_str(&format!("{line}\n"));
        }
    }
    out
}

/// With `UPDATE_DOCS=1` the pages are written anew.
#[test]
fn pages_show_what_the_command_prints() {
    let mut pages = common::files(&common::root().join("docs"), ".md");
    pages.push(common::root().join("README.md"));
    let mut count = 0;
    for page in pages {
        if std::env::var_os("UPDATE_DOCS").is_some() {
            let text = fs::read_to_string(&page).unwrap();
            let text = renewed(&if page == common::root().join("README.md") { with_rule(&text) } else { text });
            fs::write(&page, text).unwrap();
        }
        for shown in shown(&fs::read_to_string(&page).unwrap()) {
            let printed = run(&shown.command);
            count += 1;
            if !shown.output.is_empty() {
                assert_eq!(printed, shown.output, "{}: `{}`", page.display(), shown.command);
            }
        }
    }
    assert!(count >= 3, "{count} commands");
}

/// The README with the rule that it shows as it stands in the policy that it names.
fn with_rule(readme: &str) -> String {
    let (before, block) = readme.split_once("```yaml\n").unwrap();
    let (shown, _) = block.split_once("```").unwrap();
    let (_, path) = before.rsplit_once("](").unwrap();
    let policy = fs::read_to_string(common::root().join(path.split_once(')').unwrap().0)).unwrap();
    let head = shown.lines().next().unwrap();
    let mut rule = policy.lines().skip_while(|line| *line != head);
    let mut wanted = format!("{}\n", rule.next().unwrap_or_else(|| panic!("no rule `{head}`")));
    for line in rule.take_while(|line| line.starts_with("    ") && !line.trim_start().starts_with('#')) {
        wanted.push_str(&format!("{line}\n"));
    }
    readme.replacen(shown, &wanted, 1)
}

#[test]
fn the_readme_shows_a_rule_as_it_stands() {
    let readme = fs::read_to_string(common::root().join("README.md")).unwrap();
    assert_eq!(readme, with_rule(&readme));
}

/// The README names one command that passes the tests, and CI runs that one.
#[test]
fn ci_runs_what_the_readme_says() {
    let readme = fs::read_to_string(common::root().join("README.md")).unwrap();
    assert!(readme.contains("passes the tests: `cargo test`"));
    let ci = fs::read_to_string(common::root().join(".ci/run")).unwrap();
    assert!(ci.lines().any(|line| line.ends_with("cargo test")));
}
