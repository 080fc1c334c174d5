//! Files → checked bundle. Reports everything it finds, sorted; a bundle with errors is not built.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::model::finding::{Code, Finding, Findings, Place};
use crate::model::limits::{BundleLimits, Limits};
use crate::model::names::nearest;
use crate::script::{Library, Spot};

use super::ahead::{self, Ahead};
use super::cascade::{self, Part};
use super::checked::{Bundle, Identity, Restricts};
use super::draft::Draft;
use super::files::{Files, join};
use super::grammar::FileKind;
use super::invariants::{self, Invariant};
use super::lines::Lines;
use super::manifest::{self, Manifest, Named};
use super::messages::Messages;
use super::yaml::{Node, parse};
use super::{expression, lint, overlay, policy, registries, restrict, settings, vocabulary};

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
    survey(files, settings, limits).finish(limits)
}

/// As [`load`], but for what decides alone: the invariants of the bundle are not read, so their files need not be there.
pub(crate) fn load_what_decides(files: &Files, settings: Option<&str>, limits: &Limits) -> Loaded {
    survey_of(files, settings, limits, false).finish(limits)
}

/// What could be made of a bundle, with mistakes or without: for editors, which work while there are mistakes.
pub(crate) struct Survey {
    /// Everything that was declared and makes sense.
    pub(crate) draft: Draft,
    /// Messages by language.
    pub(crate) messages: Messages,
    /// What must hold of every decision.
    invariants: Vec<Invariant>,
    /// What there is to say, in no order.
    findings: Findings,
    /// The text of every file that was read.
    pub(crate) files: BTreeMap<Arc<str>, Arc<str>>,
    /// What each YAML file is, by the manifests.
    #[cfg_attr(not(feature = "lsp"), expect(dead_code, reason = "only the language server asks"))]
    pub(crate) kinds: BTreeMap<Arc<str>, FileKind>,
    name: Option<(Arc<str>, Arc<str>)>,
    restricts: Option<Restricts>,
    found: bool,
}

/// Reads everything that `files` holds, as far as it makes sense.
pub(crate) fn survey(files: &Files, settings: Option<&str>, limits: &Limits) -> Survey {
    survey_of(files, settings, limits, true)
}

fn survey_of(files: &Files, settings: Option<&str>, limits: &Limits, with_invariants: bool) -> Survey {
    let mut loader = Loader {
        files,
        limits,
        findings: Findings::default(),
        draft: Draft::default(),
        messages: Messages::default(),
        settings,
        invariants: Vec::new(),
        with_invariants,
        ahead: None,
    };
    let layers = loader.layers();
    let ahead = Ahead::new(files, in_order(&layers), &limits.bundle);
    loader.ahead = Some(&ahead);
    // A manifest with mistakes is a manifest.
    let found = loader.draft.texts.contains_key("bundle.yaml");
    let name = ahead.while_building(|| loader.build(&layers));
    if found {
        lint::whole(&loader.draft, &loader.messages, &mut loader.findings);
    }
    cascade::without_consequences(&mut loader.findings, &loader.draft.gaps);
    let Loader { findings, mut draft, messages, invariants, .. } = loader;
    let files = std::mem::take(&mut draft.texts);
    let restricts = layers.first().filter(|layer| layer.manifest.restricts).and_then(|layer| {
        let base = layer.manifest.extends.as_ref()?;
        Some(Restricts { base: base.path.as_str().into(), place: base.place.clone() })
    });
    Survey { draft, messages, invariants, findings, files, kinds: file_kinds(&layers), name, restricts, found }
}

/// YAML files in the order in which they are built of.
fn in_order(layers: &[Layer]) -> Vec<&Named> {
    let upward = || layers.iter().rev().map(|layer| &layer.manifest);
    let sources = upward().flat_map(|own| &own.sources);
    let registries = upward().flat_map(|own| &own.registries);
    let vocabularies = upward().flat_map(|own| &own.vocabulary);
    sources.chain(registries).chain(vocabularies).chain(upward().flat_map(|own| &own.policies)).collect()
}

