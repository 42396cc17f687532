//! The account of a person: the password, the address, and what is told of them and to whom.

use crate::people::{PASSWORD, hashed, ip, other_ip, sign_in, with_password};
use crate::world::{OWNER, Outcome, World};
use futures::future::join_all;
use nexus_backend::people::sessions::{self, Around, Stored};
use nexus_backend::people::{self, Opened, open_sessions};
use nexus_backend::{Nexus, Result, mail};
use nexus_domain::role::TenantRole;
use nexus_domain::timestamp::{HOUR, MINUTE};
use nexus_domain::{Code, UserId};

both![
    a_changed_password_ends_every_session_and_every_link,
    a_password_is_not_changed_without_the_one_before,
    of_many_changes_at_once_one_wins,
    who_has_no_password_sets_one_after_a_fresh_sign_in,
    an_endless_password_costs_nothing_anywhere,
    a_forgotten_password_is_answered_alike_for_every_address,
    a_link_by_mail_works_once_and_proves_the_address,
    a_link_by_mail_is_over_after_an_hour,
    nobody_fills_a_mailbox_with_links,
    signing_in_asks_the_database_as_much_for_an_unknown_address,
    an_address_is_proved_by_the_link_that_was_sent_to_it,
    another_address_is_taken_once_its_link_is_followed,
    what_was_asked_is_taken_back_or_replaced,
    a_change_of_the_address_is_answered_alike_whoever_has_it,
    of_two_who_want_one_address_the_first_gets_it,
    of_fifty_uses_of_an_address_link_at_once_one_succeeds,
    a_new_password_ends_a_change_of_the_address,
    another_address_needs_a_fresh_sign_in,
    the_log_keeps_the_address_of_that_time,
];

const NEW: &str = "quite-another-Olive";

/// The tokens of the links that were sent to an address, oldest first.
pub async fn tokens(nexus: &Nexus, to: &str) -> Vec<String> {
    nexus.settled().await;
    let letters = mail::letters_for(nexus, to).await.fine();
    let links = letters.into_iter().filter_map(|letter| letter.button);
    links.map(|(_, link)| link.rsplit('/').next().expect("a token").to_owned()).collect()
}

/// The subjects of the letters to an address, oldest first.
pub async fn subjects(w: &World, to: &str) -> Vec<String> {
    w.nexus.settled().await;
    mail::letters_for(&w.nexus, to).await.fine().into_iter().map(|letter| letter.subject).collect()
}

fn now(w: &World, user: UserId) -> Opened {
    Opened::by_password(user, w.now())
}

async fn change(w: &World, current: &str, new: &str) -> Result<()> {
    let opened = now(w, w.owner_id);
    people::change_password(&w.nexus, opened, current.into(), new.into(), ip()).await.map(|_| ())
}

async fn open(w: &World, id: &[u8], user: UserId) {
    let session = Stored { user: Some(user), data: "{}".into(), expires_at: w.now().plus(HOUR) };
    assert!(sessions::create(&w.nexus, id, session, Around::default()).await.fine());
}

async fn a_changed_password_ends_every_session_and_every_link(w: &World) {
    with_password(w).await;
    let other = w.person("bo@acme.test", TenantRole::Member).await.user().expect("a person");
    for (id, user) in [(b"one".as_slice(), w.owner_id), (b"two", w.owner_id), (b"bo", other)] {
        open(w, id, user).await;
    }
    people::password_link(&w.nexus, OWNER).await.fine().expect("a link");
    people::send_verification(&w.nexus, now(w, w.owner_id), ip()).await.fine();
    change(w, PASSWORD, NEW).await.fine();
    for id in [b"one".as_slice(), b"two"] {
        assert_eq!(sessions::load(&w.nexus, id).await.fine(), None);
    }
    assert!(sessions::load(&w.nexus, b"bo").await.fine().is_some(), "nobody else's");
    assert_eq!(w.number("SELECT COUNT(*) FROM one_time_links").await, 0);
    sign_in(w, OWNER, PASSWORD).await.refused_as(Code::Unauthorized);
    sign_in(w, OWNER, NEW).await.fine();
    assert!(w.events().await.contains(&"user.password_changed".to_owned()));
    assert!(subjects(w, OWNER).await.contains(&"Your password has changed".to_owned()));
}

