//! `/users/me/sip-digests`: one's own phones.

use serde_json::{Value, json};

use super::{EVERY, OWN, Phone, REALM, algorithms, anna, everywhere, phone, registrar};

#[tokio::test]
async fn a_phones_password_is_shown_once_and_what_stays_is_listed_without_it() {
    everywhere(async |world| {
        let (anna, bearer, _) = anna(&world).await;
        let made = bearer.post(OWN, &json!({ "realm": REALM })).await;
        made.assert_ok();
        assert_eq!(made.header("cache-control"), Some("no-store"));
        let phone = Phone::of(&made);
        assert_eq!(phone.sip_username, "anna");
        let groups: Vec<&str> = phone.password.split('-').collect();
        assert_eq!(groups.len(), 7, "136 bits in letters of five");
        let letter = |byte: u8| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte);
        assert!(
            groups
                .iter()
                .all(|group| group.len() == 4 && group.bytes().all(letter))
        );
        let listed = bearer.walk(OWN).await;
        assert_eq!(made.json()["sip_digests"], json!(listed));
        assert_eq!(algorithms(&listed), ["MD5", "SHA-256"]);
        for entry in &listed {
            let members: Vec<&String> = entry.as_object().expect("an object").keys().collect();
            assert_eq!(members.len(), 6, "{members:?}");
            assert_eq!(entry["sip_username"], "anna");
            assert_eq!(entry["realm"], REALM);
            assert_eq!(entry["updated_at"], "2026-01-01T00:00:00.000Z");
        }
        let trail = world.audit().await;
        let event = trail
            .iter()
            .find(|row| row.kind == "user.sip_digest_added")
            .expect("an event");
        assert_eq!(event.subject.as_deref(), Some(anna.id.as_str()));
        let detail: Value = serde_json::from_str(&event.detail).expect("JSON");
        assert_eq!(
            detail,
            json!({ "sip_username": "anna", "realm": REALM, "algorithms": ["MD5", "SHA-256"] })
        );
    })
    .await;
}

#[tokio::test]
async fn another_password_for_a_name_takes_the_place_of_the_one_before() {
    everywhere(async |world| {
        let (_, bearer, _) = anna(&world).await;
        let registrar = registrar(&world).await;
        let first = phone(&bearer, &EVERY).await;
        let before = bearer.walk(OWN).await;
        assert_eq!(algorithms(&before), EVERY);
        world.advance(60);
        let second = phone(&bearer, &["SHA-256", "MD5", "MD5"]).await;
        assert_ne!(first.password, second.password);
        for (algorithm, is_new) in [("MD5", true), ("SHA-256", true), ("SHA-512-256", false)] {
            let first = first.registers_at(&registrar, algorithm).await;
            let second = second.registers_at(&registrar, algorithm).await;
            assert_eq!((first, second), (!is_new, is_new), "{algorithm}");
        }
        let after = bearer.walk(OWN).await;
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before["id"], after["id"]);
            assert_eq!(before["created_at"], after["created_at"]);
            let renewed = after["algorithm"] != "SHA-512-256";
            assert_eq!(before["updated_at"] != after["updated_at"], renewed);
        }
    })
    .await;
}

#[tokio::test]
async fn a_removed_digest_opens_nothing_and_the_others_go_on() {
    everywhere(async |world| {
        let (_, bearer, console) = anna(&world).await;
        let registrar = registrar(&world).await;
        let phone = phone(&bearer, &["MD5", "SHA-256"]).await;
        let listed = bearer.walk(OWN).await;
        let path = format!("{OWN}/{}", listed[0]["id"].as_str().expect("an id"));
        // It is nobody else's to remove.
        let bert = world.person("bert").await;
        let bert = world.bearer(&console, &bert).await;
        bert.delete(&path).await.assert_problem(404, "not-found");
        bearer.delete(&path).await.assert_status(204);
        bearer.delete(&path).await.assert_problem(404, "not-found");
        assert!(!phone.registers_at(&registrar, "MD5").await);
        assert!(phone.registers_at(&registrar, "SHA-256").await);
        assert_eq!(algorithms(&bearer.walk(OWN).await), ["SHA-256"]);
        let trail = world.audit().await;
        let removed = trail
            .iter()
            .filter(|row| row.kind == "user.sip_digest_removed");
        assert_eq!(removed.count(), 1);
    })
    .await;
}

#[tokio::test]
async fn nobody_takes_a_name_for_themselves_that_is_not_theirs() {
    everywhere(async |world| {
        let (anna, bearer, console) = anna(&world).await;
        world.person("bert").await;
        let wants = |name: &str, realm: &str| json!({ "sip_username": name, "realm": realm });
        for name in ["1001", "bert", "Bert", "anna@example.test", "ann"] {
            let refused = bearer.post(OWN, &wants(name, REALM)).await;
            refused.assert_problem(403, "forbidden");
        }
        Phone::of(&bearer.post(OWN, &wants("Anna", REALM)).await);
        // What an administrator gave is hers to renew, there and nowhere else.
        let admin = world.operator(&console, "root", &["admin"]).await;
        let path = format!("/users/{}/sip-digests", anna.id);
        Phone::of(&admin.post(&path, &wants("1001", REALM)).await);
        Phone::of(&bearer.post(OWN, &wants("1001", REALM)).await);
        let elsewhere = bearer.post(OWN, &wants("1001", "other.example.org")).await;
        elsewhere.assert_problem(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn what_a_phone_is_called_keeps_to_the_rules() {
    everywhere(async |world| {
        let (_, bearer, _) = anna(&world).await;
        let long = "x".repeat(256);
        for realm in ["", "a\"b", "a\\b", "a\tb", &long] {
            let refused = bearer.post(OWN, &json!({ "realm": realm })).await;
            refused.assert_problem(422, "invalid-fields");
            refused.assert_names("#/realm");
        }
        let none = json!({ "realm": REALM, "algorithms": [] });
        bearer.post(OWN, &none).await.assert_names("#/algorithms");
        for (body, pointer) in [
            (
                json!({ "realm": REALM, "algorithms": ["md5"] }),
                "#/algorithms/0",
            ),
            (
                json!({ "realm": REALM, "password": "chosen" }),
                "#/password",
            ),
        ] {
            let refused = bearer.post(OWN, &body).await;
            refused.assert_problem(400, "malformed");
            refused.assert_names(pointer);
        }
        bearer
            .post(OWN, &json!({}))
            .await
            .assert_problem(400, "malformed");
        assert!(bearer.walk(OWN).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_account_has_at_most_fifty_digests() {
    everywhere(async |world| {
        let (_, bearer, _) = anna(&world).await;
        for number in 0..25 {
            let body = json!({ "realm": format!("{number}.example.org") });
            bearer.post(OWN, &body).await.assert_ok();
        }
        let more = json!({ "realm": "more.example.org", "algorithms": ["MD5"] });
        let refused = bearer.post(OWN, &more).await;
        refused.assert_problem(409, "conflict");
        // Which says nothing against another password for a name there is.
        let body = json!({ "realm": "7.example.org" });
        bearer.post(OWN, &body).await.assert_ok();
        let listed = bearer.walk(OWN).await;
        assert_eq!(listed.len(), 50);
        let path = format!("{OWN}/{}", listed[49]["id"].as_str().expect("an id"));
        bearer.delete(&path).await.assert_status(204);
        bearer.post(OWN, &more).await.assert_ok();
    })
    .await;
}
