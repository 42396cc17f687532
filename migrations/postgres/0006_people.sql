-- What people prove about themselves, how their sessions were opened, and the mail that goes to them.

ALTER TABLE users ADD COLUMN email_verified_at BIGINT;

-- What a person sees of their sessions, and what rules ask about them.
ALTER TABLE sessions ADD COLUMN ip TEXT;
ALTER TABLE sessions ADD COLUMN user_agent TEXT;
ALTER TABLE sessions ADD COLUMN seen_at BIGINT;
ALTER TABLE sessions ADD COLUMN opened TEXT;

-- When somebody was last there, to the minute.
ALTER TABLE memberships ADD COLUMN last_seen_at BIGINT;

-- How the members of a tenant have to sign in.
ALTER TABLE tenants ADD COLUMN requires_second_factor BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE tenants ADD COLUMN requires_provider BOOLEAN NOT NULL DEFAULT FALSE;

-- Mail on its way. The text holds links that work once, so it is sealed, and wiped once it is delivered or given up.
CREATE TABLE mails (
    id UUID PRIMARY KEY NOT NULL,
    tenant_id UUID REFERENCES tenants (id) ON DELETE CASCADE,
    recipient TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'kept', 'sent', 'bounced', 'failed')),
    attempts INTEGER NOT NULL,
    next_attempt_at BIGINT,
    -- What the mail server said last.
    problem TEXT,
    sealed BYTEA,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX mails_due ON mails (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX mails_of_tenant ON mails (tenant_id, id);
