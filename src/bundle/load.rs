//! Files → checked bundle. Reports everything it finds, sorted; a bundle with errors is not built.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::model::finding::{Code, Finding, Findings, Place};
use crate::model::limits::{BundleLimits, Limits};
use crate::model::names::nearest;
use crate::script::Library;

use super::checked::{Bundle, Identity};
use super::draft::Draft;
use super::files::{Files, join};
use super::manifest::{self, Manifest, Named};
use super::messages::Messages;
use super::yaml::{Node, parse};
use super::{expression, lint, overlay, policy, registries, restrict, vocabulary};

/// What loading gave: a bundle unless there are errors, and everything there is to say, sorted.
#[derive(Debug)]
pub struct Loaded {
    /// The bundle, if nothing is wrong with it.
    pub bundle: Option<Bundle>,
    /// Errors and warnings.
    pub findings: Vec<Finding>,
    /// The text of every file that was read.
    pub files: BTreeMap<Arc<str>, Arc<str>>,
    /// Whether there was a manifest to begin with.
    pub found: bool,
}

/// The name under which settings that are given with the load appear among the files of a bundle.
pub const GIVEN_SETTINGS: &str = "settings given with the load";

/// Loads the bundle that `files` holds. `settings` is a YAML mapping that goes before what the bundle sets.
pub fn load(files: &Files, settings: Option<&str>, limits: &Limits) -> Loaded {
    let mut loader = Loader {
        files,
        limits,
        findings: Findings::default(),
        texts: BTreeMap::new(),
        draft: Draft::default(),
        messages: Messages::default(),
        settings,
    };
    let layers = loader.layers();
    let found = !layers.is_empty();
    let identity = loader.build(&layers);
    loader.finish(identity, found)
}

/// One level of a bundle: its manifest and the node its settings are read from.
struct Layer {
    manifest: Manifest,
    node: Node,
    folder: String,
}

struct Loader<'f> {
    files: &'f Files,
    limits: &'f Limits,
    findings: Findings,
    texts: BTreeMap<Arc<str>, Arc<str>>,
    draft: Draft,
    messages: Messages,
    settings: Option<&'f str>,
}

