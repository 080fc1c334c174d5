//! Values and conditions that are scripts: compiled, checked, their refusals placed in the YAML file.

use std::sync::Arc;

use crate::model::finding::{Code, Edit, Finding, Findings, Place};
use crate::model::value::Type;
use crate::script::{Refusal, RefusalCode, Script, Spot};

use super::checked::{Derived, Expression, KindIx, Operand};
use super::draft::{Draft, ScriptNames};
use super::reader::text;
use super::values::value;
use super::yaml::{Content, Node, Style};

/// The script of a derived fact.
pub fn derived(node: &Node, wanted: &Type, draft: &Draft, findings: &mut Findings) -> Option<Derived> {
    let (script, reads) = compile(node, wanted, &[], draft, findings)?;
    Some(Derived { script, reads })
}

/// A condition that a script decides.
pub fn predicate(node: &Node, kinds: &[KindIx], draft: &Draft, findings: &mut Findings) -> Option<Expression> {
    let (script, reads) = compile(node, &Type::Boolean, kinds, draft, findings)?;
    Some(Expression::Script { script: Arc::new(script), reads, place: node.place.clone() })
}

/// A result: a constant of its type, or a script. Where a constant of the type is plain text (codes, texts, currencies),
/// a script is written `{ script: … }`; elsewhere any text that is no constant is a script.
pub fn result(
    node: &Node,
    wanted: &Type,
    kinds: &[KindIx],
    draft: &Draft,
    findings: &mut Findings,
) -> Option<Expression> {
    let script_node = match &node.content {
        Content::Mapping(entries) => match entries.as_slice() {
            [(key, body)] if key.text() == Some("script") => Some(body),
            _ => {
                findings.push(Finding::new(
                    Code::WrongForm,
                    &node.place,
                    "a result is a value, an expression or `{ script: … }`",
                ));
                return None;
            }
        },
        Content::Scalar(..) if is_textual(wanted) => None,
        _ => {
            // What is no constant is a script.
            match value(node, wanted, draft, &mut Findings::default()) {
                Some(constant) => return Some(Expression::Constant(constant)),
                None => Some(node),
            }
        }
    };
    let Some(body) = script_node else { return value(node, wanted, draft, findings).map(Expression::Constant) };
    let (script, reads) = compile(body, wanted, kinds, draft, findings)?;
    Some(Expression::Script { script: Arc::new(script), reads, place: body.place.clone() })
}

fn is_textual(wanted: &Type) -> bool {
    matches!(wanted, Type::Text | Type::Symbol(_) | Type::Currency | Type::Boolean)
}

fn compile(
    node: &Node,
    wanted: &Type,
    kinds: &[KindIx],
    draft: &Draft,
    findings: &mut Findings,
) -> Option<(Script, Vec<Operand>)> {
    let source = text(node, findings)?;
    let names = ScriptNames { draft, kinds };
    match Script::compile(source, Some(wanted), &names, &draft.library) {
        Ok(script) => {
            let reads: Vec<Operand> = script.reads().iter().filter_map(|path| draft.operand(path)).collect();
            mark_used(script.reads(), script.calls(), draft);
            Some((script, reads))
        }
        Err(refusals) => {
            // What is asked of an unknown name is known of nothing, such as that it is there.
            let unknown = refusals.iter().any(|refusal| refusal.code == RefusalCode::UnknownName);
            let follows = |refusal: &Refusal| {
                let typed = refusal.code == RefusalCode::TypeMismatch;
                (unknown && typed) || is_consequence(refusal, source, kinds, draft)
            };
            for refusal in refusals.iter().filter(|refusal| !follows(refusal)) {
                let place = refusal.spot.as_ref().and_then(|spot| inside(node, spot, draft));
                let mut finding = finding(refusal, place.as_ref().unwrap_or(&node.place));
                if place.is_none() {
                    // The whole scalar is not what the edit would replace.
                    finding.edit = None;
                }
                findings.push(finding);
                if let Some(meant) = &refusal.instead {
                    mark_used(std::slice::from_ref(meant), std::slice::from_ref(meant), draft);
                }
            }
            None
        }
    }
}

/// Tables, settings and functions that a script uses.
fn mark_used(reads: &[String], calls: &[String], draft: &Draft) {
    for (root, column) in reads.iter().filter_map(|path| path.split_once('.')) {
        match root {
            "settings" => draft.ledger.mark("setting", column),
            _ => draft.ledger.mark("table", root),
        }
    }
    for function in calls {
        draft.ledger.mark("function", function);
    }
}

