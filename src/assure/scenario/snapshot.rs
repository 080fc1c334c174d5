//! Pinned snapshots as files: the format of the `insta` crate, so that `cargo test` and `clausal test` check the same.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder beside the scenarios of a folder that holds their snapshots.
pub const FOLDER: &str = "snapshots";
/// The ending of a snapshot.
pub const ENDING: &str = "snap";

/// Where the snapshot of a scenario file lies.
#[must_use]
pub fn path_of(scenario: &Path) -> PathBuf {
    let folder = scenario.parent().unwrap_or(Path::new("")).join(FOLDER);
    let mut name = scenario.file_stem().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ENDING);
    folder.join(name)
}

/// The pinned text of a snapshot file; `None` when there is none.
///
/// # Errors
/// When it cannot be read.
pub fn read(path: &Path) -> std::io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(file) => Ok(Some(contents(&file).to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What follows the front matter.
fn contents(file: &str) -> &str {
    let body = file
        .strip_prefix("---")
        .and_then(|rest| rest.split_once("\n---"))
        .and_then(|(_, rest)| rest.split_once('\n'))
        .map_or(file, |(_, body)| body);
    body.trim_end()
}

/// Whether two texts are the same to `insta`: line ends and white space at the end do not count.
#[must_use]
pub fn same(pinned: &str, text: &str) -> bool {
    pinned.trim_end().lines().eq(text.trim_end().lines())
}

/// Writes a snapshot, whole or not at all.
///
/// # Errors
/// When the folder or the file cannot be written.
pub fn write(path: &Path, description: &str, text: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder)?;
    // A JSON string is a YAML string.
    let description = serde_json::Value::from(description);
    let unfinished = path.with_extension("snap.new");
    let mut file = fs::File::create(&unfinished)?;
    file.write_all(format!("---\ndescription: {description}\n---\n{}\n", text.trim_end()).as_bytes())?;
    drop(file);
    fs::rename(&unfinished, path)
}
