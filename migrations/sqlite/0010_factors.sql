-- What a person shows beside the password, and what is kept while somebody is signing in or proving something.

-- The secret of a person's authenticator app. A new one takes the place of the active one once a right code was given.
CREATE TABLE totp_secrets (
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    sealed BLOB NOT NULL,
    -- The step of the last code that was taken: each works once.
    last_step INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, active)
) STRICT;

CREATE TABLE recovery_codes (
    code_hash BLOB PRIMARY KEY NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX recovery_codes_of_user ON recovery_codes (user_id);

CREATE TABLE passkeys (
    id BLOB PRIMARY KEY NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    credential_id BLOB NOT NULL UNIQUE,
    -- The public key and the counter, as JSON that only the WebAuthn library reads.
    credential TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT;
CREATE INDEX passkeys_of_user ON passkeys (user_id, id);

-- A question to a passkey, for one answer.
CREATE TABLE passkey_challenges (
    token_hash BLOB PRIMARY KEY NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('register', 'sign_in', 'prove')),
    -- Who may answer; nobody in particular while it is not known who is signing in.
    user_id BLOB REFERENCES users (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX passkey_challenges_by_expiry ON passkey_challenges (expires_at);

-- Somebody proved the first half and has not shown the second factor yet: not signed in.
CREATE TABLE second_steps (
    token_hash BLOB PRIMARY KEY NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- What was proved, as JSON.
    proof TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX second_steps_of_user ON second_steps (user_id);
CREATE INDEX second_steps_by_expiry ON second_steps (expires_at);
