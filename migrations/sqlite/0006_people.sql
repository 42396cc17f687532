-- What people prove about themselves, how their sessions were opened, and the mail that goes to them.

ALTER TABLE users ADD COLUMN email_verified_at INTEGER;

-- What a person sees of their sessions, and what rules ask about them.
ALTER TABLE sessions ADD COLUMN ip TEXT;
ALTER TABLE sessions ADD COLUMN user_agent TEXT;
ALTER TABLE sessions ADD COLUMN seen_at INTEGER;
ALTER TABLE sessions ADD COLUMN opened TEXT;

-- When somebody was last there, to the minute.
ALTER TABLE memberships ADD COLUMN last_seen_at INTEGER;

-- How the members of a tenant have to sign in.
ALTER TABLE tenants ADD COLUMN requires_second_factor INTEGER NOT NULL DEFAULT 0 CHECK (requires_second_factor IN (0, 1));
ALTER TABLE tenants ADD COLUMN requires_provider INTEGER NOT NULL DEFAULT 0 CHECK (requires_provider IN (0, 1));

-- Mail on its way. The text holds links that work once, so it is sealed, and wiped once it is delivered or given up.
CREATE TABLE mails (
    id BLOB PRIMARY KEY NOT NULL,
    tenant_id BLOB REFERENCES tenants (id) ON DELETE CASCADE,
    recipient TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'kept', 'sent', 'bounced', 'failed')),
    attempts INTEGER NOT NULL,
    next_attempt_at INTEGER,
    -- What the mail server said last.
    problem TEXT,
    sealed BLOB,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX mails_due ON mails (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX mails_of_tenant ON mails (tenant_id, id);
