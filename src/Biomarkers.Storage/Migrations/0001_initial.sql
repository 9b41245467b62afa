-- The first schema. Tokens: {blob} is the engine's type for bytes, {text} that for texts, compared byte by byte. Instants are microseconds
-- since 1970 (UTC); hashes are 32 bytes; keys are monotone integers that the application gives; doubles are DOUBLE PRECISION. Tables listed in AppendOnlyTables refuse
-- UPDATE and DELETE by trigger.

CREATE TABLE database_identity (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    generation BIGINT NOT NULL
);

CREATE TABLE key_sequence (
    name {text} NOT NULL PRIMARY KEY,
    next_key BIGINT NOT NULL
);

-- One row: the place and hash at which the ledger ends. Locked last in every transaction that writes to the ledger.
CREATE TABLE ledger_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence BIGINT NOT NULL,
    hash {blob} NOT NULL
);

CREATE TABLE audit_event (
    sequence BIGINT NOT NULL PRIMARY KEY,
    event_time BIGINT NOT NULL,
    actor {text} NOT NULL,
    action {text} NOT NULL,
    target {text} NOT NULL,
    reason {text},
    detail {text},
    previous_hash {blob} NOT NULL,
    hash {blob} NOT NULL
);

CREATE TABLE change_feed (
    sequence BIGINT NOT NULL PRIMARY KEY,
    kind INTEGER NOT NULL,
    target_key BIGINT NOT NULL
);

CREATE INDEX change_feed_by_target ON change_feed (kind, target_key);

CREATE TABLE assay (
    assay_key BIGINT NOT NULL PRIMARY KEY,
    assay_id {text} NOT NULL,
    version INTEGER NOT NULL,
    content_hash {blob} NOT NULL,
    definition {text} NOT NULL,
    create_time BIGINT NOT NULL,
    actor {text} NOT NULL,
    UNIQUE (assay_id, version)
);

CREATE TABLE rule_pack (
    name {text} NOT NULL PRIMARY KEY,
    content_hash {blob} NOT NULL,
    definition {text} NOT NULL
);

-- Mutable: epoch and next_offset are compared and set. The chain covers every event of the stream.
CREATE TABLE read_stream (
    stream_key BIGINT NOT NULL PRIMARY KEY,
    instrument_id {text} NOT NULL,
    stream_id {text} NOT NULL,
    epoch BIGINT NOT NULL,
    next_offset BIGINT NOT NULL,
    chain_hash {blob} NOT NULL,
    open_time BIGINT NOT NULL,
    last_event_time BIGINT,
    UNIQUE (instrument_id, stream_id)
);

-- The originals: what every instrument sent, byte for byte.
CREATE TABLE stream_event (
    stream_key BIGINT NOT NULL REFERENCES read_stream (stream_key),
    event_offset BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    content {blob} NOT NULL,
    content_hash {blob} NOT NULL,
    chain_hash {blob} NOT NULL,
    receive_time BIGINT NOT NULL,
    send_time BIGINT,
    PRIMARY KEY (stream_key, event_offset)
);

-- content is there only where the journal does not hold it: a second content for one offset.
CREATE TABLE quarantined_event (
    quarantine_key BIGINT NOT NULL PRIMARY KEY,
    stream_key BIGINT NOT NULL REFERENCES read_stream (stream_key),
    event_offset BIGINT NOT NULL,
    content_hash {blob} NOT NULL,
    content {blob},
    reason {text} NOT NULL,
    faults {text} NOT NULL,
    receive_time BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    send_time BIGINT,
    UNIQUE (stream_key, event_offset, content_hash)
);

-- Mutable: what a plate waits for, and the run whose results are its newest. change_key rises with every change, for watchers.
CREATE TABLE plate (
    plate_key BIGINT NOT NULL PRIMARY KEY,
    barcode {text} NOT NULL UNIQUE,
    state INTEGER NOT NULL,
    layout_key BIGINT,
    run_key BIGINT,
    change_key BIGINT NOT NULL,
    create_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL
);

CREATE INDEX plate_by_change ON plate (change_key);

CREATE TABLE plate_layout (
    layout_key BIGINT NOT NULL PRIMARY KEY,
    plate_key BIGINT NOT NULL REFERENCES plate (plate_key),
    version INTEGER NOT NULL,
    assay_key BIGINT NOT NULL REFERENCES assay (assay_key),
    content_hash {blob} NOT NULL,
    definition {text} NOT NULL,
    submit_time BIGINT NOT NULL,
    actor {text} NOT NULL,
    reason {text},
    UNIQUE (plate_key, version)
);

