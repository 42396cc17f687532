//! The first start: the owner and the tenant, guarded by a token from the terminal.

use super::Card;
use crate::components::{Field, FormError, PostForm, Submit};
use crate::done::Done;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

/// Makes the first tenant and its owner, and signs the owner in.
#[server(prefix = "/_fn", endpoint = "set_up")]
pub async fn set_up(
    token: String,
    tenant_name: String,
    email: String,
    password: String,
) -> Result<Done, Refused> {
    use nexus_backend::people::{self, SetUp as Form};
    let here = crate::server::here()?;
    let form = Form { token, tenant_name, email, password: password.into() };
    let signed_in = people::set_up(&here.nexus, form, here.ip).await?;
    crate::server::sign_in(&here, &signed_in).await?;
    Ok(Done::new("Nexus is set up").to(super::landing(&signed_in, "")))
}

#[component]
pub fn SetUpPage() -> impl IntoView {
    view! {
        <Card title="Set up Nexus" text="This makes the first tenant and its owner. It can be done once.">
            <PostForm action=SetUp::PATH class="stack">
                <Field label="Set-up token" name="token" required=true mono=true autofocus=true
                    hint="Printed on the terminal where Nexus was started"/>
                <Field label="Tenant name" name="tenant_name" required=true placeholder="Acme"
                    hint="Your company, team, or yourself"/>
                <Field label="Email" name="email" kind="email" autocomplete="username" required=true/>
                <Field label="Password" name="password" kind="password" autocomplete="new-password" required=true
                    hint="At least 8 characters"/>
                <FormError/>
                <Submit label="Set up"/>
            </PostForm>
        </Card>
    }
}
