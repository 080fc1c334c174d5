//! A bundle while it is being read: what has been declared so far, for the files that come after.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use crate::model::clause::ClauseRef;
use crate::model::finding::{Code, Finding, Findings, Place};
use crate::model::names::nearest;
use crate::model::value::Type;
use crate::script::{Known, Library, Names};

use super::cascade::{Ledger, Part};
use super::checked::{
    Absence, Fact, FactIx, Kind, KindIx, List, ListIx, ObligationDef, Operand, Policy, ReasonDef, ResultDef, Rule,
    Setting, Source, Table, TableIx, Unrecognised,
};
use super::domain::Domain;
use super::reader::{integer, list, unknown};
use super::yaml::Node;

/// A type of the vocabulary.
#[derive(Clone, Debug)]
pub struct TypeDef {
    pub type_: Type,
    pub by_region: bool,
    pub unrecognised: Unrecognised,
}

/// What has been declared so far.
#[derive(Debug, Default)]
pub struct Draft {
    pub languages: Vec<Arc<str>>,
    pub sources: BTreeMap<Arc<str>, Source>,
    pub registries: BTreeMap<Arc<str>, Arc<Domain>>,
    pub domains: BTreeMap<Arc<str>, Arc<Domain>>,
    pub types: BTreeMap<Arc<str>, TypeDef>,
    pub stages: Vec<Arc<str>>,
    pub facts: Vec<Fact>,
    pub fact_index: BTreeMap<Arc<str>, FactIx>,
    /// The paths of the facts that are about to be read.
    pub announced: BTreeSet<Arc<str>>,
    pub fact_defaults: Vec<(Absence, Unrecognised)>,
    pub kinds: Vec<Kind>,
    pub results: BTreeMap<Arc<str>, ResultDef>,
    pub reasons: BTreeMap<Arc<str>, ReasonDef>,
    pub obligations: BTreeMap<Arc<str>, ObligationDef>,
    pub policies: Vec<Policy>,
    pub rules: Vec<Rule>,
    pub lists: Vec<List>,
    pub tables: Vec<Table>,
    pub settings: BTreeMap<Arc<str>, Setting>,
    /// Whether what is being read belongs to an overlay that only tightens.
    pub restricts: bool,
    /// Dated values of settings, and what dates them, which wait until all facts are read.
    pub dated_settings: BTreeMap<Arc<str>, (Node, Option<Node>)>,
    pub retirements: Vec<super::overlay::Retirement>,
    pub library: Library,
    /// Names of the messages of contradictions, and where they are named.
    pub contradiction_messages: BTreeMap<Arc<str>, Place>,
    /// Where each registry is first defined.
    pub registry_places: BTreeMap<Arc<str>, Place>,
    /// What is used, and what is defined with a mistake.
    pub ledger: Ledger,
    /// Parts of the bundle that could not be read as a whole.
    pub gaps: BTreeSet<Part>,
    /// Positions in `rules`, `lists` and `tables` by name.
    pub rule_index: HashMap<Arc<str>, usize>,
    pub list_index: HashMap<Arc<str>, ListIx>,
    pub table_index: HashMap<Arc<str>, TableIx>,
    /// The text of every file, for places inside of scalars.
    pub texts: BTreeMap<Arc<str>, Arc<str>>,
    /// Clauses that something cites.
    pub cited: BTreeSet<ClauseRef>,
}

impl Draft {
    /// The fact a node names.
    pub fn fact(&self, node: &Node, findings: &mut Findings) -> Option<FactIx> {
        let path = super::reader::text(node, findings)?;
        let found = self.fact_index.get(path).copied();
        if found.is_none() {
            let known = self.fact_index.keys().map(|path| &**path);
            self.unknown("fact", Code::UnknownFact, node, "the vocabulary has no fact", known, findings);
        }
        found
    }

