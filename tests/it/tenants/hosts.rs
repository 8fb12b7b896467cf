//! A tenant with a host to itself: what is at that host is its, and it is nowhere else.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use users_core::admin::AdminError;
use users_core::config::Config;
use users_core::model::tenant::Tenant;

use super::{SCOPE, Twins};
use crate::support::browser::{Asking, Browser, Form};
use crate::support::http::Caller;
use crate::support::people::Service;
use crate::support::world::{ISSUER, follow};
use crate::support::{World, everywhere};

const HOST: &str = "login.acme.test";
const OWN: &str = "https://login.acme.test";

/// Gives the second of the twins a host; its client there.
async fn housed(world: &World, twins: &Twins) -> (Tenant, Service) {
    let housed = world.change_tenant(&twins.second, |input| input.issuer = Some(OWN.to_owned()));
    let tenant = housed.await.expect("changed");
    let service = Service {
        prefix: tenant.path(),
        ..twins.there.through(&world.anonymous().at_host(HOST))
    };
    (tenant, service)
}

#[tokio::test]
async fn a_tenant_is_at_its_own_host_and_nowhere_else() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        let (node, elsewhere) = world.second_node().await;
        // Both addresses are remembered as they were before.
        for caller in [world.anonymous(), &elsewhere] {
            let here = caller.at_host(HOST).get("/jwks.json").await;
            assert_eq!(here.body, caller.get("/jwks.json").await.body);
            caller.get("/t/second/jwks.json").await.assert_ok();
        }
        let (tenant, there) = housed(&world, &twins).await;
        assert_eq!((tenant.issuer.as_str(), tenant.path().as_str()), (OWN, ""));
        follow(&node).await;
        for caller in [world.anonymous(), &elsewhere] {
            let unknown = caller.get("/nothing/here").await;
            let own = caller.at_host(HOST);
            for (caller, path) in [
                (caller, "/t/second/jwks.json"),
                (caller, "/t/second/.well-known/openid-configuration"),
                (caller, "/.well-known/oauth-authorization-server/t/second"),
                (&own, "/t/second/jwks.json"),
                (&own, "/t/default/jwks.json"),
                (&own, "/.well-known/openid-configuration/t/second"),
            ] {
                let reply = caller.get(path).await;
                assert_eq!(
                    (reply.status, &reply.body),
                    (unknown.status, &unknown.body),
                    "{path}"
                );
            }
            for path in [
                "/.well-known/openid-configuration",
                "/.well-known/oauth-authorization-server",
            ] {
                let document = own.get(path).await.json();
                assert_eq!(document["issuer"], OWN);
                for (name, value) in document.as_object().expect("an object") {
                    if name.ends_with("_endpoint") || name == "jwks_uri" {
                        let address = value.as_str().expect("an address");
                        assert!(
                            address.starts_with("https://login.acme.test/"),
                            "{name}: {address}"
                        );
                    }
                }
            }
            let there = there.through(&own);
            let reply = there.sign_in(&twins.alice_there, SCOPE).await;
            let access = reply.text("access_token");
            assert_eq!(there.introspect(&access).await.json()["iss"], OWN);
            there.userinfo(&access).await.assert_ok();
            there
                .refresh(&reply.text("refresh_token"))
                .await
                .assert_ok();
            // The same client at the root is the default tenant's.
            twins
                .here
                .through(caller)
                .introspect(&access)
                .await
                .assert_inactive();
            let foreign = twins
                .here
                .through(&own)
                .client_credentials("sip.register")
                .await;
            foreign.assert_error(401, "invalid_client");
        }
    })
    .await;
}

/// A request whose target is in absolute form, as HTTP/2 has it.
async fn absolute(caller: &Caller, uri: &str) -> String {
    let request = Request::get(uri).body(Body::empty()).expect("a request");
    caller.send(request).await.body
}

