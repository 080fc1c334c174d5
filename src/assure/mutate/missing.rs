//! The scenario that is missing, as a file: the request that tells a change, and what is decided today for a person to
//! agree with.

use std::fmt::Write;

use serde_json::Value as Json;

use super::{Mutant, Survivor};

/// The scenario as YAML. `title` names the point.
#[must_use]
pub fn scenario(mutant: &Mutant, survivor: &Survivor) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut out, mutant, survivor);
    out
}

/// A name for the file: the rule or file that is changed, and the change's number.
#[must_use]
pub fn name(mutant: &Mutant) -> String {
    let stem = mutant.change.place.file.rsplit('/').next().unwrap_or_default().trim_end_matches(".yaml");
    format!("{stem}-{}-{}", mutant.change.operator, mutant.number)
}

fn write(out: &mut String, mutant: &Mutant, survivor: &Survivor) -> std::fmt::Result {
    let change = &mutant.change;
    writeln!(out, "title: {}", quoted(&format!("Tells a change of {}: {}", change.place, change.what)))?;
    writeln!(
        out,
        "why: {}",
        quoted("Nothing else noticed this change. Is the verdict right? Then say why, and keep it.")
    )?;
    writeln!(out, "request:")?;
    below(out, &survivor.request, 1)?;
    writeln!(out, "expect:")?;
    match &survivor.decision {
        Json::Array(parts) => parts.iter().try_for_each(|part| {
            write!(out, "  - ")?;
            expect(out, part, 2, true)
        }),
        one => expect(out, one, 1, false),
    }
}

/// The verdict: outcome, reasons, results and obligations.
fn expect(out: &mut String, decision: &Json, level: usize, inline: bool) -> std::fmt::Result {
    let pad = "  ".repeat(level);
    let first = if inline { "" } else { &pad };
    let Some(outcome) = decision.get("outcome").and_then(Json::as_str) else {
        return writeln!(out, "{first}outcome: invalid");
    };
    writeln!(out, "{first}outcome: {outcome}")?;
    let codes = |part: &str| -> Vec<String> {
        let all = decision.get(part).and_then(Json::as_array).into_iter().flatten();
        let mut seen = Vec::new();
        for code in all.filter_map(|one| one.get("code")?.as_str()) {
            if !seen.iter().any(|known| known == code) {
                seen.push(code.to_owned());
            }
        }
        seen
    };
    for part in ["reasons", "obligations"] {
        let codes = codes(part);
        if !codes.is_empty() {
            writeln!(out, "{pad}{part}: [{}]", codes.join(", "))?;
        }
    }
    let results = decision.get("results").and_then(Json::as_object).filter(|results| !results.is_empty());
    if let Some(results) = results {
        writeln!(out, "{pad}results: {}", flow(&Json::Object(results.clone())))?;
    }
    Ok(())
}

/// A mapping, one key a line; what is short stays on its line.
fn below(out: &mut String, json: &Json, level: usize) -> std::fmt::Result {
    let Json::Object(object) = json else { return Ok(()) };
    // What every request says first.
    let first = ["kind", "at"];
    let leading = first.iter().filter_map(|key| object.get_key_value(*key));
    for (key, value) in leading.chain(object.iter().filter(|(key, _)| !first.contains(&key.as_str()))) {
        writeln!(out, "{}{key}: {}", "  ".repeat(level), flow(value))?;
    }
    Ok(())
}

/// A value on one line.
fn flow(json: &Json) -> String {
    match json {
        Json::Object(object) => {
            let all: Vec<String> = object.iter().map(|(key, value)| format!("{key}: {}", flow(value))).collect();
            format!("{{ {} }}", all.join(", "))
        }
        Json::Array(all) => format!("[{}]", all.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Json::String(text) => quoted(text),
        other => other.to_string(),
    }
}

/// A text as YAML; quoted unless it is a plain word.
fn quoted(text: &str) -> String {
    let is_word = |text: &str| {
        let mut chars = text.chars();
        chars.next().is_some_and(|c| c.is_ascii_alphabetic()) && chars.all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    // Words that YAML of some version reads as something else.
    let reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    if is_word(text) && !reserved.contains(&text.to_ascii_lowercase().as_str()) {
        return text.to_owned();
    }
    Json::from(text).to_string()
}
