//! Findings about what a request says: facts and registry entries that decide nothing, and permits that nobody asked about.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::assure::reach::{of_condition, of_kind};
use crate::assure::space::Space;
use crate::assure::space::atoms::{Atom, What};
use crate::assure::space::mdd::{Id, NO, Op, YES};
use crate::assure::space::solve::{Solved, number};
use crate::bundle::checked::{Absence, Bundle, Effect, FactIx, Kind, Privacy, Test, Unrecognised};
use crate::decide::Decided;
use crate::model::decision::Outcome;
use crate::model::finding::{Code, Finding};
use crate::model::value::{Type, Value};

use super::{Shown, decided, witness};

/// Which facts some decision depends on.
pub(super) struct Inputs<'b> {
    bundle: &'b Bundle,
    matters: BTreeSet<FactIx>,
}

impl<'b> Inputs<'b> {
    pub(super) fn new(bundle: &'b Bundle) -> Self {
        // What a message shows is asked for on purpose.
        let shown: BTreeSet<&str> = bundle
            .languages
            .iter()
            .flat_map(|language| bundle.messages.of_language(language))
            .flat_map(|(_, message)| message.variable_places.iter().map(|(variable, _)| &**variable))
            .collect();
        let names = |path: &str| {
            let name = path.replace(['.', '-'], "_");
            shown.contains(name.as_str()) || shown.contains(format!("{name}_state").as_str())
        };
        let shown = bundle.facts.iter().enumerate().filter(|(_, fact)| names(&fact.path));
        Self { bundle, matters: shown.map(|(at, _)| FactIx(at)).collect() }
    }

    /// What decisions on requests of one kind depend on. What scripts read, and what rules read that test a setting, is
    /// taken to matter.
    pub(super) fn of_kind(&mut self, space: &Space<'_>, solved: &Solved) {
        let Some(side) = space.sides.first() else { return };
        let reach = of_kind(side.bundle, side.kind);
        self.matters.extend(&reach.computed_from);
        for rule in side.bundle.rules_of(side.kind) {
            let mut conditions = vec![of_condition(side.bundle, side.kind, &rule.when)];
            if let Effect::Ask(needed, _) = &rule.effect {
                conditions.push(of_condition(side.bundle, side.kind, needed));
            }
            if conditions.iter().any(|reach| !reach.settings.is_empty()) {
                conditions.iter().for_each(|reach| self.matters.extend(&reach.facts));
            }
        }
        let diagrams = [solved.valid, solved.outcome].into_iter().chain(solved.reasons.values().copied());
        let diagrams = diagrams.chain(solved.results.values().copied()).chain(solved.obligations.values().copied());
        let conflicts = solved.conflicts.iter().chain(&solved.doubts).map(|(_, _, _, region)| *region);
        let support = space.mdd.support(diagrams.chain(conflicts));
        for at in support {
            let Some(var) = usize::try_from(at).ok().and_then(|at| space.vars.get(at)) else { continue };
            self.matters.extend(side.bundle.fact_at(&var.name));
        }
    }

    /// Facts that requests may state and that no decision of any kind depends on.
    pub(super) fn without_influence(&self) -> Vec<Shown> {
        let stated: BTreeSet<FactIx> = self
            .bundle
            .kinds
            .iter()
            .flat_map(|kind| kind.facts.keys().copied())
            .filter(|ix| !self.is_needed(*ix))
            .collect();
        let facts = stated.iter().filter_map(|ix| self.bundle.fact(*ix));
        let told = facts.map(|fact| {
            let message = format!("no decision depends on `{}`", fact.path);
            let finding = Finding::new(Code::FactDecidesNothing, &fact.place, message)
                .help("let a rule or a message use it, or remove it from the kinds of request");
            Shown { finding, witness: None }
        });
        told.collect()
    }

    /// Whether something depends on a fact, or the engine itself reads it.
    fn is_needed(&self, ix: FactIx) -> bool {
        let Some(fact) = self.bundle.fact(ix) else { return true };
        // What is private is for the record.
        self.matters.contains(&ix) || fact.privacy != Privacy::Public || fact.derived.is_some() || &*fact.path == "at"
    }
}

/// Permits that a fact which is missing or not recognised brings about, though some value of it would be denied.
pub(super) fn unknown_permitted(space: &mut Space<'_>, solved: &Solved) -> Vec<Shown> {
    let Some(side) = space.sides.first().copied() else { return Vec::new() };
    let reach = of_kind(side.bundle, side.kind);
    let permit = space.mdd.is(solved.outcome, number(Outcome::Permit));
    let permit = space.mdd.apply(Op::And, permit, solved.valid);
    let deny = space.mdd.is(solved.outcome, number(Outcome::Deny));
    let deny = space.mdd.apply(Op::And, deny, solved.valid);
    let mut out = Vec::new();
    for (ix, meaning) in &side.kind.facts {
        let Some(at) = space.var(&side.bundle.path(*ix)) else { continue };
        let is_plain = space.vars.get(at).is_some_and(|var| var.what == What::Fact);
        if !is_plain || reach.asked_for.contains(ix) {
            // What is tested for being there, or for being known, was thought of.
            continue;
        }
        let open = [
            (meaning.absence == Absence::Optional).then_some((Atom::Nothing, "is not given")),
            (meaning.unrecognised == Unrecognised::Other).then_some((Atom::Unrecognised, "is not recognised")),
        ];
        for (atom, words) in open.into_iter().flatten() {
            out.extend(permitted(space, (permit, deny), (*ix, at), (&atom, words)));
        }
    }
    out
}

