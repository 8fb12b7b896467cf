//! What the validators accept, and what they read in it.

use std::time::{Duration, UNIX_EPOCH};

use jsonwebtoken::decode_header;
use rvoip_auth_core::{
    AuthenticatedPrincipal, AuthenticationMethod, BearerValidator, ValidatedBearer,
};
use serde_json::Value;

use crate::issuer::{
    Failure, Issuer, Outcome, claims, ensure, refuses, soon, users_core, variable,
};

pub async fn discovery(issuer: &Issuer) -> Outcome {
    let metadata = issuer.provider.metadata();
    ensure(
        metadata.issuer == variable("ISSUER") && !metadata.issuer.ends_with('/'),
        "another issuer",
    )?;
    ensure(
        metadata.introspection_endpoint.is_some() && metadata.revocation_endpoint.is_some(),
        "an endpoint is not named",
    )?;
    let health = issuer.provider.health_check().await?;
    ensure(health.jwks_reachable, "the keys cannot be fetched")
}

pub async fn person_by_keys(issuer: &Issuer) -> Outcome {
    let tokens = issuer
        .for_person("ada", "openid sip.register sip.call")
        .await?;
    let token = tokens.access_token()?;
    let principal = issuer.by_keys()?.validate_principal(&token).await?;
    ensure(
        principal.method == AuthenticationMethod::Oidc,
        "another method",
    )?;
    ensure(
        principal.subject == claims(&tokens.id_token()?)?["sub"],
        "another subject than the ID token's",
    )?;
    ensure(principal.tenant.is_none(), "a tenant")?;
    reads(
        &principal,
        &claims(&token)?,
        &["openid", "sip.call", "sip.register"],
    )
}

pub async fn person_by_introspection(issuer: &Issuer) -> Outcome {
    let token = issuer
        .for_person("ada", "sip.register")
        .await?
        .access_token()?;
    let by_keys = issuer.by_keys()?.validate_principal(&token).await?;
    let principal = issuer
        .by_introspection()?
        .validate_principal(&token)
        .await?;
    ensure(
        principal.method == AuthenticationMethod::OAuth2Introspection,
        "another method",
    )?;
    ensure(
        principal.subject == by_keys.subject
            && principal.scopes == by_keys.scopes
            && principal.issuer == by_keys.issuer
            && principal.tenant == by_keys.tenant
            && principal.expires_at == by_keys.expires_at,
        "another principal than by the keys",
    )?;
    reads(&principal, &claims(&token)?, &["sip.register"])
}

pub async fn client(issuer: &Issuer) -> Outcome {
    let token = issuer.for_client("everything", "sip.register").await?;
    let (by_keys, by_introspection) = (issuer.by_keys()?, issuer.by_introspection()?);
    let validators: [&dyn BearerValidator; 2] = [&by_keys, &by_introspection];
    for validator in validators {
        let principal = validator.validate_principal(&token).await?;
        ensure(principal.subject == "everything", "another subject")?;
        reads(&principal, &claims(&token)?, &["sip.register"])?;
    }
    Ok(())
}

pub async fn token_ids(issuer: &Issuer) -> Outcome {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let token = issuer
            .for_person("ada", "sip.register")
            .await?
            .access_token()?;
        let claims = claims(&token)?;
        let by_keys = issuer.by_keys_directly();
        let by_introspection = issuer.by_introspection()?;
        identifies(&by_keys.validate_credential(&token).await?, &claims)?;
        identifies(
            &by_introspection.validate_credential(&token).await?,
            &claims,
        )?;
        seen.push(claims["jti"].clone());
    }
    ensure(seen[0] != seen[1], "two tokens share a jti")
}

pub async fn es256(issuer: &Issuer) -> Outcome {
    let token = issuer.for_client("signs-es256", "sip.call").await?;
    let principal = issuer.by_es256_keys().validate_principal(&token).await?;
    reads(&principal, &claims(&token)?, &["sip.call"])?;
    refuses(&issuer.by_keys()?, &token, "InvalidAlgorithm").await
}

pub async fn rotation(issuer: &Issuer) -> Outcome {
    let by_keys = issuer.by_keys()?;
    let old = issuer.for_client("everything", "sip.register").await?;
    by_keys.validate_principal(&old).await?;
    users_core(&["key", "rotate", "--now"])?;
    let new = soon(async || {
        let token = issuer.for_client("everything", "sip.register").await?;
        let another = decode_header(&token)?.kid != decode_header(&old)?.kid;
        Ok(another.then_some(token))
    });
    by_keys.validate_principal(&new.await?).await?;
    by_keys.validate_principal(&old).await?;
    Ok(())
}

pub async fn opaque(issuer: &Issuer) -> Outcome {
    let token = issuer.for_client("opaque", "sip.register").await?;
    let by_introspection = issuer.by_introspection()?;
    let principal = by_introspection.validate_principal(&token).await?;
    ensure(principal.subject == "opaque", "another subject")?;
    ensure(principal.scopes == ["sip.register"], "other scopes")?;
    refuses(&issuer.by_keys()?, &token, "header").await
}

pub async fn tenant(_: &Issuer) -> Outcome {
    let branch = Issuer::discover("/t/branch").await?;
    let token = branch.for_client("desk-phone", "sip.register").await?;
    let claims = claims(&token)?;
    let (by_keys, by_introspection) = (branch.by_keys()?, branch.by_introspection()?);
    let validators: [&dyn BearerValidator; 2] = [&by_keys, &by_introspection];
    for validator in validators {
        let principal = validator.validate_principal(&token).await?;
        let tenant = principal.tenant.as_deref().ok_or("no tenant")?;
        ensure(claims["tenant_id"] == tenant, "another tenant")?;
        ensure(
            principal.issuer == Some(format!("{}/t/branch", variable("ISSUER"))),
            "another issuer",
        )?;
        reads(&principal, &claims, &["sip.register"])?;
    }
    Ok(())
}

/// The validator read what the token says.
fn reads(principal: &AuthenticatedPrincipal, claims: &Value, scopes: &[&str]) -> Outcome {
    ensure(claims["sub"] == principal.subject, "another subject")?;
    ensure(
        principal.issuer.as_deref() == claims["iss"].as_str(),
        "another issuer",
    )?;
    let mut found: Vec<&str> = principal.scopes.iter().map(String::as_str).collect();
    found.sort_unstable();
    ensure(found == scopes, "other scopes")?;
    let expires_at = principal.expires_at.ok_or("no expiry")?;
    ensure(claims["exp"] == expires_at.timestamp(), "another expiry")
}

/// The validator found the token's own identifier and its time of issue.
fn identifies(bearer: &ValidatedBearer, claims: &Value) -> Result<(), Failure> {
    let token_id = bearer.token_id.as_deref().ok_or("no token id")?;
    ensure(claims["jti"] == token_id, "another jti")?;
    let issued_at = claims["iat"].as_u64().ok_or("no iat")?;
    ensure(
        bearer.issued_at == Some(UNIX_EPOCH + Duration::from_secs(issued_at)),
        "another time of issue",
    )
}
