//! What can be said of a bundle beyond single decisions: its whole, its history, what is proved of it, scenarios and what they notice.

pub mod coverage;
pub mod diff;
pub mod findings;
pub mod history;
pub mod markup;
pub mod mutate;
pub mod prove;
pub mod reach;
pub mod scenario;
pub mod space;
pub mod who;
pub mod whole;
