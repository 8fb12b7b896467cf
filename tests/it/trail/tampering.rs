//! Somebody with the right to write rows, and without the master key, changes the past. What each
//! attack is found by, and the one that only a checkpoint kept elsewhere finds.

use users_core::keys::key_pair::{KeyPair, Signer, Typ};
use users_core::model::algorithm::Algorithm;
use users_core::model::audit_chain::{CheckpointClaims, Link};
use users_core::trail::{TrailError, checkpoint, sealer};

use super::{assert_whole, broken, seal, sealed, verified, verified_with};
use crate::support::World;
use crate::support::everywhere;

async fn checkpointed(world: &World) -> String {
    let made = checkpoint::sign(&world.app, &world.tenant).await;
    made.expect("signed").expect("a new checkpoint").jws
}

/// Seals five events and a checkpoint of them, changes something, and says what is found.
async fn assert_found(change: &'static str, found: &str) {
    everywhere(async |world| {
        sealed(&world, 5).await;
        checkpointed(&world).await;
        assert_whole(&verified(&world).await);
        world.raw().await.run(change).await;
        assert_eq!(broken(&verified(&world).await), found, "{change}");
    })
    .await;
}

#[tokio::test]
async fn an_edited_event_is_named() {
    for change in [
        "UPDATE audit SET actor = 'somebody else' WHERE seq = 3",
        "UPDATE audit SET detail = '{\"x\":1}' WHERE seq = 3",
        "UPDATE audit SET at = at - 1 WHERE seq = 3",
        "UPDATE audit SET kind = 'login' WHERE seq = 3",
        "UPDATE audit SET subject = NULL WHERE seq = 3",
        "UPDATE audit SET client_id = 'app' WHERE seq = 3",
        "UPDATE audit SET address = '192.0.2.9' WHERE seq = 3",
        "UPDATE audit SET request_id = 'x' WHERE seq = 3",
        "UPDATE audit SET digest = 'nonsense' WHERE seq = 3",
    ] {
        assert_found(change, "event 3 does not say what it said").await;
    }
}

#[tokio::test]
async fn a_removed_event_is_named_wherever_it_stood() {
    let first = "DELETE FROM audit WHERE seq = 1";
    assert_found(first, "event 1 is missing").await;
    let middle = "DELETE FROM audit WHERE seq IN (3, 4)";
    assert_found(middle, "events 3 to 4 are missing").await;
    let last = "DELETE FROM audit WHERE seq = 5";
    assert_found(last, "event 5 is missing").await;
    assert_found("DELETE FROM audit", "events 1 to 5 are missing").await;
}

#[tokio::test]
async fn moved_events_and_gaps_are_found() {
    assert_found(
        "UPDATE audit SET seq = -3 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; \
         UPDATE audit SET seq = 4 WHERE seq = -3",
        "event 3 does not follow what stands before it",
    )
    .await;
    assert_found(
        "UPDATE audit SET seq = 9 WHERE seq = 5",
        "events 5 to 8 are missing",
    )
    .await;
    assert_found(
        "UPDATE audit SET seq = NULL WHERE seq = 2",
        "event 2 is missing",
    )
    .await;
    assert_found(
        "UPDATE audit SET chain = 'nonsense' WHERE seq = 2",
        "event 2 does not follow what stands before it",
    )
    .await;
}

#[tokio::test]
async fn an_event_put_in_is_found() {
    assert_found(
        "INSERT INTO audit (tenant, id, at, kind, detail, seq, digest, chain) \
         SELECT tenant, 'put in', at, kind, detail, 6, digest, chain FROM audit WHERE seq = 5",
        "event 6 does not say what it said",
    )
    .await;
    assert_found(
        "INSERT INTO audit (tenant, id, at, kind, detail, seq, digest, chain) \
         SELECT tenant, 'put in', at, kind, detail, 0, digest, chain FROM audit WHERE seq = 5",
        "event 0 was never sealed by this installation",
    )
    .await;
}

#[tokio::test]
async fn a_head_that_was_set_back_is_found() {
    assert_found(
        "DELETE FROM audit WHERE seq = 5; DELETE FROM audit_checkpoints; \
         UPDATE audit_heads SET seq = 4, checkpoint_seq = 0, \
         chain = (SELECT chain FROM audit WHERE seq = 4)",
        "the end of the chain was not sealed with this installation's master key",
    )
    .await;
    assert_found(
        "DELETE FROM audit_heads",
        "the end of the chain is not known any more",
    )
    .await;
}

#[tokio::test]
async fn a_checkpoint_that_was_changed_or_removed_is_found() {
    assert_found(
        "DELETE FROM audit_checkpoints",
        "the checkpoint of event 5 is missing",
    )
    .await;
    assert_found(
        "UPDATE audit_checkpoints SET seq = 4, chain = (SELECT chain FROM audit WHERE seq = 4)",
        "the checkpoint of event 4 is not signed by this tenant",
    )
    .await;
    assert_found(
        "UPDATE audit_checkpoints SET jws = 'x'",
        "the checkpoint of event 5 is not signed by this tenant",
    )
    .await;
    // Nobody can pass off an hourly checkpoint as a cut, and remove what stands before it.
    assert_found(
        "DELETE FROM audit; UPDATE audit_checkpoints SET cut = 1",
        "the checkpoint of event 5 is not signed by this tenant",
    )
    .await;
}

