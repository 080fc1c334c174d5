//! YAML → checked bundle: raw text, validation, registries, sources, periods of effect.

pub mod checked;
mod condition;
pub mod domain;
pub(crate) mod draft;
mod expression;
pub mod files;
pub mod grammar;
pub mod lint;
pub mod load;
mod manifest;
pub mod messages;
mod policy;
mod reader;
mod registries;
mod tables;
mod values;
mod vocabulary;
pub mod yaml;
