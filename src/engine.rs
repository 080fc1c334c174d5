//! The engine: load a bundle, decide requests.

mod batch;
mod lines;

pub use batch::{Batch, BatchAnswer};
pub use lines::JsonLines;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use once_cell::sync::OnceCell;
use serde::Serialize;

use crate::bundle::checked::{Bundle, Identity};
use crate::bundle::files::Files;
use crate::bundle::load::{Loaded, load, load_what_decides};
use crate::bundle::releases::{self, Release};
use crate::compile::{Compiled, KindCertificate};
use crate::decide::tree::{Tree, parse};
use crate::decide::{DecidedRequest, Failure, Shapes, decide, read_request};
use crate::decision::{Answer, Held, Lanes, Ready, answer};
use crate::embedded;
use crate::explain::words::{Subject, message};
use crate::explain::{Asked, Explanation, explain};
use crate::model::error::{LoadError, RequestError, RequestErrorKind};
use crate::model::finding::Finding;
use crate::model::limits::Limits;
use crate::model::time::Timestamp;

/// A loaded bundle, ready to decide. Cheap to clone, shared between threads; holds no clock and does no I/O.
///
/// ```
/// use clausal::{Engine, Outcome};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = Engine::embedded()?;
/// let answer = engine.decide_json(br#"{
///     "kind": "purchase", "at": "2021-07-01T12:00:00Z",
///     "actor": {"side": "partner", "roles": ["Admin agent"], "portal": "partner-center"},
///     "customer": {"market": "Greenland"}, "product": {"kind": "azure-reservation"}
/// }"#)?;
/// assert_eq!(answer.outcome(), Outcome::Deny);
/// assert_eq!(answer.decisions()[0].reason_codes().collect::<Vec<_>>(), ["market-unavailable"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Engine {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    ready: Lanes,
    limits: Limits,
}

