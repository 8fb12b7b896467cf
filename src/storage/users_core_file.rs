//! The SQLite file of another program: users-core 0.4.0, and those before it whose tables are the same.
//! It is read, never written, and a page at a time.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use super::DbError;

/// An open file.
pub struct UsersCoreFile {
    connection: SqliteConnection,
    has_digests: bool,
    /// Whether its keys can be switched off.
    has_active_keys: bool,
}

/// A row of its `users`, with what hangs on it. Texts are as they stand there.
pub struct TheirUser {
    pub id: String,
    pub username: String,
    pub email: Option<String>,
    pub display_name: Option<String>,
    pub password_hash: String,
    /// A JSON array.
    pub roles: String,
    pub active: bool,
    pub created_at: Option<String>,
    pub last_login: Option<String>,
    pub keys: Vec<TheirKey>,
    pub digests: Vec<TheirDigest>,
}

pub struct TheirKey {
    pub name: String,
    /// SHA-256 in hexadecimal digits.
    pub key_hash: String,
    /// A JSON array.
    pub permissions: String,
    pub active: bool,
    pub expires_at: Option<String>,
    pub last_used: Option<String>,
    pub created_at: Option<String>,
}

pub struct TheirDigest {
    pub sip_username: String,
    pub realm: String,
    pub algorithm: String,
    pub ha1: String,
    pub created_at: Option<String>,
}

impl UsersCoreFile {
    /// Opens a file of that program.
    ///
    /// # Errors
    /// It cannot be read, or has not its tables ([`DbError::Refused`]).
    pub async fn open(path: &Path) -> Result<Self, DbError> {
        let options = SqliteConnectOptions::new().filename(path).read_only(true);
        let mut connection = options.connect().await?;
        let columns = "SELECT m.name || '.' || c.name AS name FROM sqlite_schema m \
                       JOIN pragma_table_info(m.name) c WHERE m.type = 'table'";
        let rows = sqlx::query(columns).fetch_all(&mut connection).await?;
        let columns: Vec<String> = rows
            .iter()
            .map(|row| row.try_get("name"))
            .collect::<Result<_, _>>()?;
        let has = |column: &str| columns.iter().any(|known| known == column);
        for needed in ["users.password_hash", "users.roles", "api_keys.key_hash"] {
            if !has(needed) {
                let sentence = format!("it is no file of users-core: there is no {needed}");
                return Err(DbError::Refused(sentence));
            }
        }
        Ok(Self {
            has_digests: has("sip_digest_credentials.ha1"),
            has_active_keys: has("api_keys.active"),
            connection,
        })
    }

    /// How many accounts it has.
    pub async fn count(&mut self) -> Result<u64, DbError> {
        let row = sqlx::query("SELECT COUNT(*) AS users FROM users");
        let row = row.fetch_one(&mut self.connection).await?;
        let users: i64 = row.try_get("users")?;
        Ok(users.unsigned_abs())
    }

    /// Accounts in the order of their ids, after this one.
    pub async fn users(&mut self, after: &str, limit: i64) -> Result<Vec<TheirUser>, DbError> {
        let rows = sqlx::query(
            "SELECT id, username, email, display_name, password_hash, roles, \
             CAST(active AS INTEGER) AS active, CAST(created_at AS TEXT) AS created_at, \
             CAST(last_login AS TEXT) AS last_login FROM users WHERE id > ? ORDER BY id LIMIT ?",
        );
        let rows = rows.bind(after).bind(limit);
        let rows = rows.fetch_all(&mut self.connection).await?;
        let mut users = Vec::with_capacity(rows.len());
        for row in rows {
            let id: String = row.try_get("id")?;
            users.push(TheirUser {
                keys: self.keys(&id).await?,
                digests: self.digests(&id).await?,
                username: row.try_get("username")?,
                email: row.try_get("email")?,
                display_name: row.try_get("display_name")?,
                password_hash: row.try_get("password_hash")?,
                roles: row.try_get("roles")?,
                active: flag(&row)?,
                created_at: row.try_get("created_at")?,
                last_login: row.try_get("last_login")?,
                id,
            });
        }
        Ok(users)
    }

    async fn keys(&mut self, user_id: &str) -> Result<Vec<TheirKey>, DbError> {
        let text = if self.has_active_keys {
            "SELECT name, key_hash, permissions, CAST(active AS INTEGER) AS active, \
             CAST(expires_at AS TEXT) AS expires_at, CAST(last_used AS TEXT) AS last_used, \
             CAST(created_at AS TEXT) AS created_at FROM api_keys WHERE user_id = ? ORDER BY id"
        } else {
            "SELECT name, key_hash, permissions, 1 AS active, \
             CAST(expires_at AS TEXT) AS expires_at, CAST(last_used AS TEXT) AS last_used, \
             CAST(created_at AS TEXT) AS created_at FROM api_keys WHERE user_id = ? ORDER BY id"
        };
        let rows = sqlx::query(text).bind(user_id);
        let rows = rows.fetch_all(&mut self.connection).await?;
        let key = |row: &SqliteRow| {
            Ok(TheirKey {
                name: row.try_get("name")?,
                key_hash: row.try_get("key_hash")?,
                permissions: row.try_get("permissions")?,
                active: flag(row)?,
                expires_at: row.try_get("expires_at")?,
                last_used: row.try_get("last_used")?,
                created_at: row.try_get("created_at")?,
            })
        };
        rows.iter().map(key).collect()
    }

    async fn digests(&mut self, user_id: &str) -> Result<Vec<TheirDigest>, DbError> {
        if !self.has_digests {
            return Ok(Vec::new());
        }
        let rows = sqlx::query(
            "SELECT sip_username, realm, algorithm, ha1, CAST(created_at AS TEXT) AS created_at \
             FROM sip_digest_credentials WHERE user_id = ? ORDER BY id",
        );
        let rows = rows.bind(user_id);
        let rows = rows.fetch_all(&mut self.connection).await?;
        let digest = |row: &SqliteRow| {
            Ok(TheirDigest {
                sip_username: row.try_get("sip_username")?,
                realm: row.try_get("realm")?,
                algorithm: row.try_get("algorithm")?,
                ha1: row.try_get("ha1")?,
                created_at: row.try_get("created_at")?,
            })
        };
        rows.iter().map(digest).collect()
    }

    /// Lets go of the file.
    pub async fn close(self) -> Result<(), DbError> {
        Ok(self.connection.close().await?)
    }
}

fn flag(row: &SqliteRow) -> Result<bool, DbError> {
    let flag: i64 = row.try_get("active")?;
    Ok(flag != 0)
}
