-- What a run was when it was saved, so that a bit that turned since is found before it is read as a result.

-- A run is sealed when it is saved and again with each further version of its results; the newest seal counts. row_count and content_hash (SHA-256)
-- cover the rows of the run and what names it: plate, read, instrument, layout, assay. Runs that are older than this table are sealed by the upgrade as they are then.
CREATE TABLE run_seal (
    run_key BIGINT NOT NULL REFERENCES analytical_run (run_key),
    ordinal INTEGER NOT NULL,
    row_count INTEGER NOT NULL,
    content_hash {blob} NOT NULL,
    PRIMARY KEY (run_key, ordinal)
);
