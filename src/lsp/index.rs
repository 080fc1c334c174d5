//! Where the names of a bundle stand: what defines each, what puts it into words, what uses it.

use std::sync::Arc;

use crate::bundle::draft::Draft;
use crate::bundle::grammar::{FileKind, SETTING_PREFIX, Slot, Sort};
use crate::bundle::lint::variable;
use crate::bundle::load::Survey;
use crate::bundle::yaml::{Content, Node, Style, parse_whole};
use crate::model::finding::Findings;
use crate::model::limits::BundleLimits;
use crate::model::value::Type;

use super::script::tokens;
use super::walk::{Spot, What, walk};

/// A name and what has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// What has it.
    pub sort: Sort,
    /// The name; see [`Sort`] for those with two parts.
    pub id: Arc<str>,
}

impl Name {
    /// A name of this sort.
    pub fn new(sort: Sort, id: impl Into<Arc<str>>) -> Self {
        Self { sort, id: id.into() }
    }
}

/// What a place does with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Says what it is.
    Defines,
    /// Is its message.
    Words,
    /// Names it.
    Uses,
}

/// A place where a name stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The file, as the bundle names it.
    pub file: Arc<str>,
    /// Bytes of the file's text.
    pub bytes: (usize, usize),
    /// The name.
    pub name: Name,
    /// What the place does with it.
    pub role: Role,
}

/// All places of all names.
#[derive(Debug, Default)]
pub struct Index {
    all: Vec<Occurrence>,
}

impl Index {
    /// Reads all files of a bundle, and more files: scenarios, by name and text.
    pub fn new<'t>(survey: &Survey, scenarios: impl IntoIterator<Item = (Arc<str>, &'t str)>) -> Self {
        let mut index = Self::default();
        for (file, text) in &survey.files {
            match survey.kinds.get(file) {
                Some(kind) => index.yaml(survey, file, text, *kind),
                None if file.ends_with(".rhai") => index.functions(survey, file, text),
                None => {}
            }
        }
        index.messages(survey);
        for (file, text) in scenarios {
            index.yaml(survey, &file, text, FileKind::Scenario);
        }
        index.all.sort_by(|a, b| (&a.file, a.bytes).cmp(&(&b.file, b.bytes)));
        index
    }

    /// The names at a byte of a file, the shortest first.
    pub fn at(&self, file: &str, byte: usize) -> Option<&Occurrence> {
        let here = self.all.iter().filter(|o| &*o.file == file && o.bytes.0 <= byte && byte <= o.bytes.1);
        here.min_by_key(|o| o.bytes.1.saturating_sub(o.bytes.0))
    }

    /// The places of a name.
    pub fn of<'i>(&'i self, name: &'i Name) -> impl Iterator<Item = &'i Occurrence> {
        self.all.iter().filter(move |o| o.name == *name)
    }

    /// What a file defines, in its order.
    pub fn defined_in<'i>(&'i self, file: &'i str) -> impl Iterator<Item = &'i Occurrence> {
        self.all.iter().filter(move |o| &*o.file == file && o.role == Role::Defines)
    }

    fn add(&mut self, file: &Arc<str>, bytes: (usize, usize), name: Name, role: Role) {
        self.all.push(Occurrence { file: Arc::clone(file), bytes, name, role });
    }

    fn yaml(&mut self, survey: &Survey, file: &Arc<str>, text: &str, kind: FileKind) {
        let mut quiet = Findings::default();
        let Some(root) = parse_whole(file, text, &BundleLimits::default(), &mut quiet) else { return };
        for spot in walk(&root, kind, &survey.draft) {
            self.spot(survey, file, text, &spot);
        }
    }

    fn spot(&mut self, survey: &Survey, file: &Arc<str>, text: &str, spot: &Spot<'_>) {
        let Some(written) = spot.node.text() else { return };
        let draft = &survey.draft;
        let whole = spot.node.place.bytes;
        if matches!(spot.what, What::Scalar(Slot::Script)) || is_expression(spot, draft) {
            return self.script(survey, file, text, spot.node);
        }
        let found = named(spot, written, draft);
        for (name, role, part) in found {
            self.add(file, part.map_or(whole, |part| inside(text, whole, &part)), name, role);
        }
    }

    /// The names of an expression in a YAML file.
    fn script(&mut self, survey: &Survey, file: &Arc<str>, text: &str, node: &Node) {
        let (start, end) = unquoted(node);
        let Some(source) = text.get(start..end) else { return };
        for token in tokens(source) {
            let at = start.saturating_add(token.at);
            let bytes = (at, at.saturating_add(token.text.len()));
            if token.call {
                self.add(file, bytes, Name::new(Sort::Function, token.text), Role::Uses);
                continue;
            }
            for (name, part) in path_names(token.text, &survey.draft) {
                self.add(file, part.map_or(bytes, |part| inside(text, bytes, &part)), name, Role::Uses);
            }
        }
    }

    fn functions(&mut self, survey: &Survey, file: &Arc<str>, text: &str) {
        let known = |name: &str| survey.draft.library.functions().any(|(function, ..)| function == name);
        for token in tokens(text).into_iter().filter(|token| token.call) {
            let bytes = (token.at, token.at.saturating_add(token.text.len()));
            let role = if token.defined { Role::Defines } else { Role::Uses };
            if token.defined || known(token.text) {
                self.add(file, bytes, Name::new(Sort::Function, token.text), role);
            }
        }
    }

    fn messages(&mut self, survey: &Survey) {
        let draft = &survey.draft;
        for language in &draft.languages {
            for (id, message) in survey.messages.of_language(language) {
                let (name, role) = message_name(id);
                self.add(&message.place.file, message.place.bytes, name, role);
                let Some(bytes) = survey.message_bytes(&message.place, id) else { continue };
                self.variables(survey, &message.place.file, bytes);
            }
        }
    }

    /// `$order_age_days` in a message is the fact `order.age_days`.
    fn variables(&mut self, survey: &Survey, file: &Arc<str>, (offset, end): (usize, usize)) {
        let Some(body) = survey.files.get(file).and_then(|whole| whole.get(offset..end)) else { return };
        for (at, _) in body.match_indices('$') {
            let start = at.saturating_add(1);
            let name = body.get(start..).unwrap_or_default();
            let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
            let name = name.get(..end).unwrap_or_default();
            let is = |path: &str, name: &str| variable(path) == name;
            let fact = survey.draft.facts.iter().find(|fact| {
                is(&fact.path, name) || name.strip_suffix("_state").is_some_and(|name| is(&fact.path, name))
            });
            let result = survey.draft.results.keys().find(|result| is(result, name));
            let found = fact.map(|fact| Name::new(Sort::Fact, Arc::clone(&fact.path)));
            let found = found.or_else(|| result.map(|result| Name::new(Sort::Result, Arc::clone(result))));
            if let Some(found) = found {
                let start = offset.saturating_add(start);
                self.add(file, (start, start.saturating_add(end)), found, Role::Uses);
            }
        }
    }
}

