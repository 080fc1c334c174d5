//! What can be said of a bundle beyond single decisions.

pub mod history;
pub mod whole;
