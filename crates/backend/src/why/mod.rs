//! Why a key of a service has the value that programs get: one use case for secrets, configs and
//! flags. It opens no secret, so reading it leaves no audit row, and it tells of what a config names
//! only as much as the reader may list.

mod facts;
mod tree;

use crate::gate::Actor;
use crate::nexus::Nexus;
use crate::services;
use crate::work::Work;
use crate::{Error, Result};
use facts::Facts;
use nexus_domain::action::Action;
use nexus_domain::service::ServicePath;
use nexus_domain::template::{Reference, ReferenceKind};
use nexus_domain::why::ValueExplanation;
use tree::Tree;

/// What the reader may know of the keys that a config names.
#[derive(Clone, Copy)]
struct Sees {
    secrets: bool,
    /// Who wrote a secret, too.
    secret_authors: bool,
    configs: bool,
    flags: bool,
}

impl Sees {
    const fn kind(self, kind: ReferenceKind) -> bool {
        match kind {
            ReferenceKind::Secret => self.secrets,
            ReferenceKind::Config => self.configs,
            ReferenceKind::Flag => self.flags,
        }
    }
}

/// The act of looking at the keys of a kind.
const fn looking_at(kind: ReferenceKind) -> Action {
    match kind {
        ReferenceKind::Secret => Action::SecretList,
        ReferenceKind::Config => Action::ConfigRead,
        ReferenceKind::Flag => Action::FlagRead,
    }
}

/// Explains one key: where it comes from, what it names, what becomes of it.
pub async fn explain(
    nexus: &Nexus,
    actor: &Actor,
    path: &ServicePath,
    kind: ReferenceKind,
    key: &str,
) -> Result<ValueExplanation> {
    let (path, wanted) = (path.clone(), Reference { kind, key: key.to_owned() });
    nexus
        .read(actor, move |w| {
            Box::pin(async move {
                let service = services::resolve(w, &path, looking_at(wanted.kind)).await?;
                if wanted.kind == ReferenceKind::Secret {
                    service.refuse_frontend()?;
                }
                let facts = Facts::about(w, &service, &wanted).await?;
                if !facts.is_listed(&wanted, service.id) {
                    return Err(Error::not_found());
                }
                let sees = Sees {
                    secrets: may(w, &path, ReferenceKind::Secret).await,
                    secret_authors: service.sees_metadata,
                    configs: may(w, &path, ReferenceKind::Config).await,
                    flags: may(w, &path, ReferenceKind::Flag).await,
                };
                Ok(Tree::new(&service, &facts, sees, w.now).explain(&wanted))
            })
        })
        .await
}

/// Asks the gate without an attempt: what is not allowed is left out, and nobody is refused.
async fn may(w: &mut Work, path: &ServicePath, kind: ReferenceKind) -> bool {
    services::resolve(w, path, looking_at(kind)).await.is_ok()
}
