//! Many at once: a flood of sign-ins fills a short queue and nothing else, and who uses a one-time thing
//! many times at the same moment uses it once.

use crate::world::{PASSWORD, Person, World};
use futures::future::join_all;

#[tokio::test]
async fn a_flood_of_sign_ins_gets_answers_and_the_service_api_goes_on() {
    let w = World::new().await;
    let before = w.nexus.passwords.hashes();
    let flood = join_all((0..120_usize).map(|n| {
        let w = &w;
        async move {
            let (email, address) = (format!("nobody{n}@acme.test"), format!("198.51.100.{n}"));
            let fields = [("email", email.as_str()), ("password", "wrong horse battery")];
            w.call("sign_in", &fields).from(&address).await.status.as_u16()
        }
    }));
    let programs =
        join_all((0..50).map(|_| async { w.get("/v1/sync").with(&w.keys.sk_read).await.status.as_u16() }));
    let (flood, programs) = tokio::join!(flood, programs);
    assert!(programs.iter().all(|status| *status == 200), "{programs:?}");
    assert!(flood.iter().all(|status| [401, 429, 503].contains(status)), "{flood:?}");
    let hashed = w.nexus.passwords.hashes() - before;
    assert!((1..=40).contains(&hashed), "{hashed} were hashed: the queue is short");
    let right = [("email", Person::Owner.email()), ("password", PASSWORD)];
    w.call("sign_in", &right).await.is(200);
}

#[tokio::test]
async fn a_flood_from_one_address_is_told_to_wait_and_hashes_little() {
    let w = World::new().await;
    let before = w.nexus.passwords.hashes();
    let statuses = join_all((0..60_usize).map(|n| {
        let w = &w;
        async move {
            let email = format!("nobody{n}@acme.test");
            let fields = [("email", email.as_str()), ("password", "wrong horse battery")];
            w.call("sign_in", &fields).from("192.0.2.1").await.status.as_u16()
        }
    }))
    .await;
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 50, "{statuses:?}");
    assert_eq!(w.nexus.passwords.hashes() - before, 10);
}

#[tokio::test]
async fn of_fifty_confirmations_of_one_address_at_once_one_succeeds() {
    let w = World::new().await;
    let confirm = || w.call("confirm_address", &[("token", &w.keys.address)]);
    let all = join_all((0..50).map(|_| async { confirm().await.status.as_u16() })).await;
    assert_eq!(all.iter().filter(|status| **status == 200).count(), 1, "{all:?}");
    // Whoever comes late guesses, and guessing is limited.
    assert_eq!(all.iter().filter(|status| [404, 429].contains(status)).count(), 49, "{all:?}");
}

#[tokio::test]
async fn ten_thousand_characters_are_no_password_anywhere_and_cost_nothing() {
    let w = World::new().await;
    let (endless, before) = ("x".repeat(10_000), w.nexus.passwords.hashes());
    let email = Person::Owner.email();
    w.call("sign_in", &[("email", email), ("password", &endless)]).await.refused(401, "unauthorized");
    w.call("step_up", &[("password", &endless)]).with(Person::Owner).await.invalid("password");
    let fields = [("current", endless.as_str()), ("password", "another horse battery")];
    w.call("change_password", &fields).with(Person::Owner).await.invalid("current");
    let fields = [("current", PASSWORD), ("password", endless.as_str())];
    w.call("change_password", &fields).with(Person::Owner).await.invalid("password");
    let fields = [("token", w.keys.reset.as_str()), ("password", endless.as_str())];
    w.call("reset_password", &fields).await.invalid("password");
    assert_eq!(w.nexus.passwords.hashes(), before);
}
