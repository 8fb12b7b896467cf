//! What a new password must be.

use std::io::Write as _;

use serde_json::json;
use users_core::config::{CharacterClass, Profile, Said};

use super::{problems, settle};
use crate::support::world::everywhere_with;
use crate::support::{World, everywhere};

// A247
#[tokio::test]
async fn a_password_has_twelve_characters_and_at_most_1024_bytes() {
    everywhere(async |world| {
        let tenant = &world.tenant;
        let long = "four words of sorts ".repeat(60);
        for (password, rule) in [
            ("zq7!kP0", "password: at least 12 characters"),
            ("zq7!kP0vw3x", "password: at least 12 characters"),
            // Eleven letters of four bytes.
            (&"𝔞𝔟𝔠".repeat(4)[..44], "password: at least 12 characters"),
            (&long[..1025], "password: at most 1024 bytes"),
            (&"\u{1d15e}".repeat(200), "password: at most 1024 bytes"),
            (&"a".repeat(1 << 20), "password: at most 1024 bytes"),
        ] {
            let found = problems(&world, tenant, password).await;
            assert!(found.contains(&rule.to_owned()), "{found:?}");
        }
        for password in [&long[..64], &long[..128], &long[..129], &long[..1024]] {
            assert!(problems(&world, tenant, password).await.is_empty());
        }
    })
    .await;
}

// A249
#[tokio::test]
async fn no_password_holds_a_control_character() {
    everywhere(async |world| {
        for password in [
            "some unrelated\0words",
            "some unrelated\nwords",
            "some unrelated\u{85}words",
        ] {
            let found = problems(&world, &world.tenant, password).await;
            assert_eq!(found, ["password: no control characters"]);
        }
    })
    .await;
}

