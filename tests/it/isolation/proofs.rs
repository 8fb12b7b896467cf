//! A proof for each operation. It asserts what another tenant sees and does with the owner's ids;
//! that the owner's rows stayed as they were is compared outside. A tenant that is a twin has rows
//! of its own under these ids: there the operation must find its own.

use futures_util::future::BoxFuture;
use users_core::model::audit_chain::Link;
use users_core::model::audit_event::{AuditEvent, AuditKind};
use users_core::model::letter::{NewLink, Purpose};
use users_core::model::login_name::LoginName;
use users_core::model::place::Place;
use users_core::model::required_action::RequiredAction;
use users_core::model::search::SearchTerm;
use users_core::model::sip_digest::{DigestAlgorithm, DigestName};
use users_core::storage::DbError;
use users_core::storage::audit_chain::Sealing;
use users_core::storage::audit_page::AuditFilter;
use users_core::storage::codes::Interaction;
use users_core::storage::factor_enrolments::Enrolment;
use users_core::storage::find_users::UserFilter;
use users_core::storage::groups::MemberOutcome;
use users_core::storage::idempotency::Claimed;
use users_core::storage::import::{ImportRow, OnConflict, RowOutcome};
use users_core::storage::mail_links::LinkedPassword;
use users_core::storage::own_password::PasswordChange;
use users_core::storage::page::Position;
use users_core::storage::second_factors::{Enrolled, Spend, TotpData};
use users_core::storage::session_ends::Ending;
use users_core::storage::signing_keys::KeyState;
use users_core::storage::sip_digests::SealedDigest;

use super::Scene;
use crate::support::rows::{
    ACCESS, ALGORITHM, API_KEY, ASSERTION, AUDIENCE, BROWSER, BROWSER_SESSION, CLIENT, CODE,
    DEVICE, DEVICE_SECRET, EVENT, GRANT, GROUP, HASH, JTI, KEY, LINK, OPEN_KEY, REFRESH, REQUEST,
    ROLE, SESSION, USER, access_token, checked_api_key, checked_group, checked_role, checked_user,
    checkpoint, client, code, count, key_rotation, later, letter, link, login, new_api_key,
    new_user, redemption, refusal, resource, rotation, sign_in, updated_if,
};
use crate::support::world::START;

type Proof = for<'a> fn(&'a Scene<'a>) -> BoxFuture<'a, ()>;

/// An insert finds the place taken only by the tenant's own row.
#[track_caller]
fn assert_taken_by_own<T>(outcome: Result<T, DbError>, twin: bool) {
    match outcome {
        Ok(_) => assert!(!twin),
        Err(DbError::Conflict) => assert!(twin),
        Err(error) => panic!("{error}"),
    }
}

const MARK: &str = "of the twin";

fn phone() -> DigestName {
    DigestName {
        sip_username: "phone".to_owned(),
        realm: "sip.example".to_owned(),
        algorithm: DigestAlgorithm::Md5,
    }
}

const RECOVERY_CODE: &str = "a recovery code";

fn enrolment(secret_sealed: &str) -> Enrolment {
    Enrolment {
        user_id: USER.to_owned(),
        session_id: "session".to_owned(),
        secret_sealed: secret_sealed.to_owned(),
        expires_at: later(),
    }
}

fn spend(scene: &Scene<'_>) -> Spend {
    Spend::RecoveryCode {
        digest: RECOVERY_CODE.to_owned(),
        event: Box::new(scene.event()),
    }
}

