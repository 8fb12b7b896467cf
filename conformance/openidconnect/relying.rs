//! The issuer as its metadata describes it, and the clients that talk to it.

use std::error::Error;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use openidconnect::core::{CoreClient, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessToken, AuthUrl, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IntrospectionUrl, IssuerUrl, JsonWebKey, JsonWebKeySetUrl, OAuth2TokenResponse,
    RefreshToken, ResourceOwnerPassword, ResourceOwnerUsername, RevocationUrl, Scope,
    TokenIntrospectionResponse, TokenUrl, UserInfoUrl,
};
use serde_json::Value;

pub type Outcome = Result<(), Box<dyn Error>>;
/// A client with every endpoint that the metadata names.
pub type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointSet, EndpointSet, EndpointSet, EndpointSet>;

/// The issuer as its metadata describes it, and the way to it.
pub struct Relying {
    pub http: reqwest::Client,
    pub issuer: String,
    pub metadata: Value,
    pub keys: CoreJsonWebKeySet,
}

#[derive(Debug)]
pub struct HttpFailed(String);

impl std::fmt::Display for HttpFailed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Error for HttpFailed {}

pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

pub async fn send(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, HttpFailed> {
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

pub fn ensure(holds: bool, otherwise: &str) -> Outcome {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

impl Relying {
    pub async fn discover() -> Result<Self, Box<dyn Error>> {
        let issuer = variable("ISSUER");
        let authority = reqwest::Certificate::from_pem(&std::fs::read(variable("CA_FILE"))?)?;
        let http = reqwest::Client::builder()
            .tls_certs_only([authority])
            .timeout(Duration::from_secs(20))
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

    pub fn endpoint(&self, name: &str) -> Result<String, Box<dyn Error>> {
        Ok(self.metadata[name]
            .as_str()
            .ok_or_else(|| format!("no {name}"))?
            .to_owned())
    }

    pub fn client(&self, client_id: &str, secret: &str) -> Result<Client, Box<dyn Error>> {
        let secret = ClientSecret::new(secret.to_owned());
        Ok(self.public(client_id)?.set_client_secret(secret))
    }

    /// A client without a secret.
    pub fn public(&self, client_id: &str) -> Result<Client, Box<dyn Error>> {
        let client = CoreClient::new(
            ClientId::new(client_id.to_owned()),
            IssuerUrl::new(self.issuer.clone())?,
            self.keys.clone(),
        );
        Ok(client
            .set_auth_uri(AuthUrl::new(self.endpoint("authorization_endpoint")?)?)
            .set_introspection_url(IntrospectionUrl::new(
                self.endpoint("introspection_endpoint")?,
            )?)
            .set_revocation_url(RevocationUrl::new(self.endpoint("revocation_endpoint")?)?)
            .set_token_uri(TokenUrl::new(self.endpoint("token_endpoint")?)?)
            .set_user_info_url(UserInfoUrl::new(self.endpoint("userinfo_endpoint")?)?))
    }

    pub fn known(&self, client_id: &str) -> Result<Client, Box<dyn Error>> {
        self.client(client_id, &variable("CONFORMANCE_SECRET"))
    }

    pub async fn own_token(&self, client_id: &str) -> Result<AccessToken, Box<dyn Error>> {
        let fetch = |request| send(self.http.clone(), request);
        let token = self
            .known(client_id)?
            .exchange_client_credentials()
            .request_async(&fetch)
            .await?;
        Ok(token.access_token().clone())
    }

    pub async fn sign_in(
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

    pub async fn is_active(
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
    pub fn verify(
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
