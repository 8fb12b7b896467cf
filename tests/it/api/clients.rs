//! `/clients`, `/resources` and `/keys`.

use serde_json::{Value, json};

use crate::support::bearer::Bearer;
use crate::support::people::Service;
use crate::support::{World, everywhere};

async fn administrator(world: &World) -> Bearer {
    let console = world.console(&world.tenant).await;
    world.operator(&console, "root-of-all", &["admin"]).await
}

fn service(world: &World, client_id: &str, secret: &str) -> Service {
    Service {
        caller: world.anonymous().clone(),
        prefix: String::new(),
        client_id: client_id.to_owned(),
        secret: secret.to_owned(),
    }
}

#[tokio::test]
async fn a_client_is_registered_used_changed_and_removed() {
    everywhere(async |world| {
        let admin = administrator(&world).await;
        let body = json!({ "client_id": "app", "client_name": "The App", "scope": "sip.register" });
        let made = admin.post("/clients", &body).await;
        made.assert_status(201);
        assert_eq!(made.header("location"), Some("/api/v1/clients/app"));
        let secret = made.text("client_secret");
        let app = service(&world, "app", &secret);
        app.client_credentials("sip.register").await.assert_ok();
        let read = admin.get("/clients/app").await;
        assert_eq!(read.header("etag"), made.header("etag"));
        assert!(!read.body.contains(&secret) && !read.body.contains("digest"));
        let client = read.json();
        assert_eq!(client["client_name"], "The App");
        assert_eq!(client["grant_types"], json!(["client_credentials"]));
        assert_eq!(client["secrets"].as_array().map(Vec::len), Some(1));

        let change = json!({
            "grant_types": ["authorization_code", "refresh_token"],
            "redirect_uris": ["https://app.test/cb"],
            "access_token_lifetime": 60,
        });
        let tag = read.header("etag").expect("a tag").to_owned();
        let headers = [("if-match", tag.as_str())];
        let changed = admin
            .call("PATCH", "/clients/app", &headers, Some(&change))
            .await;
        let changed = changed.assert_ok().json();
        assert_eq!(changed["response_types"], json!(["code"]));
        assert_eq!(changed["client_name"], "The App");
        let reply = admin
            .call("PATCH", "/clients/app", &headers, Some(&change))
            .await;
        reply.assert_problem(412, "changed");
        let reply = app.client_credentials("sip.register").await;
        reply.assert_error(400, "unauthorized_client");
        let back = json!({ "grant_types": ["client_credentials"], "redirect_uris": null });
        let back = admin.patch("/clients/app", &back).await.assert_ok().json();
        assert_eq!(back["response_types"], json!([]));
        admin
            .post("/clients", &body)
            .await
            .assert_problem(409, "conflict");
        admin
            .patch("/clients/app", &json!({ "enabled": false }))
            .await
            .assert_ok();
        app.client_credentials("sip.register")
            .await
            .assert_error(401, "invalid_client");
        admin.delete("/clients/app").await.assert_status(204);
        admin
            .get("/clients/app")
            .await
            .assert_problem(404, "not-found");
        admin
            .delete("/clients/app")
            .await
            .assert_problem(404, "not-found");
    })
    .await;
}

