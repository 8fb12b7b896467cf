//! What every view holds to, whatever it shows.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use users_core::pages::{Pages, scope_text};

use super::views::{Page, attribute, every_view, one_of, unescaped};

/// Views with forms that belong to no sign-in.
const BEFORE_A_SIGN_IN: &[&str] = &[
    "ask_address",
    "choose_password",
    "confirm_address",
    "sign_up",
];

fn all() -> Vec<Page> {
    every_view("a text", "/t/acme", &[])
}

/// Whoever adds a view adds it to the table, and so to every rule here.
#[test]
fn every_view_stands_in_the_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pages");
    let mut public = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the folder") {
        let source = fs::read_to_string(entry.expect("an entry").path()).expect("a file");
        for method in source.split("    pub fn ").skip(1) {
            let (head, _) = method.split_once('{').expect("a body");
            if head.contains("-> Response") {
                let name = head.split(['(', '<']).next().expect("a name");
                public.insert(name.to_owned());
            }
        }
    }
    assert!(public.remove("stylesheet"), "the sources were read");
    let table: BTreeSet<String> = all().iter().map(|page| page.method.to_owned()).collect();
    assert_eq!(table, public);
}

#[test]
fn every_view_is_a_whole_document_with_a_name() {
    for page in all() {
        let (method, body) = (page.method, &page.body);
        assert!(body.starts_with("<!doctype html>\n<html lang=\"en\">"));
        assert!(body.trim_end().ends_with("</html>"), "{method}");
        for once in ["<title>", "<h1>", "<main>", "<header>", "name=\"viewport\""] {
            assert_eq!(body.matches(once).count(), 1, "{method}: {once}");
        }
        let (_, title) = body.split_once("<title>").expect("a title");
        let (title, _) = title.split_once("</title>").expect("its end");
        let (what, tenant) = title.split_once(" · ").expect("what and where");
        assert!(!what.trim().is_empty(), "{method}");
        let own = matches!(method, "setup" | "message" | "api_docs");
        assert_eq!(tenant, if own { "users-core" } else { "a text" });
    }
}

// A040
#[test]
fn no_view_asks_anything_of_another_site() {
    for page in all() {
        for tag in page.tags() {
            let method = page.method;
            for loads in [
                "src",
                "srcset",
                "poster",
                "data",
                "ping",
                "background",
                "style",
            ] {
                assert!(attribute(tag, loads).is_none(), "{method}: {tag}");
            }
            assert!(!tag.contains(" on"), "{method}: {tag}");
            let element = tag.split_whitespace().next().unwrap_or_default();
            let forbidden = [
                "img", "iframe", "object", "embed", "base", "svg", "style", "video",
            ];
            assert!(!forbidden.contains(&element), "{method}: {tag}");
            // A place on the page itself, or on this host.
            let own = |address: &str| {
                address.starts_with('#') || address.starts_with('/') && !address.starts_with("//")
            };
            match (element, attribute(tag, "href")) {
                ("link", address) => assert!(address.is_some_and(own), "{method}: {tag}"),
                // Which application opens is the device's to say.
                ("a", Some(address)) if method == "configure_totp" => {
                    assert!(unescaped(address).starts_with("otpauth://totp/"), "{tag}");
                }
                ("a", Some(address)) if !own(&unescaped(address)) => {
                    assert!(unescaped(address).starts_with("https://client.test/"));
                    assert_eq!(attribute(tag, "rel"), Some("noreferrer noopener"));
                }
                _ => {}
            }
            if element == "form" {
                let action = unescaped(attribute(tag, "action").expect("where to"));
                let answer = method == "form_post" && action == "https://client.test/callback";
                assert!(own(&action) || answer, "{method}: {tag}");
                assert_eq!(attribute(tag, "method"), Some("post"), "{method}: {tag}");
            }
            assert!(attribute(tag, "formaction").is_none(), "{method}: {tag}");
        }
        assert!(!page.body.contains("logo.png"), "{}", page.method);
        assert!(!page.body.contains("javascript:"), "{}", page.method);
    }
}

