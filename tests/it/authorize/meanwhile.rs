//! Between the request and its answer: what is changed meanwhile, and what comes back in our forms.

use users_core::model::client_metadata::GrantType;
use users_core::oauth::authorize::channel::ResponseMode;

use super::{assert_page, codes, scene};
use crate::support::browser::{Answer, Asking, Browser, CALLBACK, Form};
use crate::support::everywhere;
use crate::support::forge::opened;

// A013
#[tokio::test]
async fn an_address_taken_away_meanwhile_gets_nothing() {
    everywhere(async |world| {
        let (app, person, _) = scene(&world).await;
        let asking = Asking::of(&app, "openid");
        for step in ["/sign-in", "/consent"] {
            for change in ["address", "client", "grant"] {
                let mut browser = Browser::new(world.anonymous());
                let mut page = browser.ask(&asking).await;
                if step == "/consent" {
                    page = browser.sign_in(&page, &person).await;
                }
                Form::of(&page, step);
                world
                    .change_client(&world.tenant, "app", change != "client", |metadata| {
                        if change == "address" {
                            metadata.redirect_uris =
                                vec!["https://app.example.test/new".to_owned()];
                        }
                        if change == "grant" {
                            metadata.grant_types = vec![GrantType::ClientCredentials];
                        }
                    })
                    .await;
                let reply = match step {
                    "/consent" => browser.decide(&page, "allow").await,
                    _ => browser.sign_in(&page, &person).await,
                };
                assert_page(&reply, 400);
                assert_eq!(codes(&world).await, 0, "{step} {change}");
                world
                    .change_client(&world.tenant, "app", true, |metadata| {
                        metadata.redirect_uris = vec![CALLBACK.to_owned()];
                        metadata.grant_types = GrantType::ALL.to_vec();
                    })
                    .await;
            }
        }
    })
    .await;
}

// A015
#[tokio::test]
async fn fields_added_to_our_forms_change_nothing() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        world.client("other", "openid sip.call").await;
        let with_more = |form: Form| {
            [
                ("redirect_uri", "https://evil.test/cb"),
                ("client_id", "other"),
                ("response_type", "token"),
                ("response_mode", "fragment"),
                ("scope", "openid profile email offline_access"),
                ("state", "another"),
                ("nonce", "another"),
                ("code_challenge", "another"),
                ("shown", "openid profile email offline_access"),
                ("account", "another"),
                ("user_id", "another"),
                ("prompt", "none"),
            ]
            .into_iter()
            .fold(form, |form, (name, value)| form.with(name, value))
        };
        let asking = Asking::of(&app, "openid");
        let page = browser.ask(&asking).await;
        let form = with_more(Form::of(&page, "/sign-in"))
            .with("username", &person.username)
            .with("password", &person.password);
        let page = browser.submit(&form).await;
        let form = with_more(Form::of(&page, "/consent")).with("decision", "allow");
        let answer = Answer::of(&browser.submit(&form).await);
        assert_eq!(answer.to, CALLBACK);
        assert_eq!(answer.mode, ResponseMode::Query);
        assert_eq!(answer.get("state"), "the state");
        assert_eq!(answer.params.len(), 3, "code, state, iss: {answer:?}");
        let tokens = app.redeem(&answer, &asking).await;
        assert_eq!(tokens.assert_ok().text("scope"), "openid");
        let claims = opened(&tokens.text("id_token")).1;
        assert_eq!(claims["nonce"], "the nonce");
        assert_eq!(claims["aud"], "app");
        // And an address of the forms has no parameters of its own.
        for path in ["/sign-in", "/consent", "/select-account"] {
            let address = format!("{path}?redirect_uri=https%3A%2F%2Fevil.test%2Fcb");
            let reply = browser.post(&address, &[("transaction", "x")]).await;
            assert!([400, 403].contains(&reply.status.as_u16()), "{reply:?}");
            assert_eq!(reply.header("location"), None);
        }
    })
    .await;
}
