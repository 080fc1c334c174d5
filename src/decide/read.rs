//! A request's tree → what it states for each fact, typed and resolved.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use iso_currency::Currency;

use crate::bundle::checked::{Bundle, Fact, FactIx, Kind, Unrecognised};
use crate::bundle::domain::Resolved;
use crate::model::error::{RequestError, RequestErrorKind as Kindof};
use crate::model::limits::RequestLimits;
use crate::model::names::nearest;
use crate::model::time::{Date, Duration, Timestamp, names_leap_second};
use crate::model::value::{Type, Value};

use super::facts::Stated;
use super::shape::Shape;
use super::tree::Tree;

/// What a request, or an element of one of its lists, states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// Facts.
    pub facts: BTreeMap<FactIx, Stated>,
    /// Elements of the lists that fan out.
    pub lists: BTreeMap<usize, Vec<Statement>>,
    /// The request's own id.
    pub id: Option<Arc<str>>,
    /// The decision time as it was written.
    pub at: Arc<str>,
}

/// Reads a request of a known kind.
pub struct Reader<'a> {
    /// The bundle whose registries resolve names.
    pub bundle: &'a Bundle,
    /// The kind.
    pub kind: &'a Kind,
    /// Bounds.
    pub limits: &'a RequestLimits,
}

/// The value of a top-level key of an object.
pub fn top<'t>(tree: &'t Tree, key: &str) -> Option<&'t Tree> {
    let Tree::Object(entries) = tree else { return None };
    entries.iter().find(|(k, value)| k == key && *value != Tree::Null).map(|(_, value)| value)
}

