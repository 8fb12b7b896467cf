//! What profiles have in common when they say no.

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::problem::Problem;
use crate::api::views::Password;

/// What is wrong with one field.
#[derive(JsonSchema, Serialize)]
pub struct FieldError<'a> {
    field: &'a str,
    message: &'a str,
}

/// The fields a problem names, as their callers call them.
pub fn field_errors(problem: &Problem) -> Vec<FieldError<'_>> {
    let errors = problem.errors().iter();
    errors
        .map(|error| FieldError {
            field: match (&error.pointer, &error.parameter) {
                (Some(pointer), _) => pointer.trim_start_matches("#/"),
                (None, Some(parameter)) => parameter,
                (None, None) => "",
            },
            message: &error.detail,
        })
        .collect()
}

/// What is wrong, in one sentence.
pub fn sentence(problem: &Problem) -> &str {
    if problem.errors().is_empty() {
        problem.detail()
    } else {
        problem.kind().title()
    }
}

/// A name and a password of a login, both of which have to be there.
pub fn both(
    (field, name): (&str, Option<String>),
    password: Option<Password>,
) -> Result<(String, Password), Problem> {
    let name = name.filter(|name| !name.is_empty());
    let password = password.filter(|password| !password.expose().is_empty());
    match (name, password) {
        (Some(name), Some(password)) => Ok((name, password)),
        (Some(_), None) => Err(Problem::missing(&["password"])),
        (None, Some(_)) => Err(Problem::missing(&[field])),
        (None, None) => Err(Problem::missing(&[field, "password"])),
    }
}
