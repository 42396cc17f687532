//! Keys of an environment: made by owners and by keys, rotated, revoked, for programs, from networks,
//! and the tokens that they sign.

mod granting;
mod life;
mod networks;
mod programs;
mod tokens;

use crate::world::{Outcome, World};
use nexus_backend::gate::Actor;
use nexus_backend::keys::environment;
use nexus_domain::environment_key::{KeyType, MadeEnvironmentKey, NewEnvironmentKey};
use nexus_domain::role::Scope;

/// A secret key with these scopes, in the owner's words.
pub fn new_key(environment: &str, scopes: Option<&[Scope]>) -> NewEnvironmentKey {
    NewEnvironmentKey {
        name: "ci".into(),
        environment: Some(environment.into()),
        kind: KeyType::Secret,
        scopes: scopes.map(<[Scope]>::to_vec),
        allowed_cidrs: None,
        expires_at: None,
    }
}

pub fn publishable(environment: &str) -> NewEnvironmentKey {
    NewEnvironmentKey { kind: KeyType::Publishable, ..new_key(environment, None) }
}

pub async fn make(w: &World, new: NewEnvironmentKey) -> MadeEnvironmentKey {
    let owner = w.signed_in_again(&w.owner).await;
    environment::create(&w.nexus, &owner, new).await.fine()
}

/// A key that the owner made, and the actor that it opens.
pub async fn opened(w: &World, new: NewEnvironmentKey) -> (MadeEnvironmentKey, Actor) {
    let made = make(w, new).await;
    let actor = w.present(&made.key).await.fine();
    (made, actor)
}
