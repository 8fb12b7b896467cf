//! Every route, with who may call it. The route-coverage test reads this table.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get, post};
use tokio_util::sync::CancellationToken;

use super::{cors, health};
use crate::admin::setup;
use crate::api;
use crate::app::App;
use crate::compat;
use crate::context::Ctx;
use crate::login::{forms, link_pages, sign_up};
use crate::oauth::error::OAuthError;
use crate::oauth::{authorize, introspect, jwks, metadata, revoke, token};
use crate::oidc::{logout, userinfo};
use crate::pages::Pages;
use crate::web::accept::prefers_page;

/// Who may call a route.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Access {
    /// Everybody.
    Public,
    /// A client that authenticates itself, or a public one that names itself.
    Client,
    /// Whoever holds a bearer token.
    Bearer,
    /// The browser a page of ours was shown in, with the form of that page.
    Form,
    /// Whoever holds the one-time link; where the settings open it, everybody.
    Link,
    /// Loopback and the networks named in the settings; others with a token.
    Network,
}

/// Where a route is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// On every issuer: at the root and under `/t/{slug}`.
    Issuer,
    /// On the default tenant and, for the others, behind the well-known name (RFC 8414 section 3).
    WellKnown,
    /// At the root only.
    Root,
}

/// A row of the table.
pub struct Route {
    pub path: &'static str,
    /// As the `Allow` header says it.
    pub methods: &'static str,
    pub access: Access,
    pub place: Place,
    /// Whether scripts of any origin may call it, without credentials.
    pub cors: bool,
    handlers: fn() -> MethodRouter<App>,
}

const fn route(
    methods: &'static str,
    path: &'static str,
    access: Access,
    place: Place,
    cors: bool,
    handlers: fn() -> MethodRouter<App>,
) -> Route {
    Route {
        path,
        methods,
        access,
        place,
        cors,
        handlers,
    }
}

/// The table.
pub const ROUTES: &[Route] = &[
    route(
        "POST",
        "/token",
        Access::Client,
        Place::Issuer,
        true,
        || post(token::endpoint),
    ),
    route(
        "POST",
        "/introspect",
        Access::Client,
        Place::Issuer,
        false,
        || post(introspect::endpoint),
    ),
    route(
        "POST",
        "/revoke",
        Access::Client,
        Place::Issuer,
        true,
        || post(revoke::endpoint),
    ),
    route(
        "GET, HEAD, POST",
        "/userinfo",
        Access::Bearer,
        Place::Issuer,
        true,
        || get(userinfo::endpoint).post(userinfo::endpoint),
    ),
    route(
        "GET, HEAD",
        "/jwks.json",
        Access::Public,
        Place::Issuer,
        true,
        || get(jwks::endpoint),
    ),
    // Where older validators look.
    route(
        "GET, HEAD",
        "/auth/jwks.json",
        Access::Public,
        Place::Root,
        true,
        || get(jwks::endpoint),
    ),
    route(
        "GET, HEAD",
        "/.well-known/openid-configuration",
        Access::Public,
        Place::WellKnown,
        true,
        || get(metadata::endpoint),
    ),
    route(
        "GET, HEAD",
        "/.well-known/oauth-authorization-server",
        Access::Public,
        Place::WellKnown,
        true,
        || get(metadata::endpoint),
    ),
    route(
        "GET, HEAD, POST",
        "/authorize",
        Access::Public,
        Place::Issuer,
        false,
        || get(authorize::get).post(authorize::post),
    ),
    route(
        "POST",
        "/sign-in",
        Access::Form,
        Place::Issuer,
        false,
        || post(forms::sign_in),
    ),
    route(
        "POST",
        "/select-account",
        Access::Form,
        Place::Issuer,
        false,
        || post(forms::select_account),
    ),
    route(
        "POST",
        "/consent",
        Access::Form,
        Place::Issuer,
        false,
        || post(forms::consent),
    ),
    route(
        "GET, HEAD, POST",
        "/logout",
        Access::Public,
        Place::Issuer,
        false,
        || get(logout::get).post(logout::post),
    ),
    route(
        "POST",
        "/account/sign-out",
        Access::Form,
        Place::Issuer,
        false,
        || post(logout::confirm),
    ),
    route(
        "GET, HEAD, POST",
        "/setup",
        Access::Link,
        Place::Root,
        false,
        || get(setup::page).post(setup::submit),
    ),
    route(
        "GET, HEAD, POST",
        "/verify-email",
        Access::Link,
        Place::Issuer,
        false,
        || get(link_pages::verify_email).post(link_pages::verified),
    ),
    route(
        "GET, HEAD, POST",
        "/reset-password",
        Access::Link,
        Place::Issuer,
        false,
        || get(link_pages::reset_password).post(link_pages::reset),
    ),
    route(
        "GET, HEAD, POST",
        "/sign-up",
        Access::Link,
        Place::Issuer,
        false,
        || get(sign_up::page).post(sign_up::submit),
    ),
    route("GET, HEAD", "/", Access::Public, Place::Root, false, || {
        get(home)
    }),
    route(
        "GET, HEAD",
        "/style.css",
        Access::Public,
        Place::Root,
        false,
        || get(stylesheet),
    ),
    route(
        "GET, HEAD",
        "/health",
        Access::Public,
        Place::Root,
        false,
        || get(health::health),
    ),
    route(
        "GET, HEAD",
        "/health/live",
        Access::Public,
        Place::Root,
        false,
        || get(health::live),
    ),
    route(
        "GET, HEAD",
        "/health/ready",
        Access::Public,
        Place::Root,
        false,
        || get(health::ready),
    ),
    route(
        "GET, HEAD",
        "/metrics",
        Access::Network,
        Place::Root,
        false,
        || get(health::metrics),
    ),
    route(
        "GET, HEAD",
        "/openapi.json",
        Access::Public,
        Place::Root,
        true,
        || get(compat::document::json),
    ),
    route(
        "GET, HEAD",
        "/openapi.yaml",
        Access::Public,
        Place::Root,
        true,
        || get(compat::document::yaml),
    ),
    route(
        "GET, HEAD",
        "/docs",
        Access::Public,
        Place::Root,
        false,
        || get(api::page),
    ),
];

