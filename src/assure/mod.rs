//! What can be said of a bundle beyond single decisions.

pub mod diff;
pub mod findings;
pub mod history;
pub mod prove;
pub mod scenarios;
pub mod space;
pub mod who;
pub mod whole;
