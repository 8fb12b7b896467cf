//! How strongly somebody signed in (OIDC Core section 2, `acr`).

use crate::model::second_factor;

/// What `acr_values_supported` says, the weakest first: a password; a password and another factor.
pub const SUPPORTED: &[&str] = &[ONE_FACTOR, TWO_FACTORS];

pub const ONE_FACTOR: &str = "1";
const TWO_FACTORS: &str = "2";

/// The class of a sign-in by its methods (RFC 8176).
pub fn of(amr: &[String]) -> &'static str {
    if second_factor::is_multiple(amr) {
        TWO_FACTORS
    } else {
        ONE_FACTOR
    }
}
