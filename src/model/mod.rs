//! The words: facts and values, outcome, clause, time, finding, error, limits.

pub mod clause;
pub(crate) mod currency;
pub mod decision;
pub mod error;
pub mod finding;
pub mod limits;
pub mod names;
pub mod time;
pub mod value;

pub use names::{nearest, normalize_name};
pub use time::{Date, Duration, Timestamp};
pub use value::{Type, Value};
