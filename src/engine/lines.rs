//! JSON requests, one after the other, into lines of JSON.

use super::Engine;
use crate::compile::Request;
use crate::model::decision::Outcome;
use crate::model::error::RequestError;

/// Decides JSON requests one after the other and writes their answers, with buffers that serve again: a plain request
/// allocates nothing. For services and for files of many requests; each thread has one of its own.
///
/// ```
/// use clausal::{Engine, Outcome};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = Engine::embedded()?;
/// let mut lines = engine.json_lines("en");
/// let mut out = String::new();
/// for market in ["Germany", "Greenland"] {
///     let request = format!(r#"{{
///         "kind": "purchase", "at": "2021-07-01T12:00:00Z",
///         "actor": {{"side": "partner", "roles": ["Admin agent"], "portal": "partner-center"}},
///         "customer": {{"market": "{market}"}}, "product": {{"kind": "azure-reservation"}}
///     }}"#);
///     let outcome = lines.decide(request.as_bytes(), &mut out)?;
///     assert_eq!(outcome, if market == "Germany" { Outcome::Permit } else { Outcome::Deny });
///     out.push('\n');
/// }
/// assert_eq!(out.lines().count(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct JsonLines {
    engine: Engine,
    language: String,
    request: Request,
}

impl Engine {
    /// Starts lines of answers with messages in a language of the bundle.
    #[must_use]
    pub fn json_lines(&self, language: &str) -> JsonLines {
        JsonLines { engine: self.clone(), language: language.to_owned(), request: Request::default() }
    }
}

impl JsonLines {
    /// Decides a request and writes the answer at the end of `out`, as [`crate::Answer::to_json_line`] does, without a line
    /// end. The outcome of a request that fans out is that of [`crate::Answer::outcome`].
    ///
    /// # Errors
    /// As [`Engine::decide`]; nothing is written then.
    pub fn decide(&mut self, json: &[u8], out: &mut String) -> Result<Outcome, RequestError> {
        match self.plain(json, out) {
            Some(outcome) => Ok(outcome),
            None => {
                let answer = self.engine.decide_json(json)?;
                answer.write_json_line(&self.language, out);
                Ok(answer.outcome())
            }
        }
    }

    fn plain(&mut self, json: &[u8], out: &mut String) -> Option<Outcome> {
        let ready = &self.engine.inner.ready;
        ready.compiled.read_into(json, &mut self.request)?;
        let brief = ready.compiled.brief(&self.request)?;
        ready.write(&self.request, &brief, &self.language, out)?;
        Some(brief.outcome)
    }
}
