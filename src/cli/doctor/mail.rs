//! The server that takes our mail.

use super::Findings;
use crate::config::Config;
use crate::mail::Mail;

const CHECK: &str = "mail";

/// Connects and signs in as for a mail, and sends none.
pub(super) async fn check(config: &Config, findings: &mut Findings) {
    let Some(host) = &config.mail.host else {
        let text = "no server is set up: the command line prints links";
        return findings.ok(CHECK, text);
    };
    let place = format!("{host}:{}", config.mail.port());
    match Mail::new(&config.mail).probe().await {
        Ok(()) => findings.ok(CHECK, place),
        Err(error) => findings.fail(CHECK, format!("{place}: {error}")),
    }
}
