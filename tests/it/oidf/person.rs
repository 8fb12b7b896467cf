//! A person of whom everything is known.

use users_core::model::user::{Address, StandardClaims};

/// Each standard claim, with a value of its type.
pub fn every_claim() -> StandardClaims {
    let some = |text: &str| Some(text.to_owned());
    StandardClaims {
        name: some("Alice Pleasance Liddell"),
        given_name: some("Alice"),
        family_name: some("Liddell"),
        middle_name: some("Pleasance"),
        nickname: some("al"),
        profile: some("https://alice.example.test/"),
        picture: some("https://alice.example.test/me.png"),
        website: some("https://alice.example.test/blog"),
        gender: some("female"),
        birthdate: some("1992-05-04"),
        zoneinfo: some("Europe/London"),
        locale: some("en-GB"),
        phone_number: some("+442079460000"),
        phone_number_verified: Some(true),
        address: Some(Address {
            formatted: some("1 Folly Bridge\nOxford"),
            street_address: some("1 Folly Bridge"),
            locality: some("Oxford"),
            region: some("Oxfordshire"),
            postal_code: some("OX1 4LA"),
            country: some("GB"),
        }),
    }
}
