//! Forms of the grammar → JSON Schema.

use serde_json::{Map, Value as Json, json};

use crate::bundle::checked::FactIx;
use crate::bundle::grammar::{FileKind, Form, Need, Shape, Slot, Sort};
use crate::model::value::Type;

use super::names::{NAME_PATTERN, enumeration};
use super::values::scalar;
use super::{Writer, by_form, described, merge, object};

impl Writer<'_> {
    pub(super) fn form(&mut self, form: &'static Form) -> Json {
        match form {
            Form::Scalar(slot) => self.slot(*slot),
            Form::List(item) => json!({ "type": "array", "items": self.form(item) }),
            Form::ListOrOne(item) => {
                let item = self.form(item);
                by_form("array", json!({ "items": item }), item.clone())
            }
            Form::Map(slot, value) => self.map(*slot, value),
            Form::Shape(shape) => self.shape(shape),
            Form::Either(one, other) => {
                let (one, other) = (self.form(one), self.form(other));
                by_form("object", other, one)
            }
            Form::Condition => self.condition(),
            Form::Statement => self.statement(),
            Form::Results => self.results(),
            Form::Row => self.row(None),
            Form::Request => self.request(),
        }
    }

    /// A mapping of the grammar: by itself where no type of its surroundings matters, else written out.
    fn shape(&mut self, shape: &'static Shape) -> Json {
        match self.value.clone() {
            None => self.define(&shape.what.replace(' ', "-"), |writer| writer.shape_body(shape)),
            Some(_) => self.shape_body(shape),
        }
    }

    pub(super) fn shape_body(&mut self, shape: &'static Shape) -> Json {
        let mut properties = Map::new();
        for key in shape.keys {
            let form = self.form(&key.form);
            properties.insert(key.name.into(), described(form, key.about));
        }
        let required: Vec<&str> = shape.keys.iter().filter(|key| key.need == Need::Must).map(|key| key.name).collect();
        let mut out = object(properties, false.into());
        merge(&mut out, json!({ "description": shape.about }));
        if !required.is_empty() {
            merge(&mut out, json!({ "required": required }));
        }
        if self.value.is_none() {
            merge(&mut out, self.depends(shape));
        }
        out
    }

    /// What keys of one mapping say about one another.
    fn depends(&mut self, shape: &Shape) -> Json {
        match shape.what {
            "bundle" => json!({ "anyOf": [{ "required": ["languages"] }, { "required": ["extends"] }] }),
            "type" => json!({ "anyOf": [{ "required": ["values"] }, { "required": ["registry"] }] }),
            "rule" => one_effect(),
            "list" => self.by_type(|value| {
                let entry = json!({ "properties": { "value": value } });
                json!({ "entries": { "items": by_form("object", entry, value.clone()) } })
            }),
            "fact" => self.by_type(|value| json!({ "default": value, "at-least": value })),
            "setting" => {
                self.by_type(|value| json!({ "default": value, "choices": { "type": "array", "items": value } }))
            }
            "scenario" => self.scenario(),
            _ => json!({}),
        }
    }

    /// Properties that hold values of the type that `type:` names.
    fn by_type(&mut self, properties: impl Fn(&Json) -> Json) -> Json {
        let mut all = Vec::new();
        for (name, type_) in self.named_types() {
            let value = self.value_of(&type_);
            all.push(json!({
                "if": { "properties": { "type": { "const": name } }, "required": ["type"] },
                "then": { "properties": properties(&value) },
            }));
        }
        json!({ "allOf": all })
    }

    /// Mappings whose keys are names.
    fn map(&mut self, slot: Slot, value: &'static Form) -> Json {
        match slot {
            Slot::Language => {
                let languages: Vec<String> = self.draft().languages.iter().map(ToString::to_string).collect();
                let value = self.form(value);
                let open = if self.kind == FileKind::Bundle { value.clone() } else { false.into() };
                object(languages.into_iter().map(|language| (language, value.clone())).collect(), open)
            }
            Slot::Refer(Sort::Fact) => self.map_of_facts(value),
            Slot::Define(Sort::Table) => self.map_of_tables(value),
            Slot::Define(Sort::Setting) => self.map_of_settings(value),
            Slot::Refer(sort) => {
                let mut value = self.form(value);
                if sort == Sort::Result {
                    // A scenario says with `null` that a result is not given.
                    value = json!({ "anyOf": [value, { "type": "null" }] });
                }
                let names = self.lexicon().names(sort).into_iter();
                object(names.map(|(name, about)| (name, described(value.clone(), &about))).collect(), false.into())
            }
            Slot::Define(sort) => {
                let value = self.form(value);
                let known = self.lexicon().names(sort).into_iter().filter(|(_, about)| !about.is_empty());
                let known = known.map(|(name, about)| (name, described(value.clone(), &about))).collect();
                let mut out = object(known, value);
                merge(&mut out, json!({ "propertyNames": { "pattern": NAME_PATTERN } }));
                out
            }
            _ => {
                let value = self.form(value);
                json!({ "type": "object", "additionalProperties": value })
            }
        }
    }

    /// Facts → mappings with values of the fact's type.
    fn map_of_facts(&mut self, value: &'static Form) -> Json {
        let mut properties = Map::new();
        for (at, fact) in self.draft().facts.iter().enumerate() {
            self.value = Some(fact.type_.clone());
            let form = self.form(value);
            properties.insert(fact.path.to_string(), described(form, &self.lexicon().fact_about(FactIx(at))));
        }
        self.value = None;
        let open = if self.can_define(Sort::Fact) { self.form(value) } else { false.into() };
        object(properties, open)
    }

    fn map_of_settings(&mut self, value: &'static Form) -> Json {
        let Form::Either(_, declared) = value else { return json!({}) };
        let declared = self.form(declared);
        let mut properties = Map::new();
        for (name, setting) in &self.draft().settings {
            let set = if setting.choices.is_empty() {
                self.value_of(&setting.type_)
            } else {
                json!({ "enum": setting.choices.iter().map(crate::model::value::Value::to_json).collect::<Vec<_>>() })
            };
            let about = self.lexicon().text(&setting.gist);
            properties.insert(name.to_string(), described(by_form("object", declared.clone(), set), &about));
        }
        object(properties, declared)
    }

    fn slot(&mut self, slot: Slot) -> Json {
        match slot {
            Slot::Text | Slot::Script | Slot::Define(Sort::Bundle) => scalar(),
            Slot::Integer | Slot::ClauseNumber => json!({ "type": "integer" }),
            Slot::Boolean => json!({ "type": "boolean" }),
            Slot::Name | Slot::Define(_) => json!({ "type": ["string", "integer"], "pattern": NAME_PATTERN }),
            Slot::Word(words) => self::words(words),
            Slot::Instant => self.value_of(&Type::Timestamp),
            Slot::File | Slot::Language => json!({ "type": "string" }),
            Slot::Refer(sort) => {
                let name = format!("name-of-{}", format!("{sort:?}").to_lowercase());
                self.define(&name, |writer| writer.reference(sort))
            }
            Slot::Facts => self.define("facts", Self::fact_patterns),
            Slot::Clause => self.define("clause-reference", Self::clauses),
            Slot::Type => self.define("name-of-type", |writer| writer.reference(Sort::Type)),
            Slot::Value => match self.value.clone() {
                Some(type_) => self.value_of(&type_),
                None => json!({ "type": ["string", "number", "boolean", "array"] }),
            },
        }
    }

    /// A fact, or all facts that begin so.
    fn fact_patterns(&mut self) -> Json {
        let fact = self.reference(Sort::Fact);
        let paths = self.draft().facts.iter().filter_map(|fact| fact.path.rsplit_once('.'));
        let mut branches: Vec<String> = paths.map(|(branch, _)| format!("{branch}.*")).collect();
        branches.sort();
        branches.dedup();
        let branches = enumeration(&branches.into_iter().map(|branch| (branch, String::new())).collect());
        json!({ "anyOf": [fact, branches, { "type": "string", "pattern": "\\*$" }] })
    }

    /// A clause: by its number alone, or with its source.
    fn clauses(&mut self) -> Json {
        let (mut numbers, mut numbers_about, mut full, mut full_about) = (vec![], vec![], vec![], vec![]);
        for (source, number, clause) in
            self.draft().sources.iter().flat_map(|(id, s)| s.clauses.iter().map(move |(n, clause)| (id, n, clause)))
        {
            let about = self.lexicon().text(&clause.gist);
            full.push(format!("{source}#{number}"));
            full_about.push(about.clone());
            if !numbers.contains(number) {
                numbers.push(*number);
                numbers_about.push(about);
            }
        }
        if numbers.is_empty() {
            return json!({ "type": ["integer", "string"] });
        }
        json!({ "anyOf": [
            { "type": "integer", "enum": numbers, "enumDescriptions": numbers_about },
            { "type": "string", "enum": full, "enumDescriptions": full_about },
        ] })
    }
}

