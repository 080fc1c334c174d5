//! Names that a search gives and that none of the log's bundles has: a search for them finds nothing, ever.

use std::collections::BTreeSet;

use crate::bundle::checked::Bundle;
use crate::model::limits::Limits;
use crate::model::names::nearest;
use crate::record::find::Query;
use crate::record::{Store, bundles};

use super::super::Failure;

/// The names of one sort, of all bundles.
type Names = BTreeSet<String>;

/// The name that is looked for, what it names, and the names that a bundle has.
type Asked<'q> = (&'q Option<String>, &'static str, fn(&Bundle) -> Names);

/// Refuses names that are known to no bundle of the log. Where one of the bundles does not load, nothing is said.
pub fn check(store: &Store, query: &Query) -> Result<(), Failure> {
    let asked: [Asked<'_>; 4] = [
        (&query.kind, "kind of request", |bundle| bundle.kinds.iter().map(|kind| kind.name.to_string()).collect()),
        (&query.rule, "rule", |bundle| bundle.rules.iter().map(|rule| rule.name.to_string()).collect()),
        (&query.reason, "reason", |bundle| bundle.reasons.keys().map(ToString::to_string).collect()),
        (&query.clause, "clause", clauses),
    ];
    if asked.iter().all(|(name, ..)| name.is_none()) {
        return Ok(());
    }
    let mut known: [Names; 4] = Default::default();
    for digest in store.bundles()? {
        let files = store.bundle_files(&digest)?.unwrap_or_default();
        let Ok(engine) = bundles::engine(&digest, &files, &Limits::default()) else { return Ok(()) };
        for (names, (.., of)) in known.iter_mut().zip(&asked) {
            names.extend(of(engine.checked()));
        }
    }
    for ((name, what, _), names) in asked.iter().zip(&known) {
        // A log without a bundle has no decisions, and knows no names.
        if let Some(name) = name.as_ref().filter(|name| !names.is_empty() && !names.contains(*name)) {
            let near = nearest(name, names.iter().map(String::as_str));
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            return Err(Failure::Usage(format!("no bundle of the log has the {what} `{name}`{near}")));
        }
    }
    Ok(())
}

/// Clauses, with their sources and without.
fn clauses(bundle: &Bundle) -> Names {
    let of_source = |(id, source): (&_, &crate::bundle::checked::Source)| -> Vec<String> {
        let id: &std::sync::Arc<str> = id;
        source.clauses.keys().flat_map(|number| [number.to_string(), format!("{id}#{number}")]).collect()
    };
    bundle.sources.iter().flat_map(of_source).collect()
}