/// Whether a refusal only follows from a mistake where the name is defined.
fn is_consequence(refusal: &Refusal, source: &str, kinds: &[KindIx], draft: &Draft) -> bool {
    let Some(spot) = &refusal.spot else { return false };
    let line = source.split('\n').nth(spot.line.saturating_sub(1)).unwrap_or_default();
    let rest = line.chars().skip(spot.column.saturating_sub(1));
    let name: String = rest.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.')).collect();
    let broken = |kind, name: &str| draft.ledger.is_broken(kind, name);
    match refusal.code {
        RefusalCode::UnknownFunction => broken("function", &name),
        RefusalCode::UnknownName => {
            let (root, column) = name.split_once('.').unwrap_or((&name, ""));
            let kind =
                kinds.iter().filter_map(|kind| draft.kinds.get(kind.0)).any(|k| broken("facts of kind", &k.name));
            let known = draft.fact_index.contains_key(name.as_str());
            broken("fact", &name)
                || broken("table", root)
                || broken("column", &name)
                || (root == "settings" && broken("setting", column))
                || (kind && known)
        }
        _ => false,
    }
}

/// The finding for a refusal.
pub fn finding(refusal: &Refusal, place: &Place) -> Finding {
    let mut finding = Finding::new(code(refusal.code), place, refusal.message.clone());
    finding.help.clone_from(&refusal.help);
    finding.edit = refusal.instead.as_ref().map(|instead| Edit { place: place.clone(), text: instead.clone() });
    finding
}

/// The finding that stands for a refusal.
pub fn code(code: RefusalCode) -> Code {
    match code {
        RefusalCode::ScriptSyntax => Code::ScriptSyntax,
        RefusalCode::UnknownName => Code::UnknownName,
        RefusalCode::UnknownFunction => Code::UnknownFunction,
        RefusalCode::TypeMismatch => Code::TypeMismatch,
        RefusalCode::ForbiddenConstruct => Code::ForbiddenConstruct,
        RefusalCode::ScriptTooLarge => Code::ScriptTooLarge,
    }
}

/// The place of a spot inside a scalar. Indentation, folding and quotes are YAML's and not the script's, but every
/// character that is not white space stands in the file as it does in the script, in the same order: they are counted.
/// `None` where that is not so (escapes), so that the whole scalar is blamed.
fn inside(node: &Node, spot: &Spot, draft: &Draft) -> Option<Place> {
    let Content::Scalar(text, style) = &node.content else { return None };
    let file = draft.texts.get(&node.place.file)?;
    let (start, end) = node.place.bytes;
    let written = file.get(start..end)?;
    let body = match style {
        Style::Plain => 0,
        Style::Quoted if written.contains('\\') || written.get(1..)?.contains("''") => return None,
        Style::Quoted => 1,
        // The header of a block has no part in the text; its span may begin after it.
        Style::Literal | Style::Folded if written.starts_with(['|', '>']) => written.find('\n')?.checked_add(1)?,
        Style::Literal | Style::Folded => 0,
    };
    let first = index_of(text, spot.line, spot.column)?;
    let last = first.checked_add(spot.length.max(1))?.checked_sub(1)?;
    let solid = |until: usize| text.chars().take(until).filter(|c| !c.is_whitespace()).count();
    let at_solid = text.chars().nth(first).is_some_and(|c| !c.is_whitespace());
    let mut ends = written.get(body..)?.char_indices().filter(|(_, c)| !c.is_whitespace());
    let begin = if at_solid {
        ends.clone().nth(solid(first))?.0
    } else {
        // The end of the text, or white space: after what stands before.
        let before = ends.clone().nth(solid(first).checked_sub(1)?)?;
        before.0.checked_add(before.1.len_utf8())?
    };
    let stop = match solid(last.checked_add(1)?).checked_sub(1) {
        Some(at) => ends.nth(at).map_or(begin, |(at, c)| at.saturating_add(c.len_utf8())),
        None => begin,
    };
    let offset = start.checked_add(body)?;
    let (begin, stop) = (begin.checked_add(offset)?, stop.max(begin).checked_add(offset)?);
    let position = |at: usize| {
        let before = file.get(start..at)?;
        let column = before.rsplit('\n').next()?.chars().count();
        Some(match before.bytes().filter(|b| *b == b'\n').count() {
            0 => (node.place.line, node.place.column.checked_add(column)?),
            lines => (node.place.line.checked_add(lines)?, column.checked_add(1)?),
        })
    };
    let ((line, column), (end_line, end_column)) = (position(begin)?, position(stop)?);
    let file = Arc::clone(&node.place.file);
    Some(Place { file, line, column, end_line, end_column, bytes: (begin, stop) })
}

/// The position among the characters of a text.
fn index_of(text: &str, line: usize, column: usize) -> Option<usize> {
    let before: usize = text.split('\n').take(line.checked_sub(1)?).map(|l| l.chars().count().saturating_add(1)).sum();
    before.checked_add(column.checked_sub(1)?)
}
