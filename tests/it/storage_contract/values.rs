//! What is stored comes back as it was: absences, odd texts, large numbers.

use serde_json::{Map, json};
use users_core::base::clock::Timestamp;
use users_core::model::audit_event::{AuditEvent, AuditKind};
use users_core::model::claim_source::ClaimSource;
use users_core::model::client::{SecretKind, StoredSecret};
use users_core::model::client_metadata::{ApplicationType, AuthMethod, ClientMetadata, GrantType};
use users_core::model::required_action::RequiredAction;
use users_core::model::scope::Scope;
use users_core::model::user::{AccountKind, Address, StandardClaims, UserInput};
use users_core::storage::clients::ClientWrite;
use users_core::storage::find_users::UserFilter;
use users_core::storage::page::Position;
use users_core::storage::update::UpdateOutcome;
use users_core::storage::users::NewUser;

use crate::support::everywhere;
use crate::support::rows::{
    CLIENT, REFRESH, SESSION, USER, client, event, login, new_user, populated, refresh_token,
    resource, rotation,
};
use crate::support::world::START;

/// Texts a database might change: quotes, escapes, line ends, other scripts, wide characters.
const ODD: &str = "a'b\"c\\d\n\te\r\nf\u{e9}\u{65}\u{301}\u{1f600}\u{202e}%_ $1 ?1 \u{ffff} z ";

#[tokio::test]
async fn an_account_with_everything_and_one_with_nothing() {
    everywhere(async |world| {
        let rows = world.app.store.tenant(&world.tenant.id);
        let odd = || Some(ODD.to_owned());
        let full = UserInput {
            username: "zo\u{eb}.m\u{fc}ller".to_owned(),
            email: Some("Zo\u{eb}@example.test".to_owned()),
            email_verified: true,
            claims: StandardClaims {
                name: odd(),
                phone_number_verified: Some(false),
                address: Some(Address {
                    formatted: odd(),
                    ..Address::default()
                }),
                ..StandardClaims::default()
            },
            roles: vec!["moderator".to_owned(), "user".to_owned()],
            groups: vec!["z".to_owned(), ODD.replace(char::is_control, "")],
            attributes: [
                (
                    "odd".to_owned(),
                    json!([{ ODD: ODD }, 1.5, true, {"z": null, "a": -1}]),
                ),
                ("a.b_c-D".to_owned(), json!("")),
            ]
            .into(),
            preferences: Map::from_iter([(ODD.to_owned(), json!({ ODD: [ODD, 1.5, null] }))]),
            required_actions: vec![RequiredAction::UpdatePassword, RequiredAction::VerifyEmail],
            enabled: false,
        };
        let empty = UserInput {
            username: "x".to_owned(),
            ..UserInput::default()
        };
        for (number, input) in [full, empty].into_iter().enumerate() {
            let id = format!("00000000-0000-4000-8000-00000000000{number}");
            let user = NewUser {
                id: id.clone(),
                kind: AccountKind::Person,
                user: input.clone().check().expect("a good account"),
                password_hash: (number == 0).then(|| ODD.to_owned()),
                now: Timestamp::from_millis(i64::MAX),
            };
            rows.create_user(user, event(&world)).await.expect("stored");
            let read = rows
                .user(&id)
                .await
                .expect("an answer")
                .expect("the account");
            assert_eq!(read.username, input.username);
            assert_eq!(read.email, input.email);
            assert_eq!(read.email_verified, input.email_verified);
            assert_eq!(read.claims, input.claims);
            assert_eq!(read.roles, input.roles);
            assert_eq!(read.groups, input.groups);
            assert_eq!(read.attributes, input.attributes);
            assert_eq!(read.preferences, input.preferences);
            assert_eq!(read.required_actions, input.required_actions);
            assert_eq!(read.enabled, input.enabled);
            assert_eq!(read.created_at.millis(), i64::MAX);
            let name = users_core::model::login_name::LoginName::parse(&input.username);
            let row = rows
                .login_row(&name.expect("a name"))
                .await
                .expect("an answer");
            let hash = row.expect("the account").password_hash;
            assert_eq!(hash.as_deref(), (number == 0).then_some(ODD));
        }
    })
    .await;
}