#[tokio::test]
async fn a_client_without_a_name_gets_one_and_a_public_one_no_secret() {
    everywhere(async |world| {
        let admin = administrator(&world).await;
        let made = admin
            .post("/clients", &json!({ "scope": "sip.register" }))
            .await;
        let (id, secret) = (made.text("client_id"), made.text("client_secret"));
        let app = service(&world, &id, &secret);
        app.client_credentials("sip.register").await.assert_ok();
        let public = json!({
            "client_id": "spa",
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code"],
            "redirect_uris": ["https://spa.test/cb"],
        });
        let made = admin.post("/clients", &public).await;
        made.assert_status(201);
        assert_eq!(made.json().get("client_secret"), None);
        let reply = admin.post("/clients/spa/secrets", &json!({})).await;
        reply
            .assert_problem(422, "invalid-fields")
            .assert_names("#/client_secret");
        let own =
            json!({ "client_id": "own", "client_secret": "x".repeat(40), "scope": "sip.register" });
        let made = admin.post("/clients", &own).await;
        made.assert_status(201);
        assert_eq!(
            made.json().get("client_secret"),
            None,
            "whoever chose it knows it"
        );
        let own = service(&world, "own", &"x".repeat(40));
        own.client_credentials("sip.register").await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn a_secret_is_changed_without_a_gap() {
    everywhere(async |world| {
        let admin = administrator(&world).await;
        let first = world.client("app", "sip.register").await;
        let works = async |secret: &str| {
            let app = service(&world, "app", secret);
            let reply = app.client_credentials("sip.register").await;
            reply.status.as_u16() == 200
        };
        world.advance(1);
        let added = admin.post("/clients/app/secrets", &json!({})).await;
        added.assert_status(201);
        let second = added.text("client_secret");
        assert!(works(&first.secret).await && works(&second).await);
        let location = added.header("location").expect("a place").to_owned();
        assert!(location.ends_with(&added.text("id")));
        let shown = admin.get("/clients/app").await.json();
        let secrets = shown["secrets"].as_array().expect("secrets").clone();
        assert_eq!(secrets.len(), 2);
        assert_eq!(secrets[0]["id"], added.text("id"), "newest first");
        let old = format!(
            "/clients/app/secrets/{}",
            secrets[1]["id"].as_str().expect("an id")
        );
        let new = location.strip_prefix("/api/v1").expect("below").to_owned();
        admin.delete(&old).await.assert_status(204);
        assert!(!works(&first.secret).await && works(&second).await);
        admin.delete(&old).await.assert_problem(404, "not-found");
        admin.delete(&new).await.assert_problem(409, "conflict");
        assert!(works(&second).await);
        let kinds: Vec<String> = world
            .audit()
            .await
            .into_iter()
            .map(|row| row.kind)
            .collect();
        for kind in ["client.secret_added", "client.secret_removed"] {
            assert_eq!(
                kinds.iter().filter(|known| *known == kind).count(),
                1,
                "{kind}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_retried_registration_gives_the_same_secret_once_more() {
    everywhere(async |world| {
        let admin = administrator(&world).await;
        let body = json!({ "client_id": "app", "scope": "sip.register" });
        let headers = [("idempotency-key", "one-and-the-same")];
        let first = admin.call("POST", "/clients", &headers, Some(&body)).await;
        let second = admin.call("POST", "/clients", &headers, Some(&body)).await;
        first.assert_status(201);
        assert_eq!(second.body, first.body);
        assert_eq!(second.header("etag"), first.header("etag"));
    })
    .await;
}

// A012
#[tokio::test]
async fn an_address_that_is_none_is_registered_by_no_call() {
    everywhere(async |world| {
        let admin = administrator(&world).await;
        let good = json!({
            "client_id": "app",
            "grant_types": ["authorization_code"],
            "redirect_uris": ["https://app.test/cb"],
        });
        admin.post("/clients", &good).await.assert_status(201);
        let before = world
            .raw()
            .await
            .texts("SELECT metadata FROM clients ORDER BY client_id")
            .await;
        let many: Vec<String> = (0..10_000)
            .map(|number| format!("https://a.test/{number}"))
            .collect();
        let mut bad: Vec<Value> = [
            "javascript:alert(1)",
            "JaVaScRiPt:x",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "https://*.test/cb",
            "http://app.test/cb",
            "https://app.test/cb#f",
            "",
        ]
        .map(|uri| json!([uri]))
        .into();
        bad.push(json!(many));
        for uris in bad {
            let change = json!({ "redirect_uris": uris });
            let reply = admin.patch("/clients/app", &change).await;
            assert!([413, 422].contains(&reply.status.as_u16()), "{reply:?}");
            let mut new = good.clone();
            new["client_id"] = json!("other");
            new["redirect_uris"] = uris;
            let reply = admin.post("/clients", &new).await;
            assert!([413, 422].contains(&reply.status.as_u16()), "{reply:?}");
        }
        let after = world
            .raw()
            .await
            .texts("SELECT metadata FROM clients ORDER BY client_id")
            .await;
        assert_eq!(after, before);
    })
    .await;
}

// A298
#[tokio::test]
async fn odd_members_of_a_registration_are_refused() {
    everywhere(async |world| {
        let admin = administrator(&world).await;
        for (member, value) in [
            ("created_at", json!("2020-01-01T00:00:00Z")),
            ("tenant", json!("second")),
            ("secrets", json!([])),
            ("secret", json!("x")),
            ("metadata", json!({ "first_party": true })),
            ("First_Party", json!(true)),
            ("scope[0]", json!("users.write")),
            ("client_id", json!(7)),
            ("scope", json!(["sip.register"])),
            ("require_pkce", json!("no")),
        ] {
            let mut body = json!({ "client_id": "app" });
            body[member] = value;
            let reply = admin.post("/clients", &body).await;
            reply.assert_problem(400, "malformed");
        }
        let reply = admin
            .post(
                "/clients",
                &json!({ "client_id": "app", "scope": "users.write" }),
            )
            .await;
        reply
            .assert_problem(422, "invalid-fields")
            .assert_names("#/scope");
        let id = "00000000-0000-4000-8000-000000000000";
        let reply = admin.post("/clients", &json!({ "client_id": id })).await;
        reply
            .assert_problem(422, "invalid-fields")
            .assert_names("#/client_id");
        let reply = admin.get("/clients/app").await;
        reply.assert_problem(404, "not-found");
        world.client("app", "sip.register").await;
        for member in ["client_id", "client_secret"] {
            let reply = admin
                .patch("/clients/app", &json!({ member: "x".repeat(40) }))
                .await;
            reply
                .assert_problem(400, "malformed")
                .assert_names(&format!("#/{member}"));
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_takes_over_a_client_that_reaches_further() {
    everywhere(async |world| {
        // A program that registers clients, and nothing else.
        let registrar = world.client_with("registrar", "clients.write clients.read", |metadata| {
            metadata.first_party = true;
        });
        let token = registrar
            .await
            .client_credentials("clients.write clients.read")
            .await;
        let bearer = Bearer::new(world.anonymous(), &token.text("access_token"), "registrar");
        let powerful = world.client_with("powerful", "users.write roles.write", |metadata| {
            metadata.first_party = true;
        });
        powerful.await;
        world.client("plain", "sip.register").await;
        let own = json!({ "client_id": "x", "first_party": true, "scope": "users.write" });
        bearer
            .post("/clients", &own)
            .await
            .assert_problem(403, "forbidden");
        bearer.get("/clients/powerful").await.assert_ok();
        let reply = bearer.post("/clients/powerful/secrets", &json!({})).await;
        reply.assert_problem(403, "forbidden");
        let reply = bearer
            .patch("/clients/powerful", &json!({ "scope": "sip.register" }))
            .await;
        reply.assert_problem(403, "forbidden");
        bearer
            .delete("/clients/powerful")
            .await
            .assert_problem(403, "forbidden");
        let wider = json!({ "first_party": true, "scope": "sip.register roles.write" });
        let reply = bearer.patch("/clients/plain", &wider).await;
        reply.assert_problem(403, "forbidden");
        let reply = bearer
            .patch("/clients/plain", &json!({ "client_name": "Plain" }))
            .await;
        reply.assert_ok();
        bearer
            .post("/clients/plain/secrets", &json!({}))
            .await
            .assert_status(201);
    })
    .await;
}

#[tokio::test]
async fn clients_are_found_by_id_and_name() {
    everywhere(async |world| {
        let admin = administrator(&world).await;
        for (id, name) in [
            ("one", "100% Phone"),
            ("two", "A_phone"),
            ("three", "Nothing"),
        ] {
            let body = json!({ "client_id": id, "client_name": name });
            admin.post("/clients", &body).await.assert_status(201);
        }
        let found = async |search: &str| {
            let list = admin
                .walk(&format!("/clients?limit=1&search={search}"))
                .await;
            let ids = list
                .iter()
                .map(|client| client["client_id"].as_str().expect("an id").to_owned());
            ids.collect::<Vec<_>>()
        };
        assert_eq!(found("PHONE").await, ["one", "two"]);
        assert_eq!(found("%25").await, ["one"]);
        assert_eq!(found("_").await, ["two"]);
        assert_eq!(found("three").await, ["three"]);
        admin
            .patch("/clients/three", &json!({ "client_name": "A phone" }))
            .await
            .assert_ok();
        assert_eq!(found("phone").await, ["one", "three", "two"]);
        assert_eq!(
            admin.walk("/clients?limit=2").await.len(),
            4,
            "with the console"
        );
    })
    .await;
}

#[tokio::test]
async fn a_resource_is_put_read_and_removed() {
    everywhere(async |world| {
        let admin = administrator(&world).await;
        let path = "/resources/https%3A%2F%2Ffiles.test%2Fv1";
        admin.get(path).await.assert_problem(404, "not-found");
        let body =
            json!({ "name": "Files", "scopes": "files.read files.write", "token_lifetime": 60 });
        let put = admin.put(path, &body).await;
        let resource = put.assert_ok().json();
        assert_eq!(resource["audience"], "https://files.test/v1");
        assert_eq!(resource["built_in"], false);
        assert_eq!(admin.get(path).await.json(), resource);
        let audiences: Vec<Value> = admin.walk("/resources?limit=1").await;
        let audiences: Vec<&Value> = audiences
            .iter()
            .map(|resource| &resource["audience"])
            .collect();
        assert_eq!(
            audiences,
            ["https://files.test/v1", "rvoip-api", "rvoip-sip"]
        );
        let app = world.client("app", "files.read").await;
        let reply = app.client_credentials("files.read").await;
        assert_eq!(reply.assert_ok().json()["expires_in"], 60);
        let headers = [("if-match", "\"another\"")];
        let reply = admin.call("PUT", path, &headers, Some(&body)).await;
        reply.assert_problem(412, "changed");
        let bad = json!({ "scopes": "openid", "token_lifetime": 0 });
        let reply = admin.put(path, &bad).await;
        reply
            .assert_problem(422, "invalid-fields")
            .assert_names("#/scopes");
        reply.assert_names("#/token_lifetime");
        admin.delete(path).await.assert_status(204);
        admin.delete(path).await.assert_problem(404, "not-found");
        // A built-in one is adjusted, and as it was again.
        let sip = "/resources/rvoip-sip";
        let before = admin.get(sip).await.json();
        let adjusted = admin
            .put(sip, &json!({ "token_lifetime": 30 }))
            .await
            .json();
        assert_eq!(adjusted["scopes"], before["scopes"]);
        assert_eq!(adjusted["built_in"], true);
        admin.delete(sip).await.assert_status(204);
        assert_eq!(admin.get(sip).await.json(), before);
    })
    .await;
}

#[tokio::test]
async fn keys_are_listed_without_their_secrets_and_follow_one_another() {
    everywhere(async |world| {
        let admin = administrator(&world).await;
        let states = async || {
            let keys = admin.walk("/keys?limit=1").await;
            let states = keys
                .iter()
                .map(|key| key["state"].as_str().expect("a state").to_owned());
            states.collect::<Vec<_>>()
        };
        assert_eq!(states().await, ["active"]);
        let said = admin
            .post("/keys/rotate", &json!({}))
            .await
            .assert_ok()
            .json();
        assert_eq!(
            (&said["outcome"], &said["alg"]),
            (&json!("announced"), &json!("ES256"))
        );
        assert_eq!(said["active_from"], "2026-01-01T01:00:00.000Z");
        assert_eq!(states().await, ["active", "next"]);
        let reply = admin.post("/keys/rotate", &json!({})).await;
        reply.assert_problem(409, "conflict");
        let said = admin
            .post("/keys/rotate", &json!({ "now": true }))
            .await
            .assert_ok()
            .json();
        assert_eq!(said["outcome"], "activated");
        let mut all = states().await;
        all.sort_unstable();
        assert_eq!(all, ["active", "retired"]);
        let list = admin.get("/keys").await.body;
        for word in ["private", "sealed", "\"d\""] {
            assert!(!list.contains(word), "{list}");
        }
        // Tokens of before are good still.
        admin.get("/users").await.assert_ok();
        let reply = admin.post("/keys/rotate", &json!({ "alg": "HS256" })).await;
        reply.assert_problem(400, "malformed");
    })
    .await;
}
