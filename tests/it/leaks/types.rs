//! Types that hold secrets cannot be printed, so that no log line can do it by accident.

use std::fmt::{Debug, Display};
use std::marker::PhantomData;

use users_core::admin::{clients, sip_digests};
use users_core::app::App;
use users_core::base::api_key_secret::ApiKeySecret;
use users_core::base::master_key::MasterKey;
use users_core::base::random::Random;
use users_core::base::token::{Kind, OpaqueToken};
use users_core::config::{Config, Secret};
use users_core::keys::key_pair::{KeyPair, Signer};
use users_core::login::api_key::KeyHolder;
use users_core::login::device::{DeviceCookie, KnownDevice};
use users_core::login::direct::Authenticated;
use users_core::mail::{Contents, Rendered};
use users_core::model::client::{SecretKind, StoredSecret};
use users_core::model::letter::NewLink;
use users_core::model::phone_password::PhonePassword;
use users_core::oauth::client_auth::AuthenticatedClient;
use users_core::oauth::token::issue::TokenResponse;
use users_core::passwords::Passwords;
use users_core::storage::access_tokens::StoredAccessToken;
use users_core::storage::mail_links::LinkedPassword;
use users_core::storage::mail_queue::DueMail;
use users_core::storage::own_password::PasswordChange;
use users_core::storage::refresh_tokens::{NewRefreshToken, RefreshTokenRow, Rotation};
use users_core::storage::signing_keys::SealedKey;
use users_core::storage::sip_digests::{KnownDigest, SealedDigest};
use users_core::storage::sql::{Row, Sql, Value};
use users_core::storage::users::{LoginRow, NewUser};
use users_core::web::authorization::{Authorization, BasicCredentials};
use users_core::web::params::Params;

/// Whether a type has a trait: the inherent constant is found first, where its bound holds.
macro_rules! has {
    ($type:ty, $trait:path) => {{
        struct Probe<T: ?Sized>(PhantomData<T>);
        trait Otherwise {
            const FOUND: bool = false;
        }
        impl<T: ?Sized> Otherwise for Probe<T> {}
        impl<T: ?Sized + $trait> Probe<T> {
            const FOUND: bool = true;
        }
        // Which of the two is found depends on the type; both are there for every type.
        let _ = (<Probe<$type> as Otherwise>::FOUND, <Probe<String>>::FOUND);
        <Probe<$type>>::FOUND
    }};
}

macro_rules! prints {
    ($($type:ty),+ $(,)?) => {
        [$((stringify!($type), has!($type, Debug), has!($type, Display))),+]
    };
}

#[test]
fn what_holds_a_secret_cannot_be_printed() {
    for (name, debug, display) in prints![
        OpaqueToken,
        ApiKeySecret,
        KeyHolder,
        MasterKey,
        KeyPair,
        Signer,
        Random,
        Params,
        BasicCredentials,
        Authorization<'static>,
        Passwords,
        Authenticated,
        DeviceCookie,
        KnownDevice,
        PasswordChange,
        LinkedPassword,
        Contents,
        Rendered,
        DueMail,
        NewLink,
        PhonePassword,
        sip_digests::Made,
        sip_digests::Proof,
        KnownDigest,
        SealedDigest,
        AuthenticatedClient,
        TokenResponse,
        clients::Secret<'static>,
        StoredAccessToken,
        NewRefreshToken,
        RefreshTokenRow,
        Rotation,
        SealedKey,
        NewUser,
        LoginRow,
        Value,
        Sql,
        Row,
        App,
    ] {
        assert!(!debug, "{name} has Debug");
        assert!(!display, "{name} has Display");
    }
    // The probe itself tells the two apart.
    let [(_, debug, display)] = prints![String];
    assert!(debug && display);
    let [(_, debug, display)] = prints![Secret];
    assert!(debug && !display);
}

#[test]
fn what_must_be_printable_prints_no_secret() {
    let secret = OpaqueToken::generate(Kind::ClientSecret, &Random::System);
    let stored = StoredSecret {
        kind: SecretKind::Generated,
        digest: secret.digest(),
        created_at: crate::support::world::START,
        expires_at: None,
    };
    assert!(!format!("{stored:?}").contains(&secret.digest()));
    let config = Config {
        master_key: Some(Secret::new(secret.expose())),
        database_url: Secret::new(format!("postgres://app:{}@db/users", secret.expose())),
        ..Config::default()
    };
    for printed in [format!("{config:?}"), format!("{config:#?}")] {
        assert!(!printed.contains(secret.expose()), "{printed}");
    }
}
