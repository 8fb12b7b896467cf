//! Phones of several accounts at once.

use users_core::admin::sip_digests::{self, Wanted};
use users_core::admin::users;
use users_core::model::audit_event::Actor;
use users_core::model::sip_digest::{DigestAlgorithm, DigestName, MAX_DIGESTS};

use super::{REALM, everywhere};
use crate::support::race::{ROUNDS, at_once};

fn wanted(sip_username: &str, algorithms: &[DigestAlgorithm]) -> Wanted {
    Wanted {
        sip_username: sip_username.to_owned(),
        realm: REALM.to_owned(),
        algorithms: algorithms.to_vec(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_accounts_that_want_one_name_at_once_one_gets_it_whole() {
    everywhere(async |world| {
        let (node, _) = world.second_node().await;
        let mut accounts = Vec::new();
        for number in 0..10 {
            let person = world.person(&format!("person{number}")).await;
            let user = users::get(&world.app, &world.tenant, &person.id).await;
            accounts.push(user.expect("an account"));
        }
        for round in 0..ROUNDS {
            let name = format!("{round}");
            let tries = accounts.iter().enumerate().map(|(number, user)| {
                let app = if number % 2 == 0 { &world.app } else { &node };
                let (app, tenant, user) = (app.clone(), world.tenant.clone(), user.clone());
                // Some name the algorithms in another order.
                let mut all = DigestAlgorithm::ALL.to_vec();
                all.rotate_left(number % 3);
                let wanted = wanted(&name, &all);
                async move {
                    let actor = Actor::command_line();
                    let made = sip_digests::add(&app, &actor, &tenant, &user, wanted).await;
                    made.ok().map(|made| (user.id, made.password))
                }
            });
            let made: Vec<_> = at_once(tries).await.into_iter().flatten().collect();
            assert_eq!(made.len(), 1, "one gets it");
            let (winner, password) = &made[0];
            for algorithm in DigestAlgorithm::ALL {
                let name = DigestName {
                    sip_username: name.clone(),
                    realm: REALM.to_owned(),
                    algorithm: *algorithm,
                };
                let read = sip_digests::read(&world.app, &world.tenant, &name).await;
                let proof = read.ok().flatten().expect("a digest");
                assert_eq!(proof.user_id, *winner);
                assert_eq!(*proof.ha1, *name.ha1(password.expose()));
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn names_taken_at_once_keep_to_the_bound() {
    everywhere(async |world| {
        let anna = world.person("anna").await;
        let user = users::get(&world.app, &world.tenant, &anna.id).await;
        let user = user.expect("the account");
        let tries = (0..60).map(|number| {
            let (app, tenant, user) = (world.app.clone(), world.tenant.clone(), user.clone());
            let wanted = wanted(&format!("{number}"), &[DigestAlgorithm::Md5]);
            async move {
                let actor = Actor::command_line();
                let made = sip_digests::add(&app, &actor, &tenant, &user, wanted).await;
                made.is_ok()
            }
        });
        let made = at_once(tries).await.into_iter().filter(|made| *made);
        assert_eq!(i64::try_from(made.count()).expect("few"), MAX_DIGESTS);
    })
    .await;
}
