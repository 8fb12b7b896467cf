//! RFC 6749 section 3.2, 4.4 and 5.

use crate::support::everywhere;

#[tokio::test]
async fn client_credentials_give_a_small_signed_token() {
    everywhere(async |world| {
        let service = world.client("pbx", "sip.register sip.call").await;
        let reply = service.client_credentials("sip.register").await;
        reply.assert_ok();
        let body = reply.json();
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body["expires_in"], 900);
        assert_eq!(body["scope"], "sip.register");
        assert!(body.get("refresh_token").is_none());
        let seen = service.introspect(&reply.text("access_token")).await.json();
        assert_eq!(seen["active"], true);
        assert_eq!(seen["aud"], serde_json::json!(["rvoip-sip"]));
        assert_eq!(seen["sub"], "pbx");
        assert_eq!(seen["client_id"], "pbx");
        assert_eq!(seen["scope"], "sip.register");
    })
    .await;
}
