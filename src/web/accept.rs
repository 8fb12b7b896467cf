//! Which of two forms of an answer a caller prefers (RFC 9110 section 12.5.1).

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// Whether a page is wanted rather than JSON. Whoever takes both alike, or says nothing, is a program.
pub fn prefers_page(headers: &HeaderMap) -> bool {
    weight(headers, "text", "html") > weight(headers, "application", "json")
}

/// Whether JSON is wanted rather than text. Whoever takes both alike, or says nothing, gets text.
pub fn prefers_json(headers: &HeaderMap) -> bool {
    weight(headers, "application", "json") > weight(headers, "text", "plain")
}

/// How much a type is wanted, in thousandths: what the most specific of the ranges that match says.
fn weight(headers: &HeaderMap, kind: &str, subtype: &str) -> u32 {
    let ranges = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let mut best = (0, 0);
    for range in ranges {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let specific = match name.split_once('/') {
            Some(("*", "*")) => 1,
            Some((first, "*")) if first.eq_ignore_ascii_case(kind) => 2,
            Some((first, second))
                if first.eq_ignore_ascii_case(kind) && second.eq_ignore_ascii_case(subtype) =>
            {
                3
            }
            _ => continue,
        };
        let weight = parts
            .find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")))
            .map_or(1000, thousandths);
        if specific > best.0 {
            best = (specific, weight);
        }
    }
    best.1
}

/// A weight of at most three decimals; one that is none counts as nothing wanted.
fn thousandths(text: &str) -> u32 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match whole {
        "1" if decimals.bytes().all(|byte| byte == b'0') => 1000,
        "0" if decimals.len() <= 3 && digits(decimals) => {
            format!("{decimals:0<3}").parse().unwrap_or_default()
        }
        _ => 0,
    }
}
