//! Tokens for clients and by password: grants, signatures, introspection, refresh, revocation.

use openidconnect::core::{
    CoreErrorResponseType, CoreJwsSigningAlgorithm, CoreRequestTokenError, CoreRevocableToken,
    CoreTokenType, CoreUserInfoClaims,
};
use openidconnect::{
    AuthType, OAuth2TokenResponse, RefreshToken, RequestTokenError, Scope,
    TokenIntrospectionResponse,
};
use serde_json::Value;

use crate::relying::{Outcome, Relying, ensure, send, variable};

pub async fn metadata_agrees(relying: &Relying) -> Outcome {
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

pub async fn client_credentials(relying: &Relying) -> Outcome {
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

pub async fn secret_in_the_body(relying: &Relying) -> Outcome {
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

pub async fn signatures(relying: &Relying) -> Outcome {
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

pub async fn wrong_secret(relying: &Relying) -> Outcome {
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

pub async fn wrong_scope(relying: &Relying) -> Outcome {
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

pub async fn introspection(relying: &Relying) -> Outcome {
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

pub async fn userinfo(relying: &Relying) -> Outcome {
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

pub async fn refresh(relying: &Relying) -> Outcome {
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

pub async fn revocation(relying: &Relying) -> Outcome {
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
