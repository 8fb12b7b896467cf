//! From the code to what the application is told: OIDC Core sections 3.1.3, 3.1.3.7 and 5.3, judged
//! by the crate `openidconnect`.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use openidconnect::core::{CoreClient, CoreIdToken, CoreProviderMetadata, CoreTokenResponse};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, HttpRequest,
    IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeVerifier, RedirectUrl, TokenResponse as _,
};
use serde_json::{Map, Value};

use super::attempt::Attempt;
use super::sessions::Told;
use super::{CLIENT, RelyingParty};

/// Where it went wrong, in words for the page, and the cause for the log.
pub(super) struct Failed {
    pub(super) text: &'static str,
    pub(super) cause: String,
}

/// Names the step that failed.
fn at<E: ToString>(text: &'static str) -> impl FnOnce(E) -> Failed {
    move |error| Failed {
        text,
        cause: error.to_string(),
    }
}

const ADDRESS: &str = "An address is malformed.";
const DISCOVERY: &str = "The issuer’s description of itself could not be read.";
const EXCHANGE: &str = "The issuer gave no tokens for the code.";
const NO_ID_TOKEN: &str = "The issuer gave no ID token.";
const ID_TOKEN: &str = "The ID token did not stand the test.";
const USERINFO: &str = "The issuer did not say who you are.";

impl RelyingParty {
    /// Redeems `code` and checks all that comes of it.
    pub(super) async fn redeem(&self, code: &str, attempt: Attempt) -> Result<Told, Failed> {
        let ask = |request: HttpRequest| Arc::clone(&self.issuer).ask(request);
        let issuer = IssuerUrl::new(self.issuer.address().to_owned()).map_err(at(ADDRESS))?;
        let redirect = RedirectUrl::new(self.redirect_uri.clone()).map_err(at(ADDRESS))?;
        // Each time anew: so do the keys it brings.
        let metadata = CoreProviderMetadata::discover_async(issuer, &ask);
        let metadata = metadata.await.map_err(at(DISCOVERY))?;
        let userinfo = metadata.userinfo_endpoint().map(ToString::to_string);
        let client = CoreClient::from_provider_metadata(
            metadata,
            ClientId::new(CLIENT.to_owned()),
            Some(ClientSecret::new(self.secret.expose().to_owned())),
        )
        .set_redirect_uri(redirect);
        let tokens: CoreTokenResponse = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(at(DISCOVERY))?
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier))
            .request_async(&ask)
            .await
            .map_err(at(EXCHANGE))?;
        let id_token = tokens.id_token().ok_or("none").map_err(at(NO_ID_TOKEN))?;
        let verifier = client.id_token_verifier();
        let claims = id_token.claims(&verifier, &Nonce::new(attempt.nonce));
        let claims = claims.map_err(at(ID_TOKEN))?;
        let hash = AccessTokenHash::from_token(
            tokens.access_token(),
            id_token.signing_alg().map_err(at(ID_TOKEN))?,
            id_token.signing_key(&verifier).map_err(at(ID_TOKEN))?,
        );
        if claims.access_token_hash() != Some(&hash.map_err(at(ID_TOKEN))?) {
            return Err(at(ID_TOKEN)("another access token's at_hash"));
        }
        let userinfo = self.userinfo(userinfo.as_deref(), tokens.access_token());
        let userinfo = userinfo.await?;
        if userinfo.get("sub").and_then(Value::as_str) != Some(claims.subject().as_str()) {
            return Err(at(USERINFO)("another sub than the ID token's"));
        }
        told(userinfo, id_token)
    }

    /// What userinfo says, whatever it is: the crate reads standard claims alone.
    async fn userinfo(
        &self,
        address: Option<&str>,
        token: &AccessToken,
    ) -> Result<Map<String, Value>, Failed> {
        let address = address.ok_or("no endpoint").map_err(at(USERINFO))?;
        let request = hyper::Request::get(address)
            .header("authorization", format!("Bearer {}", token.secret()))
            .body(Vec::new())
            .map_err(at(USERINFO))?;
        let answer = Arc::clone(&self.issuer)
            .ask(request)
            .await
            .map_err(at(USERINFO))?;
        if !answer.status().is_success() {
            return Err(at(USERINFO)(answer.status()));
        }
        serde_json::from_slice(answer.body()).map_err(at(USERINFO))
    }
}

fn told(claims: Map<String, Value>, id_token: &CoreIdToken) -> Result<Told, Failed> {
    let id_token = id_token.to_string();
    let mut parts = id_token.split('.').map(readable);
    let (header, payload) = (parts.next().flatten(), parts.next().flatten());
    let both = header.zip(payload).ok_or("not readable");
    let (header, payload) = both.map_err(at(ID_TOKEN))?;
    Ok(Told {
        claims,
        id_token,
        header,
        payload,
    })
}

/// A part of a token, as JSON for people.
fn readable(part: &str) -> Option<String> {
    let json = BASE64URL_NOPAD.decode(part.as_bytes()).ok()?;
    let value: Value = serde_json::from_slice(&json).ok()?;
    serde_json::to_string_pretty(&value).ok()
}