fn file_kinds(layers: &[Layer]) -> BTreeMap<Arc<str>, FileKind> {
    let mut kinds = BTreeMap::new();
    for Layer { manifest, folder, .. } in layers {
        kinds.extend(join(folder, "bundle.yaml").map(|path| (Arc::from(path), FileKind::Bundle)));
        let groups: [(&mut dyn Iterator<Item = &Named>, FileKind); 5] = [
            (&mut manifest.vocabulary.iter(), FileKind::Vocabulary),
            (&mut manifest.registries.iter(), FileKind::Registry),
            (&mut manifest.sources.iter(), FileKind::Source),
            (&mut manifest.policies.iter(), FileKind::Policy),
            (&mut manifest.invariants.iter(), FileKind::Invariants),
        ];
        for (group, kind) in groups {
            kinds.extend(group.map(|named| (Arc::from(named.path.as_str()), kind)));
        }
    }
    kinds
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
    draft: Draft,
    messages: Messages,
    settings: Option<&'f str>,
    invariants: Vec<Invariant>,
    /// Whether they are read.
    with_invariants: bool,
    /// Files that are read ahead.
    ahead: Option<&'f Ahead<'f>>,
}

impl Loader<'_> {
    fn bounds(&self) -> &BundleLimits {
        &self.limits.bundle
    }

    /// Manifests from the bundle itself down to what it extends.
    fn layers(&mut self) -> Vec<Layer> {
        let mut layers: Vec<Layer> = Vec::new();
        let mut identities = BTreeSet::new();
        let mut next = Some((String::new(), Place::start_of("bundle.yaml")));
        // Until the lowest one is read.
        self.draft.gaps.insert(Part::Base);
        let mut broken = false;
        while let Some((folder, place)) = next.take() {
            let Some(path) = join(&folder, "bundle.yaml") else { break };
            if !identities.insert(self.files.identity(&path)) {
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
            let before = self.findings.len();
            let Some(node) = self.yaml(&Named { path, place }) else { break };
            let Some((manifest, _)) = manifest::read(&node, &folder, &mut self.findings) else { break };
            broken |= !manifest.whole || self.is_cut(before);
            next = manifest.extends.as_ref().map(|base| (base.path.clone(), base.place.clone()));
            if next.is_none() && !broken {
                self.draft.gaps.remove(&Part::Base);
            }
            layers.push(Layer { manifest, node, folder });
        }
        layers
    }

    /// Whether a file that was read since then could not be read to its end.
    fn is_cut(&self, before: usize) -> bool {
        let since = self.findings.iter().skip(before);
        since.into_iter().any(|f| matches!(f.code, Code::Syntax | Code::LimitExceeded | Code::FileMissing))
    }

    /// Reads a file of a part, which has a gap when the file cannot be read to its end.
    fn part<T>(&mut self, part: Part, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = self.findings.len();
        let out = read(self);
        if out.is_none() || self.is_cut(before) {
            self.draft.gaps.insert(part);
        }
        out
    }

    /// The text of a file, which may have been read already.
    fn text(&mut self, named: &Named, read: Option<Arc<str>>) -> Option<Arc<str>> {
        if self.draft.texts.len() >= self.bounds().files {
            let message = format!("the bundle has more than {} files", self.bounds().files);
            self.findings.push(Finding::new(Code::LimitExceeded, &named.place, message).help("merge some of them"));
            return None;
        }
        if self.draft.texts.contains_key(named.path.as_str()) {
            let message = format!("the file `{}` is named twice", named.path);
            self.findings.push(Finding::new(Code::Duplicate, &named.place, message).help("name each file once"));
            return None;
        }
        match read.map_or_else(|| self.files.read(&named.path, self.bounds().file_bytes, &named.place), Ok) {
            Ok(text) => {
                let text = ahead::without_mark(&text);
                self.draft.texts.insert(named.path.as_str().into(), Arc::clone(&text));
                Some(text)
            }
            Err(finding) => {
                self.findings.push(*finding);
                None
            }
        }
    }

    fn yaml(&mut self, named: &Named) -> Option<Node> {
        let parsed = self.ahead.and_then(|ahead| ahead.take(&named.path));
        let text = self.text(named, parsed.as_ref().map(|parsed| Arc::clone(&parsed.text)))?;
        match parsed {
            Some(parsed) => {
                self.findings.append(parsed.findings);
                parsed.node
            }
            None => ahead::parsed(named, &text, &self.limits.bundle, &mut self.findings),
        }
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
        self.messages.finish();
        for named in upward().flat_map(|layer| &layer.manifest.sources) {
            if let Some(node) = self.part(Part::Sources, |loader| loader.yaml(named)) {
                registries::read_source(&node, &mut self.draft, &mut self.findings);
            }
        }
        self.registries(upward().flat_map(|layer| &layer.manifest.registries));
        self.vocabularies(upward());
        self.policies(
            upward().flat_map(|layer| layer.manifest.policies.iter().map(|named| (named, layer.manifest.restricts))),
        );
        // An overlay changes what holds, so it states its own invariants.
        let uppermost = layers.first().filter(|_| self.with_invariants);
        for named in uppermost.map(|layer| layer.manifest.invariants.as_slice()).unwrap_or_default() {
            if let Some(node) = self.yaml(named) {
                invariants::read(&node, &mut self.draft, &mut self.invariants, &mut self.findings);
            }
        }
        layers.first().map(|layer| (Arc::clone(&layer.manifest.name), Arc::clone(&layer.manifest.version)))
    }

    fn message_file(&mut self, language: &Arc<str>, named: &Named) {
        if !self.draft.languages.contains(language) {
            let message = format!("the bundle does not speak `{language}`");
            let known = self.draft.languages.iter().map(|l| &**l);
            let near = nearest(language, known);
            let mut finding = Finding::new(Code::UnknownLanguage, &named.place, message).nearest(near);
            // The place is the file's, not the language's.
            finding.edit = None;
            self.findings.push(finding);
        }
        if let Some(text) = self.part(Part::Messages, |loader| loader.text(named, None)) {
            self.messages.add(language, &named.path, &text, &mut self.findings);
        }
    }

    fn registries<'l>(&mut self, files: impl Iterator<Item = &'l Named>) {
        let nodes: Vec<Node> =
            files.filter_map(|named| self.part(Part::Registries, |loader| loader.yaml(named))).collect();
        let mut parts = BTreeMap::new();
        for node in &nodes {
            registries::read(node, &mut self.draft, &mut parts, &mut self.findings);
        }
        registries::finish(parts, &mut self.draft, &mut self.findings);
    }

    fn vocabularies<'l>(&mut self, layers: impl Iterator<Item = &'l Layer> + Clone) {
        self.scripts(layers.clone().flat_map(|layer| &layer.manifest.scripts));
        let mut nodes: Vec<Node> = Vec::new();
        for layer in layers.clone() {
            let named = layer.manifest.vocabulary.as_ref();
            let node = named.and_then(|named| self.part(Part::Vocabulary, |loader| loader.yaml(named)));
            if let (Some(node), true) = (&node, layer.manifest.restricts) {
                restrict::vocabulary(node, &mut self.findings);
            }
            nodes.extend(node);
        }
        for node in &nodes {
            vocabulary::read_types(node, &mut self.draft, &mut self.findings);
        }
        let whole = !self.draft.gaps.contains(&Part::Vocabulary) && !self.draft.gaps.contains(&Part::Base);
        if let Some(node) = nodes.first().filter(|_| whole) {
            vocabulary::engine_reasons(&node.place, &self.draft, &mut self.findings);
        }
        vocabulary::built_in_facts(&mut self.draft);
        for layer in layers {
            let mut quiet = Findings::default();
            let settings = manifest::read(&layer.node, &layer.folder, &mut quiet).and_then(|(_, settings)| settings);
            if layer.manifest.restricts {
                restrict::manifest(&layer.manifest, settings, &mut self.findings);
            }
            if let Some(settings) = settings {
                settings::read_settings(settings, &mut self.draft, &mut self.findings);
            }
        }
        if let Some(text) = self.settings {
            self.draft.texts.insert(GIVEN_SETTINGS.into(), text.into());
            if let Some(node) = parse(GIVEN_SETTINGS, text, &self.limits.bundle, &mut self.findings) {
                settings::read_given_settings(&node, &mut self.draft, &mut self.findings);
            }
        }
        for node in &nodes {
            vocabulary::read_facts(node, &mut self.draft, &mut self.findings);
        }
        settings::read_dated_settings(&mut self.draft, &mut self.findings);
        vocabulary::check_paths(&self.draft, &mut self.findings);
    }

    fn scripts<'l>(&mut self, files: impl Iterator<Item = &'l Named>) {
        let mut sources = Vec::new();
        for named in files {
            if let Some(text) = self.part(Part::Scripts, |loader| loader.text(named, None)) {
                sources.push((named.path.clone(), text.to_string()));
            }
        }
        match Library::compile(&sources, &self.limits.script) {
            Ok(library) => self.draft.library = library,
            Err(refusals) => {
                for (file, refusal) in &refusals {
                    let text = sources.iter().find(|(path, _)| path == file).map_or("", |(_, text)| text);
                    let spot = refusal.spot.unwrap_or(Spot { line: 1, column: 1, length: 1 });
                    let place = Lines::new(file, text).at(spot.line, spot.column, spot.length);
                    self.findings.push(expression::finding(refusal, &place));
                }
                for (_, text) in &sources {
                    self.functions_are_broken(text);
                }
            }
        }
    }

    /// The functions of files that are refused are defined all the same.
    fn functions_are_broken(&mut self, text: &str) {
        for after in text.split("fn ").skip(1) {
            let name: String = after.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            self.draft.ledger.mark_broken("function", &name);
        }
    }

    fn policies<'l>(&mut self, files: impl Iterator<Item = (&'l Named, bool)>) {
        let mut nodes: Vec<(&str, Node, bool)> = Vec::new();
        for (named, restricts) in files {
            let node = self.part(Part::Policies, |loader| loader.yaml(named));
            nodes.extend(node.map(|node| (named.path.as_str(), node, restricts)));
        }
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
}

