//! What can be said of the rules as they work together: `clausal prove --findings`.

use std::io::Write;

use serde_json::json;

use crate::assure::findings::{Asked, Shown, shown};
use crate::assure::space::Bounds;
use crate::engine::Engine;

use super::{Failure, Format, stdout_failed};

/// Shows the findings; the exit code tells whether there are any.
pub fn run(engine: &Engine, asked: Asked, bounds: Bounds, format: Format) -> Result<u8, Failure> {
    let all = shown(engine, asked, bounds).map_err(|error| Failure::Analysis(error.to_string()))?;
    let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
    let written = match format {
        Format::Json => writeln!(out, "{:#}", serde_json::Value::from(all.iter().map(to_json).collect::<Vec<_>>())),
        Format::Text => text(&mut out, &all),
    };
    written.map_err(stdout_failed)?;
    Ok(u8::from(!all.is_empty()))
}

fn text(out: &mut impl Write, all: &[Shown]) -> std::io::Result<()> {
    for one in all {
        writeln!(out, "{}", one.finding)?;
        for related in &one.finding.related {
            writeln!(out, "    {}: {}", related.place, related.message)?;
        }
        if let Some(request) = &one.witness {
            writeln!(out, "    request: {request}")?;
        }
    }
    writeln!(out, "{} findings", all.len())
}

fn to_json(one: &Shown) -> serde_json::Value {
    let finding = &one.finding;
    json!({
        "code": finding.code.as_str(),
        "severity": finding.severity().to_string(),
        "message": finding.message,
        "source": finding.place.to_string(),
        "help": finding.help,
        "related": finding.related.iter().map(|r| json!({"source": r.place.to_string(), "message": r.message})).collect::<Vec<_>>(),
        "request": one.witness,
    })
}
