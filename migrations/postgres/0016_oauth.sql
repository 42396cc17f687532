-- Nexus as an OAuth 2.0 authorization server: the apps of tenants, and what people let them do.

CREATE TABLE oauth_apps (
    tenant_id UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id UUID PRIMARY KEY NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('confidential', 'public')),
    -- JSON.
    redirect_uris TEXT NOT NULL,
    scopes TEXT NOT NULL,
    homepage TEXT,
    logo BYTEA,
    device_flow BOOLEAN NOT NULL,
    enabled BOOLEAN NOT NULL,
    -- A public app has no secret.
    secret_key_id TEXT COLLATE "C",
    secret_mac BYTEA,
    old_secret_key_id TEXT COLLATE "C",
    old_secret_mac BYTEA,
    old_secret_expires_at BIGINT,
    created_at BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    UNIQUE (tenant_id, id),
    -- People tell apps apart by it.
    UNIQUE (tenant_id, name)
);

-- What one person lets one app do: everything that was given out for it ends with it.
CREATE TABLE oauth_grants (
    tenant_id UUID NOT NULL,
    id UUID PRIMARY KEY NOT NULL,
    user_id UUID NOT NULL,
    -- None for the built-in command-line app.
    app_id UUID,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- The end of the newest refresh token.
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, app_id) REFERENCES oauth_apps (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX oauth_grants_of_person ON oauth_grants (user_id);
CREATE INDEX oauth_grants_of_app ON oauth_grants (tenant_id, app_id, user_id);
CREATE INDEX oauth_grants_by_end ON oauth_grants (expires_at);

-- Access and refresh tokens. A refresh token that was used stays until its time is over, so that it is known when it
-- comes again.
CREATE TABLE oauth_tokens (
    tenant_id UUID NOT NULL,
    grant_id UUID NOT NULL,
    key_id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    mac BYTEA NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('access', 'refresh')),
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    FOREIGN KEY (tenant_id, grant_id) REFERENCES oauth_grants (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX oauth_tokens_of_grant ON oauth_tokens (tenant_id, grant_id);
CREATE INDEX oauth_tokens_by_end ON oauth_tokens (expires_at);

-- Authorization codes. One that was used stays until its time is over, with the grant that it gave.
CREATE TABLE oauth_codes (
    tenant_id UUID NOT NULL,
    code_hash BYTEA PRIMARY KEY NOT NULL,
    app_id UUID NOT NULL,
    user_id UUID NOT NULL,
    redirect_uri TEXT COLLATE "C" NOT NULL,
    challenge TEXT NOT NULL,
    scopes TEXT NOT NULL,
    grant_id UUID,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    FOREIGN KEY (tenant_id, app_id) REFERENCES oauth_apps (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE
);
CREATE INDEX oauth_codes_of_app ON oauth_codes (tenant_id, app_id);
CREATE INDEX oauth_codes_of_person ON oauth_codes (user_id);
CREATE INDEX oauth_codes_by_end ON oauth_codes (created_at);

-- Devices that wait to be let in.
CREATE TABLE oauth_devices (
    device_hash BYTEA PRIMARY KEY NOT NULL,
    user_code_hash BYTEA UNIQUE NOT NULL,
    -- The app's; of the built-in app the one that was chosen.
    tenant_id UUID REFERENCES tenants (id) ON DELETE CASCADE,
    app_id UUID,
    user_id UUID,
    scopes TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asked', 'allowed', 'refused')),
    ip TEXT,
    -- Seconds between two questions, and the last one.
    wait BIGINT NOT NULL,
    polled_at BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    FOREIGN KEY (tenant_id, app_id) REFERENCES oauth_apps (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE
);
CREATE INDEX oauth_devices_of_app ON oauth_devices (tenant_id, app_id);
CREATE INDEX oauth_devices_of_person ON oauth_devices (user_id);
CREATE INDEX oauth_devices_of_address ON oauth_devices (ip);
CREATE INDEX oauth_devices_by_end ON oauth_devices (expires_at);
