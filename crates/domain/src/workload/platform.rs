//! What is checked of a token besides its rule, because of the platform that it is from: that it is a program's
//! and not a person's, and that strangers did not make the platform run it.

use super::aws::RoleArn;
use super::claims::{ClaimValue, RuleClaims, TokenClaims};
use super::kind::{IdentityProviderKind, azure_tenant};

type Judged = Result<(), &'static str>;

fn expect(holds: bool, otherwise: &'static str) -> Judged {
    if holds { Ok(()) } else { Err(otherwise) }
}

/// Whether the token is a program's, as the platform's tokens tell.
pub(super) fn is_workload(kind: IdentityProviderKind, issuer: &str, claims: &TokenClaims) -> Judged {
    use IdentityProviderKind as K;
    match kind {
        K::Gcp => google(claims),
        K::AwsOidc => aws(claims),
        K::Azure => azure(issuer, claims),
        K::Kubernetes => kubernetes(claims),
        K::Github => github(claims),
        K::Gitlab => gitlab(claims),
        K::AwsIam | K::Oidc => Ok(()),
    }
}

/// Tokens of people have a numeric `sub` too; only the address tells them apart, or that they were given to
/// themselves (`azp`), where the address was not asked for.
fn google(claims: &TokenClaims) -> Judged {
    let sub = claims.text("sub").unwrap_or_default();
    expect(!sub.is_empty() && sub.bytes().all(|b| b.is_ascii_digit()), "sub is no numeric id")?;
    expect(claims.get("hd").is_none(), "It is a token of a person (hd)")?;
    match claims.get("email") {
        None => expect(claims.text("azp") == Some(sub), "It is no token of a service account (azp)"),
        Some(email) => {
            let account = email.as_str().is_some_and(|email| email.ends_with(".gserviceaccount.com"));
            expect(account, "It is a token of a person: email is no service account")?;
            let verified = claims.get("email_verified").and_then(serde_json::Value::as_bool) == Some(true);
            expect(verified, "email_verified is not true")
        }
    }
}

fn aws(claims: &TokenClaims) -> Judged {
    let role = claims.text("sub").and_then(RoleArn::parse).ok_or("sub is no role of AWS")?;
    match claims.get("/https:~1~1sts.amazonaws.com~1/aws_account") {
        Some(account) => expect(account.as_str() == Some(&role.account), "sub is a role of another account"),
        None => Ok(()),
    }
}

/// A token that a person got says what it may do for them (`scp`).
fn azure(issuer: &str, claims: &TokenClaims) -> Judged {
    let tenant = azure_tenant(issuer);
    expect(tenant.is_some() && claims.text("tid") == tenant, "tid is not the directory of the issuer")?;
    expect(claims.get("scp").is_none(), "It is a token of a person (scp)")?;
    let app = claims.get("idtyp").is_none_or(|idtyp| idtyp.as_str() == Some("app"));
    expect(app, "It is a token of a person (idtyp)")?;
    expect(
        claims.text("oid").is_some() && claims.text("sub") == claims.text("oid"),
        "It is a token of a person: sub is not oid",
    )
}

fn kubernetes(claims: &TokenClaims) -> Judged {
    let sub = claims.text("sub").unwrap_or_default();
    let rest = sub.strip_prefix("system:serviceaccount:").ok_or("sub is no service account")?;
    // Old clusters, and other issuers of a cloud, do not say more.
    let Some(about) = claims.get("kubernetes.io") else { return Ok(()) };
    let named = |pointer: &str| about.pointer(pointer).and_then(serde_json::Value::as_str);
    let own = named("/namespace").zip(named("/serviceaccount/name"));
    let agrees = own.is_some_and(|(space, name)| rest.split_once(':') == Some((space, name)));
    expect(agrees, "sub is another service account than the one in kubernetes.io")
}

fn is_id(claims: &TokenClaims, name: &str) -> bool {
    claims.text(name).is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()))
}

