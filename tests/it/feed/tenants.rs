//! What a node remembers of tenants: found by slug, id and issuer, dropped one at a time.

use users_core::app::App;
use users_core::model::tenant::Tenant;

use crate::support::everywhere;
use crate::support::world::{ISSUER, follow};

/// A tenant's name for people, as each way to it remembers it.
async fn names(app: &App, tenant: &Tenant) -> [Option<String>; 3] {
    let directory = &app.directory;
    let found = [
        directory.tenant(&tenant.slug).await.expect("an answer"),
        directory.tenant_by_id(&tenant.id).await.expect("an answer"),
        directory
            .tenant_by_issuer(&tenant.issuer)
            .await
            .expect("an answer"),
    ];
    found.map(|tenant| tenant.map(|tenant| tenant.name.clone()))
}

#[tokio::test]
async fn a_changed_tenant_is_dropped_and_its_neighbours_are_not() {
    everywhere(async |world| {
        let (node, _) = world.second_node().await;
        let second = world.new_tenant("second").await;
        let third = world.new_tenant("third").await;
        follow(&node).await;
        for tenant in [&second, &third] {
            let name = Some(tenant.slug.clone());
            assert_eq!(names(&node, tenant).await, [0; 3].map(|_| name.clone()));
        }
        // Past the store, so that nobody is told: what is remembered shows.
        world
            .raw()
            .await
            .run("UPDATE tenants SET name = 'new'")
            .await;
        let changed = world.change_tenant(&second, |input| input.name = "changed".to_owned());
        changed.await.expect("changed");
        follow(&node).await;
        let changed = Some("changed".to_owned());
        assert_eq!(names(&node, &second).await, [0; 3].map(|_| changed.clone()));
        let old = Some("third".to_owned());
        assert_eq!(names(&node, &third).await, [0; 3].map(|_| old.clone()));
    })
    .await;
}

#[tokio::test]
async fn an_issuer_is_found_byte_for_byte() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let found = async |issuer: &str| {
            let tenant = world.app.directory.tenant_by_issuer(issuer).await;
            tenant.expect("an answer").map(|tenant| tenant.id.clone())
        };
        assert_eq!(found(ISSUER).await, Some(world.tenant.id.clone()));
        let issuer = format!("{ISSUER}/t/second");
        assert_eq!(found(&issuer).await, Some(second.id.clone()));
        for other in [
            "",
            "http://localhost:8081/",
            "http://LOCALHOST:8081",
            "https://localhost:8081",
            "http://localhost:80811",
            "http://localhost:8081/t/default",
            "http://localhost:8081/t/second/",
            "http://localhost:8081/t/Second",
            "http://localhost:8081/t/third",
            "http://localhost:8081/t/",
            "http://localhost:8081/t/second?",
            "https://login.acme.test",
        ] {
            assert_eq!(found(other).await, None, "{other}");
        }
    })
    .await;
}
