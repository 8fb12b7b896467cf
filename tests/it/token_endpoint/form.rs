//! How a request is read: each parameter once, from the body, of the right type and size.

use axum::body::Body;

use crate::client_auth::ENDPOINTS;
use crate::support::everywhere;
use crate::support::http::Reply;
use crate::support::people::Service;

const FORM: &str = "application/x-www-form-urlencoded";

fn encoded(form: &[(&str, &str)]) -> String {
    serde_urlencoded::to_string(form).unwrap()
}

async fn post_raw(
    service: &Service,
    path: &str,
    content_type: &str,
    body: impl Into<Body>,
) -> Reply {
    let authorization = service.authorization();
    let headers = [("authorization", authorization.as_str())];
    let caller = &service.caller;
    caller.post_raw(path, content_type, body, &headers).await
}

// A079
#[tokio::test]
async fn a_parameter_given_twice_is_refused() {
    everywhere(async |world| {
        let service = world.client("service", "sip.register").await;
        let names = [
            "grant_type",
            "code",
            "redirect_uri",
            "client_id",
            "client_secret",
            "scope",
            "refresh_token",
            "username",
            "password",
            "token",
            "token_type_hint",
            "client_assertion",
            "unknown",
        ];
        for (path, form) in ENDPOINTS {
            for name in names {
                for values in [["x", "x"], ["x", "y"], ["", "x"], ["x", ""], ["", ""]] {
                    let given = form.iter().find(|(known, _)| *known == name);
                    let doubled: Vec<_> = form
                        .iter()
                        .copied()
                        .filter(|(known, _)| *known != name)
                        .chain(values.map(|value| {
                            let value = given
                                .filter(|_| value == "x")
                                .map_or(value, |given| given.1);
                            (name, value)
                        }))
                        .collect();
                    let reply = service.post(path, &doubled).await;
                    assert_eq!(reply.status, 400, "{path} {doubled:?}: {reply:?}");
                    reply.assert_error(400, "invalid_request");
                }
            }
            // The same name in another spelling is the same name.
            let body = format!("{}&%67rant_type=x&grant%5Ftype=x", encoded(form));
            let reply = post_raw(&service, path, FORM, body).await;
            reply.assert_error(400, "invalid_request");
        }
    })
    .await;
}

// A082
#[tokio::test]
async fn parameters_in_the_address_are_refused() {
    everywhere(async |world| {
        let service = world.client("service", "sip.register").await;
        let secret = service.secret.as_str();
        let proof = [("client_id", "service"), ("client_secret", secret)];
        for (path, form) in ENDPOINTS {
            let (all, own) = (encoded(&[form, &proof].concat()), encoded(form));
            let (proof, own_body) = (encoded(&proof), encoded(form));
            for (query, body, header) in [
                (&all, String::new(), false),
                (&own, String::new(), true),
                (&own, proof.clone(), false),
                (&proof, own_body.clone(), false),
                (&proof, own_body.clone(), true),
                (&own, own_body, true),
            ] {
                let path = format!("{path}?{query}");
                let authorization = service.authorization();
                let headers = [("authorization", authorization.as_str())];
                let headers = if header { &headers[..] } else { &[] };
                let reply = service.caller.post_raw(&path, FORM, body, headers).await;
                reply.assert_error(400, "invalid_request");
                assert!(!reply.body.contains(secret));
            }
        }
    })
    .await;
}

// A059
#[tokio::test]
async fn an_empty_parameter_is_none_and_an_unknown_one_is_nothing() {
    everywhere(async |world| {
        let service = world.client("service", "sip.register").await;
        for (path, form) in ENDPOINTS {
            for more in [
                &[("scope", "")][..],
                &[("resource", ""), ("resource", "")],
                &[("client_id", "")],
                &[("unknown", "x"), ("another", "")],
                &[
                    ("Client_Id", "nobody"),
                    ("SCOPE", "unknown"),
                    ("Resource", "x"),
                ],
                &[("", "")],
                &[("", "x")],
            ] {
                let reply = service.post(path, &[form, more].concat()).await;
                assert_eq!(reply.status, 200, "{path} {more:?}: {reply:?}");
            }
        }
        let named = [("Grant_Type", "client_credentials")];
        let reply = service.post("/token", &named).await;
        reply.assert_error(400, "invalid_request");
    })
    .await;
}

