//! What must hold beyond a field's own form: issuer, addresses, costs, and fields that go together.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use tracing_subscriber::EnvFilter;

use super::Config;
use super::error::Errors;
use super::issuer;
use super::layers::Layers;
use super::master_key;
use crate::base::api_key_secret;
use crate::base::sorted_hashes::SortedHashes;

/// A rule and the fields it looks at. The first is at fault when it is broken; the report goes to
/// the first of them that was set.
struct Rule {
    fields: &'static [&'static str],
    judge: fn(&Config) -> Result<(), String>,
}

const RULES: &[Rule] = &[
    rule(&["issuer"], issuer_is_well_formed),
    rule(&["database_url"], database_is_known),
    rule(&["master_key"], master_key_is_random),
    rule(&["tls.cert_file"], certificate_is_readable),
    rule(&["tls.key_file"], key_is_readable),
    rule(&["tls.cert_file", "tls.key_file"], tls_is_whole),
    rule(
        &["bind", "tls.cert_file", "tls.key_file", "proxies.trusted"],
        strangers_meet_tls,
    ),
    rule(&["database_url", "master_key"], postgres_has_a_master_key),
    rule(&["passwords.breached_file"], breached_file_is_a_list),
    rule(&["log.level"], log_level_is_a_filter),
    rule(&["tokens.jwks_cache_lifetime", "issuer"], keys_are_cached),
    rule(&["api_keys.prefix"], api_keys_are_recognised),
    rule(
        &[
            "password_hash.memory_kib",
            "password_hash.iterations",
            "issuer",
        ],
        password_hash_is_strong,
    ),
    rule(
        &["password_hash.parallelism", "password_hash.memory_kib"],
        lanes_have_memory,
    ),
    rule(&["mail.from"], sender_is_an_address),
    rule(&["mail.reply_to"], answers_go_to_an_address),
    rule(&["mail.ca_file"], mail_authorities_are_readable),
    rule(&["mail.host", "mail.from"], mail_has_a_sender),
    rule(&["mail.password", "mail.username"], mail_login_is_whole),
    rule(
        &["mail.tls", "mail.password", "mail.host"],
        mail_password_meets_tls,
    ),
];

const fn rule(fields: &'static [&'static str], judge: fn(&Config) -> Result<(), String>) -> Rule {
    Rule { fields, judge }
}

/// Holds the settings against every rule whose fields are right so far. After a syntax error only
/// the rules of a single field are asked, since others may miss what the broken line said.
pub(super) fn check(layers: &mut Layers, errors: &mut Errors) {
    for Rule { fields, judge } in RULES {
        let undecided = errors.has_syntax() && fields.len() > 1;
        if undecided || fields.iter().any(|field| layers.is_wrong(field)) {
            continue;
        }
        if let Err(message) = judge(&layers.config) {
            let given = fields.iter().find(|field| layers.is_given(field));
            let place = layers.place(given.unwrap_or(&fields[0]));
            errors.add(&place, message);
            layers.mark_wrong(fields[0]);
        }
    }
}

/// Every rule that settings break which no file was read for, each naming its field.
pub(super) fn problems(config: &Config) -> Vec<String> {
    let broken = |rule: &Rule| {
        Some(format!(
            "{}: {}",
            rule.fields[0],
            (rule.judge)(config).err()?
        ))
    };
    RULES.iter().filter_map(broken).collect()
}

fn issuer_is_well_formed(config: &Config) -> Result<(), String> {
    let issuer = issuer::parse(&config.issuer)?;
    if issuer.https || issuer.is_loopback() {
        return Ok(());
    }
    Err(issuer::NOT_HTTPS.into())
}