-- Mutable: reads that come in parts, until they are complete. Their bytes stay in stream_event.
CREATE TABLE pending_read (
    stream_key BIGINT NOT NULL REFERENCES read_stream (stream_key),
    read_id {text} NOT NULL,
    plate_key BIGINT NOT NULL REFERENCES plate (plate_key),
    plate_barcode {text} NOT NULL,
    well_count INTEGER NOT NULL,
    response_kind INTEGER NOT NULL,
    operator_name {text},
    read_time BIGINT,
    part_count INTEGER NOT NULL,
    PRIMARY KEY (stream_key, read_id)
);

CREATE TABLE pending_read_part (
    stream_key BIGINT NOT NULL,
    read_id {text} NOT NULL,
    event_offset BIGINT NOT NULL,
    content {blob} NOT NULL,
    PRIMARY KEY (stream_key, read_id, event_offset)
);

CREATE TABLE plate_read (
    read_key BIGINT NOT NULL PRIMARY KEY,
    plate_key BIGINT NOT NULL REFERENCES plate (plate_key),
    read_id {text} NOT NULL,
    content {blob} NOT NULL,
    content_hash {blob} NOT NULL,
    instrument_id {text} NOT NULL,
    operator_name {text},
    read_time BIGINT,
    receive_time BIGINT NOT NULL,
    stream_key BIGINT NOT NULL REFERENCES read_stream (stream_key),
    event_offset BIGINT NOT NULL,
    same_content_as BIGINT REFERENCES plate_read (read_key),
    UNIQUE (plate_key, read_id)
);

-- Mutable: the queue. state 1 open, 2 done, 3 parked, 4 superseded by newer work of the same read. beat is for the replicas of one database.
CREATE TABLE work_item (
    work_key BIGINT NOT NULL PRIMARY KEY,
    inputs_hash {blob} NOT NULL UNIQUE,
    plate_key BIGINT NOT NULL REFERENCES plate (plate_key),
    read_key BIGINT NOT NULL REFERENCES plate_read (read_key),
    layout_key BIGINT NOT NULL REFERENCES plate_layout (layout_key),
    assay_key BIGINT NOT NULL REFERENCES assay (assay_key),
    rule_pack {text} NOT NULL REFERENCES rule_pack (name),
    state INTEGER NOT NULL,
    holder {text} NOT NULL,
    generation BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    beat BIGINT NOT NULL,
    last_error {text},
    run_key BIGINT,
    create_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL
);

CREATE INDEX work_item_by_plate ON work_item (plate_key);

CREATE INDEX work_item_open ON work_item (work_key) WHERE state = 1;

CREATE TABLE analytical_run (
    run_key BIGINT NOT NULL PRIMARY KEY,
    plate_key BIGINT NOT NULL REFERENCES plate (plate_key),
    read_key BIGINT NOT NULL REFERENCES plate_read (read_key),
    layout_key BIGINT NOT NULL REFERENCES plate_layout (layout_key),
    assay_key BIGINT NOT NULL REFERENCES assay (assay_key),
    assay_id {text} NOT NULL,
    inputs_hash {blob} NOT NULL,
    read_hash {blob} NOT NULL,
    layout_hash {blob} NOT NULL,
    assay_hash {blob} NOT NULL,
    rule_pack_hash {blob} NOT NULL,
    rule_pack {text} NOT NULL REFERENCES rule_pack (name),
    engine_version {text} NOT NULL,
    verdict INTEGER NOT NULL,
    criteria {text} NOT NULL,
    result_count INTEGER NOT NULL,
    flag_count INTEGER NOT NULL,
    save_time BIGINT NOT NULL,
    UNIQUE (inputs_hash, engine_version)
);

CREATE INDEX analytical_run_by_plate ON analytical_run (plate_key, run_key);

