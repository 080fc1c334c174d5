//! `clausal log verify|prove|check|checkpoint|key`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::model::time::Timestamp;
use crate::record::proof::{self, PROOF_BYTES, Proof};
use crate::record::verify::{self, Verified};
use crate::record::{Checkpoint, RecordError, SecretKey, Store};

use super::super::{Failure, output, record, stdout_failed};
use super::{NOT_GOOD, entry_number, open_existing, public_keys};

/// Arguments of `clausal log verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The log
    log: PathBuf,
    /// A checkpoint that was kept elsewhere; may be given several times
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// A public key that is trusted; may be given several times
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

pub fn verify(args: &VerifyArgs) -> Result<u8, Failure> {
    let trusted = public_keys(&args.key)?;
    let elsewhere: Vec<Checkpoint> =
        args.checkpoint.iter().map(|path| Checkpoint::read(path)).collect::<Result<_, _>>()?;
    let store = Store::open_read_only(&args.log)?;
    let found = verify::verify(&store, &elsewhere, &trusted)?;
    let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
    let written =
        if args.json { writeln!(out, "{:#}", json(&found)) } else { text(&mut out, &found, trusted.is_empty()) };
    written.map_err(stdout_failed)?;
    Ok(if found.is_good() { 0 } else { NOT_GOOD })
}

fn json(found: &Verified) -> serde_json::Value {
    let faults: Vec<_> = found
        .faults
        .iter()
        .map(|fault| serde_json::json!({ "entry": fault.entry, "code": fault.code, "message": fault.message }))
        .collect();
    serde_json::json!({
        "good": found.is_good(), "entries": found.entries, "pruned": found.pruned, "checkpoints": found.checkpoints,
        "covered": found.covered, "head": found.head.map(|head| head.to_string()), "faults": faults,
        "clock_back": found.clock_back,
    })
}

fn text(out: &mut impl Write, found: &Verified, any_key: bool) -> std::io::Result<()> {
    for fault in &found.faults {
        writeln!(out, "{}: {}", fault.code, fault.message)?;
    }
    if let Some(first) = found.faults.iter().find_map(|fault| fault.entry) {
        writeln!(out, "first bad entry: {first}; what is before it fits together")?;
    }
    for seq in &found.clock_back {
        writeln!(out, "note: entry {seq} was received before the entry before it, by the clock of who recorded it")?;
    }
    let word = if found.is_good() { "good" } else { "NOT GOOD" };
    writeln!(out, "{word}: {} entries read, {} of them pruned", found.entries, found.pruned)?;
    match found.checkpoints {
        0 => writeln!(out, "no checkpoint was compared: whoever can write the file could have rewritten all of it"),
        n => {
            writeln!(out, "{n} checkpoints agree, the last of {} entries", found.covered)?;
            if any_key {
                writeln!(out, "give --key to be sure whose checkpoints they are")?;
            }
            Ok(())
        }
    }
}

/// Arguments of `clausal log prove`.
#[derive(Debug, Args)]
pub struct ProveArgs {
    /// The log
    log: PathBuf,
    /// The number of the entry, or the id of its request
    entry: String,
    /// The checkpoint to prove by; the oldest in the log that covers the entry when left out
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Prove what the private value at this path was, too
    #[arg(long, value_name = "PATH")]
    fact: Option<String>,
    /// The private value, where the log does not keep it
    #[arg(long, value_name = "TEXT", requires = "fact")]
    value: Option<String>,
    /// Write the proof here; on the standard output when left out
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn prove(args: &ProveArgs) -> Result<u8, Failure> {
    let store = Store::open_read_only(&args.log)?;
    let seq = entry_number(&store, &args.entry)?;
    let checkpoint = args.checkpoint.as_deref().map(Checkpoint::read).transpose()?;
    let mut proof = proof::prove(&store, seq, checkpoint.as_ref())?;
    if let Some(path) = &args.fact {
        proof::disclose(&store, &mut proof, path, args.value.as_deref())?;
    }
    let text = serde_json::to_string(&proof).map_err(|error| RecordError::Failed(error.to_string()))?;
    write(args.out.as_deref(), &format!("{text}\n"))?;
    Ok(0)
}

/// Arguments of `clausal log check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The proof
    proof: PathBuf,
    /// A public key that is trusted; may be given several times
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,
}

