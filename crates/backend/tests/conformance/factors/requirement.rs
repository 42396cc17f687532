//! A tenant that requires a second factor.

use super::{App, add_passkey, ip, opened, with_password, with_second};
use crate::world::{Outcome, TENANT, World};
use nexus_backend::people::factors::{self, passkeys, totp};
use nexus_backend::people::{self, Means, Opened, Proof};
use nexus_domain::role::TenantRole;
use nexus_domain::timestamp::MINUTE;
use nexus_domain::{Code, ProviderId};

both![
    a_tenant_that_requires_one_lets_nobody_in_without,
    only_an_owner_who_has_one_may_require_it,
    the_last_one_stays_while_a_tenant_requires_it,
    a_provider_answers_for_its_own,
];

async fn requires(w: &World, on: bool) {
    let owner = w.signed_in_again(&w.owner).await;
    factors::require(&w.nexus, &owner, with_second(w), on).await.fine();
}

async fn code_of(w: &World, session: Opened) -> Option<Code> {
    people::person(&w.nexus, session, TENANT, None).await.err().map(|error| error.refusal().code)
}

async fn a_tenant_that_requires_one_lets_nobody_in_without(w: &World) {
    let bo = w.person("bo@acme.test", TenantRole::Member).await.user().expect("a person");
    let bo = Opened::by_password(bo, w.now());
    App::set_up(w).await;
    requires(w, true).await;
    assert_eq!(code_of(w, bo).await, Some(Code::SecondFactorRequired));
    assert_eq!(code_of(w, opened(w)).await, Some(Code::SecondFactorRequired), "a session without it");
    assert_eq!(code_of(w, with_second(w)).await, None);
    let shown = Opened { proof: Proof { second_factor: true, ..bo.proof }, ..bo };
    assert_eq!(code_of(w, shown).await, Some(Code::SecondFactorRequired), "the factor itself is gone");
    add_passkey(w, bo, "Phone").await;
    assert_eq!(code_of(w, shown).await, None);
    let owner = people::person(&w.nexus, with_second(w), TENANT, None).await.fine();
    let requirement = factors::required(&w.nexus, &owner).await.fine();
    assert_eq!((requirement.required, requirement.members_without), (true, 0));
    factors::require(&w.nexus, &owner, with_second(w), false).await.fine();
    assert_eq!(code_of(w, opened(w)).await, None);
    let events: Vec<_> = w.events().await.into_iter().filter(|e| e.starts_with("sign_in.")).collect();
    assert_eq!(events, ["sign_in.required", "sign_in.required"]);
}

async fn only_an_owner_who_has_one_may_require_it(w: &World) {
    let owner = w.signed_in_again(&w.owner).await;
    let refusal = factors::require(&w.nexus, &owner, opened(w), true).await;
    refusal.refused_as(Code::SecondFactorRequired);
    factors::require(&w.nexus, &owner, with_second(w), true).await.refused_as(Code::SecondFactorRequired);
    let member = w.person("bo@acme.test", TenantRole::Member).await;
    factors::require(&w.nexus, &member, with_second(w), true).await.refused_as(Code::Forbidden);
    factors::required(&w.nexus, &member).await.refused_as(Code::Forbidden);
    App::set_up(w).await;
    w.pass(5 * MINUTE + 1);
    factors::require(&w.nexus, &owner, with_second(w), true).await.refused_as(Code::StepUpRequired);
    requires(w, true).await;
    let before = w.events().await.len();
    let owner = people::person(&w.nexus, with_second(w), TENANT, None).await.fine();
    factors::require(&w.nexus, &owner, with_second(w), true).await.fine();
    assert_eq!(w.events().await.len(), before, "nothing changed, nothing is written");
}

async fn the_last_one_stays_while_a_tenant_requires_it(w: &World) {
    with_password(w).await;
    App::set_up(w).await;
    requires(w, true).await;
    let refusal = totp::remove(&w.nexus, with_second(w), ip()).await.refused_as(Code::Conflict);
    assert!(refusal.message.contains("Acme"), "{}", refusal.message);
    add_passkey(w, with_second(w), "Laptop").await;
    totp::remove(&w.nexus, with_second(w), ip()).await.fine();
    let id = factors::of(&w.nexus, w.owner_id).await.fine().passkeys[0].id;
    passkeys::remove(&w.nexus, with_second(w), id, ip()).await.map(drop).refused_as(Code::Conflict);
}

async fn a_provider_answers_for_its_own(w: &World) {
    let bo = w.person("bo@acme.test", TenantRole::Member).await.user().expect("a person");
    let bo = Opened::by_password(bo, w.now());
    App::set_up(w).await;
    requires(w, true).await;
    let id = uuid::Uuid::now_v7();
    let (tenant, own) = (w.database.id(w.owner.tenant.0), w.database.id(id));
    w.execute(&format!(
        "INSERT INTO sign_in_providers
             (tenant_id, id, name, kind, issuer, client_id, sealed, wrapped_key, enabled, created_at)
         SELECT {tenant}, {own}, 'Theirs', 'oidc', 'https://corp.test', 'c', k.wrapped, k.wrapped, TRUE, 1
         FROM tenant_keys k WHERE k.tenant_id = {tenant}"
    ))
    .await;
    let provider = Means::Provider(ProviderId(id));
    let by_provider = Opened { proof: Proof { means: provider, second_factor: true }, ..bo };
    assert_eq!(code_of(w, by_provider).await, None);
    let without = Opened { proof: Proof { means: provider, second_factor: false }, ..bo };
    assert_eq!(code_of(w, without).await, Some(Code::SecondFactorRequired));
}
