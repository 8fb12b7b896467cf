//! Codes redeemed while the server is killed: what was answered holds, what was not can still be
//! redeemed or was spent, and nothing works twice.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use users_core::base::clock::Clock;

use super::process::{Address, Process};
use super::{ROUNDS, SCOPE, some_while, text};
use crate::support::browser::{Asking, Browser, CALLBACK};
use crate::support::database::Database;
use crate::support::people::Service;
use crate::support::{World, databases};

const PEOPLE: usize = 8;

/// A code that was answered with tokens.
struct Redeemed {
    code: String,
    access: String,
    refresh: String,
}

#[derive(Default)]
struct Ledger {
    redeemed: Vec<Redeemed>,
    /// Codes that were presented, and no answer came.
    in_doubt: Vec<String>,
}

#[derive(Default)]
struct Tally {
    /// Codes in doubt that gave their tokens after the restart, and those that were spent before it.
    open: usize,
    spent: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_killed_while_codes_are_redeemed_gives_nothing_twice() {
    for database in databases().await {
        println!("on {}", database.name);
        survive(database).await;
    }
}

async fn survive(database: Database) {
    let world = World::at(Clock::System, database, &|_| {}).await;
    let own = |metadata: &mut users_core::model::client_metadata::ClientMetadata| {
        metadata.first_party = true;
    };
    let app = world.client_with("app", SCOPE, own).await;
    let asking = Asking::of(&app, SCOPE);
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let person = world.person(&format!("person{number}")).await;
        let mut browser = Browser::new(world.anonymous());
        let page = browser.ask(&asking).await;
        browser.sign_in(&page, &person).await;
        people.push(browser.cookie_header());
    }
    // From here on the server is alone with the database, so it must recover it by itself.
    world.app.store.db().close().await;

    let mut server = Process::start(&world.app.config).await;
    let mut all = Vec::new();
    let mut tally = Tally::default();
    for _ in 0..ROUNDS {
        let ledger = load_and_kill(server, &app, &asking, &people).await;
        server = Process::start(&world.app.config).await;
        judge(server.address, &app, &asking, &ledger, &mut tally).await;
        all.extend(ledger.redeemed);
    }
    server.kill();

    println!(
        "rounds {ROUNDS}, codes answered {}, in doubt: spent {}, still good {}",
        all.len(),
        tally.spent,
        tally.open
    );
    assert!(all.len() > ROUNDS, "hardly any load");
    assert!(tally.open > 0, "no code was ever left open");
    assert!(tally.spent > 0, "no answer was ever lost");
    assert_sound_after_reopening(&world, &app, &asking, &all, &tally).await;
}

/// Lets everybody redeem codes as fast as they can, and kills the server at some moment.
async fn load_and_kill(
    mut server: Process,
    app: &Service,
    asking: &Asking,
    people: &[String],
) -> Ledger {
    static DYING: AtomicBool = AtomicBool::new(false);
    DYING.store(false, Ordering::SeqCst);
    let tasks: Vec<_> = people
        .iter()
        .map(|cookies| {
            let (address, cookies) = (server.address, cookies.clone());
            let (app, asking) = (app.clone(), asking.clone());
            tokio::spawn(async move {
                let mut ledger = Ledger::default();
                while let Some(code) = code(address, &asking, &cookies).await {
                    let form = redemption(&code, &asking);
                    let Some(tokens) = address.post(&app, "/token", &form).await else {
                        ledger.in_doubt.push(code);
                        break;
                    };
                    ledger.redeemed.push(Redeemed {
                        access: text(&tokens, "access_token"),
                        refresh: text(&tokens, "refresh_token"),
                        code,
                    });
                }
                assert!(DYING.load(Ordering::SeqCst), "no answer from a live server");
                ledger
            })
        })
        .collect();
    tokio::time::sleep(some_while()).await;
    DYING.store(true, Ordering::SeqCst);
    server.kill();
    let mut all = Ledger::default();
    for task in tasks {
        let ledger = task.await.expect("a ledger");
        all.redeemed.extend(ledger.redeemed);
        all.in_doubt.extend(ledger.in_doubt);
    }
    all
}