/// A message's id: the words of a reason, an obligation or an advice, or a message that a contradiction names.
pub fn message_name(id: &str) -> (Name, Role) {
    if let Some(code) = id.strip_prefix("reason-") {
        return (Name::new(Sort::Reason, code), Role::Words);
    }
    if let Some(code) = id.strip_prefix("obligation-").or_else(|| id.strip_prefix("advice-")) {
        return (Name::new(Sort::Obligation, code), Role::Words);
    }
    (Name::new(Sort::Message, id), Role::Defines)
}

/// Whether a result is an expression: text where its type has another form.
pub fn is_expression(spot: &Spot<'_>, draft: &Draft) -> bool {
    let What::Result(type_) = &spot.what else { return false };
    let textual = matches!(type_, Type::Text | Type::Symbol(_) | Type::Currency | Type::Boolean);
    let mut quiet = Findings::default();
    !textual && crate::bundle::values::value(spot.node, type_, draft, &mut quiet).is_none()
}

/// A name of a scalar, what the scalar does with it, and the part of the scalar that is the name.
type Found = Vec<(Name, Role, Option<String>)>;

fn named(spot: &Spot<'_>, written: &str, draft: &Draft) -> Found {
    let one = |sort, id: &str, role| vec![(Name::new(sort, id), role, None)];
    let uses = |sort, id: &str| one(sort, id, Role::Uses);
    let owner = spot.around.owner.as_deref().unwrap_or_default();
    match &spot.what {
        What::Scalar(slot) => scalar(*slot, written, owner, spot, draft),
        What::ConditionKey => match written.strip_prefix(SETTING_PREFIX) {
            Some(setting) => uses(Sort::Setting, setting),
            None if draft.fact_index.contains_key(written) => uses(Sort::Fact, written),
            None => Vec::new(),
        },
        What::Test(_) | What::Bound(_) if written.starts_with('$') => reference(written.trim_start_matches('$')),
        What::Test(type_) | What::Bound(type_) | What::Result(type_) => entry(type_, written),
        What::Stated(type_) => stated(type_, written, draft),
        What::RowKey if spot.around.gives.iter().any(|(column, _)| &**column == written) => {
            uses(Sort::Column, &format!("{owner}.{written}"))
        }
        What::RowKey if draft.fact_index.contains_key(written) => uses(Sort::Fact, written),
        What::ResultKey => uses(Sort::Result, written),
        What::RequestKey(path, _) if draft.fact_index.contains_key(path) => uses(Sort::Fact, path),
        What::RowKey | What::RequestKey(..) | What::Key(..) | What::MatcherKey(_) => Vec::new(),
    }
}

