//! The standard claims of an account, by scope (OIDC Core section 5.4).

use openidconnect::core::CoreGenderClaim;
use openidconnect::{
    AddressClaim, AddressCountry, AddressLocality, AddressPostalCode, AddressRegion,
    EmptyAdditionalClaims, EndUserBirthday, EndUserEmail, EndUserFamilyName, EndUserGivenName,
    EndUserMiddleName, EndUserName, EndUserNickname, EndUserPhoneNumber, EndUserPictureUrl,
    EndUserProfileUrl, EndUserTimezone, EndUserUsername, EndUserWebsiteUrl, FormattedAddress,
    LanguageTag, LocalizedClaim, StandardClaims, StreetAddress, SubjectIdentifier, UserInfoClaims,
};

use crate::model::scope::Scope;
use crate::model::user::{Address, User};

/// What `claims_supported` says.
pub const SUPPORTED: &[&str] = &[
    "address",
    "aud",
    "birthdate",
    "email",
    "email_verified",
    "exp",
    "family_name",
    "gender",
    "given_name",
    "iat",
    "iss",
    "locale",
    "middle_name",
    "name",
    "nickname",
    "phone_number",
    "phone_number_verified",
    "picture",
    "preferred_username",
    "profile",
    "sub",
    "updated_at",
    "website",
    "zoneinfo",
];

/// The claims `scope` opens.
pub fn for_scope(
    user: &User,
    scope: &Scope,
) -> UserInfoClaims<EmptyAdditionalClaims, CoreGenderClaim> {
    let mut claims = StandardClaims::new(SubjectIdentifier::new(user.id.clone()));
    if scope.contains("profile") {
        claims = profile(claims, user);
    }
    if scope.contains("email")
        && let Some(email) = &user.email
    {
        claims = claims
            .set_email(Some(EndUserEmail::new(email.clone())))
            .set_email_verified(Some(user.email_verified));
    }
    if scope.contains("phone")
        && let Some(number) = &user.claims.phone_number
    {
        claims = claims
            .set_phone_number(Some(EndUserPhoneNumber::new(number.clone())))
            .set_phone_number_verified(Some(user.claims.phone_number_verified.unwrap_or(false)));
    }
    if scope.contains("address")
        && let Some(address) = &user.claims.address
    {
        claims = claims.set_address(Some(address_claim(address)));
    }
    UserInfoClaims::new(claims, EmptyAdditionalClaims {})
}

type Claims = StandardClaims<CoreGenderClaim>;

fn profile(claims: Claims, user: &User) -> Claims {
    let known = &user.claims;
    let updated_at = chrono::DateTime::from_timestamp(user.updated_at.seconds(), 0);
    claims
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
