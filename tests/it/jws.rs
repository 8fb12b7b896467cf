//! Signed tokens and the keys behind them: RFC 7515, RFC 7517, RFC 7638, RFC 8725.

use std::sync::LazyLock;

use data_encoding::BASE64URL_NOPAD;
use rcgen::{PublicKeyData, SigningKey};
use serde::Deserialize;
use serde_json::{Value, json};
use users_core::keys::jwk::{ClientJwk, ClientJwks, JwkError, MAX_CLIENT_KEYS, PublicJwk};
use users_core::keys::jws::{
    BadSignature, MAX_TOKEN_BYTES, Malformed, Parsed, Signer, Typ, Verifier,
};
use users_core::keys::key_pair::{KeyError, KeyPair};
use users_core::model::algorithm::Algorithm;

use crate::support::forge::{hmac, public_forms};

static PAIRS: LazyLock<[KeyPair; 4]> =
    LazyLock::new(|| Algorithm::ALL.map(|algorithm| KeyPair::generate(algorithm).unwrap()));

/// The modulus of RFC 7638 section 3.1.
const RFC7638_N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

#[derive(Deserialize, Debug, PartialEq)]
struct Claims {
    iss: String,
    exp: i64,
}

/// Somebody with another implementation, an Ed25519 key, and any header and payload they like.
struct Stranger(rcgen::KeyPair);

impl Stranger {
    fn new() -> Self {
        Self(rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap())
    }

    fn jwk(&self) -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "x": b64(self.0.der_bytes())})
    }

    fn verifier(&self) -> Verifier {
        let key = ClientJwk::parse(&self.jwk()).unwrap();
        Verifier::for_client(&key, Algorithm::EdDsa).unwrap()
    }

    fn token(&self, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", b64(header), b64(payload));
        let signature = self.0.sign(input.as_bytes()).unwrap();
        format!("{input}.{}", b64(signature))
    }
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(bytes.as_ref())
}

fn check(verifier: &Verifier, token: &str) -> Result<Claims, String> {
    let parsed = Parsed::parse(token).map_err(|error| error.to_string())?;
    let payload = verifier
        .verify(&parsed)
        .map_err(|error| error.to_string())?;
    payload.claims().map_err(|error| error.to_string())
}

fn refusal(token: &str) -> Option<Malformed> {
    Parsed::parse(token).err()
}

fn token(pair: &KeyPair) -> String {
    let signer = Signer::new(pair).unwrap();
    let claims = json!({"iss": "joe", "exp": 1_300_819_380});
    signer.sign(Typ::AccessToken, &claims).unwrap()
}

fn verifier(pair: &KeyPair) -> Verifier {
    Verifier::new(pair.public()).unwrap()
}

#[test]
fn a_signed_token_verifies_with_its_own_key_and_no_other() {
    for (index, pair) in PAIRS.iter().enumerate() {
        let token = token(pair);
        let parsed = Parsed::parse(&token).unwrap();
        assert_eq!(parsed.alg(), pair.algorithm().name());
        assert_eq!(parsed.kid(), Some(pair.public().kid()));
        assert!(parsed.is_typ("at+jwt") && !parsed.is_typ("JWT"));
        assert_eq!(parsed.unverified_issuer().as_deref(), Some("joe"));
        for (other, key) in PAIRS.iter().enumerate() {
            assert_eq!(check(&verifier(key), &token).is_ok(), index == other);
        }
    }
}

#[test]
fn every_type_of_token_names_itself_in_the_header() {
    let signer = Signer::new(&PAIRS[3]).unwrap();
    for typ in [
        Typ::Jwt,
        Typ::AccessToken,
        Typ::LogoutToken,
        Typ::Introspection,
    ] {
        let token = signer.sign(typ, &json!({})).unwrap();
        assert_eq!(Parsed::parse(&token).unwrap().typ(), Some(typ.name()));
    }
}

