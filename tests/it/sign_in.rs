//! The pages people sign in with: whose forms they are, who is signed in after them, and for how long.

mod accounts;
mod addresses;
mod ahead;
mod consent;
mod cookies;
mod devices;
mod endings;
mod evidence;
mod foreign;
mod forms;
mod guessing;
mod headers;
mod lifetimes;
mod nodes;
mod sessions;
mod state;
mod tenants;
mod texts;

use crate::support::browser::{Answer, Asking, Browser, Form};
use crate::support::forge::opened;
use crate::support::people::{Person, Service};
use crate::support::{Reply, World};

pub const SCOPE: &str = "openid profile email offline_access sip.register";

/// A relying party, one of the operator's own that nobody has to allow anything, a person, a browser.
pub struct Scene {
    pub app: Service,
    pub own: Service,
    pub alice: Person,
    pub browser: Browser,
}

pub async fn scene(world: &World) -> Scene {
    Scene {
        app: world.client("app", SCOPE).await,
        own: world
            .client_with("own", SCOPE, |metadata| metadata.first_party = true)
            .await,
        alice: world.person("alice").await,
        browser: Browser::new(world.anonymous()),
    }
}

impl Scene {
    /// A request that has to be allowed.
    pub fn asking(&self) -> Asking {
        Asking::of(&self.app, "openid profile")
    }

    /// Signs somebody in without asking for anything to be allowed.
    pub async fn enter(&mut self, person: &Person) -> Answer {
        enter(&mut self.browser, &self.own, person).await
    }

    /// Who is signed in: the id of the browser's current account.
    pub async fn who(&mut self) -> Option<String> {
        who(&mut self.browser, &self.own).await
    }
}

/// Signs a person in at a client of the operator's own, whoever else is signed in already.
pub async fn enter(browser: &mut Browser, own: &Service, person: &Person) -> Answer {
    let page = browser
        .ask(&Asking::of(own, "openid").with("prompt", "login"))
        .await;
    Answer::of(&browser.sign_in(&page, person).await)
}

/// The id of the account a client of the operator's own is told of without asking.
pub async fn who(browser: &mut Browser, own: &Service) -> Option<String> {
    let asking = Asking::of(own, "openid").with("prompt", "none");
    let answer = Answer::of(&browser.ask(&asking).await);
    if answer.params.contains_key("error") {
        answer.assert_error("login_required");
        return None;
    }
    let tokens = own.redeem(&answer, &asking).await;
    tokens.assert_ok();
    let id_token = opened(&tokens.text("id_token")).1;
    Some(id_token["sub"].as_str().expect("a sub").to_owned())
}

/// The sessions a picker offers, by the values of its buttons.
pub fn offered(page: &Reply) -> Vec<String> {
    let buttons = page.body.split("name=\"session\" value=\"").skip(1);
    let value = |rest: &str| rest.split('"').next().expect("a value").to_owned();
    buttons.map(value).collect()
}

/// The form of every route, filled in so that it does its work: nobody is signed in before, and the
/// person is after.
pub async fn every_form(browser: &mut Browser, asking: &Asking, person: &Person) -> Vec<Form> {
    let page = browser.ask(asking).await;
    let sign_in = Form::of(&page, "/sign-in")
        .with("username", &person.username)
        .with("password", &person.password);
    let page = browser.submit(&sign_in).await;
    let consent = Form::of(&page, "/consent").with("decision", "allow");
    let page = browser
        .ask(&asking.clone().with("prompt", "select_account"))
        .await;
    let select = Form::of(&page, "/select-account").with("session", &offered(&page)[0]);
    let page = browser.get(&format!("{}/logout", asking.prefix)).await;
    let sign_out = Form::of(&page, "/account/sign-out");
    vec![sign_in, consent, select, sign_out]
}

/// Every row of the default tenant, to see that nothing changed.
pub async fn rows(world: &World) -> Vec<String> {
    world.raw().await.rows_of(&world.tenant.id).await
}

/// Asserts a page that says what is wrong and leads nowhere.
#[track_caller]
pub fn assert_refused(reply: &Reply, status: u16) {
    assert_eq!(reply.status.as_u16(), status, "{reply:?}");
    assert!(reply.body.contains("id=\"error\""), "{reply:?}");
    assert!(reply.header("location").is_none(), "{reply:?}");
    assert!(reply.header("set-cookie").is_none(), "{reply:?}");
}

/// The link a page offers to go on.
#[track_caller]
pub fn way_on(reply: &Reply) -> String {
    let link = reply.body.split("<a class=\"button\" href=\"").nth(1);
    let link = link.unwrap_or_else(|| panic!("no way on: {reply:?}"));
    crate::support::browser::unescape(link.split('"').next().expect("an address"))
}
