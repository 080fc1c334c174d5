//! `clausal coverage`: what of a bundle the scenarios exercise.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rust_decimal::Decimal;

use crate::assure::coverage::html::html;
use crate::assure::coverage::lcov::lcov;
use crate::assure::coverage::{Coverage, Metric, Share, report};

use super::{BundleArgs, DISAGREES, Failure, scenarios};

/// Arguments of `clausal coverage`.
#[derive(Debug, Args)]
pub struct CoverageArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = CoverageFormat::Human)]
    format: CoverageFormat,
    /// Fail when less than this share of any metric is covered
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    fail_under: Option<Decimal>,
    /// Write to this file instead of the standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// A folder of scenarios, or one scenario; found as by `clausal test` when left out
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// How coverage is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CoverageFormat {
    /// For people
    Human,
    /// For programs
    Json,
    /// The tracefile of LCOV, for editors and build servers
    Lcov,
    /// One page with the files of the bundle coloured
    Html,
}

fn percent(text: &str) -> Result<Decimal, String> {
    let found = text.trim_end_matches('%').parse::<Decimal>().ok();
    found
        .filter(|percent| (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(percent))
        .ok_or_else(|| "a percentage is a number from 0 to 100".to_owned())
}

/// Decides all scenarios and writes what they met. The exit code is 1 when a scenario cannot be read or a metric is
/// below what was asked for.
pub fn run(args: &CoverageArgs) -> Result<u8, Failure> {
    let mut bundles = args.bundle.load_bundles()?;
    let path = scenarios::folder(args.dir.as_deref(), bundles.folder())?;
    let folder = scenarios::read(&path, "", &mut bundles)?;
    let mut coverage = Coverage::new(bundles.main());
    folder.scenarios.iter().for_each(|scenario| coverage.add(scenario));
    let text = match args.format {
        CoverageFormat::Human => report::human(&coverage),
        CoverageFormat::Json => format!("{:#}\n", report::json(&coverage)),
        CoverageFormat::Lcov => {
            lcov(&coverage, &bundles.folder().map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default())
        }
        CoverageFormat::Html => html(&coverage),
    };
    write(args, &text)?;
    let mut err = anstream::AutoStream::auto(std::io::stderr().lock());
    let failed = |error| Failure::Io { what: "the standard error".into(), error };
    scenarios::findings(&mut err, &folder.findings).map_err(failed)?;
    if coverage.requests() == 0 {
        writeln!(err, "clausal: no scenario of this bundle was found in `{}`", path.display()).map_err(failed)?;
        return Ok(DISAGREES);
    }
    let mut below = false;
    for metric in Metric::ALL {
        let share = coverage.share(metric);
        if args.fail_under.is_some_and(|wanted| is_below(share, wanted)) {
            let wanted = args.fail_under.unwrap_or_default();
            below = true;
            writeln!(err, "clausal: {metric} are covered by {share}, less than {wanted} %").map_err(failed)?;
        }
    }
    Ok(if below || !folder.findings.is_empty() { DISAGREES } else { 0 })
}

/// Exact: a share of 99.99 % is below 100.
fn is_below(share: Share, wanted: Decimal) -> bool {
    let (covered, total) = (Decimal::from(share.covered), Decimal::from(share.total));
    match (covered.checked_mul(Decimal::ONE_HUNDRED), wanted.checked_mul(total)) {
        (Some(given), Some(needed)) => given < needed,
        _ => share.covered < share.total,
    }
}

fn write(args: &CoverageArgs, text: &str) -> Result<(), Failure> {
    match &args.output {
        Some(path) => {
            let what = || format!("`{}`", path.display());
            std::fs::write(path, text).map_err(|error| Failure::Io { what: what(), error })
        }
        None => {
            let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
            out.write_all(text.as_bytes())
                .and_then(|()| out.flush())
                .map_err(|error| Failure::Io { what: "the standard output".into(), error })
        }
    }
}
