//! What the validators refuse, and the reasons they give.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::jwk::JwkSet;
use rvoip_auth_core::{BearerAuthError, BearerValidator, JwksJwtValidator};

use crate::forged::{Forgery, public_key_as_pem};
use crate::issuer::{
    AUDIENCE, Failure, Issuer, Outcome, claims, config, ensure, refuses, soon, users_core, variable,
};

/// What introspection says of every token that is not good.
const INACTIVE: &str = "inactive token";

async fn good(issuer: &Issuer) -> Result<String, Failure> {
    let token = issuer
        .for_person("ada", "sip.register")
        .await?
        .access_token()?;
    issuer.by_keys()?.validate_principal(&token).await?;
    Ok(token)
}

pub async fn issuer(issuer: &Issuer) -> Outcome {
    // The metadata of a tenant does not speak for the root.
    let branch = Issuer::discover("/t/branch").await?;
    let metadata = branch.provider.metadata().clone();
    let mixed =
        rvoip_oidc::OidcProvider::from_metadata(config("")?, metadata.clone(), branch.http.clone());
    ensure(mixed.is_err(), "metadata of another issuer was taken")?;
    let foreign = branch.for_client("desk-phone", "sip.register").await?;
    issuer
        .refuses(&foreign, "no signing key for kid", INACTIVE)
        .await?;
    // The right key and the wrong issuer.
    let confused = JwksJwtValidator::new(metadata.jwks_uri)
        .with_issuer([variable("ISSUER")])
        .with_audience([AUDIENCE]);
    refuses(&confused, &foreign, "InvalidIssuer").await
}

pub async fn audience(issuer: &Issuer) -> Outcome {
    let token = issuer
        .for_person("ada", "openid profile")
        .await?
        .access_token()?;
    ensure(
        claims(&token)?["aud"] == serde_json::json!([variable("ISSUER")]),
        "another audience than the issuer",
    )?;
    refuses(&issuer.by_keys()?, &token, "InvalidAudience").await?;
    // Not this client's to see.
    refuses(&issuer.by_introspection()?, &token, INACTIVE).await?;
    // Its own client sees it, and has to look at `aud`.
    let own = issuer.by_introspection_as("everything", "CONFORMANCE_SECRET")?;
    refuses(&own, &token, "audience mismatch").await
}

pub async fn key_id(issuer: &Issuer) -> Outcome {
    let forgery = Forgery::of(&good(issuer).await?)?;
    let unknown = forgery.key_id(Some("nobody")).signed_by_a_stranger()?;
    issuer
        .refuses(&unknown, "no signing key for kid", INACTIVE)
        .await?;
    let forgery = Forgery::of(&good(issuer).await?)?;
    let without = forgery.key_id(None).signed_by_a_stranger()?;
    issuer.refuses(&without, "missing kid", INACTIVE).await
}

pub async fn signature(issuer: &Issuer) -> Outcome {
    let token = good(issuer).await?;
    let stranger = Forgery::of(&token)?.signed_by_a_stranger()?;
    issuer
        .refuses(&stranger, "InvalidSignature", INACTIVE)
        .await?;
    // The signature of another token of the same person.
    let other = good(issuer).await?;
    let (signed, _) = token.rsplit_once('.').ok_or("no JWS")?;
    let (_, signature) = other.rsplit_once('.').ok_or("no JWS")?;
    let mixed = format!("{signed}.{signature}");
    issuer.refuses(&mixed, "InvalidSignature", INACTIVE).await
}

pub async fn algorithm(issuer: &Issuer) -> Outcome {
    let token = good(issuer).await?;
    let address = issuer.provider.metadata().jwks_uri.clone();
    let published = issuer.http.get(address).send().await?.text().await?;
    let keys: JwkSet = serde_json::from_str(&published)?;
    let forgery = Forgery::of(&token)?;
    let key_id = forgery.named_key().ok_or("no kid")?;
    let key = keys.find(key_id).ok_or("the key is not published")?;
    for secret in [public_key_as_pem(key)?, serde_json::to_string(key)?] {
        let confused = Forgery::of(&token)?.authenticated_with(&secret)?;
        issuer
            .refuses(&confused, "InvalidAlgorithm", INACTIVE)
            .await?;
    }
    let unsigned = forgery.unsigned();
    issuer.refuses(&unsigned, "header", INACTIVE).await
}

