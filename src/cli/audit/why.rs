//! `audit why`: a refused request, in words.

use serde_json::json;

use super::super::Outcome;
use super::super::error::CliError;
use super::super::session::Session;
use crate::storage::decisions::Decision;

pub(super) async fn run(
    session: &Session,
    slug: &str,
    request_id: &str,
) -> Result<Outcome, CliError> {
    let tenant = session.tenant(slug).await?;
    let rows = session.app.store.tenant(&tenant.id);
    let Some(decision) = rows.decision(request_id).await? else {
        return Err(CliError::refused(
            "no request with this id was refused here within the last day, or there were too many at that time \
             to keep each",
        ));
    };
    session.output.say(
        &in_words(&decision),
        &json!({
            "request_id": decision.request_id,
            "at": decision.at.to_string(),
            "route": decision.route,
            "status": decision.status,
            "code": decision.code,
            "description": decision.description,
            "cause": decision.cause,
            "client_id": decision.client_id,
            "account": decision.account,
            "address": decision.address,
        }),
    )?;
    Ok(Outcome::Done)
}

fn in_words(decision: &Decision) -> String {
    let first = format!(
        "{}: {} answered {} {}",
        decision.at, decision.route, decision.status, decision.code
    );
    let told = [
        ("the caller was told", Some(&decision.description)),
        ("the reason", decision.cause.as_ref()),
        ("the client", decision.client_id.as_ref()),
        ("the account", decision.account.as_ref()),
        ("the address", Some(&decision.address)),
    ];
    let told = told.into_iter().filter_map(|(name, value)| {
        let value = value?;
        Some(format!("{name}: {value}"))
    });
    let lines: Vec<String> = std::iter::once(first).chain(told).collect();
    lines.join("\n")
}
