//! How a field is set from text and shown as text, by its type.

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::kind::{EMPTY, Given, Kind};
use super::secret::{MASK, Secret};
use super::{CharacterClass, LogFormat, LogRotation, Origin, Profile, Registration};

const NONE: &str = "(none)";

/// A field of the configuration, whatever its type.
pub(super) trait Field {
    /// Sets the field. An empty text unsets an optional field and is an error for any other.
    ///
    /// # Errors
    /// What is wrong with the value; a secret's value is not repeated.
    fn set(&mut self, given: &Given<'_>, kind: Kind) -> Result<(), String>;

    /// The value as text, secrets masked.
    fn show(&self) -> String;

    /// The value as text where it is a default, and therefore no secret.
    fn show_default(&self) -> String {
        self.show()
    }
}

impl Field for String {
    fn set(&mut self, given: &Given<'_>, kind: Kind) -> Result<(), String> {
        given.required()?.clone_into(self);
        match kind {
            Kind::OneOf(choices) => chosen(self, choices),
            _ => Ok(()),
        }
    }

    fn show(&self) -> String {
        self.clone()
    }
}

/// Checks that a value is one of a few.
///
/// # Errors
/// A message that lists them.
pub(super) fn chosen(value: &str, choices: &[&str]) -> Result<(), String> {
    if choices.contains(&value) {
        return Ok(());
    }
    Err(format!("`{value}` is not one of {}", choices.join(", ")))
}

impl Field for Secret {
    fn set(&mut self, given: &Given<'_>, _: Kind) -> Result<(), String> {
        *self = Self::new(given.required()?);
        Ok(())
    }

    fn show(&self) -> String {
        MASK.into()
    }

    fn show_default(&self) -> String {
        self.expose().to_owned()
    }
}

impl Field for Option<Secret> {
    fn set(&mut self, given: &Given<'_>, _: Kind) -> Result<(), String> {
        let text = given.as_text();
        *self = (!text.is_empty()).then(|| Secret::new(text));
        Ok(())
    }

    fn show(&self) -> String {
        if self.is_some() { MASK } else { NONE }.into()
    }
}

impl Field for Option<String> {
    fn set(&mut self, given: &Given<'_>, _: Kind) -> Result<(), String> {
        let text = given.as_text();
        *self = (!text.is_empty()).then(|| text.to_owned());
        Ok(())
    }

    fn show(&self) -> String {
        self.clone().unwrap_or_else(|| NONE.into())
    }
}

impl Field for Option<PathBuf> {
    fn set(&mut self, given: &Given<'_>, _: Kind) -> Result<(), String> {
        let text = given.as_text();
        *self = (!text.is_empty()).then(|| PathBuf::from(text));
        Ok(())
    }

    fn show(&self) -> String {
        self.as_ref()
            .map_or_else(|| NONE.into(), |path| path.display().to_string())
    }
}

impl Field for LogFormat {
    fn set(&mut self, given: &Given<'_>, _: Kind) -> Result<(), String> {
        *self = match given.required()? {
            "text" => Self::Text,
            "json" => Self::Json,
            other => return Err(format!("`{other}` is not one of text, json")),
        };
        Ok(())
    }

    fn show(&self) -> String {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
        .into()
    }
}

impl Field for LogRotation {
    fn set(&mut self, given: &Given<'_>, _: Kind) -> Result<(), String> {
        *self = match given.required()? {
            "size" => Self::Size,
            "daily" => Self::Daily,
            other => return Err(format!("`{other}` is not one of size, daily")),
        };
        Ok(())
    }

