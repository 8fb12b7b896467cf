//! Every view there is, filled with one text in every place a caller can fill.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use users_core::pages::{
    AccountLine, Accounts, ApiDocs, AskAddress, ChoosePassword, ClaimLine, Claims, ClientCard,
    ConfigureTotp, ConfirmAddress, Consent, FieldLine, FormPost, Frame, OperationLine, Pages,
    ProblemLine, RecoveryCodes, ResourceSection, ScopeLine, SecondFactor, SignIn, SignOut, SignUp,
    UpdatePassword, Visitor,
};

/// A rendered view.
pub struct Page {
    /// The method of `Pages` that made it.
    pub method: &'static str,
    pub status: u16,
    pub headers: axum::http::HeaderMap,
    pub body: String,
}

impl Page {
    pub fn of(method: &'static str, response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX);
        let body = futures_util::FutureExt::now_or_never(body);
        let body = body.expect("in memory").expect("whole");
        Self {
            method,
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).expect("UTF-8"),
        }
    }

    /// The page without the QR code in it, which is a picture made here: a square and what is dark in it.
    fn without_picture(mut self) -> Self {
        let (before, rest) = self.body.split_once("<svg ").expect("a picture");
        let (picture, after) = rest.split_once("</svg>").expect("its end");
        let elements: Vec<&str> = picture.split('<').skip(1).collect();
        assert!(elements[0].starts_with("rect ") && elements[1].starts_with("path "));
        assert_eq!(elements.len(), 2, "{picture}");
        assert!(!picture.contains("style") && !picture.contains("href"));
        self.body = format!("{before}{after}");
        self
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("text"))
    }

    /// The tags, without what stands between them.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.body
            .split('<')
            .skip(1)
            .filter_map(|rest| rest.split('>').next())
    }
}

/// The value of an attribute of a tag.
pub fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next()
}

/// What a browser reads in an attribute or between tags.
pub fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&#x2f;", "/")
        .replace("&amp;", "&")
}

pub fn frame<'a>(base: &'a str, tenant_name: &'a str, form_targets: &'a [String]) -> Frame<'a> {
    Frame {
        base,
        tenant_name,
        form_targets,
    }
}

