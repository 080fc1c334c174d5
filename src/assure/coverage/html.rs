//! Coverage as one HTML page: the files of the bundle, each line coloured by what the scenarios met of it.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::assure::markup::escape;

use super::{Coverage, Metric, Unit};

/// The page. It needs nothing but itself: no scripts, no fonts, no other files.
#[must_use]
pub fn html(coverage: &Coverage<'_>) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = page(&mut out, coverage);
    out
}

const STYLE: &str = "\
:root { color-scheme: light dark; --full: #d9f2dd; --part: #fff0c2; --none: #ffd6d6; --faint: #888 }
@media (prefers-color-scheme: dark) { :root { --full: #16391e; --part: #4a3a08; --none: #561d1d } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem }
table { border-collapse: collapse } td, th { padding: .15rem .8rem .15rem 0; text-align: left }
td.n { text-align: right } pre { overflow-x: auto; line-height: 1.35; font-size: 13px }
pre span { display: block; white-space: pre } pre i { color: var(--faint); font-style: normal; user-select: none }
.full { background: var(--full) } .part { background: var(--part) } .none { background: var(--none) }
summary { cursor: pointer; font-weight: 600; margin: .6rem 0 }
";

fn page(out: &mut String, coverage: &Coverage<'_>) -> std::fmt::Result {
    let identity = coverage.engine.bundle();
    let title = escape(&format!("Coverage of {} {}", identity.name, identity.version));
    writeln!(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>")?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(out, "<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>")?;
    writeln!(out, "<p>{} requests decided.</p>\n<table>", coverage.requests())?;
    writeln!(out, "<tr><th>what</th><th>covered</th><th>of</th><th>share</th></tr>")?;
    for metric in Metric::ALL {
        let share = coverage.share(metric);
        let class = if share.covered == share.total { "full" } else { "part" };
        let (covered, total) = (share.covered, share.total);
        let numbers = format!("<td class=\"n\">{covered}</td><td class=\"n\">{total}</td><td class=\"n\">{share}</td>");
        writeln!(out, "<tr class=\"{class}\"><td>{metric}</td>{numbers}</tr>")?;
    }
    writeln!(out, "</table>")?;
    open(out, coverage)?;
    for (file, lines) in coverage.by_line() {
        write_file(out, coverage, file, &lines)?;
    }
    writeln!(out, "</body>\n</html>")
}

fn open(out: &mut String, coverage: &Coverage<'_>) -> std::fmt::Result {
    let open: Vec<&Unit> = coverage.units().into_iter().filter(|unit| unit.hits == 0).collect();
    if open.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h2>Not covered</h2>\n<ul>")?;
    for unit in open {
        let (target, place) = (anchor(&unit.place.file, unit.place.line), escape(&unit.place.to_string()));
        let text = escape(&format!("{} {}: {}", unit.metric, unit.owner, unit.what));
        writeln!(out, "<li><a href=\"#{target}\">{place}</a> {text}</li>")?;
    }
    writeln!(out, "</ul>")
}

fn anchor(file: &str, line: usize) -> String {
    let name: String = file.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("{name}-{line}")
}

fn write_file(
    out: &mut String,
    coverage: &Coverage<'_>,
    file: &str,
    lines: &BTreeMap<usize, Vec<&Unit>>,
) -> std::fmt::Result {
    let Some(text) = coverage.bundle.files.get(file) else { return Ok(()) };
    let all = || lines.values().flatten();
    let (covered, total) = (all().filter(|unit| unit.hits > 0).count(), all().count());
    let unfold = if covered < total { " open" } else { "" };
    writeln!(out, "<details{unfold}><summary>{} ({covered} of {total})</summary>\n<pre>", escape(file))?;
    for (n, line) in text.lines().enumerate() {
        let number = n.saturating_add(1);
        let units = lines.get(&number).map(Vec::as_slice).unwrap_or_default();
        let attributes = if units.is_empty() {
            String::new()
        } else {
            let (id, class, told) = (anchor(file, number), class(units), escape(&told(units)));
            format!(" id=\"{id}\" class=\"{class}\" title=\"{told}\"")
        };
        write!(out, "<span{attributes}><i>{number:>5}  </i>{}</span>", escape(line))?;
    }
    writeln!(out, "</pre></details>")
}

fn class(units: &[&Unit]) -> &'static str {
    let met = units.iter().filter(|unit| unit.hits > 0).count();
    match met {
        0 => "none",
        _ if met == units.len() => "full",
        _ => "part",
    }
}

/// What is met on a line and by which scenario first; what is not comes first.
fn told(units: &[&Unit]) -> String {
    let mut lines: Vec<(bool, String)> = units
        .iter()
        .map(|unit| {
            let by = unit
                .by
                .as_ref()
                .map_or_else(|| "not covered".to_owned(), |by| format!("{} times, first by {by}", unit.hits));
            (unit.hits > 0, format!("{} {}: {by}", unit.owner, unit.what))
        })
        .collect();
    lines.sort_by_key(|(met, _)| *met);
    lines.into_iter().map(|(_, line)| line).collect::<Vec<_>>().join("\n")
}
