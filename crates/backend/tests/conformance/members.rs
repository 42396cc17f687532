//! Members: roles that change, people who come and go, what goes with them, and that a tenant always has
//! an owner.

use crate::world::{OWNER, Outcome, World, new_secret, new_service, path};
use futures::StreamExt as _;
use futures::future::join_all;
use nexus_backend::gate::Actor;
use nexus_backend::members::{self, ListMembers};
use nexus_backend::people::{self, sessions};
use nexus_backend::services::ListServices;
use nexus_backend::{
    dev_environments, environments, keys, projects, secrets, services, snapshot, streams, workload,
};
use nexus_domain::keys::{RotateRequest, Slot};
use nexus_domain::member::{Member, MemberPatch, NewProjectMember, ProjectMemberPatch};
use nexus_domain::role::{ProjectRole, Scope, TenantRole};
use nexus_domain::service::{ServiceKind, ServicePath};
use nexus_domain::timestamp::MINUTE;
use nexus_domain::{Code, UserId};
use serde_json::json;

both![
    the_list_says_who_has_what,
    the_list_comes_in_pages_and_is_narrowed_by_address,
    somebody_is_added_changed_and_removed,
    a_developer_gets_an_environment_with_the_role,
    who_is_no_developer_any_more_finds_it_closed_and_its_keys_revoked,
    the_last_owner_stays,
    of_two_owners_who_demote_each_other_one_stays,
    of_two_owners_who_leave_at_once_one_stays,
    granting_needs_holding,
    keys_give_nothing_that_they_do_not_hold,
    a_removal_takes_environments_and_nothing_else,
    whoever_is_removed_goes_on_elsewhere,
    leaving_takes_the_account_with_the_last_tenant,
    changes_need_a_fresh_sign_in,
    a_change_holds_on_the_next_request,
    being_there_is_noted_to_the_minute_and_written_later,
    everything_is_in_the_log,
];

fn id(actor: &Actor) -> UserId {
    actor.user().expect("a person")
}

async fn make(w: &World, actor: &Actor, user: &Actor, role: TenantRole) -> nexus_backend::Result<Member> {
    members::change(&w.nexus, actor, id(user), MemberPatch { role: Some(role) }).await
}

async fn give(
    w: &World,
    actor: &Actor,
    user: &Actor,
    role: ProjectRole,
) -> nexus_backend::Result<nexus_domain::member::ProjectMember> {
    let patch = ProjectMemberPatch { role: Some(role) };
    members::change_in_project(&w.nexus, actor, "shop", id(user), patch).await
}

fn new(email: &str, role: ProjectRole) -> NewProjectMember {
    NewProjectMember { email: email.into(), role }
}

/// A developer of `shop`, added by the owner, with a service and a secret of their own.
async fn developer(w: &World) -> (Actor, ServicePath) {
    let dev = w.person("dev@acme.test", TenantRole::Member).await;
    members::add(&w.nexus, &w.owner, "shop", new("dev@acme.test", ProjectRole::Developer)).await.fine();
    let at = path("shop", "dev_dev", "api");
    let service = new_service("api", "dev_dev", ServiceKind::Backend, false);
    services::create(&w.nexus, &dev, "shop", service).await.fine();
    secrets::create(&w.nexus, &dev, &at, new_secret("A", "mine")).await.fine();
    (dev, at)
}

async fn the_list_says_who_has_what(w: &World) {
    w.project("shop").await;
    w.project("blog").await;
    let (dev, _) = developer(w).await;
    w.give_role(&dev, "blog", ProjectRole::Viewer).await;
    let all = members::list(&w.nexus, &w.owner, ListMembers::default()).await.fine().data;
    let emails: Vec<_> = all.iter().map(|member| member.email.as_str()).collect();
    assert_eq!(emails, [OWNER, "dev@acme.test"]);
    let theirs: Vec<_> = all[1]
        .projects
        .iter()
        .map(|it| (it.project.as_str(), it.role, it.developer_environment.as_deref()))
        .collect();
    assert_eq!(
        theirs,
        [("blog", Some(ProjectRole::Viewer), None), ("shop", Some(ProjectRole::Developer), Some("dev_dev"))]
    );
    assert_eq!((all[1].role, all[1].handle.as_str()), (TenantRole::Member, "dev"));
    assert_eq!(members::get(&w.nexus, &w.owner, id(&dev)).await.fine(), all[1]);
    members::list(&w.nexus, &dev, ListMembers::default()).await.refused_as(Code::Forbidden);
    let rival = w.rival().await.owner;
    let theirs = members::list(&w.nexus, &rival, ListMembers::default()).await.fine().data;
    assert_eq!(theirs.len(), 1, "nobody of another tenant");
    members::get(&w.nexus, &rival, id(&dev)).await.refused_as(Code::NotFound);
    let in_project = members::list_in_project(&w.nexus, &w.owner, "shop").await.fine();
    let shown: Vec<_> = in_project.iter().map(|it| (it.email.as_str(), it.role, it.tenant_owner)).collect();
    assert_eq!(shown, [(OWNER, ProjectRole::Owner, true), ("dev@acme.test", ProjectRole::Developer, false)]);
    let manager = w.member("shop", ProjectRole::Manager).await;
    let seen = members::list_in_project(&w.nexus, &manager, "shop").await.fine();
    assert!(seen.iter().all(|it| it.developer_environment.is_none()), "its name is for owners");
}

