//! Reads just enough of a page to use its forms.

use std::collections::BTreeMap;

pub type Attributes = BTreeMap<String, String>;

/// A form: where it goes, its inputs in order, its buttons.
#[derive(Default)]
pub struct Form {
    pub action: String,
    pub inputs: Vec<Attributes>,
    pub buttons: Vec<Attributes>,
}

impl Form {
    pub fn button(&self, id: &str) -> Option<&Attributes> {
        self.buttons
            .iter()
            .find(|button| button.get("id").is_some_and(|found| found == id))
    }
}

pub fn forms(page: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    let mut is_open = false;
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let (name, attributes, after) = tag(rest);
        rest = after;
        match (name.as_str(), forms.last_mut().filter(|_| is_open)) {
            ("form", _) => {
                let action = attributes.get("action").cloned().unwrap_or_default();
                forms.push(Form {
                    action,
                    ..Form::default()
                });
                is_open = true;
            }
            ("/form", _) => is_open = false,
            ("input", Some(form)) => form.inputs.push(attributes),
            ("button", Some(form)) => form.buttons.push(attributes),
            ("script" | "style", _) => {
                let end = rest.find(&format!("</{name}")).unwrap_or(rest.len());
                rest = &rest[end..];
            }
            _ => {}
        }
    }
    forms
}

/// A tag's name and attributes, and what follows it.
fn tag(source: &str) -> (String, Attributes, &str) {
    let end_of_name = source
        .find(|letter: char| letter.is_whitespace() || letter == '>')
        .unwrap_or(source.len());
    let name = source[..end_of_name].to_ascii_lowercase();
    let mut attributes = Attributes::new();
    let mut rest = &source[end_of_name..];
    loop {
        rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '/');
        let Some(end) = rest.find(|letter: char| letter.is_whitespace() || "=>".contains(letter))
        else {
            return (name, attributes, "");
        };
        if end == 0 {
            return (name, attributes, &rest[1..]);
        }
        let key = rest[..end].to_ascii_lowercase();
        rest = &rest[end..];
        let mut value = "";
        if let Some(given) = rest.strip_prefix('=') {
            (value, rest) = attribute_value(given);
        }
        attributes.entry(key).or_insert_with(|| unescape(value));
    }
}

fn attribute_value(source: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(given) = source.strip_prefix(quote) {
            return given.split_once(quote).unwrap_or((given, ""));
        }
    }
    let end = source
        .find(|letter: char| letter.is_whitespace() || letter == '>')
        .unwrap_or(source.len());
    source.split_at(end)
}

fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        plain.push_str(&rest[..start]);
        rest = &rest[start..];
        let Some((entity, after)) = rest[1..].split_once(';') else {
            break;
        };
        if let Some(letter) = letter(entity) {
            plain.push(letter);
            rest = after;
        } else {
            plain.push('&');
            rest = &rest[1..];
        }
    }
    plain + rest
}

fn letter(entity: &str) -> Option<char> {
    let number = |digits: &str, radix| {
        u32::from_str_radix(digits, radix)
            .ok()
            .and_then(char::from_u32)
    };
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match entity.strip_prefix('#')?.strip_prefix(['x', 'X']) {
            Some(digits) => number(digits, 16),
            None => number(&entity[1..], 10),
        },
    }
}
