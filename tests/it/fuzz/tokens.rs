//! Signed and opaque tokens.

use serde_json::json;
use users_core::base::token::{Kind, OpaqueToken};
use users_core::keys::jws::{Parsed, Signer, Typ, Verifier};
use users_core::keys::key_pair::KeyPair;
use users_core::model::algorithm::Algorithm;

use super::{Dice, INPUTS, ODD};

#[test]
fn no_wounded_token_is_believed() {
    let dice = Dice::new(3);
    let pair = KeyPair::generate(Algorithm::EdDsa).unwrap();
    let (signer, verifier) = (
        Signer::new(&pair).unwrap(),
        Verifier::new(pair.public()).unwrap(),
    );
    let claims = json!({ "iss": "a", "sub": "b", "aud": ["c"], "exp": 1 });
    let token = signer.sign(Typ::AccessToken, &claims).unwrap();
    let mut parsed_wounds = 0;
    for _ in 0..INPUTS {
        let Ok(wounded) = String::from_utf8(dice.wounded(token.as_bytes())) else {
            continue;
        };
        if let Ok(parsed) = Parsed::parse(&wounded) {
            parsed_wounds += 1;
            // These look into what is not believed yet.
            let _ = (parsed.unverified_issuer(), parsed.unverified_subject());
            let _ = (parsed.alg(), parsed.kid(), parsed.is_typ("at+jwt"));
            let believed = verifier.verify(&parsed).is_ok();
            assert_eq!(believed, wounded == token, "{wounded}");
        }
    }
    assert!(parsed_wounds > 50, "{parsed_wounds} were well-formed");
}

#[test]
fn any_text_is_a_token_or_refused() {
    let dice = Dice::new(4);
    let pieces = [
        "e30",
        "eyJhbGciOiJub25lIn0",
        "eyJhbGciOiJFZERTQSIsImtpZCI6IngifQ",
        "W10",
        "bnVsbA",
        "=",
        "-_",
        "A",
        "IiI",
        " ",
        "é",
        ".",
        "eyJh",
        "\u{0}",
    ];
    let mut read = 0;
    for _ in 0..INPUTS {
        let part = || match dice.below(3) {
            0 => dice.text(&pieces, 2),
            _ => (*dice.pick(&pieces[..3])).to_owned(),
        };
        let text = [part(), part(), part()].join(".");
        if Parsed::parse(&text).is_ok() {
            read += 1;
            assert_eq!(text.matches('.').count(), 2, "{text}");
            let canonical = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            assert!(text.bytes().all(canonical), "{text}");
        }
    }
    assert!((500..4500).contains(&read), "{read} were tokens");
}

#[test]
fn what_is_signed_is_read_back() {
    let dice = Dice::new(5);
    let pair = KeyPair::generate(Algorithm::EdDsa).unwrap();
    let (signer, verifier) = (
        Signer::new(&pair).unwrap(),
        Verifier::new(pair.public()).unwrap(),
    );
    for _ in 0..INPUTS {
        let claims = json!({
            "iss": dice.text(ODD, 20), "sub": dice.text(ODD, 20), dice.text(ODD, 5) + "!": [1, {}],
        });
        let token = signer.sign(Typ::Jwt, &claims).unwrap();
        let parsed = Parsed::parse(&token).unwrap();
        assert_eq!(
            parsed.unverified_issuer().as_deref(),
            claims["iss"].as_str()
        );
        assert_eq!(
            parsed.unverified_subject().as_deref(),
            claims["sub"].as_str()
        );
        assert_eq!(parsed.kid(), Some(pair.public().kid()));
        let payload = verifier.verify(&parsed).unwrap();
        assert_eq!(payload.claims::<serde_json::Value>().unwrap(), claims);
    }
}

#[test]
fn an_opaque_token_is_read_back_and_a_mistyped_one_is_none() {
    let dice = Dice::new(9);
    let kinds = [
        Kind::AccessToken,
        Kind::RefreshToken,
        Kind::ClientSecret,
        Kind::SetupLink,
    ];
    for _ in 0..INPUTS {
        let kind = *dice.pick(&kinds);
        let token = OpaqueToken::generate(kind, &dice.0);
        let text = token.expose();
        for other in kinds {
            assert_eq!(OpaqueToken::parse(other, text).is_some(), other == kind);
        }
        let Ok(wounded) = String::from_utf8(dice.wounded(text.as_bytes())) else {
            continue;
        };
        let read = OpaqueToken::parse(kind, &wounded);
        assert_eq!(read.is_some(), wounded == text, "{wounded}");
    }
}