impl Reader<'_> {
    /// Reads the whole request.
    pub fn request(&self, tree: &Tree, shape: &BTreeMap<String, Shape>) -> Result<Statement, RequestError> {
        let mut statement = Statement::default();
        self.object(tree, shape, "", &mut statement)?;
        match top(tree, "at") {
            // White space is not given, here as anywhere.
            Some(Tree::Text(at)) if !at.trim().is_empty() => statement.at = at.as_str().into(),
            _ => {
                let message = "the decision time is required, because the engine reads no clock";
                return Err(RequestError::new(Kindof::Missing, "at", message));
            }
        }
        Ok(statement)
    }

    fn object(
        &self,
        tree: &Tree,
        shape: &BTreeMap<String, Shape>,
        path: &str,
        into: &mut Statement,
    ) -> Result<(), RequestError> {
        let Tree::Object(entries) = tree else {
            return Err(wrong_type(path, "an object", tree));
        };
        for (key, value) in entries {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let Some(shape) = shape.get(key) else {
                return Err(self.unknown_key(&path, key, shape.keys().map(String::as_str)));
            };
            if *value != Tree::Null {
                self.value(value, shape, &path, into)?;
            }
        }
        Ok(())
    }

    fn unknown_key<'k>(&self, path: &str, key: &str, known: impl Iterator<Item = &'k str>) -> RequestError {
        let near = nearest(key, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let shown = key.escape_debug();
        let message = format!("a request of kind `{}` has no key `{shown}` here{near}", self.kind.name);
        RequestError::new(Kindof::UnknownKey, path, message)
    }

    fn value(&self, tree: &Tree, shape: &Shape, path: &str, into: &mut Statement) -> Result<(), RequestError> {
        match shape {
            Shape::Object(shape) => self.object(tree, shape, path, into),
            Shape::Text => {
                if path == "id" {
                    into.id = Some(self.text(tree, path)?.into());
                }
                Ok(())
            }
            Shape::Fact(ix) => {
                if let Some(fact) = self.bundle.fact(*ix) {
                    let stated = self.fact(*ix, fact, tree, path)?;
                    into.facts.extend(stated.map(|stated| (*ix, stated)));
                }
                Ok(())
            }
            Shape::List(at, element) => {
                let items = self.items(tree, path)?;
                let mut elements = Vec::with_capacity(items.len());
                for (n, item) in items.iter().enumerate() {
                    let mut statement = Statement::default();
                    self.object(item, element, &format!("{path}.{n}"), &mut statement)?;
                    elements.push(statement);
                }
                if !elements.is_empty() {
                    into.lists.insert(*at, elements);
                }
                Ok(())
            }
        }
    }

    fn items<'t>(&self, tree: &'t Tree, path: &str) -> Result<&'t [Tree], RequestError> {
        match tree {
            Tree::List(items) if items.len() > self.limits.elements => {
                let message = format!("the array has more than {} elements", self.limits.elements);
                Err(RequestError::new(Kindof::TooLarge, path, message))
            }
            Tree::List(items) => Ok(items),
            other => Err(wrong_type(path, "an array", other)),
        }
    }

    fn text<'t>(&self, tree: &'t Tree, path: &str) -> Result<&'t str, RequestError> {
        let Tree::Text(text) = tree else { return Err(wrong_type(path, "a string", tree)) };
        if text.len() > self.limits.text_bytes {
            let message = format!("the string is longer than {} bytes", self.limits.text_bytes);
            return Err(RequestError::new(Kindof::TooLarge, path, message));
        }
        match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            Some(odd) => {
                let message = format!("the string has the control character U+{:04X}", u32::from(odd));
                Err(RequestError::new(Kindof::Malformed, path, message))
            }
            None => Ok(text),
        }
    }

    /// What is stated for a fact; nothing for text of white space alone.
    fn fact(&self, ix: FactIx, fact: &Fact, tree: &Tree, path: &str) -> Result<Option<Stated>, RequestError> {
        if let Type::Set(inner) = &fact.type_ {
            return self.set(ix, fact, inner, tree, path).map(Some);
        }
        let stated = self.single(ix, fact, &fact.type_, tree, path)?;
        if let (Some(Stated::Value(value)), Some(minimum)) = (&stated, &fact.minimum)
            && value < minimum
        {
            let message = format!("`{value}` is less than {minimum}");
            return Err(RequestError::new(Kindof::WrongType, path, message));
        }
        Ok(stated)
    }

    /// Elements that no registry knows are left out or asked for, as the vocabulary says.
    fn set(&self, ix: FactIx, fact: &Fact, inner: &Type, tree: &Tree, path: &str) -> Result<Stated, RequestError> {
        let mut known = BTreeSet::new();
        for (n, item) in self.items(tree, path)?.iter().enumerate() {
            match self.single(ix, fact, inner, item, &format!("{path}.{n}"))? {
                Some(Stated::Value(value)) => {
                    known.insert(value);
                }
                Some(unrecognised) if self.unrecognised(ix) == Unrecognised::Ask => return Ok(unrecognised),
                Some(_) | None => {}
            }
        }
        Ok(Stated::Value(Value::Set(known)))
    }

    fn unrecognised(&self, ix: FactIx) -> Unrecognised {
        self.kind.facts.get(&ix).map_or(Unrecognised::Error, |fact| fact.unrecognised)
    }

    fn single(
        &self,
        ix: FactIx,
        fact: &Fact,
        type_: &Type,
        tree: &Tree,
        path: &str,
    ) -> Result<Option<Stated>, RequestError> {
        match (type_, tree) {
            (Type::Boolean, Tree::Boolean(value)) => return Ok(Some(Stated::Value(Value::Boolean(*value)))),
            (Type::Boolean, other) => return Err(wrong_type(path, "`true` or `false`", other)),
            (Type::Integer, Tree::Integer(value)) => return Ok(Some(Stated::Value(Value::Integer(*value)))),
            (Type::Integer, Tree::OtherNumber(number)) => {
                let message = format!("the value must be a whole number: {number}");
                return Err(RequestError::new(Kindof::WrongType, path, message));
            }
            (Type::Integer, other) => return Err(wrong_type(path, "a whole number", other)),
            (Type::Decimal, other) if !matches!(other, Tree::Text(_)) => {
                return Err(wrong_type(path, "an amount as a string, for example \"1000.00\"", other));
            }
            _ => {}
        }
        let text = self.text(tree, path)?;
        if text.trim().is_empty() {
            return Ok(None);
        }
        let value = match type_ {
            Type::Text => Some(Value::Text(text.into())),
            Type::Decimal => Value::parse_decimal(text),
            Type::Currency => Currency::from_code(text).map(|c| Value::Text(c.code().into())),
            Type::Date => Date::parse(text).map(Value::Date),
            Type::Timestamp => Timestamp::parse(text).map(Value::Timestamp),
            Type::Duration => Duration::parse(text).map(Value::Duration),
            Type::Symbol(name) => return self.symbol(ix, fact, name, text, path).map(Some),
            Type::Boolean | Type::Integer | Type::Set(_) => None,
        };
        match value {
            Some(value) => Ok(Some(Stated::Value(value))),
            None => Err(unreadable(type_, text, path)),
        }
    }

    /// A kind may take fewer values than the type has.
    fn allowed(&self, ix: FactIx, value: Value, path: &str) -> Result<Stated, RequestError> {
        match self.kind.facts.get(&ix).and_then(|fact| fact.values.as_ref()) {
            Some(values) if !values.contains(&value) => {
                let known: Vec<String> = values.iter().map(ToString::to_string).collect();
                Err(one_of(&value.to_string(), known.iter().map(String::as_str), path))
            }
            _ => Ok(Stated::Value(value)),
        }
    }

    fn symbol(&self, ix: FactIx, fact: &Fact, name: &str, text: &str, path: &str) -> Result<Stated, RequestError> {
        let Some(domain) = self.bundle.domains.get(name) else {
            return Ok(Stated::Unrecognised(text.into(), Vec::new()));
        };
        let resolved = if fact.by_region { domain.resolve_region(text) } else { domain.resolve(text) };
        let candidates = match resolved {
            Resolved::Code(code) => return self.allowed(ix, Value::Symbol(code), path),
            Resolved::Ambiguous(candidates) => candidates,
            Resolved::Unknown => Vec::new(),
        };
        if self.unrecognised(ix) == Unrecognised::Error {
            return Err(one_of(text, domain.codes().map(|code| &**code), path));
        }
        Ok(Stated::Unrecognised(text.into(), candidates))
    }
}