    fn show(&self) -> String {
        match self {
            Self::Size => "size",
            Self::Daily => "daily",
        }
        .into()
    }
}

/// Reads a whole number within the kind's bounds.
fn whole(given: &Given<'_>, kind: Kind) -> Result<i64, String> {
    let text = given.required()?;
    let number: i64 = text
        .parse()
        .map_err(|_| format!("`{text}` is not a whole number"))?;
    match kind {
        Kind::Number { min, max } | Kind::Seconds { min, max } => within(number, min, max),
        _ => Ok(number),
    }
}

/// Checks a number's bounds, both included.
///
/// # Errors
/// A message that names them.
pub(super) fn within(number: i64, min: i64, max: i64) -> Result<i64, String> {
    if (min..=max).contains(&number) {
        return Ok(number);
    }
    Err(format!("must be from {min} to {max}, not {number}"))
}

macro_rules! whole_number_fields {
    ($($number:ty),+) => {$(
        impl Field for $number {
            fn set(&mut self, given: &Given<'_>, kind: Kind) -> Result<(), String> {
                let number = whole(given, kind)?;
                *self = Self::try_from(number).map_err(|_| format!("`{number}` does not fit"))?;
                Ok(())
            }

            fn show(&self) -> String {
                self.to_string()
            }
        }
    )+};
}
whole_number_fields!(i64, u32, usize);

impl Field for Duration {
    fn set(&mut self, given: &Given<'_>, kind: Kind) -> Result<(), String> {
        *self = Self::from_secs(whole(given, kind)?.unsigned_abs());
        Ok(())
    }

    fn show(&self) -> String {
        self.as_secs().to_string()
    }
}

impl Field for Vec<SocketAddr> {
    fn set(&mut self, given: &Given<'_>, _: Kind) -> Result<(), String> {
        *self = each(given, |text| {
            text.parse().map_err(|_| {
                format!(
                    "`{text}` is not an IP address with a port, as 127.0.0.1:8081 or [::1]:8081 is"
                )
            })
        })?;
        if self.is_empty() {
            return Err(EMPTY.into());
        }
        Ok(())
    }

    fn show(&self) -> String {
        joined(self)
    }
}

impl Field for Registration {
    fn set(&mut self, given: &Given<'_>, _: Kind) -> Result<(), String> {
        *self = given.required()?.parse()?;
        Ok(())
    }

    fn show(&self) -> String {
        self.name().into()
    }
}

impl Field for bool {
    fn set(&mut self, given: &Given<'_>, _: Kind) -> Result<(), String> {
        *self = match given.required()? {
            "true" => true,
            "false" => false,
            other => return Err(format!("`{other}` is not one of true, false")),
        };
        Ok(())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Field for Vec<CharacterClass> {
    fn set(&mut self, given: &Given<'_>, _: Kind) -> Result<(), String> {
        let mut classes = each(given, str::parse)?;
        classes.dedup();
        *self = classes;
        Ok(())
    }

    fn show(&self) -> String {
        joined(self)
    }
}

impl Field for Vec<Profile> {
    fn set(&mut self, given: &Given<'_>, _: Kind) -> Result<(), String> {
        let mut profiles = each(given, str::parse)?;
        profiles.dedup();
        *self = profiles;
        Ok(())
    }

    fn show(&self) -> String {
        joined(self)
    }
}

impl Field for Vec<Origin> {
    fn set(&mut self, given: &Given<'_>, _: Kind) -> Result<(), String> {
        *self = each(given, str::parse)?;
        Ok(())
    }

    fn show(&self) -> String {
        joined(self)
    }
}

impl Field for Vec<IpNet> {
    fn set(&mut self, given: &Given<'_>, _: Kind) -> Result<(), String> {
        *self = each(given, |text| {
            let address = || text.parse::<IpAddr>().map(IpNet::from);
            text.parse::<IpNet>()
                .map(|network| network.trunc())
                .or_else(|_| address())
                .map_err(|_| format!("`{text}` is not a network, as 10.0.0.0/8 or fd00::/8 is"))
        })?;
        Ok(())
    }

    fn show(&self) -> String {
        joined(self)
    }
}

/// Reads every item, and says of all that are wrong what is wrong.
fn each<T>(given: &Given<'_>, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    let mut values = Vec::new();
    let mut wrong = Vec::new();
    for item in given.items() {
        match read(item) {
            Ok(value) => values.push(value),
            Err(message) => wrong.push(message),
        }
    }
    if wrong.is_empty() {
        Ok(values)
    } else {
        Err(wrong.join("; "))
    }
}

fn joined(values: &[impl Display]) -> String {
    if values.is_empty() {
        return NONE.into();
    }
    let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
    texts.join(",")
}
