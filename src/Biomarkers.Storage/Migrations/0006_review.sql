-- What reviewers do to results: holds and signatures. Released, corrected and withdrawn versions are rows of result_version.

-- While a hold of a result is open, nothing of the result leaves.
CREATE TABLE result_hold (
    hold_key BIGINT NOT NULL PRIMARY KEY,
    result_key BIGINT NOT NULL REFERENCES result (result_key),
    reason {text} NOT NULL,
    actor {text} NOT NULL,
    place_time BIGINT NOT NULL
);

CREATE INDEX result_hold_by_result ON result_hold (result_key);

CREATE TABLE result_hold_lift (
    hold_key BIGINT NOT NULL PRIMARY KEY REFERENCES result_hold (hold_key),
    reason {text} NOT NULL,
    actor {text} NOT NULL,
    lift_time BIGINT NOT NULL
);

-- A signature covers one version: version_hash (SHA-256) is over the version's own row, its result's, and the inputs and the engine of its run.
-- meaning 1 review, 2 approval, 3 responsibility, 4 authorship. method 1 key and PIN, 2 fresh login.
CREATE TABLE result_signature (
    signature_key BIGINT NOT NULL PRIMARY KEY,
    version_key BIGINT NOT NULL REFERENCES result_version (version_key),
    version_hash {blob} NOT NULL,
    actor {text} NOT NULL,
    signer_name {text} NOT NULL,
    meaning INTEGER NOT NULL,
    method INTEGER NOT NULL,
    sign_time BIGINT NOT NULL
);

CREATE INDEX result_signature_by_version ON result_signature (version_key);

-- Mutable: the PIN that goes with a key when its holder signs. pin_hash is PBKDF2 with SHA-256; failure_count counts wrong PINs since the last right one.
CREATE TABLE signing_pin (
    key_id {text} NOT NULL PRIMARY KEY REFERENCES access_key (key_id),
    salt {blob} NOT NULL,
    pin_hash {blob} NOT NULL,
    iteration_count INTEGER NOT NULL,
    failure_count INTEGER NOT NULL,
    set_time BIGINT NOT NULL
);

-- What counts outside of the laboratory is asked for by result, newest first.
CREATE INDEX result_version_released ON result_version (result_key, version) WHERE status > 1;

INSERT INTO key_sequence (name, next_key) VALUES ('result_hold', 1), ('result_signature', 1);
