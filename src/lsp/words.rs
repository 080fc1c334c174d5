//! What is shown about a name: Markdown, in all languages of the bundle.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use crate::bundle::checked::{Absence, FactIx, Unrecognised};
use crate::bundle::domain::Entry;
use crate::bundle::draft::Draft;
use crate::bundle::grammar::Sort;
use crate::bundle::lexicon::Lexicon;
use crate::bundle::load::Survey;
use crate::model::clause::ClauseRef;
use crate::model::value::{Type, Value};
use crate::script::host_functions;

use super::index::Name;

/// At most so many entries of a list are shown.
const SHOWN: usize = 30;

/// What is known about a name; `None` for a name that nothing defines.
pub fn about(survey: &Survey, name: &Name) -> Option<String> {
    let draft = &survey.draft;
    let id = &*name.id;
    match name.sort {
        Sort::Fact => fact(survey, id),
        Sort::Clause => clause(draft, id),
        Sort::Entry => {
            let (domain, code) = id.split_once('/')?;
            Some(entry(draft, domain, draft.domains.get(domain).or_else(|| draft.registries.get(domain))?.entry(code)?))
        }
        Sort::Reason => {
            let def = draft.reasons.get(id)?;
            let stage = draft.stages.get(def.rank).map_or("", |stage| stage);
            Some(format!("**reason** `{id}`, stage `{stage}`\n{}", messages(survey, &format!("reason-{id}"))))
        }
        Sort::Message => Some(format!("**message** `{id}`\n{}", messages(survey, id))),
        Sort::Obligation => obligation(survey, id),
        Sort::List => list(draft, id),
        Sort::Table => table(draft, id),
        Sort::Column => {
            let (table, column) = id.split_once('.')?;
            let table = draft.tables.get(draft.table(table)?.0)?;
            let (_, type_) = table.gives.iter().find(|(given, _)| &**given == column)?;
            Some(format!("**column** `{id}`: `{type_}`"))
        }
        Sort::Function => function(survey, id),
        Sort::Setting => setting(draft, id),
        Sort::Type => Some(format!("**type** `{id}`: {}", lookup(&Lexicon::new(survey).types(), id)?)),
        Sort::Result => {
            let def = draft.results.get(id)?;
            Some(format!("**result** `{id}`: `{}`{}", def.type_, texts(draft, &def.gist)))
        }
        Sort::Kind => {
            let kind = draft.kinds.iter().find(|kind| &*kind.name == id)?;
            Some(format!("**kind of request** `{id}`{}", texts(draft, &kind.gist)))
        }
        Sort::Source => Some(format!("**source** `{id}`{}", texts(draft, &draft.sources.get(id)?.title))),
        Sort::Section => {
            let (source, section) = id.split_once('/')?;
            Some(format!("**section** `{section}`{}", texts(draft, draft.sources.get(source)?.sections.get(section)?)))
        }
        Sort::Registry => {
            let domain = draft.registries.get(id)?;
            Some(format!("**registry** `{id}`: {} entries", domain.entries.len()))
        }
        Sort::Bundle | Sort::Policy | Sort::Rule | Sort::Stage => None,
    }
}

fn lookup<'n>(names: &'n [(String, String)], id: &str) -> Option<&'n str> {
    names.iter().find(|(name, _)| name == id).map(|(_, about)| about.as_str())
}

/// Texts in all languages, one a paragraph.
fn texts(draft: &Draft, texts: &BTreeMap<Arc<str>, Arc<str>>) -> String {
    draft.languages.iter().filter_map(|language| texts.get(language)).fold(String::new(), |mut out, text| {
        let _ = write!(out, "\n\n{text}");
        out
    })
}

fn fact(survey: &Survey, path: &str) -> Option<String> {
    let draft = &survey.draft;
    let ix = *draft.fact_index.get(path)?;
    let fact = draft.facts.get(ix.0)?;
    let derived = if fact.derived.is_some() { ", derived" } else { "" };
    let fixed = if fact.fixed { ", fixed" } else { "" };
    let mut out = format!("**fact** `{path}`: `{}`{derived}{fixed}{}", fact.type_, texts(draft, &fact.gist));
    let kinds: Vec<String> =
        draft.kinds.iter().filter(|kind| kind.facts.contains_key(&ix)).map(|kind| format!("`{}`", kind.name)).collect();
    if !kinds.is_empty() {
        let _ = write!(out, "\n\nRequests: {}", kinds.join(", "));
    }
    if let (None, Some(absent)) = (&fact.derived, absence(draft, ix)) {
        let _ = write!(out, "\n\n{absent}");
    }
    Some(out)
}

/// What it means that a fact is not given, or that its value is not recognised.
fn absence(draft: &Draft, ix: FactIx) -> Option<String> {
    let (absence, unrecognised) = draft.fact_defaults.get(ix.0)?;
    let absent = match absence {
        Absence::Ask => "asked for".to_owned(),
        Absence::Optional => "a value of its own".to_owned(),
        Absence::Default(value) => format!("`{value}`"),
        Absence::From(other) => format!("that of `{}`", draft.facts.get(other.0)?.path),
    };
    let unrecognised = match unrecognised {
        Unrecognised::Ask => "asked for again",
        Unrecognised::Ignore => "as if not given",
        Unrecognised::Other => "a value of its own",
        Unrecognised::Error => "refused",
    };
    Some(format!("When absent: {absent}. When not recognised: {unrecognised}."))
}

