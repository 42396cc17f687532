//! The demo tenant: small, realistic, and made through the same use cases as everything else, so
//! that its audit log tells a true story.

use nexus_backend::gate::Actor;
use nexus_backend::tenants::{Founding, found};
use nexus_backend::{Error, Nexus, Result, configs, flags, keys, people, projects, secrets, services};
use nexus_domain::config::{ConfigType, ConfigValue, NewConfig};
use nexus_domain::flag::{
    Condition, FlagDefinition, FlagState, NewFlag, Operator, Percentage, Rule, Serve, Variant,
};
use nexus_domain::keys::{RotateRequest, Slot};
use nexus_domain::project::{NewProject, Tier};
use nexus_domain::secret::{NewSecret, NewSecretVersion, SecretPatch, SecretType};
use nexus_domain::service::{NewService, ServiceKind, ServicePath};
use nexus_domain::timestamp::DAY_MICROS;
use secrecy::SecretString;

const EMAIL: &str = "ana@acme.test";

/// Fills an empty database; answers with what to print.
pub(super) async fn fill(nexus: &Nexus) -> Result<Vec<String>> {
    let password = demo_password(nexus)?;
    let password_hash = Some(nexus.passwords.hash(SecretString::from(password.clone())).await?);
    let founding = Founding { slug: "acme".into(), name: "Acme".into(), email: EMAIL.into(), password_hash };
    let founded = found(nexus, founding, None).await?;
    let owner =
        people::person(nexus, people::Opened::by_password(founded.owner, nexus.now()), "acme", None).await?;
    // Whatever the billing mode: the demo uses more than the lowest tier has.
    let project = |name: &str| NewProject { name: name.into(), slug: None, tier: Some(Tier::Xl) };
    projects::create(nexus, &owner, project("Shop")).await?;
    projects::create(nexus, &owner, project("Warehouse")).await?;
    for environment in ["live", "staging", "develop"] {
        fill_environment(nexus, &owner, environment).await?;
    }
    let path = path("live", "checkout-api");
    let rotated = keys::rotate(nexus, &owner, &path, Slot::Primary, RotateRequest::default()).await?;
    let service = services::get(nexus, &owner, &path).await?;
    Ok(vec![
        format!("Demo tenant Acme: sign in as {EMAIL} with the password {password}"),
        "Read its secrets as a program would:".into(),
        format!(
            "  curl -H 'Authorization: Bearer {}' {}/v1/sync",
            rotated.key,
            service.endpoint.unwrap_or_default()
        ),
    ])
}

