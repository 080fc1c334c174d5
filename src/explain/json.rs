//! An explanation as JSON: stable codes and values, words in one language beside them.

use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

use crate::bundle::checked::Comparison;
use crate::decide::parts::{Label, PartOf};
use crate::model::clause::ClauseRef;
use crate::model::value::Value;

use super::changes::{Change, Changes};
use super::explanation::{
    EffectKind, Explanation, FactExplained, ReasonExplained, ResultExplained, RetiredExplained, RuleExplained,
    SettingExplained, Standing,
};
use super::text::none_because;
use super::trace::{EntryUsed, FactState, Given, Holds, Input, PeriodExplained, RowUsed, Step, Wanted, What};
use super::wording::{Sense, Wording};

impl Explanation {
    /// The explanation as JSON; gists, messages and `words` are in a language.
    #[must_use]
    pub fn to_json(&self, language: &str) -> Json {
        let words = Wording { bundle: &self.bundle, language };
        let mut out = Map::new();
        let mut put = |key: &str, value: Json| out.insert(key.to_owned(), value);
        if let Some(id) = &self.id {
            put("id", json!(&**id));
        }
        put("kind", json!(&*self.kind));
        put("at", json!(&*self.at));
        if !self.part.is_empty() {
            put("part", part(&self.part));
        }
        put("outcome", json!(self.outcome.as_str()));
        put("reasons", self.reasons.iter().map(|one| self.reason(one, language)).collect());
        put("results", self.results.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect());
        let duty = |code: &Arc<str>| json!({ "code": &**code, "message": self.duty(code, language) });
        put("obligations", self.obligations.iter().map(duty).collect());
        put("missing", texts(&self.missing));
        put("rules", self.rules.iter().map(|one| rule(words, one)).collect());
        put("facts", self.facts.iter().map(|one| fact(words, one)).collect());
        put("settings", self.settings.iter().map(|one| setting(words, one)).collect());
        if let Some(found) = &self.changes {
            put("changes", changes(words, found));
        }
        let bundle = self.bundle();
        let (name, version, digest) = (&*bundle.name, &*bundle.version, &*bundle.digest);
        put("bundle", json!({ "name": name, "version": version, "digest": digest }));
        Json::Object(out)
    }

    fn reason(&self, reason: &ReasonExplained, language: &str) -> Json {
        let mut out = json!({ "code": &*reason.code, "message": self.message(reason, language) });
        add(&mut out, "rule", reason.rule.as_ref().map(|rule| json!(&**rule)));
        add(&mut out, "missing", some_texts(&reason.missing));
        add(&mut out, "error", reason.error.as_ref().map(|error| json!(error)));
        out
    }
}

fn add(to: &mut Json, key: &str, value: Option<Json>) {
    if let (Some(map), Some(value)) = (to.as_object_mut(), value) {
        map.insert(key.to_owned(), value);
    }
}

fn texts(items: &[Arc<str>]) -> Json {
    items.iter().map(|item| json!(&**item)).collect()
}

fn some_texts(items: &[Arc<str>]) -> Option<Json> {
    (!items.is_empty()).then(|| texts(items))
}

fn some<T>(items: &[T], one: impl Fn(&T) -> Json) -> Option<Json> {
    (!items.is_empty()).then(|| items.iter().map(one).collect())
}

fn values(items: &[Value]) -> Json {
    items.iter().map(Value::to_json).collect()
}

fn part(part: &[PartOf]) -> Json {
    let one = |part: &PartOf| match &part.label {
        Label::Number(number) => (part.list.to_string(), json!(number)),
        Label::Text(text) => (part.list.to_string(), json!(&**text)),
    };
    part.iter().map(one).collect()
}

fn clauses(words: Wording<'_>, clauses: &[ClauseRef]) -> Json {
    let one = |clause: &ClauseRef| {
        let mut out = json!({ "clause": clause.to_string() });
        add(&mut out, "gist", words.clause(clause).map(|gist| json!(&*gist)));
        out
    };
    clauses.iter().map(one).collect()
}

fn rule(words: Wording<'_>, rule: &RuleExplained) -> Json {
    let mut out = json!({
        "rule": &*rule.name,
        "source": rule.place.to_string(),
        "effect": effect(&rule.effect),
        "standing": rule.standing.as_str(),
        "decided": rule.decided,
        "clauses": clauses(words, &rule.clauses),
        "when": step(words, &rule.condition),
        "because": because(words, rule),
    });
    add(&mut out, "gist", words.spoken(&rule.gist).map(|gist| json!(&*gist)));
    add(&mut out, "asks", rule.asks.as_ref().map(|asks| step(words, asks)));
    add(&mut out, "in_force", some(&rule.periods, |one| period(words, one)));
    add(&mut out, "retired", some(&rule.retired, |one| retired(words, one)));
    add(&mut out, "evidence", rule.evidence.as_ref().map(|evidence| json!(evidence)));
    add(&mut out, "waits_for", some_texts(&rule.waits_for));
    add(&mut out, "failure", rule.failure.as_ref().map(|error| json!(error)));
    add(&mut out, "results", some(&rule.results, |one| result(words, one)));
    add(&mut out, "obligations", some_texts(&rule.obligations));
    out
}