async fn the_list_comes_in_pages_and_is_narrowed_by_address(w: &World) {
    for n in 0..7 {
        w.person(&format!("{n}@acme.test"), TenantRole::Member).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let wanted = ListMembers { cursor, limit: 3, ..ListMembers::default() };
        let page = members::list(&w.nexus, &w.owner, wanted).await.fine();
        seen.extend(page.data.into_iter().map(|member| member.email));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 8);
    assert!(seen.is_sorted());
    let find = async |q: &str| {
        let wanted = ListMembers { q: q.into(), ..ListMembers::default() };
        members::list(&w.nexus, &w.owner, wanted).await.fine().data.len()
    };
    assert_eq!((find(" ANA ").await, find("@acme").await, find("%").await, find("\0").await), (1, 8, 0, 0));
    let wanted = ListMembers { cursor: Some("nonsense".into()), ..ListMembers::default() };
    members::list(&w.nexus, &w.owner, wanted).await.refused_as(Code::InvalidRequest);
}

async fn somebody_is_added_changed_and_removed(w: &World) {
    w.project("shop").await;
    let bo = w.person("bo@acme.test", TenantRole::Member).await;
    projects::get(&w.nexus, &bo, "shop").await.refused_as(Code::NotFound);
    let added =
        members::add(&w.nexus, &w.owner, "shop", new(" Bo@Acme.test", ProjectRole::Viewer)).await.fine();
    assert_eq!((added.id, added.role, added.tenant_owner), (id(&bo), ProjectRole::Viewer, false));
    assert_eq!(projects::get(&w.nexus, &bo, "shop").await.fine().role, ProjectRole::Viewer);
    let again = members::add(&w.nexus, &w.owner, "shop", new("bo@acme.test", ProjectRole::Viewer)).await;
    assert!(again.refused_as(Code::Conflict).field("email").is_some());
    assert_eq!(give(w, &w.owner, &bo, ProjectRole::Manager).await.fine().role, ProjectRole::Manager);
    assert_eq!(projects::get(&w.nexus, &bo, "shop").await.fine().role, ProjectRole::Manager);
    members::remove_from_project(&w.nexus, &w.owner, "shop", id(&bo)).await.fine();
    projects::get(&w.nexus, &bo, "shop").await.refused_as(Code::NotFound);
    members::remove_from_project(&w.nexus, &w.owner, "shop", id(&bo)).await.refused_as(Code::NotFound);
    give(w, &w.owner, &bo, ProjectRole::Viewer).await.refused_as(Code::NotFound);
    let refused = async |email: &str, code| {
        members::add(&w.nexus, &w.owner, "shop", new(email, ProjectRole::Viewer)).await.refused_as(code)
    };
    w.person("fay@acme.test", TenantRole::Finance).await;
    w.rival().await;
    refused(OWNER, Code::Conflict).await;
    refused("fay@acme.test", Code::Conflict).await;
    let elsewhere = refused("rita@rival.test", Code::InvalidRequest).await;
    assert_eq!(
        elsewhere,
        refused("nobody@nowhere.test", Code::InvalidRequest).await,
        "accounts are not told"
    );
    give(w, &w.owner, &w.owner, ProjectRole::Viewer).await.refused_as(Code::Conflict);
    members::remove_from_project(&w.nexus, &w.owner, "shop", w.owner_id).await.refused_as(Code::Conflict);
}

