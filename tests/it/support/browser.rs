//! A browser: it keeps cookies, reads the forms of a page, and goes where it is sent.

use std::collections::BTreeMap;

use data_encoding::BASE64URL_NOPAD;
use users_core::base::digest::sha256;
use users_core::oauth::authorize::channel::ResponseMode;

use super::http::{Caller, Reply};
use super::people::{Person, Service};

/// One person's browser.
#[derive(Clone)]
pub struct Browser {
    pub caller: Caller,
    pub cookies: BTreeMap<String, String>,
}

/// What an authorization request asks for; `with` changes it.
#[derive(Clone)]
pub struct Asking {
    pub params: Vec<(String, String)>,
    pub verifier: String,
    /// Where the issuer's pages are: empty, or `/t/{slug}`.
    pub prefix: String,
}

/// Where relying parties of the tests want their answers.
pub use super::world::REDIRECT as CALLBACK;

impl Asking {
    /// A request of `service` with PKCE, state and nonce.
    pub fn of(service: &Service, scope: &str) -> Self {
        let verifier = "a-verifier-of-forty-three-characters-or-more".to_owned();
        let challenge = BASE64URL_NOPAD.encode(&sha256(&[verifier.as_bytes()]));
        let asking = Self {
            params: Vec::new(),
            verifier,
            prefix: service.prefix.clone(),
        };
        asking
            .with("response_type", "code")
            .with("client_id", &service.client_id)
            .with("redirect_uri", CALLBACK)
            .with("scope", scope)
            .with("state", "the state")
            .with("nonce", "the nonce")
            .with("code_challenge", &challenge)
            .with("code_challenge_method", "S256")
    }

    /// Sets a parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.params.retain(|(known, _)| known != name);
        self.params.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Leaves a parameter out.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.params.retain(|(known, _)| known != name);
        self
    }

    pub fn address(&self) -> String {
        let query = serde_urlencoded::to_string(&self.params).expect("a query");
        format!("{}/authorize?{query}", self.prefix)
    }
}

/// The first form of a page.
#[derive(Clone, Debug)]
pub struct Form {
    pub action: String,
    /// Hidden fields.
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// Reads the form that posts to a path with this end.
    pub fn of(page: &Reply, end: &str) -> Self {
        Self::find(page, end).unwrap_or_else(|| panic!("no form for {end}: {page:?}"))
    }

    pub fn find(page: &Reply, end: &str) -> Option<Self> {
        page.body.split("<form").skip(1).find_map(|rest| {
            let form = rest.split("</form>").next()?;
            let action = attribute(form.split('>').next()?, "action")?;
            let hidden = form.split("<input").skip(1).filter_map(|input| {
                let input = input.split('>').next()?;
                (attribute(input, "type").as_deref() == Some("hidden")).then_some(())?;
                Some((attribute(input, "name")?, attribute(input, "value")?))
            });
            action.ends_with(end).then(|| Self {
                fields: hidden.collect(),
                action,
            })
        })
    }

    pub fn field(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| known == name);
        &found.unwrap_or_else(|| panic!("no {name} in {self:?}")).1
    }

    /// Sets a field, as a pressed button does too.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let value = &tag[start..];
    Some(unescape(&value[..value.find('"')?]))
}

