//! What an account can show beside its password.

use crate::base::clock::Timestamp;

/// The authentication methods of a password with one of them (RFC 8176 section 2).
pub const METHODS: [&str; 2] = ["otp", "mfa"];

/// Whether these methods are of more than one kind.
pub fn is_multiple(amr: &[String]) -> bool {
    amr.iter().any(|method| method == "mfa")
}

/// An account's second factors. Recovery codes come and go with the authenticator they stand in for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SecondFactors {
    /// Since when there is an authenticator.
    pub totp: Option<Timestamp>,
    /// Since when the recovery codes are those they are.
    pub recovery_codes_since: Option<Timestamp>,
    /// Recovery codes nobody used yet.
    pub recovery_codes: usize,
}
