//! Messages in the languages of a bundle (Project Fluent).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

use crate::model::finding::{Code, Finding, Findings, Place};
use crate::model::names::nearest;

use super::fluent::{self, Definition, Use};
use super::lines::Lines;

/// One message or term in one language: where it stands and what it uses.
#[derive(Debug)]
pub struct Message {
    /// Where it stands.
    pub place: Place,
    /// The variables that it needs, those of the messages it refers to among them.
    pub variables: BTreeSet<Arc<str>>,
    /// The variables that it names, and where.
    pub variable_places: Vec<(Arc<str>, Place)>,
    /// Messages, terms (with their `-`) and functions that it names, and where.
    uses: Vec<(Use, Place)>,
}

/// The messages of all languages.
#[derive(Default)]
pub struct Messages {
    languages: BTreeMap<Arc<str>, Language>,
    /// Languages with a file that does not parse.
    cut: BTreeSet<Arc<str>>,
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
                let lines = Lines::new(file, text);
                for error in errors {
                    let place = lines.place(error.pos.start, error.pos.end);
                    let message = format!("this is not a message: {}", error.kind.to_string().to_lowercase());
                    findings.push(
                        Finding::new(Code::MessageSyntax, &place, message)
                            .help("a message is `name = text`, further lines are indented"),
                    );
                }
                self.cut.insert(Arc::clone(language));
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
        entry.index(file, &resource, findings);
        entry.bundle.add_resource_overriding(resource);
    }

    /// Completes the variables of messages by those of the messages they refer to, when all files are added.
    pub fn finish(&mut self) {
        for language in self.languages.values_mut() {
            let all: Vec<Arc<str>> = language.messages.keys().cloned().collect();
            for id in all {
                let variables = language.needed(&id);
                if let Some(message) = language.messages.get_mut(&id) {
                    message.variables = variables;
                }
            }
        }
    }

    /// Whether some file holds messages in a language.
    #[must_use]
    pub fn speaks(&self, language: &str) -> bool {
        self.languages.contains_key(language)
    }

    /// Whether all messages of a language could be read.
    #[must_use]
    pub fn is_whole(&self, language: &str) -> bool {
        !self.cut.contains(language)
    }

    /// Messages and terms that no other one refers to, with their places.
    pub fn unreferenced(&self, language: &str) -> Vec<(&Arc<str>, &Place)> {
        let Some(language) = self.languages.get(language) else { return Vec::new() };
        let referred: BTreeSet<&str> = language
            .messages
            .values()
            .flat_map(|message| &message.uses)
            .filter_map(|(used, _)| match used {
                Use::Message(id) => Some(&**id),
                _ => None,
            })
            .collect();
        language.messages.iter().filter(|(id, _)| !referred.contains(&***id)).map(|(id, m)| (id, &m.place)).collect()
    }

    /// Reports messages and functions that are referred to and not there.
    pub fn check_references(&self, language: &str, findings: &mut Findings) {
        let Some(known) = self.languages.get(language).map(|l| &l.messages) else { return };
        for (used, place) in known.values().flat_map(|message| &message.uses) {
            match used {
                Use::Message(id) if !known.contains_key(id) && self.is_whole(language) => {
                    let message = format!("there is no message `{id}` in `{language}`");
                    let near = nearest(id, known.keys().map(|id| &**id));
                    findings.push(Finding::new(Code::UnknownMessage, place, message).nearest(near));
                }
                Use::Function(name) => {
                    findings.push(
                        Finding::new(Code::UnknownFunction, place, format!("messages have no function `{name}`"))
                            .help("write the variable alone; numbers and plural forms need no function"),
                    );
                }
                Use::Message(_) | Use::Variable(_) => {}
            }
        }
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
    fn index(&mut self, file: &str, resource: &FluentResource, findings: &mut Findings) {
        for definition in fluent::definitions(file, resource) {
            let variables = fluent::variables(&definition);
            let Definition { id, place, uses } = definition;
            if let Some(first) = self.messages.get(&id).filter(|first| first.place.file == place.file) {
                findings.push(
                    Finding::new(Code::Duplicate, &place, format!("the message `{id}` is given twice"))
                        .help("keep one of them")
                        .related(&first.place, "first here"),
                );
            }
            let named = |(used, place): &(Use, Place)| match used {
                Use::Variable(name) => Some((Arc::clone(name), place.clone())),
                _ => None,
            };
            let variable_places = uses.iter().filter_map(named).collect();
            self.messages.insert(id, Message { place, variables, variable_places, uses });
        }
    }

    /// The variables of a message and of all that it refers to.
    fn needed(&self, id: &str) -> BTreeSet<Arc<str>> {
        let (mut seen, mut open, mut out) = (BTreeSet::new(), vec![id], BTreeSet::new());
        while let Some(id) = open.pop() {
            let Some(message) = self.messages.get(id).filter(|_| seen.insert(id)) else { continue };
            out.extend(message.variable_places.iter().map(|(name, _)| Arc::clone(name)));
            open.extend(message.uses.iter().filter_map(|(used, _)| match used {
                Use::Message(id) => Some(&**id),
                _ => None,
            }));
        }
        out
    }
}