#[test]
fn only_an_object_is_signed() {
    let signer = Signer::new(&PAIRS[3]).unwrap();
    assert_eq!(signer.sign(Typ::Jwt, &["claim"]), Err(KeyError::Claims));
}

#[test]
fn a_stored_key_signs_as_before_and_for_no_other_kind_of_algorithm() {
    for pair in PAIRS.iter() {
        let stored = KeyPair::from_private_bytes(pair.algorithm(), pair.private_bytes()).unwrap();
        assert_eq!(stored.public(), pair.public());
        assert!(check(&verifier(pair), &token(&stored)).is_ok());
        for other in Algorithm::ALL {
            let rsa = |one| matches!(one, Algorithm::Rs256 | Algorithm::Ps256);
            let kin = other == pair.algorithm() || rsa(other) && rsa(pair.algorithm());
            assert_eq!(
                KeyPair::from_private_bytes(other, pair.private_bytes()).is_ok(),
                kin
            );
        }
        let cut = &pair.private_bytes()[..20];
        assert!(KeyPair::from_private_bytes(pair.algorithm(), cut).is_err());
    }
}

#[test]
fn a_stored_p256_key_is_pkcs8_and_of_that_curve() {
    let stored = |der: &[u8]| KeyPair::from_private_bytes(Algorithm::Es256, der).err();
    let p384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let bare_sec1 = &PAIRS[2].private_bytes()[29..];
    assert_eq!(bare_sec1[..2], [0x30, 0x6b]);
    assert_eq!(stored(bare_sec1), Some(KeyError::InvalidPrivateKey));
    assert_eq!(
        stored(&p384.serialize_der()),
        Some(KeyError::InvalidPrivateKey)
    );
}

#[test]
fn one_signer_serves_many_threads_at_once() {
    for pair in PAIRS.iter() {
        let (signer, verifier) = (Signer::new(pair).unwrap(), verifier(pair));
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (signer, verifier) = (&signer, &verifier);
                scope.spawn(move || {
                    for exp in thread * 100..thread * 100 + 10 {
                        let claims = json!({"iss": "joe", "exp": exp});
                        let token = signer.sign(Typ::Jwt, &claims).unwrap();
                        assert_eq!(check(verifier, &token).unwrap().exp, exp);
                    }
                });
            }
        });
    }
}

