//! The clauses that a rule rests on besides its own: those of the list entries and table rows that applied.

use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use crate::bundle::checked::{Bundle, Effect, Evidence, Rule, Test};
use crate::compile::{FactTable, Periods, Slot, Tri, View, periods};
use crate::explain::cited;
use crate::model::clause::ClauseRef;
use crate::model::value::Value;

use super::template::escaped;

/// The clauses of a kind in order, as JSON writes them; rules name them by their positions.
#[derive(Debug, Default)]
pub struct Clauses(Vec<(ClauseRef, Box<str>)>);

/// Positions of clauses.
pub type Cited = SmallVec<[u32; 12]>;

impl Clauses {
    /// All clauses that rules, lists and tables of a bundle name.
    pub fn new(bundle: &Bundle) -> Self {
        let rules = bundle.rules.iter().flat_map(|rule| &rule.clauses);
        let entries = bundle.lists.iter().flat_map(|list| &list.entries).flat_map(|entry| &entry.clauses);
        let rows = bundle.tables.iter().flat_map(|table| &table.rows).flat_map(|row| &row.clauses);
        let all: BTreeSet<&ClauseRef> = rules.chain(entries).chain(rows).collect();
        Self(all.into_iter().map(|clause| (clause.clone(), quoted(&clause.to_string()))).collect())
    }

    fn positions(&self, clauses: &[ClauseRef]) -> Cited {
        let one = |clause: &ClauseRef| self.0.binary_search_by(|(known, _)| known.cmp(clause)).ok();
        clauses.iter().filter_map(one).filter_map(|at| u32::try_from(at).ok()).collect()
    }

    /// Writes clauses in order, each once.
    pub fn write(&self, mut cited: Cited, out: &mut String) {
        cited.sort_unstable();
        cited.dedup();
        for (number, at) in cited.iter().enumerate() {
            if number > 0 {
                out.push(',');
            }
            let text = usize::try_from(*at).ok().and_then(|at| self.0.get(at));
            out.push_str(text.map_or("", |(_, text)| text));
        }
    }
}

fn quoted(text: &str) -> Box<str> {
    format!("\"{}\"", escaped(text)).into()
}

/// Something with clauses that may have applied.
#[derive(Debug)]
struct Item {
    applies: Periods,
    clauses: Cited,
    evidence: Option<Box<str>>,
}

/// A test that cites.
#[derive(Debug)]
enum Cite {
    /// The entries of a list that have the fact's code.
    Codes(usize, BTreeMap<u32, Vec<Item>>),
    /// The row of a table, its clauses and evidence by the row's position.
    Rows(usize, Vec<Item>),
}

/// What a rule cites.
#[derive(Debug)]
pub struct Cites {
    own: Cited,
    evidence: Option<Box<str>>,
    more: Vec<Cite>,
}

impl Cites {
    /// What a rule of a kind cites; `None` for what is left to the slow way.
    pub fn new(bundle: &Bundle, table: &FactTable, clauses: &Clauses, rule: &Rule) -> Option<Self> {
        let mut more = Some(Vec::new());
        let mut visit = |fact, test: &Test| {
            let Some(local) = table.local(fact) else {
                // A row applies whether the kind has the fact or not.
                if matches!(test, Test::CompareTable(..)) {
                    more = None;
                }
                return;
            };
            let cite = match test {
                Test::InList(list) => {
                    let entries = bundle.lists.get(list.0).map(|list| list.entries.as_slice());
                    let mut by_code: BTreeMap<u32, Vec<Item>> = BTreeMap::new();
                    entries
                        .unwrap_or_default()
                        .iter()
                        .try_for_each(|entry| {
                            let Value::Symbol(code) = &entry.value else { return None };
                            let code = table.codes.get(table.codes_of(local)?)?.position(code)?;
                            let applies = periods(table, entry.effective.as_slice(), &entry.retired)?;
                            by_code.entry(code).or_default().push(item(
                                applies,
                                clauses,
                                &entry.clauses,
                                &entry.evidence,
                            ));
                            Some(())
                        })
                        .map(|()| Cite::Codes(local, by_code))
                }
                Test::CompareTable(_, at, _) => {
                    let rows = bundle.tables.get(at.0).map(|table| table.rows.as_slice()).unwrap_or_default();
                    let one = |row: &crate::bundle::checked::Row| {
                        item(Periods::always(), clauses, &row.clauses, &row.evidence)
                    };
                    Some(Cite::Rows(at.0, rows.iter().map(one).collect()))
                }
                _ => return,
            };
            match (&mut more, cite) {
                (Some(all), Some(cite)) => all.push(cite),
                _ => more = None,
            }
        };
        cited::tests(&rule.when, &mut visit);
        if let Effect::Ask(needed, _) = &rule.effect {
            cited::tests(needed, &mut visit);
        }
        let evidence = rule.evidence.line().map(|line| quoted(&line));
        Some(Self { own: clauses.positions(&rule.clauses), evidence, more: more? })
    }

    /// Whether every request has the same clauses and evidence.
    pub fn is_fixed(&self) -> bool {
        self.more.is_empty()
    }

    /// Clauses and lines of evidence for a request, each line once, in the order of the rule's tests.
    pub fn of<'r>(&'r self, view: &mut View<'_>) -> Option<(Cited, SmallVec<[&'r str; 2]>)> {
        let (mut cited, mut lines) = (self.own.clone(), SmallVec::<[&str; 2]>::new());
        lines.extend(self.evidence.as_deref());
        let mut add = |item: &'r Item| {
            cited.extend_from_slice(&item.clauses);
            if let Some(line) = item.evidence.as_deref().filter(|line| !lines.contains(line)) {
                lines.push(line);
            }
        };
        for cite in &self.more {
            match cite {
                Cite::Codes(local, by_code) => {
                    let Slot::Symbol(code) = view.slot(*local).ok()? else { continue };
                    for item in by_code.get(&code).into_iter().flatten() {
                        if view.applies(&item.applies).ok()? == Tri::True {
                            add(item);
                        }
                    }
                }
                Cite::Rows(table, rows) => {
                    if let Some(at) = view.row(*table).ok()?.found() {
                        add(rows.get(at)?);
                    }
                }
            }
        }
        Some((cited, lines))
    }
}

fn item(applies: Periods, clauses: &Clauses, cited: &[ClauseRef], evidence: &Evidence) -> Item {
    Item { applies, clauses: clauses.positions(cited), evidence: evidence.line().map(|line| quoted(&line)) }
}
