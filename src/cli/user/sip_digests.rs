//! What phones prove themselves with.

use std::str::FromStr as _;

use clap::Args;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;
use serde_json::{Value, json};

use super::super::error::CliError;
use super::super::session::Session;
use crate::admin::sip_digests::{self, Wanted};
use crate::admin::users;
use crate::model::sip_digest::{DigestAlgorithm, SipDigest};
use crate::model::tenant::Tenant;

/// The name a phone is to have.
#[derive(Args)]
pub(super) struct Name {
    /// The realm of the registrar's challenge
    #[arg(long)]
    realm: String,
    /// Without it, the account's username
    #[arg(long, value_name = "NAME")]
    sip_username: Option<String>,
    /// Those the phone or its registrar may choose; without any named, MD5 and SHA-256
    #[arg(long = "algorithm", num_args = 1.., value_parser = algorithm())]
    algorithms: Vec<DigestAlgorithm>,
}

fn algorithm() -> impl clap::builder::TypedValueParser<Value = DigestAlgorithm> {
    let names = DigestAlgorithm::ALL.iter().map(|known| known.name());
    PossibleValuesParser::new(names).try_map(|name| DigestAlgorithm::from_str(&name))
}

const COLUMNS: &[&str] = &["sip_username", "realm", "algorithm", "updated_at", "id"];

/// The only time a phone's password is shown.
pub(super) async fn add(
    session: &Session,
    tenant: &Tenant,
    user: &str,
    name: Name,
) -> Result<(), CliError> {
    let (app, actor) = (&session.app, &session.actor);
    let user = users::get(app, tenant, user).await?;
    let mut algorithms = name.algorithms;
    if algorithms.is_empty() {
        algorithms = DigestAlgorithm::USUAL.to_vec();
    }
    let wanted = Wanted {
        sip_username: name.sip_username.unwrap_or_else(|| user.username.clone()),
        realm: name.realm,
        algorithms,
    };
    let (sip_username, realm) = (wanted.sip_username.clone(), wanted.realm.clone());
    let made = sip_digests::add(app, actor, tenant, &user, wanted).await?;
    let password = made.password.expose();
    let text = format!(
        "a phone of user {} answers to {sip_username} at {realm}\n\
         its password (shown this once): {password}",
        user.username
    );
    let json = json!({
        "id": user.id,
        "username": user.username,
        "sip_username": sip_username,
        "realm": realm,
        "password": password,
        "sip_digests": made.digests.iter().map(view).collect::<Vec<_>>(),
    });
    Ok(session.output.say(&text, &json)?)
}

pub(super) async fn list(session: &Session, tenant: &Tenant, user: &str) -> Result<(), CliError> {
    let app = &session.app;
    let user = users::get(app, tenant, user).await?;
    let mut printed = session.output.list(COLUMNS)?;
    for digest in sip_digests::of(app, tenant, &user).await? {
        printed.row(&view(&digest))?;
    }
    Ok(printed.end()?)
}

pub(super) async fn remove(
    session: &Session,
    tenant: &Tenant,
    user: &str,
    id: &str,
) -> Result<(), CliError> {
    let (app, actor) = (&session.app, &session.actor);
    let user = users::get(app, tenant, user).await?;
    sip_digests::remove(app, actor, tenant, &user, id).await?;
    let json = json!({ "id": id, "username": user.username, "removed": true });
    let text = format!("user {} has no SIP digest {id} any more", user.username);
    Ok(session.output.say(&text, &json)?)
}

fn view(digest: &SipDigest) -> Value {
    json!({
        "id": digest.id,
        "sip_username": digest.name.sip_username,
        "realm": digest.name.realm,
        "algorithm": digest.name.algorithm.name(),
        "created_at": digest.created_at.to_string(),
        "updated_at": digest.updated_at.to_string(),
    })
}
