//! Floor 4: routes of other systems, for callers that know them, where the setting `compat` names them.
//!
//! A profile is a table of operations, as the resources of the REST API are, and the one shape of its
//! refusals. Who calls, with which right, and the bounds of a body are judged by the REST API's own
//! dispatcher; what is done is done by the functions behind it. What is left here is translation.
//!
//! To add a profile: a file with `operations()` and `refuse`, a line in [`DIALECTS`], and the tests of
//! `tests/it/seeds/` that say what its callers know.

pub mod answer;
mod bounds;
pub mod document;
pub mod refusal;
mod user_management_api;
mod user_service;
mod users_core;

use std::sync::LazyLock;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_FRAME_OPTIONS};
use axum::middleware::map_response;
use axum::response::Response;

use crate::api::operation::Operation;
use crate::api::refusal::Refuse;
use crate::api::{self, Manner};
use crate::app::App;
use crate::config::{Config, Profile};

/// A profile that has routes.
pub struct Dialect {
    pub profile: Profile,
    /// Their paths are whole.
    pub operations: Vec<Operation>,
    /// How calls are refused under these settings.
    refuse: fn(&Config) -> Refuse,
}

/// Every profile that has routes.
pub static DIALECTS: LazyLock<Vec<Dialect>> = LazyLock::new(|| {
    vec![
        Dialect {
            profile: Profile::UsersCore,
            operations: users_core::operations(),
            refuse: users_core::refuse,
        },
        Dialect {
            profile: Profile::UserManagementApi,
            operations: user_management_api::operations(),
            refuse: user_management_api::refuse,
        },
        Dialect {
            profile: Profile::UserService,
            operations: user_service::operations(),
            refuse: user_service::refuse,
        },
    ]
});

/// The routes of the profiles that are on. Where the path of one has a name and that of another a
/// word, the word wins: names stand for ids, and no id is a word.
pub fn router(app: &App) -> Router<App> {
    DIALECTS
        .iter()
        .filter(|dialect| app.config.serves(dialect.profile))
        .fold(Router::new(), |router, dialect| {
            let manner = Manner {
                refuse: (dialect.refuse)(&app.config),
                counts_all: true,
            };
            let routes = api::routes(&dialect.operations, manner);
            router.merge(routes.layer(map_response(guarded)))
        })
}

/// What callers of these systems find in every answer, and browsers keep to.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        REFERRER_POLICY,
        HeaderValue::from_static("strict-origin-when-cross-origin"),
    ),
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
    ),
];

async fn guarded(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, value);
    }
    response
}

/// What `/` says to programs, where a profile that is on has something to say there.
pub fn root(config: &Config) -> Option<Response> {
    let on = config.serves(Profile::UserManagementApi);
    on.then(user_management_api::status)
}
