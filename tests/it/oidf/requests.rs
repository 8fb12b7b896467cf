//! Requests with something missing, something besides, or in another form.

use super::scene::{NONCE, assert_error_page, in_both_modes, unsigned};
use crate::support::browser::{CALLBACK, Form};

#[tokio::test]
async fn a_request_without_a_response_type_is_refused_where_the_client_listens() {
    in_both_modes(async |mut scene| {
        for asking in [
            scene.asking("openid").without("response_type"),
            scene.asking("openid").with("response_type", ""),
        ] {
            let reply = scene.browser.ask(&asking).await;
            scene.refusal_with_state(&reply, "invalid_request");
        }
    })
    .await;
}

#[tokio::test]
async fn the_order_of_parameters_and_of_scopes_means_nothing() {
    in_both_modes(async |mut scene| {
        let mut asking = scene.asking("email openid");
        asking.params.reverse();
        assert_eq!(asking.params.last().expect("one").0, "response_type");
        let answer = scene.walk(&asking).await;
        let reply = scene.redeem(&answer).await;
        assert_eq!(reply.text("scope"), "email openid");
        let nonce = Some(NONCE);
        scene.checked(&scene.app, &reply, nonce).await;
        let told = scene.app.userinfo(&reply.text("access_token")).await;
        assert_eq!(told.json()["email"], "alice@example.test");
    })
    .await;
}

#[tokio::test]
async fn every_display_a_client_wishes_is_accepted() {
    in_both_modes(async |mut scene| {
        for display in ["page", "popup", "touch", "wap"] {
            scene.browser.cookies.clear();
            let asking = scene.asking("openid").with("display", display);
            let page = scene.browser.ask(&asking).await;
            assert_eq!(page.status, 200, "{display}");
            Form::of(&page, "/sign-in");
            let answer = scene.walk(&asking).await;
            scene.id_token(&answer).await;
        }
    })
    .await;
}

#[tokio::test]
async fn locales_are_accepted_whether_we_speak_them_or_not() {
    in_both_modes(async |mut scene| {
        for name in ["ui_locales", "claims_locales"] {
            for locales in ["se", "fr-CA fr en", "no language"] {
                scene.browser.cookies.clear();
                let asking = scene.asking("openid profile").with(name, locales);
                let page = scene.browser.ask(&asking).await;
                assert_eq!(page.status, 200, "{name}={locales}");
                let answer = scene.walk(&asking).await;
                scene.id_token(&answer).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_parameter_nobody_knows_is_passed_over() {
    in_both_modes(async |mut scene| {
        let asking = scene.asking("openid").with("extra", "foobar");
        let answer = scene.walk(&asking).await;
        assert!(!answer.params.contains_key("extra"));
        scene.id_token(&answer).await;
    })
    .await;
}

#[tokio::test]
async fn wished_classes_of_sign_in_are_no_condition_and_the_true_one_is_told() {
    in_both_modes(async |mut scene| {
        for values in ["1", "2 1", "urn:mace:incommon:iap:silver"] {
            scene.browser.cookies.clear();
            let asking = scene.asking("openid").with("acr_values", values);
            let answer = scene.walk(&asking).await;
            assert_eq!(scene.id_token(&answer).await["acr"], "1", "{values}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_address_that_is_not_registered_gets_a_page_and_no_visit() {
    in_both_modes(async |mut scene| {
        for unregistered in [
            format!("{CALLBACK}/more"),
            format!("{CALLBACK}?more=1"),
            "https://other.example.test/callback".to_owned(),
        ] {
            let asking = scene.asking("openid").with("redirect_uri", &unregistered);
            assert_error_page(&scene.browser.ask(&asking).await);
        }
        // Nor is one guessed.
        let asking = scene.asking("openid").without("redirect_uri");
        assert_error_page(&scene.browser.ask(&asking).await);
    })
    .await;
}

#[tokio::test]
async fn a_request_may_come_as_a_posted_form() {
    in_both_modes(async |mut scene| {
        let asking = scene.asking("openid");
        let fields = asking.params.iter();
        let fields: Vec<_> = fields
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let reply = scene.browser.post("/authorize", &fields).await;
        assert_eq!(reply.status, 303, "{reply:?}");
        let address = reply.header("location").expect("a location").to_owned();
        let page = scene.browser.get(&address).await;
        let page = scene.browser.sign_in(&page, &scene.person).await;
        let reply = scene.browser.decide(&page, "allow").await;
        scene.id_token(&scene.code(&reply)).await;
    })
    .await;
}

#[tokio::test]
async fn a_request_by_reference_is_refused_by_its_own_name() {
    in_both_modes(async |mut scene| {
        let asking = scene
            .asking("openid")
            .with("request_uri", "https://app.example.test/request.jwt");
        let reply = scene.browser.ask(&asking).await;
        scene.refusal_with_state(&reply, "request_uri_not_supported");
        // The suite leaves in the query what OAuth demands there, and the rest to the document.
        let reply = scene
            .browser
            .ask(&asking.without("state").without("nonce"))
            .await;
        scene.refusal(&reply, "request_uri_not_supported");
        let path = "/.well-known/openid-configuration";
        let document = scene.world.anonymous().get(path).await.json();
        assert_eq!(document["request_uri_parameter_supported"], false);
    })
    .await;
}

#[tokio::test]
async fn a_request_object_is_refused_by_its_own_name_and_never_overlooked() {
    in_both_modes(async |mut scene| {
        let asking = scene.asking("openid");
        let object = unsigned(&asking);
        let reply = scene
            .browser
            .ask(&asking.clone().with("request", &object))
            .await;
        scene.refusal_with_state(&reply, "request_not_supported");
        // With only those parameters outside that OAuth demands there.
        let asking = asking
            .without("state")
            .without("nonce")
            .without("response_mode")
            .with("request", &object);
        let reply = scene.browser.ask(&asking).await;
        scene.refusal(&reply, "request_not_supported");
        let path = "/.well-known/openid-configuration";
        let document = scene.world.anonymous().get(path).await.json();
        assert_eq!(document["request_parameter_supported"], false);
    })
    .await;
}

#[tokio::test]
async fn an_address_inside_a_request_object_does_not_mend_a_wrong_one_outside() {
    in_both_modes(async |mut scene| {
        let object = unsigned(&scene.asking("openid"));
        let elsewhere = "https://app.example.test/callback/elsewhere";
        let asking = scene
            .asking("openid")
            .with("redirect_uri", elsewhere)
            .with("request", &object);
        assert_error_page(&scene.browser.ask(&asking).await);
        // Nor does a wrong one inside lead anywhere.
        let inside = scene.asking("openid").with("redirect_uri", elsewhere);
        let asking = scene.asking("openid").with("request", &unsigned(&inside));
        let reply = scene.browser.ask(&asking).await;
        scene.refusal_with_state(&reply, "request_not_supported");
    })
    .await;
}
