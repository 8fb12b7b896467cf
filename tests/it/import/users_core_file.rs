//! The file of users-core: accounts, keys and digests. `conformance/users-core-import` does the same
//! with a file that the published crate made.

use serde_json::json;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use users_core::admin::import::source::{self, Format};
use users_core::base::digest::sha256;
use users_core::model::sip_digest::{DigestAlgorithm, DigestName};

use super::{BCRYPT, PLAN, WORDS, counts, import, named};
use crate::support::bearer::Bearer;
use crate::support::everywhere;

const SCHEMA: &str = "
CREATE TABLE users (id TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, email TEXT, display_name TEXT,
    password_hash TEXT NOT NULL, roles TEXT NOT NULL DEFAULT '[]', active BOOLEAN NOT NULL DEFAULT TRUE,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, last_login TIMESTAMP);
CREATE TABLE api_keys (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, name TEXT NOT NULL,
    key_hash TEXT NOT NULL UNIQUE, permissions TEXT NOT NULL DEFAULT '[]', expires_at TIMESTAMP,
    last_used TIMESTAMP, created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);
";
const LATER: &str = "
ALTER TABLE api_keys ADD COLUMN active BOOLEAN NOT NULL DEFAULT TRUE;
CREATE TABLE sip_digest_credentials (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, sip_username TEXT NOT NULL,
    realm TEXT NOT NULL, algorithm TEXT NOT NULL, ha1 TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);
INSERT INTO sip_digest_credentials (id, user_id, sip_username, realm, algorithm, ha1) VALUES
    ('1', '6a1f3f0e-7ab2-4d66-a89d-4c1b05e73a2f', 'ada', 'sip.example', 'MD5', '0123456789abcdef0123456789abcdef');
";
const ADA: &str = "6a1f3f0e-7ab2-4d66-a89d-4c1b05e73a2f";
const SECRET: &str = "rvoip_ak_live_0123456789abcdefghijklmnopqrstuv";

async fn their_file(directory: &std::path::Path, later: bool) -> std::path::PathBuf {
    let path = directory.join("users.db");
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true);
    let mut connection = options.connect().await.expect("a database");
    let hash = data_encoding::HEXLOWER.encode(&sha256(&[SECRET.as_bytes()]));
    let rows = format!(
        "INSERT INTO users (id, username, email, display_name, password_hash, roles, last_login) VALUES
         ('{ADA}', 'ada', 'ada@example.test', 'Ada', '{BCRYPT}', '[\"user\",\"admin\"]', '2025-03-01T10:00:00.123456789+00:00');
         INSERT INTO users (id, username, email, password_hash, roles, active) VALUES
         ('7a1f3f0e-7ab2-4d66-a89d-4c1b05e73a2f', 'bob', 'ada@example.test', '{BCRYPT}', '[]', FALSE),
         ('8a1f3f0e-7ab2-4d66-a89d-4c1b05e73a2f', 'cyd', NULL, '{BCRYPT}', '[\"sip\"]', TRUE),
         ('9a1f3f0e-7ab2-4d66-a89d-4c1b05e73a2f', 'dan', NULL, '{BCRYPT}', '[\"user\"]', FALSE);
         INSERT INTO api_keys (id, user_id, name, key_hash, permissions, expires_at) VALUES
         ('1', '{ADA}', 'pbx', '{hash}', '[\"read\",\"sip.register\"]', NULL),
         ('2', '{ADA}', 'old', '{}', '[\"*\"]', '2020-01-01 00:00:00');",
        "ab".repeat(32)
    );
    for text in [SCHEMA, &rows, if later { LATER } else { "" }] {
        let text = sqlx::AssertSqlSafe(text.to_owned());
        sqlx::raw_sql(text)
            .execute(&mut connection)
            .await
            .expect("made");
    }
    sqlx::Connection::close(connection).await.expect("closed");
    path
}

#[tokio::test]
async fn accounts_keys_and_digests_of_users_core_go_on_working() {
    everywhere(async |world| {
        let service = world.client("web", "sip.register").await;
        let directory = tempfile::tempdir().expect("a directory");
        let path = their_file(directory.path(), true).await;
        let before = std::fs::read(&path).expect("read");
        let done = import(&world, &path, Format::UsersCore, PLAN).await;
        let (summary, refused) = done.expect("an import");
        assert_eq!(summary, counts(2, 0, 0, 2));
        let reasons: Vec<&str> = refused.iter().map(|one| one.reasons[0].as_str()).collect();
        assert!(
            reasons.iter().any(|reason| reason.starts_with("roles: ")),
            "{reasons:?}"
        );
        assert!(reasons.contains(&"its name or its address is another account's"));
        let ada = named(&world, "ada").await;
        assert_eq!(
            (ada.id.as_str(), ada.claims.name.as_deref()),
            (ADA, Some("Ada"))
        );
        assert_eq!(ada.roles, ["user", "admin"]);
        assert!(!named(&world, "dan").await.enabled);
        service
            .password("ada", WORDS, "sip.register")
            .await
            .assert_ok();
        // The key by itself, as X-API-Key.
        let reply = world
            .anonymous()
            .get_with(&format!("/api/v1/users/{ADA}"), &[("x-api-key", SECRET)])
            .await;
        assert_eq!(reply.assert_ok().json()["username"], "ada");
        let rows = world.app.store.tenant(&world.tenant.id);
        let keys = rows.api_keys(Some(ADA), "", 10).await.expect("keys");
        assert_eq!(keys.len(), 1, "one that is over stays behind");
        let name = DigestName {
            sip_username: "ada".to_owned(),
            realm: "sip.example".to_owned(),
            algorithm: DigestAlgorithm::Md5,
        };
        let known = rows.sip_digest(&name).await.expect("read");
        let known = known.expect("a digest");
        assert_eq!(known.user_id, ADA);
        assert!(!known.ha1_sealed.contains("0123456789abcdef"));
        let registrar = world.client("registrar", "sip.digest").await;
        let token = registrar.client_credentials("sip.digest").await;
        let registrar = Bearer::new(world.anonymous(), &token.text("access_token"), "registrar");
        let reply = registrar
            .get("/sip-digests?sip_username=ada&realm=sip.example&algorithm=MD5")
            .await;
        assert_eq!(
            reply.assert_ok().json(),
            json!({ "user_id": ADA, "username": "ada", "sip_username": "ada",
                    "realm": "sip.example", "algorithm": "MD5",
                    "ha1": "0123456789abcdef0123456789abcdef" })
        );
        assert_eq!(
            std::fs::read(&path).expect("read"),
            before,
            "nothing was written"
        );
    })
    .await;
}

#[tokio::test]
async fn a_file_of_an_earlier_version_is_read_and_another_is_refused() {
    everywhere(async |world| {
        let directory = tempfile::tempdir().expect("a directory");
        let path = their_file(directory.path(), false).await;
        let done = import(&world, &path, Format::UsersCore, PLAN).await;
        assert_eq!(done.expect("an import").0.created, 2);
        let other = directory.path().join("other.db");
        let options = SqliteConnectOptions::new()
            .filename(&other)
            .create_if_missing(true);
        let mut connection = options.connect().await.expect("a database");
        sqlx::raw_sql("CREATE TABLE users (id TEXT)")
            .execute(&mut connection)
            .await
            .expect("made");
        let refused = source::open(&other, Format::UsersCore).await;
        let error = refused.err().expect("refused").to_string();
        assert!(error.contains("no file of users-core"), "{error}");
    })
    .await;
}