#[test]
fn every_field_has_its_label_and_every_button_its_words() {
    for page in all() {
        let method = page.method;
        for tag in page.tags() {
            if tag.starts_with("input") && attribute(tag, "type") != Some("hidden") {
                let id = attribute(tag, "id").unwrap_or_else(|| panic!("{method}: {tag}"));
                let label = format!("<label for=\"{id}\">");
                assert_eq!(page.body.matches(&label).count(), 1, "{method}: {tag}");
            }
            if tag.starts_with("button") {
                assert_eq!(attribute(tag, "type"), Some("submit"), "{method}: {tag}");
                let (_, inside) = page.body.split_once(&format!("<{tag}>")).expect("it");
                let (inside, _) = inside.split_once("</button>").expect("its end");
                assert!(!inside.trim().is_empty(), "{method}: {tag}");
            }
            for name in ["aria-describedby", "aria-labelledby", "for"] {
                for id in attribute(tag, name)
                    .into_iter()
                    .flat_map(str::split_whitespace)
                {
                    let named = format!(" id=\"{id}\"");
                    assert!(page.body.contains(&named), "{method}: {tag}");
                }
            }
        }
        let ids: Vec<&str> = page.tags().filter_map(|tag| attribute(tag, "id")).collect();
        let different: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), different.len(), "{method}: {ids:?}");
        assert!(page.body.matches(" autofocus").count() <= 1, "{method}");
    }
}

/// What browsers and their drivers find the parts of a page by.
#[test]
fn the_parts_of_a_page_have_their_names() {
    let made = all();
    for (method, tag, parts) in [
        (
            "sign_in",
            "<input",
            &[
                "id=\"username\"",
                "name=\"username\"",
                "autocomplete=\"username\"",
            ][..],
        ),
        (
            "sign_in",
            "<input",
            &[
                "id=\"password\"",
                "type=\"password\"",
                "autocomplete=\"current-password\"",
            ],
        ),
        (
            "sign_in",
            "<input",
            &["id=\"remember\"", "type=\"checkbox\"", "value=\"on\""],
        ),
        ("sign_in", "<button", &["id=\"sign-in\""]),
        ("sign_in", "<form", &["action=\"/t/acme/sign-in\""]),
        ("sign_in", "<form", &["action=\"/t/acme/select-account\""]),
        ("sign_in", "<p", &["id=\"problem\"", "role=\"alert\""]),
        ("consent", "<form", &["action=\"/t/acme/consent\""]),
        (
            "consent",
            "<button",
            &["id=\"allow\"", "name=\"decision\"", "value=\"allow\""],
        ),
        (
            "consent",
            "<button",
            &["id=\"deny\"", "name=\"decision\"", "value=\"deny\""],
        ),
        ("accounts", "<form", &["action=\"/t/acme/select-account\""]),
        (
            "accounts",
            "<button",
            &["class=\"account\"", "name=\"session\"", "value=\"a text\""],
        ),
        (
            "accounts",
            "<button",
            &["id=\"another\"", "name=\"another\"", "value=\"\""],
        ),
        (
            "sign_out",
            "<form",
            &["action=\"/t/acme/account/sign-out\""],
        ),
        ("sign_out", "<button", &["id=\"sign-out\""]),
        ("signed_out", "<p", &["id=\"signed-out\""]),
        ("error", "<p", &["id=\"error\""]),
        ("form_post", "<form", &["id=\"answer\"", "action="]),
        (
            "form_post",
            "<input",
            &["type=\"hidden\"", "name=\"state\"", "value=\"a text\""],
        ),
        ("form_post", "<button", &["id=\"continue\""]),
        ("setup", "<form", &["action=\"/setup\""]),
        ("visitor", "<a", &["id=\"sign-in\"", "class=\"button\""]),
        ("visitor", "<p", &["id=\"signed-out\"", "role=\"status\""]),
        ("claims", "<tr", &["data-claim=\"a text\""]),
        ("claims", "<pre", &["id=\"header\""]),
        ("claims", "<pre", &["id=\"payload\""]),
        ("claims", "<form", &["action=\"/sign-out\""]),
        ("claims", "<button", &["id=\"sign-out\""]),
    ] {
        let page = &made[one_of(&made, method)];
        let found = page.tags().filter(|found| {
            format!("<{found}").starts_with(tag) && parts.iter().all(|part| found.contains(part))
        });
        assert!(found.count() >= 1, "{method} has no {tag} with {parts:?}");
    }
    // Every form but those of others carries what it continues.
    for page in made
        .iter()
        .filter(|page| !matches!(page.method, "form_post" | "setup" | "claims"))
        .filter(|page| !BEFORE_A_SIGN_IN.contains(&page.method))
    {
        for form in page.body.split("<form").skip(1) {
            let (form, _) = form.split_once("</form>").expect("its end");
            assert!(form.contains("<input type=\"hidden\" name=\"transaction\" value=\"a text\">"));
        }
    }
}

