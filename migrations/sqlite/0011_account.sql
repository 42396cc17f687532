-- What belongs to the account of a person: what a link proves, and from where somebody has signed in.

-- The address that a link was sent to, which following it proves. A link that was printed on a terminal proves none.
ALTER TABLE one_time_links ADD COLUMN email TEXT;

-- From where a person has signed in. The mark is a MAC of browser, system and network, and says nothing by itself.
CREATE TABLE known_devices (
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    mark BLOB NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, mark)
) STRICT;

-- How many mails went to an address lately.
CREATE INDEX mails_to ON mails (recipient, created_at);
