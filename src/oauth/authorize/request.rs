//! The checks of an authorization request: RFC 6749 section 4.1.1, OIDC Core section 3.1.2.2.
//!
//! The client and its address come first: until both are known, what is wrong is said on a page.

use std::sync::Arc;

use super::channel::{Channel, ResponseMode};
use super::error::{AuthorizeError, AuthorizeErrorKind};
use data_encoding::BASE64URL_NOPAD;
use serde_json::json;

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::context::Ctx;
use crate::directory::KnownClient;
use crate::login::page_error::PageError;
use crate::model::claims_request::ClaimsRequest;
use crate::model::client_metadata::{ClientMetadata, GrantType, ResponseType};
use crate::model::resource::Catalog;
use crate::model::scope::Scope;
use crate::oauth::scope_policy;
use crate::oidc::{acr, hint};
use crate::web::params::Params;

/// A client, and the way back to it.
pub struct Addressed {
    pub client: Arc<KnownClient>,
    pub channel: Channel,
}

/// A request that passed every check. Only [`check`] makes it.
pub struct AuthorizationRequest {
    pub client: Arc<KnownClient>,
    pub channel: Channel,
    pub catalog: Arc<Catalog>,
    pub scope: Scope,
    /// Audiences asked for (RFC 8707).
    pub audience: Vec<String>,
    pub code_challenge: Option<String>,
    pub nonce: Option<String>,
    prompt: Vec<Prompt>,
    /// Seconds.
    pub max_age: Option<i64>,
    pub login_hint: Option<String>,
    /// The person the answer must be about.
    pub expected_sub: Option<String>,
    pub claims: ClaimsRequest,
    _checked: Checked,
}

/// What the client wants asked, or not (OIDC Core section 3.1.2.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Prompt {
    None,
    Login,
    Consent,
    SelectAccount,
}

impl Prompt {
    pub const ALL: [Self; 4] = [Self::None, Self::Login, Self::Consent, Self::SelectAccount];

    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }
}

/// Keeps others from making a request that was not checked.
struct Checked;

impl AuthorizationRequest {
    pub fn wants(&self, prompt: Prompt) -> bool {
        self.prompt.contains(&prompt)
    }

    pub fn metadata(&self) -> &ClientMetadata {
        &self.client.client.metadata
    }

    /// Whether nothing less than two factors will do (OIDC Core section 5.5.1.1): an essential `acr`
    /// that a password does not reach.
    pub fn demands_two_factors(&self) -> bool {
        let asked = self.claims.acr().filter(|asked| asked.essential);
        asked.is_some_and(|asked| !asked.accepts(&json!(acr::ONE_FACTOR)))
    }
}

/// Finds the client and verifies the address to answer at. Nothing is guessed: even a single
/// registered address has to be named.
pub async fn address(app: &App, ctx: &Ctx, params: &Params) -> Result<Addressed, PageError> {
    let client_id = params.get("client_id").ok_or(PageError::request(
        "The application did not say which one it is (client_id).",
    ))?;
    let client = app.directory.client(&ctx.tenant, client_id).await?;
    if let Some(known) = &client {
        ctx.notes.client(known);
    }
    let client = client
        .filter(|known| {
            known.client.enabled && known.client.metadata.allows(GrantType::AuthorizationCode)
        })
        .ok_or(PageError::request(
            "No application that people can sign in to is registered under this client_id.",
        ))?;
    let presented = params.get("redirect_uri").ok_or(PageError::request(
        "The application did not say where to return to (redirect_uri).",
    ))?;
    let redirect = client.client.metadata.redirect(presented).ok_or_else(|| {
        app.refusals.count(ctx, "redirect.foreign", client_id);
        PageError::request(
            "The address to return to (redirect_uri) is not one the application has registered.",
        )
    })?;
    // An unknown mode is complained of in the default one.
    let mode = params
        .get("response_mode")
        .map(str::to_owned)
        .or_else(|| mode_in_request_object(params))
        .and_then(|mode| ResponseMode::parse(&mode))
        .unwrap_or_else(|| default_mode(params));
    Ok(Addressed {
        client,
        channel: Channel {
            redirect,
            mode,
            state: params.get("state").map(str::to_owned),
        },
    })
}

/// Request objects are refused, in the mode that they ask for: it is where the client listens. To the
/// verified address any mode may go, so nothing has to be believed.
fn mode_in_request_object(params: &Params) -> Option<String> {
    let payload = params.get("request")?.split('.').nth(1)?;
    let payload = BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&payload).ok()?;
    Some(claims.get("response_mode")?.as_str()?.to_owned())
}

/// The types that would bring tokens are answered, if only with an error, where tokens would be.
fn default_mode(params: &Params) -> ResponseMode {
    let brings_tokens = params.get("response_type").is_some_and(|types| {
        types
            .split(' ')
            .any(|word| matches!(word, "token" | "id_token"))
    });
    if brings_tokens {
        ResponseMode::Fragment
    } else {
        ResponseMode::Query
    }
}

/// Everything that can be said before anybody signs in.
pub async fn check(
    app: &App,
    ctx: &Ctx,
    addressed: Addressed,
    params: &Params,
) -> Result<AuthorizationRequest, (Channel, AuthorizeError)> {
    let channel = addressed.channel.clone();
    check_all(app, ctx, addressed, params)
        .await
        .map_err(|error| (channel, error))
}

