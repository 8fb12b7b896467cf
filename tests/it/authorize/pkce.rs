//! Proof of possession of a code (RFC 7636, RFC 9700 section 2.1.1).

use data_encoding::BASE64URL_NOPAD;
use users_core::base::digest::sha256;
use users_core::model::client_metadata::{AuthMethod, ClientMetadata, GrantType};

use super::{codes, rows};
use crate::support::browser::{Answer, Asking, Browser, CALLBACK};
use crate::support::people::{Person, Service};
use crate::support::{Reply, World, everywhere};

fn challenge(verifier: &str) -> String {
    BASE64URL_NOPAD.encode(&sha256(&[verifier.as_bytes()]))
}

fn public(metadata: &mut ClientMetadata) {
    metadata.token_endpoint_auth_method = AuthMethod::None;
    metadata.grant_types = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
}

/// A confidential client, one that may do without a challenge, and a public one, all of them ours.
async fn clients(world: &World) -> [Service; 3] {
    let lax = |metadata: &mut ClientMetadata| {
        metadata.require_pkce = false;
        metadata.first_party = true;
    };
    let open = |metadata: &mut ClientMetadata| {
        public(metadata);
        metadata.first_party = true;
    };
    [
        world
            .client_with("app", "openid", |metadata| metadata.first_party = true)
            .await,
        world.client_with("lax", "openid", lax).await,
        world.client_with("spa", "openid", open).await,
    ]
}

async fn signed_in(world: &World, app: &Service) -> (Browser, Person) {
    let person = world.person("alice").await;
    let mut browser = Browser::new(world.anonymous());
    browser.authorize(&Asking::of(app, "openid"), &person).await;
    (browser, person)
}

async fn code(browser: &mut Browser, asking: &Asking) -> String {
    Answer::of(&browser.ask(asking).await).code().to_owned()
}

/// Redeems as whoever the client is.
async fn redeem(app: &Service, code: &str, verifier: Option<&str>) -> Reply {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
    ];
    form.extend(verifier.map(|verifier| ("code_verifier", verifier)));
    if app.secret.is_empty() {
        form.push(("client_id", &app.client_id));
        app.caller.post("/token", &form, &[]).await
    } else {
        app.post("/token", &form).await
    }
}

// A024, A028
#[tokio::test]
async fn a_challenge_is_a_sha256_digest_or_the_request_is_invalid() {
    everywhere(async |world| {
        let clients = clients(&world).await;
        let (mut browser, _) = signed_in(&world, &clients[0]).await;
        let good = challenge("v");
        let before = rows(&world).await;
        for app in &clients {
            let plain = Asking::of(app, "openid");
            let method = |method: &str| plain.clone().with("code_challenge_method", method);
            let with = |text: &str| plain.clone().with("code_challenge", text);
            let mut refused = vec![
                method("plain"),
                method("S512"),
                method("s256"),
                method("S256 "),
                method(""),
                plain.clone().without("code_challenge_method"),
                plain.clone().without("code_challenge"),
                with(""),
                with("").with("code_challenge_method", "plain"),
                with("").with("code_challenge_method", ""),
                plain
                    .clone()
                    .without("code_challenge_method")
                    .with("code_challenge", ""),
            ];
            for text in [
                &good[..42],
                &format!("{good}A"),
                &format!("{good}="),
                &format!("{}=", &good[..42]),
                &format!("{}+", &good[..42]),
                &format!("{}/", &good[..42]),
                &format!("{}.", &good[..42]),
                &format!("{}\u{e9}", &good[..41]),
                &format!(" {}", &good[..42]),
                &"a".repeat(128),
                &"a".repeat(200),
                "null",
            ] {
                refused.push(with(text));
            }
            for asking in refused {
                for asking in [asking.clone().with("prompt", "none"), asking] {
                    let answer = Answer::of(&browser.ask(&asking).await);
                    answer.assert_error("invalid_request");
                }
            }
            let twice = format!("{}&code_challenge={good}", plain.address());
            super::assert_page(&browser.get(&twice).await, 400);
        }
        assert_eq!(rows(&world).await, before);
        // Without either, the request is only one client's to make.
        for (app, may) in clients.iter().zip([false, true, false]) {
            let asking = Asking::of(app, "openid")
                .without("code_challenge")
                .without("code_challenge_method");
            let answer = Answer::of(&browser.ask(&asking).await);
            assert_eq!(answer.params.contains_key("code"), may, "{answer:?}");
        }
    })
    .await;
}

