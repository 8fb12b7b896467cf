//! The master key: missing, wrong, shared with nobody.

use std::fs;
use std::path::Path;

use users_core::admin::tenants;
use users_core::config::{Config, Secret};
use users_core::installation::OpenError;

use super::{failure, folder, in_folder, open};
use crate::support::databases;
use crate::support::raw::Raw;
use crate::support::world::settings;

fn key_file(folder: &Path) -> std::path::PathBuf {
    folder.join("data/master.key")
}

#[tokio::test]
async fn another_master_key_opens_nothing_and_writes_nothing() {
    for database in databases().await {
        let config = settings(&database.url);
        let app = open(config.clone()).await.expect("opened");
        let tenant = tenants::get(&app, "default").await.expect("a tenant");
        let mut raw = Raw::open(&database.url).await;
        let before = raw.rows_of(&tenant.id).await;
        let other = "51a4c3d2e1f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f91";
        let wrong = Config {
            master_key: Some(Secret::new(other)),
            ..config.clone()
        };
        let error = failure(wrong).await;
        assert!(matches!(error, OpenError::WrongKey), "{error}");
        assert!(!format!("{error} {error:?}").contains(&other[..8]));
        assert_eq!(raw.rows_of(&tenant.id).await, before);
        open(config).await.expect("the right key still opens");
    }
}

#[tokio::test]
async fn postgres_is_never_opened_without_a_key() {
    for database in databases().await {
        if database.name == "postgres" {
            let config = Config {
                master_key: None,
                ..settings(&database.url)
            };
            let error = failure(config).await;
            assert!(matches!(error, OpenError::KeyMissing), "{error}");
            let mut raw = Raw::open(&database.url).await;
            let keys = "SELECT CAST(COUNT(*) AS BIGINT) FROM signing_keys";
            assert_eq!(raw.number(keys).await, 0);
        }
    }
}

#[tokio::test]
async fn a_master_key_file_that_holds_none_stops_the_start() {
    let folder = folder();
    let config = in_folder(folder.path());
    drop(open(config.clone()).await.expect("opened"));
    let path = key_file(folder.path());
    let right = fs::read_to_string(&path).expect("the key");
    for content in [
        "",
        "\n",
        "changeme",
        &right[..right.len() - 4],
        &right[..right.len() / 2],
        &format!("{right}{right}"),
        &"0".repeat(64),
        "correct horse battery staple and then some more of it",
    ] {
        fs::write(&path, content).expect("written");
        let error = failure(config.clone()).await;
        assert!(matches!(error, OpenError::KeyFile(..)), "{error}");
        assert!(format!("{error}").contains("master.key"), "{error}");
        assert_eq!(fs::read_to_string(&path).expect("there"), content);
    }
    fs::remove_file(&path).expect("removed");
    let error = failure(config.clone()).await;
    assert!(matches!(error, OpenError::KeyLost(_)), "{error}");
    assert!(
        !path.exists(),
        "a new key would make the old rows unreadable"
    );
    fs::write(&path, format!("{right}\n")).expect("written");
    open(config).await.expect("the key is back");
}

#[tokio::test]
async fn what_a_first_start_writes_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    drop(open(in_folder(folder.path())).await.expect("opened"));
    let data = folder.path().join("data");
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    let mut files = 0;
    for entry in fs::read_dir(&data).expect("readable") {
        let path = entry.expect("an entry").path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        assert!(!path.display().to_string().contains("draft"));
        files += 1;
    }
    assert!(files >= 2, "a database and a key");
}

#[tokio::test]
async fn two_installations_share_nothing() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let folder = folder();
        let app = open(in_folder(folder.path())).await.expect("opened");
        let tenant = tenants::get(&app, "default").await.expect("a tenant");
        let key = fs::read_to_string(key_file(folder.path())).expect("the key");
        let url = app.config.database_url.clone();
        let mut raw = Raw::open(&url).await;
        let kids = raw.texts("SELECT kid FROM signing_keys").await;
        let check = raw.texts("SELECT value FROM instance").await;
        assert!(!kids.is_empty() && !check.is_empty());
        seen.push((key, tenant.id, kids, check));
    }
    let (one, other) = (&seen[0], &seen[1]);
    assert_ne!(one.0, other.0);
    assert_ne!(one.1, other.1);
    assert!(one.2.iter().all(|kid| !other.2.contains(kid)));
    assert!(one.3.iter().all(|value| !other.3.contains(value)));
}