async fn a_developer_gets_an_environment_with_the_role(w: &World) {
    w.project("shop").await;
    let before = w.events().await.len();
    let (dev, _) = developer(w).await;
    assert_eq!(w.events_after(before).await[..2], ["member.added", "dev_environment.created"]);
    let own = dev_environments::get(&w.nexus, &dev, "shop").await.fine().expect("an environment");
    assert_eq!(own.environment.slug, "dev_dev");
    let bo = w.person("bo@acme.test", TenantRole::Member).await;
    members::add(&w.nexus, &w.owner, "shop", new("bo@acme.test", ProjectRole::Tester)).await.fine();
    give(w, &w.owner, &bo, ProjectRole::Manager).await.fine();
    assert_eq!(
        dev_environments::get(&w.nexus, &bo, "shop").await.fine(),
        None,
        "managers make theirs themselves"
    );
    give(w, &w.owner, &bo, ProjectRole::Developer).await.fine();
    assert!(dev_environments::get(&w.nexus, &bo, "shop").await.fine().is_some());
}

async fn who_is_no_developer_any_more_finds_it_closed_and_its_keys_revoked(w: &World) {
    w.project("shop").await;
    let (dev, at) = developer(w).await;
    let key = keys::rotate(&w.nexus, &dev, &at, Slot::Primary, RotateRequest::default()).await.fine().key;
    let program = w.present(&key).await.fine();
    snapshot::sync(&w.nexus, &program, None).await.fine();
    let mut stream = streams::subscribe(&w.nexus, &program, None).await.fine();
    let provider = serde_json::from_value(json!({ "name": "CI", "kind": "github" })).expect("a provider");
    let provider = workload::add_provider(&w.nexus, &w.owner, provider).await.fine();
    let rule = json!({
        "name": "build", "provider": provider.id, "access": "read_write",
        "claims": { "repository_id": "1", "repository_owner_id": "2" },
    });
    let rule = serde_json::from_value(rule).expect("a rule");
    workload::add_rule(&w.nexus, &dev, &at, rule).await.fine();
    give(w, &w.owner, &dev, ProjectRole::Tester).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM workload_identities").await, 0, "nor by its platform's word");
    w.present(&key).await.map(|_| ()).refused_as(Code::Unauthorized);
    let rest = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(std::time::Duration::from_secs(20), rest).await.expect("the end of the stream");
    services::get(&w.nexus, &dev, &at).await.refused_as(Code::Forbidden);
    let wanted = ListServices { dev_envs: true, ..ListServices::default() };
    let groups = services::list(&w.nexus, &dev, "shop", wanted).await.fine();
    let own = groups.iter().find(|group| group.yours).expect("its name");
    assert!(own.closed && own.services.is_empty());
    dev_environments::import(&w.nexus, &dev, "shop", nexus_domain::environment::OnConflict::Skip)
        .await
        .refused_as(Code::Forbidden);
    give(w, &w.owner, &dev, ProjectRole::Developer).await.fine();
    assert_eq!(w.value_for(&dev, &at, "A").await, "mine", "everything in it was kept");
    let manager = give(w, &w.owner, &dev, ProjectRole::Manager).await.fine();
    assert_eq!(manager.developer_environment.as_deref(), Some("dev_dev"), "and stays open");
    services::get(&w.nexus, &dev, &at).await.fine();
    make(w, &w.owner, &dev, TenantRole::Finance).await.fine();
    let finance = w.signed_in_again(&dev).await;
    services::get(&w.nexus, &finance, &at).await.refused_as(Code::NotFound);
}

async fn the_last_owner_stays(w: &World) {
    for role in [TenantRole::Member, TenantRole::Finance] {
        let refusal = make(w, &w.owner, &w.owner, role).await.refused_as(Code::Conflict);
        assert!(refusal.message.contains("last owner"), "{refusal}");
    }
    members::remove(&w.nexus, &w.owner, w.owner_id).await.refused_as(Code::Conflict);
    members::leave(&w.nexus, &w.owner).await.refused_as(Code::Conflict);
    make(w, &w.operator, &w.owner, TenantRole::Member).await.refused_as(Code::Conflict);
    make(w, &w.owner, &w.owner, TenantRole::Owner).await.fine();
    let bo = w.person("bo@acme.test", TenantRole::Member).await;
    make(w, &w.owner, &bo, TenantRole::Owner).await.fine();
    make(w, &w.owner, &w.owner, TenantRole::Member).await.fine();
    let bo = w.signed_in_again(&bo).await;
    members::leave(&w.nexus, &bo).await.refused_as(Code::Conflict);
}

