//! The forms of files.

use serde_json::json;
use users_core::admin::import::source::{Format, format_of};
use users_core::model::required_action::RequiredAction;

use users_core::admin::import::Plan;
use users_core::model::totp::TotpSecret;
use users_core::storage::import::OnConflict;

use super::{BCRYPT, PLAN, WORDS, counts, everybody, file, import_text, named};
use crate::support::everywhere;

const ID: &str = "6a1f3f0e-7ab2-4d66-a89d-4c1b05e73a2f";

#[tokio::test]
async fn an_account_comes_with_all_our_own_form_says_of_it() {
    everywhere(async |world| {
        let service = world.client("web", "sip.register").await;
        let account = json!({
            "id": ID, "username": "ada", "email": "ada@example.test", "email_verified": true,
            "first_name": "Ada", "family_name": "Lovelace", "roles": ["user", "moderator"],
            "groups": ["staff"], "attributes": { "badge": 7 }, "preferences": { "theme": "dark" },
            "password_hash": BCRYPT, "created_at": "2025-03-01T10:00:00Z",
            "last_login_at": "2025-04-01", "required_actions": [],
        });
        for text in [format!("[{account}]"), account.to_string()] {
            let (summary, refused) = import_text(&world, Format::Json, &text, PLAN).await;
            assert_eq!((summary, refused), (counts(1, 0, 0, 0), Vec::new()));
            let ada = named(&world, "ada").await;
            assert_eq!(ada.id, ID);
            assert_eq!(ada.claims.given_name.as_deref(), Some("Ada"));
            assert_eq!(ada.roles, ["user", "moderator"]);
            assert_eq!(ada.attributes["badge"], 7);
            assert_eq!(ada.created_at.to_string(), "2025-03-01T10:00:00.000Z");
            assert!(ada.last_login_at.is_some() && ada.email_verified);
            service
                .password("ada", WORDS, "sip.register")
                .await
                .assert_ok();
            let user = users_core::admin::users::get(&world.app, &world.tenant, ID).await;
            let user = user.expect("ada");
            let (app, tenant) = (&world.app, &world.tenant);
            let actor = users_core::model::audit_event::Actor::command_line();
            let gone = users_core::admin::users::delete(app, &actor, tenant, &user);
            gone.await.expect("deleted");
        }
    })
    .await;
}

#[tokio::test]
async fn a_password_in_the_clear_is_hashed_and_a_bad_one_replaced_by_its_owner() {
    everywhere(async |world| {
        let service = world.client("web", "sip.register").await;
        let text = json!([
            { "username": "good", "password": WORDS },
            { "username": "weak", "password": "password1234" },
        ]);
        let (summary, _) = import_text(&world, Format::Json, &text.to_string(), PLAN).await;
        assert_eq!(summary, counts(2, 0, 0, 0));
        service
            .password("good", WORDS, "sip.register")
            .await
            .assert_ok();
        let weak = named(&world, "weak").await;
        assert_eq!(weak.required_actions, [RequiredAction::UpdatePassword]);
    })
    .await;
}

#[tokio::test]
async fn a_table_has_a_line_of_names_and_a_line_for_each_account() {
    everywhere(async |world| {
        let service = world.client("web", "sip.register").await;
        let text = format!(
            "username,email,email_verified,name,roles,password_hash,enabled\r\n\
             ada,ada@example.test,true,\"Lovelace, Ada\",user;moderator,{BCRYPT},\r\n\
             bob,,,,,,false\r\n\
             cyd,cyd@example.test,perhaps,,,,\r\n\
             dan,dan@example.test\r\n\
             \"two\nlines\",,,,,,\r\n\
             eve,eve@example.test,,,no-such-role,,\r\n"
        );
        let (summary, refused) = import_text(&world, Format::Csv, &text, PLAN).await;
        assert_eq!(summary, counts(2, 0, 0, 4));
        let said: Vec<(u64, &str)> = refused
            .iter()
            .map(|refusal| (refusal.place, refusal.reasons[0].as_str()))
            .collect();
        assert_eq!(said[0], (4, "email_verified: true or false"));
        assert_eq!(said[1], (5, "it has not as many cells as names"));
        assert_eq!(said[2].0, 6);
        assert!(said[2].1.starts_with("username: "), "{said:?}");
        assert_eq!(said[3].0, 8);
        assert!(said[3].1.starts_with("roles: "), "{said:?}");
        let ada = named(&world, "ada").await;
        assert_eq!(ada.claims.name.as_deref(), Some("Lovelace, Ada"));
        assert_eq!(ada.roles, ["user", "moderator"]);
        service
            .password("ada", WORDS, "sip.register")
            .await
            .assert_ok();
        assert!(!named(&world, "bob").await.enabled);
        let (summary, refused) =
            import_text(&world, Format::Csv, "username,pasword\nada,x\n", PLAN).await;
        assert_eq!(summary, counts(0, 0, 0, 1));
        assert!(refused[0].reasons[0].contains("there is no column \"pasword\""));
    })
    .await;
}

