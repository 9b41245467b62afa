-- Results that a reviewer linked as the repeat of a result on another plate; a link ends by a further row. At most one link of a repeat holds at a time.

CREATE TABLE repeat_link (
    link_key BIGINT NOT NULL PRIMARY KEY,
    repeat_key BIGINT NOT NULL REFERENCES result (result_key),
    original_key BIGINT NOT NULL REFERENCES result (result_key),
    reason {text} NOT NULL,
    actor {text} NOT NULL,
    link_time BIGINT NOT NULL
);

CREATE INDEX repeat_link_by_repeat ON repeat_link (repeat_key);
CREATE INDEX repeat_link_by_original ON repeat_link (original_key);

CREATE TABLE repeat_unlink (
    link_key BIGINT NOT NULL PRIMARY KEY REFERENCES repeat_link (link_key),
    reason {text} NOT NULL,
    actor {text} NOT NULL,
    unlink_time BIGINT NOT NULL
);

INSERT INTO key_sequence (name, next_key) VALUES ('repeat_link', 1);
