//! The kinds of providers as people know them: what each vouches for, and which claims a rule asks for, with
//! the place where their values are found. What has to be pinned is the domain's rule; this asks for it.

use nexus_domain::workload::IdentityProviderKind as Kind;

/// What it vouches for.
pub const fn about(kind: Kind) -> &'static str {
    match kind {
        Kind::Gcp => "Service accounts of Compute Engine, Cloud Run, Cloud Functions, GKE",
        Kind::AwsOidc => "Roles of one account, by tokens that AWS STS signs",
        Kind::AwsIam => "Roles of Lambda, EC2, ECS, by a signed GetCallerIdentity",
        Kind::Azure => "Managed identities and app registrations of Microsoft Entra ID",
        Kind::Kubernetes => "Service accounts of one cluster: EKS, AKS, GKE or your own",
        Kind::Github => "Jobs of workflows",
        Kind::Gitlab => "Jobs of pipelines, on gitlab.com or your own server",
        Kind::Oidc => "Anything else that signs tokens and publishes its keys",
    }
}

/// A claim that a form asks for.
pub struct Pin {
    /// As a rule names it: a name, or a JSON pointer.
    pub claim: &'static str,
    pub label: &'static str,
    pub placeholder: &'static str,
    /// What it is, and where to find it.
    pub hint: &'static str,
}

const fn pin(claim: &'static str, label: &'static str, placeholder: &'static str, hint: &'static str) -> Pin {
    Pin { claim, label, placeholder, hint }
}

/// Claims that are worth pinning beside those that have to be.
pub const fn useful(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Gcp => &["email", "azp", "/google/compute_engine/project_id"],
        Kind::AwsOidc => &["/https:~1~1sts.amazonaws.com~1/aws_account"],
        Kind::AwsIam => &["role_id", "session"],
        Kind::Oidc => &["email", "groups", "client_id"],
        Kind::Azure => &["appid", "xms_mirid"],
        Kind::Kubernetes => {
            &["/kubernetes.io/serviceaccount/uid", "/kubernetes.io/namespace", "/kubernetes.io/pod/name"]
        }
        Kind::Github => &["ref", "environment", "event_name", "workflow_ref", "job_workflow_ref"],
        Kind::Gitlab => &["ref", "ref_type", "ref_protected", "environment", "pipeline_source"],
    }
}

/// The claims that a rule of this kind asks for, in the order of its form.
pub const fn pins(kind: Kind) -> &'static [Pin] {
    match kind {
        Kind::Gcp => {
            const {
                &[pin(
                    "sub",
                    "Id of the service account",
                    "104512345678901234567",
                    "A number that never names another account, unlike the address: gcloud iam service-accounts describe ADDRESS --format='value(uniqueId)'",
                )]
            }
        }
        Kind::AwsOidc => {
            const {
                &[pin(
                    "sub",
                    "ARN of the role",
                    "arn:aws:iam::123456789012:role/checkout",
                    "aws iam get-role --role-name checkout --query Role.Arn",
                )]
            }
        }
        Kind::AwsIam => {
            const {
                &[
                    pin(
                        "account",
                        "Account",
                        "123456789012",
                        "Twelve digits: aws sts get-caller-identity --query Account",
                    ),
                    pin(
                        "arn",
                        "ARN of the role",
                        "arn:aws:iam::123456789012:role/checkout",
                        "aws iam get-role --role-name checkout --query Role.Arn",
                    ),
                ]
            }
        }
        Kind::Azure => {
            const {
                &[
                    pin(
                        "tid",
                        "Directory (tenant) id",
                        "72f988bf-86f1-41af-91ab-2d7cd011db47",
                        "az account show --query tenantId",
                    ),
                    pin(
                        "oid",
                        "Object (principal) id",
                        "5d1f3c1e-0a6f-4d6b-9a0c-2f0f6f1f6f1f",
                        "Of the identity, not of the app registration: az identity show -g GROUP -n NAME --query principalId",
                    ),
                ]
            }
        }
        Kind::Kubernetes => {
            const {
                &[pin(
                    "sub",
                    "Service account",
                    "system:serviceaccount:shop:checkout-api",
                    "system:serviceaccount:, the namespace, :, the name",
                )]
            }
        }
        Kind::Github => {
            const {
                &[
                    pin(
                        "repository_id",
                        "Id of the repository",
                        "123456789",
                        "A number that survives renaming and is never given again: gh api repos/OWNER/NAME --jq .id",
                    ),
                    pin(
                        "repository_owner_id",
                        "Id of its owner",
                        "9919",
                        "Of the organisation or person: gh api repos/OWNER/NAME --jq .owner.id",
                    ),
                ]
            }
        }
        Kind::Gitlab => {
            const {
                &[
                    pin(
                        "project_id",
                        "Id of the project",
                        "20",
                        "On the project’s page, under Settings, General",
                    ),
                    pin(
                        "namespace_id",
                        "Id of its group",
                        "72",
                        "On the group’s page, under Settings, General",
                    ),
                ]
            }
        }
        Kind::Oidc => {
            const { &[pin("sub", "Subject", "service:checkout", "Whom the token is about, as the issuer says it")] }
        }
    }
}
