-- Times are microseconds since the Unix epoch; ids are UUIDv7; JSON is text and never queried inside.
-- Every table of a tenant carries its id, and foreign keys hold tenant and id together, so that no row can
-- point across tenants.

CREATE TABLE instance (
    id BIGINT PRIMARY KEY NOT NULL CHECK (id = 1),
    root_key_id TEXT NOT NULL,
    root_key_check BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE instance_keys (
    name TEXT PRIMARY KEY NOT NULL,
    wrapped BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE tenants (
    id UUID PRIMARY KEY NOT NULL,
    slug TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT NOT NULL,
    seq BIGINT NOT NULL,
    chain_head BYTEA NOT NULL,
    environment_cap BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE tenant_keys (
    tenant_id UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    generation BIGINT NOT NULL,
    wrapped BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, generation)
);

CREATE TABLE users (
    id UUID PRIMARY KEY NOT NULL,
    email TEXT COLLATE "C" NOT NULL UNIQUE,
    password_hash TEXT,
    last_tenant TEXT,
    created_at BIGINT NOT NULL
);

CREATE TABLE memberships (
    tenant_id UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('owner', 'finance', 'member')),
    handle TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    UNIQUE (tenant_id, handle)
);
CREATE INDEX memberships_of_user ON memberships (user_id);

CREATE TABLE sessions (
    id_hash BYTEA PRIMARY KEY NOT NULL,
    user_id UUID REFERENCES users (id) ON DELETE CASCADE,
    data TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE one_time_links (
    token_hash BYTEA PRIMARY KEY NOT NULL,
    purpose TEXT NOT NULL,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX one_time_links_of_user ON one_time_links (user_id);

CREATE TABLE projects (
    tenant_id UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id UUID PRIMARY KEY NOT NULL,
    slug TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    tier TEXT NOT NULL CHECK (tier IN ('free', 'xs', 's', 'm', 'l', 'xl')),
    undelete_days BIGINT NOT NULL CHECK (undelete_days BETWEEN 7 AND 365),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (tenant_id, slug),
    UNIQUE (tenant_id, id)
);

CREATE TABLE project_members (
    tenant_id UUID NOT NULL,
    project_id UUID NOT NULL,
    user_id UUID NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'manager', 'developer', 'tester', 'viewer')),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (project_id, user_id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, user_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE
);
CREATE INDEX project_members_of_user ON project_members (tenant_id, user_id);

CREATE TABLE environments (
    tenant_id UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id UUID PRIMARY KEY NOT NULL,
    slug TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('live', 'environment', 'developer', 'legacy_test')),
    project_id UUID,
    owner_id UUID,
    imported_at BIGINT,
    pinned_engine_version TEXT,
    created_at BIGINT NOT NULL,
    UNIQUE (tenant_id, id),
    CHECK ((kind = 'developer') = (project_id IS NOT NULL) AND (kind = 'developer') = (owner_id IS NOT NULL)),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, owner_id) REFERENCES memberships (tenant_id, user_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX environments_shared_slug ON environments (tenant_id, slug) WHERE project_id IS NULL;
CREATE UNIQUE INDEX environments_developer_slug ON environments (project_id, slug) WHERE project_id IS NOT NULL;
CREATE UNIQUE INDEX environments_developer_owner ON environments (project_id, owner_id) WHERE project_id IS NOT NULL;
CREATE INDEX environments_of_owner ON environments (owner_id) WHERE owner_id IS NOT NULL;
CREATE UNIQUE INDEX environments_one_live ON environments (tenant_id) WHERE kind = 'live';

CREATE TABLE services (
    tenant_id UUID NOT NULL,
    id UUID PRIMARY KEY NOT NULL,
    project_id UUID NOT NULL,
    environment_id UUID NOT NULL,
    slug TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('backend', 'frontend')),
    umbrella BOOLEAN NOT NULL,
    endpoint_slug TEXT UNIQUE,
    umbrella_id UUID,
    changed_seq BIGINT NOT NULL,
    synced_at BIGINT,
    synced_by TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (tenant_id, id),
    UNIQUE (project_id, environment_id, slug),
    CHECK (umbrella = (endpoint_slug IS NULL)),
    CHECK (NOT umbrella OR umbrella_id IS NULL),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, environment_id) REFERENCES environments (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, umbrella_id) REFERENCES services (tenant_id, id)
);
CREATE INDEX services_of_umbrella ON services (umbrella_id) WHERE umbrella_id IS NOT NULL;
CREATE INDEX services_of_environment ON services (environment_id);

