//! The Content-Security-Policy of a page.

use axum::http::HeaderValue;
use data_encoding::BASE64;

use crate::base::digest::sha256;

/// The only script there is: it sends the form of a `form_post` answer.
pub(super) const SEND_ANSWER: &str = "document.getElementById(\"answer\").submit();";

/// Sources so wide that naming them is naming nothing.
const TOO_WIDE: &[&str] = &[
    "http:",
    "https:",
    "ws:",
    "wss:",
    "data:",
    "blob:",
    "filesystem:",
    "javascript:",
    "about:",
    "file:",
];

/// Our own stylesheet, no frames, no scripts, forms to ourselves and to `form_targets`.
pub(super) fn without_scripts(form_targets: &[String]) -> HeaderValue {
    policy(form_targets, "")
}

/// The same with [`SEND_ANSWER`], named by its digest.
pub(super) fn with_the_one_script(form_targets: &[String]) -> HeaderValue {
    let digest = BASE64.encode(&sha256(&[SEND_ANSWER.as_bytes()]));
    policy(form_targets, &format!("; script-src 'sha256-{digest}'"))
}

fn policy(form_targets: &[String], more: &str) -> HeaderValue {
    let mut text = "default-src 'none'; style-src 'self'; img-src 'self'; \
                    frame-ancestors 'none'; base-uri 'none'; object-src 'none'; \
                    form-action 'self'"
        .to_owned();
    for target in form_targets.iter().filter(|target| is_plain(target)) {
        text.push(' ');
        text.push_str(target);
    }
    text.push_str(more);
    HeaderValue::try_from(text).expect("a policy is visible ASCII")
}

/// Whether a source stays one source of the list: no separator, no quote, no wildcard.
fn is_plain(source: &str) -> bool {
    source.contains(':')
        && source
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".:/-[]_+".contains(&byte))
        && !TOO_WIDE.contains(&source.trim_end_matches('/').to_ascii_lowercase().as_str())
}
