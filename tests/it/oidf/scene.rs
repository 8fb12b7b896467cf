//! A relying party like the suite, a person with every claim, and the checks every module makes.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use users_core::base::digest::sha256;
use users_core::config::Config;

use super::person::every_claim;
use crate::jwks::signed_with;
use crate::support::browser::{Answer, Asking, Browser, CALLBACK};
use crate::support::forge::{b64, opened};
use crate::support::people::{Person, Service};
use crate::support::world::everywhere_with;
use crate::support::{Reply, World};

/// What the client may ask for.
const SCOPE: &str = "openid profile email address phone offline_access";
pub const NONCE: &str = "the nonce";
const STATE: &str = "the state";

/// How the answers come: as by default with a code, or posted by the browser.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    Query,
    FormPost,
}

pub struct Scene {
    pub world: World,
    pub mode: Mode,
    pub app: Service,
    pub person: Person,
    /// Nobody is signed in in it.
    pub browser: Browser,
}

/// Runs a module's rule in both modes, on every database.
pub async fn in_both_modes(rule: impl AsyncFn(Scene)) {
    in_both_modes_with(|_| {}, rule).await;
}

/// The same, with other settings.
pub async fn in_both_modes_with(configure: impl Fn(&mut Config), rule: impl AsyncFn(Scene)) {
    for mode in [Mode::Query, Mode::FormPost] {
        println!("{mode:?}");
        everywhere_with(&configure, async |world| {
            rule(Scene::new(world, mode).await).await;
        })
        .await;
    }
}

impl Scene {
    pub async fn new(world: World, mode: Mode) -> Self {
        let app = world
            .client_with("app", SCOPE, |metadata| metadata.require_pkce = false)
            .await;
        let person = world.person("alice").await;
        world
            .change_person(&world.tenant, &person, |input| {
                input.email_verified = true;
                input.claims = every_claim();
            })
            .await;
        let browser = Browser::new(world.anonymous());
        Self {
            world,
            mode,
            app,
            person,
            browser,
        }
    }

    /// A request for a scope.
    pub fn asking(&self, scope: &str) -> Asking {
        self.asking_for(&self.app, scope)
    }

    pub fn asking_for(&self, client: &Service, scope: &str) -> Asking {
        let asking = Asking::of(client, scope)
            .without("code_challenge")
            .without("code_challenge_method");
        match self.mode {
            Mode::Query => asking,
            Mode::FormPost => asking.with("response_mode", "form_post"),
        }
    }

    /// Goes all the way through the pages, as far as there are any.
    pub async fn walk(&mut self, asking: &Asking) -> Answer {
        let reply = self.browser.walk(asking, &self.person).await;
        self.code(&reply)
    }

    /// The answer to the client, which came the way it was asked for.
    #[track_caller]
    pub fn answer(&self, reply: &Reply) -> Answer {
        let answer = Answer::of(reply);
        assert_eq!(answer.to, CALLBACK);
        assert_eq!(answer.get("iss"), self.world.tenant.issuer);
        match self.mode {
            Mode::Query => {
                let location = reply.header("location").expect("a location");
                assert!(location.starts_with(&format!("{CALLBACK}?")), "{location}");
                assert!(!location.contains('#'), "{location}");
            }
            Mode::FormPost => {
                assert_eq!(reply.status, 200);
                assert_eq!(reply.header("location"), None);
                let kind = reply.header("content-type").expect("a type");
                assert!(kind.starts_with("text/html"), "{kind}");
                let (_, form) = reply.body.split_once("<form").expect("a form");
                let (attributes, _) = form.split_once('>').expect("its end");
                assert!(attributes.contains("method=\"post\""), "{attributes}");
                assert!(!attributes.contains("enctype"), "{attributes}");
            }
        }
        answer
    }

    /// An answer with a code and nothing more than belongs to it.
    #[track_caller]
    pub fn code(&self, reply: &Reply) -> Answer {
        let answer = self.answer(reply);
        let names: Vec<&str> = answer.params.keys().map(String::as_str).collect();
        assert_eq!(names, ["code", "iss", "state"]);
        assert_eq!(answer.get("state"), STATE);
        answer
    }

    /// An answer that refuses, in the words of RFC 6749 section 4.1.2.1.
    #[track_caller]
    pub fn refusal(&self, reply: &Reply, error: &str) -> Answer {
        let answer = self.answer(reply);
        answer.assert_error(error);
        for name in answer.params.keys() {
            let known = ["error", "error_description", "iss", "state"];
            assert!(known.contains(&name.as_str()), "{name}");
        }
        let allowed = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        assert!(answer.get("error_description").bytes().all(allowed));
        answer
    }

