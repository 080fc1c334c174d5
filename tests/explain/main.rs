//! Explanations: as people read them, as programs read them, and that they never say anything but what is decided.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "tests"
)]
#![allow(clippy::arithmetic_side_effects, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;

mod agreement;
mod changes;
mod command;
mod lending;
mod sheets;
