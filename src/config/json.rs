//! JSON inside TOML: a table says the same as a JSON object, and JSON text is taken as it is.

use serde_json::{Map, Number, Value};
use toml::de::{DeInteger, DeValue};

/// Reads a JSON object from a table or from text.
///
/// # Errors
/// What is wrong with it, without its content.
pub(super) fn object(value: &DeValue<'_>) -> Result<Value, String> {
    members(value).map(Value::Object)
}

/// As [`object`], with its members at hand.
///
/// # Errors
/// What is wrong with it, without its content.
pub(super) fn members(value: &DeValue<'_>) -> Result<Map<String, Value>, String> {
    let json = match value {
        DeValue::String(text) => {
            serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?
        }
        other => convert(other)?,
    };
    match json {
        Value::Object(members) => Ok(members),
        _ => Err("must be a table, or text that holds a JSON object".into()),
    }
}

fn convert(value: &DeValue<'_>) -> Result<Value, String> {
    Ok(match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => Value::Number(integer(number)?.into()),
        DeValue::Float(number) => {
            let number = number.as_str().parse().ok().and_then(Number::from_f64);
            Value::Number(number.ok_or("holds a number JSON does not know")?)
        }
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(_) => return Err("holds a date, which JSON does not know".into()),
        DeValue::Array(items) => {
            let items = items.iter().map(|item| convert(item.get_ref()));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => {
            let members = table
                .iter()
                .map(|(key, value)| Ok((key.get_ref().to_string(), convert(value.get_ref())?)));
            Value::Object(members.collect::<Result<Map<_, _>, String>>()?)
        }
    })
}

/// Reads a whole number in whatever base it is written.
///
/// # Errors
/// Where it does not fit 64 bits.
pub(super) fn integer(number: &DeInteger<'_>) -> Result<i64, String> {
    i64::from_str_radix(number.as_str(), number.radix())
        .map_err(|_| "is too large a number".to_owned())
}
