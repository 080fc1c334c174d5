//! A release index: which version of a bundle was known from which day on.

use std::sync::Arc;

use crate::model::finding::{Code, Finding, Findings, Place};
use crate::model::limits::BundleLimits;
use crate::model::time::Timestamp;

use super::files::{Files, join};
use super::reader::{Mapping, list, text};
use super::yaml::{Node, parse};

/// One release of a bundle.
#[derive(Clone, Debug)]
pub struct Release {
    /// Its version.
    pub version: Arc<str>,
    /// From when it was known.
    pub published: Timestamp,
    /// Its folder, relative to the index.
    pub folder: String,
    /// The digest it must have.
    pub digest: Arc<str>,
    /// Where the index says so.
    pub place: Place,
}

/// Reads an index; releases in the order in which they were published.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(files: &Files, path: &str, limits: &BundleLimits) -> Result<Vec<Release>, Vec<Finding>> {
    let mut findings = Findings::default();
    let mut releases = Vec::new();
    match files.read(path, limits.file_bytes, &Place::start_of(path)) {
        Err(finding) => findings.push(*finding),
        Ok(text) => {
            if let Some(node) = parse(path, &text, limits, &mut findings) {
                releases = all(&node, path, &mut findings);
            }
        }
    }
    if findings.has_errors() {
        return Err(findings.into_sorted());
    }
    releases.sort_by_key(|release| release.published);
    Ok(releases)
}

fn all(node: &Node, path: &str, findings: &mut Findings) -> Vec<Release> {
    let Some(mut map) = Mapping::open(node, "a release index", findings) else { return Vec::new() };
    let items = map.need("releases").map(|node| list(node, findings)).unwrap_or_default();
    map.finish(findings);
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let releases: Vec<Release> = items.iter().filter_map(|item| one(item, folder, findings)).collect();
    for (at, release) in releases.iter().enumerate() {
        if let Some(first) = releases.iter().take(at).find(|r| r.published == release.published) {
            let message = format!("two releases are published at `{}`", release.published);
            findings.push(Finding::new(Code::Duplicate, &release.place, message).related(&first.place, "the other"));
        }
    }
    releases
}

fn one(node: &Node, folder: &str, findings: &mut Findings) -> Option<Release> {
    let mut map = Mapping::open(node, "a release", findings)?;
    let version = map.need_text("version", findings);
    let published = map.need("published").and_then(|node| instant(node, findings));
    let written = map.need_text("folder", findings);
    let digest = map.need_text("digest", findings);
    map.finish(findings);
    let folder = join(folder, &written?)?;
    Some(Release { version: version?, published: published?, folder, digest: digest?, place: node.place.clone() })
}

fn instant(node: &Node, findings: &mut Findings) -> Option<Timestamp> {
    let written = text(node, findings)?;
    let found = Timestamp::parse(written);
    if found.is_none() {
        let message = format!("`{written}` is not a date or timestamp");
        findings.push(Finding::new(Code::TypeMismatch, &node.place, message).help("write `2021-06-02`"));
    }
    found
}

/// The release that was known on a day: the last one published by its end, or at the instant.
#[must_use]
pub fn known_on(releases: &[Release], day: Timestamp) -> Option<&Release> {
    releases.iter().rev().find(|release| !release.published.is_after(day))
}