impl Survey {
    /// The name of the bundle; empty where there is none.
    pub(crate) fn name(&self) -> &str {
        self.name.as_ref().map_or("", |(name, _)| name)
    }

    /// The text of a message as it stands in its file, without its id.
    pub(crate) fn message_text(&self, place: &Place, id: &str) -> Option<&str> {
        let (start, end) = self.message_bytes(place, id)?;
        self.files.get(&place.file)?.get(start..end)
    }

    /// Where the text of a message stands; the lines that go on are indented or close a bracket.
    pub(crate) fn message_bytes(&self, place: &Place, id: &str) -> Option<(usize, usize)> {
        let text = self.files.get(&place.file)?;
        let rest = text.get(place.bytes.0..)?.strip_prefix(id)?.trim_start_matches([' ', '=']);
        let goes_on = |(at, line): &(usize, &str)| *at == 0 || line.starts_with([' ', '\t', '}']);
        let length = rest.split_inclusive('\n').enumerate().take_while(goes_on).map(|(_, line)| line.len()).sum();
        let start = text.len().checked_sub(rest.len())?;
        Some((start, start.checked_add(rest.get(..length)?.trim_end().len())?))
    }

    /// Whether there was a manifest to begin with.
    pub(crate) fn found(&self) -> bool {
        self.found
    }

