//! One person with several devices: `cargo run --example multi_device_presence`.
//!
//! Each device signs in by itself and has a token of its own, with the same subject. A presence server
//! takes states from whoever holds a token, puts them together, and tells those who watch, in PIDF
//! (RFC 3863).

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;

use tokio::sync::watch;
use users_core::{
    AuthenticationService, Clock, CreateUserRequest, Secret, TokenPair, TokenValidator,
    TrustedIssuer, UsersConfig, ValidatorSettings,
};

const DEVICES: [&str; 3] = ["desk phone", "softphone", "mobile"];

/// What a device says of its user. The later in this list, the more it counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum State {
    Offline,
    DoNotDisturb,
    Away,
    Available,
    Busy,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let database = directory.path().join("users.db");
    let service = users_core::init(UsersConfig {
        database_url: Secret::new(format!("sqlite://{}", database.display())),
        ..UsersConfig::default()
    })
    .await?;
    for (name, role) in [("alice", "user"), ("bob", "user"), ("gast", "guest")] {
        let request = CreateUserRequest {
            username: name.into(),
            password: Some(format!("a passphrase of {name}")),
            roles: vec![role.into()],
            ..CreateUserRequest::default()
        };
        service.create_user(request).await?;
    }

    println!("== A token for each device");
    let mut tokens = Vec::new();
    for device in DEVICES {
        tokens.push(sign_in(&service, "alice", device).await?);
    }
    let presence = Presence::trusting(&service).await?;
    let (mut subjects, mut ids, mut sessions) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for token in &tokens {
        let context = presence
            .validator
            .validate_token(&token.access_token)
            .await?;
        subjects.insert(context.user_id.clone());
        ids.insert(context.token_id.clone());
        sessions.insert(context.claims["sid"].to_string());
    }
    println!("devices:  {}", DEVICES.join(", "));
    println!("subjects: {}", subjects.len());
    println!("tokens:   {}, each with an id of its own (jti)", ids.len());
    println!("sessions: {}, each ended by itself (sid)", sessions.len());

    println!("\n== What a watcher hears");
    let bob = sign_in(&service, "bob", "browser").await?;
    let mut watching = presence.subscribe(&bob.access_token).await?;
    let steps = [
        (0, State::Available),
        (1, State::Away),
        (2, State::Busy),
        (2, State::DoNotDisturb),
        (0, State::Offline),
    ];
    for (device, state) in steps {
        presence
            .publish(&tokens[device].access_token, DEVICES[device], state)
            .await?;
        watching.changed().await?;
        let heard = watching.borrow_and_update().clone();
        println!(
            "{} is {state:?}: alice is {:?}",
            DEVICES[device],
            heard.together()
        );
    }
    println!("\n{}", watching.borrow().pidf("alice@sip.example.org"));

    println!("\n== A lost device");
    service.sign_out(&tokens[1].access_token).await?;
    let lost = service.refresh_token(tokens[1].refresh_token.as_deref().unwrap_or_default());
    println!("it stays in: {}", lost.await.is_ok());
    let kept = service.refresh_token(tokens[2].refresh_token.as_deref().unwrap_or_default());
    println!("the others stay in: {}", kept.await.is_ok());

    println!("\n== Who may not");
    let guest = sign_in(&service, "gast", "browser").await?;
    match presence.subscribe(&guest.access_token).await {
        Err(error) => println!("a guest watches: {error}"),
        Ok(_) => return Err("a guest watches".into()),
    }
    service.shutdown().await;
    Ok(())
}

async fn sign_in(
    service: &AuthenticationService,
    name: &str,
    device: &str,
) -> Result<TokenPair, users_core::Error> {
    let password = format!("a passphrase of {name}");
    let service = service.from_device(device);
    Ok(service.authenticate_password(name, &password).await?.tokens)
}

/// The states of one person's devices.
#[derive(Clone, Debug, Default)]
struct Devices(BTreeMap<String, State>);

impl Devices {
    fn together(&self) -> State {
        self.0.values().copied().max().unwrap_or(State::Offline)
    }

    /// A document with a tuple for each device (RFC 3863 section 4).
    fn pidf(&self, entity: &str) -> String {
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"pres:{}\">\n",
            escaped(entity)
        );
        for (number, (device, state)) in self.0.iter().enumerate() {
            let basic = if *state == State::Offline {
                "closed"
            } else {
                "open"
            };
            // Writing into a String cannot fail.
            let _ = writeln!(
                text,
                "  <tuple id=\"d{number}\"><status><basic>{basic}</basic></status>\
                 <note>{}: {state:?}</note></tuple>",
                escaped(device)
            );
        }
        text + "</presence>"
    }
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('"', "&quot;")
}

/// The presence server of alice's domain; here she is all it knows.
struct Presence {
    validator: TokenValidator,
    states: watch::Sender<Devices>,
}

impl Presence {
    async fn trusting(service: &AuthenticationService) -> Result<Self, Box<dyn Error>> {
        let validator = TokenValidator::with(ValidatorSettings::default(), Clock::System)?;
        let issuer = service.jwt_issuer();
        validator.add_trusted_issuer(TrustedIssuer::with_public_key_pem(
            issuer.issuer().await?,
            issuer.public_key_pem().await?,
            ["rvoip-sip"],
        ))?;
        Ok(Self {
            validator,
            states: watch::Sender::default(),
        })
    }

    /// Takes a device's state from its user.
    async fn publish(&self, token: &str, device: &str, state: State) -> Result<(), Box<dyn Error>> {
        let caller = self.validator.validate_token(token).await?;
        if caller.username.as_deref() != Some("alice") || !caller.has_scope("sip.presence") {
            return Err("403 Forbidden".into());
        }
        self.states.send_modify(|devices| {
            devices.0.insert(device.to_owned(), state);
        });
        Ok(())
    }

    /// Lets somebody watch.
    async fn subscribe(&self, token: &str) -> Result<watch::Receiver<Devices>, Box<dyn Error>> {
        let caller = self.validator.validate_token(token).await?;
        if !caller.has_scope("sip.presence") {
            return Err("403 Forbidden".into());
        }
        Ok(self.states.subscribe())
    }
}
