-- Nexus as an OAuth 2.0 authorization server: the apps of tenants, and what people let them do.

CREATE TABLE oauth_apps (
    tenant_id BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('confidential', 'public')),
    -- JSON.
    redirect_uris TEXT NOT NULL,
    scopes TEXT NOT NULL,
    homepage TEXT,
    logo BLOB,
    device_flow INTEGER NOT NULL CHECK (device_flow IN (0, 1)),
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    -- A public app has no secret.
    secret_key_id TEXT,
    secret_mac BLOB,
    old_secret_key_id TEXT,
    old_secret_mac BLOB,
    old_secret_expires_at INTEGER,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    UNIQUE (tenant_id, id),
    -- People tell apps apart by it.
    UNIQUE (tenant_id, name)
) STRICT;

-- What one person lets one app do: everything that was given out for it ends with it.
CREATE TABLE oauth_grants (
    tenant_id BLOB NOT NULL,
    id BLOB PRIMARY KEY NOT NULL,
    user_id BLOB NOT NULL,
    -- None for the built-in command-line app.
    app_id BLOB,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- The end of the newest refresh token.
    expires_at INTEGER NOT NULL,
    last_used_at INTEGER,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, app_id) REFERENCES oauth_apps (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX oauth_grants_of_person ON oauth_grants (user_id);
CREATE INDEX oauth_grants_of_app ON oauth_grants (tenant_id, app_id, user_id);
CREATE INDEX oauth_grants_by_end ON oauth_grants (expires_at);

-- Access and refresh tokens. A refresh token that was used stays until its time is over, so that it is known when it
-- comes again.
CREATE TABLE oauth_tokens (
    tenant_id BLOB NOT NULL,
    grant_id BLOB NOT NULL,
    key_id TEXT PRIMARY KEY NOT NULL,
    mac BLOB NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('access', 'refresh')),
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    FOREIGN KEY (tenant_id, grant_id) REFERENCES oauth_grants (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX oauth_tokens_of_grant ON oauth_tokens (tenant_id, grant_id);
CREATE INDEX oauth_tokens_by_end ON oauth_tokens (expires_at);

-- Authorization codes. One that was used stays until its time is over, with the grant that it gave.
CREATE TABLE oauth_codes (
    tenant_id BLOB NOT NULL,
    code_hash BLOB PRIMARY KEY NOT NULL,
    app_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    redirect_uri TEXT NOT NULL,
    challenge TEXT NOT NULL,
    scopes TEXT NOT NULL,
    grant_id BLOB,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    FOREIGN KEY (tenant_id, app_id) REFERENCES oauth_apps (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX oauth_codes_of_app ON oauth_codes (tenant_id, app_id);
CREATE INDEX oauth_codes_of_person ON oauth_codes (user_id);
CREATE INDEX oauth_codes_by_end ON oauth_codes (created_at);

-- Devices that wait to be let in.
CREATE TABLE oauth_devices (
    device_hash BLOB PRIMARY KEY NOT NULL,
    user_code_hash BLOB UNIQUE NOT NULL,
    -- The app's; of the built-in app the one that was chosen.
    tenant_id BLOB REFERENCES tenants (id) ON DELETE CASCADE,
    app_id BLOB,
    user_id BLOB,
    scopes TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asked', 'allowed', 'refused')),
    ip TEXT,
    -- Seconds between two questions, and the last one.
    wait INTEGER NOT NULL,
    polled_at INTEGER,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    FOREIGN KEY (tenant_id, app_id) REFERENCES oauth_apps (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX oauth_devices_of_app ON oauth_devices (tenant_id, app_id);
CREATE INDEX oauth_devices_of_person ON oauth_devices (user_id);
CREATE INDEX oauth_devices_of_address ON oauth_devices (ip);
CREATE INDEX oauth_devices_by_end ON oauth_devices (expires_at);
