//! Identifiers: UUIDv4 where they are shown to others as subjects, v7 where rows should sort by age.

use uuid::Uuid;

use super::clock::Timestamp;
use super::random::Random;

/// A random identifier: users and token ids, which must not tell when they were made.
pub fn random_id(random: &Random) -> String {
    uuid::Builder::from_random_bytes(random.bytes())
        .into_uuid()
        .to_string()
}

/// An identifier that sorts by time: every other row.
pub fn ordered_id(random: &Random, now: Timestamp) -> String {
    let millis = u64::try_from(now.millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random.bytes())
        .into_uuid()
        .to_string()
}

/// What every id that [`ordered_id`] makes at `time` or later sorts behind, and no earlier one.
pub fn first_id_of(time: Timestamp) -> String {
    let millis = u64::try_from(time.millis()).unwrap_or(0) & 0xffff_ffff_ffff;
    format!("{:08x}-{:04x}", millis >> 16, millis & 0xffff)
}

/// Whether a text has the shape of a UUID, in any of its spellings.
pub fn is_uuid(text: &str) -> bool {
    Uuid::try_parse(text).is_ok()
}
