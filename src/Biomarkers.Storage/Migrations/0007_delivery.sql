-- What a LIMS is to be told: subscriptions, and what became of each released version in each of them.

-- Mutable: fed_sequence (the newest change of the feed that was looked at) and delete_time. owner is the name of the key that made it: who holds a key of that
-- name pulls. studies, analytes and statuses are JSON lists; an empty one takes all.
CREATE TABLE subscription (
    subscription_key BIGINT NOT NULL PRIMARY KEY,
    subscription_id {text} NOT NULL UNIQUE,
    owner {text} NOT NULL,
    studies {text} NOT NULL,
    analytes {text} NOT NULL,
    statuses {text} NOT NULL,
    lease_seconds INTEGER NOT NULL,
    fed_sequence BIGINT NOT NULL,
    create_time BIGINT NOT NULL,
    delete_time BIGINT
);

-- Mutable: the queue of a subscription, one row per released version, in the order of the feed. state 1 waits, 2 leased, 3 acknowledged, 4 parked after too many attempts.
-- delivery_id is the newest; only it acknowledges. A lease counts from lease_time until lease_expire_time, so that one of a clock that went back ends at once.
CREATE TABLE delivery_item (
    subscription_key BIGINT NOT NULL REFERENCES subscription (subscription_key),
    sequence BIGINT NOT NULL,
    version_key BIGINT NOT NULL REFERENCES result_version (version_key),
    sample_id {text} NOT NULL,
    analyte {text} NOT NULL,
    state INTEGER NOT NULL,
    attempt_count INTEGER NOT NULL,
    delivery_id BIGINT,
    lease_time BIGINT,
    lease_expire_time BIGINT,
    not_before_time BIGINT,
    reason {text},
    PRIMARY KEY (subscription_key, sequence)
);

CREATE INDEX delivery_item_open ON delivery_item (subscription_key, sequence) WHERE state < 3;

CREATE INDEX delivery_item_by_sample ON delivery_item (subscription_key, sample_id, analyte, sequence) WHERE state < 3;

CREATE INDEX delivery_item_by_delivery ON delivery_item (delivery_id);

INSERT INTO key_sequence (name, next_key) VALUES ('subscription', 1), ('delivery', 1);
