//! The log file: whole lines, set aside when it is full or old, none lost.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, SystemTime};

use super::Place;

const DAY: Duration = Duration::from_hours(24);

fn logging(file: &str) -> Place {
    Place::new()
        .with("USERS_CORE_LOG_FILE", file)
        .with("USERS_CORE_LOG_LEVEL", "users_core=debug")
        .with("USERS_CORE_LOG_FORMAT", "json")
}

fn mode(place: &Place, name: &str) -> u32 {
    let data = fs::metadata(place.path().join(name)).expect(name);
    data.permissions().mode() & 0o777
}

/// The lines of the file and of those set aside, the oldest first.
fn lines(place: &Place, file: &str, aside: usize) -> Vec<String> {
    let names = (1..=aside).rev().map(|number| format!("{file}.{number}"));
    let names = names.chain([file.to_owned()]);
    let texts = names.map(|name| fs::read_to_string(place.path().join(&name)).expect(&name));
    let texts: Vec<String> = texts.collect();
    for text in &texts {
        assert!(text.is_empty() || text.ends_with('\n'), "a line was cut");
    }
    texts.concat().lines().map(str::to_owned).collect()
}

#[test]
fn every_line_of_standard_error_is_in_the_file_to_the_last() {
    let place = logging("logs/deep/server.log");
    let ended = place.serve().stop();
    let said: Vec<String> = ended.stderr.lines().map(str::to_owned).collect();
    assert!(
        said.last().is_some_and(|last| last.contains("stopped")),
        "{said:?}"
    );
    let plain = |line: &String| {
        let mut json: serde_json::Value = serde_json::from_str(line).expect("JSON");
        json["timestamp"].take();
        json
    };
    let written = lines(&place, "logs/deep/server.log", 0);
    let (said, written) = (said.iter().map(plain), written.iter().map(plain));
    assert!(said.eq(written));
    assert_eq!(mode(&place, "logs/deep/server.log"), 0o640);
    assert_eq!(mode(&place, "logs/deep"), 0o750);
}

#[test]
fn a_full_file_is_set_aside_and_the_oldest_goes() {
    let place = logging("server.log")
        .with("USERS_CORE_LOG_FILE_BYTES", "1024")
        .with("USERS_CORE_LOG_KEPT_FILES", "2")
        .with("USERS_CORE_LOG_LEVEL", "users_core=debug");
    let server = place.serve();
    for _ in 0..40 {
        server.post("/token", &[("grant_type", "client_credentials")], None);
    }
    server.stop();
    for line in lines(&place, "server.log", 2) {
        let json: serde_json::Value = serde_json::from_str(&line).expect("a whole line");
        assert!(json["level"].is_string());
    }
    assert!(!place.has("server.log.3"), "two are kept");
    for name in ["server.log.1", "server.log.2"] {
        let size = fs::metadata(place.path().join(name)).expect(name).len();
        assert!((1024..4096).contains(&size), "{name} has {size} bytes");
        assert_eq!(mode(&place, name), 0o640);
    }
}

#[test]
fn a_new_day_begins_a_new_file_where_that_is_asked_for() {
    for (rotation, aside) in [("daily", true), ("size", false)] {
        let place = logging("server.log").with("USERS_CORE_LOG_ROTATION", rotation);
        place.write("server.log", "{\"of\":\"yesterday\"}\n");
        let file = fs::File::options()
            .append(true)
            .open(place.path().join("server.log"));
        let yesterday = SystemTime::now() - DAY;
        file.and_then(|file| file.set_modified(yesterday))
            .expect("its time");
        place.serve().stop();
        assert_eq!(place.has("server.log.1"), aside, "{rotation}");
        let first = lines(&place, "server.log", usize::from(aside)).remove(0);
        assert_eq!(first, "{\"of\":\"yesterday\"}", "{rotation}");
    }
}

#[test]
fn a_place_that_cannot_be_written_to_is_said_at_the_start() {
    for file in ["blocked/server.log", "."] {
        let place = logging(file);
        place.write("blocked", "no directory");
        let said = place.refused(&["serve"]);
        assert!(said.starts_with("log.file: "), "{said}");
        assert!(!place.has("data"), "nothing was made");
    }
}

#[test]
fn the_profile_user_service_logs_where_its_system_does() {
    let place = Place::new().with("USERS_CORE_COMPAT", "user-service");
    place.serve().stop();
    assert!(place.has("logs/user_service.log"));
    let place = Place::new()
        .with("USERS_CORE_COMPAT", "user-service")
        .with("USERS_CORE_LOG_FILE", "");
    place.serve().stop();
    assert!(!place.has("logs"), "an empty setting is none");
    let place = Place::new().with("USERS_CORE_COMPAT", "users-core");
    place.serve().stop();
    assert!(!place.has("logs"));
}
