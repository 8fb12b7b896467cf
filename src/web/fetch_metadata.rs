//! What browsers say of how a request came about (W3C Fetch Metadata, RFC 6454).

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode};
use url::Url;

/// Whether a form stood on a page of another site than the issuer's. Nothing said is no answer: a
/// page without a referrer, as ours are, may have the origin `null`.
pub fn is_cross_site(headers: &HeaderMap, issuer: &str) -> bool {
    let mut sites = headers.get_all("sec-fetch-site").iter();
    let mut origins = headers.get_all(ORIGIN).iter();
    sites.any(|site| site != "same-origin" && site != "none")
        || origins.any(|origin| origin != "null" && !is_own(origin.as_bytes(), headers, issuer))
}

/// Whether an origin is the issuer's, or of the host the request was sent to.
fn is_own(origin: &[u8], headers: &HeaderMap, issuer: &str) -> bool {
    let Ok(origin) = std::str::from_utf8(origin) else {
        return false;
    };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let ours = Url::parse(issuer).map(|issuer| issuer.origin().ascii_serialization());
    ours.is_ok_and(|ours| ours == origin) || authority.is_some() && authority == host
}

/// The answer to a request that nobody waits for, at an address that does more than show something:
/// `HEAD` is safe (RFC 9110 section 9.2.1), and what a browser fetches ahead it fetches again, after a
/// refusal, once somebody goes there.
pub fn ahead(method: &Method, headers: &HeaderMap) -> Option<StatusCode> {
    if method == Method::HEAD {
        return Some(StatusCode::NO_CONTENT);
    }
    let fetched_ahead = ["sec-purpose", "purpose", "x-purpose", "x-moz"]
        .into_iter()
        .flat_map(|name| headers.get_all(name))
        .any(|purpose| {
            let purpose = purpose.as_bytes().to_ascii_lowercase();
            purpose.starts_with(b"prefetch") || purpose.starts_with(b"preview")
        });
    fetched_ahead.then_some(StatusCode::SERVICE_UNAVAILABLE)
}
