//! Answers to what an editor asks about a position: hover, definition, references, symbols, completion.

use std::path::Path;

use lsp_types::{
    CompletionItem, DocumentSymbol, Hover, HoverContents, Location, MarkupContent, MarkupKind, Position, Range,
    SymbolKind,
};

use crate::bundle::grammar::{BUILT_IN_TYPES, CONDITION_KEYS, MATCHERS, ROW_KEYS, Slot, Sort};
use crate::bundle::yaml::{Content, parse_whole};
use crate::model::finding::{Findings, Place};

use super::complete::{complete, complete_message, complete_script};
use super::diagnose::named_file;
use super::index::{Name, Occurrence, Role};
use super::text::Lines;
use super::walk::{Spot, What, walk};
use super::words;
use super::workspace::{Known, View, Workspace};

/// What can stand at a position.
pub fn completion(view: &View<'_>, position: Position) -> Vec<CompletionItem> {
    let text = &view.document.text;
    let byte = Lines::new(text).byte(position);
    match view.kind {
        Some(kind) => complete(view.known.names(), kind, text, byte),
        None if view.file.ends_with(".ftl") => complete_message(view.known.names(), text, byte),
        None if view.file.ends_with(".rhai") => complete_script(view.known.names(), text, byte),
        None => Vec::new(),
    }
}

/// The name at a position; none where the text has changed since it was last read without mistakes of syntax.
fn name_at<'v>(view: &View<'v>, position: Position) -> Option<&'v Occurrence> {
    let text = view.known.text(&view.file).filter(|text| **text == view.document.text)?;
    view.known.index().at(&view.file, Lines::new(text).byte(position))
}

/// What is known about what stands at a position.
pub fn hover(workspace: &Workspace, view: &View<'_>, position: Position) -> Option<Hover> {
    let survey = view.known.names();
    let lines = Lines::new(&view.document.text);
    let of_name = name_at(view, position).and_then(|o| Some((words::about(survey, &o.name)?, lines.range(o.bytes))));
    let (value, range) = of_name.or_else(|| of_spot(workspace, view, lines.byte(position)))?;
    let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value });
    Some(Hover { contents, range: Some(range) })
}

/// What is known about the keys of the grammar, and words that are no names.
fn of_spot(workspace: &Workspace, view: &View<'_>, byte: usize) -> Option<(String, Range)> {
    let text = &view.document.text;
    with_spot(workspace, view, byte, |spot| {
        let written = spot.node.text()?;
        Some((explain(&spot.what, written)?, Lines::new(text).range(spot.node.place.bytes)))
    })
}

