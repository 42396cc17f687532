-- What was asked with an Idempotency-Key, and what came of it, for a day.

CREATE TABLE idempotency_keys (
    tenant_id UUID NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    credential_id UUID NOT NULL,
    -- A MAC of the key that the caller chose.
    key_mac BYTEA NOT NULL,
    -- A MAC of method, address and body: another request with the same key is refused.
    request_mac BYTEA NOT NULL,
    -- Whoever carries the request out; a claim that was taken over commits nothing.
    claim UUID NOT NULL,
    -- Until then nobody else takes the claim over; nobody ever does once there is a status.
    held_until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- Set in the transaction of the change itself.
    status BIGINT,
    -- The answer; absent where it was too large, or got lost.
    sealed BYTEA,
    wrapped_key BYTEA,
    PRIMARY KEY (tenant_id, credential_id, key_mac)
);

CREATE INDEX idempotency_keys_end ON idempotency_keys (expires_at);
