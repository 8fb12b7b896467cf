//! The configuration while the layers are laid over one another.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::Config;
use super::error::{Errors, Place};
use super::kind::Given;
use super::secret_file;
use super::settings::{SETTINGS, Setting};

/// What the layers have given so far.
#[derive(Default)]
pub(super) struct Layers {
    pub(super) config: Config,
    places: BTreeMap<&'static str, Place>,
    wrong: BTreeSet<&'static str>,
    files: BTreeMap<&'static str, PathBuf>,
}

impl Layers {
    /// Sets a field, over whatever an earlier layer gave in either spelling.
    pub(super) fn give(
        &mut self,
        setting: &Setting,
        place: Place,
        given: &Given<'_>,
        errors: &mut Errors,
    ) {
        self.files.remove(setting.path);
        let set = (setting.get_mut)(&mut self.config).set(given, setting.kind);
        if let Err(message) = set {
            self.reject(setting, &place, message, errors);
        }
        self.places.insert(setting.path, place);
    }

    /// Sets a secret to what a file holds. The file is read when all layers are known, so that one
    /// that a later layer replaces need not exist. An empty path is an empty value.
    pub(super) fn give_file(
        &mut self,
        setting: &Setting,
        place: Place,
        path: &str,
        errors: &mut Errors,
    ) {
        if path.is_empty() {
            return self.give(setting, place, &Given::text(path), errors);
        }
        self.files.insert(setting.path, PathBuf::from(path));
        self.places.insert(setting.path, place);
    }

    /// Notes that what stands at `place` is wrong.
    pub(super) fn reject(
        &mut self,
        setting: &Setting,
        place: &Place,
        message: impl Into<String>,
        errors: &mut Errors,
    ) {
        errors.add(place, message);
        self.wrong.insert(setting.path);
    }

    /// Reads the files that hold secrets.
    pub(super) fn read_secret_files(&mut self, errors: &mut Errors) {
        let files = std::mem::take(&mut self.files);
        for setting in SETTINGS {
            let Some(path) = files.get(setting.path) else {
                continue;
            };
            let place = self.place(setting.path);
            match secret_file::read(path) {
                Ok(secret) => self.give(setting, place, &Given::text(secret.expose()), errors),
                Err(message) => self.reject(setting, &place, message, errors),
            }
        }
    }

    /// Where a field was set; its path where it was not.
    pub(super) fn place(&self, path: &'static str) -> Place {
        let place = self.places.get(path);
        place.cloned().unwrap_or_else(|| Place::named(path))
    }

    /// Notes where a field got its value that was not given one in the usual way.
    pub(super) fn note_place(&mut self, path: &'static str, place: Place) {
        self.places.insert(path, place);
    }

    /// Where each field that was set got its value.
    pub(super) fn sources(&self) -> BTreeMap<&'static str, String> {
        let places = self.places.iter();
        places
            .map(|(path, place)| (*path, place.source().to_owned()))
            .collect()
    }

    /// Whether any layer set the field.
    pub(super) fn is_given(&self, path: &str) -> bool {
        self.places.contains_key(path)
    }

    /// Whether something is wrong with the field already.
    pub(super) fn is_wrong(&self, path: &str) -> bool {
        self.wrong.contains(path)
    }

    /// Notes that a rule is broken at this field.
    pub(super) fn mark_wrong(&mut self, path: &'static str) {
        self.wrong.insert(path);
    }
}
