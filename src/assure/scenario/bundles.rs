//! The bundle that scenarios are run against, and its neighbours that some name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::engine::Engine;
use crate::model::error::LoadError;
use crate::model::limits::Limits;

/// The bundle that scenarios are run against. A scenario that says `bundle: NAME` speaks of the bundle in the folder
/// NAME next to it.
#[derive(Clone, Debug)]
pub struct Bundles {
    main: Engine,
    /// The folder of the bundle; `None` for the shipped one.
    folder: Option<PathBuf>,
    others: BTreeMap<String, Engine>,
}

impl Bundles {
    /// The shipped bundle.
    ///
    /// # Errors
    /// As [`Engine::embedded`].
    pub fn embedded() -> Result<Self, LoadError> {
        Ok(Self { main: Engine::embedded()?, folder: None, others: BTreeMap::new() })
    }

    /// The bundle in a folder.
    ///
    /// # Errors
    /// As [`Engine::load`].
    pub fn load(folder: &Path) -> Result<Self, LoadError> {
        Ok(Self::of(Engine::load(folder)?, folder))
    }

    /// A bundle that was loaded from a folder.
    #[must_use]
    pub fn of(main: Engine, folder: &Path) -> Self {
        Self { main, folder: Some(folder.to_owned()), others: BTreeMap::new() }
    }

    /// The bundle itself.
    #[must_use]
    pub fn main(&self) -> &Engine {
        &self.main
    }

    /// The folder of the bundle; `None` for the shipped one.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The bundle of this name: the one that is tested, or its neighbour.
    ///
    /// # Errors
    /// When there is none, or when it has mistakes.
    pub fn named(&mut self, name: &str) -> Result<Engine, LoadError> {
        if name == &*self.main.bundle().name {
            return Ok(self.main.clone());
        }
        if let Some(engine) = self.others.get(name) {
            return Ok(engine.clone());
        }
        let engine = match &self.folder {
            None => Engine::embedded_named(name)?,
            // `canonicalize` gives `.` and `..` a parent.
            Some(folder) => match folder.canonicalize().ok().and_then(|f| f.parent().map(Path::to_owned)) {
                Some(parent) => Engine::load_with(parent.join(name), Limits::default())?,
                None => {
                    let message = "the bundle that is tested has no neighbours".to_owned();
                    return Err(LoadError::NotFound { place: name.to_owned(), message });
                }
            },
        };
        self.others.insert(name.to_owned(), engine.clone());
        Ok(engine)
    }
}
