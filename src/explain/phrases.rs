//! The fixed words of an explanation. They are the engine's own, not a bundle's; a language that the engine does not
//! speak falls back to English.

use std::sync::{Arc, OnceLock};

use fluent_bundle::{FluentArgs, FluentValue};

use crate::bundle::messages::Messages;
use crate::model::finding::Findings;

/// The language of last resort.
const FALLBACK: &str = "en";

const CATALOGUES: [(&str, &str, &str); 2] = [
    ("en", "phrases/en.ftl", include_str!("phrases/en.ftl")),
    ("ru", "phrases/ru.ftl", include_str!("phrases/ru.ftl")),
];

fn messages() -> &'static Messages {
    static MESSAGES: OnceLock<Messages> = OnceLock::new();
    MESSAGES.get_or_init(|| read(&mut Findings::default()))
}

fn read(findings: &mut Findings) -> Messages {
    let mut messages = Messages::default();
    for (language, file, text) in CATALOGUES {
        messages.add(&Arc::from(language), file, text, findings);
    }
    messages
}

/// A phrase with texts filled in.
pub fn phrase(language: &str, id: &str, args: &[(&'static str, &str)]) -> String {
    let mut filled = FluentArgs::new();
    for (name, value) in args {
        filled.set(*name, (*value).to_owned());
    }
    render(language, id, &filled)
}

/// A phrase about a number of things, `$count`.
pub fn counted(language: &str, id: &str, count: usize) -> String {
    let mut filled = FluentArgs::new();
    filled.set("count", FluentValue::from(count));
    render(language, id, &filled)
}

fn render(language: &str, id: &str, args: &FluentArgs<'_>) -> String {
    let messages = messages();
    let language = if messages.get(language, id).is_some() { language } else { FALLBACK };
    messages.render(language, id, args)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_language_says_everything_with_the_same_variables() {
        let mut findings = Findings::default();
        let messages = read(&mut findings);
        assert!(findings.is_empty(), "{:?}", findings.into_sorted());
        let all = |language: &str| -> BTreeMap<_, _> {
            messages.of_language(language).map(|(id, message)| (id.clone(), message.variables.clone())).collect()
        };
        assert!(all("en").len() > 40);
        for (language, ..) in CATALOGUES {
            assert_eq!(all("en"), all(language), "{language}");
        }
    }

    #[test]
    fn a_language_that_is_not_spoken_falls_back() {
        assert_eq!(phrase("de", "head-facts", &[]), phrase("en", "head-facts", &[]));
        assert_ne!(phrase("ru", "head-facts", &[]), phrase("en", "head-facts", &[]));
    }

    #[test]
    fn every_phrase_is_said() {
        let code = [include_str!("wording.rs"), include_str!("text.rs"), include_str!("json.rs")].concat();
        for (id, _) in messages().of_language(FALLBACK) {
            assert!(code.contains(&format!("\"{id}\"")), "{id}");
        }
        for id in code.split("say(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(messages().get(FALLBACK, id).is_some(), "{id}");
        }
    }
}
