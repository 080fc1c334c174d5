//! Types, values, tests of facts, conditions and results → JSON Schema.

use serde_json::{Map, Value as Json, json};

use crate::bundle::checked::FactIx;
use crate::bundle::grammar::{
    CONDITION_KEYS, DECISION_KEYS, MATCHERS, Matcher, RESULT_PREFIX, RESULT_SCRIPT, SETTING_PREFIX, Sort,
};
use crate::model::decision::Outcome;
use crate::model::value::Type;

use super::names::enumeration;
use super::{Writer, by_form, described, merge, object};

/// Any scalar but nothing: what is read as text.
pub(super) fn scalar() -> Json {
    json!({ "type": ["string", "number", "boolean"] })
}

/// The name of a definition about a type.
fn named(prefix: &str, type_: &Type) -> String {
    format!("{prefix}-{}", type_.to_string().replace(' ', "-"))
}

fn one_or_many(item: &Json) -> Json {
    by_form("array", many(item), item.clone())
}

fn many(item: &Json) -> Json {
    json!({ "type": "array", "items": item, "minItems": 1, "uniqueItems": true })
}

impl Writer<'_> {
    /// The types that `type:` may name, but for sets.
    pub(super) fn named_types(&self) -> Vec<(String, Type)> {
        let own = self.draft().types.iter().map(|(name, def)| (name.to_string(), def.type_.clone()));
        own.chain(Type::BUILT_IN.into_iter().map(|type_| (type_.to_string(), type_))).collect()
    }

    /// A value of a type, as policies write it.
    pub(super) fn value_of(&mut self, type_: &Type) -> Json {
        self.define(&named("value", type_), |writer| writer.value_body(type_))
    }

    fn value_body(&mut self, type_: &Type) -> Json {
        let text = |about: &str, pattern: &str| json!({ "type": "string", "description": about, "pattern": pattern });
        match type_ {
            Type::Boolean => json!({ "type": "boolean" }),
            Type::Integer => json!({ "type": "integer" }),
            Type::Decimal => json!({ "anyOf": [
                text("An exact decimal number, in quotes.", "^-?[0-9]+(\\.[0-9]+)?$"),
                { "type": "number" },
            ] }),
            Type::Text => scalar(),
            Type::Currency => text("An ISO 4217 code.", "^[A-Z]{3}$"),
            Type::Date => text("A date, `YYYY-MM-DD`.", "^\\d{4}-\\d{2}-\\d{2}$"),
            Type::Timestamp => {
                text("An instant, `2021-06-01T00:00:00Z`, or a date, `2021-06-01`.", "^\\d{4}-\\d{2}-\\d{2}([Tt].+)?$")
            }
            Type::Duration => text("An ISO 8601 duration, `P30D`.", "^P"),
            Type::Symbol(name) => match self.draft().domains.get(name) {
                Some(domain) if self.can_define(Sort::Entry) => {
                    json!({ "anyOf": [enumeration(&self.lexicon().codes(domain)), { "type": "string" }] })
                }
                Some(domain) => enumeration(&self.lexicon().codes(domain)),
                None => json!({ "type": "string" }),
            },
            Type::Set(inner) => {
                let item = self.value_of(inner);
                json!({ "type": "array", "items": item, "uniqueItems": true })
            }
        }
    }

    /// A test of a fact of a type.
    pub(super) fn test_of(&mut self, type_: &Type) -> Json {
        self.define(&named("test", type_), |writer| writer.test_body(type_))
    }

    fn test_body(&mut self, type_: &Type) -> Json {
        let mut all = Vec::new();
        if !matches!(type_, Type::Set(_)) {
            let value = self.value_of(type_);
            all.extend([many(&value), value]);
        }
        all.extend(self.references(type_, Sort::List));
        all.extend(self.references(type_, Sort::Column));
        let matchers = self.matchers(type_);
        if all.is_empty() { matchers } else { by_form("object", matchers, json!({ "anyOf": all })) }
    }

    fn matchers(&mut self, type_: &Type) -> Json {
        let mut properties = Map::new();
        for (name, matcher, about) in MATCHERS {
            let form = match (matcher, type_) {
                (Matcher::Elements, Type::Set(inner)) => one_or_many(&self.value_of(inner)),
                (Matcher::Bound, _) if type_.is_ordered() => {
                    let mut bounds = vec![self.value_of(type_)];
                    bounds.extend(self.references(type_, Sort::Column));
                    json!({ "anyOf": bounds })
                }
                (Matcher::Test, _) => self.test_of(type_),
                (Matcher::Boolean, _) => json!({ "type": "boolean" }),
                _ => continue,
            };
            properties.insert(name.into(), described(form, about));
        }
        let mut out = object(properties, false.into());
        merge(&mut out, json!({ "minProperties": 1 }));
        out
    }

    /// `$list` or `$table.column` of this type: the known ones, and others where the file may define them.
    fn references(&self, type_: &Type, sort: Sort) -> Vec<Json> {
        let draft = self.draft();
        let columns = draft.tables.iter().flat_map(|table| {
            table.gives.iter().map(move |(column, given)| (format!("${}.{column}", table.name), given == type_))
        });
        let lists = draft.lists.iter().map(|list| (format!("${}", list.name), list.type_ == *type_));
        let (names, pattern): (Vec<(String, bool)>, &str) = match sort {
            Sort::List => (lists.collect(), "^\\$[A-Za-z0-9_-]+$"),
            _ => (columns.collect(), "^\\$[A-Za-z0-9_-]+\\.[A-Za-z0-9_.-]+$"),
        };
        let (fitting, others): (Vec<_>, Vec<_>) = names.into_iter().partition(|(_, fits)| *fits);
        let names = |all: Vec<(String, bool)>| all.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        let mut out = Vec::new();
        if !fitting.is_empty() {
            out.push(json!({ "type": "string", "enum": names(fitting) }));
        }
        if self.can_define(sort) {
            let mut other = json!({ "type": "string", "pattern": pattern });
            if !others.is_empty() {
                merge(&mut other, json!({ "not": { "enum": names(others) } }));
            }
            out.push(other);
        }
        out
    }

    /// Facts and what they are tested for.
    pub(super) fn condition(&mut self) -> Json {
        self.define("condition", |writer| {
            let properties = writer.conditions(Self::condition);
            let open = if writer.can_define(Sort::Fact) { json!({}) } else { false.into() };
            object(properties, open)
        })
    }

    /// A condition that may also speak of the decision.
    pub(super) fn statement(&mut self) -> Json {
        self.define("statement", |writer| {
            let mut properties = writer.conditions(Self::statement);
            for (key, about) in DECISION_KEYS {
                let codes = match key {
                    "outcome" => one_or_many(&json!({ "enum": Outcome::ALL.map(Outcome::as_str) })),
                    "reasons" => writer.codes(Sort::Reason),
                    _ => writer.codes(Sort::Obligation),
                };
                properties.insert(key.into(), described(codes, about));
            }
            for (name, def) in &writer.draft().results {
                let test = writer.test_of(&def.type_);
                let about = writer.lexicon().text(&def.gist);
                properties.insert(format!("{RESULT_PREFIX}{name}"), described(test, &about));
            }
            object(properties, false.into())
        })
    }

    /// Codes of a decision: all of these, or `{ any | all | none: […] }`.
    fn codes(&mut self, sort: Sort) -> Json {
        let codes = one_or_many(&self.reference(sort));
        let among = ["any", "all", "none"].map(|key| (key.to_owned(), codes.clone()));
        by_form("object", object(among.into_iter().collect(), false.into()), codes)
    }

    /// What a condition may say; `inner` are the conditions inside it.
    fn conditions(&mut self, inner: fn(&mut Self) -> Json) -> Map<String, Json> {
        let mut properties = Map::new();
        for (key, about) in CONDITION_KEYS {
            let form = match key {
                "any-of" | "all-of" => json!({ "type": "array", "items": inner(self) }),
                "not" => inner(self),
                _ => scalar(),
            };
            properties.insert(key.into(), described(form, about));
        }
        for (name, setting) in &self.draft().settings {
            let value = one_or_many(&self.value_of(&setting.type_));
            let about = self.lexicon().text(&setting.gist);
            properties.insert(format!("{SETTING_PREFIX}{name}"), described(value, &about));
        }
        properties.extend(self.fact_tests());
        properties
    }

    /// Every fact with its test.
    pub(super) fn fact_tests(&mut self) -> Map<String, Json> {
        let mut properties = Map::new();
        for (at, fact) in self.draft().facts.iter().enumerate() {
            let test = self.test_of(&fact.type_);
            properties.insert(fact.path.to_string(), described(test, &self.lexicon().fact_about(FactIx(at))));
        }
        properties
    }

    /// Results and their values: constants, or expressions.
    pub(super) fn results(&mut self) -> Json {
        self.define("results", |writer| {
            let mut properties = Map::new();
            for (name, def) in &writer.draft().results {
                let constant = writer.value_of(&def.type_);
                let script = json!({
                    "type": "object",
                    "properties": { RESULT_SCRIPT: scalar() },
                    "required": [RESULT_SCRIPT],
                    "additionalProperties": false,
                });
                let textual = matches!(def.type_, Type::Text | Type::Symbol(_) | Type::Currency | Type::Boolean);
                let mut all = vec![constant];
                if !textual {
                    all.push(json!({ "type": "string", "description": "An expression." }));
                }
                let about = format!("{} ({})", writer.lexicon().text(&def.gist), def.type_);
                properties
                    .insert(name.to_string(), described(by_form("object", script, json!({ "anyOf": all })), &about));
            }
            object(properties, false.into())
        })
    }
}
