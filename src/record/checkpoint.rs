//! Checkpoints: how many entries, the hash of the last, the Merkle root, the time; signed.

use std::fmt;
use std::path::Path;

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::model::time::Timestamp;

use super::entry::{Hash, canonical, hex, unhex};
use super::error::RecordError;
use super::store::Head;

/// The most bytes that a key or a checkpoint is read from.
const MOST: u64 = 64 << 10;

/// What signs checkpoints.
pub struct SecretKey(SigningKey);

/// What checks them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey of {}", self.public())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(self.0.as_bytes()))
    }
}

impl SecretKey {
    /// A new key.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn generate() -> Result<Self, RecordError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| RecordError::NoRandom(error.to_string()))?;
        Ok(Self(SigningKey::from_bytes(&bytes)))
    }

    /// Reads a key in PEM form (PKCS #8), as `openssl genpkey -algorithm ed25519` writes it.
    ///
    /// # Errors
    /// When the file does not read as one.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        let text = read_small(path, "private")?;
        SigningKey::from_pkcs8_pem(&text).map(Self).map_err(|error| key_error(path, "private", &error))
    }

    /// The key in PEM form.
    ///
    /// # Errors
    /// None that is known of.
    pub fn to_pem(&self) -> Result<String, RecordError> {
        let pem = self.0.to_pkcs8_pem(LineEnding::LF).map_err(|error| RecordError::Failed(error.to_string()))?;
        Ok(pem.to_string())
    }

    /// The key that checks what this one signs.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }
}

impl PublicKey {
    /// Reads a key in PEM form (SPKI), as `openssl pkey -pubout` writes it.
    ///
    /// # Errors
    /// When the file does not read as one.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        let text = read_small(path, "public")?;
        VerifyingKey::from_public_key_pem(text.trim()).map(Self).map_err(|error| key_error(path, "public", &error))
    }

    /// The key in PEM form.
    ///
    /// # Errors
    /// None that is known of.
    pub fn to_pem(&self) -> Result<String, RecordError> {
        self.0.to_public_key_pem(LineEnding::LF).map_err(|error| RecordError::Failed(error.to_string()))
    }
}

fn key_error(path: &Path, what: &'static str, why: &impl fmt::Display) -> RecordError {
    RecordError::Key { path: path.display().to_string(), what, why: why.to_string().to_lowercase() }
}

fn read_small(path: &Path, what: &'static str) -> Result<String, RecordError> {
    use std::io::Read;
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| key_error(path, what, &error))?;
    file.take(MOST).read_to_string(&mut text).map_err(|error| key_error(path, what, &error))?;
    Ok(text)
}

/// A signed statement of what a log held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The name of the log.
    pub log: String,
    /// How many entries.
    pub count: u64,
    /// The hash of the last.
    pub head: String,
    /// The Merkle root over all.
    pub root: String,
    /// When, as the caller says.
    pub time: String,
    /// The key that checks the signature, in hexadecimal.
    pub key: String,
    /// The signature over the canonical JSON of all the rest, in hexadecimal.
    pub signature: String,
}

/// Why a checkpoint is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// Its key is none of those that are trusted.
    #[error("a key that is not trusted signed it")]
    OtherKey,
    /// Its signature is not by its key.
    #[error("its signature is forged")]
    Forged,
}

impl Checkpoint {
    /// Signs what a log holds.
    ///
    /// # Errors
    /// None that is known of.
    pub fn sign(log: Hash, head: &Head, time: Timestamp, key: &SecretKey) -> Result<Self, RecordError> {
        let mut checkpoint = Self {
            log: log.to_string(),
            count: head.count,
            head: head.hash.to_string(),
            root: head.tree.root().to_string(),
            time: time.to_string(),
            key: key.public().to_string(),
            signature: String::new(),
        };
        checkpoint.signature = hex(&key.0.sign(&checkpoint.signed()?).to_bytes());
        Ok(checkpoint)
    }

    /// The bytes that are signed.
    fn signed(&self) -> Result<Vec<u8>, RecordError> {
        canonical(&json!({
            "type": "clausal checkpoint 1", "log": self.log, "count": self.count, "head": self.head,
            "root": self.root, "time": self.time, "key": self.key,
        }))
    }

    /// Checks the signature; with trusted keys, also that one of them made it.
    ///
    /// # Errors
    /// Why it is not believed.
    pub fn check(&self, trusted: &[PublicKey]) -> Result<(), Distrust> {
        if !trusted.is_empty() && !trusted.iter().any(|key| key.to_string() == self.key) {
            return Err(Distrust::OtherKey);
        }
        let key: Option<[u8; 32]> = unhex(&self.key).and_then(|bytes| bytes.try_into().ok());
        let signature: Option<[u8; 64]> = unhex(&self.signature).and_then(|bytes| bytes.try_into().ok());
        let key = key.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
        let (Some(key), Some(signature), Ok(signed)) = (key, signature, self.signed()) else {
            return Err(Distrust::Forged);
        };
        key.verify_strict(&signed, &Signature::from_bytes(&signature)).map_err(|_| Distrust::Forged)
    }

    /// Reads a checkpoint.
    ///
    /// # Errors
    /// When it is not one; `what` names it.
    pub fn parse(bytes: &[u8], what: &str) -> Result<Self, RecordError> {
        serde_json::from_slice(bytes)
            .map_err(|error| RecordError::Unreadable { what: what.to_owned(), why: error.to_string() })
    }

    /// Reads a checkpoint from a file.
    ///
    /// # Errors
    /// When it is not one.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        let what = format!("the checkpoint `{}`", path.display());
        let unreadable = |why: String| RecordError::Unreadable { what: what.clone(), why };
        let length = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
        if length > MOST {
            return Err(unreadable(format!("it has {length} bytes, a checkpoint has less than {MOST}")));
        }
        Self::parse(&std::fs::read(path).map_err(|error| unreadable(error.to_string()))?, &what)
    }
}
