//! The way to the SMTP server (RFC 5321), by lettre.

use std::fs;
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::response::{Category, Code, Detail, Severity};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::render::Rendered;
use crate::base::clock::Timestamp;
use crate::config;

/// Whom a mail goes to, and what tells it from others.
pub struct Envelope<'a> {
    /// The same at every attempt, so that whoever gets a mail twice sees that it is one.
    pub id: &'a str,
    pub recipient: &'a str,
    pub at: Timestamp,
}

/// Why a mail was not taken. Never with what the mail says.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The server does not take this mail now (4yz).
    #[error("the server puts the mail off: {0}")]
    Temporary(String),
    /// It never will (5yz), or the mail is none.
    #[error("the server refuses the mail: {0}")]
    Permanent(String),
    /// There is no server, it lets us not in, or says nothing we understand: no fault of this mail.
    #[error("the mail server cannot be used: {0}")]
    Unreachable(String),
}

pub(super) struct Smtp {
    config: config::Mail,
    host: String,
    transport: tokio::sync::OnceCell<AsyncSmtpTransport<Tokio1Executor>>,
}

impl Smtp {
    /// `None` where the settings name no server.
    pub(super) fn new(config: &config::Mail) -> Option<Self> {
        Some(Self {
            host: config.host.clone()?,
            config: config.clone(),
            transport: tokio::sync::OnceCell::new(),
        })
    }

    pub(super) async fn send(
        &self,
        envelope: &Envelope<'_>,
        mail: Rendered,
    ) -> Result<(), SendError> {
        let message = self.message(envelope, mail)?;
        let transport = self
            .transport
            .get_or_try_init(async || self.connect())
            .await?;
        // Each answer has its time; a server that drips must not hold the queue.
        let whole = transport.send(message);
        match tokio::time::timeout(self.config.timeout * 4, whole).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(self.of_this_mail(judged(&error)).await),
            Err(_) => Err(SendError::Unreachable("it is too slow".to_owned())),
        }
    }

    /// A server that wants nobody's mail greets with 554 (RFC 5321 section 3.1), which alone looks like
    /// the refusal of one mail: whether it is one shows when it is asked without a mail.
    async fn of_this_mail(&self, error: SendError) -> SendError {
        if !matches!(error, SendError::Permanent(_)) {
            return error;
        }
        match self.probe().await {
            Ok(()) => error,
            Err(SendError::Permanent(reason) | SendError::Temporary(reason)) => {
                SendError::Unreachable(format!("it answers {reason} to everybody"))
            }
            Err(unreachable) => unreachable,
        }
    }

    pub(super) async fn probe(&self) -> Result<(), SendError> {
        let transport = self.connect()?;
        let whole = transport.test_connection();
        match tokio::time::timeout(self.config.timeout * 4, whole).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(SendError::Unreachable("it does not answer NOOP".to_owned())),
            Ok(Err(error)) => Err(judged(&error)),
            Err(_) => Err(SendError::Unreachable("it is too slow".to_owned())),
        }
    }

    fn connect(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, SendError> {
        let config = &self.config;
        let unusable = |error: &dyn std::fmt::Display| SendError::Unreachable(error.to_string());
        let tls = match config.tls.as_str() {
            "none" => Tls::None,
            kind => {
                let mut parameters = TlsParameters::builder(self.host.clone());
                if let Some(file) = &config.ca_file {
                    let pem = fs::read(file).map_err(|error| unusable(&error))?;
                    let authorities = Certificate::from_pem(&pem).map_err(|e| unusable(&e))?;
                    parameters = parameters.add_root_certificate(authorities);
                }
                let parameters = parameters.build().map_err(|error| unusable(&error))?;
                if kind == "tls" {
                    Tls::Wrapper(parameters)
                } else {
                    Tls::Required(parameters)
                }
            }
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.host)
            .port(config.port())
            .tls(tls)
            .timeout(Some(config.timeout));
        if let (Some(username), Some(password)) = (&config.username, &config.password) {
            let password = password.expose().to_owned();
            builder = builder.credentials(Credentials::new(username.clone(), password));
        }
        Ok(builder.build())
    }

    fn message(&self, envelope: &Envelope<'_>, mail: Rendered) -> Result<Message, SendError> {
        let from = self.config.from.as_deref().unwrap_or_default();
        let mut from: Mailbox = from
            .parse()
            .map_err(|_| SendError::Unreachable("mail.from is no address".to_owned()))?;
        let domain = from.email.domain().to_owned();
        from.name = from.name.or(Some(mail.sender_name));
        let recipient: Address = envelope
            .recipient
            .parse()
            .map_err(|_| SendError::Permanent("the address is none".to_owned()))?;
        let at = u64::try_from(envelope.at.millis()).unwrap_or_default();
        let mut message = Message::builder()
            .from(from)
            .to(Mailbox::new(None, recipient))
            .subject(mail.subject)
            .date(UNIX_EPOCH + Duration::from_millis(at))
            .message_id(Some(format!("<{}@{domain}>", envelope.id)))
            .header(AutoSubmitted);
        if let Some(reply_to) = &self.config.reply_to {
            let reply_to = reply_to
                .parse()
                .map_err(|_| SendError::Unreachable("mail.reply_to is no address".to_owned()))?;
            message = message.reply_to(reply_to);
        }
        message
            .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
            .map_err(|error| SendError::Permanent(error.to_string()))
    }
}

/// RFC 3834 section 5: holidays and bounces are not answered to us.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// What an error means. Of the server's answer only the code is kept: its text may hold the address.
fn judged(error: &lettre::transport::smtp::Error) -> SendError {
    let Some(code) = error.status() else {
        return if error.is_client() {
            // An address the server has no extension for: another server may have it.
            SendError::Temporary("the mail does not fit the server".to_owned())
        } else {
            SendError::Unreachable(error.to_string())
        };
    };
    if is_about_us(code) {
        SendError::Unreachable(format!("it answers {code}"))
    } else if code.severity == Severity::PermanentNegativeCompletion {
        SendError::Permanent(code.to_string())
    } else {
        SendError::Temporary(code.to_string())
    }
}

/// Whether an answer is about the connection or our login there, whatever the mail: 421, and the codes
/// of RFC 4954 section 6 and RFC 3207 section 4.
fn is_about_us(code: Code) -> bool {
    let Code {
        severity,
        category,
        detail,
    } = code;
    let closing = severity == Severity::TransientNegativeCompletion
        && category == Category::Connections
        && detail == Detail::One;
    let login = category == Category::Unspecified3;
    closing || login
}
