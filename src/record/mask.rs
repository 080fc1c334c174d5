//! Private values leave a salted commitment in the entry; the salt, and the value where the vocabulary allows it, are
//! kept aside, so that a value can be proved or erased without touching the chain.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::bundle::checked::{Bundle, Privacy};
use crate::decide::Shapes;
use crate::decide::read::top;
use crate::decide::shape::Shape;
use crate::decide::tree::Tree;

use super::entry::{Hash, INTEGER, exact, hex, unhex};
use super::error::RecordError;

/// The key under which a commitment stands in the place of a private value.
pub const PRIVATE: &str = "$private";
/// Bytes of a salt.
const SALT: usize = 16;

/// What opens a commitment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// The salt, in hexadecimal.
    pub salt: String,
    /// The value, where it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What opens the commitments of one entry, by the path of the value in the request.
pub type Openings = BTreeMap<String, Opening>;

/// A request as it is recorded.
#[derive(Debug)]
pub struct Masked {
    /// The request with commitments in the place of private values.
    pub request: Json,
    /// What opens them.
    pub openings: Openings,
}

/// The commitment to a value: SHA-256 over the salt and the value.
#[must_use]
pub fn commitment(salt: &[u8; SALT], value: &[u8]) -> Hash {
    Hash(
        Sha256::new().chain_update(b"clausal private value\n").chain_update(salt).chain_update(value).finalize().into(),
    )
}

/// Whether an opening with this value opens a commitment.
#[must_use]
pub fn opens(opening: &Opening, value: &str, committed: &str) -> bool {
    let salt: Option<[u8; SALT]> = unhex(&opening.salt).and_then(|salt| salt.try_into().ok());
    salt.is_some_and(|salt| commitment(&salt, value.as_bytes()).to_string() == committed)
}

/// Masks a request that could be decided. Equal values of one request get equal commitments, so that a rule which compares
/// them decides the same when it is replayed.
pub fn mask(bundle: &Bundle, shapes: &Shapes, tree: &Tree) -> Result<Masked, RecordError> {
    let shape = match top(tree, "kind") {
        Some(Tree::Text(kind)) => shapes.get(kind.as_str()),
        _ => None,
    };
    let mut masker = Masker { bundle, salts: BTreeMap::new(), openings: BTreeMap::new() };
    let request = match shape {
        Some(shape) => masker.object(tree, shape, "")?,
        None => masker.commit("", "", false)?,
    };
    Ok(Masked { request: exact(request), openings: masker.openings })
}

/// Masks the whole of a request that could not be decided: what stands where in it is not known.
pub fn mask_whole(bytes: &[u8]) -> Result<Masked, RecordError> {
    let salt = salt()?;
    let request = json!({ PRIVATE: commitment(&salt, bytes).to_string() });
    let opening = Opening { salt: hex(&salt), value: None };
    Ok(Masked { request, openings: BTreeMap::from([(String::new(), opening)]) })
}

fn salt() -> Result<[u8; SALT], RecordError> {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(|error| RecordError::NoRandom(error.to_string()))?;
    Ok(salt)
}

struct Masker<'a> {
    bundle: &'a Bundle,
    salts: BTreeMap<String, [u8; SALT]>,
    openings: Openings,
}

impl Masker<'_> {
    fn object(&mut self, tree: &Tree, shape: &BTreeMap<String, Shape>, path: &str) -> Result<Json, RecordError> {
        let Tree::Object(entries) = tree else { return self.value(tree, None, path) };
        let mut out = serde_json::Map::new();
        for (key, value) in entries {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            out.insert(key.clone(), self.value(value, shape.get(key), &path)?);
        }
        Ok(Json::Object(out))
    }

    fn value(&mut self, tree: &Tree, shape: Option<&Shape>, path: &str) -> Result<Json, RecordError> {
        match (tree, shape) {
            (Tree::Object(_), Some(Shape::Object(shape))) => self.object(tree, shape, path),
            (Tree::List(items), Some(Shape::List(_, element))) => {
                let one = |(n, item): (usize, &Tree)| self.object(item, element, &format!("{path}.{n}"));
                items.iter().enumerate().map(one).collect()
            }
            (Tree::List(items), _) => {
                let one = |(n, item): (usize, &Tree)| self.value(item, shape, &format!("{path}.{n}"));
                items.iter().enumerate().map(one).collect()
            }
            (Tree::Text(text), Some(Shape::Fact(ix))) => {
                let privacy = self.bundle.fact(*ix).map(|fact| fact.privacy).unwrap_or_default();
                // Text of white space alone is the same as none.
                if privacy == Privacy::Public || text.trim().is_empty() {
                    return Ok(text.as_str().into());
                }
                self.commit(text, path, privacy == Privacy::Erasable)
            }
            (Tree::Text(text), _) => Ok(text.as_str().into()),
            (Tree::Boolean(value), _) => Ok((*value).into()),
            (Tree::Integer(value), _) => Ok((*value).into()),
            (Tree::Null | Tree::OtherNumber | Tree::Object(_), _) => Ok(Json::Null),
        }
    }

    fn commit(&mut self, text: &str, path: &str, keep: bool) -> Result<Json, RecordError> {
        let salt = match self.salts.get(text) {
            Some(salt) => *salt,
            None => salt()?,
        };
        self.salts.insert(text.to_owned(), salt);
        let value = keep.then(|| text.to_owned());
        self.openings.insert(path.to_owned(), Opening { salt: hex(&salt), value });
        Ok(json!({ PRIVATE: commitment(&salt, text.as_bytes()).to_string() }))
    }
}

/// The commitment that stands at a place of a recorded request.
#[must_use]
pub fn committed(json: &Json) -> Option<&str> {
    match json {
        Json::Object(map) if map.len() == 1 => map.get(PRIVATE)?.as_str(),
        _ => None,
    }
}

/// The value at a dotted path.
#[must_use]
pub fn at_path<'j>(json: &'j Json, path: &str) -> Option<&'j Json> {
    path.split('.').filter(|part| !part.is_empty()).try_fold(json, |json, key| match json {
        Json::Array(items) => items.get(key.parse::<usize>().ok()?),
        _ => json.get(key),
    })
}

/// Whether the request is masked as a whole, because it could not be decided.
#[must_use]
pub fn is_whole(request: &Json) -> bool {
    committed(request).is_some()
}

/// A request that can be decided again: values that are kept in their places, and for the others a text that stands for
/// them, equal for equal values.
#[must_use]
pub fn reveal(request: &Json, openings: &Openings) -> Json {
    let kept: BTreeMap<&str, &str> = openings
        .iter()
        .filter_map(|(path, opening)| {
            let committed = at_path(request, path).and_then(committed)?;
            let value = opening.value.as_deref()?;
            opens(opening, value, committed).then_some((committed, value))
        })
        .collect();
    put_back(request, &kept)
}

fn put_back(json: &Json, kept: &BTreeMap<&str, &str>) -> Json {
    if let Some(committed) = committed(json) {
        return kept.get(committed).copied().unwrap_or(committed).into();
    }
    match json {
        Json::Object(map) => match (map.len(), map.get(INTEGER).and_then(Json::as_str)) {
            (1, Some(digits)) => digits.parse::<i64>().map_or(Json::Null, Json::from),
            _ => Json::Object(map.iter().map(|(key, value)| (key.clone(), put_back(value, kept))).collect()),
        },
        Json::Array(items) => items.iter().map(|item| put_back(item, kept)).collect(),
        other => other.clone(),
    }
}
