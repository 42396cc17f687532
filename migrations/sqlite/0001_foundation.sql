-- Times are microseconds since the Unix epoch; ids are UUIDv7 in 16 bytes; JSON is text and never queried inside.
-- Every table of a tenant carries its id, and foreign keys hold tenant and id together, so that no row can
-- point across tenants.

CREATE TABLE instance (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    root_key_id TEXT NOT NULL,
    root_key_check BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE instance_keys (
    name TEXT PRIMARY KEY NOT NULL,
    wrapped BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE tenants (
    id BLOB PRIMARY KEY NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    seq INTEGER NOT NULL,
    chain_head BLOB NOT NULL,
    environment_cap INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE tenant_keys (
    tenant_id BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL,
    wrapped BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, generation)
) STRICT;

CREATE TABLE users (
    id BLOB PRIMARY KEY NOT NULL,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT,
    last_tenant TEXT,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE memberships (
    tenant_id BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('owner', 'finance', 'member')),
    handle TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    UNIQUE (tenant_id, handle)
) STRICT;
CREATE INDEX memberships_of_user ON memberships (user_id);

CREATE TABLE sessions (
    id_hash BLOB PRIMARY KEY NOT NULL,
    user_id BLOB REFERENCES users (id) ON DELETE CASCADE,
    data TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE one_time_links (
    token_hash BLOB PRIMARY KEY NOT NULL,
    purpose TEXT NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX one_time_links_of_user ON one_time_links (user_id);

CREATE TABLE projects (
    tenant_id BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id BLOB PRIMARY KEY NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    tier TEXT NOT NULL CHECK (tier IN ('free', 'xs', 's', 'm', 'l', 'xl')),
    undelete_days INTEGER NOT NULL CHECK (undelete_days BETWEEN 7 AND 365),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (tenant_id, slug),
    UNIQUE (tenant_id, id)
) STRICT;

CREATE TABLE project_members (
    tenant_id BLOB NOT NULL,
    project_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'manager', 'developer', 'tester', 'viewer')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (project_id, user_id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX project_members_of_user ON project_members (tenant_id, user_id);

CREATE TABLE environments (
    tenant_id BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id BLOB PRIMARY KEY NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('live', 'environment', 'developer', 'legacy_test')),
    project_id BLOB,
    owner_id BLOB,
    imported_at INTEGER,
    pinned_engine_version TEXT,
    created_at INTEGER NOT NULL,
    UNIQUE (tenant_id, id),
    CHECK ((kind = 'developer') = (project_id IS NOT NULL) AND (kind = 'developer') = (owner_id IS NOT NULL)),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, owner_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX environments_shared_slug ON environments (tenant_id, slug) WHERE project_id IS NULL;
CREATE UNIQUE INDEX environments_developer_slug ON environments (project_id, slug) WHERE project_id IS NOT NULL;
CREATE UNIQUE INDEX environments_developer_owner ON environments (project_id, owner_id) WHERE project_id IS NOT NULL;
CREATE INDEX environments_of_owner ON environments (owner_id) WHERE owner_id IS NOT NULL;
CREATE UNIQUE INDEX environments_one_live ON environments (tenant_id) WHERE kind = 'live';

CREATE TABLE services (
    tenant_id BLOB NOT NULL,
    id BLOB PRIMARY KEY NOT NULL,
    project_id BLOB NOT NULL,
    environment_id BLOB NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('backend', 'frontend')),
    umbrella INTEGER NOT NULL CHECK (umbrella IN (0, 1)),
    endpoint_slug TEXT UNIQUE,
    umbrella_id BLOB,
    changed_seq INTEGER NOT NULL,
    synced_at INTEGER,
    synced_by TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (tenant_id, id),
    UNIQUE (project_id, environment_id, slug),
    CHECK ((umbrella = 1) = (endpoint_slug IS NULL)),
    CHECK (umbrella = 0 OR umbrella_id IS NULL),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, environment_id) REFERENCES environments (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, umbrella_id) REFERENCES services (tenant_id, id)
) STRICT;
CREATE INDEX services_of_umbrella ON services (umbrella_id) WHERE umbrella_id IS NOT NULL;
CREATE INDEX services_of_environment ON services (environment_id);

CREATE TRIGGER services_identity_is_immutable
BEFORE UPDATE OF kind, slug, endpoint_slug, environment_id, project_id, tenant_id, umbrella ON services
WHEN OLD.kind IS NOT NEW.kind OR OLD.slug IS NOT NEW.slug OR OLD.endpoint_slug IS NOT NEW.endpoint_slug
    OR OLD.environment_id IS NOT NEW.environment_id OR OLD.project_id IS NOT NEW.project_id
    OR OLD.tenant_id IS NOT NEW.tenant_id OR OLD.umbrella IS NOT NEW.umbrella
BEGIN
    SELECT RAISE(ABORT, 'the identity of a service is immutable');
END;

CREATE TABLE service_keys (
    tenant_id BLOB NOT NULL,
    id BLOB PRIMARY KEY NOT NULL,
    service_id BLOB NOT NULL,
    slot TEXT NOT NULL CHECK (slot IN ('primary', 'secondary')),
    key_id TEXT NOT NULL UNIQUE,
    mac BLOB NOT NULL,
    access TEXT NOT NULL CHECK (access IN ('read', 'read_write')),
    superseded INTEGER NOT NULL CHECK (superseded IN (0, 1)),
    expires_at INTEGER,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    last_used_at INTEGER,
    last_used_ip TEXT,
    FOREIGN KEY (tenant_id, service_id) REFERENCES services (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX service_keys_slot ON service_keys (service_id, slot) WHERE superseded = 0;
CREATE INDEX service_keys_of_service ON service_keys (service_id);

CREATE TABLE environment_keys (
    tenant_id BLOB NOT NULL,
    id BLOB PRIMARY KEY NOT NULL,
    environment_id BLOB NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('secret', 'publishable')),
    scopes TEXT NOT NULL,
    key_id TEXT NOT NULL UNIQUE,
    mac BLOB NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    last_used_at INTEGER,
    last_used_ip TEXT,
    FOREIGN KEY (tenant_id, environment_id) REFERENCES environments (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX environment_keys_of_environment ON environment_keys (environment_id);

CREATE TABLE entries (
    tenant_id BLOB NOT NULL,
    id BLOB PRIMARY KEY NOT NULL,
    service_id BLOB NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('secret', 'config', 'flag')),
    key TEXT NOT NULL,
    type TEXT NOT NULL,
    -- 0 while the entry needs a value; the last number ever given stays burnt.
    active_version INTEGER NOT NULL,
    last_version INTEGER NOT NULL,
    note TEXT NOT NULL,
    -- One a line.
    tags TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    updated_by TEXT NOT NULL,
    deleted_at INTEGER,
    deleted_by TEXT,
    final_at INTEGER,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, service_id) REFERENCES services (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX entries_key ON entries (service_id, kind, key) WHERE deleted_at IS NULL;
-- For cascades, which look at deleted rows too.
CREATE INDEX entries_of_service ON entries (service_id);
CREATE INDEX entries_final ON entries (final_at) WHERE final_at IS NOT NULL;
CREATE INDEX entries_deleted ON entries (service_id, kind, deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE entry_versions (
    tenant_id BLOB NOT NULL,
    entry_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    type TEXT NOT NULL,
    size INTEGER NOT NULL,
    description TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    destroyed_at INTEGER,
    -- Sealed for secrets; both NULL once the version is destroyed. Last, because SQLite reads a row
    -- from its beginning, and a list looks at everything but these.
    wrapped_key BLOB,
    payload BLOB,
    PRIMARY KEY (entry_id, number),
    FOREIGN KEY (tenant_id, entry_id) REFERENCES entries (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE audit_log (
    tenant_id BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id BLOB,
    actor TEXT NOT NULL,
    event TEXT NOT NULL,
    outcome TEXT NOT NULL,
    project TEXT,
    environment TEXT,
    service TEXT,
    target TEXT,
    details TEXT NOT NULL,
    ip TEXT,
    hash BLOB NOT NULL,
    PRIMARY KEY (tenant_id, seq)
) STRICT;
CREATE INDEX audit_log_by_project ON audit_log (tenant_id, project, seq);

CREATE TABLE audit_denials (
    tenant_id BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    minute INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, actor, action, target, minute)
) STRICT;

-- Repeated reads, counted outside the chain; the first of each (reader, service, revision, hour) is chained.
CREATE TABLE read_counts (
    tenant_id BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    reader TEXT NOT NULL,
    service_id BLOB NOT NULL,
    revision INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    reads INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, reader, service_id, revision, hour)
) STRICT;
