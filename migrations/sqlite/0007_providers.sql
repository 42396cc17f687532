-- Signing in with providers, and the mail domains of tenants.

-- The providers of a tenant; those of the instance stand in the settings.
CREATE TABLE sign_in_providers (
    tenant_id BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('google', 'github', 'oidc')),
    issuer TEXT NOT NULL,
    client_id TEXT NOT NULL,
    -- The client secret, and its data key wrapped by the tenant's.
    sealed BLOB NOT NULL,
    wrapped_key BLOB NOT NULL,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    created_at INTEGER NOT NULL,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name)
) STRICT;

-- Who somebody is at a provider. Never the address: that one can be given to somebody else.
CREATE TABLE identities (
    provider_id BLOB NOT NULL,
    subject TEXT NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The tenant of the provider; none for one of the instance.
    tenant_id BLOB,
    shown TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (provider_id, subject),
    FOREIGN KEY (tenant_id, provider_id) REFERENCES sign_in_providers (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX identities_of_user ON identities (user_id);
CREATE INDEX identities_of_provider ON identities (tenant_id, provider_id);

-- People who were sent to a provider and are not back yet. Each row works once, in the browser that it was made for.
CREATE TABLE sign_in_flows (
    state_hash BLOB PRIMARY KEY NOT NULL,
    browser_hash BLOB NOT NULL,
    provider_id BLOB NOT NULL,
    user_id BLOB REFERENCES users (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL CHECK (purpose IN ('sign_in', 'link', 'step_up', 'join')),
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_in_flows_by_expiry ON sign_in_flows (expires_at);
CREATE INDEX sign_in_flows_of_user ON sign_in_flows (user_id);

-- Mail domains: proved by a record in DNS, and what people with such an address become.
CREATE TABLE mail_domains (
    tenant_id BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    domain TEXT NOT NULL,
    token TEXT NOT NULL,
    proved_at INTEGER,
    joins_as TEXT CHECK (joins_as IN ('finance', 'member')),
    -- JSON: project and role of each.
    projects TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, domain)
) STRICT;
CREATE INDEX mail_domains_by_name ON mail_domains (domain);
