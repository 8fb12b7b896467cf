//! The issuer as `rvoip-oidc` discovers it, and the tokens it gives.

use std::error::Error;
use std::process::Command;
use std::time::Duration;

use jsonwebtoken::{Algorithm, dangerous};
use rvoip_auth_core::{
    BearerAuthError, BearerValidator, JwksJwtValidator, OAuth2IntrospectionValidator,
};
use rvoip_oidc::{OidcBearerValidator, OidcConfig, OidcProvider};
use serde_json::Value;
use url::Url;

pub type Failure = Box<dyn Error>;
pub type Outcome = Result<(), Failure>;

/// What the SIP side expects in `aud`.
pub const AUDIENCE: &str = "rvoip-sip";
/// The client that asks for introspection.
pub const MEDIA_SERVER: &str = "media-server";

pub struct Issuer {
    pub provider: OidcProvider,
    pub http: reqwest::Client,
}

/// The answer of the token endpoint.
pub struct Tokens(Value);

pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

pub fn ensure(holds: bool, otherwise: &str) -> Outcome {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

/// Runs the program beside its server.
pub fn users_core(arguments: &[&str]) -> Outcome {
    let output = Command::new(variable("USERS_CORE"))
        .args(arguments)
        .output()?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure(output.status.success(), &told)
}

/// What a server hears of a moment after it was done beside it.
pub async fn soon<T>(attempt: impl AsyncFn() -> Result<Option<T>, Failure>) -> Result<T, Failure> {
    for _ in 0..50 {
        if let Some(found) = attempt().await? {
            return Ok(found);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Err("not within ten seconds".into())
}

/// The claims of a signed token, unverified: what the validators' findings are compared with.
pub fn claims(token: &str) -> Result<Value, Failure> {
    Ok(dangerous::insecure_decode::<Value>(token)?.claims)
}

/// The configuration for the issuer or, under `/t/{slug}`, for one of its tenants.
pub fn config(path: &str) -> Result<OidcConfig, Failure> {
    let issuer = Url::parse(&format!("{}{path}", variable("ISSUER")))?;
    Ok(OidcConfig::new(issuer)
        .with_audience(AUDIENCE)
        .with_client_credentials(MEDIA_SERVER, variable("CONFORMANCE_SECRET")))
}

impl Issuer {
    pub async fn discover(path: &str) -> Result<Self, Failure> {
        Ok(Self {
            provider: config(path)?.discover().await?,
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(20))
                .build()?,
        })
    }

    /// Validates by the published keys, as `rvoip-oidc` sets it up.
    pub fn by_keys(&self) -> Result<OidcBearerValidator, Failure> {
        Ok(self.provider.bearer_validator()?)
    }

    /// The same without the wrapper of `rvoip-oidc`, which leaves out `jti` and `iat`.
    pub fn by_keys_directly(&self) -> JwksJwtValidator {
        let metadata = self.provider.metadata();
        JwksJwtValidator::new(metadata.jwks_uri.clone())
            .with_issuer([metadata.issuer.as_str()])
            .with_audience([AUDIENCE])
            .with_required_jti()
    }

    /// As [`Self::by_keys_directly`], for tokens signed with ES256.
    pub fn by_es256_keys(&self) -> JwksJwtValidator {
        self.by_keys_directly()
            .with_algorithms(vec![Algorithm::ES256])
    }

    /// Validates by asking, as `rvoip-oidc` sets it up.
    pub fn by_introspection(&self) -> Result<OAuth2IntrospectionValidator, Failure> {
        let validator = self.provider.introspection_validator()?;
        Ok(validator.with_required_token_id())
    }

    /// The same in the name of another client, with the secret of a variable.
    pub fn by_introspection_as(
        &self,
        client_id: &str,
        secret: &str,
    ) -> Result<OAuth2IntrospectionValidator, Failure> {
        let validator = self.provider.introspection_validator()?;
        Ok(validator.with_basic_client_auth(client_id, variable(secret)))
    }

    /// The token of a client for itself.
    pub async fn for_client(&self, client_id: &str, scope: &str) -> Result<String, Failure> {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        self.tokens(client_id, &form).await?.access_token()
    }

    /// A person's tokens, by their password.
    pub async fn for_person(&self, username: &str, scope: &str) -> Result<Tokens, Failure> {
        self.for_person_at("everything", username, scope).await
    }

    pub async fn for_person_at(
        &self,
        client_id: &str,
        username: &str,
        scope: &str,
    ) -> Result<Tokens, Failure> {
        let password = variable("CONFORMANCE_PASSWORD");
        let form = [
            ("grant_type", "password"),
            ("username", username),
            ("password", password.as_str()),
            ("scope", scope),
        ];
        self.tokens(client_id, &form).await
    }

    async fn tokens(&self, client_id: &str, form: &[(&str, &str)]) -> Result<Tokens, Failure> {
        let endpoint = self.provider.metadata().token_endpoint.clone();
        let response = self
            .http
            .post(endpoint.ok_or("no token_endpoint")?)
            .basic_auth(client_id, Some(variable("CONFORMANCE_SECRET")))
            .form(form)
            .send()
            .await?;
        let status = response.status();
        let answer: Value = response.json().await?;
        if status.is_success() {
            Ok(Tokens(answer))
        } else {
            Err(format!("no token for {client_id}: {status} {answer}").into())
        }
    }

    /// RFC 7009, by the client the token was issued to.
    pub async fn revoke(&self, client_id: &str, token: &str) -> Outcome {
        let endpoint = self.provider.metadata().revocation_endpoint.clone();
        let request = self
            .http
            .post(endpoint.ok_or("no revocation_endpoint")?)
            .basic_auth(client_id, Some(variable("CONFORMANCE_SECRET")))
            .form(&[("token", token)]);
        request.send().await?.error_for_status()?;
        Ok(())
    }

    /// Refuses the token both ways, for the reasons the validators give.
    pub async fn refuses(&self, token: &str, by_keys: &str, by_introspection: &str) -> Outcome {
        refuses(&self.by_keys()?, token, by_keys)
            .await
            .map_err(|error| format!("by JWKS: {error}"))?;
        refuses(&self.by_introspection()?, token, by_introspection)
            .await
            .map_err(|error| format!("by introspection: {error}").into())
    }
}

/// One validator refuses one token, for the reason given.
pub async fn refuses(validator: &dyn BearerValidator, token: &str, reason: &str) -> Outcome {
    match validator.validate_principal(token).await {
        Err(BearerAuthError::Invalid(found)) if found.contains(reason) => Ok(()),
        Err(BearerAuthError::Invalid(found)) => Err(format!("refused, but for: {found}").into()),
        Err(BearerAuthError::Unavailable(found)) => Err(format!("no judgement: {found}").into()),
        Err(BearerAuthError::Empty) => Err("no token".into()),
        Ok(_) => Err("accepted".into()),
    }
}

impl Tokens {
    pub fn access_token(&self) -> Result<String, Failure> {
        self.named("access_token")
    }

    pub fn refresh_token(&self) -> Result<String, Failure> {
        self.named("refresh_token")
    }

    pub fn id_token(&self) -> Result<String, Failure> {
        self.named("id_token")
    }

    fn named(&self, name: &str) -> Result<String, Failure> {
        let token = self.0[name].as_str();
        Ok(token.ok_or_else(|| format!("no {name}"))?.to_owned())
    }
}
