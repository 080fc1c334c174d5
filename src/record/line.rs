//! The line of an answer in canonical form. Answers repeat themselves: the same reasons, the same obligations. What was
//! put in canonical form before is copied; only what is new is worked out, by [`Writer`], which also judges it.

use std::collections::HashMap;

use memchr::memmem::Finder;
use rustc_hash::FxBuildHasher;

use crate::decision::Answer;
use crate::engine::Engine;

use super::canonical::Writer;
use super::error::RecordError;

/// Bytes of pieces that are kept, with their canonical forms. When there are more, all are forgotten.
const KEPT_BYTES: usize = 1 << 20;
/// The longest piece that is kept.
const PIECE_BYTES: usize = 1 << 14;

/// What putting lines in canonical form keeps from one to the next.
#[derive(Debug)]
pub struct Lines {
    /// For what is not the line of an answer.
    pub writer: Writer,
    line: String,
    known: HashMap<Box<[u8]>, Box<[u8]>, FxBuildHasher>,
    bytes: usize,
    results: Finder<'static>,
    obligations: Finder<'static>,
    missing: Finder<'static>,
    bundle: Finder<'static>,
}

impl Default for Lines {
    fn default() -> Self {
        let finder = |needle: &'static str| Finder::new(needle.as_bytes());
        Self {
            writer: Writer::default(),
            line: String::new(),
            known: HashMap::default(),
            bytes: 0,
            results: finder("],\"results\":{"),
            obligations: finder("},\"obligations\":["),
            missing: finder("],\"missing\":["),
            bundle: finder("],\"bundle\":{"),
        }
    }
}

/// The parts of a line, in the order of the contract, each a text of JSON.
struct Parts<'l> {
    id: Option<&'l [u8]>,
    kind: &'l [u8],
    at: &'l [u8],
    outcome: &'l [u8],
    reasons: &'l [u8],
    results: &'l [u8],
    obligations: &'l [u8],
    missing: &'l [u8],
    bundle: &'l [u8],
}

impl Lines {
    /// Writes an answer as entries hold it: in the default language of the bundle, in canonical form.
    ///
    /// # Errors
    /// None for an answer of the engine.
    pub fn answer(&mut self, engine: &Engine, answer: &Answer, out: &mut Vec<u8>) -> Result<(), RecordError> {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        answer.write_json_line(engine.languages().next().unwrap_or("en"), &mut line);
        let done = self.canonical(line.as_bytes(), out);
        self.line = line;
        done
    }

    /// Writes the line of an answer, or any other text of JSON, in canonical form.
    ///
    /// # Errors
    /// As [`Writer::write`].
    pub fn canonical(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<(), RecordError> {
        let begin = out.len();
        if let Some(parts) = self.cut(line)
            && self.parts(&parts, out).is_ok()
        {
            return Ok(());
        }
        out.truncate(begin);
        self.writer.write(line, (), &mut (), out)
    }

    /// Cuts a line where its parts are told to be. What stands between is read as JSON, and there is one way only to cut
    /// an object of JSON into members that are.
    fn cut<'l>(&self, line: &'l [u8]) -> Option<Parts<'l>> {
        let rest = line.strip_prefix(b"{")?;
        let (id, rest) = match rest.strip_prefix(b"\"id\":") {
            Some(rest) => text(rest).map(|(id, rest)| (Some(id), rest.strip_prefix(b",")))?,
            None => (None, Some(rest)),
        };
        let (kind, rest) = text(rest?.strip_prefix(b"\"kind\":")?)?;
        let (at, rest) = text(rest.strip_prefix(b",\"at\":")?)?;
        let (outcome, rest) = text(rest.strip_prefix(b",\"outcome\":")?)?;
        let (reasons, rest) = until(&self.results, rest.strip_prefix(b",\"reasons\":")?)?;
        let (results, rest) = until(&self.obligations, rest)?;
        let (obligations, rest) = until(&self.missing, rest)?;
        let (missing, rest) = until(&self.bundle, rest)?;
        let bundle = rest.strip_suffix(b"}")?;
        Some(Parts { id, kind, at, outcome, reasons, results, obligations, missing, bundle })
    }

    fn parts(&mut self, parts: &Parts<'_>, out: &mut Vec<u8>) -> Result<(), RecordError> {
        out.extend_from_slice(b"{\"at\":");
        out.extend_from_slice(parts.at);
        out.extend_from_slice(b",\"bundle\":");
        self.piece(parts.bundle, out)?;
        if let Some(id) = parts.id {
            out.extend_from_slice(b",\"id\":");
            out.extend_from_slice(id);
        }
        out.extend_from_slice(b",\"kind\":");
        out.extend_from_slice(parts.kind);
        out.extend_from_slice(b",\"missing\":");
        self.piece(parts.missing, out)?;
        out.extend_from_slice(b",\"obligations\":");
        self.piece(parts.obligations, out)?;
        out.extend_from_slice(b",\"outcome\":");
        out.extend_from_slice(parts.outcome);
        out.extend_from_slice(b",\"reasons\":");
        self.piece(parts.reasons, out)?;
        out.extend_from_slice(b",\"results\":");
        self.writer.write(parts.results, (), &mut (), out)?;
        out.push(b'}');
        Ok(())
    }

    /// Writes a piece that may have been written before.
    fn piece(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), RecordError> {
        if piece == b"[]" || piece == b"{}" {
            out.extend_from_slice(piece);
            return Ok(());
        }
        if let Some(known) = self.known.get(piece) {
            out.extend_from_slice(known);
            return Ok(());
        }
        let begin = out.len();
        self.writer.write(piece, (), &mut (), out)?;
        let written = out.get(begin..).unwrap_or_default();
        if piece.len() <= PIECE_BYTES {
            self.bytes = self.bytes.saturating_add(piece.len()).saturating_add(written.len());
            if self.bytes > KEPT_BYTES {
                self.known.clear();
                self.bytes = piece.len().saturating_add(written.len());
            }
            self.known.insert(piece.into(), written.into());
        }
        Ok(())
    }
}

