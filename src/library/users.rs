//! Accounts, as the library shows and changes them.

use std::fmt;

use super::error::Error;
use super::service::{AuthenticationService, actor};
use crate::admin::users as accounts;
use crate::admin::{api_keys, service_accounts};
use crate::base::clock::Timestamp;
use crate::model::search::SearchTerm;
use crate::model::user::{StandardClaims, User as Account, UserInput};
use crate::storage::find_users::UserFilter as Which;
use crate::storage::page::Position;

/// The most accounts of one answer.
const MAX_LIMIT: i64 = 1000;
const DEFAULT_LIMIT: i64 = 100;

/// An account.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct User {
    /// `sub` of its tokens: a UUIDv4, never used again.
    pub id: String,
    pub username: String,
    pub email: Option<String>,
    pub email_verified: bool,
    pub display_name: Option<String>,
    pub roles: Vec<String>,
    /// Whether it is let in.
    pub active: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub last_login: Option<Timestamp>,
}

impl From<Account> for User {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            username: account.username,
            email: account.email,
            email_verified: account.email_verified,
            display_name: account.claims.name,
            roles: account.roles,
            active: account.enabled,
            created_at: account.created_at,
            updated_at: account.updated_at,
            last_login: account.last_login_at,
        }
    }
}

/// A person's new account. Without a password nobody signs in to it yet.
#[derive(Clone, Default)]
pub struct CreateUserRequest {
    pub username: String,
    pub password: Option<String>,
    pub email: Option<String>,
    pub display_name: Option<String>,
    /// Built in: `user`, `admin`, `moderator`, `guest`, `vendor`; the tenant may have more.
    pub roles: Vec<String>,
}

impl fmt::Debug for CreateUserRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CreateUserRequest")
            .field("username", &self.username)
            .field("email", &self.email)
            .field("display_name", &self.display_name)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}

/// What is to be another way; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct UpdateUserRequest {
    /// A new address is not verified.
    pub email: Option<String>,
    pub display_name: Option<String>,
    pub roles: Option<Vec<String>>,
    /// `false` lets nobody in any more and ends every token of the account.
    pub active: Option<bool>,
}

/// Which people are listed; what is `None` is not asked.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    pub active: Option<bool>,
    pub role: Option<String>,
    /// Stands somewhere in the username, the address or the name.
    pub search: Option<String>,
    /// At most 1000 (100).
    pub limit: Option<i64>,
    pub offset: Option<i64>,
}

/// The accounts of the service's tenant.
pub struct UserStore<'a>(pub(super) &'a AuthenticationService);

impl UserStore<'_> {
    /// Makes a person's account.
    ///
    /// # Errors
    /// [`Error::Validation`], [`Error::AlreadyExists`].
    pub async fn create_user(&self, request: CreateUserRequest) -> Result<User, Error> {
        let (app, ctx) = self.0.here().await?;
        let password = request.password.as_deref();
        let input = UserInput {
            username: request.username,
            email: request.email,
            claims: StandardClaims {
                name: request.display_name,
                ..StandardClaims::default()
            },
            roles: request.roles,
            enabled: true,
            ..UserInput::default()
        };
        let by = actor(&ctx);
        let id = accounts::create(app, &by, &ctx.tenant, input, password).await?;
        self.get_user(&id).await
    }

    /// Makes an account for a program: nobody signs in as it, and its roles bound what its API keys
    /// may do.
    ///
    /// # Errors
    /// [`Error::Validation`], [`Error::AlreadyExists`].
    pub async fn create_service_account(
        &self,
        username: &str,
        roles: &[&str],
    ) -> Result<User, Error> {
        let (app, ctx) = self.0.here().await?;
        let input = UserInput {
            username: username.to_owned(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            enabled: true,
            ..UserInput::default()
        };
        let by = actor(&ctx);
        let id = service_accounts::create(app, &by, &ctx.tenant, input).await?;
        Ok(api_keys::account(app, &ctx.tenant, &id).await?.into())
    }

    /// A person's account by id.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn get_user(&self, id: &str) -> Result<User, Error> {
        Ok(self.account(id).await?.into())
    }

    /// A person's account by username or own address.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn get_user_by_username(&self, username: &str) -> Result<User, Error> {
        self.get_user(username).await
    }

    /// Changes an account.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Validation`], [`Error::AlreadyExists`], [`Error::Refused`],
    /// [`Error::Changed`].
    pub async fn update_user(&self, id: &str, changes: UpdateUserRequest) -> Result<User, Error> {
        let (app, ctx) = self.0.here().await?;
        let before = self.account(id).await?;
        let mut input = accounts::input_of(&before);
        if let Some(email) = changes.email {
            input.email_verified &= input.email.as_ref() == Some(&email);
            input.email = Some(email);
        }
        input.claims.name = changes.display_name.or(input.claims.name);
        input.roles = changes.roles.unwrap_or(input.roles);
        input.enabled = changes.active.unwrap_or(input.enabled);
        let by = actor(&ctx);
        accounts::update(app, &by, &ctx.tenant, &before, input).await?;
        self.get_user(&before.id).await
    }

    /// Sets a password without asking for the one before; every session that began with it ends.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Validation`].
    pub async fn set_password(&self, id: &str, password: &str) -> Result<(), Error> {
        let (app, ctx) = self.0.here().await?;
        let user = self.account(id).await?;
        let by = actor(&ctx);
        Ok(accounts::set_password(app, &by, &ctx.tenant, &user, password).await?)
    }

    /// Removes an account with everything it has.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Refused`].
    pub async fn delete_user(&self, id: &str) -> Result<(), Error> {
        let (app, ctx) = self.0.here().await?;
        let user = self.account(id).await?;
        let by = actor(&ctx);
        Ok(accounts::delete(app, &by, &ctx.tenant, &user).await?)
    }

    /// People, in the order of their names.
    ///
    /// # Errors
    /// [`Error::Validation`]: a bound or a search that is none.
    pub async fn list_users(&self, filter: UserFilter) -> Result<Vec<User>, Error> {
        let (app, ctx) = self.0.here().await?;
        let invalid = |rule: &str| Error::Validation(vec![rule.to_owned()]);
        let limit = filter.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(invalid("limit: 1 to 1000"));
        }
        let offset = filter.offset.unwrap_or(0);
        if offset < 0 {
            return Err(invalid("offset: not below 0"));
        }
        let parsed = |text: &str| {
            SearchTerm::parse(text).ok_or_else(|| invalid("search: 1 to 100 characters"))
        };
        let which = Which {
            search: filter.search.as_deref().map(parsed).transpose()?,
            role: filter.role,
            enabled: filter.active,
            ..Which::people()
        };
        let rows = app.store.tenant(&ctx.tenant.id);
        let position = Position::Offset(offset);
        let found = rows.find_users(&which, &position, limit).await?;
        Ok(found.into_iter().map(User::from).collect())
    }

    async fn account(&self, name: &str) -> Result<Account, Error> {
        let (app, ctx) = self.0.here().await?;
        Ok(accounts::get(app, &ctx.tenant, name).await?)
    }
}
