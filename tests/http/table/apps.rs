//! The calls about OAuth in the console: apps of a tenant, and what a person lets apps do.

use super::call::{Call, function};

const NOBODYS: &str = "00000000-0000-7000-8000-000000000000";

/// The apps of a tenant.
pub fn functions() -> Vec<Call> {
    let on_app = |name: &str| function(name).at("id", "{app}");
    let of = |call: Call| call.at("name", "Other").at("scopes[]", "read:flags");
    let new = of(function("create_oauth_app")).at("kind", "public");
    vec![
        function("read_oauth_apps"),
        new.at("redirect_uris", "https://other.test/callback"),
        of(on_app("update_oauth_app")).at("redirect_uris", "https://other.test/callback"),
        on_app("switch_oauth_app").at("enabled", "false"),
        on_app("rotate_oauth_secret").at("grace_hours", "24"),
        on_app("delete_oauth_app"),
    ]
}

/// What a person decides about apps and devices.
pub fn of_a_person() -> Vec<Call> {
    let on_device = |name: &str| function(name).at("user_code", "BCDF-GHJK").note("with a code of no device");
    vec![
        function("read_consent").at("query", "{asking}"),
        function("decide_consent").at("query", "{asking}").at("answer", "allow"),
        function("decide_consent").at("query", "client_id=nobodys").note("of an app that is not there"),
        on_device("read_device"),
        on_device("decide_device").at("answer", "allow"),
        function("read_connected_apps"),
        function("end_connected_app").at("id", NOBODYS).note("that is not there"),
    ]
}
