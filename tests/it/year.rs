//! Two months of an installation in seconds: what grows stops growing.

#[path = "../../benches/year/life.rs"]
mod life;
#[path = "../../benches/year/sizes.rs"]
mod sizes;

use crate::support::world::{START, everywhere_with};
use life::Life;
use sizes::Sizes;

const DAY: i64 = 86_400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_table_grows_for_ever() {
    let short = |config: &mut users_core::config::Config| {
        config.retention.audit_days = 7;
        config.retention.counters_days = 7;
        config.retention.changes = 40;
        config.tokens.refresh_token_lifetime = 5 * DAY;
        config.tokens.refresh_token_idle_lifetime = 5 * DAY;
        config.sessions.lifetime = 5 * DAY;
        config.sessions.idle_lifetime = DAY;
    };
    everywhere_with(short, async |world| {
        let life = Life::begin(world.app.clone(), world.clock.clone(), 5).await;
        let mut life = life.expect("it begins");
        let mut seen = Vec::new();
        for day in 1..=60 {
            life.day(6).await.expect("a day");
            if day % 20 == 0 {
                let sizes = Sizes::of(&world.database.url).await;
                seen.push(sizes.expect("numbers"));
            }
        }
        assert_eq!(world.clock.now(), START.plus_seconds(60 * DAY));
        let [early, middle, late] = &seen[..] else {
            panic!("three looks")
        };
        for (table, before) in &middle.rows {
            let now = late.rows_of(table);
            assert!(
                now <= before + before / 5 + 3,
                "{table} has {now} rows and had {before}"
            );
        }
        // PostgreSQL gives room back once a minute, and here a month takes less than that.
        assert!(
            world.database.name != "sqlite" || late.bytes <= middle.bytes + middle.bytes / 5,
            "the file grows"
        );
        // And there was something to remove, or this would prove nothing.
        for table in ["sessions", "grants", "refresh_tokens", "audit"] {
            let rows = early.rows_of(table);
            assert!(rows > 20, "{table} has {rows} rows");
            assert!(late.rows_of(table) < 60 * 6, "{table} was reaped");
        }
        for table in ["hourly_counters", "refusals", "audit_checkpoints"] {
            assert!(late.rows_of(table) > 0, "{table}");
        }
    })
    .await;
}
