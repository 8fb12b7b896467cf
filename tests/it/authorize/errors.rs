//! Every way a client is refused, provoked once for each way of answering (OIDC Core section
//! 3.1.2.6). The match below has every kind: a new one does not compile without its request.

use users_core::model::audit_event::{Actor, AuditKind};
use users_core::model::client_metadata::{AuthMethod, ClientMetadata, GrantType};
use users_core::oauth::authorize::channel::ResponseMode;
use users_core::oauth::authorize::error::AuthorizeErrorKind;
use users_core::storage::clients::ClientWrite;

use super::scene;
use crate::support::browser::{Answer, Asking, Browser, CALLBACK, Form};
use crate::support::people::Service;
use crate::support::world::{ISSUER, START, every_grant};
use crate::support::{Reply, World, everywhere};

/// The address of a client that anybody could pretend to be.
const LOOPBACK: &str = "http://127.0.0.1/cb";

struct Scene {
    world: World,
    app: Service,
    /// Somebody is signed in here, and has allowed the client `openid`.
    browser: Browser,
}

impl Scene {
    async fn of(world: World) -> Self {
        let (app, person, mut browser) = scene(&world).await;
        let native = world
            .client_with("native", "openid", |metadata: &mut ClientMetadata| {
                metadata.token_endpoint_auth_method = AuthMethod::None;
                metadata.grant_types = vec![GrantType::AuthorizationCode];
                metadata.redirect_uris = vec![LOOPBACK.to_owned()];
            })
            .await;
        let asking = Asking::of(&app, "openid");
        browser.authorize(&asking, &person).await.code();
        let asking = Asking::of(&native, "openid").with("redirect_uri", LOOPBACK);
        browser.authorize(&asking, &person).await.code();
        let scene = Self {
            world,
            app,
            browser,
        };
        scene.mute().await;
        scene
    }

    /// A client whose row has no response type, which no registration can bring about.
    async fn mute(&self) {
        let metadata = ClientMetadata {
            response_types: Vec::new(),
            ..every_grant("openid")
        };
        let app = &self.world.app;
        let actor = Actor::command_line();
        let event = actor.did(AuditKind::ClientCreated, "mute", app.row_id(), START);
        let write = ClientWrite {
            client_id: "mute".to_owned(),
            metadata,
            enabled: true,
            secret: None,
            if_unchanged: None,
            now: START,
            event,
        };
        let rows = app.store.tenant(&self.world.tenant.id);
        rows.create_client(write).await.expect("a client");
    }

    async fn provoke(&mut self, kind: AuthorizeErrorKind, mode: &str) -> Reply {
        use AuthorizeErrorKind as Kind;
        let asking = Asking::of(&self.app, "openid").with("response_mode", mode);
        let silent = asking.clone().with("prompt", "none");
        match kind {
            Kind::InvalidRequest => self.browser.ask(&asking.without("response_type")).await,
            Kind::UnauthorizedClient => self.browser.ask(&asking.with("client_id", "mute")).await,
            Kind::AccessDenied => {
                let page = self.browser.ask(&asking.with("prompt", "consent")).await;
                self.browser.decide(&page, "deny").await
            }
            Kind::UnsupportedResponseType => {
                self.browser
                    .ask(&asking.with("response_type", "id_token"))
                    .await
            }
            Kind::InvalidScope => self.browser.ask(&asking.with("scope", "users.write")).await,
            Kind::InvalidTarget => {
                self.browser
                    .ask(&asking.with("resource", "https://unknown.test"))
                    .await
            }
            Kind::ServerError => self.without_table("resources", &asking).await,
            Kind::TemporarilyUnavailable => self.without_database(&asking).await,
            Kind::LoginRequired => Browser::new(self.world.anonymous()).ask(&silent).await,
            Kind::AccountSelectionRequired => {
                // Two people in one browser, and the session of the current one is over.
                let second = self.world.person(&format!("second-{mode}")).await;
                let mut browser = self.browser.clone();
                let page = browser.ask(&asking.clone().with("prompt", "login")).await;
                browser.sign_in(&page, &second).await;
                self.world.set_enabled(&second, false).await;
                browser.ask(&silent).await
            }
            Kind::ConsentRequired => {
                self.browser
                    .ask(&silent.with("scope", "openid email"))
                    .await
            }
            Kind::InteractionRequired => {
                let native = silent.with("client_id", "native");
                self.browser
                    .ask(&native.with("redirect_uri", LOOPBACK))
                    .await
            }
            Kind::RequestNotSupported => self.browser.ask(&asking.with("request", "a.b.c")).await,
            Kind::RequestUriNotSupported => {
                self.browser
                    .ask(&asking.with("request_uri", "https://rp.test/r"))
                    .await
            }
            Kind::RegistrationNotSupported => {
                self.browser.ask(&asking.with("registration", "{}")).await
            }
            Kind::UnmetAuthenticationRequirements => {
                let strong = r#"{"id_token":{"acr":{"essential":true,"values":["phr"]}}}"#;
                self.browser.ask(&asking.with("claims", strong)).await
            }
        }
    }

