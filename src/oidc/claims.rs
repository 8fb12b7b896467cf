//! The claims of an account (OIDC Core section 5), and who is told which.

use std::collections::BTreeMap;

use openidconnect::core::CoreGenderClaim;
use openidconnect::{
    AddressClaim, AddressCountry, AddressLocality, AddressPostalCode, AddressRegion,
    EmptyAdditionalClaims, EndUserBirthday, EndUserEmail, EndUserFamilyName, EndUserGivenName,
    EndUserMiddleName, EndUserName, EndUserNickname, EndUserPhoneNumber, EndUserPictureUrl,
    EndUserProfileUrl, EndUserTimezone, EndUserUsername, EndUserWebsiteUrl, FormattedAddress,
    LanguageTag, LocalizedClaim, StandardClaims, StreetAddress, SubjectIdentifier, UserInfoClaims,
};
use serde_json::{Map, Value, json};

use crate::model::claim_source::ClaimSource;
use crate::model::claims_request::ClaimRequest;
use crate::model::client_metadata::ClientMetadata;
use crate::model::scope::Scope;
use crate::model::user::{Address, User};

/// What `claims_supported` says.
pub const SUPPORTED: &[&str] = &[
    "acr",
    "address",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "birthdate",
    "email",
    "email_verified",
    "exp",
    "family_name",
    "gender",
    "given_name",
    "groups",
    "iat",
    "iss",
    "locale",
    "middle_name",
    "name",
    "nickname",
    "nonce",
    "phone_number",
    "phone_number_verified",
    "picture",
    "preferred_username",
    "profile",
    "roles",
    "sid",
    "sub",
    "updated_at",
    "website",
    "zoneinfo",
];

/// The claims each scope opens (OIDC Core section 5.4).
const OPENED: &[(&str, &[&str])] = &[
    (
        "profile",
        &[
            "name",
            "given_name",
            "family_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("phone", &["phone_number", "phone_number_verified"]),
    ("address", &["address"]),
];

/// What `client` is told of `user`: who it is, what `scope` opens, what was `asked` for by name,
/// and the client's own claims, which come before a standard one of the same name.
///
/// A claim can be asked for without its scope (OIDC Core section 5.5), but only by a client whose
/// registration has that scope, and only with a value the account has.
pub fn of(
    user: &User,
    scope: &Scope,
    asked: &BTreeMap<String, ClaimRequest>,
    client: &ClientMetadata,
) -> Map<String, Value> {
    let mut claims = standard(user);
    claims.retain(|name, value| {
        let opening = OPENED
            .iter()
            .find(|(_, names)| names.contains(&name.as_str()));
        opening.is_none_or(|(word, _)| {
            let asked = asked.get(name).is_some_and(|asked| asked.accepts(value));
            scope.contains(word) || asked && client.scope.contains(word)
        })
    });
    if scope.contains("roles") {
        claims.insert("roles".to_owned(), json!(user.roles));
    }
    if scope.contains("groups") {
        claims.insert("groups".to_owned(), json!(user.groups));
    }
    for (name, source) in &client.claims {
        if let Some(value) = own(user, source) {
            claims.insert(name.clone(), value);
        }
    }
    claims
}

/// A fact of the account, if it has it.
fn own(user: &User, source: &ClaimSource) -> Option<Value> {
    match source {
        ClaimSource::Roles => Some(json!(user.roles)),
        ClaimSource::Groups => Some(json!(user.groups)),
        ClaimSource::Username => Some(json!(user.username)),
        ClaimSource::Attribute(name) => user.attributes.get(name).cloned(),
    }
}

/// `sub` and every standard claim the account has.
fn standard(user: &User) -> Map<String, Value> {
    let mut claims = profile(user);
    if let Some(email) = &user.email {
        claims = claims
            .set_email(Some(EndUserEmail::new(email.clone())))
            .set_email_verified(Some(user.email_verified));
    }
    if let Some(number) = &user.claims.phone_number {
        claims = claims
            .set_phone_number(Some(EndUserPhoneNumber::new(number.clone())))
            .set_phone_number_verified(Some(user.claims.phone_number_verified.unwrap_or(false)));
    }
    if let Some(address) = &user.claims.address {
        claims = claims.set_address(Some(address_claim(address)));
    }
    match json!(UserInfoClaims::new(claims, EmptyAdditionalClaims {})) {
        Value::Object(claims) => claims,
        // An object gives an object.
        _ => Map::new(),
    }
}

type Claims = StandardClaims<CoreGenderClaim>;

fn profile(user: &User) -> Claims {
    let known = &user.claims;
    let updated_at = chrono::DateTime::from_timestamp(user.updated_at.seconds(), 0);
    Claims::new(SubjectIdentifier::new(user.id.clone()))
        .set_name(plain(known.name.as_ref(), EndUserName::new))
        .set_given_name(plain(known.given_name.as_ref(), EndUserGivenName::new))
        .set_family_name(plain(known.family_name.as_ref(), EndUserFamilyName::new))
        .set_middle_name(plain(known.middle_name.as_ref(), EndUserMiddleName::new))
        .set_nickname(plain(known.nickname.as_ref(), EndUserNickname::new))
        .set_profile(plain(known.profile.as_ref(), EndUserProfileUrl::new))
        .set_picture(plain(known.picture.as_ref(), EndUserPictureUrl::new))
        .set_website(plain(known.website.as_ref(), EndUserWebsiteUrl::new))
        .set_gender(known.gender.clone().map(CoreGenderClaim::new))
        .set_birthdate(known.birthdate.clone().map(EndUserBirthday::new))
        .set_zoneinfo(known.zoneinfo.clone().map(EndUserTimezone::new))
        .set_locale(known.locale.clone().map(LanguageTag::new))
        .set_preferred_username(Some(EndUserUsername::new(user.username.clone())))
        .set_updated_at(updated_at)
}

/// A claim in no particular language.
fn plain<T>(value: Option<&String>, claim: impl Fn(String) -> T) -> Option<LocalizedClaim<T>> {
    value.map(|value| LocalizedClaim::from(claim(value.clone())))
}

fn address_claim(address: &Address) -> AddressClaim {
    AddressClaim {
        formatted: address.formatted.clone().map(FormattedAddress::new),
        street_address: address.street_address.clone().map(StreetAddress::new),
        locality: address.locality.clone().map(AddressLocality::new),
        region: address.region.clone().map(AddressRegion::new),
        postal_code: address.postal_code.clone().map(AddressPostalCode::new),
        country: address.country.clone().map(AddressCountry::new),
    }
}
