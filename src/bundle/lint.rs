//! What can be said of the bundle as a whole, once everything is read.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::clause::ClauseRef;
use crate::model::decision::is_engine_reason;
use crate::model::finding::{Code, Edit, Finding, Findings, Place};
use crate::model::names::nearest;

use super::cascade::Part;
use super::citations;
use super::draft::Draft;
use super::lines::Lines;
use super::messages::Messages;
use super::periods;
use super::privacy;

/// Messages, clauses, periods, and what nothing uses.
pub fn whole(draft: &Draft, messages: &Messages, findings: &mut Findings) {
    let wanted = wanted_messages(draft);
    let complete = draft.gaps.is_empty() && draft.ledger.is_clean();
    for language in &draft.languages {
        if !messages.speaks(language) {
            let place = Place::start_of("bundle.yaml");
            let message = format!("`messages` has no file for `{language}`");
            if !draft.gaps.contains(&Part::Messages) && !draft.gaps.contains(&Part::Base) {
                findings.push(
                    Finding::new(Code::MissingMessage, &place, message).help("add the file, or the language goes"),
                );
            }
            continue;
        }
        let mistyped = if messages.is_whole(language) {
            missing_messages(language, messages, &wanted, findings)
        } else {
            BTreeSet::new()
        };
        message_variables(language, draft, messages, findings);
        messages.check_references(language, findings);
        privacy::messages(language, draft, messages, findings);
        if complete {
            unused_messages(language, messages, &wanted, &mistyped, findings);
        }
    }
    privacy::decisions(draft, findings);
    if complete {
        clauses_without_rule(draft, findings);
        citations::check(draft, findings);
        unused(draft, findings);
        periods::check(draft, findings);
    }
}

/// A message that a caller may see.
struct Wanted {
    id: String,
    /// What wants it.
    place: Place,
    /// What it is for.
    what: String,
}

fn wanted_messages(draft: &Draft) -> Vec<Wanted> {
    let mut out = Vec::new();
    for (code, def) in &draft.reasons {
        let (id, what) = (format!("reason-{code}"), format!("the reason `{code}`"));
        out.push(Wanted { id, place: def.place.clone(), what });
    }
    for (code, def) in &draft.obligations {
        let kind = if def.advice { "advice" } else { "obligation" };
        let (id, what) = (format!("{kind}-{code}"), format!("the {kind} `{code}`"));
        out.push(Wanted { id, place: def.place.clone(), what });
    }
    for (message, place) in &draft.contradiction_messages {
        let (id, what) = (format!("contradiction-{message}"), format!("the contradiction `{message}`"));
        out.push(Wanted { id, place: place.clone(), what });
    }
    out
}

/// Messages that are missing. One that nothing uses, with nearly the name, is the missing one mistyped: those are given.
fn missing_messages(
    language: &Arc<str>,
    messages: &Messages,
    wanted: &[Wanted],
    findings: &mut Findings,
) -> BTreeSet<String> {
    let ids: BTreeSet<&str> = wanted.iter().map(|wanted| wanted.id.as_str()).collect();
    let unwanted: Vec<_> =
        messages.unreferenced(language).into_iter().filter(|(id, _)| !ids.contains(&***id)).collect();
    let mut mistyped = BTreeSet::new();
    for wanted in wanted.iter().filter(|wanted| messages.get(language, &wanted.id).is_none()) {
        let message = format!("{} has no message in `{language}`", wanted.what);
        let finding = Finding::new(Code::MissingMessage, &wanted.place, message);
        let near = nearest(&wanted.id, unwanted.iter().map(|(id, _)| &***id)).filter(|near| !mistyped.contains(*near));
        let near = near.and_then(|near| unwanted.iter().find(|(id, _)| &***id == near));
        findings.push(match near {
            Some((id, place)) => {
                mistyped.insert(id.to_string());
                let mut finding = finding.help(format!("rename `{id}` to `{}`", wanted.id));
                finding.edit = Some(Edit { place: (*place).clone(), text: wanted.id.clone() });
                finding.related(place, "nothing uses this message")
            }
            None => finding.help(format!("add `{} = …` to the messages in `{language}`", wanted.id)),
        });
    }
    mistyped
}

/// Messages that no caller sees, but those whose names are `mistyped`.
fn unused_messages(
    language: &Arc<str>,
    messages: &Messages,
    wanted: &[Wanted],
    mistyped: &BTreeSet<String>,
    findings: &mut Findings,
) {
    let ids: BTreeSet<&str> = wanted.iter().map(|wanted| wanted.id.as_str()).collect();
    // A message that is meant by a mistyped reference is not unused.
    let meant = |f: &Finding| f.edit.as_ref().filter(|_| f.code == Code::UnknownMessage).map(|e| e.text.clone());
    let meant: BTreeSet<String> = findings.iter().filter_map(meant).collect();
    for (id, place) in messages.unreferenced(language) {
        if !ids.contains(&**id) && !meant.contains(&**id) && !mistyped.contains(&**id) {
            let message = format!("nothing uses the message `{id}`");
            findings.push(Finding::new(Code::Unused, place, message).help("remove it"));
        }
    }
}

