//! The `Authorization` header: Basic with form-encoded parts (RFC 6749 section 2.3.1) and Bearer
//! (RFC 6750 section 2.1).

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use data_encoding::BASE64;
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

/// What the header carries.
pub enum Authorization<'a> {
    Absent,
    Basic(BasicCredentials),
    Bearer(&'a str),
    /// A scheme nobody here speaks, two headers, or a scheme whose content is broken.
    Unusable {
        basic: bool,
    },
}

pub struct BasicCredentials {
    pub client_id: String,
    pub secret: Zeroizing<String>,
}

pub fn authorization(headers: &HeaderMap) -> Authorization<'_> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Authorization::Absent;
    };
    let text = value.to_str().unwrap_or_default();
    let (scheme, content) = text.split_once(' ').unwrap_or((text, ""));
    let content = content.trim_matches(' ');
    let basic = scheme.eq_ignore_ascii_case("basic");
    if values.next().is_some() {
        return Authorization::Unusable { basic };
    }
    if basic {
        return basic_credentials(content)
            .map_or(Authorization::Unusable { basic }, Authorization::Basic);
    }
    if scheme.eq_ignore_ascii_case("bearer") && is_token68(content) {
        return Authorization::Bearer(content);
    }
    Authorization::Unusable { basic }
}

fn basic_credentials(content: &str) -> Option<BasicCredentials> {
    let decoded = Zeroizing::new(BASE64.decode(content.as_bytes()).ok()?);
    let text = std::str::from_utf8(&decoded).ok()?;
    let (client_id, secret) = text.split_once(':')?;
    Some(BasicCredentials {
        client_id: form_decode(client_id)?,
        secret: Zeroizing::new(form_decode(secret)?),
    })
}

fn form_decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
    (!decoded.contains('\0')).then(|| decoded.into_owned())
}

/// RFC 9110 section 11.2.
fn is_token68(text: &str) -> bool {
    let bare = text.trim_end_matches('=');
    !bare.is_empty()
        && bare
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}
