//! The master key's text: 32 bytes as base64url (RFC 4648 section 5) or hex, and no example.

use data_encoding::{BASE64URL, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use zeroize::Zeroizing;

/// Bytes of a master key.
pub const LENGTH: usize = 32;

/// Decodes a master key. What has hex digits alone is hex, all else base64url, padded or not.
///
/// # Errors
/// What is wrong with it, in words that do not repeat it: not decodable, not 32 bytes long, or no
/// random value at all.
pub fn decode(text: &str) -> Result<Zeroizing<[u8; LENGTH]>, &'static str> {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let decoded = if is_hex { hex(text) } else { base64url(text) };
    let bytes = decoded
        .ok_or("must be 32 bytes as base64url or hex, as `openssl rand -hex 32` prints them")?;
    if bytes.len() < LENGTH {
        return Err("is too short: it must hold 32 bytes, as `openssl rand -hex 32` prints them");
    }
    let key: [u8; LENGTH] = bytes
        .as_slice()
        .try_into()
        .map_err(|_| "is too long: it must hold 32 bytes, as `openssl rand -hex 32` prints them")?;
    let key = Zeroizing::new(key);
    if is_example(text, &key) {
        return Err("is an example, not a random value: take what `openssl rand -hex 32` prints");
    }
    Ok(key)
}

fn hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    HEXLOWER_PERMISSIVE
        .decode(text.as_bytes())
        .ok()
        .map(Zeroizing::new)
}

/// Strict: padding is whole or absent, and bits left over are zero, or two texts would be one key.
fn base64url(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let encoding = if text.ends_with('=') {
        BASE64URL
    } else {
        BASE64URL_NOPAD
    };
    encoding.decode(text.as_bytes()).ok().map(Zeroizing::new)
}

/// Whether someone typed the key rather than rolled it. The odds that 32 random bytes look like
/// this are below one in a hundred million.
fn is_example(text: &str, key: &[u8; LENGTH]) -> bool {
    let step = key[1].wrapping_sub(key[0]);
    let counts = key
        .windows(2)
        .all(|two| two[1].wrapping_sub(two[0]) == step);
    let words = key.iter().all(|byte| (b' '..=b'~').contains(byte));
    let mut seen = [false; 256];
    for byte in key {
        seen[usize::from(*byte)] = true;
    }
    let repeats = seen.iter().filter(|seen| **seen).count() < LENGTH / 2;
    let text = Zeroizing::new(text.to_ascii_lowercase());
    let named = ["changeme", "change-me", "change_me", "password", "example"];
    counts || words || repeats || named.iter().any(|word| text.contains(word))
}
