//! Words for people, and what templates need to place them.

use minijinja::Value;

/// What a scope allows, said so that "The application wants to:" can stand before it. `known` is
/// what the resource server's registration says of it, where it says something; a scope nobody
/// describes is shown by its name.
pub fn scope_text(scope: &str, known: Option<&str>) -> String {
    let known = known.map(str::trim).filter(|text| !text.is_empty());
    known.or_else(|| built_in(scope)).map_or_else(
        || format!("Use the permission “{scope}”"),
        ToOwned::to_owned,
    )
}

fn built_in(scope: &str) -> Option<&'static str> {
    Some(match scope {
        "openid" => "Know who you are",
        "profile" => "See your name and the rest of your profile",
        "email" => "See your e-mail address",
        "address" => "See your postal address",
        "phone" => "See your phone number",
        "offline_access" => "Stay signed in while you are away",
        "roles" => "See your roles",
        "groups" => "See the groups you belong to",
        "sip.digest" => "Read what everybody's phones prove themselves with",
        "sip.register" => "Connect a phone that receives your calls",
        "sip.call" => "Make calls as you",
        "sip.message" => "Send and receive messages as you",
        "sip.presence" => "Show whether you are available, and see who else is",
        "sip.transfer" => "Transfer your calls",
        "account" => "See and change your account",
        "audit.read" => "Read who did what",
        "clients.read" => "See which applications are registered",
        "keys.write" => "Turn signing keys",
        "roles.write" => "Give and take roles and groups",
        "tenants.read" => "See tenants and their settings",
        "tenants.write" => "Create and change tenants",
        "clients.write" => "Register and change applications",
        "metrics.read" => "Read how the service is doing",
        "token.introspect" => "Check whether tokens are valid",
        "users.read" => "See everybody's account",
        "users.write" => "Create and change everybody's account",
        _ => return None,
    })
}

/// The first letter of a name, for the mark beside it.
pub(super) fn initial(name: &str) -> String {
    let letter = name.chars().find(|letter| letter.is_alphanumeric());
    letter.map_or_else(
        || "•".to_owned(),
        |letter| letter.to_uppercase().collect::<String>(),
    )
}

/// A path of our own as it is; anything else with its slashes escaped too, like all text.
pub(super) fn path(path: &str) -> Value {
    let plain = path
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte));
    if plain {
        Value::from_safe_string(path.to_owned())
    } else {
        Value::from(path)
    }
}

/// Whether an address leads to ourselves.
pub(super) fn own_address(address: &str) -> bool {
    address.starts_with('/')
        && !address.starts_with("//")
        && address
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

/// Whether an address from a registration may become a link: on the web, and nothing hidden in it.
pub(super) fn web_address(address: &str) -> bool {
    (address.starts_with("https://") || address.starts_with("http://"))
        && !address
            .chars()
            .any(|letter| letter.is_control() || letter.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::{initial, scope_text, web_address};

    #[test]
    fn a_scope_is_said_in_words_and_an_unknown_one_by_its_name() {
        assert_eq!(scope_text("openid", None), "Know who you are");
        assert_eq!(scope_text("openid", Some("  ")), "Know who you are");
        assert_eq!(scope_text("a.b", Some("Do it")), "Do it");
        assert!(scope_text("a.b", None).contains("“a.b”"));
    }

    #[test]
    fn a_name_has_an_initial_in_every_script() {
        for (name, letter) in [
            ("anna", "A"),
            (" 'ö", "Ö"),
            ("ßo", "SS"),
            ("東京", "東"),
            ("…", "•"),
            ("", "•"),
        ] {
            assert_eq!(initial(name), letter, "{name}");
        }
    }

    #[test]
    fn only_an_address_on_the_web_becomes_a_link() {
        assert!(web_address("https://client.test/terms?x=1"));
        for other in [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "//evil.test",
            "/own",
            " https://a.test",
            "https://a.test/\n",
            "",
        ] {
            assert!(!web_address(other), "{other}");
        }
    }
}
