//! What is read from `Cookie`, and what `Set-Cookie` says.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use users_core::base::random::Random;
use users_core::web::cookies;

const NAME: &str = "__Host-sid-0192f0aa";
const VALUE: &str = "us_3k-._~!#$%&'()*+/:<=>?@[]^`{|}";

fn headers(values: &[&[u8]]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        let value = HeaderValue::from_bytes(value).expect("bytes HTTP carries");
        headers.append(COOKIE, value);
    }
    headers
}

fn read(values: &[&[u8]]) -> Option<String> {
    cookies::get(&headers(values), NAME)
}

fn pair(value: &str) -> String {
    format!("{NAME}={value}")
}

#[test]
fn a_cookie_is_found_wherever_it_stands() {
    let own = pair(VALUE);
    for values in [
        vec![own.clone()],
        vec![format!("theme=dark; {own}")],
        vec![format!("{own};theme=dark")],
        vec![format!("  {own}\t; theme=dark;")],
        vec!["theme=dark".to_owned(), own.clone()],
        vec![format!(";;; ; {own};;")],
    ] {
        let bytes: Vec<&[u8]> = values.iter().map(String::as_bytes).collect();
        assert_eq!(read(&bytes).as_deref(), Some(VALUE), "{values:?}");
    }
    assert_eq!(read(&[]), None);
    assert_eq!(read(&[b""]), None);
}

// A201
#[test]
fn a_cookie_that_came_twice_is_no_cookie() {
    let (own, other) = (pair(VALUE), pair("planted"));
    for (first, second) in [(&own, &other), (&other, &own), (&own, &own)] {
        let together = format!("{first}; {second}");
        assert_eq!(read(&[together.as_bytes()]), None, "{together}");
        assert_eq!(read(&[first.as_bytes(), second.as_bytes()]), None);
        let apart = format!("{first}; theme=dark; {second}");
        assert_eq!(read(&[apart.as_bytes()]), None, "{apart}");
    }
    // Also where one of the two is empty or broken.
    for broken in ["", "a b", "\"quoted\"", "\\"] {
        let both = format!("{own}; {}", pair(broken));
        assert_eq!(read(&[both.as_bytes()]), None, "{both}");
    }
}

// A201
#[test]
fn nameless_malformed_and_similar_pairs_are_ignored() {
    let own = pair(VALUE);
    for shadow in [
        format!("={NAME}=planted"),
        format!("= {NAME}=planted"),
        NAME.to_owned(),
        format!("x{NAME}=planted"),
        format!("{NAME}x=planted"),
        format!("{NAME} =planted"),
        format!("\"{NAME}\"=planted"),
        NAME.to_uppercase() + "=planted",
        NAME.to_lowercase() + "=planted",
        "=".to_owned(),
        "==".to_owned(),
        "\u{feff}=é".to_owned(),
        format!("other={NAME}=planted"),
    ] {
        for both in [format!("{own}; {shadow}"), format!("{shadow}; {own}")] {
            assert_eq!(read(&[both.as_bytes()]).as_deref(), Some(VALUE), "{both}");
        }
        assert_eq!(read(&[shadow.as_bytes()]), None, "{shadow}");
    }
    assert_eq!(cookies::get(&headers(&[b"=x"]), ""), None);
}

// A199
#[test]
fn a_value_no_browser_was_given_is_no_value() {
    for value in [
        "",
        "\"\"",
        "\"quoted\"",
        "a b",
        "a,b",
        "a\\b",
        "a\tb",
        "é",
        &"x".repeat(4097),
        &"x".repeat(16_384),
    ] {
        assert_eq!(read(&[pair(value).as_bytes()]), None, "{value:?}");
    }
    let longest = "x".repeat(4096);
    assert_eq!(read(&[pair(&longest).as_bytes()]), Some(longest));
    let mut not_text = pair("abc").into_bytes();
    not_text.extend([0xff, 0xfe]);
    assert_eq!(read(&[&not_text]), None);
    // What is not ours may be anything.
    let other = [b"other=\xff\xfe; ", pair(VALUE).as_bytes()].concat();
    assert_eq!(read(&[&other]).as_deref(), Some(VALUE));
}

// A199
#[test]
fn every_flipped_byte_reads_as_itself_or_as_nothing() {
    let own = pair("us_AbCdEf0123456789");
    for at in 0..own.len() {
        for bit in 0..8 {
            let mut bytes = own.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let Ok(value) = HeaderValue::from_bytes(&bytes) else {
                continue;
            };
            let mut headers = HeaderMap::new();
            headers.append(COOKIE, value);
            let found = cookies::get(&headers, NAME);
            let expected = bytes.strip_prefix(pair("").as_bytes());
            if let Some(found) = found {
                let cut = expected.and_then(|value| value.split(|byte| *byte == b';').next());
                let cut = cut.map(<[u8]>::trim_ascii);
                assert_eq!(Some(found.as_bytes()), cut, "{bytes:?}");
            }
        }
    }
}

// A199
#[test]
fn ten_thousand_random_headers_are_read_without_harm() {
    let random = Random::seeded(199);
    for _ in 0..10_000 {
        let bytes: [u8; 48] = random.bytes();
        for noise in [bytes.to_vec(), [pair("").as_bytes(), &bytes].concat()] {
            let Ok(value) = HeaderValue::from_bytes(&noise) else {
                continue;
            };
            let mut headers = HeaderMap::new();
            headers.append(COOKIE, value);
            if let Some(found) = cookies::get(&headers, NAME) {
                assert!(found.bytes().all(|byte| byte.is_ascii_graphic()));
                assert!(noise.starts_with(pair(&found).as_bytes()));
            }
        }
    }
}

/// The attributes after name and value.
fn attributes(header: &HeaderValue) -> Vec<&str> {
    let text = header.to_str().expect("text");
    text.split("; ").skip(1).collect()
}

#[test]
fn a_cookie_is_written_for_this_host_alone() {
    for (header, start, age) in [
        (
            cookies::set(NAME, VALUE, None),
            format!("{NAME}={VALUE}; "),
            None,
        ),
        (
            cookies::set(NAME, VALUE, Some(3600)),
            format!("{NAME}={VALUE}; "),
            Some("Max-Age=3600"),
        ),
        (
            cookies::clear(NAME),
            format!("{NAME}=; "),
            Some("Max-Age=0"),
        ),
    ] {
        assert!(header.to_str().expect("text").starts_with(&start));
        let mut expected = vec!["Path=/", "Secure", "HttpOnly", "SameSite=Lax"];
        expected.extend(age);
        assert_eq!(attributes(&header), expected);
        assert!(header.is_sensitive(), "not printed");
        assert!(!format!("{header:?}").contains(NAME));
    }
}

#[test]
fn what_is_written_is_read_again() {
    let written = cookies::set(NAME, VALUE, None);
    let text = written.to_str().expect("text");
    let sent = text.split(';').next().expect("name and value");
    assert_eq!(read(&[sent.as_bytes()]).as_deref(), Some(VALUE));
}

#[test]
fn no_value_breaks_out_of_its_cookie() {
    for value in [
        "x; Domain=evil.test",
        "x\r\nSet-Cookie: a=b",
        "x,y",
        "\"x\"",
        "é",
        "",
        &"x".repeat(5000),
    ] {
        assert_eq!(cookies::set(NAME, value, None), cookies::clear(NAME));
    }
}