pub fn check(args: &CheckArgs) -> Result<u8, Failure> {
    let trusted = public_keys(&args.key)?;
    let bytes = read_proof(&args.proof)?;
    let proof: Proof = serde_json::from_slice(&bytes).map_err(|error| RecordError::Unreadable {
        what: format!("the proof `{}`", args.proof.display()),
        why: error.to_string(),
    })?;
    let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
    let written = match proof.check(&trusted) {
        Err(why) => {
            writeln!(out, "NOT GOOD: {why}").map_err(stdout_failed)?;
            return Ok(NOT_GOOD);
        }
        Ok(seq) => writeln!(
            out,
            "good: entry {seq} is in the log {} of {} entries, as signed at {}",
            proof.checkpoint.log, proof.checkpoint.count, proof.checkpoint.time
        )
        .and_then(|()| match &proof.value {
            Some(value) => writeln!(out, "`{}` was `{}`", value.path, value.value.escape_debug()),
            None => Ok(()),
        })
        .and_then(|()| match trusted.is_empty() {
            true => writeln!(out, "signed by the key {}; give --key to be sure whose it is", proof.checkpoint.key),
            false => Ok(()),
        }),
    };
    written.map_err(stdout_failed)?;
    Ok(0)
}

fn read_proof(path: &Path) -> Result<Vec<u8>, Failure> {
    use std::io::Read;
    let failed = |error| Failure::Io { what: format!("`{}`", path.display()), error };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(u64::try_from(PROOF_BYTES).unwrap_or(u64::MAX)).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Arguments of `clausal log checkpoint`.
#[derive(Debug, Args)]
pub struct CheckpointArgs {
    /// The log
    log: PathBuf,
    /// The private key that signs, in PEM form
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// When it is made; by the clock when left out
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Write the checkpoint here too; on the standard output when left out
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn checkpoint(args: &CheckpointArgs) -> Result<u8, Failure> {
    let key = SecretKey::read(&args.key)?;
    let time = match &args.at {
        Some(written) => Timestamp::parse(written).ok_or_else(|| {
            Failure::Usage(format!("`{written}` is not a date or timestamp, for example `2021-05-01`"))
        })?,
        None => record::now()?,
    };
    let store = open_existing(&args.log)?;
    let checkpoint = Checkpoint::sign(store.name()?, &store.head()?, time, &key)?;
    store.keep_checkpoint(&checkpoint)?;
    let text = serde_json::to_string(&checkpoint).map_err(|error| RecordError::Failed(error.to_string()))?;
    write(args.out.as_deref(), &format!("{text}\n"))?;
    Ok(0)
}

/// Arguments of `clausal log key`.
#[derive(Debug, Args)]
pub struct KeyArgs {
    /// Write the private key here, and the public key beside it with the ending `.pub`
    file: PathBuf,
}

pub fn key(args: &KeyArgs) -> Result<u8, Failure> {
    let key = SecretKey::generate()?;
    write_secret(&args.file, &key.to_pem()?)?;
    let mut public = args.file.as_os_str().to_owned();
    public.push(".pub");
    output::write_file(Path::new(&public), key.public().to_pem()?.as_bytes())?;
    Ok(0)
}

/// Only the owner may read it, and no key that is there is overwritten.
fn write_secret(path: &Path, pem: &str) -> Result<(), Failure> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(pem.as_bytes()));
    written.map_err(|error| Failure::Io { what: format!("`{}`", path.display()), error })
}

fn write(out: Option<&Path>, text: &str) -> Result<(), Failure> {
    match out {
        Some(path) => output::write_file(path, text.as_bytes()),
        None => std::io::stdout().lock().write_all(text.as_bytes()).map_err(stdout_failed),
    }
}
