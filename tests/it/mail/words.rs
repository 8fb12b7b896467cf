//! What a mail says, and what nobody can make it say.

use serde_json::json;
use users_core::mail::{Contents, Mail, Sender};

use super::{api, with_mail};
use crate::support::smtp::Peer;

fn every_kind(text: &str) -> Vec<Contents> {
    let (link, at) = ("uc_ml_secret".to_owned(), 1_767_225_600_000);
    let text = text.to_owned();
    vec![
        Contents::VerifyEmail {
            link: link.clone(),
            lifetime: 3600,
        },
        Contents::ResetPassword {
            link: link.clone(),
            lifetime: 90,
        },
        Contents::Invitation {
            link,
            lifetime: 259_200,
        },
        Contents::AddressChanged { at },
        Contents::AddressTaken {},
        Contents::NewDevice {
            at,
            device: text.clone(),
            network: text.clone(),
        },
        Contents::PasswordChanged { at },
        Contents::FactorAdded {
            at,
            factor: text.clone(),
        },
        Contents::FactorRemoved {
            at,
            factor: text.clone(),
        },
        Contents::FactorGuessed { at },
        Contents::RecoveryCodeUsed { at, left: 3 },
        Contents::RefreshReplay { at, client: text },
    ]
}

// A216
#[test]
fn what_people_and_clients_call_themselves_is_text_in_a_mail_and_no_link() {
    let mail = Mail::new(&users_core::config::Mail::default());
    let evil = "<a href=\"https://evil.test/x\">\u{202e}click</a>\r\nBcc: eve@evil.test";
    let sender = Sender {
        name: evil,
        issuer: "https://id.example.test/t/acme",
        support_uri: Some("https://acme.example.test/help"),
        color: Some("#aa3300"),
    };
    for contents in every_kind(evil) {
        let kind = contents.kind().name();
        let rendered = mail.render(&sender, &contents).expect("words");
        for line in [&rendered.subject, &rendered.sender_name] {
            assert!(!line.contains(['\r', '\n', '\u{202e}']), "{kind}: {line}");
        }
        assert!(!rendered.text.contains('\u{202e}') && !rendered.html.contains('\u{202e}'));
        assert!(
            !rendered.html.contains("<a href=\"https://evil"),
            "{kind}: {}",
            rendered.html
        );
        let links = rendered.html.matches("href=\"").count();
        let ours = rendered
            .html
            .matches("href=\"https://id.example.test/t/acme/")
            .count();
        let help = rendered
            .html
            .matches("href=\"https://acme.example.test/help\"")
            .count();
        assert_eq!(links, ours + help, "{kind}");
        assert_eq!(help, 1, "{kind}");
        assert!(rendered.html.starts_with("<!doctype html>"));
        for loads in ["<img", "<script", "<style", "src=", "@import", "url("] {
            assert!(!rendered.html.contains(loads), "{kind}: {loads}");
        }
    }
}

#[test]
fn both_parts_of_a_mail_say_the_same() {
    let mail = Mail::new(&users_core::config::Mail::default());
    let sender = Sender {
        name: "Acme",
        issuer: "https://id.example.test",
        support_uri: None,
        color: None,
    };
    for contents in every_kind("Firefox on Linux") {
        let kind = contents.kind().name();
        let rendered = mail.render(&sender, &contents).expect("words");
        let words = |text: &str| -> Vec<String> {
            let mut outside = true;
            let visible: String = text
                .chars()
                .map(|letter| match letter {
                    '<' => {
                        outside = false;
                        ' '
                    }
                    '>' => {
                        outside = true;
                        ' '
                    }
                    letter if outside => letter,
                    _ => ' ',
                })
                .collect();
            visible.split_whitespace().map(str::to_owned).collect()
        };
        let (text, html) = (words(&rendered.text), words(&rendered.html));
        let missing: Vec<_> = text
            .iter()
            .filter(|word| !word.contains("http") && **word != "--" && **word != "Acme.")
            .filter(|word| !html.contains(word))
            .collect();
        let punctuated =
            |word: &&&String| !html.contains(&word.trim_end_matches(['.', ':']).to_owned());
        let missing: Vec<_> = missing.iter().filter(|word| punctuated(word)).collect();
        assert!(
            missing.is_empty(),
            "{kind}: {missing:?} of {text:?} not in {html:?}"
        );
        assert!(rendered.subject.starts_with("Acme: "), "{kind}");
    }
}

