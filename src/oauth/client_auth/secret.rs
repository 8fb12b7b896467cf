//! `client_secret_basic` and `client_secret_post`: one secret, two places to send it.

use crate::base::clock::Timestamp;
use crate::base::digest::{equal, sha256_text};
use crate::base::master_key::MasterKey;
use crate::model::client::{SecretKind, StoredSecret};

/// Whether `presented` is one of the live secrets. Both digests are computed and every stored one
/// is compared, so that time tells neither the kind nor the number nor the place of a difference.
pub(super) fn matches(
    master_key: &MasterKey,
    presented: &str,
    stored: &[StoredSecret],
    now: Timestamp,
) -> bool {
    let generated = sha256_text(presented);
    let given = master_key.keyed_digest(presented);
    stored.iter().fold(false, |found, secret| {
        let digest = match secret.kind {
            SecretKind::Generated => &generated,
            SecretKind::Given => &given,
        };
        let live = secret.expires_at.is_none_or(|end| end > now);
        (equal(digest.as_bytes(), secret.digest.as_bytes()) & live) | found
    })
}
