//! The database, made by the published crate through its own interface.

use std::path::Path;

use users_core::api_keys::CreateApiKeyRequest;
use users_core::{
    CreateSipDigestCredentialRequest, CreateUserRequest, SipDigestAlgorithmFamily,
    UpdateUserRequest, UsersConfig,
};

pub struct Person {
    pub id: String,
    pub username: String,
    pub password: String,
    pub active: bool,
}

pub struct Key {
    pub name: String,
    /// A username.
    pub owner: String,
    pub secret: String,
    pub permission: String,
    pub active: bool,
}

pub struct Theirs {
    pub people: Vec<Person>,
    pub keys: Vec<Key>,
}

const ROLES: [&str; 4] = ["user", "admin", "moderator", "guest"];
const PEOPLE: usize = 24;

/// # Errors
/// The crate's.
pub async fn make(file: &Path) -> Result<Theirs, users_core::Error> {
    let config = UsersConfig {
        database_url: format!("sqlite://{}?mode=rwc", file.display()),
        ..UsersConfig::default()
    };
    let service = users_core::init(config).await?;
    let (mut people, mut keys) = (Vec::new(), Vec::new());
    for number in 0..PEOPLE {
        let username = format!("moved.{number}");
        let password = format!("Wandering-{number}-Teapots7");
        let role = ROLES[number % ROLES.len()];
        let user = service
            .create_user(CreateUserRequest {
                username: username.clone(),
                password: password.clone(),
                email: (number % 3 != 0).then(|| format!("moved.{number}@example.test")),
                display_name: Some(format!("Somebody {number}")),
                roles: vec![role.to_owned()],
            })
            .await?;
        let active = number % 8 != 7;
        let permission = if role == "user" { "sip.register" } else { "read" };
        let name = format!("key of {number}");
        let (key, secret) = service
            .api_key_store()
            .create_api_key(CreateApiKeyRequest {
                user_id: user.id.clone(),
                name: name.clone(),
                permissions: vec![permission.to_owned()],
                expires_at: None,
            })
            .await?;
        let key_active = number % 5 != 4;
        if !key_active {
            service.api_key_store().set_api_key_active(&key.id, false).await?;
        }
        keys.push(Key {
            name,
            owner: username.clone(),
            secret,
            permission: permission.to_owned(),
            active: active && key_active,
        });
        service
            .create_sip_digest_credential(CreateSipDigestCredentialRequest {
                user_id: user.id.clone(),
                sip_username: username.clone(),
                realm: "sip.example.test".to_owned(),
                algorithm: SipDigestAlgorithmFamily::Sha256,
                password: password.clone(),
            })
            .await?;
        // Last: whoever is switched off gets nothing over there.
        if !active {
            let change = UpdateUserRequest {
                email: None,
                display_name: None,
                roles: None,
                active: Some(false),
            };
            service.user_store().update_user(&user.id, change).await?;
        }
        people.push(Person {
            id: user.id,
            username,
            password,
            active,
        });
    }
    Ok(Theirs { people, keys })
}
