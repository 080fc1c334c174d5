//! What a replay counts: the differences, grouped, and the money by currency.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::Value as Json;

use super::entry::Entry;
use super::error::RecordError;
use super::find::list;

/// Groups that are told apart; what is beyond is counted together, so that memory is bounded.
const GROUPS: usize = 10_000;
/// Entries that are named for a group.
const NAMED: usize = 3;

/// What a replay found.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Entries read.
    pub entries: u64,
    /// Entries whose request could not be decided when it was recorded, which nothing is compared for.
    pub invalid: u64,
    /// Entries that the same bundle decided again.
    pub same_bundle: u64,
    /// Entries of them whose decision is not the same, byte for byte.
    pub different: u64,
    /// The first of them.
    pub first: Option<Box<Difference>>,
    /// Entries that cannot be decided again, because the bundle looks into private facts that are not kept.
    pub undecided: u64,
    /// How many of them, and the first, by the path of such a fact.
    pub withheld: BTreeMap<String, Group>,
    /// Decisions that change in what they say: outcome, reasons, results, obligations.
    pub changed: u64,
    /// The changes, grouped.
    pub groups: BTreeMap<Change, Group>,
    /// The credit of the decisions that change, by currency: before and after.
    pub money: BTreeMap<String, Money>,
}

/// A kind of change.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The kind of request.
    pub kind: String,
    /// The outcome that is recorded.
    pub before: String,
    /// The outcome now.
    pub after: String,
    /// The reason codes that are recorded.
    pub reasons_before: Vec<String>,
    /// The reason codes now.
    pub reasons_after: Vec<String>,
    /// The facts that are recorded as missing.
    pub missing_before: Vec<String>,
    /// The facts that are missing now.
    pub missing_after: Vec<String>,
}

/// How often a change occurs, and where first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// How often.
    pub count: u64,
    /// The first entries.
    pub entries: Vec<u64>,
}

impl Group {
    fn and(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.entries.extend(other.entries);
        self.entries.sort_unstable();
        self.entries.dedup();
        self.entries.truncate(NAMED);
    }
}

/// An amount before and after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Money {
    /// As recorded.
    pub before: Decimal,
    /// Now.
    pub after: Decimal,
}

/// The first difference between two decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The entry.
    pub seq: u64,
    /// The path in the decision.
    pub path: String,
    /// What is recorded there, as JSON.
    pub before: String,
    /// What is there now, as JSON.
    pub after: String,
    /// Why, as far as can be told.
    pub why: String,
}

