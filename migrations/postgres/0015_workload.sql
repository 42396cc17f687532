-- Workload identity: whose word is taken for who a program is, which programs each service lets in, and what they
-- were given for it.

CREATE TABLE identity_providers (
    tenant_id UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id UUID PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN
        ('gcp', 'aws_oidc', 'aws_iam', 'azure', 'kubernetes', 'github', 'gitlab', 'oidc')),
    issuer TEXT NOT NULL,
    keys_from TEXT NOT NULL CHECK (keys_from IN ('discovery', 'jwks_url', 'uploaded')),
    jwks_url TEXT,
    jwks TEXT,
    audience TEXT NOT NULL,
    -- Of its sessions, in seconds.
    max_lifetime BIGINT NOT NULL CHECK (max_lifetime BETWEEN 60 AND 3600),
    -- JSON: a list of names.
    algorithms TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    -- The change that made it trust what it trusts now.
    trusted_since BIGINT NOT NULL,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name),
    CHECK ((keys_from = 'jwks_url') = (jwks_url IS NOT NULL)),
    CHECK ((keys_from = 'uploaded') = (jwks IS NOT NULL))
);

-- The rules of services: which claims let a program in.
CREATE TABLE workload_identities (
    tenant_id UUID NOT NULL,
    id UUID PRIMARY KEY NOT NULL,
    service_id UUID NOT NULL,
    provider_id UUID NOT NULL,
    name TEXT NOT NULL,
    -- JSON: value by name of the claim.
    claims TEXT NOT NULL,
    access TEXT NOT NULL CHECK (access IN ('read', 'read_write')),
    max_lifetime BIGINT CHECK (max_lifetime BETWEEN 60 AND 3600),
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    last_used_at BIGINT,
    UNIQUE (tenant_id, id),
    UNIQUE (service_id, name),
    FOREIGN KEY (tenant_id, service_id) REFERENCES services (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, provider_id) REFERENCES identity_providers (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX workload_identities_of_provider ON workload_identities (tenant_id, provider_id);
CREATE INDEX workload_identities_of_service ON workload_identities (tenant_id, service_id);

CREATE TABLE workload_sessions (
    tenant_id UUID NOT NULL,
    id UUID PRIMARY KEY NOT NULL,
    identity_id UUID NOT NULL,
    service_id UUID NOT NULL,
    key_id TEXT NOT NULL UNIQUE,
    mac BYTEA NOT NULL,
    -- Whom the platform named.
    subject TEXT NOT NULL,
    ip TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    FOREIGN KEY (tenant_id, identity_id) REFERENCES workload_identities (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, service_id) REFERENCES services (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX workload_sessions_of_tenant ON workload_sessions (tenant_id, id);
CREATE INDEX workload_sessions_of_service ON workload_sessions (tenant_id, service_id, id);
CREATE INDEX workload_sessions_of_identity ON workload_sessions (tenant_id, identity_id);
CREATE INDEX workload_sessions_end ON workload_sessions (expires_at);

-- Signed requests of AWS that were used: each works once. The hash is of the signature.
CREATE TABLE used_requests (
    signature_hash BYTEA PRIMARY KEY NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_requests_end ON used_requests (expires_at);
