//! Rows of every kind, with the same ids in every tenant: for tests of the store itself.

use users_core::base::clock::Timestamp;
use users_core::model::access_token::AccessTokenClaims;
use users_core::model::algorithm::Algorithm;
use users_core::model::api_key::{ApiKeyInput, CheckedApiKey, KeySecret};
use users_core::model::audit_chain::{Checkpoint, Link};
use users_core::model::audit_event::{Actor, AuditEvent, AuditKind};
use users_core::model::claims_request::ClaimsRequest;
use users_core::model::client::{SecretKind, StoredSecret};
use users_core::model::client_metadata::ClientMetadata;
use users_core::model::grant::{Grant, GrantId};
use users_core::model::group::{CheckedGroup, GroupInput};
use users_core::model::letter::{Letter, LetterKind, NewLink, Purpose};
use users_core::model::resource::{Catalog, Resource};
use users_core::model::role::{CheckedRole, RoleInput};
use users_core::model::session::{Origin, Session};
use users_core::model::tenant::Tenant;
use users_core::model::user::{AccountKind, CheckedUser, User, UserInput};
use users_core::storage::Scoped;
use users_core::storage::access_tokens::StoredAccessToken;
use users_core::storage::api_key_secrets::KeyRotation;
use users_core::storage::api_keys::NewApiKey;
use users_core::storage::audit::Refusal;
use users_core::storage::browser_sessions::SignIn;
use users_core::storage::clients::ClientWrite;
use users_core::storage::codes::{NewCode, Redemption};
use users_core::storage::decisions::Decision;
use users_core::storage::devices::BrowserDevice;
use users_core::storage::find_users::UserFilter;
use users_core::storage::hourly_counters::HourlyCount;
use users_core::storage::page::Position;
use users_core::storage::refresh_tokens::{NewRefreshToken, Rotation};
use users_core::storage::sessions::Login;
use users_core::storage::signing_keys::KeyState;
use users_core::storage::update::UpdateOutcome;
use users_core::storage::users::NewUser;

use super::World;
use super::world::START;

pub const API_KEY: &str = "01900000-0000-7000-8000-000000000004";
pub const USER: &str = "00000000-0000-4000-8000-000000000001";
pub const CLIENT: &str = "app";
pub const SESSION: &str = "00000000-0000-4000-8000-000000000002";
pub const GRANT: &str = "the-grant-of-the-session";
pub const BROWSER_SESSION: &str = "00000000-0000-4000-8000-000000000003";
pub const CODE: &str = "digest of a code";
pub const BROWSER: &str = "digest of what a browser holds";
pub const DEVICE: &str = "browser of 00000000-0000-4000-8000-000000000003";
pub const DEVICE_SECRET: &str = "device of digest of what a browser holds";
pub const REFRESH: &str = "digest of a refresh token";
pub const ACCESS: &str = "digest of an access token";
pub const ASSERTION: &str = "digest of an assertion";
/// The digest of what stands in a link.
pub const LINK: &str = "digest of a link";
pub const AUDIENCE: &str = "https://files.test";
pub const ROLE: &str = "operator";
pub const GROUP: &str = "staff";
pub const HASH: &str = "a password's hash";
/// The digest of an idempotency key whose call was answered.
pub const KEY: &str = "digest of an idempotency key";
/// The digest of one whose call is being answered.
pub const OPEN_KEY: &str = "digest of another idempotency key";
pub const REQUEST: &str = "the-request";
/// The id of a sealed event; younger than all others.
pub const EVENT: &str = "eeeeeeee-eeee-7eee-8eee-eeeeeeeeeeee";
pub const JTI: &str = "a token's id";
/// An algorithm with an announced key and an active one.
pub const ALGORITHM: Algorithm = Algorithm::EdDsa;

/// A tenant and the way to its rows.
pub struct Populated {
    pub tenant: Tenant,
    pub rows: Scoped,
}

pub fn event(world: &World) -> AuditEvent {
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
        owner: None,
        email: None,
        roles: None,
        user_id: None,
    }
}

pub fn access_token(digest: &str, mark: &str) -> StoredAccessToken {
    StoredAccessToken::new(digest.to_owned(), &claims(mark)).expect("JSON")
}

pub fn refresh_token(digest: &str) -> NewRefreshToken {
    NewRefreshToken {
        digest: digest.to_owned(),
        grant_id: GrantId::stored(GRANT.to_owned()),
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
        groups: vec![GROUP.to_owned()],
        enabled: true,
        ..UserInput::default()
    };
    input.check().expect("a good account")
}

