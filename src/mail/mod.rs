//! Floor 3: what mails say, and the way to the server that takes them.

pub mod contents;
mod render;
mod smtp;

use std::sync::atomic::{AtomicI64, Ordering};

pub use contents::Contents;
pub use render::{Rendered, Sender};
pub use smtp::{Envelope, SendError};

use crate::config;
use render::Templates;
use smtp::Smtp;

/// What a process has of mail.
pub struct Mail {
    templates: Templates,
    smtp: Option<Smtp>,
    /// Mails that waited when somebody counted last.
    waiting: AtomicI64,
}

impl Mail {
    pub fn new(config: &config::Mail) -> Self {
        Self {
            templates: Templates::new(),
            smtp: Smtp::new(config),
            waiting: AtomicI64::new(0),
        }
    }

    /// Whether mail is sent at all. Where it is not, nobody is promised one.
    pub const fn works(&self) -> bool {
        self.smtp.is_some()
    }

    /// The words of a mail.
    ///
    /// # Errors
    /// A template is broken.
    pub fn render(
        &self,
        sender: &Sender<'_>,
        contents: &Contents,
    ) -> Result<Rendered, minijinja::Error> {
        self.templates.render(sender, contents)
    }

    /// Hands a mail to the server.
    ///
    /// # Errors
    /// As [`SendError`] says, and so it may be tried again.
    pub async fn send(&self, envelope: &Envelope<'_>, mail: Rendered) -> Result<(), SendError> {
        match &self.smtp {
            Some(smtp) => smtp.send(envelope, mail).await,
            None => Err(SendError::Unreachable("no server is set up".to_owned())),
        }
    }

    /// Goes as far as a mail would, and sends none: the connection, its TLS, the sign-in.
    ///
    /// # Errors
    /// The server cannot be used.
    pub async fn probe(&self) -> Result<(), SendError> {
        match &self.smtp {
            Some(smtp) => smtp.probe().await,
            None => Err(SendError::Unreachable("no server is set up".to_owned())),
        }
    }

    /// How many mails waited when somebody counted last.
    pub fn waiting(&self) -> i64 {
        self.waiting.load(Ordering::Relaxed)
    }

    pub fn note_waiting(&self, waiting: i64) {
        self.waiting.store(waiting, Ordering::Relaxed);
    }
}
