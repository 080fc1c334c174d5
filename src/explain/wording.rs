//! The parts of an explanation in words: values, states, what is wanted, periods, changes.

use std::sync::Arc;

use crate::bundle::checked::{Bundle, Comparison};
use crate::decide::parts::{Label, PartOf};
use crate::model::clause::ClauseRef;
use crate::model::decision::Outcome;
use crate::model::value::{Type, Value};

use super::changes::{Change, ChangedFact, Obstacle};
use super::explanation::{EffectKind, RetiredExplained, RuleExplained};
use super::phrases::{counted, phrase};
use super::trace::{EntryUsed, FactState, Given, Holds, Input, PeriodExplained, RowUsed, Step, Wanted, What};
use super::words::display;

/// The most values of a list that are written out.
const MOST_SHOWN: usize = 8;

/// What a rule makes of a test.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// It is to pass.
    Wanted,
    /// The rule denies where it does not pass.
    Required,
    /// It is not to pass.
    Opposite,
}

impl Sense {
    /// A test under `not` of a rule that denies is what the rule requires; `require:` is read so.
    pub fn of(rule: &RuleExplained, negated: bool) -> Self {
        match (negated, &rule.effect) {
            (false, _) => Self::Wanted,
            (true, EffectKind::Deny(_)) => Self::Required,
            (true, _) => Self::Opposite,
        }
    }
}

/// A bundle and the language in which it is spoken of.
#[derive(Clone, Copy)]
pub struct Wording<'a> {
    pub bundle: &'a Bundle,
    pub language: &'a str,
}

