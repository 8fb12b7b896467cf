//! All parts of a SIP service together: `cargo run --example session_core_v2_integration`.
//!
//! Two users-core installations issue tokens: the head office's, trusted by its public key, and the
//! branch's, trusted by the keys it publishes. The part that auth-core has is a `TokenValidator`; the
//! session core takes requests, the registrar core keeps contacts and presence. How the same looks on
//! the wire is in `sip_register_flow`.

use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use users_core::{
    AuthenticationService, BearerChallenge, CreateUserRequest, Secret, TokenValidator,
    TrustedIssuer, UserContext, UsersConfig, ValidationError, bearer_token,
};

const REALM: &str = "sip.example.org";
const AUDIENCE: &str = "rvoip-sip";

#[tokio::main]
#[expect(clippy::too_many_lines, reason = "one story from its begin to its end")]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;

    println!("== users-core");
    let head = open(directory.path(), "head", "http://localhost:8081", "alice").await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let place = format!("http://localhost:{}", listener.local_addr()?.port());
    let branch = open(directory.path(), "branch", &place, "bob").await?;
    let publishing = publish(listener, &branch);
    let stranger = open(
        directory.path(),
        "stranger",
        "http://localhost:8082",
        "mallory",
    )
    .await?;
    println!("three installations, two of them trusted");

    println!("\n== auth-core");
    let validator = TokenValidator::new()?;
    validator.add_trusted_issuer(TrustedIssuer::with_public_key_pem(
        head.jwt_issuer().issuer().await?,
        head.jwt_issuer().public_key_pem().await?,
        [AUDIENCE],
    ))?;
    let jwks_uri = format!("{place}/jwks.json");
    let published = || TrustedIssuer::with_jwks_uri(&place, &jwks_uri, [AUDIENCE]);
    validator.add_trusted_issuer(published())?;
    println!("trusts the head office by public_key_pem, the branch by jwks_uri");

    println!("\n== session-core-v2 and registrar-core");
    let session = SessionCore::start(validator);
    let alice = header(&head, "alice").await?;
    let bob = header(&branch, "bob").await?;
    let mallory = header(&stranger, "mallory").await?;
    let register = |name: &str, authorization: Option<&String>| Request {
        authorization: authorization.cloned(),
        kind: Kind::Register {
            contact: format!("sip:{name}@192.0.2.1"),
        },
    };
    session
        .show("alice without a token", register("alice", None))
        .await?;
    session
        .show("alice", register("alice", Some(&alice)))
        .await?;
    session
        .show("bob of the branch", register("bob", Some(&bob)))
        .await?;
    session
        .show("mallory", register("mallory", Some(&mallory)))
        .await?;
    let basic = "Basic YWxpY2U6YSBndWVzcw==".to_owned();
    session
        .show("a password in the header", register("alice", Some(&basic)))
        .await?;

    println!("\n== Presence");
    let watch_alice = |authorization: &String| Request {
        authorization: Some(authorization.clone()),
        kind: Kind::Subscribe {
            whom: "alice".to_owned(),
        },
    };
    let answer = session.ask(watch_alice(&bob)).await?;
    println!("bob watches alice: {}", answer.status);
    let mut notified = answer.notifications.ok_or("nothing to watch")?;
    println!(
        "NOTIFY: alice has {} device(s)",
        *notified.borrow_and_update()
    );
    let mut second = register("alice", Some(&alice));
    second.kind = Kind::Register {
        contact: "sip:alice@192.0.2.2".to_owned(),
    };
    session.show("alice's second device", second).await?;
    notified.changed().await?;
    println!(
        "NOTIFY: alice has {} device(s)",
        *notified.borrow_and_update()
    );
    let register_only = head
        .authenticate_password_for("alice", "a passphrase of alice", "sip.register")
        .await?;
    let register_only = format!("Bearer {}", register_only.tokens.access_token);
    session
        .show(
            "with a token for REGISTER alone",
            watch_alice(&register_only),
        )
        .await?;

    println!("\n== When the branch cannot be reached");
    publishing.abort();
    let _ended = publishing.await;
    session
        .show(
            "bob, whose issuer's keys are known",
            register("bob", Some(&bob)),
        )
        .await?;
    let fresh = TokenValidator::new()?;
    fresh.add_trusted_issuer(published())?;
    let fresh = SessionCore::start(fresh);
    fresh
        .show(
            "bob, at a session core that knows none",
            register("bob", Some(&bob)),
        )
        .await?;
    for service in [head, branch, stranger] {
        service.shutdown().await;
    }
    Ok(())
}

