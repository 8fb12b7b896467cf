//! Accounts from elsewhere.

mod files;
mod rows;
mod users_core_file;

use std::io::Write as _;
use std::path::PathBuf;

use users_core::admin::AdminError;
use users_core::admin::import::source::{self, Format};
use users_core::admin::import::{self, Event, Plan, Refusal, Summary};
use users_core::model::audit_event::Actor;
use users_core::model::user::User;
use users_core::storage::find_users::UserFilter;
use users_core::storage::import::OnConflict;
use users_core::storage::page::Position;

use crate::support::World;

pub const PLAN: Plan = Plan {
    on_conflict: OnConflict::Fail,
    trial: false,
    drop_unknown_roles: false,
};

/// A bcrypt hash of `WORDS`.
pub const BCRYPT: &str = "$2b$05$N9qo8uLOickgx2ZMRZoMyeK/ljuazbedFjg0QfFkt0YEfBLbFqEJ2";
pub const WORDS: &str = "some unrelated words";

pub fn file(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join(name);
    let mut file = std::fs::File::create(&path).expect("a file");
    file.write_all(text.as_bytes()).expect("written");
    (directory, path)
}

/// Imports a file into the default tenant; what became of it, and what was refused.
pub async fn import(
    world: &World,
    path: &std::path::Path,
    format: Format,
    plan: Plan,
) -> Result<(Summary, Vec<Refusal>), AdminError> {
    let source = source::open(path, format).await.expect("a source");
    let (actor, mut refused) = (Actor::command_line(), Vec::new());
    let summary = import::run(
        &world.app,
        &actor,
        &world.tenant,
        source.items,
        plan,
        |event| {
            if let Event::Refused(refusal) = event {
                refused.push(refusal);
            }
        },
    );
    let summary = summary.await?;
    Ok((summary, refused))
}

/// The same of a text.
pub async fn import_text(
    world: &World,
    format: Format,
    text: &str,
    plan: Plan,
) -> (Summary, Vec<Refusal>) {
    let (_directory, path) = file("accounts", text);
    let done = import(world, &path, format, plan).await;
    done.expect("an import")
}

pub async fn everybody(world: &World) -> Vec<User> {
    let rows = world.app.store.tenant(&world.tenant.id);
    let (filter, first) = (UserFilter::people(), Position::first());
    rows.find_users(&filter, &first, 1000).await.expect("read")
}

pub async fn named(world: &World, username: &str) -> User {
    let all = everybody(world).await;
    let found = all.into_iter().find(|user| user.username == username);
    found.unwrap_or_else(|| panic!("nobody is called {username}"))
}

pub fn counts(created: u64, updated: u64, skipped: u64, refused: u64) -> Summary {
    Summary {
        created,
        updated,
        skipped,
        refused,
    }
}
