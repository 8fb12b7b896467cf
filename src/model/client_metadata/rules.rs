//! What the fields of a registration may not say, each alone and among themselves.

use super::{AuthMethod, ClientMetadata, GrantType};
use crate::model::claim_source::{MAX_CLAIMS, is_free_claim_name};
use crate::model::redirect_uri;

/// A day: longer access tokens defeat their purpose.
const MAX_ACCESS_LIFETIME: i64 = 86_400;
const MAX_REFRESH_LIFETIME: i64 = 366 * 86_400;
const MAX_RETRY_WINDOW: i64 = 300;
/// Longer than any session lives.
const MAX_AGE: i64 = 366 * 86_400;
/// The most addresses of a kind.
const MAX_URIS: usize = 50;

impl ClientMetadata {
    /// Every rule the fields break among themselves, each naming its field.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        self.check_grants(&mut problems);
        self.check_proof(&mut problems);
        self.check_addresses(&mut problems);
        self.check_seconds(&mut problems);
        self.check_claims(&mut problems);
        problems
    }

    fn check_grants(&self, problems: &mut Vec<String>) {
        if self.grant_types.is_empty() {
            problems.push("grant_types: at least one".to_owned());
        }
        if self.response_types != self.served_response_types() {
            let rule = "response_types: code with the grant authorization_code, else none";
            problems.push(rule.to_owned());
        }
        if self.is_public() {
            for grant in [GrantType::ClientCredentials, GrantType::Password] {
                if self.allows(grant) {
                    problems.push(format!(
                        "grant_types: {} is for confidential clients",
                        grant.name()
                    ));
                }
            }
            if !self.require_pkce {
                problems.push("require_pkce: a public client cannot do without".to_owned());
            }
        }
    }

    fn check_proof(&self, problems: &mut Vec<String>) {
        let by_key = self.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt;
        if by_key && self.jwks.is_none() {
            problems.push("jwks: needed for private_key_jwt".to_owned());
        }
        if !by_key && self.token_endpoint_auth_signing_alg.is_some() {
            problems.push("token_endpoint_auth_signing_alg: only with private_key_jwt".to_owned());
        }
    }

    fn check_addresses(&self, problems: &mut Vec<String>) {
        if self.allows(GrantType::AuthorizationCode) && self.redirect_uris.is_empty() {
            problems.push("redirect_uris: needed for authorization_code".to_owned());
        }
        for (field, uris) in [
            ("redirect_uris", &self.redirect_uris),
            ("post_logout_redirect_uris", &self.post_logout_redirect_uris),
        ] {
            if uris.len() > MAX_URIS {
                problems.push(format!("{field}: at most {MAX_URIS}"));
                continue;
            }
            for (position, uri) in uris.iter().enumerate() {
                // The address may hold what should not be printed.
                if let Err(rule) = redirect_uri::check(uri, self.application_type) {
                    problems.push(format!("{field}: entry {}: {rule}", position + 1));
                }
                if uris[..position].contains(uri) {
                    problems.push(format!("{field}: entry {}: stands twice", position + 1));
                }
            }
        }
        for (field, uri) in [
            ("client_uri", &self.client_uri),
            ("logo_uri", &self.logo_uri),
            ("policy_uri", &self.policy_uri),
            ("tos_uri", &self.tos_uri),
        ] {
            if let Some(Err(rule)) = uri.as_deref().map(redirect_uri::check_page) {
                problems.push(format!("{field}: {rule}"));
            }
        }
    }

    fn check_seconds(&self, problems: &mut Vec<String>) {
        for (field, value, least, most) in [
            (
                "access_token_lifetime",
                self.access_token_lifetime,
                1,
                MAX_ACCESS_LIFETIME,
            ),
            (
                "refresh_token_lifetime",
                self.refresh_token_lifetime,
                1,
                MAX_REFRESH_LIFETIME,
            ),
            (
                "refresh_retry_window",
                self.refresh_retry_window,
                0,
                MAX_RETRY_WINDOW,
            ),
            ("default_max_age", self.default_max_age, 0, MAX_AGE),
        ] {
            if value.is_some_and(|seconds| !(least..=most).contains(&seconds)) {
                problems.push(format!("{field}: {least} to {most} seconds"));
            }
        }
    }

    fn check_claims(&self, problems: &mut Vec<String>) {
        if self.claims.len() > MAX_CLAIMS {
            problems.push(format!("claims: at most {MAX_CLAIMS}"));
            return;
        }
        for name in self.claims.keys().filter(|name| !is_free_claim_name(name)) {
            problems.push(format!(
                "claims: {name:?} is no name for a claim of a client's own"
            ));
        }
    }
}
