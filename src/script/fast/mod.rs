//! Scripts for one bundle: settings are constants, calls are inlined, values are copied and nothing is allocated, and what
//! two scripts compute alike is computed once. What this cannot do it gives up on, and the caller asks
//! [`Script::evaluate_values`](super::Script::evaluate_values) instead; so it never fails.

mod bounds;
mod datum;
mod graph;
mod make;
mod rounding;
mod run;
mod unmade;

use crate::model::Value;

pub(crate) use bounds::Bounds;
pub use datum::{Datum, Kept, LONGEST_TEXT, Scratch, Tag};
pub(crate) use graph::Op;
pub use graph::{Graph, NodeIx};
pub use make::Made;
pub(crate) use rounding::{Small, quotient, round, small_quotient};
pub use run::Inputs;
pub(crate) use run::arithmetic;
pub use unmade::Unmade;

/// It failed, or it is beyond what is done here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GiveUp;

/// What is known of a read when a script is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// Nothing: it comes with each request.
    Later {
        /// The number of the input.
        input: u32,
        /// Whether it always has a value when the script runs.
        present: bool,
    },
    /// What another script of the graph gives.
    Node(NodeIx),
    /// It is absent.
    Absent,
    /// Its value.
    Value(Value),
}

/// A host function that is done here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Builtin {
    Date,
    LocalDate,
    AddSeconds,
    DaysBetween,
    AddDays,
    AddDuration,
    IsAfter,
    SecondsBetween,
    Truncate,
    RoundHalfUp,
    RoundHalfEven,
    MinorUnits,
    Least,
    Greatest,
    Decimal,
}

fn builtin(name: &str) -> Option<Builtin> {
    Some(match name {
        "date" => Builtin::Date,
        "local_date" => Builtin::LocalDate,
        "add_seconds" => Builtin::AddSeconds,
        "days_between" => Builtin::DaysBetween,
        "add_days" => Builtin::AddDays,
        "add_duration" => Builtin::AddDuration,
        "is_after" => Builtin::IsAfter,
        "seconds_between" => Builtin::SecondsBetween,
        "truncate" => Builtin::Truncate,
        "round_half_up" => Builtin::RoundHalfUp,
        "round_half_even" => Builtin::RoundHalfEven,
        "minor_units" => Builtin::MinorUnits,
        "min" => Builtin::Least,
        "max" => Builtin::Greatest,
        "decimal" => Builtin::Decimal,
        _ => return None,
    })
}
