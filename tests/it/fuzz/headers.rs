//! The Authorization header.

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue};
use users_core::web::authorization::{Authorization, authorization};

use super::{Dice, INPUTS, ODD};
use crate::support::http::basic;

#[test]
fn any_authorization_header_is_read_or_refused() {
    let dice = Dice::new(7);
    let pieces: &[&[u8]] = &[
        b"Basic",
        b"basic",
        b"Bearer",
        b" ",
        b" ",
        b"YTpi",
        b"YQ==",
        b"=",
        b":",
        b"%",
        b"\xff",
        b",",
        b"\t",
        b"Og==",
        b"JTAwOmI=",
        b"abc.def",
        b"Digest",
        b"\"",
    ];
    for _ in 0..INPUTS {
        let Ok(value) = HeaderValue::from_bytes(&dice.pieces(pieces, 6)) else {
            continue;
        };
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value.clone());
        match authorization(&headers) {
            Authorization::Bearer(token) => {
                assert!(value.to_str().unwrap().contains(token) && !token.is_empty());
            }
            Authorization::Basic(credentials) => {
                assert!(!credentials.client_id.contains('\0'));
                assert!(!credentials.secret.contains('\0'));
            }
            Authorization::Absent => panic!("{value:?} is there"),
            Authorization::Unusable { .. } => {}
        }
        headers.append(AUTHORIZATION, value);
        assert!(matches!(
            authorization(&headers),
            Authorization::Unusable { .. }
        ));
    }
}

#[test]
fn basic_credentials_are_read_back() {
    let dice = Dice::new(8);
    for _ in 0..INPUTS {
        let (id, secret) = (dice.text(ODD, 10), dice.text(ODD, 10));
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, basic(&id, &secret).parse().unwrap());
        let Authorization::Basic(read) = authorization(&headers) else {
            panic!("{id:?} {secret:?}");
        };
        assert_eq!((&read.client_id, &*read.secret), (&id, &secret));
    }
}
