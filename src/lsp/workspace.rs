//! Open documents, the bundles they belong to, and what is known about each.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lsp_types::Uri;

use crate::bundle::files::Files;
use crate::bundle::grammar::FileKind;
use crate::bundle::load::{Survey, survey};
use crate::bundle::yaml::{Node, parse_whole};
use crate::model::finding::Findings;
use crate::model::limits::Limits;

use super::index::Index;
use super::paths::{normal, relative, uri_of};
use super::walk::entry;

/// A document that is open in the editor.
pub struct Document {
    /// Its address, as the editor writes it.
    pub uri: Uri,
    /// Its version, as the editor counts.
    pub version: i32,
    /// Its text, saved or not.
    pub text: Arc<str>,
    /// The last text that was YAML.
    good: Arc<str>,
}

/// Where a bundle is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Home {
    /// In a folder.
    Folder(PathBuf),
    /// In the command itself.
    Embedded,
}

impl Home {
    /// The path of a file, as the bundle names it.
    pub fn path(&self, file: &str) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => Some(normal(&folder.join(file))),
            Self::Embedded => Some(PathBuf::from(file)).filter(|path| path.is_absolute()),
        }
    }

    /// The name of a file, as the bundle would name it.
    pub fn file(&self, path: &Path) -> Option<Arc<str>> {
        match self {
            Self::Folder(folder) => relative(path, folder).map(Arc::from),
            Self::Embedded => path.to_str().map(Arc::from),
        }
    }
}

/// What is known about a bundle.
pub struct Known {
    /// Where it is.
    pub home: Home,
    /// What could be made of it.
    pub survey: Survey,
    /// What could be made of it with the last texts that were YAML, where that differs.
    earlier: Option<Survey>,
    scenarios: Vec<(Arc<str>, Arc<str>)>,
    index: OnceCell<Index>,
}

impl Known {
    /// The names there are: with a file that does not parse, as it was when it last did.
    pub fn names(&self) -> &Survey {
        self.earlier.as_ref().unwrap_or(&self.survey)
    }

    /// Where names stand.
    pub fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let scenarios = self.scenarios.iter().map(|(file, text)| (Arc::clone(file), &**text));
            Index::new(self.names(), scenarios)
        })
    }

    /// The text of a file that the index speaks of.
    pub fn text(&self, file: &str) -> Option<&Arc<str>> {
        let scenario = || self.scenarios.iter().find(|(name, _)| &**name == file).map(|(_, text)| text);
        self.names().files.get(file).or_else(scenario)
    }
}

/// A place in a document: its bundle, its file and what kind of file that is.
pub struct View<'w> {
    /// The bundle.
    pub known: &'w Known,
    /// The file, as the bundle names it.
    pub file: Arc<str>,
    /// The kind of a YAML file.
    pub kind: Option<FileKind>,
    /// The document.
    pub document: &'w Document,
}

/// Open documents and their bundles.
pub struct Workspace {
    /// By path.
    pub documents: BTreeMap<PathBuf, Document>,
    bundles: BTreeMap<Home, Known>,
    /// The bundle of scenarios.
    scenarios: (Home, Files),
    limits: Limits,
}

impl Workspace {
    /// Nothing is open yet; scenarios are read against this bundle.
    pub fn new(scenarios: Files) -> Self {
        let home = match &scenarios {
            Files::Folder(folder) => Home::Folder(absolute(folder)),
            Files::Memory(..) | Files::Over(..) => Home::Embedded,
        };
        Self {
            documents: BTreeMap::new(),
            bundles: BTreeMap::new(),
            scenarios: (home, scenarios),
            limits: Limits::default(),
        }
    }

    /// The bounds in force.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// A document is opened, or has another text.
    pub fn set(&mut self, path: PathBuf, uri: Uri, version: i32, text: String) {
        let text: Arc<str> = text.into();
        let good = match self.documents.remove(&path) {
            Some(old) if is_yaml(&path) && self.root(&path, &text).is_none() => old.good,
            _ => Arc::clone(&text),
        };
        self.documents.insert(path, Document { uri, version, text, good });
    }

    fn root(&self, path: &Path, text: &str) -> Option<Node> {
        let mut quiet = Findings::default();
        parse_whole(&path.to_string_lossy(), text, &self.limits.bundle, &mut quiet)
    }

    /// The bundles there are.
    pub fn bundles(&self) -> impl Iterator<Item = &Known> {
        self.bundles.values()
    }