/// An installation with one account.
async fn open(
    directory: &Path,
    name: &str,
    issuer: &str,
    user: &str,
) -> Result<AuthenticationService, Box<dyn Error>> {
    let database = directory.join(name).join("users.db");
    let config = UsersConfig {
        issuer: issuer.to_owned(),
        database_url: Secret::new(format!("sqlite://{}", database.display())),
        ..UsersConfig::default()
    };
    let service = Box::pin(users_core::init(config)).await?;
    let request = CreateUserRequest {
        username: user.into(),
        password: Some(format!("a passphrase of {user}")),
        roles: vec!["user".into()],
        ..CreateUserRequest::default()
    };
    service.create_user(request).await?;
    Ok(service)
}

/// Serves an installation's own routes.
fn publish(listener: TcpListener, service: &AuthenticationService) -> JoinHandle<()> {
    let routes = users_core::router(service);
    tokio::spawn(async move {
        let routes = routes.into_make_service_with_connect_info::<SocketAddr>();
        if let Err(error) = axum::serve(listener, routes).await {
            eprintln!("serving ended: {error}");
        }
    })
}

/// What a phone of `user` sends as its `Authorization`.
async fn header(service: &AuthenticationService, user: &str) -> Result<String, users_core::Error> {
    let password = format!("a passphrase of {user}");
    let login = service
        .authenticate_password_for(user, &password, "sip.presence sip.register")
        .await?;
    Ok(format!("Bearer {}", login.tokens.access_token))
}

/// A request as the session core reads it off the wire.
struct Request {
    authorization: Option<String>,
    kind: Kind,
}

enum Kind {
    Register { contact: String },
    Subscribe { whom: String },
}

struct Answer {
    status: String,
    notifications: Option<watch::Receiver<usize>>,
}

impl From<String> for Answer {
    fn from(status: String) -> Self {
        Self {
            status,
            notifications: None,
        }
    }
}

/// Contacts by user, and how many of them there are for whoever watches.
#[derive(Default)]
struct RegistrarCore(BTreeMap<String, (Vec<String>, watch::Sender<usize>)>);

impl RegistrarCore {
    /// The token's user is the one who registers; nobody says so beside it.
    fn register(&mut self, caller: &UserContext, contact: String) -> String {
        let Some(user) = &caller.username else {
            return "403 Forbidden".to_owned();
        };
        let (contacts, watched) = self.0.entry(user.clone()).or_default();
        if !contacts.contains(&contact) {
            contacts.push(contact);
        }
        watched.send_replace(contacts.len());
        format!("200 OK, {} contact(s)", contacts.len())
    }

    fn subscribe(&mut self, whom: &str) -> watch::Receiver<usize> {
        self.0.entry(whom.to_owned()).or_default().1.subscribe()
    }
}

/// Takes requests, has their tokens validated, and passes on what is allowed.
struct SessionCore(mpsc::Sender<(Request, oneshot::Sender<Answer>)>);

impl SessionCore {
    fn start(validator: TokenValidator) -> Self {
        let (requests, mut arriving) = mpsc::channel::<(Request, oneshot::Sender<Answer>)>(64);
        tokio::spawn(async move {
            let mut registrar = RegistrarCore::default();
            while let Some((request, answer)) = arriving.recv().await {
                // Whoever asked may have gone.
                let _ = answer.send(handle(&validator, &mut registrar, request).await);
            }
        });
        Self(requests)
    }

    async fn ask(&self, request: Request) -> Result<Answer, Box<dyn Error>> {
        let (answer, answered) = oneshot::channel();
        self.0.send((request, answer)).await?;
        Ok(answered.await?)
    }

    async fn show(&self, what: &str, request: Request) -> Result<(), Box<dyn Error>> {
        println!("{what}: {}", self.ask(request).await?.status);
        Ok(())
    }
}

async fn handle(
    validator: &TokenValidator,
    registrar: &mut RegistrarCore,
    request: Request,
) -> Answer {
    let needed = match &request.kind {
        Kind::Register { .. } => "sip.register",
        Kind::Subscribe { .. } => "sip.presence",
    };
    let challenge = BearerChallenge::new(REALM).scope(needed);
    let Some(token) = request.authorization.as_deref().and_then(bearer_token) else {
        return format!("401 Unauthorized, {challenge}").into();
    };
    let caller = match validator.validate_token(token).await {
        Ok(caller) => caller,
        Err(ValidationError::Unavailable) => return "503 Service Unavailable".to_owned().into(),
        Err(error) => return format!("401 Unauthorized, {}", challenge.refused(error)).into(),
    };
    if !caller.has_scope(needed) {
        return format!("403 Forbidden, {}", challenge.insufficient_scope()).into();
    }
    match request.kind {
        Kind::Register { contact } => registrar.register(&caller, contact).into(),
        Kind::Subscribe { whom } => Answer {
            status: "200 OK".to_owned(),
            notifications: Some(registrar.subscribe(&whom)),
        },
    }
}
