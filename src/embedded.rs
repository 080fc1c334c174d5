//! The bundles that are compiled into the library.

use std::sync::Arc;

use crate::bundle::files::Files;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// All files of `policies/`.
pub fn files() -> Files {
    Files::Memory(EMBEDDED.iter().map(|(path, text)| ((*path).to_owned(), Arc::from(*text))).collect())
}
