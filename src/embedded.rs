//! The bundles that are compiled into the library.

use std::sync::Arc;

use crate::bundle::files::Files;
use crate::bundle::recorded::SHIPPED;

/// Whether there is a bundle with this folder's name.
pub fn has(name: &str) -> bool {
    let manifest = format!("{name}/bundle.yaml");
    SHIPPED.iter().any(|(path, ..)| *path == manifest)
}

/// The names of the bundles.
#[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "only the command suggests names"))]
pub fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().filter_map(|(path, ..)| path.strip_suffix("/bundle.yaml"))
}

/// All files of `policies/`, the release index among them.
pub fn all() -> Files {
    files("")
}

/// The bundle in this folder of `policies/`, and its neighbours, which it may extend.
pub fn files(name: &str) -> Files {
    let files = SHIPPED.iter().map(|(path, text, _)| ((*path).to_owned(), Arc::from(*text))).collect();
    Files::Memory(files, name.to_owned())
}