    /// Reports a name that is not known, with the nearest one that is, unless its definition has a mistake of its own.
    pub fn unknown<'a>(
        &self,
        kind: &'static str,
        code: Code,
        node: &Node,
        what: &str,
        known: impl IntoIterator<Item = &'a str> + Clone,
        findings: &mut Findings,
    ) {
        let name = node.text().unwrap_or_default();
        if self.ledger.is_broken(kind, name) {
            return;
        }
        let finding = unknown(code, node, what, known);
        let meant = finding.edit.as_ref().map(|edit| edit.text.clone());
        self.ledger.report(kind, name, meant.as_deref(), finding, findings);
    }

    /// The fact a node names, which must belong to each of the kinds.
    pub fn fact_of(&self, node: &Node, kinds: &[KindIx], findings: &mut Findings) -> Option<FactIx> {
        let ix = self.fact(node, findings)?;
        for kind in kinds.iter().filter_map(|k| self.kinds.get(k.0)) {
            if !kind.facts.contains_key(&ix) && self.ledger.is_broken("facts of kind", &kind.name) {
                return None;
            }
            if !kind.facts.contains_key(&ix) {
                let path = node.text().unwrap_or_default();
                let known = kind.facts.keys().filter_map(|f| self.facts.get(f.0)).map(|f| &*f.path);
                let message = format!("a request of kind `{}` has no fact `{path}`", kind.name);
                let finding = Finding::new(Code::UnknownFact, &node.place, message).nearest(nearest(path, known));
                let others: Vec<&str> =
                    self.kinds.iter().filter(|kind| kind.facts.contains_key(&ix)).map(|kind| &*kind.name).collect();
                findings.push(match (&finding.help, others.is_empty()) {
                    (None, false) => finding.help(format!("it belongs to requests of kind `{}`", others.join("`, `"))),
                    _ => finding,
                });
                return None;
            }
        }
        Some(ix)
    }

    /// The first fact whose path goes on from this one.
    pub fn fact_below(&self, path: &str) -> Option<FactIx> {
        let start = format!("{path}.");
        let from = (Bound::Included(start.as_str()), Bound::Unbounded);
        let (below, ix) = self.fact_index.range::<str, _>(from).next()?;
        below.starts_with(&start).then_some(*ix)
    }

    /// The type of a fact.
    pub fn type_of(&self, ix: FactIx) -> Type {
        self.facts.get(ix.0).map_or(Type::Text, |fact| fact.type_.clone())
    }

    /// The type that a text names: `integer`, `market`, `set of role`.
    pub fn type_called(&self, written: &str) -> Option<Type> {
        let (is_set, word) = written.strip_prefix("set of ").map_or((false, written), |inner| (true, inner));
        let found = Type::BUILT_IN.into_iter().find(|type_| type_.to_string() == word);
        let single = found.or_else(|| self.types.get(word).map(|def| def.type_.clone()))?;
        Some(if is_set { Type::Set(Box::new(single)) } else { single })
    }

    /// The list with this name.
    pub fn list(&self, name: &str) -> Option<ListIx> {
        self.list_index.get(name).copied()
    }

    /// The table with this name.
    pub fn table(&self, name: &str) -> Option<TableIx> {
        self.table_index.get(name).copied()
    }

    /// Clause numbers, or `source#number` texts, checked and noted as cited.
    pub fn clauses(
        &mut self,
        node: Option<&Node>,
        source: Option<&Arc<str>>,
        findings: &mut Findings,
    ) -> Vec<ClauseRef> {
        let Some(node) = node else { return Vec::new() };
        let items = list(node, findings);
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            let written = item.text().unwrap_or_default();
            let (source, number) = match (written.split_once('#'), source) {
                (Some((source, number)), _) => (Arc::from(source), self.clause_number(number, item, findings)),
                (None, Some(source)) => {
                    let number = integer(item, findings);
                    (Arc::clone(source), number.and_then(|_| self.clause_number(written, item, findings)))
                }
                // The file names a source that is not known, which is told where it does.
                (None, None) if self.ledger.is_broken("source of file", &item.place.file) => continue,
                (None, None) => {
                    findings.push(
                        Finding::new(
                            Code::UnknownSource,
                            &item.place,
                            format!("clause `{written}` is of no known source"),
                        )
                        .help("give the file a `source:`, or write `source#number`"),
                    );
                    continue;
                }
            };
            let Some(number) = number else { continue };
            let clause = ClauseRef { source, number };
            if self.clause_exists(&clause, item, findings) {
                self.cited.insert(clause.clone());
                out.push(clause);
            }
        }
        out
    }

    fn clause_number(&self, written: &str, item: &Node, findings: &mut Findings) -> Option<u32> {
        let number = written.parse().ok();
        if number.is_none() {
            let message = format!("`{written}` is not the number of a clause");
            findings.push(
                Finding::new(Code::TypeMismatch, &item.place, message).help("write `source#number` with plain digits"),
            );
        }
        number
    }

    fn clause_exists(&self, clause: &ClauseRef, node: &Node, findings: &mut Findings) -> bool {
        let Some(source) = self.sources.get(&clause.source) else {
            let known = self.sources.keys().map(|id| &**id);
            let near = nearest(&clause.source, known).map(|id| format!("{id}#{}", clause.number));
            let message = format!("the bundle has no source `{}`", clause.source);
            let finding = Finding::new(Code::UnknownSource, &node.place, message).nearest(near.as_deref());
            self.ledger.report("source", &clause.source, None, finding, findings);
            return false;
        };
        if source.clauses.contains_key(&clause.number) {
            return true;
        }
        if self.ledger.is_broken("clauses of source", &clause.source) {
            return false;
        }
        let first = source.clauses.keys().next().copied().unwrap_or_default();
        let last = source.clauses.keys().next_back().copied().unwrap_or_default();
        let message = format!("`{}` has no clause {}", clause.source, clause.number);
        findings.push(
            Finding::new(Code::UnknownClause, &node.place, message)
                .help(format!("its clauses are numbered {first} to {last}")),
        );
        false
    }

    /// A reason code, noted as used.
    pub fn reason(&mut self, node: &Node, findings: &mut Findings) -> Option<Arc<str>> {
        let code = super::reader::name(node, findings)?;
        if !self.reasons.contains_key(&code) {
            let known = self.reasons.keys().map(|code| &**code);
            self.unknown("reason", Code::UnknownReason, node, "the vocabulary has no reason", known, findings);
            return None;
        }
        self.ledger.mark("reason", &code);
        Some(code)
    }

    /// What a path of a script stands for.
    pub fn operand(&self, path: &str) -> Option<Operand> {
        if let Some(ix) = self.fact_index.get(path) {
            return Some(Operand::Fact(*ix));
        }
        let (root, column) = path.split_once('.')?;
        if root == "settings" {
            return self.settings.get_key_value(column).map(|(name, _)| Operand::Setting(Arc::clone(name)));
        }
        let ix = self.table(root)?;
        let column = self.tables.get(ix.0)?.gives.iter().position(|(name, _)| &**name == column)?;
        Some(Operand::Cell(ix, column))
    }

    /// Whether a fact may be absent for one of the kinds; without kinds (derived facts), by its own declaration.
    fn optional(&self, ix: FactIx, kinds: &[KindIx]) -> bool {
        if kinds.is_empty() {
            let declared = |ix: FactIx| self.fact_defaults.get(ix.0).map(|(absence, odd)| (absence, *odd));
            return self.may_be_absent(ix, declared);
        }
        kinds
            .iter()
            .filter_map(|k| self.kinds.get(k.0))
            .any(|kind| self.may_be_absent(ix, |ix| kind.facts.get(&ix).map(|fact| (&fact.absence, fact.unrecognised))))
    }

    /// A fact that takes the value of another is absent when the other is, or is none of the kind's.
    fn may_be_absent<'a>(&self, ix: FactIx, of: impl Fn(FactIx) -> Option<(&'a Absence, Unrecognised)>) -> bool {
        let mut next = Some(ix);
        for taken in 0..self.facts.len() {
            let Some((absence, unrecognised)) = next.take().and_then(&of) else { return taken > 0 };
            match absence {
                _ if unrecognised == Unrecognised::Ignore => return true,
                Absence::Optional => return true,
                Absence::From(source) => next = Some(*source),
                Absence::Ask | Absence::Default(_) => return false,
            }
        }
        false
    }
}