// A251
#[tokio::test]
async fn what_everybody_guesses_first_is_refused_and_said_to_be() {
    everywhere(async |world| {
        let tenant = &world.tenant;
        for common in [
            "password1234",
            "Password1234",
            "qwertyuiop12",
            "iloveyou1234",
            "123456789012",
            "aaaaaaaaaaaaaa",
            "abcdefghijkl",
            "users-core123",
            "alice.liddell",
            "alice.liddell1",
            "alice@wonderland.test",
            "ALICE@WONDERLAND.TEST",
            "wonderland2024",
        ] {
            let found = problems(&world, tenant, common).await;
            let said = |rule: &String| {
                rule.starts_with("password: too easy to guess")
                    || rule.starts_with("password: not the")
            };
            assert!(found.iter().any(said), "{common}: {found:?}");
            assert!(!found.iter().any(|rule| rule.contains(common)), "{found:?}");
        }
        for good in [
            "correct horse battery staple",
            "zq7!kP0vw3x#",
            "fünf Äpfel im Korb",
        ] {
            assert!(problems(&world, tenant, good).await.is_empty(), "{good}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_tenant_has_rules_of_its_own_and_no_other_has_them() {
    everywhere(async |mut world| {
        let other = world.new_tenant("other").await;
        let settings = json!({ "passwords": {
            "min_length": 16, "classes": ["lower", "upper", "digit", "symbol"], "min_score": 4,
            "forbid_names": true,
        } });
        settle(&mut world, settings).await;
        let of = async |password: &str| problems(&world, &world.tenant, password).await;
        assert_eq!(
            of("correct horse").await[..3],
            [
                "password: at least 16 characters",
                "password: at least one upper-case letter",
                "password: at least one digit",
            ]
        );
        assert_eq!(
            of("ÄpfelundBirnen77").await,
            ["password: at least one character that is neither a letter nor a digit"]
        );
        for named in [
            "Five of ALICE.LIDDELL's 7 cats",
            "5 Cats of alice@Wonderland.test",
        ] {
            let found = of(named).await;
            assert!(
                found[0].starts_with("password: not the username"),
                "{found:?}"
            );
        }
        assert!(of("Fünf Äpfel & 7 Birnen").await.is_empty());
        assert!(problems(&world, &other, "correct horse").await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn settings_beyond_the_bounds_are_refused_by_name() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let root = world.operator(&console, "root", &["admin"]).await;
        for (field, value) in [
            ("min_length", json!(7)),
            ("min_length", json!(1025)),
            ("min_score", json!(5)),
            ("history", json!(25)),
            ("max_age", json!(-1)),
        ] {
            let body = json!({ "settings": { "passwords": { field: value } } });
            let reply = root.patch("/tenants/default", &body).await;
            reply.assert_problem(422, "invalid-fields");
            reply.assert_names(&format!("#/settings/passwords/{field}"));
        }
        let body =
            json!({ "settings": { "passwords": { "min_length": 20, "classes": ["digit"] } } });
        let reply = root.patch("/tenants/default", &body).await;
        assert_eq!(reply.assert_ok().json()["settings"], body["settings"]);
        let account = json!({ "username": "bob", "password": "correct horse battery staple" });
        let reply = root.post("/users", &account).await;
        reply.assert_problem(422, "invalid-fields");
        reply.assert_names("#/password");
        let body = json!({ "settings": { "passwords": null } });
        let reply = root.patch("/tenants/default", &body).await;
        assert_eq!(reply.assert_ok().json()["settings"], json!({}));
        root.post("/users", &account).await.assert_status(201);
    })
    .await;
}

/// What the documents of the systems we speak for show.
const THEIRS: &[&str] = &["SecurePass123", "AdminPass123", "NewPass123", "OldPass123"];

#[tokio::test]
async fn a_profile_makes_room_for_its_passwords_in_the_default_tenant_only() {
    let on =
        |config: &mut users_core::config::Config| config.compat = vec![Profile::UserManagementApi];
    everywhere_with(on, async |world| {
        let other = world.new_tenant("other").await;
        for password in THEIRS {
            assert!(
                problems(&world, &world.tenant, password).await.is_empty(),
                "{password}"
            );
        }
        assert!(!problems(&world, &other, "NewPass123").await.is_empty());
        let found = problems(&world, &world.tenant, "Pass123").await;
        assert!(found.contains(&"password: at least 8 characters".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn what_an_operator_says_stands_whatever_profile_is_on() {
    let on = |config: &mut users_core::config::Config| {
        config.compat = vec![Profile::UserManagementApi];
        config.passwords.min_length = Said::by_operator(12);
        config.passwords.classes = vec![CharacterClass::Symbol];
    };
    everywhere_with(on, async |world| {
        let found = problems(&world, &world.tenant, "NewPass123").await;
        assert_eq!(
            found,
            [
                "password: at least 12 characters",
                "password: at least one character that is neither a letter nor a digit",
            ]
        );
    })
    .await;
}

/// The list of a few hundred passwords, as such lists are handed around.
fn list(words: &[&str]) -> (tempfile::TempDir, std::path::PathBuf) {
    let mut lines: Vec<String> = (0..300)
        .map(|number| hex(&sha1(&format!("filler {number}"))))
        .chain(words.iter().map(|word| hex(&sha1(word))))
        .map(|digest| format!("{digest}:3\r\n"))
        .collect();
    lines.sort();
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("stolen");
    let mut file = std::fs::File::create(&path).expect("a file");
    file.write_all(lines.concat().as_bytes()).expect("written");
    (directory, path)
}

fn sha1(text: &str) -> Vec<u8> {
    use sha1::Digest as _;
    sha1::Sha1::digest(text).to_vec()
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXUPPER.encode(bytes)
}

const STOLEN: &str = "a passphrase that was stolen";

// A251
#[tokio::test]
async fn a_password_on_the_operators_list_is_nobodys() {
    let (_directory, path) = list(&[STOLEN]);
    let on = |config: &mut users_core::config::Config| {
        config.passwords.breached_file = Some(path.clone());
    };
    everywhere_with(on, async |world: World| {
        let found = problems(&world, &world.tenant, STOLEN).await;
        assert_eq!(
            found,
            ["password: it is on a list of passwords that were stolen elsewhere"]
        );
        let other = "a passphrase that was not stolen";
        assert!(problems(&world, &world.tenant, other).await.is_empty());
        // Another list in its place counts at once.
        let (_other, another) = list(&[other]);
        std::fs::rename(another, &path).expect("replaced");
        assert!(problems(&world, &world.tenant, STOLEN).await.is_empty());
        assert!(!problems(&world, &world.tenant, other).await.is_empty());
        // Without it the other rules still hold, and nobody is locked out.
        std::fs::remove_file(&path).expect("removed");
        assert!(problems(&world, &world.tenant, other).await.is_empty());
        assert!(
            !problems(&world, &world.tenant, "password1234")
                .await
                .is_empty()
        );
        let (_again, again) = list(&[STOLEN]);
        std::fs::rename(again, &path).expect("put back");
    })
    .await;
}

// A256
#[tokio::test]
async fn what_is_no_text_is_no_password() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        world.person("alice").await;
        let before = world.app.passwords.computed();
        let json = "application/json";
        for body in [
            b"{\"email\":\"alice@example.test\",\"password\":\"\\ud800 and more\"}".to_vec(),
            b"{\"email\":\"alice@example.test\",\"password\":\"\xff\xfe and more\"}".to_vec(),
            b"{\"email\":\"alice@example.test\",\"password\":\"\xc0\xaf and more\"}".to_vec(),
        ] {
            let reply = world
                .anonymous()
                .post_raw("/api/v1/auth/login", json, body, &[])
                .await;
            reply.assert_problem(400, "malformed");
        }
        let form = "application/x-www-form-urlencoded";
        let body = "grant_type=password&username=alice&password=%ff%fe&scope=sip.call";
        let authorization = service.authorization();
        let headers = [("authorization", authorization.as_str())];
        let reply = world
            .anonymous()
            .post_raw("/token", form, body, &headers)
            .await;
        reply.assert_error(400, "invalid_request");
        assert_eq!(world.app.passwords.computed(), before, "nothing was hashed");
    })
    .await;
}
