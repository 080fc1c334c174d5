//! `clausal log`: what a log of decisions holds, and whether to believe it.

mod find;
mod known;
mod show;
mod trust;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::record::{PublicKey, RecordError, Store};

use super::Failure;
pub use find::{day, note_pruned};

/// Exit code: the log was altered, the proof proves nothing, a replay differs.
pub const NOT_GOOD: u8 = 1;

/// Arguments of `clausal log`.
#[derive(Debug, Args)]
pub struct LogArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Find edits, drops, reorderings, truncation and forged signatures; tell the first bad entry
    Verify(trust::VerifyArgs),
    /// Show one entry, explained with the bundle that decided it
    Show(show::ShowArgs),
    /// List the entries that meet all conditions
    Find(find::FindArgs),
    /// Prove that an entry is in the log; the proof checks without the log
    Prove(trust::ProveArgs),
    /// Check a proof
    Check(trust::CheckArgs),
    /// Sign what the log holds now; keep the checkpoint elsewhere
    Checkpoint(trust::CheckpointArgs),
    /// Make a key that signs checkpoints
    Key(trust::KeyArgs),
    /// Remove what old entries say; the chain stays verifiable
    Prune(find::PruneArgs),
    /// Erase what opens the private values of an entry; the chain stays verifiable
    Erase(find::EraseArgs),
    /// Write the log as NDJSON, or Parquet by the ending of the file
    Export(find::ExportArgs),
}

/// Runs one of the verbs.
pub fn run(args: &LogArgs) -> Result<u8, Failure> {
    match &args.verb {
        Verb::Verify(args) => trust::verify(args),
        Verb::Show(args) => show::show(args),
        Verb::Find(args) => find::find(args),
        Verb::Prove(args) => trust::prove(args),
        Verb::Check(args) => trust::check(args),
        Verb::Checkpoint(args) => trust::checkpoint(args),
        Verb::Key(args) => trust::key(args),
        Verb::Prune(args) => find::prune(args),
        Verb::Erase(args) => find::erase(args),
        Verb::Export(args) => find::export(args),
    }
}

/// The entry that a number, or else the id of a request, names.
fn entry_number(store: &Store, name: &str) -> Result<u64, Failure> {
    if let Ok(seq) = name.parse::<u64>()
        && store.row(seq)?.is_some()
    {
        return Ok(seq);
    }
    let query = crate::record::find::Query { id: Some(name.to_owned()), ..Default::default() };
    let mut found = Vec::new();
    store.scan(1, u64::MAX, |row| {
        if query.matches(&row)? {
            found.push(row.seq);
        }
        Ok(found.len() < 2)
    })?;
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(RecordError::Absent(format!("the log has no entry, and no request with the id, `{name}`")).into()),
        [first, second, ..] => {
            let message =
                format!("the id `{name}` has more than one entry, {first} and {second} among them; give the number");
            Err(Failure::Usage(message))
        }
    }
}

fn public_keys(paths: &[PathBuf]) -> Result<Vec<PublicKey>, Failure> {
    Ok(paths.iter().map(|path| PublicKey::read(path)).collect::<Result<_, _>>()?)
}

/// Opens a log that must be there for writing.
fn open_existing(path: &Path) -> Result<Store, Failure> {
    if !path.is_file() {
        return Err(RecordError::NotFound { path: path.display().to_string() }.into());
    }
    Ok(Store::open(path)?)
}