    /// The same, of a request that had the state in its own parameters.
    #[track_caller]
    pub fn refusal_with_state(&self, reply: &Reply, error: &str) {
        assert_eq!(self.refusal(reply, error).get("state"), STATE);
    }

    /// Whether a request without pages finds the person signed in.
    pub async fn is_signed_in(&mut self) -> bool {
        let asking = self.asking("openid").with("prompt", "none");
        let reply = self.browser.ask(&asking).await;
        let answer = self.answer(&reply);
        if !answer.params.contains_key("code") {
            answer.assert_error("login_required");
            return false;
        }
        true
    }

    pub async fn redeem(&self, answer: &Answer) -> Reply {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", answer.code()),
            ("redirect_uri", CALLBACK),
        ];
        self.app.post("/token", &form).await
    }

    /// Redeems a code and checks what comes of it; the claims of the ID token.
    pub async fn id_token(&self, answer: &Answer) -> Value {
        let reply = self.redeem(answer).await;
        self.checked(&self.app, &reply, Some(NONCE)).await
    }

    /// Checks an answer of the token endpoint, its ID token and what userinfo says; the ID token's
    /// claims.
    pub async fn checked(&self, client: &Service, reply: &Reply, nonce: Option<&str>) -> Value {
        reply.assert_ok();
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let answer = reply.json();
        assert_eq!(answer["token_type"], "Bearer");
        let seconds = answer["expires_in"].as_i64().expect("a number");
        assert!((1..=86_400).contains(&seconds), "{seconds}");
        let access_token = reply.text("access_token");
        let visible = |byte: u8| matches!(byte, b'!'..=b'~');
        assert!(access_token.bytes().all(visible));
        if let Some(token) = answer["refresh_token"].as_str() {
            assert!(token.bytes().all(visible));
        }
        let claims = self.checked_id_token(client, reply, nonce).await;
        let told = client.userinfo(&access_token).await;
        assert_eq!(told.header("content-type"), Some("application/json"));
        assert_eq!(told.assert_ok().json()["sub"], claims["sub"]);
        claims
    }

    async fn checked_id_token(
        &self,
        client: &Service,
        reply: &Reply,
        nonce: Option<&str>,
    ) -> Value {
        let id_token = reply.text("id_token");
        // By a key that is published under the token's kid.
        signed_with(self.world.anonymous(), &id_token).await;
        let claims = opened(&id_token).1;
        let number = |name: &str| claims[name].as_i64().expect("a number");
        let now = self.world.app.clock.now().seconds();
        assert_eq!(claims["iss"], self.world.tenant.issuer);
        assert_eq!(claims["sub"], self.person.id.as_str());
        // One audience is a text, not a list of one.
        assert_eq!(claims["aud"], client.client_id);
        assert_eq!(number("iat"), now);
        assert!(number("exp") > now);
        assert!(number("auth_time") <= now);
        assert!(claims["acr"].is_string());
        let methods = claims["amr"].as_array().expect("a list");
        assert!(!methods.is_empty() && methods.iter().all(Value::is_string));
        assert!(claims["sid"].is_string());
        let half = &sha256(&[reply.text("access_token").as_bytes()])[..16];
        assert_eq!(claims["at_hash"], b64(half));
        assert_eq!(claims["nonce"].as_str(), nonce);
        // Nothing of the person that nobody asked to find here.
        let mut expected = BTreeSet::from([
            "acr",
            "amr",
            "at_hash",
            "aud",
            "auth_time",
            "exp",
            "iat",
            "iss",
            "sid",
            "sub",
        ]);
        expected.extend(nonce.map(|_| "nonce"));
        let members = claims.as_object().expect("an object").keys();
        assert_eq!(
            members.map(String::as_str).collect::<BTreeSet<_>>(),
            expected
        );
        claims
    }
}

/// The page of an error: it sends nobody anywhere.
#[track_caller]
pub fn assert_error_page(reply: &Reply) {
    assert_eq!(reply.status, 400, "{reply:?}");
    assert_eq!(reply.header("location"), None, "{reply:?}");
    assert_eq!(reply.header("refresh"), None, "{reply:?}");
    assert!(reply.body.contains("id=\"error\""), "{reply:?}");
    for way in ["<form", "<script", "http-equiv", "example.test"] {
        assert!(!reply.body.contains(way), "{way}: {reply:?}");
    }
}

/// A request object nobody signed (OIDC Core section 6.1).
pub fn unsigned(asking: &Asking) -> String {
    let members = asking.params.iter();
    let members = members.map(|(name, value)| (name.clone(), json!(value)));
    let payload = Value::Object(members.collect());
    let header = json!({ "alg": "none" });
    format!("{}.{}.", b64(header.to_string()), b64(payload.to_string()))
}
