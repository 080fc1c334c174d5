//! Reading mappings, lists and scalars of a node tree, with a finding for everything that is not as it should be.

use std::collections::BTreeMap;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::model::finding::{Code, Finding, Findings, Place};
use crate::model::names::nearest;

use super::scalars::{look_alike, wanted_as_text};
use super::yaml::{Content, Node, Style};

/// A mapping being read. What is missing, and keys that nobody asked for, are findings when it is finished.
pub struct Mapping<'n> {
    entries: &'n [(Node, Node)],
    place: &'n Place,
    asked: SmallVec<[&'static str; 12]>,
    missing: Vec<&'static str>,
    what: &'static str,
}

impl<'n> Mapping<'n> {
    /// The mapping at `node`; `what` names it in messages (“a rule”).
    pub fn open(node: &'n Node, what: &'static str, findings: &mut Findings) -> Option<Self> {
        match &node.content {
            Content::Mapping(entries) => {
                Some(Self { entries, place: &node.place, asked: SmallVec::new(), missing: Vec::new(), what })
            }
            _ => {
                wrong_form(node, &format!("{what} is a mapping"), findings);
                None
            }
        }
    }

    /// Where the mapping stands.
    pub fn place(&self) -> &'n Place {
        self.place
    }

    /// The value of a key that may be left out.
    pub fn take(&mut self, key: &'static str) -> Option<&'n Node> {
        self.asked.push(key);
        #[cfg(test)]
        asked::note(self.what, key, false);
        self.entries.iter().find(|(k, _)| k.text() == Some(key)).map(|(_, value)| value)
    }

    /// The value of a key that must be given.
    pub fn need(&mut self, key: &'static str) -> Option<&'n Node> {
        let found = self.take(key);
        #[cfg(test)]
        asked::note(self.what, key, true);
        if found.is_none() {
            self.missing.push(key);
        }
        found
    }

    /// A key that must be given, as text.
    pub fn need_text(&mut self, key: &'static str, findings: &mut Findings) -> Option<Arc<str>> {
        let node = self.need(key)?;
        wanted_as_text(node, findings);
        text(node, findings).map(Arc::from)
    }

    /// Whether a key that is missing stands there mistyped. To be asked when all others were.
    pub fn mistyped(&self, key: &str) -> bool {
        let odd = self.entries.iter().filter_map(|(k, _)| k.text()).filter(|text| !self.asked.contains(text));
        odd.into_iter().any(|text| nearest(text, [key]).is_some())
    }

    /// Reports keys that nobody asked for, and keys that are missing, unless one of the others is what was meant by them.
    /// Whether there is nothing to report.
    pub fn finish(mut self, findings: &mut Findings) -> bool {
        let mut whole = true;
        for (key, _) in self.entries {
            let Some(text) = key.text() else { continue };
            if text == "<<" {
                // What is merged may hold what seems to be missing.
                self.missing.clear();
                whole = false;
            } else if !self.asked.contains(&text) {
                let given = |known: &str| self.entries.iter().any(|(k, _)| k.text() == Some(known));
                let open = self.asked.iter().copied().filter(|known| !given(known));
                let finding = unknown(Code::UnknownKey, key, &format!("{} has no key", self.what), open);
                if let Some(edit) = &finding.edit {
                    self.missing.retain(|missing| *missing != edit.text);
                }
                findings.push(finding);
                whole = false;
            }
        }
        for key in &self.missing {
            let message = format!("{} needs `{key}`", self.what);
            findings.push(Finding::new(Code::MissingKey, self.place, message).help(format!("add `{key}:`")));
        }
        whole && self.missing.is_empty()
    }
}

/// A finding for a name that is not known, with the nearest one that is.
pub fn unknown<'a>(code: Code, node: &Node, what: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Finding {
    let name = node.text().unwrap_or_default();
    let finding = Finding::new(code, &node.place, format!("{what} `{name}`"));
    match look_alike(name, known.clone()) {
        Some(meant) => {
            let help = format!("it is written with letters of another alphabet that look like those of `{meant}`");
            finding.nearest(Some(meant)).help(help)
        }
        None => finding.nearest(nearest(name, known)),
    }
}

/// A finding for a node of the wrong form.
pub fn wrong_form(node: &Node, wanted: &str, findings: &mut Findings) {
    let message = format!("{wanted}, this is {}", node.form());
    findings.push(Finding::new(Code::WrongForm, &node.place, message));
}

/// The text of a scalar; nothing, lists and mappings are findings.
pub fn text<'n>(node: &'n Node, findings: &mut Findings) -> Option<&'n str> {
    match (&node.content, node.is_null()) {
        (Content::Scalar(text, _), false) => Some(text),
        _ => {
            wrong_form(node, "a text is wanted here", findings);
            None
        }
    }
}

