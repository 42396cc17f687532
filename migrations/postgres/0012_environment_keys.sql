-- Environment keys made by people and programs: where they may be used from, the value that a rotation replaced, and
-- what signs tokens for them. From where a tenant's credentials are taken at all.

ALTER TABLE tenants ADD COLUMN allowed_cidrs TEXT NOT NULL DEFAULT '[]';

ALTER TABLE environment_keys ADD COLUMN allowed_cidrs TEXT NOT NULL DEFAULT '[]';
ALTER TABLE environment_keys ADD COLUMN old_key_id TEXT;
ALTER TABLE environment_keys ADD COLUMN old_mac BYTEA;
ALTER TABLE environment_keys ADD COLUMN old_expires_at BIGINT;
-- The signing secret under the tenant's key; the time tells one from the one before.
ALTER TABLE environment_keys ADD COLUMN signing_sealed BYTEA;
ALTER TABLE environment_keys ADD COLUMN signing_wrapped_key BYTEA;
ALTER TABLE environment_keys ADD COLUMN signing_made_at BIGINT;
CREATE UNIQUE INDEX environment_keys_old_value ON environment_keys (old_key_id) WHERE old_key_id IS NOT NULL;
CREATE INDEX environment_keys_of_tenant ON environment_keys (tenant_id, created_at);
