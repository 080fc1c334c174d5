//! One checked script.

use std::collections::BTreeSet;

use rhai::{AST, Dynamic, Map, Scope};

use super::check::Checker;
use super::convert::{is_of, settle, to_dynamic};
use super::error::ScriptError;
use super::ir::Body;
use super::library::Library;
use super::lower::Lowering;
use super::native::Run;
use super::refusal::{Refusal, Spot};
use super::syntax::{Kind, Tree};
use super::{Known, Names};
use crate::model::{Type, Value};

/// A script that was parsed and checked, ready to run any number of times, from any thread.
#[derive(Debug)]
pub struct Script {
    text: String,
    body: Body,
    type_: Type,
    reads: Vec<String>,
    known: Vec<Known>,
    calls: Vec<String>,
    ast: AST,
    library: Library,
}

impl Script {
    /// Parses and checks an expression, or a block of `let` and one expression.
    ///
    /// With `wanted`, the result must be of that type: an integer becomes a decimal, and a text literal a code of a
    /// wanted symbol type. It may still be absent, see [`Script::is_optional`].
    ///
    /// # Errors
    /// All refusals, in the order of the text.
    pub fn compile(
        text: &str,
        wanted: Option<&Type>,
        names: &dyn Names,
        library: &Library,
    ) -> Result<Self, Vec<Refusal>> {
        let sandbox = library.sandbox();
        let ast = sandbox.parse(text).map_err(|refusal| vec![refusal])?;
        let tree = lower(&ast, library)?;
        let reads: Vec<String> = paths(&tree).into_iter().filter(|path| names.lookup(path).is_some()).collect();
        let known: Vec<Known> = reads.iter().filter_map(|path| names.lookup(path)).collect();
        let mut checker = Checker::new(names, library, &reads);
        let body = checker.script(&tree, wanted);
        let mut refusals = checker.refusals;
        refusals.sort_by_key(|refusal| refusal.spot);
        refusals.dedup();
        let Some(body) = body.filter(|_| refusals.is_empty()) else {
            return Err(if refusals.is_empty() { vec![no_value(&tree)] } else { refusals });
        };
        let type_ = body.shape.type_.clone().ok_or_else(|| vec![no_value(&tree)])?;
        let limit = sandbox.limits.operations;
        if body.cost > limit {
            let message = format!("this can take {} operations, more than {limit}", body.cost);
            return Err(vec![Refusal::too_large(tree.spot, message)]);
        }
        let ast = if library.functions().next().is_some() { library.ast().merge(&ast) } else { ast };
        let calls = library.reached(&tree);
        Ok(Self { text: text.to_owned(), body, type_, reads, known, calls, ast, library: library.clone() })
    }

    /// The type of its result.
    #[must_use]
    pub fn type_(&self) -> &Type {
        &self.type_
    }

