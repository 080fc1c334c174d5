//! The engine: load a bundle, decide requests.

use std::path::Path;
use std::sync::Arc;

use once_cell::sync::OnceCell;
use serde::Serialize;

use crate::bundle::checked::{Bundle, Identity};
use crate::bundle::files::Files;
use crate::bundle::load::{Loaded, load};
use crate::decide::tree::{Tree, parse};
use crate::decide::{Failure, Shapes, decide, read_request, shapes};
use crate::decision::{Answer, answer};
use crate::embedded;
use crate::explain::words::{Subject, message};
use crate::explain::{Asked, Explanation, explain};
use crate::model::error::{LoadError, RequestError, RequestErrorKind};
use crate::model::finding::Finding;
use crate::model::limits::Limits;

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
    bundle: Arc<Bundle>,
    shapes: Shapes,
    limits: Limits,
}

impl Engine {
    /// Loads the bundle in a folder, with the default limits.
    ///
    /// # Errors
    /// When there is no bundle, or when it has mistakes; all of them are told.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self, LoadError> {
        Self::load_with(folder, Limits::default())
    }

    /// Loads the bundle in a folder, with limits of your own.
    ///
    /// # Errors
    /// As [`Engine::load`].
    pub fn load_with(folder: impl AsRef<Path>, limits: Limits) -> Result<Self, LoadError> {
        let loaded = check(folder.as_ref(), &limits);
        Self::from_loaded(loaded, &folder.as_ref().display().to_string(), limits)
    }

    /// The bundle that is compiled into the library: the source document as of June 2021. Parsed once per process.
    ///
    /// # Errors
    /// None in a released library; a test loads it.
    pub fn embedded() -> Result<Self, LoadError> {
        static ENGINE: OnceCell<Engine> = OnceCell::new();
        ENGINE.get_or_try_init(|| Self::embedded_named("csp")).cloned()
    }

    /// One of the bundles that are compiled into the library, by its folder's name.
    ///
    /// # Errors
    /// When there is no such bundle.
    pub fn embedded_named(name: &str) -> Result<Self, LoadError> {
        let limits = Limits::default();
        let loaded = load(&embedded::files(name), &limits);
        Self::from_loaded(loaded, name, limits)
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
        let files = texts.into_iter().map(|(path, text)| (path.into(), text.into())).collect();
        let loaded = load(&Files::Memory(files, String::new()), &limits);
        Self::from_loaded(loaded, "memory", limits)
    }

    fn from_loaded(loaded: Loaded, place: &str, limits: Limits) -> Result<Self, LoadError> {
        match loaded.bundle {
            Some(bundle) => {
                let shapes = shapes(&bundle);
                Ok(Self { inner: Arc::new(Inner { bundle: Arc::new(bundle), shapes, limits }) })
            }
            None if !loaded.found => {
                let message = loaded.findings.first().map(|f| f.message.clone()).unwrap_or_default();
                Err(LoadError::NotFound { place: place.to_owned(), message })
            }
            None => Err(LoadError::Findings { findings: loaded.findings }),
        }
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
        self.decide_tree(&parse(bytes, &self.inner.limits.request)?)
    }

    pub(crate) fn decide_tree(&self, tree: &Tree) -> Result<Answer, RequestError> {
        let Inner { bundle, shapes, limits } = &*self.inner;
        match decide(bundle, shapes, tree, &limits.request) {
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
        let Inner { bundle, shapes, limits } = &*self.inner;
        let tree = parse(bytes, &limits.request)?;
        let read = read_request(bundle, shapes, &tree, &limits.request)?;
        let asked = Asked { id: read.id.as_ref(), parts: read.parts.len(), changes: with_changes };
        let explain = |part| explain(bundle, read.kind, part, asked);
        read.parts.into_iter().map(explain).collect::<Result<_, _>>().map_err(|failure| self.request_error(failure))
    }

    fn request_error(&self, failure: Failure) -> RequestError {
        let bundle = &self.inner.bundle;
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

    /// Name, version and digest of the bundle.
    #[must_use]
    pub fn bundle(&self) -> &Identity {
        &self.inner.bundle.identity
    }

    /// The languages of the bundle's messages; the first is the default.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.inner.bundle.languages.iter().map(|language| &**language)
    }

    /// Warnings that loading gave.
    #[must_use]
    pub fn warnings(&self) -> &[Finding] {
        &self.inner.bundle.warnings
    }

    /// The bounds in force.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// The checked bundle.
    #[must_use]
    pub fn checked(&self) -> &Bundle {
        &self.inner.bundle
    }
}

fn to_bytes<R: Serialize + ?Sized>(request: &R) -> Result<Vec<u8>, RequestError> {
    serde_json::to_vec(request).map_err(|error| {
        let message = format!("the request does not serialize: {error}");
        RequestError::new(RequestErrorKind::Malformed, "", message)
    })
}

/// Loads a folder and tells everything there is to say about it, whether it loads or not.
#[must_use]
pub fn check(folder: &Path, limits: &Limits) -> Loaded {
    load(&Files::Folder(folder.to_owned()), limits)
}
