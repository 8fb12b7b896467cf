//! A log file that is set aside when it is full or old. Lines are written at once and by whoever logs
//! them, so that none is lost with the process.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use file_rotate::compression::Compression;
use file_rotate::suffix::AppendCount;
use file_rotate::{ContentLimit, FileRotate};
use tracing_subscriber::fmt::MakeWriter;

use crate::base::clock::{Clock, Timestamp};
use crate::cli::error::CliError;
use crate::config::{Log, LogRotation};

/// For ourselves, and for a group whose programs collect logs.
#[cfg(unix)]
const FILE_MODE: u32 = 0o640;
#[cfg(unix)]
const DIRECTORY_MODE: u32 = 0o750;

const DAY_MILLIS: i64 = 86_400_000;

/// The file a log goes to.
pub(super) struct LogFile {
    rolling: Mutex<Rolling>,
}

struct Rolling {
    file: FileRotate<AppendCount>,
    /// Days since the epoch at the last line; `None`: days do not matter.
    day: Option<i64>,
}

impl LogFile {
    /// Opens or makes the file, and the directory it is to be in.
    ///
    /// # Errors
    /// One of them cannot be made or written to.
    pub(super) fn open(path: &Path, log: &Log) -> Result<Self, CliError> {
        let failed = |error| CliError::LogFile(path.to_owned(), error);
        let options = options();
        // Whoever has the relative path has no directory to look for older files in.
        let path = &std::path::absolute(path).map_err(failed)?;
        let age = prepare(path, &options).map_err(failed)?;
        let file = FileRotate::new(
            path,
            AppendCount::new(log.kept_files),
            // What is longer is still one line: it is looked at before a line, not within one.
            ContentLimit::BytesSurpassed(log.file_bytes),
            Compression::None,
            Some(options),
        );
        let day = (log.rotation == LogRotation::Daily).then_some(age);
        Ok(Self {
            rolling: Mutex::new(Rolling { file, day }),
        })
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, FILE_MODE);
    options
}

/// Makes what is missing and tries to open the file, so that a wrong place is said at the start; the
/// day of the file's last line.
fn prepare(path: &Path, options: &OpenOptions) -> io::Result<i64> {
    if let Some(directory) = path.parent() {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, DIRECTORY_MODE);
        builder.create(directory)?;
    }
    let file = options.open(path)?.metadata()?;
    if !file.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let written = file.modified()?.duration_since(std::time::UNIX_EPOCH);
    let written = written.map_or(0, |since| since.as_millis());
    let written = i64::try_from(written).unwrap_or(i64::MAX);
    Ok(day_of(Timestamp::from_millis(written)))
}

const fn day_of(time: Timestamp) -> i64 {
    time.millis().div_euclid(DAY_MILLIS)
}

impl Rolling {
    /// Sets the file aside where a day has begun since its last line.
    fn turn_to(&mut self, today: i64) -> io::Result<()> {
        match self.day.replace(today) {
            None => {
                self.day = None;
                Ok(())
            }
            Some(day) if day < today => self.file.rotate(),
            Some(_) => Ok(()),
        }
    }
}

/// The file for one line.
pub(super) struct Line<'a>(MutexGuard<'a, Rolling>);

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.turn_to(day_of(Clock::System.now()))?;
        self.0.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.file.flush()
    }
}

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        // A line that was cut short is no reason to log nothing more.
        Line(self.rolling.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
