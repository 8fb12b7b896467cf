//! People, for administrators, and figures, for vendors.

use serde_json::{Value, json};

use super::{get, log_in, put, served, token, token_of};
use crate::support::World;
use crate::support::people::Person;

const ROLES: [&str; 5] = ["admin", "moderator", "user", "guest", "vendor"];

fn names(list: &Value) -> Vec<String> {
    let users = list["users"].as_array().expect("users").iter();
    users
        .filter_map(|user| user["username"].as_str().map(str::to_owned))
        .collect()
}

async fn crowd(world: &World) -> Vec<(Person, String)> {
    let mut crowd = Vec::new();
    for role in ROLES {
        crowd.push(token_of(world, &format!("the-{role}"), role).await);
    }
    crowd
}

// A237
#[tokio::test]
async fn people_are_listed_changed_and_looked_into_by_administrators_only() {
    served(async |world| {
        let crowd = crowd(&world).await;
        let bob = world.person("bob").await;
        let activity = format!("/api/users/{}/activity", bob.id);
        let change = format!("/api/users/{}", bob.id);
        for ((person, token), role) in crowd.iter().zip(ROLES) {
            let list = get(&world, "/api/users", token).await;
            let seen = get(&world, &activity, token).await;
            let own = format!("/api/users/{}/activity", person.id);
            let own = get(&world, &own, token).await;
            let changed = put(&world, &change, token, &json!({ "name": role })).await;
            for reply in [list, seen, own, changed] {
                if role == "admin" {
                    reply.assert_ok();
                } else {
                    reply.assert_refused(403, "forbidden");
                    assert!(!reply.body.contains("bob"), "{reply:?}");
                }
            }
        }
        // A client's own token is nobody's role.
        let app = world
            .client_with("app", "users.read users.write", |metadata| {
                metadata.first_party = true;
            })
            .await;
        let reply = app.client_credentials("users.read users.write").await;
        let token = reply.text("access_token");
        get(&world, "/api/users", &token)
            .await
            .assert_refused(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn figures_are_for_vendors_only() {
    served(async |world| {
        for ((_, token), role) in crowd(&world).await.iter().zip(ROLES) {
            let reply = get(&world, "/api/metrics", token).await;
            if role == "vendor" {
                reply.assert_ok();
            } else {
                reply.assert_refused(403, "forbidden");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn figures_count_the_tenants_last_day() {
    served(async |world| {
        let (vendor, token) = token_of(&world, "vera", "vendor").await;
        for _ in 0..3 {
            log_in(&world, "vera", "not the passphrase").await;
        }
        users_core::trail::flush_hours(&world.app).await;
        let reply = get(&world, "/api/metrics", &token).await;
        reply.assert_ok();
        let json = reply.json();
        assert_eq!(json["tenant_id"], world.tenant.id.as_str());
        assert_eq!(json["logins"], 1, "{json}");
        assert_eq!(json["logins_failed"], 3, "{json}");
        assert!(json["uptime_seconds"].is_u64());
        // Another tenant's are not among them, and yesterday's are gone.
        let second = world.new_tenant("second").await;
        let other = world.person_of(&second, "otto", &["vendor"]).await;
        let body = json!({ "email": "otto", "password": other.password, "tenant_id": "second" });
        let reply = crate::seeds::calls::post(world.anonymous(), "/api/login", &body).await;
        users_core::trail::flush_hours(&world.app).await;
        let theirs = get(&world, "/api/metrics", &reply.text("access_token")).await;
        assert_eq!(theirs.json()["logins"], 1);
        assert_eq!(theirs.json()["logins_failed"], 0);
        world.advance(2 * 86_400);
        let token = super::token(&world, &vendor).await;
        let later = get(&world, "/api/metrics", &token).await;
        assert_eq!(later.json()["logins_failed"], 0);
    })
    .await;
}

#[tokio::test]
async fn a_list_is_read_page_by_page_and_searched() {
    served(async |world| {
        let (_, admin) = token_of(&world, "ada", "admin").await;
        for number in 0..5 {
            world.person(&format!("person-{number}")).await;
        }
        let first = get(&world, "/api/users?per_page=4", &admin).await;
        first.assert_ok();
        let first = first.json();
        let expected = ["ada", "person-0", "person-1", "person-2"];
        assert_eq!(names(&first), expected);
        assert_eq!(first["page"], 1);
        assert_eq!(first["per_page"], 4);
        assert_eq!(first["has_next"], true);
        let last = get(&world, "/api/users?per_page=4&page=2", &admin).await;
        assert_eq!(names(&last.json()), ["person-3", "person-4"]);
        assert_eq!(last.json()["has_next"], false);
        let beyond = get(&world, "/api/users?page=3", &admin).await;
        assert_eq!(names(&beyond.json()), Vec::<String>::new());
        let found = get(&world, "/api/users?search=PERSON-3", &admin).await;
        assert_eq!(names(&found.json()), ["person-3"]);
        let found = get(&world, "/api/users?role=admin", &admin).await;
        assert_eq!(names(&found.json()), ["ada"]);
        let found = get(&world, "/api/users?is_active=false", &admin).await;
        assert_eq!(names(&found.json()), Vec::<String>::new());
        for user in first["users"].as_array().expect("users") {
            assert!(user.get("password").is_none(), "{user}");
        }
        for wrong in [
            "page=0",
            "page=x",
            "page=99999999999999999999",
            "page=1001",
            "per_page=0",
            "per_page=101",
            "is_active=perhaps",
            "order=name",
        ] {
            let reply = get(&world, &format!("/api/users?{wrong}"), &admin).await;
            reply.assert_refused(400, "malformed");
        }
    })
    .await;
}

#[tokio::test]
async fn an_administrator_changes_what_is_named_of_an_account() {
    served(async |world| {
        let (_, admin) = token_of(&world, "ada", "admin").await;
        let bob = world.person("bob").await;
        let path = format!("/api/users/{}", bob.id);
        let body = json!({ "first_name": "Bob", "last_name": "Builder" });
        let reply = put(&world, &path, &admin, &body).await;
        reply.assert_ok();
        let account = reply.json();
        assert_eq!(account["name"], "Bob Builder");
        assert_eq!(account["email"], "bob@example.test");
        assert_eq!(account["roles"], json!(["user"]));
        let body = json!({ "email": "new@example.test", "roles": ["moderator"], "name": "B" });
        let account = put(&world, &path, &admin, &body).await.json();
        assert_eq!(account["email"], "new@example.test");
        assert_eq!(account["email_verified"], false);
        assert_eq!(account["roles"], json!(["moderator"]));
        assert_eq!(account["name"], "B");
        // Nothing named, nothing changed; what is unknown is not read.
        let same = json!({ "password": "AnotherPass456", "id": "x" });
        let reply = put(&world, &path, &admin, &same).await;
        assert_eq!(reply.json()["name"], "B");
        let bobs = token(&world, &bob).await;
        let off = put(&world, &path, &admin, &json!({ "is_active": false })).await;
        assert_eq!(off.json()["is_active"], false);
        get(&world, "/api/users", &bobs)
            .await
            .assert_refused(401, "unauthenticated");
        log_in(&world, "bob", &bob.password)
            .await
            .assert_refused(401, "unauthenticated");
        let on = put(&world, &path, &admin, &json!({ "active": true })).await;
        assert_eq!(on.json()["is_active"], true);
        log_in(&world, "bob", &bob.password).await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn an_address_that_is_the_name_stays_the_name() {
    served(async |world| {
        let (_, admin) = token_of(&world, "ada", "admin").await;
        let mut body = super::jane();
        body["username"] = Value::Null;
        let made = super::register(&world, &body).await.json();
        let path = format!("/api/users/{}", made["id"].as_str().expect("an id"));
        let body = json!({ "email": "jane@example.org" });
        let reply = put(&world, &path, &admin, &body).await;
        reply.assert_ok();
        assert_eq!(reply.json()["username"], "jane@example.org");
        log_in(&world, "jane@example.org", "SecurePass123")
            .await
            .assert_ok();
        log_in(&world, "jane@example.com", "SecurePass123")
            .await
            .assert_refused(401, "unauthenticated");
    })
    .await;
}

#[tokio::test]
async fn nobody_raises_or_disables_themselves_and_an_administrator_stays() {
    served(async |world| {
        let (ada, admin) = token_of(&world, "ada", "admin").await;
        let path = format!("/api/users/{}", ada.id);
        for body in [
            json!({ "roles": ["user"] }),
            json!({ "roles": ["admin", "vendor"] }),
            json!({ "is_active": false }),
        ] {
            let reply = put(&world, &path, &admin, &body).await;
            assert!([403, 409].contains(&reply.status.as_u16()), "{reply:?}");
        }
        let (_, other) = token_of(&world, "eve", "moderator").await;
        put(&world, &path, &other, &json!({ "is_active": false }))
            .await
            .assert_refused(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn activity_tells_what_happened_to_an_account_newest_first() {
    served(async |world| {
        let (_, admin) = token_of(&world, "ada", "admin").await;
        let bob = world.person("bob").await;
        world.advance(1);
        let bobs = token(&world, &bob).await;
        world.advance(1);
        super::call(world.anonymous(), "POST", "/api/logout", Some(&bobs), None).await;
        world.advance(1);
        let path = format!("/api/users/{}", bob.id);
        put(&world, &path, &admin, &json!({ "is_active": false })).await;
        let path = format!("/api/users/{}/activity", bob.id);
        let reply = get(&world, &path, &admin).await;
        reply.assert_ok();
        let entries = reply.json()["items"].clone();
        let entries = entries.as_array().expect("items").iter();
        let actions: Vec<String> = entries
            .map(|entry| entry["action"].as_str().expect("an action").to_owned())
            .collect();
        assert_eq!(
            actions,
            ["user_disabled", "logout", "login", "user_created"]
        );
        let first = get(&world, &format!("{path}?limit=2"), &admin).await.json();
        let next = first["next"].as_str().expect("a next page");
        let rest = get(&world, &format!("{path}?limit=2&cursor={next}"), &admin).await;
        rest.assert_ok();
        assert_eq!(rest.json()["items"][0]["action"], "login");
    })
    .await;
}

#[tokio::test]
async fn what_is_not_there_or_another_tenants_is_not_found() {
    served(async |world| {
        let (_, admin) = token_of(&world, "ada", "admin").await;
        let second = world.new_tenant("second").await;
        let boss = world.person_of(&second, "boss", &["admin"]).await;
        let body = json!({ "email": "boss", "password": boss.password, "tenant_id": "second" });
        let reply = crate::seeds::calls::post(world.anonymous(), "/api/login", &body).await;
        let theirs = reply.text("access_token");
        let bob = world.person("bob").await;
        for (token, id) in [
            (&admin, "550e8400-e29b-41d4-a716-446655440000"),
            (&admin, "1"),
            (&admin, "me"),
            (&admin, "%00"),
            (&admin, "%2e%2e"),
            (&admin, "'%20OR%20'1'='1"),
            (&admin, &*boss.id),
            (&theirs, &*bob.id),
        ] {
            let path = format!("/api/users/{id}");
            let reply = put(&world, &path, token, &json!({ "name": "X" })).await;
            reply.assert_refused(404, "not-found");
            let reply = get(&world, &format!("{path}/activity"), token).await;
            reply.assert_refused(404, "not-found");
        }
        let list = get(&world, "/api/users", &theirs).await;
        assert_eq!(names(&list.json()), ["boss"]);
        // Another tenant is named by administrators of the installation only.
        let list = get(&world, "/api/users?tenant=second", &admin).await;
        assert_eq!(names(&list.json()), ["boss"]);
        get(&world, "/api/users?tenant=default", &theirs)
            .await
            .assert_refused(403, "forbidden");
    })
    .await;
}