/// Its bytes are the secret.
const KEYCLOAKS_SECRET: &str = "pV0kC5vDxS2mWq8TzYb1";

/// As Keycloak's own export writes them, but for the fields nobody reads.
fn realm() -> String {
    let pbkdf2 = json!({ "value": "Q1pqTCnXPZeXfWgw/tRQSQStnSPe/BwYwja2yipqc03brRTp3kLA3EAXgAkszttTX6Dt5FYKhMkd8//Dxe9jEA==", "salt": "AQIDBAUGBwgJCgsMDQ4PEA==", "additionalParameters": {} });
    let data = json!({ "hashIterations": 27500, "algorithm": "pbkdf2-sha256", "additionalParameters": {} });
    let sha512 = json!({ "value": "FBByoR9tY7d9iVtaapaulYCR6I5clMB50uBrz5B+nADDJ9NvmRRHhprJv4oO74n7DqlmuxxtyTniLN8FkMqqhg==", "salt": "AQIDBAUGBwgJCgsMDQ4PEA==" });
    let data512 = json!({ "hashIterations": 210_000, "algorithm": "pbkdf2-sha512" });
    let unknown = json!({ "hashIterations": 1, "algorithm": "md5" });
    json!({
        "id": "rvoip", "realm": "rvoip", "clients": [{ "clientId": "x", "users": [{ "username": "no" }] }],
        "users": [
            {
                "id": ID, "createdTimestamp": 1_700_000_000_000_i64, "username": "ada", "enabled": true,
                "totp": false, "emailVerified": true, "firstName": "Ada", "lastName": "Lovelace",
                "email": "ada@example.test", "attributes": { "phoneNumber": ["+441632960001"], "unit": ["7"] },
                "credentials": [
                    { "id": "1", "type": "otp", "secretData": json!({ "value": KEYCLOAKS_SECRET }).to_string(),
                      "credentialData": json!({ "subType": "totp", "digits": 6, "counter": 0, "period": 30,
                      "algorithm": "HmacSHA1" }).to_string() },
                    { "id": "2", "type": "password", "createdDate": 1_710_000_000_000_i64,
                      "secretData": pbkdf2.to_string(), "credentialData": data.to_string() },
                ],
                "requiredActions": ["VERIFY_EMAIL", "CONFIGURE_TOTP"],
                "realmRoles": ["default-roles-rvoip", "offline_access", "user"], "groups": ["/staff"],
            },
            { "username": "bob", "enabled": false, "credentials": [
                { "type": "otp", "secretData": json!({ "value": KEYCLOAKS_SECRET }).to_string(),
                  "credentialData": json!({ "subType": "hotp", "digits": 8, "counter": 7,
                  "algorithm": "HmacSHA256" }).to_string() },
                { "type": "password", "secretData": sha512.to_string(), "credentialData": data512.to_string() },
            ] },
            { "username": "service-account-x", "serviceAccountClientId": "x" },
            { "username": "cyd", "credentials": [
                { "type": "password", "secretData": sha512.to_string(), "credentialData": unknown.to_string() },
            ] },
        ],
    })
    .to_string()
}

#[tokio::test]
async fn the_users_of_a_realm_export_keep_their_passwords() {
    everywhere(async |world| {
        let service = world.client("web", "sip.register").await;
        let (summary, refused) = import_text(&world, Format::Keycloak, &realm(), PLAN).await;
        assert_eq!(summary, counts(2, 0, 0, 2));
        assert!(
            refused[0].reasons[0].contains("service account"),
            "{refused:?}"
        );
        assert_eq!(refused[1].username.as_deref(), Some("cyd"));
        assert!(
            refused[1].reasons[0].starts_with("password_hash: "),
            "{refused:?}"
        );
        let ada = named(&world, "ada").await;
        assert_eq!(ada.id, ID);
        assert_eq!(ada.roles, ["user"]);
        assert_eq!(ada.groups, ["staff"]);
        assert_eq!(ada.attributes["unit"], "7");
        assert_eq!(ada.claims.phone_number.as_deref(), Some("+441632960001"));
        assert_eq!(ada.required_actions, [RequiredAction::VerifyEmail]);
        // The authenticator comes along, or else its owner sets one up: nobody is left with less.
        let refused = service.password("ada", WORDS, "sip.register").await;
        refused.assert_error(400, "invalid_grant");
        let secret = TotpSecret::of(KEYCLOAKS_SECRET.as_bytes()).expect("a secret");
        let code = secret.code_at(world.app.clock.now());
        let form = [
            ("grant_type", "password"),
            ("username", "ada"),
            ("password", WORDS),
            ("otp", code.as_str()),
        ];
        service.post("/token", &form).await.assert_ok();
        let bob = named(&world, "bob").await;
        assert!(!bob.enabled);
        assert_eq!(bob.required_actions, [RequiredAction::ConfigureTotp]);
    })
    .await;
}

