//! The names of a bundle and what they stand for, in words: for schemas and editors.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::checked::{FactIx, Table};
use super::domain::Domain;
use super::draft::Draft;
use super::grammar::{BUILT_IN_TYPES, Sort};
use super::load::Survey;
use crate::model::value::Type;

/// Names with what they stand for.
pub(crate) type Names = Vec<(String, String)>;

/// The names of a bundle, with mistakes or without.
#[derive(Clone, Copy)]
pub(crate) struct Lexicon<'s> {
    survey: &'s Survey,
}

impl<'s> Lexicon<'s> {
    /// The names of what was surveyed.
    pub(crate) fn new(survey: &'s Survey) -> Self {
        Self { survey }
    }

    fn draft(&self) -> &'s Draft {
        &self.survey.draft
    }

    /// The known names of a sort.
    pub(crate) fn names(&self, sort: Sort) -> Names {
        let draft = self.draft();
        let keys = |names: Vec<&Arc<str>>| names.into_iter().map(|name| (name.to_string(), String::new())).collect();
        match sort {
            Sort::Fact => self.facts(),
            Sort::Kind => draft.kinds.iter().map(|k| (k.name.to_string(), self.text(&k.gist))).collect(),
            Sort::Reason => draft.reasons.keys().map(|c| (c.to_string(), self.message("reason", c))).collect(),
            Sort::Result => draft.results.iter().map(|(n, def)| (n.to_string(), self.text(&def.gist))).collect(),
            Sort::Obligation => {
                draft.obligations.iter().map(|(c, def)| (c.to_string(), self.duty(c, def.advice))).collect()
            }
            Sort::Source => draft.sources.iter().map(|(id, s)| (id.to_string(), self.text(&s.title))).collect(),
            Sort::Setting => draft.settings.iter().map(|(n, s)| (n.to_string(), self.text(&s.gist))).collect(),
            Sort::Registry => draft.registries.iter().map(|(n, d)| (n.to_string(), entries(d))).collect(),
            Sort::Stage => keys(draft.stages.iter().collect()),
            Sort::Type => self.types(),
            Sort::Message => self.contradictions(),
            Sort::List => {
                draft.lists.iter().map(|l| (l.name.to_string(), format!("A list of `{}`.", l.type_))).collect()
            }
            Sort::Table => draft.tables.iter().map(|t| (t.name.to_string(), self.table_about(t))).collect(),
            Sort::Bundle | Sort::Clause | Sort::Column | Sort::Entry | Sort::Function => Vec::new(),
            Sort::Policy | Sort::Rule | Sort::Section => Vec::new(),
        }
    }

    pub(crate) fn text(&self, texts: &BTreeMap<Arc<str>, Arc<str>>) -> String {
        let languages = self.draft().languages.iter();
        languages.filter_map(|language| texts.get(language)).map(|text| &**text).collect::<Vec<_>>().join(" · ")
    }

    fn duty(&self, code: &str, advice: bool) -> String {
        self.message(if advice { "advice" } else { "obligation" }, code)
    }

    fn message(&self, prefix: &str, code: &str) -> String {
        let id = format!("{prefix}-{code}");
        let texts = self.draft().languages.iter().filter_map(|language| {
            let place = &self.survey.messages.get(language, &id)?.place;
            self.survey.message_text(place, &id)
        });
        texts.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(" · ")
    }

    fn contradictions(&self) -> Names {
        let Some(language) = self.draft().languages.first() else { return Vec::new() };
        let ids = self.survey.messages.of_language(language).filter_map(|(id, _)| id.strip_prefix("contradiction-"));
        ids.map(|id| (id.to_owned(), self.message("contradiction", id))).collect()
    }

    fn facts(&self) -> Names {
        let facts = self.draft().facts.iter().enumerate();
        facts.map(|(at, fact)| (fact.path.to_string(), self.fact_about(FactIx(at)))).collect()
    }

    /// A fact's gist, type and kinds.
    pub(crate) fn fact_about(&self, ix: FactIx) -> String {
        let draft = self.draft();
        let Some(fact) = draft.facts.get(ix.0) else { return String::new() };
        let gist = if &*fact.path == "at" { "When the request is decided.".into() } else { self.text(&fact.gist) };
        let kinds: Vec<&str> =
            draft.kinds.iter().filter(|kind| kind.facts.contains_key(&ix)).map(|kind| &*kind.name).collect();
        let derived = if fact.derived.is_some() { ", derived" } else { "" };
        format!("{gist} ({}{derived}; {})", fact.type_, kinds.join(", ")).trim_start().to_owned()
    }

    fn table_about(&self, table: &Table) -> String {
        let by: Vec<&str> = table.by.iter().filter_map(|ix| Some(&*self.draft().facts.get(ix.0)?.path)).collect();
        let gives: Vec<String> = table.gives.iter().map(|(name, type_)| format!("{name} ({type_})")).collect();
        format!("By {}: {}.", by.join(", "), gives.join(", "))
    }

    /// The types of the vocabulary and those that every vocabulary has, and sets of each.
    pub(crate) fn types(&self) -> Names {
        let own = self.draft().types.iter().map(|(name, def)| {
            let domain = match &def.type_ {
                Type::Symbol(domain) => self.draft().domains.get(domain),
                _ => None,
            };
            (name.to_string(), domain.map(|domain| entries(domain)).unwrap_or_default())
        });
        let built_in = BUILT_IN_TYPES.map(|(name, about)| (name.to_owned(), about.to_owned()));
        let single: Names = own.chain(built_in).collect();
        let sets: Names =
            single.iter().map(|(name, about)| (format!("set of {name}"), format!("a set; each: {about}"))).collect();
        single.into_iter().chain(sets).collect()
    }

    /// The codes of a registry or enumeration, with their names.
    pub(crate) fn codes(&self, domain: &Domain) -> Names {
        domain.entries.iter().map(|entry| (entry.code.to_string(), self.text(&entry.names))).collect()
    }
}

/// The first codes of a domain.
fn entries(domain: &Domain) -> String {
    const SHOWN: usize = 6;
    let codes: Vec<&str> = domain.codes().map(|code| &**code).collect();
    let shown = codes.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    if codes.len() > SHOWN { format!("{shown}, … ({} codes)", codes.len()) } else { shown }
}