impl Engine {
    /// Starts from nothing: say which bundle, with which limits and settings.
    ///
    /// ```
    /// use clausal::{Engine, Limits};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let engine = Engine::builder().embedded("csp").setting("role_mode", "union").limits(Limits::default()).build()?;
    /// assert_ne!(engine.bundle(), Engine::embedded()?.bundle());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn builder() -> EngineBuilder {
        EngineBuilder {
            files: embedded::files("csp"),
            place: "csp".to_owned(),
            limits: Limits::default(),
            settings: BTreeMap::new(),
            known_on: None,
            with_invariants: true,
        }
    }

    /// Loads the bundle in a folder.
    ///
    /// # Errors
    /// When there is no bundle, or when it has mistakes; all of them are told.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self, LoadError> {
        Self::builder().folder(folder).build()
    }

    /// Loads a bundle from texts in memory, by their paths relative to the bundle's folder.
    ///
    /// # Errors
    /// As [`Engine::load`].
    pub fn from_texts<P, T>(texts: impl IntoIterator<Item = (P, T)>, limits: Limits) -> Result<Self, LoadError>
    where
        P: Into<String>,
        T: Into<Arc<str>>,
    {
        Self::builder().texts(texts).limits(limits).build()
    }

    /// The bundle that is compiled into the library: the source document as of June 2021. Parsed once per process.
    ///
    /// # Errors
    /// None in a released library; a test loads it.
    pub fn embedded() -> Result<Self, LoadError> {
        static ENGINE: OnceCell<Engine> = OnceCell::new();
        ENGINE.get_or_try_init(|| Self::builder().build()).cloned()
    }

    /// Decides anything that serializes as a request.
    ///
    /// # Errors
    /// When the request cannot be decided: malformed, of the wrong type, or contradicting itself.
    pub fn decide<R: Serialize + ?Sized>(&self, request: &R) -> Result<Answer, RequestError> {
        self.decide_json(&to_bytes(request)?)
    }

    /// Decides one JSON request.
    ///
    /// # Errors
    /// As [`Engine::decide`].
    pub fn decide_json(&self, bytes: &[u8]) -> Result<Answer, RequestError> {
        match self.held(bytes).and_then(|held| held.decide()) {
            Some(answer) => Ok(answer),
            None => self.interpret_json(bytes),
        }
    }

    /// Decides one JSON request with the interpreter, the slow and obvious form of the semantics: the same answer.
    ///
    /// # Errors
    /// As [`Engine::decide`].
    pub fn interpret_json(&self, bytes: &[u8]) -> Result<Answer, RequestError> {
        self.decide_tree(&parse(bytes, &self.inner.limits.request)?)
    }

    /// Reads a request once, to decide it any number of times; `None` for a request that is not plain (it fans out, it
    /// has an error), which [`Engine::decide_json`] takes as well.
    #[must_use]
    pub fn prepare(&self, bytes: &[u8]) -> Option<Prepared> {
        self.held(bytes).map(|held| Prepared { held })
    }

    fn held(&self, bytes: &[u8]) -> Option<Arc<Held>> {
        let ready = &self.inner.ready;
        let request = ready.compiled.read(bytes)?;
        Some(Arc::new(Held { ready: ready.own()?, request }))
    }

    pub(crate) fn decide_tree(&self, tree: &Tree) -> Result<Answer, RequestError> {
        let bundle = &self.inner.ready.compiled.bundle;
        match self.decided(tree) {
            Ok(decided) => Ok(answer(bundle, decided)),
            Err(failure) => Err(self.request_error(failure)),
        }
    }

    /// Explains the decision on anything that serializes as a request: one explanation, or one for each part of a
    /// request that fans out. It decides anew, and searches what would have to change for a permit, so it takes far
    /// longer than [`Engine::decide`], which does nothing of this.
    ///
    /// # Errors
    /// As [`Engine::decide`].
    ///
    /// ```
    /// use clausal::Engine;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let explanations = Engine::embedded()?.explain(&serde_json::json!({
    ///     "kind": "purchase", "at": "2021-07-01T12:00:00Z",
    ///     "actor": {"side": "partner", "roles": ["Sales agent"], "portal": "partner-center"},
    ///     "customer": {"market": "Germany"}, "product": {"kind": "azure-reservation"}
    /// }))?;
    /// assert!(explanations[0].to_text("en").contains("actor.roles has Admin agent (admin-agent) as well"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn explain<R: Serialize + ?Sized>(&self, request: &R) -> Result<Vec<Explanation>, RequestError> {
        self.explain_json(&to_bytes(request)?)
    }

    /// Explains the decision on one JSON request.
    ///
    /// # Errors
    /// As [`Engine::decide`].
    pub fn explain_json(&self, bytes: &[u8]) -> Result<Vec<Explanation>, RequestError> {
        self.explain_parts(bytes, true)
    }

    /// Explains how one rule (`policy/rule`, or `rule`) stands to a JSON request, without what would have to change.
    /// Empty when the rule does not speak to this kind of request.
    ///
    /// # Errors
    /// As [`Engine::decide`].
    pub fn explain_rule_json(&self, bytes: &[u8], rule: &str) -> Result<Vec<Explanation>, RequestError> {
        Ok(self.explain_parts(bytes, false)?.iter().filter_map(|explanation| explanation.only(rule)).collect())
    }

    fn explain_parts(&self, bytes: &[u8], with_changes: bool) -> Result<Vec<Explanation>, RequestError> {
        let Compiled { bundle, shapes, limits, .. } = &self.inner.ready.compiled;
        let tree = parse(bytes, limits)?;
        let read = read_request(bundle, shapes, &tree, limits)?;
        let asked = Asked { id: read.id.as_ref(), parts: read.parts.len(), changes: with_changes };
        let explain = |part| explain(bundle, read.kind, part, asked);
        read.parts.into_iter().map(explain).collect::<Result<_, _>>().map_err(|failure| self.request_error(failure))
    }

    /// An engine for a checked bundle, as it was loaded or changed since.
    #[must_use]
    pub fn with_bundle(bundle: Bundle, limits: Limits) -> Self {
        let ready = Lanes::new(Ready::new(Compiled::new(Arc::new(bundle), limits.request.clone())));
        Self { inner: Arc::new(Inner { ready, limits }) }
    }

    fn request_error(&self, failure: Failure) -> RequestError {
        let bundle = &self.inner.ready.compiled.bundle;
        match failure {
            Failure::Request(error) => error,
            Failure::Contradiction(path, id, facts) => {
                let language = bundle.languages.first().map_or("en", |language| language);
                let subject = Subject {
                    bundle,
                    facts: &facts,
                    results: &std::collections::BTreeMap::new(),
                    missing: &std::collections::BTreeSet::new(),
                    rule: "",
                    error: "",
                };
                let text = message(&subject, language, &format!("contradiction-{id}"));
                RequestError::new(RequestErrorKind::Contradiction, &*path, text)
            }
        }
    }

    /// What every rule gave, before it is put into words.
    pub(crate) fn decided(&self, tree: &Tree) -> Result<DecidedRequest, Failure> {
        let Compiled { bundle, shapes, limits, .. } = &self.inner.ready.compiled;
        decide(bundle, shapes, tree, limits)
    }

    /// Which keys a request of each kind may have.
    pub(crate) fn shapes(&self) -> &Shapes {
        &self.inner.ready.compiled.shapes
    }

    /// Name, version and digest of the bundle.
    #[must_use]
    pub fn bundle(&self) -> &Identity {
        &self.inner.ready.compiled.bundle.identity
    }

    /// The languages of the bundle's messages; the first is the default.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.inner.ready.compiled.bundle.languages.iter().map(|language| &**language)
    }

    /// Warnings that loading gave.
    #[must_use]
    pub fn warnings(&self) -> &[Finding] {
        &self.inner.ready.compiled.bundle.warnings
    }

    /// What of the bundle is compiled, and why the rest is left to the interpreter.
    #[must_use]
    pub fn certificates(&self) -> Vec<KindCertificate> {
        self.inner.ready.compiled.certificates()
    }

    /// The bounds in force.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// The checked bundle, to keep.
    #[cfg(feature = "record")]
    pub(crate) fn shared_bundle(&self) -> Arc<Bundle> {
        Arc::clone(&self.inner.ready.compiled.bundle)
    }

    /// The checked bundle.
    #[must_use]
    pub fn checked(&self) -> &Bundle {
        &self.inner.ready.compiled.bundle
    }
}