CREATE FUNCTION refuse_new_service_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the identity of a service is immutable';
END;
$$;
CREATE TRIGGER services_identity_is_immutable
BEFORE UPDATE ON services FOR EACH ROW
WHEN (OLD.kind IS DISTINCT FROM NEW.kind OR OLD.slug IS DISTINCT FROM NEW.slug
    OR OLD.endpoint_slug IS DISTINCT FROM NEW.endpoint_slug
    OR OLD.environment_id IS DISTINCT FROM NEW.environment_id OR OLD.project_id IS DISTINCT FROM NEW.project_id
    OR OLD.tenant_id IS DISTINCT FROM NEW.tenant_id OR OLD.umbrella IS DISTINCT FROM NEW.umbrella)
EXECUTE FUNCTION refuse_new_service_identity();

CREATE TABLE service_keys (
    tenant_id UUID NOT NULL,
    id UUID PRIMARY KEY NOT NULL,
    service_id UUID NOT NULL,
    slot TEXT NOT NULL CHECK (slot IN ('primary', 'secondary')),
    key_id TEXT NOT NULL UNIQUE,
    mac BYTEA NOT NULL,
    access TEXT NOT NULL CHECK (access IN ('read', 'read_write')),
    superseded BOOLEAN NOT NULL,
    expires_at BIGINT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    last_used_at BIGINT,
    last_used_ip TEXT,
    FOREIGN KEY (tenant_id, service_id) REFERENCES services (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX service_keys_slot ON service_keys (service_id, slot) WHERE NOT superseded;
CREATE INDEX service_keys_of_service ON service_keys (service_id);

CREATE TABLE environment_keys (
    tenant_id UUID NOT NULL,
    id UUID PRIMARY KEY NOT NULL,
    environment_id UUID NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('secret', 'publishable')),
    scopes TEXT NOT NULL,
    key_id TEXT NOT NULL UNIQUE,
    mac BYTEA NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    last_used_at BIGINT,
    last_used_ip TEXT,
    FOREIGN KEY (tenant_id, environment_id) REFERENCES environments (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX environment_keys_of_environment ON environment_keys (environment_id);

CREATE TABLE entries (
    tenant_id UUID NOT NULL,
    id UUID PRIMARY KEY NOT NULL,
    service_id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('secret', 'config', 'flag')),
    key TEXT COLLATE "C" NOT NULL,
    type TEXT NOT NULL,
    -- 0 while the entry needs a value; the last number ever given stays burnt.
    active_version BIGINT NOT NULL,
    last_version BIGINT NOT NULL,
    note TEXT COLLATE "C" NOT NULL,
    -- One a line.
    tags TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    deleted_at BIGINT,
    deleted_by TEXT,
    final_at BIGINT,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, service_id) REFERENCES services (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX entries_key ON entries (service_id, kind, key) WHERE deleted_at IS NULL;
-- For cascades, which look at deleted rows too.
CREATE INDEX entries_of_service ON entries (service_id);
CREATE INDEX entries_final ON entries (final_at) WHERE final_at IS NOT NULL;
CREATE INDEX entries_deleted ON entries (service_id, kind, deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE entry_versions (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    number BIGINT NOT NULL,
    type TEXT NOT NULL,
    size BIGINT NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    destroyed_at BIGINT,
    -- Sealed for secrets; both NULL once the version is destroyed. Last, because SQLite reads a row
    -- from its beginning, and a list looks at everything but these.
    wrapped_key BYTEA,
    payload BYTEA,
    PRIMARY KEY (entry_id, number),
    FOREIGN KEY (tenant_id, entry_id) REFERENCES entries (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE audit_log (
    tenant_id UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id UUID,
    actor TEXT NOT NULL,
    event TEXT NOT NULL,
    outcome TEXT NOT NULL,
    project TEXT,
    environment TEXT,
    service TEXT,
    target TEXT,
    details TEXT NOT NULL,
    ip TEXT,
    hash BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX audit_log_by_project ON audit_log (tenant_id, project, seq);

CREATE TABLE audit_denials (
    tenant_id UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    minute BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, actor, action, target, minute)
);

-- Repeated reads, counted outside the chain; the first of each (reader, service, revision, hour) is chained.
CREATE TABLE read_counts (
    tenant_id UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    reader TEXT NOT NULL,
    service_id UUID NOT NULL,
    revision BIGINT NOT NULL,
    hour BIGINT NOT NULL,
    reads BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, reader, service_id, revision, hour)
);
