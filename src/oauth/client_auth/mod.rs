//! Client authentication (RFC 6749 section 2.3, RFC 7523 section 3): who is asking.

mod api_key;
mod assertion;
mod secret;

use std::sync::Arc;

use axum::http::HeaderMap;

use super::error::{ErrorKind, OAuthError};
use crate::admin::clients;
use crate::app::App;
use crate::base::id::is_uuid;
use crate::context::Ctx;
use crate::directory::KnownClient;
use crate::login::api_key::KeyHolder;
use crate::model::client::Client;
use crate::model::client_metadata::{ClientMetadata, is_valid_client_id};
use crate::model::door::Door;
use crate::web::authorization::{Authorization, authorization};
use crate::web::params::Params;

/// A client that proved itself, a public one that named itself, or one of our own doors. Only
/// [`authenticate`], [`of_door`] and [`of_api_key`] make it.
#[derive(Clone)]
pub struct AuthenticatedClient {
    known: Arc<KnownClient>,
    /// The API key that stands for it, where it is no registered client.
    key: Option<Arc<KeyHolder>>,
}

impl AuthenticatedClient {
    pub fn client(&self) -> &Client {
        &self.known.client
    }

    pub fn client_id(&self) -> &str {
        &self.known.client.client_id
    }

    /// The API key, if the client is one.
    pub fn api_key(&self) -> Option<&KeyHolder> {
        self.key.as_deref()
    }

    /// The door it stands for, if it is one of our own.
    pub fn door(&self) -> Option<Door> {
        Door::of_client(self.client_id())
    }

    /// Whether it proved itself with a secret or a key.
    pub fn is_confidential(&self) -> bool {
        !self.known.client.metadata.is_public()
    }
}

