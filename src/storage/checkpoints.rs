//! What the tenants' keys have signed about their audit trails.

use super::audit_chain::{put, take_genuine};
use super::sql::{Row, sql};
use super::tenants::{tenant_of, tenants_that_are};
use super::tx::Tx;
use super::{DbError, Scoped, Store};
use crate::base::clock::Timestamp;
use crate::model::audit_chain::{Checkpoint, HeadKey, Link};
use crate::model::tenant::Tenant;

impl Store {
    /// Tenants whose chain has grown since a checkpoint that is older than `before`, after the one with
    /// the id `after`. `base` is the configured issuer.
    pub async fn checkpoints_due(
        &self,
        base: &str,
        before: Timestamp,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Tenant>, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    tenants_that_are!(),
                    "id IN (SELECT tenant FROM audit_heads WHERE seq > checkpoint_seq AND checkpoint_at <= $1) \
                     AND id > $2 ORDER BY id LIMIT $3"
                )
                .bind(before)
                .bind(after)
                .bind(limit),
            )
            .await?;
        rows.iter().map(|row| tenant_of(row, base)).collect()
    }

    /// Tenants whose trail begins at `before` or earlier, after the one with the id `after`. `base` is
    /// the configured issuer.
    pub async fn tenants_to_cut(
        &self,
        base: &str,
        before: Timestamp,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Tenant>, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    tenants_that_are!(),
                    "(SELECT at FROM audit WHERE tenant = tenants.id AND seq IS NOT NULL \
                     ORDER BY seq LIMIT 1) <= $1 AND id > $2 ORDER BY id LIMIT $3"
                )
                .bind(before)
                .bind(after)
                .bind(limit),
            )
            .await?;
        rows.iter().map(|row| tenant_of(row, base)).collect()
    }
}

impl Scoped {
    /// Keeps a checkpoint. `false`: the chain does not have the value it says, or the head is not ours.
    pub async fn add_checkpoint(
        &self,
        key: &HeadKey,
        checkpoint: Checkpoint,
    ) -> Result<bool, DbError> {
        let context = (self.tenant.clone(), key.clone(), checkpoint);
        self.db
            .write(context, |tx, (tenant, key, checkpoint)| {
                Box::pin(async move {
                    let added = add(tx, tenant, key, checkpoint).await?;
                    Ok(if added { true } else { tx.undo(false) })
                })
            })
            .await
    }

    /// Checkpoints in the order of their numbers, after `after`.
    pub async fn checkpoints(&self, after: i64, limit: i64) -> Result<Vec<Checkpoint>, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    "SELECT seq, chain, at, cut, jws FROM audit_checkpoints \
                     WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3"
                )
                .bind(&self.tenant)
                .bind(after)
                .bind(limit),
            )
            .await?;
        rows.iter().map(checkpoint_of).collect()
    }

    /// The newest checkpoint that says where the trail begins.
    pub async fn last_cut(&self) -> Result<Option<Checkpoint>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT seq, chain, at, cut, jws FROM audit_checkpoints \
                     WHERE tenant = $1 AND cut = 1 ORDER BY seq DESC LIMIT 1"
                )
                .bind(&self.tenant),
            )
            .await?;
        row.map(|row| checkpoint_of(&row)).transpose()
    }
}

/// Writes a checkpoint and notes it in the chain's head; see [`Scoped::add_checkpoint`].
pub(super) async fn add(
    tx: &mut Tx,
    tenant: &str,
    key: &HeadKey,
    checkpoint: &Checkpoint,
) -> Result<bool, DbError> {
    let Some(mut head) = take_genuine(tx, tenant, key).await? else {
        return Ok(false);
    };
    let at_head = checkpoint.seq == head.seq && checkpoint.chain == head.chain;
    if !at_head {
        let row = tx
            .one(
                sql!("SELECT seq FROM audit WHERE tenant = $1 AND seq = $2 AND chain = $3")
                    .bind(tenant)
                    .bind(checkpoint.seq)
                    .bind(checkpoint.chain.text()),
            )
            .await?;
        if row.is_none() {
            return Ok(false);
        }
    }
    // A cut may fall where a checkpoint is already; that it is one stays.
    tx.run(
        sql!(
            "INSERT INTO audit_checkpoints (tenant, seq, chain, at, cut, jws) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (tenant, seq) DO UPDATE SET at = $4, cut = $5, jws = $6 \
             WHERE audit_checkpoints.cut = 0"
        )
        .bind(tenant)
        .bind(checkpoint.seq)
        .bind(checkpoint.chain.text())
        .bind(checkpoint.at)
        .bind(checkpoint.cut)
        .bind(&checkpoint.jws),
    )
    .await?;
    head.checkpoint_seq = head.checkpoint_seq.max(checkpoint.seq);
    put(tx, tenant, key, &head).await?;
    tx.run(
        sql!("UPDATE audit_heads SET checkpoint_at = $1 WHERE tenant = $2 AND checkpoint_seq = $3")
            .bind(checkpoint.at)
            .bind(tenant)
            .bind(checkpoint.seq),
    )
    .await?;
    Ok(true)
}

fn checkpoint_of(row: &Row) -> Result<Checkpoint, DbError> {
    let chain = row.text("chain")?;
    Ok(Checkpoint {
        seq: row.integer("seq")?,
        chain: Link::parse(&chain).ok_or(DbError::Corrupt("audit_checkpoints.chain"))?,
        at: row.time("at")?,
        cut: row.flag("cut")?,
        jws: row.text("jws")?,
    })
}
