//! A registrar on a UDP socket that lets in whoever brings a token (RFC 8898).

use std::collections::BTreeMap;
use std::net::SocketAddr;

use tokio::net::UdpSocket;
use users_core::{BearerChallenge, Clock, TokenValidator, ValidationError, bearer_token};

use crate::sip::Message;

pub const DOMAIN: &str = "sip.example.org";
const SCOPE: &str = "sip.register";
/// The longest registration, in seconds.
const LONGEST: i64 = 3600;

pub struct Registrar {
    socket: UdpSocket,
    validator: TokenValidator,
    /// Where tokens come from.
    issuer: String,
    /// Contacts with their ends, by address of record.
    bindings: BTreeMap<String, BTreeMap<String, i64>>,
}

impl Registrar {
    pub async fn bind(validator: TokenValidator, issuer: String) -> std::io::Result<Self> {
        Ok(Self {
            socket: UdpSocket::bind("127.0.0.1:0").await?,
            validator,
            issuer,
            bindings: BTreeMap::new(),
        })
    }

    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    pub async fn run(mut self) -> std::io::Result<()> {
        let mut datagram = vec![0; 65_535];
        loop {
            let (length, from) = self.socket.recv_from(&mut datagram).await?;
            // What is no message has nobody to be answered.
            let Some(request) = Message::parse(&datagram[..length]) else {
                continue;
            };
            let answer = if request.method() == "REGISTER" {
                self.register(&request).await
            } else {
                request.answer("405 Method Not Allowed", &[("Allow", "REGISTER")])
            };
            self.socket.send_to(&answer.to_bytes(), from).await?;
        }
    }

    async fn register(&mut self, request: &Message) -> Message {
        let Some(address) = request.address_of_record() else {
            return request.answer("400 Bad Request", &[]);
        };
        let challenge = BearerChallenge::new(DOMAIN)
            .authz_server(&self.issuer)
            .scope(SCOPE);
        let ask = |status, challenge: BearerChallenge| {
            request.answer(status, &[("WWW-Authenticate", &challenge.to_string())])
        };
        let Some(token) = request.header("Authorization").and_then(bearer_token) else {
            return ask("401 Unauthorized", challenge);
        };
        let caller = match self.validator.validate_token(token).await {
            Ok(caller) => caller,
            Err(ValidationError::Unavailable) => {
                return request.answer("503 Service Unavailable", &[("Retry-After", "5")]);
            }
            Err(error) => return ask("401 Unauthorized", challenge.refused(error)),
        };
        if !caller.has_scope(SCOPE) {
            return ask("403 Forbidden", challenge.insufficient_scope());
        }
        // The name that registers is the token's, compared exactly (docs/sip.md).
        let own = caller
            .username
            .as_ref()
            .map(|name| format!("{name}@{DOMAIN}"));
        if own.as_deref() != Some(address) {
            return request.answer("403 Forbidden", &[]);
        }
        let Some(contact) = request.header("Contact") else {
            return request.answer("400 Bad Request", &[]);
        };
        let asked = request.header("Expires").map_or(Ok(LONGEST), str::parse);
        let Ok(asked @ 0..) = asked else {
            return request.answer("400 Bad Request", &[]);
        };
        // A registration ends with the token that made it.
        let now = Clock::System.now().seconds();
        let left = caller.expires_at.map_or(LONGEST, |end| end - now);
        let granted = asked.min(left).min(LONGEST);
        let contacts = self.bindings.entry(address.to_owned()).or_default();
        contacts.retain(|_, end| *end > now);
        if granted == 0 {
            contacts.remove(contact);
        } else {
            contacts.insert(contact.to_owned(), now + granted);
        }
        let shown: Vec<String> = contacts
            .iter()
            .map(|(contact, end)| format!("{contact};expires={}", end - now))
            .collect();
        let shown: Vec<(&str, &str)> = shown.iter().map(|value| ("Contact", &**value)).collect();
        request.answer("200 OK", &shown)
    }
}
