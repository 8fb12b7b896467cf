//! Opens an installation: the database with its schema, the master key, the default tenant. What
//! the server and every command begin with.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::admin::{AdminError, tenants};
use crate::app::App;
use crate::base::clock::Clock;
use crate::base::id::random_id;
use crate::base::master_key::MasterKey;
use crate::base::random::Random;
use crate::config::{Config, master_key};
use crate::storage::migrate::migrate;
use crate::storage::{Db, DbError, Store};

/// Why an installation does not open. Nothing was started, and no key was made over an old one.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the database {0} cannot be opened: {1}")]
    Database(String, #[source] DbError),
    #[error("{path}: {error}", path = .0.display(), error = .1)]
    File(PathBuf, #[source] std::io::Error),
    #[error("{path}: {problem}", path = .0.display(), problem = .1)]
    KeyFile(PathBuf, &'static str),
    #[error("master_key: {0}")]
    KeyText(&'static str),
    #[error("PostgreSQL needs a master key: set master_key or master_key_file")]
    KeyMissing,
    #[error("{path} is missing, and the database was made with it; put it back", path = .0.display())]
    KeyLost(PathBuf),
    #[error("the master key is not the one this database was made with")]
    WrongKey,
    #[error(transparent)]
    Admin(#[from] AdminError),
}

/// Opens the installation `config` names, makes what is missing.
///
/// # Errors
/// See [`OpenError`].
pub async fn open(config: Config, clock: Clock, random: Random) -> Result<App, OpenError> {
    let url = config.database_url.expose();
    if let Some(file) = sqlite_file(url) {
        make_directory(&directory_of(&file))?;
        make_private(&file)?;
    }
    let db = Db::open(url, config.database.max_connections)
        .await
        .map_err(|error| OpenError::Database(without_password(url), error))?;
    // Its future is large, and callers would hold it in theirs.
    let opened = Box::pin(open_on(config, db.clone(), clock, random)).await;
    if opened.is_err() {
        // Or SQLite would leave its other files behind.
        db.close().await;
    }
    opened
}

async fn open_on(config: Config, db: Db, clock: Clock, random: Random) -> Result<App, OpenError> {
    let shown = without_password(config.database_url.expose());
    let failed = |error| OpenError::Database(shown.clone(), error);
    migrate(&db).await.map_err(failed)?;
    let store = Store::new(db);
    let master_key = find_master_key(&config, &store, &random).await?;
    let check = store
        .claim_master_key_check(master_key.check_value())
        .await
        .map_err(failed)?;
    if !master_key.recognises(&check) {
        return Err(OpenError::WrongKey);
    }
    let app = App::new(config, store, master_key, clock, random);
    tenants::ensure_default(&app).await?;
    Ok(app)
}

/// The SQLite file of an installation; `None`: it is on PostgreSQL.
pub fn database_file(config: &Config) -> Option<PathBuf> {
    sqlite_file(config.database_url.expose())
}

/// Where an installation keeps the master key it made itself; `None`: the settings give one.
pub fn own_key_file(config: &Config) -> Option<PathBuf> {
    if config.master_key.is_some() {
        return None;
    }
    Some(directory_of(&database_file(config)?).join("master.key"))
}

/// The master key there is; makes none.
///
/// # Errors
/// It cannot be read, or PostgreSQL is given none.
pub fn existing_master_key(config: &Config) -> Result<Option<MasterKey>, OpenError> {
    if let Some(given) = &config.master_key {
        let bytes = master_key::decode(given.expose()).map_err(OpenError::KeyText)?;
        return Ok(Some(MasterKey::from_bytes(*bytes)));
    }
    read_key(&own_key_file(config).ok_or(OpenError::KeyMissing)?)
}

async fn find_master_key(
    config: &Config,
    store: &Store,
    random: &Random,
) -> Result<MasterKey, OpenError> {
    if let Some(key) = existing_master_key(config)? {
        return Ok(key);
    }
    let path = own_key_file(config).ok_or(OpenError::KeyMissing)?;
    let made_before = store.master_key_check().await;
    let made_before = made_before.map_err(|error| {
        OpenError::Database(without_password(config.database_url.expose()), error)
    })?;
    if made_before.is_some() {
        // Another process may have made both between our two looks.
        return read_key(&path)?.ok_or(OpenError::KeyLost(path));
    }
    let key = MasterKey::generate(random);
    match write_new(&path, &key.to_text(), random) {
        Ok(()) => Ok(key),
        // Another process was first: its key stands.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            read_key(&path)?.ok_or(OpenError::KeyLost(path))
        }
        Err(error) => Err(OpenError::File(path, error)),
    }
}

fn read_key(path: &Path) -> Result<Option<MasterKey>, OpenError> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let text = zeroize::Zeroizing::new(text);
            let bytes = master_key::decode(text.trim_end())
                .map_err(|problem| OpenError::KeyFile(path.to_owned(), problem))?;
            Ok(Some(MasterKey::from_bytes(*bytes)))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(OpenError::File(path.to_owned(), error)),
    }
}

/// Writes beside the target and links it into place: nobody ever reads half a key, and nobody's
/// key is replaced.
fn write_new(path: &Path, text: &str, random: &Random) -> std::io::Result<()> {
    // Not the process id: in containers everybody is number one.
    let draft = path.with_extension(format!("draft-{}", random_id(random)));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::hard_link(&draft, path));
    std::fs::remove_file(&draft)?;
    written
}

fn make_directory(directory: &Path) -> Result<(), OpenError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(directory)
        .map_err(|error| OpenError::File(directory.to_owned(), error))
}

/// Makes a missing database file readable by us alone; SQLite gives its other files the same mode.
fn make_private(file: &Path) -> Result<(), OpenError> {
    if file.as_os_str() == ":memory:" {
        return Ok(());
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(OpenError::File(file.to_owned(), error))
        }
        _ => Ok(()),
    }
}

/// The SQLite file an address names; `None` for PostgreSQL.
fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path).split('?').next()?;
    let path = percent_encoding::percent_decode_str(path).decode_utf8();
    path.ok().map(|path| PathBuf::from(path.as_ref()))
}

fn directory_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A database address for people: what stands before the host may hold a password, and so may the
/// parameters.
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.split('?').next().unwrap_or(url).to_owned();
    };
    let place = rest.split(['?', '#']).next().unwrap_or(rest);
    match (place.rsplit_once('@'), rest.contains('@')) {
        (Some((_, host)), _) => format!("{scheme}://{host}"),
        (None, false) => format!("{scheme}://{place}"),
        // An unescaped `?` or `#` inside the password: nothing here is surely no part of it.
        (None, true) => format!("{scheme}://"),
    }
}