// A084
#[tokio::test]
async fn the_type_of_a_form_is_known_in_every_spelling() {
    everywhere(async |world| {
        let service = world.client("service", "sip.register").await;
        for (path, form) in ENDPOINTS {
            for right in [
                FORM,
                "application/x-www-form-urlencoded;charset=utf-8",
                "application/x-www-form-urlencoded; charset=UTF-8",
                "application/x-www-form-urlencoded ; charset=\"utf-8\"",
                "APPLICATION/X-WWW-Form-UrlEncoded",
                "application/x-www-form-urlencoded;",
                " application/x-www-form-urlencoded ",
            ] {
                let reply = post_raw(&service, path, right, encoded(form)).await;
                assert_eq!(reply.status, 200, "{right}: {reply:?}");
            }
            for wrong in [
                "application/json",
                "multipart/form-data; boundary=x",
                "text/plain",
                "application/x-www-form-urlencodedx",
                "application/x-www-form-urlencoded, text/plain",
                "application/*",
                "",
                "\u{e9}",
            ] {
                let reply = post_raw(&service, path, wrong, encoded(form)).await;
                reply.assert_error(400, "invalid_request");
            }
            let authorization = service.authorization();
            for more in [("content-encoding", "gzip"), ("content-type", FORM)] {
                let headers = [("authorization", authorization.as_str()), more];
                let caller = &service.caller;
                let reply = caller.post_raw(path, FORM, encoded(form), &headers).await;
                reply.assert_error(400, "invalid_request");
            }
            let json = r#"{"grant_type":"client_credentials","token":"x"}"#;
            for content_type in ["application/json", FORM] {
                let reply = post_raw(&service, path, content_type, json).await;
                reply.assert_error(400, "invalid_request");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_is_decoded_loosely() {
    everywhere(async |world| {
        let service = world.client("service", "sip.register").await;
        for (path, form) in ENDPOINTS {
            let form = encoded(form);
            for broken in [
                &b"&x=%ff"[..],
                b"&x=%c3%28",
                b"&x=%ed%a0%80",
                b"&x=%f0%82%82%ac",
                b"&x=\xff",
                b"&\xc3\x28=x",
                b"&x=%",
                b"&x=%2",
                b"&x=%zz",
                b"&x=%u0041",
                b"&x=%00",
                b"&x=a%00b",
                b"&x%00=a",
                b"&x=\0",
            ] {
                let body = [form.as_bytes(), broken].concat();
                let reply = post_raw(&service, path, FORM, body).await;
                assert_eq!(reply.status, 400, "{broken:?}: {reply:?}");
                reply.assert_error(400, "invalid_request");
            }
            let many: String = (0..100).map(|number| format!("&x{number}=")).collect();
            let reply = post_raw(&service, path, FORM, format!("{form}{many}")).await;
            reply.assert_error(400, "invalid_request");
            let reply = post_raw(&service, path, FORM, format!("{form}&&&")).await;
            reply.assert_ok();
        }
    })
    .await;
}

#[tokio::test]
async fn a_body_is_bounded() {
    everywhere(async |world| {
        let service = world.client("service", "sip.register").await;
        let most = world.app.config.limits.max_body_bytes;
        for (path, form) in ENDPOINTS {
            let fitting = |bytes: usize| {
                let start = format!("{}&x=", encoded(form));
                format!("{start}{}", "y".repeat(bytes - start.len()))
            };
            post_raw(&service, path, FORM, fitting(most))
                .await
                .assert_ok();
            for bytes in [most + 1, 10 << 20] {
                let reply = post_raw(&service, path, FORM, fitting(bytes)).await;
                reply.assert_error(413, "invalid_request");
            }
        }
    })
    .await;
}

// RFC 6749 section 3.2: POST and nothing else.
#[tokio::test]
async fn only_post_reaches_an_endpoint_of_clients() {
    everywhere(async |world| {
        let service = world.client("service", "sip.register").await;
        for (path, form) in ENDPOINTS {
            for method in [
                "GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "POSTS", "post",
            ] {
                let request = axum::http::Request::builder()
                    .method(method)
                    .uri(format!("{path}?{}", encoded(form)))
                    .header("authorization", service.authorization());
                let request = request.body(Body::empty()).unwrap();
                let reply = service.caller.send(request).await;
                assert_eq!(reply.status, 405, "{method} {path}");
                assert_eq!(reply.header("allow"), Some("POST"));
            }
        }
    })
    .await;
}
