//! The machine: files, their modes, room on the disk, and the certificate's neighbours.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Findings;
use crate::config::Config;
use crate::installation;

const MIB: u64 = 1 << 20;
/// Less room than this, and something will stop before long.
const LITTLE: u64 = 1024 * MIB;
const TOO_LITTLE: u64 = 100 * MIB;
/// SQLite's log is written back at 4 MB; one that is much longer is held up by a reader that never ends.
const LONG_WAL: u64 = 256 * MIB;

pub(super) fn check(config: &Config, findings: &mut Findings) {
    if let Some(file) = installation::database_file(config) {
        database_file(&file, findings);
    }
    let log = config.log.file.as_deref();
    if let Some(file) = log {
        log_file(file, findings);
    }
}

fn database_file(file: &Path, findings: &mut Findings) {
    let size = match fs::metadata(file) {
        Ok(data) => data.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let text = format!(
                "{} is not there yet; the first start makes it",
                file.display()
            );
            findings.warn("database file", text);
            return disk("disk", file, findings);
        }
        Err(error) => {
            return findings.fail("database file", format!("{}: {error}", file.display()));
        }
    };
    let mut wal = file.as_os_str().to_owned();
    wal.push("-wal");
    let wal = fs::metadata(PathBuf::from(wal)).map_or(0, |data| data.len());
    let text = format!(
        "{}, {} MiB, write-ahead log {} MiB",
        file.display(),
        size / MIB,
        wal / MIB
    );
    if others_may_read(file) {
        let text = format!("{text}; others on this machine may read it: chmod 600");
        findings.warn("database file", text);
    } else if wal > LONG_WAL {
        let text = format!("{text}; something keeps it from being written back");
        findings.warn("database file", text);
    } else {
        findings.ok("database file", text);
    }
    disk("disk", file, findings);
}

fn log_file(file: &Path, findings: &mut Findings) {
    let opened = fs::OpenOptions::new().append(true).open(file);
    match opened {
        Ok(_) => findings.ok("log file", file.display().to_string()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            findings.ok("log file", format!("{} is not there yet", file.display()));
        }
        Err(error) => findings.fail("log file", format!("{}: {error}", file.display())),
    }
    disk("log disk", file, findings);
}

/// The room where a file is or is to be.
fn disk(check: &'static str, file: &Path, findings: &mut Findings) {
    let Some(free) = free_bytes(file) else { return };
    let text = format!("{} MiB free", free / MIB);
    match free {
        ..TOO_LITTLE => findings.fail(check, text),
        TOO_LITTLE..LITTLE => findings.warn(check, text),
        _ => findings.ok(check, text),
    }
}

#[cfg(unix)]
fn free_bytes(file: &Path) -> Option<u64> {
    let absolute = std::path::absolute(file).ok()?;
    let place = absolute.ancestors().find(|place| place.exists())?;
    let system = rustix::fs::statvfs(place).ok()?;
    Some(system.f_bavail.saturating_mul(system.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// Whether the group or everybody may read a file.
#[cfg(unix)]
pub(super) fn others_may_read(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(file).is_ok_and(|data| data.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
pub(super) fn others_may_read(_: &Path) -> bool {
    false
}
