//! The console in parts. What everybody sees first is in the main one: the frame and the way to a
//! service. The code of the other pages comes with the part that they are in, when one of its pages
//! is first shown. `cargo xtask build` cuts the compiled console along the functions that are
//! marked here (`wasm_split`) and tells the server which files a part is made of.
//!
//! The server names the files of the page that it sends, so that the browser fetches all at once,
//! and the browser has them before it takes the page over: hydration waits for nothing. When one
//! goes from page to page, the router shows the next one as soon as its part is there.
//!
//! Few parts are better than many: each file is compressed alone, and what two parts share comes in
//! one more.

use crate::components::palette::Found as PaletteFound;
use crate::pages::account::{
    AccountFrame, apps::ConnectedAppsTab, connections::ConnectionsTab, profile::ProfileTab,
    security::SecurityTab, sessions::SessionsTab, tenants::TenantsTab,
};
use crate::pages::auth::{
    consent::ConsentPage,
    device::DevicePage,
    forgot::ForgotPage,
    invitation::InvitationPage,
    passkey::{PasskeyConfirm, PasskeySignIn},
    reset::ResetPage,
    second::SecondStepPage,
    setup::SetUpPage,
    sign_in::SignInPage,
    step_up::StepUpPage,
    verify::VerifyPage,
};

use crate::pages::frame::Frame;
use crate::pages::grid::GridTab;
use crate::pages::members::{MembersFrame, invitations::InvitationsTab, list::MembersTab, outbox::OutboxTab};
use crate::pages::project::{
    ProjectFrame, audit::ProjectAuditTab, members::ProjectMembersTab, settings::ProjectSettingsTab,
};
use crate::pages::service::{ServiceFrame, keys::KeysTab, settings::ServiceSettingsTab};
use crate::pages::workload::{IdentitiesTab, IdentityProvidersPage};
use crate::pages::{
    api_keys::ApiKeysPage,
    api_log::ApiLogPage,
    audit::AuditPage,
    configs::ConfigsTab,
    environments::EnvironmentsPage,
    flags::{FlagsTab, TesterTab},
    oauth_apps::OauthAppsPage,
    projects::ProjectsPage,
    secrets::SecretsTab,
};
use crate::pages::{services::ServicesTab, settings::SettingsPage, sign_in_rules::SignInRulesPage};
use futures::future::{LocalBoxFuture, ready};
use leptos::prelude::*;
use leptos::reactive::computed::ScopedFuture;
use leptos::wasm_split::{SplitLoaderError, wasm_split};
use leptos_router::ChooseView;
use std::sync::{Arc, Mutex};

type Loading<T> = LocalBoxFuture<'static, Result<T, SplitLoaderError>>;

/// A page, or a frame around pages, and how its code gets here. One type for all of them, so that
/// the router's machinery exists once.
#[derive(Clone, Copy)]
pub struct Page {
    /// The part that it is in; none for those that are in the main one.
    #[cfg_attr(not(feature = "ssr"), expect(dead_code, reason = "the server names it"))]
    part: Option<&'static str>,
    load: fn() -> Loading<()>,
    view: fn() -> Loading<AnyView>,
}

macro_rules! page {
    ($component:path) => {
        Page {
            part: None,
            load: || Box::pin(ready(Ok(()))),
            view: || Box::pin(async { Ok($component().into_any()) }),
        }
    };
    ($component:path, $part:ident::$name:ident) => {{
        #[wasm_split($part, wasm_split_path = leptos::wasm_split, preload(load), fallible)]
        fn $name() -> Result<AnyView, SplitLoaderError> {
            Ok($component().into_any())
        }
        Page { part: Some(stringify!($part)), load: || Box::pin(load()), view: || Box::pin($name()) }
    }};
}

/// Something in a page of the main part that only browsers with a script need: its code comes after
/// the page.
#[derive(Clone, Copy)]
pub struct Later(fn() -> Loading<AnyView>);

pub const PASSKEY_SIGN_IN: Later = Later(|| Box::pin(passkey_sign_in()));
pub const PASSKEY_CONFIRM: Later = Later(|| Box::pin(passkey_confirm()));
/// What the palette finds: it has a part of its own, which comes when somebody opens it.
pub const PALETTE: Later = Later(|| Box::pin(palette_found()));

#[wasm_split(entrance, wasm_split_path = leptos::wasm_split, fallible)]
fn passkey_sign_in() -> Result<AnyView, SplitLoaderError> {
    Ok(PasskeySignIn().into_any())
}

