-- What the ACTIVE version of a config names in its templates, so that whoever renames or deletes a key learns
-- at once who needs it, and circles are found without reading values.

CREATE TABLE entry_references (
    tenant_id BLOB NOT NULL,
    entry_id BLOB NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('secret', 'config', 'flag')),
    key TEXT NOT NULL,
    PRIMARY KEY (entry_id, kind, key),
    FOREIGN KEY (tenant_id, entry_id) REFERENCES entries (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX entry_references_to ON entry_references (tenant_id, kind, key);
