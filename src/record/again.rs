//! One entry, decided again: by its bytes where these are the same, which is what a replay mostly sees; else by what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use memchr::memmem::Finder;
use serde_json::Value as Json;

use crate::bundle::checked::FactIx;
use crate::decision::{Answer, Decision};
use crate::engine::Engine;
use crate::model::error::RequestError;

use super::canonical::Along;
use super::entry::{BEFORE_REQUEST, Body, ENTRY_BYTES, Entry, after_decision, canonical};
use super::error::RecordError;
use super::line::Lines;
use super::mask::{Openings, Place, is_whole, kept, reveal, stand_in};
use super::tally::{Difference, Tally, first_difference};
use super::withheld::{looked_into, withheld};

/// What a thread keeps from one entry to the next.
#[derive(Default)]
pub struct Scratch {
    lines: Lines,
    line: String,
    decision: Vec<u8>,
    recorded: Vec<u8>,
    request: Vec<u8>,
}

/// A bundle that decides entries again.
pub struct Decider {
    engine: Engine,
    /// How an entry that this bundle decided begins.
    begin: Vec<u8>,
    end_of_bundle: Finder<'static>,
    after_decision: Finder<'static>,
    /// For each kind of request, the private facts that the bundle looks into.
    looked_into: BTreeMap<Arc<str>, BTreeSet<FactIx>>,
}

/// An entry, cut where its parts are told to be.
struct Parts<'p> {
    decision: &'p [u8],
    request: &'p [u8],
}

impl Decider {
    /// With this engine.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        let begin = Body::begin(engine.bundle());
        let looked_into = looked_into(engine.checked());
        let (end_of_bundle, after_decision) = (Finder::new(DECISION), Finder::new(after_decision()));
        Self { engine, begin, end_of_bundle, after_decision, looked_into }
    }

    /// Whether an entry says that this bundle decided it.
    #[must_use]
    pub fn decided(&self, payload: &[u8]) -> bool {
        payload.starts_with(&self.begin)
    }

    /// Decides an entry again, and counts what comes of it.
    ///
    /// # Errors
    /// When it is no entry.
    pub fn entry(
        &self,
        payload: &[u8],
        openings: Option<&[u8]>,
        scratch: &mut Scratch,
        tally: &mut Tally,
    ) -> Result<(), RecordError> {
        if payload.len() > ENTRY_BYTES {
            return Err(RecordError::TooLarge { found: payload.len(), most: ENTRY_BYTES });
        }
        tally.entries = tally.entries.saturating_add(1);
        let decided = self.decided(payload);
        if self.same(payload, decided, scratch).is_some() {
            tally.same_bundle = tally.same_bundle.saturating_add(u64::from(decided));
            return Ok(());
        }
        self.slowly(payload, openings, tally)
    }

    /// Whether the decision is the same, byte for byte; by another bundle, whether it says the same. `None` when that
    /// cannot be told without reading more of it.
    ///
    /// The parts are found by what stands between them. Should that be found at a wrong place, what is between is no
    /// request that can be decided, or not the text of the new decision. What passes is an object of JSON whose parts are
    /// these, and there is one way only to read it.
    fn same(&self, payload: &[u8], decided: bool, scratch: &mut Scratch) -> Option<()> {
        let parts = self.cut(payload, decided)?;
        let Scratch { lines, line, decision: new, recorded, request } = scratch;
        let answer = self.engine.decide_json(stand_in(parts.request, request)?).ok()?;
        let kind = answer.decisions().first().map(Decision::kind)?;
        if self.looked_into.contains_key(kind) {
            return None;
        }
        new.clear();
        if decided {
            lines.answer(&self.engine, &answer, new).ok()?;
            return (new == parts.decision).then_some(());
        }
        line.clear();
        answer.write_json_line(self.engine.languages().next().unwrap_or("en"), line);
        lines.writer.write(line.as_bytes(), Part::Decision, &mut Said, new).ok()?;
        recorded.clear();
        lines.writer.write(parts.decision, Part::Decision, &mut Said, recorded).ok()?;
        (new == recorded).then_some(())
    }

    fn cut<'p>(&self, payload: &'p [u8], decided: bool) -> Option<Parts<'p>> {
        let rest = if decided { payload.get(self.begin.len()..)? } else { self.after_bundle(payload)? };
        let at = self.after_decision.find(rest)?;
        let decision = rest.get(..at)?;
        let rest = rest.get(at.saturating_add(self.after_decision.needle().len())..)?;
        let at = memchr::memchr(b'"', rest)?;
        let received = rest.get(..at)?;
        let rest = rest.get(at..)?.strip_prefix(BEFORE_REQUEST)?.strip_suffix(b"}")?;
        let at = memchr::memrchr(b',', rest)?;
        let number = rest.get(at..)?.strip_prefix(b",\"seq\":")?;
        let digits = !number.is_empty() && number.len() < 20 && number.iter().all(u8::is_ascii_digit);
        (digits && plain(received)).then_some(Parts { decision, request: rest.get(..at)? })
    }

    /// What follows the name of a bundle: three plain texts, whose values the other way of reading looks at.
    fn after_bundle<'p>(&self, payload: &'p [u8]) -> Option<&'p [u8]> {
        let rest = payload.strip_prefix(b"{\"bundle\":")?;
        let at = self.end_of_bundle.find(rest)?;
        let bundle = rest.get(..at.saturating_add(1))?;
        serde_json::from_slice::<super::entry::BundleName>(bundle).ok().filter(|_| plain(bundle))?;
        rest.get(at.saturating_add(DECISION.len())..)
    }

    fn slowly(&self, payload: &[u8], openings: Option<&[u8]>, tally: &mut Tally) -> Result<(), RecordError> {
        let entry = Entry::parse(payload)?;
        let request: Json = serde_json::from_str(entry.request.get()).unwrap_or_default();
        if is_whole(&request) {
            tally.invalid = tally.invalid.saturating_add(1);
            return Ok(());
        }
        let openings: Openings = openings.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
        let again = self.again(&request, &openings);
        if !again.withheld.is_empty() {
            tally.undecided(entry.seq, &again.withheld);
            return Ok(());
        }
        let new = again.json()?;
        let identical = canonical(&new)? == entry.decision.get().as_bytes();
        if *self.engine.bundle().digest == *entry.bundle.digest {
            tally.same_bundle = tally.same_bundle.saturating_add(1);
            if !identical {
                tally.different = tally.different.saturating_add(1);
                let first = tally.first.take().filter(|first| first.seq < entry.seq);
                tally.first = Some(match first {
                    Some(first) => first,
                    None => Box::new(difference(&entry, &new)?),
                });
            }
        }
        if identical { Ok(()) } else { tally.compare(&entry, &new) }
    }

    /// Decides a recorded request again.
    #[must_use]
    pub fn again(&self, request: &Json, openings: &Openings) -> Again {
        let asked = reveal(request, openings).to_string().into_bytes();
        let answer = self.engine.decide_json(&asked);
        Again { withheld: self.withheld(request, openings), asked, answer }
    }

    /// The engine that decides.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The paths of the private facts that the bundle looks into and that are not kept.
    fn withheld(&self, request: &Json, openings: &Openings) -> Vec<Arc<str>> {
        let kind = request.get("kind").and_then(Json::as_str).unwrap_or_default();
        let Some(looked_into) = self.looked_into.get(kind) else { return Vec::new() };
        let Some(shape) = self.engine.shapes().get(kind) else { return Vec::new() };
        let (kept, mut found) = (kept(request, openings), BTreeSet::new());
        withheld(request, Place::Keys(shape), &|committed| kept.contains_key(committed), &mut found);
        found.intersection(looked_into).map(|ix| self.engine.checked().path(*ix)).collect()
    }
}

