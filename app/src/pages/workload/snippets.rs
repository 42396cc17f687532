//! What somebody puts on the platform so that a program there gets a token for this provider, ready to be
//! copied, with the audience in it; and the request that exchanges the token for a session.

use crate::components::Snippet;
use leptos::prelude::*;
use nexus_domain::workload::IdentityProviderKind as Kind;

/// A piece to copy.
pub struct Piece {
    pub title: &'static str,
    pub text: String,
}

fn piece(title: &'static str, text: impl Into<String>) -> Piece {
    Piece { title, text: text.into() }
}

/// What goes onto the platform.
pub fn on_platform(kind: Kind, audience: &str) -> Vec<Piece> {
    let encoded = encoded(audience);
    match kind {
        Kind::Gcp => vec![
            piece(
                "On a machine or in a container of Google Cloud",
                format!(
                    "TOKEN=$(curl -sS -H 'Metadata-Flavor: Google' \\\n  \"http://metadata.google.internal/computeMetadata/v1/\
                     instance/service-accounts/default/identity?audience={encoded}&format=full\")"
                ),
            ),
            piece(
                "From a terminal, for a test",
                format!(
                    "gcloud auth print-identity-token --impersonate-service-account=ADDRESS \\\n  --audiences='{audience}'"
                ),
            ),
        ],
        Kind::AwsOidc => vec![piece(
            "Once for the account, then in every program",
            format!(
                "aws iam enable-outbound-web-identity-federation\nTOKEN=$(aws sts get-web-identity-token --audience '{audience}' \\\n  \
                 --signing-algorithm ES384 --duration-seconds 300 --query WebIdentityToken --output text)"
            ),
        )],
        Kind::AwsIam => vec![piece("A signed request, in Python with boto3", signed_identity(audience))],
        Kind::Azure => vec![
            piece(
                "On a machine or in a container of Azure",
                format!(
                    "TOKEN=$(curl -sS -H Metadata:true \"http://169.254.169.254/metadata/identity/oauth2/token\\\n\
                     ?api-version=2018-02-01&resource={encoded}\" | jq -r .access_token)"
                ),
            ),
            piece(
                "Azure gives tokens for what it knows: register an app with this as its Application ID URI",
                format!("az ad app create --display-name nexus --identifier-uris '{audience}'"),
            ),
        ],
        Kind::Kubernetes => vec![
            piece("In the pod", projected(audience)),
            piece(
                "Keys of a cluster that nobody reaches from outside, to upload",
                "kubectl get --raw /openid/v1/jwks",
            ),
        ],
        Kind::Github => vec![piece("In the workflow", workflow(&encoded))],
        Kind::Gitlab => vec![piece(
            "In .gitlab-ci.yml",
            format!(
                "deploy:\n  id_tokens:\n    NEXUS_ID_TOKEN:\n      aud: {audience}\n  script:\n    - TOKEN=$NEXUS_ID_TOKEN"
            ),
        )],
        Kind::Oidc => vec![piece("What a token has to say", format!("aud  {audience}"))],
    }
}

/// The exchange itself. `endpoint` is a service's.
pub fn exchange(kind: Kind, provider: &str, endpoint: &str) -> Piece {
    let body = match kind {
        Kind::AwsIam => format!("'{{\"provider\":\"{provider}\",\"request\":'\"$REQUEST\"'}}'"),
        _ => format!("'{{\"provider\":\"{provider}\",\"token\":\"'\"$TOKEN\"'\"}}'"),
    };
    let text = format!(
        "curl -sS {endpoint}/v1/auth/token-exchange \\\n  -H 'Content-Type: application/json' -d {body}"
    );
    piece("Then exchange it for a session of at most an hour", text)
}

fn workflow(audience: &str) -> String {
    format!(
        "permissions:\n  id-token: write   # lets the job ask for a token\n  contents: read\njobs:\n  deploy:\n    runs-on: \
         ubuntu-latest\n    steps:\n      - run: |\n          TOKEN=$(curl -sS -H \"Authorization: Bearer \
         $ACTIONS_ID_TOKEN_REQUEST_TOKEN\" \\\n            \
         \"$ACTIONS_ID_TOKEN_REQUEST_URL&audience={audience}\" | jq -r .value)"
    )
}

fn projected(audience: &str) -> String {
    format!(
        "spec:\n  serviceAccountName: checkout-api\n  containers:\n    - name: app\n      volumeMounts:\n        - name: \
         nexus\n          mountPath: /var/run/secrets/nexus\n          readOnly: true\n  volumes:\n    - name: nexus\n      \
         projected:\n        sources:\n          - serviceAccountToken:\n              path: token\n              \
         expirationSeconds: 3600\n              audience: {audience}"
    )
}

fn signed_identity(audience: &str) -> String {
    let host = audience.split("://").last().unwrap_or_default().split('/').next().unwrap_or_default();
    format!(
        "import boto3, json\nfrom botocore.auth import SigV4Auth\nfrom botocore.awsrequest import AWSRequest\n\nbody = \
         \"Action=GetCallerIdentity&Version=2011-06-15\"\nrequest = AWSRequest(\"POST\", \
         \"https://sts.amazonaws.com/\", data=body, headers={{\n    \"Content-Type\": \
         \"application/x-www-form-urlencoded\", \"X-Nexus-Server-ID\": \"{host}\"}})\n\
         SigV4Auth(boto3.Session().get_credentials(), \"sts\", \"us-east-1\").add_auth(request)\n\
         print(json.dumps({{\"url\": request.url, \"headers\": dict(request.headers), \"body\": body}}))"
    )
}

/// A text as it stands in a query.
fn encoded(text: &str) -> String {
    text.replace('%', "%25").replace(':', "%3A").replace('/', "%2F").replace(' ', "%20").replace('&', "%26")
}

/// The pieces below each other.
#[component]
pub fn Pieces(pieces: Vec<Piece>) -> impl IntoView {
    let pieces = pieces
        .into_iter()
        .map(|Piece { title, text }| {
            view! { <p class="wif-piece">{title}</p><Snippet text label=format!("Copy: {title}")/> }
        })
        .collect_view();
    view! { <div class="wif-pieces">{pieces}</div> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUDIENCE: &str = "https://nexus.test/wif/0197a5f0";

    #[test]
    fn every_kind_says_what_to_do_with_the_audience_in_it() {
        for kind in Kind::ALL {
            let all: String = on_platform(*kind, AUDIENCE).into_iter().map(|piece| piece.text).collect();
            let host = all.contains("nexus.test");
            assert!(all.contains(AUDIENCE) || all.contains(&encoded(AUDIENCE)) || host, "{kind:?}: {all}");
        }
    }

    #[test]
    fn a_signed_identity_names_the_host_of_the_audience() {
        let text = signed_identity(AUDIENCE);
        assert!(text.contains("\"X-Nexus-Server-ID\": \"nexus.test\""), "{text}");
    }

    #[test]
    fn the_exchange_is_a_line_for_a_shell() {
        let text = exchange(Kind::Github, "0197", "https://nexus.test/s/api-k7x2m4qa").text;
        assert!(text.contains(r#"-d '{"provider":"0197","token":"'"$TOKEN"'"}'"#), "{text}");
        let signed = exchange(Kind::AwsIam, "0197", "https://nexus.test/s/api-k7x2m4qa").text;
        assert!(signed.contains(r#"-d '{"provider":"0197","request":'"$REQUEST"'}'"#), "{signed}");
    }
}
