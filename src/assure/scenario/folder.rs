//! A folder of scenarios: every YAML file in it and below, and the snapshots beside them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::bundle::files::Files;
use crate::model::finding::{Code, Finding, Findings, Place};
use crate::model::limits::BundleLimits;

use super::Scenario;
use super::bundles::Bundles;
use super::read::{File, read};
use super::snapshot::{ENDING, FOLDER};

/// The deepest folder of scenarios that is looked into.
const MOST_LEVELS: usize = 16;
/// The most scenario files of one run.
const MOST_FILES: usize = 100_000;

/// What a folder of scenarios holds.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    /// Scenarios that can be run, by name.
    pub scenarios: Vec<Scenario>,
    /// What is wrong with the others, sorted by place.
    pub findings: Vec<Finding>,
    /// Snapshots that belong to no scenario, as paths below the folder.
    pub unreferenced: Vec<String>,
    /// How many scenario files there are, readable or not.
    pub files: usize,
}

/// Reads the scenarios whose name contains `filter` (all for the empty one), in a folder or in one file.
///
/// # Errors
/// When the folder or file cannot be read at all.
pub fn read_folder(root: &Path, filter: &str, bundles: &mut Bundles) -> std::io::Result<Folder> {
    let mut found = Found::default();
    let single = fs::metadata(root)?.is_file();
    let base = if single { root.parent().unwrap_or(Path::new("")) } else { root };
    if single {
        found.files.insert(root.to_owned());
    } else {
        walk(root, 0, &mut found)?;
    }
    let (mut out, mut findings) = (Folder::default(), Findings::default());
    let limits = BundleLimits::default();
    for path in &found.files {
        let Some(name) = name_of(path, base) else { continue };
        if !name.contains(filter) {
            continue;
        }
        out.files = out.files.saturating_add(1);
        let shown: Arc<str> = shown(path).into();
        let place = Place::start_of(&shown);
        let folder = path.parent().unwrap_or(base).to_owned();
        let leaf = path.file_name().unwrap_or_default().to_string_lossy();
        match Files::Folder(folder).read(&leaf, limits.file_bytes, &place) {
            Ok(text) => {
                let file = File { name, shown, path: path.clone() };
                out.scenarios.extend(read(file, &text, bundles, &mut findings));
            }
            Err(finding) => findings.push(*finding),
        }
    }
    if found.cut {
        let message =
            format!("more than {MOST_FILES} scenarios or {MOST_LEVELS} levels of folders; the rest is left out");
        findings.push(Finding::new(Code::LimitExceeded, &Place::start_of(&shown(root)), message));
    }
    if filter.is_empty() && !single {
        out.unreferenced = found.unreferenced(base);
    }
    out.findings = findings.into_sorted();
    Ok(out)
}

/// Files of a walk, sorted.
#[derive(Default)]
struct Found {
    files: BTreeSet<PathBuf>,
    snapshots: BTreeSet<PathBuf>,
    cut: bool,
}

impl Found {
    /// Snapshots whose scenario is gone.
    fn unreferenced(&self, base: &Path) -> Vec<String> {
        let has_scenario = |snapshot: &&PathBuf| {
            let folder = snapshot.parent().and_then(Path::parent).unwrap_or(base);
            let stem = snapshot.file_stem().unwrap_or_default();
            ["yaml", "yml"].iter().any(|end| {
                let mut name = stem.to_owned();
                name.push(".");
                name.push(end);
                self.files.contains(&folder.join(name))
            })
        };
        self.snapshots.iter().filter(|snapshot| !has_scenario(snapshot)).map(|path| shown(path)).collect()
    }
}

/// Folders that are links are not followed, so a loop of links ends nothing.
fn walk(folder: &Path, level: usize, found: &mut Found) -> std::io::Result<()> {
    if level >= MOST_LEVELS {
        found.cut = true;
        return Ok(());
    }
    let in_snapshots = folder.file_name().is_some_and(|name| name == FOLDER);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            walk(&path, level.saturating_add(1), found)?;
        } else if in_snapshots && ending == ENDING {
            found.snapshots.insert(path);
        } else if !in_snapshots && (ending == "yaml" || ending == "yml") {
            if found.files.len() < MOST_FILES {
                found.files.insert(path);
            } else {
                found.cut = true;
            }
        }
    }
    Ok(())
}

fn name_of(path: &Path, base: &Path) -> Option<String> {
    let below = path.strip_prefix(base).ok()?.with_extension("");
    Some(shown(&below))
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}
