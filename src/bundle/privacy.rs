//! What is private stays out of everything a decision shows: messages, results, the names of parts.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::finding::{Code, Finding, Findings};

use super::checked::{Expression, FactIx, Operand};
use super::draft::Draft;
use super::lint::variable;
use super::messages::Messages;

fn is_private(ix: FactIx, draft: &Draft) -> bool {
    draft.facts.get(ix.0).is_some_and(|fact| fact.hidden)
}

/// Whether a script reads a private fact, or one that is derived from it.
pub fn any_private(reads: &[Operand], draft: &Draft) -> bool {
    reads.iter().any(|operand| matches!(operand, Operand::Fact(ix) if is_private(*ix, draft)))
}

/// No message uses the value of a private fact; whether it was given (`$customer_name_state`) may be said.
pub fn messages(language: &Arc<str>, draft: &Draft, messages: &Messages, findings: &mut Findings) {
    let private = draft.facts.iter().filter(|fact| fact.hidden);
    let names: BTreeSet<String> = private.map(|fact| variable(&fact.path)).collect();
    for (id, message) in messages.of_language(language) {
        for name in message.variables.iter().filter(|name| names.contains(&***name)) {
            let text = format!("the message `{id}` shows `${name}`, which is private");
            let help = format!("use `${name}_state`, or leave it out");
            findings.push(Finding::new(Code::PrivateShown, &message.place, text).help(help));
        }
    }
}

/// No result is computed from a private fact, and no part is named by one.
pub fn decisions(draft: &Draft, findings: &mut Findings) {
    for rule in &draft.rules {
        for (name, expression) in &rule.results {
            let Expression::Script { reads, place, .. } = expression else { continue };
            if any_private(reads, draft) {
                let text = format!("the result `{name}` is computed from a private fact");
                findings.push(Finding::new(Code::PrivateShown, place, text).help("compute it from facts that are not"));
            }
        }
    }
    for kind in &draft.kinds {
        if kind.fan_out.iter().filter_map(|fan_out| fan_out.label).any(|label| is_private(label, draft)) {
            let text = format!("the parts of `{}` are named by a private fact", kind.name);
            findings.push(Finding::new(Code::PrivateShown, &kind.place, text).help("take another `label`"));
        }
    }
}
