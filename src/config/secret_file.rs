//! Files that hold one secret, as container platforms mount them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use super::secret::Secret;

/// A secret is short. The limit keeps a wrong path, such as a device, from filling the memory.
const MAX_BYTES: usize = 16 * 1024;

/// Reads the secret in a file, without one trailing line end.
///
/// # Errors
/// A message that names neither the content nor the path: the path may be a secret that was typed
/// into the wrong spelling.
pub fn read(path: &Path) -> Result<Secret, String> {
    let file = File::open(path)
        .map_err(|error| format!("the file it names cannot be read: {}", error.kind()))?;
    read_from(file, "the file it names")
}

/// Reads a secret from where it comes: `what`, for messages.
///
/// # Errors
/// A message that does not repeat the content.
pub fn read_from(source: impl Read, what: &str) -> Result<Secret, String> {
    // The room is taken at once: a buffer that grows leaves copies behind that nobody wipes.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES + 1));
    source
        .take(MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("{what} cannot be read: {}", error.kind()))?;
    if bytes.len() > MAX_BYTES {
        return Err(format!("{what} is longer than {MAX_BYTES} bytes"));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| format!("{what} is not UTF-8 text"))?;
    let content = text
        .strip_suffix("\r\n")
        .or_else(|| text.strip_suffix('\n'));
    let text = content.unwrap_or(text);
    if text.is_empty() {
        return Err(format!("{what} is empty"));
    }
    Ok(Secret::new(text))
}