    /// Asks a node that has never read a table, which is gone.
    async fn without_table(&self, table: &str, asking: &Asking) -> Reply {
        let (_node, caller) = self.world.second_node().await;
        let mut browser = self.browser.clone();
        browser.caller = caller.unguarded();
        let mut raw = self.world.raw().await;
        let rename = |from: &str, to: &str| -> &'static str {
            format!("ALTER TABLE {from} RENAME TO {to}").leak()
        };
        raw.run(rename(table, "hidden")).await;
        let reply = browser.ask(asking).await;
        raw.run(rename("hidden", table)).await;
        reply
    }

    /// Asks a node that knows the client, and then lost its database.
    async fn without_database(&self, asking: &Asking) -> Reply {
        let (node, caller) = self.world.second_node().await;
        let mut browser = Browser::new(&caller);
        let warm = browser.ask(&asking.clone().without("response_type")).await;
        Answer::of(&warm).assert_error("invalid_request");
        node.store.db().close().await;
        browser.ask(asking).await
    }
}

#[tokio::test]
async fn every_kind_of_refusal_comes_back_in_every_mode() {
    everywhere(async |world| {
        let mut scene = Scene::of(world).await;
        for kind in AuthorizeErrorKind::ALL {
            for mode in ResponseMode::ALL {
                let reply = scene.provoke(*kind, mode.name()).await;
                let answer = Answer::of(&reply);
                answer.assert_error(kind.code());
                assert_eq!(answer.mode, mode, "{kind:?}");
                let to = match kind {
                    AuthorizeErrorKind::InteractionRequired => LOOPBACK,
                    _ => CALLBACK,
                };
                assert_eq!(answer.to, to, "{kind:?}");
                let mut names: Vec<&str> = answer.params.keys().map(String::as_str).collect();
                names.sort_unstable();
                assert_eq!(
                    names,
                    ["error", "error_description", "iss", "state"],
                    "{kind:?}"
                );
                assert_eq!(answer.get("state"), "the state");
                assert_eq!(answer.get("iss"), ISSUER);
                // RFC 6749 section 4.1.2.1: what a description may be made of.
                let description = answer.get("error_description");
                let plain = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
                assert!(
                    !description.is_empty() && description.bytes().all(plain),
                    "{kind:?}"
                );
                assert!(!description.contains("hidden"), "{description}");
                assert_eq!(reply.header("cache-control"), Some("no-store"));
                let status = if mode == ResponseMode::FormPost {
                    200
                } else {
                    303
                };
                assert_eq!(reply.status, status, "{kind:?}");
            }
        }
        // After all that, the person still gets in.
        let asking = Asking::of(&scene.app, "openid").with("prompt", "none");
        Answer::of(&scene.browser.ask(&asking).await).code();
    })
    .await;
}

#[tokio::test]
async fn without_a_state_none_comes_back() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let asking = Asking::of(&app, "openid");
        browser.authorize(&asking, &person).await.code();
        for asking in [asking.clone().without("state"), asking.with("state", "")] {
            let answer = Answer::of(&browser.ask(&asking).await);
            let names: Vec<&String> = answer.params.keys().collect();
            assert_eq!(names, ["code", "iss"]);
            let refused = asking.with("scope", "no.such.scope");
            let answer = Answer::of(&browser.ask(&refused).await);
            let names: Vec<&String> = answer.params.keys().collect();
            assert_eq!(names, ["error", "error_description", "iss"]);
        }
    })
    .await;
}

// RFC 6749 section 4.1.2.1: a failure cannot be said with a status once the browser is to go on.
#[tokio::test]
async fn a_failure_at_any_step_is_told_to_the_client_once_it_is_known() {
    everywhere(async |world| {
        let scene = Scene::of(world).await;
        let asking = Asking::of(&scene.app, "openid").with("prompt", "none");
        for table in ["resources", "consents", "codes"] {
            let answer = Answer::of(&scene.without_table(table, &asking).await);
            answer.assert_error("server_error");
            assert_eq!(answer.to, CALLBACK);
        }
        // Before it is known, there is nobody to tell.
        for table in ["clients", "sessions"] {
            let page = scene.without_table(table, &asking).await;
            assert_eq!(page.status, 500, "{page:?}");
            assert_eq!(page.header("location"), None);
            assert!(!page.body.contains(table), "{page:?}");
        }
    })
    .await;
}

// A369
#[tokio::test]
async fn a_no_is_a_no_even_when_somebody_said_yes_meanwhile() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let asking = Asking::of(&app, "openid profile");
        let page = browser.ask(&asking).await;
        let page = browser.sign_in(&page, &person).await;
        // The same question in another tab, answered with yes.
        let mut tab = browser.clone();
        let other = tab.ask(&asking).await;
        Answer::of(&tab.decide(&other, "allow").await).code();
        let answer = Answer::of(&browser.decide(&page, "deny").await);
        answer.assert_error("access_denied");
        assert_eq!(super::codes(&world).await, 1);
        Form::of(
            &browser.ask(&asking.with("prompt", "consent")).await,
            "/consent",
        );
    })
    .await;
}
