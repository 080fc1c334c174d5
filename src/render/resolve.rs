//! What the variables of messages stand for, as `explain::words` defines it, found once.

use std::collections::BTreeMap;
use std::sync::Arc;

use fluent_syntax::ast::Pattern;

use crate::bundle::checked::{Bundle, FactIx};
use crate::bundle::lint::variable;
use crate::compile::FactTable;
use crate::model::value::{Type, Value};

use super::template::{Messages, escaped};

/// The names of a domain's codes in a language, as JSON writes them.
pub type Names = BTreeMap<Arc<str>, Box<str>>;

/// What a variable stands for.
#[derive(Debug)]
pub enum Variable {
    /// Text that is the same for every request.
    Fixed(Box<str>),
    /// What the reason waits for.
    Missing,
    /// The value of a fact, by its number, with the names of its codes by their positions.
    Fact(usize, Box<[Box<str>]>),
    /// What is known of a fact.
    State(usize),
    /// A result of one of these names, else a cell.
    Given {
        /// Results, with the names of the codes they may have.
        results: Vec<(Arc<str>, Names)>,
        /// Tables and columns, with the names of the codes they may have.
        cells: Vec<(usize, usize, Names)>,
    },
}

/// Finds the variables of one message in one language.
pub struct Resolver<'b> {
    /// The bundle.
    pub bundle: &'b Bundle,
    /// The facts of the kind.
    pub table: &'b FactTable,
    /// The language.
    pub language: &'b str,
    /// The name of the rule that speaks.
    pub rule: &'b str,
}

impl<'b> Messages<'b, Variable> for Resolver<'b> {
    fn pattern(&self, id: &str) -> Option<&'b Pattern<&'b str>> {
        self.bundle.messages.pattern(self.language, id)
    }

    fn variable(&self, name: &str) -> Option<Variable> {
        Some(match name {
            "missing" => Variable::Missing,
            // Nothing failed where the program decides, and ambiguous words are left to the slow way.
            "error" | "candidates" => Variable::Fixed("".into()),
            "rule" => Variable::Fixed(escaped(self.rule).into()),
            _ => {
                let state_of = name.strip_suffix("_state").and_then(|base| self.fact(base));
                match (self.fact(name), state_of) {
                    (None, Some(ix)) => match self.table.local(ix) {
                        Some(local) => Variable::State(local),
                        None => Variable::Fixed("absent".into()),
                    },
                    (Some(ix), _) => match self.table.local(ix) {
                        Some(local) => Variable::Fact(local, self.fact_names(ix, local)?),
                        None => Variable::Fixed("?".into()),
                    },
                    (None, None) => self.given(name),
                }
            }
        })
    }
}

impl Resolver<'_> {
    fn fact(&self, name: &str) -> Option<FactIx> {
        self.bundle.facts.iter().position(|fact| variable(&fact.path) == name).map(FactIx)
    }

    /// The names of a fact's codes, by their positions; none for a fact without codes.
    fn fact_names(&self, ix: FactIx, local: usize) -> Option<Box<[Box<str>]>> {
        let Some(codes) = self.table.codes_of(local).and_then(|at| self.table.codes.get(at)) else {
            return Some(Box::default());
        };
        let type_ = match &self.bundle.fact(ix)?.type_ {
            Type::Set(inner) => inner,
            type_ => type_,
        };
        let names = names(self.bundle, self.language, type_);
        let all = (0..codes.count()).filter_map(|at| u32::try_from(at).ok()).map(|at| codes.code(at));
        Some(all.map(|code| names.get(code).cloned().unwrap_or_else(|| escaped(code).into())).collect())
    }

    fn given(&self, name: &str) -> Variable {
        let names = |type_: &Type| names(self.bundle, self.language, type_);
        let named = self.bundle.results.iter().filter(|(result, _)| variable(result) == name);
        let results = named.map(|(result, def)| (Arc::clone(result), names(&def.type_))).collect();
        let mut cells = Vec::new();
        for (at, table) in self.bundle.tables.iter().enumerate() {
            for (column, (given, type_)) in table.gives.iter().enumerate() {
                if variable(&format!("{}.{given}", table.name)) == name {
                    cells.push((at, column, names(type_)));
                }
            }
        }
        Variable::Given { results, cells }
    }
}

/// The names of a type's codes in a language.
pub fn names(bundle: &Bundle, language: &str, type_: &Type) -> Names {
    let Type::Symbol(domain) = type_ else { return Names::new() };
    let entries = bundle.domains.get(domain).map(|domain| domain.entries.as_slice()).unwrap_or_default();
    let name = |entry: &crate::bundle::domain::Entry| {
        let name = entry.names.get(language).map_or(&*entry.code, |name| name);
        (Arc::clone(&entry.code), escaped(name).into())
    };
    entries.iter().map(name).collect()
}

/// A value that does not change, in words: the same as `explain::words::display`, as JSON writes it. Sets have none.
pub fn shown(value: &Value, names: &Names) -> Option<Box<str>> {
    match value {
        Value::Set(_) => None,
        Value::Symbol(code) => Some(names.get(code).cloned().unwrap_or_else(|| escaped(code).into())),
        other => Some(escaped(&other.to_string()).into()),
    }
}
