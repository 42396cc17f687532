-- Limits, quarantine, and the API log.

-- Attempts and requests of the current minute, where several processes share the database. The subject is a MAC of an
-- address or account. Nothing is lost when it is empty after a crash.
CREATE UNLOGGED TABLE limit_counts (
    minute BIGINT NOT NULL,
    subject BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (minute, subject)
);

-- From where which key is refused for a while. A key id of nothing stands for texts that are no keys.
CREATE TABLE quarantines (
    network TEXT NOT NULL,
    key_id TEXT NOT NULL,
    tenant_id UUID REFERENCES tenants (id) ON DELETE CASCADE,
    shown TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (network, key_id)
);
CREATE INDEX quarantines_of_tenant ON quarantines (tenant_id);
CREATE INDEX quarantines_end ON quarantines (expires_at);

-- Every request of a key or session: equal ones within a minute are one row. The id begins with the minute, so that rows are
-- in its order, and goes on with a hash of what makes them equal. Without a tenant it is a credential that nobody knows.
CREATE TABLE request_log (
    id UUID NOT NULL PRIMARY KEY,
    tenant_id UUID REFERENCES tenants (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    actor_id UUID,
    actor TEXT NOT NULL,
    environment TEXT NOT NULL,
    ip TEXT NOT NULL,
    method TEXT NOT NULL,
    route TEXT NOT NULL,
    status BIGINT NOT NULL,
    count BIGINT NOT NULL,
    total_micros BIGINT NOT NULL,
    greatest_micros BIGINT NOT NULL,
    size BIGINT NOT NULL
);
CREATE INDEX request_log_of_tenant ON request_log (tenant_id, id);
CREATE INDEX request_log_of_actor ON request_log (tenant_id, actor_id, id);
CREATE INDEX request_log_known ON request_log (id) WHERE kind <> 'unknown';
CREATE INDEX request_log_unknown ON request_log (id) WHERE kind = 'unknown';

-- How large each part of the log is, and how many requests found no room in memory.
CREATE TABLE request_log_sizes (
    part TEXT NOT NULL PRIMARY KEY,
    bytes BIGINT NOT NULL,
    dropped BIGINT NOT NULL
);