async fn of_two_owners_who_demote_each_other_one_stays(w: &World) {
    let other = w.person("other@acme.test", TenantRole::Owner).await;
    let third = w.person("third@acme.test", TenantRole::Owner).await;
    // With a third owner the count alone would let both through.
    for _ in 0..2 {
        let (one, two) = tokio::join!(
            make(w, &w.owner, &other, TenantRole::Member),
            make(w, &other, &w.owner, TenantRole::Member)
        );
        let won = [one, two].into_iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(won, 1);
        let third = w.signed_in_again(&third).await;
        make(w, &third, &w.owner, TenantRole::Owner).await.fine();
        make(w, &third, &other, TenantRole::Owner).await.fine();
    }
    members::remove(&w.nexus, &w.owner, id(&third)).await.fine();
    let outcomes = join_all((0..20).map(|n| {
        let (actor, target) = if n % 2 == 0 { (&w.owner, &other) } else { (&other, &w.owner) };
        make(w, actor, target, TenantRole::Finance)
    }))
    .await;
    assert!(outcomes.iter().any(Result::is_ok));
    assert_eq!(w.number("SELECT COUNT(*) FROM memberships WHERE role = 'owner'").await, 1);
}

async fn of_two_owners_who_leave_at_once_one_stays(w: &World) {
    let other = w.person("other@acme.test", TenantRole::Owner).await;
    let (one, two) = tokio::join!(members::leave(&w.nexus, &w.owner), members::leave(&w.nexus, &other));
    let refused = [one, two].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].refusal().code, Code::Conflict);
}

async fn granting_needs_holding(w: &World) {
    w.project("shop").await;
    let manager = w.member("shop", ProjectRole::Manager).await;
    let lead = w.member("shop", ProjectRole::Owner).await;
    let bo = w.person("bo@acme.test", TenantRole::Member).await;
    let add =
        async |actor: &Actor, role| members::add(&w.nexus, actor, "shop", new("bo@acme.test", role)).await;
    add(&manager, ProjectRole::Owner).await.refused_as(Code::Forbidden);
    add(&manager, ProjectRole::Manager).await.fine();
    for target in [&lead, &bo] {
        give(w, &manager, target, ProjectRole::Viewer).await.refused_as(Code::Forbidden);
        members::remove_from_project(&w.nexus, &manager, "shop", id(target))
            .await
            .refused_as(Code::Forbidden);
    }
    give(w, &lead, &bo, ProjectRole::Owner).await.fine();
    give(w, &lead, &lead, ProjectRole::Viewer).await.fine();
    make(w, &bo, &bo, TenantRole::Owner).await.refused_as(Code::Forbidden);
    for role in [ProjectRole::Developer, ProjectRole::Tester] {
        let actor = w.member("shop", role).await;
        members::add(&w.nexus, &actor, "shop", new("x@acme.test", ProjectRole::Viewer))
            .await
            .refused_as(Code::Forbidden);
    }
}

async fn keys_give_nothing_that_they_do_not_hold(w: &World) {
    w.project("shop").await;
    let (dev, _) = developer(w).await;
    let bo = w.person("bo@acme.test", TenantRole::Member).await;
    let (_, reader) = w.environment_key("live", &[Scope::ReadUsers]).await;
    let (_, writer) = w.environment_key("live", &[Scope::ReadUsers, Scope::WriteUsers]).await;
    let (_, admin) = w.environment_key("live", &[Scope::AdminAll]).await;
    assert_eq!(members::list(&w.nexus, &reader, ListMembers::default()).await.fine().data.len(), 3);
    make(w, &reader, &bo, TenantRole::Finance).await.refused_as(Code::Forbidden);
    make(w, &writer, &bo, TenantRole::Owner).await.refused_as(Code::Forbidden);
    let add = async |key: &Actor| {
        members::add(&w.nexus, key, "shop", new("bo@acme.test", ProjectRole::Viewer)).await
    };
    add(&writer).await.refused_as(Code::Forbidden);
    add(&admin).await.fine();
    give(w, &writer, &bo, ProjectRole::Manager).await.refused_as(Code::Forbidden);
    give(w, &writer, &dev, ProjectRole::Viewer).await.refused_as(Code::Forbidden);
    members::remove_from_project(&w.nexus, &writer, "shop", id(&dev)).await.refused_as(Code::Forbidden);
    members::remove(&w.nexus, &writer, id(&dev)).await.refused_as(Code::Forbidden);
    members::remove_from_project(&w.nexus, &writer, "shop", id(&bo)).await.fine();
    make(w, &admin, &bo, TenantRole::Owner).await.fine();
    make(w, &writer, &bo, TenantRole::Member).await.fine();
    members::remove(&w.nexus, &writer, id(&bo)).await.fine();
    members::remove(&w.nexus, &admin, id(&dev)).await.fine();
    members::leave(&w.nexus, &admin).await.refused_as(Code::Forbidden);
}