// A025, A026
#[tokio::test]
async fn a_code_without_its_verifier_is_worth_nothing_ever_after() {
    everywhere(async |world| {
        let clients = clients(&world).await;
        let (mut browser, _) = signed_in(&world, &clients[0]).await;
        let mut wrong = 0;
        for app in &clients {
            let asking = Asking::of(app, "openid");
            let right = asking.verifier.as_str();
            let other = "b".repeat(43);
            let challenge = challenge(right);
            for verifier in [
                None,
                Some(""),
                Some(other.as_str()),
                Some(&right[..right.len() - 1]),
                Some(&right.to_uppercase()),
                Some(&format!("{right} ")),
                Some(&format!("{right}=")),
                Some(challenge.as_str()),
                Some(&"a".repeat(1000)),
            ] {
                let code = code(&mut browser, &asking).await;
                let reply = redeem(app, &code, verifier).await;
                reply.assert_error(400, "invalid_grant");
                // Whoever guessed has no second try, and neither has anybody else.
                let reply = redeem(app, &code, Some(right)).await;
                reply.assert_error(400, "invalid_grant");
                wrong += 1;
            }
            let code = code(&mut browser, &asking).await;
            redeem(app, &code, Some(right)).await.assert_ok();
        }
        let mut raw = world.raw().await;
        let issued = raw.number("SELECT COUNT(*) FROM grants").await;
        assert_eq!(issued, 3, "one for each client");
        world.app.refusals.flush(&world.app.store).await.unwrap();
        let counted = world.app.store.tenant(&world.tenant.id);
        let counted = counted.count_refusals("code.misused").await.unwrap();
        assert_eq!(counted, wrong);
    })
    .await;
}

// RFC 7636 section 4.1
#[tokio::test]
async fn a_verifier_has_43_to_128_characters_of_its_alphabet() {
    everywhere(async |world| {
        let [app, ..] = clients(&world).await;
        let (mut browser, _) = signed_in(&world, &app).await;
        for (verifier, good) in [
            ("a".repeat(43), true),
            ("-._~".repeat(32), true),
            ("a".repeat(42), false),
            ("a".repeat(129), false),
            (format!("{}+", "a".repeat(43)), false),
            (format!("{}\u{e9}", "a".repeat(43)), false),
            (format!("{} ", "a".repeat(43)), false),
        ] {
            let asking = Asking::of(&app, "openid").with("code_challenge", &challenge(&verifier));
            let code = code(&mut browser, &asking).await;
            let reply = redeem(&app, &code, Some(&verifier)).await;
            assert_eq!(reply.status == 200, good, "{verifier}: {reply:?}");
        }
    })
    .await;
}

// A025
#[tokio::test]
async fn a_verifier_proves_its_own_code_and_no_other() {
    everywhere(async |world| {
        let [app, ..] = clients(&world).await;
        let (mut browser, _) = signed_in(&world, &app).await;
        let [mine, theirs] = ["mine", "them"].map(|text| text.repeat(11));
        let asking = |verifier: &str| {
            Asking::of(&app, "openid").with("code_challenge", &challenge(verifier))
        };
        // A stolen code in the thief's own session: the client sends the verifier of that session.
        let stolen = code(&mut browser, &asking(&theirs)).await;
        let own = code(&mut browser, &asking(&mine)).await;
        let reply = redeem(&app, &stolen, Some(&mine)).await;
        reply.assert_error(400, "invalid_grant");
        redeem(&app, &own, Some(&mine)).await.assert_ok();
    })
    .await;
}

// A027
#[tokio::test]
async fn a_verifier_where_no_challenge_was_is_refused() {
    everywhere(async |world| {
        let [_, lax, _] = clients(&world).await;
        let (mut browser, _) = signed_in(&world, &lax).await;
        let asking = Asking::of(&lax, "openid")
            .without("code_challenge")
            .without("code_challenge_method");
        let stripped = code(&mut browser, &asking).await;
        let reply = redeem(&lax, &stripped, Some(&asking.verifier)).await;
        reply.assert_error(400, "invalid_grant");
        redeem(&lax, &stripped, None)
            .await
            .assert_error(400, "invalid_grant");
        let plain = code(&mut browser, &asking).await;
        redeem(&lax, &plain, None).await.assert_ok();
        // A challenge that was sent must be met, wanted or not.
        let bound = code(&mut browser, &Asking::of(&lax, "openid")).await;
        redeem(&lax, &bound, None)
            .await
            .assert_error(400, "invalid_grant");
        assert_eq!(codes(&world).await, 4);
    })
    .await;
}
