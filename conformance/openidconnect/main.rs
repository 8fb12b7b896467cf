//! Drives the issuer with the crate `openidconnect` over https and prints `N passed, N failed`.
//!
//! Environment: `ISSUER`, `CA_FILE` (PEM), `CONFORMANCE_SECRET`, `CONFORMANCE_OTHER_SECRET`,
//! `CONFORMANCE_PASSWORD`.

use std::error::Error;

use data_encoding::BASE64URL_NOPAD;
use openidconnect::core::{
    CoreClient, CoreErrorResponseType, CoreJsonWebKeySet, CoreJwsSigningAlgorithm,
    CoreRequestTokenError, CoreRevocableToken, CoreTokenType, CoreUserInfoClaims,
};
use openidconnect::{
    AccessToken, AuthType, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IntrospectionUrl, IssuerUrl, JsonWebKey, JsonWebKeySetUrl, OAuth2TokenResponse,
    RefreshToken, RequestTokenError, ResourceOwnerPassword, ResourceOwnerUsername, RevocationUrl,
    Scope, TokenIntrospectionResponse, TokenUrl, UserInfoUrl,
};
use serde_json::Value;

type Outcome = Result<(), Box<dyn Error>>;
type Client =
    CoreClient<EndpointNotSet, EndpointNotSet, EndpointSet, EndpointSet, EndpointSet, EndpointSet>;

/// The issuer as its metadata describes it, and the way to it.
struct Relying {
    http: reqwest::Client,
    issuer: String,
    metadata: Value,
    keys: CoreJsonWebKeySet,
}

#[derive(Debug)]
struct HttpFailed(String);

impl std::fmt::Display for HttpFailed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Error for HttpFailed {}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

