//! Secrets on their way in and out: never from the arguments, printed only where we made them.

use std::path::{Path, PathBuf};

use clap::Args;
use data_encoding::BASE32_NOPAD;

use super::error::CliError;
use crate::base::random::Random;
use crate::config::{Secret, secret_file};

/// Where a password comes from.
#[derive(Args)]
#[group(multiple = false)]
pub(super) struct PasswordSource {
    /// Reads the password from a file, without its last line end
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Reads the password from standard input, without its last line end
    #[arg(long)]
    password_stdin: bool,
    /// Makes a password and prints it this once
    #[arg(long)]
    generate_password: bool,
}

/// A password to be set, and whether it is ours to print.
pub(super) struct Password {
    pub(super) secret: Secret,
    pub(super) generated: bool,
}

impl PasswordSource {
    /// The password, if any source is named.
    pub(super) fn read(&self, random: &Random) -> Result<Option<Password>, CliError> {
        if self.generate_password {
            return Ok(Some(Password {
                secret: new_password(random),
                generated: true,
            }));
        }
        let given = given(
            "--password-file",
            self.password_file.as_deref(),
            self.password_stdin,
        )?;
        Ok(given.map(|secret| Password {
            secret,
            generated: false,
        }))
    }
}

/// Where a client's secret comes from.
#[derive(Args)]
#[group(multiple = false)]
pub(super) struct SecretSource {
    /// Reads the secret from a file instead of making one
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Reads the secret from standard input instead of making one
    #[arg(long)]
    secret_stdin: bool,
}

impl SecretSource {
    /// The secret, if any source is named.
    pub(super) fn read(&self) -> Result<Option<Secret>, CliError> {
        given(
            "--secret-file",
            self.secret_file.as_deref(),
            self.secret_stdin,
        )
    }
}

fn given(option: &str, file: Option<&Path>, stdin: bool) -> Result<Option<Secret>, CliError> {
    let read = match file {
        Some(file) => secret_file::read(file).map_err(|error| format!("{option}: {error}")),
        None if stdin => secret_file::read_from(std::io::stdin().lock(), "standard input"),
        None => return Ok(None),
    };
    read.map(Some).map_err(CliError::refused)
}

/// A password of 125 random bits, in groups that can be read over a telephone. What stands behind them
/// is there for policies that want every kind of character.
pub(super) fn new_password(random: &Random) -> Secret {
    const GROUPS: usize = 5;
    let letters = BASE32_NOPAD.encode(&random.bytes::<16>());
    let letters = letters.to_ascii_lowercase();
    let groups: Vec<&str> = (0..GROUPS)
        .map(|group| &letters[group * 5..(group + 1) * 5])
        .collect();
    Secret::new(format!("{}-A2", groups.join("-")))
}
