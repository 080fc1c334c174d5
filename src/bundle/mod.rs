//! YAML → checked bundle: raw text, validation, registries, sources, periods of effect.

pub mod checked;
mod condition;
pub mod domain;
mod draft;
mod expression;
pub mod files;
pub mod lint;
pub mod load;
mod manifest;
pub mod messages;
mod overlay;
mod periods;
mod policy;
mod privacy;
mod reader;
mod registries;
pub mod releases;
mod restrict;
mod tables;
mod values;
mod vocabulary;
mod window;
pub mod yaml;