/// A code for somebody who is signed in; `None` if no answer came.
async fn code(address: Address, asking: &Asking, cookies: &str) -> Option<String> {
    let answer = address.browse(&asking.address(), cookies).await?;
    assert_eq!(answer.status, 303, "{answer:?}");
    let location = answer.header("location").expect("an address");
    let code = location.split("code=").nth(1).expect("a code");
    Some(code.split('&').next().expect("its end").to_owned())
}

fn redemption<'a>(code: &'a str, asking: &'a Asking) -> [(&'static str, &'a str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", &asking.verifier),
    ]
}

/// Status and body of a redemption.
async fn redeem(address: Address, app: &Service, asking: &Asking, code: &str) -> (u16, Value) {
    let form = redemption(code, asking);
    let heard = address.form(app, "/token", &form).await;
    let heard = heard.expect("an answer");
    let body: Value = serde_json::from_str(&heard.body).expect("JSON");
    assert!(
        heard.status == 200 || (heard.status, &body["error"]) == (400, &"invalid_grant".into()),
        "{body}"
    );
    (heard.status, body)
}

async fn is_active(address: Address, app: &Service, token: &str) -> bool {
    let seen = address.post(app, "/introspect", &[("token", token)]).await;
    seen.expect("an answer")["active"] == true
}

/// Looks at what a kill left.
async fn judge(
    address: Address,
    app: &Service,
    asking: &Asking,
    ledger: &Ledger,
    tally: &mut Tally,
) {
    for redeemed in &ledger.redeemed {
        for token in [&redeemed.access, &redeemed.refresh] {
            assert!(is_active(address, app, token).await, "answered and lost");
        }
    }
    for code in &ledger.in_doubt {
        let (status, tokens) = redeem(address, app, asking, code).await;
        if status == 200 {
            tally.open += 1;
            // Now it is spent like any other.
            assert_eq!(redeem(address, app, asking, code).await.0, 400);
            for name in ["access_token", "refresh_token"] {
                let token = text(&tokens, name);
                assert!(!is_active(address, app, &token).await, "a replay kills");
            }
        } else {
            tally.spent += 1;
        }
        assert_eq!(redeem(address, app, asking, code).await.0, 400);
    }
}

/// After the last kill another process opens what is left, and finds every rule still in force.
async fn assert_sound_after_reopening(
    world: &World,
    app: &Service,
    asking: &Asking,
    all: &[Redeemed],
    tally: &Tally,
) {
    let mut raw = world.raw().await;
    if world.database.name == "sqlite" {
        assert_eq!(raw.texts("PRAGMA integrity_check").await, ["ok"]);
    }
    // Every spent code has one family with one refresh token, and nothing has a family otherwise.
    let codes = all.len() + tally.open + tally.spent;
    for (text, expected) in [
        (
            "SELECT COUNT(*) FROM codes WHERE used_at IS NOT NULL",
            codes,
        ),
        ("SELECT COUNT(*) FROM grants", codes),
        ("SELECT COUNT(*) FROM refresh_tokens", codes),
        (
            "SELECT COUNT(*) FROM grants WHERE ended_at IS NULL",
            all.len(),
        ),
        (
            "SELECT COUNT(*) FROM codes c JOIN grants g ON g.id = c.grant_id \
             JOIN refresh_tokens r ON r.grant_id = g.id WHERE c.used_at IS NOT NULL",
            codes,
        ),
    ] {
        assert_eq!(
            usize::try_from(raw.number(text).await),
            Ok(expected),
            "{text}"
        );
    }
    let (_, caller) = world.second_node().await;
    let app = app.through(&caller);
    for (number, redeemed) in all.iter().enumerate() {
        assert!(Service::is_active(&app.introspect(&redeemed.access).await));
        // Some more tokens, and then a second use of some of the codes.
        if number % 4 == 0 {
            app.refresh(&redeemed.refresh).await.assert_ok();
        }
        if number % 4 < 2 {
            let reply = app
                .redeem_with(&redeemed.code, &asking.verifier, CALLBACK)
                .await;
            reply.assert_error(400, "invalid_grant");
            app.introspect(&redeemed.access).await.assert_inactive();
            let reply = app.refresh(&redeemed.refresh).await;
            reply.assert_error(400, "invalid_grant");
        }
    }
}
