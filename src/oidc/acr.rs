//! How strongly somebody signed in (OIDC Core section 2, `acr`).

/// What `acr_values_supported` says, the weakest first.
pub const SUPPORTED: &[&str] = &["1"];

/// The class of a sign-in by its methods (RFC 8176): `1` is a password.
pub fn of(_amr: &[String]) -> &'static str {
    SUPPORTED[0]
}