    /// Whether it has errors.
    pub(crate) fn has_errors(&self) -> bool {
        self.findings.has_errors()
    }

    /// Sorted and bounded, what there is to say.
    pub(crate) fn findings(&self, limits: &Limits) -> Vec<Finding> {
        bounded(self.findings.clone().into_sorted(), limits.bundle.findings, self.findings.dropped())
    }

    fn finish(self, limits: &Limits) -> Loaded {
        let failed = self.findings.has_errors();
        let dropped = self.findings.dropped();
        let findings = bounded(self.findings.into_sorted(), limits.bundle.findings, dropped);
        let Self { mut draft, messages, invariants, files, name, restricts, found, .. } = self;
        let Some((name, version)) = name.filter(|_| !failed) else {
            return Loaded { bundle: None, findings, files, found };
        };
        let identity = Identity { name, version, digest: digest_of(&files) };
        // A bundle is kept for long, and no rule is added to it.
        draft.rules.shrink_to_fit();
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
            invariants,
            messages: Arc::new(messages),
            warnings: findings.clone(),
            files: files.clone(),
            restricts,
        };
        Loaded { bundle: Some(bundle), findings, files, found }
    }
}

fn bounded(mut findings: Vec<Finding>, most: usize, dropped: usize) -> Vec<Finding> {
    let more = findings.len().saturating_sub(most).saturating_add(dropped);
    if more > 0 {
        findings.truncate(most);
        let place = findings.last().map_or_else(|| Place::start_of("bundle.yaml"), |last| last.place.clone());
        let message = match more {
            1 => "1 more finding is not shown".to_owned(),
            _ => format!("{more} more findings are not shown"),
        };
        let finding = Finding::new(Code::TooManyFindings, &place, message);
        findings.push(finding.help("mend the first ones and check again"));
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
