//! How other systems write password hashes down, brought into the forms that are stored here. What is
//! of no known form, or asks for more work than is done here, is none.

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER_PERMISSIVE};

pub use super::kdf::Prf;
use super::kdf::pbkdf2_text;
use super::scheme::Scheme;

/// A hash as text: in the PHC string format, in Modular Crypt Format, or as Django, Werkzeug and
/// passlib write it.
pub fn stored(text: &str) -> Option<String> {
    let as_it_is = Scheme::parse(text).map(|_| text.to_owned());
    as_it_is
        .or_else(|| passlib(text))
        .or_else(|| django(text))
        .or_else(|| werkzeug(text))
        .and_then(known)
}

/// A PBKDF2 result in its parts.
pub fn pbkdf2(prf: Prf, rounds: u32, salt: &[u8], output: &[u8]) -> Option<String> {
    known(pbkdf2_text(prf, rounds, salt, output))
}

/// An Argon2 result in its parts; `kind` is `i`, `d` or `id`, `version` 16 or 19.
pub fn argon2(
    (kind, version): (&str, u32),
    (memory_kib, iterations, parallelism): (u32, u32, u32),
    salt: &[u8],
    output: &[u8],
) -> Option<String> {
    known(format!(
        "$argon2{kind}$v={version}$m={memory_kib},t={iterations},p={parallelism}${}${}",
        BASE64_NOPAD.encode(salt),
        BASE64_NOPAD.encode(output)
    ))
}

fn known(text: String) -> Option<String> {
    Scheme::parse(&text).map(|_| text)
}

/// `$pbkdf2-sha256$29000$salt$output`, with `.` for `+`.
fn passlib(text: &str) -> Option<String> {
    let mut parts = text.strip_prefix('$')?.split('$');
    let prf = match parts.next()? {
        "pbkdf2" | "pbkdf2-sha1" => Prf::Sha1,
        "pbkdf2-sha256" => Prf::Sha256,
        "pbkdf2-sha512" => Prf::Sha512,
        _ => return None,
    };
    let rounds = parts.next()?.parse().ok()?;
    let mut bytes = || base64(&parts.next()?.replace('.', "+"));
    let (salt, output) = (bytes()?, bytes()?);
    parts
        .next()
        .is_none()
        .then(|| pbkdf2_text(prf, rounds, &salt, &output))
}

/// `pbkdf2_sha256$600000$salt$output`, `scrypt$16384$salt$8$1$output`, `argon2$argon2id$..`,
/// `bcrypt$$2b$..`. Salts are text.
fn django(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once('$')?;
    match scheme {
        "argon2" => Some(format!("${rest}")),
        "bcrypt" => Some(rest.to_owned()),
        "scrypt" => {
            let parts: Vec<&str> = rest.split('$').collect();
            let [n, salt, r, p, output] = parts[..] else {
                return None;
            };
            scrypt_text(n, r, p, salt, &base64(output)?)
        }
        _ => {
            let prf = match scheme {
                "pbkdf2_sha1" => Prf::Sha1,
                "pbkdf2_sha256" => Prf::Sha256,
                _ => return None,
            };
            let parts: Vec<&str> = rest.split('$').collect();
            let [rounds, salt, output] = parts[..] else {
                return None;
            };
            let rounds = rounds.parse().ok()?;
            Some(pbkdf2_text(prf, rounds, salt.as_bytes(), &base64(output)?))
        }
    }
}

/// `pbkdf2:sha256:600000$salt$output`, `scrypt:32768:8:1$salt$output`. Salts are text, outputs hex.
fn werkzeug(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('$').collect();
    let [method, salt, output] = parts[..] else {
        return None;
    };
    let output = HEXLOWER_PERMISSIVE.decode(output.as_bytes()).ok()?;
    let words: Vec<&str> = method.split(':').collect();
    match words[..] {
        ["scrypt", n, r, p] => scrypt_text(n, r, p, salt, &output),
        ["pbkdf2", hash, rounds] => {
            let prf = match hash {
                "sha1" => Prf::Sha1,
                "sha256" => Prf::Sha256,
                "sha512" => Prf::Sha512,
                _ => return None,
            };
            let rounds = rounds.parse().ok()?;
            Some(pbkdf2_text(prf, rounds, salt.as_bytes(), &output))
        }
        _ => None,
    }
}

fn scrypt_text(n: &str, r: &str, p: &str, salt: &str, output: &[u8]) -> Option<String> {
    let n: u64 = n.parse().ok()?;
    let (r, p): (u32, u32) = (r.parse().ok()?, p.parse().ok()?);
    n.is_power_of_two().then(|| {
        format!(
            "$scrypt$ln={},r={r},p={p}${}${}",
            n.trailing_zeros(),
            BASE64_NOPAD.encode(salt.as_bytes()),
            BASE64_NOPAD.encode(output)
        )
    })
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let text = text.as_bytes();
    BASE64_NOPAD
        .decode(text)
        .or_else(|_| BASE64.decode(text))
        .ok()
}