/// HTML's character references, as far as our templates write them.
pub fn unescape(text: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

impl Browser {
    pub fn new(caller: &Caller) -> Self {
        Self {
            caller: caller.clone(),
            cookies: BTreeMap::new(),
        }
    }

    pub fn cookie_header(&self) -> String {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    fn keep_cookies(&mut self, reply: &Reply) {
        for cookie in reply.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().expect("a text");
            for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
                assert!(cookie.contains(attribute), "{cookie}");
            }
            let (name, value) = cookie.split_once('=').expect("a cookie");
            let value = value.split(';').next().expect("a value");
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub async fn get(&mut self, path: &str) -> Reply {
        let cookies = self.cookie_header();
        let reply = self.caller.get_with(path, &[("cookie", &cookies)]).await;
        self.keep_cookies(&reply);
        reply
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.post_with(path, fields, &[]).await
    }

    pub async fn post_with(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Reply {
        let cookies = self.cookie_header();
        let headers = [headers, &[("cookie", cookies.as_str())]].concat();
        let reply = self.caller.post(path, fields, &headers).await;
        self.keep_cookies(&reply);
        reply
    }

    pub async fn submit(&mut self, form: &Form) -> Reply {
        self.submit_with(form, &[]).await
    }

    pub async fn submit_with(&mut self, form: &Form, headers: &[(&str, &str)]) -> Reply {
        let fields: Vec<(&str, &str)> = form
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.post_with(&form.action, &fields, headers).await
    }

    /// The same browser, sent to another node.
    #[must_use]
    pub fn through(&self, caller: &Caller) -> Self {
        Self {
            caller: caller.clone(),
            cookies: self.cookies.clone(),
        }
    }

    /// The value of the cookie whose name begins so.
    #[track_caller]
    pub fn cookie(&self, prefix: &str) -> &str {
        let mut found = self.cookies.iter();
        let found = found.find(|(name, _)| name.starts_with(prefix));
        found
            .unwrap_or_else(|| panic!("no {prefix} in {:?}", self.cookies))
            .1
    }

    pub async fn ask(&mut self, asking: &Asking) -> Reply {
        self.get(&asking.address()).await
    }

    /// Signs in on a sign-in page.
    pub async fn sign_in(&mut self, page: &Reply, person: &Person) -> Reply {
        let form = Form::of(page, "/sign-in")
            .with("username", &person.username)
            .with("password", &person.password);
        self.submit(&form).await
    }

    /// Answers a consent page.
    pub async fn decide(&mut self, page: &Reply, decision: &str) -> Reply {
        let form = Form::of(page, "/consent").with("decision", decision);
        self.submit(&form).await
    }

    /// Goes all the way: signs in where asked, allows where asked; the answer to the client.
    pub async fn authorize(&mut self, asking: &Asking, person: &Person) -> Answer {
        Answer::of(&self.walk(asking, person).await)
    }

    /// The same; where it led.
    pub async fn walk(&mut self, asking: &Asking, person: &Person) -> Reply {
        let mut page = self.ask(asking).await;
        if Form::find(&page, "/sign-in").is_some() {
            page = self.sign_in(&page, person).await;
        }
        if Form::find(&page, "/consent").is_some() {
            page = self.decide(&page, "allow").await;
        }
        page
    }
}

/// What a client is told through the browser.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The address without the answer's parameters.
    pub to: String,
    /// Where they stood.
    pub mode: ResponseMode,
    pub params: BTreeMap<String, String>,
}

impl Answer {
    /// The answer, unless it is a page of ours.
    #[track_caller]
    pub fn of_maybe(reply: &Reply) -> Option<Self> {
        let answers = reply.status == 303 || reply.body.contains("id=\"answer\"");
        answers.then(|| Self::of(reply))
    }

    #[track_caller]
    pub fn of(reply: &Reply) -> Self {
        if let Some(form) = reply
            .body
            .contains("id=\"answer\"")
            .then(|| Form::of(reply, ""))
        {
            return Self {
                to: form.action,
                mode: ResponseMode::FormPost,
                params: form.fields.into_iter().collect(),
            };
        }
        assert_eq!(reply.status, 303, "{reply:?}");
        let location = reply.header("location").expect("a location");
        let (to, params) = location
            .split_once('#')
            .or_else(|| location.split_once('?'))
            .unwrap_or_else(|| panic!("no answer in {location}"));
        let params: Vec<(String, String)> = serde_urlencoded::from_str(params).expect("params");
        let unique: BTreeMap<String, String> = params.iter().cloned().collect();
        assert_eq!(unique.len(), params.len(), "repeated: {params:?}");
        let mode = if location.as_bytes()[to.len()] == b'#' {
            ResponseMode::Fragment
        } else {
            ResponseMode::Query
        };
        Self {
            to: to.to_owned(),
            mode,
            params: unique,
        }
    }

    #[track_caller]
    pub fn get(&self, name: &str) -> &str {
        let found = self.params.get(name);
        found.unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    #[track_caller]
    pub fn code(&self) -> &str {
        self.get("code")
    }

    #[track_caller]
    pub fn assert_error(&self, error: &str) {
        assert_eq!(
            self.params.get("error").map(String::as_str),
            Some(error),
            "{self:?}"
        );
        assert!(!self.params.contains_key("code"), "{self:?}");
        assert!(self.params.contains_key("iss"), "{self:?}");
    }
}

impl Service {
    /// Redeems a code.
    pub async fn redeem(&self, answer: &Answer, asking: &Asking) -> Reply {
        self.redeem_with(answer.code(), &asking.verifier, CALLBACK)
            .await
    }

    pub async fn redeem_with(&self, code: &str, verifier: &str, redirect_uri: &str) -> Reply {
        self.post(
            "/token",
            &[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("code_verifier", verifier),
                ("redirect_uri", redirect_uri),
            ],
        )
        .await
    }
}