impl Loader<'_> {
    fn bounds(&self) -> &BundleLimits {
        &self.limits.bundle
    }

    /// Manifests from the bundle itself down to what it extends.
    fn layers(&mut self) -> Vec<Layer> {
        let mut layers: Vec<Layer> = Vec::new();
        let mut next = Some((String::new(), Place::start_of("bundle.yaml")));
        while let Some((folder, place)) = next.take() {
            if layers.iter().any(|layer| layer.folder == folder) {
                let message = "the bundle extends itself, directly or through others";
                self.findings
                    .push(Finding::new(Code::ExtendsCycle, &place, message).help("remove one of the `extends`"));
                return layers;
            }
            if layers.len() >= self.bounds().levels {
                let message = format!("more than {} bundles extend one another", self.bounds().levels);
                self.findings
                    .push(Finding::new(Code::LimitExceeded, &place, message).help("merge some of the overlays"));
                return layers;
            }
            let Some(path) = join(&folder, "bundle.yaml") else { break };
            let Some(node) = self.yaml(&Named { path, place }) else { break };
            let Some((manifest, _)) = manifest::read(&node, &folder, &mut self.findings) else { break };
            next = manifest.extends.as_ref().map(|base| (base.path.clone(), base.place.clone()));
            layers.push(Layer { manifest, node, folder });
        }
        layers
    }

    fn text(&mut self, named: &Named) -> Option<Arc<str>> {
        if self.texts.len() >= self.bounds().files {
            let message = format!("the bundle has more than {} files", self.bounds().files);
            self.findings.push(Finding::new(Code::LimitExceeded, &named.place, message));
            return None;
        }
        if self.texts.contains_key(named.path.as_str()) {
            let message = format!("the file `{}` is named twice", named.path);
            self.findings.push(Finding::new(Code::Duplicate, &named.place, message).help("name each file once"));
            return None;
        }
        match self.files.read(&named.path, self.bounds().file_bytes, &named.place) {
            Ok(text) => {
                self.texts.insert(named.path.as_str().into(), Arc::clone(&text));
                Some(text)
            }
            Err(finding) => {
                self.findings.push(*finding);
                None
            }
        }
    }

    fn yaml(&mut self, named: &Named) -> Option<Node> {
        let text = self.text(named)?;
        let node = parse(&named.path, &text, &self.limits.bundle, &mut self.findings)?;
        lint::scalars(&node, &mut self.findings);
        Some(node)
    }

    /// Reads every layer, from the lowest up. Returns name and version of the uppermost.
    fn build(&mut self, layers: &[Layer]) -> Option<(Arc<str>, Arc<str>)> {
        self.draft.languages = layers.iter().rev().flat_map(|layer| layer.manifest.languages.clone()).collect();
        let upward = || layers.iter().rev();
        for layer in upward() {
            for (language, named) in &layer.manifest.messages {
                self.message_file(language, named);
            }
        }
        for named in upward().flat_map(|layer| &layer.manifest.sources) {
            if let Some(node) = self.yaml(named) {
                registries::read_source(&node, &mut self.draft, &mut self.findings);
            }
        }
        self.registries(upward().flat_map(|layer| &layer.manifest.registries));
        self.vocabularies(upward());
        self.policies(
            upward().flat_map(|layer| layer.manifest.policies.iter().map(|named| (named, layer.manifest.restricts))),
        );
        layers.first().map(|layer| (Arc::clone(&layer.manifest.name), Arc::clone(&layer.manifest.version)))
    }

    fn message_file(&mut self, language: &Arc<str>, named: &Named) {
        if !self.draft.languages.contains(language) {
            let message = format!("the bundle does not speak `{language}`");
            let known = self.draft.languages.iter().map(|l| &**l);
            let near = nearest(language, known);
            self.findings.push(Finding::new(Code::UnknownLanguage, &named.place, message).nearest(near));
        }
        if let Some(text) = self.text(named) {
            self.messages.add(language, &named.path, &text, &mut self.findings);
        }
    }

    fn registries<'l>(&mut self, files: impl Iterator<Item = &'l Named>) {
        let mut parts = BTreeMap::new();
        for named in files {
            if let Some(node) = self.yaml(named) {
                registries::read(&node, &mut self.draft, &mut parts, &mut self.findings);
            }
        }
        registries::finish(parts, &mut self.draft, &mut self.findings);
    }

    fn vocabularies<'l>(&mut self, layers: impl Iterator<Item = &'l Layer> + Clone) {
        self.scripts(layers.clone().flat_map(|layer| &layer.manifest.scripts));
        let mut nodes: Vec<Node> = Vec::new();
        for layer in layers.clone() {
            let node = layer.manifest.vocabulary.as_ref().and_then(|named| self.yaml(named));
            if let (Some(node), true) = (&node, layer.manifest.restricts) {
                restrict::vocabulary(node, &mut self.findings);
            }
            nodes.extend(node);
        }
        for node in &nodes {
            vocabulary::read_types(node, &mut self.draft, &mut self.findings);
        }
        vocabulary::built_in_facts(&mut self.draft);
        for layer in layers {
            let mut quiet = Findings::default();
            let settings = manifest::read(&layer.node, &layer.folder, &mut quiet).and_then(|(_, settings)| settings);
            if layer.manifest.restricts {
                restrict::manifest(&layer.manifest, settings, &mut self.findings);
            }
            if let Some(settings) = settings {
                policy::read_settings(settings, &mut self.draft, &mut self.findings);
            }
        }
        if let Some(text) = self.settings {
            self.texts.insert(GIVEN_SETTINGS.into(), text.into());
            if let Some(node) = parse(GIVEN_SETTINGS, text, &self.limits.bundle, &mut self.findings) {
                policy::read_given_settings(&node, &mut self.draft, &mut self.findings);
            }
        }
        for node in &nodes {
            vocabulary::read_facts(node, &mut self.draft, &mut self.findings);
        }
    }

    fn scripts<'l>(&mut self, files: impl Iterator<Item = &'l Named>) {
        let mut sources = Vec::new();
        for named in files {
            if let Some(text) = self.text(named) {
                sources.push((named.path.clone(), text.to_string()));
            }
        }
        match Library::compile(&sources, &self.limits.script) {
            Ok(library) => self.draft.library = library,
            Err(refusals) => {
                for (file, refusal) in refusals {
                    let (line, column) = refusal.spot.as_ref().map_or((1, 1), |spot| (spot.line, spot.column));
                    let mut place = Place::start_of(&file);
                    (place.line, place.end_line) = (line, line);
                    (place.column, place.end_column) = (column, column.saturating_add(1));
                    let finding = Finding::new(expression::code(refusal.code), &place, refusal.message.clone());
                    self.findings.push(match refusal.help {
                        Some(help) => finding.help(help),
                        None => finding,
                    });
                }
            }
        }
    }

    fn policies<'l>(&mut self, files: impl Iterator<Item = (&'l Named, bool)>) {
        let nodes: Vec<(&str, Node, bool)> = files
            .filter_map(|(named, restricts)| self.yaml(named).map(|node| (named.path.as_str(), node, restricts)))
            .collect();
        let mut headers = Vec::new();
        for (file, node, restricts) in &nodes {
            self.draft.restricts = *restricts;
            if *restricts {
                restrict::policy(node, &mut self.findings);
            }
            headers.extend(policy::read_header(file, node, &mut self.draft, &mut self.findings));
        }
        for (header, rules) in &headers {
            if let Some(rules) = rules {
                policy::read_rules(header, rules, &mut self.draft, &mut self.findings);
            }
        }
        overlay::apply_retirements(&mut self.draft, &mut self.findings);
    }

    fn finish(mut self, name: Option<(Arc<str>, Arc<str>)>, found: bool) -> Loaded {
        if !self.findings.has_errors() {
            lint::whole(&self.draft, &self.messages, &mut self.findings);
        }
        let files = self.texts;
        let failed = self.findings.has_errors();
        let findings = bounded(self.findings.into_sorted(), self.limits.bundle.findings);
        let Some((name, version)) = name.filter(|_| !failed) else {
            return Loaded { bundle: None, findings, files, found };
        };
        let identity = Identity { name, version, digest: digest_of(&files) };
        let draft = self.draft;
        let bundle = Bundle {
            identity,
            languages: draft.languages,
            sources: draft.sources,
            domains: draft.domains,
            facts: draft.facts,
            kinds: draft.kinds,
            results: draft.results,
            reasons: draft.reasons,
            obligations: draft.obligations,
            policies: draft.policies,
            rules: draft.rules,
            lists: draft.lists,
            tables: draft.tables,
            settings: draft.settings,
            messages: self.messages,
            warnings: findings.clone(),
            files: files.clone(),
        };
        Loaded { bundle: Some(bundle), findings, files, found }
    }
}

fn bounded(mut findings: Vec<Finding>, most: usize) -> Vec<Finding> {
    let total = findings.len();
    if total > most {
        findings.truncate(most);
        let place = findings.last().map_or_else(|| Place::start_of("bundle.yaml"), |last| last.place.clone());
        let message = format!("{} more findings are not shown", total.saturating_sub(most));
        findings.push(Finding::new(Code::LimitExceeded, &place, message).help("mend the first ones and check again"));
    }
    findings
}

/// SHA-256 over the files in the order of their paths: for each the path, a zero byte, its SHA-256 (of the text with
/// `\n` line ends) in hexadecimal, and a line end.
pub fn digest_of(files: &BTreeMap<Arc<str>, Arc<str>>) -> Arc<str> {
    let mut whole = Sha256::new();
    for (path, text) in files {
        let content = if text.contains('\r') { text.replace("\r\n", "\n").into() } else { Arc::clone(text) };
        whole.update(path.as_bytes());
        whole.update([0]);
        whole.update(hex(&Sha256::digest(content.as_bytes())));
        whole.update("\n");
    }
    format!("sha256:{}", hex(&whole.finalize())).into()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