fn retired(words: Wording<'_>, one: &RetiredExplained) -> Json {
    let mut out = json!({ "reason": &*one.reason, "source": one.place.to_string() });
    add(&mut out, "in_force", one.period.as_ref().map(|one| period(words, one)));
    out
}

fn effect(effect: &EffectKind) -> Json {
    match effect {
        EffectKind::Permit(code) => json!({ "permit": &**code }),
        EffectKind::Deny(code) => json!({ "deny": &**code }),
        EffectKind::Refer(code) => json!({ "refer": &**code }),
        EffectKind::Ask(code) => json!({ "ask": &**code }),
        EffectKind::Attach(outcome) => json!({ "attach": outcome.as_str() }),
    }
}

/// The telling tests in words, with their places.
fn because(words: Wording<'_>, rule: &RuleExplained) -> Json {
    let asked = rule.asks.as_ref().filter(|_| !matches!(rule.standing, Standing::NotMatched | Standing::NotInForce));
    let steps = [Some(&rule.condition).filter(|_| rule.standing != Standing::NotInForce), asked];
    let tests = steps.into_iter().flatten().flat_map(Step::telling);
    let one = |(test, negated): (&Step, bool)| {
        let mut out = json!({ "words": words.step(test, Sense::of(rule, negated)), "holds": holds(&test.holds) });
        add(&mut out, "source", test.place.as_ref().map(|place| json!(place.to_string())));
        out
    };
    tests.map(one).collect()
}

fn holds(holds: &Holds) -> Json {
    match holds {
        Holds::Yes => json!(true),
        Holds::No => json!(false),
        Holds::Undetermined(facts) => json!({ "undetermined": texts(facts) }),
        Holds::Failed(error) => json!({ "failed": error }),
    }
}

fn step(words: Wording<'_>, one: &Step) -> Json {
    let all = |parts: &[Step]| -> Json { parts.iter().map(|part| step(words, part)).collect() };
    let mut out = match &one.what {
        What::All(parts) => json!({ "all": all(parts) }),
        What::Any(parts) => json!({ "any": all(parts) }),
        What::Not(inner) => json!({ "not": step(words, inner) }),
        What::Fact { path, is, wanted, entries, rows } => {
            let mut out = json!({ "fact": &**path, "is": state(is), "wanted": self::wanted(wanted) });
            add(&mut out, "entries", some(entries, |one| entry(words, one)));
            add(&mut out, "rows", some(rows, |one| row(words, one)));
            out
        }
        What::Setting { name, is, wanted } => {
            json!({ "setting": &**name, "is": is.to_json(), "wanted": values(wanted) })
        }
        What::Script { text, inputs } => json!({ "script": &**text, "inputs": self::inputs(words, inputs) }),
    };
    add(&mut out, "holds", Some(holds(&one.holds)));
    add(&mut out, "source", one.place.as_ref().map(|place| json!(place.to_string())));
    out
}

fn wanted(one: &Wanted) -> Json {
    match one {
        Wanted::OneOf(items) => json!({ "one-of": values(items) }),
        Wanted::InList(list) => json!({ "list": &**list }),
        Wanted::Compare(how, limit) => json!({ comparison(*how): limit.to_json() }),
        Wanted::CompareTable { comparison: how, cell, limit } => {
            json!({ comparison(*how): limit.as_ref().map(Value::to_json), "cell": &**cell })
        }
        Wanted::AnyOf(items) => json!({ "any": values(items) }),
        Wanted::AllOf(items) => json!({ "all": values(items) }),
        Wanted::NoneOf(items) => json!({ "none": values(items) }),
        Wanted::Present(wanted) => json!({ "present": wanted }),
        Wanted::Known(wanted) => json!({ "known": wanted }),
        Wanted::Not(inner) => json!({ "not": self::wanted(inner) }),
        Wanted::All(items) => json!({ "every": items.iter().map(self::wanted).collect::<Vec<_>>() }),
    }
}

fn comparison(how: Comparison) -> &'static str {
    match how {
        Comparison::AtLeast => "at-least",
        Comparison::AtMost => "at-most",
        Comparison::MoreThan => "more-than",
        Comparison::LessThan => "less-than",
        Comparison::Equal => "is",
    }
}

fn state(state: &FactState) -> Json {
    match state {
        FactState::Known(value) => json!({ "known": value.to_json() }),
        FactState::Private => json!("private"),
        FactState::Absent => json!("absent"),
        FactState::Missing(facts) => json!({ "missing": texts(facts) }),
        FactState::Unrecognised { written, candidates } => {
            json!({ "unrecognised": &**written, "candidates": texts(candidates) })
        }
        FactState::Failed(error) => json!({ "failed": error }),
    }
}

