//! The rules of a new password, each said in words that name the field and never the password.

use zxcvbn::feedback::Feedback;
use zxcvbn::zxcvbn;

use super::MAX_PASSWORD_BYTES;
use super::text::prepared;
use crate::base::sorted_hashes::SortedHashes;
use crate::model::password_policy::PasswordPolicy;

/// The search for patterns takes longer than in proportion; what a password is worth shows before.
const JUDGED_CHARS: usize = 72;
/// Shorter names would be in too many passwords by chance.
const NAME_CHARS: usize = 4;
/// Guessed before anything else.
const PRODUCT: [&str; 2] = ["users-core", "userscore"];

/// Names a password must not be, and those it must not hold.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The account's own: its username and its address.
    pub own: Vec<String>,
    /// Of what surrounds it: its tenant.
    pub around: Vec<String>,
}

/// Every rule of `policy` that `typed` breaks, but for the passwords before it.
pub(super) fn broken(
    policy: &PasswordPolicy,
    typed: &str,
    names: &Names,
    stolen: Option<&SortedHashes>,
) -> Vec<String> {
    let Some(password) = prepared(typed) else {
        return vec![format!("password: at most {MAX_PASSWORD_BYTES} bytes")];
    };
    let mut problems = Vec::new();
    let length = u32::try_from(password.chars().count()).unwrap_or(u32::MAX);
    if length < policy.min_length {
        problems.push(format!(
            "password: at least {} characters",
            policy.min_length
        ));
    }
    if password.chars().any(char::is_control) {
        problems.push("password: no control characters".to_owned());
    }
    let missing = policy
        .classes
        .iter()
        .filter(|class| !class.is_in(&password));
    problems.extend(missing.map(|class| format!("password: at least one {}", class.said())));
    let folded = password.to_lowercase();
    if is_named(&folded, names, policy.forbid_names) {
        problems.push(
            "password: not the username, the address or the name of this place, nor with one in it"
                .to_owned(),
        );
    } else if let Some(problem) = too_easy(policy, &password, names) {
        problems.push(problem);
    }
    if let Some(stolen) = stolen
        && is_stolen(stolen, &password, typed)
    {
        problems
            .push("password: it is on a list of passwords that were stolen elsewhere".to_owned());
    }
    problems
}

fn is_named(folded: &str, names: &Names, anywhere: bool) -> bool {
    let all = names.own.iter().chain(&names.around);
    if all.clone().any(|name| name.to_lowercase() == folded) {
        return true;
    }
    let parts = names.own.iter().flat_map(|name| {
        let local = name.split_once('@').map(|(local, _)| local);
        [Some(name.as_str()), local].into_iter().flatten()
    });
    let mut parts = parts.filter(|part| part.chars().count() >= NAME_CHARS);
    anywhere && parts.any(|part| folded.contains(&part.to_lowercase()))
}

/// How many guesses it takes whoever knows the person, the place and every list of passwords.
fn too_easy(policy: &PasswordPolicy, password: &str, names: &Names) -> Option<String> {
    if policy.min_score == 0 {
        return None;
    }
    let judged: String = password.chars().take(JUDGED_CHARS).collect();
    let known = names.own.iter().chain(&names.around);
    let known: Vec<String> = known.map(|name| name.chars().take(64).collect()).collect();
    let words = known.iter().flat_map(|name| {
        let parts = name.split(|letter: char| !letter.is_alphanumeric());
        std::iter::once(name.as_str()).chain(parts.filter(|part| part.len() > 2))
    });
    let words: Vec<&str> = words.chain(PRODUCT).collect();
    let judgement = zxcvbn(&judged, &words);
    let score = u32::from(judgement.score() as u8);
    if score >= policy.min_score {
        return None;
    }
    let warning = judgement.feedback().and_then(Feedback::warning);
    Some(match warning {
        Some(warning) => {
            let warning = warning.to_string();
            let warning = warning.trim_end_matches('.');
            format!("password: too easy to guess ({warning})")
        }
        None => "password: too easy to guess".to_owned(),
    })
}

/// The list is a help: without it the other rules still hold, so that a file that is gone keeps nobody
/// from replacing a password that was stolen.
fn is_stolen(stolen: &SortedHashes, password: &str, typed: &str) -> bool {
    let looks = [password, typed].map(|form| stolen.hold(form));
    looks.into_iter().any(|look| match look {
        Ok(found) => found,
        Err(error) => {
            tracing::error!(%error, "passwords.breached_file cannot be read; a password was not looked up");
            false
        }
    })
}