/// The names a script may read where it stands.
pub struct ScriptNames<'d> {
    pub draft: &'d Draft,
    pub kinds: &'d [KindIx],
}

impl Names for ScriptNames<'_> {
    fn lookup(&self, path: &str) -> Option<Known> {
        let known = |type_: &Type, optional| Some(Known { type_: type_.clone(), optional });
        match self.draft.operand(path)? {
            Operand::Fact(ix) => {
                let in_all =
                    self.kinds.iter().filter_map(|k| self.draft.kinds.get(k.0)).all(|k| k.facts.contains_key(&ix));
                let fact = self.draft.facts.get(ix.0).filter(|_| in_all)?;
                let derived = fact.derived.as_ref().is_some_and(|d| d.script.is_optional());
                known(&fact.type_, derived || self.draft.optional(ix, self.kinds))
            }
            Operand::Cell(table, column) => {
                let (_, type_) = self.draft.tables.get(table.0)?.gives.get(column)?;
                known(type_, false)
            }
            Operand::Setting(_) => {
                let setting = self.draft.settings.get(path.strip_prefix("settings.")?)?;
                known(&setting.type_, false)
            }
        }
    }

    fn is_prefix(&self, prefix: &str) -> bool {
        let table = self.draft.table(prefix).and_then(|ix| self.draft.tables.get(ix.0));
        self.draft.fact_below(prefix).is_some()
            || table.is_some_and(|table| !table.gives.is_empty())
            || (prefix == "settings" && !self.draft.settings.is_empty())
    }

    fn paths(&self) -> Vec<String> {
        let facts = self.draft.facts.iter().map(|fact| fact.path.to_string());
        let cells = self
            .draft
            .tables
            .iter()
            .flat_map(|table| table.gives.iter().map(move |(column, _)| format!("{}.{column}", table.name)));
        let settings = self.draft.settings.keys().map(|name| format!("settings.{name}"));
        facts.chain(cells).chain(settings).collect()
    }

    fn symbols(&self, type_name: &str) -> Vec<Arc<str>> {
        self.draft.domains.get(type_name).map(|domain| domain.codes().cloned().collect()).unwrap_or_default()
    }
}
