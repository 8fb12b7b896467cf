//! A directory of the process's own, readable by nobody else, gone at the end.

use std::io;
use std::path::{Path, PathBuf};

use crate::base::id::random_id;
use crate::base::random::Random;

/// The directory; dropping it removes it, whatever it holds.
pub(super) struct Directory(PathBuf);

impl Directory {
    pub(super) fn make(random: &Random) -> io::Result<Self> {
        let name = format!("users-core-demo-{}", random_id(random));
        let path = std::env::temp_dir().join(name);
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        // Not recursive: whoever was first to make the name keeps it.
        builder.create(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Removes it, and says so where that fails.
    pub(super) fn remove(self) -> io::Result<()> {
        std::fs::remove_dir_all(&self.0)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // After `remove`, or in a panic: there is nobody left to tell.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
