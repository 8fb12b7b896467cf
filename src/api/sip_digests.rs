//! SIP digests: those of an account, and the one of a name, for registrars.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::answer::{Answer, Done};
use super::body::{Body, Document};
use super::call::Call;
use super::list::{List, Listed, NoFilter, Page, Query};
use super::operation::Operation;
use super::problem::Problem;
use super::users::{READ, WRITE, found, managed};
use super::views::When;
use crate::admin::sip_digests::{self, Made, ReadError, Wanted};
use crate::model::resource::SIP_DIGEST;
use crate::model::sip_digest::{DigestAlgorithm, DigestName, SipDigest};
use crate::model::user::User;

const REGISTRARS: &[&str] = &[SIP_DIGEST];

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/users/{id}/sip-digests", "users.sip_digests.list", "Lists the names an account's phones answer to, the oldest first", READ, list),
        Operation::post("/users/{id}/sip-digests", "users.sip_digests.create", "Makes a phone's password, shown this once; the one it had for the name is no good any more", WRITE, create),
        Operation::delete("/users/{id}/sip-digests/{digest_id}", "users.sip_digests.remove", "Ends what a phone proves itself with", WRITE, remove),
        Operation::get("/sip-digests", "sip_digests.read", "Shows a registrar what a phone's answer is held against", REGISTRARS, read),
    ]
}

/// An algorithm of HTTP Digest.
#[derive(Clone, Copy)]
struct Algorithm(DigestAlgorithm);

impl Serialize for Algorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de> Deserialize<'de> for Algorithm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let known = text.parse().map(Self);
        known.map_err(|_| serde::de::Error::custom("MD5, SHA-256 or SHA-512-256"))
    }
}

impl JsonSchema for Algorithm {
    fn schema_name() -> Cow<'static, str> {
        "DigestAlgorithm".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names = DigestAlgorithm::ALL.iter().map(|known| known.name());
        json_schema!({ "type": "string", "enum": names.collect::<Vec<_>>() })
    }
}

/// The name a phone is to have.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "NewSipDigest")]
#[serde(deny_unknown_fields)]
pub(super) struct NewDigestBody {
    /// The realm of the registrar's challenge.
    #[schemars(length(min = 1, max = 255))]
    realm: String,
    /// Without one, the account's username.
    #[schemars(length(min = 1, max = 255))]
    sip_username: Option<String>,
    /// Those the phone or its registrar may choose; without any named, `MD5` and `SHA-256`.
    #[serde(default = "usual")]
    #[schemars(length(min = 1, max = 3))]
    algorithms: Vec<Algorithm>,
}

impl Document for NewDigestBody {}

fn usual() -> Vec<Algorithm> {
    DigestAlgorithm::USUAL
        .iter()
        .copied()
        .map(Algorithm)
        .collect()
}

impl NewDigestBody {
    pub(super) fn wanted(self, user: &User) -> Wanted {
        let sip_username = self.sip_username;
        Wanted {
            sip_username: sip_username.unwrap_or_else(|| user.username.clone()),
            realm: self.realm,
            algorithms: self
                .algorithms
                .into_iter()
                .map(|Algorithm(known)| known)
                .collect(),
        }
    }
}

/// A name a phone answers to. Its owner reads nothing of what it proves itself with.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "SipDigest")]
pub(super) struct DigestView {
    id: String,
    sip_username: String,
    realm: String,
    algorithm: Algorithm,
    created_at: When,
    /// When it got its present password.
    updated_at: When,
}

impl From<SipDigest> for DigestView {
    fn from(digest: SipDigest) -> Self {
        Self {
            id: digest.id,
            sip_username: digest.name.sip_username,
            realm: digest.name.realm,
            algorithm: Algorithm(digest.name.algorithm),
            created_at: When(digest.created_at),
            updated_at: When(digest.updated_at),
        }
    }
}

/// A phone's password: the only answer that has it.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "PhonePassword")]
pub(super) struct PasswordView {
    sip_username: String,
    realm: String,
    /// What is typed into the phone, with its hyphens.
    password: String,
    /// One for each algorithm.
    sip_digests: Vec<DigestView>,
}

impl PasswordView {
    fn of(made: Made, wanted: Wanted) -> Self {
        Self {
            sip_username: wanted.sip_username,
            realm: wanted.realm,
            password: made.password.expose().to_owned(),
            sip_digests: made.digests.into_iter().map(DigestView::from).collect(),
        }
    }
}

/// The challenge a phone answered.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Challenge {
    /// `username` of the answer.
    sip_username: String,
    realm: String,
    algorithm: Algorithm,
}

/// What a phone's answer is held against (RFC 7616 section 3.4.1).
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "SipDigestProof")]
struct ProofView {
    /// The account the phone belongs to.
    user_id: String,
    username: String,
    sip_username: String,
    realm: String,
    algorithm: Algorithm,
    /// H(sip_username:realm:password), in hexadecimal digits.
    ha1: String,
}

async fn list(
    call: Arc<Call>,
    List { page, .. }: List<NoFilter>,
) -> Result<Listed<DigestView>, Problem> {
    let user = found(&call, call.path("id")).await?;
    page_of(&call, &user, &page).await
}

async fn create(
    call: Arc<Call>,
    Body(body): Body<NewDigestBody>,
) -> Result<Answer<PasswordView>, Problem> {
    let user = managed(&call).await?;
    let wanted = body.wanted(&user);
    make(&call, &user, wanted).await
}

async fn remove(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    let user = managed(&call).await?;
    take(&call, &user, call.path("digest_id")).await
}

async fn read(
    call: Arc<Call>,
    Query(challenge): Query<Challenge>,
) -> Result<Answer<ProofView>, Problem> {
    let name = DigestName {
        sip_username: challenge.sip_username,
        realm: challenge.realm,
        algorithm: challenge.algorithm.0,
    };
    let proof = sip_digests::read(&call.app, call.tenant(), &name).await?;
    let proof = proof.ok_or_else(Problem::not_found)?;
    Ok(Answer(ProofView {
        user_id: proof.user_id,
        username: proof.username,
        sip_username: name.sip_username,
        realm: name.realm,
        algorithm: Algorithm(name.algorithm),
        ha1: proof.ha1.to_string(),
    }))
}

/// A page of an account's digests.
pub(super) async fn page_of(
    call: &Call,
    user: &User,
    page: &Page,
) -> Result<Listed<DigestView>, Problem> {
    let rows = call.rows();
    let digests = rows.sip_digests(&user.id, &page.after, page.rows()).await?;
    let key = |digest: &SipDigest| digest.id.clone();
    Ok(page.answer(call, digests, key, DigestView::from))
}

/// Makes a phone's password. No answer of this kind is kept for retries: another call makes another.
pub(super) async fn make(
    call: &Call,
    user: &User,
    wanted: Wanted,
) -> Result<Answer<PasswordView>, Problem> {
    let (actor, tenant) = (call.actor(), call.tenant());
    let made = sip_digests::add(&call.app, &actor, tenant, user, wanted.clone()).await?;
    Ok(Answer(PasswordView::of(made, wanted)))
}

/// Removes one of an account's digests.
pub(super) async fn take(call: &Call, user: &User, id: &str) -> Result<Done, Problem> {
    sip_digests::remove(&call.app, &call.actor(), call.tenant(), user, id).await?;
    Ok(Done)
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Db(error) => error.into(),
            ReadError::Unsealable(error) => Self::internal(error),
        }
    }
}
