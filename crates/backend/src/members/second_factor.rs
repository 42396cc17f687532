//! Which members show a second factor when they sign in, for the list of members.

use crate::Result;
use crate::work::Work;
use nexus_domain::UserId;
use std::collections::HashSet;

/// Those of these people who have a second factor. Nobody has one before there are any.
pub(super) async fn with_second_factor(_w: &mut Work, _users: &[UserId]) -> Result<HashSet<UserId>> {
    Ok(HashSet::new())
}
