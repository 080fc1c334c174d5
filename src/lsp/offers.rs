//! What is offered at a spot of a file.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use lsp_types::CompletionItemKind;

use crate::bundle::draft::Draft;
use crate::bundle::grammar::{CONDITION_KEYS, Form, MATCHERS, Matcher, ROW_KEYS, SETTING_PREFIX, Slot, Sort};
use crate::bundle::lexicon::{Lexicon, Names};
use crate::bundle::load::Survey;
use crate::model::value::Type;
use crate::script::host_functions;

use super::index::Name;
use super::walk::{Around, Spot, What};

/// What is offered, before it is put into the words of the protocol.
pub struct Offer {
    /// What is shown.
    pub label: String,
    /// What it is, in a few words.
    pub detail: String,
    /// Its sign in the list.
    pub kind: CompletionItemKind,
    /// The name by which more is known about it.
    pub name: Option<Name>,
    /// What is inserted; the label when `None`.
    pub insert: Option<String>,
}

impl Offer {
    /// An offer without more to know about it.
    pub fn new(label: impl Into<String>, detail: impl Into<String>, kind: CompletionItemKind) -> Self {
        Self { label: label.into(), detail: detail.into(), kind, name: None, insert: None }
    }

    fn named(mut self, sort: Sort, id: impl Into<Arc<str>>) -> Self {
        self.name = Some(Name::new(sort, id));
        self
    }
}

/// What can stand at a spot.
pub fn offers(survey: &Survey, spot: &Spot<'_>) -> Vec<Offer> {
    let around = &spot.around;
    match &spot.what {
        What::Key(shape, _) => {
            let keys = shape.keys.iter().filter(|key| !stands(around, key.name));
            keys.map(|key| Offer {
                insert: below(&key.form).then(|| format!("{}:", key.name)),
                ..Offer::new(key.name, key.about, CompletionItemKind::PROPERTY)
            })
            .collect()
        }
        What::Scalar(slot) => scalar(survey, *slot, spot),
        What::ConditionKey => condition_keys(survey, around),
        What::MatcherKey(type_) => matchers(type_)
            .filter(|(name, _)| !stands(around, name))
            .map(|(name, about)| Offer::new(name, about, CompletionItemKind::OPERATOR))
            .collect(),
        What::Test(type_) => {
            let mut all = values(survey, type_);
            all.extend(references(&survey.draft, type_, true));
            let first = matchers(type_).map(|(name, about)| Offer {
                insert: Some(format!("{{ {name}: }}")),
                ..Offer::new(format!("{{ {name}: … }}"), about, CompletionItemKind::OPERATOR)
            });
            all.extend(first);
            all
        }
        What::Bound(type_) => {
            let mut all = values(survey, type_);
            all.extend(references(&survey.draft, type_, false));
            all
        }
        What::RowKey => row_keys(around),
        What::ResultKey => {
            let names = named(Lexicon::new(survey).names(Sort::Result), Sort::Result, CompletionItemKind::FIELD);
            names.into_iter().filter(|offer| !stands(around, &offer.label)).collect()
        }
        What::Result(type_) => {
            let mut all = values(survey, type_);
            if !matches!(type_, Type::Text | Type::Symbol(_) | Type::Currency | Type::Boolean) {
                all.extend(script(survey, around));
            }
            all
        }
        What::RequestKey(_, names) => request_keys(names, around),
        What::Stated(type_) => values(survey, type_),
    }
}

/// Whether a key stands in the mapping already.
fn stands(around: &Around<'_>, name: &str) -> bool {
    around.mapping.is_some_and(|mapping| super::walk::entry(mapping, name).is_some())
}

/// Whether what follows a key stands on lines of its own.
fn below(form: &Form) -> bool {
    match form {
        Form::Map(..)
        | Form::Shape(_)
        | Form::Condition
        | Form::Statement
        | Form::Results
        | Form::Row
        | Form::Request => true,
        Form::List(item) => !matches!(item, Form::Scalar(_)),
        Form::Scalar(_) | Form::ListOrOne(_) | Form::Either(..) => false,
    }
}

fn named(names: Names, sort: Sort, kind: CompletionItemKind) -> Vec<Offer> {
    let offer = |(name, about): (String, String)| Offer::new(name.as_str(), about, kind).named(sort, name);
    names.into_iter().map(offer).collect()
}

