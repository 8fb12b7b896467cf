//! `/users/me/factors`: what somebody does to their own.

use serde_json::json;

use super::{Guarded, everywhere, guarded};
use crate::support::authenticator::Authenticator;

const TOTP: &str = "/users/me/factors/totp";
const CONFIRM: &str = "/users/me/factors/totp/confirm";
const REMOVE: &str = "/users/me/factors/totp/remove";
const CODES: &str = "/users/me/factors/recovery-codes";

#[tokio::test]
async fn an_authenticator_is_a_factor_after_its_first_code_and_not_before() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let anna = world.person("anna").await;
        let bearer = world.bearer(&console, &anna).await;
        let none = bearer.get("/users/me/factors").await.json();
        assert_eq!(none, json!({ "totp": null, "recovery_codes": null }));
        let early = bearer.post(CONFIRM, &json!({ "otp": "000000" })).await;
        early.assert_problem(409, "conflict");
        let begun = bearer
            .post(TOTP, &json!({ "password": anna.password }))
            .await;
        begun.assert_ok();
        let (secret, uri) = (begun.text("secret"), begun.text("uri"));
        assert!(uri.starts_with("otpauth://totp/"), "{uri}");
        assert!(uri.contains(&format!("secret={secret}")), "{uri}");
        world.bearer(&console, &anna).await;
        let authenticator = Authenticator::typed(&secret);
        let code = authenticator.code_in(&world, 0);
        let wrong = bearer.post(CONFIRM, &json!({ "otp": "1" })).await;
        wrong.assert_problem(403, "forbidden");
        let done = bearer.post(CONFIRM, &json!({ "otp": code })).await;
        done.assert_ok();
        assert_eq!(
            done.json()["recovery_codes"].as_array().map(Vec::len),
            Some(10)
        );
        let there = bearer.get("/users/me/factors").await.json();
        assert_eq!(there["totp"]["created_at"], "2026-01-01T00:00:00.000Z");
        assert_eq!(there["recovery_codes"]["left"], 10);
        assert!(!there.to_string().contains(&secret));
        // What is over is over.
        let again = bearer.post(CONFIRM, &json!({ "otp": code })).await;
        again.assert_problem(409, "conflict");
        let trail = format!("{:?}", world.audit().await);
        assert!(trail.contains("user.factor_added") && !trail.contains(&secret));
    })
    .await;
}

// A273
#[tokio::test]
async fn a_session_alone_changes_no_factor() {
    everywhere(async |world| {
        let Guarded {
            anna,
            authenticator,
            bearer,
            ..
        } = guarded(&world).await;
        let wrong = "a wrong passphrase";
        for path in [TOTP, REMOVE, CODES] {
            let code = authenticator.next_code(&world);
            for (body, status, kind) in [
                (json!({ "password": anna.password }), 422, "invalid-fields"),
                (json!({ "password": wrong, "otp": code }), 403, "forbidden"),
                (
                    json!({ "password": anna.password, "otp": "000000" }),
                    403,
                    "forbidden",
                ),
            ] {
                let refused = bearer.post(path, &body).await;
                refused.assert_problem(status, kind);
            }
        }
        let there = bearer.get("/users/me/factors").await.json();
        assert!(there["totp"].is_object(), "{there}");
        assert_eq!(there["recovery_codes"]["left"], 10);
    })
    .await;
}

// A273
#[tokio::test]
async fn the_authenticator_there_is_stays_until_the_next_is_confirmed() {
    everywhere(async |world| {
        let Guarded {
            anna,
            authenticator,
            bearer,
            ..
        } = guarded(&world).await;
        let body = json!({ "password": anna.password, "otp": authenticator.next_code(&world) });
        let begun = bearer.post(TOTP, &body).await;
        begun.assert_ok();
        let replayed = bearer.post(TOTP, &body).await;
        replayed.assert_problem(403, "forbidden");
        let next = Authenticator::typed(&begun.text("secret"));
        let body = json!({ "password": anna.password, "otp": next.code_in(&world, 0) });
        bearer
            .post(CODES, &body)
            .await
            .assert_problem(403, "forbidden");
        let body = json!({ "password": anna.password, "otp": authenticator.next_code(&world) });
        bearer.post(CODES, &body).await.assert_ok();
        let done = bearer
            .post(CONFIRM, &json!({ "otp": next.code_in(&world, 0) }))
            .await;
        done.assert_ok();
        let body = json!({ "password": anna.password, "otp": authenticator.next_code(&world) });
        bearer
            .post(CODES, &body)
            .await
            .assert_problem(403, "forbidden");
        let body = json!({ "password": anna.password, "otp": next.code_in(&world, 0) });
        bearer.post(CODES, &body).await.assert_ok();
    })
    .await;
}

// A275
#[tokio::test]
async fn new_recovery_codes_end_those_before_them() {
    everywhere(async |world| {
        let Guarded {
            anna,
            authenticator,
            bearer,
            ..
        } = guarded(&world).await;
        let body = json!({ "password": anna.password, "otp": authenticator.next_code(&world) });
        let made = bearer.post(CODES, &body).await;
        made.assert_ok();
        let codes: Vec<String> =
            serde_json::from_value(made.json()["recovery_codes"].clone()).expect("codes");
        assert!(
            codes
                .iter()
                .all(|code| !authenticator.recovery_codes.contains(code))
        );
        let old = &authenticator.recovery_codes[0];
        let body = json!({ "password": anna.password, "otp": old });
        bearer
            .post(REMOVE, &body)
            .await
            .assert_problem(403, "forbidden");
        let body = json!({ "password": anna.password, "otp": codes[9] });
        bearer.post(REMOVE, &body).await.assert_status(204);
        let none = bearer.get("/users/me/factors").await.json();
        assert_eq!(none, json!({ "totp": null, "recovery_codes": null }));
        let body = json!({ "password": anna.password, "otp": codes[8] });
        bearer
            .post(REMOVE, &body)
            .await
            .assert_problem(409, "conflict");
    })
    .await;
}

// A357
#[tokio::test]
async fn the_database_has_neither_secret_nor_recovery_codes() {
    everywhere(async |world| {
        let Guarded {
            authenticator,
            bearer,
            anna,
            ..
        } = guarded(&world).await;
        let body = json!({ "password": anna.password, "otp": authenticator.next_code(&world) });
        let begun = bearer.post(TOTP, &body).await.text("secret");
        let mut raw = world.raw().await;
        let mut kept = String::new();
        for query in [
            "SELECT kind || id || data AS text FROM credentials",
            "SELECT secret_sealed AS text FROM factor_enrolments",
        ] {
            kept.push_str(&raw.texts(query).await.join("\n"));
        }
        assert!(
            kept.contains("recovery_code") && kept.contains("last_step"),
            "{kept}"
        );
        assert!(!kept.contains(&begun));
        for code in &authenticator.recovery_codes {
            assert!(!kept.contains(code) && !kept.contains(&code.replace('-', "")));
        }
    })
    .await;
}
