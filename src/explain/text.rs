//! An explanation as a sheet that a person reads.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::clause::ClauseRef;

use super::changes::{Changes, Obstacle};
use super::explanation::{Explanation, FactExplained, ReasonExplained, ResultExplained, RuleExplained, Standing};
use super::phrases::counted;
use super::trace::{FactState, Given, Holds, PeriodExplained, Step, What};
use super::wording::{Sense, Wording};
use super::words::{Subject, message};

/// Lines, each indented by its depth.
#[derive(Default)]
struct Sheet {
    out: String,
}

impl Sheet {
    fn line(&mut self, depth: usize, text: &str) {
        for _ in 0..depth {
            self.out.push_str("  ");
        }
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn head(&mut self, text: &str) {
        self.out.push('\n');
        self.line(0, text);
    }
}

impl Explanation {
    /// The explanation as text for people: the decision, every rule, the facts, and what would have to change. The fixed
    /// words are in English where the engine does not speak the language.
    #[must_use]
    pub fn to_text(&self, language: &str) -> String {
        let mut sheet = Sheet::default();
        let words = Wording { bundle: &self.bundle, language };
        self.write_decision(&mut sheet, words);
        self.write_rules(&mut sheet, words, None, "head-decided");
        for standing in Standing::ALL {
            self.write_rules(&mut sheet, words, Some(standing), head(standing));
        }
        self.write_facts(&mut sheet, words);
        self.write_settings(&mut sheet, words);
        if let Some(changes) = &self.changes {
            sheet.head(&words.say("head-changes", &[]));
            write_changes(&mut sheet, words, self, changes);
        }
        sheet.out
    }

    /// The message of a reason, in a language of the bundle.
    #[must_use]
    pub fn message(&self, reason: &ReasonExplained, language: &str) -> String {
        let missing = reason.missing.iter().filter_map(|path| self.bundle.fact_at(path)).collect();
        self.words_of(
            &format!("reason-{}", reason.code),
            reason.rule.as_deref(),
            &missing,
            reason.error.as_deref(),
            language,
        )
    }

    /// The message of an obligation or advice of the decision, in a language of the bundle.
    #[must_use]
    pub fn duty(&self, code: &str, language: &str) -> String {
        let advice = self.bundle.obligations.get(code).is_some_and(|def| def.advice);
        let id = format!("{}-{code}", if advice { "advice" } else { "obligation" });
        self.words_of(&id, None, &BTreeSet::new(), None, language)
    }

    fn words_of(
        &self,
        id: &str,
        rule: Option<&str>,
        missing: &BTreeSet<crate::bundle::checked::FactIx>,
        error: Option<&str>,
        language: &str,
    ) -> String {
        let subject = Subject {
            bundle: &self.bundle,
            facts: &self.known.0,
            results: &self.results,
            missing,
            rule: rule.unwrap_or_default(),
            error: error.unwrap_or_default(),
        };
        message(&subject, language, id)
    }

    fn write_decision(&self, sheet: &mut Sheet, words: Wording<'_>) {
        let outcome = words.outcome(self.outcome);
        sheet.line(0, &words.say("head-decision", &[("outcome", &outcome), ("kind", &self.kind), ("at", &self.at)]));
        if !self.part.is_empty() {
            sheet.line(0, &words.part(&self.part));
        }
        if let Some(id) = &self.id {
            sheet.line(0, &words.say("head-request", &[("id", id)]));
        }
        let (bundle, version, digest) = (&self.bundle().name, &self.bundle().version, &self.bundle().digest);
        sheet.line(0, &words.say("head-bundle", &[("name", bundle), ("version", version), ("digest", digest)]));
        sheet.head(&words.say("head-reasons", &[]));
        for reason in &self.reasons {
            sheet.line(1, &format!("{}: {}", reason.code, self.message(reason, words.language)));
        }
        if !self.results.is_empty() {
            sheet.head(&words.say("head-results", &[]));
            for (name, value) in &self.results {
                sheet.line(1, &format!("{name}: {}", words.value(name, value)));
            }
        }
        if !self.obligations.is_empty() {
            sheet.head(&words.say("head-obligations", &[]));
            for code in &self.obligations {
                sheet.line(1, &format!("{code}: {}", self.duty(code, words.language)));
            }
        }
    }

    fn write_rules(&self, sheet: &mut Sheet, words: Wording<'_>, standing: Option<Standing>, head: &str) {
        let rules: Vec<&RuleExplained> = self.rules_that(standing).collect();
        if rules.is_empty() {
            return;
        }
        sheet.head(&words.say(head, &[]));
        for rule in rules {
            write_rule(sheet, words, rule);
        }
    }

