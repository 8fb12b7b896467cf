//! The words of mails: a text and an HTML part from the same values.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};

use super::contents::Contents;
use crate::model::letter::{LetterKind, Purpose};

/// The most characters of a name in a mail.
const MAX_NAME: usize = 80;

macro_rules! template {
    ($name:literal) => {
        ($name, include_str!(concat!("../../templates/mail/", $name)))
    };
}

const TEMPLATES: &[(&str, &str)] = &[
    template!("base.txt"),
    template!("base.html"),
    template!("verify_email.txt"),
    template!("verify_email.html"),
    template!("reset_password.txt"),
    template!("reset_password.html"),
    template!("invitation.txt"),
    template!("invitation.html"),
    template!("address_changed.txt"),
    template!("address_changed.html"),
    template!("address_taken.txt"),
    template!("address_taken.html"),
    template!("new_device.txt"),
    template!("new_device.html"),
    template!("password_changed.txt"),
    template!("password_changed.html"),
    template!("factor_added.txt"),
    template!("factor_added.html"),
    template!("factor_guessed.txt"),
    template!("factor_guessed.html"),
    template!("recovery_code_used.txt"),
    template!("recovery_code_used.html"),
    template!("factor_removed.txt"),
    template!("factor_removed.html"),
    template!("refresh_replay.txt"),
    template!("refresh_replay.html"),
];

/// Whose mail it is.
pub struct Sender<'a> {
    /// The tenant's name for people.
    pub name: &'a str,
    /// The tenant's issuer: links begin with it, and with nothing a caller sent.
    pub issuer: &'a str,
    /// Where people find help, a checked https address.
    pub support_uri: Option<&'a str>,
    /// `#rrggbb`.
    pub color: Option<&'a str>,
}

/// A mail in words.
pub struct Rendered {
    pub subject: String,
    /// Of the sender, beside the address.
    pub sender_name: String,
    pub text: String,
    pub html: String,
}

pub(super) struct Templates(Environment<'static>);

impl Templates {
    pub(super) fn new() -> Self {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_auto_escape_callback(|name| match name.rsplit_once('.') {
            Some((_, "html")) => AutoEscape::Html,
            _ => AutoEscape::None,
        });
        for (name, text) in TEMPLATES {
            templates
                .add_template(name, text)
                .expect("the templates in the binary are well formed");
        }
        Self(templates)
    }

    pub(super) fn render(
        &self,
        sender: &Sender<'_>,
        contents: &Contents,
    ) -> Result<Rendered, minijinja::Error> {
        let kind = contents.kind();
        let name = plain(sender.name);
        let link = contents.link();
        let address = link.zip(purpose_of(kind)).map(|((secret, _), purpose)| {
            format!("{}{}?link={secret}", sender.issuer, purpose.path())
        });
        let (device, network, factor, client) = match contents {
            Contents::NewDevice {
                device, network, ..
            } => (words(device), plain(network), String::new(), String::new()),
            Contents::FactorAdded { factor, .. } | Contents::FactorRemoved { factor, .. } => {
                (String::new(), String::new(), words(factor), String::new())
            }
            Contents::RefreshReplay { client, .. } => {
                (String::new(), String::new(), String::new(), words(client))
            }
            _ => Default::default(),
        };
        let view = context! {
            name => &name,
            subject => subject(kind),
            link => address.as_deref().map_or_else(|| Value::from(""), web_address),
            lifetime => link.map(|(_, seconds)| in_words(seconds)).unwrap_or_default(),
            at => contents.at().map(moment).unwrap_or_default(),
            device, network, factor, client,
            left => match contents {
                Contents::RecoveryCodeUsed { left, .. } => *left,
                _ => 0,
            },
            support_uri => sender.support_uri.map_or_else(|| Value::from(""), web_address),
            color => sender.color.unwrap_or("#1f5fbf"),
        };
        Ok(Rendered {
            subject: format!("{name}: {}", subject(kind)),
            sender_name: name.clone(),
            text: self.part(kind, "txt", &view)?,
            html: self.part(kind, "html", &view)?,
        })
    }

    fn part(&self, kind: LetterKind, form: &str, view: &Value) -> Result<String, minijinja::Error> {
        let template = format!("{}.{form}", kind.name());
        self.0.get_template(&template)?.render(view)
    }
}

const fn purpose_of(kind: LetterKind) -> Option<Purpose> {
    match kind {
        LetterKind::VerifyEmail => Some(Purpose::VerifyEmail),
        LetterKind::ResetPassword => Some(Purpose::ResetPassword),
        LetterKind::Invitation => Some(Purpose::Invitation),
        _ => None,
    }
}

const fn subject(kind: LetterKind) -> &'static str {
    match kind {
        LetterKind::VerifyEmail => "confirm your e-mail address",
        LetterKind::ResetPassword => "set a new password",
        LetterKind::Invitation => "your account is ready",
        LetterKind::AddressChanged => "the address of your account was changed",
        LetterKind::AddressTaken => "you already have an account",
        LetterKind::NewDevice => "a new device signed in to your account",
        LetterKind::PasswordChanged => "your password was changed",
        LetterKind::FactorAdded => "a way to sign in was added",
        LetterKind::FactorGuessed => "somebody tries to sign in to your account",
        LetterKind::RecoveryCodeUsed => "a recovery code was used",
        LetterKind::FactorRemoved => "a way to sign in was removed",
        LetterKind::RefreshReplay => "an application was signed out of your account",
    }
}

/// An address as it is: its slashes are not escaped as text has them, since not every mail program
/// reads that. What holds anything an address of ours does not stays text.
fn web_address(address: &str) -> Value {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":/.?=_~-%#[]".contains(&byte);
    if address.bytes().all(plain) {
        Value::from_safe_string(address.to_owned())
    } else {
        Value::from(address)
    }
}

/// A name as one line of visible text. What turns the direction of text, or hides in it, is left out:
/// a name must not read as something else.
fn plain(name: &str) -> String {
    let visible = |letter: &char| {
        !letter.is_control()
            && !matches!(*letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{61c}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
    };
    let text: String = name.chars().filter(visible).take(MAX_NAME).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name of which mail programs make no link: letters, digits, spaces and hyphens.
fn words(name: &str) -> String {
    let kept = |letter: char| letter.is_alphanumeric() || letter == '-';
    let spaced: String = plain(name)
        .chars()
        .map(|letter| if kept(letter) { letter } else { ' ' })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn in_words(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..120 => (seconds, "second"),
        120..7200 => (seconds / 60, "minute"),
        7200..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    match (count, unit) {
        (60, "minute") => "1 hour".to_owned(),
        (1, unit) => format!("1 {unit}"),
        (count, unit) => format!("{count} {unit}s"),
    }
}

fn moment(at: crate::base::clock::Timestamp) -> String {
    let text = at.to_string();
    let minute = text.get(..16).unwrap_or(&text);
    format!("{} UTC", minute.replace('T', " "))
}