async fn a_removal_takes_environments_and_nothing_else(w: &World) {
    let api = w.shop().await;
    w.project("blog").await;
    let (dev, at) = developer(w).await;
    w.give_role(&dev, "blog", ProjectRole::Developer).await;
    dev_environments::create(&w.nexus, &dev, "blog").await.fine();
    let shared = w.service_key(&api, nexus_domain::keys::Access::Read).await.0;
    let theirs = keys::rotate(&w.nexus, &dev, &at, Slot::Primary, RotateRequest::default()).await.fine().key;
    let losses = members::losses(&w.nexus, &w.owner, id(&dev)).await.fine();
    let named: Vec<_> =
        losses.environments.iter().map(|it| (it.project.as_str(), it.losses.services)).collect();
    assert_eq!(named, [("blog", 0), ("shop", 1)]);
    let in_shop = members::losses_in_project(&w.nexus, &w.owner, "shop", id(&dev)).await.fine();
    assert_eq!((in_shop.environments.len(), in_shop.environments[0].losses.secrets), (1, 1));
    members::losses(&w.nexus, &dev, id(&dev)).await.refused_as(Code::Forbidden);
    members::losses_in_project(&w.nexus, &dev, "shop", id(&dev)).await.refused_as(Code::Forbidden);
    members::remove_from_project(&w.nexus, &w.owner, "shop", id(&dev)).await.fine();
    w.present(&theirs).await.map(|_| ()).refused_as(Code::Unauthorized);
    assert!(dev_environments::get(&w.nexus, &dev, "blog").await.fine().is_some(), "another project");
    members::remove(&w.nexus, &w.owner, id(&dev)).await.fine();
    w.present(&shared).await.fine();
    assert_eq!(w.number("SELECT COUNT(*) FROM environments WHERE kind = 'developer'").await, 0);
    assert_eq!(w.number("SELECT COUNT(*) FROM project_members").await, 0);
    assert_eq!(environments::list(&w.nexus, &w.owner).await.fine().len(), 3);
    people::person(&w.nexus, people::Opened::by_password(id(&dev), w.now()), "acme", None)
        .await
        .map(|_| ())
        .refused_as(Code::NotFound);
}

/// Opens a session of a person, and says whether it is there.
async fn session(w: &World, user: UserId) -> Vec<u8> {
    let stored = sessions::Stored { user: Some(user), data: "{}".into(), expires_at: w.now().plus(MINUTE) };
    let key = user.0.as_bytes().to_vec();
    assert!(sessions::create(&w.nexus, &key, stored, sessions::Around::default()).await.fine());
    key
}

async fn whoever_is_removed_goes_on_elsewhere(w: &World) {
    let rival = w.rival().await.owner;
    let bo = w.person("bo@acme.test", TenantRole::Member).await;
    let (tenant, user) = (w.database.id(rival.tenant.0), w.database.id(id(&bo).0));
    w.execute(&format!(
        "INSERT INTO memberships (tenant_id, user_id, role, handle, created_at)
         VALUES ({tenant}, {user}, 'member', 'bo', 1)"
    ))
    .await;
    let key = session(w, id(&bo)).await;
    members::remove(&w.nexus, &w.owner, id(&bo)).await.fine();
    assert!(sessions::load(&w.nexus, &key).await.fine().is_some(), "the session stays");
    let opened = people::Opened::by_password(id(&bo), w.now());
    people::person(&w.nexus, opened, "rival", None).await.fine();
    people::person(&w.nexus, opened, "acme", None).await.map(|_| ()).refused_as(Code::NotFound);
    members::remove(&w.nexus, &rival, id(&bo)).await.fine();
    assert_eq!(sessions::load(&w.nexus, &key).await.fine(), None, "it ends with the account");
    assert_eq!(w.number("SELECT COUNT(*) FROM users WHERE email = 'bo@acme.test'").await, 0);
}

