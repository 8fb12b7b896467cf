//! The headers of every view.

use data_encoding::BASE64;
use users_core::base::digest::sha256;

use super::views::{Page, every_view, one_of};

fn directives(page: &Page) -> Vec<&str> {
    let policy = page.header("content-security-policy");
    policy.split("; ").collect()
}

fn form_action(page: &Page) -> &str {
    let all = directives(page);
    let found = all.iter().find_map(|one| one.strip_prefix("form-action "));
    found.expect("forms are limited")
}

// A194, A195
#[test]
fn every_view_has_strict_headers() {
    let targets = ["https://client.test".to_owned()];
    for page in every_view("a text", "/t/acme", &targets) {
        let method = page.method;
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("cache-control"), "no-store", "{method}");
        assert_eq!(page.header("x-frame-options"), "DENY", "{method}");
        assert_eq!(page.header("referrer-policy"), "no-referrer", "{method}");
        let mut expected = vec![
            "base-uri 'none'",
            "default-src 'none'",
            if matches!(method, "setup" | "message" | "api_docs") {
                "form-action 'self'"
            } else {
                "form-action 'self' https://client.test"
            },
            "frame-ancestors 'none'",
            "img-src 'self'",
            "object-src 'none'",
            "style-src 'self'",
        ];
        let mut found = directives(&page);
        found.sort_unstable();
        if method == "form_post" {
            // Its digest is the next test's.
            let script = found
                .iter()
                .position(|one| one.starts_with("script-src 'sha256-"));
            found.remove(script.expect("the script is named"));
        }
        expected.sort_unstable();
        assert_eq!(found, expected, "{method}");
    }
}

// A018
#[test]
fn the_one_script_is_allowed_by_its_digest_and_says_nothing_from_outside() {
    let mut scripts = Vec::new();
    for text in ["one", "\"></script><script>alert(1)//", "three"] {
        let made = every_view(text, "", &[]);
        for page in &made {
            let count = page.body.to_lowercase().matches("<script").count();
            let allowed = usize::from(page.method == "form_post");
            assert_eq!(count, allowed, "{}", page.method);
        }
        let page = &made[one_of(&made, "form_post")];
        let (_, script) = page.body.split_once("<script>").expect("a script");
        let (script, _) = script.split_once("</script>").expect("its end");
        let digest = BASE64.encode(&sha256(&[script.as_bytes()]));
        let policy = page.header("content-security-policy").to_owned();
        assert!(policy.contains(&format!("script-src 'sha256-{digest}'")));
        assert!(!policy.contains("unsafe"), "{policy}");
        scripts.push(script.to_owned());
    }
    assert!(scripts.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_form_leads_to_ourselves_and_to_the_named_sources() {
    let targets: Vec<String> = [
        "https://client.test",
        "https://client.test:8443/callback",
        "http://127.0.0.1:5050",
        "http://[::1]:5050",
        "com.example.app:",
        "web+app:",
    ]
    .map(str::to_owned)
    .to_vec();
    for page in every_view("x", "", &targets) {
        let own = matches!(page.method, "setup" | "message" | "api_docs");
        let expected = if own {
            "'self'".to_owned()
        } else {
            format!("'self' {}", targets.join(" "))
        };
        assert_eq!(form_action(&page), expected, "{}", page.method);
    }
}

// A195
#[test]
fn a_source_that_is_more_than_one_source_is_left_out() {
    for hostile in [
        "*",
        "https://*.client.test",
        "https://client.test *",
        "https://client.test; script-src *",
        "https://client.test,https://evil.test",
        "https://client.test\r\nSet-Cookie: a=b",
        "https://client.test/\t*",
        "'unsafe-inline'",
        "\"https://client.test\"",
        "https://clïent.test",
        "https://client.test/?x=1",
        "https://client.test/%2a",
        "https:",
        "http:",
        "HTTPS:",
        "https://",
        "data:",
        "javascript:",
        "blob:",
        "client",
        "",
        " ",
    ] {
        let targets = ["https://a.test".to_owned(), hostile.to_owned()];
        for page in every_view("x", "", &targets) {
            let limits = form_action(&page);
            assert!(
                ["'self'", "'self' https://a.test"].contains(&limits),
                "{}: {hostile:?} became {limits}",
                page.method
            );
        }
    }
}
