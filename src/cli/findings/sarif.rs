//! Findings as a SARIF 2.1.0 log, which code scanners read.

use serde_json::{Value, json};

use crate::model::finding::{Code, Finding, Place, Severity};

use super::Report;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn render(report: &Report<'_>) -> String {
    let rules: Vec<Value> = Code::ALL.iter().map(|code| rule(*code)).collect();
    let results: Vec<Value> = report.findings().iter().map(|finding| result(report, finding)).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "clausal",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.as_str(),
        "shortDescription": { "text": code.description() },
        "help": { "text": code.page(), "markdown": code.page() },
        "defaultConfiguration": { "level": level(code.severity()) },
    })
}

fn result(report: &Report<'_>, finding: &Finding) -> Value {
    let help = finding.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    let mut out = json!({
        "ruleId": finding.code.as_str(),
        "level": level(finding.severity()),
        "message": { "text": format!("{}{help}", finding.message) },
        "locations": [{ "physicalLocation": location(report, &finding.place) }],
    });
    let related: Vec<Value> = finding
        .related
        .iter()
        .map(|r| json!({ "physicalLocation": location(report, &r.place), "message": { "text": r.message } }))
        .collect();
    if let Value::Object(out) = &mut out {
        out.extend(Code::ALL.iter().position(|code| *code == finding.code).map(|at| ("ruleIndex".into(), at.into())));
        if !related.is_empty() {
            out.insert("relatedLocations".into(), related.into());
        }
        if let Some(request) = &finding.request {
            out.insert("properties".into(), json!({ "request": request }));
        }
        if let Some(edit) = &finding.edit {
            let fix = json!([{
                "description": { "text": finding.help.as_deref().unwrap_or("change the text") },
                "artifactChanges": [{
                    "artifactLocation": { "uri": uri(&report.path(&edit.place.file)) },
                    "replacements": [{ "deletedRegion": region(&edit.place), "insertedContent": { "text": edit.text } }],
                }],
            }]);
            out.insert("fixes".into(), fix);
        }
    }
    out
}

fn location(report: &Report<'_>, place: &Place) -> Value {
    json!({ "artifactLocation": { "uri": uri(&report.path(&place.file)) }, "region": region(place) })
}

fn region(place: &Place) -> Value {
    json!({
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    })
}

/// A path as a URI reference.
fn uri(path: &str) -> String {
    let mut out = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
