//! `/users/{id}/sip-digests`: other people's phones.

use serde_json::json;

use super::{Phone, REALM, algorithms, anna, everywhere, registrar};

#[tokio::test]
async fn an_administrator_gives_an_extension_lists_it_and_takes_it_away() {
    everywhere(async |world| {
        let (anna, own, console) = anna(&world).await;
        let registrar = registrar(&world).await;
        let admin = world.operator(&console, "root", &["admin"]).await;
        let path = format!("/users/{}/sip-digests", anna.id);
        let body = json!({ "realm": REALM, "sip_username": "1001", "algorithms": ["SHA-256"] });
        let phone = Phone::of(&admin.post(&path, &body).await);
        assert!(phone.registers_at(&registrar, "SHA-256").await);
        let listed = admin.walk(&path).await;
        assert_eq!(algorithms(&listed), ["SHA-256"]);
        assert_eq!(own.walk("/users/me/sip-digests").await, listed);
        let one = format!("{path}/{}", listed[0]["id"].as_str().expect("an id"));
        // Not by another account's address.
        let bert = world.person("bert").await;
        let other = one.replace(&anna.id, &bert.id);
        admin.delete(&other).await.assert_problem(404, "not-found");
        admin.delete(&one).await.assert_status(204);
        assert!(!phone.registers_at(&registrar, "SHA-256").await);
    })
    .await;
}

#[tokio::test]
async fn a_name_of_another_account_is_taken() {
    everywhere(async |world| {
        let (anna, _, console) = anna(&world).await;
        let registrar = registrar(&world).await;
        let bert = world.person("bert").await;
        let admin = world.operator(&console, "root", &["admin"]).await;
        let of = |id: &str| format!("/users/{id}/sip-digests");
        let extension = json!({ "realm": REALM, "sip_username": "1001" });
        let phone = Phone::of(&admin.post(&of(&anna.id), &extension).await);
        let more = json!({ "realm": REALM, "sip_username": "1001",
                           "algorithms": ["SHA-512-256", "SHA-256"] });
        let refused = admin.post(&of(&bert.id), &more).await;
        refused.assert_problem(409, "conflict");
        // Of all that was asked for, nothing is there.
        assert!(admin.walk(&of(&bert.id)).await.is_empty());
        assert!(phone.registers_at(&registrar, "SHA-256").await);
        // A username or an address is its account's, with a phone or without.
        for name in ["anna", "Anna", "anna@example.test"] {
            let body = json!({ "realm": REALM, "sip_username": name });
            let refused = admin.post(&of(&bert.id), &body).await;
            refused.assert_problem(409, "conflict");
        }
        let elsewhere = json!({ "realm": "other.example.org", "sip_username": "1001" });
        Phone::of(&admin.post(&of(&bert.id), &elsewhere).await);
    })
    .await;
}

#[tokio::test]
async fn who_holds_more_than_a_moderator_has_phones_no_moderator_touches() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let moderator = world.operator(&console, "mod", &["moderator"]).await;
        let root = world.operator(&console, "root", &["admin"]).await;
        let path = format!("/users/{}/sip-digests", root.id);
        let body = json!({ "realm": REALM });
        let refused = moderator.post(&path, &body).await;
        refused.assert_problem(403, "forbidden");
        Phone::of(&root.post(&path, &body).await);
        let listed = moderator.walk(&path).await;
        let one = format!("{path}/{}", listed[0]["id"].as_str().expect("an id"));
        moderator
            .delete(&one)
            .await
            .assert_problem(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn another_tenants_phones_are_not_there() {
    everywhere(async |world| {
        let (anna, own, _) = anna(&world).await;
        let path = format!("/users/{}/sip-digests", anna.id);
        Phone::of(
            &own.post("/users/me/sip-digests", &json!({ "realm": REALM }))
                .await,
        );
        let listed = own.walk("/users/me/sip-digests").await;
        let one = format!("{path}/{}", listed[0]["id"].as_str().expect("an id"));
        let acme = world.new_tenant("acme").await;
        let console = world.console(&acme).await;
        let root = world.person_of(&acme, "root", &["admin"]).await;
        let admin = world.bearer(&console, &root).await;
        admin.get(&path).await.assert_problem(404, "not-found");
        let body = json!({ "realm": REALM });
        let refused = admin.post(&path, &body).await;
        refused.assert_problem(404, "not-found");
        admin.delete(&one).await.assert_problem(404, "not-found");
        assert_eq!(own.walk("/users/me/sip-digests").await.len(), 2);
    })
    .await;
}
