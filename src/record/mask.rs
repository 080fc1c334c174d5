//! Private values leave a salted commitment in the entry; the salt, and the value where the vocabulary allows it, are
//! kept aside, so that a value can be proved or erased without touching the chain.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::bundle::checked::{Bundle, FactIx, Privacy};
use crate::decide::Shapes;
use crate::decide::shape::Shape;

use super::canonical::{Along, Writer};
use super::entry::{Hash, INTEGER, hex_into, unhex};
use super::error::RecordError;

/// The key under which a commitment stands in the place of a private value.
pub const PRIVATE: &str = "$private";
/// Bytes of a salt.
const SALT: usize = 16;
/// Salts that the system is asked for at a time.
const AHEAD: usize = 64;

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

/// What masking keeps from one request to the next: random bytes that no salt has used yet, and room.
#[derive(Default)]
pub struct Scratch {
    writer: Writer,
    random: Vec<u8>,
    /// The process that asked for them: one that was forked off asks anew.
    process: u32,
    known: Vec<(String, [u8; SALT])>,
    path: String,
    above: Vec<usize>,
}

impl Scratch {
    /// A salt, each given once.
    fn salt(&mut self) -> Result<[u8; SALT], RecordError> {
        let process = std::process::id();
        if self.random.len() < SALT || self.process != process {
            self.process = process;
            self.random.resize(AHEAD.saturating_mul(SALT), 0);
            let filled = getrandom::fill(&mut self.random);
            filled.inspect_err(|_| self.random.clear()).map_err(|error| RecordError::NoRandom(error.to_string()))?;
        }
        let salt = self.random.last_chunk().copied().unwrap_or_default();
        self.random.truncate(self.random.len().saturating_sub(SALT));
        Ok(salt)
    }
}