/// A text without escapes, with its quotes, and what follows it.
fn text(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = rest.strip_prefix(b"\"")?;
    let end = inner.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..b' '))?;
    (inner.get(end) == Some(&b'"')).then(|| rest.split_at_checked(end.saturating_add(2)))?
}

/// What stands before the key that is looked for, with the bracket that closes it, and what follows the colon.
fn until<'l>(finder: &Finder<'_>, rest: &'l [u8]) -> Option<(&'l [u8], &'l [u8])> {
    let at = finder.find(rest)?;
    let before = rest.get(..at.saturating_add(1))?;
    // The last byte that is looked for opens the value.
    let next = at.saturating_add(finder.needle().len()).saturating_sub(1);
    Some((before, rest.get(next..)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn both(lines: &mut Lines, text: &str) {
        let mut whole = Vec::new();
        let by_writer = Writer::default().write(text.as_bytes(), (), &mut (), &mut whole);
        for _ in 0..2 {
            let mut out = b"before".to_vec();
            let by_pieces = lines.canonical(text.as_bytes(), &mut out);
            assert_eq!(by_pieces.is_ok(), by_writer.is_ok(), "{text}");
            if by_writer.is_ok() {
                assert_eq!(String::from_utf8_lossy(&out), format!("before{}", String::from_utf8_lossy(&whole)));
            }
        }
    }

    #[test]
    fn lines_are_written_as_the_writer_writes_them() {
        let line = |id: &str, reasons: &str, results: &str, missing: &str| {
            format!(
                "{{{id}\"kind\":\"k\",\"at\":\"2021-07-01\",\"outcome\":\"deny\",\"reasons\":[{reasons}],\
                 \"results\":{{{results}}},\"obligations\":[{{\"on\":\"a\",\"code\":\"b\"}}],\"missing\":[{missing}],\
                 \"bundle\":{{\"name\":\"n\",\"digest\":\"d\"}}}}"
            )
        };
        let mut lines = Lines::default();
        let trap = "{\"code\":\"],\\\"results\\\":{\",\"a\":\"},\\\"obligations\\\":[\"}";
        for id in ["", "\"id\":\"r\",", "\"id\":\"r\\n\",", "\"id\":\"\\\"kind\",", "\"id\":7,"] {
            for reasons in
                ["", "{\"code\":\"b\",\"a\":[1]}", trap, "{\"results\":{},\"b\":[],\"results2\":{\"b\":1,\"a\":2}}"]
            {
                for results in
                    ["", "\"b\":9007199254740993,\"a\":\"x\"", "\"obligations\":[],\"b\":{}", "\"a\":1,\"a\":2"]
                {
                    both(&mut lines, &line(id, reasons, results, "\"a\",\"b\""));
                }
            }
        }
        assert!(lines.bytes > 0);
        both(&mut lines, "[]");
        both(&mut lines, &line("", "{\"a\":1", "", ""));
        both(&mut lines, &line("", "", "\"x\":[1],\"results\":{\"y\":2}", "").replace("\"x\"", "],\"results\":{\"x\""));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut lines = Lines::default();
        for number in 0..3_000 {
            let piece = format!("[{{\"b\":{number},\"a\":\"{}\"}}]", "x".repeat(1_000));
            lines.piece(piece.as_bytes(), &mut Vec::new()).unwrap();
            assert!(lines.bytes <= KEPT_BYTES);
        }
        let kept: usize = lines.known.iter().map(|(piece, written)| piece.len() + written.len()).sum();
        assert_eq!(kept, lines.bytes);
        lines.piece(format!("[\"{}\"]", "y".repeat(PIECE_BYTES)).as_bytes(), &mut Vec::new()).unwrap();
        assert_eq!(lines.known.iter().map(|(piece, written)| piece.len() + written.len()).sum::<usize>(), kept);
    }
}
