//! Form-encoded parameters.

use std::collections::BTreeSet;

use users_core::web::params::Params;

use super::{Dice, INPUTS, ODD};

/// RFC 6749 appendix B, read anew: pairs, or `None` for what must be refused.
fn expected_params(encoded: &[u8]) -> Option<Vec<(String, String)>> {
    fn decoded(part: &[u8]) -> Option<String> {
        let mut bytes = Vec::new();
        let mut rest = part.iter().copied();
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let digits = [rest.next()?, rest.next()?].map(char::from);
                    let [high, low] = digits.map(|digit| digit.to_digit(16));
                    u8::try_from(high? * 16 + low?).ok()?
                }
                other => other,
            });
        }
        String::from_utf8(bytes).ok()
    }
    let mut pairs: Vec<(String, String)> = Vec::new();
    let parts = encoded.split(|byte| *byte == b'&');
    for part in parts.filter(|part| !part.is_empty()) {
        let mut halves = part.splitn(2, |byte| *byte == b'=');
        let name = decoded(halves.next()?)?;
        let value = decoded(halves.next().unwrap_or_default())?;
        let repeated = pairs.iter().any(|(known, _)| *known == name);
        let repeatable = matches!(name.as_str(), "resource" | "audience");
        if name.contains('\0') || value.contains('\0') || repeated && !repeatable {
            return None;
        }
        pairs.push((name, value));
    }
    (pairs.len() <= 64).then_some(pairs)
}

#[test]
fn parameters_are_read_as_the_standard_says_whatever_the_bytes() {
    let dice = Dice::new(1);
    let pieces: &[&[u8]] = &[
        b"a",
        b"b",
        b"c=",
        b"=",
        b"&",
        b"&",
        b"%",
        b"%4",
        b"%41",
        b"%2B",
        b"+",
        b"%00",
        b"%c3%a9",
        b"%c3",
        b"\xc3\xa9",
        b"\xff",
        b"\0",
        b"resource=",
        b"&resource=",
        b"scope",
        b"%26",
        b"%3D",
        b"%F0%9F%94%91",
        b"&d",
        b"&e=f",
        b";",
        b" ",
        b"&audience",
    ];
    let (mut read, mut refused) = (0, 0);
    for _ in 0..INPUTS {
        let encoded = dice.pieces(pieces, 12);
        let expected = expected_params(&encoded);
        let actual = Params::parse(&encoded);
        assert_eq!(actual.is_ok(), expected.is_some(), "{encoded:?}");
        let (Ok(params), Some(pairs)) = (actual, expected) else {
            refused += 1;
            continue;
        };
        read += 1;
        for (name, _) in &pairs {
            let of_name = pairs.iter().filter(|(known, _)| known == name);
            let values: Vec<&str> = of_name
                .map(|(_, value)| value.as_str())
                .filter(|value| !value.is_empty())
                .collect();
            assert!(params.has(name));
            assert_eq!(params.get(name), values.first().copied(), "{encoded:?}");
            assert_eq!(params.all(name).collect::<Vec<_>>(), values, "{encoded:?}");
        }
        assert!(!params.has("never sent") && params.get("never sent").is_none());
    }
    assert!(
        read > 500 && refused > 500,
        "{read} read, {refused} refused"
    );
}

#[test]
fn encoded_parameters_are_read_back() {
    let dice = Dice::new(2);
    for _ in 0..INPUTS {
        let mut names = BTreeSet::new();
        let pairs: Vec<(String, String)> = (0..dice.below(8))
            .map(|_| (dice.text(ODD, 4), dice.text(ODD, 10)))
            .filter(|(name, _)| names.insert(name.clone()))
            .collect();
        let encoded = serde_urlencoded::to_string(&pairs).unwrap();
        let params = Params::parse(encoded.as_bytes()).unwrap();
        for (name, value) in &pairs {
            let value = Some(value.as_str()).filter(|value| !value.is_empty());
            assert_eq!(params.get(name), value, "{encoded}");
        }
    }
}