/// Writes the canonical JSON of a request that could be decided, with commitments in the place of private values, at the end of
/// `out`; gives what opens them, as JSON, empty when there are none. Equal values of one request get equal commitments, so
/// that a rule which compares them decides the same when it is replayed.
pub fn mask(
    bundle: &Bundle,
    shapes: &Shapes,
    kind: Option<&str>,
    bytes: &[u8],
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Result<Vec<u8>, RecordError> {
    // An empty list splits into no parts, and no decision names the kind.
    let named = match kind {
        Some(_) => None,
        None => {
            serde_json::from_slice::<Json>(bytes).ok().and_then(|json| Some(json.get("kind")?.as_str()?.to_owned()))
        }
    };
    let Some(shape) = kind.or(named.as_deref()).and_then(|kind| shapes.get(kind)) else {
        return mask_whole(bytes, scratch, out);
    };
    let mut writer = std::mem::take(&mut scratch.writer);
    scratch.known.clear();
    scratch.path.clear();
    scratch.above.clear();
    let mut masker = Masker { bundle, scratch, openings: Vec::new() };
    let written = writer.write(bytes, Place::Keys(shape), &mut masker, out);
    let openings = masker.openings;
    scratch.writer = writer;
    written?;
    openings_json(openings)
}

/// Masks the whole of a request that could not be decided: what stands where in it is not known.
pub fn mask_whole(bytes: &[u8], scratch: &mut Scratch, out: &mut Vec<u8>) -> Result<Vec<u8>, RecordError> {
    let salt = scratch.salt()?;
    commit(out, &commitment(&salt, bytes));
    openings_json(vec![(String::new(), salt, None)])
}

/// What opens commitments as [`Openings`] serialize.
fn openings_json(mut openings: Vec<(String, [u8; SALT], Option<String>)>) -> Result<Vec<u8>, RecordError> {
    let failed = |error: serde_json::Error| RecordError::Failed(error.to_string());
    openings.sort_unstable_by(|(a, ..), (b, ..)| a.cmp(b));
    let mut out = Vec::with_capacity(openings.len().saturating_mul(96));
    for (number, (path, salt, value)) in openings.iter().enumerate() {
        out.push(if number == 0 { b'{' } else { b',' });
        serde_json::to_writer(&mut out, path).map_err(failed)?;
        out.extend_from_slice(b":{\"salt\":\"");
        hex_into(salt, &mut out);
        out.push(b'"');
        if let Some(value) = value {
            out.extend_from_slice(b",\"value\":");
            serde_json::to_writer(&mut out, value).map_err(failed)?;
        }
        out.push(b'}');
    }
    if !out.is_empty() {
        out.push(b'}');
    }
    Ok(out)
}

/// Before and after a commitment, as canonical JSON writes it.
const COMMITTED: (&[u8], &[u8]) = (b"{\"$private\":\"", b"\"}");

fn commit(out: &mut Vec<u8>, hash: &Hash) {
    out.extend_from_slice(COMMITTED.0);
    hex_into(&hash.0, out);
    out.extend_from_slice(COMMITTED.1);
}

struct Masker<'a, 's> {
    bundle: &'a Bundle,
    /// With the path of the value, and how long the paths above it are.
    scratch: &'s mut Scratch,
    openings: Vec<(String, [u8; SALT], Option<String>)>,
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

impl<'a> Along for Masker<'a, '_> {
    type Place = Place<'a>;

    fn key(&mut self, place: Place<'a>, key: &str) -> Place<'a> {
        self.scratch.above.push(self.scratch.path.len());
        if !self.scratch.path.is_empty() {
            self.scratch.path.push('.');
        }
        self.scratch.path.push_str(key);
        place.key(key)
    }

    fn element(&mut self, place: Place<'a>, number: usize) -> Place<'a> {
        self.scratch.above.push(self.scratch.path.len());
        // Writing to a string cannot fail.
        let _ = write!(self.scratch.path, ".{number}");
        place.element()
    }

    fn leave(&mut self) {
        self.scratch.path.truncate(self.scratch.above.pop().unwrap_or(0));
    }

    fn text(&mut self, place: Place<'a>, text: &str, out: &mut Vec<u8>) -> Result<bool, RecordError> {
        let Place::Fact(ix) = place else { return Ok(false) };
        let privacy = self.bundle.fact(ix).map(|fact| fact.privacy).unwrap_or_default();
        // Text of white space alone is the same as none.
        if privacy == Privacy::Public || text.trim().is_empty() {
            return Ok(false);
        }
        let salt = match self.scratch.known.iter().find(|(known, _)| known == text) {
            Some((_, salt)) => *salt,
            None => {
                let salt = self.scratch.salt()?;
                self.scratch.known.push((text.to_owned(), salt));
                salt
            }
        };
        let value = (privacy == Privacy::Erasable).then(|| text.to_owned());
        self.openings.push((self.scratch.path.clone(), salt, value));
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
    while let Some(dollar) = memchr::memchr(b'$', rest) {
        // Inside a text the quote would be escaped, so that this is a key, or a text that begins so.
        let before = rest.get(..dollar)?;
        let Some(before) = before.strip_suffix(b"{\"") else {
            let (passed, left) = rest.split_at_checked(dollar.saturating_add(1))?;
            out.extend_from_slice(passed);
            rest = left;
            continue;
        };
        out.extend_from_slice(before);
        let object = rest.get(before.len()..)?;
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn openings_are_written_as_they_serialize() {
        let (first, second) = ([1; SALT], [0xfa; SALT]);
        let written = openings_json(vec![
            ("users.10.\"id\"".into(), first, Some("Zoë \"Z\" \n".into())),
            ("actor".into(), second, None),
        ])
        .unwrap();
        let opening = |salt: [u8; SALT], value: Option<&str>| Opening {
            salt: super::super::entry::hex(&salt),
            value: value.map(str::to_owned),
        };
        let openings = Openings::from([
            ("users.10.\"id\"".to_owned(), opening(first, Some("Zoë \"Z\" \n"))),
            ("actor".to_owned(), opening(second, None)),
        ]);
        assert_eq!(String::from_utf8(written).unwrap(), serde_json::to_string(&openings).unwrap());
        assert!(openings_json(Vec::new()).unwrap().is_empty());
    }

    #[test]
    fn salts_are_given_once() {
        let mut scratch = Scratch::default();
        let salts: std::collections::BTreeSet<_> = (0..1_000).map(|_| scratch.salt().unwrap()).collect();
        assert_eq!(salts.len(), 1_000);
    }

    #[test]
    fn a_text_stands_in_for_a_commitment_and_nothing_else() {
        let stood = |request: &str| {
            let mut out = Vec::new();
            stand_in(request.as_bytes(), &mut out).map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
        };
        let same = |request: &str| assert_eq!(stood(request).as_deref(), Some(request));
        same("{}");
        same(r#"["$","$$",{"a":"$private","price$":"\"$private\":"}]"#);
        let request = "$$[{\"$private\":\"0f\"},{\"a\":\"$1\",\"n\":{\"$integer\":\"-90\"}},\"$\"]$";
        assert_eq!(stood(request).unwrap(), "$$[\"0f\",{\"a\":\"$1\",\"n\":-90},\"$\"]$");
        for odd in ["{\"$private\":\"x\"}", "{\"$private\":7}", "{\"$private\":\"0f\",\"a\":1}", "{\"$other\":1}"] {
            assert_eq!(stood(odd), None, "{odd}");
        }
    }
}
