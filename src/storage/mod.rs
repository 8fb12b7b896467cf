//! Floor 3: the only way to the tables. A tenant's rows are reached through [`Store::tenant`] and
//! nothing else, so that no query can forget whose they are.
//!
//! To add a table: a migration, a file here with its `Scoped` methods, a line in the reaper if it
//! grows, and a row in the tenant-isolation test, which fails until it is there.

pub mod access_tokens;
mod admins;
pub mod api_key_secrets;
pub mod api_keys;
pub mod audit;
pub mod audit_chain;
pub mod audit_page;
pub mod browser_sessions;
pub mod cache;
pub mod checkpoints;
pub mod checkup;
pub mod client_secrets;

pub mod clients;
pub mod codes;
pub mod consents;
pub mod credentials;
pub mod db;
pub mod decisions;
pub mod devices;
pub mod error;
pub mod factor_enrolments;
pub mod factor_tries;
pub mod feed;
pub mod figures;
mod fill;
pub mod find_users;
pub mod grants;
mod group;
pub mod groups;
pub mod hourly_counters;
pub mod idempotency;
pub mod import;
pub mod instance;
mod lanes;
pub mod leases;
mod link;
pub mod mail_links;
pub mod mail_queue;
mod memberships;
pub mod migrate;
pub mod own_password;
pub mod page;
pub mod password_history;
pub mod reaper;
pub mod refresh_tokens;
pub mod required_actions;
pub mod resources;
pub mod revocations;
pub mod roles;
pub mod second_factors;
pub mod session_ends;
pub mod session_lists;
pub mod sessions;
pub mod setup_links;
pub mod signing_keys;
pub mod sip_digests;
pub mod spare_keys;
pub mod sql;
pub mod tenant_end;
pub mod tenants;
pub mod tx;
pub mod update;
pub mod used_ids;
pub mod users;
pub mod users_core_file;

pub use db::Db;
pub use error::DbError;

/// The longest an access token can live, in seconds: how long a revocation must be remembered.
pub const LONGEST_ACCESS_TOKEN: i64 = 86_400;

/// What sorts after every id, in the order of either database.
const AFTER_EVERY_ID: &str = "zzzzz";

/// The installation's rows; the way to each tenant's.
#[derive(Clone)]
pub struct Store {
    db: Db,
}

/// One tenant's rows.
#[derive(Clone)]
pub struct Scoped {
    db: Db,
    tenant: String,
}

impl Store {
    pub const fn new(db: Db) -> Self {
        Self { db }
    }

    pub const fn db(&self) -> &Db {
        &self.db
    }

    pub fn tenant(&self, id: &str) -> Scoped {
        Scoped {
            db: self.db.clone(),
            tenant: id.to_owned(),
        }
    }
}
