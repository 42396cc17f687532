-- Signing in with providers, and the mail domains of tenants.

-- The providers of a tenant; those of the instance stand in the settings.
CREATE TABLE sign_in_providers (
    tenant_id UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id UUID PRIMARY KEY NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('google', 'github', 'oidc')),
    issuer TEXT NOT NULL,
    client_id TEXT NOT NULL,
    -- The client secret, and its data key wrapped by the tenant's.
    sealed BYTEA NOT NULL,
    wrapped_key BYTEA NOT NULL,
    enabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name)
);

-- Who somebody is at a provider. Never the address: that one can be given to somebody else.
CREATE TABLE identities (
    provider_id UUID NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The tenant of the provider; none for one of the instance.
    tenant_id UUID,
    shown TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (provider_id, subject),
    FOREIGN KEY (tenant_id, provider_id) REFERENCES sign_in_providers (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX identities_of_user ON identities (user_id);
CREATE INDEX identities_of_provider ON identities (tenant_id, provider_id);

-- People who were sent to a provider and are not back yet. Each row works once, in the browser that it was made for.
CREATE TABLE sign_in_flows (
    state_hash BYTEA PRIMARY KEY NOT NULL,
    browser_hash BYTEA NOT NULL,
    provider_id UUID NOT NULL,
    user_id UUID REFERENCES users (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL CHECK (purpose IN ('sign_in', 'link', 'step_up', 'join')),
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sign_in_flows_by_expiry ON sign_in_flows (expires_at);
CREATE INDEX sign_in_flows_of_user ON sign_in_flows (user_id);

-- Mail domains: proved by a record in DNS, and what people with such an address become.
CREATE TABLE mail_domains (
    tenant_id UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    domain TEXT COLLATE "C" NOT NULL,
    token TEXT NOT NULL,
    proved_at BIGINT,
    joins_as TEXT CHECK (joins_as IN ('finance', 'member')),
    -- JSON: project and role of each.
    projects TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, domain)
);
CREATE INDEX mail_domains_by_name ON mail_domains (domain);
