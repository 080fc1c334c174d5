//! Certificates for people and for programs.

use std::fmt::Write;

use crate::compile::{KindCertificate, Part, ScriptCertificate};

/// A JSON array, one object for each kind.
pub fn json(all: &[KindCertificate]) -> String {
    let mut text = serde_json::to_string_pretty(all).unwrap_or_else(|_| "[]".to_owned());
    text.push('\n');
    text
}

/// Kind by kind: whether it is compiled, the rules that are not, and a line for each script.
pub fn human(all: &[KindCertificate]) -> String {
    let mut out = String::new();
    for kind in all {
        // Writing to a text does not fail.
        let _ = writeln!(out, "{}: {}", kind.kind, verdict(kind.interpreted.as_deref(), "compiled"));
        for rule in &kind.rules {
            let _ =
                writeln!(out, "  rule {} ({}:{}): interpreted, {}", rule.rule, rule.file, rule.line, rule.interpreted);
        }
        for script in &kind.scripts {
            let _ = writeln!(out, "  {}", line(script));
        }
        let lowered = kind.scripts.iter().filter(|script| script.interpreted.is_none()).count();
        let _ = writeln!(out, "  {lowered} of {} scripts are lowered\n", kind.scripts.len());
    }
    out
}

fn line(script: &ScriptCertificate) -> String {
    let part = match script.part {
        Part::Derived => "fact",
        Part::Contradiction => "contradiction",
        Part::Rule => "rule",
        Part::Result => "result",
    };
    let reads: Vec<&str> =
        [&script.facts, &script.settings, &script.cells].into_iter().flatten().map(String::as_str).collect();
    let reads = if reads.is_empty() { "nothing".to_owned() } else { reads.join(", ") };
    let verdict = verdict(script.interpreted.as_deref(), "lowered");
    let (name, file, line, most) = (&script.name, &script.file, script.line, script.operations);
    format!("{part} {name} ({file}:{line}): {verdict}; at most {most} operations; reads {reads}")
}

fn verdict(interpreted: Option<&str>, otherwise: &str) -> String {
    interpreted.map_or_else(|| otherwise.to_owned(), |why| format!("interpreted, {why}"))
}
