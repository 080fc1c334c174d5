//! `clausal show`: the effective whole of a bundle, each line with where it comes from.

use std::io::Write;

use clap::Args;

use crate::assure::whole::{Item, items};
use crate::bundle::checked::Bundle;

use super::{BundleArgs, Failure, stdout_failed};

/// Arguments of `clausal show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// Only the settings, with what they mean and what else they can be
    #[arg(long = "settings")]
    only_settings: bool,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// Shows a bundle.
pub fn run(args: &ShowArgs) -> Result<u8, Failure> {
    let engine = args.bundle.load()?;
    let bundle = engine.checked();
    let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
    let written = match (args.only_settings, args.json) {
        (true, true) => writeln!(out, "{:#}", settings_json(bundle)),
        (true, false) => settings(&mut out, bundle),
        (false, true) => {
            writeln!(out, "{:#}", serde_json::json!({ "bundle": engine.bundle(), "items": items(bundle) }))
        }
        (false, false) => whole(&mut out, bundle),
    };
    written.map_err(stdout_failed)?;
    Ok(0)
}

fn whole(out: &mut impl Write, bundle: &Bundle) -> std::io::Result<()> {
    let identity = &bundle.identity;
    writeln!(out, "bundle {} {}  {}", identity.name, identity.version, identity.digest)?;
    let mut what = "";
    for item in items(bundle) {
        if item.what != what {
            what = item.what;
            writeln!(out, "\n{what}")?;
        }
        one(out, &item)?;
    }
    Ok(())
}

fn one(out: &mut impl Write, item: &Item) -> std::io::Result<()> {
    let clauses = if item.clauses.is_empty() { String::new() } else { format!("  [{}]", item.clauses.join(", ")) };
    writeln!(out, "  {}: {}{clauses}  ({})", item.name, item.says, item.source)?;
    for period in &item.effective {
        writeln!(out, "      holds {period}")?;
    }
    for retired in &item.retired {
        writeln!(out, "      retired {retired}")?;
    }
    if let (Some(certainty), Some(evidence)) = (&item.certainty, &item.evidence) {
        writeln!(out, "      certainty {certainty}: {evidence}")?;
    }
    Ok(())
}

fn settings(out: &mut impl Write, bundle: &Bundle) -> std::io::Result<()> {
    for (name, setting) in &bundle.settings {
        writeln!(out, "{name} = {}  ({})", setting.value, setting.place)?;
        for language in &bundle.languages {
            if let Some(gist) = setting.gist.get(language) {
                writeln!(out, "    {language}: {gist}")?;
            }
        }
        let choices: Vec<String> = setting.choices.iter().map(ToString::to_string).collect();
        if !choices.is_empty() {
            writeln!(out, "    choices: {}", choices.join(", "))?;
        }
        if let Some(others) = &setting.time_zone_or {
            let others = others.iter().map(|other| format!(", {other}")).collect::<String>();
            writeln!(out, "    choices: any IANA time zone{others}")?;
        }
        let clauses: Vec<String> = setting.clauses.iter().map(ToString::to_string).collect();
        writeln!(out, "    reads: {}", clauses.join(", "))?;
    }
    Ok(())
}

fn settings_json(bundle: &Bundle) -> serde_json::Value {
    let one = |(name, setting): (&std::sync::Arc<str>, &crate::bundle::checked::Setting)| {
        let gist: serde_json::Map<_, _> =
            setting.gist.iter().map(|(language, text)| (language.to_string(), (**text).into())).collect();
        serde_json::json!({
            "name": **name,
            "value": setting.value.to_json(),
            "type": setting.type_.to_string(),
            "choices": setting.choices.iter().map(crate::Value::to_json).collect::<Vec<_>>(),
            "time_zone_or": setting.time_zone_or.as_ref().map(|all| all.iter().map(crate::Value::to_json).collect::<Vec<_>>()),
            "clauses": setting.clauses.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "gist": gist,
            "source": setting.place.to_string(),
        })
    };
    bundle.settings.iter().map(one).collect()
}