/// A request that was read once into the slots of its kind.
#[derive(Clone, Debug)]
pub struct Prepared {
    held: Arc<Held>,
}

impl Prepared {
    /// Whether the program decides it, without the interpreter.
    #[must_use]
    pub fn is_compiled(&self) -> bool {
        self.held.ready.compiled.brief(&self.held.request).is_some()
    }

    /// Decides it.
    ///
    /// # Errors
    /// As [`Engine::decide`].
    pub fn decide(&self, engine: &Engine) -> Result<Answer, RequestError> {
        let own = Arc::ptr_eq(&**self.held.ready, &*engine.inner.ready);
        match own.then(|| self.held.decide()).flatten() {
            Some(answer) => Ok(answer),
            None => engine.decide_json(self.held.request.text.as_bytes()),
        }
    }
}

fn to_bytes<R: Serialize + ?Sized>(request: &R) -> Result<Vec<u8>, RequestError> {
    serde_json::to_vec(request).map_err(|error| {
        let message = format!("the request does not serialize: {error}");
        RequestError::new(RequestErrorKind::Malformed, "", message)
    })
}

/// Says which bundle an engine decides with, within which limits, under which readings.
#[derive(Clone, Debug)]
pub struct EngineBuilder {
    files: Files,
    place: String,
    limits: Limits,
    settings: BTreeMap<String, String>,
    known_on: Option<(Timestamp, Option<PathBuf>)>,
    with_invariants: bool,
}