impl Tally {
    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        let add = |a: &mut u64, b: u64| *a = a.saturating_add(b);
        add(&mut self.entries, other.entries);
        add(&mut self.invalid, other.invalid);
        add(&mut self.same_bundle, other.same_bundle);
        add(&mut self.different, other.different);
        add(&mut self.changed, other.changed);
        add(&mut self.undecided, other.undecided);
        for (path, group) in other.withheld {
            self.withheld.entry(path).or_default().and(group);
        }
        self.first = match (self.first, other.first) {
            (Some(a), Some(b)) => Some(if b.seq < a.seq { b } else { a }),
            (a, b) => a.or(b),
        };
        for (change, group) in other.groups {
            self.add_group(change, group);
        }
        for (currency, money) in other.money {
            let sum = self.money.entry(currency).or_default();
            sum.before = sum.before.saturating_add(money.before);
            sum.after = sum.after.saturating_add(money.after);
        }
        self
    }

    fn add_group(&mut self, change: Change, group: Group) {
        let change = match self.groups.len() < GROUPS || self.groups.contains_key(&change) {
            true => change,
            false => {
                let other = || "(others)".to_owned();
                Change { kind: other(), before: other(), after: other(), ..Change::default() }
            }
        };
        self.groups.entry(change).or_default().and(group);
    }

    /// An entry that cannot be decided again.
    pub(super) fn undecided(&mut self, seq: u64, withheld: &[Arc<str>]) {
        self.undecided = self.undecided.saturating_add(1);
        for path in withheld {
            self.withheld.entry(path.to_string()).or_default().and(Group { count: 1, entries: vec![seq] });
        }
    }

    /// Compares a recorded decision, part by part, with what it is now.
    pub(super) fn compare(&mut self, entry: &Entry<'_>, new: &Json) -> Result<(), RecordError> {
        let before = entry.decisions()?;
        let after = match new {
            Json::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let nothing = Json::Null;
        for at in 0..before.len().max(after.len()) {
            let old = before.get(at).unwrap_or(&nothing);
            // A request that the new bundle refuses as a whole is refused in every part.
            let refused = after.first().filter(|one| one.get("error").is_some());
            let new = after.get(at).or(refused).unwrap_or(&nothing);
            if said(old) == said(new) {
                continue;
            }
            self.changed = self.changed.saturating_add(1);
            let kind = [old, new].into_iter().find_map(|one| one.get("kind")?.as_str());
            let change = Change {
                kind: kind.unwrap_or("-").to_owned(),
                before: outcome(old),
                after: outcome(new),
                reasons_before: codes(old),
                reasons_after: codes(new),
                missing_before: missing(old),
                missing_after: missing(new),
            };
            self.add_group(change, Group { count: 1, entries: vec![entry.seq] });
            self.add_money(old, |money, amount| money.before = money.before.saturating_add(amount));
            self.add_money(new, |money, amount| money.after = money.after.saturating_add(amount));
        }
        Ok(())
    }

    fn add_money(&mut self, decision: &Json, add: impl Fn(&mut Money, Decimal)) {
        let result = |name: &str| decision.get("results")?.get(name)?.as_str();
        if let (Some(amount), Some(currency)) = (result("credit_amount"), result("credit_currency"))
            && let Ok(amount) = Decimal::from_str_exact(amount)
            && currency.len() == 3
        {
            add(self.money.entry(currency.to_owned()).or_default(), amount);
        }
    }
}

/// What a decision says, without what only names the bundle: its identity, and places in its files.
fn said(decision: &Json) -> Vec<Option<Json>> {
    let reasons = |key: &str| decision.get("reasons").map(|_| pick(decision, "reasons", key));
    let keys = ["part", "outcome", "results", "missing", "error"].into_iter().map(|key| decision.get(key).cloned());
    keys.chain(["code", "rule", "clauses"].map(reasons)).chain([Some(pick(decision, "obligations", "code"))]).collect()
}

fn pick(decision: &Json, from: &str, key: &str) -> Json {
    list(decision, from).iter().map(|item| item.get(key).cloned().unwrap_or_default()).collect()
}

fn outcome(decision: &Json) -> String {
    let outcome = decision.get("outcome").and_then(Json::as_str);
    let word = match decision.get("error") {
        Some(_) => "invalid",
        None => "(none)",
    };
    outcome.unwrap_or(word).to_owned()
}

fn codes(decision: &Json) -> Vec<String> {
    list(decision, "reasons").iter().filter_map(|reason| Some(reason.get("code")?.as_str()?.to_owned())).collect()
}

fn missing(decision: &Json) -> Vec<String> {
    list(decision, "missing").iter().filter_map(|path| Some(path.as_str()?.to_owned())).collect()
}

/// The path of the first difference, and what is there on both sides.
#[must_use]
pub fn first_difference(old: &Json, new: &Json) -> (String, String, String) {
    let (mut old, mut new, mut path) = (old, new, String::new());
    let nothing = Json::Null;
    loop {
        let (key, next_old, next_new) = match (old, new) {
            (Json::Object(a), Json::Object(b)) => {
                let mut keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
                let Some(key) = keys.find(|key| a.get(*key) != b.get(*key)) else { break };
                (key.clone(), a.get(key).unwrap_or(&nothing), b.get(key).unwrap_or(&nothing))
            }
            (Json::Array(a), Json::Array(b)) => {
                let Some(at) = (0..a.len().max(b.len())).find(|at| a.get(*at) != b.get(*at)) else { break };
                (at.to_string(), a.get(at).unwrap_or(&nothing), b.get(at).unwrap_or(&nothing))
            }
            _ => break,
        };
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(&key);
        (old, new) = (next_old, next_new);
    }
    (path, old.to_string(), new.to_string())
}
