//! Titles of pages, made from their addresses, so that the server can write them before the page's
//! data is read and the browser can change them as it goes.

/// The title of the page at a path.
pub fn of(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let title = match parts.as_slice() {
        ["sign-in"] => "Sign in".to_owned(),
        ["sign-in", "second"] => "One more step".to_owned(),
        ["forgot"] => "A new password".to_owned(),
        ["verify", ..] => "Confirm the address".to_owned(),
        ["invitation", ..] => "You are invited".to_owned(),
        ["account"] => "Account".to_owned(),
        ["account", "security"] => "Second factors".to_owned(),
        ["account", "sessions"] => "Sessions".to_owned(),
        ["account", "connections"] => "Connected sign-ins".to_owned(),
        ["account", "apps"] => "Connected apps".to_owned(),
        ["oauth", "authorize"] => "Let an app act for you".to_owned(),
        ["device"] => "Let a device in".to_owned(),
        ["account", "tenants"] => "Tenants".to_owned(),
        ["setup"] => "Set up".to_owned(),
        ["step-up"] => "Confirm that it is you".to_owned(),
        ["reset", ..] => "New password".to_owned(),
        ["t", _, "projects"] => "Projects".to_owned(),
        ["t", _, "audit"] => "Audit log".to_owned(),
        ["t", _, "api-log"] => "API log".to_owned(),
        ["t", _, "members"] => "Members".to_owned(),
        ["t", _, "members", "invitations"] => "Invitations".to_owned(),
        ["t", _, "members", "outbox"] => "Outbox".to_owned(),
        ["t", _, "sign-in"] => "Sign-in".to_owned(),
        ["t", _, "settings"] => "Settings".to_owned(),
        ["t", _, "environments"] => "Environments".to_owned(),
        ["t", _, "api-keys"] => "API keys".to_owned(),
        ["t", _, "oauth-apps"] => "OAuth apps".to_owned(),
        ["t", _, "identity-providers"] => "Identity providers".to_owned(),
        ["t", _, "projects", project] => (*project).to_owned(),
        ["t", _, "projects", project, tab] => join(tab_name(tab), &[project]),
        ["t", _, "projects", project, environment, service, tab] => {
            join(tab_name(tab), &[service, environment, project])
        }
        _ => return "Nexus".to_owned(),
    };
    join(&title, &["Nexus"])
}

fn tab_name(tab: &str) -> &str {
    match tab {
        "secrets" => "Secrets",
        "configs" => "Configs",
        "flags" => "Flags",
        "keys" => "API keys",
        "identities" => "Identities",
        "tester" => "Run Tester",
        "grid" => "Environment grid",
        "audit" => "Audit log",
        "members" => "Members",
        "settings" => "Settings",
        other => other,
    }
}

fn join(first: &str, rest: &[&str]) -> String {
    let mut title = first.to_owned();
    for part in rest {
        title.push_str(" · ");
        title.push_str(part);
    }
    title
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_says_where_one_is() {
        assert_eq!(of("/sign-in"), "Sign in · Nexus");
        assert_eq!(of("/t/acme/projects/shop"), "shop · Nexus");
        assert_eq!(of("/t/acme/projects/shop/live/api/secrets"), "Secrets · api · live · shop · Nexus");
        assert_eq!(of("/nothing"), "Nexus");
    }
}