// A222
#[tokio::test]
async fn a_link_begins_with_the_issuer_whatever_the_request_says_of_itself() {
    with_mail(
        |_| {},
        async |world, peer| {
            world.person("alice").await;
            let second = world.new_tenant("second").await;
            world.person_of(&second, "eve", &["user"]).await;
            for (name, value) in [
                ("host", "evil.test"),
                ("x-forwarded-host", "evil.test"),
                ("x-forwarded-proto", "http"),
                ("forwarded", "host=evil.test;proto=http"),
                ("x-host", "evil.test"),
                ("x-forwarded-server", "evil.test"),
            ] {
                let body = json!({ "email": "alice@example.test" }).to_string();
                let path = "/api/v1/auth/reset-password";
                let reply = world
                    .anonymous()
                    .post_raw(path, "application/json", body, &[(name, value)])
                    .await;
                reply.assert_ok();
                let mail = Peer::one(peer.deliver(&world).await);
                assert!(
                    mail.link()
                        .starts_with("http://localhost:8081/reset-password?link=")
                );
                assert!(!format!("{mail:?}").contains("evil"), "{name}");
                world.advance(3600);
            }
            // The tenant's own issuer, where the account is.
            let form = [("address", "eve@example.test")];
            let reply = world
                .anonymous()
                .post("/t/second/reset-password", &form, &[])
                .await;
            reply.assert_ok();
            let link = Peer::one(peer.deliver(&world).await).link();
            assert!(
                link.starts_with(&format!("{}/reset-password?link=", second.issuer)),
                "{link}"
            );
            let path = link.strip_prefix("http://localhost:8081").expect("ours");
            world.anonymous().get(path).await.assert_ok();
        },
    )
    .await;
}

// A223
#[tokio::test]
async fn no_name_or_address_adds_a_header_a_recipient_or_a_command() {
    with_mail(
        |_| {},
        async |world, peer| {
            world.person("alice").await;
            let body = json!({ "email": "alice@example.test" });
            for name in [
                "Acme\r\nBcc: eve@evil.test",
                "\"Acme\" <eve@evil.test>, other",
                ".\r\n.\r\nRCPT TO:<eve@evil.test>",
                "Ächme \u{202e}moc.live",
            ] {
                let changed =
                    world.change_tenant(&world.tenant, |input| input.name = name.to_owned());
                if changed.await.is_err() {
                    // Such a name is refused where it is set already.
                    continue;
                }
                world.follow().await;
                api(world.anonymous(), "reset-password", &body)
                    .await
                    .assert_ok();
                let mail = Peer::one(peer.deliver(&world).await);
                assert_eq!(mail.recipients, ["RCPT TO:<alice@example.test>"]);
                assert_eq!(mail.header("bcc"), "", "{}", mail.head);
                assert_eq!(mail.header("to"), "alice@example.test");
                assert!(
                    mail.header("from").ends_with("<no-reply@id.example.test>"),
                    "{}",
                    mail.head
                );
                assert_eq!(mail.header("auto-submitted"), "auto-generated");
                assert_eq!(mail.head.matches("From: ").count(), 1, "{}", mail.head);
                world.advance(3600);
            }
            for email in [
                "a@x.test\r\nBcc: evil@evil.test",
                "a@x.test,evil@evil.test",
                "\"a\"@x.test>, <evil@evil.test",
            ] {
                let input = users_core::model::user::UserInput {
                    username: "eve".to_owned(),
                    email: Some(email.to_owned()),
                    ..Default::default()
                };
                assert!(input.check().is_err(), "{email:?}");
            }
        },
    )
    .await;
}
