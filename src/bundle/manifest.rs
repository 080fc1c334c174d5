//! `bundle.yaml`: what a bundle is called, what it extends and which files it is made of.

use std::sync::Arc;

use crate::model::finding::{Code, Finding, Findings, Place};

use super::reader::{Mapping, entries, list, text};
use super::yaml::Node;

/// A file that a manifest names.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its path relative to the folder of the bundle that is being loaded.
    pub path: String,
    /// Where it is named.
    pub place: Place,
}

/// A manifest, as read.
#[derive(Debug)]
pub struct Manifest {
    /// The bundle's name.
    pub name: Arc<str>,
    /// Its version.
    pub version: Arc<str>,
    /// Whether it names all it means to.
    pub whole: bool,
    /// The bundle it extends.
    pub extends: Option<Named>,
    /// Whether it only tightens what it extends.
    pub restricts: bool,
    /// Languages of its messages; empty where it extends another.
    pub languages: Vec<Arc<str>>,
    /// The vocabulary.
    pub vocabulary: Option<Named>,
    /// Registries.
    pub registries: Vec<Named>,
    /// Source documents.
    pub sources: Vec<Named>,
    /// Policies, in the order of reasons.
    pub policies: Vec<Named>,
    /// Files of invariants.
    pub invariants: Vec<Named>,
    /// Script files.
    pub scripts: Vec<Named>,
    /// Message files with their language.
    pub messages: Vec<(Arc<str>, Named)>,
}

/// Reads a manifest; its settings stay in the node.
pub fn read<'n>(node: &'n Node, folder: &str, findings: &mut Findings) -> Option<(Manifest, Option<&'n Node>)> {
    let mut map = Mapping::open(node, "a bundle", findings)?;
    // A bundle without a name does not load, but the rest of it is checked.
    let name = map.need_text("bundle", findings).unwrap_or_default();
    let version = map.need_text("version", findings).unwrap_or_default();
    let extends_node = map.take("extends");
    let extends = extends_node.and_then(|node| named(node, folder, findings));
    let restricts = map.take("mode").is_some_and(|node| restricts(node, findings));
    let own = extends_node.is_none();
    let languages_node = if own { map.need("languages") } else { map.take("languages") };
    let languages = super::reader::texts(languages_node, findings);
    let vocabulary = if own { map.need("vocabulary") } else { map.take("vocabulary") };
    let vocabulary = vocabulary.and_then(|node| named(node, folder, findings));
    let registries = named_list(map.take("registries"), folder, findings);
    let sources = named_list(map.take("sources"), folder, findings);
    let policies = named_list(map.take("policies"), folder, findings);
    let invariants = named_list(map.take("invariants"), folder, findings);
    let scripts = named_list(map.take("scripts"), folder, findings);
    let messages = message_files(map.take("messages"), folder, findings);
    let settings = map.take("settings");
    let whole = map.finish(findings);
    let whole = whole && (own || extends.is_some()) && (!own || !languages.is_empty());
    let manifest = Manifest {
        name,
        version,
        whole,
        extends,
        restricts,
        languages,
        vocabulary,
        registries,
        sources,
        policies,
        invariants,
        scripts,
        messages,
    };
    Some((manifest, settings))
}

/// `mode: restrict`, the only mode there is.
fn restricts(node: &Node, findings: &mut Findings) -> bool {
    let restricts = text(node, findings) == Some("restrict");
    if !restricts {
        findings.push(super::reader::unknown(Code::UnknownValue, node, "there is no mode", ["restrict"]));
    }
    restricts
}

fn message_files(node: Option<&Node>, folder: &str, findings: &mut Findings) -> Vec<(Arc<str>, Named)> {
    let Some(node) = node else { return Vec::new() };
    entries(node, "`messages`", findings)
        .iter()
        .filter_map(|(language, file)| Some((Arc::from(language.text()?), named(file, folder, findings)?)))
        .collect()
}

fn named_list(node: Option<&Node>, folder: &str, findings: &mut Findings) -> Vec<Named> {
    let Some(node) = node else { return Vec::new() };
    list(node, findings).iter().filter_map(|item| named(item, folder, findings)).collect()
}

fn named(node: &Node, folder: &str, findings: &mut Findings) -> Option<Named> {
    let written = text(node, findings)?;
    let path = super::files::join(folder, written);
    if path.is_none() {
        findings.push(
            Finding::new(Code::WrongForm, &node.place, format!("`{written}` is an absolute path"))
                .help("name files relative to the bundle's folder"),
        );
    }
    Some(Named { path: path?, place: node.place.clone() })
}