async fn leaving_takes_the_account_with_the_last_tenant(w: &World) {
    w.project("shop").await;
    let (dev, _) = developer(w).await;
    let losses = members::leaving(&w.nexus, &dev).await.fine();
    assert_eq!((losses.account, losses.environments.len()), (Some(true), 1));
    members::leave(&w.nexus, &dev).await.fine();
    assert_eq!(people::me(&w.nexus, id(&dev), w.now()).await.fine(), None);
    members::leave(&w.nexus, &dev).await.refused_as(Code::NotFound);
}

async fn changes_need_a_fresh_sign_in(w: &World) {
    w.project("shop").await;
    let bo = w.person("bo@acme.test", TenantRole::Member).await;
    members::add(&w.nexus, &w.owner, "shop", new("bo@acme.test", ProjectRole::Viewer)).await.fine();
    let (owner, n) = (&w.owner, &w.nexus);
    w.pass(5 * MINUTE + 1);
    let stale = Code::StepUpRequired;
    make(w, owner, &bo, TenantRole::Finance).await.refused_as(stale);
    give(w, owner, &bo, ProjectRole::Tester).await.refused_as(stale);
    members::add(n, owner, "shop", new("bo@acme.test", ProjectRole::Viewer)).await.refused_as(stale);
    members::remove_from_project(n, owner, "shop", id(&bo)).await.refused_as(stale);
    members::remove(n, owner, id(&bo)).await.refused_as(stale);
    members::leave(n, &bo).await.refused_as(stale);
    members::losses(n, owner, id(&bo)).await.fine();
    members::leaving(n, &bo).await.fine();
    members::list(n, owner, ListMembers::default()).await.fine();
}

async fn a_change_holds_on_the_next_request(w: &World) {
    let api = w.shop().await;
    w.write(&api, "A", "1").await;
    let manager = w.member("shop", ProjectRole::Manager).await;
    w.value_for(&manager, &api, "A").await;
    give(w, &w.owner, &manager, ProjectRole::Viewer).await.fine();
    secrets::reveal(&w.nexus, &manager, &api, "A", None).await.refused_as(Code::Forbidden);
    let other = w.person("other@acme.test", TenantRole::Owner).await;
    make(w, &w.owner, &other, TenantRole::Member).await.fine();
    // Who was an owner when the request began is none inside of the change.
    make(w, &other, &manager, TenantRole::Owner).await.refused_as(Code::Forbidden);
}

async fn being_there_is_noted_to_the_minute_and_written_later(w: &World) {
    let dev = w.person("dev@acme.test", TenantRole::Member).await;
    let seen = async || members::get(&w.nexus, &w.owner, id(&dev)).await.fine().last_seen_at;
    assert_eq!(seen().await, Some(w.now()), "at once in this process");
    let written = "SELECT COUNT(*) FROM memberships WHERE last_seen_at IS NOT NULL";
    assert_eq!(w.number(written).await, 0);
    members::flush(&w.nexus).await.fine();
    assert_eq!(w.number(written).await, 2);
    w.pass(MINUTE);
    let then = seen().await;
    w.signed_in_again(&dev).await;
    members::flush(&w.nexus).await.fine();
    assert_eq!(seen().await, Some(w.now()));
    assert_eq!(then, Some(w.now().plus(-MINUTE)));
}

async fn everything_is_in_the_log(w: &World) {
    w.project("shop").await;
    let bo = w.person("bo@acme.test", TenantRole::Member).await;
    let before = w.events().await.len();
    members::add(&w.nexus, &w.owner, "shop", new("bo@acme.test", ProjectRole::Viewer)).await.fine();
    give(w, &w.owner, &bo, ProjectRole::Tester).await.fine();
    give(w, &w.owner, &bo, ProjectRole::Tester).await.fine();
    members::remove_from_project(&w.nexus, &w.owner, "shop", id(&bo)).await.fine();
    make(w, &w.owner, &bo, TenantRole::Finance).await.fine();
    make(w, &bo, &bo, TenantRole::Owner).await.refused_as(Code::Forbidden);
    assert_eq!(
        w.events_after(before).await,
        ["member.added", "member.updated", "member.removed", "member.updated", "member.updated denied"]
    );
    let finance = w.signed_in_again(&bo).await;
    let before = w.events().await.len();
    members::leave(&w.nexus, &finance).await.fine();
    assert_eq!(w.events_after(before).await, ["member.left"]);
}
