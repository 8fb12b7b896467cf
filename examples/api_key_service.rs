//! API keys for programs: `cargo run --example api_key_service`.
//!
//! A PBX, a monitor and a bot get accounts of their own, keys that may do little, and tokens that live
//! for minutes.

use std::error::Error;

use users_core::{
    ApiKeySecret, AuthenticationService, Clock, CreateApiKeyRequest, Error as Refused, Secret,
    TokenValidator, TrustedIssuer, User, UsersConfig,
};

const DAY: i64 = 86_400;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let database = directory.path().join("users.db");
    let service = users_core::init(UsersConfig {
        database_url: Secret::new(format!("sqlite://{}", database.display())),
        ..UsersConfig::default()
    })
    .await?;
    let validator = TokenValidator::new()?;
    let issuer = service.jwt_issuer();
    validator.add_trusted_issuer(TrustedIssuer::with_public_key_pem(
        issuer.issuer().await?,
        issuer.public_key_pem().await?,
        ["rvoip-sip", "rvoip-api"],
    ))?;

    println!("== Accounts for programs");
    let users = service.user_store();
    let pbx = users.create_service_account("pbx", &["user"]).await?;
    let monitor = users.create_service_account("monitor", &["vendor"]).await?;
    let bot = users.create_service_account("bot", &["user"]).await?;
    for account in [&pbx, &monitor, &bot] {
        println!("{:<8} roles {:?}", account.username, account.roles);
    }

    println!("\n== Keys");
    let keys = service.api_key_store();
    let trunk = CreateApiKeyRequest {
        expires_at: Some(Clock::System.now().plus_seconds(90 * DAY)),
        ..request(&pbx, "trunk", &["sip.register", "sip.call"])
    };
    let (trunk, trunk_secret) = keys.create_api_key(trunk).await?;
    let (_, scrape_secret) = keys
        .create_api_key(request(&monitor, "scrape", &["metrics.read"]))
        .await?;
    let inside = CreateApiKeyRequest {
        allowed_networks: vec!["10.0.0.0/8".into()],
        ..request(&bot, "chat", &["sip.message"])
    };
    let (_, chat_secret) = keys.create_api_key(inside).await?;
    println!("{}: {}…", trunk.name, &trunk_secret.expose()[..14]);
    match keys
        .create_api_key(request(&bot, "wide", &["users.write"]))
        .await
    {
        Err(Refused::Validation(rules)) => println!("wide: {}", rules.join("; ")),
        Ok(_) => return Err("a key outgrew its owner".into()),
        Err(error) => return Err(error.into()),
    }

    println!("\n== Tokens");
    let inside = service.from_address("10.1.2.3".parse()?);
    exchange(&service, &validator, "trunk", &trunk_secret).await?;
    exchange(&service, &validator, "scrape", &scrape_secret).await?;
    exchange(&service, &validator, "chat, from outside", &chat_secret).await?;
    exchange(&inside, &validator, "chat, from inside", &chat_secret).await?;

    println!("\n== Rotation");
    let next = keys.rotate_api_key(&trunk.id, Some(DAY)).await?;
    exchange(&service, &validator, "the secret before", &trunk_secret).await?;
    exchange(&service, &validator, "the new one", &next).await?;
    let last = keys.rotate_api_key(&trunk.id, Some(0)).await?;
    exchange(
        &service,
        &validator,
        "the first, replaced twice",
        &trunk_secret,
    )
    .await?;
    exchange(&service, &validator, "the second, without grace", &next).await?;
    exchange(&service, &validator, "the third", &last).await?;

    println!("\n== The end");
    keys.set_api_key_active(&trunk.id, false).await?;
    exchange(&service, &validator, "switched off", &last).await?;
    keys.set_api_key_active(&trunk.id, true).await?;
    exchange(&service, &validator, "switched on", &last).await?;
    keys.revoke_api_key(&trunk.id).await?;
    exchange(&service, &validator, "revoked", &last).await?;
    println!(
        "keys of the pbx: {}",
        keys.list_api_keys(&pbx.id).await?.len()
    );
    service.shutdown().await;
    Ok(())
}

fn request(owner: &User, name: &str, permissions: &[&str]) -> CreateApiKeyRequest {
    CreateApiKeyRequest {
        user_id: owner.id.clone(),
        name: name.into(),
        permissions: permissions.iter().map(|word| (*word).to_owned()).collect(),
        ..CreateApiKeyRequest::default()
    }
}

/// Exchanges a key for a token and shows what a resource server makes of it.
async fn exchange(
    service: &AuthenticationService,
    validator: &TokenValidator,
    what: &str,
    secret: &ApiKeySecret,
) -> Result<(), Box<dyn Error>> {
    match service.authenticate_api_key(secret.expose()).await {
        Ok(login) => {
            let caller = validator.validate_token(&login.tokens.access_token).await?;
            println!(
                "{what}: acts for {}, for {} s, may {}",
                login.user.username,
                login.tokens.expires_in,
                caller.scopes.join(" and "),
            );
        }
        Err(Refused::InvalidCredentials) => println!("{what}: refused"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