// RFC 7515 appendices A.2 and A.3.
#[test]
fn published_signatures_verify() {
    let payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let rsa = json!({"kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"});
    let rsa_signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let ec = json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
    let ec_signature =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    for (algorithm, jwk, signature) in [
        (Algorithm::Rs256, rsa, rsa_signature),
        (Algorithm::Es256, ec, ec_signature),
    ] {
        let header = b64(format!(r#"{{"alg":"{algorithm}"}}"#));
        let key = ClientJwk::parse(&jwk).unwrap();
        let verifier = Verifier::for_client(&key, algorithm).unwrap();
        let claims = check(&verifier, &format!("{header}.{payload}.{signature}"));
        assert_eq!(
            claims,
            Ok(Claims {
                iss: "joe".into(),
                exp: 1_300_819_380
            })
        );
    }
}

// RFC 7638 section 3.1, RFC 8037 appendix A.3.
#[test]
fn thumbprints_are_those_published() {
    let rsa =
        json!({"kty": "RSA", "n": RFC7638_N, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"});
    let okp =
        json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    for (jwk, thumbprint) in [
        (rsa, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
        (okp, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
    ] {
        assert_eq!(ClientJwk::parse(&jwk).unwrap().thumbprint(), thumbprint);
    }
}

// RFC 8725 sections 2.1 and 3.1.
#[test]
fn the_header_never_chooses_the_algorithm() {
    let names = [
        "none", "None", "nOnE", "", "HS256", "RS256", "PS256", "ES256", "EdDSA", "rs256",
    ];
    for pair in PAIRS.iter() {
        let (good, verifier) = (token(pair), verifier(pair));
        let (_, rest) = good.split_once('.').unwrap();
        for name in names
            .into_iter()
            .filter(|name| *name != pair.algorithm().name())
        {
            let header = b64(json!({"alg": name, "kid": pair.public().kid()}).to_string());
            let swapped = format!("{header}.{rest}");
            let parsed = Parsed::parse(&swapped).unwrap();
            assert_eq!(verifier.verify(&parsed).err(), Some(BadSignature), "{name}");
            let (unsigned, _) = swapped.rsplit_once('.').unwrap();
            assert_eq!(refusal(&format!("{unsigned}.")), Some(Malformed::Parts));
        }
    }
    let stranger = Stranger::new();
    for name in names {
        let well_signed = stranger.token(&json!({"alg": name}).to_string(), "{}");
        let parsed = Parsed::parse(&well_signed).unwrap();
        let accepted = stranger.verifier().verify(&parsed).is_ok();
        assert_eq!(accepted, name == "EdDSA", "{name}");
    }
}

#[test]
fn a_public_key_is_no_hmac_secret() {
    for pair in PAIRS.iter() {
        let jwk = serde_json::to_value(pair.public()).unwrap();
        let secrets = public_forms(&jwk);
        for alg in ["HS256", pair.algorithm().name()] {
            let header = json!({"alg": alg, "kid": pair.public().kid()}).to_string();
            let input = format!("{}.{}", b64(header), b64(r#"{"iss":"joe","exp":1}"#));
            for secret in &secrets {
                let mac = hmac(256, secret, input.as_bytes());
                let forged = format!("{input}.{}", b64(mac));
                assert!(check(&verifier(pair), &forged).is_err());
            }
        }
    }
}

// RFC 8725 section 3.10 and the members of RFC 7515 section 4.1 that bring a key along.
#[test]
fn a_key_in_the_header_is_never_used() {
    let (ours, stranger) = (&PAIRS[3], Stranger::new());
    let kid = ours.public().kid();
    let brought = json!({"alg": "EdDSA", "kid": kid, "jwk": stranger.jwk(), "jku": "http://127.0.0.1/jwks", "x5u": "http://127.0.0.1/x5", "x5c": ["MA=="]});
    let forged = stranger.token(&brought.to_string(), r#"{"iss":"joe","exp":1}"#);
    assert!(
        check(&stranger.verifier(), &forged).is_ok(),
        "the forgery is well made"
    );
    assert!(check(&verifier(ours), &forged).is_err());
}

#[test]
fn a_changed_bit_anywhere_breaks_the_signature() {
    for pair in PAIRS.iter() {
        let (good, verifier) = (token(pair), verifier(pair));
        let (input, signature) = good.rsplit_once('.').unwrap();
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
        for at in 0..signature.len() {
            let mut flipped = signature.clone();
            flipped[at] ^= 1;
            assert!(check(&verifier, &format!("{input}.{}", b64(flipped))).is_err());
        }
        let other_lengths = [
            vec![0],
            vec![0; signature.len()],
            signature[1..].to_vec(),
            [&[0], &signature[..]].concat(),
        ];
        for wrong in other_lengths {
            assert!(check(&verifier, &format!("{input}.{}", b64(wrong))).is_err());
        }
        let (header, _) = input.split_once('.').unwrap();
        let forged = format!(
            "{header}.{}.{}",
            b64(r#"{"iss":"eve","exp":1}"#),
            b64(signature)
        );
        assert!(check(&verifier, &forged).is_err());
    }
}

// RFC 7515 sections 2, 3.1 and 7.
#[test]
fn only_the_compact_form_is_read() {
    let good = Stranger::new().token(r#"{"alg":"EdDSA"}"#, "{}");
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        unreachable!()
    };
    assert_eq!(refusal(&good), None);
    for wrong in [
        String::new(),
        "..".into(),
        format!("{header}.{payload}"),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.{signature}"),
        format!("{good}.{payload}.{signature}"),
        format!("{good}="),
        format!("{header}=.{payload}.{signature}"),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{header}.{payload} .{signature}"),
        format!("{header}..{signature}"),
        format!(".{payload}.{signature}"),
        good.replace('.', "\u{ff0e}"),
        format!("{header}.{payload}.\u{e9}"),
        format!("{header}.{payload}.+/+/"),
        json!({"protected": header, "payload": payload, "signature": signature}).to_string(),
        json!({"payload": payload, "signatures": [{"protected": header, "signature": signature}]})
            .to_string(),
    ] {
        assert!(refusal(&wrong).is_some(), "{wrong}");
    }
    assert_eq!(
        refusal(&format!("{good}.{payload}")),
        Some(Malformed::Parts)
    );
    // 64 bytes leave four unused bits in the last character: each of the 15 other settings is another spelling.
    let (rest, last) = good.split_at(good.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(last).unwrap();
    for spelling in alphabet[at + 1..at + 16].chars() {
        assert_eq!(
            refusal(&format!("{rest}{spelling}")),
            Some(Malformed::Encoding)
        );
    }
}

// RFC 7515 section 4, RFC 7519 section 4.
#[test]
fn a_member_that_occurs_twice_is_refused_wherever_it_is() {
    let stranger = Stranger::new();
    let plain = r#"{"alg":"EdDSA"}"#;
    for header in [
        r#"{"alg":"EdDSA","alg":"EdDSA"}"#,
        r#"{"alg":"none","alg":"EdDSA"}"#,
        r#"{"alg":"EdDSA","\u0061lg":"none"}"#,
        r#"{"alg":"EdDSA","x":1,"x":1}"#,
        r#"{"alg":"EdDSA","jwk":{"x":1,"x":2}}"#,
    ] {
        assert_eq!(
            refusal(&stranger.token(header, "{}")),
            Some(Malformed::Json),
            "{header}"
        );
    }
    for payload in [
        r#"{"sub":"a","sub":"b"}"#,
        r#"{"unknown":1,"x":[],"unknown":2}"#,
        r#"{"s\u0075b":"a","sub":"a"}"#,
        r#"{"cnf":{"jkt":"a","jkt":"b"}}"#,
        r#"{"":1,"":2}"#,
    ] {
        assert_eq!(
            refusal(&stranger.token(plain, payload)),
            Some(Malformed::Json),
            "{payload}"
        );
    }
    assert_eq!(
        refusal(&stranger.token(plain, r#"{"a":{"x":1},"b":{"x":1}}"#)),
        None
    );
}

#[test]
fn a_part_that_is_no_json_object_is_refused() {
    let stranger = Stranger::new();
    for json in [
        "",
        "null",
        "1",
        "[]",
        r#"["EdDSA"]"#,
        r#""alg""#,
        "{",
        "{} {}",
        "{}x",
        r#"{"alg":"EdDSA",}"#,
        r#"{"a":1e999}"#,
        "\u{feff}{}",
    ] {
        let wrong = (
            stranger.token(json, "{}"),
            stranger.token(r#"{"alg":"EdDSA"}"#, json),
        );
        assert_eq!(refusal(&wrong.0), Some(Malformed::Json), "{json}");
        assert_eq!(refusal(&wrong.1), Some(Malformed::Json), "{json}");
    }
    for header in [
        "{}",
        r#"{"alg":null}"#,
        r#"{"alg":1}"#,
        r#"{"alg":"EdDSA","kid":1}"#,
        r#"{"alg":"EdDSA","kid":null}"#,
        r#"{"alg":"EdDSA","typ":[]}"#,
    ] {
        assert_eq!(
            refusal(&stranger.token(header, "{}")),
            Some(Malformed::Header),
            "{header}"
        );
    }
}

// RFC 7515 section 4.1.11, RFC 7797 section 6.
#[test]
fn crit_and_b64_are_refused_with_any_value() {
    let stranger = Stranger::new();
    for extension in [
        r#""crit":["x"],"x":1"#,
        r#""crit":["alg"]"#,
        r#""crit":[]"#,
        r#""crit":null"#,
        r#""crit":"exp""#,
        r#""crit":{}"#,
        r#""b64":false,"crit":["b64"]"#,
        r#""b64":false"#,
        r#""b64":true"#,
    ] {
        let token = stranger.token(&format!(r#"{{"alg":"EdDSA",{extension}}}"#), "{}");
        assert_eq!(refusal(&token), Some(Malformed::Critical), "{extension}");
    }
}

#[test]
fn size_and_nesting_are_bounded() {
    let (stranger, plain) = (Stranger::new(), r#"{"alg":"EdDSA"}"#);
    let padded =
        |length: usize| stranger.token(plain, &format!(r#"{{"p":"{}"}}"#, "x".repeat(length)));
    let fits = (0..MAX_TOKEN_BYTES)
        .rev()
        .find(|length| padded(*length).len() <= MAX_TOKEN_BYTES)
        .unwrap();
    assert_eq!(refusal(&padded(fits)), None);
    assert_eq!(refusal(&padded(fits + 1)), Some(Malformed::TooLong));
    assert_eq!(refusal(&padded(1 << 20)), Some(Malformed::TooLong));

    let members = |count: usize| {
        let named: Vec<String> = (0..count).map(|n| format!(r#","m{n}":{n}"#)).collect();
        named.concat()
    };
    let header = |count| format!(r#"{{"alg":"EdDSA"{}}}"#, members(count));
    assert_eq!(
        refusal(&stranger.token(&header(10_000), "{}")),
        Some(Malformed::TooLong)
    );
    assert_eq!(refusal(&stranger.token(&header(400), "{}")), None);

    let nested = |open: &str, close: &str, depth| {
        format!(
            r#"{{"alg":"EdDSA","a":{}1{}}}"#,
            open.repeat(depth),
            close.repeat(depth)
        )
    };
    for json in [
        nested("[", "", 5000),
        nested("[", "]", 2500),
        nested(r#"{"a":"#, "}", 900),
        nested("[", "]", 20),
    ] {
        assert_eq!(refusal(&stranger.token(&json, "{}")), Some(Malformed::Json));
        assert_eq!(
            refusal(&stranger.token(plain, &json)),
            Some(Malformed::Json)
        );
    }
    assert_eq!(refusal(&stranger.token(&nested("[", "]", 19), "{}")), None);
}

#[test]
fn a_date_that_is_no_integer_is_an_error_and_not_a_panic() {
    let stranger = Stranger::new();
    for date in [
        "1e99",
        "1e308",
        "-1e308",
        "99999999999999999999",
        "9223372036854775808",
        "1.5",
        "\"1\"",
        "null",
        "true",
        "[1]",
    ] {
        let token = stranger.token(
            r#"{"alg":"EdDSA"}"#,
            &format!(r#"{{"iss":"joe","exp":{date}}}"#),
        );
        let claims = check(&stranger.verifier(), &token);
        assert_eq!(claims, Err(Malformed::Claims.to_string()), "{date}");
    }
    let token = stranger.token(
        r#"{"alg":"EdDSA"}"#,
        r#"{"iss":"joe","exp":9223372036854775807}"#,
    );
    assert_eq!(check(&stranger.verifier(), &token).unwrap().exp, i64::MAX);
}

#[test]
fn the_type_of_a_token_is_compared_as_a_media_type() {
    let stranger = Stranger::new();
    for (typ, same) in [
        ("at+jwt", true),
        ("AT+JWT", true),
        ("application/at+jwt", true),
        ("Application/At+Jwt", true),
        ("JWT", false),
        ("application/", false),
        ("text/at+jwt", false),
        ("", false),
    ] {
        let token = stranger.token(&json!({"alg": "EdDSA", "typ": typ}).to_string(), "{}");
        assert_eq!(
            Parsed::parse(&token).unwrap().is_typ("at+jwt"),
            same,
            "{typ}"
        );
    }
}

// RFC 7517 section 4, RFC 7518 section 6.
#[test]
fn a_published_key_has_exactly_the_public_members() {
    let expected = [
        vec!["alg", "e", "kid", "kty", "n", "use"],
        vec!["alg", "e", "kid", "kty", "n", "use"],
        vec!["alg", "crv", "kid", "kty", "use", "x", "y"],
        vec!["alg", "crv", "kid", "kty", "use", "x"],
    ];
    for (pair, expected) in PAIRS.iter().zip(expected) {
        let jwk = serde_json::to_value(pair.public()).unwrap();
        let mut names: Vec<&String> = jwk.as_object().unwrap().keys().collect();
        names.sort();
        assert_eq!(names, expected);
        assert_eq!(
            (&jwk["use"], &jwk["alg"]),
            (&json!("sig"), &json!(pair.algorithm().name()))
        );
        assert_eq!(
            jwk["kid"],
            json!(ClientJwk::parse(&jwk).unwrap().thumbprint())
        );
        assert_eq!(PublicJwk::parse(&jwk).as_ref(), Ok(pair.public()));
        for (name, wrong) in [
            ("kid", json!("other")),
            ("alg", json!("ES384")),
            ("kty", json!("AKP")),
        ] {
            let mut changed = jwk.clone();
            changed[name] = wrong;
            assert!(PublicJwk::parse(&changed).is_err(), "{name}");
        }
    }
}

fn rsa_of(bits: usize) -> Value {
    let mut n = vec![0xff; bits.div_ceil(8)];
    n[0] >>= n.len() * 8 - bits;
    json!({"kty": "RSA", "e": "AQAB", "n": b64(n)})
}

fn changed(jwk: &Value, name: &str, value: Value) -> Value {
    let mut jwk = jwk.clone();
    jwk[name] = value;
    jwk
}

// RFC 7517 section 9.3, RFC 7518 section 6.
#[test]
fn a_bad_key_spoils_a_clients_set() {
    let (rsa, ed) = (rsa_of(2048), Stranger::new().jwk());
    let ec = serde_json::to_value(PAIRS[2].public()).unwrap();
    let mut bad = vec![
        (json!({"kty": "oct", "alg": "HS256"}), JwkError::Private),
        (
            json!({"kty": "oct", "k": "c2VjcmV0", "use": "enc"}),
            JwkError::Private,
        ),
        (json!("RSA"), JwkError::NotAnObject),
        (
            json!({"n": RFC7638_N, "e": "AQAB"}),
            JwkError::Member("kty"),
        ),
        (json!({"kty": "RSA", "n": RFC7638_N}), JwkError::Member("e")),
        (
            changed(&rsa, "alg", json!("ES256")),
            JwkError::AlgorithmMismatch,
        ),
        (changed(&rsa, "kid", json!(1)), JwkError::Member("kid")),
        (
            changed(&rsa, "n", json!(format!("{RFC7638_N}="))),
            JwkError::Member("n"),
        ),
        (
            changed(&rsa, "n", json!(b64([&[0][..], &[0xff; 256]].concat()))),
            JwkError::Member("n"),
        ),
        (
            json!({"kty": "EC", "x": ec["x"], "y": ec["y"]}),
            JwkError::Member("crv"),
        ),
    ];
    bad.extend([1024, 2047, 8193].map(|bits| (rsa_of(bits), JwkError::RsaSize)));
    let exponents: [&[u8]; 5] = [&[], &[1], &[4], &[0, 3], &[1, 0, 0, 0, 0, 0, 0, 0, 1]];
    bad.extend(exponents.map(|e| (changed(&rsa, "e", json!(b64(e))), JwkError::Member("e"))));
    for name in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
        bad.extend(
            [&rsa, &ec, &ed].map(|jwk| (changed(jwk, name, json!("AQAB")), JwkError::Private)),
        );
    }
    for (jwk, name) in [(&ec, "x"), (&ec, "y"), (&ed, "x")] {
        bad.extend([31, 33].map(|len| {
            (
                changed(jwk, name, json!(b64(vec![7; len]))),
                JwkError::Member(name),
            )
        }));
    }
    for (jwk, error) in bad {
        assert_eq!(
            ClientJwks::parse(&json!({"keys": [ed, jwk]})),
            Err(error),
            "{jwk}"
        );
    }
    let off_the_curve = ClientJwk::parse(&changed(&ec, "y", ec["x"].clone())).unwrap();
    assert!(Verifier::for_client(&off_the_curve, Algorithm::Es256).is_err());
}

// RFC 7517 section 5, OpenID Connect Core section 10.1.
#[test]
fn a_clients_set_gives_the_one_key_that_fits() {
    let ed = Stranger::new().jwk();
    let ec = serde_json::to_value(PAIRS[2].public()).unwrap();
    let skipped = [
        json!({"kty": "AKP", "pub": "AQAB"}),
        changed(&ed, "use", json!("enc")),
        changed(&ed, "crv", json!("Ed448")),
        changed(&ec, "crv", json!("P-384")),
        changed(&ed, "alg", json!("HS256")),
        changed(&ed, "key_ops", json!(["sign"])),
    ];
    let with = |keys: &[Value]| ClientJwks::parse(&json!({"keys": keys}));
    assert!(with(&skipped).unwrap().keys().is_empty());

    let named = |jwk: &Value, kid: &str| changed(jwk, "kid", json!(kid));
    let set = with(&[
        named(&rsa_of(2048), "a"),
        named(&rsa_of(8192), "b"),
        named(&ed, "a"),
        ed.clone(),
    ])
    .unwrap();
    let select = |kid, algorithm| {
        set.select(kid, algorithm)
            .map(|key| (key.kid(), key.allows(algorithm)))
    };
    assert_eq!(select(Some("a"), Algorithm::Ps256), Some((Some("a"), true)));
    assert_eq!(select(Some("a"), Algorithm::EdDsa), Some((Some("a"), true)));
    assert_eq!(select(Some("c"), Algorithm::EdDsa), None);
    assert_eq!(select(None, Algorithm::Rs256), None, "two keys fit");
    assert_eq!(select(None, Algorithm::Es256), None);
    assert!(
        with(&[ec, ed.clone()])
            .unwrap()
            .select(None, Algorithm::Es256)
            .is_some()
    );

    assert_eq!(
        with(&vec![ed; MAX_CLIENT_KEYS + 1]),
        Err(JwkError::TooManyKeys)
    );
    for no_set in [json!([]), json!({}), json!({"keys": {}}), json!(null)] {
        assert_eq!(ClientJwks::parse(&no_set), Err(JwkError::NotASet));
    }
}

#[test]
fn a_key_registered_for_one_algorithm_checks_no_other() {
    let jwk = serde_json::to_value(PAIRS[0].public()).unwrap();
    let key = ClientJwk::parse(&jwk).unwrap();
    assert!(Verifier::for_client(&key, Algorithm::Rs256).is_ok());
    assert!(Verifier::for_client(&key, Algorithm::Ps256).is_err());
    assert!(Verifier::for_client(&key, Algorithm::Es256).is_err());
    let open = json!({"kty": "RSA", "n": jwk["n"], "e": jwk["e"]});
    let open = ClientJwk::parse(&open).unwrap();
    let as_pss = Verifier::for_client(&open, Algorithm::Ps256).unwrap();
    assert!(check(&as_pss, &token(&PAIRS[0])).is_err());
}