/// Changes an event and computes everything after it anew, as the sealer would.
async fn forge(world: &World) -> Link {
    let mut raw = world.raw().await;
    let tenant = &world.tenant.id;
    raw.run("UPDATE audit SET actor = 'somebody else' WHERE seq = 3")
        .await;
    let rows = world.app.store.tenant(tenant);
    let mut chain = Link::first(tenant);
    for row in rows.sealed_audit(0, 100).await.expect("a page") {
        let digest = row.payload(tenant).digest();
        chain = chain.then(digest);
        let (digest, chain) = (digest.text(), chain.text());
        let id = &row.id;
        let update =
            format!("UPDATE audit SET digest = '{digest}', chain = '{chain}' WHERE id = '{id}'");
        raw.run(update.leak()).await;
    }
    let chain_text = chain.text();
    let update = format!("UPDATE audit_heads SET chain = '{chain_text}', checkpoint_seq = 0");
    raw.run(update.leak()).await;
    chain
}

#[tokio::test]
async fn a_chain_computed_anew_without_the_master_key_is_found_and_not_built_on() {
    everywhere(async |world| {
        sealed(&world, 5).await;
        let chain = forge(&world).await;
        let not_ours = "the end of the chain was not sealed with this installation's master key";
        assert_eq!(broken(&verified(&world).await), not_ours);
        // Nor does a checkpoint signed with a key of his own help, put where old keys are.
        let pair = KeyPair::generate(Algorithm::Es256).expect("a key");
        let claims = CheckpointClaims {
            iss: world.tenant.issuer.clone(),
            seq: 5,
            chain: chain.text(),
            iat: world.clock.now().seconds(),
            cut: false,
        };
        let signer = Signer::new(&pair).expect("a signer");
        let jws = signer.sign(Typ::Checkpoint, &claims).expect("signed");
        let (tenant, kid) = (&world.tenant.id, pair.public().kid());
        let jwk = serde_json::to_string(pair.public()).expect("JSON");
        let (chain, mut raw) = (chain.text(), world.raw().await);
        let insert = format!(
            "INSERT INTO signing_keys (kid, tenant, alg, state, public_jwk, created_at, active_from, retired_at) \
             VALUES ('{kid}', '{tenant}', 'ES256', 'retired', '{jwk}', 0, 0, 0); \
             INSERT INTO audit_checkpoints (tenant, seq, chain, at, cut, jws) \
             VALUES ('{tenant}', 5, '{chain}', 0, 0, '{jws}')"
        );
        raw.run(insert.leak()).await;
        let (node, _) = world.second_node().await;
        let report = users_core::trail::verify::verify(&node, &world.tenant, &[]).await;
        assert_eq!(broken(&report.expect("a report")), not_ours);
        // Our keys vouch for none of it.
        world.person("meanwhile").await;
        let sealing = sealer::seal(&world.app, &world.tenant.id).await;
        assert!(!sealing.expect("an answer"));
        let signing = checkpoint::sign(&world.app, &world.tenant).await;
        assert!(matches!(signing, Err(TrailError::Broken)));
        let unsealed = "SELECT COUNT(*) FROM audit WHERE seq IS NULL";
        assert_eq!(raw.number(unsealed).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_database_put_back_is_found_by_a_checkpoint_kept_elsewhere_alone() {
    everywhere(async |world| {
        sealed(&world, 3).await;
        let mut raw = world.raw().await;
        raw.run("CREATE TABLE heads_before AS SELECT * FROM audit_heads")
            .await;
        sealed(&world, 5).await;
        let kept = [checkpointed(&world).await];
        // Everything as it was after three events, the sealed head too.
        raw.run(
            "DELETE FROM audit WHERE seq > 3; DELETE FROM audit_checkpoints; DELETE FROM audit_heads; \
             INSERT INTO audit_heads SELECT * FROM heads_before; DROP TABLE heads_before",
        )
        .await;
        assert_whole(&verified(&world).await);
        let report = verified_with(&world, &kept).await;
        assert_eq!(broken(&report), "events 4 to 5 are missing");
        // Nor does it help to let other things happen in their place.
        world.person("another").await;
        world.person("and-another").await;
        seal(&world.app, &world.tenant).await;
        assert_whole(&verified(&world).await);
        let report = verified_with(&world, &kept).await;
        assert_eq!(
            broken(&report),
            "a checkpoint signed another chain up to event 5"
        );
    })
    .await;
}

#[tokio::test]
async fn a_trail_begun_anew_is_found_by_a_checkpoint_kept_elsewhere_alone() {
    everywhere(async |world| {
        sealed(&world, 5).await;
        let kept = [checkpointed(&world).await];
        let mut raw = world.raw().await;
        raw.run("DELETE FROM audit; DELETE FROM audit_checkpoints; DELETE FROM audit_heads")
            .await;
        assert_whole(&verified(&world).await);
        let report = verified_with(&world, &kept).await;
        assert_eq!(
            broken(&report),
            "the end of the chain is not known any more"
        );
    })
    .await;
}
