//! Scopes.

use std::collections::BTreeSet;

use users_core::model::scope::Scope;

use super::{Dice, INPUTS};

/// RFC 6749 section 3.3, read anew, within our bounds.
fn is_scope(text: &str) -> bool {
    let token = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    let is_word = |word: &str| (1..=128).contains(&word.len()) && word.bytes().all(token);
    let words: BTreeSet<&str> = text.split(' ').collect();
    text.is_empty() || words.len() <= 100 && text.split(' ').all(is_word)
}

#[test]
fn a_scope_is_what_the_grammar_says_and_prints_as_it_reads() {
    let dice = Dice::new(6);
    let long = "x".repeat(128);
    let pieces = [
        "a",
        "b",
        "sip.register",
        "openid",
        " ",
        " ",
        " ",
        "  ",
        "\"",
        "\\",
        "!",
        "~",
        "\u{7f}",
        "\t",
        "é",
        ":",
        "*",
        &long,
        "\n",
        "\0",
        "#",
        "[",
        "]",
    ];
    let (mut read, mut refused) = (0, 0);
    for round in 0..INPUTS {
        let mut text = dice.text(&pieces, if round % 10 == 0 { 300 } else { 8 });
        if round % 50 == 0 {
            let words: Vec<String> = (0..dice.below(200))
                .map(|word| format!("s{word}"))
                .collect();
            text = words.join(" ");
        }
        let parsed = text.parse::<Scope>();
        assert_eq!(parsed.is_ok(), is_scope(&text), "{text:?}");
        let Ok(scope) = parsed else {
            refused += 1;
            continue;
        };
        read += 1;
        let printed = scope.to_string();
        assert_eq!(printed.parse::<Scope>().as_ref(), Ok(&scope));
        let words: BTreeSet<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        assert_eq!(scope.words().collect::<Vec<_>>(), Vec::from_iter(words));
        assert_eq!(printed, Vec::from_iter(scope.words()).join(" "));
    }
    assert!(
        read > 500 && refused > 500,
        "{read} read, {refused} refused"
    );
}
