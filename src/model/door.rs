//! The doors by which people come in with a name and a password and without a page: the REST API's
//! own, and those of the systems whose routes are served beside it.
//!
//! Tokens given at a door name a client that stands for it in each tenant. Its registration is the
//! program's: no operator changes or removes it, and nobody authenticates as it.

use super::client_metadata::{AuthMethod, ClientMetadata, GrantType};
use super::resource::API_SCOPES;
use super::scope::Scope;
use crate::config::{Config, Profile};

/// A way in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Door {
    /// `/api/v1/auth`.
    Api,
    /// `/auth` of the profile `users-core`.
    UsersCore,
    /// `/api/users/login` of the profile `user-management-api`.
    UserManagementApi,
    /// `/api/login` of the profile `user-service`.
    UserService,
}

/// What every door gives to whoever may hold it, beside the scopes of the REST API.
const SCOPES: &[&str] = &[
    "openid",
    "profile",
    "email",
    "sip.call",
    "sip.message",
    "sip.presence",
    "sip.register",
    "sip.transfer",
];

/// What tokens of the profile `user-management-api` live for, in seconds: it has no refresh tokens.
const ONE_DAY: i64 = 86_400;

impl Door {
    pub const ALL: &'static [Self] = &[
        Self::Api,
        Self::UsersCore,
        Self::UserManagementApi,
        Self::UserService,
    ];

    /// The client that stands for it.
    pub const fn client_id(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::UsersCore => "users-core",
            Self::UserManagementApi => "user-management-api",
            Self::UserService => "user-service",
        }
    }

    /// The door a client stands for, if it stands for one.
    pub fn of_client(client_id: &str) -> Option<Self> {
        let mut doors = Self::ALL.iter().copied();
        doors.find(|door| door.client_id() == client_id)
    }

    /// Everything a token given here can reach; a person gets what they may hold of it.
    pub fn scope(self) -> Scope {
        SCOPES.iter().chain(API_SCOPES).copied().collect()
    }

    /// Whether its tokens say `sub` once more as `userId`, for programs that look there.
    pub const fn repeats_subject(self) -> bool {
        matches!(self, Self::UserManagementApi)
    }

    /// Whether whoever comes in can stay in without a password.
    const fn gives_refresh_tokens(self) -> bool {
        !matches!(self, Self::UserManagementApi)
    }

    /// The registration of its client under these settings.
    pub fn registration(self, config: &Config) -> ClientMetadata {
        let (access_token_lifetime, refresh_token_lifetime) = self.lifetimes(config);
        ClientMetadata {
            client_name: Some(format!("Direct logins ({})", self.client_id())),
            token_endpoint_auth_method: AuthMethod::None,
            grant_types: vec![GrantType::RefreshToken],
            scope: self.scope(),
            access_token_lifetime,
            refresh_token_lifetime,
            refresh_without_offline_access: self.gives_refresh_tokens(),
            first_party: true,
            ..ClientMetadata::default()
        }
    }

    /// How long access and refresh tokens live, where not as long as others.
    fn lifetimes(self, config: &Config) -> (Option<i64>, Option<i64>) {
        match self {
            Self::Api if config.serves(Profile::UserManagementService) => {
                let own = &config.user_management_service;
                let (access, refresh) = (own.access_token_lifetime, own.refresh_token_lifetime);
                (Some(access), Some(refresh))
            }
            Self::UserManagementApi => (Some(ONE_DAY), None),
            Self::Api | Self::UsersCore | Self::UserService => (None, None),
        }
    }
}