fn is_postgres(config: &Config) -> bool {
    let url = config.database_url.expose();
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

fn database_is_known(config: &Config) -> Result<(), String> {
    let path = config.database_url.expose().strip_prefix("sqlite://");
    if path.is_some_and(|path| !path.is_empty()) || is_postgres(config) {
        return Ok(());
    }
    Err("must be sqlite:// and a path, or postgres:// and a server".into())
}

fn master_key_is_random(config: &Config) -> Result<(), String> {
    if let Some(key) = &config.master_key {
        master_key::decode(key.expose())?;
    }
    Ok(())
}

fn postgres_has_a_master_key(config: &Config) -> Result<(), String> {
    if !is_postgres(config) || config.master_key.is_some() {
        return Ok(());
    }
    Err(
        "PostgreSQL needs a master_key that all nodes share: set master_key or master_key_file, \
         for instance to what `openssl rand -hex 32` prints"
            .into(),
    )
}

fn certificate_is_readable(config: &Config) -> Result<(), String> {
    config.tls.cert_file.as_deref().map_or(Ok(()), readable)
}

fn key_is_readable(config: &Config) -> Result<(), String> {
    config.tls.key_file.as_deref().map_or(Ok(()), readable)
}

/// Tries to read, since a directory can be opened too. The path is not repeated: it may be a pasted
/// key.
fn readable(path: &Path) -> Result<(), String> {
    File::open(path)
        .and_then(|mut file| file.read(&mut [0]))
        .map(|_| ())
        .map_err(|error| format!("the file it names cannot be read: {}", error.kind()))
}

fn tls_is_whole(config: &Config) -> Result<(), String> {
    match (&config.tls.cert_file, &config.tls.key_file) {
        (Some(_), None) => Err("tls.cert_file needs tls.key_file beside it".into()),
        (None, Some(_)) => Err("tls.key_file needs tls.cert_file beside it".into()),
        _ => Ok(()),
    }
}

fn api_keys_are_recognised(config: &Config) -> Result<(), String> {
    let prefix = &config.api_keys.prefix;
    if !api_key_secret::is_prefix(prefix) {
        let most = api_key_secret::MAX_PREFIX;
        return Err(format!(
            "must be 2 to {most} letters, digits and _, the last of them a _"
        ));
    }
    if prefix.starts_with("uc_") {
        return Err("must not begin with uc_, as other secrets do".into());
    }
    Ok(())
}

fn strangers_meet_tls(config: &Config) -> Result<(), String> {
    let open = config.bind.iter();
    let open = open.filter(|address| !address.ip().to_canonical().is_loopback());
    let open: Vec<String> = open.map(ToString::to_string).collect();
    let guarded = config.tls.cert_file.is_some() || !config.proxies.trusted.is_empty();
    if open.is_empty() || guarded {
        return Ok(());
    }
    Err(format!(
        "{} would take passwords from other machines in clear text: set tls.cert_file and \
         tls.key_file, or name the proxy that ends TLS in proxies.trusted, or listen on 127.0.0.1 \
         and [::1]",
        open.join(", ")
    ))
}

fn breached_file_is_a_list(config: &Config) -> Result<(), String> {
    let file = config.passwords.breached_file.as_deref();
    file.map_or(Ok(()), |path| {
        let list = SortedHashes::open(path);
        list.map(drop).map_err(|error| {
            format!("the file it names is no list of SHA-1 digests in ascending order: {error}")
        })
    })
}

fn log_level_is_a_filter(config: &Config) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.log.level);
    filter
        .map(drop)
        .map_err(|error| format!("is not a tracing filter: {error}"))
}

fn keys_are_cached(config: &Config) -> Result<(), String> {
    if config.tokens.jwks_cache_lifetime >= 3600 || config.issuer_is_loopback() {
        return Ok(());
    }
    Err("must be 3600 or more, unless the issuer's host is loopback".into())
}

/// Memory in KiB and passes that cost an attacker about the same (OWASP, Password Storage).
const STRONG: [(u32, u32); 5] = [(47_104, 1), (19_456, 2), (12_288, 3), (9216, 4), (7168, 5)];

fn password_hash_is_strong(config: &Config) -> Result<(), String> {
    let hash = &config.password_hash;
    let reaches = |(memory, passes)| hash.memory_kib >= memory && hash.iterations >= passes;
    if STRONG.into_iter().any(reaches) || config.issuer_is_loopback() {
        return Ok(());
    }
    let pairs = STRONG.map(|(memory, passes)| format!("{memory}/{passes}"));
    Err(format!(
        "{}/{} is too cheap: memory_kib/iterations must reach one of {}, unless the issuer's host \
         is loopback",
        hash.memory_kib,
        hash.iterations,
        pairs.join(", ")
    ))
}

fn lanes_have_memory(config: &Config) -> Result<(), String> {
    let hash = &config.password_hash;
    if hash.memory_kib / 8 >= hash.parallelism {
        return Ok(());
    }
    Err("must leave each lane 8 KiB of memory_kib (RFC 9106 section 3.1)".into())
}

fn sender_is_an_address(config: &Config) -> Result<(), String> {
    config.mail.from.as_deref().map_or(Ok(()), mailbox)
}

fn answers_go_to_an_address(config: &Config) -> Result<(), String> {
    config.mail.reply_to.as_deref().map_or(Ok(()), mailbox)
}

fn mail_authorities_are_readable(config: &Config) -> Result<(), String> {
    config.mail.ca_file.as_deref().map_or(Ok(()), readable)
}

/// One mailbox, with or without a name before it (RFC 5322 section 3.4).
fn mailbox(text: &str) -> Result<(), String> {
    let address = match text.rsplit_once('<') {
        Some((_, address)) => address.strip_suffix('>').unwrap_or_default(),
        None => text,
    };
    let (local, domain) = address.rsplit_once('@').unwrap_or_default();
    let odd =
        |letter: char| letter.is_whitespace() || letter.is_control() || ",;:<>\"".contains(letter);
    let whole = !local.is_empty() && !domain.is_empty() && !address.contains(odd);
    if whole && !text.contains(char::is_control) {
        return Ok(());
    }
    Err("must be an address, or a name and an address in angle brackets".into())
}

fn mail_has_a_sender(config: &Config) -> Result<(), String> {
    if config.mail.host.is_some() && config.mail.from.is_none() {
        return Err("needs mail.from beside it: the address our mail comes from".into());
    }
    Ok(())
}

fn mail_login_is_whole(config: &Config) -> Result<(), String> {
    match (&config.mail.username, &config.mail.password) {
        (Some(_), None) => Err("mail.username needs mail.password beside it".into()),
        (None, Some(_)) => Err("mail.password needs mail.username beside it".into()),
        _ => Ok(()),
    }
}

fn mail_password_meets_tls(config: &Config) -> Result<(), String> {
    let mail = &config.mail;
    let host = mail.host.as_deref().unwrap_or("localhost");
    let here = host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    if mail.tls == "none" && mail.password.is_some() && !here {
        return Err("none would send the password over the network in clear text".into());
    }
    Ok(())
}
