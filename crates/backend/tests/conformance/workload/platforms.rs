//! What tokens of each platform look like: golden sets of claims, as the platforms write them.

use nexus_domain::workload::{IdentityProviderKind, NewIdentityProvider, RuleClaims};
use serde_json::{Value, json};

use super::pins;

const TID: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const OID: &str = "a1b2c3d4-0000-4000-8000-1234567890ab";
const UID: &str = "0c6e4d0a-7c6b-4d3a-9a51-6d2f6b1f3e11";
const NUMERIC: &str = "112233445566778899001";

/// A workload on a platform, and what makes its token somebody else's.
pub struct Platform {
    pub name: &'static str,
    pub host: &'static str,
    pub provider: NewIdentityProvider,
    pub claims: Value,
    pub pins: RuleClaims,
    /// Claims that turn it into a token that may not pass.
    pub strangers: Vec<(&'static str, Value)>,
}

fn provider(name: &str, kind: IdentityProviderKind, issuer: &str) -> NewIdentityProvider {
    NewIdentityProvider { issuer: Some(issuer.to_owned()), ..NewIdentityProvider::usual(name, kind) }
}

/// All of them. Audience and times are put in when a token is made.
pub fn all() -> Vec<Platform> {
    vec![
        gce(),
        cloud_run(),
        lambda(),
        eks(),
        azure(1),
        azure(2),
        aks(),
        kubernetes(),
        github(false),
        github(true),
        gitlab(),
    ]
}

fn people_of_google() -> Vec<(&'static str, Value)> {
    vec![
        ("a person", json!({ "email": "ana@gmail.com" })),
        ("a person of a company", json!({ "email": "ana@acme.test", "hd": "acme.test" })),
        ("a company's own domain", json!({ "hd": "iam.gserviceaccount.com" })),
        ("somebody who likes the name", json!({ "email": "x@gserviceaccount.com.evil.test" })),
        ("an address that is not verified", json!({ "email_verified": false })),
        ("an address that is said to be verified", json!({ "email_verified": "true" })),
        (
            "no address and an app of a person",
            json!({ "email": null, "azp": "1234.apps.googleusercontent.com" }),
        ),
        ("another account", json!({ "sub": "112233445566778899002", "azp": "112233445566778899002" })),
        ("a number", json!({ "sub": 112_233_445_566_i64 })),
        ("an address as sub", json!({ "sub": "deploy@acme.iam.gserviceaccount.com" })),
    ]
}

fn gce() -> Platform {
    Platform {
        name: "GCE",
        host: "accounts.google.com",
        provider: provider("GCE", IdentityProviderKind::Gcp, ""),
        claims: json!({
            "iss": "https://accounts.google.com", "sub": NUMERIC, "azp": NUMERIC,
            "email": "deploy@acme.iam.gserviceaccount.com", "email_verified": true,
            "google": { "compute_engine": {
                "project_id": "acme", "project_number": 739419398126_i64, "zone": "europe-west3-a",
                "instance_id": "152986662232938449", "instance_name": "checkout-1",
                "instance_creation_timestamp": 1_552_521_347, "license_id": ["1000204"],
            } },
        }),
        pins: pins(&[("sub", NUMERIC), ("/google/compute_engine/project_id", "acme")]),
        strangers: people_of_google(),
    }
}

fn cloud_run() -> Platform {
    Platform {
        name: "Cloud Run",
        host: "accounts.google.com",
        provider: provider("Cloud Run", IdentityProviderKind::Gcp, "https://accounts.google.com"),
        claims: json!({
            "iss": "https://accounts.google.com", "sub": NUMERIC, "azp": NUMERIC,
            "email": "739419398126-compute@developer.gserviceaccount.com", "email_verified": true,
        }),
        pins: pins(&[("sub", NUMERIC)]),
        strangers: people_of_google(),
    }
}

fn lambda() -> Platform {
    let role = "arn:aws:iam::123456789012:role/checkout-lambda";
    Platform {
        name: "AWS Lambda",
        host: "abc12345-def4-5678-90ab-cdef12345678.tokens.sts.global.api.aws",
        provider: provider(
            "AWS Lambda",
            IdentityProviderKind::AwsOidc,
            "https://abc12345-def4-5678-90ab-cdef12345678.tokens.sts.global.api.aws",
        ),
        claims: json!({
            "iss": "https://abc12345-def4-5678-90ab-cdef12345678.tokens.sts.global.api.aws",
            "sub": role, "jti": "xyz123-def456-ghi789-jkl012",
            "https://sts.amazonaws.com/": {
                "aws_account": "123456789012", "source_region": "eu-central-1", "principal_id": role,
                "lambda_source_function_arn": "arn:aws:lambda:eu-central-1:123456789012:function:checkout",
                "request_tags": { "team": "shop" }, "principal_tags": { "team": "shop" }, "org_id": "o-abc1234567",
            },
        }),
        pins: pins(&[
            ("sub", role),
            (
                "/https:~1~1sts.amazonaws.com~1/lambda_source_function_arn",
                "arn:aws:lambda:eu-central-1:123456789012:function:checkout",
            ),
        ]),
        strangers: vec![
            ("another role", json!({ "sub": "arn:aws:iam::123456789012:role/other" })),
            ("another account", json!({ "sub": "arn:aws:iam::210987654321:role/checkout-lambda" })),
            ("a user", json!({ "sub": "arn:aws:iam::123456789012:user/checkout-lambda" })),
            ("the root", json!({ "sub": "arn:aws:iam::123456789012:root" })),
            ("a session", json!({ "sub": "arn:aws:sts::123456789012:assumed-role/checkout-lambda/x" })),
            ("two accounts", json!({ "https://sts.amazonaws.com/": { "aws_account": "210987654321" } })),
            ("no function", json!({ "https://sts.amazonaws.com/": { "aws_account": "123456789012" } })),
        ],
    }
}

fn service_account(issuer: &str) -> Value {
    json!({
        "iss": issuer, "sub": "system:serviceaccount:shop:checkout", "jti": "1a2b3c4d-0000-4000-8000-5e6f7a8b9c0d",
        "kubernetes.io": {
            "namespace": "shop", "node": { "name": "node-1", "uid": OID },
            "pod": { "name": "checkout-5d8f", "uid": TID },
            "serviceaccount": { "name": "checkout", "uid": UID }, "warnafter": 1_795_251_607,
        },
    })
}

fn other_accounts() -> Vec<(&'static str, Value)> {
    let about = |space: &str, name: &str, uid: &str| json!({ "namespace": space, "serviceaccount": { "name": name, "uid": uid } });
    vec![
        ("another namespace", json!({ "sub": "system:serviceaccount:other:checkout" })),
        ("another account", json!({ "sub": "system:serviceaccount:shop:other" })),
        ("a node", json!({ "sub": "system:node:node-1" })),
        ("a person", json!({ "sub": "ana" })),
        ("an account made anew", json!({ "kubernetes.io": about("shop", "checkout", OID) })),
        ("an account that is two", json!({ "kubernetes.io": about("other", "checkout", UID) })),
        ("an account without a name", json!({ "kubernetes.io": { "namespace": "shop" } })),
        ("an account of an old cluster", json!({ "kubernetes.io": null })),
        ("a pattern", json!({ "sub": "system:serviceaccount:shop:checkout:x" })),
    ]
}

fn cluster(name: &'static str, host: &'static str, issuer: &str) -> Platform {
    Platform {
        name,
        host,
        provider: provider(name, IdentityProviderKind::Kubernetes, issuer),
        claims: service_account(issuer),
        pins: pins(&[
            ("sub", "system:serviceaccount:shop:checkout"),
            ("/kubernetes.io/serviceaccount/uid", UID),
        ]),
        strangers: other_accounts(),
    }
}

fn eks() -> Platform {
    let issuer = "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
    cluster("EKS", "oidc.eks.eu-central-1.amazonaws.com", issuer)
}

fn aks() -> Platform {
    let issuer = format!("https://westeurope.oic.prod-aks.azure.com/{TID}/{OID}/");
    cluster("AKS", "westeurope.oic.prod-aks.azure.com", &issuer)
}

fn kubernetes() -> Platform {
    cluster(
        "Kubernetes",
        "kubernetes.default.svc.cluster.local",
        "https://kubernetes.default.svc.cluster.local",
    )
}

fn azure(version: u8) -> Platform {
    let (name, host, issuer) = match version {
        1 => ("Azure v1", "sts.windows.net", format!("https://sts.windows.net/{TID}/")),
        _ => {
            ("Azure v2", "login.microsoftonline.com", format!("https://login.microsoftonline.com/{TID}/v2.0"))
        }
    };
    let app = if version == 1 { "appid" } else { "azp" };
    Platform {
        name,
        host,
        provider: provider(name, IdentityProviderKind::Azure, &issuer),
        claims: json!({
            "iss": issuer, "tid": TID, "oid": OID, "sub": OID, "ver": format!("{version}.0"), app: UID,
            "idtyp": "app", "uti": "q0uT1", "rh": "0.AX",
            "xms_mirid": "/subscriptions/x/resourcegroups/shop/providers/Microsoft.Compute/virtualMachines/vm-1",
        }),
        pins: pins(&[("tid", TID), ("oid", OID)]),
        strangers: vec![
            ("another directory", json!({ "tid": OID })),
            ("another object", json!({ "oid": UID, "sub": UID })),
            ("a person", json!({ "scp": "user_impersonation", "idtyp": "user" })),
            ("a person who hides it", json!({ "scp": "openid", "idtyp": null })),
            ("a person by type", json!({ "idtyp": "user" })),
            ("a type that is none", json!({ "idtyp": ["app"] })),
            ("a person's pairwise name", json!({ "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ" })),
            ("no object", json!({ "oid": null })),
            ("an object in capitals", json!({ "oid": OID.to_uppercase(), "sub": OID.to_uppercase() })),
            (
                "the other version",
                json!({ "iss": if version == 1 {
                format!("https://login.microsoftonline.com/{TID}/v2.0")
            } else {
                format!("https://sts.windows.net/{TID}/")
            } }),
            ),
        ],
    }
}

fn github(immutable: bool) -> Platform {
    let sub = if immutable {
        "repo:acme@583231/shop@1296269:ref:refs/heads/main"
    } else {
        "repo:acme/shop:ref:refs/heads/main"
    };
    let mut strangers = vec![
        ("a recycled name", json!({ "repository_id": "1296270" })),
        ("a recycled owner", json!({ "repository_owner_id": "583232" })),
        ("ids as numbers", json!({ "repository_id": 1_296_269, "repository_owner_id": 583_231 })),
        ("another branch", json!({ "ref": "refs/heads/evil" })),
        (
            "a pull request",
            json!({ "event_name": "pull_request", "ref": "refs/pull/7/merge", "sub": "repo:acme/shop:pull_request" }),
        ),
        ("a pull request that says main", json!({ "event_name": "pull_request" })),
        ("a pull request of a fork with secrets", json!({ "event_name": "pull_request_target" })),
        ("what a pull request made run", json!({ "event_name": "workflow_run" })),
        ("a comment", json!({ "event_name": "issue_comment" })),
        ("a review", json!({ "event_name": "pull_request_review" })),
        ("an event that nobody knows yet", json!({ "event_name": "next_year" })),
        ("no event", json!({ "event_name": null })),
        ("a list of events", json!({ "event_name": ["push"] })),
    ];
    if immutable {
        strangers.push((
            "another repository in sub",
            json!({ "sub": "repo:acme@583231/shop@1296270:ref:refs/heads/main" }),
        ));
        strangers.push((
            "another owner in sub",
            json!({ "sub": "repo:acme@583232/shop@1296269:ref:refs/heads/main" }),
        ));
    }
    let name = if immutable { "GitHub, new subject" } else { "GitHub" };
    Platform {
        name,
        host: "token.actions.githubusercontent.com",
        provider: provider(name, IdentityProviderKind::Github, "https://token.actions.githubusercontent.com"),
        claims: json!({
            "iss": "https://token.actions.githubusercontent.com", "sub": sub, "jti": OID,
            "ref": "refs/heads/main", "ref_protected": "true", "ref_type": "branch", "sha": "f1d2d2f924e986ac86fdf7b3",
            "repository": "acme/shop", "repository_id": "1296269", "repository_owner": "acme",
            "repository_owner_id": "583231", "repository_visibility": "private", "run_id": "30433642", "run_number": "7",
            "run_attempt": "1", "actor": "ana", "actor_id": "12", "workflow": "Deploy", "head_ref": "", "base_ref": "",
            "event_name": "push", "job_workflow_ref": "acme/shop/.github/workflows/deploy.yml@refs/heads/main",
            "runner_environment": "github-hosted",
        }),
        pins: pins(&[
            ("repository_id", "1296269"),
            ("repository_owner_id", "583231"),
            ("ref", "refs/heads/main"),
        ]),
        strangers,
    }
}

fn gitlab() -> Platform {
    Platform {
        name: "GitLab",
        host: "gitlab.com",
        provider: provider("GitLab", IdentityProviderKind::Gitlab, "https://gitlab.com"),
        claims: json!({
            "iss": "https://gitlab.com", "sub": "project_path:acme/shop:ref_type:branch:ref:main", "jti": OID,
            "namespace_id": "72", "namespace_path": "acme", "project_id": "22", "project_path": "acme/shop",
            "user_id": "1", "user_login": "ana", "user_email": "ana@acme.test", "pipeline_id": "574",
            "pipeline_source": "push", "job_id": "302", "ref": "main", "ref_type": "branch",
            "ref_path": "refs/heads/main", "ref_protected": "true", "runner_environment": "gitlab-hosted",
            "project_visibility": "private",
        }),
        pins: pins(&[("project_id", "22"), ("namespace_id", "72"), ("ref_protected", "true")]),
        strangers: vec![
            ("a fork", json!({ "project_id": "23", "namespace_id": "73" })),
            ("a recycled path", json!({ "project_id": "23" })),
            ("another namespace", json!({ "namespace_id": "73" })),
            ("ids as numbers", json!({ "project_id": 22, "namespace_id": 72 })),
            ("a truth", json!({ "ref_protected": true })),
            ("a branch that is not protected", json!({ "ref_protected": "false" })),
            ("a merge request of a fork", json!({ "pipeline_source": "merge_request_event" })),
            ("a merge request by its ref", json!({ "ref_path": "refs/merge-requests/7/head" })),
            ("a pull request from outside", json!({ "pipeline_source": "external_pull_request_event" })),
            (
                "a child of a merge request",
                json!({ "pipeline_source": "parent_pipeline", "ref_path": "refs/merge-requests/7/head" }),
            ),
            (
                "a child of a branch that is not protected",
                json!({ "pipeline_source": "parent_pipeline", "ref_protected": "false" }),
            ),
            ("a command in a chat", json!({ "pipeline_source": "chat" })),
            ("a source that nobody knows yet", json!({ "pipeline_source": "next_year" })),
            ("no source", json!({ "pipeline_source": null })),
        ],
    }
}
