//! The settings themselves, and what of them is allowed and probably not meant.

use super::Findings;
use crate::cli::error::CliError;
use crate::cli::serve::warnings;
use crate::cli::settings::Settings;
use crate::config::{Config, Loaded, Registration};

/// The settings, if they can be used.
///
/// # Errors
/// None that is about the settings: those are findings.
pub(super) fn check(
    settings: &Settings,
    findings: &mut Findings,
) -> Result<Option<Config>, CliError> {
    let Loaded { config, notes, .. } = match settings.load() {
        Ok(loaded) => loaded,
        Err(CliError::Config(errors)) => {
            for error in errors {
                findings.fail("configuration", error.to_string());
            }
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let file = settings.file();
    let file = file.map_or("no file".to_owned(), |file| file.display().to_string());
    findings.ok("configuration", format!("{file} and the environment"));
    for note in notes.iter().filter(|note| note.warns) {
        findings.warn("variables", &note.text);
    }
    reachability(&config, findings);
    profiles(&config, findings);
    Ok(Some(config))
}

fn reachability(config: &Config, findings: &mut Findings) {
    let warnings = warnings::of(config);
    if warnings.is_empty() {
        findings.ok("issuer", &config.issuer);
    }
    for warning in warnings {
        findings.warn("issuer", warning);
    }
}

fn profiles(config: &Config, findings: &mut Findings) {
    if config.compat.is_empty() {
        findings.ok("profiles", "none");
    } else {
        let names: Vec<&str> = config.compat.iter().map(|profile| profile.name()).collect();
        findings.warn(
            "profiles",
            format!(
                "{}: their routes take passwords without a browser; leave compat empty when nobody \
                 calls them any more",
                names.join(", ")
            ),
        );
    }
    if config.registration == Registration::Open {
        findings.warn("registration", "open: anybody may make an account");
    }
}
