//! Secrets and ids of declared entries.

use std::fs;

use users_core::config::SecretOrigin;

use super::{declared, file_error, file_errors, lines, load_both};

const SECRET: &str = "Zk3-vT9.qLw0_sYb7~mXe2RhUc5JgDa8";

#[test]
fn a_secret_may_come_from_a_variable_or_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    fs::write(&path, format!("{SECRET}\n")).unwrap();
    let file = format!(
        "[[client]]\nclient_id = 'a'\nclient_secret = {{ env = 'APP_SECRET' }}\n\
         [[user]]\nusername = 'b'\n[user.password]\nfile = '{}'\n",
        path.display()
    );
    let mut declared = load_both(&file, &[("APP_SECRET", SECRET)])
        .unwrap()
        .declared;
    let client = declared.clients.remove(0).client_secret.unwrap();
    assert_eq!(client.secret.expose(), SECRET);
    assert_eq!(client.origin, SecretOrigin::Variable("APP_SECRET".into()));
    let user = declared.users.remove(0).password.unwrap();
    assert_eq!(
        (user.secret.expose(), user.origin),
        (SECRET, SecretOrigin::File(path))
    );
    assert!(!format!("{client:?}").contains(SECRET));
}

#[test]
fn a_secret_that_cannot_be_had_is_an_error() {
    let file = "[[user]]\nusername = 'a'\npassword = { env = 'GONE' }\n\
                [[user]]\nusername = 'b'\npassword = { env = 'EMPTY' }\n\
                [[user]]\nusername = 'c'\npassword = { file = '/nowhere/at/all' }\n\
                [[user]]\nusername = 'd'\npassword = { file = 'x', env = 'EMPTY' }\n\
                [[user]]\nusername = 'e'\npassword = {}\n\
                [[user]]\nusername = 'f'\npassword = ''\n\
                [[user]]\nusername = 'g'\npassword = 7\n\
                [[user]]\nusername = 'h'\npassword = { evn = 'EMPTY' }\n";
    assert_eq!(
        lines(load_both(file, &[("EMPTY", "")])),
        [
            "app.toml:3 user.password.env: the variable it names is not set",
            "app.toml:6 user.password.env: the variable it names is empty",
            "app.toml:9 user.password.file: the file it names cannot be read: entity not found",
            "app.toml:12 user.password.file: two spellings of one field: keep `env` or `file`",
            "app.toml:15 user.password.env: is missing, and so is `file`: one of them says where \
             the secret is",
            "app.toml:18 user.password: must not be empty",
            "app.toml:21 user.password: must be text, { env = .. } or { file = .. }, not a whole \
             number",
            "app.toml:24 user.password.env: is missing, and so is `file`: one of them says where \
             the secret is",
            "app.toml:24 user.password.evn: unknown key",
        ]
    );
}

#[test]
fn a_client_secret_has_32_characters_that_need_no_escape() {
    let client =
        |secret: &str| format!("[[client]]\nclient_id = 'a'\nclient_secret = '{secret}'\n");
    declared(&client(SECRET));
    let place = "app.toml:3 client.client_secret";
    let short = format!("{place}: must have 32 characters or more");
    let letters = format!("{place}: may hold only letters, digits and . _ ~ -");
    assert_eq!(file_error(&client(&SECRET[..31])), short);
    assert_eq!(file_error(&client(&format!("{SECRET}+"))), letters);
    assert_eq!(file_error(&client(&format!("{SECRET}é"))), letters);
    assert_eq!(file_errors(&client("a b")), [letters, short]);
}

#[test]
fn a_client_id_needs_no_escape_and_is_never_a_uuid() {
    let client = |id: &str| format!("[[client]]\nclient_id = \"{id}\"\n");
    for id in [
        "a",
        "A-Z.0_9~",
        "8-4-4-4-12",
        "0123456789abcdef",
        &"g".repeat(32),
    ] {
        assert_eq!(declared(&client(id)).clients[0].client_id, id);
    }
    for id in ["a b", "a/b", "a:b", "é", "a%20"] {
        let error = file_error(&client(id));
        assert!(
            error.contains("may hold only letters, digits"),
            "{id}: {error}"
        );
    }
    for id in [
        "6fa459ea-ee8a-3ca4-894e-db77e160355e",
        "6FA459EA-EE8A-3CA4-894E-DB77E160355E",
        "00000000-0000-0000-0000-000000000000",
        "6fa459eaee8a3ca4894edb77e160355e",
    ] {
        let error = file_error(&client(id));
        assert!(
            error.contains("must not have the form of a UUID"),
            "{id}: {error}"
        );
    }
}