fn scalar(survey: &Survey, slot: Slot, spot: &Spot<'_>) -> Vec<Offer> {
    let lexicon = Lexicon::new(survey);
    let draft = &survey.draft;
    let constant = |word: &str, about: &str| Offer::new(word, about, CompletionItemKind::ENUM_MEMBER);
    match slot {
        Slot::Boolean => vec![constant("true", ""), constant("false", "")],
        Slot::Word(words) => words.iter().map(|(word, about)| constant(word, about)).collect(),
        Slot::Script => script(survey, &spot.around),
        Slot::Language => draft.languages.iter().map(|language| constant(language, "")).collect(),
        Slot::Refer(Sort::Entry) => owner_entries(survey, spot),
        Slot::Refer(Sort::Section) => {
            let source = spot.around.owner.as_ref().and_then(|source| draft.sources.get(source));
            source.map(|s| s.sections.keys().map(|id| constant(id, "")).collect()).unwrap_or_default()
        }
        Slot::Refer(Sort::Fact) => facts(survey, &spot.around),
        Slot::Refer(sort) => named(lexicon.names(sort), sort, CompletionItemKind::REFERENCE),
        Slot::Facts => {
            let branches = draft.facts.iter().filter_map(|fact| fact.path.rsplit_once('.')).map(|(branch, _)| branch);
            let branches: BTreeSet<&str> = branches.collect();
            let mut all = named(lexicon.names(Sort::Fact), Sort::Fact, CompletionItemKind::FIELD);
            all.extend(branches.into_iter().map(|branch| constant(&format!("{branch}.*"), "all facts that begin so")));
            all
        }
        Slot::Clause => clauses(draft, &spot.around),
        Slot::Type => named(lexicon.types(), Sort::Type, CompletionItemKind::CLASS),
        Slot::Value => spot.around.value.as_ref().map(|type_| values(survey, type_)).unwrap_or_default(),
        Slot::Text | Slot::Name | Slot::Integer | Slot::Instant | Slot::File => Vec::new(),
        Slot::Define(_) | Slot::ClauseNumber => Vec::new(),
    }
}

fn owner_entries(survey: &Survey, spot: &Spot<'_>) -> Vec<Offer> {
    let registry = spot.around.owner.as_ref();
    registry.map(|name| values(survey, &Type::Symbol(Arc::clone(name)))).unwrap_or_default()
}

/// Facts that every kind of request has of which the surroundings speak.
fn facts(survey: &Survey, around: &Around<'_>) -> Vec<Offer> {
    let draft = &survey.draft;
    let kinds: Vec<_> = draft.kinds.iter().filter(|kind| around.kinds.contains(&kind.name)).collect();
    let fits = |path: &str| {
        let ix = draft.fact_index.get(path);
        ix.is_some_and(|ix| kinds.iter().all(|kind| kind.facts.contains_key(ix)))
    };
    let names = Lexicon::new(survey).names(Sort::Fact).into_iter().filter(|(path, _)| fits(path)).collect();
    named(names, Sort::Fact, CompletionItemKind::FIELD)
}

fn condition_keys(survey: &Survey, around: &Around<'_>) -> Vec<Offer> {
    let mut all = facts(survey, around);
    all.extend(CONDITION_KEYS.map(|(key, about)| Offer::new(key, about, CompletionItemKind::KEYWORD)));
    all.extend(survey.draft.settings.keys().map(|name| {
        Offer::new(format!("{SETTING_PREFIX}{name}"), "", CompletionItemKind::CONSTANT)
            .named(Sort::Setting, Arc::clone(name))
    }));
    all.retain(|offer| !stands(around, &offer.label));
    all
}

fn row_keys(around: &Around<'_>) -> Vec<Offer> {
    let fact = |path: &Arc<str>| Offer::new(&**path, "", CompletionItemKind::FIELD).named(Sort::Fact, Arc::clone(path));
    let column = |(name, type_): &(Arc<str>, Option<Type>)| {
        let type_ = type_.as_ref().map(ToString::to_string).unwrap_or_default();
        Offer::new(&**name, type_, CompletionItemKind::FIELD)
    };
    let mut all: Vec<Offer> = around.by.iter().map(fact).collect();
    all.extend(around.gives.iter().map(column));
    all.extend(ROW_KEYS.map(|(key, _, about)| Offer::new(key, about, CompletionItemKind::PROPERTY)));
    all.retain(|offer| !stands(around, &offer.label));
    all
}

fn request_keys(names: &Rc<Vec<String>>, around: &Around<'_>) -> Vec<Offer> {
    let names = names.iter().filter(|name| !stands(around, name));
    names.map(|name| Offer::new(name.as_str(), "", CompletionItemKind::PROPERTY)).collect()
}

