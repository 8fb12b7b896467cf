//! The path decides, and nothing else in a request does.

use axum::body::Body;
use axum::http::Request;

use super::{SCOPE, Twins};
use crate::support::everywhere;
use crate::support::people::Service;

/// Headers by which something else than the path might name a tenant.
const HEADERS: &[(&str, &str)] = &[
    ("x-tenant-id", "second"),
    ("x-tenant", "second"),
    ("tenant", "second"),
    ("x-tenant-slug", "second"),
    ("x-forwarded-host", "second.localhost"),
    ("x-forwarded-prefix", "/t/second"),
    ("forwarded", "host=second.localhost"),
    ("x-original-url", "/t/second/token"),
    ("x-rewrite-url", "/t/second/token"),
    ("host", "second.localhost"),
    ("host", "second"),
    ("origin", "http://localhost:8081/t/second"),
    ("referer", "http://localhost:8081/t/second/"),
    ("cookie", "tenant=second"),
];

// A310
#[tokio::test]
async fn no_header_names_a_tenant() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        let metadata = world
            .anonymous()
            .get("/.well-known/openid-configuration")
            .await;
        let authorization = twins.here.authorization();
        let foreign = twins.there.authorization();
        let id = twins.second.id.clone();
        let headers = HEADERS
            .iter()
            .copied()
            .chain([("x-tenant-id", id.as_str())]);
        for header in headers {
            let reply = world
                .anonymous()
                .get_with("/.well-known/openid-configuration", &[header])
                .await;
            assert_eq!(reply.body, metadata.body, "{header:?}");
            let form = [
                ("grant_type", "client_credentials"),
                ("scope", "sip.register"),
            ];
            let own = [("authorization", authorization.as_str()), header];
            let reply = world.anonymous().post("/token", &form, &own).await;
            let token = reply.assert_ok().text("access_token");
            let seen = twins.here.introspect(&token).await.json();
            assert_eq!(seen["iss"], world.tenant.issuer.as_str(), "{header:?}");
            let not_here = [("authorization", foreign.as_str()), header];
            let reply = world.anonymous().post("/token", &form, &not_here).await;
            reply.assert_error(401, "invalid_client");
        }
    })
    .await;
}

// A310
#[tokio::test]
async fn no_parameter_names_a_tenant() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        for name in [
            "tenant",
            "tenant_id",
            "iss",
            "issuer",
            "realm",
            "organization",
        ] {
            for value in ["second", &twins.second.id, &twins.second.issuer] {
                let form = [
                    ("grant_type", "client_credentials"),
                    ("scope", "sip.register"),
                    (name, value),
                ];
                let reply = twins.here.post("/token", &form).await;
                let token = reply.assert_ok().text("access_token");
                let seen = twins.here.introspect(&token).await.json();
                assert_eq!(seen["iss"], world.tenant.issuer.as_str(), "{name}");
                // Not in the address either, where no parameter belongs.
                let query = format!("/token?{name}={value}");
                let reply = twins.there.caller.post(&query, &form, &[]).await;
                reply.assert_error(400, "invalid_request");
            }
        }
    })
    .await;
}

// A310: path and token, all pairs.
#[tokio::test]
async fn path_and_token_agree_or_nothing_opens() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        let third = world.new_tenant("third").await;
        let far = world.client_of(&third, "app", SCOPE, |_| {}).await;
        let person = world.person_of(&third, "alice", &["user"]).await;
        let all = [
            (&twins.here, &twins.alice_here),
            (&twins.there, &twins.alice_there),
            (&far, &person),
        ];
        for (issuer, person) in all {
            let token = issuer.sign_in(person, "openid").await.text("access_token");
            for (place, _) in all {
                let reply = place.userinfo(&token).await;
                let seen = Service::is_active(&place.introspect(&token).await);
                let home = place.prefix == issuer.prefix;
                assert_eq!(seen, home);
                assert_eq!(reply.status.as_u16(), if home { 200 } else { 401 });
                if home {
                    assert_eq!(reply.json()["sub"], person.id.as_str());
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_request_target_in_absolute_form_names_no_tenant_by_its_host() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        let uri = "http://second.localhost/.well-known/openid-configuration";
        let request = Request::get(uri).header("host", "second.localhost");
        let request = request.body(Body::empty()).expect("a request");
        let reply = world.anonymous().send(request).await;
        assert_eq!(reply.json()["issuer"], world.tenant.issuer.as_str());
        let path = format!("{}/t/third/token", twins.there.prefix);
        let reply = world.anonymous().post(&path, &[], &[]).await;
        reply.assert_error(404, "not_found");
    })
    .await;
}
