//! Accepting an invitation, as a new person or as one who has an account. The page shows what is offered and uses nothing
//! up. Whether the address has an account is not told: both ways stand there.

use super::Card;
use super::with_provider::ProviderButtons;
use crate::address::param;
use crate::components::{Field, FormError, Hidden, PostForm, Submit};
use crate::done::Done;
use crate::page::page;
use crate::pages::auth::sign_in::SignOut;
use crate::refused::Refused;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use nexus_domain::invitation::Offer;
use nexus_domain::role::TenantRole;
use nexus_domain::sign_in::{OfferedProvider, Purpose};
use serde::{Deserialize, Serialize};

/// What a link offers, and who looks at it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InvitationData {
    /// Absent where the link does not work.
    pub offer: Option<Offer>,
    /// The address of whoever is signed in.
    pub signed_in_as: Option<String>,
    /// With whom a new person may sign up.
    pub providers: Vec<OfferedProvider>,
    /// As whom a provider knows them, once they came back from it.
    pub joining_as: Option<String>,
}

/// Looks at a link. Changes nothing.
#[server(prefix = "/_fn", endpoint = "read_invitation")]
pub async fn read_invitation(token: String) -> Result<InvitationData, Refused> {
    use nexus_backend::{invitations, people};
    let here = crate::server::here()?;
    let signed_in_as = match here.user().await? {
        Some(opened) => people::me(&here.nexus, opened.user, opened.signed_in_at).await?.map(|me| me.email),
        None => None,
    };
    let joining_as = crate::server::joining_as(&here).await;
    let offer = match invitations::offer(&here.nexus, &token, here.ip).await {
        Ok(offer) => Some(offer),
        Err(error) if error.refusal().code == nexus_domain::Code::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    let providers = match &offer {
        Some(offer) => nexus_backend::sign_in::offered(&here.nexus, Some(&offer.slug)).await?,
        None => Vec::new(),
    };
    Ok(InvitationData { offer, signed_in_as, providers, joining_as })
}

/// Signs a new person up and in.
#[server(prefix = "/_fn", endpoint = "join_by_invitation")]
pub async fn join_by_invitation(token: String, password: String) -> Result<Done, Refused> {
    use nexus_backend::invitations::{Acceptor, accept};
    use nexus_backend::people::{Proof, SignedIn};
    let here = crate::server::here()?;
    let accepted = accept(&here.nexus, &token, Acceptor::Password(password.into()), here.ip).await?;
    let signed_in = SignedIn {
        user: accepted.user,
        email: accepted.email,
        signed_in_at: accepted.at,
        proof: Proof::PASSWORD,
        last_tenant: Some(accepted.tenant),
    };
    crate::server::sign_in(&here, &signed_in).await?;
    Ok(Done::new(format!("Welcome to {}", accepted.tenant_name))
        .to(super::landing(&signed_in, ""))
        .and_frame())
}

/// Signs a new person up and in as whom a provider knows them.
#[server(prefix = "/_fn", endpoint = "join_with_provider")]
pub async fn join_with_provider(token: String) -> Result<Done, Refused> {
    use crate::server::Joining;
    use nexus_backend::invitations::{Acceptor, Vouched, accept};
    let here = crate::server::here()?;
    let Some(Joining { provider, tenant, identity }) = crate::server::joining(&here).await else {
        let message = "Begin again with the button of the provider";
        return Err(nexus_domain::Refusal::new(nexus_domain::Code::Conflict, message).into());
    };
    let vouched = Vouched { provider, tenant, identity };
    let proof = vouched.proof();
    let accepted = accept(&here.nexus, &token, Acceptor::Vouched(vouched), here.ip).await?;
    let entered = nexus_backend::people::enter(&here.nexus, accepted.user, proof, here.ip).await?;
    super::entered(&here, entered, &format!("/t/{}/projects", accepted.tenant)).await
}

/// Accepts as whoever is signed in.
#[server(prefix = "/_fn", endpoint = "accept_invitation")]
pub async fn accept_invitation(token: String) -> Result<Done, Refused> {
    use nexus_backend::invitations::{Acceptor, accept};
    let here = crate::server::here()?;
    let user = here.own_account().await?.user;
    let accepted = accept(&here.nexus, &token, Acceptor::SignedIn(user), here.ip).await?;
    let to = format!("/t/{}/projects", accepted.tenant);
    Ok(Done::new(format!("Welcome to {}", accepted.tenant_name)).to(to).and_frame())
}

#[component]
pub fn InvitationPage() -> impl IntoView {
    let token = param("token");
    page(
        move || ReadInvitation { token: token.get() },
        move |data: InvitationData| {
            match data.offer {
            Some(offer) => view! { <Offered token offer signed_in_as=data.signed_in_as providers=data.providers joining_as=data.joining_as/> }.into_any(),
            None => view! {
                <Card title="This link does not work"
                    text="It was used already, was taken back, or its time is over. Ask whoever invited you to send it again.">
                    <a class="button" href="/" rel="external">"To the start page"</a>
                </Card>
            }
            .into_any(),
        }
        },
    )
}

#[component]
fn Offered(
    token: Memo<String>,
    offer: Offer,
    signed_in_as: Option<String>,
    providers: Vec<OfferedProvider>,
    joining_as: Option<String>,
) -> impl IntoView {
    let title = format!("Join {}", offer.tenant);
    // A key's prefix says nothing to whoever reads this.
    let text = match offer.invited_by.contains('@') {
        true => format!("{} invites {}.", offer.invited_by, offer.email),
        false => format!("{} is invited.", offer.email),
    };
    let way = match signed_in_as {
        None => match joining_as {
            Some(shown) => view! { <Vouched token shown/> }.into_any(),
            None => {
                view! { <NewPerson token email=offer.email.clone() providers tenant=offer.slug.clone()/> }
                    .into_any()
            }
        },
        Some(email) if email == offer.email => view! { <Known token email/> }.into_any(),
        Some(email) => view! { <SomebodyElse email invited=offer.email.clone()/> }.into_any(),
    };
    view! {
        <Card title text>
            <Terms offer/>
            {way}
        </Card>
    }
    .into_any()
}

/// What one would be.
#[component]
fn Terms(offer: Offer) -> impl IntoView {
    let role = match offer.tenant_role {
        TenantRole::Owner => "owner of everything in it",
        TenantRole::Finance => "finance: billing, and nothing inside projects",
        TenantRole::Member => "member",
    };
    let projects = offer
        .projects
        .into_iter()
        .map(|(name, role)| view! { <div><dt>{name}</dt><dd>{role.as_str()}</dd></div> })
        .collect_view();
    view! {
        <dl class="facts offered">
            <div><dt>{offer.tenant}</dt><dd>{role}</dd></div>
            {projects}
            <div><dt>"Valid until"</dt><dd>{offer.expires_at.exact()}</dd></div>
        </dl>
    }
    .into_any()
}

#[component]
fn Vouched(token: Memo<String>, shown: String) -> impl IntoView {
    view! {
        <PostForm action=JoinWithProvider::PATH class="stack">
            <Hidden name="token" value=token/>
            <p class="hint">"The provider knows you as "<strong>{shown}</strong>"."</p>
            <FormError/>
            <Submit label="Sign up and accept"/>
        </PostForm>
    }
    .into_any()
}

#[component]
fn NewPerson(
    token: Memo<String>,
    email: String,
    providers: Vec<OfferedProvider>,
    tenant: String,
) -> impl IntoView {
    let buttons = (!providers.is_empty()).then(|| {
        view! {
            <ProviderButtons providers purpose=Purpose::Join label="Continue with" tenant=Signal::stored(tenant)
                next=Signal::derive(move || format!("/invitation/{}", token.get()))/>
            <p class="or" aria-hidden="true"><span>"or"</span></p>
        }
    });
    view! {
        {buttons}
        <PostForm action=JoinByInvitation::PATH class="stack">
            <Hidden name="token" value=token/>
            // Fixed, and a field all the same, so that a password manager keeps both together.
            <div class="field">
                <label for="invited">"Email"</label>
                <div class="control control-fixed">
                    <input id="invited" type="email" value=email readonly=true autocomplete="username"/>
                </div>
            </div>
            <Field label="Choose a password" name="password" kind="password" autocomplete="new-password" required=true
                autofocus=true hint="At least 8 characters"/>
            <FormError/>
            <Submit label="Sign up and accept"/>
        </PostForm>
        <p class="hint">
            "You have an account with this address? "
            <a class="link" href=move || format!("/sign-in?next=/invitation/{}", token.get())>"Sign in"</a>" first, then accept."
        </p>
    }
    .into_any()
}

#[component]
fn Known(token: Memo<String>, email: String) -> impl IntoView {
    view! {
        <PostForm action=AcceptInvitation::PATH class="stack">
            <Hidden name="token" value=token/>
            <p class="hint">"You are signed in as "<strong>{email}</strong>". What you may do already stays as it is."</p>
            <FormError/>
            <Submit label="Accept"/>
        </PostForm>
    }
    .into_any()
}

#[component]
fn SomebodyElse(email: String, invited: String) -> impl IntoView {
    view! {
        <p class="note note-amber">
            {format!("You are signed in as {email}, and this invitation is for {invited}. Sign out, then open the link again.")}
        </p>
        <PostForm action=SignOut::PATH class="stack"><FormError/><Submit label="Sign out"/></PostForm>
    }
    .into_any()
}
