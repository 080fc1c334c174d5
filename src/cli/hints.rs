//! What a person probably meant who named a bundle in another way than the command takes it.

use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Error};

use crate::embedded;
use crate::model::error::LoadError;
use crate::model::names::nearest;

use super::{Cli, Failure};

/// The usage error for a bundle where something else is wanted; nothing when it is no bundle.
pub fn bundle_instead_of(what: &str, path: &Path) -> Result<(), Failure> {
    if !path.join("bundle.yaml").is_file() {
        return Ok(());
    }
    let path = path.display();
    Err(Failure::Usage(format!("`{path}` is a bundle and not {what}; name it with `--bundle {path}`")))
}

/// What to add to a failure for which there is no bundle.
pub fn of_failure(failure: &Failure) -> Option<String> {
    let Failure::Bundle(LoadError::NotFound { place, .. }) = failure else { return None };
    nearest_bundle(place).map(|near| format!("; did you mean `{near}`?"))
}

/// The bundle with the name nearest to one that is not there: a shipped one, or a folder beside it.
fn nearest_bundle(place: &str) -> Option<String> {
    let path = Path::new(place);
    let name = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let beside = std::fs::read_dir(folder.unwrap_or(Path::new("."))).into_iter().flatten();
    let mut known: Vec<String> = beside
        .filter_map(Result::ok)
        .filter(|entry| entry.path().join("bundle.yaml").is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    if folder.is_none() {
        known.extend(embedded::names().map(str::to_owned));
    }
    known.sort();
    let near = nearest(name, known.iter().map(String::as_str))?;
    Some(folder.map_or(near.to_owned(), |folder| folder.join(near).display().to_string()))
}

/// Says of an argument too many how a bundle is named, where the command takes one.
pub fn with_tip(mut error: Error, args: &[OsString]) -> Error {
    let Some(ContextValue::String(odd)) = error.get(ContextKind::InvalidArg) else { return error };
    if error.kind() != ErrorKind::UnknownArgument || odd.starts_with('-') {
        return error;
    }
    let cli = Cli::command();
    let verb = args.get(1).and_then(|verb| cli.find_subcommand(verb));
    if verb.is_some_and(|verb| verb.get_arguments().any(|arg| arg.get_long() == Some("bundle"))) {
        let tip = format!("a bundle is named with `--bundle {odd}`");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}
