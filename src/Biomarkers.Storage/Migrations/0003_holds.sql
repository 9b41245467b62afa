-- Reads that wait for a person's decision, and what persons decided of them and of refused events.

-- A read that is stored and not used until somebody says to which plate it belongs. plate_barcode is empty where the instrument read none. content is the
-- encoded read, layout the canonical JSON of the layout that came with it.
CREATE TABLE held_read (
    held_key BIGINT NOT NULL PRIMARY KEY,
    stream_key BIGINT NOT NULL REFERENCES read_stream (stream_key),
    event_offset BIGINT NOT NULL,
    event_hash {blob} NOT NULL,
    plate_key BIGINT REFERENCES plate (plate_key),
    plate_barcode {text} NOT NULL,
    read_id {text} NOT NULL,
    operator_name {text},
    read_time BIGINT,
    content {blob} NOT NULL,
    content_hash {blob} NOT NULL,
    layout {text},
    hold_reason {text} NOT NULL,
    explanation {text} NOT NULL,
    receive_time BIGINT NOT NULL,
    UNIQUE (stream_key, event_offset)
);

CREATE INDEX held_read_by_event ON held_read (event_hash);

CREATE INDEX held_read_by_content ON held_read (content_hash);

CREATE INDEX held_read_by_plate ON held_read (plate_key);

-- kind 1: used as a read of plate_barcode. 2: never to be used.
CREATE TABLE held_read_resolution (
    held_key BIGINT NOT NULL PRIMARY KEY REFERENCES held_read (held_key),
    kind INTEGER NOT NULL,
    plate_barcode {text},
    reason {text} NOT NULL,
    actor {text} NOT NULL,
    resolve_time BIGINT NOT NULL
);

-- kind 1: used as it was sent. 2: used with other content, which is the event at event_offset of stream_key. 3: never to be used.
CREATE TABLE quarantine_resolution (
    quarantine_key BIGINT NOT NULL PRIMARY KEY REFERENCES quarantined_event (quarantine_key),
    kind INTEGER NOT NULL,
    stream_key BIGINT REFERENCES read_stream (stream_key),
    event_offset BIGINT,
    plate_barcode {text},
    reason {text} NOT NULL,
    actor {text} NOT NULL,
    resolve_time BIGINT NOT NULL
);

-- A reading in parts may lack its plate until a person names it; layout is the one that came with its beginning and is not the plate's yet.
ALTER TABLE pending_read RENAME TO pending_read_before;

CREATE TABLE pending_read (
    stream_key BIGINT NOT NULL REFERENCES read_stream (stream_key),
    read_id {text} NOT NULL,
    plate_key BIGINT REFERENCES plate (plate_key),
    plate_barcode {text} NOT NULL,
    well_count INTEGER NOT NULL,
    response_kind INTEGER NOT NULL,
    operator_name {text},
    read_time BIGINT,
    part_count INTEGER NOT NULL,
    layout {text},
    start_time BIGINT,
    PRIMARY KEY (stream_key, read_id)
);

INSERT INTO pending_read (stream_key, read_id, plate_key, plate_barcode, well_count, response_kind, operator_name, read_time, part_count)
SELECT stream_key, read_id, plate_key, plate_barcode, well_count, response_kind, operator_name, read_time, part_count
FROM pending_read_before;

DROP TABLE pending_read_before;

-- A read that was put together from a measurement and a reference that came apart. Both stay reads of their own, and are not analysed alone.
CREATE TABLE joined_read (
    read_key BIGINT NOT NULL PRIMARY KEY REFERENCES plate_read (read_key),
    measurement_key BIGINT NOT NULL UNIQUE REFERENCES plate_read (read_key),
    reference_key BIGINT NOT NULL UNIQUE REFERENCES plate_read (read_key)
);

-- How far the sender's clock was off when the stream was last opened: the server's less the sender's, microseconds; absent where it did not say its time.
ALTER TABLE read_stream ADD COLUMN clock_offset BIGINT;

INSERT INTO key_sequence (name, next_key) VALUES ('held_read', 1) ON CONFLICT (name) DO NOTHING;
