//! The text that is pinned for a scenario: written for a person who reviews decisions, not programs.

use std::fmt::Write;

use crate::bundle::yaml::{Content, Node};
use crate::decide::parts::{Label, PartOf};
use crate::decision::{Answer, Decision, Obligation};
use crate::model::clause::ClauseRef;
use crate::model::error::RequestError;

use super::Scenario;

/// The pinned text of a scenario and its answers, one for each case.
#[must_use]
pub fn text(scenario: &Scenario, answers: &[Result<Answer, RequestError>]) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write_text(&mut out, scenario, answers);
    out
}

fn write_text(out: &mut String, scenario: &Scenario, answers: &[Result<Answer, RequestError>]) -> std::fmt::Result {
    writeln!(out, "{}", one_line(&scenario.title))?;
    if let Some(why) = &scenario.why {
        writeln!(out, "{}", one_line(why))?;
    }
    clauses(out, scenario)?;
    if !scenario.settings.is_empty() {
        writeln!(out, "\nReadings")?;
    }
    for (name, value) in &scenario.settings {
        writeln!(out, "  {name}: {}", one_line(value))?;
    }
    writeln!(out, "\nRequest")?;
    leaves(out, &scenario.request, "")?;
    if scenario.each {
        writeln!(out, "\nEach")?;
        for (case, answer) in scenario.cases.iter().zip(answers) {
            compact(out, scenario, &case.label, answer)?;
        }
        return Ok(());
    }
    for answer in answers {
        match answer {
            Ok(answer) => whole(out, scenario, answer)?,
            Err(error) => writeln!(out, "\nINVALID\n  {}", one_line(&error.to_string()))?,
        }
    }
    Ok(())
}

/// Line breaks in what a person wrote would break the lines of the text.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn clauses(out: &mut String, scenario: &Scenario) -> std::fmt::Result {
    let bundle = scenario.engine.checked();
    let language = bundle.languages.first();
    if !scenario.clauses.is_empty() {
        writeln!(out, "\nClauses")?;
    }
    for clause in &scenario.clauses {
        let known = bundle.sources.get(&clause.source).and_then(|source| source.clauses.get(&clause.number));
        let gist = known.and_then(|known| known.gist.get(language?)).map_or("", |gist| gist);
        writeln!(out, "  {clause}  {}", one_line(gist))?;
    }
    Ok(())
}

/// The request, one fact a line, in the order of the file.
fn leaves(out: &mut String, node: &Node, path: &str) -> std::fmt::Result {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match &node.content {
        Content::Mapping(entries) => {
            entries.iter().try_for_each(|(key, value)| leaves(out, value, &below(key.text().unwrap_or_default())))
        }
        Content::Sequence(items) if items.iter().any(|item| item.text().is_none()) => {
            items.iter().enumerate().try_for_each(|(n, item)| leaves(out, item, &below(&n.to_string())))
        }
        Content::Sequence(items) => {
            let texts: Vec<String> = items.iter().map(scalar).collect();
            writeln!(out, "  {path}: [{}]", texts.join(", "))
        }
        Content::Scalar(..) => writeln!(out, "  {path}: {}", scalar(node)),
    }
}

/// White space and signs that cannot be seen are written as escapes.
fn scalar(node: &Node) -> String {
    let text = node.text().unwrap_or_default();
    if node.is_null() {
        return "null".to_owned();
    }
    let plain = text.chars().all(|c| c == ' ' || (!c.is_whitespace() && !c.is_control()));
    if plain && text.trim() == text && !text.contains("  ") {
        text.to_owned()
    } else {
        format!("\"{}\"", text.chars().map(visible).collect::<String>())
    }
}

fn visible(c: char) -> String {
    if c == ' ' || !(c.is_whitespace() || c.is_control()) { c.to_string() } else { c.escape_unicode().to_string() }
}

/// In each language what was decided and why, then the decision as JSON.
fn whole(out: &mut String, scenario: &Scenario, answer: &Answer) -> std::fmt::Result {
    for language in scenario.engine.languages() {
        writeln!(out, "\nAnswer ({language})")?;
        for decision in answer.decisions() {
            in_words(out, decision, language)?;
        }
    }
    let language = scenario.engine.languages().next().unwrap_or_default();
    for decision in answer.decisions() {
        let json = serde_json::to_string_pretty(&decision.in_language(language).stable()).unwrap_or_default();
        writeln!(out, "\nDecision{}\n{json}", part(decision.part()))?;
    }
    Ok(())
}

fn part(part: &[PartOf]) -> String {
    part.iter().fold(String::new(), |mut out, one| {
        let _ = match &one.label {
            Label::Number(number) => write!(out, " {} {number}", one.list),
            Label::Text(text) => write!(out, " {} {text}", one.list),
        };
        out
    })
}

fn in_words(out: &mut String, decision: &Decision, language: &str) -> std::fmt::Result {
    let name = part(decision.part());
    writeln!(out, "  {}{name}", decision.outcome().as_str().to_uppercase())?;
    for reason in decision.reasons(language) {
        writeln!(out, "    {}", one_line(&reason.message))?;
        writeln!(out, "      {} by {}{}", reason.code, reason.rule, cited(&reason.clauses))?;
    }
    for (name, value) in decision.results() {
        writeln!(out, "    {name} = {value}")?;
    }
    duties(out, "must", &decision.obligations(language))?;
    duties(out, "note", &decision.advice(language))?;
    if !decision.missing().is_empty() {
        writeln!(out, "    missing: {}", decision.missing().join(", "))?;
    }
    Ok(())
}

fn duties(out: &mut String, title: &str, duties: &[Obligation]) -> std::fmt::Result {
    for duty in duties {
        writeln!(out, "    {title} ({}): {}{}", duty.on, one_line(&duty.message), cited(&duty.clauses))?;
    }
    Ok(())
}

fn cited(clauses: &[ClauseRef]) -> String {
    let numbers: Vec<String> = clauses.iter().map(ToString::to_string).collect();
    if numbers.is_empty() { String::new() } else { format!(" [{}]", numbers.join(", ")) }
}

/// One line: the values, the outcome, and for each decision codes, clauses and words in every language.
fn compact(
    out: &mut String,
    scenario: &Scenario,
    label: &str,
    answer: &Result<Answer, RequestError>,
) -> std::fmt::Result {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return writeln!(out, "  {label}: INVALID {}", one_line(&error.to_string())),
    };
    write!(out, "  {label}:")?;
    for decision in answer.decisions() {
        write!(out, "{} {}", part(decision.part()), decision.outcome().as_str().to_uppercase())?;
        for language in scenario.engine.languages() {
            let reasons = decision.reasons(language);
            let words: Vec<String> = reasons.iter().map(|reason| one_line(&reason.message)).collect();
            write!(out, " | {}", words.join(" "))?;
        }
        let reasons = decision.reasons("");
        let codes: Vec<String> =
            reasons.iter().map(|reason| format!("{}{}", reason.code, cited(&reason.clauses))).collect();
        write!(out, " | {}", codes.join(" "))?;
        let results: Vec<String> = decision.results().iter().map(|(name, value)| format!("{name} = {value}")).collect();
        if !results.is_empty() {
            write!(out, " | {}", results.join(", "))?;
        }
    }
    writeln!(out)
}