fn github(claims: &TokenClaims) -> Judged {
    let ids = is_id(claims, "repository_id") && is_id(claims, "repository_owner_id");
    expect(ids, "repository_id and repository_owner_id are no ids")?;
    expect(claims.text("event_name").is_some(), "event_name is missing")?;
    let sub = claims.text("sub").ok_or("sub is missing")?;
    match ids_in_subject(sub) {
        None => Ok(()),
        Some((owner, repository)) => {
            let agree = claims.text("repository_owner_id") == Some(owner)
                && claims.text("repository_id") == Some(repository);
            expect(agree, "sub is about another repository than repository_id")
        }
    }
}

/// The ids in a subject of the newer form, `repo:<owner>@<id>/<name>@<id>:…`.
fn ids_in_subject(sub: &str) -> Option<(&str, &str)> {
    let named = sub.strip_prefix("repo:")?.split(':').next()?;
    let (owner, repository) = named.split_once('/')?;
    Some((owner.rsplit_once('@')?.1, repository.rsplit_once('@')?.1))
}

fn gitlab(claims: &TokenClaims) -> Judged {
    expect(
        is_id(claims, "project_id") && is_id(claims, "namespace_id"),
        "project_id and namespace_id are no ids",
    )?;
    expect(claims.text("pipeline_source").is_some(), "pipeline_source is missing")
}

/// Whether strangers may have made this run: what they sent in is built in a repository that is pinned. That
/// passes only under a rule that says so by name. What passes anyway is a list and not what is left over, because
/// platforms get new events all the time.
pub(super) fn is_meant(kind: IdentityProviderKind, claims: &TokenClaims, rule: &RuleClaims) -> Judged {
    let named = |claim: &str| {
        rule.get(claim).and_then(ClaimValue::text).is_some_and(|own| claims.text(claim) == Some(own))
    };
    match kind {
        IdentityProviderKind::Github => {
            let by_sub = named("sub") && is_of_a_pull_request(claims) && event(claims) == "pull_request";
            expect(
                made_by_a_member(claims) || named("event_name") || by_sub,
                "It runs for a pull request or for what a stranger may have done; the rule does not pin event_name",
            )
        }
        IdentityProviderKind::Gitlab => {
            let protected = named("ref_protected") && claims.text("ref_protected") == Some("true");
            expect(
                source_is_a_member(claims)
                    || named("pipeline_source")
                    || (has_a_parent(claims) && !is_of_a_merge_request(claims) && protected),
                "It runs for a merge request, which may be a stranger's, or for what may be part of one; the rule \
                 pins neither pipeline_source nor, where that would do, ref_protected",
            )
        }
        _ => Ok(()),
    }
}

fn event(claims: &TokenClaims) -> &str {
    claims.text("event_name").unwrap_or_default()
}

fn is_of_a_pull_request(claims: &TokenClaims) -> bool {
    claims.text("sub").is_some_and(|sub| sub.ends_with(":pull_request"))
}

/// Whether only somebody who may write to the repository can have caused this event of GitHub.
fn made_by_a_member(claims: &TokenClaims) -> bool {
    const MEMBERS: [&str; 9] = [
        "push",
        "schedule",
        "workflow_dispatch",
        "release",
        "create",
        "merge_group",
        "repository_dispatch",
        "workflow_call",
        "deployment",
    ];
    MEMBERS.contains(&event(claims))
        && !claims.text("ref").is_some_and(|name| name.starts_with("refs/pull/"))
        && !is_of_a_pull_request(claims)
}

fn source(claims: &TokenClaims) -> &str {
    claims.text("pipeline_source").unwrap_or_default()
}

/// Whether only somebody who may write to the project can have started this pipeline of GitLab.
fn source_is_a_member(claims: &TokenClaims) -> bool {
    matches!(source(claims), "push" | "schedule" | "web" | "webide" | "api") && !is_of_a_merge_request(claims)
}

/// What another pipeline started may be part of a merge request: it does not say what that one was started by.
fn has_a_parent(claims: &TokenClaims) -> bool {
    matches!(source(claims), "parent_pipeline" | "pipeline" | "trigger")
}

