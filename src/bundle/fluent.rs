//! What a Fluent file says: its messages and terms, the variables and other messages each uses, and where.

use std::collections::BTreeSet;
use std::sync::Arc;

use fluent_bundle::FluentResource;
use fluent_syntax::ast::{CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement};

use crate::model::finding::Place;

use super::lines::Lines;

/// A message or term, as a file gives it.
#[derive(Debug)]
pub struct Definition {
    /// Its name; that of a term begins with `-`.
    pub id: Arc<str>,
    /// Where its name stands.
    pub place: Place,
    /// What it uses, in the order of the text.
    pub uses: Vec<(Use, Place)>,
}

/// What a message uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// `$name`, without the sign.
    Variable(Arc<str>),
    /// Another message, or a term with its `-`.
    Message(Arc<str>),
    /// A function.
    Function(Arc<str>),
}

/// Reads the definitions of a resource, whose text is that of the file.
pub fn definitions(file: &str, resource: &FluentResource) -> Vec<Definition> {
    let text = resource.source();
    let reader = Reader { text, lines: Lines::new(file, text) };
    let one = |entry: &Entry<&str>| match entry {
        Entry::Message(message) => {
            let mut uses = Vec::new();
            if let Some(pattern) = &message.value {
                reader.pattern(pattern, &mut uses);
            }
            Some(Definition { id: message.id.name.into(), place: reader.place(message.id.name, 0), uses })
        }
        Entry::Term(term) => {
            let mut uses = Vec::new();
            reader.pattern(&term.value, &mut uses);
            // Whoever uses a term gives it its variables.
            uses.retain(|(used, _)| !matches!(used, Use::Variable(_)));
            Some(Definition { id: format!("-{}", term.id.name).into(), place: reader.place(term.id.name, 1), uses })
        }
        _ => None,
    };
    resource.entries().filter_map(one).collect()
}

/// The variables among the uses.
pub fn variables(definition: &Definition) -> BTreeSet<Arc<str>> {
    let variable = |(used, _): &(Use, Place)| match used {
        Use::Variable(name) => Some(Arc::clone(name)),
        _ => None,
    };
    definition.uses.iter().filter_map(variable).collect()
}

struct Reader<'t> {
    text: &'t str,
    lines: Lines<'t>,
}

type Uses = Vec<(Use, Place)>;

impl Reader<'_> {
    /// The place of a name, which is a part of the text, with the signs before it.
    fn place(&self, name: &str, signs: usize) -> Place {
        let start = name.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        self.lines.place(start.saturating_sub(signs), start.saturating_add(name.len()))
    }

    fn pattern(&self, pattern: &Pattern<&str>, into: &mut Uses) {
        for element in &pattern.elements {
            if let PatternElement::Placeable { expression } = element {
                self.expression(expression, into);
            }
        }
    }

    fn expression(&self, expression: &Expression<&str>, into: &mut Uses) {
        match expression {
            Expression::Inline(inline) => self.inline(inline, into),
            Expression::Select { selector, variants } => {
                self.inline(selector, into);
                variants.iter().for_each(|variant| self.pattern(&variant.value, into));
            }
        }
    }

    fn inline(&self, inline: &InlineExpression<&str>, into: &mut Uses) {
        match inline {
            // The sign is no part of what would be replaced by another name.
            InlineExpression::VariableReference { id } => {
                into.push((Use::Variable(id.name.into()), self.place(id.name, 0)));
            }
            InlineExpression::MessageReference { id, .. } => {
                into.push((Use::Message(id.name.into()), self.place(id.name, 0)));
            }
            InlineExpression::TermReference { id, arguments, .. } => {
                into.push((Use::Message(format!("-{}", id.name).into()), self.place(id.name, 1)));
                if let Some(arguments) = arguments {
                    self.arguments(arguments, into);
                }
            }
            InlineExpression::FunctionReference { id, arguments } => {
                into.push((Use::Function(id.name.into()), self.place(id.name, 0)));
                self.arguments(arguments, into);
            }
            InlineExpression::Placeable { expression } => self.expression(expression, into),
            InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => {}
        }
    }

    fn arguments(&self, arguments: &CallArguments<&str>, into: &mut Uses) {
        arguments.positional.iter().for_each(|argument| self.inline(argument, into));
        arguments.named.iter().for_each(|named| self.inline(&named.value, into));
    }
}
