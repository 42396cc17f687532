//! What becomes of invitations that wait when it is decided anew what somebody is: no link of before brings back whom
//! a later decision has removed, or what it has taken away.

use super::list::{grants_of, of_address};
use super::{Row, change};
use crate::Result;
use crate::store::{on, sql};
use crate::work::{Target, Work};
use nexus_domain::ProjectId;
use nexus_domain::action::Action;
use nexus_domain::invitation::InvitationState;
use nexus_domain::role::TenantRole;
use serde_json::json;

/// Takes back what waits for an address: all of it, or its role in one project.
pub(crate) async fn supersede(w: &mut Work, email: &str, project: Option<ProjectId>) -> Result<()> {
    for row in of_address(w, email).await? {
        if row.state(w.now) != InvitationState::Pending {
            continue;
        }
        match project {
            None => take_back(w, &row).await?,
            Some(project) => cut_down(w, &row, project).await?,
        }
    }
    Ok(())
}

/// Ends an invitation that offers nothing but the project, and leaves the rest of one that offers more.
async fn cut_down(w: &mut Work, row: &Row, project: ProjectId) -> Result<()> {
    let projects = grants_of(w, row.id, row.id).await?.remove(&row.id).unwrap_or_default();
    if !projects.iter().any(|grant| grant.project_id == project) {
        return Ok(());
    }
    if projects.len() == 1 && row.tenant_role == TenantRole::Member {
        return take_back(w, row).await;
    }
    on!(w.tx, |c| sqlx::query(sql!(
        "DELETE FROM invitation_projects WHERE tenant_id = $1 AND invitation_id = $2 AND project_id = $3"
    ))
    .bind(w.actor.tenant)
    .bind(row.id)
    .bind(project)
    .execute(c)
    .await
    .map(|_| ()))?;
    Ok(())
}

async fn take_back(w: &mut Work, row: &Row) -> Result<()> {
    change::end(w, row).await?;
    let because = json!({ "because": "What this person is was decided anew" });
    w.record(Action::InvitationRevoke, &Target::named(&row.email), because).await
}
