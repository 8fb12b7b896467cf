//! Domains of e-mail addresses, in the one form they are compared in.

use url::Host;

const MAX_BYTES: usize = 253;

/// A domain in lower-case ASCII (RFC 5890 A-labels): `Bücher.Example` is `xn--bcher-kva.example`.
/// `None`: no domain name of two labels or more.
pub fn canonical(typed: &str) -> Option<String> {
    // What an address bar would decode is no part of a name.
    if typed.contains('%') {
        return None;
    }
    let Ok(Host::Domain(domain)) = Host::parse(typed) else {
        return None;
    };
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let fits = domain.len() <= MAX_BYTES && domain.contains('.') && domain.split('.').all(is_label);
    fits.then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn one_domain_has_one_form() {
        for typed in ["acme.test", "ACME.Test", "ａｃｍｅ.test"] {
            assert_eq!(canonical(typed).as_deref(), Some("acme.test"), "{typed}");
        }
        let punycode = Some("xn--bcher-kva.example");
        assert_eq!(canonical("Bücher.example").as_deref(), punycode);
        assert_eq!(canonical("xn--bcher-kva.example").as_deref(), punycode);
    }

    #[test]
    fn what_is_no_domain_is_refused() {
        for typed in [
            "",
            "acme",
            "acme.test.",
            ".acme.test",
            "acme..test",
            "-acme.test",
            "acme_.test",
            "acme.test:443",
            "acme.test/x",
            "alice@acme.test",
            "acme%2etest",
            "192.0.2.1",
            "[::1]",
            "acme .test",
            "acme\n.test",
        ] {
            assert_eq!(canonical(typed), None, "{typed:?}");
        }
        assert_eq!(canonical(&format!("{}.test", "a".repeat(64))), None);
        assert_eq!(canonical(&format!("{}test", "a.".repeat(130))), None);
    }
}
