//! The bundles that decided: stored once by digest, and loaded again to replay and to explain.

use std::collections::BTreeMap;

use crate::bundle::load::GIVEN_SETTINGS;
use crate::engine::Engine;
use crate::model::limits::Limits;

use super::error::RecordError;

/// The most bytes that the files of a bundle may have together.
pub const BUNDLE_BYTES: usize = 256 << 20;

/// An engine from the files of a bundle, as JSON of text by path; it must have the digest.
///
/// # Errors
/// When the files do not read, do not load, or are not the bundle of that digest.
pub fn engine(digest: &str, files: &[u8], limits: &Limits) -> Result<Engine, RecordError> {
    let failed = |why: String| RecordError::Bundle { digest: digest.to_owned(), why };
    if files.len() > BUNDLE_BYTES {
        return Err(failed(format!("its files have more than {BUNDLE_BYTES} bytes")));
    }
    let mut files: BTreeMap<String, String> =
        serde_json::from_slice(files).map_err(|error| failed(format!("its files do not read: {error}")))?;
    let given = files.remove(GIVEN_SETTINGS).unwrap_or_default();
    let mut builder = Engine::builder().texts(files).limits(limits.clone());
    for (name, value) in settings(&given).ok_or_else(|| failed("its settings do not read".into()))? {
        builder = builder.setting(name, value);
    }
    let engine = builder.build().map_err(|error| failed(error.to_string()))?;
    if &*engine.bundle().digest != digest {
        return Err(failed(format!("its files have the digest `{}`: they were changed", engine.bundle().digest)));
    }
    Ok(engine)
}

/// The settings given with a load, as [`crate::EngineBuilder`] writes them: one JSON string or boolean a line.
fn settings(text: &str) -> Option<Vec<(String, String)>> {
    let line = |line: &str| {
        let mut names = serde_json::Deserializer::from_str(line).into_iter::<String>();
        let name = names.next()?.ok()?;
        let value = line.get(names.byte_offset()..)?.strip_prefix(": ")?;
        let value = serde_json::from_str::<String>(value).unwrap_or_else(|_| value.to_owned());
        Some((name, value))
    };
    text.lines().map(line).collect()
}
