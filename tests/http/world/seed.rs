//! What the seeded database holds.
//!
//! Tenant `acme`: project `shop` with, in `live`, the backend services `api` (secrets `TOKEN` at v2,
//! `CERT` a file, `GONE` deleted; configs `PORT` at v2, `GONE` deleted; flags `beta` at v2, `GONE`
//! deleted) and `worker` (linked to the umbrella `shared`, which has `DB_URL`, the config `REGION` and
//! the flag `region-lock`), and the frontend service `web` (config `TITLE`, flag `banner`); the same `api` in `develop`; a developer's own environment with
//! `api` in it; the add-on for A/B testing; a second project `attic` that nobody but the owners knows. Tenant `rival` has nothing
//! but an owner and a key.

use super::apps::{self, Apps};
use super::database::{execute, id};
use super::person::{KEPT, Person};
use super::token::signed;
use nexus_backend::gate::Actor;
use nexus_backend::people::sessions::{self, Around, Stored};
use nexus_backend::tenants::{self, Founding};
use nexus_backend::{
    Nexus, configs, credentials, dev_environments, flags, invitations, keys, mail, members, people, projects,
    secrets, services, tiers,
};
use nexus_domain::config::{NewConfig, NewConfigVersion};
use nexus_domain::credential;
use nexus_domain::environment_key::{KeyType, MadeEnvironmentKey, NewEnvironmentKey};
use nexus_domain::flag::{NewFlag, Toggle};
use nexus_domain::invitation::{NewInvitation, ProjectGrant};
use nexus_domain::json::JsonText;
use nexus_domain::keys::{Access, RotateRequest, Slot};
use nexus_domain::project::NewProject;
use nexus_domain::role::{ProjectRole, Scope, Scopes, TenantRole};
use nexus_domain::secret::{NewSecret, NewSecretVersion, SecretType};
use nexus_domain::service::{NewService, ServiceKind, ServicePath};
use nexus_domain::tier::Addon;
use nexus_domain::{UserId, timestamp};
use serde_json::json;
use uuid::Uuid;

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

/// The texts of the credentials, which are shown once.
pub struct Keys {
    /// `nx_live_`, `admin:all`
    pub admin: String,
    /// `nx_live_`, every scope but `admin:all`
    pub wide: String,
    /// `nx_live_`, `read:payments` and nothing else
    pub narrow: String,
    /// `nx_develop_`, every scope but `admin:all`
    pub develop: String,
    pub publishable: String,
    /// The id of a secret key of `live` with `read:flags`.
    pub api_key: String,
    /// A token that a secret key of `live` has signed, cut down to services, configs and flags.
    pub token: String,
    pub rival: String,
    pub sk_read: String,
    pub sk_write: String,
    /// Of `worker`, linked to the umbrella.
    pub sk_worker: String,
    pub pk: String,
    /// Of the rule of `api`: a program that its platform vouches for.
    pub session: String,
    pub sk_revoked: String,
    /// The endpoint of `api`, of `web`, of `worker`.
    pub endpoint: String,
    pub web_endpoint: String,
    pub worker_endpoint: String,
    /// The id of the viewer.
    pub viewer: String,
    /// The token of a one-time link with which the viewer sets a password.
    pub reset: String,
    /// The token of a one-time link with which the viewer proves an address.
    pub address: String,
    pub apps: Apps,
    /// The id and the token of an invitation to `shop` for `new@new.test`.
    pub invitation: String,
    pub invitation_token: String,
    /// The id of the kept mail with an invitation for `kept@new.test`.
    pub mail: String,
}

pub fn path(environment: &str, service: &str) -> ServicePath {
    ServicePath { project: "shop".into(), environment: environment.into(), service: service.into() }
}

