//! What can be said of a bundle beyond single decisions: its whole, its history, scenarios and what they cover.

pub mod coverage;
pub mod diff;
pub mod findings;
pub mod history;
pub mod markup;
pub mod prove;
pub mod scenario;
pub mod space;
pub mod who;
pub mod whole;
