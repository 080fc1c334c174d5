//! The two bundles of a comparison, wherever they are: a folder, the name of a shipped bundle, an archive, a git revision.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use crate::engine::{Engine, EngineBuilder};

use super::{Failure, archive};

/// Loads a bundle by folder, by the name of a shipped one, out of an archive, or out of a git repository.
pub fn load(written: &str) -> Result<Engine, Failure> {
    let path = Path::new(written);
    let builder = match (archive::named(written), written.split_once(':')) {
        (Some((archive, folder)), _) => from_archive(archive, folder)?,
        (None, Some((revision, folder))) if !path.exists() && revision.len() > 1 => from_git(revision, folder)?,
        _ => Engine::builder().folder_or_embedded(path),
    };
    builder.build().map_err(Failure::Bundle)
}

fn from_archive(archive: &str, folder: Option<&str>) -> Result<EngineBuilder, Failure> {
    let unpacked = archive::read(archive, folder)?;
    Ok(Engine::builder().texts(unpacked.texts).below(&unpacked.folder))
}

/// The bundle's files as they were in a revision, read into memory.
fn from_git(revision: &str, folder: &str) -> Result<EngineBuilder, Failure> {
    if revision.starts_with('-') {
        return Err(Failure::Usage(format!("`{revision}` is not a revision")));
    }
    let folder = folder.trim_end_matches('/');
    let top = folder.split('/').next().unwrap_or_default();
    let list = git(&["ls-tree", "-r", "-z", "--full-tree", "--name-only", revision, "--", top])?;
    let list = String::from_utf8_lossy(&list).into_owned();
    let mut texts: Vec<(String, Arc<str>)> = Vec::new();
    for path in list.split('\0').filter(|path| [".yaml", ".rhai", ".ftl"].iter().any(|end| path.ends_with(end))) {
        let bytes = git(&["show", &format!("{revision}:{path}")])?;
        if let Ok(text) = String::from_utf8(bytes) {
            texts.push((path.to_owned(), text.into()));
        }
    }
    Ok(Engine::builder().texts(texts).below(folder))
}

fn git(args: &[&str]) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::Io { what: "git".into(), error };
    let done = Command::new("git").args(args).output().map_err(failed)?;
    if done.status.success() {
        return Ok(done.stdout);
    }
    let message = String::from_utf8_lossy(&done.stderr);
    Err(Failure::Usage(format!("git: {}", message.lines().next().unwrap_or("it failed"))))
}
