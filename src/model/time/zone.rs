//! The names of time zones.

use chrono_tz::{TZ_VARIANTS, Tz};

/// Whether this is the name of an IANA time zone, in its letter case.
///
/// ```
/// use clausal::model::time::zone::is_known;
/// assert!(is_known("Europe/Oslo") && !is_known("Europe/Olso") && !is_known("oslo"));
/// ```
#[must_use]
pub fn is_known(name: &str) -> bool {
    name.parse::<Tz>().is_ok()
}

/// All names.
pub fn names() -> impl Iterator<Item = &'static str> {
    TZ_VARIANTS.iter().map(|zone| zone.name())
}
