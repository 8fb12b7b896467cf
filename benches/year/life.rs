//! What an installation goes through, hour by hour of a clock moved by hand: people sign in, come back
//! for new tokens, leave or just stay away, and some mistype; meanwhile the server does what it does
//! beside the requests.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use data_encoding::BASE64;
use futures_util::future::try_join_all;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use users_core::admin::{clients, tenants, users};
use users_core::app::App;
use users_core::base::clock::Clock;
use users_core::model::audit_event::Actor;
use users_core::model::client_metadata::{ClientMetadata, GrantType, TokenFormat};
use users_core::model::tenant::Tenant;
use users_core::model::user::UserInput;
use users_core::server;
use users_core::trail::{self, checkpoint, retention, sealer};
use users_core::web::request_info::Peer;

pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const HOUR: Duration = Duration::from_hours(1);
const CLIENT: &str = "softphone";
const SCOPE: &str = "openid offline_access sip.register";
/// The name this process takes leases under.
const HOLDER: &str = "this node";

/// An installation and those who use it.
pub struct Life {
    app: App,
    clock: Clock,
    router: Router,
    authorization: String,
    tenant: Tenant,
    people: usize,
    /// Logins so far.
    logins: usize,
    visits: Vec<Visit>,
}

/// Somebody who signed in and still comes back for tokens.
struct Visit {
    refresh_token: String,
    /// How often they still come back.
    times: usize,
    leaves: bool,
}

impl Life {
    /// Begins with so many people. Passwords should be cheap: there are many.
    pub async fn begin(app: App, clock: Clock, people: usize) -> Outcome<Self> {
        let tenant = tenants::get(&app, "default").await?;
        let actor = Actor::system();
        let metadata = ClientMetadata {
            grant_types: vec![GrantType::Password, GrantType::RefreshToken],
            scope: SCOPE.parse()?,
            // Of the two kinds of access tokens the one that leaves rows.
            access_token_format: Some(TokenFormat::Opaque),
            ..ClientMetadata::default()
        };
        let secret = clients::Secret::Generate;
        let made = clients::create(&app, &actor, &tenant, CLIENT, metadata, true, secret).await?;
        let secret = made.ok_or("no secret was made")?;
        for number in 0..people {
            let input = UserInput {
                username: name(number),
                enabled: true,
                roles: vec!["user".to_owned()],
                ..UserInput::default()
            };
            users::create(&app, &actor, &tenant, input, Some(&password(number))).await?;
        }
        let pair = BASE64.encode(format!("{CLIENT}:{}", secret.expose()).as_bytes());
        Ok(Self {
            router: server::router(&app, &CancellationToken::new()),
            authorization: format!("Basic {pair}"),
            visits: Vec::new(),
            logins: 0,
            app,
            clock,
            tenant,
            people,
        })
    }

    /// Lives through a day with so many logins.
    pub async fn day(&mut self, logins: usize) -> Outcome<()> {
        for hour in 0..24 {
            let share = logins * (hour + 1) / 24 - logins * hour / 24;
            self.come_back().await?;
            self.sign_in(share).await?;
            self.keep_house().await?;
            self.clock.advance(HOUR);
        }
        Ok(())
    }

    /// Everybody who signed in before gets new tokens once more, or leaves, or stays away.
    async fn come_back(&mut self) -> Outcome<()> {
        let visits = std::mem::take(&mut self.visits);
        let this = &*self;
        let visits = visits.into_iter().map(|visit| async move {
            if visit.times > 0 {
                let refresh_token = this.refresh(&visit.refresh_token).await?;
                return Ok(Some(Visit {
                    refresh_token,
                    times: visit.times - 1,
                    ..visit
                }));
            }
            if visit.leaves {
                let form = [("token", visit.refresh_token.as_str())];
                this.post("/revoke", &form, 0, StatusCode::OK).await?;
            }
            Outcome::Ok(None)
        });
        self.visits = try_join_all(visits).await?.into_iter().flatten().collect();
        Ok(())
    }

    async fn sign_in(&mut self, count: usize) -> Outcome<()> {
        let first = self.logins;
        self.logins += count;
        let this = &*self;
        let visits = (first..first + count).map(|number| async move {
            let person = number * 7 % this.people;
            if number % 20 == 0 {
                this.login(person, "mistyped", number, StatusCode::BAD_REQUEST)
                    .await?;
            }
            let given = this
                .login(person, &password(person), number, StatusCode::OK)
                .await?;
            Outcome::Ok(Visit {
                refresh_token: text(&given, "refresh_token")?,
                times: number % 3,
                leaves: number % 5 < 2,
            })
        });
        let visits = try_join_all(visits).await?;
        self.visits.extend(visits);
        Ok(())
    }

    /// What the server does beside the requests, as often as it matters.
    async fn keep_house(&self) -> Outcome<()> {
        let (app, now) = (&self.app, self.clock.now());
        trail::flush_refusals(app).await;
        trail::flush_hours(app).await;
        sealer::seal_all(app, HOLDER).await?;
        checkpoint::sign_due(app, HOLDER).await?;
        app.directory.tidy(now);
        app.store.reap_keeping(now, &app.config.retention).await?;
        retention::run(app, HOLDER).await?;
        Ok(())
    }

    async fn login(
        &self,
        person: usize,
        password: &str,
        number: usize,
        expected: StatusCode,
    ) -> Outcome<Value> {
        let username = name(person);
        let form = [
            ("grant_type", "password"),
            ("username", username.as_str()),
            ("password", password),
            ("scope", SCOPE),
        ];
        self.post("/token", &form, number, expected).await
    }

    async fn refresh(&self, refresh_token: &str) -> Outcome<String> {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
        ];
        text(
            &self.post("/token", &form, 0, StatusCode::OK).await?,
            "refresh_token",
        )
    }

    /// Posts a form as the client, from one of many addresses.
    async fn post(
        &self,
        path: &str,
        form: &[(&str, &str)],
        number: usize,
        expected: StatusCode,
    ) -> Outcome<Value> {
        let path = format!("{}{path}", self.tenant.path());
        let request = Request::post(path)
            .header("host", "localhost:8081")
            .header("authorization", &self.authorization)
            .header("content-type", "application/x-www-form-urlencoded");
        let mut request = request.body(Body::from(serde_urlencoded::to_string(form)?))?;
        let [high, low] = u16::try_from(number % 65_000)?.to_be_bytes();
        request.extensions_mut().insert(Peer {
            address: SocketAddr::from(([10, 1, high, low], 40_000)),
            tls: false,
        });
        let response = self.router.clone().oneshot(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if status != expected {
            let body = String::from_utf8_lossy(&body);
            return Err(format!("{status} and not {expected}: {body}").into());
        }
        Ok(serde_json::from_slice(&body).unwrap_or_default())
    }
}

fn name(number: usize) -> String {
    format!("person-{number:05}")
}

fn password(number: usize) -> String {
    format!("the passphrase of {number}")
}

fn text(answer: &Value, member: &str) -> Outcome<String> {
    let text = answer[member].as_str().map(str::to_owned);
    text.ok_or_else(|| format!("no {member} in {answer}").into())
}
