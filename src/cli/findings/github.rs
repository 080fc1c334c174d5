//! Findings as workflow commands of GitHub Actions, which shows them in the changed files of a pull request.

use std::fmt::Write;

use crate::model::finding::Severity;

use super::Report;

pub(super) fn render(report: &Report<'_>) -> String {
    let mut out = String::new();
    for finding in report.findings() {
        let command = match finding.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let place = &finding.place;
        let help = finding.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        // Writing to a text does not fail.
        let _ = write!(out, "::{command} file={},line={}", property(&report.path(&place.file)), place.line);
        if place.end_line == place.line {
            let _ = write!(out, ",col={},endColumn={}", place.column, place.end_column);
        } else {
            let _ = write!(out, ",endLine={}", place.end_line);
        }
        let _ = writeln!(out, ",title={}::{}", finding.code, data(&format!("{}{help}", finding.message)));
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