    fn write_facts(&self, sheet: &mut Sheet, words: Wording<'_>) {
        if self.facts.is_empty() {
            return;
        }
        sheet.head(&words.say("head-facts", &[]));
        let listed = |facts: Vec<&FactExplained>| facts.iter().map(|fact| &*fact.path).collect::<Vec<_>>().join(", ");
        let silent = |fact: &&FactExplained| fact.is == FactState::Absent && fact.given == Given::Unstated;
        for fact in self.facts.iter().filter(|fact| fact.read && !silent(fact)) {
            let mut line = format!("{}: {}", fact.path, words.state(&fact.path, &fact.is));
            if let Some(given) = words.given(&fact.given) {
                line = format!("{line} · {given}");
            }
            if let (FactState::Missing(_), Some(gist)) = (&fact.is, words.fact(&fact.path)) {
                line = format!("{line} · {gist}");
            }
            sheet.line(1, &line);
        }
        let absent = listed(self.facts.iter().filter(silent).collect());
        if !absent.is_empty() {
            sheet.line(1, &words.say("facts-absent", &[("facts", &absent)]));
        }
        let unread = listed(self.facts.iter().filter(|fact| !fact.read).collect());
        if !unread.is_empty() {
            sheet.line(1, &words.say("facts-unread", &[("facts", &unread)]));
        }
    }

    fn write_settings(&self, sheet: &mut Sheet, words: Wording<'_>) {
        if self.settings.is_empty() {
            return;
        }
        sheet.head(&words.say("head-settings", &[]));
        for setting in &self.settings {
            let path = format!("settings.{}", setting.name);
            let mut line = format!("{path}: {}", words.value(&path, &setting.value));
            if !setting.choices.is_empty() {
                let choices: Vec<String> = setting.choices.iter().map(|choice| words.value(&path, choice)).collect();
                line = format!("{line}, {}", words.say("setting-choices", &[("choices", &choices.join(", "))]));
            }
            if let Some(gist) = words.setting(&setting.name) {
                line = format!("{line} · {gist}");
            }
            sheet.line(1, &format!("{line} · {}", setting.place));
            write_clauses(sheet, words, &setting.clauses);
        }
    }
}

fn head(standing: Standing) -> &'static str {
    match standing {
        Standing::Matched => "head-matched",
        Standing::Undetermined => "head-undetermined",
        Standing::Failed => "head-failed",
        Standing::NotInForce => "head-not-in-force",
        Standing::Met => "head-met",
        Standing::NotMatched => "head-not-matched",
    }
}

fn write_rule(sheet: &mut Sheet, words: Wording<'_>, rule: &RuleExplained) {
    sheet.line(1, &format!("{} · {} · {}", rule.name, words.effect(&rule.effect), rule.place));
    if let Some(gist) = words.spoken(&rule.gist) {
        sheet.line(2, &gist);
    }
    write_clauses(sheet, words, &rule.clauses);
    for period in &rule.periods {
        write_period(sheet, words, period);
    }
    for retired in &rule.retired {
        sheet.line(2, &words.retired(retired));
    }
    if let Some(evidence) = &rule.evidence {
        sheet.line(2, &words.say("rests-on", &[("evidence", evidence)]));
    }
    if rule.standing != Standing::NotInForce {
        write_steps(sheet, words, rule, &rule.condition);
        if let Some(asks) = &rule.asks
            && rule.standing != Standing::NotMatched
        {
            write_steps(sheet, words, rule, asks);
        }
    }
    if !rule.waits_for.is_empty() {
        sheet.line(2, &words.say("rule-waits", &[("facts", &rule.waits_for.join(", "))]));
    }
    if let Some(error) = &rule.failure {
        sheet.line(2, &words.say("rule-failed", &[("error", error)]));
    }
    for result in &rule.results {
        sheet.line(2, &result_line(words, result));
    }
    if rule.standing == Standing::Matched && !rule.obligations.is_empty() {
        sheet.line(2, &words.say("rule-obligations", &[("codes", &rule.obligations.join(", "))]));
    }
}

fn result_line(words: Wording<'_>, result: &ResultExplained) -> String {
    let value = match &result.value {
        Some(value) => words.value(&result.name, value),
        None => words.say("rule-result-unknown", &[]),
    };
    match words.given(&result.given) {
        Some(given) => words.say("rule-result-from", &[("name", &result.name), ("value", &value), ("given", &given)]),
        None => words.say("rule-result", &[("name", &result.name), ("value", &value)]),
    }
}

fn write_clauses(sheet: &mut Sheet, words: Wording<'_>, clauses: &[ClauseRef]) {
    for clause in clauses {
        match words.clause(clause) {
            Some(gist) => sheet.line(2, &format!("{clause} {gist}")),
            None => sheet.line(2, &clause.to_string()),
        }
    }
}