pub async fn expired(issuer: &Issuer) -> Outcome {
    let token = issuer.for_client("short-lived", "sip.register").await?;
    let expires_at = claims(&token)?["exp"].as_u64().ok_or("no exp")?;
    let expires_at = UNIX_EPOCH + Duration::from_secs(expires_at);
    if let Ok(left) = expires_at.duration_since(SystemTime::now()) {
        ensure(left <= Duration::from_secs(1), "it lives too long")?;
        tokio::time::sleep(left + Duration::from_millis(100)).await;
    }
    // `jsonwebtoken` allows a minute more, the principal that auth-core makes of it does not.
    issuer
        .refuses(&token, "principal is expired", INACTIVE)
        .await
}

pub async fn revoked(issuer: &Issuer) -> Outcome {
    let token = good(issuer).await?;
    let kept = good(issuer).await?;
    issuer.revoke("everything", &token).await?;
    let by_introspection = issuer.by_introspection()?;
    refuses(&by_introspection, &token, INACTIVE).await?;
    by_introspection.validate_principal(&kept).await?;
    let by_keys = issuer.by_keys()?.validate_principal(&token).await;
    ensure(by_keys.is_ok(), "the published keys told of a revocation")
}

pub async fn disabled(issuer: &Issuer) -> Outcome {
    let token = issuer
        .for_person("dan", "sip.register")
        .await?
        .access_token()?;
    let by_introspection = issuer.by_introspection()?;
    by_introspection.validate_principal(&token).await?;
    users_core(&["user", "disable", "dan"])?;
    let refused = soon(async || {
        let judged = by_introspection.validate_principal(&token).await;
        Ok(judged.is_err().then_some(()))
    });
    refused.await?;
    refuses(&by_introspection, &token, INACTIVE).await
}

pub async fn refresh_token(issuer: &Issuer) -> Outcome {
    let tokens = issuer
        .for_person("ada", "offline_access sip.register")
        .await?;
    let token = tokens.refresh_token()?;
    issuer.refuses(&token, "header", INACTIVE).await?;
    // Its own client may look into it, and finds no audience.
    let own = issuer.by_introspection_as("everything", "CONFORMANCE_SECRET")?;
    refuses(&own, &token, "audience mismatch").await
}

pub async fn id_token(issuer: &Issuer) -> Outcome {
    let token = issuer
        .for_person("ada", "openid sip.register")
        .await?
        .id_token()?;
    issuer.refuses(&token, "InvalidAudience", INACTIVE).await?;
    let own = issuer.by_introspection_as("everything", "CONFORMANCE_SECRET")?;
    refuses(&own, &token, INACTIVE).await
}

pub async fn id_token_for_the_audience(issuer: &Issuer) -> Outcome {
    let tokens = issuer.for_person_at(AUDIENCE, "ada", "openid").await?;
    let token = tokens.id_token()?;
    refuses(&issuer.by_introspection()?, &token, INACTIVE).await?;
    let by_keys = issuer.by_keys()?.validate_principal(&token).await;
    ensure(by_keys.is_ok(), "auth-core reads typ now: tell docs/sip.md")
}

pub async fn introspection(issuer: &Issuer) -> Outcome {
    let token = good(issuer).await?;
    let stranger = issuer.by_introspection_as("stranger", "CONFORMANCE_OTHER_SECRET")?;
    refuses(&stranger, &token, INACTIVE).await?;
    let unproved = issuer.by_introspection_as("stranger", "CONFORMANCE_SECRET")?;
    match unproved.validate_principal(&token).await {
        Err(BearerAuthError::Unavailable(found)) => ensure(found.contains("401"), "no 401"),
        Err(_) => Err("a judgement without an answer".into()),
        Ok(_) => Err("accepted".into()),
    }
}