fn plain(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != b'\\')
}

/// After the bundle of an entry: its closing brace, and the key of the decision.
const DECISION: &[u8] = b"},\"decision\":";

/// Leaves out of a decision what two bundles may word differently: the name of the bundle, places in its files, messages.
struct Said;

/// What stands at a place of a decision.
#[derive(Clone, Copy)]
enum Part {
    Decision,
    /// Reasons or obligations.
    Listed,
    LeftOut,
    Said,
}

impl Along for Said {
    type Place = Part;

    fn key(&mut self, place: Part, key: &str) -> Part {
        match (place, key) {
            (Part::Decision, "reasons" | "obligations") => Part::Listed,
            (Part::Decision, "bundle") | (Part::Listed, "source" | "message") | (Part::LeftOut, _) => Part::LeftOut,
            _ => Part::Said,
        }
    }

    fn element(&mut self, place: Part, _number: usize) -> Part {
        place
    }

    fn leave(&mut self) {}

    fn text(&mut self, place: Part, _text: &str, out: &mut Vec<u8>) -> Result<bool, RecordError> {
        let left_out = matches!(place, Part::LeftOut);
        if left_out {
            out.extend_from_slice(b"\"\"");
        }
        Ok(left_out)
    }
}

/// A recorded request, decided again.
pub struct Again {
    /// The request as it was decided: kept values in their places, and for the others a text that stands for them.
    pub asked: Vec<u8>,
    /// The answer.
    pub answer: Result<Answer, RequestError>,
    /// Private facts that the bundle looks into and that are not kept: the answer says nothing when there are any.
    pub withheld: Vec<Arc<str>>,
}

impl Again {
    /// The decision as entries hold it.
    fn json(&self) -> Result<Json, RecordError> {
        match &self.answer {
            Ok(answer) => Ok(super::entry::exact(serde_json::to_value(answer).unwrap_or_default())),
            Err(error) => Ok(error.to_json()),
        }
    }

    /// Why this answer is not the one that is recorded; `None` when it is.
    ///
    /// # Errors
    /// When the entry does not read.
    pub fn differs(&self, entry: &Entry<'_>) -> Result<Option<String>, RecordError> {
        if !self.withheld.is_empty() {
            return Ok(Some(cannot(&self.withheld)));
        }
        let new = self.json()?;
        if canonical(&new)? == entry.decision.get().as_bytes() {
            return Ok(None);
        }
        let Difference { path, before, after, why, .. } = difference(entry, &new)?;
        Ok(Some(format!("at `{path}` recorded {before}, now {after}: {why}")))
    }
}

/// Says that an entry cannot be decided again.
#[must_use]
pub fn cannot(withheld: &[Arc<str>]) -> String {
    let paths = withheld.join("`, `");
    format!("it cannot be decided again: the bundle looks into `{paths}`, of which only a commitment is kept")
}

fn difference(entry: &Entry<'_>, new: &Json) -> Result<Difference, RecordError> {
    let old: Json = serde_json::from_str(entry.decision.get()).map_err(|error| RecordError::Unreadable {
        what: format!("the decision of entry {}", entry.seq),
        why: format!("{:?} error", error.classify()).to_lowercase(),
    })?;
    let (path, before, after) = first_difference(&old, new);
    let why = if entry.engine != env!("CARGO_PKG_VERSION") {
        format!("engine {} decided, this is engine {}", entry.engine, env!("CARGO_PKG_VERSION"))
    } else {
        "the entry was altered; `clausal log verify` tells".into()
    };
    Ok(Difference { seq: entry.seq, path, before, after, why })
}
