//! The bundle that scenarios are run against, its neighbours, and other readings of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::engine::Engine;
use crate::model::error::LoadError;

/// Readings by name.
type Settings = BTreeMap<String, String>;

/// The bundle that scenarios are run against. A scenario that says `bundle: NAME` speaks of the bundle in the folder
/// NAME next to it; one that gives `settings`, of the bundle under these readings.
#[derive(Clone, Debug)]
pub struct Bundles {
    main: Engine,
    /// The folder of the bundle; `None` for the shipped one.
    folder: Option<PathBuf>,
    /// The readings that hold for all.
    settings: Settings,
    /// Engines that some scenario asked for, by name and readings.
    others: BTreeMap<(Option<String>, Settings), Engine>,
}

impl Bundles {
    /// The bundle in a folder, or the shipped one, under these readings.
    ///
    /// # Errors
    /// As [`Engine::load`].
    pub fn load(folder: Option<&Path>, settings: Settings) -> Result<Self, LoadError> {
        let main = match folder {
            None if settings.is_empty() => Engine::embedded()?,
            None => with(Engine::builder(), &settings).build()?,
            Some(folder) => with(Engine::builder().folder(folder), &settings).build()?,
        };
        Ok(Self { main, folder: folder.map(Path::to_owned), settings, others: BTreeMap::new() })
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
        let mut all = self.settings.clone();
        all.extend(settings.clone());
        let builder = match (&self.folder, name) {
            (None, None) => Engine::builder(),
            (None, Some(name)) => Engine::builder().embedded(name),
            (Some(folder), None) => Engine::builder().folder(folder),
            (Some(folder), Some(name)) => Engine::builder().folder(neighbour(folder, name)?),
        };
        let engine = with(builder, &all).build()?;
        self.others.insert(key, engine.clone());
        Ok(engine)
    }
}

fn with(builder: crate::engine::EngineBuilder, settings: &Settings) -> crate::engine::EngineBuilder {
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
