//! Decision → words in a language.

pub mod cited;
pub mod words;
