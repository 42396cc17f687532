-- The JSON Schema of a config, beside its entry: kept on a rename, and every new version has to fit it.
CREATE TABLE config_schemas (
    tenant_id BLOB NOT NULL,
    entry_id BLOB NOT NULL PRIMARY KEY,
    schema TEXT NOT NULL,
    FOREIGN KEY (tenant_id, entry_id) REFERENCES entries (tenant_id, id) ON DELETE CASCADE
) STRICT;