#[tokio::test]
async fn several_accounts_without_an_address_are_no_conflict() {
    everywhere(async |world| {
        let rows = world.app.store.tenant(&world.tenant.id);
        for name in ["one", "two", "three"] {
            let input = UserInput {
                username: name.to_owned(),
                ..UserInput::default()
            };
            let user = NewUser {
                user: input.check().expect("a good account"),
                password_hash: None,
                ..new_user(&world.app.opaque_id(), "unused")
            };
            rows.create_user(user, event(&world)).await.expect("stored");
        }
        // In the order of their names, a page at a time.
        let all = UserFilter::default();
        let first = rows.find_users(&all, &Position::first(), 2).await;
        let first = first.expect("a page");
        let next = Position::After(first[1].name_key());
        let rest = rows.find_users(&all, &next, 2).await.expect("a page");
        let names: Vec<_> = first
            .iter()
            .chain(&rest)
            .map(|user| &user.username[..])
            .collect();
        assert_eq!(names, ["one", "three", "two"]);
    })
    .await;
}

#[tokio::test]
async fn a_client_its_secrets_and_their_ends() {
    everywhere(async |world| {
        let rows = world.app.store.tenant(&world.tenant.id);
        let metadata = ClientMetadata {
            client_name: Some(ODD.to_owned()),
            token_endpoint_auth_method: AuthMethod::ClientSecretPost,
            grant_types: GrantType::ALL.to_vec(),
            scope: "sip.call openid".parse().expect("a scope"),
            jwks: Some(json!({"keys": [{"kty": "oct", "z": 1, "a": [null, 1.5]}]})),
            redirect_uris: vec![ODD.to_owned(), String::new()],
            application_type: ApplicationType::Native,
            tos_uri: Some(ODD.to_owned()),
            default_max_age: Some(0),
            require_pkce: false,
            claims: [(ODD.to_owned(), ClaimSource::Attribute("unit".to_owned()))].into(),
            access_token_lifetime: Some(1),
            refresh_retry_window: Some(0),
            first_party: true,
            ..ClientMetadata::default()
        };
        for (number, end) in [None, Some(Timestamp::from_millis(7))]
            .into_iter()
            .enumerate()
        {
            let write = ClientWrite {
                client_id: format!("app{number}"),
                metadata: metadata.clone(),
                secret: Some(StoredSecret {
                    kind: SecretKind::Given,
                    digest: ODD.to_owned(),
                    created_at: START,
                    expires_at: end,
                }),
                ..client(&world, "", "")
            };
            rows.create_client(write).await.expect("stored");
            let id = format!("app{number}");
            let read = rows
                .client(&id)
                .await
                .expect("an answer")
                .expect("the client");
            assert_eq!(
                serde_json::to_value(&read.metadata).expect("JSON"),
                serde_json::to_value(&metadata).expect("JSON")
            );
            let secret = StoredSecret {
                kind: SecretKind::Given,
                digest: ODD.to_owned(),
                created_at: START,
                expires_at: end,
            };
            assert!(read.secrets == [secret]);
        }
    })
    .await;
}