#[tokio::test]
async fn an_authenticator_comes_along_and_takes_no_others_place() {
    everywhere(async |world| {
        let service = world.client("web", "sip.register").await;
        let secrets = [TotpSecret::new([1; 20]), TotpSecret::new([2; 20])];
        let code = |secret: &TotpSecret| secret.code_at(world.app.clock.now());
        let login = async |otp: String| {
            let form = [
                ("grant_type", "password"),
                ("username", "ada"),
                ("password", WORDS),
                ("otp", otp.as_str()),
            ];
            service.post("/token", &form).await
        };
        // Under another id and in place of nothing; then beside what is there.
        let update = Plan {
            on_conflict: OnConflict::Update,
            ..PLAN
        };
        let ada = json!({ "username": "ada", "password_hash": BCRYPT });
        import_text(&world, Format::Json, &ada.to_string(), PLAN).await;
        for secret in &secrets {
            let ada = json!({ "username": "ADA", "totp_secret": secret.base32().to_lowercase() });
            let (summary, _) = import_text(&world, Format::Json, &ada.to_string(), update).await;
            assert_eq!(summary, counts(0, 1, 0, 0));
        }
        login(code(&secrets[0])).await.assert_ok();
        login(code(&secrets[1]))
            .await
            .assert_error(400, "invalid_grant");
        let weak = json!({ "username": "bob", "totp_secret": "GEZDGNBVGY3TQOJQ" });
        let (_, refused) = import_text(&world, Format::Json, &weak.to_string(), PLAN).await;
        assert_eq!(
            refused[0].reasons,
            ["totp_secret: 16 to 64 bytes in Base32"]
        );
        assert!(!format!("{:?}", world.audit().await).contains(&*secrets[0].base32()));
    })
    .await;
}

#[tokio::test]
async fn auth0s_users_keep_their_passwords() {
    everywhere(async |world| {
        let service = world.client("web", "sip.register").await;
        let lines = [
            json!({ "_id": { "$oid": "1" }, "email_verified": true, "email": "ada@example.test",
                "passwordHash": BCRYPT, "password_set_date": { "$date": "2025-03-01T10:00:00.000Z" },
                "tenant": "acme", "connection": "db", "_tmp_is_unique": true }),
            json!({ "user_id": "auth0|2", "email": "bob@example.test", "nickname": "bob",
                "created_at": "2025-03-01T10:00:00.000Z", "blocked": true,
                "app_metadata": { "plan": "gold" }, "user_metadata": { "theme": "dark" },
                "custom_password_hash": { "algorithm": "bcrypt", "hash": { "value": BCRYPT } } }),
        ];
        let text = format!("{}\n{}\n", lines[0], lines[1]);
        let (summary, refused) = import_text(&world, Format::Auth0, &text, PLAN).await;
        assert_eq!((summary, refused), (counts(2, 0, 0, 0), Vec::new()));
        service.password("ada@example.test", WORDS, "sip.register").await.assert_ok();
        let bob = named(&world, "bob@example.test").await;
        assert!(!bob.enabled && bob.attributes["plan"] == "gold");
        assert_eq!(bob.preferences["theme"], "dark");
    })
    .await;
}

#[tokio::test]
async fn a_file_that_breaks_off_leaves_what_stood_before_and_says_so() {
    everywhere(async |world| {
        let text = "[{\"username\":\"ada\"},{\"username\":\"bob\"},{\"user";
        let (summary, refused) = import_text(&world, Format::Json, text, PLAN).await;
        assert_eq!(summary, counts(2, 0, 0, 1));
        assert!(refused[0].reasons[0].starts_with("the file cannot be read any further"));
        assert_eq!(everybody(&world).await.len(), 2);
    })
    .await;
}

#[test]
fn a_form_is_known_by_the_first_bytes_and_the_name() {
    for (name, text, format) in [
        ("a.csv", "username\nada\n", Format::Csv),
        ("a.json", "[{\"username\":\"ada\"}]", Format::Json),
        ("a", "  {\"username\":\"ada\"}\n", Format::Json),
        (
            "realm.json",
            "{\n \"id\":\"x\",\"realm\" : \"x\"",
            Format::Keycloak,
        ),
        (
            "a.json",
            "{\"email\":\"a\",\"passwordHash\":\"x\"}",
            Format::Auth0,
        ),
        ("users.db", "SQLite format 3\0...", Format::UsersCore),
    ] {
        let (_directory, path) = file(name, text);
        assert_eq!(format_of(&path).expect("known"), format, "{text}");
    }
    let (_directory, path) = file("a", "username,email\n");
    assert!(format_of(&path).is_err());
}