async fn send(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, HttpFailed> {
    let failed = |error: reqwest::Error| HttpFailed(error.to_string());
    let (parts, body) = request.into_parts();
    let request = http
        .request(parts.method, parts.uri.to_string())
        .headers(parts.headers)
        .body(body);
    let response = request.send().await.map_err(failed)?;
    let mut answer = HttpResponse::default();
    *answer.status_mut() = response.status();
    *answer.headers_mut() = response.headers().clone();
    *answer.body_mut() = response.bytes().await.map_err(failed)?.to_vec();
    Ok(answer)
}

fn ensure(holds: bool, otherwise: &str) -> Outcome {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

impl Relying {
    async fn discover() -> Result<Self, Box<dyn Error>> {
        let issuer = variable("ISSUER");
        let authority = reqwest::Certificate::from_pem(&std::fs::read(variable("CA_FILE"))?)?;
        let http = reqwest::Client::builder()
            .tls_certs_only([authority])
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        let address = format!("{issuer}/.well-known/openid-configuration");
        let metadata: Value = http
            .get(address)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        let key_address = metadata["jwks_uri"].as_str().ok_or("no jwks_uri")?;
        let fetch = |request| send(http.clone(), request);
        let keys =
            CoreJsonWebKeySet::fetch_async(&JsonWebKeySetUrl::new(key_address.to_owned())?, &fetch)
                .await?;
        Ok(Self {
            http,
            issuer,
            metadata,
            keys,
        })
    }

    fn endpoint(&self, name: &str) -> Result<String, Box<dyn Error>> {
        Ok(self.metadata[name]
            .as_str()
            .ok_or_else(|| format!("no {name}"))?
            .to_owned())
    }

    fn client(&self, client_id: &str, secret: &str) -> Result<Client, Box<dyn Error>> {
        let client = CoreClient::new(
            ClientId::new(client_id.to_owned()),
            IssuerUrl::new(self.issuer.clone())?,
            self.keys.clone(),
        );
        Ok(client
            .set_client_secret(ClientSecret::new(secret.to_owned()))
            .set_introspection_url(IntrospectionUrl::new(
                self.endpoint("introspection_endpoint")?,
            )?)
            .set_revocation_url(RevocationUrl::new(self.endpoint("revocation_endpoint")?)?)
            .set_token_uri(TokenUrl::new(self.endpoint("token_endpoint")?)?)
            .set_user_info_url(UserInfoUrl::new(self.endpoint("userinfo_endpoint")?)?))
    }

    fn known(&self, client_id: &str) -> Result<Client, Box<dyn Error>> {
        self.client(client_id, &variable("CONFORMANCE_SECRET"))
    }

    async fn own_token(&self, client_id: &str) -> Result<AccessToken, Box<dyn Error>> {
        let fetch = |request| send(self.http.clone(), request);
        let token = self
            .known(client_id)?
            .exchange_client_credentials()
            .request_async(&fetch)
            .await?;
        Ok(token.access_token().clone())
    }

    async fn sign_in(
        &self,
        scopes: &[&str],
    ) -> Result<(AccessToken, Option<RefreshToken>), Box<dyn Error>> {
        let fetch = |request| send(self.http.clone(), request);
        let (name, password) = (
            ResourceOwnerUsername::new("ada".to_owned()),
            ResourceOwnerPassword::new(variable("CONFORMANCE_PASSWORD")),
        );
        let client = self.known("everything")?;
        let request = client
            .exchange_password(&name, &password)
            .add_scopes(scopes.iter().map(|scope| Scope::new((*scope).to_owned())));
        let token = request.request_async(&fetch).await?;
        Ok((token.access_token().clone(), token.refresh_token().cloned()))
    }

    async fn is_active(
        &self,
        client_id: &str,
        token: &AccessToken,
    ) -> Result<bool, Box<dyn Error>> {
        let fetch = |request| send(self.http.clone(), request);
        Ok(self
            .known(client_id)?
            .introspect(token)
            .request_async(&fetch)
            .await?
            .active())
    }

    /// Checks a signed token with the crate's own verification against the published keys.
    fn verify(
        &self,
        token: &AccessToken,
        name: &str,
        algorithm: &CoreJwsSigningAlgorithm,
    ) -> Outcome {
        let (message, signature) = token.secret().rsplit_once('.').ok_or("no JWS")?;
        let (header, _) = message.split_once('.').ok_or("no JWS")?;
        let header: Value = serde_json::from_slice(&BASE64URL_NOPAD.decode(header.as_bytes())?)?;
        ensure(header["alg"] == name, "another algorithm")?;
        ensure(header["typ"] == "at+jwt", "another type")?;
        let kid = header["kid"].as_str().ok_or("no kid")?;
        let key = self
            .keys
            .keys()
            .iter()
            .find(|key| key.key_id().is_some_and(|id| id.as_str() == kid));
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes())?;
        key.ok_or("the key is not published")?.verify_signature(
            algorithm,
            message.as_bytes(),
            &signature,
        )?;
        Ok(())
    }
}

async fn metadata_agrees(relying: &Relying) -> Outcome {
    ensure(
        relying.metadata["issuer"] == relying.issuer.as_str(),
        "the issuer differs",
    )?;
    let address = format!("{}/.well-known/oauth-authorization-server", relying.issuer);
    let other: Value = relying.http.get(address).send().await?.json().await?;
    ensure(
        other == relying.metadata,
        "RFC 8414 and OpenID metadata differ",
    )
}

async fn client_credentials(relying: &Relying) -> Outcome {
    let fetch = |request| send(relying.http.clone(), request);
    let token = relying
        .known("everything")?
        .exchange_client_credentials()
        .add_scope(Scope::new("sip.register".to_owned()))
        .request_async(&fetch)
        .await?;
    ensure(
        *token.token_type() == CoreTokenType::Bearer,
        "not a bearer token",
    )?;
    ensure(
        token.expires_in().is_some_and(|life| life.as_secs() == 900),
        "another lifetime",
    )?;
    ensure(
        token.refresh_token().is_none(),
        "a refresh token nobody asked for",
    )?;
    let scopes = token.scopes().ok_or("no scope")?;
    ensure(
        scopes.len() == 1 && scopes[0].as_str() == "sip.register",
        "another scope",
    )
}

async fn secret_in_the_body(relying: &Relying) -> Outcome {
    let fetch = |request| send(relying.http.clone(), request);
    let client = relying
        .known("posting")?
        .set_auth_type(AuthType::RequestBody);
    client
        .exchange_client_credentials()
        .request_async(&fetch)
        .await?;
    Ok(())
}

async fn signatures(relying: &Relying) -> Outcome {
    for (client_id, name, algorithm) in [
        (
            "posting",
            "RS256",
            CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        ),
        (
            "signs-ps256",
            "PS256",
            CoreJwsSigningAlgorithm::RsaSsaPssSha256,
        ),
        (
            "signs-es256",
            "ES256",
            CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        ),
        ("signs-eddsa", "EdDSA", CoreJwsSigningAlgorithm::EdDsa),
    ] {
        let token = relying.own_token(client_id).await?;
        relying
            .verify(&token, name, &algorithm)
            .map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

async fn wrong_secret(relying: &Relying) -> Outcome {
    let fetch = |request| send(relying.http.clone(), request);
    let client = relying.client("everything", "this-is-not-the-secret-of-that-client")?;
    match client
        .exchange_client_credentials()
        .request_async(&fetch)
        .await
    {
        Err(RequestTokenError::ServerResponse(error)) => ensure(
            *error.error() == CoreErrorResponseType::InvalidClient,
            "another error",
        ),
        other => Err(format!("not refused: {:?}", other.map(|_| ())).into()),
    }
}

async fn wrong_scope(relying: &Relying) -> Outcome {
    let fetch = |request| send(relying.http.clone(), request);
    let client = relying.known("posting")?;
    let request = client
        .exchange_client_credentials()
        .add_scope(Scope::new("sip.call".to_owned()));
    match request.request_async(&fetch).await {
        Err(CoreRequestTokenError::ServerResponse(error)) => ensure(
            *error.error() == CoreErrorResponseType::InvalidScope,
            "another error",
        ),
        other => Err(format!("not refused: {:?}", other.map(|_| ())).into()),
    }
}

async fn introspection(relying: &Relying) -> Outcome {
    let fetch = |request| send(relying.http.clone(), request);
    let (token, _) = relying.sign_in(&["openid", "sip.register"]).await?;
    let client = relying.known("everything")?;
    let seen = client.introspect(&token).request_async(&fetch).await?;
    ensure(seen.active(), "not active")?;
    ensure(seen.username() == Some("ada"), "another username")?;
    ensure(
        seen.client_id()
            .is_some_and(|client_id| client_id.as_str() == "everything"),
        "another client",
    )?;
    ensure(
        seen.iss() == Some(relying.issuer.as_str()),
        "another issuer",
    )?;
    ensure(
        seen.aud()
            .is_some_and(|aud| aud.contains(&"rvoip-sip".to_owned())),
        "another audience",
    )?;
    let stranger = relying.client("stranger", &variable("CONFORMANCE_OTHER_SECRET"))?;
    let seen = stranger.introspect(&token).request_async(&fetch).await?;
    ensure(
        !seen.active() && seen.username().is_none(),
        "shown to a stranger",
    )
}

async fn userinfo(relying: &Relying) -> Outcome {
    let fetch = |request| send(relying.http.clone(), request);
    let (token, _) = relying.sign_in(&["openid", "profile", "email"]).await?;
    let claims: CoreUserInfoClaims = relying
        .known("everything")?
        .user_info(token, None)
        .request_async(&fetch)
        .await?;
    ensure(
        claims
            .email()
            .is_some_and(|email| email.as_str() == "ada@example.test"),
        "another address",
    )?;
    ensure(claims.email_verified() == Some(true), "not verified")?;
    ensure(
        claims
            .preferred_username()
            .is_some_and(|name| name.as_str() == "ada"),
        "another name",
    )
}

async fn refresh(relying: &Relying) -> Outcome {
    let fetch = |request| send(relying.http.clone(), request);
    let (first, old) = relying.sign_in(&["openid", "offline_access"]).await?;
    let old = old.ok_or("no refresh token")?;
    let client = relying.known("everything")?;
    let second = client
        .exchange_refresh_token(&old)
        .request_async(&fetch)
        .await?;
    let new = second.refresh_token().ok_or("no successor")?;
    ensure(new.secret() != old.secret(), "not rotated")?;
    // A retry within the window: the same successor again, and nobody is logged out.
    let again = client
        .exchange_refresh_token(&old)
        .request_async(&fetch)
        .await?;
    ensure(
        again.refresh_token().map(RefreshToken::secret) == Some(new.secret()),
        "another successor",
    )?;
    let third = client
        .exchange_refresh_token(new)
        .request_async(&fetch)
        .await?;
    ensure(
        relying
            .is_active("everything", third.access_token())
            .await?,
        "the newest is dead",
    )?;
    // The first one again, after its successor was used: a replay. The family dies.
    ensure(
        client
            .exchange_refresh_token(&old)
            .request_async(&fetch)
            .await
            .is_err(),
        "a replay was accepted",
    )?;
    for token in [&first, second.access_token(), third.access_token()] {
        ensure(
            !relying.is_active("everything", token).await?,
            "a token outlived its family",
        )?;
    }
    Ok(())
}

async fn revocation(relying: &Relying) -> Outcome {
    let fetch = |request| send(relying.http.clone(), request);
    let client = relying.known("everything")?;
    let (access, refresh) = relying.sign_in(&["openid", "offline_access"]).await?;
    let (kept, _) = relying.sign_in(&["openid"]).await?;
    client
        .revoke_token(CoreRevocableToken::from(access.clone()))?
        .request_async(&fetch)
        .await?;
    ensure(
        !relying.is_active("everything", &access).await?,
        "revoked and active",
    )?;
    ensure(
        relying.is_active("everything", &kept).await?,
        "another token died too",
    )?;
    let refresh = refresh.ok_or("no refresh token")?;
    client
        .revoke_token(CoreRevocableToken::from(refresh.clone()))?
        .request_async(&fetch)
        .await?;
    ensure(
        client
            .exchange_refresh_token(&refresh)
            .request_async(&fetch)
            .await
            .is_err(),
        "revoked and usable",
    )
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let provider = rustls::crypto::ring::default_provider();
    provider
        .install_default()
        .expect("no other provider is installed");
    let (mut passed, mut failed) = (0, 0);
    let mut count = |name: &str, outcome: Outcome| match outcome {
        Ok(()) => {
            passed += 1;
            println!("ok   openidconnect: {name}");
        }
        Err(error) => {
            failed += 1;
            println!("FAIL openidconnect: {name}: {error}");
        }
    };
    match Relying::discover().await {
        Err(error) => count("discovery and keys", Err(error)),
        Ok(relying) => {
            count("discovery and keys", Ok(()));
            count(
                "RFC 8414 metadata is the same",
                metadata_agrees(&relying).await,
            );
            count("client credentials", client_credentials(&relying).await);
            count("client_secret_post", secret_in_the_body(&relying).await);
            count(
                "RS256, PS256, ES256 and EdDSA verify",
                signatures(&relying).await,
            );
            count(
                "a wrong secret is invalid_client",
                wrong_secret(&relying).await,
            );
            count(
                "another's scope is invalid_scope",
                wrong_scope(&relying).await,
            );
            count("introspection", introspection(&relying).await);
            count("userinfo", userinfo(&relying).await);
            count("refresh, retry, replay", refresh(&relying).await);
            count("revocation", revocation(&relying).await);
        }
    }
    println!("{passed} passed, {failed} failed");
    std::process::exit(i32::from(failed > 0));
}