/// Every view in each of its shapes, with `text` everywhere, below `base`, answering to `targets`.
/// A view that is missing fails `pages::every_view_stands_in_the_table`.
#[expect(clippy::too_many_lines, reason = "one entry after the other")]
pub fn every_view(text: &str, base: &str, targets: &[String]) -> Vec<Page> {
    let pages = Pages::new();
    let frame = || frame(base, text, targets);
    let mut made = Vec::new();
    for all in [true, false] {
        let some = all.then_some(text);
        let status = if all {
            StatusCode::OK
        } else {
            StatusCode::FORBIDDEN
        };
        let sign_in = SignIn {
            frame: frame(),
            transaction: text,
            client_name: some,
            username: if all { text } else { "" },
            username_is_fixed: all,
            problem: some,
            other_accounts: all,
            reset: all,
            sign_up: all,
        };
        made.push(Page::of("sign_in", pages.sign_in(status, &sign_in)));
        made.push(Page::of(
            "consent",
            pages.consent(&consent(frame(), text, all)),
        ));
        let account = |name: Option<&str>| AccountLine {
            session: text.to_owned(),
            username: text.to_owned(),
            name: name.map(str::to_owned),
        };
        let accounts = Accounts {
            frame: frame(),
            transaction: text,
            client_name: some,
            accounts: vec![account(some), account(None)],
        };
        made.push(Page::of("accounts", pages.accounts(&accounts)));
        let second_factor = SecondFactor {
            frame: frame(),
            transaction: text,
            client_name: some,
            username: text,
            problem: some,
        };
        let shown = pages.second_factor(status, &second_factor);
        made.push(Page::of("second_factor", shown));
        let configure = ConfigureTotp {
            frame: frame(),
            transaction: text,
            client_name: some,
            username: text,
            secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
            uri: &format!("otpauth://totp/{text}"),
            problem: some,
        };
        let shown = pages.configure_totp(status, &configure);
        made.push(Page::of("configure_totp", shown).without_picture());
        let codes = RecoveryCodes {
            frame: frame(),
            transaction: text,
            client_name: some,
            codes: vec![text, text],
        };
        made.push(Page::of("recovery_codes", pages.recovery_codes(&codes)));
        let sign_out = SignOut {
            frame: frame(),
            transaction: text,
            client_name: some,
            usernames: if all { vec![text.to_owned()] } else { vec![] },
        };
        made.push(Page::of("sign_out", pages.sign_out(&sign_out)));
        let visitor = Visitor {
            frame: frame(),
            sign_in: if all {
                "https://client.test/authorize?state=x"
            } else {
                text
            },
            username: text,
            signed_out: all,
        };
        made.push(Page::of("visitor", pages.visitor(&visitor)));
        let way_on = all.then_some((text, "/account"));
        let error = pages.error(status, &frame(), text, text, way_on);
        made.push(Page::of("error", error));
        let problems = if all { vec![text.to_owned()] } else { vec![] };
        let setup = pages.setup(status, text, text, 12, &problems);
        made.push(Page::of("setup", setup));
        let ask = AskAddress {
            frame: frame(),
            problem: some,
        };
        made.push(Page::of("ask_address", pages.ask_address(status, &ask)));
        let choose = ChoosePassword {
            frame: frame(),
            action: "/reset-password",
            link: text,
            username: text,
            is_first: all,
            problems: &problems,
        };
        let choose = pages.choose_password(status, &choose);
        made.push(Page::of("choose_password", choose));
        let sign_up = SignUp {
            frame: frame(),
            email: text,
            username: text,
            name: text,
            problems: &problems,
        };
        made.push(Page::of("sign_up", pages.sign_up(status, &sign_up)));
        let update = UpdatePassword {
            frame: frame(),
            transaction: text,
            client_name: some,
            username: text,
            min_length: 12,
            problems: &problems,
        };
        made.push(Page::of(
            "update_password",
            pages.update_password(status, &update),
        ));
    }
    let confirm = ConfirmAddress {
        frame: frame(),
        link: text,
        address: text,
    };
    made.push(Page::of("confirm_address", pages.confirm_address(&confirm)));
    let told = pages.told(StatusCode::OK, &frame(), text, text);
    made.push(Page::of("told", told));
    let docs = docs(text);
    made.push(Page::of("api_docs", pages.api_docs(&docs)));
    let claims = Claims {
        frame: frame(),
        name: text,
        claims: vec![ClaimLine {
            name: text.to_owned(),
            value: text.to_owned(),
        }],
        header: text,
        payload: text,
    };
    made.push(Page::of("claims", pages.claims(&claims)));
    let form_post = FormPost {
        frame: frame(),
        action: "https://client.test/callback",
        fields: vec![("code", text.to_owned()), ("state", text.to_owned())],
    };
    made.push(Page::of("form_post", pages.form_post(&form_post)));
    made.push(Page::of("signed_out", pages.signed_out(&frame())));
    let message = pages.message(StatusCode::OK, text, text);
    made.push(Page::of("message", message));
    made
}

fn consent<'a>(frame: Frame<'a>, text: &'a str, all: bool) -> Consent<'a> {
    let line = |is_new| ScopeLine {
        scope: text.to_owned(),
        text: text.to_owned(),
        is_new,
    };
    let about = all.then_some("https://client.test/about");
    Consent {
        frame,
        transaction: text,
        client: ClientCard {
            name: text,
            uri: about,
            // Neither is a link, one is not even loaded.
            logo_uri: Some("https://client.test/logo.png"),
            policy_uri: if all { about } else { Some(text) },
            tos_uri: if all {
                about
            } else {
                Some("javascript:alert(1)")
            },
        },
        username: text,
        scopes: if all {
            vec![line(true), line(false)]
        } else {
            vec![line(true)]
        },
        offline: all,
        unverified: all,
        redirect_host: text,
    }
}

/// One view of each kind, the one with everything in it.
pub fn one_of(made: &[Page], method: &str) -> usize {
    made.iter()
        .position(|page| page.method == method)
        .unwrap_or_else(|| panic!("no view {method}"))
}

/// A page about an API of one operation.
fn docs(text: &str) -> ApiDocs {
    let field = || FieldLine {
        name: text.to_owned(),
        kind: text.to_owned(),
        text: text.to_owned(),
        required: true,
    };
    let operation = OperationLine {
        method: "GET",
        path: text.to_owned(),
        name: "a.name",
        summary: "What it does",
        scopes: &["users.read"],
        parameters: vec![field()],
        body: vec![field()],
        success: 200,
        statuses: vec![401],
    };
    ApiDocs {
        sections: vec![ResourceSection {
            name: "resource",
            operations: vec![operation],
        }],
        problems: vec![ProblemLine {
            code: "a-problem",
            status: 401,
            title: "What is wrong",
        }],
    }
}
