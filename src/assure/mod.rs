//! What can be said of a bundle beyond single decisions: its whole, its history, scenarios and what they cover.

pub mod coverage;
pub mod history;
pub mod markup;
pub mod scenario;
pub mod whole;
