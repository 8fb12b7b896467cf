//! The authorization code flow: people sign in at the provider's pages.

use std::error::Error;

use openidconnect::core::{
    CoreAuthenticationFlow, CoreIdTokenClaims, CoreTokenResponse, CoreUserInfoClaims,
};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, CsrfToken, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RefreshToken, Scope, TokenResponse,
};
use reqwest::Url;

use crate::agent::{Answer, Person};
use crate::relying::{Client, Outcome, Relying, ensure, send};

const REDIRECT: &str = "https://rp.example.test/callback";
const SIGNED_OUT: &str = "https://rp.example.test/signed-out";

/// One authorization: what is kept from the request to the exchange.
struct Flow<'a> {
    relying: &'a Relying,
    client: Client,
    url: Url,
    redirect: String,
    state: CsrfToken,
    nonce: Nonce,
    verifier: String,
}

impl<'a> Flow<'a> {
    fn new(
        relying: &'a Relying,
        scopes: &[&str],
        parameters: &[(&str, &str)],
    ) -> Result<Self, Box<dyn Error>> {
        Self::of(
            relying,
            relying.known("crate")?,
            REDIRECT,
            scopes,
            parameters,
        )
    }

    fn of(
        relying: &'a Relying,
        client: Client,
        redirect: &str,
        scopes: &[&str],
        parameters: &[(&str, &str)],
    ) -> Result<Self, Box<dyn Error>> {
        let client = client.set_redirect_uri(RedirectUrl::new(redirect.to_owned())?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(scopes.iter().map(|scope| Scope::new((*scope).to_owned())))
            .set_pkce_challenge(challenge);
        for (name, value) in parameters {
            request = request.add_extra_param(*name, *value);
        }
        let (url, state, nonce) = request.url();
        Ok(Self {
            relying,
            client,
            url: Url::parse(url.as_str())?,
            redirect: redirect.to_owned(),
            state,
            nonce,
            verifier: verifier.into_secret(),
        })
    }

    async fn answer(&self, person: &mut Person) -> Result<Answer, Box<dyn Error>> {
        let answer = person.walk(self.url.clone(), &self.redirect).await?;
        ensure(
            answer.get("state") == Some(self.state.secret()),
            "another state",
        )?;
        ensure(
            answer.get("iss") == Some(&self.relying.issuer),
            "another issuer",
        )?;
        Ok(answer)
    }

    async fn exchange(&self, answer: &Answer) -> Result<CoreTokenResponse, Box<dyn Error>> {
        let code = answer.get("code").ok_or("no code")?;
        let fetch = |request| send(self.relying.http.clone(), request);
        Ok(self
            .client
            .exchange_code(AuthorizationCode::new(code.clone()))
            .set_pkce_verifier(PkceCodeVerifier::new(self.verifier.clone()))
            .request_async(&fetch)
            .await?)
    }

    async fn sign_in(&self, person: &mut Person) -> Result<CoreTokenResponse, Box<dyn Error>> {
        let answer = self.answer(person).await?;
        self.exchange(&answer).await
    }

    fn claims<'t>(
        &self,
        tokens: &'t CoreTokenResponse,
    ) -> Result<&'t CoreIdTokenClaims, Box<dyn Error>> {
        let id_token = tokens.id_token().ok_or("no ID token")?;
        Ok(id_token.claims(&self.client.id_token_verifier(), &self.nonce)?)
    }
}

fn person(relying: &Relying, username: &'static str) -> Person {
    Person::new(relying.http.clone(), username)
}

pub async fn signs_in(relying: &Relying) -> Outcome {
    let mut ada = person(relying, "ada");
    let flow = Flow::new(relying, &["profile", "email"], &[])?;
    let tokens = flow.sign_in(&mut ada).await?;
    ensure(ada.pressed == ["sign-in", "allow"], "other pages")?;
    ensure(tokens.refresh_token().is_none(), "an unasked refresh token")?;
    let claims = flow.claims(&tokens)?;
    let id_token = tokens.id_token().ok_or("no ID token")?;
    let verifier = flow.client.id_token_verifier();
    let expected = AccessTokenHash::from_token(
        tokens.access_token(),
        id_token.signing_alg()?,
        id_token.signing_key(&verifier)?,
    )?;
    ensure(
        claims.access_token_hash() == Some(&expected),
        "another at_hash",
    )?;
    let fetch = |request| send(relying.http.clone(), request);
    let info: CoreUserInfoClaims = flow
        .client
        .user_info(
            tokens.access_token().clone(),
            Some(claims.subject().clone()),
        )
        .request_async(&fetch)
        .await?;
    ensure(
        info.preferred_username()
            .is_some_and(|name| name.as_str() == "ada"),
        "another name",
    )?;
    let again = Flow::new(relying, &["profile", "email"], &[])?;
    let second = again.sign_in(&mut ada).await?;
    ensure(ada.pressed.is_empty(), "asked a second time")?;
    ensure(
        again.claims(&second)?.subject() == claims.subject(),
        "another subject",
    )
}