/// Names other systems have for the page about the API and for its document.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("/apidocs", "/docs"),
    ("/redoc", "/docs"),
    ("/swagger", "/docs"),
    ("/swagger.json", "/openapi.json"),
];

/// The label of routes that are none.
const OTHER: &str = "other";

/// The pattern a path falls under, for counting.
pub fn pattern_of(path: &str) -> &'static str {
    let on_issuer = path
        .strip_prefix("/t/")
        .and_then(|rest| rest.find('/').map(|at| &rest[at..]));
    let known = |path: &str| ROUTES.iter().find(|route| route.path == path);
    if let Some(route) = known(path) {
        return route.path;
    }
    if let Some(route) = on_issuer
        .and_then(known)
        .filter(|route| route.place != Place::Root)
    {
        return route.path;
    }
    ROUTES
        .iter()
        .filter(|route| route.place == Place::WellKnown)
        .find(|route| {
            path.strip_prefix(route.path)
                .is_some_and(|rest| rest.starts_with("/t/"))
        })
        .map_or(OTHER, |route| route.path)
}

/// Builds the router from the table.
pub fn router(app: &App, stop: &CancellationToken) -> Router {
    let mut router = Router::new();
    let stopping = health::Stopping(stop.clone());
    for route in ROUTES {
        let handlers = || {
            let allow = route.methods;
            let handlers = (route.handlers)()
                .fallback(move || async move { OAuthError::method_not_allowed(allow) });
            match (route.cors, route.place) {
                (true, _) => handlers.layer(cors::for_everybody()),
                // One of them asks; the others are spared the way through another layer.
                (false, Place::Root) => handlers.layer(axum::Extension(stopping.clone())),
                (false, _) => handlers,
            }
        };
        router = router.route(route.path, handlers());
        if route.place != Place::Root {
            router = router.route(&format!("/t/{{slug}}{}", route.path), handlers());
        }
        if route.place == Place::WellKnown {
            router = router.route(&format!("{}/t/{{slug}}", route.path), handlers());
        }
    }
    for (name, place) in OTHER_NAMES {
        router = router.route(name, get(|| async { Redirect::permanent(place) }));
    }
    router
        .merge(for_programs(app))
        .fallback(|| async { OAuthError::not_found() })
        .with_state(app.clone())
}

/// The REST API and the routes of other systems.
fn for_programs(app: &App) -> Router<App> {
    let router = Router::new()
        .nest(api::BASE, api::router())
        .merge(compat::router(app));
    cors::for_listed(router, &app.config.cors_origins)
}

async fn home(State(app): State<App>, ctx: Ctx, request: Request) -> Response {
    if !prefers_page(request.headers())
        && let Some(status) = compat::root(&app.config)
    {
        return status;
    }
    let text = format!(
        "The issuer is {issuer}. Applications find everything else at \
         {issuer}/.well-known/openid-configuration.",
        issuer = ctx.tenant.issuer
    );
    app.pages
        .message(StatusCode::OK, "users-core is running", &text)
        .into_response()
}

async fn stylesheet() -> Response {
    let mut response = Pages::stylesheet();
    let nosniff = HeaderValue::from_static("nosniff");
    response
        .headers_mut()
        .insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}
