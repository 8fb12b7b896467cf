//! `X-API-Key` on the REST API.

use serde_json::json;

use crate::support::bearer::Bearer;
use crate::support::everywhere;
use crate::support::keys::Key;

#[tokio::test]
async fn a_key_reaches_what_its_permissions_and_its_owner_reach() {
    everywhere(async |world| {
        let mod_ = world.person_of(&world.tenant, "mod", &["moderator"]).await;
        let anna = world.person("anna").await;
        let read = world.key(&mod_, "read", &["users.read"]).await;
        let write = world.key(&mod_, "write", &["users.write"]).await;
        let path = format!("/users/{}", anna.id);
        read.get(&path).await.assert_ok();
        read.get("/users").await.assert_ok();
        let name = json!({ "name": "Anna" });
        read.patch(&path, &name)
            .await
            .assert_problem(403, "forbidden");
        write.patch(&path, &name).await.assert_ok();
        write.get(&path).await.assert_problem(403, "forbidden");
        // The same by a token it gets.
        let token = read.token("users.read").await;
        let bearer = Bearer::new(world.anonymous(), &token, &read.id);
        bearer.get(&path).await.assert_ok();
        bearer
            .patch(&path, &name)
            .await
            .assert_problem(403, "forbidden");
        // At once, for the key and for its tokens.
        world
            .change_person(&world.tenant, &mod_, |input| {
                input.roles = vec!["user".to_owned()];
            })
            .await;
        read.get(&path).await.assert_problem(403, "forbidden");
        bearer.get(&path).await.assert_problem(403, "forbidden");
        write
            .patch(&path, &name)
            .await
            .assert_problem(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn a_key_manages_nobody_who_holds_more_than_it_does() {
    everywhere(async |world| {
        let ada = world.person_of(&world.tenant, "ada", &["admin"]).await;
        let bob = world.person_of(&world.tenant, "bob", &["admin"]).await;
        let anna = world.person("anna").await;
        let users = world
            .key(&ada, "users", &["users.read", "users.write"])
            .await;
        let roles = world
            .key(
                &ada,
                "roles",
                &["account", "users.read", "users.write", "roles.write"],
            )
            .await;
        let everything = world.key(&ada, "everything", &["*"]).await;
        let name = json!({ "name": "X" });
        let (path, admin) = (format!("/users/{}", anna.id), format!("/users/{}", bob.id));
        for key in [&users, &roles] {
            key.patch(&path, &name).await.assert_ok();
            key.patch(&admin, &name)
                .await
                .assert_problem(403, "forbidden");
            let raise = json!({ "roles": ["admin"] });
            key.patch(&path, &raise)
                .await
                .assert_problem(403, "forbidden");
        }
        everything.patch(&admin, &name).await.assert_ok();
        // Its owner's own roles are nobody's to change but others'.
        let own = format!("/users/{}", ada.id);
        let lower = json!({ "roles": ["user"] });
        everything
            .patch(&own, &lower)
            .await
            .assert_problem(403, "forbidden");
        everything
            .patch(&own, &json!({ "enabled": false }))
            .await
            .assert_problem(403, "forbidden");
        everything
            .delete(&own)
            .await
            .assert_problem(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn a_key_is_nobodys_sign_in() {
    everywhere(async |world| {
        let anna = world.person("anna").await;
        let sip = world.key(&anna, "sip", &["sip.call"]).await;
        sip.get("/users/me").await.assert_problem(403, "forbidden");
        let all = world.key(&anna, "all", &["*"]).await;
        let own = all.get("/users/me").await;
        own.assert_ok();
        assert_eq!(own.json()["id"], anna.id.as_str());
        all.patch("/users/me", &json!({ "name": "Anna" }))
            .await
            .assert_ok();
        let token = all.token("account").await;
        let bearer = Bearer::new(world.anonymous(), &token, &all.id);
        bearer.get("/users/me").await.assert_ok();
        let change = json!({
            "current_password": anna.password, "new_password": "another long passphrase",
        });
        for (method, path, body) in [
            ("GET", "/users/me/sessions", None),
            ("DELETE", "/users/me/sessions", None),
            ("GET", "/users/me/devices", None),
            ("GET", "/users/me/api-keys", None),
            (
                "POST",
                "/users/me/api-keys",
                Some(json!({ "name": "child", "permissions": ["*"] })),
            ),
            ("POST", "/users/me/change-password", Some(change)),
        ] {
            for reply in [
                all.call(method, path, &[], body.as_ref()).await,
                bearer.call(method, path, &[], body.as_ref()).await,
            ] {
                reply.assert_problem(403, "forbidden");
            }
        }
    })
    .await;
}

// A292
#[tokio::test]
async fn a_key_anywhere_but_in_its_header_is_refused() {
    everywhere(async |world| {
        let ada = world.person_of(&world.tenant, "ada", &["admin"]).await;
        let bob = world.person_of(&world.tenant, "bob", &["admin"]).await;
        let key = world.key(&ada, "key", &["*"]).await;
        key.get("/users").await.assert_ok();
        let anonymous = world.anonymous();
        for name in ["api_key", "apikey", "X-API-Key", "api-key", "x_api_key"] {
            let in_query = format!("/api/v1/users?{name}={}", key.secret);
            let reply = anonymous.get(&in_query).await;
            reply.assert_problem(400, "malformed");
            assert!(!reply.body.contains(&key.secret), "{reply:?}");
            // Beside a good one too, so that nobody gets used to it.
            let also = format!("/users?{name}={}", key.secret);
            key.get(&also).await.assert_problem(400, "malformed");
        }
        let cookie = format!("X-API-Key={0}; api_key={0}", key.secret);
        let basic = crate::support::http::basic(&key.id, &key.secret);
        let as_bearer = format!("Bearer {}", key.secret);
        for (name, value) in [
            ("cookie", cookie.as_str()),
            ("authorization", basic.as_str()),
            ("authorization", as_bearer.as_str()),
        ] {
            let reply = anonymous.get_with("/api/v1/users", &[(name, value)]).await;
            reply.assert_problem(401, "unauthenticated");
        }
        // Two proofs are none, of whomever they are.
        let console = world.console(&world.tenant).await;
        let bearer = world.bearer(&console, &bob).await;
        let authorization = format!("Bearer {}", bearer.token);
        for beside in [authorization.as_str(), "Bearer x", basic.as_str()] {
            let headers = [("authorization", beside)];
            let reply = key.call("GET", "/users", &headers, None).await;
            reply.assert_problem(400, "malformed");
        }
        let twice = [("x-api-key", key.secret.as_str())];
        let reply = key.call("GET", "/users", &twice, None).await;
        reply.assert_problem(400, "malformed");
    })
    .await;
}

// A293
#[tokio::test]
async fn a_key_opens_its_own_tenant_only() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let ada = world.person_of(&world.tenant, "ada", &["admin"]).await;
        let bob = world.person_of(&second, "bob", &["admin"]).await;
        let here = world.key(&ada, "here", &["*"]).await;
        let there = world.key_of(&second, &bob, "there", &["*"], |_| {}).await;
        for (key, own, other, foreign) in [
            (&here, &ada, &bob, &second),
            (&there, &bob, &ada, &world.tenant),
        ] {
            key.get(&format!("/users/{}", own.id)).await.assert_ok();
            let path = format!("/users/{}", other.id);
            key.get(&path).await.assert_problem(404, "not-found");
            for name in [&foreign.slug, &foreign.id] {
                let headers = [("x-tenant-id", name.as_str())];
                let reply = key.call("GET", &path, &headers, None).await;
                reply.assert_problem(403, "forbidden");
                let named = format!("{path}?tenant={name}");
                key.get(&named).await.assert_problem(403, "forbidden");
            }
            let host = [("host", "second.example.test")];
            let reply = key.call("GET", &path, &host, None).await;
            reply.assert_problem(404, "not-found");
        }
        // At the other tenant's issuer it is nobody.
        for (key, prefix) in [(&here, "/t/second"), (&there, "")] {
            let moved = Key {
                prefix: prefix.to_owned(),
                ..key.clone()
            };
            let reply = moved.client().client_credentials("sip.call").await;
            reply.assert_error(401, "invalid_client");
        }
        there
            .client()
            .client_credentials("sip.call")
            .await
            .assert_ok();
        // Its tokens are its tenant's as well.
        let token = there.token("users.read").await;
        let bearer = Bearer::new(world.anonymous(), &token, &there.id);
        bearer.get(&format!("/users/{}", bob.id)).await.assert_ok();
        let path = format!("/users/{}", ada.id);
        bearer.get(&path).await.assert_problem(404, "not-found");
    })
    .await;
}

#[tokio::test]
async fn a_key_for_some_networks_opens_nothing_elsewhere() {
    everywhere(async |world| {
        let mod_ = world.person_of(&world.tenant, "mod", &["moderator"]).await;
        let key = world
            .key_of(&world.tenant, &mod_, "office", &["users.read"], |input| {
                input.networks = vec!["192.0.2.0/24".to_owned(), "2001:db8::/32".to_owned()];
            })
            .await;
        key.get("/users")
            .await
            .assert_problem(401, "unauthenticated");
        for inside in ["192.0.2.7", "[2001:db8::7]", "[::ffff:192.0.2.9]"] {
            let there = key.through(&world.from(inside));
            there.get("/users").await.assert_ok();
            there
                .client()
                .client_credentials("users.read")
                .await
                .assert_ok();
        }
        let inside = key.through(&world.from("192.0.2.7"));
        let token = inside.token("users.read").await;
        Bearer::new(&inside.caller, &token, "")
            .get("/users")
            .await
            .assert_ok();
        // A token carried out of the network is worth no more than the key there.
        Bearer::new(world.anonymous(), &token, "")
            .get("/users")
            .await
            .assert_problem(401, "unauthenticated");
    })
    .await;
}

// A291
#[tokio::test]
async fn whoever_tries_keys_is_told_to_wait_and_costs_no_look_at_the_database() {
    everywhere(async |world| {
        let mod_ = world.person_of(&world.tenant, "mod", &["moderator"]).await;
        let key = world.key(&mod_, "key", &["users.read"]).await;
        let cold = world.key(&mod_, "cold", &["users.read"]).await;
        let attacker = world.from("203.0.113.9");
        key.through(&attacker).get("/users").await.assert_ok();
        let limit = world.app.config.limits.login_failures_per_address;
        let mut refused = 0;
        let mut told_to_wait = 0;
        let hashes = world.app.passwords.computed();
        for number in 0..10_000 {
            let secret = format!("rvoip_ak_live_{number:032}");
            let reply = key.with_secret(&secret).through(&attacker);
            let reply = reply.get("/users").await;
            match reply.status.as_u16() {
                401 => refused += 1,
                429 => {
                    assert!(reply.header("retry-after").is_some());
                    told_to_wait += 1;
                }
                _ => panic!("{reply:?}"),
            }
        }
        assert_eq!((refused, told_to_wait), (limit, 10_000 - limit));
        assert_eq!(world.app.passwords.computed(), hashes, "no slow hash");
        // Who is known already goes on working from there; others and other places are not touched.
        key.through(&attacker).get("/users").await.assert_ok();
        cold.through(&attacker)
            .get("/users")
            .await
            .assert_problem(429, "too-many-requests");
        cold.get("/users").await.assert_ok();
        let console = world.console(&world.tenant).await;
        let mut sign_in = console.clone();
        sign_in.caller = attacker.clone();
        sign_in
            .password(&mod_.username, &mod_.password, "users.read")
            .await
            .assert_ok();
        world.advance(3600);
        let reply = key.with_secret(&format!("rvoip_ak_live_{:032}", 1));
        let reply = reply.through(&attacker).get("/users").await;
        reply.assert_problem(401, "unauthenticated");
    })
    .await;
}
