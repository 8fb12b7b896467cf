//! Numbers in addresses.

use crate::api::problem::Problem;

/// # Errors
/// `value` of the parameter `name` is below `least` or above `most`.
pub fn within(name: &str, value: i64, least: i64, most: i64) -> Result<i64, Problem> {
    if (least..=most).contains(&value) {
        Ok(value)
    } else {
        Err(Problem::parameter(name, format!("{least} to {most}")))
    }
}
