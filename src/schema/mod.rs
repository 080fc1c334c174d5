//! JSON Schema (draft-07) of bundle files, for editors: from the grammar, and from what a bundle declares.
//!
//! A name is enumerated strictly where a file of that kind cannot define it (a policy cannot add a fact); where it can
//! (a policy's own lists and tables), the known names are offered and others may stand, so that a schema that was written
//! yesterday does not blame what was added today.

mod forms;
mod names;
mod request;
mod rows;
mod values;

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::bundle::draft::Draft;
use crate::bundle::files::Files;
use crate::bundle::grammar::{FileKind, Sort};
use crate::bundle::lexicon::Lexicon;
use crate::bundle::load::{Survey, survey};
use crate::model::error::LoadError;
use crate::model::limits::Limits;
use crate::model::value::Type;

/// The schemas of all kinds of files for the bundle that `files` holds; `place` names it in errors.
///
/// # Errors
/// When there is no bundle, or when it has mistakes.
pub fn schemas(files: &Files, place: &str, limits: &Limits) -> Result<BTreeMap<FileKind, Json>, LoadError> {
    let survey = survey(files, None, limits);
    if !survey.found() {
        let message = survey.findings(limits).first().map(|f| f.message.clone()).unwrap_or_default();
        return Err(LoadError::NotFound { place: place.to_owned(), message });
    }
    if survey.has_errors() {
        return Err(LoadError::Findings { findings: survey.findings(limits) });
    }
    Ok(FileKind::ALL.into_iter().map(|kind| (kind, one(kind, &survey))).collect())
}

/// The name of the file that holds the schema of a kind.
#[must_use]
pub fn file_name(kind: FileKind) -> String {
    format!("{}.schema.json", kind.as_str())
}

/// The text of a schema as it is written to a file: one key a line, lists of scalars on one.
#[must_use]
pub fn text(schema: &Json) -> String {
    let mut out = String::new();
    write(schema, 0, &mut out);
    out.push('\n');
    out
}

fn write(json: &Json, depth: usize, out: &mut String) {
    let below = depth.saturating_add(1);
    match json {
        Json::Object(map) if !map.is_empty() => {
            out.push('{');
            for (at, (key, value)) in map.iter().enumerate() {
                new_line(at, below, out);
                out.push_str(&format!("{}: ", Json::from(key.as_str())));
                write(value, below, out);
            }
            new_line(0, depth, out);
            out.push('}');
        }
        Json::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                new_line(at, below, out);
                write(item, below, out);
            }
            new_line(0, depth, out);
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}

fn new_line(at: usize, depth: usize, out: &mut String) {
    out.push_str(if at == 0 { "\n" } else { ",\n" });
    out.push_str(&"  ".repeat(depth));
}

fn one(kind: FileKind, survey: &Survey) -> Json {
    let mut writer = Writer { kind, survey, definitions: BTreeMap::new(), value: None };
    let root = writer.shape_body(kind.shape());
    let mut out = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": "Written by `clausal schema`; do not edit.",
        "title": format!("{} of {}", kind.as_str(), survey.name()),
        "definitions": writer.definitions,
    });
    merge(&mut out, root);
    out
}

/// One schema while it is being written.
struct Writer<'s> {
    kind: FileKind,
    survey: &'s Survey,
    definitions: BTreeMap<String, Json>,
    /// The type of [`crate::bundle::grammar::Slot::Value`] where its surroundings give one.
    value: Option<Type>,
}

impl<'s> Writer<'s> {
    fn draft(&self) -> &'s Draft {
        &self.survey.draft
    }

    fn lexicon(&self) -> Lexicon<'s> {
        Lexicon::new(self.survey)
    }

    /// A reference to a definition, which is made when it is first referred to; it may refer to itself.
    fn define(&mut self, name: &str, make: impl FnOnce(&mut Self) -> Json) -> Json {
        if !self.definitions.contains_key(name) {
            self.definitions.insert(name.to_owned(), Json::Null);
            let outer = self.value.take();
            let made = make(self);
            self.value = outer;
            self.definitions.insert(name.to_owned(), made);
        }
        json!({ "$ref": format!("#/definitions/{name}") })
    }

    /// Whether names of this sort can be added by a file of the kind being described.
    fn can_define(&self, sort: Sort) -> bool {
        use Sort::{Bundle, Column, Entry, Fact, Kind, List, Message, Obligation, Policy, Reason, Result};
        use Sort::{Rule, Section, Setting, Source, Stage, Table, Type};
        match self.kind {
            FileKind::Bundle => matches!(sort, Setting | Bundle),
            FileKind::Vocabulary => matches!(sort, Type | Stage | Reason | Fact | Result | Kind | Entry | Message),
            FileKind::Registry => matches!(sort, Entry),
            FileKind::Source => matches!(sort, Source | Section),
            FileKind::Policy => matches!(sort, List | Table | Column | Obligation | Policy | Rule),
            FileKind::Invariants | FileKind::Scenario => false,
        }
    }
}

/// Adds the keys of `more`, which win.
fn merge(into: &mut Json, more: Json) {
    if let (Json::Object(into), Json::Object(more)) = (into, more) {
        into.extend(more);
    }
}

fn object(properties: Map<String, Json>, additional: Json) -> Json {
    json!({ "type": "object", "properties": properties, "additionalProperties": additional })
}

/// One schema for values of a JSON type, another for the rest. Editors tell mistakes inside `then` where they stand, and
/// look for values to offer in `anyOf` only.
fn by_form(type_: &str, such: Json, other: Json) -> Json {
    json!({ "anyOf": [other, { "type": type_ }], "if": { "type": type_ }, "then": such })
}

/// With a description, beside a `$ref` too: editors show it, validators pass it over.
fn described(mut schema: Json, about: &str) -> Json {
    if let (false, Json::Object(map)) = (about.is_empty(), &mut schema) {
        if map.contains_key("$ref") {
            return json!({ "allOf": [schema], "description": about });
        }
        map.insert("description".into(), about.into());
    }
    schema
}