/// A pipeline of a merge request has the name of its source branch, which a fork chooses.
fn is_of_a_merge_request(claims: &TokenClaims) -> bool {
    claims.text("ref_path").is_some_and(|path| path.starts_with("refs/merge-requests/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use IdentityProviderKind as K;

    fn meant(kind: K, claims: &[(&str, &str)], rule: &[(&str, &str)]) -> bool {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), serde_json::json!(value));
        let claims = TokenClaims(claims.iter().map(pair).collect());
        let rule = rule.iter().map(|(name, value)| ((*name).to_owned(), ClaimValue::from(*value))).collect();
        is_meant(kind, &claims, &rule).is_ok()
    }

    #[test]
    fn of_github_only_events_of_members_pass() {
        for event in [
            "push",
            "schedule",
            "workflow_dispatch",
            "release",
            "create",
            "merge_group",
            "repository_dispatch",
            "workflow_call",
            "deployment",
        ] {
            assert!(meant(K::Github, &[("event_name", event)], &[]), "{event}");
            let asked_for = [("event_name", event), ("ref", "refs/pull/7/merge")];
            assert!(!meant(K::Github, &asked_for, &[]), "{event} of a pull request");
            let asked_for = [("event_name", event), ("sub", "repo:acme/shop:pull_request")];
            assert!(!meant(K::Github, &asked_for, &[]), "{event} of a pull request by sub");
        }
        for event in [
            "pull_request",
            "pull_request_target",
            "pull_request_review",
            "workflow_run",
            "issue_comment",
            "issues",
            "discussion",
            "fork",
            "watch",
            "check_run",
            "status",
            "deployment_status",
            "gollum",
            "delete",
            "page_build",
            "dynamic",
            "Push",
            "an_event_of_next_year",
            "",
        ] {
            assert!(!meant(K::Github, &[("event_name", event)], &[("ref", "refs/heads/main")]), "{event}");
            assert!(!meant(K::Github, &[("event_name", event)], &[("event_name", "push")]), "{event}");
            assert!(meant(K::Github, &[("event_name", event)], &[("event_name", event)]), "{event}, pinned");
        }
        let sub = ("sub", "repo:acme/shop:pull_request");
        assert!(meant(K::Github, &[("event_name", "pull_request"), sub], &[sub]));
        assert!(!meant(K::Github, &[("event_name", "pull_request_target"), sub], &[sub]));
    }

    #[test]
    fn of_gitlab_only_pipelines_of_members_pass() {
        let protected = ("ref_protected", "true");
        for source in ["push", "schedule", "web", "webide", "api"] {
            assert!(meant(K::Gitlab, &[("pipeline_source", source)], &[]), "{source}");
            let asked_for =
                [("pipeline_source", source), ("ref_path", "refs/merge-requests/7/head"), protected];
            assert!(!meant(K::Gitlab, &asked_for, &[protected]), "{source} of a merge request");
        }
        for source in [
            "parent_pipeline",
            "pipeline",
            "trigger",
            "chat",
            "merge_request_event",
            "external_pull_request_event",
            "external",
            "security_orchestration_policy",
            "a_source_of_next_year",
            "",
        ] {
            let (own, open) = (("pipeline_source", source), ("ref_protected", "false"));
            assert!(!meant(K::Gitlab, &[own, protected], &[("ref", "main")]), "{source}");
            assert!(!meant(K::Gitlab, &[own, protected], &[("pipeline_source", "push")]), "{source}");
            assert!(meant(K::Gitlab, &[own, open], &[own]), "{source}, pinned");
            let child = matches!(source, "parent_pipeline" | "pipeline" | "trigger");
            assert_eq!(
                meant(K::Gitlab, &[own, protected], &[protected]),
                child,
                "{source} of a protected ref"
            );
            assert!(!meant(K::Gitlab, &[own, open], &[protected]), "{source} of another ref");
            assert!(!meant(K::Gitlab, &[own, open], &[open]), "{source}: a rule that pins the opposite");
            let asked_for = [own, protected, ("ref_path", "refs/merge-requests/7/head")];
            assert!(!meant(K::Gitlab, &asked_for, &[protected]), "{source} of a merge request");
        }
    }
}
