//! Forgetting invitations of long ago, in whichever state; what they led to is in the audit log.

use crate::Result;
use crate::nexus::Nexus;
use crate::store::{carry_out, sql};
use nexus_domain::timestamp::DAY_MICROS;

/// How long they are listed after their link has ended.
const LISTED: i64 = 90 * DAY_MICROS;

pub async fn sweep(nexus: &Nexus) -> Result<()> {
    let before = nexus.now().plus(-LISTED);
    carry_out!(nexus, sql!("DELETE FROM invitations WHERE expires_at < $1"), before)
}
