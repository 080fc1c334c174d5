//! Scenarios on disk, as far as analyses need them: one YAML file each, with a `request` and what is expected of it.

use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

/// Bytes of one scenario.
const MOST: usize = 1 << 20;

/// The requests of all scenarios below a folder, in the order of their paths.
///
/// # Errors
/// When the folder or a file cannot be read.
pub fn requests(folder: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut out = Vec::new();
    for path in files(folder)? {
        let text = std::fs::read_to_string(&path)?;
        let Ok(json) = crate::bundle::yaml::to_json(&path.to_string_lossy(), &text, MOST) else { continue };
        if let Some(request) = json.get("request").filter(|request| **request != Json::Null) {
            out.push(request.to_string().into_bytes());
        }
    }
    Ok(out)
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            out.extend(files(&path)?);
        } else if path.extension().is_some_and(|end| end == "yaml") {
            out.push(path);
        }
    }
    out.sort();
    Ok(out)
}