impl EngineBuilder {
    /// The bundle in a folder.
    #[must_use]
    pub fn folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.place = folder.as_ref().display().to_string();
        self.files = Files::Folder(folder.as_ref().to_owned());
        self
    }

    /// A bundle that is compiled into the library, by the name of its folder: `csp`, `csp-timeline`.
    #[must_use]
    pub fn embedded(mut self, name: &str) -> Self {
        self.place = name.to_owned();
        self.files = embedded::files(name);
        self
    }

    /// The bundle in a folder, or, where there is no such folder, the one of that name that is compiled in.
    #[must_use]
    pub fn folder_or_embedded(self, place: &Path) -> Self {
        match place.to_str().filter(|name| !place.exists() && embedded::has(name)) {
            Some(name) => self.embedded(name),
            None => self.folder(place),
        }
    }

    /// A bundle from texts in memory, by their paths relative to the bundle's folder.
    #[must_use]
    pub fn texts<P: Into<String>, T: Into<Arc<str>>>(mut self, texts: impl IntoIterator<Item = (P, T)>) -> Self {
        let files = texts.into_iter().map(|(path, text)| (path.into(), text.into())).collect();
        self.place = "memory".to_owned();
        self.files = Files::Memory(files, String::new());
        self
    }

    /// Where among the texts in memory the bundle is: the folder that holds its manifest.
    #[must_use]
    pub fn below(mut self, folder: &str) -> Self {
        if let Files::Memory(_, root) = &mut self.files {
            folder.clone_into(root);
            folder.clone_into(&mut self.place);
        }
        self
    }

    /// The release that was known on a day, by a release index on disk; `None` for the index that is compiled in.
    #[must_use]
    pub fn as_known_on(mut self, day: Timestamp, index: Option<&Path>) -> Self {
        self.known_on = Some((day, index.map(Path::to_owned)));
        self
    }

    /// Without the invariants of the bundle, which decide nothing: their files need not be there.
    pub(crate) fn without_invariants(mut self) -> Self {
        self.with_invariants = false;
        self
    }

    /// Bounds of your own.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Another reading than the bundle's: a setting by name, its value as a policy author writes it.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.insert(name.into(), value.into());
        self
    }

    /// Loads the bundle and tells everything there is to say about it, whether it loads or not.
    #[must_use]
    pub fn check(&self) -> Loaded {
        // JSON strings are YAML, so no value can say more than itself.
        let quoted = |text: &String| serde_json::Value::from(text.as_str()).to_string();
        let plain = |value: &String| value == "true" || value == "false";
        let line = |(name, value): (&String, &String)| {
            format!("{}: {}\n", quoted(name), if plain(value) { value.clone() } else { quoted(value) })
        };
        let settings = (!self.settings.is_empty()).then(|| self.settings.iter().map(line).collect::<String>());
        let load = if self.with_invariants { load } else { load_what_decides };
        load(&self.files, settings.as_deref(), &self.limits)
    }

    /// Builds the engine.
    ///
    /// # Errors
    /// When there is no bundle, or when it has mistakes; all of them are told.
    pub fn build(mut self) -> Result<Engine, LoadError> {
        let Some((day, index)) = self.known_on.take() else { return self.build_current() };
        let release = self.release(day, index.as_deref())?;
        let wanted = release.digest.to_string();
        let as_published = self.settings.is_empty();
        let engine = self.build_current()?;
        if as_published && *engine.bundle().digest != *wanted {
            let (version, found) = (release.version.to_string(), engine.bundle().digest.to_string());
            return Err(LoadError::WrongDigest { version, found, wanted });
        }
        Ok(engine)
    }

    /// Finds the release that was known on a day, and points at its files.
    fn release(&mut self, day: Timestamp, index: Option<&Path>) -> Result<Release, LoadError> {
        let folder = index.map(|path| path.parent().unwrap_or(Path::new("")).to_owned());
        let name = index.and_then(Path::file_name).map_or("releases.yaml".into(), |name| name.to_string_lossy());
        let files = folder.clone().map_or_else(embedded::all, Files::Folder);
        let releases =
            releases::read(&files, &name, &self.limits.bundle).map_err(|findings| LoadError::Findings { findings })?;
        let Some(release) = releases::known_on(&releases, day) else {
            let first = releases.first().map(|release| release.published.to_string()).unwrap_or_default();
            return Err(LoadError::NotKnownYet { day: day.to_string(), first });
        };
        self.place.clone_from(&release.folder);
        self.files = match folder {
            Some(folder) => Files::Folder(folder.join(&release.folder)),
            None => embedded::files(&release.folder),
        };
        Ok(release.clone())
    }

    fn build_current(self) -> Result<Engine, LoadError> {
        let loaded = self.check();
        match loaded.bundle {
            Some(bundle) => Ok(Engine::with_bundle(bundle, self.limits)),
            None if !loaded.found => {
                let message = loaded.findings.first().map(|f| f.message.clone()).unwrap_or_default();
                Err(LoadError::NotFound { place: self.place, message })
            }
            None => Err(LoadError::Findings { findings: loaded.findings }),
        }
    }
}