fn one_of<'a>(text: &str, known: impl Iterator<Item = &'a str> + Clone, path: &str) -> RequestError {
    let near = nearest(text, known.clone()).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    let all = known.collect::<Vec<_>>().join("`, `");
    let message = format!("`{}` is not one of `{all}`{near}", text.escape_debug());
    RequestError::new(Kindof::UnknownValue, path, message)
}

fn unreadable(type_: &Type, text: &str, path: &str) -> RequestError {
    let shown = text.escape_debug();
    let message = if *type_ == Type::Timestamp && names_leap_second(text) {
        format!("`{shown}` is a leap second, which is not taken: write the second before it, `:59`")
    } else {
        format!("`{shown}` is not {}", form(type_))
    };
    RequestError::new(Kindof::WrongType, path, message)
}

fn form(type_: &Type) -> &'static str {
    match type_ {
        Type::Decimal => "an amount: digits with at most one point, for example \"1000.00\"",
        Type::Currency => "an ISO 4217 currency code",
        Type::Date => "a date that exists, written `YYYY-MM-DD`",
        Type::Timestamp => "an RFC 3339 timestamp with an offset and at most nine fraction digits, or a date",
        Type::Duration => "an ISO 8601 duration, for example `P1Y`",
        _ => "a value of this fact's type",
    }
}

fn wrong_type(path: &str, wanted: &str, tree: &Tree) -> RequestError {
    let path_shown = if path.is_empty() { "the request" } else { "the value" };
    RequestError::new(Kindof::WrongType, path, format!("{path_shown} must be {wanted}, this is {}", tree.form()))
}