/// One such permit: the request as it is permitted, and the value that would be denied.
fn permitted(
    space: &mut Space<'_>,
    (permit, deny): (Id, Id),
    (ix, at): (FactIx, usize),
    (atom, words): (&Atom, &str),
) -> Option<Shown> {
    let side = space.sides.first().copied()?;
    let var = u32::try_from(at).ok()?;
    let classes = space.vars.get(at)?.classes.clone();
    let open = u32::try_from(space.vars.get(at)?.class_with(atom)?).ok()?;
    let permitted = space.mdd.restrict(permit, var, open);
    let (mut least, mut value) = (NO, None);
    for (class, one) in classes.iter().enumerate() {
        let Some(stands) = one.value.as_ref() else { continue };
        let denied = space.mdd.restrict(deny, var, u32::try_from(class).ok()?);
        let both = space.mdd.apply(Op::And, permitted, denied);
        if both != NO {
            (least, value) = (both, Some(stands.clone()));
            break;
        }
    }
    let value = value?;
    let here =
        space.mdd.leaves(var, (0..classes.len()).map(|class| if u32::try_from(class) == Ok(open) { YES } else { NO }));
    let region = space.mdd.apply(Op::And, least, here);
    let fact = side.bundle.fact(ix)?;
    let request = witness(space, region, |decided: &Decided| decided.verdict.outcome == Outcome::Permit)?;
    let other = with(&request, &fact.path, value.to_json());
    decided(side.engine, &other).filter(|decided| decided.verdict.outcome == Outcome::Deny)?;
    let message = format!("a request is permitted when `{}` {words}, and denied when it is `{value}`", fact.path);
    let finding = Finding::new(Code::UnknownPermitted, &fact.place, message)
        .help("let the vocabulary ask for it, or a rule say what it means (`present`, `known`)");
    Some(Shown { finding, witness: Some(request) })
}

/// A request that states something else at a path.
fn with(request: &Json, path: &str, value: Json) -> Json {
    let mut out = request.clone();
    let mut at = &mut out;
    for part in path.split('.') {
        let Json::Object(object) = at else { return request.clone() };
        at = object.entry(part).or_insert_with(|| Json::Object(serde_json::Map::new()));
    }
    *at = value;
    out
}

/// Entries of registries and enumerations that no request can name, and that nothing else names.
pub(super) fn entries(bundle: &Bundle) -> Vec<Shown> {
    let mut out = Vec::new();
    for (name, domain) in &bundle.domains {
        let Some(takes) = taken(bundle, name) else { continue };
        let told = domain
            .entries
            .iter()
            .filter(|entry| !takes.contains(&Value::Symbol(Arc::clone(&entry.code))) && !is_named(bundle, &entry.code));
        out.extend(told.map(|entry| {
            let message = format!("no request can name the `{name}` `{}`, and nothing else does", entry.code);
            let finding = Finding::new(Code::EntryDecidesNothing, &entry.place, message)
                .help("let a kind of request take it, or remove it");
            Shown { finding, witness: None }
        }));
    }
    out
}

/// The values of a type that facts of some kind take; none where one takes them all, or where no fact is of the type.
fn taken(bundle: &Bundle, name: &Arc<str>) -> Option<BTreeSet<Value>> {
    let is_of = |type_: &Type| match type_ {
        Type::Symbol(own) => own == name,
        Type::Set(inner) => matches!(&**inner, Type::Symbol(own) if own == name),
        _ => false,
    };
    let of_kind = |kind: &'_ Kind| -> Vec<Option<BTreeSet<Value>>> {
        let own = kind.facts.iter().filter(|(ix, _)| bundle.fact(**ix).is_some_and(|fact| is_of(&fact.type_)));
        own.map(|(_, meaning)| meaning.values.clone()).collect()
    };
    let all: Vec<Option<BTreeSet<Value>>> = bundle.kinds.iter().flat_map(of_kind).collect();
    let derived = bundle.facts.iter().any(|fact| fact.derived.is_some() && is_of(&fact.type_));
    let given = bundle.results.values().any(|result| is_of(&result.type_));
    if all.is_empty() || derived || given {
        return None;
    }
    let sets: Option<Vec<BTreeSet<Value>>> = all.into_iter().collect();
    sets.map(|sets| sets.into_iter().flatten().collect())
}

/// Whether a list, a table, a setting, a rule or a script names a code.
fn is_named(bundle: &Bundle, code: &str) -> bool {
    let is = |value: &Value| matches!(value, Value::Symbol(own) if **own == *code);
    let in_lists = bundle.lists.iter().flat_map(|list| &list.entries).any(|entry| is(&entry.value));
    let rows = || bundle.tables.iter().flat_map(|table| &table.rows);
    let in_tables = rows().any(|row| row.values.iter().any(is) || row.tests.iter().any(|(_, test)| tests(test, &is)));
    let in_settings = bundle.settings.values().any(|setting| is(&setting.value) || setting.choices.iter().any(is));
    // A script may write the code as a text.
    let in_scripts = bundle.files.values().any(|text| text.contains(&format!("\"{code}\"")));
    in_lists || in_tables || in_settings || in_scripts
}

fn tests(test: &Test, is: &dyn Fn(&Value) -> bool) -> bool {
    match test {
        Test::OneOf(values) | Test::AnyOf(values) | Test::AllOf(values) | Test::NoneOf(values) => values.iter().any(is),
        Test::Not(inner) => tests(inner, is),
        Test::All(all) => all.iter().any(|test| tests(test, is)),
        _ => false,
    }
}
