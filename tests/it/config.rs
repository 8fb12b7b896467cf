//! Settings: defaults, file, environment, and everything that is wrong said at once.

mod declared;
mod declared_secrets;
mod foreign;
mod issuer;
mod layers;
mod mail;
mod master_key;
mod names;
mod others;
mod rules;
mod secrets;
mod syntax;

use std::path::Path;

use users_core::config::{Config, ConfigError, Declared, Loaded, load};

/// 32 random bytes.
const KEY: &str = "c3b1f29a7d0e4856b8e1d6f47a2390cc5e17ab64d98f02317be46c50fa8d1392";

fn variables(env: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    env.iter().map(owned).collect()
}

/// Loads a file called `app.toml` and variables.
fn load_both(file: &str, env: &[(&str, &str)]) -> Result<Loaded, Vec<ConfigError>> {
    load(Some((Path::new("app.toml"), file)), &variables(env))
}

fn from_file(file: &str) -> Config {
    load_both(file, &[]).unwrap().config
}

fn from_env(env: &[(&str, &str)]) -> Config {
    load(None, &variables(env)).unwrap().config
}

fn declared(file: &str) -> Declared {
    load_both(file, &[]).unwrap().declared
}

fn lines(result: Result<Loaded, Vec<ConfigError>>) -> Vec<String> {
    let errors = result.expect_err("the settings must be refused");
    errors.iter().map(ToString::to_string).collect()
}

/// The errors of a file, as `place: message`.
fn file_errors(file: &str) -> Vec<String> {
    lines(load_both(file, &[]))
}

/// The errors of an environment, as `place: message`.
fn env_errors(env: &[(&str, &str)]) -> Vec<String> {
    lines(load(None, &variables(env)))
}

/// The only error of an environment.
fn env_error(env: &[(&str, &str)]) -> String {
    let mut errors = env_errors(env);
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors.remove(0)
}

/// The only error of a file.
fn file_error(file: &str) -> String {
    let mut errors = file_errors(file);
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors.remove(0)
}
