//! Floor 5: the library, for programs that have an installation inside. Every call goes to the
//! function that the routes, the pages and the command line go to; what is left here is a shape.

mod api_keys;
mod error;
mod jwt_issuer;
mod mount;
mod service;
mod tokens;
mod users;

pub use api_keys::{ApiKey, ApiKeyStore, CreateApiKeyRequest};
pub use error::{Error, InitError};
pub use jwt_issuer::JwtIssuer;
pub use mount::router;
pub use service::{AuthenticationService, init};
pub use tokens::{AuthenticationResult, TokenPair};
pub use users::{CreateUserRequest, UpdateUserRequest, User, UserFilter, UserStore};
