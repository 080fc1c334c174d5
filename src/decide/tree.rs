//! JSON text → a bounded tree. Duplicate keys are refused, which `serde_json::Value` would swallow.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::model::error::{RequestError, RequestErrorKind};
use crate::model::limits::RequestLimits;

/// A JSON value with its keys in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// `null`: the same as absent.
    Null,
    /// `true`, `false`.
    Boolean(bool),
    /// A whole number of 64 bits.
    Integer(i64),
    /// Any other number; no fact takes one.
    OtherNumber(NotWhole),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Tree>),
    /// An object without repeated keys.
    Object(Vec<(String, Tree)>),
}

impl Tree {
    /// The form in words, for messages.
    pub fn form(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::OtherNumber(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// Why a number is no whole number of 64 bits in plain digits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NotWhole {
    /// It has a fraction.
    Fraction(f64),
    /// It is whole, and written with a point, an exponent, or a minus before zero.
    Written(f64),
    /// It is beyond 64 bits.
    TooLarge,
}

impl NotWhole {
    fn of(value: f64) -> Self {
        const BOUND: f64 = 9_223_372_036_854_775_808.0;
        match value {
            _ if value.abs() >= BOUND => Self::TooLarge,
            _ if value.fract() != 0.0 => Self::Fraction(value),
            _ => Self::Written(value),
        }
    }
}

impl fmt::Display for NotWhole {
    /// What is wrong where a whole number is wanted, and what to write.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fraction(value) => write!(f, "`{value:?}` has a fraction"),
            Self::Written(value) if *value == 0.0 => write!(f, "write `0`, without a minus, a point or an exponent"),
            Self::Written(value) => write!(f, "write `{value:.0}`, without a point or an exponent"),
            Self::TooLarge => write!(f, "this one is not between {} and {}", i64::MIN, i64::MAX),
        }
    }
}

/// Marks a duplicate key in the text of a serde error, so that its path can be found again.
const DUPLICATE: &str = "duplicate key ";

/// Reads one JSON text.
pub fn parse(bytes: &[u8], limits: &RequestLimits) -> Result<Tree, RequestError> {
    if bytes.len() > limits.bytes {
        let message = format!("the request is larger than {} bytes", limits.bytes);
        return Err(RequestError::new(RequestErrorKind::TooLarge, "", message));
    }
    serde_json::from_slice(bytes).map_err(|error| match std::str::from_utf8(bytes) {
        Ok(text) if text.starts_with('\u{feff}') => {
            let message =
                "the request begins with a byte order mark (U+FEFF), which is no JSON: remove its three bytes";
            RequestError::new(RequestErrorKind::Malformed, "", message)
        }
        Ok(_) => malformed(&error),
        Err(_) if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") => {
            let message = "the request is UTF-16 text, by its byte order mark: write it as UTF-8";
            RequestError::new(RequestErrorKind::Malformed, "", message)
        }
        Err(wrong) => {
            let message = format!("the request is not UTF-8 text: byte {} fits no character", wrong.valid_up_to());
            RequestError::new(RequestErrorKind::Malformed, "", message)
        }
    })
}

fn malformed(error: &serde_json::Error) -> RequestError {
    let text = error.to_string();
    if let Some((path, _)) = text.strip_prefix(DUPLICATE).and_then(|rest| rest.split_once('\u{1}')) {
        return RequestError::new(RequestErrorKind::Malformed, path, "the key is given twice");
    }
    if text.starts_with("recursion limit exceeded") {
        return RequestError::new(RequestErrorKind::TooLarge, "", "the request nests too deeply");
    }
    let message = format!("this is not JSON: {}", text.replace('\n', " "));
    RequestError::new(RequestErrorKind::Malformed, "", message)
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(i64::try_from(value).map_or(Tree::OtherNumber(NotWhole::TooLarge), Tree::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::OtherNumber(NotWhole::of(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element().map_err(|e| within(e, &items.len().to_string()))? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut entries: Vec<(String, Tree)> = Vec::new();
        while let Some(key) = access.next_key::<String>()? {
            if entries.iter().any(|(known, _)| *known == key) {
                return Err(A::Error::custom(format_args!("{DUPLICATE}{key}\u{1}")));
            }
            let value = access.next_value().map_err(|e| within(e, &key))?;
            entries.push((key, value));
        }
        Ok(Tree::Object(entries))
    }
}

/// Puts a key before the path of a duplicate-key error on its way up.
fn within<E: Error>(error: E, key: &str) -> E {
    let text = error.to_string();
    match text.strip_prefix(DUPLICATE).and_then(|rest| rest.split_once('\u{1}')) {
        Some((path, _)) => E::custom(format_args!("{DUPLICATE}{key}.{path}\u{1}")),
        None => error,
    }
}