fn inputs(words: Wording<'_>, inputs: &[Input]) -> Json {
    let one = |input: &Input| {
        let mut out = json!({ "path": &*input.path, "is": state(&input.is) });
        add(&mut out, "rows", some(&input.rows, |one| row(words, one)));
        out
    };
    inputs.iter().map(one).collect()
}

fn given(words: Wording<'_>, given: &Given) -> Json {
    match given {
        Given::Stated => json!("stated"),
        Given::Ignored(written) => json!({ "ignored": &**written }),
        Given::Unstated => json!("unstated"),
        Given::Default => json!("default"),
        Given::TakenFrom(path) => json!({ "taken-from": &**path }),
        Given::Constant => json!("constant"),
        Given::Computed { text, inputs } => json!({ "script": &**text, "inputs": self::inputs(words, inputs) }),
    }
}

fn period(words: Wording<'_>, one: &PeriodExplained) -> Json {
    let mut out = json!({
        "dated_by": &*one.dated_by,
        "is": state(&one.is),
        "holds": holds(&one.holds),
        "words": words.period(one),
    });
    add(&mut out, "from", one.from.map(|from| json!(from.to_string())));
    add(&mut out, "until", one.until.map(|until| json!(until.to_string())));
    out
}

fn entry(words: Wording<'_>, one: &EntryUsed) -> Json {
    let mut out = json!({
        "list": &*one.list,
        "value": one.value.to_json(),
        "source": one.place.to_string(),
        "clauses": clauses(words, &one.clauses),
    });
    add(&mut out, "in_force", one.period.as_ref().map(|one| period(words, one)));
    add(&mut out, "evidence", one.evidence.as_ref().map(|evidence| json!(evidence)));
    out
}

fn row(words: Wording<'_>, one: &RowUsed) -> Json {
    let cells: Json = one.values.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect();
    let mut out = json!({
        "table": &*one.table,
        "source": one.place.to_string(),
        "values": cells,
        "applies": holds(&one.holds),
        "clauses": clauses(words, &one.clauses),
    });
    add(&mut out, "in_force", one.period.as_ref().map(|one| period(words, one)));
    add(&mut out, "evidence", one.evidence.as_ref().map(|evidence| json!(evidence)));
    out
}

fn result(words: Wording<'_>, one: &ResultExplained) -> Json {
    json!({
        "name": &*one.name,
        "value": one.value.as_ref().map(Value::to_json),
        "from": given(words, &one.given),
        "carried": one.carried,
    })
}

fn fact(words: Wording<'_>, one: &FactExplained) -> Json {
    let mut out = json!({
        "fact": &*one.path,
        "is": state(&one.is),
        "from": given(words, &one.given),
        "fixed": one.fixed,
        "read": one.read,
    });
    add(&mut out, "gist", words.fact(&one.path).map(|gist| json!(&*gist)));
    out
}

fn setting(words: Wording<'_>, one: &SettingExplained) -> Json {
    let mut out = json!({
        "setting": &*one.name,
        "value": one.value.to_json(),
        "source": one.place.to_string(),
        "clauses": clauses(words, &one.clauses),
        "rules": texts(&one.rules),
    });
    add(&mut out, "choices", (!one.choices.is_empty()).then(|| values(&one.choices)));
    add(&mut out, "gist", words.setting(&one.name).map(|gist| json!(&*gist)));
    out
}

fn changes(words: Wording<'_>, found: &Changes) -> Json {
    let obstacle = |one: &super::changes::Obstacle| {
        json!({
            "rule": &*one.rule,
            "fixed": texts(&one.fixed),
            "changeable": texts(&one.changeable),
            "last_day": one.last_day.map(|day| day.to_string()),
            "words": words.obstacle(one),
        })
    };
    let mut out = json!({
        "to_permit": found.to_permit.iter().map(|one| change(words, one)).collect::<Vec<_>>(),
        "more": found.more,
        "onward": found.onward.iter().map(|one| onward(words, one)).collect::<Vec<_>>(),
        "supply": texts(&found.supply),
        "obstacles": found.obstacles.iter().map(obstacle).collect::<Vec<_>>(),
        "trials": found.trials,
        "complete": found.complete,
    });
    let none = found.to_permit.is_empty().then(|| json!(words.say(none_because(found), &[])));
    add(&mut out, "words", none);
    out
}

fn onward(words: Wording<'_>, one: &super::changes::Onward) -> Json {
    let mut out = change(words, &one.change);
    add(&mut out, "waits_for", Some(texts(&one.waits_for)));
    out
}

fn change(words: Wording<'_>, change: &Change) -> Json {
    let one = |fact: &super::changes::ChangedFact| {
        let mut out = json!({
            "fact": &*fact.path, "from": state(&fact.from), "to": fact.to.value.to_json(), "any": fact.to.any,
        });
        add(&mut out, "same_as", fact.to.same_as.as_ref().map(|path| json!(&**path)));
        out
    };
    json!({ "facts": change.facts.iter().map(one).collect::<Vec<_>>(), "words": words.change(change) })
}