#[tokio::test]
async fn a_host_is_recognised_in_every_spelling_and_no_other_is() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        housed(&world, &twins).await;
        let path = "/.well-known/openid-configuration";
        let issuer = async |hosts: &[&'static str]| {
            let mut request = Request::get(path);
            for host in hosts {
                request = request.header("host", *host);
            }
            let request = request.body(Body::empty()).expect("a request");
            let reply = world.anonymous().send(request).await.json();
            reply["issuer"].as_str().expect("an issuer").to_owned()
        };
        for host in [
            "login.acme.test",
            "LOGIN.Acme.Test",
            "login.acme.test:443",
            "login.acme.test:80",
        ] {
            assert_eq!(issuer(&[host]).await, OWN, "{host}");
        }
        for hosts in [
            &[][..],
            &["localhost:8081"],
            &["acme.test"],
            &["x.login.acme.test"],
            &["login.acme.test.evil.test"],
            &["login.acme.test:8443"],
            &["login.acme.test."],
            &["alice@login.acme.test"],
            &[""],
            // Two of them say nothing.
            &["login.acme.test", "localhost:8081"],
            &["localhost:8081", "login.acme.test"],
        ] {
            assert_eq!(issuer(hosts).await, ISSUER, "{hosts:?}");
        }
        let caller = world.anonymous().at_host("localhost:8081");
        let seen = absolute(&caller, &format!("http://{HOST}{path}")).await;
        assert!(
            seen.contains(&format!("\"issuer\":\"{OWN}\"")),
            "the target comes first: {seen}"
        );
        let caller = world.anonymous().at_host(HOST);
        let seen = absolute(&caller, &format!("http://localhost:8081{path}")).await;
        assert!(seen.contains(&format!("\"issuer\":\"{ISSUER}\"")), "{seen}");
        for name in ["x-forwarded-host", "forwarded", "x-host", "x-original-host"] {
            for value in [HOST, "host=login.acme.test"] {
                let reply = world.anonymous().get_with(path, &[(name, value)]).await;
                assert_eq!(reply.json()["issuer"], ISSUER, "{name}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn pages_cookies_and_sign_out_work_at_a_host_of_its_own() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        let (_, there) = housed(&world, &twins).await;
        let mut browser = Browser::new(&there.caller);
        let asking = Asking::of(&there, "openid").with("prompt", "consent");
        let sign_in = browser.ask(&asking).await;
        assert_eq!(Form::of(&sign_in, "/sign-in").action, "/sign-in");
        assert!(sign_in.body.contains("href=\"/style.css"));
        there.caller.get("/style.css").await.assert_ok();
        // As a browser says where the form stood.
        let form = Form::of(&sign_in, "/sign-in")
            .with("username", "alice")
            .with("password", &twins.alice_there.password);
        let headers = [("origin", OWN), ("sec-fetch-site", "same-origin")];
        let consent = browser.submit_with(&form, &headers).await;
        let form = Form::of(&consent, "/consent");
        assert_eq!(form.action, "/consent");
        let foreign = [("origin", ISSUER), ("sec-fetch-site", "cross-site")];
        let refused = browser
            .clone()
            .submit_with(&form.clone().with("decision", "allow"), &foreign)
            .await;
        assert_eq!(refused.status, 403);
        let answer = browser
            .submit_with(&form.with("decision", "allow"), &headers)
            .await;
        let answer = crate::support::browser::Answer::of(&answer);
        assert_eq!(answer.get("iss"), OWN);
        there.redeem(&answer, &asking).await.assert_ok();
        // The same cookies at the installation's host are nobody's.
        let mut elsewhere = browser.through(world.anonymous());
        let page = elsewhere.ask(&Asking::of(&twins.here, "openid")).await;
        assert!(Form::find(&page, "/sign-in").is_some());
        let page = browser.get("/logout").await;
        let form = Form::of(&page, "/account/sign-out");
        assert_eq!(form.action, "/account/sign-out");
        browser.submit(&form).await.assert_ok();
        let page = browser.ask(&asking).await;
        assert!(Form::find(&page, "/sign-in").is_some());
    })
    .await;
}

#[tokio::test]
async fn the_installations_own_routes_are_not_at_a_tenants_host() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        let link = users_core::admin::setup::new_link(&world.app)
            .await
            .expect("an answer");
        let link = link.expect("a link");
        let path = link.strip_prefix(ISSUER).expect("at the root").to_owned();
        world.anonymous().get(&path).await.assert_ok();
        let (_, there) = housed(&world, &twins).await;
        assert_eq!(there.caller.get(&path).await.status, 404);
        let link = path.split_once("link=").expect("a link").1;
        let form = [
            ("link", link),
            ("username", "mallory"),
            ("password", "a long passphrase"),
        ];
        assert_eq!(there.caller.post("/setup", &form, &[]).await.status, 404);
        let accounts = "SELECT COUNT(*) FROM users WHERE username = 'mallory'";
        assert_eq!(world.raw().await.number(accounts).await, 0);
        world.anonymous().get(&path).await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn a_disabled_tenants_host_is_not_the_default_tenants() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        let (tenant, there) = housed(&world, &twins).await;
        let disabled = world.change_tenant(&tenant, |input| input.enabled = false);
        disabled.await.expect("disabled");
        let reply = there.caller.get("/.well-known/openid-configuration").await;
        reply.assert_error(404, "not_found");
        // Deleted, the host is nobody's; an unknown one is the installation's.
        world.delete_tenant(&tenant).await;
        let reply = there.caller.get("/.well-known/openid-configuration").await;
        assert_eq!(reply.json()["issuer"], ISSUER);
    })
    .await;
}

