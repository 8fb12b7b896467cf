//! What is worth a row in the audit trail.

use super::letter::Letter;
use crate::base::clock::Timestamp;

/// Who did what to whom, from where. Never a secret in `detail`.
#[derive(Clone, Debug)]
pub struct AuditEvent {
    pub id: String,
    pub at: Timestamp,
    pub kind: AuditKind,
    /// Who acted: a user id, a client id, or `command line`.
    pub actor: Option<String>,
    /// What it was done to.
    pub subject: Option<String>,
    pub client_id: Option<String>,
    pub address: Option<String>,
    pub request_id: Option<String>,
    /// JSON, for people.
    pub detail: serde_json::Value,
    /// Mail that is sent because of it: stored where the event is, in one transaction.
    pub letters: Vec<Letter>,
}

macro_rules! kinds {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// The kinds of audit events.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum AuditKind { $($variant),+ }

        impl AuditKind {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

kinds! {
    Login = "login",
    Logout = "logout",
    ConsentGiven = "consent.given",
    ConsentWithdrawn = "consent.withdrawn",
    SessionsEnded = "session.ended",
    DeviceRevoked = "device.revoked",
    CodeReplay = "code.replay",
    RefreshReplay = "refresh.replay",
    TokenRevoked = "token.revoked",
    UserCreated = "user.created",
    UserRegistered = "user.registered",
    UserChanged = "user.changed",
    UserEnabled = "user.enabled",
    UserDisabled = "user.disabled",
    UserDeleted = "user.deleted",
    PasswordChanged = "user.password_changed",
    PasswordReset = "user.password_reset",
    PasswordShown = "user.password_shown",
    FactorAdded = "user.factor_added",
    FactorRemoved = "user.factor_removed",
    FactorGuessed = "user.factor_guessed",
    RecoveryCodesMade = "user.recovery_codes_made",
    RecoveryCodeUsed = "user.recovery_code_used",
    SipDigestAdded = "user.sip_digest_added",
    SipDigestRemoved = "user.sip_digest_removed",
    EmailVerified = "user.email_verified",
    InvitationAccepted = "user.invitation_accepted",
    LinkMade = "user.link_made",
    ClientCreated = "client.created",
    ClientChanged = "client.changed",
    ClientDeleted = "client.deleted",
    ClientSecretAdded = "client.secret_added",
    ClientSecretRemoved = "client.secret_removed",
    ApiKeyCreated = "api_key.created",
    ApiKeyChanged = "api_key.changed",
    ApiKeyEnabled = "api_key.enabled",
    ApiKeyDisabled = "api_key.disabled",
    ApiKeyRotated = "api_key.rotated",
    ApiKeySecretEnded = "api_key.secret_ended",
    ApiKeyRevoked = "api_key.revoked",
    ResourceChanged = "resource.changed",
    ResourceDeleted = "resource.deleted",
    RoleCreated = "role.created",
    RoleChanged = "role.changed",
    RoleDeleted = "role.deleted",
    GroupCreated = "group.created",
    GroupChanged = "group.changed",
    GroupDeleted = "group.deleted",
    TenantCreated = "tenant.created",
    TenantChanged = "tenant.changed",
    TenantDeleted = "tenant.deleted",
    KeyAnnounced = "key.announced",
    KeyActivated = "key.activated",
    SetupCompleted = "setup.completed",
    AuditErased = "audit.erased",
    AuditCut = "audit.cut",
}

impl AuditKind {
    /// The kinds that are about people: signing in and out, and changes of accounts.
    pub fn of_people() -> impl Iterator<Item = &'static str> {
        let names = Self::ALL.iter().map(|kind| kind.name());
        names.filter(|name| matches!(*name, "login" | "logout") || name.starts_with("user."))
    }
}

/// Who acts, and from where: what every event of one request or command has in common.
#[derive(Clone, Debug, Default)]
pub struct Actor {
    pub name: Option<String>,
    pub address: Option<String>,
    pub request_id: Option<String>,
}

impl Actor {
    /// The operator at the command line.
    pub fn command_line() -> Self {
        Self {
            name: Some("command line".to_owned()),
            ..Self::default()
        }
    }

    /// A background task of the server.
    pub fn system() -> Self {
        Self {
            name: Some("system".to_owned()),
            ..Self::default()
        }
    }

    /// An event of this actor, done to `subject`.
    pub fn did(&self, kind: AuditKind, subject: &str, id: String, at: Timestamp) -> AuditEvent {
        AuditEvent {
            id,
            at,
            kind,
            actor: self.name.clone(),
            subject: Some(subject.to_owned()),
            client_id: None,
            address: self.address.clone(),
            request_id: self.request_id.clone(),
            detail: serde_json::json!({}),
            letters: Vec::new(),
        }
    }
}
