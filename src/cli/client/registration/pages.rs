//! The addresses of a registration in arguments.

use clap::Args;

use crate::model::client_metadata::ClientMetadata;

/// What is not named stays as it is; what is named empty is removed.
#[derive(Args)]
#[expect(clippy::struct_field_names, reason = "the arguments bear these names")]
pub(super) struct Pages {
    /// Where answers may be sent; again for each address, empty for none
    #[arg(long, value_name = "URI")]
    redirect_uri: Option<Vec<String>>,
    /// Where a browser may be sent after signing out; again for each address, empty for none
    #[arg(long, value_name = "URI")]
    post_logout_redirect_uri: Option<Vec<String>>,
    /// Its own page; empty for none
    #[arg(long, value_name = "URI")]
    client_uri: Option<String>,
    /// Its picture; empty for none
    #[arg(long, value_name = "URI")]
    logo_uri: Option<String>,
    /// The page about what it does with data; empty for none
    #[arg(long, value_name = "URI")]
    policy_uri: Option<String>,
    /// The page with its terms; empty for none
    #[arg(long, value_name = "URI")]
    tos_uri: Option<String>,
}

impl Pages {
    pub(super) fn lay_over(self, metadata: &mut ClientMetadata) {
        for (field, named) in [
            (&mut metadata.redirect_uris, self.redirect_uri),
            (
                &mut metadata.post_logout_redirect_uris,
                self.post_logout_redirect_uri,
            ),
        ] {
            if let Some(named) = named {
                *field = named.into_iter().filter(|uri| !uri.is_empty()).collect();
            }
        }
        for (field, named) in [
            (&mut metadata.client_uri, self.client_uri),
            (&mut metadata.logo_uri, self.logo_uri),
            (&mut metadata.policy_uri, self.policy_uri),
            (&mut metadata.tos_uri, self.tos_uri),
        ] {
            if let Some(named) = named {
                *field = Some(named).filter(|uri| !uri.is_empty());
            }
        }
    }
}
