//! Somebody at the provider's pages, without a browser: cookies, redirects and forms.

use std::collections::BTreeMap;
use std::error::Error;

use reqwest::Url;
use reqwest::header::{ACCEPT, COOKIE, LOCATION, ORIGIN, SET_COOKIE};

use crate::html::{self, Form};
use crate::relying::variable;

const MAX_STEPS: usize = 25;
/// The buttons to press, by id.
const BUTTONS: [&str; 4] = ["sign-in", "allow", "continue", "sign-out"];

/// What the client is answered with.
pub type Answer = BTreeMap<String, String>;

pub struct Person {
    http: reqwest::Client,
    username: &'static str,
    cookies: BTreeMap<String, String>,
    /// The buttons pressed on the last walk.
    pub pressed: Vec<&'static str>,
    /// The button pressed on the consent page.
    pub decision: &'static str,
}

/// The next request: an address, and the fields if it is a form's.
type Step = (Url, Option<Vec<(String, String)>>);

impl Person {
    pub fn new(http: reqwest::Client, username: &'static str) -> Self {
        Self {
            http,
            username,
            cookies: BTreeMap::new(),
            pressed: Vec::new(),
            decision: "allow",
        }
    }

    /// Goes to `start` and answers every page, until the way leads to an address under `client`.
    pub async fn walk(&mut self, start: Url, client: &str) -> Result<Answer, Box<dyn Error>> {
        self.pressed.clear();
        let mut step: Step = (start, None);
        for _ in 0..MAX_STEPS {
            let (url, fields) = step;
            if url.as_str().starts_with(client) {
                let from_query = || url.query_pairs().into_owned().collect();
                return Ok(fields.map_or_else(from_query, |fields| fields.into_iter().collect()));
            }
            step = self.take(url, fields).await?;
        }
        Err("too many steps".into())
    }

    async fn take(
        &mut self,
        url: Url,
        fields: Option<Vec<(String, String)>>,
    ) -> Result<Step, Box<dyn Error>> {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = match fields {
            None => self.http.get(url.clone()),
            Some(fields) => self
                .http
                .post(url.clone())
                .header(ORIGIN, url.origin().ascii_serialization())
                .form(&fields),
        };
        let answer = request
            .header(ACCEPT, "text/html")
            .header(COOKIE, cookies.join("; "))
            .send()
            .await?;
        for line in answer.headers().get_all(SET_COOKIE) {
            self.keep(line.to_str()?)?;
        }
        if let Some(location) = answer.headers().get(LOCATION) {
            return Ok((url.join(location.to_str()?)?, None));
        }
        let status = answer.status();
        let page = answer.text().await?;
        for form in html::forms(&page) {
            if let Some(step) = self.fill_in(&url, &form)? {
                return Ok(step);
            }
        }
        Err(format!("stopped at {}, {status}", url.path()).into())
    }

    fn keep(&mut self, line: &str) -> Result<(), Box<dyn Error>> {
        let (pair, options) = line.split_once(';').unwrap_or((line, ""));
        let (name, value) = pair.split_once('=').ok_or("a cookie without a name")?;
        if options.to_ascii_lowercase().contains("max-age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        Ok(())
    }

    fn fill_in(&mut self, page: &Url, form: &Form) -> Result<Option<Step>, Box<dyn Error>> {
        let Some(found) = BUTTONS.iter().find(|id| form.button(id).is_some()) else {
            return Ok(None);
        };
        let id = if *found == "allow" {
            self.decision
        } else {
            found
        };
        if id == "sign-in" && self.pressed.contains(&id) {
            return Err("asked to sign in again".into());
        }
        self.pressed.push(id);
        let button = form.button(id).ok_or("no such button")?;
        let mut fields = Vec::new();
        for input in &form.inputs {
            let (Some(name), None) = (
                input.get("name"),
                input.get("type").filter(|kind| *kind == "checkbox"),
            ) else {
                continue;
            };
            let value = match input.get("id").map(String::as_str) {
                Some("username") => self.username.to_owned(),
                Some("password") => variable("CONFORMANCE_PASSWORD"),
                _ => input.get("value").cloned().unwrap_or_default(),
            };
            fields.push((name.clone(), value));
        }
        if let Some(name) = button.get("name") {
            let value = button.get("value").cloned().unwrap_or_default();
            fields.push((name.clone(), value));
        }
        let action = button.get("formaction").unwrap_or(&form.action);
        Ok(Some((page.join(action)?, Some(fields))))
    }
}