fn scalar(slot: Slot, written: &str, owner: &str, spot: &Spot<'_>, draft: &Draft) -> Found {
    let one = |sort, id: &str, role| vec![(Name::new(sort, id), role, None)];
    match slot {
        Slot::Define(sort @ Sort::Column) => one(sort, &format!("{owner}.{written}"), Role::Defines),
        Slot::Define(sort @ (Sort::Rule | Sort::Section | Sort::Entry)) => {
            one(sort, &format!("{owner}/{written}"), Role::Defines)
        }
        Slot::Define(sort) => one(sort, written, Role::Defines),
        Slot::Refer(sort @ (Sort::Section | Sort::Entry)) => one(sort, &format!("{owner}/{written}"), Role::Uses),
        Slot::Refer(sort @ Sort::Message) => one(sort, &format!("contradiction-{written}"), Role::Uses),
        Slot::Refer(sort) => one(sort, written, Role::Uses),
        Slot::Facts if !written.ends_with('*') => one(Sort::Fact, written, Role::Uses),
        Slot::ClauseNumber => one(Sort::Clause, &format!("{owner}#{written}"), Role::Defines),
        Slot::Clause if written.contains('#') => one(Sort::Clause, written, Role::Uses),
        Slot::Clause => spot
            .around
            .source
            .as_ref()
            .map_or_else(Vec::new, |source| one(Sort::Clause, &format!("{source}#{written}"), Role::Uses)),
        Slot::Type => {
            let name = written.strip_prefix("set of ").unwrap_or(written);
            let known = draft.types.contains_key(name);
            if known { vec![(Name::new(Sort::Type, name), Role::Uses, Some(name.to_owned()))] } else { Vec::new() }
        }
        Slot::Value => spot.around.value.as_ref().map_or_else(Vec::new, |type_| entry(type_, written)),
        _ => Vec::new(),
    }
}

fn entry(type_: &Type, written: &str) -> Found {
    match type_ {
        Type::Symbol(domain) => vec![(Name::new(Sort::Entry, format!("{domain}/{written}")), Role::Uses, None)],
        Type::Set(inner) => entry(inner, written),
        _ => Vec::new(),
    }
}

/// Callers write any name of an entry.
fn stated(type_: &Type, written: &str, draft: &Draft) -> Found {
    match type_ {
        Type::Symbol(domain) => match draft.domains.get(domain).map(|d| d.resolve(written)) {
            Some(crate::bundle::domain::Resolved::Code(code)) => entry(type_, &code),
            _ => Vec::new(),
        },
        Type::Set(inner) => stated(inner, written, draft),
        _ => Vec::new(),
    }
}

/// `list`, or `table.column`, which is two names.
fn reference(written: &str) -> Found {
    match written.split_once('.') {
        None => vec![(Name::new(Sort::List, written), Role::Uses, Some(format!("${written}")))],
        Some((table, column)) => vec![
            (Name::new(Sort::Table, table), Role::Uses, Some(format!("${table}"))),
            (Name::new(Sort::Column, written), Role::Uses, Some(format!(".{column}"))),
        ],
    }
}

/// The names of a dotted path of a script, and the part that each is.
fn path_names(path: &str, draft: &Draft) -> Vec<(Name, Option<String>)> {
    if draft.fact_index.contains_key(path) {
        return vec![(Name::new(Sort::Fact, path), None)];
    }
    let Some((first, rest)) = path.split_once('.') else { return Vec::new() };
    if first == "settings" {
        return vec![(Name::new(Sort::Setting, rest), Some(rest.to_owned()))];
    }
    if draft.table(first).is_none() {
        return Vec::new();
    }
    vec![
        (Name::new(Sort::Table, first), Some(first.to_owned())),
        (Name::new(Sort::Column, path), Some(format!(".{rest}"))),
    ]
}

/// The bytes of a part of a scalar; of all of it where the part is written in another way.
fn inside(text: &str, whole: (usize, usize), part: &str) -> (usize, usize) {
    match text.get(whole.0..whole.1).and_then(|raw| raw.rfind(part)) {
        Some(at) => {
            let start = whole.0.saturating_add(at);
            (start, start.saturating_add(part.len()))
        }
        None => whole,
    }
}

/// The bytes of a scalar without its quotes.
fn unquoted(node: &Node) -> (usize, usize) {
    let (start, end) = node.place.bytes;
    match node.content {
        Content::Scalar(_, Style::Quoted) => (start.saturating_add(1), end.saturating_sub(1)),
        _ => (start, end),
    }
}
