//! Accounts from elsewhere: other programs' files are read bit by bit, each account is checked and
//! written whole or not at all, and whatever is refused is named with its place and its reason.

mod auth0;
mod elements;
mod json;
mod keycloak;
mod prepare;
pub mod source;
mod table;
mod users_core;

use std::collections::HashSet;

use tokio::sync::mpsc::Receiver;
use zeroize::Zeroizing;

use super::AdminError;
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::digest::sha256;
use crate::model::audit_event::Actor;
use crate::model::tenant::Tenant;
use crate::model::totp::TotpSecret;
use crate::model::user::UserInput;
use crate::passwords::foreign;
use crate::storage::DbError;
use crate::storage::import::{ImportRow, OnConflict, RowOutcome};

/// Accounts written with one transaction.
const BATCH: usize = 200;

/// How an import is done.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub on_conflict: OnConflict,
    /// Whether nothing is to stay of it.
    pub trial: bool,
    /// Whether roles the tenant does not have are left out, and not a reason to refuse the account.
    pub drop_unknown_roles: bool,
}

/// An account as a file describes it.
pub struct Record {
    /// Its line, or its number where there are no lines.
    pub place: u64,
    /// Its id, kept where it is a UUID.
    pub id: Option<String>,
    pub input: UserInput,
    pub password: Proof,
    pub password_set_at: Option<Timestamp>,
    pub created_at: Option<Timestamp>,
    pub last_login_at: Option<Timestamp>,
    pub keys: Vec<KeyRecord>,
    pub digests: Vec<DigestRecord>,
    pub totp: Option<TotpSecret>,
    /// What is wrong with it already, each rule naming its field.
    pub problems: Vec<String>,
}

/// What proves the person.
pub enum Proof {
    None,
    /// In the clear: it is hashed on the way in.
    Plain(Zeroizing<String>),
    /// A hash in any form there is.
    Hash(String),
}

/// An API key, of which there is a digest and no secret.
pub struct KeyRecord {
    pub name: String,
    /// SHA-256 of the secret in hexadecimal digits.
    pub sha256: String,
    pub permissions: Vec<String>,
    pub enabled: bool,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    pub created_at: Option<Timestamp>,
}

/// A SIP digest, H(username:realm:password) in hexadecimal digits.
pub struct DigestRecord {
    pub sip_username: String,
    pub realm: String,
    pub algorithm: String,
    pub ha1: Zeroizing<String>,
    pub created_at: Option<Timestamp>,
}

/// An account that is not taken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    pub place: u64,
    /// Its username, where it could be read.
    pub username: Option<String>,
    /// Never a hash, a password or a digest.
    pub reasons: Vec<String>,
}

/// What a reader finds.
pub enum Item {
    Record(Box<Record>),
    Refused(Refusal),
    /// The rest of the file cannot be read, for this reason.
    Broken(String),
}

/// What became of all of them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    pub created: u64,
    pub updated: u64,
    pub skipped: u64,
    pub refused: u64,
}

/// What happened on the way.
pub enum Event {
    Refused(Refusal),
    /// So many accounts are done.
    Done(u64),
}

impl Record {
    /// An account of which nothing is said.
    pub fn at(place: u64) -> Self {
        Self {
            place,
            id: None,
            input: UserInput {
                enabled: true,
                ..UserInput::default()
            },
            password: Proof::None,
            password_set_at: None,
            created_at: None,
            last_login_at: None,
            keys: Vec::new(),
            digests: Vec::new(),
            totp: None,
            problems: Vec::new(),
        }
    }

    /// Takes a hash in whatever form it is written.
    pub fn set_hash(&mut self, written: &str) {
        match foreign::stored(written) {
            Some(hash) => self.password = Proof::Hash(hash),
            None => self.problems.push(UNKNOWN_HASH.to_owned()),
        }
    }
}

/// What is said of a hash that is not taken.
pub const UNKNOWN_HASH: &str =
    "password_hash: of no form that is known here, or it asks for more work than is done here";

/// A time as programs write it down: RFC 3339, or the same without an offset and in UTC.
pub fn when(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text).or_else(|| {
        let text = text.replacen(' ', "T", 1);
        Timestamp::parse(&text).or_else(|| Timestamp::parse(&format!("{text}Z")))
    })
}