/// Variables are the facts (`order.age_days` is `$order_age_days`), the tables' columns, the results, and a few of the
/// engine's own.
fn message_variables(language: &Arc<str>, draft: &Draft, messages: &Messages, findings: &mut Findings) {
    let known = known_variables(draft);
    let unknown = |(variable, _): &&(Arc<str>, Place)| !known.contains(&**variable) && !is_broken(variable, draft);
    for (id, message) in messages.of_language(language) {
        for (variable, place) in message.variable_places.iter().filter(unknown) {
            let near = nearest(variable, known.iter().map(String::as_str));
            let text = format!("the message `{id}` uses `${variable}`, which has no value");
            findings.push(Finding::new(Code::MessageVariable, place, text).nearest(near));
        }
    }
}

/// Whether a variable stands for something that is defined with a mistake of its own, which is told there.
fn is_broken(written: &str, draft: &Draft) -> bool {
    let ledger = &draft.ledger;
    let whole = written.strip_suffix("_state").unwrap_or(written);
    let mut named = ["fact", "result", "column"].into_iter().flat_map(|kind| ledger.broken(kind));
    let one = named.any(|name| [written, whole].contains(&&*variable(&name)));
    let tables = ledger.broken("table");
    one || tables.iter().any(|table| written.strip_prefix(&*variable(table)).is_some_and(|rest| rest.starts_with('_')))
}

/// The variables that messages may use.
pub fn known_variables(draft: &Draft) -> BTreeSet<String> {
    let facts = draft.facts.iter().flat_map(|fact| {
        let name = variable(&fact.path);
        [format!("{name}_state"), name]
    });
    let cells = draft.tables.iter().flat_map(|t| t.gives.iter().map(|(c, _)| variable(&format!("{}.{c}", t.name))));
    let results = draft.results.keys().map(|name| variable(name));
    let own = ["missing", "rule", "candidates", "error"].map(String::from);
    facts.chain(cells).chain(results).chain(own).collect()
}

/// A path as a variable of messages.
pub fn variable(path: &str) -> String {
    path.replace(['.', '-'], "_")
}

fn clauses_without_rule(draft: &Draft, findings: &mut Findings) {
    // Of a number that is mistyped, the right one is not cited, which is the same mistake.
    // So is what a mistyped `clauses` cites.
    let meant = |f: &Finding| f.edit.as_ref().is_some_and(|edit| edit.text == "clauses");
    if findings.iter().any(|f| matches!(f.code, Code::UnknownClause | Code::UnknownSource) || meant(f)) {
        return;
    }
    for (id, source) in &draft.sources {
        for (number, clause) in source.clauses.iter().filter(|(_, clause)| clause.normative) {
            let clause_ref = ClauseRef { source: Arc::clone(id), number: *number };
            if !draft.cited.contains(&clause_ref) {
                findings.push(
                    Finding::new(
                        Code::ClauseWithoutRule,
                        &clause.place,
                        format!("nothing cites the normative clause {number}"),
                    )
                    .help("let a rule, row, list entry or obligation cite it"),
                );
            }
        }
    }
}

fn unused(draft: &Draft, findings: &mut Findings) {
    let mut report = |kind: &'static str, name: &str, place: &Place| {
        if !draft.ledger.is_used(kind, name) {
            let message = format!("nothing uses the {kind} `{name}`");
            findings.push(Finding::new(Code::Unused, place, message).help("use it, or remove it"));
        }
    };
    for list in &draft.lists {
        report("list", &list.name, &list.place);
    }
    for (code, def) in draft.reasons.iter().filter(|(code, _)| !is_engine_reason(code)) {
        report("reason", code, &def.place);
    }
    for (code, def) in &draft.obligations {
        report("obligation", code, &def.place);
    }
    for (name, def) in &draft.results {
        report("result", name, &def.place);
    }
    for table in &draft.tables {
        report("table", &table.name, &table.place);
    }
    for (name, setting) in &draft.settings {
        report("setting", name, &setting.place);
    }
    for (name, place) in &draft.registry_places {
        report("registry", name, place);
    }
    for (name, _, file, line) in draft.library.functions() {
        let place = draft.texts.get(file).map(|text| function_place(file, text, name, line));
        report("function", name, &place.unwrap_or_else(|| Place::start_of(file)));
    }
}

/// Where the name of a function stands whose body begins on a line.
fn function_place(file: &str, text: &str, name: &str, line: usize) -> Place {
    let before: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let head = text.get(..before).unwrap_or(text);
    let lines = Lines::new(file, text);
    match head.rfind(&format!("fn {name}")) {
        Some(at) => {
            let start = at.saturating_add(3);
            lines.place(start, start.saturating_add(name.len()))
        }
        None => lines.at(line, 1, 1),
    }
}