/// A rule has at most one effect, and what it requires or asks for needs a reason.
fn one_effect() -> Json {
    const EFFECTS: [&str; 5] = ["permit", "deny", "refer", "require", "ask"];
    let pairs = EFFECTS.iter().enumerate().flat_map(|(at, one)| {
        EFFECTS.iter().skip(at.saturating_add(1)).map(move |other| json!({ "required": [one, other] }))
    });
    let pairs: Vec<Json> = pairs.collect();
    let some: Vec<Json> =
        EFFECTS.iter().chain(&["results", "obligations"]).map(|key| json!({ "required": [key] })).collect();
    json!({
        "allOf": [
            { "not": { "anyOf": pairs }, "errorMessage": "a rule has one effect; split it into two rules" },
            { "anyOf": some, "errorMessage": "a rule needs `permit`, `deny`, `refer`, `require` or `ask`, or the `results` or `obligations` it adds" },
        ],
        "dependencies": { "require": ["else"], "ask": ["else"] },
    })
}

/// One of these words; `true` and `false` are no strings.
fn words(words: &[(&str, &str)]) -> Json {
    let mut out = enumeration(&words.iter().map(|(word, about)| ((*word).to_owned(), (*about).to_owned())).collect());
    let boolean = |word: &str| word.parse::<bool>().ok();
    if words.iter().any(|(word, _)| boolean(word).is_some()) {
        let values: Json =
            words.iter().map(|(word, _)| boolean(word).map_or_else(|| json!(word), Json::from)).collect();
        merge(&mut out, json!({ "type": ["boolean", "string"], "enum": values }));
    }
    out
}
