//! The way to an issuer: one request, bounded in time and size, to an address the operator gave.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use url::{Host, Url};

use crate::web::client;

/// For a whole answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The longest answer, in bytes.
const MAX_BODY: usize = 256 * 1024;

/// Why there is no answer; for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("the request failed: {0}")]
    Http(#[from] reqwest::Error),
    #[error("the answer is longer than {MAX_BODY} bytes")]
    TooLong,
    #[error("the answer is no JSON")]
    NotJson,
}

/// Asks issuers; cheap to clone.
#[derive(Clone)]
pub(super) struct Http(Client);

impl Http {
    pub(super) fn new() -> Result<Self, NoAnswer> {
        Ok(Self(client::builder(TIMEOUT).build()?))
    }

    pub(super) async fn get(&self, address: &Url) -> Result<Value, NoAnswer> {
        let request = self.0.get(address.clone());
        json(request.header("accept", "application/json")).await
    }

    pub(super) async fn post(
        &self,
        address: &Url,
        authorization: &str,
        form: &[(&str, &str)],
    ) -> Result<Value, NoAnswer> {
        let request = self.0.post(address.clone()).form(form);
        let request = request.header("authorization", authorization);
        json(request.header("accept", "application/json")).await
    }
}

async fn json(request: RequestBuilder) -> Result<Value, NoAnswer> {
    // The address may hold nothing secret, but no log needs it twice.
    let mut response = request.send().await.map_err(reqwest::Error::without_url)?;
    response.error_for_status_ref()?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(NoAnswer::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).map_err(|_| NoAnswer::NotJson)
}

/// An address that keys or answers may come from: https, or http on this machine.
pub(super) fn address(text: &str) -> Option<Arc<Url>> {
    let url = Url::parse(text).ok()?;
    let is_here = match url.host()? {
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let fits = url.scheme() == "https" || (url.scheme() == "http" && is_here);
    (plain && fits).then(|| Arc::new(url))
}
