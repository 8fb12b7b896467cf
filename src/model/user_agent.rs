//! What a browser or program calls itself (RFC 9110 section 10.1.5), and a name for people made of it.
//! It is what it says of itself: good for "was that me?", never for a decision.

/// The most characters that are kept.
pub const MAX_CHARS: usize = 256;
/// The most characters of a product nobody knows.
const MAX_PRODUCT: usize = 32;

/// Browsers by the product that tells them from those they imitate, the most particular first.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems, those that name another one beside themselves first.
const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
];

/// What is kept of the header: its visible ASCII, bounded. `None` when nothing is left.
pub fn kept(header: &[u8]) -> Option<String> {
    let visible = header
        .iter()
        .filter(|byte| byte.is_ascii_graphic() || **byte == b' ')
        .map(|byte| char::from(*byte));
    let text: String = visible.take(MAX_CHARS).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A name for people: `Firefox on Linux`, `curl`. What it does not know it does not guess.
pub fn name(user_agent: Option<&str>) -> String {
    let text = user_agent.unwrap_or_default();
    let found = |table: &[(&str, &'static str)]| {
        let mut known = table.iter();
        known
            .find(|(mark, _)| text.contains(mark))
            .map(|(_, name)| *name)
    };
    let program = found(BROWSERS).map(str::to_owned).or_else(|| product(text));
    match (program, found(SYSTEMS)) {
        (Some(program), Some(system)) => format!("{program} on {system}"),
        (Some(program), None) => program,
        (None, Some(system)) => format!("Unknown on {system}"),
        (None, None) => "Unknown".to_owned(),
    }
}

/// The first product, unless it is the one every browser begins with.
fn product(text: &str) -> Option<String> {
    let first = text.split([' ', '/', '(', ';']).next()?;
    let first: String = first.chars().take(MAX_PRODUCT).collect();
    (!first.is_empty() && first != "Mozilla").then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_the_header_says() {
        for (header, expected) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/138.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 \
                 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 \
                 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
                "Safari on macOS",
            ),
            ("curl/8.14.1", "curl"),
            ("okhttp/4.12 (Linux; Android 14)", "okhttp on Android"),
            ("Mozilla/5.0 (X11; Linux x86_64)", "Unknown on Linux"),
            ("Mozilla/5.0", "Unknown"),
            ("", "Unknown"),
        ] {
            assert_eq!(name(Some(header)), expected, "{header}");
        }
        assert_eq!(name(None), "Unknown");
    }

    #[test]
    fn what_is_kept_is_visible_and_bounded() {
        assert_eq!(kept(b"curl/8"), Some("curl/8".to_owned()));
        assert_eq!(
            kept(b" a\tb\x1b[31mc\xe2\x80\xae \x7f"),
            Some("ab[31mc".to_owned())
        );
        assert_eq!(kept(b""), None);
        assert_eq!(kept(b"\t \xff"), None);
        let long = kept(&[b'x'; 4000]).map(|text| text.len());
        assert_eq!(long, Some(MAX_CHARS));
        let product = "y".repeat(MAX_CHARS);
        assert_eq!(name(Some(&product)).len(), MAX_PRODUCT);
    }
}
