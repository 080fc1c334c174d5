//! `clausal prove`: invariants proved, or a request that breaks them.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value as Json, json};

use crate::assure::findings::Asked;
use crate::assure::prove::{Proof, Verdict, prove};
use crate::assure::space::Bounds;
use crate::bundle::checked::Bundle;
use crate::engine::Engine;

use super::{BundleArgs, Failure, Format, NOT_DECIDED, stdout_failed};

/// Exit code: an invariant does not hold.
const REFUTED: u8 = 1;

/// Arguments of `clausal prove`.
#[derive(Debug, Args)]
pub struct ProveArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// How to write the answer
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Seconds after which what is left counts as not decided
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    time_limit: u64,
    /// The language of the invariants' words
    #[arg(long, value_name = "LANG")]
    lang: Option<String>,
    /// Show what can be said of the rules instead: what never matches, is redundant, outvoted, or left open
    #[arg(long)]
    findings: bool,
    /// With --findings: tell also what may well be meant, such as facts and settings that decide nothing
    #[arg(long, requires = "findings")]
    pedantic: bool,
}

/// Proves what the bundle states.
pub fn run(args: &ProveArgs) -> Result<u8, Failure> {
    let engine = args.bundle.load()?;
    let language = super::decide::language(&engine, args.lang.as_deref())?;
    let bounds =
        Bounds { until: Instant::now().checked_add(Duration::from_secs(args.time_limit)), ..Bounds::default() };
    if args.findings {
        let asked = if args.pedantic { Asked::Pedantic } else { Asked::Faults };
        return super::shown::run(&engine, asked, bounds, args.format);
    }
    let progress = std::io::stderr().is_terminal();
    let proofs = prove(&engine, bounds, &mut |proof| {
        if progress {
            let mut err = anstream::AutoStream::auto(std::io::stderr().lock());
            // Progress that cannot be shown is no failure.
            let _ = writeln!(err, "{}: {}", proof.id, proof.verdict.as_str());
        }
    });
    let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
    let written = match args.format {
        Format::Json => writeln!(out, "{:#}", to_json(&engine, &proofs, &language)),
        Format::Text => text(&mut out, engine.checked(), &proofs, &language),
    };
    written.map_err(stdout_failed)?;
    let any = |is: fn(&Verdict) -> bool| proofs.iter().any(|proof| is(&proof.verdict));
    Ok(match (any(|v| matches!(v, Verdict::Refuted { .. })), any(|v| matches!(v, Verdict::NotDecided { .. }))) {
        (true, _) => REFUTED,
        (_, true) => NOT_DECIDED,
        _ => 0,
    })
}

fn text(out: &mut impl Write, bundle: &Bundle, proofs: &[Proof], language: &str) -> std::io::Result<()> {
    for proof in proofs {
        let invariant = bundle.invariants.iter().find(|one| one.id == proof.id);
        writeln!(out, "{:<12}{}", proof.verdict.as_str(), proof.id)?;
        if let Some(words) = invariant.and_then(|one| one.words.get(language)) {
            writeln!(out, "            {words}")?;
        }
        match &proof.verdict {
            Verdict::Proved => {}
            Verdict::Tested { requests } => {
                writeln!(
                    out,
                    "            only scripts could break it; {requests} requests that were searched for did not"
                )?;
            }
            Verdict::NotDecided { why } => writeln!(out, "            {why}")?,
            Verdict::Refuted { request, decision } => {
                if let Some(invariant) = invariant {
                    writeln!(out, "            stated at {}", invariant.place)?;
                }
                writeln!(out, "            request:  {request}")?;
                writeln!(out, "            decision: {}", short(decision))?;
            }
        }
    }
    let count = |word: &str| proofs.iter().filter(|proof| proof.verdict.as_str() == word).count();
    writeln!(
        out,
        "{} invariants: {} proved, {} tested, {} refuted, {} not decided",
        proofs.len(),
        count("proved"),
        count("tested"),
        count("refuted"),
        count("not-decided")
    )
}

/// A decision in one line: its outcome and the rules that gave it.
pub fn short(decision: &Json) -> String {
    let reasons = decision.get("reasons").and_then(Json::as_array).into_iter().flatten();
    let reasons: Vec<String> = reasons
        .map(|reason| {
            let text = |key| reason.get(key).and_then(Json::as_str).unwrap_or_default();
            format!("{} ({} at {})", text("code"), text("rule"), text("source"))
        })
        .collect();
    format!("{} {}", decision.get("outcome").and_then(Json::as_str).unwrap_or("invalid"), reasons.join(", "))
}

fn to_json(engine: &Engine, proofs: &[Proof], language: &str) -> Json {
    let bundle = engine.checked();
    let one = |proof: &Proof| {
        let invariant = bundle.invariants.iter().find(|one| one.id == proof.id);
        let mut json = json!({
            "id": &*proof.id,
            "verdict": proof.verdict.as_str(),
            "words": invariant.and_then(|one| one.words.get(language)).map(|words| &**words),
            "clauses": invariant.map(|one| one.clauses.iter().map(ToString::to_string).collect::<Vec<_>>()),
            "source": invariant.map(|one| one.place.to_string()),
            "left_open": proof.scripts.iter().map(|script| &**script).collect::<Vec<_>>(),
        });
        let more = match &proof.verdict {
            Verdict::Proved => json!({}),
            Verdict::Refuted { request, decision } => json!({ "request": request, "decision": decision }),
            Verdict::Tested { requests } => json!({ "requests": requests }),
            Verdict::NotDecided { why } => json!({ "why": why }),
        };
        if let (Some(all), Some(more)) = (json.as_object_mut(), more.as_object()) {
            all.extend(more.clone());
        }
        json
    };
    json!({ "bundle": engine.bundle(), "invariants": proofs.iter().map(one).collect::<Vec<_>>() })
}
