//! `clausal schema`: JSON Schemas of bundle files, for editors.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::bundle::grammar::FileKind;
use crate::model::limits::Limits;
use crate::schema::{file_name, schemas, text};

use super::{BundleArgs, Failure};

/// Arguments of `clausal schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// Write one file for each kind into this folder, which is made when it is not there
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The kind of file to describe; all of them, in one object, when left out
    #[arg(value_name = "KIND")]
    kind: Option<KindArg>,
}

/// A kind of file.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum KindArg {
    /// `bundle.yaml`
    Bundle,
    /// Files of invariants
    Invariants,
    /// Policies
    Policy,
    /// Registries
    Registry,
    /// Scenarios
    Scenario,
    /// Source documents
    Source,
    /// The vocabulary
    Vocabulary,
}

impl KindArg {
    fn kind(self) -> FileKind {
        match self {
            Self::Bundle => FileKind::Bundle,
            Self::Invariants => FileKind::Invariants,
            Self::Policy => FileKind::Policy,
            Self::Registry => FileKind::Registry,
            Self::Scenario => FileKind::Scenario,
            Self::Source => FileKind::Source,
            Self::Vocabulary => FileKind::Vocabulary,
        }
    }
}

/// Prints the schemas, or writes them into a folder.
pub fn run(args: &SchemaArgs) -> Result<u8, Failure> {
    let (files, place) = args.bundle.files();
    let mut all = schemas(&files, &place, &Limits::default()).map_err(Failure::Bundle)?;
    if let Some(kind) = args.kind {
        all.retain(|known, _| *known == kind.kind());
    }
    if let Some(folder) = &args.out {
        fs::create_dir_all(folder).map_err(|error| io(folder, error))?;
        for (kind, schema) in &all {
            let path = folder.join(file_name(*kind));
            fs::write(&path, text(schema)).map_err(|error| io(&path, error))?;
        }
        return Ok(0);
    }
    let printed = match (args.kind, all.values().next()) {
        (Some(_), Some(one)) => text(one),
        _ => text(&all.iter().map(|(kind, schema)| (kind.as_str().to_owned(), schema.clone())).collect()),
    };
    let failed = |error| Failure::Io { what: "the standard output".into(), error };
    let mut out = std::io::stdout().lock();
    out.write_all(printed.as_bytes()).map_err(failed)?;
    out.flush().map_err(failed)?;
    Ok(0)
}

fn io(path: &Path, error: std::io::Error) -> Failure {
    Failure::Io { what: format!("`{}`", path.display()), error }
}
