//! What can be told of a library without its calls: names, functions, recursion, depth.

use super::host;
use super::library::{Function, Library};
use super::refusal::{Refusal, RefusalCode, Spot};
use super::syntax::{Kind, Tree};
use crate::model::nearest;

/// Checks names and calls of one function.
pub(super) fn names(function: &Function, library: &Library) -> Vec<Refusal> {
    let mut scan = Scan { library, known: function.params.clone(), refusals: Vec::new() };
    scan.tree(&function.body);
    scan.refusals
}

struct Scan<'a> {
    library: &'a Library,
    known: Vec<String>,
    refusals: Vec<Refusal>,
}

impl Scan<'_> {
    fn tree(&mut self, tree: &Tree) {
        match &tree.kind {
            Kind::Name(name) if !self.known.contains(name) => {
                let refusal =
                    Refusal::new(RefusalCode::UnknownName, tree.spot, format!("`{name}` is unknown in this function"));
                let near = nearest(name, self.known.iter().map(String::as_str));
                let refusal = match near {
                    Some(_) => refusal.suggest(near),
                    None => refusal.help("a function sees only its parameters; pass the fact as an argument"),
                };
                self.refusals.push(refusal);
            }
            Kind::Block { lets, result } => {
                let depth = self.known.len();
                for one in lets {
                    self.tree(&one.value);
                    if self.known.contains(&one.name) {
                        let message = format!("`{}` is already defined", one.name);
                        self.refusals.push(Refusal::forbidden(one.spot, message).help("choose another name"));
                    }
                    self.known.push(one.name.clone());
                }
                self.tree(result);
                self.known.truncate(depth);
            }
            Kind::Call { name, args } => {
                if host::find(name).is_none() && self.library.find(name).is_none() {
                    self.refusals.push(self.library.unknown_function(name, tree.spot));
                }
                args.iter().for_each(|arg| self.tree(arg));
            }
            _ => tree.children().into_iter().for_each(|child| self.tree(child)),
        }
    }
}

/// A way in which a function reaches itself.
pub(super) fn recursion(start: usize, library: &Library) -> Option<Refusal> {
    let function = library.function(start)?;
    let mut seen = vec![start];
    let mut next = 0;
    while let Some(current) = seen.get(next).copied() {
        next = next.saturating_add(1);
        for (callee, spot) in calls(current, library) {
            if callee == start {
                return Some(recursive(function, library.function(current)?, spot, current == start));
            }
            if !seen.contains(&callee) {
                seen.push(callee);
            }
        }
    }
    None
}

fn recursive(function: &Function, caller: &Function, spot: Spot, direct: bool) -> Refusal {
    let (name, through) = (&function.name, &caller.name);
    if direct {
        return Refusal::forbidden(spot, format!("`{name}` calls itself")).help("scripts have no recursion");
    }
    Refusal::forbidden(function.spot, format!("`{name}` calls itself through `{through}`"))
        .help("scripts have no recursion")
}

/// Whether a function needs more levels of calls than are allowed. For libraries without recursion.
pub(super) fn depth(start: usize, library: &Library) -> Option<Refusal> {
    let function = library.function(start)?;
    let levels = library.limits().call_levels;
    let mut reached = vec![start];
    for _ in 0..levels {
        let mut below: Vec<usize> = reached.iter().flat_map(|f| calls(*f, library)).map(|(callee, _)| callee).collect();
        below.sort_unstable();
        below.dedup();
        reached = below;
    }
    let message = format!("`{}` needs more than {levels} levels of calls", function.name);
    (!reached.is_empty()).then(|| Refusal::too_large(function.spot, message))
}

/// The functions that a function calls, with the place of each call.
fn calls(index: usize, library: &Library) -> Vec<(usize, Spot)> {
    let mut found = Vec::new();
    let mut open: Vec<&Tree> = library.function(index).map(|f| &f.body).into_iter().collect();
    while let Some(tree) = open.pop() {
        if let Kind::Call { name, .. } = &tree.kind
            && let Some((callee, _)) = library.find(name)
        {
            found.push((callee, tree.spot));
        }
        open.extend(tree.children());
    }
    found
}
