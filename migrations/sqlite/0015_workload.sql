-- Workload identity: whose word is taken for who a program is, which programs each service lets in, and what they
-- were given for it.

CREATE TABLE identity_providers (
    tenant_id BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN
        ('gcp', 'aws_oidc', 'aws_iam', 'azure', 'kubernetes', 'github', 'gitlab', 'oidc')),
    issuer TEXT NOT NULL,
    keys_from TEXT NOT NULL CHECK (keys_from IN ('discovery', 'jwks_url', 'uploaded')),
    jwks_url TEXT,
    jwks TEXT,
    audience TEXT NOT NULL,
    -- Of its sessions, in seconds.
    max_lifetime INTEGER NOT NULL CHECK (max_lifetime BETWEEN 60 AND 3600),
    -- JSON: a list of names.
    algorithms TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    -- The change that made it trust what it trusts now.
    trusted_since INTEGER NOT NULL,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name),
    CHECK ((keys_from = 'jwks_url') = (jwks_url IS NOT NULL)),
    CHECK ((keys_from = 'uploaded') = (jwks IS NOT NULL))
) STRICT;

-- The rules of services: which claims let a program in.
CREATE TABLE workload_identities (
    tenant_id BLOB NOT NULL,
    id BLOB PRIMARY KEY NOT NULL,
    service_id BLOB NOT NULL,
    provider_id BLOB NOT NULL,
    name TEXT NOT NULL,
    -- JSON: value by name of the claim.
    claims TEXT NOT NULL,
    access TEXT NOT NULL CHECK (access IN ('read', 'read_write')),
    max_lifetime INTEGER CHECK (max_lifetime BETWEEN 60 AND 3600),
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    last_used_at INTEGER,
    UNIQUE (tenant_id, id),
    UNIQUE (service_id, name),
    FOREIGN KEY (tenant_id, service_id) REFERENCES services (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, provider_id) REFERENCES identity_providers (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX workload_identities_of_provider ON workload_identities (tenant_id, provider_id);
CREATE INDEX workload_identities_of_service ON workload_identities (tenant_id, service_id);

CREATE TABLE workload_sessions (
    tenant_id BLOB NOT NULL,
    id BLOB PRIMARY KEY NOT NULL,
    identity_id BLOB NOT NULL,
    service_id BLOB NOT NULL,
    key_id TEXT NOT NULL UNIQUE,
    mac BLOB NOT NULL,
    -- Whom the platform named.
    subject TEXT NOT NULL,
    ip TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    FOREIGN KEY (tenant_id, identity_id) REFERENCES workload_identities (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, service_id) REFERENCES services (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX workload_sessions_of_tenant ON workload_sessions (tenant_id, id);
CREATE INDEX workload_sessions_of_service ON workload_sessions (tenant_id, service_id, id);
CREATE INDEX workload_sessions_of_identity ON workload_sessions (tenant_id, identity_id);
CREATE INDEX workload_sessions_end ON workload_sessions (expires_at);

-- Signed requests of AWS that were used: each works once. The hash is of the signature.
CREATE TABLE used_requests (
    signature_hash BLOB PRIMARY KEY NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX used_requests_end ON used_requests (expires_at);
