//! The `claims` parameter as a text (OIDC Core section 5.5): what is read from it, and what is not.

use serde_json::json;
use users_core::model::claims_request::{ClaimRequest, ClaimsRequest, ClaimsRequestError};

/// The example of section 5.5, with what it may hold besides.
const EXAMPLE: &str = r#"{
    "userinfo": {
        "given_name": {"essential": true},
        "nickname": null,
        "email": {"essential": true},
        "picture": null,
        "http://example.info/claims/groups": null
    },
    "id_token": {
        "auth_time": {"essential": true},
        "acr": {"essential": true, "values": ["2", "phr"]},
        "sub": {"value": "248289761001", "later": {"more": []}}
    },
    "later": [1, {"more": null}]
}"#;

#[test]
fn the_example_of_the_standard_is_understood() {
    let asked = ClaimsRequest::parse(EXAMPLE).unwrap();
    let names: Vec<_> = asked.userinfo.keys().collect();
    let expected = [
        "email",
        "given_name",
        "http://example.info/claims/groups",
        "nickname",
        "picture",
    ];
    assert_eq!(names, expected);
    assert_eq!(asked.userinfo["nickname"], ClaimRequest::default());
    assert!(asked.userinfo["email"].essential && !asked.userinfo["picture"].essential);
    assert_eq!(asked.demanded_sub(), Some("248289761001"));
    let acr = asked.acr().unwrap();
    assert!(acr.essential && acr.value.is_none());
    assert_eq!(acr.values, [json!("2"), json!("phr")]);
    assert!(acr.accepts(&json!("phr")) && !acr.accepts(&json!("1")));
    assert!(asked.wants_auth_time() && !asked.is_empty());
}

#[test]
fn what_is_not_asked_for_is_not_there() {
    for text in [
        "{}",
        " {\n} ",
        r#"{"userinfo":{},"id_token":{}}"#,
        r#"{"later":1}"#,
    ] {
        let asked = ClaimsRequest::parse(text).unwrap();
        assert!(asked.is_empty() && asked.acr().is_none() && asked.demanded_sub().is_none());
        assert!(!asked.wants_auth_time());
        assert_eq!(serde_json::to_string(&asked).unwrap(), "{}");
    }
    // Only the ID token speaks of a login.
    let other = r#"{"userinfo":{"acr":null,"auth_time":null,"sub":{"value":"x"}}}"#;
    let asked = ClaimsRequest::parse(other).unwrap();
    assert!(asked.acr().is_none() && asked.demanded_sub().is_none() && !asked.wants_auth_time());
}

#[test]
fn what_is_stored_is_short_and_reads_back_the_same() {
    let asked = ClaimsRequest::parse(EXAMPLE).unwrap();
    let stored = serde_json::to_string(&asked).unwrap();
    let expected = concat!(
        r#"{"userinfo":{"email":{"essential":true},"given_name":{"essential":true},"#,
        r#""http://example.info/claims/groups":null,"nickname":null,"picture":null},"#,
        r#""id_token":{"acr":{"essential":true,"values":["2","phr"]},"#,
        r#""auth_time":{"essential":true},"sub":{"value":"248289761001"}}}"#
    );
    assert_eq!(stored, expected);
    assert_eq!(
        serde_json::from_str::<ClaimsRequest>(&stored).unwrap(),
        asked
    );
}

