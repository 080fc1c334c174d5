//! The functions of `scripts/*.rhai`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rhai::{AST, ASTNode, ScriptFuncDef, Stmt};

use super::host;
use super::lower::Lowering;
use super::refusal::{Refusal, RefusalCode, Spot};
use super::sandbox::Sandbox;
use super::scan;
use super::syntax::{Kind, Tree};
use crate::model::limits::ScriptLimits;
use crate::model::nearest;

/// One function.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) params: Vec<String>,
    pub(super) body: Tree,
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) spot: Spot,
}

/// The functions of a bundle, all files together, and the engine that runs its scripts. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Library {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    sandbox: Sandbox,
    functions: Vec<Function>,
    by_name: BTreeMap<String, usize>,
    ast: AST,
}

impl Library {
    /// No functions but those of the host.
    #[must_use]
    pub fn empty(limits: &ScriptLimits) -> Self {
        Self::of(Sandbox::new(limits), Vec::new(), AST::empty())
    }

    /// Reads the functions of all files, as name and text. A file holds nothing else, a function sees only its
    /// parameters and other functions, and none reaches itself.
    ///
    /// Types are checked where a function is called.
    ///
    /// # Errors
    /// All refusals, each with the name of its file.
    pub fn compile(files: &[(String, String)], limits: &ScriptLimits) -> Result<Self, Vec<(String, Refusal)>> {
        let sandbox = Sandbox::new(limits);
        let mut loading = Loading { functions: Vec::new(), refusals: Vec::new(), ast: AST::empty() };
        for (file, text) in files {
            loading.file(file, text, &sandbox);
        }
        let Loading { functions, mut refusals, ast } = loading;
        let complete = refusals.is_empty();
        let library = Self::of(sandbox, functions, ast);
        refusals.extend(library.scan(|function, _| {
            let mut found = scan::names(function, &library);
            // A function that was refused is missing; a call of it is not another mistake.
            found.retain(|refusal| complete || refusal.code != RefusalCode::UnknownFunction);
            found
        }));
        refusals.extend(library.scan(|_, index| scan::recursion(index, &library).into_iter().collect()));
        if refusals.is_empty() {
            refusals.extend(library.scan(|_, index| scan::depth(index, &library).into_iter().collect()));
        }
        if refusals.is_empty() { Ok(library) } else { Err(refusals) }
    }

    fn of(sandbox: Sandbox, functions: Vec<Function>, ast: AST) -> Self {
        let by_name = functions.iter().enumerate().map(|(index, f)| (f.name.clone(), index)).collect();
        Self { inner: Arc::new(Inner { sandbox, functions, by_name, ast }) }
    }

    fn scan(&self, look: impl Fn(&Function, usize) -> Vec<Refusal>) -> Vec<(String, Refusal)> {
        let one = |(index, function): (usize, &Function)| {
            let found = look(function, index);
            found.into_iter().map(|refusal| (function.file.clone(), refusal)).collect::<Vec<_>>()
        };
        self.inner.functions.iter().enumerate().flat_map(one).collect()
    }

    /// Each function: its name, its number of parameters, its file and its line.
    pub fn functions(&self) -> impl Iterator<Item = (&str, usize, &str, usize)> {
        self.inner.functions.iter().map(|f| (f.name.as_str(), f.params.len(), f.file.as_str(), f.line))
    }

    /// Whether scripts can name this dotted path; reserved words such as `default`, and hyphens, stand in the way.
    #[must_use]
    pub fn can_read(&self, path: &str) -> bool {
        let Ok(ast) = self.sandbox().parse(path) else { return false };
        let tree = Lowering::new(self.limits()).statements(ast.statements(), rhai::Position::new(1, 1));
        tree.is_some_and(|tree| matches!(&tree.kind, Kind::Name(name) if name == path))
    }

    /// The bounds that its scripts keep.
    #[must_use]
    pub fn limits(&self) -> &ScriptLimits {
        &self.inner.sandbox.limits
    }

    pub(super) fn sandbox(&self) -> &Sandbox {
        &self.inner.sandbox
    }

    pub(super) fn ast(&self) -> &AST {
        &self.inner.ast
    }

    pub(super) fn find(&self, name: &str) -> Option<(usize, &Function)> {
        let index = *self.inner.by_name.get(name)?;
        Some((index, self.function(index)?))
    }