impl Wording<'_> {
    /// A phrase of the engine's catalogue.
    pub fn say(self, id: &str, args: &[(&'static str, &str)]) -> String {
        phrase(self.language, id, args)
    }

    /// A text by language, in this one or the bundle's first.
    pub fn spoken(self, texts: &std::collections::BTreeMap<Arc<str>, Arc<str>>) -> Option<Arc<str>> {
        let first = self.bundle.languages.first();
        texts.get(self.language).or_else(|| texts.get(first?)).cloned()
    }

    /// What a clause says, in the bundle's own words.
    pub fn clause(self, clause: &ClauseRef) -> Option<Arc<str>> {
        self.spoken(&self.bundle.sources.get(&clause.source)?.clauses.get(&clause.number)?.gist)
    }

    /// What a fact is.
    pub fn fact(self, path: &str) -> Option<Arc<str>> {
        self.spoken(&self.bundle.fact(self.bundle.fact_at(path)?)?.gist)
    }

    /// What a setting means.
    pub fn setting(self, name: &str) -> Option<Arc<str>> {
        self.spoken(&self.bundle.settings.get(name)?.gist)
    }

    fn type_of(self, path: &str) -> Type {
        if let Some(fact) = self.bundle.fact_at(path).and_then(|ix| self.bundle.fact(ix)) {
            return fact.type_.clone();
        }
        if let Some(result) = self.bundle.results.get(path) {
            return result.type_.clone();
        }
        let cell = path.split_once('.').and_then(|(root, column)| {
            if root == "settings" {
                return self.bundle.settings.get(column).map(|setting| &setting.type_);
            }
            let table = self.bundle.tables.iter().find(|table| &*table.name == root)?;
            table.gives.iter().find(|(name, _)| &**name == column).map(|(_, type_)| type_)
        });
        cell.cloned().unwrap_or(Type::Text)
    }

    /// A value of a fact, cell, setting or result: its name, and its code where that is another word.
    pub fn value(self, path: &str, value: &Value) -> String {
        self.typed(&self.type_of(path), value)
    }

    fn typed(self, type_: &Type, value: &Value) -> String {
        match (type_, value) {
            (_, Value::Set(items)) if items.is_empty() => self.say("value-empty", &[]),
            (Type::Set(inner), Value::Set(items)) => self.listed(items.iter().map(|item| self.typed(inner, item))),
            (Type::Symbol(_), Value::Symbol(code)) => {
                let name = display(self.bundle, self.language, type_, value);
                if name == **code { name } else { format!("{name} ({code})") }
            }
            (Type::Text, Value::Text(text)) => format!("“{text}”"),
            _ => value.to_string(),
        }
    }

    fn listed(self, items: impl ExactSizeIterator<Item = String>) -> String {
        let more = items.len().saturating_sub(MOST_SHOWN);
        let mut out = items.take(MOST_SHOWN).collect::<Vec<_>>().join(", ");
        if more > 0 {
            out.push_str(", ");
            out.push_str(&counted(self.language, "and-more", more));
        }
        out
    }

    fn member(self, path: &str, value: &Value) -> String {
        match self.type_of(path) {
            Type::Set(inner) => self.typed(&inner, value),
            type_ => self.typed(&type_, value),
        }
    }

    fn members(self, path: &str, values: &[Value]) -> String {
        self.listed(values.iter().map(|value| self.member(path, value)))
    }

    /// The state of a fact.
    pub fn state(self, path: &str, state: &FactState) -> String {
        match state {
            FactState::Known(value) => self.value(path, value),
            FactState::Private => self.say("state-private", &[]),
            FactState::Absent => self.say("state-absent", &[]),
            FactState::Missing(bases) if bases.iter().all(|base| &**base == path) => self.say("state-missing", &[]),
            FactState::Missing(bases) => self.say("state-missing-bases", &[("facts", &bases.join(", "))]),
            FactState::Unrecognised { written, candidates } if candidates.is_empty() => {
                self.say("state-unrecognised", &[("written", written)])
            }
            FactState::Unrecognised { written, candidates } => {
                let names = candidates.iter().map(|code| self.value(path, &Value::Symbol(Arc::clone(code))));
                self.say("state-ambiguous", &[("written", written), ("candidates", &self.listed(names))])
            }
            FactState::Failed(error) => self.say("state-failed", &[("error", error)]),
        }
    }

    /// What a test wants.
    pub fn wanted(self, path: &str, wanted: &Wanted) -> String {
        match wanted {
            Wanted::OneOf(values) if values.len() == 1 => self.members(path, values),
            Wanted::OneOf(values) => self.say("wanted-one-of", &[("values", &self.members(path, values))]),
            Wanted::InList(list) => self.say("wanted-in-list", &[("list", list)]),
            Wanted::Compare(how, limit) => self.compared(*how, &self.value(path, limit)),
            Wanted::CompareTable { comparison, cell, limit: Some(limit) } => {
                let limit = self.value(path, limit);
                self.compared(*comparison, &self.say("limit-of-cell", &[("limit", &limit), ("cell", cell)]))
            }
            Wanted::CompareTable { comparison, cell, limit: None } => self.compared(*comparison, cell),
            Wanted::AnyOf(values) if values.len() == 1 => {
                self.say("wanted-member", &[("value", &self.members(path, values))])
            }
            Wanted::AnyOf(values) => self.say("wanted-any-of", &[("values", &self.members(path, values))]),
            Wanted::AllOf(values) => self.say("wanted-all-of", &[("values", &self.members(path, values))]),
            Wanted::NoneOf(values) => self.say("wanted-none-of", &[("values", &self.members(path, values))]),
            Wanted::Present(true) => self.say("wanted-present", &[]),
            Wanted::Present(false) => self.say("wanted-absent", &[]),
            Wanted::Known(true) => self.say("wanted-known", &[]),
            Wanted::Known(false) => self.say("wanted-unknown", &[]),
            Wanted::Not(inner) => self.say("wanted-not", &[("wanted", &self.wanted(path, inner))]),
            Wanted::All(all) => {
                let all: Vec<String> = all.iter().map(|wanted| self.wanted(path, wanted)).collect();
                all.join(&self.say("and", &[]))
            }
        }
    }

    fn compared(self, how: Comparison, limit: &str) -> String {
        match how {
            Comparison::AtLeast => self.say("wanted-at-least", &[("limit", limit)]),
            Comparison::AtMost => self.say("wanted-at-most", &[("limit", limit)]),
            Comparison::MoreThan => self.say("wanted-more-than", &[("limit", limit)]),
            Comparison::LessThan => self.say("wanted-less-than", &[("limit", limit)]),
            Comparison::Equal => limit.to_owned(),
        }
    }

    /// One test: the fact, what it is, what was wanted.
    pub fn step(self, step: &Step, sense: Sense) -> String {
        let not = |wanted: String| match sense {
            Sense::Opposite => self.say("wanted-not", &[("wanted", &wanted)]),
            Sense::Wanted | Sense::Required => wanted,
        };
        let id = if sense == Sense::Required { "step-required" } else { "step-test" };
        match &step.what {
            What::Fact { path, is, wanted, .. } => {
                let (is, wanted) = (self.state(path, is), not(self.wanted(path, wanted)));
                self.say(id, &[("what", path), ("is", &is), ("wanted", &wanted)])
            }
            What::Setting { name, is, wanted } => {
                let path = format!("settings.{name}");
                let (is, wanted) = (self.value(&path, is), not(self.members(&path, wanted)));
                self.say(id, &[("what", &path), ("is", &is), ("wanted", &wanted)])
            }
            What::Script { text, inputs } => {
                let id = match sense {
                    Sense::Wanted => "step-script",
                    Sense::Required => "step-script-required",
                    Sense::Opposite => "step-script-not",
                };
                self.with_inputs(&self.say(id, &[("script", &one_line(text))]), inputs)
            }
            What::All(_) | What::Any(_) | What::Not(_) => String::new(),
        }
    }

    /// What was said of a script, and the values it read.
    fn with_inputs(self, said: &str, inputs: &[Input]) -> String {
        if inputs.is_empty() {
            return said.to_owned();
        }
        let one =
            |input: &Input| self.say("input", &[("what", &input.path), ("is", &self.state(&input.path, &input.is))]);
        let inputs: Vec<String> = inputs.iter().map(one).collect();
        self.say("step-with", &[("said", said), ("inputs", &inputs.join("; "))])
    }

    /// Where the value of a fact or result comes from; nothing for what the request states.
    pub fn given(self, given: &Given) -> Option<String> {
        match given {
            Given::Stated | Given::Unstated | Given::Constant => None,
            Given::Ignored(written) => Some(self.say("given-ignored", &[("written", written)])),
            Given::Default => Some(self.say("given-default", &[])),
            Given::TakenFrom(path) => Some(self.say("given-taken-from", &[("fact", path)])),
            Given::Computed { text, inputs } => {
                Some(self.with_inputs(&self.say("given-computed", &[("script", &one_line(text))]), inputs))
            }
        }
    }

    /// What a rule does.
    pub fn effect(self, effect: &EffectKind) -> String {
        match effect {
            EffectKind::Permit(code) => self.say("effect-permit", &[("code", code)]),
            EffectKind::Deny(code) => self.say("effect-deny", &[("code", code)]),
            EffectKind::Refer(code) => self.say("effect-refer", &[("code", code)]),
            EffectKind::Ask(code) => self.say("effect-ask", &[("code", code)]),
            EffectKind::Attach(outcome) => self.say("effect-attach", &[("outcome", &self.outcome(*outcome))]),
        }
    }

    /// An outcome.
    pub fn outcome(self, outcome: Outcome) -> String {
        match outcome {
            Outcome::Permit => self.say("outcome-permit", &[]),
            Outcome::Deny => self.say("outcome-deny", &[]),
            Outcome::NeedsInformation => self.say("outcome-needs-information", &[]),
            Outcome::Refer => self.say("outcome-refer", &[]),
            Outcome::NotCovered => self.say("outcome-not-covered", &[]),
        }
    }

    /// A period, by which fact it is read, and what that fact is.
    pub fn period(self, period: &PeriodExplained) -> String {
        let when = match (&period.from, &period.until) {
            (Some(from), Some(until)) => {
                self.say("period-between", &[("from", &from.to_string()), ("until", &until.to_string())])
            }
            (Some(from), None) => self.say("period-from", &[("from", &from.to_string())]),
            (None, Some(until)) => self.say("period-until", &[("until", &until.to_string())]),
            (None, None) => self.say("period-always", &[]),
        };
        let is = self.state(&period.dated_by, &period.is);
        self.say("period-by", &[("when", &when), ("fact", &period.dated_by), ("is", &is)])
    }

    /// A table row that was looked up.
    pub fn row(self, row: &RowUsed) -> String {
        let cell = |(column, value): &(Arc<str>, Value)| {
            format!("{column} {}", self.value(&format!("{}.{column}", row.table), value))
        };
        let values: Vec<String> = row.values.iter().map(cell).collect();
        let said = self.say(
            match row.holds {
                Holds::Yes => "row-applies",
                Holds::No => "row-not-in-force",
                Holds::Undetermined(_) | Holds::Failed(_) => "row-may-apply",
            },
            &[("table", &row.table), ("place", &row.place.to_string()), ("values", &values.join(", "))],
        );
        let said = self.with_period(said, row.period.as_ref());
        self.with_evidence(said, row.evidence.as_ref()) + self.cited(&row.clauses).as_str()
    }

    /// A list entry that bears the value.
    pub fn entry(self, entry: &EntryUsed) -> String {
        let list = self.bundle.lists.iter().find(|list| list.name == entry.list);
        let value = list.map_or_else(|| entry.value.to_string(), |list| self.typed(&list.type_, &entry.value));
        let args = [("list", &*entry.list), ("value", &value), ("place", &entry.place.to_string())];
        let said = self.with_period(self.say("entry", &args), entry.period.as_ref());
        self.with_evidence(said, entry.evidence.as_ref()) + self.cited(&entry.clauses).as_str()
    }

    /// Why an overlay holds that a rule does not apply.
    pub fn retired(self, retired: &RetiredExplained) -> String {
        let args = [("reason", &*retired.reason), ("place", &retired.place.to_string())];
        self.with_period(self.say("retired", &args), retired.period.as_ref())
    }

    fn with_evidence(self, said: String, evidence: Option<&String>) -> String {
        match evidence {
            Some(evidence) => format!("{said}; {}", self.say("rests-on", &[("evidence", evidence)])),
            None => said,
        }
    }

    fn with_period(self, said: String, period: Option<&PeriodExplained>) -> String {
        match period {
            Some(period) => format!("{said}; {}", self.period(period)),
            None => said,
        }
    }

    fn cited(self, clauses: &[ClauseRef]) -> String {
        let all: Vec<String> = clauses.iter().map(ToString::to_string).collect();
        if all.is_empty() { String::new() } else { format!(" · {}", all.join(", ")) }
    }

    /// A part of a request.
    pub fn part(self, part: &[PartOf]) -> String {
        let one = |part: &PartOf| match &part.label {
            Label::Number(number) => format!("{} {number}", part.list),
            Label::Text(text) => format!("{} {text}", part.list),
        };
        part.iter().map(one).collect::<Vec<_>>().join(" · ")
    }

    /// A change of one or two facts.
    pub fn change(self, change: &Change) -> String {
        let facts: Vec<String> = change.facts.iter().map(|fact| self.changed_fact(fact)).collect();
        facts.join(&self.say("and", &[]))
    }

    fn changed_fact(self, fact: &ChangedFact) -> String {
        let path = &*fact.path;
        let to = match &fact.to.same_as {
            Some(other) => self.say("value-same-as", &[("fact", other)]),
            None => self.value(path, &fact.to.value),
        };
        let now = match &fact.from {
            FactState::Known(Value::Set(now)) => Some(now.clone()),
            FactState::Missing(_) | FactState::Absent => Some(std::collections::BTreeSet::new()),
            _ => None,
        };
        if let (Some(now), Value::Set(to)) = (now, &fact.to.value) {
            let members = |items: Vec<Value>| self.members(path, &items);
            let added: Vec<Value> = to.difference(&now).cloned().collect();
            let removed: Vec<Value> = now.difference(to).cloned().collect();
            return match (added.is_empty() || now.is_empty(), removed.is_empty()) {
                (false, true) => self.say("change-add", &[("fact", path), ("values", &members(added))]),
                (true, false) => self.say("change-remove", &[("fact", path), ("values", &members(removed))]),
                _ => self.say("change-give", &[("fact", path), ("to", &self.value(path, &fact.to.value))]),
            };
        }
        match (&fact.from, fact.to.any, path) {
            (FactState::Known(_), false, "at") => self.say("change-wait", &[("to", &to)]),
            (_, true, _) => self.say("change-any", &[("fact", path), ("to", &to)]),
            (FactState::Missing(_) | FactState::Absent, false, _) => {
                self.say("change-give", &[("fact", path), ("to", &to)])
            }
            (from, false, _) => {
                self.say("change-set", &[("fact", path), ("to", &to), ("from", &self.state(path, from))])
            }
        }
    }

    /// Why a rule cannot be got out of the way, one sentence each.
    pub fn obstacle(self, obstacle: &Obstacle) -> Vec<String> {
        let mut out = Vec::new();
        if let Some(day) = obstacle.last_day {
            out.push(self.say("obstacle-last-day", &[("day", &day.to_string())]));
        }
        if !obstacle.fixed.is_empty() {
            out.push(self.say("obstacle-fixed", &[("facts", &obstacle.fixed.join(", "))]));
        }
        if !obstacle.changeable.is_empty() {
            out.push(self.say("obstacle-changeable", &[("facts", &obstacle.changeable.join(", "))]));
        }
        out
    }
}

/// A script on one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
