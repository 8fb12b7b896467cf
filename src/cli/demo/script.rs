//! What to try on the demo: commands that work when pasted one after the other into one shell.

use std::fmt::Write as _;

use super::relying_party::CLIENT as WEB;
use super::{APP, Demo, SERVICE, USER};

pub(super) const APP_SCOPES: &[&str] = &[
    "openid",
    "profile",
    "email",
    "offline_access",
    "sip.register",
    "sip.call",
];
pub(super) const SERVICE_SCOPES: &[&str] = &["sip.register", "token.introspect"];

/// One thing to try.
pub(super) struct Step {
    pub(super) title: &'static str,
    pub(super) command: String,
}

/// The steps, in their order: the later ones use the tokens of the earlier ones.
pub(super) fn steps(demo: &Demo) -> Vec<Step> {
    let issuer = &demo.issuer;
    let app = format!("-u '{APP}:{}'", demo.app_secret.expose());
    let service = format!("-u '{SERVICE}:{}'", demo.service_secret.expose());
    let scope = APP_SCOPES.join(" ");
    let password = demo.password.expose();
    let step = |title, command| Step { title, command };
    vec![
        step(
            "A service gets a token for itself (client credentials)",
            format!(
                "curl -sS {service} -d grant_type=client_credentials -d scope=sip.register {issuer}/token; echo"
            ),
        ),
        step(
            "Alice signs in (password grant)",
            format!(
                "ANSWER=$(curl -sS {app} -d grant_type=password -d username={USER} \
                 -d password='{password}' -d scope='{scope}' {issuer}/token); \
                 echo \"$ANSWER\"; {ACCESS}; {REFRESH}"
            ),
        ),
        step(
            "What the service may know of her token (introspection)",
            format!("curl -sS {service} -d token=\"$TOKEN\" {issuer}/introspect; echo"),
        ),
        step(
            "Who she is",
            format!("curl -sS -H \"Authorization: Bearer $TOKEN\" {issuer}/userinfo; echo"),
        ),
        step(
            "Her next tokens (refresh; the old refresh token is spent)",
            format!(
                "ANSWER=$(curl -sS {app} -d grant_type=refresh_token -d refresh_token=\"$REFRESH\" \
                 {issuer}/token); echo \"$ANSWER\"; {ACCESS}; {REFRESH}"
            ),
        ),
        step(
            "She signs out (revocation; no answer is good news)",
            format!("curl -sS {app} -d token=\"$REFRESH\" {issuer}/revoke"),
        ),
        step(
            "Her tokens are dead",
            format!("curl -sS {service} -d token=\"$TOKEN\" {issuer}/introspect; echo"),
        ),
    ]
}

/// Keep the answer's tokens in shell variables.
const ACCESS: &str = r#"TOKEN=$(echo "$ANSWER" | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p')"#;
const REFRESH: &str =
    r#"REFRESH=$(echo "$ANSWER" | sed -n 's/.*"refresh_token":"\([^"]*\)".*/\1/p')"#;

/// The steps as a page that is a shell script, too.
pub(super) fn text(demo: &Demo) -> String {
    let Demo {
        issuer,
        relying_party,
        authorize,
        ..
    } = demo;
    let mut text = format!(
        "users-core demo at {issuer}\n\
         discovery  {issuer}/.well-known/openid-configuration\n\
         user       {USER}, password {}\n\
         clients    {APP} (password, refresh_token), {SERVICE} (client_credentials),\n\
         {:11}{WEB} (authorization_code): an application to sign in to\n\
         \nTo open in a browser:\n\
         \n# The application\n{relying_party}/\n\
         \n# Its authorization request, good for one sign-in\n{authorize}\n\
         \nTo paste into another terminal:\n",
        demo.password.expose(),
        ""
    );
    for Step { title, command } in steps(demo) {
        // Writing into a String cannot fail.
        let _ = write!(text, "\n# {title}\n{command}\n");
    }
    text
}
