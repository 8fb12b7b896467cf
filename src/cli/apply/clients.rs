//! Clients that are missing or differ.

use serde_json::{Value, json};

use super::changes::{ClientSecret, ClientWork, Work, differing};
use super::planner::Planner;
use super::wanted::{Entry, WantedClient};
use crate::admin::clients::{self, Secret};
use crate::cli::error::CliError;
use crate::model::client::Client;
use crate::model::resource::Catalog;
use crate::model::revocation::Revoked;

impl Planner<'_> {
    pub(super) async fn clients(
        &mut self,
        entries: &[Entry<WantedClient>],
    ) -> Result<(), CliError> {
        for entry in entries {
            self.problems.add_own(entry);
            if !self.has_tenant(entry) {
                self.problems.add(entry, entry.wanted.metadata.problems());
                continue;
            }
            let resources = self.resources.get(&entry.tenant).cloned();
            let catalog = Catalog::new(resources.unwrap_or_default(), Vec::new());
            let wanted = &entry.wanted;
            let asked = match &wanted.secret {
                Some(given) => Secret::Given(given.expose()),
                None if wanted.metadata.uses_secret() => Secret::Generate,
                None => Secret::Keep,
            };
            let problems = clients::problems(&entry.name, &wanted.metadata, &asked, &catalog);
            self.problems.add(entry, problems);
            let rows = self.rows(&entry.tenant);
            let before = match &rows {
                Some(rows) => rows.client(&entry.name).await?,
                None => None,
            };
            let secret = self.client_secret(wanted, before.as_ref());
            let work = ClientWork {
                metadata: wanted.metadata.clone(),
                enabled: wanted.enabled,
                secret: secret.clone(),
            };
            if let Some(before) = before {
                let mut fields = differing(&view(&before), &view_of(&work));
                if !matches!(secret, ClientSecret::Keep) {
                    fields.push("client_secret".to_owned());
                }
                if !fields.is_empty() {
                    let (before, work) = (Box::new(before), Box::new(work));
                    self.change(entry, fields, Work::UpdateClient { before, work });
                }
                continue;
            }
            let subject = Revoked::Client(&entry.name).to_string();
            if let Some(rows) = rows
                && rows.any_revoked(&[subject], self.app.clock.now()).await?
            {
                let message = "client_id: a client of this name was deleted less than a day ago \
                               and its tokens may still be about";
                self.problems.add(entry, [message]);
            }
            self.change(entry, Vec::new(), Work::CreateClient(Box::new(work)));
        }
        Ok(())
    }

    /// An existing secret stays, unless the entry says `rotate` and declares another one.
    fn client_secret(&self, wanted: &WantedClient, before: Option<&Client>) -> ClientSecret {
        if !wanted.metadata.uses_secret() {
            return ClientSecret::Keep;
        }
        let has_secret = before.is_some_and(|before| !before.secrets.is_empty());
        match &wanted.secret {
            None if has_secret => ClientSecret::Keep,
            None => ClientSecret::Generate,
            Some(given) => {
                let known = before
                    .is_some_and(|before| clients::has_secret(self.app, before, given.expose()));
                if has_secret && (known || !wanted.rotate) {
                    ClientSecret::Keep
                } else {
                    ClientSecret::Given(given.clone())
                }
            }
        }
    }
}

/// A client as it is, in the order in which entries are read.
fn view(client: &Client) -> Value {
    let mut metadata = client.metadata.clone();
    metadata.grant_types.sort_unstable();
    let mut view = json!(metadata);
    view["enabled"] = client.enabled.into();
    view
}

fn view_of(work: &ClientWork) -> Value {
    let mut view = json!(work.metadata);
    view["enabled"] = work.enabled.into();
    view
}
