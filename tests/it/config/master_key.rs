//! The master key: 32 random bytes as text.

use users_core::config::master_key;

use super::{KEY, env_error};

#[test]
fn a_master_key_is_32_bytes_as_hex_or_base64url() {
    let bytes = master_key::decode(KEY).unwrap();
    assert_eq!(bytes[..3], [0xc3, 0xb1, 0xf2]);
    assert_eq!(bytes[29..], [0x8d, 0x13, 0x92]);
    assert_eq!(master_key::decode(&KEY.to_uppercase()).unwrap(), bytes);
    let base64url = data_encoding::BASE64URL_NOPAD.encode(&*bytes);
    assert!(
        base64url.contains(['-', '_']),
        "the sample must use both alphabets' own letters"
    );
    assert_eq!(master_key::decode(&base64url).unwrap(), bytes);
    assert_eq!(master_key::decode(&format!("{base64url}=")).unwrap(), bytes);
}

#[test]
fn a_master_key_that_is_short_long_or_malformed_is_refused() {
    let base64url = data_encoding::BASE64URL_NOPAD.encode(&*master_key::decode(KEY).unwrap());
    let broken_tail = format!("{}{}", &base64url[..42], "T");
    for (key, reason) in [
        (&KEY[..62], "too short"),
        (&KEY[..32], "too short"),
        (&base64url[..40], "too short"),
        ("changeme", "too short"),
        (&format!("{KEY}00"), "too long"),
        (&format!("{base64url}AAAA"), "too long"),
        (&KEY[..63], "must be 32 bytes as"),
        (&broken_tail, "must be 32 bytes as"),
        (&format!("{base64url}=="), "must be 32 bytes as"),
        (
            &base64url.replacen(['-', '_'], "+", 1),
            "must be 32 bytes as",
        ),
        (
            "correct horse battery staple, and then some",
            "must be 32 bytes as",
        ),
    ] {
        let error = env_error(&[("USERS_CORE_MASTER_KEY", key)]);
        assert!(error.starts_with("USERS_CORE_MASTER_KEY: "), "{error}");
        assert!(error.contains(reason), "{key}: {error}");
    }
}

#[test]
fn a_master_key_somebody_typed_is_refused() {
    let words = data_encoding::BASE64URL_NOPAD.encode(b"changeme-changeme-changeme-plea!");
    let sentence = data_encoding::HEXLOWER.encode(b"The quick brown fox jumped over!");
    let text = "ChangeMe-8c1X0pTzL4vQmR7bYw2KjHs9dFgNuE5aB8";
    let counting: Vec<u8> = (0..32).collect();
    let counting = data_encoding::HEXLOWER.encode(&counting);
    for key in [
        "00".repeat(32),
        "ff".repeat(32),
        "Q".repeat(43),
        "deadbeef".repeat(8),
        "0123456789abcdef".repeat(4),
        counting,
        words,
        sentence,
        text.to_owned(),
    ] {
        let error = env_error(&[("USERS_CORE_MASTER_KEY", &key)]);
        assert!(
            error.contains("is an example, not a random value"),
            "{key}: {error}"
        );
    }
}