#[tokio::test]
async fn a_moved_tenants_tokens_and_assertions_name_its_new_issuer_only() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        let before = twins.there.sign_in(&twins.alice_there, SCOPE).await;
        let (tenant, there) = housed(&world, &twins).await;
        let access = before.text("access_token");
        there.introspect(&access).await.assert_inactive();
        there
            .refresh(&before.text("refresh_token"))
            .await
            .assert_error(400, "invalid_grant");
        let now = there.sign_in(&twins.alice_there, SCOPE).await;
        // And back again.
        let back = world
            .change_tenant(&tenant, |input| input.issuer = None)
            .await;
        assert_eq!(back.expect("changed").issuer, format!("{ISSUER}/t/second"));
        let access = now.text("access_token");
        twins.there.introspect(&access).await.assert_inactive();
        let reply = twins.there.refresh(&now.text("refresh_token")).await;
        reply.assert_error(400, "invalid_grant");
        let found = world
            .app
            .directory
            .tenant_by_issuer(OWN)
            .await
            .expect("an answer");
        assert!(found.is_none());
    })
    .await;
}

#[tokio::test]
async fn an_assertion_is_addressed_to_the_tenants_own_issuer() {
    use users_core::keys::jws::{Signer, Typ};
    use users_core::keys::key_pair::KeyPair;
    use users_core::model::algorithm::Algorithm;
    use users_core::model::client_metadata::AuthMethod;

    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        let pair = KeyPair::generate(Algorithm::Es256).expect("a key");
        let signer = Signer::new(&pair).expect("a signer");
        let public = serde_json::to_value(pair.public()).expect("JSON");
        let robot = world.client_of(&twins.second, "robot", "sip.register", |metadata| {
            metadata.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
            metadata.jwks = Some(json!({ "keys": [public] }));
        });
        robot.await;
        let (_, there) = housed(&world, &twins).await;
        for (audience, status) in [
            (OWN, 200),
            ("https://login.acme.test/token", 200),
            ("http://localhost:8081/t/second", 401),
            (ISSUER, 401),
        ] {
            let claims = json!({
                "iss": "robot", "sub": "robot", "aud": audience, "jti": world.app.opaque_id(),
                "exp": world.clock.now().seconds() + 60,
            });
            let assertion = signer.sign(Typ::Jwt, &claims).expect("signed");
            let form = [
                ("grant_type", "client_credentials"),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
                ("client_assertion", assertion.as_str()),
            ];
            let reply = there.caller.post("/token", &form, &[]).await;
            assert_eq!(reply.status.as_u16(), status, "{audience}: {reply:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_host_is_one_tenants_and_well_formed() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        housed(&world, &twins).await;
        let third = world.new_tenant("third").await;
        let change = async |issuer: &str| {
            world
                .change_tenant(&third, |input| input.issuer = Some(issuer.to_owned()))
                .await
        };
        for taken in [OWN] {
            let refused = change(taken).await;
            assert!(
                matches!(refused, Err(AdminError::Conflict(_))),
                "{refused:?}"
            );
        }
        for wrong in [
            "http://login.third.test",
            "https://login.third.test/",
            "https://login.third.test/x",
            "https://login.third.test?x",
            "https://login.third.test#x",
            "https://alice@login.third.test",
            "https://LOGIN.third.test",
            "https://login.third.test:443",
            "https://login.third.test:80",
            "https://*.third.test",
            "https://localhost:8081",
            "http://localhost:8081",
            "javascript:alert(1)",
            "login.third.test",
            "",
        ] {
            let refused = change(wrong).await;
            assert!(
                matches!(refused, Err(AdminError::Invalid(_))),
                "{wrong}: {refused:?}"
            );
        }
        for right in [
            "https://login.third.test",
            "https://login.third.test:8443",
            "http://third.localhost:9000",
            "http://127.0.0.1:9000",
            "https://[2001:db8::1]",
        ] {
            let tenant = change(right)
                .await
                .unwrap_or_else(|error| panic!("{right}: {error}"));
            assert_eq!(tenant.issuer, right);
            let found = world
                .app
                .directory
                .tenant_by_issuer(right)
                .await
                .expect("an answer");
            assert_eq!(
                found.map(|tenant| tenant.id.clone()),
                Some(third.id.clone())
            );
        }
    })
    .await;
}

#[tokio::test]
async fn the_usual_request_looks_nothing_up() {
    let configure = |config: &mut Config| config.issuer = "https://id.example.test".to_owned();
    crate::support::world::everywhere_with(configure, async |world| {
        let directory = &world.app.directory;
        world.app.store.db().close().await;
        // The database is gone; whose host this is, is known all the same.
        for host in ["id.example.test"] {
            assert!(
                directory
                    .tenant_by_host(host)
                    .await
                    .expect("no look-up")
                    .is_none()
            );
        }
        directory
            .tenant_by_host("another.test")
            .await
            .expect_err("a look-up");
    })
    .await;
}
