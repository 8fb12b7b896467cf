//! What people see and change of their own account.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ACCOUNT;
use crate::admin::users;
use crate::api::answer::Found;
use crate::api::body::{Document, Merge};
use crate::api::call::Call;
use crate::api::operation::Operation;
use crate::api::problem::Problem;
use crate::api::users::{AccountView, found};
use crate::model::user::{Address, Preferences, StandardClaims, User, UserInput};

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/users/me", "me.read", "Shows one's own account", ACCOUNT, read),
        Operation::patch("/users/me", "me.update", "Changes what is named of one's own account", ACCOUNT, update),
        Operation::put("/users/me", "me.put", "The same as PATCH, for older clients", ACCOUNT, update),
    ]
}

/// What people write of themselves.
#[derive(Default, Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "OwnAccount")]
#[serde(default, deny_unknown_fields)]
struct OwnAccount {
    /// A new address counts as not verified.
    #[schemars(length(max = 254))]
    email: Option<String>,
    name: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    middle_name: Option<String>,
    nickname: Option<String>,
    profile: Option<String>,
    picture: Option<String>,
    website: Option<String>,
    gender: Option<String>,
    birthdate: Option<String>,
    zoneinfo: Option<String>,
    locale: Option<String>,
    /// A new number counts as not verified.
    phone_number: Option<String>,
    address: Option<Address>,
    /// What applications keep with the account: at most 16 KiB of JSON.
    preferences: Preferences,
}

/// One's own account, with what only its owner sees.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "OwnAccountRead")]
struct OwnView {
    #[serde(flatten)]
    account: AccountView,
    preferences: Preferences,
}

impl OwnView {
    fn of(user: &User, call: &Call) -> Self {
        Self {
            account: AccountView::of(user, call),
            preferences: user.preferences.clone(),
        }
    }
}

impl Document for OwnAccount {
    const ALIASES: &'static [(&'static str, &'static str)] =
        &[("first_name", "given_name"), ("last_name", "family_name")];
}

impl OwnAccount {
    fn of(input: &UserInput) -> Self {
        let claims = input.claims.clone();
        Self {
            email: input.email.clone(),
            name: claims.name,
            given_name: claims.given_name,
            family_name: claims.family_name,
            middle_name: claims.middle_name,
            nickname: claims.nickname,
            profile: claims.profile,
            picture: claims.picture,
            website: claims.website,
            gender: claims.gender,
            birthdate: claims.birthdate,
            zoneinfo: claims.zoneinfo,
            locale: claims.locale,
            phone_number: claims.phone_number,
            address: claims.address,
            preferences: input.preferences.clone(),
        }
    }

    fn onto(self, before: UserInput) -> UserInput {
        // Nobody vouches for an address or a number but who checked it.
        let email_verified = before.email_verified && self.email == before.email;
        let same_number = self.phone_number == before.claims.phone_number;
        UserInput {
            email: self.email,
            email_verified,
            claims: StandardClaims {
                name: self.name,
                given_name: self.given_name,
                family_name: self.family_name,
                middle_name: self.middle_name,
                nickname: self.nickname,
                profile: self.profile,
                picture: self.picture,
                website: self.website,
                gender: self.gender,
                birthdate: self.birthdate,
                zoneinfo: self.zoneinfo,
                locale: self.locale,
                phone_number: self.phone_number,
                phone_number_verified: before.claims.phone_number_verified.filter(|_| same_number),
                address: self.address,
            },
            preferences: self.preferences,
            ..before
        }
    }
}

async fn read(call: Arc<Call>, (): ()) -> Result<Found<OwnView>, Problem> {
    Ok(Found(OwnView::of(call.own_account()?, &call)))
}

async fn update(call: Arc<Call>, changes: Merge<OwnAccount>) -> Result<Found<OwnView>, Problem> {
    let id = &call.own_account()?.id;
    let user = found(&call, id).await?;
    call.guard(&OwnView::of(&user, &call))?;
    let before = users::input_of(&user);
    let after = changes.onto(&OwnAccount::of(&before))?.onto(before);
    users::update(&call.app, &call.actor(), call.tenant(), &user, after).await?;
    let user = found(&call, id).await?;
    Ok(Found(OwnView::of(&user, &call)))
}