#[tokio::test]
async fn the_newest_two_secrets_of_a_client_live() {
    everywhere(async |world| {
        let rows = world.app.store.tenant(&world.tenant.id);
        rows.create_client(client(&world, "x", "0"))
            .await
            .expect("stored");
        for number in 1..5 {
            let mut write = client(&world, "x", &number.to_string());
            write.now = START.plus_seconds(number);
            let updated = rows.update_client(write).await.expect("an answer");
            assert_eq!(updated, UpdateOutcome::Updated);
            let read = rows
                .client("app")
                .await
                .expect("an answer")
                .expect("the client");
            let digests: Vec<_> = read
                .secrets
                .iter()
                .map(|secret| &secret.digest[..])
                .collect();
            assert_eq!(digests, [number.to_string(), (number - 1).to_string()]);
        }
        // Without a new secret the old ones stay.
        let mut write = client(&world, "x", "x");
        write.secret = None;
        let updated = rows.update_client(write).await.expect("an answer");
        assert_eq!(updated, UpdateOutcome::Updated);
        let read = rows
            .client("app")
            .await
            .expect("an answer")
            .expect("the client");
        assert_eq!(read.secrets.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_before_and_after_its_use() {
    everywhere(async |world| {
        let tenant = world.new_tenant("owner").await;
        let rows = populated(&world, &tenant, "of the owner").await.rows;
        let fresh = rows
            .refresh_token(REFRESH, START)
            .await
            .expect("an answer")
            .expect("the token");
        assert!(fresh.used_at.is_none() && fresh.token.predecessor.is_none());
        assert!(fresh.unused_successor.is_none() && fresh.request.is_none());
        assert!(fresh.grant_live);
        let mut rotation = rotation();
        rotation.sealed = ODD.to_owned();
        rotation.request = ODD.to_owned();
        rotation.successor.predecessor = Some(REFRESH.to_owned());
        rotation.successor.audience = vec!["https://a.test".to_owned(), "b".to_owned()];
        rotation.successor.scope = "files.read sip.call".parse().expect("a scope");
        let next = rotation.successor.clone();
        assert!(rows.rotate_refresh_token(rotation).await.expect("rotated"));
        let spent = rows
            .refresh_token(REFRESH, START)
            .await
            .expect("an answer")
            .expect("the token");
        assert_eq!(spent.used_at, Some(START));
        assert_eq!(spent.unused_successor.as_deref(), Some(ODD));
        assert_eq!(spent.request.as_deref(), Some(ODD));
        let read = rows
            .refresh_token(&next.digest, START)
            .await
            .expect("an answer")
            .expect("it");
        assert_eq!(read.token.predecessor.as_deref(), Some(REFRESH));
        assert_eq!(read.token.audience, next.audience);
        assert_eq!(read.token.scope, next.scope);
        assert_eq!(read.user.map(|user| user.id).as_deref(), Some(USER));
        // Its successor spent, a token has no unused one.
        let mut second = crate::support::rows::rotation();
        second.old_digest.clone_from(&next.digest);
        second.successor = refresh_token("third");
        assert!(rows.rotate_refresh_token(second).await.expect("rotated"));
        let spent = rows
            .refresh_token(REFRESH, START)
            .await
            .expect("an answer")
            .expect("the token");
        assert!(spent.unused_successor.is_none());
        assert!(
            rows.end_session(SESSION, START, event(&world))
                .await
                .expect("ended")
        );
        let dead = rows
            .refresh_token("third", START)
            .await
            .expect("an answer")
            .expect("the token");
        assert!(!dead.grant_live);
        let session = rows
            .session(SESSION)
            .await
            .expect("an answer")
            .expect("the session");
        assert_eq!(session.ended_at, Some(START));
        assert!(!session.is_live(START));
    })
    .await;
}

#[tokio::test]
async fn a_session_an_event_and_a_resource() {
    everywhere(async |world| {
        let tenant = world.new_tenant("owner").await;
        let rows = populated(&world, &tenant, "of the owner").await.rows;
        let mut login = login(&world, "another");
        login.session.amr = vec!["pwd".to_owned(), "otp".to_owned()];
        login.event = AuditEvent {
            letters: Vec::new(),
            id: "zzzz".to_owned(),
            at: Timestamp::from_millis(i64::MIN),
            kind: AuditKind::Login,
            actor: None,
            subject: None,
            client_id: None,
            address: None,
            request_id: None,
            detail: json!({ "text": ODD }),
        };
        assert!(rows.start_session(login).await.expect("started"));
        let session = rows
            .session("another")
            .await
            .expect("an answer")
            .expect("the session");
        assert_eq!(session.amr, ["pwd", "otp"]);
        assert!(session.ended_at.is_none());
        let newest = rows.recent_audit(1).await.expect("a trail").remove(0);
        assert_eq!((newest.at, &newest.kind[..]), (i64::MIN, "login"));
        assert!(newest.actor.is_none() && newest.subject.is_none());
        assert!(newest.client_id.is_none() && newest.address.is_none());
        let detail: serde_json::Value = serde_json::from_str(&newest.detail).expect("JSON");
        assert_eq!(detail["text"], ODD);
        let mut changed = resource(ODD);
        changed.token_lifetime = Some(i64::MAX);
        rows.put_resource(&changed, START, event(&world))
            .await
            .expect("stored");
        let read = rows.resources().await.expect("a list");
        assert_eq!(read.len(), 1);
        assert_eq!(
            (&read[0].name[..], read[0].token_lifetime),
            (ODD, Some(i64::MAX))
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_allowed_over_the_years_can_be_read_again() {
    everywhere(async |world| {
        let tenant = world.new_tenant("owner").await;
        let rows = populated(&world, &tenant, "of the owner").await.rows;
        for year in 0..4 {
            let words: Vec<String> = (0..40).map(|word| format!("s{year}.{word}")).collect();
            let scope: Scope = words.join(" ").parse().expect("a scope");
            let allowed = rows.allow(USER, CLIENT, scope.clone(), START, event(&world));
            assert!(allowed.await.expect("an answer"));
            let remembered = rows.consent(USER, CLIENT).await.expect("readable");
            assert!(scope.is_subset(&remembered), "{year}");
        }
    })
    .await;
}