pub async fn fill(nexus: &Nexus) -> Keys {
    let hash = nexus.passwords.hash(PASSWORD.into()).await.expect("a hash");
    let (acme, owner) = found(nexus, "acme", Person::Owner, &hash).await;
    let (rival, rita) = found(nexus, "rival", Person::Rival, &hash).await;
    for project in ["shop", "attic"] {
        let new = NewProject { name: project.into(), ..NewProject::default() };
        projects::create(nexus, &owner, new).await.expect("a project");
    }
    tiers::add(nexus, &owner, "shop", Addon::AbTesting).await.expect("an add-on");
    let people = people_of_acme(nexus, &acme, &rival, &hash).await;
    for person in Person::ALL {
        let user = match person {
            Person::Owner | Person::Ended => owner.user(),
            Person::Rival => rita.user(),
            other => people.iter().find(|(it, _)| *it == other).map(|(_, user)| *user),
        };
        open_session(nexus, person, user.expect("a user")).await;
    }
    remove_somebody(nexus, &owner, &rival, &people).await;
    things_of_acme(nexus, &owner).await;
    let developer = people.iter().find(|(person, _)| *person == Person::Developer).expect("the developer").1;
    let developer = people::person(nexus, people::Opened::by_password(developer, nexus.now()), "acme", None)
        .await
        .expect("the developer");
    developers_own(nexus, &developer).await;
    let session = workload_of_acme(nexus).await;
    let link = people::password_link(nexus, Person::Viewer.email()).await.expect("a link").expect("a person");
    let viewer = people.iter().find(|(person, _)| *person == Person::Viewer).expect("the viewer").1;
    let endpoint = async |service: &str| {
        services::get(nexus, &owner, &path("live", service))
            .await
            .expect("a service")
            .endpoint
            .expect("an endpoint")
    };
    let endpoint_slug = |url: String| url.rsplit('/').next().expect("a slug").to_owned();
    let sk_revoked =
        rotated(nexus, &owner, &path("develop", "api"), Slot::Secondary, Access::ReadWrite).await;
    keys::revoke(nexus, &owner, &path("develop", "api"), Slot::Secondary).await.expect("revoked");
    let (invitation, invitation_token, mail) = invitations_of_acme(nexus, &owner).await;
    let apps = apps::seeded(nexus, &owner, &developer).await;
    Keys {
        apps,
        admin: environment_key(nexus, &acme, "live", Scopes::admin()).await,
        wide: environment_key(nexus, &acme, "live", Scopes::all_but_admin()).await,
        narrow: environment_key(nexus, &acme, "live", Scopes(vec![Scope::ReadPayments])).await,
        develop: environment_key(nexus, &acme, "develop", Scopes::all_but_admin()).await,
        publishable: owners_key(nexus, &owner, KeyType::Publishable, None).await.key,
        api_key: owners_key(nexus, &owner, KeyType::Secret, Some(vec![Scope::ReadFlags]))
            .await
            .about
            .id
            .to_string(),
        token: token(nexus, &owner).await,
        rival: environment_key(nexus, &rival, "live", Scopes::admin()).await,
        sk_read: rotated(nexus, &owner, &path("live", "api"), Slot::Primary, Access::Read).await,
        sk_write: rotated(nexus, &owner, &path("live", "api"), Slot::Secondary, Access::ReadWrite).await,
        sk_worker: rotated(nexus, &owner, &path("live", "worker"), Slot::Primary, Access::ReadWrite).await,
        pk: rotated(nexus, &owner, &path("live", "web"), Slot::Primary, Access::Read).await,
        sk_revoked,
        session,
        endpoint: endpoint_slug(endpoint("api").await),
        web_endpoint: endpoint_slug(endpoint("web").await),
        worker_endpoint: endpoint_slug(endpoint("worker").await),
        viewer: people.iter().find(|(it, _)| *it == Person::Viewer).expect("the viewer").1.to_string(),
        reset: link.rsplit('/').next().expect("a token").to_owned(),
        address: address_link(nexus, viewer).await,
        invitation,
        invitation_token,
        mail,
    }
}

/// The one provider of workload identity, the one rule of `api`, and a session that it opened.
pub const IDENTITY_PROVIDER: &str = "01900000-0000-7000-8000-000000000001";
pub const IDENTITY: &str = "01900000-0000-7000-8000-000000000002";
const WORKLOAD_SESSION: &str = "01900000-0000-7000-8000-000000000003";

