//! Answers, errors and findings as text for people.

use std::io::Write;

use anstyle::{AnsiColor, Style};

use crate::decide::parts::Label;
use crate::decision::{Answer, Decision, Obligation};
use crate::model::clause::ClauseRef;
use crate::model::decision::Outcome;
use crate::model::error::RequestError;

use super::{Failure, hints};

/// A failure of the command, on the standard error.
pub fn failure(failure: &Failure) {
    let mut err = anstream::AutoStream::auto(std::io::stderr().lock());
    // A message that cannot be written has no reader.
    let _ = writeln!(err, "clausal: {failure}{}", hints::of_failure(failure).unwrap_or_default());
}

/// A request that cannot be decided: one line on the standard error, with the line of the input where there are several
/// requests.
pub fn request_error(error: &RequestError, line: Option<u64>) {
    let mut err = anstream::AutoStream::auto(std::io::stderr().lock());
    let text = error.to_string().replace(['\n', '\r'], " ");
    let place = line.map(|line| format!(" in line {line}")).unwrap_or_default();
    // As above.
    let _ = writeln!(err, "clausal: invalid request{place}: {text}");
}

/// An answer for people.
pub fn answer(out: &mut impl Write, answer: &Answer, language: &str) -> std::io::Result<()> {
    for decision in answer.decisions() {
        one(out, decision, language)?;
    }
    Ok(())
}

fn colour(outcome: Outcome) -> Style {
    let colour = match outcome {
        Outcome::Permit => AnsiColor::Green,
        Outcome::Deny => AnsiColor::Red,
        Outcome::NeedsInformation | Outcome::Refer => AnsiColor::Yellow,
        Outcome::NotCovered => AnsiColor::Cyan,
    };
    Style::new().fg_color(Some(colour.into())).bold()
}

fn one(out: &mut impl Write, decision: &Decision, language: &str) -> std::io::Result<()> {
    let style = colour(decision.outcome());
    let word = decision.outcome().as_str().to_uppercase();
    write!(out, "{style}{word}{style:#}  {}", decision.kind())?;
    for part in decision.part() {
        match &part.label {
            Label::Number(number) => write!(out, "  {} {number}", part.list)?,
            Label::Text(text) => write!(out, "  {} {text}", part.list)?,
        }
    }
    if let Some(id) = decision.id() {
        write!(out, "  {id}")?;
    }
    writeln!(out, "  at {}", decision.at())?;
    for reason in decision.reasons(language) {
        writeln!(out, "  {}: {}", reason.code, reason.message)?;
        writeln!(out, "      rule {} at {}{}", reason.rule, reason.source, clauses(&reason.clauses))?;
        for evidence in &reason.evidence {
            writeln!(out, "      rests on {evidence}")?;
        }
    }
    let results: Vec<String> = decision.results().iter().map(|(name, value)| format!("{name} {value}")).collect();
    if !results.is_empty() {
        writeln!(out, "  results: {}", results.join(", "))?;
    }
    duties(out, "must", &decision.obligations(language))?;
    duties(out, "good to know", &decision.advice(language))?;
    if !decision.missing().is_empty() {
        writeln!(out, "  missing: {}", decision.missing().join(", "))?;
    }
    let bundle = decision.bundle();
    writeln!(out, "  bundle {} {}", bundle.name, bundle.version)
}

fn clauses(clauses: &[ClauseRef]) -> String {
    if clauses.is_empty() {
        return String::new();
    }
    let all: Vec<String> = clauses.iter().map(ToString::to_string).collect();
    format!(", clause {}", all.join(", "))
}

fn duties(out: &mut impl Write, title: &str, duties: &[Obligation]) -> std::io::Result<()> {
    for duty in duties {
        writeln!(out, "  {title}: {} ({}, {}{})", duty.message, duty.code, duty.on, clauses(&duty.clauses))?;
    }
    Ok(())
}

/// Writes a file whole or not at all: into a neighbour first, which then takes its place.
pub fn write_file(path: &std::path::Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error| Failure::Io { what: format!("`{}`", path.display()), error };
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = std::path::PathBuf::from(name);
    std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, path)).map_err(failed)
}