fn clause(draft: &Draft, id: &str) -> Option<String> {
    let (source, number) = id.split_once('#')?;
    let source = draft.sources.get(source)?;
    let clause = source.clauses.get(&number.parse().ok()?)?;
    let title = source.sections.get(&clause.section).and_then(|titles| titles.get(draft.languages.first()?));
    let kind = if clause.normative { "normative" } else { "not normative" };
    let mut out = format!("**clause** `{id}`, {kind}, {}", title.map_or(&*clause.section, |title| title));
    if !clause.requirements.is_empty() {
        let _ = write!(out, " ({})", clause.requirements.join(", "));
    }
    out.push_str(&texts(draft, &clause.gist));
    Some(out)
}

/// The clauses of something, with their gists in the default language.
fn clauses(draft: &Draft, clauses: &[ClauseRef]) -> String {
    clauses.iter().fold(String::new(), |mut out, reference| {
        let clause = draft.sources.get(&reference.source).and_then(|source| source.clauses.get(&reference.number));
        let gist = clause.and_then(|clause| clause.gist.get(draft.languages.first()?)).map_or("", |gist| gist);
        let _ = write!(out, "\n- `{reference}` {gist}");
        out
    })
}

fn entry(draft: &Draft, domain: &str, entry: &Entry) -> String {
    let mut out = format!("`{}` of `{domain}`{}", entry.code, texts(draft, &entry.names));
    if !entry.aliases.is_empty() {
        let shown: Vec<&str> = entry.aliases.iter().take(SHOWN).map(|alias| &**alias).collect();
        let _ = write!(out, "\n\nAlso: {}", shown.join(", "));
    }
    if !entry.clauses.is_empty() {
        let _ = write!(out, "\n{}", clauses(draft, &entry.clauses));
    }
    out
}

/// A message in all languages, as it is written.
fn messages(survey: &Survey, id: &str) -> String {
    survey.draft.languages.iter().fold(String::new(), |mut out, language| {
        let place = survey.messages.get(language, id).map(|message| &message.place);
        let text = place.and_then(|place| survey.message_text(place, id)).unwrap_or("(no message)");
        let _ = write!(out, "\n\n{language}\n```ftl\n{text}\n```");
        out
    })
}

fn obligation(survey: &Survey, code: &str) -> Option<String> {
    let def = survey.draft.obligations.get(code)?;
    let kind = if def.advice { "advice" } else { "obligation" };
    let words = messages(survey, &format!("{kind}-{code}"));
    Some(format!("**{kind}** `{code}`, by `{}`\n{words}\n{}", def.on, clauses(&survey.draft, &def.clauses)))
}

fn list(draft: &Draft, name: &str) -> Option<String> {
    let list = draft.lists.get(draft.list(name)?.0)?;
    let mut out = format!("**list** `{name}` of `{}`, {} entries", list.type_, list.entries.len());
    let shown = list.entries.iter().take(SHOWN).map(|entry| value(draft, &list.type_, &entry.value));
    let _ = write!(out, "\n\n{}", shown.collect::<Vec<_>>().join(", "));
    if list.entries.len() > SHOWN {
        out.push_str(", …");
    }
    Some(out)
}

/// A value, with its name where a registry has one.
fn value(draft: &Draft, type_: &Type, value: &Value) -> String {
    let name = match (type_, value) {
        (Type::Symbol(domain), Value::Symbol(code)) => draft
            .domains
            .get(domain)
            .and_then(|domain| domain.entry(code))
            .and_then(|entry| entry.names.get(draft.languages.first()?)),
        _ => None,
    };
    name.map_or_else(|| format!("`{value}`"), |name| format!("`{value}` {name}"))
}

fn table(draft: &Draft, name: &str) -> Option<String> {
    let table = draft.tables.get(draft.table(name)?.0)?;
    let by: Vec<String> = table.by.iter().filter_map(|ix| Some(format!("`{}`", draft.facts.get(ix.0)?.path))).collect();
    let gives: Vec<String> = table.gives.iter().map(|(column, type_)| format!("`{column}` ({type_})")).collect();
    let rows = table.rows.len();
    Some(format!("**table** `{name}` by {}, {rows} rows\n\nGives {}", by.join(", "), gives.join(", ")))
}

fn setting(draft: &Draft, name: &str) -> Option<String> {
    let setting = draft.settings.get(name)?;
    let mut out = format!("**setting** `{name}`: `{}` = `{}`", setting.type_, setting.value);
    if !setting.choices.is_empty() {
        let choices: Vec<String> = setting.choices.iter().map(|choice| format!("`{choice}`")).collect();
        let _ = write!(out, ", of {}", choices.join(", "));
    }
    let _ = write!(out, "{}\n{}", texts(draft, &setting.gist), clauses(draft, &setting.clauses));
    Some(out)
}

fn function(survey: &Survey, name: &str) -> Option<String> {
    if let Some((signature, about)) =
        host_functions().find(|(signature, _)| signature.strip_prefix(name).is_some_and(|rest| rest.starts_with('(')))
    {
        return Some(format!("```rhai\n{signature}\n```\n{about}"));
    }
    let (_, _, file, _) = survey.draft.library.functions().find(|(function, ..)| *function == name)?;
    let text = survey.files.get(file)?;
    let lines: Vec<&str> = text.lines().collect();
    let is_it = |line: &&str| {
        line.trim_start()
            .strip_prefix("fn ")
            .and_then(|rest| rest.trim_start().strip_prefix(name))
            .is_some_and(|rest| rest.trim_start().starts_with('('))
    };
    let at = lines.iter().position(is_it)?;
    let head = lines.get(at)?.trim_end_matches(['{', ' ']);
    let comment: Vec<&str> = lines.get(..at)?.iter().rev().map_while(|line| line.strip_prefix("//")).collect();
    let comment: String = comment.iter().rev().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    Some(format!("```rhai\n{head}\n```\n{comment}"))
}
