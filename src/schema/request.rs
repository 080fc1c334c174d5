//! Requests, as scenarios hold them → JSON Schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::bundle::checked::FactIx;
use crate::decide::shape::{Shape, of_kind};
use crate::model::value::Type;

use super::names::enumeration;
use super::{Writer, described, merge, object};
use crate::bundle::grammar::Sort;

impl Writer<'_> {
    /// A request: `kind` and `at`, and then what its kind takes.
    pub(super) fn request(&mut self) -> Json {
        json!({
            "type": "object",
            "properties": { "kind": enumeration(&self.lexicon().names(Sort::Kind)), "at": { "type": "string" } },
        })
    }

    /// A scenario whose answer is not `invalid` holds a request of its kind.
    pub(super) fn scenario(&mut self) -> Json {
        let mut kinds = Vec::new();
        for kind in &self.draft().kinds {
            let name = format!("request-{}", kind.name);
            let request = self.define(&name, |writer| {
                let shape = of_kind(&writer.draft().facts, kind);
                let mut out = writer.keys(&shape);
                merge(&mut out, json!({ "required": ["kind", "at"] }));
                described(out, &writer.lexicon().text(&kind.gist))
            });
            let is_kind = json!({ "properties": { "kind": { "const": &*kind.name } }, "required": ["kind"] });
            kinds.push(json!({ "if": is_kind, "then": request }));
        }
        if kinds.is_empty() {
            return json!({});
        }
        let invalid = json!({ "properties": { "expect": { "type": "object", "properties": { "outcome": { "const": "invalid" } }, "required": ["outcome"] } } });
        json!({ "allOf": [{
            "if": invalid,
            "else": { "properties": { "request": { "allOf": kinds, "required": ["kind", "at"] } } },
        }] })
    }

    fn keys(&mut self, keys: &BTreeMap<String, Shape>) -> Json {
        let mut properties = Map::new();
        for (key, shape) in keys {
            let form = match shape {
                Shape::Object(below) => nullable(self.keys(below)),
                Shape::List(_, below) => {
                    let item = self.keys(below);
                    json!({ "type": ["array", "null"], "items": item })
                }
                Shape::Text => json!({ "type": ["string", "null"] }),
                Shape::Fact(ix) => self.stated(*ix),
            };
            properties.insert(key.clone(), form);
        }
        if properties.contains_key("kind") && properties.contains_key("at") {
            properties.insert("kind".into(), enumeration(&self.lexicon().names(Sort::Kind)));
        }
        object(properties, false.into())
    }

    /// The value of a fact, as callers write it; nothing and an empty text mean that it is not given.
    fn stated(&mut self, ix: FactIx) -> Json {
        let Some(fact) = self.draft().facts.get(ix.0) else { return json!({}) };
        let mut value = self.written(&fact.type_);
        if matches!(fact.type_, Type::Symbol(_)) && fact.by_region {
            value = json!({ "type": "string" });
        }
        described(nullable(value), &self.lexicon().fact_about(ix))
    }

    fn written(&mut self, type_: &Type) -> Json {
        match type_ {
            Type::Boolean => json!({ "type": "boolean" }),
            Type::Integer => json!({ "type": "integer" }),
            Type::Decimal => json!({ "type": "string", "pattern": "^(-?[0-9]+(\\.[0-9]+)?)?$" }),
            Type::Set(inner) => json!({ "type": "array", "items": self.written(inner) }),
            Type::Symbol(name) => {
                let Some(domain) = self.draft().domains.get(name) else { return json!({ "type": "string" }) };
                let codes = enumeration(&self.lexicon().codes(domain));
                json!({ "anyOf": [codes, { "type": "string" }] })
            }
            _ => json!({ "type": "string" }),
        }
    }
}

/// `null` means the same as absent.
fn nullable(mut schema: Json) -> Json {
    match schema.get("type") {
        Some(Json::String(type_)) => {
            let types = json!([type_, "null"]);
            merge(&mut schema, json!({ "type": types }));
            schema
        }
        _ => {
            if let Some(all) = schema.get_mut("anyOf").and_then(Json::as_array_mut) {
                all.push(json!({ "type": "null" }));
            }
            schema
        }
    }
}