#[wasm_split(entrance, wasm_split_path = leptos::wasm_split, fallible)]
fn passkey_confirm() -> Result<AnyView, SplitLoaderError> {
    Ok(PasskeyConfirm().into_any())
}

#[wasm_split(palette, wasm_split_path = leptos::wasm_split, fallible)]
fn palette_found() -> Result<AnyView, SplitLoaderError> {
    Ok(PaletteFound().into_any())
}

/// Shows it once its code is there; nothing where that cannot be loaded, for it is never the only way.
/// Without the machinery of a resource, which the main part would have to carry for it.
pub fn later(what: Later) -> AnyView {
    let (loaded, owner) = (RwSignal::new(false), Owner::current());
    let slot = Arc::new(Mutex::new(None::<AnyView>));
    let filled = Arc::clone(&slot);
    // Effects run in the browser alone, after it has taken the page over.
    Effect::new(move |_| {
        let (filled, loading) = (Arc::clone(&filled), (what.0)());
        let Some(owner) = owner.clone() else { return };
        crate::call::spawn(owner.with(|| {
            ScopedFuture::new(async move {
                if let (Ok(view), Ok(mut slot)) = (loading.await, filled.lock()) {
                    *slot = Some(view);
                }
                let _gone = loaded.try_set(true);
            })
        }));
    });
    let shown = move || loaded.get().then(|| slot.lock().ok().and_then(|mut slot| slot.take()));
    shown.into_any()
}

impl Page {
    pub const SIGN_IN: Self = page!(SignInPage);
    pub const SET_UP: Self = page!(SetUpPage, entrance::set_up);
    pub const STEP_UP: Self = page!(StepUpPage, entrance::step_up);
    pub const RESET: Self = page!(ResetPage, entrance::reset);
    pub const SECOND_STEP: Self = page!(SecondStepPage, entrance::second_step);
    pub const FORGOT: Self = page!(ForgotPage, entrance::forgot);
    pub const VERIFY: Self = page!(VerifyPage, entrance::verify);
    pub const INVITATION: Self = page!(InvitationPage, entrance::invitation);
    pub const CONSENT: Self = page!(ConsentPage, entrance::consent);
    pub const DEVICE: Self = page!(DevicePage, entrance::device);
    pub const FRAME: Self = page!(Frame);
    pub const PROJECTS: Self = page!(ProjectsPage);
    pub const PROJECT: Self = page!(ProjectFrame);
    pub const SERVICES: Self = page!(ServicesTab, services::services);
    pub const SERVICE: Self = page!(ServiceFrame);

    pub const SECRETS: Self = page!(SecretsTab, secrets::secrets);
    pub const CONFIGS: Self = page!(ConfigsTab, configs::configs);
    pub const FLAGS: Self = page!(FlagsTab, flags::flags);
    pub const TESTER: Self = page!(TesterTab, flags::tester);
    pub const GRID: Self = page!(GridTab, grid::grid);

    // What is needed now and then.
    pub const AUDIT: Self = page!(AuditPage, manage::audit);
    pub const API_LOG: Self = page!(ApiLogPage, manage::api_log);
    pub const SETTINGS: Self = page!(SettingsPage, manage::settings);
    pub const ENVIRONMENTS: Self = page!(EnvironmentsPage, manage::environments);
    pub const API_KEYS: Self = page!(ApiKeysPage, manage::api_keys);
    pub const OAUTH_APPS: Self = page!(OauthAppsPage, manage::oauth_apps);
    pub const PROJECT_AUDIT: Self = page!(ProjectAuditTab, manage::project_audit);
    pub const PROJECT_SETTINGS: Self = page!(ProjectSettingsTab, manage::project_settings);
    pub const KEYS: Self = page!(KeysTab, manage::keys);
    pub const SERVICE_SETTINGS: Self = page!(ServiceSettingsTab, manage::service_settings);

    // Workload identity: programs that prove who they are with a token of their platform.
    pub const IDENTITY_PROVIDERS: Self = page!(IdentityProvidersPage, machines::identity_providers);
    pub const IDENTITIES: Self = page!(IdentitiesTab, machines::identities);

