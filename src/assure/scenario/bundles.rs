//! The bundle that scenarios are run against, its neighbours, and other readings of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::engine::{Engine, EngineBuilder};
use crate::model::error::LoadError;

/// Readings by name.
type Settings = BTreeMap<String, String>;

/// The bundle that scenarios are run against. A scenario that says `bundle: NAME` speaks of the bundle in the folder
/// NAME next to it; one that gives `settings`, of the bundle under these readings.
#[derive(Clone, Debug)]
pub struct Bundles {
    main: Engine,
    /// Builds the bundle itself.
    base: EngineBuilder,
    /// The folder of the bundle; `None` for one that is compiled in.
    folder: Option<PathBuf>,
    /// The readings that hold for all.
    settings: Settings,
    /// Engines that some scenario asked for, by name and readings.
    others: BTreeMap<(Option<String>, Settings), Engine>,
}

impl Bundles {
    /// The bundle that a builder builds: the one at a place, in a folder or compiled in; the shipped one when silent.
    /// The readings are those of the builder, and hold for neighbours too.
    ///
    /// # Errors
    /// As [`Engine::load`].
    pub fn load(base: EngineBuilder, place: Option<&Path>, settings: Settings) -> Result<Self, LoadError> {
        let main = base.clone().build()?;
        let folder = place.filter(|place| place.exists()).map(Path::to_owned);
        Ok(Self { main, base, folder, settings, others: BTreeMap::new() })
    }

    /// The shipped bundle.
    ///
    /// # Errors
    /// As [`Engine::embedded`].
    pub fn embedded() -> Result<Self, LoadError> {
        Self::load(Engine::builder(), None, Settings::new())
    }

    /// The bundle in a folder.
    ///
    /// # Errors
    /// As [`Engine::load`].
    pub fn folder_of(place: &Path) -> Result<Self, LoadError> {
        Self::load(Engine::builder().folder(place), Some(place), Settings::new())
    }

    /// A bundle that is loaded already, wherever it came from; it has no neighbours but those that are compiled in.
    #[must_use]
    pub fn of(main: Engine) -> Self {
        Self { main, base: Engine::builder(), folder: None, settings: Settings::new(), others: BTreeMap::new() }
    }

    /// The bundle itself.
    #[must_use]
    pub fn main(&self) -> &Engine {
        &self.main
    }

    /// The folder of the bundle; `None` for one that is compiled in.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The bundle of this name (the one that is tested when silent), under these readings.
    ///
    /// # Errors
    /// When there is none, or when it has mistakes.
    pub fn engine(&mut self, name: Option<&str>, settings: &Settings) -> Result<Engine, LoadError> {
        let name = name.filter(|name| *name != &*self.main.bundle().name);
        if name.is_none() && settings.is_empty() {
            return Ok(self.main.clone());
        }
        let key = (name.map(str::to_owned), settings.clone());
        if let Some(engine) = self.others.get(&key) {
            return Ok(engine.clone());
        }
        let builder = match (&self.folder, name) {
            (_, None) => self.base.clone(),
            (None, Some(name)) => with(Engine::builder().embedded(name), &self.settings),
            (Some(folder), Some(name)) => with(Engine::builder().folder(neighbour(folder, name)?), &self.settings),
        };
        let engine = with(builder, settings).build()?;
        self.others.insert(key, engine.clone());
        Ok(engine)
    }
}

fn with(builder: EngineBuilder, settings: &Settings) -> EngineBuilder {
    settings.iter().fold(builder, |builder, (name, value)| builder.setting(name, value))
}

/// `canonicalize` gives `.` and `..` a parent.
fn neighbour(folder: &Path, name: &str) -> Result<PathBuf, LoadError> {
    let parent = folder.canonicalize().ok().and_then(|folder| folder.parent().map(Path::to_owned));
    parent.map(|parent| parent.join(name)).ok_or_else(|| LoadError::NotFound {
        place: name.to_owned(),
        message: "the bundle that is tested has no neighbours".to_owned(),
    })
}
