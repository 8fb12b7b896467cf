//! A file of SHA-1 digests in ascending order, one a line, looked up without being read: the form in
//! which lists of stolen passwords are handed around, `5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:10434004`.
//! What follows the digest is not read.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use data_encoding::HEXUPPER;
use sha1::{Digest as _, Sha1};

const DIGEST: usize = 40;
/// The longest line: a digest, a colon, a count, the line's end.
const LINE: usize = 80;
/// What is read at once where a search ends.
const PAGE: u64 = 4096;
/// Places at which a file's order is looked at before it is believed.
const SAMPLES: u64 = 64;

/// Such a file. It is opened for each look, so that another may be put in its place at any time.
#[derive(Clone, Debug)]
pub struct SortedHashes(PathBuf);

impl SortedHashes {
    /// Looks whether a file is one.
    ///
    /// # Errors
    /// It cannot be read, a line is no digest, or the lines are in another order.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let end = file.seek(SeekFrom::End(0))?;
        let mut last = None;
        for sample in 0..SAMPLES {
            let from = end / SAMPLES * sample;
            let Some((digest, _)) = line_after(&mut file, from, end)? else {
                continue;
            };
            if last.is_some_and(|last| last > digest) {
                return Err(malformed("its lines are not in ascending order"));
            }
            last = Some(digest);
        }
        if last.is_none() {
            return Err(malformed("it holds no SHA-1 digest"));
        }
        Ok(Self(path.to_owned()))
    }

    /// Whether the digest of `text` is in it.
    ///
    /// # Errors
    /// It cannot be read any more, or is no such file.
    pub fn hold(&self, text: &str) -> io::Result<bool> {
        let wanted = HEXUPPER.encode(&Sha1::digest(text));
        let wanted: [u8; DIGEST] = wanted
            .as_bytes()
            .try_into()
            .map_err(|_| malformed("a digest has forty digits"))?;
        let mut file = File::open(&self.0)?;
        let (mut low, mut high) = (0, file.seek(SeekFrom::End(0))?);
        // Between `low`, the beginning of a line, and `high` it is, if anywhere.
        while high - low > PAGE {
            let middle = low + (high - low) / 2;
            match line_after(&mut file, middle, high)? {
                Some((digest, _)) if digest == wanted => return Ok(true),
                Some((digest, next)) if digest < wanted => low = next,
                _ => high = middle,
            }
        }
        // A line that begins before `high` may end behind it.
        let mut page = Vec::new();
        file.seek(SeekFrom::Start(low))?;
        let bytes = high - low + LINE as u64;
        file.take(bytes).read_to_end(&mut page)?;
        let mut lines = page.split(|byte| *byte == b'\n');
        Ok(lines.any(|line| digest_of(line).is_some_and(|digest| digest == wanted)))
    }
}

/// The digest of the first line that begins at or after `from` and before `end`, and where the line
/// after it begins.
fn line_after(file: &mut File, from: u64, end: u64) -> io::Result<Option<([u8; DIGEST], u64)>> {
    // The byte before says whether a line begins here.
    let start = from.saturating_sub(1);
    let mut window = Vec::with_capacity(2 * LINE);
    file.seek(SeekFrom::Start(start))?;
    file.by_ref()
        .take(2 * LINE as u64)
        .read_to_end(&mut window)?;
    let skipped = if from == 0 {
        0
    } else {
        match window.iter().position(|byte| *byte == b'\n') {
            Some(place) => place + 1,
            None => return Ok(None),
        }
    };
    let rest = &window[skipped..];
    let begins = start + skipped as u64;
    if rest.is_empty() || begins >= end {
        return Ok(None);
    }
    let length = rest.iter().position(|byte| *byte == b'\n');
    let line = &rest[..length.unwrap_or(rest.len())];
    let digest =
        digest_of(line).ok_or_else(|| malformed("a line does not begin with a SHA-1 digest"))?;
    Ok(Some((digest, begins + line.len() as u64 + 1)))
}

/// The digest a line begins with, in upper case.
fn digest_of(line: &[u8]) -> Option<[u8; DIGEST]> {
    let mut digest: [u8; DIGEST] = line.get(..DIGEST)?.try_into().ok()?;
    digest.make_ascii_uppercase();
    let ends = line.get(DIGEST).is_none_or(|byte| b":\r ".contains(byte));
    (ends && digest.iter().all(u8::is_ascii_hexdigit)).then_some(digest)
}

fn malformed(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn written(lines: &[String], end: &str) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("list");
        let mut file = File::create(&path).expect("a file");
        for line in lines {
            write!(file, "{line}{end}").expect("written");
        }
        (directory, path)
    }

    fn digest(text: &str) -> String {
        HEXUPPER.encode(&Sha1::digest(text))
    }

    #[test]
    fn every_line_is_found_and_nothing_else() {
        for end in ["\n", "\r\n"] {
            let mut lines: Vec<String> = (0..1000_u32)
                .map(|number| format!("{}:{}", digest(&format!("word {number}")), number * number))
                .collect();
            lines.sort();
            let (_directory, path) = written(&lines, end);
            let list = SortedHashes::open(&path).expect("a list");
            for number in 0..1000 {
                assert!(
                    list.hold(&format!("word {number}")).expect("read"),
                    "{number}"
                );
                assert!(
                    !list.hold(&format!("other {number}")).expect("read"),
                    "{number}"
                );
            }
        }
    }

    #[test]
    fn one_line_without_an_end_is_a_list() {
        let (_directory, path) = written(&[digest("only").to_lowercase()], "");
        let list = SortedHashes::open(&path).expect("a list");
        assert!(list.hold("only").expect("read") && !list.hold("another").expect("read"));
    }

    #[test]
    fn another_order_or_form_is_no_list() {
        let mut lines: Vec<String> = (0..500).map(|number| digest(&number.to_string())).collect();
        lines.sort();
        lines.reverse();
        for lines in [lines, vec!["password".to_owned()], Vec::new()] {
            let (_directory, path) = written(&lines, "\n");
            assert!(SortedHashes::open(&path).is_err());
        }
        assert!(SortedHashes::open(Path::new("there/is/none")).is_err());
    }
}