fn with_spot<T>(
    workspace: &Workspace,
    view: &View<'_>,
    byte: usize,
    then: impl FnOnce(&Spot<'_>) -> Option<T>,
) -> Option<T> {
    let mut quiet = Findings::default();
    let root = parse_whole(&view.file, &view.document.text, &workspace.limits().bundle, &mut quiet)?;
    let spots = walk(&root, view.kind?, &view.known.names().draft);
    let is_here = |place: &Place| place.bytes.0 <= byte && byte <= place.bytes.1;
    let scalar = |spot: &&Spot<'_>| matches!(spot.node.content, Content::Scalar(..));
    then(spots.iter().filter(scalar).find(|spot| is_here(&spot.node.place))?)
}

fn explain(what: &What, written: &str) -> Option<String> {
    let among = |known: &[(&str, &str)]| {
        known.iter().find(|(word, _)| *word == written).map(|(word, about)| format!("`{word}`: {about}"))
    };
    match what {
        What::Key(shape, Some(key)) => Some(format!("`{}` of a {}: {}", key.name, shape.what, key.about)),
        What::Scalar(Slot::Word(words)) => among(words),
        What::Scalar(Slot::Type) => among(&BUILT_IN_TYPES),
        What::ConditionKey => among(&CONDITION_KEYS),
        What::MatcherKey(_) => among(&MATCHERS.map(|(name, _, about)| (name, about))),
        What::RowKey => among(&ROW_KEYS.map(|(name, _, about)| (name, about))),
        What::Test(type_) | What::Bound(type_) | What::Result(type_) | What::Stated(type_) => {
            Some(format!("a value of type `{type_}`"))
        }
        _ => None,
    }
}

fn location(workspace: &Workspace, known: &Known, occurrence: &Occurrence) -> Option<Location> {
    let path = known.home.path(&occurrence.file)?;
    let range = Lines::new(known.text(&occurrence.file)?).range(occurrence.bytes);
    Some(Location { uri: workspace.uri(&path)?, range })
}

/// Where what stands at a position is defined: first what says what it is, then its messages.
pub fn definition(workspace: &Workspace, view: &View<'_>, position: Position) -> Vec<Location> {
    let Some(occurrence) = name_at(view, position) else { return file_at(workspace, view, position) };
    let mut places: Vec<&Occurrence> =
        view.known.index().of(&occurrence.name).filter(|o| o.role != Role::Uses).collect();
    places.sort_by_key(|o| o.role);
    places.into_iter().filter_map(|place| location(workspace, view.known, place)).collect()
}

/// The file that is named at a position.
fn file_at(workspace: &Workspace, view: &View<'_>, position: Position) -> Vec<Location> {
    let byte = Lines::new(&view.document.text).byte(position);
    let found = with_spot(workspace, view, byte, |spot| {
        let What::Scalar(Slot::File) = spot.what else { return None };
        let file = named_file(&view.file, spot.node.text()?)?;
        let manifest = named_file(&format!("{file}/"), "bundle.yaml")?;
        // `extends` names the folder of a bundle.
        let is_folder = !view.known.names().files.contains_key(&file);
        let path = view.known.home.path(if is_folder { &manifest } else { &file })?;
        Some(Location { uri: workspace.uri(&path)?, range: Range::default() })
    });
    found.into_iter().collect()
}

/// Where what stands at a position is used, in the files of its bundle and in open scenarios.
pub fn references(workspace: &Workspace, view: &View<'_>, position: Position, defined: bool) -> Vec<Location> {
    let Some(occurrence) = name_at(view, position) else { return Vec::new() };
    let wanted = |o: &&Occurrence| defined || o.role != Role::Defines;
    let places = view.known.index().of(&occurrence.name).filter(wanted);
    places.filter_map(|place| location(workspace, view.known, place)).collect()
}

/// What a document defines.
pub fn symbols(workspace: &Workspace, path: &Path) -> Vec<DocumentSymbol> {
    let Some(view) = workspace.view(path) else { return Vec::new() };
    let Some(text) = view.known.text(&view.file) else { return Vec::new() };
    let lines = Lines::new(text);
    view.known.index().defined_in(&view.file).map(|o| symbol(&view, o, lines.range(o.bytes))).collect()
}

#[allow(deprecated, reason = "the protocol's type has a field that is deprecated and must be given")]
fn symbol(view: &View<'_>, occurrence: &Occurrence, range: Range) -> DocumentSymbol {
    let Name { sort, id } = &occurrence.name;
    let short = id.rsplit_once(['/', '#']).map_or(&**id, |(_, short)| short);
    let about = view.known.names().draft.fact_index.get(id).map(|ix| view.known.names().draft.type_of(*ix).to_string());
    DocumentSymbol {
        name: short.to_owned(),
        detail: about.filter(|_| *sort == Sort::Fact),
        kind: symbol_kind(*sort),
        tags: None,
        deprecated: None,
        range,
        selection_range: range,
        children: None,
    }
}

fn symbol_kind(sort: Sort) -> SymbolKind {
    match sort {
        Sort::Bundle => SymbolKind::PACKAGE,
        Sort::Policy | Sort::Source | Sort::Section => SymbolKind::MODULE,
        Sort::Rule => SymbolKind::EVENT,
        Sort::List | Sort::Registry => SymbolKind::ARRAY,
        Sort::Table => SymbolKind::STRUCT,
        Sort::Fact | Sort::Column | Sort::Result => SymbolKind::FIELD,
        Sort::Function => SymbolKind::FUNCTION,
        Sort::Type | Sort::Stage => SymbolKind::ENUM,
        Sort::Entry | Sort::Reason | Sort::Obligation => SymbolKind::ENUM_MEMBER,
        Sort::Kind => SymbolKind::CLASS,
        Sort::Clause | Sort::Message => SymbolKind::STRING,
        Sort::Setting => SymbolKind::CONSTANT,
    }
}