/// A password of this start only: a demo that is left running is not open to everybody.
fn demo_password(nexus: &Nexus) -> Result<String> {
    let bytes: [u8; 9] = nexus_backend::crypto::random(nexus.keyring.random())?;
    Ok(format!("demo-{}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}

fn path(environment: &str, service: &str) -> ServicePath {
    ServicePath { project: "shop".into(), environment: environment.into(), service: service.into() }
}

async fn fill_environment(nexus: &Nexus, owner: &Actor, environment: &str) -> Result<()> {
    let shared = match environment {
        "live" => "shared-production",
        other => &format!("shared-{other}"),
    };
    make_service(nexus, owner, environment, shared, ServiceKind::Backend, true).await?;
    make_service(nexus, owner, environment, "checkout-api", ServiceKind::Backend, false).await?;
    make_service(nexus, owner, environment, "storefront", ServiceKind::Frontend, false).await?;
    services::link(nexus, owner, &path(environment, "checkout-api"), shared).await?;

    let shared = path(environment, shared);
    let url = format!("rediss://cache.{environment}.acme.test:6380/0");
    put(nexus, owner, &shared, "REDIS_URL", &url, "First cluster").await?;
    put(nexus, owner, &shared, "stripe.secret_key", "sk_demo_shared_3f9a", "Account of the group").await?;
    put(nexus, owner, &shared, "sentry.dsn", "https://demo@sentry.acme.test/7", "").await?;
    let certificate = NewSecret {
        key: "TLS_CERT".into(),
        value_base64: Some(
            "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCmRlbW8KLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=".into(),
        ),
        kind: Some(SecretType::File),
        description: Some("Renewed for a year".into()),
        ..NewSecret::default()
    };
    secrets::create(nexus, owner, &shared, certificate).await?;

    let checkout = path(environment, "checkout-api");
    put(nexus, owner, &checkout, "database_password", "first-of-three", "").await?;
    for (value, description) in
        [("second-of-three", "Moved to the new cluster"), ("third-of-three", "Rotated after Q2 audit")]
    {
        let new = NewSecretVersion {
            value: Some(value.into()),
            description: Some(description.into()),
            ..NewSecretVersion::default()
        };
        secrets::add_version(nexus, owner, &checkout, "database_password", new).await?;
    }
    put(nexus, owner, &checkout, "stripe.secret_key", "sk_demo_checkout_77c1", "Own account").await?;
    put(
        nexus,
        owner,
        &checkout,
        "payments:webhook_secret",
        "whsec_demo_9f3a7c1e55",
        "From the provider's console",
    )
    .await?;
    put(nexus, owner, &checkout, "JWT_SIGNING_KEY", "demo-4e1f-signing", "").await?;
    let patch = SecretPatch {
        note: Some("Owned by the payments team; rotate together with the provider.".into()),
        tags: Some(vec!["payments".into(), "rotate-quarterly".into()]),
        ..SecretPatch::default()
    };
    secrets::patch(nexus, owner, &checkout, "payments:webhook_secret", patch).await?;
    fill_configs(nexus, owner, environment, &shared).await
}

async fn fill_configs(nexus: &Nexus, owner: &Actor, environment: &str, shared: &ServicePath) -> Result<()> {
    use ConfigType::{Boolean, Json, Number, String};
    let (checkout, storefront) = (path(environment, "checkout-api"), path(environment, "storefront"));
    let database =
        format!("postgres://checkout:{{{{secret:database_password}}}}@db.{environment}.acme.test/checkout");
    let limits = r#"{"cart": {"items": 50}, "retries": [1, 2, 5], "region": "{{config:region}}"}"#;
    let api = format!("https://api.{environment}.acme.test");
    for (service, key, kind, text) in [
        (shared, "region", String, "eu-central-1"),
        (&checkout, "PORT", Number, "8080"),
        (&checkout, "database_url", String, &database),
        (&checkout, "limits", Json, limits),
        (&storefront, "API_URL", String, &api),
        (&storefront, "show_banner", Boolean, "true"),
    ] {
        let value = Some(ConfigValue::typed(kind, text)?.json());
        let new = NewConfig { key: key.into(), kind: Some(kind), value, ..NewConfig::default() };
        configs::create(nexus, owner, service, new).await?;
    }
    fill_flags(nexus, owner, &checkout, &storefront).await
}

async fn fill_flags(
    nexus: &Nexus,
    owner: &Actor,
    checkout: &ServicePath,
    storefront: &ServicePath,
) -> Result<()> {
    let staff = Rule {
        id: "staff".into(),
        description: "Everybody who works here".into(),
        when: Some(Condition::compare("email", Operator::EndsWith, "@acme.test")),
        serve: Serve::default(),
    };
    let quarter = Percentage::parse("25").ok_or(Error::Impossible("a percentage"))?;
    let new_checkout = FlagDefinition {
        rules: vec![staff],
        rollout: Some(Serve::percentage(quarter)),
        ..FlagDefinition::boolean(FlagState::On)
    };
    let sale = FlagDefinition {
        starts_at: Some(nexus.now().plus(3 * DAY_MICROS)),
        ends_at: Some(nexus.now().plus(10 * DAY_MICROS)),
        ..FlagDefinition::boolean(FlagState::Scheduled)
    };
    let variant = |name: &str| Variant { name: name.into(), value: name.into() };
    let layout = FlagDefinition {
        variants: vec![variant("list"), variant("tiles")],
        on_variant: "tiles".into(),
        off_variant: "list".into(),
        ..FlagDefinition::boolean(FlagState::On)
    };
    for (service, key, definition, note) in [
        (checkout, "new-checkout", new_checkout, "The checkout in one page"),
        (checkout, "maintenance", FlagDefinition::boolean(FlagState::Off), "Refuses new orders"),
        (storefront, "winter-sale", sale, ""),
        (storefront, "product-layout", layout, "How the list of products looks"),
    ] {
        let new = NewFlag { key: key.into(), definition, note: Some(note.into()), ..NewFlag::default() };
        flags::create(nexus, owner, service, new).await?;
    }
    Ok(())
}

async fn make_service(
    nexus: &Nexus,
    owner: &Actor,
    environment: &str,
    name: &str,
    kind: ServiceKind,
    umbrella: bool,
) -> Result<()> {
    let new =
        NewService { name: name.into(), slug: None, kind, environment: Some(environment.into()), umbrella };
    services::create(nexus, owner, "shop", new).await.map(|_| ())
}

async fn put(
    nexus: &Nexus,
    owner: &Actor,
    path: &ServicePath,
    key: &str,
    value: &str,
    why: &str,
) -> Result<()> {
    let new = NewSecret {
        key: key.into(),
        value: Some(value.into()),
        description: Some(why.into()),
        ..NewSecret::default()
    };
    secrets::create(nexus, owner, path, new).await.map(|_| ())
}
