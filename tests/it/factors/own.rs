//! `/users/me/factors`: what somebody does to their own.

use serde_json::json;

use users_core::admin::import::Plan;
use users_core::admin::import::source::Format;
use users_core::model::client_metadata::ClientMetadata;
use users_core::model::totp::TotpSecret;
use users_core::storage::import::OnConflict;

use super::{Guarded, everywhere, guarded};
use crate::import::{PLAN, import_text};
use crate::support::authenticator::Authenticator;
use crate::support::race::at_once;

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

// A273
#[tokio::test]
async fn what_was_given_to_the_password_alone_ends_with_the_first_code() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let own = |metadata: &mut ClientMetadata| metadata.first_party = true;
        let app = world.client_with("app", "openid offline_access", own).await;
        let anna = world.person("anna").await;
        let elsewhere = app.sign_in(&anna, "openid offline_access").await;
        let eve = world.bearer(&console, &anna).await;
        let begun = eve.post(TOTP, &json!({ "password": anna.password })).await;
        let eves = Authenticator::typed(&begun.text("secret"));
        let bearer = world.bearer(&console, &anna).await;
        world.enrol(&bearer, &anna).await;
        // Nor does anybody finish what they began before.
        let body = json!({ "otp": eves.code_in(&world, 0) });
        eve.post(CONFIRM, &body)
            .await
            .assert_problem(401, "unauthenticated");
        app.refresh(&elsewhere.text("refresh_token"))
            .await
            .assert_error(400, "invalid_grant");
        bearer.get("/users/me").await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn what_was_begun_without_a_factor_replaces_none_that_came_meanwhile() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let anna = world.person("anna").await;
        let bearer = world.bearer(&console, &anna).await;
        let body = json!({ "password": anna.password });
        let begun = bearer.post(TOTP, &body).await;
        let begun = Authenticator::typed(&begun.text("secret"));
        let plan = Plan {
            on_conflict: OnConflict::Update,
            ..PLAN
        };
        let secret = TotpSecret::new([9; 20]);
        let brought = json!({ "username": "anna", "email": "anna@example.test",
            "totp_secret": *secret.base32() });
        let (summary, _) = import_text(&world, Format::Json, &brought.to_string(), plan).await;
        assert_eq!(summary.updated, 1);
        let late = json!({ "otp": begun.code_in(&world, 0) });
        bearer
            .post(CONFIRM, &late)
            .await
            .assert_problem(409, "conflict");
        bearer
            .post(TOTP, &body)
            .await
            .assert_problem(422, "invalid-fields");
        let body = json!({ "password": anna.password,
            "otp": secret.code_at(world.app.clock.now()) });
        bearer.post(TOTP, &body).await.assert_ok();
    })
    .await;
}

// A273
#[tokio::test]
async fn another_password_takes_a_code_too() {
    everywhere(async |world| {
        let Guarded {
            anna,
            authenticator,
            bearer,
            console,
        } = guarded(&world).await;
        let path = "/users/me/change-password";
        let new = "another passphrase altogether";
        let mut body = json!({ "current_password": anna.password, "new_password": new });
        bearer
            .post(path, &body)
            .await
            .assert_problem(422, "invalid-fields");
        body["otp"] = "000000".into();
        bearer
            .post(path, &body)
            .await
            .assert_problem(403, "forbidden");
        let code = authenticator.next_code(&world);
        body["otp"] = code.as_str().into();
        bearer.post(path, &body).await.assert_status(204);
        let form = [
            ("grant_type", "password"),
            ("username", "anna"),
            ("password", new),
            ("otp", code.as_str()),
        ];
        console
            .post("/token", &form)
            .await
            .assert_error(400, "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn of_two_who_make_recovery_codes_at_once_one_set_stays() {
    everywhere(async |world| {
        let Guarded {
            anna,
            authenticator,
            bearer,
            ..
        } = guarded(&world).await;
        let code = authenticator.recovery_codes[0].clone();
        let posts = [code, authenticator.next_code(&world)].map(|otp| {
            let (bearer, body) = (
                bearer.clone(),
                json!({ "password": anna.password, "otp": otp }),
            );
            async move { bearer.post(CODES, &body).await.status.as_u16() }
        });
        let answers = at_once(posts).await;
        assert!(answers.contains(&200), "{answers:?}");
        let rows = world.app.store.tenant(&world.tenant.id);
        let left = rows.second_factors(&anna.id).await.expect("an answer");
        assert_eq!(left.recovery_codes, 10);
    })
    .await;
}

// A357
#[tokio::test]
async fn a_sealed_secret_opens_for_its_own_account_and_no_other() {
    everywhere(async |world| {
        let Guarded {
            authenticator,
            console,
            ..
        } = guarded(&world).await;
        let bert = world.person("bert").await;
        let bearer = world.bearer(&console, &bert).await;
        world.enrol(&bearer, &bert).await;
        // Whoever writes into the database gives Bert what is Anna's.
        world
            .raw()
            .await
            .run(
                "UPDATE credentials SET data = (SELECT c.data FROM credentials c JOIN users u \
                 ON u.tenant = c.tenant AND u.id = c.user_id \
                 WHERE u.username = 'anna' AND c.kind = 'totp') WHERE kind = 'totp'",
            )
            .await;
        let code = authenticator.next_code(&world);
        let form = [
            ("grant_type", "password"),
            ("username", "bert"),
            ("password", bert.password.as_str()),
            ("otp", code.as_str()),
        ];
        let failing = console.through(&console.caller.unguarded());
        let refused = failing.post("/token", &form).await;
        assert!(refused.status.is_server_error(), "{refused:?}");
    })
    .await;
}
