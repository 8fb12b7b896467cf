//! An authenticator application, and how somebody gets one.

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD, HEXLOWER};
use serde_json::json;
use users_core::base::clock::Timestamp;
use users_core::model::totp::{STEP, TotpSecret};

use super::World;
use super::bearer::Bearer;
use super::people::Person;

/// One that was set up, with the recovery codes that came with it.
#[derive(Clone)]
pub struct Authenticator {
    secret: TotpSecret,
    pub recovery_codes: Vec<String>,
}

impl Authenticator {
    /// Knows the secret that a person would type.
    pub fn typed(secret: &str) -> Self {
        let secret: String = secret.split_whitespace().collect();
        let bytes = BASE32_NOPAD.decode(secret.as_bytes()).expect("Base32");
        Self {
            secret: TotpSecret::of(&bytes).expect("a secret"),
            recovery_codes: Vec::new(),
        }
    }

    /// The secret as it was typed.
    pub fn base32(&self) -> String {
        self.secret.base32().to_string()
    }

    /// The same as somebody might store it.
    pub fn encodings(&self) -> [String; 2] {
        let bytes = self.secret.bytes();
        [HEXLOWER.encode(bytes), BASE64URL_NOPAD.encode(bytes)]
    }

    /// What it shows `steps` steps from now.
    pub fn code_in(&self, world: &World, steps: i64) -> String {
        self.code_at(world.app.clock.now().plus_seconds(steps * STEP))
    }

    pub fn code_at(&self, at: Timestamp) -> String {
        self.secret.code_at(at)
    }

    /// What it shows a step later: none that was used before.
    pub fn next_code(&self, world: &World) -> String {
        world.advance(STEP.unsigned_abs());
        self.code_in(world, 0)
    }
}

impl World {
    /// Sets an authenticator up for somebody at the console.
    pub async fn enrol(&self, bearer: &Bearer, person: &Person) -> Authenticator {
        let body = json!({ "password": person.password });
        let begun = bearer.post("/users/me/factors/totp", &body).await;
        begun.assert_ok();
        let mut authenticator = Authenticator::typed(&begun.text("secret"));
        let body = json!({ "otp": authenticator.code_in(self, 0) });
        let done = bearer.post("/users/me/factors/totp/confirm", &body).await;
        done.assert_ok();
        let codes = done.json()["recovery_codes"].clone();
        authenticator.recovery_codes = serde_json::from_value(codes).expect("codes");
        authenticator
    }
}
