//! JUnit XML: one suite for each folder of scenarios, one test case for each scenario.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use crate::assure::markup::escape;
use crate::assure::scenario::folder::Folder;
use crate::assure::scenario::run::Pinned;
use crate::model::finding::Finding;

use super::scenarios;
use super::test::Done;

/// One `testcase` element.
struct Case {
    name: String,
    took: Duration,
    /// What failed: a line, and the details.
    failure: Option<(String, String)>,
}

/// The whole report.
pub fn report(folder: &Folder, done: &[Done<'_>]) -> String {
    let mut suites: BTreeMap<String, Vec<Case>> = BTreeMap::new();
    for one in done {
        let (suite, name) = one.scenario.name.rsplit_once('/').unwrap_or(("scenarios", &one.scenario.name));
        let case = Case { name: format!("{name}: {}", one.scenario.title), took: one.took, failure: failure(one) };
        suites.entry(suite.to_owned()).or_default().push(case);
    }
    let mut unread: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in &folder.findings {
        unread.entry(&finding.place.file).or_default().push(finding);
    }
    for (file, findings) in unread {
        let details: Vec<String> = findings.iter().map(ToString::to_string).collect();
        let summary = findings.first().map(|finding| finding.message.clone()).unwrap_or_default();
        let failure = Some((summary, details.join("\n")));
        let case = Case { name: file.to_owned(), took: Duration::ZERO, failure };
        suites.entry("cannot be read".to_owned()).or_default().push(case);
    }
    for path in &folder.unreferenced {
        let failure = Some(("its scenario is gone".to_owned(), path.clone()));
        let case = Case { name: path.clone(), took: Duration::ZERO, failure };
        suites.entry("unreferenced snapshots".to_owned()).or_default().push(case);
    }
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut out, &suites);
    out
}

fn failure(one: &Done<'_>) -> Option<(String, String)> {
    if one.agrees() {
        return None;
    }
    let lines: Vec<String> = one
        .ran
        .differences
        .iter()
        .map(|(case, d)| {
            if case.is_empty() {
                format!("{}: {}", d.place, d.message)
            } else {
                format!("{}: {case}: {}", d.place, d.message)
            }
        })
        .collect();
    if let Some(first) = one.ran.differences.first() {
        return Some((first.1.message.clone(), lines.join("\n")));
    }
    Some(match &one.ran.pinned {
        Pinned::Differs(pinned) => {
            ("the pinned snapshot differs".to_owned(), scenarios::diff_text(pinned, &one.ran.text))
        }
        Pinned::Unreadable(why) => ("the pinned snapshot cannot be read".to_owned(), why.clone()),
        _ => ("no snapshot is pinned yet".to_owned(), one.scenario.file.to_string()),
    })
}

fn write(out: &mut String, suites: &BTreeMap<String, Vec<Case>>) -> std::fmt::Result {
    let all = || suites.values().flatten();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"clausal test\" {}>", counts(all()))?;
    for (name, cases) in suites {
        writeln!(out, "  <testsuite name=\"{}\" {}>", escape(name), counts(cases.iter()))?;
        for case in cases {
            let seconds = case.took.as_secs_f64();
            write!(
                out,
                "    <testcase classname=\"{}\" name=\"{}\" time=\"{seconds:.6}\"",
                escape(name),
                escape(&case.name)
            )?;
            match &case.failure {
                None => writeln!(out, "/>")?,
                Some((message, details)) => {
                    writeln!(out, ">")?;
                    let (message, details) = (escape(message), escape(details));
                    writeln!(out, "      <failure type=\"disagrees\" message=\"{message}\">{details}</failure>")?;
                    writeln!(out, "    </testcase>")?;
                }
            }
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn counts<'c>(cases: impl Iterator<Item = &'c Case>) -> String {
    let (mut tests, mut failures, mut took) = (0usize, 0usize, Duration::ZERO);
    for case in cases {
        tests = tests.saturating_add(1);
        failures = failures.saturating_add(usize::from(case.failure.is_some()));
        took = took.saturating_add(case.took);
    }
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\" time=\"{:.6}\"", took.as_secs_f64())
}
