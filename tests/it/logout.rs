//! Signing out: OpenID Connect RP-Initiated Logout 1.0.

mod addresses;
mod hints;
mod question;
mod tabs;

use crate::sign_in::{SCOPE, enter};
use crate::support::browser::{Asking, Browser};
use crate::support::people::{Person, Service};
use crate::support::{Reply, World};

const BYE: &str = "https://rp.example.test/bye";

/// A relying party that signs people out, a person signed in there, and the ID token of it.
struct Scene {
    rp: Service,
    alice: Person,
    browser: Browser,
    hint: String,
    access_token: String,
}

async fn scene(world: &World) -> Scene {
    let rp = world
        .client_with("rp", SCOPE, |metadata| {
            metadata.first_party = true;
            metadata.post_logout_redirect_uris = vec![BYE.to_owned(), format!("{BYE}?a=b")];
        })
        .await;
    let alice = world.person("alice").await;
    let mut browser = Browser::new(world.anonymous());
    let tokens = tokens(&mut browser, &rp, &alice).await;
    Scene {
        hint: tokens.text("id_token"),
        access_token: tokens.text("access_token"),
        rp,
        alice,
        browser,
    }
}

/// Signs somebody in and redeems the code.
async fn tokens(browser: &mut Browser, rp: &Service, person: &Person) -> Reply {
    let answer = enter(browser, rp, person).await;
    let reply = rp.redeem(&answer, &Asking::of(rp, "openid")).await;
    reply.assert_ok();
    reply
}

impl Scene {
    async fn logout(&mut self, params: &[(&str, &str)]) -> Reply {
        self.browser.get(&address(params)).await
    }

    async fn is_signed_in(&mut self) -> bool {
        let alice = crate::sign_in::who(&mut self.browser, &self.rp).await;
        alice.as_ref() == Some(&self.alice.id)
    }
}

fn address(params: &[(&str, &str)]) -> String {
    let query = serde_urlencoded::to_string(params).expect("a query");
    format!("/logout?{query}")
}

/// Asserts the page that asks, and changes nothing by itself.
#[track_caller]
fn assert_asked(reply: &Reply) {
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(reply.body.contains("id=\"sign-out\""), "{reply:?}");
    assert!(reply.header("location").is_none(), "{reply:?}");
}

#[track_caller]
fn assert_signed_out(reply: &Reply) {
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(reply.body.contains("id=\"signed-out\""), "{reply:?}");
    assert!(reply.header("location").is_none(), "{reply:?}");
}
