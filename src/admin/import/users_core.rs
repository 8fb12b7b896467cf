//! The accounts of users-core's own SQLite file, with their API keys and SIP digests.

use tokio::sync::mpsc::Sender;

use super::{DigestRecord, Item, KeyRecord, Record, when};
use crate::model::user::{StandardClaims, UserInput};
use crate::storage::DbError;
use crate::storage::users_core_file::{TheirUser, UsersCoreFile};

const PAGE: i64 = 200;

/// Sends every account, until nobody listens any more.
pub(super) async fn send(mut file: UsersCoreFile, items: Sender<Item>) {
    if let Err(error) = send_all(&mut file, &items).await {
        // Nobody listens, or the file is broken; the first needs no words.
        let _ = items.send(Item::Broken(error.to_string())).await;
    }
    drop(file.close().await);
}

async fn send_all(file: &mut UsersCoreFile, items: &Sender<Item>) -> Result<(), DbError> {
    let (mut after, mut place) = (String::new(), 0);
    loop {
        let page = file.users(&after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after.clone_from(&last.id);
        for user in page {
            place += 1;
            let record = record(place, user);
            if items.send(Item::Record(Box::new(record))).await.is_err() {
                return Ok(());
            }
        }
    }
}

fn record(place: u64, user: TheirUser) -> Record {
    let mut record = Record::at(place);
    let roles = words("roles", &user.roles, &mut record.problems);
    for key in user.keys {
        let permissions = words("api_keys", &key.permissions, &mut record.problems);
        record.keys.push(KeyRecord {
            name: key.name,
            sha256: key.key_hash,
            permissions,
            enabled: key.active,
            expires_at: key.expires_at.as_deref().and_then(when),
            last_used_at: key.last_used.as_deref().and_then(when),
            created_at: key.created_at.as_deref().and_then(when),
        });
    }
    for digest in user.digests {
        record.digests.push(DigestRecord {
            sip_username: digest.sip_username,
            realm: digest.realm,
            algorithm: digest.algorithm,
            ha1: digest.ha1.into(),
            created_at: digest.created_at.as_deref().and_then(when),
        });
    }
    record.input = UserInput {
        username: user.username,
        email: user.email.filter(|email| !email.is_empty()),
        claims: StandardClaims {
            name: user.display_name.filter(|name| !name.is_empty()),
            ..StandardClaims::default()
        },
        roles,
        enabled: user.active,
        ..UserInput::default()
    };
    record.created_at = user.created_at.as_deref().and_then(when);
    record.last_login_at = user.last_login.as_deref().and_then(when);
    record.set_hash(&user.password_hash);
    record.id = Some(user.id);
    record
}

fn words(field: &str, json: &str, problems: &mut Vec<String>) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_else(|_| {
        problems.push(format!("{field}: a JSON array of texts"));
        Vec::new()
    })
}