    // People: the members of a tenant, and what belongs to one person.
    pub const MEMBERS_FRAME: Self = page!(MembersFrame, people::members_frame);
    pub const MEMBERS: Self = page!(MembersTab, people::members);
    pub const INVITATIONS: Self = page!(InvitationsTab, people::invitations);
    pub const OUTBOX: Self = page!(OutboxTab, people::outbox);
    pub const SIGN_IN_RULES: Self = page!(SignInRulesPage, people::sign_in_rules);
    pub const PROJECT_MEMBERS: Self = page!(ProjectMembersTab, people::project_members);
    pub const ACCOUNT_FRAME: Self = page!(AccountFrame, account::frame);
    pub const PROFILE: Self = page!(ProfileTab, account::profile);
    pub const SECURITY: Self = page!(SecurityTab, account::security);
    pub const SESSIONS: Self = page!(SessionsTab, account::sessions);
    pub const CONNECTIONS: Self = page!(ConnectionsTab, account::connections);
    pub const CONNECTED_APPS: Self = page!(ConnectedAppsTab, account::apps);
    pub const TENANTS: Self = page!(TenantsTab, account::tenants);

    /// What has a part of its own at an address. Like the routes in `app.rs`, for those who need
    /// to know before the router runs.
    pub fn at(path: &str) -> Option<Self> {
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        match parts.next() {
            Some("setup") => return Some(Self::SET_UP),
            Some("step-up") => return Some(Self::STEP_UP),
            Some("reset") => return Some(Self::RESET),
            Some("forgot") => return Some(Self::FORGOT),
            Some("verify") => return Some(Self::VERIFY),
            Some("invitation") => return Some(Self::INVITATION),
            Some("oauth") => return Some(Self::CONSENT),
            Some("device") => return Some(Self::DEVICE),
            Some("account") => return Some(Self::ACCOUNT_FRAME),
            Some("sign-in") if parts.next() == Some("second") => return Some(Self::SECOND_STEP),
            _ => {}
        }
        let mut parts = parts.skip(1);
        let parts: [Option<&str>; 6] = std::array::from_fn(|_| parts.next());
        match parts {
            [Some("audit"), None, ..] => Some(Self::AUDIT),
            [Some("api-log"), None, ..] => Some(Self::API_LOG),
            [Some("settings"), None, ..] => Some(Self::SETTINGS),
            [Some("environments"), None, ..] => Some(Self::ENVIRONMENTS),
            [Some("api-keys"), None, ..] => Some(Self::API_KEYS),
            [Some("oauth-apps"), None, ..] => Some(Self::OAUTH_APPS),
            [Some("identity-providers"), None, ..] => Some(Self::IDENTITY_PROVIDERS),
            [Some("members"), ..] => Some(Self::MEMBERS_FRAME),
            [Some("sign-in"), None, ..] => Some(Self::SIGN_IN_RULES),
            [Some("projects"), Some(_), None, ..] => Some(Self::SERVICES),
            [Some("projects"), Some(_), Some("members"), None, ..] => Some(Self::PROJECT_MEMBERS),
            [Some("projects"), Some(_), Some("audit"), None, ..] => Some(Self::PROJECT_AUDIT),
            [Some("projects"), Some(_), Some("tester"), None, ..] => Some(Self::TESTER),
            [Some("projects"), Some(_), Some("grid"), None, ..] => Some(Self::GRID),
            [Some("projects"), Some(_), Some("settings"), None, ..] => Some(Self::PROJECT_SETTINGS),
            [Some("projects"), Some(_), Some(_), Some(_), Some("secrets"), None] => Some(Self::SECRETS),
            [Some("projects"), Some(_), Some(_), Some(_), Some("configs"), None] => Some(Self::CONFIGS),
            [Some("projects"), Some(_), Some(_), Some(_), Some("flags"), None] => Some(Self::FLAGS),
            [Some("projects"), Some(_), Some(_), Some(_), Some("keys"), None] => Some(Self::KEYS),
            [Some("projects"), Some(_), Some(_), Some(_), Some("identities"), None] => Some(Self::IDENTITIES),
            [Some("projects"), Some(_), Some(_), Some(_), Some("settings"), None] => {
                Some(Self::SERVICE_SETTINGS)
            }
            _ => None,
        }
    }

