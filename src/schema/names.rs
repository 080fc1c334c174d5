//! Names and what they stand for.

use serde_json::{Value as Json, json};

use crate::bundle::grammar::Sort;
use crate::bundle::lexicon::Names;

use super::Writer;

pub(super) const NAME_PATTERN: &str = "^[A-Za-z0-9_.-]+$";

/// One of these names, each with its description; any name where there are none, for an empty `enum` is not allowed.
pub(super) fn enumeration(names: &Names) -> Json {
    if names.is_empty() {
        return json!({ "type": "string", "pattern": NAME_PATTERN });
    }
    let (values, about): (Vec<&String>, Vec<&String>) = names.iter().map(|(name, about)| (name, about)).unzip();
    let mut out = json!({ "type": "string", "enum": values });
    if about.iter().any(|text| !text.is_empty()) {
        super::merge(&mut out, json!({ "enumDescriptions": about }));
    }
    out
}

impl Writer<'_> {
    /// A name of this sort: one of the known ones, or also another where the file may define it.
    pub(super) fn reference(&mut self, sort: Sort) -> Json {
        if sort == Sort::Rule {
            // With its policy, as overlays name it.
            return json!({ "type": "string", "pattern": "^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$" });
        }
        let names = self.lexicon().names(sort);
        if !self.can_define(sort) && !matches!(sort, Sort::Obligation | Sort::Message) {
            return enumeration(&names);
        }
        let other = json!({ "type": "string", "pattern": NAME_PATTERN });
        if names.is_empty() { other } else { json!({ "anyOf": [enumeration(&names), other] }) }
    }
}