/// As rows, so that their ids are known where a call is written down. Hands back the session's token.
async fn workload_of_acme(nexus: &Nexus) -> String {
    let token = credential::compose(credential::WORKLOAD_SESSION, [7; 8], [9; 20]);
    let parsed = credential::parse(&token).expect("a token");
    let key_id = parsed.key_id;
    let secret = [parsed.prefix, key_id, parsed.secret].concat();
    let mac = nexus.keyring.mac("credential", secret.as_bytes()).expect("a MAC");
    let mac: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    let [provider, rule, session] =
        [IDENTITY_PROVIDER, IDENTITY, WORKLOAD_SESSION].map(|text| id(text.parse().expect("an id")));
    let now = nexus.now().0;
    execute(
        nexus,
        &format!(
            "INSERT INTO identity_providers (tenant_id, id, name, kind, issuer, keys_from, audience, max_lifetime,
                 algorithms, created_at, created_by, trusted_since)
             SELECT id, {provider}, 'GitHub', 'github', 'https://token.actions.githubusercontent.com', 'discovery',
                 'https://nexus.test/wif/{IDENTITY_PROVIDER}', 3600, '[\"RS256\"]', {now}, 'ana@acme.test', 1
             FROM tenants WHERE slug = 'acme';
             INSERT INTO workload_identities (tenant_id, id, service_id, provider_id, name, claims, access, created_at,
                 created_by)
             SELECT s.tenant_id, {rule}, s.id, {provider}, 'deploy',
                 '{{\"repository_id\":\"1296269\",\"repository_owner_id\":\"583231\"}}', 'read', {now}, 'ana@acme.test'
             FROM services s JOIN projects p ON p.id = s.project_id
             JOIN environments e ON e.id = s.environment_id
             WHERE p.slug = 'shop' AND e.slug = 'live' AND s.slug = 'api';
             INSERT INTO workload_sessions (tenant_id, id, identity_id, service_id, key_id, mac, subject, created_at,
                 expires_at)
             SELECT tenant_id, {session}, id, service_id, '{key_id}', x'{mac}',
                 'repo:acme/shop:ref:refs/heads/main', {now}, {now} + 3600000000
             FROM workload_identities;"
        ),
    )
    .await;
    token
}

/// A token that takes less than its key.
async fn token(nexus: &Nexus, owner: &Actor) -> String {
    let scopes = vec![Scope::ReadServices, Scope::ReadConfigs, Scope::ReadFlags, Scope::ReadSecrets];
    let key = owners_key(nexus, owner, KeyType::Secret, Some(scopes)).await.about;
    let signing = keys::environment::sign(nexus, owner, key.id).await.expect("a signing secret");
    let permissions = json!({ "permissions": ["read:services", "read:configs", "read:flags"] });
    let (id, secret) = (signing.id.to_string(), signing.signing_secret);
    signed((&id, &secret), &nexus.settings.public_url, nexus.now(), &permissions)
}

/// A link that the person asked for, as it stands in the mail.
async fn address_link(nexus: &Nexus, user: UserId) -> String {
    let ip = "192.0.2.1".parse().expect("an address");
    let opened = people::Opened::by_password(user, nexus.now());
    people::send_verification(nexus, opened, ip).await.expect("sent");
    let letters = mail::letters_for(nexus, Person::Viewer.email()).await.expect("letters");
    let (_, link) = letters.into_iter().next_back().and_then(|letter| letter.button).expect("a link");
    link.rsplit('/').next().expect("a token").to_owned()
}

/// A tenant: whoever operates the instance, and its owner.
async fn found(nexus: &Nexus, slug: &str, owner: Person, hash: &str) -> (Actor, Actor) {
    let founding = Founding {
        slug: slug.into(),
        name: slug.into(),
        email: owner.email().into(),
        password_hash: Some(hash.into()),
    };
    let founded = match owner {
        Person::Owner => tenants::found(nexus, founding, None).await,
        _ => tenants::found_another(nexus, founding, None).await,
    };
    let founded = founded.expect("a tenant");
    let owner = people::person(nexus, people::Opened::by_password(founded.owner, nexus.now()), slug, None)
        .await
        .expect("its owner");
    (founded.actor, owner)
}

/// The members: no use case invites anybody yet, so they are written as rows.
async fn people_of_acme(nexus: &Nexus, acme: &Actor, rival: &Actor, hash: &str) -> Vec<(Person, UserId)> {
    let mut made = Vec::new();
    let now = nexus.now().0;
    for person in Person::ALL {
        if person.email() == Person::Owner.email() || person == Person::Rival {
            continue;
        }
        let user = Uuid::now_v7();
        let tenant = id(if person == Person::Invited { rival.tenant.0 } else { acme.tenant.0 });
        let (key, email, role) = (id(user), person.email(), person.tenant_role());
        let handle = nexus_domain::slug::handle_from_email(email);
        execute(
            nexus,
            &format!(
                "INSERT INTO users (id, email, password_hash, created_at)
                     VALUES ({key}, '{email}', '{hash}', {now});
                 INSERT INTO memberships (tenant_id, user_id, role, handle, created_at)
                     VALUES ({tenant}, {key}, '{role}', '{handle}', {now});"
            ),
        )
        .await;
        if let Some(role) = person.project_role() {
            execute(
                nexus,
                &format!(
                    "INSERT INTO project_members (tenant_id, project_id, user_id, role, created_at)
                     SELECT tenant_id, id, {key}, '{role}', {now} FROM projects
                     WHERE slug = 'shop' AND tenant_id = {tenant}"
                ),
            )
            .await;
        }
        made.push((person, UserId(user)));
    }
    made
}

