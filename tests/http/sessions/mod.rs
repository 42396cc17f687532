//! Browser sessions: how they open, how they end, and who cannot ride on them.

mod account;
mod cross_site;
mod ends;
mod floods;
mod fresh;
mod invitations;
mod limits;
mod links;
mod members;
mod providers;
mod redirects;
mod second_step;
mod set_up;
mod sign_in;

use crate::world::{As, PASSWORD, Person, Reply, World};

/// Signs a person in with the password; answers with the session's cookie.
async fn signed_in(w: &World, person: Person) -> As {
    let reply = sign_in(w, person.email(), PASSWORD).await.is(200);
    reply.session().expect("a session")
}

async fn sign_in(w: &World, email: &str, password: &str) -> Reply {
    w.call("sign_in", &[("email", email), ("password", password)]).await
}

/// What a session is asked to find out whether it still is one.
async fn reads_projects(w: &World, session: &As) -> u16 {
    w.call("read_projects", &[("tenant", "acme")]).with(session.clone()).await.status.as_u16()
}
