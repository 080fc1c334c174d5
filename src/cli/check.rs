//! `clausal check`: everything that is wrong with a bundle, with its place and remedy.

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use crate::assure::findings::{Asked, findings};
use crate::assure::space::Bounds;
use crate::bundle::load::Loaded;
use crate::engine::{Engine, EngineBuilder};
use crate::model::error::LoadError;
use crate::model::finding::{Code, Finding, Severity};
use crate::model::names::nearest;

use super::certificates;
use super::findings::{Form, Report};
use super::{BundleArgs, Failure};

/// Exit code: the bundle has errors, or warnings that are denied.
pub const FINDINGS: u8 = 1;

/// Arguments of `clausal check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The folder of the bundle, or the name of a shipped one; csp when left out
    #[arg(value_name = "DIR", conflicts_with = "bundle")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    bundle: BundleArgs,
    /// How findings are written
    #[arg(long, value_enum, default_value_t = Form::Human)]
    format: Form,
    /// Show which scripts are lowered and which are left to the interpreter, and why
    #[arg(long)]
    certificates: bool,
    /// Fail for these too
    #[arg(long, value_enum, value_name = "WHAT")]
    deny: Option<Deny>,
    /// Tell also what only the rules together say, exactly: what never matches, is outvoted, redundant, or left open
    #[arg(long)]
    exact: bool,
    /// With --exact: tell also what may well be meant, such as facts and settings that decide nothing
    #[arg(long, requires = "exact")]
    pedantic: bool,
    /// With --exact: seconds after which there is no answer
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "exact")]
    time_limit: u64,
    /// Print the page about a code and stop
    #[arg(long, value_name = "CODE")]
    explain: Option<String>,
}

/// What fails besides errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    /// Every warning
    Warnings,
}

/// Reports every finding. The exit code is 0 when none of them fails the bundle.
pub fn run(args: &CheckArgs) -> Result<u8, Failure> {
    if let Some(code) = &args.explain {
        return explain(code);
    }
    let folder = args.folder.as_deref().or(args.bundle.bundle.as_deref());
    let mut builder = args.bundle.builder()?;
    if let Some(folder) = &args.folder {
        builder = builder.folder_or_embedded(folder);
    }
    let mut loaded = builder.check();
    if args.exact && loaded.bundle.is_some() {
        exact(args, builder.clone(), &mut loaded)?;
    }
    let root = folder.map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default();
    if args.certificates && loaded.bundle.is_some() {
        return show_certificates(&builder.build().map_err(Failure::Bundle)?, args.format);
    }
    let report = Report { loaded: &loaded, root: &root };
    let written = if loaded.found || args.format != Form::Human { write(&report.render(args.format)) } else { Ok(()) };
    if !loaded.found {
        let message = loaded.findings.first().map(|finding| finding.message.clone()).unwrap_or_default();
        return Err(Failure::Bundle(LoadError::NotFound { place: root, message }));
    }
    // Errors may be among the findings that are not shown.
    let denied = args.deny == Some(Deny::Warnings) && !loaded.findings.is_empty();
    let failed = loaded.findings.iter().any(|finding| finding.severity() == Severity::Error);
    let code = if loaded.bundle.is_none() || failed || denied { FINDINGS } else { 0 };
    match written {
        // Whoever reads only the first lines, as `head` does, is told the same by the exit code.
        Err(Failure::Io { error, .. }) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(code),
        written => written.map(|()| code),
    }
}

/// Adds what the analysis of the whole tells.
fn exact(args: &CheckArgs, builder: EngineBuilder, loaded: &mut Loaded) -> Result<(), Failure> {
    let engine = builder.build().map_err(Failure::Bundle)?;
    let until = Instant::now().checked_add(Duration::from_secs(args.time_limit));
    let asked = if args.pedantic { Asked::Pedantic } else { Asked::Faults };
    let found = findings(&engine, asked, Bounds { until, ..Bounds::default() });
    let found = found.map_err(|error| Failure::Analysis(error.to_string()))?;
    // What loading told too comes once, with its request.
    let same = |a: &Finding, b: &Finding| (a.code, &a.place, &a.message) == (b.code, &b.place, &b.message);
    loaded.findings.retain(|told| !found.iter().any(|one| same(one, told)));
    loaded.findings.extend(found);
    loaded.findings.sort_by(|a, b| (&a.place, a.code, &a.message).cmp(&(&b.place, b.code, &b.message)));
    Ok(())
}

fn explain(written: &str) -> Result<u8, Failure> {
    let Some(code) = Code::ALL.iter().find(|code| code.as_str() == written) else {
        let near = nearest(written, Code::ALL.iter().map(|code| code.as_str()));
        let hint = near
            .map_or_else(|| "`docs/findings/` lists all codes".to_owned(), |near| format!("did you mean `{near}`?"));
        return Err(Failure::Usage(format!("there is no finding `{written}`; {hint}")));
    };
    write(code.page())?;
    Ok(0)
}

fn show_certificates(engine: &Engine, form: Form) -> Result<u8, Failure> {
    let all = engine.certificates();
    let text = match form {
        Form::Human => certificates::human(&all),
        Form::Json => certificates::json(&all),
        Form::Sarif | Form::Github => {
            return Err(Failure::Usage("certificates are written for people or as JSON; say `--format json`".into()));
        }
    };
    write(&text)?;
    Ok(0)
}

fn write(text: &str) -> Result<(), Failure> {
    let failed = |error| Failure::Io { what: "the standard output".into(), error };
    let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(failed)
}
