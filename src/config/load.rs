//! Lays the layers over one another: defaults, then the file, then the environment.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::Config;
use super::declared::{self, Declared};
use super::environment::{self, Environment};
use super::error::{ConfigError, Errors, Place};
use super::foreign::{self, Note};
use super::json;
use super::kind::{Given, Kind};
use super::layers::Layers;
use super::log::USER_SERVICE_FILE;
use super::profile::Profile;
use super::reader::{Document, Entry, TableReader, mismatch, text, texts};
use super::rules;
use super::settings::{SETTINGS, Setting};
use super::syntax;

/// What the file and the environment say.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings of the process.
    pub config: Config,
    /// The entries the file declares for `apply`.
    pub declared: Declared,
    /// What there is to say about variables of other systems.
    pub notes: Vec<Note>,
    /// Where the settings that somebody gave were given, by path: `file:line`, the name of a variable,
    /// or the profile that brings a value along.
    pub sources: BTreeMap<&'static str, String>,
}

/// Reads the settings: `file` is its name, for messages, and its text; `env` the environment.
///
/// # Errors
/// Everything that is wrong, at once: syntax, unknown names, unfit values, fields that do not go
/// together. The file's errors come first, by line. No message holds a secret's value.
pub fn load(
    file: Option<(&Path, &str)>,
    env: &[(String, String)],
) -> Result<Loaded, Vec<ConfigError>> {
    let env = Environment(env);
    let mut errors = Errors::default();
    let mut layers = Layers::default();
    let mut declared = Declared::default();
    let mut of_others = Vec::new();
    if let Some((name, text)) = file {
        let document = Document::new(name, text);
        let text = syntax::repair(&document, text, &mut errors);
        let (table, _) = DeTable::parse_recoverable(&text);
        let mut root = TableReader::root(&document, table.get_ref(), &mut errors);
        read_file(&mut layers, &mut root);
        of_others = foreign::read_file(&mut root);
        declared = declared::read(&mut root, env);
        root.finish_among(&known_paths());
    }
    environment::read(&mut layers, env, &mut errors);
    let notes = foreign::read(&mut layers, env, of_others, &mut errors);
    profile_defaults(&mut layers, &mut errors);
    layers.read_secret_files(&mut errors);
    rules::check(&mut layers, &mut errors);
    let errors = errors.into_sorted();
    if errors.is_empty() {
        Ok(Loaded {
            sources: layers.sources(),
            config: layers.config,
            declared,
            notes,
        })
    } else {
        Err(errors)
    }
}

/// Gives what a profile brings along and nobody has set.
fn profile_defaults(layers: &mut Layers, errors: &mut Errors) {
    let profile = Profile::UserService;
    let file = SETTINGS.iter().find(|setting| setting.path == "log.file");
    if let Some(file) = file.filter(|_| layers.config.serves(profile))
        && !layers.is_given(file.path)
    {
        let place = Place::named(format!("profile {profile}"));
        layers.give(file, place, &Given::text(USER_SERVICE_FILE), errors);
    }
}

/// Reads a file that holds entries for `apply` and no settings; `env` is where secrets may stand.
///
/// # Errors
/// As [`load`]. A setting is one: it would look as if it counted.
pub fn load_declared(
    (name, text): (&Path, &str),
    env: &[(String, String)],
) -> Result<Declared, Vec<ConfigError>> {
    let mut errors = Errors::default();
    let document = Document::new(name, text);
    let text = syntax::repair(&document, text, &mut errors);
    let (table, _) = DeTable::parse_recoverable(&text);
    let mut root = TableReader::root(&document, table.get_ref(), &mut errors);
    let declared = declared::read(&mut root, Environment(env));
    let settings = known_paths();
    let is_setting = |key: &&String| !declared::KINDS.contains(&key.as_str());
    for key in settings.iter().filter(is_setting) {
        if root.entry(key).is_some() {
            root.fail(
                key,
                "belongs into the settings file: this one holds entries",
            );
        }
    }
    root.finish_among(&declared::KINDS.map(str::to_owned));
    let errors = errors.into_sorted();
    if errors.is_empty() {
        Ok(declared)
    } else {
        Err(errors)
    }
}

/// Every path the file may hold, for suggestions.
fn known_paths() -> Vec<String> {
    let paths = SETTINGS.iter().map(|setting| setting.path.to_owned());
    let files = SETTINGS.iter().filter_map(Setting::file_path);
    let others = tables().chain(declared::KINDS).map(str::to_owned);
    paths.chain(files).chain(others).collect()
}

/// The tables of settings below the top level, each once.
fn tables() -> impl Iterator<Item = &'static str> {
    let mut last = "";
    let tables = SETTINGS.iter().map(|setting| setting.table_and_key().0);
    tables.filter(move |table| std::mem::replace(&mut last, table) != *table)
}

fn read_file(layers: &mut Layers, root: &mut TableReader<'_, '_>) {
    read_table(layers, root, "");
    for table in tables() {
        if let Some(mut reader) = root.child(table) {
            read_table(layers, &mut reader, table);
            reader.finish_among(&known_paths());
        }
    }
}

/// Reads the settings that stand in one table of the file.
fn read_table(layers: &mut Layers, reader: &mut TableReader<'_, '_>, table: &str) {
    for setting in SETTINGS {
        let (within, key) = setting.table_and_key();
        if within != table {
            continue;
        }
        let plain = reader.entry(key);
        let named = setting.kind.is_secret();
        let named = named
            .then(|| reader.entry(&format!("{key}_file")))
            .flatten();
        match (plain, named) {
            (Some(Entry { place, value }), None) => match given(setting.kind, value) {
                Ok(given) => layers.give(setting, place, &given, reader.errors),
                Err(message) => layers.reject(setting, &place, message, reader.errors),
            },
            (None, Some(Entry { place, value })) => match text(value) {
                Ok(path) => layers.give_file(setting, place, path, reader.errors),
                Err(message) => layers.reject(setting, &place, message, reader.errors),
            },
            (Some(plain), Some(named)) => {
                let line = plain.place.line().unwrap_or_default();
                let message = format!("two spellings of one field: `{key}` stands on line {line}");
                layers.reject(setting, &named.place, message, reader.errors);
            }
            (None, None) => {}
        }
    }
}

/// A value of the file in the form its kind asks for.
fn given<'d>(kind: Kind, value: &'d DeValue<'d>) -> Result<Given<'d>, String> {
    if kind.is_list() {
        return texts(value).map(Given::List);
    }
    match value {
        DeValue::Integer(number) if kind.is_number() => {
            Ok(Given::Text(json::integer(number)?.to_string().into()))
        }
        DeValue::Boolean(flag) if matches!(kind, Kind::Flag) => {
            Ok(Given::Text(flag.to_string().into()))
        }
        other if matches!(kind, Kind::Flag) => Err(mismatch("true or false", other)),
        other if kind.is_number() => Err(mismatch("a whole number", other)),
        other => text(other).map(Given::text),
    }
}
