//! Makes and upgrades the schema: forward only, each migration in a transaction of its own, safe
//! when several nodes start at once.

use futures_util::future::BoxFuture;

use super::db::Db;
use super::error::DbError;
use super::fill;
use super::sql::sql;
use super::tx::Tx;
use crate::base::digest::sha256_text;

struct Migration {
    version: i64,
    name: &'static str,
    text: &'static str,
    /// What the text cannot say for the rows there are.
    then: Option<Step>,
}

/// Part of a migration, in its transaction.
type Step = for<'a> fn(&'a mut Tx) -> BoxFuture<'a, Result<(), DbError>>;

/// The whole set. A file `NNNN_x.postgres.sql` may stand in for one where only the plan differs.
const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "spine",
        text: include_str!("../../migrations/0001_spine.sql"),
        then: None,
    },
    Migration {
        version: 2,
        name: "sign_in",
        text: include_str!("../../migrations/0002_sign_in.sql"),
        then: None,
    },
    Migration {
        version: 3,
        name: "rest_api",
        text: include_str!("../../migrations/0003_rest_api.sql"),
        then: None,
    },
    Migration {
        version: 4,
        name: "trail",
        text: include_str!("../../migrations/0004_trail.sql"),
        then: None,
    },
    Migration {
        version: 5,
        name: "roles",
        text: include_str!("../../migrations/0005_roles.sql"),
        then: Some(|tx| Box::pin(fill::accounts(tx))),
    },
    Migration {
        version: 6,
        name: "tenants",
        text: include_str!("../../migrations/0006_tenants.sql"),
        then: Some(|tx| Box::pin(fill::clients(tx))),
    },
    Migration {
        version: 7,
        name: "devices",
        text: include_str!("../../migrations/0007_devices.sql"),
        then: None,
    },
    Migration {
        version: 8,
        name: "api_keys",
        text: include_str!("../../migrations/0008_api_keys.sql"),
        then: None,
    },
    Migration {
        version: 9,
        name: "direct_logins",
        text: include_str!("../../migrations/0009_direct_logins.sql"),
        then: None,
    },
    Migration {
        version: 10,
        name: "mail",
        text: include_str!("../../migrations/0010_mail.sql"),
        then: None,
    },
    Migration {
        version: 11,
        name: "passwords",
        text: include_str!("../../migrations/0011_passwords.sql"),
        then: None,
    },
    Migration {
        version: 12,
        name: "import",
        text: include_str!("../../migrations/0012_import.sql"),
        then: None,
    },
    Migration {
        version: 13,
        name: "second_factors",
        text: include_str!("../../migrations/0013_second_factors.sql"),
        then: None,
    },
];

/// Brings the schema to this program's version.
///
/// # Errors
/// The database is newer than the program, or an applied migration is not the one we hold.
pub async fn migrate(db: &Db) -> Result<(), DbError> {
    db.write(db.is_sqlite(), |tx, sqlite| {
        Box::pin(async move {
            lock(tx, *sqlite).await?;
            tx.script(
                "CREATE TABLE IF NOT EXISTS schema_migrations ( \
                 version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL)",
            )
            .await
        })
    })
    .await?;
    for migration in MIGRATIONS {
        db.write((migration, db.is_sqlite()), |tx, (migration, sqlite)| {
            Box::pin(async move {
                lock(tx, *sqlite).await?;
                apply(tx, migration).await
            })
        })
        .await?;
    }
    let newest = db
        .one(sql!(
            "SELECT MAX(version) AS version FROM schema_migrations"
        ))
        .await?;
    let newest = newest
        .ok_or(DbError::Corrupt("schema_migrations.version"))?
        .integer("version")?;
    if MIGRATIONS.last().is_some_and(|last| newest > last.version) {
        return Err(DbError::Refused(format!(
            "the database has schema version {newest}, newer than this program; start the newer program"
        )));
    }
    Ok(())
}

/// The version the schema has, and the one this program makes of it.
///
/// # Errors
/// [`DbError::Statement`]: there is no schema of ours.
pub async fn versions(db: &Db) -> Result<(i64, i64), DbError> {
    let row = db
        .one(sql!(
            "SELECT CAST(COALESCE(MAX(version), 0) AS BIGINT) AS version FROM schema_migrations"
        ))
        .await?;
    let found = row.map_or(Ok(0), |row| row.integer("version"))?;
    let newest = MIGRATIONS.last().map_or(0, |last| last.version);
    Ok((found, newest))
}

/// SQLite's `BEGIN IMMEDIATE` is the lock already; PostgreSQL needs one that ends with the
/// transaction, so that a killed node leaves none behind.
async fn lock(tx: &mut Tx, sqlite: bool) -> Result<(), DbError> {
    if sqlite {
        Ok(())
    } else {
        tx.script("SELECT pg_advisory_xact_lock(7580614370)").await
    }
}

async fn apply(tx: &mut Tx, migration: &Migration) -> Result<(), DbError> {
    let digest = sha256_text(migration.text);
    let applied = tx
        .one(
            sql!("SELECT digest FROM schema_migrations WHERE version = $1").bind(migration.version),
        )
        .await?;
    if let Some(row) = applied {
        return if row.text("digest")? == digest {
            Ok(())
        } else {
            Err(DbError::Refused(format!(
                "migration {} ({}) was applied from another text than this program holds",
                migration.version, migration.name
            )))
        };
    }
    tx.script(migration.text).await?;
    if let Some(step) = migration.then {
        step(tx).await?;
    }
    tx.run(
        sql!("INSERT INTO schema_migrations (version, name, digest) VALUES ($1, $2, $3)")
            .bind(migration.version)
            .bind(migration.name)
            .bind(digest),
    )
    .await?;
    Ok(())
}
