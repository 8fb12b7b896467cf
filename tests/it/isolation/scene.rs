//! Rows of every kind, with the same ids in every tenant.

use users_core::base::clock::Timestamp;
use users_core::model::access_token::AccessTokenClaims;
use users_core::model::algorithm::Algorithm;
use users_core::model::audit_event::{Actor, AuditEvent, AuditKind};
use users_core::model::client::{SecretKind, StoredSecret};
use users_core::model::client_metadata::ClientMetadata;
use users_core::model::resource::Resource;
use users_core::model::session::Session;
use users_core::model::tenant::Tenant;
use users_core::model::user::{CheckedUser, UserInput};
use users_core::storage::Scoped;
use users_core::storage::access_tokens::StoredAccessToken;
use users_core::storage::audit::Refusal;
use users_core::storage::clients::ClientWrite;
use users_core::storage::refresh_tokens::{NewRefreshToken, Rotation};
use users_core::storage::sessions::Login;
use users_core::storage::signing_keys::KeyState;
use users_core::storage::users::NewUser;

use crate::support::World;
use crate::support::world::START;

pub const USER: &str = "00000000-0000-4000-8000-000000000001";
pub const CLIENT: &str = "app";
pub const SESSION: &str = "00000000-0000-4000-8000-000000000002";
pub const REFRESH: &str = "digest of a refresh token";
pub const ACCESS: &str = "digest of an access token";
pub const ASSERTION: &str = "digest of an assertion";
pub const AUDIENCE: &str = "https://files.test";
pub const HASH: &str = "a password's hash";
pub const JTI: &str = "a token's id";
/// An algorithm with an announced key and an active one.
pub const ALGORITHM: Algorithm = Algorithm::EdDsa;

/// What a proof works with: a tenant that must not reach the owner's rows.
pub struct Scene<'a> {
    pub world: &'a World,
    pub rows: Scoped,
    /// Whether the tenant has rows of its own with the owner's ids.
    pub twin: bool,
}

impl Scene<'_> {
    pub fn event(&self) -> AuditEvent {
        event(self.world)
    }
}

pub struct Populated {
    pub tenant: Tenant,
    pub rows: Scoped,
}

fn event(world: &World) -> AuditEvent {
    let id = world.app.row_id();
    Actor::command_line().did(AuditKind::UserChanged, USER, id, START)
}

pub fn later() -> Timestamp {
    START.plus_seconds(86_400)
}

pub fn claims(mark: &str) -> AccessTokenClaims {
    AccessTokenClaims {
        iss: mark.to_owned(),
        sub: USER.to_owned(),
        aud: vec![AUDIENCE.to_owned()],
        exp: later().seconds(),
        nbf: None,
        iat: START.seconds(),
        jti: JTI.to_owned(),
        client_id: CLIENT.to_owned(),
        username: None,
        scope: "files.read".parse().expect("a scope"),
        sid: Some(SESSION.to_owned()),
        tenant_id: None,
        email: None,
        roles: None,
    }
}

pub fn access_token(digest: &str, mark: &str) -> StoredAccessToken {
    StoredAccessToken::new(digest.to_owned(), &claims(mark)).expect("JSON")
}

pub fn refresh_token(digest: &str) -> NewRefreshToken {
    NewRefreshToken {
        digest: digest.to_owned(),
        session_id: SESSION.to_owned(),
        client_id: CLIENT.to_owned(),
        user_id: USER.to_owned(),
        scope: "files.read".parse().expect("a scope"),
        audience: Vec::new(),
        predecessor: None,
        expires_at: later(),
        family_expires_at: later(),
    }
}

pub fn rotation() -> Rotation {
    Rotation {
        old_digest: REFRESH.to_owned(),
        client_id: CLIENT.to_owned(),
        user_id: USER.to_owned(),
        user_seen_at: START,
        now: START,
        successor: refresh_token("digest of its successor"),
        sealed: "sealed".to_owned(),
        request: "request".to_owned(),
        access_token: None,
    }
}

pub fn checked_user(name: &str) -> CheckedUser {
    let input = UserInput {
        username: name.to_owned(),
        email: Some(format!("{name}@example.test")),
        roles: vec!["admin".to_owned()],
        enabled: true,
        ..UserInput::default()
    };
    input.check().expect("a good account")
}

pub fn new_user(id: &str, name: &str) -> NewUser {
    NewUser {
        id: id.to_owned(),
        user: checked_user(name),
        password_hash: Some(HASH.to_owned()),
        now: START,
    }
}

pub fn client(world: &World, mark: &str, secret: &str) -> ClientWrite {
    ClientWrite {
        client_id: CLIENT.to_owned(),
        metadata: ClientMetadata {
            client_name: Some(mark.to_owned()),
            ..ClientMetadata::default()
        },
        enabled: true,
        secret: Some(StoredSecret {
            kind: SecretKind::Generated,
            digest: secret.to_owned(),
            expires_at: None,
        }),
        now: START,
        event: event(world),
    }
}

pub fn login(world: &World, session_id: &str) -> Login {
    Login {
        session: Session {
            id: session_id.to_owned(),
            user_id: USER.to_owned(),
            client_id: CLIENT.to_owned(),
            amr: vec!["pwd".to_owned()],
            auth_time: START,
            expires_at: later(),
            ended_at: None,
        },
        user_seen_at: START,
        refresh_token: None,
        access_token: None,
        event: event(world),
    }
}

pub fn resource(mark: &str) -> Resource {
    Resource {
        audience: AUDIENCE.to_owned(),
        name: mark.to_owned(),
        scopes: "files.read".parse().expect("a scope"),
        ..Resource::default()
    }
}

pub fn refusal() -> Refusal {
    Refusal {
        kind: "login",
        account: "alice".to_owned(),
        address: "192.0.2.1".to_owned(),
        minute: 1,
    }
}

pub fn bare(world: &World, tenant: &Tenant) -> Populated {
    Populated {
        tenant: tenant.clone(),
        rows: world.app.store.tenant(&tenant.id),
    }
}

/// A tenant with a row of every kind. What is not an id carries `mark`.
pub async fn populated(world: &World, tenant: &Tenant, mark: &str) -> Populated {
    let scene = bare(world, tenant);
    let rows = &scene.rows;
    let name = mark.replace(' ', "-");
    let create = rows.create_user(new_user(USER, &name), event(world));
    create.await.expect("a user");
    rows.create_client(client(world, mark, &format!("secret {mark}")))
        .await
        .expect("a client");
    let login = Login {
        refresh_token: Some(refresh_token(REFRESH)),
        access_token: Some(access_token(ACCESS, mark)),
        ..login(world, SESSION)
    };
    assert!(rows.start_session(login).await.expect("a session"));
    rows.put_resource(&resource(mark), START, event(world))
        .await
        .expect("a resource");
    assert!(
        rows.burn_assertion(ASSERTION.to_owned(), later())
            .await
            .expect("burnt")
    );
    rows.revoke_token("revoked", later(), event(world))
        .await
        .expect("a revocation");
    rows.add_refusals(vec![(refusal(), 7)])
        .await
        .expect("refusals");
    for state in [KeyState::Active, KeyState::Next] {
        let key = world.app.key_maker.fresh(ALGORITHM).await.expect("a key");
        rows.add_signing_key(key, state, START, START, event(world))
            .await
            .expect("a signing key");
    }
    scene
}