    pub(super) fn function(&self, index: usize) -> Option<&Function> {
        self.inner.functions.get(index)
    }

    /// The functions that a tree calls, directly or through others, sorted.
    pub(super) fn reached(&self, tree: &Tree) -> Vec<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![tree];
        while let Some(tree) = open.pop() {
            if let Kind::Call { name, .. } = &tree.kind
                && let Some((_, function)) = self.find(name)
                && found.insert(name.clone())
            {
                open.push(&function.body);
            }
            open.extend(tree.children());
        }
        found.into_iter().collect()
    }

    pub(super) fn unknown_function(&self, name: &str, spot: Spot) -> Refusal {
        let known = host::all().iter().map(|f| f.name).chain(self.inner.functions.iter().map(|f| f.name.as_str()));
        Refusal::new(RefusalCode::UnknownFunction, spot, format!("there is no function `{name}`"))
            .suggest(nearest(name, known))
    }
}

struct Loading {
    functions: Vec<Function>,
    refusals: Vec<(String, Refusal)>,
    ast: AST,
}

impl Loading {
    fn file(&mut self, file: &str, text: &str, sandbox: &Sandbox) {
        let ast = match sandbox.parse(text) {
            Ok(ast) => ast,
            Err(refusal) => return self.refusals.push((file.to_owned(), refusal)),
        };
        if let Some(statement) = ast.statements().first() {
            let refusal = Refusal::forbidden(Spot::at(statement.position(), 1), "only functions may stand here")
                .help("move this into a `fn name(…) { … }`");
            self.refusals.push((file.to_owned(), refusal));
        }
        let mut lowering = Lowering::new(&sandbox.limits);
        let mut definitions: Vec<&Arc<ScriptFuncDef>> = ast.iter_fn_def().collect();
        definitions.sort_by_key(|definition| place(definition));
        for definition in definitions {
            self.function(file, &ast, definition, &mut lowering);
        }
        self.refusals.extend(lowering.refusals.into_iter().map(|refusal| (file.to_owned(), refusal)));
        self.ast = self.ast.merge(&ast.clone_functions_only());
    }

    fn function(&mut self, file: &str, ast: &AST, definition: &ScriptFuncDef, lowering: &mut Lowering<'_>) {
        let name = definition.name.as_str();
        let spot = place(definition);
        let taken = self.functions.iter().find(|f| f.name == name).map(|f| format!("{}:{}", f.file, f.line));
        let refusal = if definition.this_type.is_some() {
            Some(Refusal::forbidden(spot, format!("`{name}` belongs to a type")).help("write a plain `fn name(…)`"))
        } else if host::find(name).is_some() {
            Some(Refusal::forbidden(spot, format!("`{name}` is a built-in function")).help("choose another name"))
        } else {
            taken.map(|first| {
                Refusal::forbidden(spot, format!("`{name}` is already defined at {first}")).help("choose another name")
            })
        };
        let tree = lowering.statements(&statements_of(definition, ast), definition.body.start_position());
        if let Some(refusal) = refusal {
            return lowering.refusals.push(refusal);
        }
        let Some(body) = tree else { return };
        let params = definition.params.iter().map(ToString::to_string).collect();
        let file = file.to_owned();
        self.functions.push(Function { name: name.to_owned(), params, body, file, line: spot.line, spot });
    }
}

/// Where the body of a function begins.
fn place(definition: &ScriptFuncDef) -> Spot {
    Spot::at(definition.body.start_position(), 1)
}

/// The statements of a function. Rhai does not name the type of a function's body, but walks it.
fn statements_of(definition: &ScriptFuncDef, ast: &AST) -> Vec<Stmt> {
    let (name, arity) = (definition.name.as_str(), definition.params.len());
    let mut only = ast.clone_functions_only();
    only.retain_functions(|_, _, other, params| other == name && params == arity);
    let mut statements = Vec::new();
    only.walk(&mut |path: &[ASTNode<'_>]| {
        if let [ASTNode::Stmt(statement)] = path {
            statements.push((*statement).clone());
        }
        true
    });
    statements
}

impl Default for Library {
    fn default() -> Self {
        Self::empty(&ScriptLimits::default())
    }
}
