-- The values that a key of an environment had before its last rotations, each while its grace time lasts: whoever
-- rotates twice in a day does not end what still runs with the first of them.

CREATE UNIQUE INDEX environment_keys_in_tenant ON environment_keys (tenant_id, id);

CREATE TABLE environment_key_old_values (
    tenant_id UUID NOT NULL,
    environment_key_id UUID NOT NULL,
    key_id TEXT PRIMARY KEY NOT NULL,
    mac BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    FOREIGN KEY (tenant_id, environment_key_id) REFERENCES environment_keys (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX environment_key_old_values_of_key ON environment_key_old_values (tenant_id, environment_key_id);

INSERT INTO environment_key_old_values (tenant_id, environment_key_id, key_id, mac, expires_at)
SELECT tenant_id, id, old_key_id, old_mac, old_expires_at FROM environment_keys
WHERE old_key_id IS NOT NULL AND old_mac IS NOT NULL AND old_expires_at IS NOT NULL;

DROP INDEX environment_keys_old_value;
ALTER TABLE environment_keys DROP COLUMN old_key_id;
ALTER TABLE environment_keys DROP COLUMN old_mac;
ALTER TABLE environment_keys DROP COLUMN old_expires_at;
