//! Whose signature counts, and with which algorithm (RFC 8725 sections 3.1 and 3.11).

use serde_json::json;
use users_core::keys::jws::Typ;
use users_core::{Algorithm, TokenValidator, TrustedIssuer, ValidationError};

use super::stand_in::{AUDIENCE, ISSUER, Key, claims, trusting, validator};
use crate::support::forge::{b64, compact, hmac, opened};

async fn refused(validator: &TokenValidator, token: &str) -> ValidationError {
    validator.validate_token(token).await.expect_err("refused")
}

#[tokio::test]
async fn a_token_signed_with_the_given_key_tells_who_holds_it() {
    for algorithm in Algorithm::ALL {
        let key = Key::new(algorithm);
        let (validator, _) = trusting(&key);
        let accepted = validator.validate_token(&key.sign(&claims())).await;
        let context = accepted.unwrap_or_else(|error| panic!("{algorithm}: {error}"));
        assert_eq!(context.user_id, "the-account");
        assert_eq!(context.username.as_deref(), Some("alice"));
        assert_eq!(context.scopes, ["sip.call", "sip.register"]);
        assert!(context.has_scope("sip.register") && !context.has_scope("sip"));
        assert!(context.has_role("user") && !context.has_role("admin"));
        assert_eq!(context.issuer, ISSUER);
        assert_eq!(context.token_id.as_deref(), Some("the-token"));
        assert_eq!(context.expires_at, claims()["exp"].as_i64());
        assert_eq!(context.claims["client_id"], "phone");
    }
}

#[tokio::test]
async fn a_changed_or_foreign_signature_is_refused() {
    let (key, other) = (Key::new(Algorithm::Es256), Key::new(Algorithm::Es256));
    let (validator, _) = trusting(&key);
    let foreign = other.sign(&claims());
    assert_eq!(
        refused(&validator, &foreign).await,
        ValidationError::BadSignature
    );
    let good = key.sign(&claims());
    let parts: Vec<&str> = good.split('.').collect();
    let mut raised = claims();
    raised["scope"] = json!("admin");
    let raised = format!("{}.{}.{}", parts[0], b64(raised.to_string()), parts[2]);
    assert_eq!(
        refused(&validator, &raised).await,
        ValidationError::BadSignature
    );
    let cut = &good[..good.len() - 6];
    assert_eq!(
        refused(&validator, cut).await,
        ValidationError::BadSignature
    );
}

#[tokio::test]
async fn no_header_makes_the_public_key_a_shared_secret_or_no_key_at_all() {
    let key = Key::new(Algorithm::Rs256);
    let (validator, _) = trusting(&key);
    let payload = claims().to_string();
    for alg in ["HS256", "none", "None", "RS512", ""] {
        let header = json!({ "alg": alg, "typ": "at+jwt", "kid": key.kid() }).to_string();
        let forged = compact(&header, &payload, |input| {
            hmac(256, key.pem().as_bytes(), input)
        });
        let error = refused(&validator, &forged).await;
        assert_eq!(error, ValidationError::UnsupportedAlgorithm, "{alg}");
    }
}

#[tokio::test]
async fn an_algorithm_that_was_not_agreed_on_is_refused_though_the_key_would_do() {
    let key = Key::new(Algorithm::Ps256);
    let (validator, _) = validator();
    let issuer = TrustedIssuer::with_public_key_pem(ISSUER, key.pem(), [AUDIENCE]);
    let issuer = issuer.with_algorithms([Algorithm::Rs256]);
    validator.add_trusted_issuer(issuer).expect("trusted");
    let error = refused(&validator, &key.sign(&claims())).await;
    assert_eq!(error, ValidationError::UnsupportedAlgorithm);
}

#[tokio::test]
async fn an_id_token_is_no_access_token() {
    let key = Key::new(Algorithm::Es256);
    let (validator, _) = trusting(&key);
    for typ in [
        Typ::Jwt,
        Typ::LogoutToken,
        Typ::Introspection,
        Typ::Checkpoint,
    ] {
        let error = refused(&validator, &key.sign_as(typ, &claims())).await;
        assert_eq!(error, ValidationError::NotAnAccessToken, "{}", typ.name());
    }
}

#[tokio::test]
async fn what_is_no_token_is_refused_before_anything_is_looked_for() {
    let key = Key::new(Algorithm::Es256);
    let (validator, _) = trusting(&key);
    let good = key.sign(&claims());
    let long = format!("{good}{}", "a".repeat(9000));
    let (header, _) = opened(&good);
    let critical = json!({ "alg": "ES256", "typ": "at+jwt", "crit": ["exp"], "exp": 1 });
    let doubled = "{\"alg\":\"ES256\",\"alg\":\"ES256\",\"typ\":\"at+jwt\"}";
    let sign = |_: &[u8]| vec![0; 64];
    let payload = claims().to_string();
    let bad = [
        long,
        format!("{good}="),
        compact(&critical.to_string(), &payload, sign),
        compact(doubled, &payload, sign),
        compact(&header.to_string(), "[]", sign),
    ];
    for token in bad {
        assert_eq!(
            refused(&validator, &token).await,
            ValidationError::Malformed
        );
    }
    // No issuer can be asked about these.
    for token in ["", "opaque", "a.b"] {
        let error = refused(&validator, token).await;
        let expected = [ValidationError::UntrustedIssuer, ValidationError::Malformed];
        assert!(expected.contains(&error), "{token:?}: {error}");
    }
}
