//! Signing keys made ahead of need. An RSA key costs up to half a second of CPU.

use super::signing_keys::SealedKey;
use super::sql::sql;
use super::tx::Tx;
use super::{DbError, Store};
use crate::model::algorithm::Algorithm;

impl Store {
    pub async fn add_spare_key(&self, key: SealedKey) -> Result<(), DbError> {
        self.db
            .write(key, |tx, key| {
                Box::pin(async move {
                    tx.run(
                        sql!(
                            "INSERT INTO spare_keys (kid, alg, private_sealed, public_jwk) \
                             VALUES ($1, $2, $3, $4)"
                        )
                        .bind(&key.kid)
                        .bind(key.algorithm.name())
                        .bind(&key.private_sealed)
                        .bind(&key.public_jwk),
                    )
                    .await
                    .map(drop)
                })
            })
            .await
    }

    pub async fn count_spare_keys(&self, algorithm: Algorithm) -> Result<i64, DbError> {
        let row = self
            .db
            .one(
                sql!("SELECT COUNT(*) AS spares FROM spare_keys WHERE alg = $1")
                    .bind(algorithm.name()),
            )
            .await?;
        row.map_or(Ok(0), |row| row.integer("spares"))
    }

    /// Takes a spare key out of the stock; each is given once.
    pub async fn take_spare_key(&self, algorithm: Algorithm) -> Result<Option<SealedKey>, DbError> {
        self.db
            .write(algorithm, |tx, algorithm| Box::pin(take(tx, *algorithm)))
            .await
    }
}

/// The same within a transaction that may still fail: then the key is in the stock again.
pub(super) async fn take(tx: &mut Tx, algorithm: Algorithm) -> Result<Option<SealedKey>, DbError> {
    let row = tx
        .one(
            sql!(
                "DELETE FROM spare_keys WHERE kid = \
                 (SELECT kid FROM spare_keys WHERE alg = $1 ORDER BY kid LIMIT 1) \
                 RETURNING kid, alg, private_sealed, public_jwk"
            )
            .bind(algorithm.name()),
        )
        .await?;
    row.map(|row| {
        Ok(SealedKey {
            kid: row.text("kid")?,
            algorithm: row.word("alg")?,
            private_sealed: row.text("private_sealed")?,
            public_jwk: row.text("public_jwk")?,
        })
    })
    .transpose()
}
