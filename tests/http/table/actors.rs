//! Who calls: the columns of the table.

use crate::world::{As, Keys, Person};

/// A column: its name, and the credential that it sends.
pub type Actor = (&'static str, fn(&Keys) -> As);

pub const ACTORS: [Actor; 29] = [
    ("nobody", |_| As::Nobody),
    ("ended", |_| Person::Ended.into()),
    ("rival", |_| Person::Rival.into()),
    ("invited", |_| Person::Invited.into()),
    ("removed", |_| Person::Removed.into()),
    ("owner", |_| Person::Owner.into()),
    ("finance", |_| Person::Finance.into()),
    ("member", |_| Person::Member.into()),
    ("lead", |_| Person::Lead.into()),
    ("manager", |_| Person::Manager.into()),
    ("dev", |_| Person::Developer.into()),
    ("peer", |_| Person::Colleague.into()),
    ("tester", |_| Person::Tester.into()),
    ("viewer", |_| Person::Viewer.into()),
    ("nx_admin", |keys| (&keys.admin).into()),
    ("nx_wide", |keys| (&keys.wide).into()),
    ("nx_none", |keys| (&keys.narrow).into()),
    ("nx_pub", |keys| (&keys.publishable).into()),
    ("jwt", |keys| (&keys.token).into()),
    ("oauth", |keys| (&keys.apps.oauth).into()),
    ("oauth_none", |keys| (&keys.apps.oauth_none).into()),
    ("oauth_cli", |keys| (&keys.apps.oauth_cli).into()),
    ("nx_rival", |keys| (&keys.rival).into()),
    ("sk_r", |keys| (&keys.sk_read).into()),
    ("sk_rw", |keys| (&keys.sk_write).into()),
    ("sk_off", |keys| (&keys.sk_revoked).into()),
    ("pk", |keys| (&keys.pk).into()),
    ("ws", |keys| (&keys.session).into()),
    ("jwt_none", |_| "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbmFAYWNtZS50ZXN0In0.".into()),
];
