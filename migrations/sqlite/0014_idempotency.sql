-- What was asked with an Idempotency-Key, and what came of it, for a day.

CREATE TABLE idempotency_keys (
    tenant_id BLOB NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    credential_id BLOB NOT NULL,
    -- A MAC of the key that the caller chose.
    key_mac BLOB NOT NULL,
    -- A MAC of method, address and body: another request with the same key is refused.
    request_mac BLOB NOT NULL,
    -- Whoever carries the request out; a claim that was taken over commits nothing.
    claim BLOB NOT NULL,
    -- Until then nobody else takes the claim over; nobody ever does once there is a status.
    held_until INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- Set in the transaction of the change itself.
    status INTEGER,
    -- The answer; absent where it was too large, or got lost.
    sealed BLOB,
    wrapped_key BLOB,
    PRIMARY KEY (tenant_id, credential_id, key_mac)
) STRICT;

CREATE INDEX idempotency_keys_end ON idempotency_keys (expires_at);
