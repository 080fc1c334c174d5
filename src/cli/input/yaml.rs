//! Requests in YAML, which is ours to write and small: read whole and turned into JSON.

use std::io::Read;

use crate::bundle::yaml::to_json;
use crate::model::error::{RequestError, RequestErrorKind};

use super::super::Failure;
use super::{Request, Requests};

/// Whether a line can begin YAML and no JSON: a comment, a document, an element of a list, or a key without braces.
pub fn begins(line: &[u8]) -> bool {
    let line = String::from_utf8_lossy(line);
    let line = line.trim();
    let key =
        || line.split_once(':').is_some_and(|(key, rest)| is_key(key) && (rest.is_empty() || rest.starts_with(' ')));
    line.starts_with(['#', '%']) || line == "---" || line.starts_with("--- ") || line.starts_with("- ") || key()
}

fn is_key(text: &str) -> bool {
    let text = text.trim_matches(['"', '\'']);
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// All that a reader holds: one request, or a list of them.
pub fn whole(reader: impl Read, most: usize, what: &str) -> Result<Requests, Failure> {
    let mut bytes = Vec::new();
    let left = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let fail = |error| Failure::Io { what: what.to_owned(), error };
    reader.take(left).read_to_end(&mut bytes).map_err(fail)?;
    let one = match std::str::from_utf8(&bytes) {
        Ok(text) => match to_json("request", text, most) {
            Ok(serde_json::Value::Array(items)) => {
                let items: Vec<Request> = items.iter().map(|item| Ok(item.to_string().into_bytes())).collect();
                return Ok(Requests::Whole(items.into_iter(), true));
            }
            Ok(one) => Ok(one.to_string().into_bytes()),
            Err(finding) => {
                let place = &finding.place;
                let message = format!("{} (line {}, column {})", finding.message, place.line, place.column);
                Err(RequestError::new(RequestErrorKind::Malformed, "", message))
            }
        },
        // What is no text is refused as such where it is read.
        Err(_) => Ok(bytes),
    };
    Ok(Requests::Whole(vec![one].into_iter(), false))
}
