//! One entry: what is hashed, and how.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::bundle::checked::Identity;
use crate::model::time::Timestamp;

use super::error::RecordError;

/// The most bytes that one entry may have.
pub const ENTRY_BYTES: usize = 32 << 20;

/// A SHA-256 hash; written in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl Hash {
    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        unhex(text)?.try_into().ok().map(Self)
    }

    /// Reads 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The hash of the canonical JSON of an entry.
    #[must_use]
    pub fn of_payload(payload: &[u8]) -> Self {
        Self(Sha256::digest(payload).into())
    }

    /// The hash of an entry: SHA-256 over the hash before it and the hash of its canonical JSON.
    #[must_use]
    pub fn chained(previous: &Self, payload: &Self) -> Self {
        Self(Sha256::new().chain_update(previous.0).chain_update(payload.0).finalize().into())
    }
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len().saturating_mul(2));
    hex_into(bytes, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// Writes bytes as hexadecimal digits at the end of a text.
pub(super) fn hex_into(bytes: &[u8], out: &mut Vec<u8>) {
    let digit = |nibble: u8| if nibble < 10 { b'0' | nibble } else { b'W'.wrapping_add(nibble) };
    out.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
}

/// Reads hexadecimal digits.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |[high, low]: &[u8; 2]| u8::try_from(digit(*high)? << 4 | digit(*low)?).ok();
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

/// The canonical JSON (RFC 8785) of a value.
pub fn canonical(json: &Json) -> Result<Vec<u8>, RecordError> {
    serde_json_canonicalizer::to_vec(json).map_err(|error| RecordError::Failed(error.to_string()))
}

/// The largest integer that RFC 8785 writes exactly.
pub(super) const EXACT: u64 = (1 << 53) - 1;
/// The key under which a larger integer is written as a string.
pub const INTEGER: &str = "$integer";

/// Replaces the integers that RFC 8785 would round by `{"$integer": "…"}`, so that what is recorded is exact.
#[must_use]
pub fn exact(json: Json) -> Json {
    match json {
        Json::Number(number) if number.as_i64().is_some_and(|n| n.unsigned_abs() > EXACT) => {
            json!({ INTEGER: number.to_string() })
        }
        Json::Array(items) => items.into_iter().map(exact).collect(),
        Json::Object(map) => Json::Object(map.into_iter().map(|(key, value)| (key, exact(value))).collect()),
        other => other,
    }
}

/// The canonical JSON of an entry but for its number, which is known when it is its turn. `seq` sorts last.
#[derive(Clone, Debug)]
pub struct Body {
    bytes: Vec<u8>,
    /// The hash of the bytes so far, so that the writer has little left to do.
    hash: Sha256,
}

impl Body {
    /// Begins what an entry says: up to the decision, which the caller appends in canonical form.
    #[must_use]
    pub fn begin(bundle: &Identity) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(br#"{"bundle":{"digest":"#);
        string(&mut bytes, &bundle.digest);
        bytes.extend_from_slice(br#","name":"#);
        string(&mut bytes, &bundle.name);
        bytes.extend_from_slice(br#","version":"#);
        string(&mut bytes, &bundle.version);
        bytes.extend_from_slice(br#"},"decision":"#);
        bytes
    }

    /// Goes on after the decision, up to the request, which the caller appends in canonical form.
    pub fn go_on(bytes: &mut Vec<u8>, received: Timestamp) {
        bytes.extend_from_slice(after_decision().as_bytes());
        bytes.extend_from_slice(received.to_string().as_bytes());
        bytes.extend_from_slice(BEFORE_REQUEST);
    }

    /// What an entry says, complete but for its number.
    ///
    /// # Errors
    /// When it is too large.
    pub fn end(bytes: Vec<u8>) -> Result<Self, RecordError> {
        if bytes.len() > ENTRY_BYTES {
            return Err(RecordError::TooLarge { found: bytes.len(), most: ENTRY_BYTES });
        }
        let hash = Sha256::new().chain_update(&bytes);
        Ok(Self { bytes, hash })
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The canonical JSON and its hash, once the number is known.
    #[must_use]
    pub fn numbered(self, seq: u64) -> (Vec<u8>, Hash) {
        let (mut bytes, ending) = (self.bytes, ending(seq));
        bytes.extend_from_slice(ending.as_bytes());
        (bytes, Hash(self.hash.chain_update(ending).finalize().into()))
    }
}

/// What stands between the decision of an entry that this engine made and the time of receipt.
#[must_use]
pub fn after_decision() -> &'static str {
    concat!(",\"engine\":\"", env!("CARGO_PKG_VERSION"), "\",\"received\":\"")
}

/// What stands between the time of receipt and the request.
pub const BEFORE_REQUEST: &[u8] = b"\",\"request\":";

fn string(bytes: &mut Vec<u8>, text: &str) {
    // Writing a text to a vector cannot fail.
    let _ = serde_json::to_writer(bytes, text);
}

fn ending(seq: u64) -> String {
    format!(",\"seq\":{seq}}}")
}

/// Whether the canonical JSON of an entry has this number.
#[must_use]
pub fn has_number(payload: &[u8], seq: u64) -> bool {
    payload.ends_with(ending(seq).as_bytes())
}

/// An entry that was read. Its parts are texts of JSON as they are in the log.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry<'a> {
    /// The bundle that decided.
    pub bundle: BundleName,
    /// The decision, or the list of decisions, or `{"error": …}` for a request that could not be decided.
    #[serde(borrow)]
    pub decision: &'a RawValue,
    /// The version of the engine.
    pub engine: String,
    /// When the caller said it was received.
    pub received: String,
    /// The request, private values masked.
    #[serde(borrow)]
    pub request: &'a RawValue,
    /// Its number, from 1.
    pub seq: u64,
}

/// Name, version and digest of a bundle, as an entry names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleName {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Digest.
    pub digest: String,
}

impl<'a> Entry<'a> {
    /// Reads the canonical JSON of an entry.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(payload: &'a [u8]) -> Result<Self, RecordError> {
        if payload.len() > ENTRY_BYTES {
            return Err(RecordError::TooLarge { found: payload.len(), most: ENTRY_BYTES });
        }
        let unreadable = |why: serde_json::Error| {
            // The position is told and nothing that stands there, which may be private.
            let why = format!("{:?} error at byte {}", why.classify(), why.column()).to_lowercase();
            RecordError::Unreadable { what: "an entry".into(), why }
        };
        serde_json::from_slice(payload).map_err(unreadable)
    }

    /// The decisions, one for each part.
    ///
    /// # Errors
    /// When they are not JSON.
    pub fn decisions(&self) -> Result<Vec<Json>, RecordError> {
        let json: Json = serde_json::from_str(self.decision.get()).map_err(|error| RecordError::Unreadable {
            what: format!("the decision of entry {}", self.seq),
            why: format!("{:?} error", error.classify()).to_lowercase(),
        })?;
        Ok(match json {
            Json::Array(items) => items,
            one => vec![one],
        })
    }
}
