-- Who may send and read: instruments, keys, certificates that are refused.

-- Mutable: retired and enrolled again.
CREATE TABLE instrument (
    instrument_id {text} NOT NULL PRIMARY KEY,
    display_name {text} NOT NULL,
    enroll_time BIGINT NOT NULL,
    actor {text} NOT NULL,
    retire_time BIGINT
);

-- Mutable: expire_time (a rotation shortens it), revoke_time, last_use_time. secret_hash is the SHA-256 of the key's text: 256 random bits need no
-- slow hash. scope is the resource that the key is for, such as instruments/reader-1; absent where its roles need none.
CREATE TABLE access_key (
    access_key BIGINT NOT NULL PRIMARY KEY,
    key_id {text} NOT NULL UNIQUE,
    name {text} NOT NULL,
    secret_hash {blob} NOT NULL,
    roles {text} NOT NULL,
    scope {text},
    actor {text} NOT NULL,
    create_time BIGINT NOT NULL,
    expire_time BIGINT NOT NULL,
    revoke_time BIGINT,
    last_use_time BIGINT
);

CREATE INDEX access_key_by_name ON access_key (name);

-- Refused for ever, by the SHA-256 of the certificate.
CREATE TABLE revoked_certificate (
    thumbprint {text} NOT NULL PRIMARY KEY,
    instrument_id {text} NOT NULL REFERENCES instrument (instrument_id),
    actor {text} NOT NULL,
    revoke_time BIGINT NOT NULL
);

-- Denials are audit events; whoever lists them reads no other row.
CREATE INDEX audit_event_by_action ON audit_event (action, sequence);

INSERT INTO key_sequence (name, next_key) VALUES ('access_key', 1);
