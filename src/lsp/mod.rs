//! `clausal lsp`: a language server for bundles, over standard input and output.
//!
//! What is known of a bundle comes from the loader itself, reading the editor's unsaved texts over the files on disk; what
//! a place in a file means comes from the grammar ([`crate::bundle::grammar`]). Positions count UTF-16 units.

mod answer;
mod complete;
mod diagnose;
mod frame;
mod index;
mod offers;
mod paths;
mod script;
mod server;
mod text;
mod walk;
mod words;
mod workspace;

pub use server::serve;
