//! Messages in the languages of a bundle (Project Fluent).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use unic_langid::LanguageIdentifier;

use crate::model::finding::{Code, Finding, Findings, Place};

/// One message in one language: where it stands and which variables it uses.
#[derive(Debug)]
pub struct Message {
    /// Where it stands.
    pub place: Place,
    /// The variables it uses.
    pub variables: BTreeSet<Arc<str>>,
}

/// The messages of all languages.
#[derive(Default)]
pub struct Messages {
    languages: BTreeMap<Arc<str>, Language>,
}

struct Language {
    bundle: FluentBundle<FluentResource>,
    messages: BTreeMap<Arc<str>, Message>,
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.languages.iter().map(|(name, l)| (name, l.messages.len()))).finish()
    }
}

impl Messages {
    /// Adds the messages of one file to a language.
    pub fn add(&mut self, language: &Arc<str>, file: &str, text: &str, findings: &mut Findings) {
        let resource = match FluentResource::try_new(text.to_owned()) {
            Ok(resource) => resource,
            Err((resource, errors)) => {
                for error in errors {
                    let place = place_in(file, text, error.pos.start, error.pos.end);
                    findings.push(
                        Finding::new(
                            Code::MessageSyntax,
                            &place,
                            format!("this is not a message: {error}").to_lowercase(),
                        )
                        .help("a message is `name = text`, further lines are indented"),
                    );
                }
                resource
            }
        };
        let Ok(id) = language.parse::<LanguageIdentifier>() else {
            findings.push(
                Finding::new(
                    Code::UnknownLanguage,
                    &Place::start_of(file),
                    format!("`{language}` is not a language code"),
                )
                .help("write a BCP 47 code, for example `en`"),
            );
            return;
        };
        let entry = self.languages.entry(Arc::clone(language)).or_insert_with(|| {
            let mut bundle = FluentBundle::new_concurrent(vec![id]);
            bundle.set_use_isolating(false);
            Language { bundle, messages: BTreeMap::new() }
        });
        entry.index(file, text, &resource, findings);
        entry.bundle.add_resource_overriding(resource);
    }

    /// A message in a language.
    #[must_use]
    pub fn get(&self, language: &str, id: &str) -> Option<&Message> {
        self.languages.get(language)?.messages.get(id)
    }

    /// All messages of a language.
    pub fn of_language(&self, language: &str) -> impl Iterator<Item = (&Arc<str>, &Message)> {
        self.languages.get(language).into_iter().flat_map(|l| &l.messages)
    }

    /// The text of a message; the id itself where the bundle has none.
    #[must_use]
    pub fn render(&self, language: &str, id: &str, args: &FluentArgs<'_>) -> String {
        let found = self.languages.get(language).and_then(|l| {
            let pattern = l.bundle.get_message(id)?.value()?;
            Some(l.bundle.format_pattern(pattern, Some(args), &mut Vec::new()).into_owned())
        });
        found.unwrap_or_else(|| id.to_owned())
    }
}

impl Language {
    fn index(&mut self, file: &str, text: &str, resource: &FluentResource, findings: &mut Findings) {
        let places = places_of_messages(file, text);
        for entry in resource.entries() {
            let Entry::Message(message) = entry else { continue };
            let id = message.id.name;
            let place = places.get(id).cloned().unwrap_or_else(|| Place::start_of(file));
            let mut variables = BTreeSet::new();
            if let Some(pattern) = &message.value {
                collect(pattern, &mut variables);
            }
            if let Some(first) = self.messages.get(id).filter(|first| first.place.file == place.file) {
                findings.push(
                    Finding::new(Code::Duplicate, &place, format!("the message `{id}` is given twice"))
                        .related(&first.place, "first here"),
                );
            }
            self.messages.insert(id.into(), Message { place, variables });
        }
    }
}

fn collect(pattern: &Pattern<&str>, into: &mut BTreeSet<Arc<str>>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            collect_expression(expression, into);
        }
    }
}

fn collect_expression(expression: &Expression<&str>, into: &mut BTreeSet<Arc<str>>) {
    match expression {
        Expression::Inline(inline) => collect_inline(inline, into),
        Expression::Select { selector, variants } => {
            collect_inline(selector, into);
            for variant in variants {
                collect(&variant.value, into);
            }
        }
    }
}

fn collect_inline(inline: &InlineExpression<&str>, into: &mut BTreeSet<Arc<str>>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            into.insert(id.name.into());
        }
        InlineExpression::Placeable { expression } => collect_expression(expression, into),
        InlineExpression::FunctionReference { arguments, .. } => {
            for argument in &arguments.positional {
                collect_inline(argument, into);
            }
            for named in &arguments.named {
                collect_inline(&named.value, into);
            }
        }
        _ => {}
    }
}

/// Where the names of a file's messages stand: each begins a line.
fn places_of_messages(file: &str, text: &str) -> BTreeMap<String, Place> {
    let mut out = BTreeMap::new();
    let mut start = 0_usize;
    for (at, line) in text.split_inclusive('\n').enumerate() {
        let name: String = line.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
        if !name.is_empty() && line.get(name.len()..).is_some_and(|rest| rest.trim_start().starts_with('=')) {
            let line = at.saturating_add(1);
            let (end_column, end) = (name.len().saturating_add(1), start.saturating_add(name.len()));
            let place = Place { file: file.into(), line, column: 1, end_line: line, end_column, bytes: (start, end) };
            out.entry(name).or_insert(place);
        }
        start = start.saturating_add(line.len());
    }
    out
}

/// The place of a byte range.
fn place_in(file: &str, text: &str, start: usize, end: usize) -> Place {
    let position = |at: usize| {
        let before = text.get(..at.min(text.len())).unwrap_or(text);
        let line = before.bytes().filter(|b| *b == b'\n').count().saturating_add(1);
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()).saturating_add(1);
        (line, column)
    };
    let ((line, column), (end_line, end_column)) = (position(start), position(end));
    Place { file: file.into(), line, column, end_line, end_column, bytes: (start, end) }
}