fn write_period(sheet: &mut Sheet, words: Wording<'_>, period: &PeriodExplained) {
    sheet.line(2, &format!("{} {}", mark(&period.holds), words.period(period)));
}

fn mark(holds: &Holds) -> &'static str {
    match holds {
        Holds::Yes => "✓",
        Holds::No => "✗",
        Holds::Undetermined(_) => "?",
        Holds::Failed(_) => "!",
    }
}

/// The tests to which it is due that a condition holds or not. A test that the rule wants otherwise is marked by whether
/// the rule has its way.
fn write_steps(sheet: &mut Sheet, words: Wording<'_>, rule: &RuleExplained, step: &Step) {
    let telling = step.telling();
    if telling.is_empty() && rule.asks.is_none() && step.holds == Holds::Yes {
        sheet.line(2, &format!("{} {}", mark(&step.holds), words.say("step-always", &[])));
    }
    for (test, negated) in telling {
        let sense = Sense::of(rule, negated);
        let holds = if sense == Sense::Opposite { &step.holds } else { &test.holds };
        let place = test.place.as_ref().map(|place| format!(" · {place}")).unwrap_or_default();
        sheet.line(2, &format!("{} {}{place}", mark(holds), words.step(test, sense)));
        write_used(sheet, words, test);
    }
}

fn write_used(sheet: &mut Sheet, words: Wording<'_>, test: &Step) {
    match &test.what {
        What::Fact { entries, rows, .. } => {
            entries.iter().for_each(|entry| sheet.line(3, &words.entry(entry)));
            rows.iter().for_each(|row| sheet.line(3, &words.row(row)));
        }
        What::Script { inputs, .. } => {
            let mut rows: Vec<String> = inputs.iter().flat_map(|input| &input.rows).map(|row| words.row(row)).collect();
            rows.dedup();
            rows.iter().for_each(|row| sheet.line(3, row));
        }
        What::All(_) | What::Any(_) | What::Not(_) | What::Setting { .. } => {}
    }
}

fn write_changes(sheet: &mut Sheet, words: Wording<'_>, explanation: &Explanation, changes: &Changes) {
    if !changes.supply.is_empty() {
        sheet.line(1, &words.say("changes-supply", &[]));
        for path in &changes.supply {
            sheet.line(2, &supply_line(words, explanation, path));
        }
    }
    if changes.to_permit.is_empty() {
        write_none(sheet, words, explanation, changes);
    } else {
        sheet.line(1, &words.say("change-permits", &[]));
        for change in &changes.to_permit {
            sheet.line(2, &words.change(change));
        }
        if changes.more > 0 {
            sheet.line(2, &counted(words.language, "changes-more", changes.more));
        }
    }
    if !changes.complete {
        sheet.line(1, &counted(words.language, "changes-incomplete", changes.trials));
    }
}

fn supply_line(words: Wording<'_>, explanation: &Explanation, path: &Arc<str>) -> String {
    let fixed = explanation.facts.iter().any(|fact| fact.path == *path && fact.fixed);
    let mut line = path.to_string();
    if let Some(gist) = words.fact(path) {
        line = format!("{line} · {gist}");
    }
    if fixed { format!("{line} · {}", words.say("fact-fixed", &[])) } else { line }
}

fn write_none(sheet: &mut Sheet, words: Wording<'_>, explanation: &Explanation, changes: &Changes) {
    sheet.line(1, &words.say(none_because(changes), &[]));
    for one in &changes.onward {
        let (change, facts) = (words.change(&one.change), one.waits_for.join(", "));
        sheet.line(2, &words.say("changes-onward", &[("change", &change), ("facts", &facts)]));
    }
    for obstacle in changes.obstacles.iter().filter(|_| changes.supply.is_empty()) {
        sheet.line(2, &words.say("obstacle-rule", &[("rule", &obstacle.rule)]));
        if let Some(reason) = explanation.reasons.iter().find(|reason| reason.rule.as_ref() == Some(&obstacle.rule)) {
            sheet.line(3, &explanation.message(reason, words.language));
        }
        words.obstacle(obstacle).iter().for_each(|sentence| sheet.line(3, sentence));
    }
}

/// What to say when no change was found.
pub(super) fn none_because(changes: &Changes) -> &'static str {
    let hopeless = |obstacle: &Obstacle| obstacle.changeable.is_empty();
    if !changes.supply.is_empty() {
        "changes-then"
    } else if !changes.onward.is_empty() {
        "changes-not-yet"
    } else if changes.obstacles.is_empty() {
        "changes-no-rule"
    } else if changes.obstacles.iter().any(hopeless) || changes.obstacles.len() == 1 {
        "changes-none"
    } else {
        "changes-none-of-two"
    }
}
