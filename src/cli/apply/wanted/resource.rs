//! What a `[[resource]]` means.

use super::word;
use crate::admin::resources;
use crate::config::{DeclaredResource, SIGNING_ALGS};
use crate::model::algorithm::Algorithm;
use crate::model::client_metadata::TokenFormat;
use crate::model::resource::Resource;
use crate::model::scope::Scope;

/// A resource as it is to be, but for what only the database knows.
pub(in crate::cli::apply) struct WantedResource {
    name: Option<String>,
    scopes: Scope,
    introspection_clients: Vec<String>,
    signing_alg: Option<Algorithm>,
    token_format: Option<TokenFormat>,
    token_lifetime: Option<i64>,
}

impl WantedResource {
    pub(super) fn read(declared: &DeclaredResource) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let is_word = |text: &&String| {
            let scope = text.parse::<Scope>();
            scope.is_ok_and(|scope| scope.words().eq([text.as_str()]))
        };
        for text in declared.scopes.iter().filter(|text| !is_word(text)) {
            problems.push(format!("scopes: {text:?} is not one scope"));
        }
        let words = declared.scopes.iter().filter(is_word);
        let scopes = words.map(String::as_str).collect();
        let mut introspection_clients = declared.introspection_clients.clone();
        introspection_clients.sort_unstable();
        introspection_clients.dedup();
        let formats: Vec<&str> = TokenFormat::ALL.iter().map(|word| word.name()).collect();
        let resource = Self {
            name: declared.name.clone(),
            scopes,
            introspection_clients,
            signing_alg: declared
                .signing_alg
                .as_ref()
                .and_then(|text| word("signing_alg", text, SIGNING_ALGS, &mut problems)),
            token_format: declared
                .token_format
                .as_ref()
                .and_then(|text| word("token_format", text, &formats, &mut problems)),
            token_lifetime: declared.token_lifetime,
        };
        (resource, problems)
    }

    /// The resource as it is to be, where these are stored.
    pub(in crate::cli::apply) fn resource(&self, stored: &[Resource], audience: &str) -> Resource {
        let before = resources::stored_or_new(stored, audience);
        Resource {
            name: self.name.clone().unwrap_or(before.name),
            audience: before.audience,
            scopes: self.scopes.clone(),
            introspection_clients: self.introspection_clients.clone(),
            signing_alg: self.signing_alg,
            token_format: self.token_format,
            token_lifetime: self.token_lifetime,
        }
    }
}
