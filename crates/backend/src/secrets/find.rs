//! Finding secrets by a part of their key.

use crate::Result;
use crate::entries::{self, FoundKey, Kind};
use crate::gate::Actor;
use crate::nexus::Nexus;
use nexus_domain::action::Action;

/// Keys that hold the text, in order, at most `limit` of them.
pub async fn find(nexus: &Nexus, actor: &Actor, q: &str, limit: usize) -> Result<Vec<FoundKey>> {
    entries::find_keys(nexus, actor, (Kind::Secret, Action::SecretList), q, limit).await
}