    /// Reads all bundles anew of which a document is open.
    pub fn refresh(&mut self) {
        let mut homes: BTreeMap<Home, Vec<PathBuf>> = BTreeMap::new();
        for path in self.documents.keys() {
            match self.folder_of(path) {
                Some(folder) => {
                    homes.entry(Home::Folder(folder)).or_default();
                }
                None if self.is_scenario(path) => homes.entry(self.scenarios.0.clone()).or_default().push(path.clone()),
                None => {}
            }
        }
        self.bundles = homes.into_iter().map(|(home, paths)| (home.clone(), self.read(home, &paths))).collect();
    }

    fn read(&self, home: Home, scenarios: &[PathBuf]) -> Known {
        let with = |text: fn(&Document) -> &Arc<str>| match &home {
            Home::Folder(folder) => {
                let open = self
                    .documents
                    .iter()
                    .filter_map(|(path, document)| Some((relative(path, folder)?, without_mark(text(document)))));
                survey(&Files::Over(open.collect(), folder.clone()), None, &self.limits)
            }
            Home::Embedded => survey(&self.scenarios.1, None, &self.limits),
        };
        let now = with(|document| &document.text);
        let stale = self.documents.values().any(|document| document.text != document.good);
        let earlier = stale.then(|| with(|document| &document.good));
        let scenario = |path: &PathBuf| Some((home.file(path)?, Arc::clone(&self.documents.get(path)?.good)));
        let scenarios = scenarios.iter().filter_map(scenario).collect();
        Known { home, survey: now, earlier, scenarios, index: OnceCell::new() }
    }

    /// The nearest folder above a path that holds a bundle.
    fn folder_of(&self, path: &Path) -> Option<PathBuf> {
        let manifest = |folder: &Path| {
            let manifest = folder.join("bundle.yaml");
            self.documents.contains_key(&manifest) || manifest.is_file()
        };
        path.ancestors().skip(1).find(|folder| manifest(folder)).map(Path::to_path_buf)
    }

    fn is_scenario(&self, path: &Path) -> bool {
        let Some(document) = self.documents.get(path).filter(|_| is_yaml(path)) else { return false };
        match self.root(path, &document.good) {
            Some(root) => entry(&root, "request").is_some() || entry(&root, "expect").is_some(),
            // A new scenario has no text yet.
            None => true,
        }
    }

    /// What is known about an open document.
    pub fn view(&self, path: &Path) -> Option<View<'_>> {
        let document = self.documents.get(path)?;
        let home = match self.folder_of(path) {
            Some(folder) => Home::Folder(folder),
            None => self.scenarios.0.clone(),
        };
        let known = self.bundles.get(&home)?;
        let file = home.file(path)?;
        let kind = known.names().kinds.get(&file).copied().or_else(|| self.guess(path, document));
        Some(View { known, file, kind, document })
    }

    /// The kind of a YAML file that no bundle names, by what stands in it.
    fn guess(&self, path: &Path, document: &Document) -> Option<FileKind> {
        if !is_yaml(path) {
            return None;
        }
        if path.file_name().is_some_and(|name| name == "bundle.yaml") {
            return Some(FileKind::Bundle);
        }
        let root = self.root(path, &document.good)?;
        let has = |key: &str| entry(&root, key).is_some();
        Some(match () {
            () if has("request") && (has("expect") || has("title")) => FileKind::Scenario,
            () if has("policy") || has("rules") => FileKind::Policy,
            () if has("invariants") => FileKind::Invariants,
            () if has("registries") => FileKind::Registry,
            () if has("facts") || has("kinds") || has("reasons") => FileKind::Vocabulary,
            () if has("clauses") => FileKind::Source,
            () if self.folder_of(path).is_none() => FileKind::Scenario,
            () => FileKind::Policy,
        })
    }

    /// Open documents that lie in a bundle's folder and that the bundle does not name.
    pub fn strays(&self) -> BTreeSet<&Path> {
        let stray = |path: &Path| {
            let Some(folder) = self.folder_of(path) else { return false };
            let Some(known) = self.bundles.get(&Home::Folder(folder)) else { return false };
            let ours = path.extension().is_some_and(|end| end == "yaml" || end == "rhai" || end == "ftl");
            let named = known.home.file(path).is_some_and(|file| known.survey.files.contains_key(&file));
            ours && !named && known.survey.found()
        };
        self.documents.keys().map(PathBuf::as_path).filter(|path| stray(path)).collect()
    }

    /// The address of a path, as the editor writes it where it has the document open.
    pub fn uri(&self, path: &Path) -> Option<Uri> {
        self.documents.get(path).map(|document| document.uri.clone()).or_else(|| uri_of(path))
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "yaml" || end == "yml")
}

fn without_mark(text: &Arc<str>) -> Arc<str> {
    text.strip_prefix('\u{feff}').map_or_else(|| Arc::clone(text), Arc::from)
}

fn absolute(folder: &Path) -> PathBuf {
    std::path::absolute(folder).map_or_else(|_| folder.to_path_buf(), |path| normal(&path))
}
