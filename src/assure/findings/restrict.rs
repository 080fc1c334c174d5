//! Whether an overlay that says `mode: restrict` keeps its word: it is compared with what it extends.

use std::sync::Arc;

use crate::assure::diff::widened;
use crate::assure::space::{Bounds, SpaceError};
use crate::bundle::checked::Bundle;
use crate::engine::Engine;
use crate::model::error::LoadError;
use crate::model::finding::{Code, Finding};

use super::Shown;

/// The most that is told; one is enough to break the word.
const MOST: usize = 5;

/// What the overlay lets through that its base does not.
///
/// # Errors
/// When the bounds are met.
pub(super) fn widens(engine: &Engine, bounds: Bounds) -> Result<Vec<Shown>, SpaceError> {
    let bundle = engine.checked();
    let Some(restricts) = &bundle.restricts else { return Ok(Vec::new()) };
    let base = match base_of(engine, &restricts.base) {
        Ok(base) => base,
        Err(error) => {
            let message =
                format!("the overlay only restricts, and it is not proved that it permits nothing more: {error}");
            let finding = Finding::new(Code::Widens, &restricts.place, message)
                .help("let the bundle that is extended load by itself, or leave out `mode: restrict`");
            return Ok(vec![Shown { finding, witness: None }]);
        }
    };
    let found = widened(&base, engine, bounds)?;
    let goes_ahead = |after: &str| ["permit", "refer"].contains(&after);
    let mut out: Vec<Shown> = Vec::new();
    for region in found.regions.iter().filter(|region| goes_ahead(region.after)).take(MOST) {
        let words: Vec<String> = region.words.iter().map(|one| format!("`{}` {}", one.fact, one.is)).collect();
        let of = if words.is_empty() { String::new() } else { format!(" with {}", words.join(", ")) };
        let message = format!(
            "the overlay only restricts, and turns `{}` into `{}` for `{}`{of}",
            region.before, region.after, region.kind
        );
        let finding = Finding::new(Code::Widens, &restricts.place, message)
            .help(format!("these rules speak: {}; deny, or leave out `mode: restrict`", region.rules.join(", ")));
        out.push(Shown { finding, witness: Some(region.request.clone()) });
    }
    if out.is_empty() && !found.certain {
        let message =
            "the overlay only restricts, and it is not proved that it permits nothing more: only scripts tell";
        let finding = Finding::new(Code::Widens, &restricts.place, message)
            .help("let its rules test facts instead of scripts, or leave out `mode: restrict`");
        out.push(Shown { finding, witness: None });
    }
    Ok(out)
}

/// The bundle that is extended, out of the same files and under the same readings. Its invariants are not among the files
/// of an overlay.
fn base_of(engine: &Engine, folder: &str) -> Result<Engine, LoadError> {
    let bundle = engine.checked();
    let texts = bundle.files.iter().map(|(path, text)| (path.to_string(), Arc::clone(text)));
    let base =
        Engine::builder().texts(texts).below(folder).limits(engine.limits().clone()).without_invariants().build()?;
    Ok(Engine::with_bundle(with_readings(base.checked(), bundle), engine.limits().clone()))
}

fn with_readings(base: &Bundle, overlay: &Bundle) -> Bundle {
    let mut out = base.clone();
    for (name, setting) in &mut out.settings {
        if let Some(own) = overlay.settings.get(name) {
            setting.value = own.value.clone();
        }
    }
    out
}
