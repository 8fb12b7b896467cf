//! `/sip-digests`: what a phone's answer is held against.

use serde_json::json;
use users_core::admin::sip_digests::{self, ReadError};
use users_core::model::sip_digest::{DigestAlgorithm, DigestName};

use super::{EVERY, Phone, REALM, anna, everywhere, h, phone, read, registrar};
use crate::support::Reply;
use crate::support::bearer::Bearer;

// RFC 7616 section 3.4.1, RFC 8760 section 2.1
#[tokio::test]
async fn what_a_registrar_reads_is_what_a_phone_with_the_password_answers_by() {
    everywhere(async |world| {
        let (anna, bearer, _) = anna(&world).await;
        let registrar = registrar(&world).await;
        let phone = phone(&bearer, &EVERY).await;
        for algorithm in EVERY {
            let reply = read(&registrar, "anna", REALM, algorithm).await;
            let ha1 = h(algorithm, &format!("anna:{REALM}:{}", phone.password));
            assert_eq!(
                reply.assert_ok().json(),
                json!({ "user_id": anna.id, "username": "anna", "sip_username": "anna",
                        "realm": REALM, "algorithm": algorithm, "ha1": ha1 })
            );
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            assert_eq!(reply.header("etag"), None, "nothing of it is for caches");
            assert!(phone.registers_at(&registrar, algorithm).await);
            let mistyped = Phone {
                password: phone.password.replace('-', ""),
                ..phone.clone()
            };
            assert!(!mistyped.registers_at(&registrar, algorithm).await);
        }
    })
    .await;
}

/// An answer without the id of its request.
fn told(reply: &Reply) -> serde_json::Value {
    reply.assert_problem(404, "not-found");
    let mut json = reply.json();
    json.as_object_mut().expect("an object").remove("instance");
    json
}

#[tokio::test]
async fn unknown_disabled_and_elsewhere_are_told_in_the_same_words() {
    everywhere(async |world| {
        let (anna, bearer, _) = anna(&world).await;
        let registrar = registrar(&world).await;
        let phone = phone(&bearer, &["MD5"]).await;
        let acme = world.new_tenant("acme").await;
        let client = world.client_of(&acme, "registrar", "sip.digest", |_| {});
        let token = client.await.client_credentials("sip.digest").await;
        let foreign = Bearer::new(world.anonymous(), &token.text("access_token"), "");
        let elsewhere = told(&read(&foreign, "anna", REALM, "MD5").await);
        for (name, realm, algorithm) in [
            ("nobody", REALM, "MD5"),
            ("anna", "other.example.org", "MD5"),
            ("anna", REALM, "SHA-256"),
            ("Anna", REALM, "MD5"),
            ("a\"b", REALM, "MD5"),
        ] {
            let unknown = told(&read(&registrar, name, realm, algorithm).await);
            assert_eq!(unknown, elsewhere, "{name} {realm} {algorithm}");
        }
        assert!(phone.registers_at(&registrar, "MD5").await);
        world.set_enabled(&anna, false).await;
        let disabled = told(&read(&registrar, "anna", REALM, "MD5").await);
        assert_eq!(disabled, elsewhere);
        world.set_enabled(&anna, true).await;
        assert!(phone.registers_at(&registrar, "MD5").await);
        world.delete_person(&anna).await;
        let deleted = told(&read(&registrar, "anna", REALM, "MD5").await);
        assert_eq!(deleted, elsewhere);
        // Another account of that name has another's phone not.
        world.person("anna").await;
        told(&read(&registrar, "anna", REALM, "MD5").await);
    })
    .await;
}

#[tokio::test]
async fn a_registrar_says_whom_it_asks_for_and_no_more() {
    everywhere(async |world| {
        let registrar = registrar(&world).await;
        for query in [
            "",
            "?sip_username=anna",
            "?sip_username=anna&realm=r",
            "?sip_username=anna&realm=r&algorithm=md5",
            "?sip_username=anna&realm=r&algorithm=MD5-sess",
            "?sip_username=anna&realm=r&algorithm=MD5&limit=1",
        ] {
            let refused = registrar.get(&format!("/sip-digests{query}")).await;
            refused.assert_problem(400, "malformed");
        }
        let elsewhere = "/sip-digests?sip_username=a&realm=r&algorithm=MD5&tenant=acme";
        world.new_tenant("acme").await;
        let refused = registrar.get(elsewhere).await;
        refused.assert_problem(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn a_digest_moved_to_another_name_opens_nothing() {
    everywhere(async |world| {
        let (_, bearer, _) = anna(&world).await;
        phone(&bearer, &["MD5"]).await;
        let mut raw = world.raw().await;
        raw.run("UPDATE sip_digest_credentials SET realm = 'other.example.org'")
            .await;
        let name = DigestName {
            sip_username: "anna".to_owned(),
            realm: "other.example.org".to_owned(),
            algorithm: DigestAlgorithm::Md5,
        };
        let read = sip_digests::read(&world.app, &world.tenant, &name).await;
        assert!(matches!(read, Err(ReadError::Unsealable(_))));
    })
    .await;
}
