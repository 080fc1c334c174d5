//! Findings → diagnostics and quick fixes.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity,
    DiagnosticTag, Location, NumberOrString, Range, TextEdit, Uri, WorkspaceEdit,
};

use crate::model::finding::{Code, Finding, Place, Severity};

use super::text::Lines;
use super::workspace::{Known, Workspace};

/// What is shown for each file, by its path.
pub type Shown = BTreeMap<std::path::PathBuf, Vec<Diagnostic>>;

/// The diagnostics of all files of all bundles. A file that two bundles share shows what both have to say.
pub fn all(workspace: &Workspace) -> Shown {
    let mut shown = Shown::new();
    for path in workspace.documents.keys() {
        shown.entry(path.clone()).or_default();
    }
    for known in workspace.bundles() {
        for finding in known.survey.findings(workspace.limits()) {
            let Some(path) = known.home.path(&finding.place.file) else { continue };
            let diagnostic = diagnostic(workspace, known, &finding);
            let of_file = shown.entry(path).or_default();
            if !of_file.contains(&diagnostic) {
                of_file.push(diagnostic);
            }
        }
    }
    for path in workspace.strays() {
        shown.entry(path.to_path_buf()).or_default().push(stray());
    }
    shown
}

fn stray() -> Diagnostic {
    let message = "no bundle names this file, so nothing in it counts\nhelp: add it to `bundle.yaml`";
    Diagnostic {
        severity: Some(DiagnosticSeverity::INFORMATION),
        source: Some("clausal".into()),
        message: message.into(),
        ..Diagnostic::default()
    }
}

fn diagnostic(workspace: &Workspace, known: &Known, finding: &Finding) -> Diagnostic {
    let message = match &finding.help {
        Some(help) => format!("{}\nhelp: {help}", finding.message),
        None => finding.message.clone(),
    };
    let related: Vec<DiagnosticRelatedInformation> = finding
        .related
        .iter()
        .filter_map(|related| {
            let location = location(workspace, known, &related.place)?;
            Some(DiagnosticRelatedInformation { location, message: related.message.clone() })
        })
        .collect();
    Diagnostic {
        range: range(known, &finding.place),
        severity: Some(match finding.severity() {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
        }),
        code: Some(NumberOrString::String(finding.code.as_str().into())),
        source: Some("clausal".into()),
        message,
        related_information: (!related.is_empty()).then_some(related),
        tags: (finding.code == Code::Unused).then(|| vec![DiagnosticTag::UNNECESSARY]),
        ..Diagnostic::default()
    }
}

fn range(known: &Known, place: &Place) -> Range {
    let text = known.survey.files.get(&place.file);
    text.map(|text| Lines::new(text).range_of(place)).unwrap_or_default()
}

fn location(workspace: &Workspace, known: &Known, place: &Place) -> Option<Location> {
    let path = known.home.path(&place.file)?;
    Some(Location { uri: workspace.uri(&path)?, range: range(known, place) })
}

/// Quick fixes for the findings of a file that touch a range.
pub fn fixes(workspace: &Workspace, path: &Path, wanted: Range) -> Vec<CodeActionOrCommand> {
    let mut out: Vec<CodeActionOrCommand> = Vec::new();
    for known in workspace.bundles() {
        for finding in known.survey.findings(workspace.limits()) {
            let here = known.home.path(&finding.place.file).is_some_and(|file| file == path);
            if !here || !touch(range(known, &finding.place), wanted) {
                continue;
            }
            if let Some(fix) = fix(workspace, known, &finding)
                && !out.contains(&fix)
            {
                out.push(fix);
            }
        }
    }
    out
}

fn touch(one: Range, other: Range) -> bool {
    one.start <= other.end && other.start <= one.end
}

// The protocol's types ask for a `HashMap`; it holds one entry.
#[allow(clippy::mutable_key_type, reason = "addresses are not changed while they are keys")]
fn fix(workspace: &Workspace, known: &Known, finding: &Finding) -> Option<CodeActionOrCommand> {
    let edit = finding.edit.as_ref()?;
    let Location { uri, range } = location(workspace, known, &edit.place)?;
    let old =
        known.survey.files.get(&edit.place.file).and_then(|text| text.get(edit.place.bytes.0..edit.place.bytes.1));
    let title = match old {
        Some(old) => format!("replace `{old}` with `{}`", edit.text),
        None => format!("write `{}`", edit.text),
    };
    let changes: HashMap<Uri, Vec<TextEdit>> =
        HashMap::from([(uri, vec![TextEdit { range, new_text: edit.text.clone() }])]);
    Some(CodeActionOrCommand::CodeAction(CodeAction {
        title,
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: Some(vec![diagnostic(workspace, known, finding)]),
        edit: Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }),
        is_preferred: Some(true),
        ..CodeAction::default()
    }))
}

/// The file that a scalar names, as the bundle names it.
pub fn named_file(file: &str, written: &str) -> Option<Arc<str>> {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    crate::bundle::files::join(folder, written).map(Arc::from)
}