async fn check_all(
    app: &App,
    ctx: &Ctx,
    Addressed { client, channel }: Addressed,
    params: &Params,
) -> Result<AuthorizationRequest, AuthorizeError> {
    let metadata = &client.client.metadata;
    refuse_unsupported(params)?;
    response_type(params, metadata)?;
    let code_challenge = code_challenge(params, metadata)?;
    let prompt = prompt(params)?;
    let max_age = max_age(params)?.or(metadata.default_max_age);
    let claims = match params.get("claims") {
        Some(claims) => ClaimsRequest::parse(claims)
            .map_err(|_| AuthorizeError::invalid_request("claims is not a claims request"))?,
        None => ClaimsRequest::default(),
    };
    attainable(&claims)?;
    let catalog = app.directory.catalog(&ctx.tenant).await?;
    let asked = scope_policy::requested(params)?;
    let scope = scope_policy::for_authorization(asked, metadata, &catalog)?;
    let target = scope_policy::target(params, scope, &catalog)?;
    let hinted = match params.get("id_token_hint") {
        Some(hint) => Some(
            hint::read(app, ctx, hint)
                .await?
                .ok_or(AuthorizeError::invalid_request(
                    "id_token_hint is not an ID token of this issuer",
                ))?
                .sub,
        ),
        None => None,
    };
    let demanded = claims.demanded_sub().map(str::to_owned);
    if hinted.is_some() && demanded.is_some() && hinted != demanded {
        return Err(AuthorizeError::invalid_request(
            "id_token_hint and claims speak of two people",
        ));
    }
    Ok(AuthorizationRequest {
        channel,
        catalog,
        scope: target.scope,
        audience: target.audience,
        code_challenge,
        nonce: params.get("nonce").map(str::to_owned),
        prompt,
        max_age,
        login_hint: params.get("login_hint").map(str::to_owned),
        expected_sub: hinted.or(demanded),
        claims,
        client,
        _checked: Checked,
    })
}

/// OIDC Core section 6: silence would be taken for agreement.
fn refuse_unsupported(params: &Params) -> Result<(), AuthorizeError> {
    let unsupported = [
        ("request", AuthorizeErrorKind::RequestNotSupported),
        ("request_uri", AuthorizeErrorKind::RequestUriNotSupported),
        ("registration", AuthorizeErrorKind::RegistrationNotSupported),
    ];
    match unsupported
        .iter()
        .find(|(name, _)| params.get(name).is_some())
    {
        Some((_, kind)) => Err((*kind).into()),
        None => Ok(()),
    }
}

fn response_type(params: &Params, metadata: &ClientMetadata) -> Result<(), AuthorizeError> {
    match params.get("response_type") {
        None => {
            return Err(AuthorizeError::invalid_request("response_type is missing"));
        }
        Some("code") => {}
        Some(_) => return Err(AuthorizeErrorKind::UnsupportedResponseType.into()),
    }
    if !metadata.response_types.contains(&ResponseType::Code) {
        return Err(AuthorizeErrorKind::UnauthorizedClient.into());
    }
    match params.get("response_mode") {
        Some(mode) if ResponseMode::parse(mode).is_none() => Err(AuthorizeError::invalid_request(
            "this response_mode is not supported",
        )),
        _ => Ok(()),
    }
}

/// RFC 7636 section 4.3: S256 and nothing weaker.
fn code_challenge(
    params: &Params,
    metadata: &ClientMetadata,
) -> Result<Option<String>, AuthorizeError> {
    let named = params.has("code_challenge") || params.has("code_challenge_method");
    let Some(challenge) = params.get("code_challenge") else {
        return if named || metadata.is_public() || metadata.require_pkce {
            Err(AuthorizeError::invalid_request("code_challenge is missing"))
        } else {
            Ok(None)
        };
    };
    if params.get("code_challenge_method") != Some("S256") {
        return Err(AuthorizeError::invalid_request(
            "code_challenge_method must be S256",
        ));
    }
    let is_digest = challenge.len() == 43
        && challenge
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_digest {
        Ok(Some(challenge.to_owned()))
    } else {
        Err(AuthorizeError::invalid_request(
            "code_challenge is not a base64url SHA-256 digest",
        ))
    }
}

fn prompt(params: &Params) -> Result<Vec<Prompt>, AuthorizeError> {
    let named = params.get("prompt").unwrap_or_default().split(' ');
    let mut wanted = Vec::new();
    for word in named.filter(|word| !word.is_empty()) {
        let prompt = Prompt::ALL.into_iter().find(|prompt| prompt.name() == word);
        let prompt = prompt.ok_or(AuthorizeError::invalid_request(
            "this prompt is not supported",
        ))?;
        if !wanted.contains(&prompt) {
            wanted.push(prompt);
        }
    }
    if wanted.contains(&Prompt::None) && wanted.len() > 1 {
        return Err(AuthorizeError::invalid_request(
            "prompt none goes with no other",
        ));
    }
    Ok(wanted)
}

fn max_age(params: &Params) -> Result<Option<i64>, AuthorizeError> {
    params
        .get("max_age")
        .map(|text| {
            let digits = text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit());
            let seconds = text.parse().ok().filter(|_| digits);
            seconds.ok_or(AuthorizeError::invalid_request(
                "max_age is not a number of seconds",
            ))
        })
        .transpose()
}

/// An essential `acr` nobody here can reach fails before anybody tries (section 5.5.1.1).
fn attainable(claims: &ClaimsRequest) -> Result<(), AuthorizeError> {
    let Some(asked) = claims.acr().filter(|asked| asked.essential) else {
        return Ok(());
    };
    let reachable = acr::SUPPORTED
        .iter()
        .any(|class| asked.accepts(&json!(class)));
    if reachable {
        Ok(())
    } else {
        Err(AuthorizeErrorKind::UnmetAuthenticationRequirements.into())
    }
}

/// Whether a sign-in is younger than the request allows.
pub fn is_young_enough(
    request: &AuthorizationRequest,
    auth_time: Timestamp,
    now: Timestamp,
) -> bool {
    request
        .max_age
        .is_none_or(|seconds| auth_time.plus_seconds(seconds) >= now)
}
