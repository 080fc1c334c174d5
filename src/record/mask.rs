//! Private values leave a salted commitment in the entry; the salt, and the value where the vocabulary allows it, are
//! kept aside, so that a value can be proved or erased without touching the chain.

use std::collections::BTreeMap;
use std::fmt::Write;

use memchr::memmem;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::bundle::checked::{Bundle, FactIx, Privacy};
use crate::decide::Shapes;
use crate::decide::shape::Shape;

use super::canonical::{Along, Writer};
use super::entry::{Hash, INTEGER, hex, unhex};
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
    /// The canonical JSON of the request with commitments in the place of private values.
    pub request: Vec<u8>,
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
pub fn mask(bundle: &Bundle, shapes: &Shapes, kind: Option<&str>, bytes: &[u8]) -> Result<Masked, RecordError> {
    // An empty list splits into no parts, and no decision names the kind.
    let named = match kind {
        Some(_) => None,
        None => {
            serde_json::from_slice::<Json>(bytes).ok().and_then(|json| Some(json.get("kind")?.as_str()?.to_owned()))
        }
    };
    let Some(shape) = kind.or(named.as_deref()).and_then(|kind| shapes.get(kind)) else { return mask_whole(bytes) };
    let mut masker =
        Masker { bundle, salts: Vec::new(), openings: Openings::new(), path: String::new(), above: Vec::new() };
    let mut request = Vec::with_capacity(bytes.len().saturating_add(128));
    Writer::default().write(bytes, Place::Keys(shape), &mut masker, &mut request)?;
    Ok(Masked { request, openings: masker.openings })
}

/// Masks the whole of a request that could not be decided: what stands where in it is not known.
pub fn mask_whole(bytes: &[u8]) -> Result<Masked, RecordError> {
    let salt = salt()?;
    let mut request = Vec::new();
    commit(&mut request, &commitment(&salt, bytes));
    let opening = Opening { salt: hex(&salt), value: None };
    Ok(Masked { request, openings: BTreeMap::from([(String::new(), opening)]) })
}

/// Before and after a commitment, as canonical JSON writes it.
const COMMITTED: (&[u8], &[u8]) = (b"{\"$private\":\"", b"\"}");

fn commit(out: &mut Vec<u8>, hash: &Hash) {
    out.extend_from_slice(COMMITTED.0);
    out.extend_from_slice(hash.to_string().as_bytes());
    out.extend_from_slice(COMMITTED.1);
}

fn salt() -> Result<[u8; SALT], RecordError> {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(|error| RecordError::NoRandom(error.to_string()))?;
    Ok(salt)
}

struct Masker<'a> {
    bundle: &'a Bundle,
    salts: Vec<(String, [u8; SALT])>,
    openings: Openings,
    /// The path of the value, and how long the paths above it are.
    path: String,
    above: Vec<usize>,
}

/// What stands at a place of a request.
#[derive(Clone, Copy)]
pub(super) enum Place<'s> {
    Keys(&'s BTreeMap<String, Shape>),
    Fact(FactIx),
    Elements(&'s BTreeMap<String, Shape>),
    Other,
}

impl<'s> Place<'s> {
    pub(super) fn key(self, key: &str) -> Self {
        let Self::Keys(keys) = self else { return Self::Other };
        match keys.get(key) {
            Some(Shape::Object(keys)) => Self::Keys(keys),
            Some(Shape::Fact(ix)) => Self::Fact(*ix),
            Some(Shape::List(_, keys)) => Self::Elements(keys),
            Some(Shape::Text) | None => Self::Other,
        }
    }

    pub(super) fn element(self) -> Self {
        match self {
            Self::Elements(keys) => Self::Keys(keys),
            Self::Fact(ix) => Self::Fact(ix),
            Self::Keys(_) | Self::Other => Self::Other,
        }
    }
}

impl<'a> Along for Masker<'a> {
    type Place = Place<'a>;

    fn key(&mut self, place: Place<'a>, key: &str) -> Place<'a> {
        self.above.push(self.path.len());
        if !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(key);
        place.key(key)
    }

    fn element(&mut self, place: Place<'a>, number: usize) -> Place<'a> {
        self.above.push(self.path.len());
        // Writing to a string cannot fail.
        let _ = write!(self.path, ".{number}");
        place.element()
    }

    fn leave(&mut self) {
        self.path.truncate(self.above.pop().unwrap_or(0));
    }

    fn text(&mut self, place: Place<'a>, text: &str, out: &mut Vec<u8>) -> Result<bool, RecordError> {
        let Place::Fact(ix) = place else { return Ok(false) };
        let privacy = self.bundle.fact(ix).map(|fact| fact.privacy).unwrap_or_default();
        // Text of white space alone is the same as none.
        if privacy == Privacy::Public || text.trim().is_empty() {
            return Ok(false);
        }
        let salt = match self.salts.iter().find(|(known, _)| known == text) {
            Some((_, salt)) => *salt,
            None => {
                let salt = salt()?;
                self.salts.push((text.to_owned(), salt));
                salt
            }
        };
        let value = (privacy == Privacy::Erasable).then(|| text.to_owned());
        self.openings.insert(self.path.clone(), Opening { salt: hex(&salt), value });
        commit(out, &commitment(&salt, text.as_bytes()));
        Ok(true)
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
    put_back(request, &kept(request, openings))
}

/// The values that are kept, by their commitments.
pub(super) fn kept<'o>(request: &'o Json, openings: &'o Openings) -> BTreeMap<&'o str, &'o str> {
    openings
        .iter()
        .filter_map(|(path, opening)| {
            let committed = at_path(request, path).and_then(committed)?;
            let value = opening.value.as_deref()?;
            opens(opening, value, committed).then_some((committed, value))
        })
        .collect()
}

/// A canonical request that can be decided again, every private value replaced by the text that stands for it; `None`
/// when it is not canonical. Large integers are put back.
pub(super) fn stand_in<'r>(request: &'r [u8], out: &'r mut Vec<u8>) -> Option<&'r [u8]> {
    const INTEGERS: (&[u8], &[u8]) = (b"{\"$integer\":\"", b"\"}");
    let mut rest = request;
    out.clear();
    while let Some(at) = memmem::find(rest, b"\"$") {
        // Inside a text the quote would be escaped, so that this is a key, or a text that begins so.
        let before = rest.get(..at)?;
        let object = before.len().checked_sub(1).and_then(|n| rest.get(n..)).filter(|rest| rest.first() == Some(&b'{'));
        let Some(object) = object else {
            out.extend_from_slice(rest.get(..at.saturating_add(2))?);
            rest = rest.get(at.saturating_add(2)..)?;
            continue;
        };
        out.extend_from_slice(before.get(..before.len().saturating_sub(1))?);
        let (inner, quote) = match (object.strip_prefix(COMMITTED.0), object.strip_prefix(INTEGERS.0)) {
            (Some(inner), _) => (inner, &b"\""[..]),
            (None, Some(inner)) => (inner, &b""[..]),
            (None, None) => return None,
        };
        let end = memchr::memchr(b'"', inner)?;
        let value = inner.get(..end)?;
        let plain = value.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
        rest = inner.get(end..)?.strip_prefix(COMMITTED.1).filter(|_| plain)?;
        out.extend_from_slice(quote);
        out.extend_from_slice(value);
        out.extend_from_slice(quote);
    }
    if out.is_empty() {
        return Some(request);
    }
    out.extend_from_slice(rest);
    Some(out)
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