/// What a request offers as proof. At most one (RFC 6749 section 2.3).
enum Proof<'a> {
    None,
    Secret(&'a str),
    Assertion(&'a str),
}

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Authenticates the client of a request.
///
/// # Errors
/// `invalid_request` when two methods are used at once or the ids disagree; `invalid_client` for
/// everything that is wrong with the client or its proof, always in the same words.
pub async fn authenticate(
    app: &App,
    ctx: &Ctx,
    headers: &HeaderMap,
    params: &Params,
) -> Result<AuthenticatedClient, OAuthError> {
    let header = authorization(headers);
    let assertion = params.get("client_assertion");
    if assertion.is_some() != params.get("client_assertion_type").is_some() {
        return Err(OAuthError::invalid_request(
            "client_assertion and client_assertion_type go together",
        ));
    }
    let (basic, mut client_id) = match &header {
        Authorization::Basic(credentials) => {
            (Some(credentials), Some(credentials.client_id.clone()))
        }
        Authorization::Absent => (None, params.get("client_id").map(str::to_owned)),
        Authorization::Unusable { basic: true } => {
            return Err(refused("the Basic credentials cannot be read"));
        }
        Authorization::Bearer(_) | Authorization::Unusable { .. } => {
            return Err(refused(
                "the Authorization header is no client authentication",
            ));
        }
    };
    let offered = [
        basic.is_some(),
        params.get("client_secret").is_some(),
        assertion.is_some(),
    ];
    if offered.into_iter().filter(|offered| *offered).count() > 1 {
        return Err(two_ways());
    }
    if let (Some(_), Some(named)) = (basic, params.get("client_id"))
        && Some(named) != client_id.as_deref()
    {
        return Err(OAuthError::invalid_request(
            "client_id and the Authorization header disagree",
        ));
    }
    if let Some(assertion) = assertion {
        if params.get("client_assertion_type") != Some(ASSERTION_TYPE) {
            return Err(OAuthError::invalid_request(
                "client_assertion_type is not supported",
            ));
        }
        let named = assertion::claimed_client(assertion)
            .ok_or_else(|| refused("the assertion cannot be read"))?;
        if client_id
            .as_ref()
            .is_some_and(|client_id| *client_id != named)
        {
            return Err(refused("client_id and the assertion disagree"));
        }
        client_id = Some(named);
    }
    let client_id = client_id.ok_or_else(|| refused("no client is named"))?;
    let proof = match (basic, params.get("client_secret"), assertion) {
        (Some(credentials), _, _) => Proof::Secret(&credentials.secret),
        (_, Some(secret), _) => Proof::Secret(secret),
        (_, _, Some(assertion)) => Proof::Assertion(assertion),
        _ => Proof::None,
    };
    check(app, ctx, &client_id, proof).await
}

/// The client that stands for a door of ours, made or brought up to date where it is not what the
/// program's settings say. No request can name it.
pub(super) async fn of_door(
    app: &App,
    ctx: &Ctx,
    door: Door,
) -> Result<AuthenticatedClient, OAuthError> {
    let wanted = door.registration(&app.config);
    for _ in 0..DOOR_LOOKS {
        let known = app.directory.client(&ctx.tenant, door.client_id()).await?;
        if let Some(known) = known
            && known.client.enabled
            && known.client.metadata == wanted
        {
            return Ok(AuthenticatedClient { known, key: None });
        }
        clients::put_door(app, &ctx.tenant, door, &wanted).await?;
    }
    Err(OAuthError::internal().because("the client of a direct login keeps changing"))
}

/// The client that an API key stands for, for a key that was presented alone.
pub(super) fn of_api_key(app: &App, ctx: &Ctx, holder: KeyHolder) -> AuthenticatedClient {
    api_key::client_of(app, ctx, holder)
}

/// Before the row is written, after it, and once more where another node was faster.
const DOOR_LOOKS: usize = 3;

/// Refuses a form that offers a proof beside another one, which the caller found elsewhere.
pub(super) fn no_other_proof(params: &Params) -> Result<(), OAuthError> {
    let offered = ["client_secret", "client_assertion"];
    if offered.iter().any(|name| params.get(name).is_some()) {
        return Err(two_ways());
    }
    Ok(())
}

async fn check(
    app: &App,
    ctx: &Ctx,
    client_id: &str,
    proof: Proof<'_>,
) -> Result<AuthenticatedClient, OAuthError> {
    if is_uuid(client_id) {
        let judged = api_key::authenticate(app, ctx, client_id, &proof).await?;
        return judged.map_err(|cause| {
            app.refusals.count(ctx, "client", client_id);
            refused(cause)
        });
    }
    // What cannot be a client's id is not looked for: an assertion may hold any character. Our own
    // doors are nobody's to name.
    let plausible = is_valid_client_id(client_id) && Door::of_client(client_id).is_none();
    let known = if plausible {
        app.directory.client(&ctx.tenant, client_id).await?
    } else {
        None
    };
    if let Some(known) = &known {
        ctx.notes.client(known);
    }
    let client = known.as_deref().map(|known| &known.client);
    let method = client.map(|client| &client.metadata);
    let proved = match proof {
        Proof::Secret(presented) => {
            // Unknown clients cost the same digests as known ones.
            let secrets = client.map_or(&[][..], |client| &client.secrets);
            let matches = secret::matches(&app.master_key, presented, secrets, ctx.now);
            if method.is_some_and(|method| !method.uses_secret()) {
                Err("the client does not authenticate with a secret")
            } else {
                matches.then_some(()).ok_or("the secret is wrong")
            }
        }
        Proof::Assertion(assertion) => match known.as_deref() {
            Some(known) if known.client.enabled => {
                assertion::verify(app, ctx, known, assertion).await?
            }
            _ => Ok(()),
        },
        Proof::None => method
            .is_some_and(ClientMetadata::is_public)
            .then_some(())
            .ok_or("the client did not authenticate"),
    };
    let judged = match known {
        None => Err("the client is unknown"),
        Some(known) if !known.client.enabled => Err("the client is disabled"),
        Some(known) => proved.map(|()| AuthenticatedClient { known, key: None }),
    };
    judged.map_err(|cause| {
        let account = if plausible { client_id } else { "" };
        app.refusals.count(ctx, "client", account);
        refused(cause)
    })
}

fn two_ways() -> OAuthError {
    OAuthError::invalid_request("more than one way of client authentication is used")
}

/// All refusals look alike from outside; the log tells them apart.
fn refused(cause: &'static str) -> OAuthError {
    OAuthError::from(ErrorKind::InvalidClient).because(cause)
}