/// A name: text without white space at its ends, made of ASCII letters, digits and the signs `-_.#`.
pub fn name(node: &Node, findings: &mut Findings) -> Option<Arc<str>> {
    let written = text(node, findings)?;
    wanted_as_text(node, findings);
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if let Some(odd) = written.chars().find(|c| !fine(*c)) {
        findings.push(
            Finding::new(
                Code::MisreadScalar,
                &node.place,
                format!(
                    "the name `{}` has the character `{}` (U+{:04X})",
                    written.escape_debug(),
                    odd.escape_debug(),
                    u32::from(odd)
                ),
            )
            .help("names are made of ASCII letters, digits, `-`, `_` and `.`"),
        );
    }
    Some(written.into())
}

/// `true` or `false`, unquoted.
pub fn boolean(node: &Node, findings: &mut Findings) -> Option<bool> {
    match &node.content {
        Content::Scalar(text, Style::Plain) if text == "true" => Some(true),
        Content::Scalar(text, Style::Plain) if text == "false" => Some(false),
        _ => {
            let written = node.text().unwrap_or("a collection");
            findings.push(
                Finding::new(Code::TypeMismatch, &node.place, format!("`{written}` is not a boolean"))
                    .help("write `true` or `false`, without quotes"),
            );
            None
        }
    }
}

/// A whole number, in plain decimal digits.
pub fn integer(node: &Node, findings: &mut Findings) -> Option<i64> {
    let written = text(node, findings)?;
    let digits = written.strip_prefix('-').unwrap_or(written);
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let leading_zero = digits.len() > 1 && digits.starts_with('0');
    match written.parse() {
        Ok(number) if plain && !leading_zero => Some(number),
        _ => {
            findings.push(
                Finding::new(Code::TypeMismatch, &node.place, format!("`{written}` is not an integer"))
                    .help("write plain digits, without leading zeros, separators or exponent"),
            );
            None
        }
    }
}

/// The items of a list.
pub fn list<'n>(node: &'n Node, findings: &mut Findings) -> &'n [Node] {
    match &node.content {
        Content::Sequence(items) => items,
        _ => {
            wrong_form(node, "a list is wanted here", findings);
            &[]
        }
    }
}

/// The items of a list, or the one item that is not a list.
pub fn list_or_one(node: &Node) -> &[Node] {
    match &node.content {
        Content::Sequence(items) => items,
        _ => std::slice::from_ref(node),
    }
}

/// The entries of a mapping whose keys are names of the author's.
pub fn entries<'n>(node: &'n Node, what: &str, findings: &mut Findings) -> &'n [(Node, Node)] {
    match &node.content {
        Content::Mapping(entries) => entries,
        _ => {
            wrong_form(node, &format!("{what} is a mapping"), findings);
            &[]
        }
    }
}

/// Texts by language; languages that the bundle does not speak are findings.
pub fn by_language(node: &Node, languages: &[Arc<str>], findings: &mut Findings) -> BTreeMap<Arc<str>, Arc<str>> {
    let mut out = BTreeMap::new();
    for (key, value) in entries(node, "a text in several languages", findings) {
        let Some(language) = key.text() else { continue };
        let Some(known) = languages.iter().find(|known| &***known == language) else {
            findings.push(unknown(
                Code::UnknownLanguage,
                key,
                "the bundle does not speak",
                languages.iter().map(|l| &**l),
            ));
            continue;
        };
        if let Some(text) = text(value, findings) {
            wanted_as_text(value, findings);
            out.insert(Arc::clone(known), text.into());
        }
    }
    out
}

/// Lists of texts.
pub fn texts(node: Option<&Node>, findings: &mut Findings) -> Vec<Arc<str>> {
    let Some(node) = node else { return Vec::new() };
    let items = list(node, findings).iter();
    items
        .filter_map(|item| {
            wanted_as_text(item, findings);
            text(item, findings).map(Arc::from)
        })
        .collect()
}

/// What readers ask for, so that a test can hold the grammar to it.
#[cfg(test)]
pub mod asked {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    thread_local! {
        static ASKED: RefCell<BTreeMap<(&'static str, &'static str), bool>> = const { RefCell::new(BTreeMap::new()) };
    }

    pub fn note(what: &'static str, key: &'static str, needed: bool) {
        ASKED.with_borrow_mut(|asked| *asked.entry((what, key)).or_default() |= needed);
    }

    /// What was asked for on this thread since the last call: mapping and key, and whether the key was needed.
    pub fn take() -> BTreeMap<(&'static str, &'static str), bool> {
        ASKED.take()
    }
}