    /// Whether its result may be absent.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        self.body.shape.optional
    }

    /// The dotted paths it reads, sorted.
    #[must_use]
    pub fn reads(&self) -> &[String] {
        &self.reads
    }

    /// Its checked form as text: of two scripts with one form, only what they read can differ.
    #[must_use]
    pub fn form(&self) -> String {
        format!("{:?} {:?}", self.type_, self.body.node)
    }

    pub(super) fn type_of_read(&self, read: usize) -> Option<&Type> {
        self.known.get(read).map(|known| &known.type_)
    }

    pub(super) fn body(&self) -> &Body {
        &self.body
    }

    /// The functions of the bundle that it calls, directly or through others, sorted.
    #[must_use]
    pub fn calls(&self) -> &[String] {
        &self.calls
    }

    /// Its text as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether its result may depend on what the values of these paths (by their place in [`Script::reads`]) are, beyond
    /// whether they are given and whether they equal one another.
    #[must_use]
    pub fn looks_into(&self, slots: &BTreeSet<usize>) -> bool {
        super::looks::into(&self.body.node, slots)
    }

    /// The greatest number of operations of one run; never more than the limit.
    #[must_use]
    pub fn cost(&self) -> u64 {
        self.body.cost
    }

    /// Runs it in Rhai. `value` gives the value of each path of [`Script::reads`], or `None` when it is absent.
    ///
    /// # Errors
    /// A [`ScriptError`]; the same inputs always give the same one.
    pub fn evaluate(&self, value: &dyn Fn(&str) -> Option<Value>) -> Result<Option<Value>, ScriptError> {
        let values = self.values(value)?;
        let mut scope = Scope::new();
        for (root, tree) in self.roots(&values) {
            scope.push_constant_dynamic(root, tree);
        }
        let result = self.library.sandbox().run(&mut scope, &self.ast)?;
        self.settled(result)
    }

    /// Runs its checked form directly: the same results as [`Script::evaluate`], without Rhai.
    ///
    /// # Errors
    /// A [`ScriptError`]; the same inputs always give the same one.
    pub fn evaluate_native(&self, value: &dyn Fn(&str) -> Option<Value>) -> Result<Option<Value>, ScriptError> {
        self.evaluate_values(&self.values(value)?)
    }

    /// Runs its checked form on values in the order of [`Script::reads`]; they are taken as they are, so they must have
    /// the types that the script was checked with.
    ///
    /// # Errors
    /// A [`ScriptError`]; the same inputs always give the same one.
    pub fn evaluate_values(&self, values: &[Option<Value>]) -> Result<Option<Value>, ScriptError> {
        let run = Run { reads: values, text_limit: self.library.limits().string_bytes };
        let result = run.body(&self.body, Vec::new())?;
        self.settled(result.map(|value| value.into_owned()))
    }

    fn settled(&self, result: Option<Value>) -> Result<Option<Value>, ScriptError> {
        match result {
            Some(value) => Ok(Some(settle(value, &self.type_))),
            None if self.is_optional() => Ok(None),
            None => Err(ScriptError::internal("an absent result")),
        }
    }

    /// The values of all paths, each as it was checked.
    fn values(&self, value: &dyn Fn(&str) -> Option<Value>) -> Result<Vec<Option<Value>>, ScriptError> {
        let one = |(path, known): (&String, &Known)| match value(path) {
            Some(given) if is_of(&given, &known.type_) => Ok(Some(given)),
            Some(_) => Err(ScriptError::WrongValue { path: path.clone(), expected: known.type_.to_string() }),
            None if known.optional => Ok(None),
            None => Err(ScriptError::AbsentValue { path: path.clone() }),
        };
        self.reads.iter().zip(&self.known).map(one).collect()
    }

    /// The values as Rhai reads them: for each first name a value, or a map of what is below it.
    fn roots(&self, values: &[Option<Value>]) -> Map {
        let mut roots = Map::new();
        for (path, value) in self.reads.iter().zip(values) {
            let value = value.as_ref().map_or(Dynamic::UNIT, to_dynamic);
            let parts: Vec<&str> = path.split('.').collect();
            insert(&mut roots, &parts, value);
        }
        roots
    }
}

fn insert(map: &mut Map, path: &[&str], value: Dynamic) {
    match path {
        [] => {}
        [last] => {
            map.insert((*last).into(), value);
        }
        [first, rest @ ..] => {
            let below = map.entry((*first).into()).or_insert_with(|| Dynamic::from_map(Map::new()));
            if let Some(mut below) = below.write_lock::<Map>() {
                insert(&mut below, rest, value);
            }
        }
    }
}

fn no_value(tree: &Tree) -> Refusal {
    Refusal::mismatch(tree.spot, "this gives no value").help("end with an expression")
}

fn lower(ast: &AST, library: &Library) -> Result<Tree, Vec<Refusal>> {
    if let Some(definition) = ast.iter_fn_def().next() {
        let at = Spot::at(definition.body.start_position(), 1);
        let refusal = Refusal::forbidden(at, "functions cannot be defined here");
        return Err(vec![refusal.help("move the function to a file of `scripts/`")]);
    }
    let mut lowering = Lowering::new(library.limits());
    let tree = lowering.statements(ast.statements(), rhai::Position::new(1, 1));
    match tree {
        Some(tree) if lowering.refusals.is_empty() => Ok(tree),
        _ => Err(lowering.refusals),
    }
}

/// All names of a script, sorted.
fn paths(tree: &Tree) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![tree];
    while let Some(tree) = open.pop() {
        if let Kind::Name(name) = &tree.kind {
            found.insert(name.clone());
        }
        open.extend(tree.children());
    }
    found
}
