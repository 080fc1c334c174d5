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

mod completions;
mod generate;
mod laws;
mod oracle;
mod print;
mod request;
mod verdict;
mod wanting;
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
    the_engine_agrees_with_the_oracle: 96,
    the_default_is_never_permit: 32,
    a_deny_overrides: 32,
    order_changes_nothing: 48,
    one_more_deny_never_widens: 48,
    a_failed_rule_never_widens: 48,
    the_same_input_gives_the_same_bytes: 32,
    a_permit_and_a_deny_hold_for_every_completion: 48,
    a_permit_is_lost_to_results_only: 32,
    missing_names_every_fact_that_matters: 48,
    missing_names_no_other: 32,
    nobody_is_asked_twice: 32,
    the_generator_reaches_everything: 160,
}