pub const PROOFS: &[(&str, Proof)] = &[
    ("add_access_token", |scene| {
        Box::pin(async move {
            let token = access_token(ACCESS, "changed");
            assert_taken_by_own(scene.rows.add_access_token(token).await, scene.twin);
        })
    }),
    ("access_token", |scene| {
        Box::pin(async move {
            let claims = scene.rows.access_token(ACCESS).await.expect("an answer");
            let issuer = claims.map(|claims| claims.iss);
            assert_eq!(issuer.as_deref(), scene.twin.then_some(MARK));
        })
    }),
    ("burn", |scene| {
        Box::pin(async move {
            let burnt = scene.rows.burn(ASSERTION.to_owned(), later());
            assert_eq!(burnt.await.expect("an answer"), !scene.twin);
        })
    }),
    ("create_api_key", |scene| {
        Box::pin(async move {
            let key = new_api_key(scene.world, &format!("{MARK}'s second"));
            // The owner is the tenant's own, or there is none.
            match scene.rows.create_api_key(key).await {
                Ok(made) => assert!(!made && !scene.twin),
                Err(error) => assert_taken_by_own(Err::<(), _>(error), scene.twin),
            }
        })
    }),
    ("api_key", |scene| {
        Box::pin(async move {
            let key = scene.rows.api_key(API_KEY).await.expect("an answer");
            let name = key.map(|key| key.name);
            assert_eq!(name.as_deref(), scene.twin.then_some(MARK));
        })
    }),
    ("api_keys", |scene| {
        Box::pin(async move {
            for owner in [None, Some(USER)] {
                let keys = scene.rows.api_keys(owner, "", 1000).await.expect("a list");
                let names: Vec<_> = keys.into_iter().map(|key| key.name).collect();
                let expected = if scene.twin { vec![MARK] } else { Vec::new() };
                assert_eq!(names, expected);
            }
        })
    }),
    ("update_api_key", |scene| {
        Box::pin(async move {
            let (key, event) = (checked_api_key("changed"), scene.event());
            let updated = scene
                .rows
                .update_api_key(API_KEY, key, None, START, event)
                .await;
            assert_eq!(updated.expect("an answer"), updated_if(scene.twin));
        })
    }),
    ("rotate_api_key", |scene| {
        Box::pin(async move {
            let rotation = key_rotation(scene.world);
            let rotated = scene.rows.rotate_api_key(API_KEY, rotation).await;
            assert_eq!(rotated.expect("an answer"), scene.twin);
        })
    }),
    ("end_previous_secret", |scene| {
        Box::pin(async move {
            let event = scene.event();
            let ended = scene.rows.end_previous_secret(API_KEY, START, event).await;
            assert_eq!(ended.expect("an answer"), scene.twin);
        })
    }),
    ("note_api_key_uses", |scene| {
        Box::pin(async move {
            let uses = vec![(API_KEY.to_owned(), later())];
            scene.rows.note_api_key_uses(uses).await.expect("noted");
        })
    }),
    ("delete_api_key", |scene| {
        Box::pin(async move {
            let event = scene.event();
            let deleted = scene.rows.delete_api_key(API_KEY, START, event).await;
            assert_eq!(deleted.expect("an answer"), scene.twin);
        })
    }),
    ("claim_key", |scene| {
        Box::pin(async move {
            let claim = |fingerprint: &str| {
                let fingerprint = fingerprint.to_owned();
                let key = KEY.to_owned();
                scene.rows.claim_key(key, fingerprint, START, later())
            };
            let expected = if scene.twin {
                Claimed::Answered(MARK.to_owned())
            } else {
                Claimed::New
            };
            assert_eq!(claim("the call").await.expect("an answer"), expected);
            assert_eq!(claim("other").await.expect("an answer"), Claimed::Other);
        })
    }),
    ("keep_answer", |scene| {
        Box::pin(async move {
            let kept = scene.rows.keep_answer(KEY, "changed".to_owned(), later());
            kept.await.expect("kept");
        })
    }),
    ("release_key", |scene| {
        Box::pin(async move {
            for key in [KEY, OPEN_KEY] {
                scene.rows.release_key(key).await.expect("released");
            }
        })
    }),
    ("recent_audit", |scene| {
        Box::pin(async move {
            let trail = scene.rows.recent_audit(1000).await.expect("a trail");
            // Making the tenant is in its trail; the rest is about what it has.
            assert_eq!(trail.len() > 1, scene.twin);
        })
    }),
    ("audit_page", |scene| {
        Box::pin(async move {
            let about = AuditFilter {
                about: Some(USER.to_owned()),
                ..AuditFilter::default()
            };
            let page = scene.rows.audit_page(&about, None, 1000).await;
            assert_eq!(!page.expect("a page").is_empty(), scene.twin);
        })
    }),
    ("audit_event", |scene| {
        Box::pin(async move {
            let event = scene.rows.audit_event(EVENT).await.expect("an answer");
            let mark = event.and_then(|event| event.client_id);
            assert_eq!(mark.as_deref(), scene.twin.then_some(MARK));
        })
    }),
    ("seal_audit", |scene| {
        Box::pin(async move {
            // Of the twin the event of the cut is left; of an empty tenant that it was made.
            let key = scene.world.app.sealer.key();
            let sealed = scene.rows.seal_audit(key, 1000).await.expect("an answer");
            assert_eq!(sealed, Sealing::Sealed(1));
        })
    }),
    ("audit_head", |scene| {
        Box::pin(async move {
            let head = scene.rows.audit_head(scene.world.app.sealer.key()).await;
            let head = head.expect("an answer");
            assert_eq!(head.is_some(), scene.twin);
            assert!(head.is_none_or(|stored| stored.genuine));
        })
    }),
    ("sealed_audit", |scene| {
        Box::pin(async move {
            let sealed = scene.rows.sealed_audit(0, 1000).await.expect("a page");
            assert_eq!(!sealed.is_empty(), scene.twin);
            // The first was cut off.
            assert!(sealed.iter().all(|row| row.seq() > Some(1)));
        })
    }),
    ("count_unsealed_audit", |scene| {
        Box::pin(async move {
            let unsealed = scene.rows.count_unsealed_audit().await;
            assert_eq!(unsealed.expect("a count"), 1);
        })
    }),
    ("erase_audit", |scene| {
        Box::pin(async move {
            let event = AuditEvent {
                kind: AuditKind::AuditErased,
                ..scene.event()
            };
            let erased = scene.rows.erase_audit(USER, 1000, event).await;
            assert_eq!(erased.expect("an answer") > 0, scene.twin);
        })
    }),
    ("audit_cut_point", |scene| {
        Box::pin(async move {
            let point = scene.rows.audit_cut_point(later(), 1).await;
            let seq = point.expect("an answer").map(|(seq, _)| seq);
            assert_eq!(seq, scene.twin.then_some(2));
        })
    }),
    ("cut_audit", |scene| {
        Box::pin(async move {
            let key = scene.world.app.sealer.key();
            let first = scene.rows.sealed_audit(0, 1).await.expect("a page");
            let sealed = first.first().and_then(|row| row.sealed.clone());
            let chain = sealed.map_or_else(|| Link::first("").text(), |seal| seal.chain);
            let cut = checkpoint(2, &chain, true);
            let cut = scene.rows.cut_audit(key, cut, scene.event()).await;
            assert_eq!(cut.expect("an answer"), scene.twin);
        })
    }),
    ("add_checkpoint", |scene| {
        Box::pin(async move {
            let key = scene.world.app.sealer.key();
            let first = scene.rows.sealed_audit(0, 1).await.expect("a page");
            let sealed = first.first().and_then(|row| row.sealed.clone());
            let chain = sealed.map_or_else(|| Link::first("").text(), |seal| seal.chain);
            let added = scene.rows.add_checkpoint(key, checkpoint(2, &chain, false));
            assert_eq!(added.await.expect("an answer"), scene.twin);
        })
    }),
    ("checkpoints", |scene| {
        Box::pin(async move {
            let found = scene.rows.checkpoints(0, 1000).await.expect("a page");
            assert_eq!(found.len(), if scene.twin { 2 } else { 0 });
        })
    }),
    ("last_cut", |scene| {
        Box::pin(async move {
            let cut = scene.rows.last_cut().await.expect("an answer");
            assert_eq!(cut.map(|cut| cut.seq), scene.twin.then_some(1));
        })
    }),
    ("counters", |scene| {
        Box::pin(async move {
            let counters = scene.rows.counters(START, later()).await;
            let expected = if scene.twin {
                vec![count()]
            } else {
                Vec::new()
            };
            assert_eq!(counters.expect("a list"), expected);
        })
    }),
    ("decision", |scene| {
        Box::pin(async move {
            let found = scene.rows.decision(REQUEST).await.expect("an answer");
            let mark = found.map(|decision| decision.description);
            assert_eq!(mark.as_deref(), scene.twin.then_some(MARK));
        })
    }),
    ("decisions", |scene| {
        Box::pin(async move {
            let found = scene.rows.decisions(None, 1000).await.expect("a page");
            assert_eq!(found.len(), usize::from(scene.twin));
        })
    }),
    ("add_refusals", |scene| {
        Box::pin(async move {
            scene
                .rows
                .add_refusals(vec![(refusal(), 1)])
                .await
                .expect("added");
            let count = scene.rows.count_refusals("login").await.expect("a count");
            assert_eq!(count, if scene.twin { 8 } else { 1 });
        })
    }),
    ("login_refusals", |scene| {
        Box::pin(async move {
            for account in [None, Some("alice")] {
                let found = scene.rows.login_refusals(account, "", 1000).await;
                let count: i64 = found.expect("a page").iter().map(|row| row.count).sum();
                assert_eq!(count, if scene.twin { 7 } else { 0 });
            }
        })
    }),
    ("count_refusals", |scene| {
        Box::pin(async move {
            let count = scene.rows.count_refusals("login").await.expect("a count");
            assert_eq!(count, if scene.twin { 7 } else { 0 });
        })
    }),
    ("client", |scene| {
        Box::pin(async move {
            let client = scene.rows.client(CLIENT).await.expect("an answer");
            assert_eq!(client.is_some(), scene.twin);
            let Some(client) = client else { return };
            assert_eq!(client.metadata.client_name.as_deref(), Some(MARK));
            assert_eq!(client.secrets.len(), 1);
            assert_eq!(client.secrets[0].digest, format!("secret {MARK}"));
        })
    }),
    ("clients", |scene| {
        Box::pin(async move {
            let clients = scene.rows.clients("", 1000).await.expect("a list");
            let names: Vec<_> = clients
                .into_iter()
                .map(|client| client.metadata.client_name)
                .collect();
            let expected = if scene.twin {
                vec![Some(MARK.to_owned())]
            } else {
                Vec::new()
            };
            assert_eq!(names, expected);
        })
    }),
    ("find_clients", |scene| {
        Box::pin(async move {
            let term = SearchTerm::parse(CLIENT).expect("a term");
            let found = scene.rows.find_clients(&term, "", 1000).await;
            let names: Vec<_> = found
                .expect("a list")
                .into_iter()
                .map(|client| client.metadata.client_name)
                .collect();
            let expected = if scene.twin {
                vec![Some(MARK.to_owned())]
            } else {
                Vec::new()
            };
            assert_eq!(names, expected);
        })
    }),
    ("remove_client_secret", |scene| {
        Box::pin(async move {
            // The owner's, and one's own, which is the only one.
            for (digest, own) in [("secret of the owner", false), ("secret of the twin", true)] {
                let event = scene.event();
                let removed = scene
                    .rows
                    .remove_client_secret(CLIENT, digest, START, event)
                    .await;
                match removed {
                    Ok(removed) => assert!(!(removed || own && scene.twin)),
                    Err(DbError::Refused(_)) => assert!(own && scene.twin),
                    Err(error) => panic!("{error}"),
                }
            }
        })
    }),
    ("create_client", |scene| {
        Box::pin(async move {
            let made = scene
                .rows
                .create_client(client(scene.world, "changed", "new"));
            assert_taken_by_own(made.await, scene.twin);
        })
    }),
    ("update_client", |scene| {
        Box::pin(async move {
            for secret in ["new", "newer"] {
                let mut changed = client(scene.world, "changed", secret);
                changed.enabled = false;
                let updated = scene.rows.update_client(changed).await;
                assert_eq!(updated.expect("an answer"), updated_if(scene.twin));
            }
        })
    }),
    ("delete_client", |scene| {
        Box::pin(async move {
            let deleted = scene.rows.delete_client(CLIENT, START, scene.event());
            assert_eq!(deleted.await.expect("an answer"), scene.twin);
        })
    }),
    ("refresh_token", |scene| {
        Box::pin(async move {
            let token = scene
                .rows
                .refresh_token(REFRESH, START)
                .await
                .expect("an answer");
            let name = token.map(|row| row.user.expect("its account").username);
            assert_eq!(name.as_deref(), scene.twin.then_some("of-the-twin"));
        })
    }),
    ("claims_request", |scene| {
        Box::pin(async move {
            let asked = scene.rows.claims_request(GRANT).await.expect("an answer");
            assert_eq!(asked.is_empty(), !scene.twin);
        })
    }),
    ("end_grant", |scene| {
        Box::pin(async move {
            let ended = scene.rows.end_grant(GRANT, START, scene.event());
            assert_eq!(ended.await.expect("an answer"), scene.twin);
        })
    }),
    ("add_code", |scene| {
        Box::pin(async move {
            // A row is added under the name it was asked for: the twin's stays as it is.
            let mut another = code("another code");
            "of the asker".clone_into(&mut another.session_id);
            let interaction = Interaction {
                digest: ASSERTION.to_owned(),
                until: later(),
            };
            let added = scene.rows.add_code(another, Some(interaction)).await;
            assert_eq!(added.expect("an answer"), !scene.twin);
        })
    }),
    ("code", |scene| {
        Box::pin(async move {
            let found = scene.rows.code(CODE, START).await.expect("an answer");
            let name = found.map(|row| row.user.expect("its account").username);
            assert_eq!(name.as_deref(), scene.twin.then_some("of-the-twin"));
        })
    }),
    ("redeem_code", |scene| {
        Box::pin(async move {
            let redeemed = scene.rows.redeem_code(redemption(CODE)).await;
            assert_eq!(redeemed.expect("an answer"), scene.twin);
        })
    }),
    ("burn_code", |scene| {
        Box::pin(async move {
            let burnt = scene.rows.burn_code(CODE, START).await;
            assert_eq!(burnt.expect("an answer"), scene.twin);
        })
    }),
    ("consent", |scene| {
        Box::pin(async move {
            let allowed = scene.rows.consent(USER, CLIENT).await.expect("an answer");
            assert_eq!(allowed.contains("files.read"), scene.twin);
        })
    }),
    ("allow", |scene| {
        Box::pin(async move {
            let scope = "files.write".parse().expect("a scope");
            let event = scene.event();
            let allowed = scene.rows.allow(USER, CLIENT, scope, START, event).await;
            assert_eq!(allowed.expect("an answer"), scene.twin);
        })
    }),
    ("consents_of_user", |scene| {
        Box::pin(async move {
            let consents = scene.rows.consents_of_user(USER, "", 1000).await;
            let names = consents.expect("a list").into_iter();
            let names: Vec<_> = names.map(|consent| consent.client_name).collect();
            let own = Some(MARK.to_owned());
            assert_eq!(names, if scene.twin { vec![own] } else { Vec::new() });
        })
    }),
    ("withdraw_consent", |scene| {
        Box::pin(async move {
            let event = scene.event();
            let withdrawn = scene.rows.withdraw_consent(USER, CLIENT, START, event);
            assert_eq!(withdrawn.await.expect("an answer"), scene.twin);
        })
    }),
    ("known_device", |scene| {
        Box::pin(async move {
            for (name, own) in [("of-the-owner", false), ("of-the-twin", true)] {
                let name = LoginName::parse(name).expect("a name");
                let known = scene.rows.known_device(&name, DEVICE_SECRET, START).await;
                let known = known.expect("an answer");
                assert_eq!(known.is_some(), own && scene.twin);
            }
        })
    }),
    ("devices_of_user", |scene| {
        Box::pin(async move {
            let start = Place::start();
            let devices = scene.rows.devices_of_user(USER, &start, 1000, START).await;
            let count = devices.expect("a list").len();
            assert_eq!(count, if scene.twin { 2 } else { 0 });
        })
    }),
    ("revoke_device", |scene| {
        Box::pin(async move {
            let event = scene.event();
            let revoked = scene.rows.revoke_device(USER, DEVICE, START, event);
            assert_eq!(revoked.await.expect("an answer"), scene.twin);
        })
    }),
    ("sessions_of_user", |scene| {
        Box::pin(async move {
            let start = Place::start();
            let sessions = scene.rows.sessions_of_user(USER, &start, 1000, START).await;
            let count = sessions.expect("a list").len();
            assert_eq!(count, if scene.twin { 2 } else { 0 });
        })
    }),
    ("live_sessions", |scene| {
        Box::pin(async move {
            let start = Place::start();
            let sessions = scene.rows.live_sessions(&start, 1000, START).await;
            let count = sessions.expect("a list").len();
            assert_eq!(count, if scene.twin { 2 } else { 0 });
        })
    }),
    ("live_session", |scene| {
        Box::pin(async move {
            let session = scene.rows.live_session(SESSION, START).await;
            assert_eq!(session.expect("an answer").is_some(), scene.twin);
        })
    }),
    ("end_sessions_of_user", |scene| {
        Box::pin(async move {
            for ending in [
                Ending::One(SESSION.to_owned()),
                Ending::AllBut(BROWSER_SESSION.to_owned()),
                Ending::All,
            ] {
                let event = scene.event();
                let ended = scene.rows.end_sessions_of_user(USER, ending, START, event);
                assert_eq!(ended.await.expect("an answer"), scene.twin);
            }
        })
    }),
    ("sign_in", |scene| {
        Box::pin(async move {
            let mut again = sign_in(scene.world, "another", "another digest");
            again.renews = Some(BROWSER_SESSION.to_owned());
            let renewed = scene.rows.sign_in(again).await.expect("an answer");
            let session = renewed.map(|(session, _)| session);
            assert_eq!(session.as_deref(), scene.twin.then_some(BROWSER_SESSION));
        })
    }),
    ("browser_sessions", |scene| {
        Box::pin(async move {
            let digests = [BROWSER.to_owned()];
            let found = scene.rows.browser_sessions(&digests, START).await;
            assert_eq!(found.expect("an answer").len(), usize::from(scene.twin));
        })
    }),
    ("touch_session", |scene| {
        Box::pin(async move {
            let touched = scene
                .rows
                .touch_session(BROWSER_SESSION, START, later(), "::1");
            assert_eq!(touched.await.expect("an answer"), scene.twin);
        })
    }),
    ("rotate_refresh_token", |scene| {
        Box::pin(async move {
            let rotated = scene.rows.rotate_refresh_token(rotation()).await;
            assert_eq!(rotated.expect("an answer"), scene.twin);
        })
    }),
    ("live_refresh_tokens", |scene| {
        Box::pin(async move {
            let live = scene.rows.live_refresh_tokens(GRANT).await;
            assert_eq!(live.expect("a count"), i64::from(scene.twin));
        })
    }),
    ("resources", |scene| {
        Box::pin(async move {
            let resources = scene.rows.resources().await.expect("a list");
            let names: Vec<_> = resources
                .iter()
                .map(|resource| resource.name.as_str())
                .collect();
            assert_eq!(names, if scene.twin { vec![MARK] } else { Vec::new() });
        })
    }),
    ("put_resource", |scene| {
        Box::pin(async move {
            let changed = resource("changed");
            let put = scene.rows.put_resource(&changed, later(), scene.event());
            put.await.expect("stored");
            assert_eq!(scene.rows.resources().await.expect("a list").len(), 1);
        })
    }),
    ("delete_resource", |scene| {
        Box::pin(async move {
            let deleted = scene.rows.delete_resource(AUDIENCE, scene.event());
            assert_eq!(deleted.await.expect("an answer"), scene.twin);
        })
    }),
    ("revoke_token", |scene| {
        Box::pin(async move {
            for jti in [JTI, "revoked"] {
                let until = later().plus_seconds(1);
                let revoked = scene.rows.revoke_token(jti, until, scene.event());
                revoked.await.expect("revoked");
            }
        })
    }),
    ("any_revoked", |scene| {
        Box::pin(async move {
            let subjects = ["token:revoked".to_owned()];
            let revoked = scene.rows.any_revoked(&subjects, START).await;
            assert_eq!(revoked.expect("an answer"), scene.twin);
        })
    }),
    ("start_session", |scene| {
        Box::pin(async move {
            let started = scene
                .rows
                .start_session(login(scene.world, "another"))
                .await;
            assert_eq!(started.expect("an answer"), scene.twin);
        })
    }),
    ("session", |scene| {
        Box::pin(async move {
            let session = scene.rows.session(SESSION).await.expect("an answer");
            assert_eq!(session.is_some(), scene.twin);
        })
    }),
    ("end_session", |scene| {
        Box::pin(async move {
            let ended = scene.rows.end_session(SESSION, START, scene.event());
            assert_eq!(ended.await.expect("an answer"), scene.twin);
        })
    }),
    ("signing_keys", |scene| {
        Box::pin(async move {
            let keys = scene.rows.signing_keys().await.expect("the keys");
            assert_eq!(keys.len(), if scene.twin { 3 } else { 1 });
        })
    }),
    ("has_active_key", |scene| {
        Box::pin(async move {
            let active = scene.rows.has_active_key(ALGORITHM).await;
            assert_eq!(active.expect("an answer"), scene.twin);
        })
    }),
    ("add_signing_key", |scene| {
        Box::pin(async move {
            for state in [KeyState::Active, KeyState::Next] {
                let key = scene.world.app.key_maker.fresh(ALGORITHM).await;
                let key = key.expect("a key");
                let added = scene
                    .rows
                    .add_signing_key(key, state, START, START, scene.event());
                assert_taken_by_own(added.await, scene.twin);
            }
        })
    }),
    ("activate_next_key", |scene| {
        Box::pin(async move {
            let event = scene.event();
            let activated = scene
                .rows
                .activate_next_key(ALGORITHM, later(), START, event);
            assert_eq!(activated.await.expect("an answer"), scene.twin);
        })
    }),
    ("create_user", |scene| {
        Box::pin(async move {
            // The same id, and under another id the same names.
            let made = scene
                .rows
                .create_user(new_user(USER, "somebody"), scene.event());
            assert_taken_by_own(made.await, scene.twin);
            let id = "00000000-0000-4000-8000-000000000009";
            let made = scene
                .rows
                .create_user(new_user(id, "of-the-owner"), scene.event());
            made.await.expect("the owner's names are free here");
        })
    }),
    ("user", |scene| {
        Box::pin(async move {
            let user = scene.rows.user(USER).await.expect("an answer");
            let name = user.map(|user| user.username);
            assert_eq!(name.as_deref(), scene.twin.then_some("of-the-twin"));
        })
    }),
    ("login_row", |scene| {
        Box::pin(async move {
            for name in ["of-the-owner", "of-the-owner@example.test"] {
                let name = LoginName::parse(name).expect("a name");
                assert!(
                    scene
                        .rows
                        .login_row(&name)
                        .await
                        .expect("an answer")
                        .is_none()
                );
            }
            let name = LoginName::parse("of-the-twin").expect("a name");
            let row = scene.rows.login_row(&name).await.expect("an answer");
            let hash = row.and_then(|row| row.password_hash);
            assert_eq!(hash.as_deref(), scene.twin.then_some(HASH));
        })
    }),
    ("groups", |scene| {
        Box::pin(async move {
            let groups = scene.rows.groups("", 10).await.expect("a list");
            let said: Vec<_> = groups.iter().map(|group| &group.description[..]).collect();
            let expected: &[&str] = if scene.twin { &[MARK] } else { &[] };
            assert_eq!(said, expected);
        })
    }),
    ("group", |scene| {
        Box::pin(async move {
            let group = scene.rows.group(GROUP).await.expect("an answer");
            let said = group.map(|group| group.description);
            assert_eq!(said.as_deref(), scene.twin.then_some(MARK));
        })
    }),
    ("create_group", |scene| {
        Box::pin(async move {
            let group = checked_group(GROUP, "changed");
            let made = scene.rows.create_group(group, later(), scene.event());
            assert_taken_by_own(made.await, scene.twin);
        })
    }),
    ("update_group", |scene| {
        Box::pin(async move {
            let group = checked_group(GROUP, "changed");
            let updated = scene.rows.update_group(group, None, later(), scene.event());
            assert_eq!(updated.await.expect("an answer"), updated_if(scene.twin));
        })
    }),
    ("delete_group", |scene| {
        Box::pin(async move {
            let deleted = scene.rows.delete_group(GROUP, later(), scene.event());
            assert_eq!(deleted.await.expect("an answer"), scene.twin);
        })
    }),
    ("add_member", |scene| {
        Box::pin(async move {
            let added = scene
                .rows
                .add_member(GROUP, USER, later(), scene.event())
                .await;
            let expected = if scene.twin {
                MemberOutcome::Already
            } else {
                MemberOutcome::NoGroup
            };
            assert_eq!(added.expect("an answer"), expected);
            // A group of its own takes nobody of another tenant.
            let own = checked_group("own", "");
            let made = scene.rows.create_group(own, START, scene.event());
            made.await.expect("a group");
            let added = scene.rows.add_member("own", USER, later(), scene.event());
            let expected = if scene.twin {
                MemberOutcome::Done
            } else {
                MemberOutcome::NoUser
            };
            assert_eq!(added.await.expect("an answer"), expected);
        })
    }),
    ("remove_member", |scene| {
        Box::pin(async move {
            let removed = scene
                .rows
                .remove_member(GROUP, USER, later(), scene.event())
                .await;
            let expected = if scene.twin {
                MemberOutcome::Done
            } else {
                MemberOutcome::NoGroup
            };
            assert_eq!(removed.expect("an answer"), expected);
        })
    }),
    ("roles", |scene| {
        Box::pin(async move {
            let roles = scene.rows.roles().await.expect("a list");
            let said: Vec<_> = roles.iter().map(|role| &role.description[..]).collect();
            let expected: &[&str] = if scene.twin { &[MARK] } else { &[] };
            assert_eq!(said, expected);
        })
    }),
    ("catalog", |scene| {
        Box::pin(async move {
            let catalog = scene.rows.catalog().await.expect("an answer");
            assert_eq!(catalog.roles().len(), usize::from(scene.twin));
            assert_eq!(catalog.by_audience(AUDIENCE).is_some(), scene.twin);
        })
    }),
    ("create_role", |scene| {
        Box::pin(async move {
            let role = checked_role(ROLE, "changed");
            let made = scene.rows.create_role(role, later(), scene.event());
            assert_taken_by_own(made.await, scene.twin);
        })
    }),
    ("update_role", |scene| {
        Box::pin(async move {
            let role = checked_role(ROLE, "changed");
            let updated = scene.rows.update_role(role, None, later(), scene.event());
            assert_eq!(updated.await.expect("an answer"), updated_if(scene.twin));
        })
    }),
    ("delete_role", |scene| {
        Box::pin(async move {
            let deleted = scene.rows.delete_role(ROLE, scene.event()).await;
            assert_eq!(deleted.expect("an answer"), scene.twin);
        })
    }),
    ("named_user", |scene| {
        Box::pin(async move {
            for (name, found) in [("of-the-owner", false), ("of-the-twin", scene.twin)] {
                let name = LoginName::parse(name).expect("a name");
                let user = scene.rows.named_user(&name).await.expect("an answer");
                assert_eq!(user.is_some(), found);
            }
        })
    }),
    ("find_users", |scene| {
        Box::pin(async move {
            let all = UserFilter::default();
            for filter in [
                UserFilter::people(),
                UserFilter {
                    search: SearchTerm::parse("of-the"),
                    ..all.clone()
                },
                UserFilter {
                    role: Some("admin".to_owned()),
                    ..all.clone()
                },
                UserFilter {
                    group: Some(GROUP.to_owned()),
                    ..all.clone()
                },
                UserFilter {
                    role: Some("admin".to_owned()),
                    group: Some(GROUP.to_owned()),
                    ..all
                },
            ] {
                let first = Position::first();
                let users = scene.rows.find_users(&filter, &first, 1000).await;
                let users = users.expect("a list");
                let names: Vec<_> = users.iter().map(|user| user.username.as_str()).collect();
                let expected: &[&str] = if scene.twin { &["of-the-twin"] } else { &[] };
                assert_eq!(names, expected, "{filter:?}");
            }
        })
    }),
    ("update_user", |scene| {
        Box::pin(async move {
            let user = checked_user("changed");
            let updated = scene
                .rows
                .update_user(USER, user, None, later(), scene.event());
            assert_eq!(updated.await.expect("an answer"), updated_if(scene.twin));
        })
    }),
    ("set_password", |scene| {
        Box::pin(async move {
            let hash = "another hash".to_owned();
            let set = scene.rows.set_password(USER, hash, later(), scene.event());
            assert_eq!(set.await.expect("an answer"), scene.twin);
        })
    }),
    ("change_own_password", |scene| {
        Box::pin(async move {
            let changed = scene.rows.change_own_password(PasswordChange {
                proof: None,
                user_id: USER.to_owned(),
                password: "another hash".to_owned().into(),
                user_seen_at: START,
                session_id: SESSION.to_owned(),
                now: later(),
                event: scene.event(),
            });
            assert_eq!(changed.await.expect("an answer"), scene.twin);
        })
    }),
    ("add_letter", |scene| {
        Box::pin(async move {
            let added = scene.rows.add_letter(letter("another link", MARK)).await;
            assert_eq!(added.expect("an answer"), scene.twin);
        })
    }),
    ("add_mail_link", |scene| {
        Box::pin(async move {
            let link = link("another link", MARK);
            let added = scene.rows.add_mail_link(USER, link, scene.event()).await;
            assert_eq!(added.expect("an answer"), scene.twin);
        })
    }),
    ("user_of_mail_link", |scene| {
        Box::pin(async move {
            let purpose = Purpose::ResetPassword;
            let user = scene.rows.user_of_mail_link(LINK, purpose, START).await;
            let name = user.expect("an answer").map(|user| user.username);
            assert_eq!(name.as_deref(), scene.twin.then_some("of-the-twin"));
        })
    }),
    ("live_mail_links", |scene| {
        Box::pin(async move {
            let purpose = Purpose::ResetPassword;
            let live = scene.rows.live_mail_links(USER, purpose, START).await;
            assert_eq!(live.expect("a count"), i64::from(scene.twin));
        })
    }),
    ("verify_by_link", |scene| {
        Box::pin(async move {
            let link = NewLink {
                purpose: Purpose::VerifyEmail,
                ..link("a link to verify", MARK)
            };
            let added = scene.rows.add_mail_link(USER, link, scene.event()).await;
            assert_eq!(added.expect("an answer"), scene.twin);
            let digest = "a link to verify";
            let spent = scene
                .rows
                .verify_by_link(digest, START, scene.event())
                .await;
            assert_eq!(spent.expect("an answer"), scene.twin);
        })
    }),
    ("set_password_by_link", |scene| {
        Box::pin(async move {
            let set = scene.rows.set_password_by_link(LinkedPassword {
                digest: LINK.to_owned(),
                purpose: Purpose::ResetPassword,
                password: "another hash".to_owned().into(),
                now: START,
                event: scene.event(),
            });
            assert_eq!(set.await.expect("an answer"), scene.twin);
        })
    }),
    ("past_passwords", |scene| {
        Box::pin(async move {
            let past = scene.rows.past_passwords(USER, 9).await.expect("read");
            assert_eq!(past.len(), if scene.twin { 2 } else { 0 });
        })
    }),
    ("sip_digest", |scene| {
        Box::pin(async move {
            let found = scene.rows.sip_digest(&phone()).await.expect("read");
            let username = found.map(|known| known.username);
            assert_eq!(username.as_deref(), scene.twin.then_some("of-the-twin"));
        })
    }),
    ("sip_digests", |scene| {
        Box::pin(async move {
            let digests = scene.rows.sip_digests(USER, "", 1000).await.expect("read");
            assert_eq!(digests.len(), usize::from(scene.twin));
        })
    }),
    ("put_sip_digests", |scene| {
        Box::pin(async move {
            let digest = SealedDigest {
                id: "changed".to_owned(),
                name: phone(),
                ha1_sealed: "sealed elsewhere".to_owned(),
                created_at: later(),
            };
            let stored = scene
                .rows
                .put_sip_digests(USER, vec![digest], later(), scene.event());
            let stored = stored.await.expect("an answer");
            // The tenant's own in its place, or there is no such account.
            let ids = stored.map(|stored| stored.into_iter().map(|digest| digest.id).collect());
            let expected = scene.twin.then(|| vec![USER.to_owned()]);
            assert_eq!(ids, expected);
        })
    }),
    ("remove_sip_digest", |scene| {
        Box::pin(async move {
            let removed = scene
                .rows
                .remove_sip_digest(USER, USER, scene.event())
                .await;
            assert_eq!(removed.expect("an answer"), scene.twin);
        })
    }),
    ("import_users", |scene| {
        Box::pin(async move {
            let row = ImportRow {
                totp: None,
                user: new_user(USER, "imported"),
                password: Some(("another hash".to_owned(), later())),
                last_login_at: Some(later()),
                keys: vec![(new_api_key(scene.world, "imported"), None)],
                digests: vec![SealedDigest {
                    id: "imported".to_owned(),
                    name: phone(),
                    ha1_sealed: "sealed elsewhere".to_owned(),
                    created_at: START,
                }],
                event: scene.event(),
            };
            let mut row = row;
            row.keys[0].0.id = scene.world.app.row_id();
            let done = scene
                .rows
                .import_users(vec![row], OnConflict::Update, false, later());
            let expected = if scene.twin {
                RowOutcome::Updated
            } else {
                RowOutcome::Created
            };
            assert_eq!(done.await.expect("an answer"), [expected]);
        })
    }),
    ("require_action", |scene| {
        Box::pin(async move {
            let action = RequiredAction::UpdatePassword;
            scene.rows.require_action(USER, action).await.expect("done");
            let user = scene.rows.user(USER).await.expect("read");
            assert_eq!(user.is_some_and(|user| user.has_to(action)), scene.twin);
        })
    }),
    ("second_factors", |scene| {
        Box::pin(async move {
            let found = scene.rows.second_factors(USER).await.expect("an answer");
            assert_eq!(found.totp.is_some(), scene.twin);
            assert_eq!(found.recovery_codes, usize::from(scene.twin));
        })
    }),
    ("totp", |scene| {
        Box::pin(async move {
            let data = scene.rows.totp(USER).await.expect("an answer");
            assert_eq!(data.as_deref(), scene.twin.then_some("an authenticator"));
        })
    }),
    ("has_recovery_code", |scene| {
        Box::pin(async move {
            let has = scene.rows.has_recovery_code(USER, RECOVERY_CODE).await;
            assert_eq!(has.expect("an answer"), scene.twin);
        })
    }),
    ("count_factor_try", |scene| {
        Box::pin(async move {
            // Nobody tries the factors of an account that is not there.
            match scene.rows.count_factor_try(USER, later()).await {
                Ok(tries) => assert!(scene.twin && (tries.count, tries.long_count) == (4, 8)),
                Err(_) => assert!(!scene.twin),
            }
        })
    }),
    ("take_factor_try_back", |scene| {
        Box::pin(async move {
            let taken = scene.rows.take_factor_try_back(USER).await;
            taken.expect("an answer");
        })
    }),
    ("note_event", |scene| {
        Box::pin(async move {
            let noted = scene.rows.note_event(scene.event()).await;
            noted.expect("noted");
        })
    }),
    ("begin_enrolment", |scene| {
        Box::pin(async move {
            let begun = enrolment("begun");
            let begun = scene.rows.begin_enrolment(begun, Some(spend(scene))).await;
            assert_eq!(begun.expect("an answer"), scene.twin);
        })
    }),
    ("enrolment", |scene| {
        Box::pin(async move {
            let found = scene.rows.enrolment(USER, "session", START).await;
            assert_eq!(found.expect("an answer").is_some(), scene.twin);
        })
    }),
    ("enrol", |scene| {
        Box::pin(async move {
            let enrolled = Enrolled {
                enrolment: enrolment("another authenticator"),
                data: TotpData {
                    secret_sealed: "another authenticator".to_owned(),
                    last_step: 1,
                },
                recovery_codes: vec!["another code".to_owned()],
                now: START,
                event: scene.event(),
            };
            let enrolled = scene.rows.enrol(enrolled).await;
            assert_eq!(enrolled.expect("an answer"), scene.twin);
        })
    }),
    ("replace_recovery_codes", |scene| {
        Box::pin(async move {
            let codes = vec!["another code".to_owned()];
            let replaced = scene
                .rows
                .replace_recovery_codes(USER, codes, spend(scene), START, scene.event())
                .await;
            assert_eq!(replaced.expect("an answer"), scene.twin);
        })
    }),
    ("remove_second_factors", |scene| {
        Box::pin(async move {
            for proof in [Some(spend(scene)), None] {
                let expected = scene.twin;
                let removed = scene
                    .rows
                    .remove_second_factors(USER, proof.clone(), START, scene.event())
                    .await;
                // The second time there is nothing left.
                let there = removed.expect("an answer");
                assert_eq!(there, expected && proof.is_some());
            }
        })
    }),
    ("upgrade_password_hash", |scene| {
        Box::pin(async move {
            let (old, new) = (HASH.to_owned(), "a stronger hash".to_owned());
            scene
                .rows
                .upgrade_password_hash(USER, old, new)
                .await
                .expect("done");
        })
    }),
    ("delete_user", |scene| {
        Box::pin(async move {
            let deleted = scene.rows.delete_user(USER, START, scene.event()).await;
            match deleted {
                Ok(deleted) => assert!(!deleted && !scene.twin),
                // The owner's administrator does not count here.
                Err(DbError::Refused(_)) => assert!(scene.twin),
                Err(error) => panic!("{error}"),
            }
            let id = "00000000-0000-4000-8000-000000000009";
            let made = scene
                .rows
                .create_user(new_user(id, "second"), scene.event());
            made.await.expect("a second administrator");
            let deleted = scene.rows.delete_user(USER, START, scene.event()).await;
            assert_eq!(deleted.expect("an answer"), scene.twin);
        })
    }),
    ("has_active_admin", |scene| {
        Box::pin(async move {
            let has = scene.rows.has_active_admin().await.expect("an answer");
            assert_eq!(has, scene.twin);
        })
    }),
];
