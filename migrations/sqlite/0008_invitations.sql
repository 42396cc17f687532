-- Invitations: roles that are offered to an address, and the one link that accepts them.

CREATE TABLE invitations (
    tenant_id BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id BLOB PRIMARY KEY NOT NULL,
    email TEXT NOT NULL,
    tenant_role TEXT NOT NULL CHECK (tenant_role IN ('owner', 'finance', 'member')),
    -- A MAC of the newest link's token; earlier ones are dead.
    token_mac BLOB NOT NULL UNIQUE,
    -- The mail that carries that link; none where somebody copied it.
    mail_id BLOB,
    invited_by TEXT NOT NULL,
    -- Whose rights it rests on; none where a key or the operator invited.
    inviter_id BLOB,
    created_at INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    accepted_at INTEGER,
    accepted_by BLOB,
    revoked_at INTEGER,
    UNIQUE (tenant_id, id)
) STRICT;
CREATE INDEX invitations_of_address ON invitations (tenant_id, email);

CREATE TABLE invitation_projects (
    tenant_id BLOB NOT NULL,
    invitation_id BLOB NOT NULL,
    project_id BLOB NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'manager', 'developer', 'tester', 'viewer')),
    PRIMARY KEY (invitation_id, project_id),
    FOREIGN KEY (tenant_id, invitation_id) REFERENCES invitations (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX invitation_projects_of_project ON invitation_projects (tenant_id, project_id, invitation_id);
CREATE INDEX invitation_projects_of_invitation ON invitation_projects (tenant_id, invitation_id);

-- When somebody read the text of a kept mail in the outbox: a link in it proves no mailbox from then on.
ALTER TABLE mails ADD COLUMN opened_at INTEGER;
