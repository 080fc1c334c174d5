//! `absent: { from: … }`: a fact that takes the value of another when the request gives none of its own.

use std::collections::BTreeMap;

use crate::model::finding::{Code, Finding, Findings, Place};
use crate::model::value::Type;

use super::checked::{Absence, FactIx, KindFact};
use super::draft::Draft;
use super::reader::Mapping;
use super::yaml::Node;

/// Reads from which fact a fact of a type takes its value.
pub fn from(node: &Node, type_: &Type, draft: &Draft, findings: &mut Findings) -> Option<Absence> {
    let mut map = Mapping::open(node, "`absent`", findings)?;
    let named = map.need("from");
    map.finish(findings);
    let named = named?;
    let written = named.text().unwrap_or_default();
    if draft.announced.contains(written) && !draft.fact_index.contains_key(written) {
        let message = format!("`{written}` is not declared before the fact that takes its value");
        findings.push(
            Finding::new(Code::UnknownFact, &named.place, message).help("name another fact, which is declared before"),
        );
        return None;
    }
    let source = draft.fact(named, findings)?;
    let fact = draft.facts.get(source.0)?;
    if fact.derived.is_some() {
        let finding = Finding::new(
            Code::TypeMismatch,
            &named.place,
            format!("`{written}` is derived, its value cannot be taken"),
        );
        findings.push(finding.help("name a fact that requests give: derived facts are computed after all others"));
        return None;
    }
    if fact.type_ != *type_ {
        let message =
            format!("`{written}` has the type `{}`, a fact of type `{type_}` cannot take its value", fact.type_);
        findings.push(
            Finding::new(Code::TypeMismatch, &named.place, message)
                .help("name a fact of the same type")
                .related(&fact.place, "the fact"),
        );
        return None;
    }
    Some(Absence::From(source))
}

/// Values are taken in the order of the vocabulary, so a fact from which one is taken has its own by then. The changes of
/// a kind may say otherwise.
pub fn check_order(
    facts: &BTreeMap<FactIx, KindFact>,
    changes: &[(Node, Node)],
    kind: &Place,
    draft: &Draft,
    findings: &mut Findings,
) {
    let next = |ix: FactIx| match facts.get(&ix).map(|fact| &fact.absence) {
        Some(Absence::From(source)) => Some(*source),
        _ => None,
    };
    let path = |ix: FactIx| draft.facts.get(ix.0).map_or("", |fact| &*fact.path);
    for ix in facts.keys().copied() {
        let Some(source) = next(ix).filter(|source| *source >= ix) else { continue };
        let Some(then) = next(source) else { continue };
        let mut chain = std::iter::successors(Some(then), |ix| next(*ix)).take(facts.len());
        let (message, help) = if chain.any(|one| one == ix) {
            (
                format!("`{}` takes its value from itself, by way of `{}`", path(ix), path(source)),
                "let one of them be given".to_owned(),
            )
        } else {
            let message = format!("`{}` takes its value from `{}` before that takes its own", path(ix), path(source));
            (message, format!("take it from `{}`", path(then)))
        };
        let changed =
            changes.iter().map(|(key, _)| key).find(|key| [path(ix), path(source)].map(Some).contains(&key.text()));
        let place = changed.map_or(kind, |key| &key.place);
        findings.push(Finding::new(Code::AbsenceCycle, place, message).help(help));
    }
}