/// What becomes of an update of something that is there or not.
pub const fn updated_if(there: bool) -> UpdateOutcome {
    if there {
        UpdateOutcome::Updated
    } else {
        UpdateOutcome::Missing
    }
}

pub fn new_user(id: &str, name: &str) -> NewUser {
    NewUser {
        id: id.to_owned(),
        kind: AccountKind::Person,
        user: checked_user(name),
        password_hash: Some(HASH.to_owned()),
        now: START,
    }
}

/// The tenant's accounts, in the order of their names.
pub async fn everybody(rows: &Scoped) -> Vec<User> {
    let (all, first) = (UserFilter::default(), Position::first());
    rows.find_users(&all, &first, 10_000).await.expect("a list")
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
            created_at: START,
            expires_at: None,
        }),
        if_unchanged: None,
        now: START,
        event: event(world),
    }
}

pub fn grant(id: &str, session_id: &str) -> Grant {
    Grant {
        id: GrantId::stored(id.to_owned()),
        session_id: session_id.to_owned(),
        user_id: USER.to_owned(),
        client_id: CLIENT.to_owned(),
        offline: false,
        amr: vec!["pwd".to_owned()],
        auth_time: START,
        claims: ClaimsRequest::parse(r#"{"userinfo":{"name":null}}"#).expect("a request"),
        created_at: START,
        expires_at: later(),
    }
}

pub fn code(digest: &str) -> NewCode {
    NewCode {
        digest: digest.to_owned(),
        client_id: CLIENT.to_owned(),
        user_id: USER.to_owned(),
        session_id: BROWSER_SESSION.to_owned(),
        grant_id: GrantId::stored(format!("grant of {digest}")),
        redirect_uri: "https://app.example.test/callback".to_owned(),
        code_challenge: None,
        nonce: None,
        scope: "files.read".parse().expect("a scope"),
        audience: Vec::new(),
        claims: ClaimsRequest::default(),
        amr: vec!["pwd".to_owned()],
        auth_time: START,
        expires_at: later(),
    }
}

/// Redeems [`code`].
pub fn redemption(digest: &str) -> Redemption {
    Redemption {
        digest: digest.to_owned(),
        grant: grant(&format!("grant of {digest}"), BROWSER_SESSION),
        user_seen_at: START,
        now: START,
        consent: None,
        refresh_token: None,
        access_token: None,
    }
}

pub fn origin() -> Origin {
    Origin {
        address: Some("192.0.2.1".to_owned()),
        user_agent: Some("curl/8".to_owned()),
        client_id: None,
    }
}

/// The sign-in of the tenant's person in a browser.
pub fn sign_in(world: &World, session_id: &str, digest: &str) -> SignIn {
    SignIn {
        session: login(world, session_id).session,
        origin: origin(),
        device: Some(BrowserDevice {
            id: format!("browser of {session_id}"),
            known: None,
            digest: format!("device of {digest}"),
        }),
        only_renews: false,
        digest: digest.to_owned(),
        renews: None,
        user_seen_at: START,
        proof: None,
        event: event(world),
    }
}

pub fn login(world: &World, session_id: &str) -> Login {
    Login {
        proof: None,
        session: Session {
            id: session_id.to_owned(),
            user_id: USER.to_owned(),
            remembered: false,
            amr: vec!["pwd".to_owned()],
            auth_time: START,
            seen_at: START,
            expires_at: later(),
            ended_at: None,
        },
        origin: Origin {
            client_id: Some(CLIENT.to_owned()),
            ..origin()
        },
        device_id: format!("client of {session_id}"),
        grant: grant(
            if session_id == SESSION {
                GRANT
            } else {
                session_id
            },
            session_id,
        ),
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

/// What is asked for the tenant's own role.
pub fn checked_role(name: &str, description: &str) -> CheckedRole {
    let input = RoleInput {
        name: name.to_owned(),
        description: description.to_owned(),
        permissions: vec!["sip.call".to_owned()],
    };
    let catalog = Catalog::new(Vec::new(), Vec::new());
    input.check(&catalog).expect("a good role")
}

/// What is asked for a group.
pub fn checked_group(name: &str, description: &str) -> CheckedGroup {
    let input = GroupInput {
        name: name.to_owned(),
        description: description.to_owned(),
    };
    input.check().expect("a good group")
}

pub fn refusal() -> Refusal {
    Refusal {
        kind: "login",
        account: "alice".to_owned(),
        address: "192.0.2.1".to_owned(),
        minute: START.seconds() / 60,
    }
}

pub fn count() -> HourlyCount {
    HourlyCount {
        hour: START,
        name: "logins".to_owned(),
        count: 7,
    }
}

pub fn decision(request_id: &str, mark: &str) -> Decision {
    Decision {
        request_id: request_id.to_owned(),
        at: later(),
        route: "/token".to_owned(),
        status: 400,
        code: "invalid_grant".to_owned(),
        description: mark.to_owned(),
        cause: None,
        client_id: Some(CLIENT.to_owned()),
        account: Some(USER.to_owned()),
        address: "192.0.2.1".to_owned(),
    }
}

/// A chain with a cut, a checkpoint, an event of a fixed id and one that is not sealed yet.
async fn trail(world: &World, tenant: &Tenant, mark: &str) {
    let rows = world.app.store.tenant(&tenant.id);
    let named = AuditEvent {
        id: EVENT.to_owned(),
        client_id: Some(mark.to_owned()),
        ..event(world)
    };
    rows.revoke_token("named", later(), named)
        .await
        .expect("a revocation");
    let key = world.app.sealer.key();
    rows.seal_audit(key, 1000).await.expect("sealed");
    let head = rows.audit_head(key).await.expect("an answer");
    let head = head.expect("a head").head;
    for (seq, cut) in [(1, true), (head.seq, false)] {
        let events = rows.sealed_audit(seq - 1, 1).await.expect("an event");
        let chain = &events[0].sealed.as_ref().expect("sealed").chain;
        let checkpoint = checkpoint(seq, chain, cut);
        let kept = if cut {
            rows.cut_audit(key, checkpoint, event(world)).await
        } else {
            rows.add_checkpoint(key, checkpoint).await
        };
        assert!(kept.expect("an answer"));
    }
}

pub fn checkpoint(seq: i64, chain: &str, cut: bool) -> Checkpoint {
    Checkpoint {
        seq,
        chain: Link::parse(chain).expect("a chain"),
        at: START,
        cut,
        jws: format!("signed {seq}"),
    }
}

pub fn bare(world: &World, tenant: &Tenant) -> Populated {
    Populated {
        tenant: tenant.clone(),
        rows: world.app.store.tenant(&tenant.id),
    }
}

/// The family a `jti` belongs to.
pub fn grant_of(jti: &str) -> String {
    GrantId::of_token(jti).expect("a person's token").to_owned()
}

pub fn checked_api_key(name: &str) -> CheckedApiKey {
    let input = ApiKeyInput {
        name: name.to_owned(),
        permissions: vec!["files.read".to_owned()],
        networks: vec!["192.0.2.0/24".to_owned()],
        enabled: true,
        expires_at: None,
    };
    input.check(None, START).expect("a good key")
}

/// A secret nobody else has, in whatever tenant.
pub fn key_secret(world: &World) -> KeySecret {
    KeySecret {
        digest: world.app.opaque_id(),
        hint: "k_...abcd".to_owned(),
    }
}

pub fn new_api_key(world: &World, name: &str) -> NewApiKey {
    NewApiKey {
        id: API_KEY.to_owned(),
        owner_id: USER.to_owned(),
        key: checked_api_key(name),
        secret: key_secret(world),
        now: START,
        event: event(world),
    }
}

pub fn key_rotation(world: &World) -> KeyRotation {
    KeyRotation {
        secret: key_secret(world),
        old_expires_at: None,
        now: START,
        event: event(world),
    }
}

/// A letter with a link that lives.
pub fn letter(digest: &str, mark: &str) -> Letter {
    Letter {
        id: format!("letter of {digest}"),
        user_id: USER.to_owned(),
        kind: LetterKind::ResetPassword,
        recipient: mark.to_owned(),
        sealed: mark.to_owned(),
        link: Some(link(digest, mark)),
        now: START,
        expires_at: later(),
    }
}

pub fn link(digest: &str, mark: &str) -> NewLink {
    NewLink {
        digest: digest.to_owned(),
        purpose: Purpose::ResetPassword,
        email_key: Some(format!("{}@example.test", mark.replace(' ', "-"))),
        by_mail: true,
        now: START,
        expires_at: later(),
        most_per_hour: 5,
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
    // What an account has from earlier, and from elsewhere.
    let mut raw = world.raw().await;
    raw.run(
        "INSERT INTO password_history (tenant, user_id, seq, data, created_at) \
         SELECT tenant, id, 1, 'an earlier hash', 0 FROM users WHERE username LIKE 'of-%' \
         ON CONFLICT DO NOTHING; \
         INSERT INTO sip_digest_credentials (tenant, id, user_id, sip_username, realm, algorithm, \
         ha1_sealed, created_at, updated_at) \
         SELECT tenant, id, id, 'phone', 'sip.example', 'MD5', 'sealed', 0, 0 FROM users \
         WHERE username LIKE 'of-%' ON CONFLICT DO NOTHING; \
         INSERT INTO credentials (tenant, user_id, kind, id, data, created_at) \
         SELECT tenant, id, 'totp', 'totp', 'an authenticator', 0 FROM users \
         WHERE username LIKE 'of-%' ON CONFLICT DO NOTHING; \
         INSERT INTO credentials (tenant, user_id, kind, id, data, created_at) \
         SELECT tenant, id, 'recovery_code', 'a recovery code', '', 0 FROM users \
         WHERE username LIKE 'of-%' ON CONFLICT DO NOTHING; \
         INSERT INTO factor_enrolments (tenant, user_id, session_id, secret_sealed, expires_at) \
         SELECT tenant, id, 'session', 'another authenticator', 9000000000000 FROM users \
         WHERE username LIKE 'of-%' ON CONFLICT DO NOTHING; \
         INSERT INTO factor_tries (tenant, user_id, since, tries, long_since, long_tries) \
         SELECT tenant, id, 9000000000000, 3, 9000000000000, 7 FROM users \
         WHERE username LIKE 'of-%' ON CONFLICT DO NOTHING",
    )
    .await;
    let login = Login {
        refresh_token: Some(refresh_token(REFRESH)),
        access_token: Some(access_token(ACCESS, mark)),
        ..login(world, SESSION)
    };
    assert!(rows.start_session(login).await.expect("a session"));
    let signed_in = rows.sign_in(sign_in(world, BROWSER_SESSION, BROWSER)).await;
    assert!(signed_in.expect("an answer").is_some());
    assert!(rows.add_code(code(CODE), None).await.expect("a code"));
    let scope = "files.read".parse().expect("a scope");
    let allowed = rows.allow(USER, CLIENT, scope, START, event(world)).await;
    assert!(allowed.expect("an answer"));
    rows.put_resource(&resource(mark), START, event(world))
        .await
        .expect("a resource");
    // The account that names it has made it.
    let described = rows.update_group(checked_group(GROUP, mark), None, START, event(world));
    assert_eq!(described.await.expect("an answer"), UpdateOutcome::Updated);
    let role = rows.create_role(checked_role(ROLE, mark), START, event(world));
    role.await.expect("a role");
    let made = rows.create_api_key(new_api_key(world, mark)).await;
    assert!(made.expect("a key"));
    let rotated = rows.rotate_api_key(API_KEY, key_rotation(world)).await;
    assert!(rotated.expect("another secret"));
    assert!(
        rows.burn(ASSERTION.to_owned(), later())
            .await
            .expect("burnt")
    );
    let letter = letter(LINK, mark);
    assert!(rows.add_letter(letter).await.expect("a letter"));
    for key in [KEY, OPEN_KEY] {
        let fingerprint = "the call".to_owned();
        rows.claim_key(key.to_owned(), fingerprint, START, later())
            .await
            .expect("a key");
    }
    rows.keep_answer(KEY, mark.to_owned(), later())
        .await
        .expect("an answer");
    rows.revoke_token("revoked", later(), event(world))
        .await
        .expect("a revocation");
    rows.add_refusals(vec![(refusal(), 7)])
        .await
        .expect("refusals");
    let counts = vec![(tenant.id.clone(), count())];
    let added = world.app.store.add_counts(counts).await;
    added.expect("counters");
    let decisions = vec![(tenant.id.clone(), decision(REQUEST, mark))];
    let added = world.app.store.add_decisions(decisions).await;
    added.expect("decisions");
    for state in [KeyState::Active, KeyState::Next] {
        let key = world.app.key_maker.fresh(ALGORITHM).await.expect("a key");
        rows.add_signing_key(key, state, START, START, event(world))
            .await
            .expect("a signing key");
    }
    trail(world, tenant, mark).await;
    scene
}
