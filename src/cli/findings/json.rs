//! Findings as a JSON array, one finding a line.

use serde::Serialize;

use crate::model::finding::Place;

use super::Report;

#[derive(Serialize)]
struct Finding<'a> {
    code: &'static str,
    severity: String,
    message: &'a str,
    #[serde(flatten)]
    place: Spot,
    help: Option<&'a str>,
    related: Vec<Related<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edit: Option<Edit<'a>>,
    /// A request that shows it, ready for `clausal decide`.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<serde_json::Value>,
}

#[derive(Serialize)]
struct Spot {
    file: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
struct Related<'a> {
    message: &'a str,
    #[serde(flatten)]
    place: Spot,
}

#[derive(Serialize)]
struct Edit<'a> {
    text: &'a str,
    #[serde(flatten)]
    place: Spot,
}

pub(super) fn render(report: &Report<'_>) -> String {
    let lines: Vec<String> = report
        .findings()
        .iter()
        .map(|finding| {
            let related = finding.related.iter();
            let shown = Finding {
                code: finding.code.as_str(),
                severity: finding.severity().to_string(),
                message: &finding.message,
                place: spot(report, &finding.place),
                help: finding.help.as_deref(),
                related: related.map(|r| Related { message: &r.message, place: spot(report, &r.place) }).collect(),
                edit: finding.edit.as_ref().map(|edit| Edit { text: &edit.text, place: spot(report, &edit.place) }),
                request: finding.request.as_ref().and_then(|request| serde_json::from_str(request).ok()),
            };
            // Texts and numbers always serialize.
            serde_json::to_string(&shown).unwrap_or_default()
        })
        .collect();
    if lines.is_empty() { "[]\n".into() } else { format!("[\n  {}\n]\n", lines.join(",\n  ")) }
}

fn spot(report: &Report<'_>, place: &Place) -> Spot {
    Spot {
        file: report.path(&place.file),
        line: place.line,
        column: place.column,
        end_line: place.end_line,
        end_column: place.end_column,
    }
}
