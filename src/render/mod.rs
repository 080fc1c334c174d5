//! A decision of the program as one line of JSON of the contract. Everything that does not depend on the request was
//! written when its language was first asked for; what does is copied from slots. Whatever is not plain is left to
//! the serializer of decisions, which writes the same bytes the slow way; the tests hold both to that.

mod cites;
mod line;
mod resolve;
mod template;
mod whole;
mod words;

use std::sync::{Arc, OnceLock};

use crate::bundle::checked::Bundle;
use crate::compile::{Brief, Compiled, Request};

use words::Language;

/// The words of a bundle, by language, made when they are first asked for.
#[derive(Debug)]
pub struct Lines {
    languages: Vec<(Arc<str>, OnceLock<Language>)>,
}

impl Lines {
    /// No words yet.
    #[must_use]
    pub fn new(bundle: &Bundle) -> Self {
        Self { languages: bundle.languages.iter().map(|name| (Arc::clone(name), OnceLock::new())).collect() }
    }

    /// Writes a decision at the end of `out`. `None` for what is left to the slow way, and then `out` is as it was.
    pub fn write(
        &self,
        compiled: &Compiled,
        request: &Request,
        brief: &Brief,
        language: &str,
        out: &mut String,
    ) -> Option<()> {
        let (name, words) = self.languages.iter().find(|(name, _)| **name == *language)?;
        let words = words.get_or_init(|| Language::new(compiled, name));
        let before = out.len();
        let done = line::write(compiled, words, request, brief, out);
        if done.is_none() {
            out.truncate(before);
        }
        done
    }
}
