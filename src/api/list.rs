//! Lists: filters from the address, keyset pages, and cursors that only we can make.

use axum::http::header::LINK;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::call::{Call, Incoming};
use super::operation::{Input, Output, Shape};
use super::problem::Problem;
use crate::base::master_key;
use crate::storage::page::Position;
use crate::web::respond;

const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 100;
const LABEL: &str = "cursor";

/// What a list is asked for: which entries, and which page of them.
pub struct List<F> {
    pub filter: F,
    pub page: Page,
}

/// The page of a list.
pub struct Page {
    /// The key of the last entry of the page before, as the handler gave it; empty for the first.
    pub after: String,
    limit: i64,
    /// What a cursor is good for: this caller, list and filter.
    place: String,
    query: Vec<(String, String)>,
}

/// Parameters of an address that is no list's.
pub struct Query<F>(pub F);

/// A list without filters.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoFilter {}

/// A page of a list.
#[derive(JsonSchema, Serialize)]
pub struct Entries<T> {
    pub items: Vec<T>,
    /// Where the next page begins, as the parameter `cursor`; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page with the address of the next one.
pub struct Listed<T> {
    entries: Entries<T>,
    link: Option<String>,
}

impl<F: DeserializeOwned + JsonSchema + Send + 'static> Input for List<F> {
    fn describe(shape: &mut Shape) {
        shape.filter = Some(filter_schema::<F>);
        shape.pages = true;
    }

    fn read(call: &Call, incoming: Incoming) -> Result<Self, Problem> {
        let mut limit = DEFAULT_LIMIT;
        let mut cursor = None;
        let mut query = Vec::with_capacity(incoming.query.len());
        for (name, value) in incoming.query {
            match name.as_str() {
                "limit" => limit = limit_of(&value)?,
                "cursor" => cursor = Some(value),
                _ => query.push((name, value)),
            }
        }
        query.sort();
        let filter = filter_of(&query)?;
        let place = format!(
            "{LABEL}\n{}\n{}\n{}\n{}",
            call.ctx.tenant.id,
            call.caller.subject(),
            call.address,
            serde_urlencoded::to_string(&query).unwrap_or_default()
        );
        let after = match cursor {
            None => String::new(),
            Some(cursor) => opened(call, &place, &cursor)?,
        };
        Ok(Self {
            filter,
            page: Page {
                after,
                limit,
                place,
                query,
            },
        })
    }
}

impl<F: DeserializeOwned + JsonSchema + Send + 'static> Input for Query<F> {
    fn describe(shape: &mut Shape) {
        shape.filter = Some(filter_schema::<F>);
    }

    fn read(_: &Call, incoming: Incoming) -> Result<Self, Problem> {
        filter_of(&incoming.query).map(Self)
    }
}

/// Reads the filters of an address that is no list's.
pub(super) fn filter_of<F: DeserializeOwned>(query: &[(String, String)]) -> Result<F, Problem> {
    let encoded = serde_urlencoded::to_string(query).unwrap_or_default();
    let parser = form_parser(encoded.as_bytes());
    serde_path_to_error::deserialize(parser).map_err(|error| {
        let path = error.path().to_string();
        let detail = error.into_inner().to_string();
        Problem::parameter(if path == "." { "" } else { &path }, detail)
    })
}

fn form_parser(encoded: &[u8]) -> serde_urlencoded::Deserializer<'_> {
    serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(encoded))
}

fn filter_schema<F: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    F::json_schema(generator)
}

fn limit_of(text: &str) -> Result<i64, Problem> {
    match text.parse() {
        Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        _ => Err(Problem::parameter("limit", format!("1 to {MAX_LIMIT}"))),
    }
}

fn opened(call: &Call, place: &str, cursor: &str) -> Result<String, Problem> {
    let key = call.app.master_key.derive(LABEL);
    let plain = master_key::open(&key, place, cursor).ok();
    plain
        .and_then(|plain| String::from_utf8(plain.to_vec()).ok())
        .ok_or_else(|| Problem::parameter("cursor", "not one of this list"))
}

impl Page {
    /// How many rows to ask for: one more than the page has, to see whether there is a next one.
    pub const fn rows(&self) -> i64 {
        self.limit + 1
    }

    /// Where the page begins, for queries that know more ways to say it.
    pub fn position(&self) -> Position {
        Position::After(self.after.clone())
    }

    /// The answer for `rows`, which are as many as there are or [`Page::rows`]; `key` is what
    /// [`Page::after`] will be after an entry.
    pub fn answer<R, T>(
        &self,
        call: &Call,
        mut rows: Vec<R>,
        key: impl Fn(&R) -> String,
        view: impl FnMut(R) -> T,
    ) -> Listed<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|last| {
            let sealing = call.app.master_key.derive(LABEL);
            let key = key(last);
            master_key::seal(&sealing, &self.place, key.as_bytes(), &call.app.random)
        });
        let link = next.as_ref().map(|cursor| {
            let mut query = self.query.clone();
            query.push(("limit".to_owned(), self.limit.to_string()));
            query.push(("cursor".to_owned(), cursor.clone()));
            if call.caller.home().id != call.ctx.tenant.id {
                query.push(("tenant".to_owned(), call.ctx.tenant.slug.clone()));
            }
            let query = serde_urlencoded::to_string(query).unwrap_or_default();
            format!("<{}?{query}>; rel=\"next\"", call.address)
        });
        Listed {
            entries: Entries {
                items: rows.into_iter().map(view).collect(),
                next,
            },
            link,
        }
    }
}

impl<T: Serialize + JsonSchema + Send + 'static> Output for Listed<T> {
    fn describe(shape: &mut Shape) {
        shape.success = StatusCode::OK;
        shape.answer = Some(SchemaGenerator::subschema_for::<Entries<T>>);
    }

    fn respond(self, _: &Call) -> Response {
        let mut response = respond::json(StatusCode::OK, &self.entries);
        if let Some(link) = self.link.and_then(|link| HeaderValue::try_from(link).ok()) {
            response.headers_mut().insert(LINK, link);
        }
        response
    }
}
