//! What the tenant's key says about its chain, and what stays of it when the trail is cut.

use data_encoding::BASE64URL_NOPAD;
use users_core::model::audit_event::Actor;
use users_core::trail::checkpoint;
use users_core::trail::export::{checkpoint_line, checkpoints_of};

use super::{assert_whole, broken, seal, sealed, verified, verified_with};
use crate::support::everywhere;

#[tokio::test]
async fn a_chain_is_signed_every_hour_in_which_it_grew() {
    everywhere(async |world| {
        sealed(&world, 3).await;
        let count = async || {
            let signed = checkpoint::sign_due(&world.app, "this node").await;
            signed.expect("done");
            let rows = world.app.store.tenant(&world.tenant.id);
            rows.checkpoints(0, 100).await.expect("a page").len()
        };
        assert_eq!(count().await, 1, "the first at once");
        world.advance(3600);
        assert_eq!(count().await, 1, "nothing happened");
        sealed(&world, 4).await;
        assert_eq!(count().await, 2);
        sealed(&world, 5).await;
        world.advance(3598);
        assert_eq!(count().await, 2, "not yet");
        world.advance(1);
        assert_eq!(count().await, 3);
        let report = verified(&world).await;
        assert_whole(&report);
        assert_eq!(report.checkpoints, 3);
    })
    .await;
}

#[tokio::test]
async fn a_checkpoint_outlives_the_key_that_signed_it() {
    everywhere(async |world| {
        sealed(&world, 3).await;
        let made = checkpoint::sign(&world.app, &world.tenant).await;
        let kept = made.expect("signed").expect("a checkpoint");
        let (maker, alg) = (&world.app.key_maker, world.tenant.signing_alg);
        let actor = Actor::system();
        let rotated = maker.rotate_now(&world.tenant.id, alg, &actor).await;
        rotated.expect("rotated");
        // Long after the last token of that key is over.
        world.advance(400 * 86_400);
        world
            .app
            .store
            .reap(world.clock.now())
            .await
            .expect("reaped");
        let (node, _) = world.second_node().await;
        seal(&node, &world.tenant).await;
        let report = users_core::trail::verify::verify(&node, &world.tenant, &[kept.jws]).await;
        let report = report.expect("a report");
        assert_whole(&report);
        // The three, and the two of the rotation.
        assert_eq!((report.checkpoints, report.last), (1, 5));
    })
    .await;
}

#[tokio::test]
async fn a_checkpoint_says_whose_chain_and_is_no_token() {
    everywhere(async |world| {
        sealed(&world, 3).await;
        let made = checkpoint::sign(&world.app, &world.tenant).await;
        let kept = made.expect("signed").expect("a checkpoint").jws;
        let payload = kept.split('.').nth(1).expect("a payload");
        let payload = BASE64URL_NOPAD.decode(payload.as_bytes());
        let payload = payload.expect("base64url");
        let claims: serde_json::Value = serde_json::from_slice(&payload).expect("JSON");
        assert_eq!(claims["iss"], world.tenant.issuer);
        assert_eq!(claims["seq"], 3);
        assert_eq!(claims["iat"], world.clock.now().seconds());
        assert!(claims["chain"].is_string() && claims.get("cut").is_none());
        let bearer = format!("Bearer {kept}");
        let reply = world
            .anonymous()
            .get_with("/userinfo", &[("authorization", &bearer)])
            .await;
        reply.assert_error(401, "invalid_token");
        // Another tenant's word about this chain is worth nothing.
        let other = world.new_tenant("other").await;
        seal(&world.app, &other).await;
        let foreign = checkpoint::sign(&world.app, &other).await;
        let foreign = foreign.expect("signed").expect("a checkpoint").jws;
        let report = verified_with(&world, &[kept, foreign]).await;
        assert_eq!(
            broken(&report),
            "checkpoint 2 of those given is not signed by this tenant"
        );
    })
    .await;
}

#[tokio::test]
async fn a_cut_trail_begins_where_its_checkpoint_says() {
    everywhere(async |world| {
        sealed(&world, 3).await;
        let made = checkpoint::sign(&world.app, &world.tenant).await;
        let early = made.expect("signed").expect("a checkpoint");
        sealed(&world, 5).await;
        world.advance(100);
        let before = world.clock.now();
        world.advance(100);
        sealed(&world, 8).await;
        let made = checkpoint::sign(&world.app, &world.tenant).await;
        let late = made.expect("signed").expect("a checkpoint");
        world.advance(1);
        let actor = Actor::system();
        let removed = checkpoint::cut(&world.app, &actor, &world.tenant, before);
        assert_eq!(removed.await.expect("cut"), 5);
        seal(&world.app, &world.tenant).await;
        let given = [early, late.clone()].map(|checkpoint| checkpoint.jws);
        let report = verified_with(&world, &given).await;
        assert_whole(&report);
        assert_eq!(
            (
                report.begins_after,
                report.last,
                report.events,
                report.too_old
            ),
            (5, 9, 4, 1)
        );
        let newest = world.audit().await.remove(0);
        assert_eq!(
            (&newest.kind[..], &newest.detail[..]),
            ("audit.cut", "{\"up_to\":5}")
        );
        // Nothing is old enough for a second cut.
        let removed = checkpoint::cut(&world.app, &actor, &world.tenant, before);
        assert_eq!(removed.await.expect("nothing to cut"), 0);
        // Whoever cuts without a signature is found.
        let mut raw = world.raw().await;
        raw.run("DELETE FROM audit WHERE seq < 8").await;
        let report = verified(&world).await;
        assert_eq!(broken(&report), "events 6 to 7 are missing");
    })
    .await;
}

#[tokio::test]
async fn an_export_gives_its_checkpoints_back() {
    everywhere(async |world| {
        sealed(&world, 3).await;
        let made = checkpoint::sign(&world.app, &world.tenant).await;
        let kept = made.expect("signed").expect("a checkpoint");
        let line = checkpoint_line(&kept);
        let event = "{\"type\":\"event\",\"seq\":1}";
        let text = format!("{event}\n\n{line}\n{}\n", kept.jws);
        let found = checkpoints_of(&text).expect("readable");
        assert_eq!(found, [kept.jws.clone(), kept.jws]);
        for foreign in ["{\"type\":\"x\"}", "{", "{\"type\":\"checkpoint\"}"] {
            assert!(checkpoints_of(foreign).is_none(), "{foreign}");
        }
    })
    .await;
}
