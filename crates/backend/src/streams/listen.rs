//! News of other processes on the same PostgreSQL: each commit notifies a channel that all of them
//! listen to. A notification that is lost costs half a second: `Nexus::follow` looks anyway.

use crate::nexus::Nexus;
use crate::{Error, Result};
use nexus_domain::TenantId;
use sqlx::postgres::PgListener;
use uuid::Uuid;

/// The channel; `<tenant id> <change number>`.
pub(crate) const CHANNEL: &str = "nexus_changes";

/// Listens until the connection ends. `url` goes to the server itself, not through a pooler.
pub async fn listen(nexus: &Nexus, url: &str) -> Result<()> {
    let mut listener = PgListener::connect(url).await?;
    listener.listen(CHANNEL).await?;
    // What happened before is found by looking.
    nexus.follow().await?;
    loop {
        // Nothing means that the connection was lost; what was missed is found by looking.
        match listener.try_recv().await? {
            Some(notification) => match parse(notification.payload()) {
                Some((tenant, seq)) => nexus.saw_seq(tenant, seq),
                None => tracing::warn!("a notification that is none of ours"),
            },
            None => return Err(Error::Unavailable),
        }
    }
}

pub(crate) fn payload(tenant: TenantId, seq: i64) -> String {
    format!("{} {seq}", tenant.0.simple())
}

fn parse(payload: &str) -> Option<(TenantId, i64)> {
    let (tenant, seq) = payload.split_once(' ')?;
    Some((TenantId(Uuid::try_parse(tenant).ok()?), seq.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_reads_back_and_rubbish_does_not() {
        let tenant = TenantId(Uuid::from_u128(7));
        assert_eq!(parse(&payload(tenant, 42)), Some((tenant, 42)));
        for rubbish in ["", "x 1", "00000000000000000000000000000007", "00000000000000000000000000000007 x"] {
            assert_eq!(parse(rubbish), None, "{rubbish}");
        }
    }
}