/// The matchers that fit a type.
fn matchers(type_: &Type) -> impl Iterator<Item = (&'static str, &'static str)> {
    let (set, ordered) = (matches!(type_, Type::Set(_)), type_.is_ordered());
    let fits = move |matcher: Matcher| match matcher {
        Matcher::Elements => set,
        Matcher::Bound => ordered,
        Matcher::Test | Matcher::Boolean => true,
    };
    MATCHERS.into_iter().filter(move |(_, matcher, _)| fits(*matcher)).map(|(name, _, about)| (name, about))
}

/// The values of a type that has few.
fn values(survey: &Survey, type_: &Type) -> Vec<Offer> {
    let draft = &survey.draft;
    match type_ {
        Type::Boolean => ["true", "false"].map(|word| Offer::new(word, "", CompletionItemKind::ENUM_MEMBER)).into(),
        Type::Symbol(name) => {
            let domain = draft.domains.get(name).or_else(|| draft.registries.get(name));
            let codes = domain.map(|domain| Lexicon::new(survey).codes(domain)).unwrap_or_default();
            let offer = |(code, names): (String, String)| {
                Offer::new(code.as_str(), names, CompletionItemKind::ENUM_MEMBER)
                    .named(Sort::Entry, format!("{name}/{code}"))
            };
            codes.into_iter().map(offer).collect()
        }
        Type::Set(inner) => values(survey, inner),
        _ => Vec::new(),
    }
}

/// `$list` and `$table.column` of a type.
fn references(draft: &Draft, type_: &Type, lists: bool) -> Vec<Offer> {
    let mut all = Vec::new();
    for list in draft.lists.iter().filter(|list| lists && list.type_ == *type_) {
        let offer = Offer::new(format!("${}", list.name), format!("list of {type_}"), CompletionItemKind::VARIABLE);
        all.push(offer.named(Sort::List, Arc::clone(&list.name)));
    }
    for table in &draft.tables {
        for (column, _) in table.gives.iter().filter(|(_, given)| given == type_) {
            let id = format!("{}.{column}", table.name);
            let offer = Offer::new(format!("${id}"), format!("column, {type_}"), CompletionItemKind::VARIABLE);
            all.push(offer.named(Sort::Table, Arc::clone(&table.name)));
        }
    }
    all
}

/// The clauses of the file's source by number, others with their source.
fn clauses(draft: &Draft, around: &Around<'_>) -> Vec<Offer> {
    let mut all = Vec::new();
    for (id, source) in &draft.sources {
        let own = around.source.as_ref() == Some(id);
        for (number, clause) in &source.clauses {
            let full = format!("{id}#{number}");
            let label = if own { number.to_string() } else { full.clone() };
            let gist = clause.gist.get(draft.languages.first().map_or("", |language| language));
            let gist = gist.map(ToString::to_string).unwrap_or_default();
            all.push(Offer::new(label, gist, CompletionItemKind::REFERENCE).named(Sort::Clause, full));
        }
    }
    all
}

/// What a script can name: facts, columns, settings and functions.
fn script(survey: &Survey, around: &Around<'_>) -> Vec<Offer> {
    let draft = &survey.draft;
    let mut all = facts(survey, around);
    for table in &draft.tables {
        all.extend(table.gives.iter().map(|(column, type_)| {
            let id = format!("{}.{column}", table.name);
            Offer::new(id.as_str(), format!("column, {type_}"), CompletionItemKind::FIELD)
                .named(Sort::Table, Arc::clone(&table.name))
        }));
    }
    all.extend(draft.settings.keys().map(|name| {
        Offer::new(format!("{SETTING_PREFIX}{name}"), "", CompletionItemKind::CONSTANT)
            .named(Sort::Setting, Arc::clone(name))
    }));
    all.extend(functions(survey));
    all
}

/// The functions of the host and of the bundle.
pub fn functions(survey: &Survey) -> Vec<Offer> {
    let host = host_functions().filter_map(|(signature, about)| {
        let name = signature.split('(').next()?;
        Some(Offer::new(name, about, CompletionItemKind::FUNCTION).named(Sort::Function, name))
    });
    let own = survey
        .draft
        .library
        .functions()
        .map(|(name, _, file, _)| Offer::new(name, file, CompletionItemKind::FUNCTION).named(Sort::Function, name));
    host.chain(own).collect()
}