/// `Removed` is a member of both tenants, and then of the other one alone.
async fn remove_somebody(nexus: &Nexus, owner: &Actor, rival: &Actor, people: &[(Person, UserId)]) {
    let user = people.iter().find(|(it, _)| *it == Person::Removed).expect("somebody").1;
    let (tenant, key, now) = (id(rival.tenant.0), id(user.0), nexus.now().0);
    execute(
        nexus,
        &format!(
            "INSERT INTO memberships (tenant_id, user_id, role, handle, created_at)
             VALUES ({tenant}, {key}, 'member', 'rob', {now})"
        ),
    )
    .await;
    members::remove(nexus, owner, user).await.expect("removed");
}

/// The id and the token of an invitation, and the id of the mail with another.
async fn invitations_of_acme(nexus: &Nexus, owner: &Actor) -> (String, String, String) {
    let invite = async |email: &str| {
        let projects = vec![ProjectGrant { project: "shop".into(), role: ProjectRole::Viewer }];
        let new = NewInvitation { email: email.into(), tenant_role: TenantRole::Member, projects };
        invitations::invite_one(nexus, owner, new).await.expect("an invitation").id
    };
    let id = invite("new@new.test").await;
    let link = invitations::copy_link(nexus, owner, id).await.expect("a link").link;
    invite(KEPT).await;
    let mail = mail::by_operator(nexus, 1).await.expect("the mails").remove(0);
    (id.to_string(), link.rsplit('/').next().expect("a token").to_owned(), mail.id.to_string())
}

/// A session that began a minute ago at most; `Ended` has a cookie and no session.
async fn open_session(nexus: &Nexus, person: Person, user: UserId) {
    if person == Person::Ended {
        return;
    }
    let data = json!({ "user": user, "signed_in_at": nexus.now() }).to_string();
    let expires_at = nexus.now().plus(timestamp::HOUR);
    let stored = Stored { user: Some(user), data, expires_at };
    assert!(
        sessions::create(nexus, &person.session_id(), stored, Around::default()).await.expect("a session")
    );
}

async fn things_of_acme(nexus: &Nexus, owner: &Actor) {
    for (environment, slug, kind, umbrella) in [
        ("live", "api", ServiceKind::Backend, false),
        ("live", "worker", ServiceKind::Backend, false),
        ("live", "shared", ServiceKind::Backend, true),
        ("live", "web", ServiceKind::Frontend, false),
        ("develop", "api", ServiceKind::Backend, false),
        ("develop", "lonely", ServiceKind::Backend, false),
    ] {
        make_service(nexus, owner, environment, slug, kind, umbrella).await;
    }
    services::link(nexus, owner, &path("live", "worker"), "shared").await.expect("linked");
    for (environment, service, key, value) in [
        ("live", "api", "TOKEN", "first-token"),
        ("live", "api", "GONE", "gone-value"),
        ("live", "worker", "OWN", "own-value"),
        ("live", "shared", "DB_URL", "shared-url"),
        ("develop", "api", "TOKEN", "develop-token"),
    ] {
        let new = NewSecret { key: key.into(), value: Some(value.into()), ..NewSecret::default() };
        secrets::create(nexus, owner, &path(environment, service), new).await.expect("a secret");
    }
    let api = path("live", "api");
    let second = NewSecretVersion { value: Some("second-token".into()), ..NewSecretVersion::default() };
    secrets::add_version(nexus, owner, &api, "TOKEN", second).await.expect("a version");
    let file = NewSecret {
        key: "CERT".into(),
        value_base64: Some("AAECAw==".into()),
        kind: Some(SecretType::File),
        ..NewSecret::default()
    };
    secrets::create(nexus, owner, &api, file).await.expect("a file");
    secrets::delete(nexus, owner, &api, "GONE", None).await.expect("deleted");
    configs_of_acme(nexus, owner).await;
    flags_of_acme(nexus, owner).await;
}

