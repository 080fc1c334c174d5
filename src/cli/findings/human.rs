//! Findings for people: the source line with a caret, the second place, the remedy, the suggested edit.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};

use crate::model::finding::{Edit, Finding, Place, Severity};

use super::Report;

/// Lines between two places up to which they are shown in one piece of source.
const NEAR: usize = 50;
/// Bytes of a line up to which it is shown.
const LONGEST: usize = 2_000;

/// The styled report; a stream that is no terminal strips the styles.
pub(super) fn render(report: &Report<'_>) -> String {
    let renderer = Renderer::styled().decor_style(DecorStyle::Ascii);
    let mut out = String::new();
    for finding in report.findings() {
        out.push_str(&renderer.render(&groups(report, finding)));
        out.push('\n');
        if let Some(request) = &finding.request {
            out.push_str("request: ");
            out.push_str(request);
            out.push('\n');
        }
        out.push('\n');
    }
    out.push_str(&summary(report));
    out.push('\n');
    out
}

fn summary(report: &Report<'_>) -> String {
    let count = |number: usize, what: &str| match number {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{number} {what}s")),
    };
    let counts = [count(report.count(Severity::Error), "error"), count(report.count(Severity::Warning), "warning")];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let counts = if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") };
    let files = count(report.loaded.files.len(), "file").unwrap_or_else(|| "no files".into());
    match &report.loaded.bundle {
        Some(bundle) => format!("bundle {} {}: {counts} in {files}", bundle.identity.name, bundle.identity.version),
        None => format!("the bundle does not load: {counts} in {files}"),
    }
}

fn groups<'a>(report: &'a Report<'_>, finding: &'a Finding) -> Vec<Group<'a>> {
    let level = match finding.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(finding.message.as_str()).id(finding.code.as_str()));
    let mut pieces = pieces(report, finding);
    if pieces.is_empty() {
        let place = &finding.place;
        let origin = Origin::path(report.path(&place.file)).line(place.line).char_column(place.column);
        group = group.element(origin);
    }
    for piece in pieces.drain(..) {
        group = group.element(piece);
    }
    let suggestion = finding.edit.as_ref().and_then(|edit| suggestion(report, finding, edit));
    match (&finding.help, suggestion) {
        (_, Some(suggestion)) => vec![group, suggestion],
        (Some(help), None) => vec![group.element(Level::HELP.message(help.as_str()))],
        (None, None) => vec![group],
    }
}

/// The pieces of source that a finding is about: the first holds its own place, and second places that are near.
fn pieces<'a>(report: &'a Report<'_>, finding: &'a Finding) -> Vec<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let own = &finding.place;
    let is_near = |place: &Place| place.file == own.file && place.line.abs_diff(own.line) <= NEAR;
    let (near, far): (Vec<_>, Vec<_>) = finding.related.iter().partition(|related| is_near(&related.place));
    let lines = near.iter().map(|related| related.place.line).chain([own.line]);
    let (first, last) = (lines.clone().min().unwrap_or(own.line), lines.max().unwrap_or(own.line));
    let mut out = Vec::new();
    if let Some(window) = Window::of(report, own, first, last) {
        let mut piece = window.snippet(report).annotation(AnnotationKind::Primary.span(window.span(own)));
        for related in near {
            let span = AnnotationKind::Context.span(window.span(&related.place));
            piece = piece.annotation(span.label(related.message.as_str()));
        }
        out.push(piece);
    }
    for related in far {
        let place = &related.place;
        if let Some(window) = Window::of(report, place, place.line, place.line) {
            let span = AnnotationKind::Context.span(window.span(place));
            out.push(window.snippet(report).annotation(span.label(related.message.as_str())));
        }
    }
    out
}

fn suggestion<'a>(report: &'a Report<'_>, finding: &'a Finding, edit: &'a Edit) -> Option<Group<'a>> {
    let place = &edit.place;
    let window = Window::of(report, place, place.line, place.end_line)?;
    let patch = Patch::new(window.exact(place), edit.text.as_str());
    let title = Level::HELP.secondary_title(finding.help.as_deref().unwrap_or("change it so"));
    let mut snippet = Snippet::source(window.text).line_start(window.first);
    if place.file != finding.place.file {
        snippet = snippet.path(report.path(&place.file));
    }
    Some(title.element(snippet.patch(patch)))
}

/// A few lines of a file.
struct Window<'a> {
    place: &'a Place,
    text: &'a str,
    first: usize,
}

impl<'a> Window<'a> {
    /// The lines from `first` to `last`; `None` when the file was not read, or a line is too long to be shown.
    fn of(report: &'a Report<'_>, place: &'a Place, first: usize, last: usize) -> Option<Self> {
        let text = report.text(place)?;
        let mut at = 0_usize;
        let (mut start, mut end) = (None, text.len());
        for (number, line) in (1_usize..).zip(text.split_inclusive('\n')) {
            if number == first {
                start = Some(at);
            }
            if number >= first && line.len() > LONGEST {
                return None;
            }
            at = at.saturating_add(line.len());
            if number == last {
                end = at;
                break;
            }
        }
        // The place may be after the last line of the file.
        let start = start.unwrap_or(text.len());
        Some(Self { place, text: text.get(start..end)?, first })
    }

    fn snippet<T: Clone>(&self, report: &Report<'_>) -> Snippet<'a, T> {
        Snippet::source(self.text).line_start(self.first).path(report.path(&self.place.file))
    }

    /// The bytes of a place within the window, cut to its first line, so that a finding about a whole rule points at
    /// where the rule begins.
    fn span(&self, place: &Place) -> Range<usize> {
        let start = self.offset(place.line, place.column);
        let line_end =
            self.text.get(start..).and_then(|rest| rest.find(['\n', '\r'])).map(|at| at.saturating_add(start));
        let line_end = line_end.unwrap_or(self.text.len());
        let end = if place.end_line == place.line { self.offset(place.line, place.end_column) } else { line_end };
        start..end.clamp(start, line_end.max(start))
    }

    fn exact(&self, place: &Place) -> Range<usize> {
        let start = self.offset(place.line, place.column);
        start..self.offset(place.end_line, place.end_column).max(start)
    }

    /// The byte at a line and column.
    fn offset(&self, line: usize, column: usize) -> usize {
        let mut at = 0_usize;
        for (number, text) in (self.first..).zip(self.text.split_inclusive('\n')) {
            if number == line {
                let before = text.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum();
                return at.saturating_add(before);
            }
            at = at.saturating_add(text.len());
        }
        self.text.len()
    }
}
