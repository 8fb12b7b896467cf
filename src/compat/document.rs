//! The document of the API as this installation serves it: with the routes of the profiles that are on.

use std::sync::{LazyLock, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use serde_json::Value;

use super::{DIALECTS, Dialect};
use crate::api::openapi::{self, Beside};
use crate::app::App;
use crate::config::Config;

/// A document in both of its forms, for the profiles it has the routes of.
#[derive(Clone)]
struct Written {
    profiles: Vec<&'static str>,
    json: Bytes,
    yaml: Bytes,
}

/// Those written so far: one for each choice of profiles.
static WRITTEN: LazyLock<Mutex<Vec<Written>>> = LazyLock::new(Mutex::default);

/// `GET /openapi.json`
pub async fn json(State(app): State<App>) -> Response {
    openapi::answer(of(&app.config).json, "application/json")
}

/// `GET /openapi.yaml`
pub async fn yaml(State(app): State<App>) -> Response {
    openapi::answer(of(&app.config).yaml, "application/yaml")
}

fn of(config: &Config) -> Written {
    let served: Vec<&'static Dialect> = DIALECTS
        .iter()
        .filter(|dialect| config.serves(dialect.profile))
        .collect();
    if served.is_empty() {
        return Written {
            profiles: Vec::new(),
            json: openapi::json(),
            yaml: openapi::yaml(),
        };
    }
    let profiles: Vec<_> = served
        .iter()
        .map(|dialect| dialect.profile.name())
        .collect();
    let mut written = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = written.iter().find(|known| known.profiles == profiles) {
        return known.clone();
    }
    let document = document(&served);
    let new = Written {
        profiles,
        json: serde_json::to_vec(&document).unwrap_or_default().into(),
        yaml: serde_norway::to_string(&document)
            .unwrap_or_default()
            .into(),
    };
    written.push(new.clone());
    new
}

fn document(served: &[&'static Dialect]) -> Value {
    let beside: Vec<Beside> = served
        .iter()
        .map(|dialect| Beside {
            tag: dialect.profile.name(),
            operations: &dialect.operations,
        })
        .collect();
    openapi::document_with(&beside)
}