#[test]
fn a_value_is_accepted_where_it_was_asked_for() {
    let one = |text: &str| {
        let text = format!(r#"{{"userinfo":{{"x":{text}}}}}"#);
        ClaimsRequest::parse(&text).unwrap().userinfo["x"].clone()
    };
    for (asked, accepted, refused) in [
        ("null", &[json!(1), json!("a")][..], &[][..]),
        ("{}", &[json!(1), json!([])], &[]),
        (r#"{"essential":true}"#, &[json!("a")], &[]),
        (
            r#"{"value":"a"}"#,
            &[json!("a")],
            &[json!("A"), json!(["a"])],
        ),
        (
            r#"{"value":true}"#,
            &[json!(true)],
            &[json!("true"), json!(1)],
        ),
        (
            r#"{"values":["a","b"]}"#,
            &[json!("a"), json!("b")],
            &[json!("c")],
        ),
        (r#"{"values":[]}"#, &[json!("a")], &[]),
        (r#"{"value":null}"#, &[json!("a")], &[]),
    ] {
        let asked = one(asked);
        assert!(
            accepted.iter().all(|value| asked.accepts(value)),
            "{asked:?}"
        );
        assert!(
            !refused.iter().any(|value| asked.accepts(value)),
            "{asked:?}"
        );
    }
}

#[test]
fn a_member_of_the_wrong_type_or_given_twice_is_an_error() {
    use ClaimsRequestError::{NotStrict, WrongType};
    for (text, expected) in [
        ("", NotStrict),
        ("null", NotStrict),
        ("[]", NotStrict),
        ("\"{}\"", NotStrict),
        ("{", NotStrict),
        ("{} {}", NotStrict),
        ("{}x", NotStrict),
        ("{'userinfo':{}}", NotStrict),
        (r#"{"userinfo":{"a":null,}}"#, NotStrict),
        (r#"{"userinfo":{"a":{"value":NaN}}}"#, NotStrict),
        (r#"{"userinfo":{},"userinfo":{}}"#, NotStrict),
        (r#"{"userinfo":{},"user\u0069nfo":{}}"#, NotStrict),
        (
            r#"{"userinfo":{"a":null,"a":{"essential":true}}}"#,
            NotStrict,
        ),
        (
            r#"{"id_token":{"sub":{"value":"a","value":"b"}}}"#,
            NotStrict,
        ),
        (r#"{"later":{"a":1,"a":2}}"#, NotStrict),
        (r#"{"userinfo":{"a":{"value":{"b":1,"b":2}}}}"#, NotStrict),
        (r#"{"userinfo":null}"#, WrongType),
        (r#"{"userinfo":[]}"#, WrongType),
        (r#"{"userinfo":"email"}"#, WrongType),
        (r#"{"id_token":true}"#, WrongType),
        (r#"{"userinfo":{"a":true}}"#, WrongType),
        (r#"{"userinfo":{"a":"essential"}}"#, WrongType),
        (r#"{"userinfo":{"a":{"essential":"true"}}}"#, WrongType),
        (r#"{"userinfo":{"a":{"essential":1}}}"#, WrongType),
        (r#"{"userinfo":{"a":{"essential":null}}}"#, WrongType),
        (r#"{"userinfo":{"a":{"values":"x"}}}"#, WrongType),
        (r#"{"userinfo":{"a":{"values":{}}}}"#, WrongType),
        (r#"{"id_token":{"sub":{"value":7}}}"#, WrongType),
        (r#"{"id_token":{"sub":{"value":["a"]}}}"#, WrongType),
    ] {
        assert_eq!(ClaimsRequest::parse(text).unwrap_err(), expected, "{text}");
    }
}

#[test]
fn the_parameter_is_bounded_in_length_number_and_depth() {
    let claims = |count: usize| {
        let names: Vec<_> = (0..count)
            .map(|number| format!("\"c{number}\":null"))
            .collect();
        names.join(",")
    };
    let both = |first: usize, second: usize| {
        let (first, second) = (claims(first), claims(second));
        ClaimsRequest::parse(&format!(
            r#"{{"userinfo":{{{first}}},"id_token":{{{second}}}}}"#
        ))
    };
    assert!(both(64, 0).is_ok() && both(32, 32).is_ok());
    for (first, second) in [(65, 0), (0, 65), (33, 32)] {
        assert_eq!(
            both(first, second).unwrap_err(),
            ClaimsRequestError::TooMany
        );
    }
    let long = |bytes: usize| {
        let frame = r#"{"later":""}"#.len();
        ClaimsRequest::parse(&format!(r#"{{"later":"{}"}}"#, "a".repeat(bytes - frame)))
    };
    assert!(long(8192).is_ok());
    assert_eq!(long(8193).unwrap_err(), ClaimsRequestError::TooLong);
    let deep = |levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        ClaimsRequest::parse(&format!(
            r#"{{"userinfo":{{"a":{{"value":{open}{close}}}}}}}"#
        ))
    };
    assert!(deep(5).is_ok());
    for levels in [6, 100, 4000] {
        assert_eq!(deep(levels).unwrap_err(), ClaimsRequestError::NotStrict);
    }
}

#[test]
fn no_error_repeats_what_was_asked() {
    for text in [
        r#"{"userinfo":"s3cret"}"#,
        "s3cret",
        r#"{"s3cret":1,"s3cret":2}"#,
    ] {
        let error = ClaimsRequest::parse(text).unwrap_err();
        assert!(!format!("{error}{error:?}").contains("s3cret"));
    }
}