async fn configs_of_acme(nexus: &Nexus, owner: &Actor) {
    for (service, key, value) in [
        ("api", "PORT", json!(8080)),
        ("api", "GONE", json!(true)),
        ("shared", "REGION", json!("eu-1")),
        ("web", "TITLE", json!("Shop")),
    ] {
        make_config(nexus, owner, &path("live", service), key, value).await;
    }
    let api = path("live", "api");
    let second = NewConfigVersion { value: Some(as_json(json!(8081))), ..NewConfigVersion::default() };
    configs::update(nexus, owner, &api, "PORT", second).await.expect("a version");
    configs::delete(nexus, owner, &api, "GONE", None).await.expect("deleted");
}

async fn flags_of_acme(nexus: &Nexus, owner: &Actor) {
    for (service, key) in [("api", "beta"), ("api", "GONE"), ("shared", "region-lock"), ("web", "banner")] {
        make_flag(nexus, owner, &path("live", service), key).await;
    }
    let api = path("live", "api");
    flags::toggle(nexus, owner, &api, "beta", Toggle::default()).await.expect("a version");
    flags::delete(nexus, owner, &api, "GONE", None).await.expect("deleted");
}

/// A flag that is off.
async fn make_flag(nexus: &Nexus, actor: &Actor, path: &ServicePath, key: &str) {
    let new = NewFlag { key: key.into(), ..NewFlag::default() };
    flags::create(nexus, actor, path, new).await.expect("a flag");
}

fn as_json(value: serde_json::Value) -> JsonText {
    serde_json::from_str(&value.to_string()).expect("JSON")
}

async fn make_config(nexus: &Nexus, actor: &Actor, path: &ServicePath, key: &str, value: serde_json::Value) {
    let new = NewConfig { key: key.into(), value: Some(as_json(value)), ..NewConfig::default() };
    configs::create(nexus, actor, path, new).await.expect("a config");
}

async fn make_service(
    nexus: &Nexus,
    actor: &Actor,
    environment: &str,
    slug: &str,
    kind: ServiceKind,
    umbrella: bool,
) {
    let new = NewService {
        name: slug.into(),
        slug: Some(slug.into()),
        kind,
        environment: Some(environment.into()),
        umbrella,
    };
    services::create(nexus, actor, "shop", new).await.expect("a service");
}

/// The developer's own environment, `dev_dan`.
async fn developers_own(nexus: &Nexus, developer: &Actor) {
    let dev = dev_environments::create(nexus, developer, "shop").await.expect("a developer environment");
    assert_eq!(dev.environment.slug, "dev_dan");
    make_service(nexus, developer, "dev_dan", "api", ServiceKind::Backend, false).await;
    let new = NewSecret { key: "TOKEN".into(), value: Some("dans-token".into()), ..NewSecret::default() };
    secrets::create(nexus, developer, &path("dev_dan", "api"), new).await.expect("a secret");
    make_config(nexus, developer, &path("dev_dan", "api"), "PORT", json!(9090)).await;
    make_flag(nexus, developer, &path("dev_dan", "api"), "beta").await;
}

async fn environment_key(nexus: &Nexus, operator: &Actor, environment: &str, scopes: Scopes) -> String {
    let made = credentials::make_environment_key(nexus, operator, environment, "test", scopes).await;
    made.expect("a key").text
}

/// A key that the owner makes.
async fn owners_key(
    nexus: &Nexus,
    owner: &Actor,
    kind: KeyType,
    scopes: Option<Vec<Scope>>,
) -> MadeEnvironmentKey {
    let new = NewEnvironmentKey {
        name: "ci".into(),
        environment: Some("live".into()),
        kind,
        scopes,
        allowed_cidrs: None,
        expires_at: None,
    };
    keys::environment::create(nexus, owner, new).await.expect("a key")
}

async fn rotated(nexus: &Nexus, owner: &Actor, path: &ServicePath, slot: Slot, access: Access) -> String {
    let request = RotateRequest { grace_hours: Some(0), access: Some(access) };
    keys::rotate(nexus, owner, path, slot, request).await.expect("a key").key
}
