//! What scripts read, and scripts made for the bundle: settings and facts that are constant are part of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::bundle::checked::{Bundle, Effective, Expression, Operand, Setting, TableIx};
use crate::model::value::Value;
use crate::script::{Given, Graph, NodeIx, Script};

use super::facts::FactTable;

/// What a script reads besides facts.
#[derive(Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A cell.
    Cell(usize, usize),
    /// A setting that changes with the date.
    Setting(Dated<Value>),
}

/// The scripts of a kind, and what they read.
#[derive(Debug, Default)]
pub struct Scripts {
    /// What they compute.
    pub graph: Graph,
    /// What they read besides facts, each once.
    others: Vec<Source>,
    /// What derived facts compute, where nothing but facts has to be known.
    pub derived: BTreeMap<usize, Inlined>,
}

/// A derived fact that is a part of the scripts that read it.
#[derive(Debug)]
pub struct Inlined {
    /// What computes it.
    pub root: NodeIx,
    /// Facts that may be open.
    pub facts: Vec<usize>,
    /// See [`Gate::may_fail`].
    pub may_fail: Vec<(NodeIx, Vec<usize>)>,
}

/// The input of a fact is its number in the kind; from here on are the others.
const OTHERS: u32 = 1 << 16;

impl Scripts {
    fn input(&mut self, source: Source) -> Option<u32> {
        let at = self.others.iter().position(|known| *known == source).unwrap_or(self.others.len());
        if at == self.others.len() {
            self.others.push(source);
        }
        u32::try_from(at).ok()?.checked_add(OTHERS)
    }

    /// The fact that an input is.
    pub fn fact(input: u32) -> Option<usize> {
        usize::try_from(input).ok().filter(|_| input < OTHERS)
    }

    fn input_of(fact: usize) -> Option<u32> {
        u32::try_from(fact).ok().filter(|input| *input < OTHERS)
    }

    /// What an input reads that is no fact.
    pub fn other(&self, input: u32) -> Option<&Source> {
        self.others.get(usize::try_from(input.checked_sub(OTHERS)?).ok()?)
    }
}

/// Something that holds for a time: the first whose period is in force goes before, by the fact that dates it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Dated<T> {
    /// In order.
    pub periods: Vec<(usize, Effective, T)>,
    /// Where none is in force.
    pub otherwise: T,
}

impl<T> Dated<T> {
    /// What each value of a setting comes to.
    pub fn new(table: &FactTable, setting: &Setting, of: impl Fn(&Value) -> T) -> Option<Self> {
        let one =
            |(value, period): &(Value, Effective)| Some((table.local(period.dated_by)?, period.clone(), of(value)));
        Some(Self { periods: setting.dated.iter().map(one).collect::<Option<_>>()?, otherwise: of(&setting.value) })
    }
}

/// What has to be known before a script runs, whether it comes to use it or not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Gate {
    /// Facts that may be open.
    pub facts: Vec<usize>,
    /// Tables, for their row.
    pub rows: Vec<usize>,
    /// Settings that change with the date, by their inputs.
    pub settings: Vec<u32>,
    /// Whether there are neither tables nor settings.
    pub needs_facts_only: bool,
    /// Derived facts that may fail where the script waits for something else, and the facts that they wait for themselves:
    /// one that fails goes before what is open.
    pub may_fail: Vec<(NodeIx, Vec<usize>)>,
}

/// A script with what it reads.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Compute {
    /// Its result.
    pub root: NodeIx,
    /// What has to be known.
    pub gate: Gate,
    /// The value that it has for every request; `None` when it depends on something.
    pub constant: Option<Value>,
    /// The fact whose value it has, as it is, where nothing but facts have to be known.
    pub copies: Option<usize>,
}

/// A script that is made for the bundle; `None` when it needs the interpreter.
pub fn compute(bundle: &Bundle, table: &FactTable, scripts: &mut Scripts, expression: &Expression) -> Option<Compute> {
    let Expression::Script { script, reads, .. } = expression else { return None };
    compute_script(bundle, table, scripts, script, reads)
}

