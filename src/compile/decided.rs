//! A decision of the program as the interpreter would give it: with all facts, and with what each reason waits for. Only
//! the rules that wait are evaluated again.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bundle::checked::{Absence, Effect, FactIx, RuleIx};
use crate::decide::Decided;
use crate::decide::combine::verdict_of;
use crate::decide::evaluate::{Evaluated, Truth, evaluate_rule};
use crate::decide::facts::{Facts, Stated};
use crate::model::value::Value;
use crate::script::{Scratch, Tag};

use super::Compiled;
use super::brief::Brief;
use super::combine::Why;
use super::fact::slot;
use super::program::KindProgram;
use super::slots::Request;

impl Compiled {
    /// Everything about a decision but what every rule gave; `None` for what the request has to be read again for.
    pub(super) fn retold(&self, request: &Request, brief: &Brief) -> Option<Decided> {
        let (kind, program) = (self.bundle.kinds.get(request.kind)?, self.kind(request.kind)?);
        let facts = self.facts(request, |_| true)?;
        let reasons = brief.because(Some(program));
        let evaluated: Vec<Evaluated> = reasons.iter().filter_map(|why| self.evaluated(program, &facts, why)).collect();
        let results = self.results(request, brief);
        let obligations = self.obligations(program, brief);
        let verdict = verdict_of(&self.bundle, kind, &evaluated, brief.outcome, results, obligations);
        Some(Decided { facts: Arc::new(facts), verdict, ..Decided::default() })
    }

    /// The facts that a request states, and those that follow; `None` where a slot does not tell.
    pub(super) fn facts(&self, request: &Request, wanted: impl Fn(FactIx) -> bool) -> Option<Facts> {
        let (kind, program) = (self.bundle.kinds.get(request.kind)?, self.kind(request.kind)?);
        let is_told = Cell::new(program.table.tells_all_taken());
        let scratch = Scratch::new(&request.text, &request.kept);
        let stated = |ix| {
            self.stated(request, program, &scratch, ix).unwrap_or_else(|| {
                is_told.set(false);
                None
            })
        };
        let facts = Facts::some(&self.bundle, kind, stated, wanted);
        is_told.get().then_some(facts)
    }

    /// What the rule of a reason gave.
    pub(super) fn evaluated(&self, program: &KindProgram, facts: &Facts, why: &Why) -> Option<Evaluated> {
        let ix = program.rule(why.rule?)?.ix;
        let rule = self.bundle.rules.get(ix.0)?;
        let asks = matches!(rule.effect, Effect::Ask(..));
        Some(if why.waits || asks { evaluate_rule(&self.bundle, facts, ix, rule) } else { holds(ix) })
    }

    /// What a request states for a fact; the outer `None` where its slot does not tell.
    fn stated(
        &self,
        request: &Request,
        program: &KindProgram,
        scratch: &Scratch<'_>,
        ix: FactIx,
    ) -> Option<Option<Stated>> {
        let local = program.table.local(ix)?;
        let datum = *request.facts.get(local)?;
        let absence = self.bundle.kinds.get(request.kind).and_then(|kind| Some(&kind.facts.get(&ix)?.absence));
        match (datum.tag(), absence) {
            _ if program.table.took(local, request.took) == Some(true) => Some(None),
            (Tag::Missing, _) | (Tag::Absent, Some(Absence::Optional)) => Some(None),
            // In words that are ignored.
            (Tag::Absent, _) => None,
            // The entries that the words may mean are not kept.
            (Tag::Unrecognised, _) => None,
            (Tag::Other, _) => Some(Some(Stated::Unrecognised(request.part(datum.as_span()).into(), Vec::new()))),
            (Tag::Codes, _) => {
                let codes = program.table.codes.get(program.table.codes_of(local)?)?;
                let held = (0..u64::BITS).filter(|at| datum.word().cast_unsigned() >> at & 1 == 1);
                let codes = held.map(|at| Value::Symbol(Arc::clone(codes.code(at))));
                Some(Some(Stated::Value(Value::Set(codes.collect()))))
            }
            _ => {
                let value = self.value(request, program.table.codes_of(local), &slot(datum, scratch).ok()?)?;
                Some(Some(Stated::Value(value)))
            }
        }
    }

    fn obligations(&self, program: &KindProgram, brief: &Brief) -> Vec<(Arc<str>, RuleIx)> {
        let mut all: Vec<(Arc<str>, RuleIx)> = Vec::new();
        for ix in brief.carry(program).iter().filter_map(|at| Some(program.rule(*at)?.ix)) {
            for code in self.bundle.rules.get(ix.0).map(|rule| rule.obligations.as_slice()).unwrap_or_default() {
                if !all.iter().any(|(known, _)| known == code) {
                    all.push((Arc::clone(code), ix));
                }
            }
        }
        all
    }
}

fn holds(rule: RuleIx) -> Evaluated {
    Evaluated { rule, truth: Truth::True, ask: None, results: BTreeMap::new() }
}
