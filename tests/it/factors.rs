//! Second factors: at the sign-in, at doors without a page, and in their owners' and operators' hands.

mod doors;
mod guessing;
mod operators;
mod own;
mod pages;
mod setting_up;

use crate::support::World;
use crate::support::authenticator::Authenticator;
use crate::support::bearer::Bearer;
use crate::support::browser::Form;
use crate::support::people::{Person, Service};
use crate::support::{Reply, everywhere};

const JSON: &str = "application/json";

/// Somebody with an authenticator.
struct Guarded {
    anna: Person,
    authenticator: Authenticator,
    /// Anna at the console, signed in before there was a second factor.
    bearer: Bearer,
    console: Service,
}

async fn guarded(world: &World) -> Guarded {
    let console = world.console(&world.tenant).await;
    let anna = world.person("anna").await;
    let bearer = world.bearer(&console, &anna).await;
    let authenticator = world.enrol(&bearer, &anna).await;
    Guarded {
        anna,
        authenticator,
        bearer,
        console,
    }
}

/// The form for a code, filled in.
#[track_caller]
fn coded(page: &Reply, otp: &str) -> Form {
    assert!(page.body.contains("id=\"show-factor\""), "{page:?}");
    Form::of(page, "/sign-in").with("otp", otp)
}

/// The form of a page that sets an authenticator up, filled in; and what the authenticator knows now.
#[track_caller]
fn scanned(page: &Reply) -> (Form, Authenticator) {
    assert!(page.body.contains("id=\"configure-totp\""), "{page:?}");
    let rest = page.body.split("id=\"secret\">").nth(1).expect("a secret");
    let secret = rest.split('<').next().expect("its end");
    (Form::of(page, "/sign-in"), Authenticator::typed(secret))
}