#[test]
fn a_settled_name_is_shown_and_not_asked_for() {
    let made = all();
    let mut sign_ins = made.iter().filter(|page| page.method == "sign_in");
    let (fixed, free) = (sign_ins.next().expect("one"), sign_ins.next().expect("two"));
    let name = |page: &Page| {
        let tag = page
            .tags()
            .find(|tag| attribute(tag, "id") == Some("username"));
        tag.expect("the field").to_owned()
    };
    assert!(name(fixed).contains(" readonly") && !name(free).contains(" readonly"));
    assert_eq!(attribute(&name(fixed), "value"), Some("a text"));
    assert!(name(free).contains(" autofocus") && !name(fixed).contains(" autofocus"));
    // Neither an empty problem nor the way to other accounts is there unasked.
    assert!(!free.body.contains("role=\"alert\"") && !free.body.contains("select-account"));
}

#[test]
fn consent_says_what_is_new_who_asks_and_what_cannot_be_checked() {
    let made = all();
    let mut both = made.iter().filter(|page| page.method == "consent");
    let (known, fresh) = (both.next().expect("one"), both.next().expect("two"));
    assert!(known.body.contains("It now also wants to"));
    assert!(known.body.contains("You have allowed it to"));
    assert!(known.body.contains("id=\"unverified\"") && known.body.contains("id=\"offline\""));
    assert_eq!(known.body.matches("<a href=").count(), 3);
    assert!(fresh.body.contains("It wants to"));
    assert!(!fresh.body.contains("You have allowed it to"));
    assert!(!fresh.body.contains("id=\"unverified\"") && !fresh.body.contains("id=\"offline\""));
    assert!(!fresh.body.contains("<a "), "a link that is no web address");
}

#[test]
fn a_way_on_leads_home_or_to_the_web_and_nowhere_else() {
    let shown = |address: &str| {
        let frame = super::views::frame("", "Acme", &[]);
        let way_on = Some(("Go on", address));
        let status = axum::http::StatusCode::BAD_REQUEST;
        let response = Pages::new().error(status, &frame, "Title", "Text", way_on);
        super::views::Page::of("error", response)
            .body
            .contains("<a ")
    };
    for good in [
        "/account",
        "/t/acme/authorize?x=1&y=2",
        "https://client.test/",
    ] {
        assert!(shown(good), "{good}");
    }
    for bad in [
        "javascript:alert(1)",
        "//evil.test",
        "/\\evil.test",
        "/\t/evil.test",
        "data:text/html,x",
        "account",
        "",
    ] {
        assert!(!shown(bad), "{bad}");
    }
}

#[test]
fn every_scope_the_server_knows_is_said_in_words() {
    let catalog = users_core::model::resource::Catalog::new(Vec::new(), Vec::new());
    let mut said = BTreeSet::new();
    for scope in catalog.scopes().words() {
        let text = scope_text(scope, None);
        assert!(!text.starts_with("Use the permission"), "{scope}: {text}");
        assert!(
            said.insert(text.clone()),
            "two scopes are said the same: {text}"
        );
    }
}
