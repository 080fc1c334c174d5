//! Which entries? By id, order, customer, actor, rule, clause, outcome, reason, kind and time.

use serde_json::Value as Json;

use crate::model::time::Timestamp;

use super::entry::Entry;
use super::error::RecordError;
use super::mask::{Opening, Openings, committed, opens};
use super::store::Row;

/// What stands for an outcome where a request could not be decided.
pub const INVALID: &str = "invalid";

/// What entries are looked for; everything that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// The id of the request.
    pub id: Option<String>,
    /// The id, or other id, of an order.
    pub order: Option<String>,
    /// The customer, by tenant, domain or name.
    pub customer: Option<String>,
    /// The id of who asked.
    pub actor: Option<String>,
    /// The kind of request.
    pub kind: Option<String>,
    /// A rule that decided, `policy/id`.
    pub rule: Option<String>,
    /// A clause that a reason or obligation rests on, `source#number` or the number.
    pub clause: Option<String>,
    /// The outcome of a part, or `invalid` for a request that could not be decided.
    pub outcome: Option<String>,
    /// A reason code.
    pub reason: Option<String>,
    /// Received at this instant, or on this day, or later.
    pub from: Option<Timestamp>,
    /// Received at this instant, or on this day, or earlier.
    pub to: Option<Timestamp>,
}

impl Query {
    /// Whether an entry is one of those looked for. Private values are compared by their commitments.
    ///
    /// # Errors
    /// When the entry does not read.
    pub fn matches(&self, row: &Row) -> Result<bool, RecordError> {
        let Some(payload) = &row.payload else { return Ok(false) };
        // Most entries are not looked for: what is public must stand in the text as JSON writes it.
        if !self.words().all(|word| contains(payload, &word)) {
            return Ok(false);
        }
        let entry = Entry::parse(payload)?;
        if !self.in_time(&entry.received) {
            return Ok(false);
        }
        let request: Json = serde_json::from_str(entry.request.get()).unwrap_or_default();
        let openings: Openings =
            row.openings.as_deref().and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
        let decisions = entry.decisions()?;
        Ok(self.in_request(&request, &openings) && self.in_decisions(&decisions))
    }

    fn words(&self) -> impl Iterator<Item = String> {
        let outcome = self.outcome.as_ref().filter(|outcome| *outcome != INVALID);
        let public = [
            self.id.as_ref(),
            self.order.as_ref(),
            self.kind.as_ref(),
            self.rule.as_ref(),
            outcome,
            self.reason.as_ref(),
        ];
        public.into_iter().flatten().map(|word| Json::from(word.as_str()).to_string())
    }

    fn in_time(&self, received: &str) -> bool {
        let Some(received) = Timestamp::parse(received) else { return false };
        self.from.is_none_or(|from| !from.is_after(received)) && self.to.is_none_or(|to| !received.is_after(to))
    }

    fn in_request(&self, request: &Json, openings: &Openings) -> bool {
        let is = |path: &str, json: &Json, wanted: &str| match (json.as_str(), committed(json)) {
            (Some(text), _) => text == wanted,
            (None, Some(known)) => openings.get(path).is_some_and(|opening: &Opening| opens(opening, wanted, known)),
            _ => false,
        };
        let any = |wanted: &Option<String>, chosen: &dyn Fn(&str) -> bool| {
            wanted
                .as_ref()
                .is_none_or(|wanted| leaves(request).iter().any(|(path, json)| chosen(path) && is(path, json, wanted)))
        };
        any(&self.id, &|path| path == "id")
            && any(&self.kind, &|path| path == "kind")
            && any(&self.actor, &|path| path == "actor.id")
            && any(&self.customer, &|path| {
                path.starts_with("customer.") || path.rsplit('.').next() == Some("customer_tenant_id")
            })
            && any(&self.order, &|path| {
                let last = path.rsplit('.').next();
                path.starts_with("order") && (last == Some("id") || last == Some("alternate_id"))
            })
    }

    fn in_decisions(&self, decisions: &[Json]) -> bool {
        let outcome = |decision: &Json, wanted: &str| match wanted {
            INVALID => decision.get("error").is_some(),
            _ => decision.get("outcome").is_some_and(|json| json == wanted),
        };
        let reason = |decision: &Json, key: &str, wanted: &str| {
            list(decision, "reasons").iter().any(|reason| reason.get(key).is_some_and(|json| json == wanted))
        };
        let clause = |decision: &Json, wanted: &str| {
            let rests = ["reasons", "obligations"].into_iter().flat_map(|part| list(decision, part));
            rests
                .flat_map(|item| list(item, "clauses"))
                .filter_map(Json::as_str)
                .any(|clause| clause == wanted || clause.rsplit_once('#').is_some_and(|(_, number)| number == wanted))
        };
        decisions.iter().any(|decision| {
            self.outcome.as_ref().is_none_or(|wanted| outcome(decision, wanted))
                && self.reason.as_ref().is_none_or(|wanted| reason(decision, "code", wanted))
                && self.rule.as_ref().is_none_or(|wanted| reason(decision, "rule", wanted))
                && self.clause.as_ref().is_none_or(|wanted| clause(decision, wanted))
        })
    }
}

/// The elements of a list by its key; none when there is no such list.
#[must_use]
pub fn list<'j>(json: &'j Json, key: &str) -> &'j [Json] {
    json.get(key).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The leaves of a request with their dotted paths; a commitment is a leaf.
#[must_use]
pub fn leaves(request: &Json) -> Vec<(String, &Json)> {
    let (mut open, mut out) = (vec![(String::new(), request)], Vec::new());
    while let Some((path, json)) = open.pop() {
        let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        match json {
            Json::Object(map) if committed(json).is_none() => {
                open.extend(map.iter().map(|(key, value)| (below(key), value)));
            }
            Json::Array(items) => {
                open.extend(items.iter().enumerate().map(|(n, item)| (below(&n.to_string()), item)));
            }
            _ => out.push((path, json)),
        }
    }
    out
}

fn contains(text: &[u8], word: &str) -> bool {
    let word = word.as_bytes();
    let Some(first) = word.first() else { return true };
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        let Some(found) = rest.get(at..) else { return false };
        if found.starts_with(word) {
            return true;
        }
        rest = found.get(1..).unwrap_or_default();
    }
    false
}
