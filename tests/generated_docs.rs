//! Pages that are generated from the bundle are up to date. `UPDATE_DOCS=1 cargo test --test generated_docs` writes them.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use clausal::{ClauseRef, Engine};

fn check(page: &str, text: &str) {
    let path = common::root().join(page);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "{page} is out of date");
}

/// Everything in the bundle that cites a clause: rules, list entries, rows, obligations and registry entries.
fn citations(engine: &Engine) -> BTreeMap<ClauseRef, Vec<String>> {
    let bundle = engine.checked();
    let mut out: BTreeMap<ClauseRef, Vec<String>> = BTreeMap::new();
    let mut cite = |clauses: &[ClauseRef], what: String| {
        for clause in clauses {
            out.entry(clause.clone()).or_default().push(what.clone());
        }
    };
    for rule in &bundle.rules {
        cite(&rule.clauses, format!("rule `{}`", rule.name));
    }
    for list in &bundle.lists {
        for entry in &list.entries {
            cite(&entry.clauses, format!("list `{}`, `{}`", list.name, entry.value));
        }
    }
    for table in &bundle.tables {
        for row in &table.rows {
            cite(&row.clauses, format!("table `{}` at {}", table.name, row.place.file));
        }
    }
    for (code, def) in &bundle.obligations {
        cite(&def.clauses, format!("{} `{code}`", if def.advice { "advice" } else { "obligation" }));
    }
    for (name, domain) in &bundle.domains {
        for entry in &domain.entries {
            cite(&entry.clauses, format!("registry `{name}`, `{}`", entry.code));
        }
    }
    out
}

#[test]
fn clauses_page_is_up_to_date() {
    let engine = Engine::embedded().unwrap();
    let citations = citations(&engine);
    let mut page = String::from("# Where each clause is decided\n\nGenerated from the shipped bundle. ");
    page.push_str("Every numbered sentence of the source document, its gist, and what in the bundle rests on it.\n");
    for source in engine.checked().sources.values() {
        let mut section = "";
        for (number, clause) in &source.clauses {
            if section != &*clause.section {
                section = &clause.section;
                let title = source.sections[section].get("en").unwrap();
                write!(page, "\n## {title}\n\n| clause | binds | gist | decided by |\n|---|---|---|---|\n").unwrap();
            }
            let by = citations.get(&ClauseRef { source: source.id.clone(), number: *number });
            let by = by.map(|all| all.join("; ")).unwrap_or_default();
            let binds = if clause.normative { "yes" } else { "" };
            writeln!(page, "| {number} | {binds} | {} | {by} |", clause.gist["en"]).unwrap();
        }
    }
    check("docs/clauses.md", &page);
}

#[test]
fn host_functions_page_is_up_to_date() {
    let mut page =
        String::from("# Functions that scripts may call\n\nGenerated. All are pure; an overflow, a division by ");
    page.push_str("zero or a date outside the years 0001 to 9999 fails the script, never the process.\n\n| function | what it gives |\n|---|---|\n");
    for (signature, about) in clausal::script::host_functions() {
        writeln!(page, "| `{signature}` | {about} |").unwrap();
    }
    check("docs/functions.md", &page);
}

/// Scenarios of a setting, each as a line: the value, the title with a link, why.
fn readings_of(name: &str) -> Vec<(String, String)> {
    let root = common::root();
    let mut out = Vec::new();
    for path in common::files(&root.join("fixtures/readings").join(name), ".yaml") {
        let scenario = common::yaml(&path);
        let settings = common::settings(&scenario);
        let value = settings.iter().find(|(known, _)| known == name).unwrap().1.clone();
        let also: Vec<String> =
            settings.iter().filter(|(known, _)| known != name).map(|(k, v)| format!(", with `{k}: {v}`")).collect();
        let link = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        let (title, why) = (scenario["title"].as_str().unwrap(), scenario["why"].as_str().unwrap());
        out.push((value, format!("[{title}](../{link}){}: {why}", also.concat())));
    }
    out
}

#[test]
fn readings_page_is_up_to_date() {
    let engine = Engine::embedded().unwrap();
    let mut page = String::from("# Readings of what the source leaves open\n\nGenerated from the shipped bundle. ");
    page.push_str("Each is a setting: an overlay says `settings: { name: value }`, the command `--set name=value`. The scenarios\n");
    page.push_str("show where another choice changes the answer.\n");
    for (name, setting) in &engine.checked().settings {
        let written =
            |value: &clausal::Value| value.to_json().as_str().map_or_else(|| value.to_json().to_string(), String::from);
        let default = written(&setting.value);
        write!(page, "\n## `{name}`\n\n{}\n\n_{}_\n\n", setting.gist["en"], setting.gist["ru"]).unwrap();
        let clauses: Vec<String> = setting.clauses.iter().map(|clause| format!("`{clause}`")).collect();
        let any = match (&setting.time_zone_or, setting.choices.is_empty()) {
            (Some(_), _) => "any IANA time zone, or one of the words below".into(),
            (None, true) => format!("any {}", setting.type_),
            (None, false) => "one of those below".into(),
        };
        writeln!(page, "Default `{default}`; {any}. Reads {}.\n", clauses.join(", ")).unwrap();
        let scenarios = readings_of(name);
        let mut values: Vec<String> = setting.choices.iter().map(written).collect();
        for (value, _) in &scenarios {
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
        for value in values {
            let mark = if value == default { " (default)" } else { "" };
            writeln!(page, "- `{value}`{mark}").unwrap();
            for (_, line) in scenarios.iter().filter(|(known, _)| *known == value) {
                writeln!(page, "  - {line}").unwrap();
            }
        }
    }
    check("docs/readings.md", &page);
}
