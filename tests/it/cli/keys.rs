//! The master key and the keys under it.

use std::collections::BTreeMap;
use std::path::Path;

use users_core::base::digest::sha256;

use super::Place;

/// Every file of a directory with the digest of its content.
fn files(directory: &Path) -> BTreeMap<String, [u8; 32]> {
    let entries = std::fs::read_dir(directory).expect("the directory is there");
    let files = entries.map(|entry| {
        let path = entry.expect("an entry").path();
        let content = std::fs::read(&path).expect("a file");
        (path.display().to_string(), sha256(&[&content]))
    });
    files.collect()
}

#[test]
fn a_lost_master_key_stops_everything_and_changes_nothing() {
    let place = Place::new();
    place.ok(&["migrate"]);
    let data = place.path().join("data");
    std::fs::remove_file(data.join("master.key")).expect("the key is there");
    let before = files(&data);
    for arguments in [
        &["serve"][..],
        &["user", "list"],
        &["key", "rotate", "--now"],
    ] {
        let said = place.refused(arguments);
        assert!(said.contains("master.key is missing"), "{said}");
        assert_eq!(files(&data), before, "{arguments:?}");
    }
}

#[test]
fn a_wrong_master_key_stops_everything_and_changes_nothing() {
    let key = "2b7e4f90c1d85a36be07f4429d6c13ae58f0b99c7d2416e3a5c80f71643bd92e";
    let place = Place::new();
    place.ok(&["migrate"]);
    let data = place.path().join("data");
    let path = data.join("master.key");
    let right = std::fs::read_to_string(&path).expect("the key is there");
    std::fs::write(&path, key).expect("written");
    let before = files(&data);
    let said = place.refused(&["serve"]);
    assert!(
        said.contains("not the one this database was made with"),
        "{said}"
    );
    assert!(!said.contains(key) && !said.contains(&right), "{said}");
    assert_eq!(files(&data), before);
    std::fs::write(&path, &right).expect("written");
    let place = place.with("USERS_CORE_MASTER_KEY", key);
    let before = files(&data);
    let said = place.refused(&["serve"]);
    assert!(
        said.contains("not the one this database was made with"),
        "{said}"
    );
    assert_eq!(files(&data), before);
}

#[test]
fn a_master_key_that_is_none_is_refused_without_being_shown() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("data")).expect("made");
    place.write("data/master.key", "not-a-key-at-all");
    let said = place.refused(&["serve"]);
    assert!(said.contains("data/master.key: is too short"), "{said}");
    assert!(!said.contains("not-a-key-at-all"), "{said}");
}

#[test]
fn processes_that_start_at_once_on_nothing_end_with_the_same_keys() {
    for _ in 0..4 {
        let place = Place::new();
        let (one, other) = std::thread::scope(|scope| {
            let one = scope.spawn(|| place.serve());
            let other = scope.spawn(|| place.serve());
            (one.join().expect("one"), other.join().expect("the other"))
        });
        let keys = one.jwks();
        assert_eq!(keys["keys"].as_array().map(Vec::len), Some(1), "{keys}");
        assert_eq!(keys, other.jwks());
        assert_eq!(
            place.json(&["tenant", "list"]).as_array().map(Vec::len),
            Some(1)
        );
        let left = files(&place.path().join("data"));
        let drafts = left.keys().filter(|name| name.contains("draft"));
        assert_eq!(drafts.count(), 0);
        assert_eq!(one.stop().code, Some(0));
        assert_eq!(other.stop().code, Some(0));
    }
}

#[test]
fn the_same_keys_are_there_after_a_restart() {
    let place = Place::new();
    let server = place.serve();
    let keys = server.jwks();
    server.stop();
    assert_eq!(place.serve().jwks(), keys);
}