pub async fn wrong_id_token(relying: &Relying) -> Outcome {
    let flow = Flow::new(relying, &[], &[])?;
    let tokens = flow.sign_in(&mut person(relying, "ada")).await?;
    let id_token = tokens.id_token().ok_or("no ID token")?;
    let verifier = flow.client.id_token_verifier();
    ensure(
        id_token.claims(&verifier, &Nonce::new_random()).is_err(),
        "another nonce passed",
    )?;
    let other = relying.known("web")?;
    ensure(
        id_token
            .claims(&other.id_token_verifier(), &flow.nonce)
            .is_err(),
        "another client passed",
    )
}

pub async fn form_post(relying: &Relying) -> Outcome {
    let mut ada = person(relying, "ada");
    let flow = Flow::new(relying, &[], &[("response_mode", "form_post")])?;
    let tokens = flow.sign_in(&mut ada).await?;
    ensure(ada.pressed.last() == Some(&"continue"), "not by a form")?;
    flow.claims(&tokens).map(|_| ())
}

pub async fn desktop(relying: &Relying) -> Outcome {
    let mut ada = person(relying, "ada");
    for port in [49_152, 65_000] {
        let redirect = format!("http://127.0.0.1:{port}/callback");
        let flow = Flow::of(relying, relying.public("desktop")?, &redirect, &[], &[])?;
        let tokens = flow.sign_in(&mut ada).await?;
        flow.claims(&tokens)?;
    }
    Ok(())
}

pub async fn offline(relying: &Relying) -> Outcome {
    let flow = Flow::new(relying, &["offline_access"], &[("prompt", "consent")])?;
    let tokens = flow.sign_in(&mut person(relying, "ada")).await?;
    let old = tokens.refresh_token().ok_or("no refresh token")?;
    let fetch = |request| send(relying.http.clone(), request);
    let next = flow
        .client
        .exchange_refresh_token(old)
        .request_async(&fetch)
        .await?;
    ensure(
        next.refresh_token().map(RefreshToken::secret) != Some(old.secret()),
        "not rotated",
    )
}

pub async fn wrong_code(relying: &Relying) -> Outcome {
    let mut ada = person(relying, "ada");
    let mut flow = Flow::new(relying, &[], &[])?;
    let answer = flow.answer(&mut ada).await?;
    let (_, other) = PkceCodeChallenge::new_random_sha256();
    flow.verifier = other.into_secret();
    ensure(
        flow.exchange(&answer).await.is_err(),
        "another verifier passed",
    )?;
    let flow = Flow::new(relying, &[], &[])?;
    let answer = flow.answer(&mut ada).await?;
    let tokens = flow.exchange(&answer).await?;
    ensure(flow.exchange(&answer).await.is_err(), "a code passed twice")?;
    ensure(
        !relying.is_active("crate", tokens.access_token()).await?,
        "the token of a replayed code lives",
    )
}

pub async fn refusals(relying: &Relying) -> Outcome {
    let mut bea = person(relying, "bea");
    bea.decision = "deny";
    let denied = Flow::new(relying, &[], &[("prompt", "consent")])?;
    let answer = denied.answer(&mut bea).await?;
    ensure(
        answer.get("error").is_some_and(|e| e == "access_denied"),
        "not access_denied",
    )?;
    let nobody = Flow::new(relying, &[], &[("prompt", "none")])?;
    let answer = nobody.answer(&mut person(relying, "ada")).await?;
    ensure(
        answer.get("error").is_some_and(|e| e == "login_required"),
        "not login_required",
    )
}

pub async fn logout(relying: &Relying) -> Outcome {
    let mut ada = person(relying, "ada");
    let flow = Flow::new(relying, &[], &[])?;
    let tokens = flow.sign_in(&mut ada).await?;
    let hint = tokens.id_token().ok_or("no ID token")?.to_string();
    let url = Url::parse_with_params(
        &relying.endpoint("end_session_endpoint")?,
        [
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", SIGNED_OUT),
            ("state", "back"),
        ],
    )?;
    let answer = ada.walk(url, SIGNED_OUT).await?;
    ensure(answer.get("state").is_some_and(|s| s == "back"), "no state")?;
    let silent = Flow::new(relying, &[], &[("prompt", "none")])?;
    let answer = silent.answer(&mut ada).await?;
    ensure(
        answer.get("error").is_some_and(|e| e == "login_required"),
        "still signed in",
    )?;
    ensure(
        !relying.is_active("crate", tokens.access_token()).await?,
        "the token lives",
    )
}