/// Imports what comes from `source` into a tenant. `told` hears what happens.
///
/// # Errors
/// The database's, or too many passwords are being checked. What was written before stays written, and
/// the same import can be run again.
pub async fn run(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    mut source: Receiver<Item>,
    plan: Plan,
    mut told: impl FnMut(Event),
) -> Result<Summary, AdminError> {
    let mut run = Run {
        app,
        tenant,
        plan,
        summary: Summary::default(),
        seen: HashSet::new(),
    };
    let preparer = prepare::Preparer::new(app, actor, tenant, plan.drop_unknown_roles).await?;
    let mut waiting: Vec<Waiting> = Vec::with_capacity(BATCH);
    let mut done = 0;
    while let Some(item) = source.recv().await {
        done += 1;
        match item {
            Item::Record(record) => {
                let (place, username) = (record.place, record.input.username.clone());
                match preparer.row(*record).await? {
                    Ok(row) if run.comes_twice(&row) => run.refuse(
                        place,
                        username,
                        vec!["it is in the file twice".to_owned()],
                        &mut told,
                    ),
                    Ok(row) => waiting.push(Waiting {
                        place,
                        username,
                        row,
                    }),
                    Err(reasons) => run.refuse(place, username, reasons, &mut told),
                }
            }
            Item::Refused(refusal) => {
                run.summary.refused += 1;
                told(Event::Refused(refusal));
            }
            Item::Broken(reason) => {
                run.summary.refused += 1;
                told(Event::Refused(Refusal {
                    place: 0,
                    username: None,
                    reasons: vec![format!("the file cannot be read any further: {reason}")],
                }));
            }
        }
        if waiting.len() >= BATCH {
            run.write(std::mem::take(&mut waiting), &mut told).await?;
        }
        told(Event::Done(done));
    }
    run.write(waiting, &mut told).await?;
    Ok(run.summary)
}

/// A checked account on its way into the database.
struct Waiting {
    place: u64,
    username: String,
    row: ImportRow,
}

struct Run<'a> {
    app: &'a App,
    tenant: &'a Tenant,
    plan: Plan,
    summary: Summary,
    /// Digests of names that were seen: nothing of a trial stays that would show them.
    seen: HashSet<[u8; 8]>,
}

impl Run<'_> {
    /// Whether an account of this name was there before, in a trial.
    fn comes_twice(&mut self, row: &ImportRow) -> bool {
        if !self.plan.trial || self.plan.on_conflict == OnConflict::Update {
            return false;
        }
        let user = &row.user.user;
        let names = [Some(user.username_key().to_owned()), user.email_key()];
        let mut names: Vec<String> = names.into_iter().flatten().collect();
        names.dedup();
        let digests = names.iter().map(|name| {
            let digest = sha256(&[name.as_bytes()]);
            let mut short = [0; 8];
            short.copy_from_slice(&digest[..8]);
            short
        });
        let fresh: Vec<bool> = digests.map(|digest| self.seen.insert(digest)).collect();
        fresh.contains(&false)
    }

    fn refuse(
        &mut self,
        place: u64,
        username: String,
        reasons: Vec<String>,
        told: &mut impl FnMut(Event),
    ) {
        self.summary.refused += 1;
        told(Event::Refused(Refusal {
            place,
            username: (!username.is_empty()).then_some(username),
            reasons,
        }));
    }

    /// Writes a batch; where one row of it fails in the database, each by itself.
    async fn write(
        &mut self,
        batch: Vec<Waiting>,
        told: &mut impl FnMut(Event),
    ) -> Result<(), AdminError> {
        if batch.is_empty() {
            return Ok(());
        }
        let rows: Vec<ImportRow> = batch.iter().map(|waiting| waiting.row.clone()).collect();
        match self.store(rows).await {
            Ok(outcomes) => {
                for (waiting, outcome) in batch.into_iter().zip(outcomes) {
                    self.count(waiting.place, waiting.username, outcome, told);
                }
            }
            Err(DbError::Conflict | DbError::Refused(_)) => {
                for waiting in batch {
                    let outcome = match self.store(vec![waiting.row]).await {
                        Ok(mut outcomes) => outcomes.pop(),
                        Err(DbError::Refused(reason)) => Some(RowOutcome::Refused(reason)),
                        Err(DbError::Conflict) => {
                            let sentence = "somebody else has its name, address or key just now";
                            Some(RowOutcome::Refused(sentence.to_owned()))
                        }
                        Err(error) => return Err(error.into()),
                    };
                    if let Some(outcome) = outcome {
                        self.count(waiting.place, waiting.username, outcome, told);
                    }
                }
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    async fn store(&self, rows: Vec<ImportRow>) -> Result<Vec<RowOutcome>, DbError> {
        let Plan {
            on_conflict, trial, ..
        } = self.plan;
        let now = self.app.clock.now();
        let scoped = self.app.store.tenant(&self.tenant.id);
        scoped.import_users(rows, on_conflict, trial, now).await
    }

    fn count(
        &mut self,
        place: u64,
        username: String,
        outcome: RowOutcome,
        told: &mut impl FnMut(Event),
    ) {
        match outcome {
            RowOutcome::Created => self.summary.created += 1,
            RowOutcome::Updated => self.summary.updated += 1,
            RowOutcome::Skipped => self.summary.skipped += 1,
            RowOutcome::Refused(reason) => self.refuse(place, username, vec![reason], told),
        }
    }
}
