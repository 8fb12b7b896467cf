//! The rules of a new password, wherever it comes from: an administrator, a registration, the account's
//! owner, a file.

use zeroize::Zeroizing;

use super::AdminError;
use crate::app::App;
use crate::model::password_policy::PasswordPolicy;
use crate::model::tenant::Tenant;
use crate::model::user::{User, UserInput};
use crate::passwords::{Candidate, Names};
use crate::storage::credentials::NewPassword;

/// Whose password it will be.
pub struct Owner<'a> {
    pub policy: PasswordPolicy,
    pub names: Names,
    /// The tenant and the id of an account that is there already.
    pub account: Option<(&'a Tenant, &'a str)>,
}

impl<'a> Owner<'a> {
    /// An account that is to be made. `None` is a tenant that is to be made as well.
    pub fn new(app: &App, tenant: Option<&Tenant>, input: &UserInput) -> Self {
        let policy = match tenant {
            Some(tenant) => PasswordPolicy::of(&app.config, tenant),
            None => PasswordPolicy::of_installation(&app.config),
        };
        let around = tenant.map(|tenant| [tenant.name.clone(), tenant.slug.clone()]);
        Self {
            policy,
            names: Names {
                own: own_names(&input.username, input.email.as_deref()),
                around: around.into_iter().flatten().collect(),
            },
            account: None,
        }
    }

    /// An account that is there.
    pub fn of(app: &App, tenant: &'a Tenant, user: &'a User) -> Self {
        Self {
            policy: PasswordPolicy::of(&app.config, tenant),
            names: Names {
                own: own_names(&user.username, user.email.as_deref()),
                around: vec![tenant.name.clone(), tenant.slug.clone()],
            },
            account: Some((tenant, &user.id)),
        }
    }
}

fn own_names(username: &str, email: Option<&str>) -> Vec<String> {
    let names = std::iter::once(username).chain(email);
    names.map(str::to_owned).collect()
}

/// Every rule `password` breaks, each naming the field `password`.
///
/// # Errors
/// The database's, or too many passwords are being checked.
pub async fn problems(
    app: &App,
    owner: &Owner<'_>,
    password: &str,
) -> Result<Vec<String>, AdminError> {
    let past = match owner.account {
        Some((tenant, id)) if owner.policy.history > 0 => {
            let rows = app.store.tenant(&tenant.id);
            rows.past_passwords(id, owner.policy.history).await?
        }
        _ => Vec::new(),
    };
    let candidate = Candidate {
        policy: owner.policy.clone(),
        password: Zeroizing::new(password.to_owned()),
        names: owner.names.clone(),
        past,
    };
    Ok(app.passwords.problems(candidate).await?)
}

/// The hash of a password that breaks no rule.
///
/// # Errors
/// [`AdminError::Invalid`] with every rule it breaks, else as [`problems`] says.
pub async fn accepted(
    app: &App,
    owner: &Owner<'_>,
    password: &str,
) -> Result<NewPassword, AdminError> {
    let problems = problems(app, owner, password).await?;
    if problems.is_empty() {
        hash(app, owner, password).await
    } else {
        Err(AdminError::Invalid(problems))
    }
}

/// The hash of a password in which [`problems`] found none.
pub(super) async fn hash(
    app: &App,
    owner: &Owner<'_>,
    password: &str,
) -> Result<NewPassword, AdminError> {
    let password = Zeroizing::new(password.to_owned());
    Ok(NewPassword {
        hash: app.passwords.hash(password).await?,
        kept: owner.policy.kept(),
        temporary: false,
    })
}