-- weighted_sum_of_squares is absent where the fit could not begin. parameters and covariance are little-endian doubles, p and p x p; calibrators are the evidence as canonical JSON.
CREATE TABLE standard_curve (
    run_key BIGINT NOT NULL REFERENCES analytical_run (run_key),
    ordinal INTEGER NOT NULL,
    analyte {text} NOT NULL,
    unit {text} NOT NULL,
    model {text} NOT NULL,
    weights {text} NOT NULL,
    parameters {blob} NOT NULL,
    covariance {blob},
    weighted_sum_of_squares DOUBLE PRECISION,
    degrees_of_freedom INTEGER NOT NULL,
    termination INTEGER NOT NULL,
    iteration_count INTEGER NOT NULL,
    condition_number DOUBLE PRECISION,
    parameters_at_bound {text} NOT NULL,
    failure {text},
    is_accepted BOOLEAN NOT NULL,
    lloq DOUBLE PRECISION,
    uloq DOUBLE PRECISION,
    blank_mean_response DOUBLE PRECISION,
    calibrators {text} NOT NULL,
    PRIMARY KEY (run_key, ordinal)
);

CREATE TABLE control_point (
    run_key BIGINT NOT NULL REFERENCES analytical_run (run_key),
    ordinal INTEGER NOT NULL,
    analyte {text} NOT NULL,
    level_name {text} NOT NULL,
    set_number INTEGER NOT NULL,
    lot_number {text},
    nominal DOUBLE PRECISION,
    mean_response DOUBLE PRECISION,
    concentration DOUBLE PRECISION,
    recovery_percent DOUBLE PRECISION,
    cv_percent DOUBLE PRECISION,
    is_accepted BOOLEAN,
    wells {text} NOT NULL,
    PRIMARY KEY (run_key, ordinal)
);

CREATE TABLE run_lot (
    run_key BIGINT NOT NULL REFERENCES analytical_run (run_key),
    ordinal INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    lot_number {text} NOT NULL,
    expiry_date {text},
    PRIMARY KEY (run_key, ordinal)
);

CREATE TABLE qc_flag (
    run_key BIGINT NOT NULL REFERENCES analytical_run (run_key),
    ordinal INTEGER NOT NULL,
    code {text} NOT NULL,
    level INTEGER NOT NULL,
    severity INTEGER NOT NULL,
    rule {text} NOT NULL,
    analyte {text},
    subject {text},
    observed DOUBLE PRECISION,
    limit_value DOUBLE PRECISION,
    clause {text},
    wells {text} NOT NULL,
    text {text} NOT NULL,
    PRIMARY KEY (run_key, ordinal)
);

-- The identity that all versions of a result share.
CREATE TABLE result (
    result_key BIGINT NOT NULL PRIMARY KEY,
    plate_key BIGINT NOT NULL REFERENCES plate (plate_key),
    sample_id {text} NOT NULL,
    analyte {text} NOT NULL,
    dilution_factor DOUBLE PRECISION NOT NULL,
    UNIQUE (plate_key, sample_id, analyte, dilution_factor)
);

CREATE INDEX result_by_sample ON result (sample_id);

-- version_key rises over all versions. A version may point at an earlier run, when the layout that it rests on returns. gradient is little-endian doubles: d ln concentration by the p parameters of the run's curve.
CREATE TABLE result_version (
    version_key BIGINT NOT NULL PRIMARY KEY,
    result_key BIGINT NOT NULL REFERENCES result (result_key),
    version INTEGER NOT NULL,
    run_key BIGINT NOT NULL REFERENCES analytical_run (run_key),
    ordinal INTEGER NOT NULL,
    status INTEGER NOT NULL,
    supersedes_version INTEGER,
    reason {text},
    unit {text} NOT NULL,
    range_status INTEGER NOT NULL,
    concentration DOUBLE PRECISION,
    limit_value DOUBLE PRECISION,
    lower_bound DOUBLE PRECISION,
    upper_bound DOUBLE PRECISION,
    cv_percent DOUBLE PRECISION,
    extrapolated_concentration DOUBLE PRECISION,
    mean_response DOUBLE PRECISION,
    response_variance DOUBLE PRECISION,
    ln_concentration_gradient {blob},
    wells {text} NOT NULL,
    flag_codes {text} NOT NULL,
    specimen {text},
    create_time BIGINT NOT NULL,
    UNIQUE (result_key, version)
);

CREATE INDEX result_version_by_run ON result_version (run_key, ordinal);

INSERT INTO ledger_head (id, sequence, hash) VALUES (1, 0, {zero_hash});
INSERT INTO database_identity (id, generation) VALUES (1, 1);
