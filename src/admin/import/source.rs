//! Where accounts come from: a file in one of the forms that are known, read in a task of its own, no
//! further ahead than a few accounts.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::elements::{self, Shape};
use super::{Item, Record, Refusal, auth0, json, keycloak, table, users_core};
use crate::storage::DbError;
use crate::storage::users_core_file::UsersCoreFile;

/// Accounts that are read ahead.
const AHEAD: usize = 256;

/// The form of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Format {
    /// Objects of our own form, in an array or one a line.
    Json,
    Csv,
    /// A Keycloak realm export.
    Keycloak,
    /// Auth0's exports and its form for imports.
    Auth0,
    /// The SQLite file of users-core.
    UsersCore,
}

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error(transparent)]
    File(#[from] io::Error),
    #[error("its form is not plain from its name and its first bytes: say which with --format")]
    UnknownFormat,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// An open source.
pub struct Source {
    pub items: Receiver<Item>,
    pub progress: Progress,
}

/// How far a source is read.
#[derive(Clone)]
pub struct Progress {
    /// Bytes of a file, accounts of a database.
    pub all: u64,
    pub in_bytes: bool,
    read: Arc<AtomicU64>,
}

impl Progress {
    /// How much is read, where that is counted in bytes.
    pub fn bytes(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}

/// The form of a file, by its first bytes and its name.
///
/// # Errors
/// It cannot be read, or may be of several forms.
pub fn format_of(path: &Path) -> Result<Format, SourceError> {
    let mut head = Vec::new();
    File::open(path)?.take(4096).read_to_end(&mut head)?;
    if head.starts_with(b"SQLite format 3\0") {
        return Ok(Format::UsersCore);
    }
    let extension = path.extension().and_then(|extension| extension.to_str());
    if extension.is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
        return Ok(Format::Csv);
    }
    let head = String::from_utf8_lossy(&head);
    let head = head.trim_start_matches('\u{feff}').trim_start();
    match head.bytes().next() {
        Some(b'{') if head.contains("\"realm\"") => Ok(Format::Keycloak),
        Some(b'[' | b'{') if head.contains("\"passwordHash\"") || head.contains("\"user_id\"") => {
            Ok(Format::Auth0)
        }
        Some(b'[' | b'{') => Ok(Format::Json),
        _ => Err(SourceError::UnknownFormat),
    }
}

/// Begins to read a file.
///
/// # Errors
/// It cannot be opened, or is no file of that form.
pub async fn open(path: &Path, format: Format) -> Result<Source, SourceError> {
    let (sender, items) = channel(AHEAD);
    if format == Format::UsersCore {
        let mut file = UsersCoreFile::open(path).await?;
        let progress = Progress {
            all: file.count().await?,
            in_bytes: false,
            read: Arc::default(),
        };
        tokio::spawn(users_core::send(file, sender));
        return Ok(Source { items, progress });
    }
    let file = File::open(path)?;
    let progress = Progress {
        all: file.metadata()?.len(),
        in_bytes: true,
        read: Arc::default(),
    };
    let counted = Counted {
        file,
        read: Arc::clone(&progress.read),
    };
    tokio::task::spawn_blocking(move || read(counted, format, &sender));
    Ok(Source { items, progress })
}

/// A file that says how far it is read.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.file.read(buffer)?;
        self.read.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(bytes)
    }
}

fn read(file: Counted, format: Format, items: &Sender<Item>) {
    let send = |item| items.blocking_send(item).is_ok();
    let (shape, record): (Shape, fn(u64, &[u8]) -> Result<Record, String>) = match format {
        Format::Csv => return table::each(file, send),
        Format::Keycloak => (Shape::Member("users"), keycloak::record),
        Format::Auth0 => (Shape::List, auth0::record),
        Format::Json | Format::UsersCore => (Shape::List, json::record),
    };
    let reader = BufReader::with_capacity(1 << 16, file);
    let read = elements::each(reader, shape, |place, object| {
        send(match record(place, object) {
            Ok(record) => Item::Record(Box::new(record)),
            Err(reason) => Item::Refused(Refusal {
                place,
                username: None,
                reasons: vec![reason],
            }),
        })
    });
    if let Err(error) = read {
        send(Item::Broken(error.to_string()));
    }
}
