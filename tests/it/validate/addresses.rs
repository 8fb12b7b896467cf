//! Which descriptions of an issuer are taken.

use users_core::{Algorithm, TrustError, TrustedIssuer, ValidationError};

use super::stand_in::{AUDIENCE, ISSUER, Key, StandIn, claims, validator};

#[tokio::test]
async fn keys_and_answers_come_over_https_or_from_this_machine() {
    let (validator, _) = validator();
    for uri in [
        "http://issuer.example.test/jwks.json",
        "http://localhost.example.test/jwks.json",
        "http://192.0.2.1/jwks.json",
        "ftp://localhost/jwks.json",
        "file:///etc/passwd",
        "https://user:word@issuer.example.test/jwks.json",
        "jwks.json",
    ] {
        let issuer = TrustedIssuer::with_jwks_uri(ISSUER, uri, [AUDIENCE]);
        let refused = validator.add_trusted_issuer(issuer);
        assert_eq!(refused, Err(TrustError::Address("jwks_uri")), "{uri}");
        let issuer = TrustedIssuer::with_jwks_uri(ISSUER, "https://x.test/jwks", [AUDIENCE]);
        let refused = validator.add_trusted_issuer(issuer.introspected_at(uri, "a", "b"));
        assert_eq!(
            refused,
            Err(TrustError::Address("introspection_endpoint")),
            "{uri}"
        );
    }
    for uri in [
        "https://issuer.example.test/jwks.json",
        "http://[::1]:1/jwks.json",
    ] {
        let issuer = TrustedIssuer::with_jwks_uri(ISSUER, uri, [AUDIENCE]);
        assert_eq!(validator.add_trusted_issuer(issuer), Ok(()), "{uri}");
    }
}

#[tokio::test]
async fn nobody_is_sent_on_to_another_address_for_keys() {
    let key = Key::new(Algorithm::Es256);
    let stand_in = StandIn::publishing(&[&key]).await;
    let (validator, _) = validator();
    let uri = format!("{}/moved", stand_in.address);
    let issuer = TrustedIssuer::with_jwks_uri(ISSUER, uri, [AUDIENCE]);
    validator.add_trusted_issuer(issuer).expect("trusted");
    let error = validator.validate_token(&key.sign(&claims())).await;
    assert_eq!(error.expect_err("no keys"), ValidationError::Unavailable);
    assert_eq!(stand_in.reads(), 0);
}

#[test]
fn an_issuer_has_a_name_an_audience_and_a_public_key() {
    let (validator, _) = validator();
    let key = Key::new(Algorithm::Es256);
    let add = |issuer| validator.add_trusted_issuer(issuer);
    let pem = |name: &str, pem: String| TrustedIssuer::with_public_key_pem(name, pem, [AUDIENCE]);
    let nobody = TrustedIssuer::with_public_key_pem(ISSUER, key.pem(), Vec::<String>::new());
    assert_eq!(add(nobody), Err(TrustError::NoAudience));
    assert_eq!(add(pem("", key.pem())), Err(TrustError::NoIssuer));
    let nothing = pem(ISSUER, key.pem()).with_algorithms([]);
    assert_eq!(add(nothing), Err(TrustError::NoAlgorithm));
    let unfit = pem(ISSUER, key.pem()).with_algorithms([Algorithm::Rs256]);
    assert_eq!(add(unfit), Err(TrustError::KeyWithoutAlgorithm));
    let private = rcgen::KeyPair::generate().expect("a key").serialize_pem();
    for text in ["", "no PEM", &private] {
        let refused = add(pem(ISSUER, text.to_owned()));
        assert!(matches!(refused, Err(TrustError::Key(_))), "{text:?}");
    }
}
