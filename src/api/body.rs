//! Bodies: JSON that means the same to everybody, read into a closed set of members.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::call::{Call, Incoming};
use super::operation::{BodyShape, Input, Shape};
use super::problem::Problem;
use crate::base::strict_json::check_object;

const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";
const MAX_DEPTH: u8 = 32;

/// What a body may hold. Unknown members are refused: `#[serde(deny_unknown_fields)]`.
pub trait Document: DeserializeOwned + JsonSchema + Send + 'static {
    /// Other names of members, for older clients: `(other, ours)`.
    const ALIASES: &'static [(&'static str, &'static str)] = &[];
    /// Members that are set when it is made and never by a patch.
    const CREATE_ONLY: &'static [&'static str] = &[];
}

/// A body, whole.
pub struct Body<B>(pub B);

/// A body that may be absent, and then says nothing.
pub struct Optional<B>(pub B);

/// Changes to something that has the members of `B` (RFC 7396): what is absent stays, what is null goes.
pub struct Merge<B> {
    changes: Map<String, Value>,
    as_body: std::marker::PhantomData<fn() -> B>,
}

impl<B: Document> Input for Body<B> {
    fn describe(shape: &mut Shape) {
        shape.body = Some(BodyShape {
            schema: |generator| whole::<B>(generator),
            media_types: &[JSON],
            required: true,
        });
    }

    fn read(_: &Call, incoming: Incoming) -> Result<Self, Problem> {
        incoming.no_parameters()?;
        let members = members::<B>(&incoming.body)?;
        parsed(members).map(Self)
    }
}

impl<B: Document + Default> Input for Optional<B> {
    fn describe(shape: &mut Shape) {
        shape.body = Some(BodyShape {
            schema: |generator| whole::<B>(generator),
            media_types: &[JSON],
            required: false,
        });
    }

    fn read(call: &Call, incoming: Incoming) -> Result<Self, Problem> {
        if incoming.body.is_empty() {
            return incoming.no_parameters().map(|()| Self(B::default()));
        }
        Body::read(call, incoming).map(|Body(body)| Self(body))
    }
}

impl<B: Document> Input for Merge<B> {
    fn describe(shape: &mut Shape) {
        shape.body = Some(BodyShape {
            schema: |generator| partial::<B>(generator),
            media_types: &[JSON, MERGE_PATCH],
            required: true,
        });
    }

    fn read(_: &Call, incoming: Incoming) -> Result<Self, Problem> {
        incoming.no_parameters()?;
        let changes = members::<B>(&incoming.body)?;
        if let Some(member) = B::CREATE_ONLY
            .iter()
            .find(|member| changes.contains_key(**member))
        {
            return Err(Problem::part(
                format!("#/{member}"),
                "is not changed this way",
            ));
        }
        Ok(Self {
            changes,
            as_body: std::marker::PhantomData,
        })
    }
}

impl<B: Document + Serialize> Merge<B> {
    /// `present` with the changes.
    ///
    /// # Errors
    /// A member is unknown or of another type.
    pub fn onto(&self, present: &B) -> Result<B, Problem> {
        let present = serde_json::to_value(present).map_err(Problem::internal)?;
        let Value::Object(mut merged) = present else {
            return Err(Problem::internal("a document that is no object"));
        };
        merge(&mut merged, &self.changes);
        parsed(merged)
    }
}

/// RFC 7396 section 2.
fn merge(target: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (name, change) in changes {
        match change {
            Value::Null => {
                target.remove(name);
            }
            Value::Object(changes) => {
                let member = target.entry(name.clone()).or_insert(Value::Null);
                if !member.is_object() {
                    *member = Value::Object(Map::new());
                }
                if let Value::Object(member) = member {
                    merge(member, changes);
                }
            }
            other => {
                target.insert(name.clone(), other.clone());
            }
        }
    }
}

fn members<B: Document>(body: &[u8]) -> Result<Map<String, Value>, Problem> {
    let text =
        std::str::from_utf8(body).map_err(|_| Problem::malformed("the body is not UTF-8"))?;
    let parsed: Result<Map<String, Value>, _> = serde_json::from_str(text);
    let mut members = parsed.map_err(|error| {
        Problem::malformed(format!(
            "the body is no JSON object: line {}, column {}",
            error.line(),
            error.column()
        ))
    })?;
    if check_object(text, MAX_DEPTH).is_err() {
        return Err(Problem::malformed(format!(
            "the body repeats a member or nests deeper than {MAX_DEPTH}"
        )));
    }
    if let Some(pointer) = nul_in(&members) {
        return Err(Problem::part(pointer, "U+0000 is not allowed"));
    }
    for (other, ours) in B::ALIASES {
        let Some(value) = members.remove(*other) else {
            continue;
        };
        if members.insert((*ours).to_owned(), value).is_some() {
            let detail = format!("is another name of {ours}; send one of them");
            return Err(Problem::part(format!("#/{other}"), detail));
        }
    }
    Ok(members)
}

/// Where the first U+0000 is, which no database column takes.
fn nul_in(members: &Map<String, Value>) -> Option<String> {
    fn holds(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains('\0'),
            Value::Array(items) => items.iter().any(holds),
            Value::Object(members) => members
                .iter()
                .any(|(name, value)| name.contains('\0') || holds(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
    members
        .iter()
        .find(|(name, value)| name.contains('\0') || holds(value))
        .map(|(name, _)| format!("#/{}", name.replace('\0', "")))
}

fn parsed<B: Document>(members: Map<String, Value>) -> Result<B, Problem> {
    serde_path_to_error::deserialize(Value::Object(members)).map_err(|error| {
        let pointer = pointer(error.path());
        let detail = error.into_inner().to_string();
        if pointer == "#" {
            Problem::malformed(detail)
        } else {
            Problem::part(pointer, detail)
        }
    })
}

/// RFC 6901 section 6.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold("#".to_owned(), |pointer, segment| {
        let part = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => return pointer,
        };
        format!("{pointer}/{part}")
    })
}

/// The schema of a whole body, with the other names of its members.
fn whole<B: Document>(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = B::json_schema(generator);
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (other, ours) in B::ALIASES {
            if let Some(mut property) = properties.get(*ours).cloned() {
                property["description"] = format!("The same as `{ours}`.").into();
                properties.insert((*other).to_owned(), property);
            }
        }
    }
    schema
}

/// The same where everything may be absent.
fn partial<B: Document>(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = whole::<B>(generator);
    schema.remove("required");
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|name, _| !B::CREATE_ONLY.contains(&name.as_str()));
        for property in properties.values_mut().filter_map(Value::as_object_mut) {
            property.remove("default");
        }
    }
    schema
}
