//! Accounts that are missing or differ.

use std::collections::HashSet;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::changes::{Change, Work, differing};
use super::planner::Planner;
use super::wanted::{Entry, WantedUser};
use crate::admin::AdminError;
use crate::admin::new_password::{self, Owner};
use crate::admin::users::{input_of, role_problems};
use crate::cli::error::CliError;
use crate::config::Secret;
use crate::model::login_name::LoginName;
use crate::model::role;
use crate::model::user::{User, UserInput};
use crate::passwords::Verdict;
use crate::storage::find_users::UserFilter;
use crate::storage::page::Position;
use crate::storage::users::LoginRow;

const PAGE: i64 = 500;

impl Planner<'_> {
    pub(super) async fn users(&mut self, entries: &[Entry<WantedUser>]) -> Result<(), CliError> {
        let first = self.changes.len();
        let mut names = HashSet::new();
        let mut demotions = Vec::new();
        for entry in entries {
            self.problems.add_own(entry);
            self.has_tenant(entry);
            let before = self.account(entry).await?;
            let input = match &before {
                Some(before) => entry.wanted.input(Some(&before.user)),
                None => entry.wanted.new_input(self.default_roles(&entry.tenant)),
            };
            let checked = input.clone().check();
            self.problems
                .add(entry, checked.err().into_iter().flatten());
            let rows = self.rows(&entry.tenant);
            let unknown = role_problems(rows.as_ref(), &input.roles).await;
            let mut unknown = unknown.map_err(AdminError::from)?;
            let to_be_made = input
                .roles
                .iter()
                .filter(|name| self.is_declared_role(&entry.tenant, name));
            for name in to_be_made {
                unknown.retain(|problem| *problem != role::unknown(name));
            }
            self.problems.add(entry, unknown);
            self.check_email(entry, &input, before.as_ref(), &mut names)
                .await?;
            let password = self.password(entry, before.as_ref()).await?;
            if let Some(password) = &password {
                let tenant = self.known.get(&entry.tenant).and_then(Option::as_ref);
                let owner = match (&before, tenant) {
                    (Some(before), Some(tenant)) => Owner::of(self.app, tenant, &before.user),
                    _ => Owner::new(self.app, tenant, &input),
                };
                let broken = new_password::problems(self.app, &owner, password.expose());
                self.problems.add(entry, broken.await?);
            }
            let Some(before) = before else {
                let input = Box::new(input);
                let work = Work::CreateUser { input, password };
                self.change(entry, Vec::new(), work);
                continue;
            };
            let was = input_of(&before.user);
            if is_admin(&was) && !is_admin(&input) {
                demotions.push((entry, before.user.id.clone()));
            }
            let mut fields = differing(&view(&was), &view(&input));
            let input = (!fields.is_empty()).then(|| Box::new(input));
            if password.is_some() {
                fields.push("password".to_owned());
            }
            if !fields.is_empty() {
                let before = Box::new(before.user);
                let work = Work::UpdateUser {
                    before,
                    input,
                    password,
                };
                self.change(entry, fields, work);
            }
        }
        // Who becomes an administrator does so before another ceases to be one.
        self.changes[first..].sort_by_key(|change| !makes_admin(change));
        self.keep_an_admin(&demotions).await
    }

    /// The roles of an account that is declared without any.
    pub(super) fn default_roles(&self, slug: &str) -> Vec<String> {
        let known = self.known.get(slug).and_then(Option::as_ref);
        known
            .map(|tenant| tenant.settings.clone())
            .unwrap_or_default()
            .default_roles()
    }

    /// The account of an entry, if there is one.
    async fn account(&self, entry: &Entry<WantedUser>) -> Result<Option<LoginRow>, CliError> {
        let name = LoginName::parse(&entry.name);
        let (Some(rows), Some(name)) = (self.rows(&entry.tenant), name) else {
            return Ok(None);
        };
        let row = rows.login_row(&name).await?;
        // The name may be somebody else's address.
        Ok(row.filter(|row| LoginName::parse(&row.user.username) == Some(name)))
    }

    /// Addresses are as unique as names, in the database and in the file.
    async fn check_email<'n>(
        &mut self,
        entry: &'n Entry<WantedUser>,
        input: &UserInput,
        before: Option<&LoginRow>,
        names: &mut HashSet<(&'n str, LoginName)>,
    ) -> Result<(), CliError> {
        let Some(key) = input.email.as_deref().and_then(LoginName::parse) else {
            return Ok(());
        };
        let other = match self.rows(&entry.tenant) {
            Some(rows) => rows.login_row(&key).await?,
            None => None,
        };
        let id = |row: &LoginRow| row.user.id.clone();
        let taken = other.is_some() && other.as_ref().map(id) != before.map(id);
        if taken || !names.insert((&entry.tenant, key)) {
            self.problems
                .add(entry, ["email: another account has this address"]);
        }
        Ok(())
    }

    /// The password to set: a new account's, or another one where the entry says `rotate`.
    async fn password(
        &self,
        entry: &Entry<WantedUser>,
        before: Option<&LoginRow>,
    ) -> Result<Option<Secret>, CliError> {
        let Some(password) = &entry.wanted.password else {
            return Ok(None);
        };
        let Some(before) = before else {
            return Ok(Some(password.clone()));
        };
        if !entry.wanted.rotate {
            return Ok(None);
        }
        let typed = Zeroizing::new(password.expose().to_owned());
        let stored = before.password_hash.clone();
        let verdict = self.app.passwords.verify(typed, stored).await;
        let is_new = verdict.map_err(AdminError::from)? == Verdict::Wrong;
        Ok(is_new.then(|| password.clone()))
    }

    /// Notes the entries that would leave a tenant without an active administrator.
    async fn keep_an_admin(
        &mut self,
        demotions: &[(&Entry<WantedUser>, String)],
    ) -> Result<(), CliError> {
        for (entry, _) in demotions {
            let new_admin = self
                .changes
                .iter()
                .any(|change| change.tenant == entry.tenant && makes_admin(change));
            let everybody = self.everybody(&entry.tenant).await?;
            let stays = |user: &User| {
                is_admin(&input_of(user)) && !demotions.iter().any(|(_, id)| *id == user.id)
            };
            if !new_admin && !everybody.iter().any(stays) {
                let message = "the tenant would be left without an active administrator";
                self.problems.add(entry, [message]);
            }
        }
        Ok(())
    }

    /// All people of a tenant.
    pub(super) async fn everybody(&self, slug: &str) -> Result<Vec<User>, CliError> {
        let mut everybody: Vec<User> = Vec::new();
        let Some(rows) = self.rows(slug) else {
            return Ok(everybody);
        };
        loop {
            let last = everybody.last();
            let position =
                last.map_or_else(Position::first, |last| Position::After(last.name_key()));
            let page = rows
                .find_users(&UserFilter::people(), &position, PAGE)
                .await?;
            if page.is_empty() {
                return Ok(everybody);
            }
            everybody.extend(page);
        }
    }
}

pub(super) fn is_admin(user: &UserInput) -> bool {
    user.enabled && user.roles.iter().any(|held| held == role::ADMIN)
}

/// Whether after the change its account is an active administrator.
fn makes_admin(change: &Change) -> bool {
    match &change.work {
        Work::CreateUser { input, .. }
        | Work::UpdateUser {
            input: Some(input), ..
        } => is_admin(input),
        _ => false,
    }
}

fn view(user: &UserInput) -> Value {
    let mut view = json!(user.claims);
    view["username"] = json!(user.username);
    view["email"] = json!(user.email);
    view["email_verified"] = user.email_verified.into();
    view["roles"] = json!(user.roles);
    view["groups"] = json!(user.groups);
    view["attributes"] = json!(user.attributes);
    view["enabled"] = user.enabled.into();
    view
}
