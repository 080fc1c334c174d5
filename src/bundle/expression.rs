//! Values and conditions that are scripts: compiled, checked, their refusals placed in the YAML file.

use std::sync::Arc;

use crate::model::finding::{Code, Finding, Findings, Place};
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
    Some(Expression::Script { script: Box::new(script), reads, place: node.place.clone() })
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
            let mut quiet = Findings::default();
            match value(node, wanted, draft, &mut quiet) {
                Some(constant) => return Some(Expression::Constant(constant)),
                None => Some(node),
            }
        }
    };
    let Some(body) = script_node else { return value(node, wanted, draft, findings).map(Expression::Constant) };
    let (script, reads) = compile(body, wanted, kinds, draft, findings)?;
    Some(Expression::Script { script: Box::new(script), reads, place: body.place.clone() })
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
            let reads = script.reads().iter().filter_map(|path| draft.operand(path)).collect();
            Some((script, reads))
        }
        Err(refusals) => {
            for refusal in refusals {
                findings.push(placed(&refusal, node));
            }
            None
        }
    }
}

/// A refusal at its place in the YAML file.
fn placed(refusal: &Refusal, node: &Node) -> Finding {
    let place = refusal.spot.as_ref().and_then(|spot| inside(node, spot)).unwrap_or_else(|| node.place.clone());
    let finding = Finding::new(code(refusal.code), &place, refusal.message.clone());
    match &refusal.help {
        Some(help) => finding.help(help.clone()),
        None => finding,
    }
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

/// The place of a spot inside a scalar; `None` where the text in the file is not the text of the script (folded blocks,
/// quotes with escapes), so that the whole scalar is blamed.
fn inside(node: &Node, spot: &Spot) -> Option<Place> {
    let Content::Scalar(text, style) = &node.content else { return None };
    let place = &node.place;
    let (line, column) = match style {
        Style::Plain if !text.contains('\n') => (place.line, place.column.checked_add(spot.column)?.checked_sub(1)?),
        Style::Quoted if place.end_line == place.line && !text.contains(['"', '\'', '\\', '\n']) => {
            (place.line, place.column.checked_add(spot.column)?)
        }
        Style::Literal => {
            let line = place.line.checked_add(spot.line)?.checked_sub(1)?;
            (line, place.column.checked_add(spot.column)?.checked_sub(1)?)
        }
        _ => return None,
    };
    Some(Place {
        file: Arc::clone(&place.file),
        line,
        column,
        end_line: line,
        end_column: column.checked_add(spot.length.max(1))?,
        bytes: bytes_inside(node, text, *style, spot)?,
    })
}

/// Byte offsets of a spot: exact for one-line scalars, the whole scalar for blocks, whose indentation is not in the text.
fn bytes_inside(node: &Node, text: &str, style: Style, spot: &Spot) -> Option<(usize, usize)> {
    if style == Style::Literal {
        return Some(node.place.bytes);
    }
    let quote = usize::from(style == Style::Quoted);
    let before: usize = text.chars().take(spot.column.checked_sub(1)?).map(char::len_utf8).sum();
    let length: usize =
        text.chars().skip(spot.column.checked_sub(1)?).take(spot.length.max(1)).map(char::len_utf8).sum();
    let start = node.place.bytes.0.checked_add(quote)?.checked_add(before)?;
    Some((start, start.checked_add(length)?))
}
