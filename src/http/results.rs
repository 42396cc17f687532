//! What the handlers of the management API make of the results of changes: the body of the answer. It is
//! known apart from the handlers, so that the answer can be kept in the transaction of the change. A test
//! finds a call whose result is missing here.

use nexus_domain::config::ConfigRow;
use nexus_domain::environment::Environment;
use nexus_domain::environment_key::{MadeEnvironmentKey, SigningSecret};
use nexus_domain::flag::FlagRow;
use nexus_domain::grid::PromoteReport;
use nexus_domain::import::ImportReport;
use nexus_domain::invitation::{Invitation, Invited};
use nexus_domain::keys::RotatedKey;
use nexus_domain::member::ProjectMember;
use nexus_domain::oauth::MadeOauthApp;
use nexus_domain::project::Project;
use nexus_domain::secret::SecretRow;
use nexus_domain::service::Service;
use nexus_domain::workload::{Identity, IdentityProvider};
use serde::Serialize;
use std::any::Any;

/// The body of the answer to a change that gave this.
pub(super) fn body(result: &dyn Any) -> Option<String> {
    [
        of::<Project>,
        of::<Environment>,
        of::<Service>,
        of::<PromoteReport>,
        of::<RotatedKey>,
        of::<MadeEnvironmentKey>,
        of::<SigningSecret>,
        of::<MadeOauthApp>,
        of::<IdentityProvider>,
        of::<Identity>,
        of::<SecretRow>,
        first::<SecretRow>,
        of::<ConfigRow>,
        of::<FlagRow>,
        of::<ImportReport>,
        of::<nexus_domain::environment::DevImport>,
        of::<ProjectMember>,
        of::<Invitation>,
        invitation,
    ]
    .iter()
    .find_map(|read| read(result))
}

fn of<T: Serialize + 'static>(result: &dyn Any) -> Option<String> {
    serde_json::to_string(result.downcast_ref::<T>()?).ok()
}

/// Where one of several is asked for.
fn first<T: Serialize + 'static>(result: &dyn Any) -> Option<String> {
    serde_json::to_string(result.downcast_ref::<Vec<T>>()?.first()?).ok()
}

fn invitation(result: &dyn Any) -> Option<String> {
    match result.downcast_ref::<Vec<(String, Invited)>>()?.first()? {
        (_, Invited::Now(invitation)) => serde_json::to_string(invitation).ok(),
        _ => None,
    }
}