async fn a_password_is_not_changed_without_the_one_before(w: &World) {
    with_password(w).await;
    open(w, b"one", w.owner_id).await;
    for wrong in ["", "wrong-password"] {
        assert!(change(w, wrong, NEW).await.refused().field("current").is_some());
    }
    for weak in ["short", "password1", &"x".repeat(129)] {
        assert!(change(w, PASSWORD, weak).await.refused().field("password").is_some());
    }
    assert!(sessions::load(&w.nexus, b"one").await.fine().is_some());
    let failed = "user.password_change_failed denied".to_owned();
    assert_eq!(w.events().await.into_iter().filter(|event| *event == failed).count(), 2);
    sign_in(w, OWNER, PASSWORD).await.fine();
    for _ in 0..8 {
        change(w, &"x".repeat(129), NEW).await.refused_as(Code::InvalidRequest);
    }
    change(w, PASSWORD, NEW).await.refused_as(Code::RateLimited);
}

async fn of_many_changes_at_once_one_wins(w: &World) {
    with_password(w).await;
    let outcomes = join_all((0..5).map(|_| change(w, PASSWORD, NEW))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter(Result::is_err) {
        let code = outcome.refused().code;
        assert!(matches!(code, Code::Conflict | Code::InvalidRequest), "{code:?}");
    }
    sign_in(w, OWNER, NEW).await.fine();
}

async fn who_has_no_password_sets_one_after_a_fresh_sign_in(w: &World) {
    assert!(!people::account(&w.nexus, w.owner_id).await.fine().has_password);
    let opened = now(w, w.owner_id);
    w.pass(5 * MINUTE + 1);
    people::change_password(&w.nexus, opened, "".into(), NEW.into(), ip())
        .await
        .map(|_| ())
        .refused_as(Code::StepUpRequired);
    change(w, "", NEW).await.fine();
    assert!(people::account(&w.nexus, w.owner_id).await.fine().has_password);
    sign_in(w, OWNER, NEW).await.fine();
    assert!(
        change(w, "", PASSWORD).await.refused().field("current").is_some(),
        "from now on it is asked for"
    );
}

async fn an_endless_password_costs_nothing_anywhere(w: &World) {
    with_password(w).await;
    let endless = "x".repeat(10_000);
    let before = w.nexus.passwords.hashes();
    sign_in(w, OWNER, &endless).await.refused_as(Code::Unauthorized);
    people::step_up(&w.nexus, w.owner_id, endless.clone().into(), ip())
        .await
        .refused_as(Code::InvalidRequest);
    change(w, &endless, NEW).await.refused_as(Code::InvalidRequest);
    change(w, PASSWORD, &endless).await.refused_as(Code::InvalidRequest);
    let link = people::password_link(&w.nexus, OWNER).await.fine().expect("a link");
    let token = link.rsplit('/').next().expect("a token");
    people::reset_password(&w.nexus, token, endless.into(), ip()).await.refused_as(Code::InvalidRequest);
    assert_eq!(w.nexus.passwords.hashes(), before);
}

/// Processes that share a database count attempts in it: the request, and a transaction for both counters.
fn counting(w: &World) -> u64 {
    if w.nexus.db.is_embedded() { 0 } else { 3 }
}

async fn a_forgotten_password_is_answered_alike_for_every_address(w: &World) {
    with_password(w).await;
    w.person("without@acme.test", TenantRole::Member).await;
    let mut work = Vec::new();
    for (n, email) in ["ANA@acme.test", "without@acme.test", "nobody@acme.test", "x@y.zz"].iter().enumerate()
    {
        let (hashes, asked) = (w.nexus.passwords.hashes(), w.nexus.db.asked().so_far());
        people::forgot(&w.nexus, email, other_ip(u8::try_from(n).expect("few"))).await.fine();
        work.push((w.nexus.passwords.hashes() - hashes, w.nexus.db.asked().so_far() - asked));
        w.nexus.settled().await;
    }
    assert_eq!(work, [(0, 1 + counting(w)); 4], "no hash, and one look");
    assert_eq!(tokens(&w.nexus, OWNER).await.len(), 1);
    assert_eq!(tokens(&w.nexus, "without@acme.test").await.len(), 1);
    assert_eq!(w.number("SELECT COUNT(*) FROM mails").await, 2);
    assert!(w.events().await.contains(&"user.reset_asked".to_owned()));
    for nonsense in ["", "ana", "a b@acme.test"] {
        let refusal = people::forgot(&w.nexus, nonsense, ip()).await.refused_as(Code::InvalidRequest);
        assert!(refusal.field("email").is_some());
    }
}

async fn a_link_by_mail_works_once_and_proves_the_address(w: &World) {
    people::forgot(&w.nexus, OWNER, ip()).await.fine();
    let token = tokens(&w.nexus, OWNER).await.remove(0);
    let uses = (0..50).map(|n| people::reset_password(&w.nexus, &token, NEW.into(), other_ip(n)));
    let outcomes = join_all(uses).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(people::account(&w.nexus, w.owner_id).await.fine().verified);
    w.execute("UPDATE users SET email_verified_at = NULL").await;
    let printed = people::password_link(&w.nexus, OWNER).await.fine().expect("a link");
    let token = printed.rsplit('/').next().expect("a token");
    people::reset_password(&w.nexus, token, PASSWORD.into(), ip()).await.fine();
    assert!(!people::account(&w.nexus, w.owner_id).await.fine().verified, "a terminal is no mailbox");
}

async fn a_link_by_mail_is_over_after_an_hour(w: &World) {
    people::forgot(&w.nexus, OWNER, ip()).await.fine();
    let token = tokens(&w.nexus, OWNER).await.remove(0);
    w.pass(HOUR - 1);
    assert!(people::reset_info(&w.nexus, &token).await.fine());
    w.pass(1);
    assert!(!people::reset_info(&w.nexus, &token).await.fine());
}

async fn nobody_fills_a_mailbox_with_links(w: &World) {
    for n in 0..9 {
        people::forgot(&w.nexus, OWNER, other_ip(n)).await.fine();
    }
    assert_eq!(tokens(&w.nexus, OWNER).await.len(), 3);
    people::forgot(&w.nexus, OWNER, other_ip(9)).await.fine();
    people::forgot(&w.nexus, OWNER, other_ip(10)).await.refused_as(Code::RateLimited);
    hashed(&w.nexus).await;
    with_password(w).await;
    sign_in(w, OWNER, PASSWORD).await.fine();
    w.pass(HOUR + 1);
    people::forgot(&w.nexus, OWNER, ip()).await.fine();
    assert_eq!(tokens(&w.nexus, OWNER).await.len(), 4);
    for n in 0..5 {
        people::send_verification(&w.nexus, now(w, w.owner_id), other_ip(n)).await.fine();
    }
    people::send_verification(&w.nexus, now(w, w.owner_id), ip()).await.refused_as(Code::RateLimited);
}

async fn signing_in_asks_the_database_as_much_for_an_unknown_address(w: &World) {
    with_password(w).await;
    w.person("without@acme.test", TenantRole::Member).await;
    let mut work = Vec::new();
    for email in [OWNER, "without@acme.test", "nobody@acme.test"] {
        let (hashes, asked) = (w.nexus.passwords.hashes(), w.nexus.db.asked().so_far());
        sign_in(w, email, "wrong-password").await.refused_as(Code::Unauthorized);
        work.push((w.nexus.passwords.hashes() - hashes, w.nexus.db.asked().so_far() - asked));
        w.nexus.settled().await;
    }
    assert_eq!(work, [(1, 1 + counting(w)); 3], "one hash, and one look");
}

async fn an_address_is_proved_by_the_link_that_was_sent_to_it(w: &World) {
    assert!(!people::account(&w.nexus, w.owner_id).await.fine().verified);
    people::send_verification(&w.nexus, now(w, w.owner_id), ip()).await.fine();
    people::send_verification(&w.nexus, now(w, w.owner_id), ip()).await.fine();
    let tokens = tokens(&w.nexus, OWNER).await;
    assert_eq!(people::address_link(&w.nexus, &tokens[0]).await.fine(), None, "the newest one counts");
    let link = people::address_link(&w.nexus, &tokens[1]).await.fine().expect("a link");
    assert_eq!((link.email.as_str(), link.account.as_str()), (OWNER, OWNER));
    assert_eq!(people::confirm_address(&w.nexus, &tokens[1], ip()).await.fine(), OWNER);
    assert!(people::account(&w.nexus, w.owner_id).await.fine().verified);
    people::confirm_address(&w.nexus, &tokens[1], ip()).await.refused_as(Code::NotFound);
    people::send_verification(&w.nexus, now(w, w.owner_id), ip()).await.fine();
    let late = crate::account::tokens(&w.nexus, OWNER).await.remove(2);
    w.pass(24 * HOUR);
    people::confirm_address(&w.nexus, &late, ip()).await.refused_as(Code::NotFound);
}

const OTHER: &str = "ana.new@acme.test";

async fn ask(w: &World, email: &str) -> Result<()> {
    people::change_address(&w.nexus, now(w, w.owner_id), email, ip()).await
}

async fn another_address_is_taken_once_its_link_is_followed(w: &World) {
    with_password(w).await;
    people::forgot(&w.nexus, OWNER, ip()).await.fine();
    let reset = tokens(&w.nexus, OWNER).await.remove(0);
    ask(w, " Ana.New@acme.test ").await.fine();
    let account = people::account(&w.nexus, w.owner_id).await.fine();
    assert_eq!((account.email.as_str(), account.pending.expect("one").email.as_str()), (OWNER, OTHER));
    sign_in(w, OWNER, PASSWORD).await.fine();
    sign_in(w, OTHER, PASSWORD).await.refused_as(Code::Unauthorized);
    let token = tokens(&w.nexus, OTHER).await.remove(0);
    people::confirm_address(&w.nexus, &token, ip()).await.fine();
    let account = people::account(&w.nexus, w.owner_id).await.fine();
    assert_eq!((account.email.as_str(), account.verified, account.pending), (OTHER, true, None));
    sign_in(w, OTHER, PASSWORD).await.fine();
    sign_in(w, OWNER, PASSWORD).await.refused_as(Code::Unauthorized);
    assert!(!people::reset_info(&w.nexus, &reset).await.fine(), "the old mailbox opens nothing any more");
    let told = subjects(w, OWNER).await;
    assert_eq!(told[1..], ["Your address is about to change", "Your address has changed"]);
}

async fn what_was_asked_is_taken_back_or_replaced(w: &World) {
    ask(w, "first@acme.test").await.fine();
    ask(w, "second@acme.test").await.fine();
    let (first, second) = (
        tokens(&w.nexus, "first@acme.test").await.remove(0),
        tokens(&w.nexus, "second@acme.test").await.remove(0),
    );
    people::confirm_address(&w.nexus, &first, ip()).await.refused_as(Code::NotFound);
    people::send_verification(&w.nexus, now(w, w.owner_id), ip()).await.fine();
    assert!(people::address_link(&w.nexus, &second).await.fine().is_some(), "that is another matter");
    people::withdraw_address(&w.nexus, w.owner_id, ip()).await.fine();
    people::confirm_address(&w.nexus, &second, ip()).await.refused_as(Code::NotFound);
    people::withdraw_address(&w.nexus, w.owner_id, ip()).await.fine();
    let withdrawn = w.events().await.into_iter().filter(|event| event == "user.address_withdrawn").count();
    assert_eq!(withdrawn, 1);
    for bad in ["", "nobody", OWNER, "ANA@acme.test"] {
        assert!(ask(w, bad).await.refused().field("email").is_some(), "{bad}");
    }
}

async fn a_change_of_the_address_is_answered_alike_whoever_has_it(w: &World) {
    w.person("taken@acme.test", TenantRole::Member).await;
    let mut work = Vec::new();
    for email in ["taken@acme.test", "free@acme.test"] {
        let (hashes, asked) = (w.nexus.passwords.hashes(), w.nexus.db.asked().so_far());
        ask(w, email).await.fine();
        work.push((w.nexus.passwords.hashes() - hashes, w.nexus.db.asked().so_far() - asked));
        assert_eq!(people::account(&w.nexus, w.owner_id).await.fine().pending.expect("one").email, email);
    }
    assert_eq!(work[0], work[1]);
}

async fn of_two_who_want_one_address_the_first_gets_it(w: &World) {
    let bo = w.person("bo@acme.test", TenantRole::Member).await.user().expect("a person");
    ask(w, OTHER).await.fine();
    people::change_address(&w.nexus, now(w, bo), OTHER, ip()).await.fine();
    let tokens = tokens(&w.nexus, OTHER).await;
    let outcomes = join_all(tokens.iter().map(|token| people::confirm_address(&w.nexus, token, ip()))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter(Result::is_err) {
        outcome.refused_as(Code::Conflict);
    }
    assert_eq!(w.number(&format!("SELECT COUNT(*) FROM users WHERE email = '{OTHER}'")).await, 1);
}

async fn of_fifty_uses_of_an_address_link_at_once_one_succeeds(w: &World) {
    ask(w, OTHER).await.fine();
    let token = tokens(&w.nexus, OTHER).await.remove(0);
    let uses = (0..50).map(|n| people::confirm_address(&w.nexus, &token, other_ip(n)));
    let outcomes = join_all(uses).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let changed = w.events().await.into_iter().filter(|event| event == "user.address_changed").count();
    assert_eq!(changed, 1);
    for _ in 0..20 {
        // Guessing is counted.
        if people::confirm_address(&w.nexus, "guess", ip()).await.refused().code == Code::RateLimited {
            return;
        }
    }
    panic!("links may be guessed for ever");
}

async fn a_new_password_ends_a_change_of_the_address(w: &World) {
    with_password(w).await;
    ask(w, OTHER).await.fine();
    let token = tokens(&w.nexus, OTHER).await.remove(0);
    change(w, PASSWORD, NEW).await.fine();
    people::confirm_address(&w.nexus, &token, ip()).await.refused_as(Code::NotFound);
    assert_eq!(people::account(&w.nexus, w.owner_id).await.fine().email, OWNER);
}

async fn another_address_needs_a_fresh_sign_in(w: &World) {
    let opened = now(w, w.owner_id);
    w.pass(5 * MINUTE + 1);
    people::change_address(&w.nexus, opened, OTHER, ip()).await.refused_as(Code::StepUpRequired);
    assert_eq!(w.number("SELECT COUNT(*) FROM mails").await, 0);
}

async fn the_log_keeps_the_address_of_that_time(w: &World) {
    with_password(w).await;
    sign_in(w, OWNER, PASSWORD).await.fine();
    ask(w, OTHER).await.fine();
    let token = tokens(&w.nexus, OTHER).await.remove(0);
    people::confirm_address(&w.nexus, &token, ip()).await.fine();
    sign_in(w, OTHER, PASSWORD).await.fine();
    w.nexus.settled().await;
    let rows =
        w.texts("SELECT event || ' ' || actor FROM audit_log WHERE event LIKE 'user.%' ORDER BY seq").await;
    assert_eq!(
        rows,
        [
            format!("user.signed_in {OWNER}"),
            format!("user.address_asked {OWNER}"),
            format!("user.address_changed {OWNER}"),
            format!("user.signed_in {OTHER}"),
        ]
    );
    // And who it is can still be told, by the id.
    let listed = open_sessions::list(&w.nexus, w.owner_id, b"none").await.fine();
    assert!(listed.sessions.is_empty());
}
