//! The laws of `docs/semantics.md`, held against generated bundles and requests. A failure prints both.
//!
//! The everyday run takes seconds; `cargo test --test laws -- --ignored` searches for minutes.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::unreachable,
    reason = "tests"
)]

mod generate;
mod laws;
mod oracle;
mod words;

macro_rules! laws {
    ($($name:ident: $everyday:literal,)+) => {
        $(
            #[test]
            fn $name() {
                laws::$name($everyday);
            }
        )+

        mod long {
            $(
                #[test]
                #[ignore = "takes minutes"]
                fn $name() {
                    super::laws::$name($everyday * 50);
                }
            )+
        }
    };
}

laws! {
    the_engine_agrees_with_the_oracle: 128,
}
