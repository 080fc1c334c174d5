//! What `test`, `watch` and `coverage` share: where scenarios lie, and how findings and differences are shown.

use std::io::Write;
use std::path::{Path, PathBuf};

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use crate::assure::scenario::Scenario;
use crate::assure::scenario::bundles::Bundles;
use crate::assure::scenario::folder::{Folder, read_folder};
use crate::assure::scenario::run::{Pinned, Ran};
use crate::model::finding::{Finding, Severity};

use super::{BundleArgs, Failure};

/// Good news.
pub const GOOD: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green))).bold();
/// Bad news.
pub const BAD: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red))).bold();
const WARN: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow))).bold();
const GONE: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));
const COME: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
const FAINT: Style = Style::new().dimmed();

/// Where scenarios are looked for when no folder is named, besides `scenarios` of the bundle's own folder.
const USUAL: [&str; 2] = ["fixtures/decide", "scenarios"];

impl BundleArgs {
    /// Loads the bundle that scenarios are run against.
    pub fn load_bundles(&self) -> Result<Bundles, Failure> {
        Bundles::load(self.builder()?, self.bundle.as_deref(), self.settings()?).map_err(Failure::Bundle)
    }
}

/// The folder of scenarios: the one named; else `scenarios` of the bundle's folder, `fixtures/decide` or `scenarios` of
/// the working directory, whichever is there first.
pub fn folder(named: Option<&Path>, bundle: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(named) = named {
        super::hints::bundle_instead_of("a folder of scenarios", named)?;
        if named.exists() {
            return Ok(named.to_owned());
        }
        return Err(Failure::Usage(format!("there is no folder of scenarios `{}`", named.display())));
    }
    let own = bundle.map(|folder| folder.join("scenarios"));
    let usual = own.into_iter().chain(USUAL.map(PathBuf::from));
    let tried: Vec<PathBuf> = usual.collect();
    if let Some(found) = tried.iter().find(|path| path.is_dir()) {
        return Ok(found.clone());
    }
    let names: Vec<String> = tried.iter().map(|path| format!("`{}`", path.display())).collect();
    Err(Failure::Usage(format!("no folder of scenarios was named, and none is at {}", names.join(", "))))
}

/// Reads the scenarios of a folder.
pub fn read(path: &Path, filter: &str, bundles: &mut Bundles) -> Result<Folder, Failure> {
    read_folder(path, filter, bundles).map_err(|error| Failure::Io { what: format!("`{}`", path.display()), error })
}

/// Findings, one a line.
pub fn findings(out: &mut impl Write, findings: &[Finding]) -> std::io::Result<()> {
    for finding in findings {
        let style = if finding.severity() == Severity::Error { BAD } else { WARN };
        let severity = finding.severity();
        writeln!(out, "{}: {style}{severity}{style:#}[{}]: {}", finding.place, finding.code, finding.message)?;
        if let Some(help) = &finding.help {
            writeln!(out, "  help: {help}")?;
        }
    }
    Ok(())
}

/// A scenario that does not agree: what differs, and the lines of the snapshot that changed.
pub fn disagreement(out: &mut impl Write, scenario: &Scenario, ran: &Ran) -> std::io::Result<()> {
    writeln!(out, "{BAD}differs{BAD:#}  {}  {}", scenario.name, scenario.title)?;
    for (label, difference) in &ran.differences {
        let label = if label.is_empty() { String::new() } else { format!("{label}: ") };
        writeln!(out, "  {}: {label}{}", difference.place, difference.message)?;
    }
    if !ran.differences.is_empty() {
        return Ok(());
    }
    match &ran.pinned {
        Pinned::Differs(pinned) => {
            writeln!(out, "  the verdict agrees, but not the snapshot (`-` pinned, `+` now):")?;
            diff(out, pinned, &ran.text)
        }
        Pinned::Missing => writeln!(out, "  the verdict agrees, but no snapshot is pinned yet; `--accept` pins it"),
        Pinned::Unreadable(why) => writeln!(out, "  the snapshot cannot be read: {why}"),
        Pinned::Same | Pinned::Unused => Ok(()),
    }
}

/// Changed lines with two lines around them; within a changed line the words that changed stand out.
fn diff(out: &mut impl Write, pinned: &str, text: &str) -> std::io::Result<()> {
    let text = format!("{}\n", text.trim_end());
    let pinned = format!("{}\n", pinned.trim_end());
    let diff = TextDiff::from_lines(pinned.as_str(), text.as_str());
    for (n, group) in diff.grouped_ops(2).iter().enumerate() {
        if n > 0 {
            writeln!(out, "  {FAINT}    …{FAINT:#}")?;
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ('-', GONE),
                ChangeTag::Insert => ('+', COME),
                ChangeTag::Equal => (' ', FAINT),
            };
            writeln!(out, "  {style}  {sign} {}{style:#}", change.value().trim_end_matches(['\n', '\r']))?;
        }
    }
    Ok(())
}

/// The same difference without colour, for reports.
pub fn diff_text(pinned: &str, text: &str) -> String {
    let mut out = Vec::new();
    // Writing to memory does not fail.
    let _ = diff(&mut anstream::StripStream::new(&mut out), pinned, text);
    String::from_utf8_lossy(&out).into_owned()
}
