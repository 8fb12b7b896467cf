//! Why a token is refused.

/// Why a token is refused. It holds nothing of the token.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ValidationError {
    /// Neither a JWS in compact form nor anything else an issuer could be asked about.
    #[error("the token is malformed")]
    Malformed,
    /// A signed token that is not typed as an access token (RFC 9068 section 4): an ID token, for one.
    #[error("the token is no access token")]
    NotAnAccessToken,
    /// Nobody added its issuer, or none can be asked about a token that names none.
    #[error("the token's issuer is not trusted")]
    UntrustedIssuer,
    /// `none`, a shared secret, or an algorithm the issuer was not added with.
    #[error("the token's signature algorithm is not accepted")]
    UnsupportedAlgorithm,
    /// The issuer publishes no key with this `kid`.
    #[error("the token's key is not known")]
    UnknownKey,
    #[error("the token's signature is wrong")]
    BadSignature,
    #[error("the token is not for this audience")]
    WrongAudience,
    #[error("the token has expired")]
    Expired,
    /// Its `nbf` or `iat` is ahead by more than clocks differ.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// The issuer says that it is not active (RFC 7662 section 2.2): revoked, or never issued.
    #[error("the token is not active")]
    Inactive,
    /// The issuer's keys or its introspection endpoint cannot be had just now. Says nothing of the
    /// token: answer as to a failure of one's own, and let nobody in.
    #[error("the issuer cannot be asked")]
    Unavailable,
}

impl ValidationError {
    /// Whether the same token may be accepted later.
    pub const fn is_temporary(self) -> bool {
        matches!(
            self,
            Self::Unavailable | Self::NotYetValid | Self::UnknownKey
        )
    }
}