    /// The page inside a frame that is in a part itself. Each has to be loaded before the browser takes
    /// the page over, though both are in the same files.
    #[cfg_attr(feature = "ssr", allow(dead_code, reason = "only the browser loads"))]
    pub fn inside(path: &str) -> Option<Self> {
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        let parts: [Option<&str>; 4] = std::array::from_fn(|_| parts.next());
        match parts {
            [Some("account"), None, ..] => Some(Self::PROFILE),
            [Some("account"), Some("security"), None, _] => Some(Self::SECURITY),
            [Some("account"), Some("sessions"), None, _] => Some(Self::SESSIONS),
            [Some("account"), Some("connections"), None, _] => Some(Self::CONNECTIONS),
            [Some("account"), Some("apps"), None, _] => Some(Self::CONNECTED_APPS),
            [Some("account"), Some("tenants"), None, _] => Some(Self::TENANTS),
            [Some("t"), Some(_), Some("members"), None] => Some(Self::MEMBERS),
            [Some("t"), Some(_), Some("members"), Some("invitations")] => Some(Self::INVITATIONS),
            [Some("t"), Some(_), Some("members"), Some("outbox")] => Some(Self::OUTBOX),
            _ => None,
        }
    }

    /// The part that has to be loaded for it.
    #[cfg(feature = "ssr")]
    pub fn part(self) -> Option<&'static str> {
        self.part
    }

    /// Loads its part, in the browser.
    ///
    /// # Errors
    /// When that cannot be loaded.
    #[cfg(feature = "hydrate")]
    pub async fn load(self) -> Result<(), SplitLoaderError> {
        (self.load)().await
    }

    /// Loads the part of the page that one goes to. Where the server was updated, its files have
    /// other names now, so the page is loaded from it whole. Where the connection is lost, this
    /// waits for it.
    #[cfg(feature = "hydrate")]
    async fn load_or_leave(self) {
        let live = crate::live::live();
        let url = leptos_router::hooks::use_url();
        let mut pause = 500;
        while (self.load)().await.is_err() {
            if crate::call::is_reachable(live).await {
                let to = url.with_untracked(|url| match url.search() {
                    "" => url.path().to_owned(),
                    search => format!("{}?{search}", url.path()),
                });
                if window().location().set_href(&to).is_ok() {
                    std::future::pending::<()>().await;
                }
            }
            crate::call::sleep(pause).await;
            pause = (pause * 2).min(15_000);
        }
    }
}

impl ChooseView for Page {
    async fn preload(&self) {
        #[cfg(feature = "hydrate")]
        self.load_or_leave().await;
        #[cfg(not(feature = "hydrate"))]
        // On the server everything is there.
        let _ = self.load;
    }

    async fn choose(self) -> AnyView {
        // It was loaded before, so there is no error.
        (self.view)().await.unwrap_or_else(|_| ().into_any())
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    /// The pages that are in the main part.
    const MAIN: [&str; 2] = ["/sign-in", "/t/{tenant}/projects"];

    #[test]
    fn every_page_of_the_router_is_in_the_main_part_or_known_here() {
        for route in crate::server::pages().iter().filter(|route| !route.path().starts_with("/_fn/")) {
            let path = route.path().trim_end_matches('/');
            assert_eq!(Page::at(path).is_none(), MAIN.contains(&path), "{path}");
        }
    }

    #[test]
    fn every_page_in_a_frame_that_is_in_a_part_is_known_too() {
        let frames = ["/account", "/t/{tenant}/members"];
        for route in crate::server::pages().iter().filter(|route| !route.path().starts_with("/_fn/")) {
            let path = route.path().trim_end_matches('/');
            let is_inside = frames.iter().any(|frame| path.starts_with(frame));
            assert_eq!(Page::inside(path).is_some(), is_inside, "{path}");
        }
    }

    #[test]
    fn an_address_says_which_part_it_needs() {
        let part = |path| Page::at(path).and_then(Page::part);
        assert_eq!(part("/t/acme/projects/shop/live/api/secrets"), Some("secrets"));
        assert_eq!(part("/t/acme/projects/shop/live/api/keys"), Some("manage"));
        assert_eq!(part("/t/acme/audit/"), Some("manage"));
        assert_eq!(part("/t/acme/projects/shop/live/api/identities"), Some("machines"));
        assert_eq!(part("/t/acme/projects/shop"), Some("services"));
        assert_eq!(part("/t/acme/projects/shop/grid"), Some("grid"));
        assert_eq!(part("/reset/0123"), Some("entrance"));
        assert_eq!(part("/t/acme/projects/"), None);
        assert_eq!(part("/t/acme/projects/shop/live/api/secrets/more/and/more"), None);
    }
}