/// As [`compute`].
pub fn compute_script(
    bundle: &Bundle,
    table: &FactTable,
    scripts: &mut Scripts,
    script: &Script,
    reads: &[Operand],
) -> Option<Compute> {
    let mut wanted = Wanted::default();
    let mut given = Vec::new();
    for operand in reads {
        given.push(wanted.read(bundle, table, scripts, operand)?);
    }
    let made = script.fast(&given, &mut scripts.graph)?;
    let Wanted { facts, rows, settings, may_fail } = wanted;
    // Where the script waits for no more than the fact does, the fact has not failed.
    let more = |own: &[usize]| !rows.is_empty() || !settings.is_empty() || facts.iter().any(|fact| !own.contains(fact));
    let may_fail = may_fail.into_iter().filter(|(_, own)| more(own)).collect();
    let needs_nothing = facts.is_empty() && rows.is_empty() && settings.is_empty();
    let copies = made.copies.and_then(Scripts::fact).filter(|_| rows.is_empty() && settings.is_empty());
    let gate = Gate {
        needs_facts_only: rows.is_empty() && settings.is_empty(),
        facts: facts.into_iter().collect(),
        rows: rows.into_iter().collect(),
        settings: settings.into_iter().collect(),
        may_fail,
    };
    Some(Compute { root: made.root, gate, constant: made.constant.filter(|_| needs_nothing), copies })
}

/// What has to be known for the reads of a script.
#[derive(Default)]
struct Wanted {
    facts: BTreeSet<usize>,
    rows: BTreeSet<usize>,
    settings: BTreeSet<u32>,
    may_fail: BTreeMap<NodeIx, Vec<usize>>,
}

impl Wanted {
    fn read(&mut self, bundle: &Bundle, table: &FactTable, scripts: &mut Scripts, operand: &Operand) -> Option<Given> {
        let later = |input: u32| Given::Later { input, present: false };
        Some(match operand {
            Operand::Fact(ix) => match table.local(*ix) {
                // A fact that the kind does not have is absent.
                None => Given::Absent,
                Some(local) => self.fact(table, scripts, local)?,
            },
            Operand::Cell(at, column) => {
                self.rows.insert(at.0);
                match same_in_all(bundle, *at, *column) {
                    Some(value) => Given::Value(value.clone()),
                    None => later(scripts.input(Source::Cell(at.0, *column))?),
                }
            }
            Operand::Setting(name) => match bundle.settings.get(name) {
                None => Given::Absent,
                Some(setting) if setting.dated.is_empty() => Given::Value(setting.value.clone()),
                Some(setting) => {
                    let input = scripts.input(Source::Setting(Dated::new(table, setting, Clone::clone)?))?;
                    self.settings.insert(input);
                    later(input)
                }
            },
        })
    }

    fn fact(&mut self, table: &FactTable, scripts: &mut Scripts, local: usize) -> Option<Given> {
        if let Some(value) = table.constant(local) {
            return Some(Given::Value(value.clone()));
        }
        if let Some(Inlined { root, facts, may_fail }) = scripts.derived.get(&local) {
            self.facts.extend(facts);
            self.may_fail.extend(may_fail.iter().cloned());
            if !scripts.graph.is_safe(*root) {
                self.may_fail.insert(*root, facts.clone());
            }
            return Some(Given::Node(*root));
        }
        // What is never open is read only by who uses it.
        if !table.is_never_open(local) {
            self.facts.insert(local);
        }
        Some(Given::Later { input: Scripts::input_of(local)?, present: table.is_never_absent(local) })
    }
}

/// The value that a column has in every row.
pub fn same_in_all(bundle: &Bundle, table: TableIx, column: usize) -> Option<&Value> {
    let mut values = bundle.tables.get(table.0)?.rows.iter().map(|row| row.values.get(column));
    let first = values.next()??;
    (!matches!(first, Value::Set(_)) && values.all(|value| value.is_some_and(|value| identical(value, first))))
        .then_some(first)
}

/// Decimals are equal whatever their scale, but not written alike.
fn identical(a: &Value, b: &Value) -> bool {
    a == b && a.to_string() == b.to_string()
}
