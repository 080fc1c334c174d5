//! Completion: what can stand where the cursor is.
//!
//! The text is being typed and seldom parses, so the word at the cursor is taken out, a word of our own put in its place
//! (as a value, then as a key), and the tree that results is asked what stands there. Where what follows the cursor does
//! not parse either, it is left out.

use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, MarkupContent, MarkupKind, TextEdit,
};

use crate::bundle::grammar::{FileKind, Slot};
use crate::bundle::lint::known_variables;
use crate::bundle::load::Survey;
use crate::bundle::yaml::parse_whole;
use crate::model::finding::Findings;
use crate::model::limits::BundleLimits;

use super::offers::{Offer, functions, offers};
use super::text::Lines;
use super::walk::{Spot, What, walk};
use super::words;

/// Stands for the word at the cursor; nobody writes it.
const CURSOR: &str = "zqx-the-cursor-xqz";

/// At most so many items carry their documentation; the others are documented when they are chosen.
const DOCUMENTED: usize = 400;

/// The word at the cursor: its first and last byte.
fn word_at(text: &str, byte: usize) -> (usize, usize) {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '$' | '#' | '*');
    let before = text.get(..byte).unwrap_or_default();
    let start = before.trim_end_matches(is_word).len();
    let after = text.get(byte..).unwrap_or_default();
    let end = byte.saturating_add(after.len().saturating_sub(after.trim_start_matches(is_word).len()));
    (start, end)
}

/// What can stand at a byte of a YAML file.
pub fn complete(survey: &Survey, kind: FileKind, text: &str, byte: usize) -> Vec<CompletionItem> {
    let (start, end) = word_at(text, byte);
    let before = text.get(..start).unwrap_or_default();
    let after = text.get(end..).unwrap_or_default();
    let closed = closers(before);
    let attempts = [
        (format!("{before}{CURSOR}{after}"), false),
        (format!("{before}{CURSOR}: {after}"), true),
        (format!("{before}{CURSOR}{closed}"), false),
        (format!("{before}{CURSOR}: {closed}"), true),
    ];
    for (attempt, added_colon) in attempts {
        let mut quiet = Findings::default();
        let Some(root) = parse_whole("", &attempt, &BundleLimits::default(), &mut quiet) else { continue };
        let spots = walk(&root, kind, &survey.draft);
        let Some(spot) = spots.iter().find(|spot| is_at_cursor(spot)) else { continue };
        // Only keys stand in a mapping by themselves.
        let is_key = added_colon || spot.around.mapping.is_some();
        let colon = is_key && !after.trim_start_matches(' ').starts_with(':');
        let offers = offers(survey, spot);
        return items(survey, offers, &Lines::new(text), (start, end), colon);
    }
    Vec::new()
}

/// Whether the cursor is in this spot: the whole scalar, or within a script.
fn is_at_cursor(spot: &Spot<'_>) -> bool {
    match spot.node.text() {
        Some(CURSOR) => true,
        Some(text) => text.contains(CURSOR) && matches!(spot.what, What::Scalar(Slot::Script) | What::Result(_)),
        None => false,
    }
}

/// The brackets that are open at the end of a text.
fn closers(text: &str) -> String {
    let mut open = Vec::new();
    let (mut quote, mut before) = (None, ' ');
    for c in text.chars() {
        match (quote, c) {
            (Some('#'), '\n') => quote = None,
            (Some(mark), _) if mark == c => quote = None,
            (Some(_), _) => {}
            (None, '#') if before.is_whitespace() => quote = Some('#'),
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(c),
            (None, '{') => open.push('}'),
            (None, '[') => open.push(']'),
            (None, '}' | ']') if open.last() == Some(&c) => {
                open.pop();
            }
            _ => {}
        }
        before = c;
    }
    open.into_iter().rev().fold(String::from(" "), |mut out, c| {
        out.push(c);
        out
    })
}

/// What can stand at a byte of a file of messages: variables after `$`.
pub fn complete_message(survey: &Survey, text: &str, byte: usize) -> Vec<CompletionItem> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let before = text.get(..byte).unwrap_or_default();
    let start = before.trim_end_matches(is_word).len();
    if !before.get(..start).unwrap_or_default().ends_with('$') {
        return Vec::new();
    }
    let offers =
        known_variables(&survey.draft).into_iter().map(|name| Offer::new(name, "", CompletionItemKind::VARIABLE));
    items(survey, offers.collect(), &Lines::new(text), (start, byte), false)
}

/// What can stand at a byte of a file of functions.
pub fn complete_script(survey: &Survey, text: &str, byte: usize) -> Vec<CompletionItem> {
    items(survey, functions(survey), &Lines::new(text), word_at(text, byte), false)
}

fn items(
    survey: &Survey,
    offers: Vec<Offer>,
    lines: &Lines<'_>,
    word: (usize, usize),
    colon: bool,
) -> Vec<CompletionItem> {
    let range = lines.range(word);
    let documented = offers.len() <= DOCUMENTED;
    let item = |(at, offer): (usize, Offer)| {
        let plain = offer.insert.unwrap_or_else(|| offer.label.clone());
        let text = if colon && !plain.ends_with(':') { format!("{plain}: ") } else { plain };
        let about = offer.name.as_ref().filter(|_| documented).and_then(|name| words::about(survey, name));
        let documentation =
            about.map(|value| Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value }));
        CompletionItem {
            filter_text: Some(
                if offer.kind == CompletionItemKind::ENUM_MEMBER || offer.kind == CompletionItemKind::REFERENCE {
                    format!("{} {}", offer.label, offer.detail)
                } else {
                    offer.label.clone()
                },
            ),
            sort_text: Some(format!("{at:06}")),
            label: offer.label,
            kind: Some(offer.kind),
            detail: (!offer.detail.is_empty()).then_some(offer.detail),
            documentation,
            text_edit: Some(CompletionTextEdit::Edit(TextEdit { range, new_text: text })),
            ..CompletionItem::default()
        }
    };
    offers.into_iter().enumerate().map(item).collect()
}
