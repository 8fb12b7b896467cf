//! The HTTP client for what we ask of others.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};
use rustls::crypto::{CryptoProvider, ring};

/// A client that follows no redirect and no proxy of the environment: the address that was given is
/// the one that answers. `timeout` is for a whole answer.
pub fn builder(timeout: Duration) -> ClientBuilder {
    if CryptoProvider::get_default().is_none() {
        // Whoever was faster chose as well.
        let _ = ring::default_provider().install_default();
    }
    Client::builder()
        .timeout(timeout)
        .redirect(Policy::none())
        .no_proxy()
}
