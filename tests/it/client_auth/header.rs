//! RFC 6749 section 2.3.1 and RFC 7617: credentials in the header.

use data_encoding::BASE64;
use users_core::admin::{AdminError, clients};
use users_core::model::audit_event::Actor;

use super::{ENDPOINTS, call};
use crate::support::everywhere;
use crate::support::http::basic;

// A060
#[tokio::test]
async fn basic_credentials_are_form_encoded_before_base64() {
    fn encoded(text: &str, digits: fn(u8) -> String) -> String {
        text.bytes().map(digits).collect()
    }
    everywhere(async |world| {
        let service = world.client("a.b_c~d-e", "sip.register").await;
        let [id, secret] = [&service.client_id, &service.secret];
        for digits in [|byte| format!("%{byte:02X}"), |byte| format!("%{byte:02x}")] {
            let pair = format!("{}:{}", encoded(id, digits), encoded(secret, digits));
            for endpoint in ENDPOINTS {
                let header = format!("Basic {}", BASE64.encode(pair.as_bytes()));
                call(&world, endpoint, &[], Some(&header)).await.assert_ok();
            }
        }
        for wrong in [
            "se:cret", "100%", "%zz", "%", "a+b", "a b", "ü", "a%00b", "\0",
        ] {
            for header in [
                basic(id, wrong),
                format!(
                    "Basic {}",
                    BASE64.encode(format!("{id}:{wrong}").as_bytes())
                ),
                format!(
                    "Basic {}",
                    BASE64.encode(format!("{wrong}:{secret}").as_bytes())
                ),
            ] {
                for endpoint in ENDPOINTS {
                    let reply = call(&world, endpoint, &[], Some(&header)).await;
                    reply.assert_error(401, "invalid_client");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_secret_that_could_be_spelt_in_two_ways_is_never_registered() {
    everywhere(async |world| {
        let service = world.client("service", "sip.register").await;
        let long = "x".repeat(40);
        let client = clients::get(&world.app, &world.tenant, &service.client_id)
            .await
            .unwrap();
        for odd in [":", "%", "+", " ", "ü", "/", "\"", "\0", "\n"] {
            let secret = format!("{long}{odd}{long}");
            let actor = Actor::command_line();
            let update = clients::update(
                &world.app,
                &actor,
                &world.tenant,
                &client,
                client.metadata.clone(),
                true,
                clients::Secret::Given(&secret),
            );
            assert!(
                matches!(update.await, Err(AdminError::Invalid(_))),
                "{odd:?}"
            );
        }
    })
    .await;
}

// A072
#[tokio::test]
async fn an_authorization_header_is_read_strictly_but_in_any_case() {
    everywhere(async |world| {
        let service = world.client("service", "sip.register").await;
        let right = service.authorization();
        let credentials = right.strip_prefix("Basic ").unwrap();
        for scheme in ["Basic", "basic", "BASIC", "bAsIc"] {
            let header = format!("{scheme} {credentials}");
            call(&world, ENDPOINTS[0], &[], Some(&header))
                .await
                .assert_ok();
        }
        let no_colon = BASE64.encode(b"service");
        let not_utf8 = BASE64.encode(b"service:\xff\xfe");
        let needs_url_alphabet = BASE64
            .encode(format!("service:{}", "~?".repeat(20)).as_bytes())
            .replace('+', "-")
            .replace('/', "_");
        let huge = BASE64.encode(format!("service:{}", "x".repeat(100_000)).as_bytes());
        for header in [
            "Basic".to_owned(),
            "Basic ".to_owned(),
            format!("Basic {no_colon}"),
            format!("Basic {not_utf8}"),
            format!("Basic {needs_url_alphabet}"),
            format!("Basic {huge}"),
            format!("Basic {credentials}="),
            format!("Basic {credentials} {credentials}"),
            format!("Basic {credentials}, Basic {credentials}"),
            format!("Basic realm=\"x\", {credentials}"),
            "Basic ::::".to_owned(),
            format!("Basic {}", BASE64.encode(b":")),
            format!("Digest {credentials}"),
            format!("Bearer {credentials}"),
            format!("Negotiate {credentials}"),
            "service:secret".to_owned(),
            String::new(),
        ] {
            for endpoint in [ENDPOINTS[0], ENDPOINTS[2]] {
                let reply = call(&world, endpoint, &[], Some(&header)).await;
                reply.assert_error(401, "invalid_client");
            }
            let reply = call(&world, ENDPOINTS[1], &[], Some(&header)).await;
            assert_eq!(reply.status.as_u16(), 401, "{reply:?}");
        }
        let twice = [("authorization", right.as_str()); 2];
        for (path, form) in ENDPOINTS {
            let reply = world.anonymous().post(path, form, &twice).await;
            reply.assert_error(401, "invalid_client");
        }
    })
    .await;
}
