-- Several servers on one database: who holds work and is alive, and the order of control points in the series of their lot.

-- One row per start of a server. beat rises with every commit of its server, and at least every few seconds: a server whose beat stands still
-- has died. It is written in the transaction that it counts, so that it also answers whether a commit was made whose answer was lost.
-- end_time is absent while the server lives.
CREATE TABLE work_holder (
    holder {text} NOT NULL PRIMARY KEY,
    host_name {text} NOT NULL,
    start_time BIGINT NOT NULL,
    beat BIGINT NOT NULL,
    end_time BIGINT
);

ALTER TABLE work_item DROP COLUMN beat;

-- Every sequence of keys has its row from here on: one statement reserves.
INSERT INTO key_sequence (name, next_key) VALUES
    ('analytical_run', 1), ('assay', 1), ('control_series', 1), ('plate', 1), ('plate_change', 1), ('plate_layout', 1), ('plate_read', 1),
    ('quarantined_event', 1), ('read_stream', 1), ('result', 1), ('result_version', 1), ('work_item', 1)
ON CONFLICT (name) DO NOTHING;

-- Mutable: one row per assay, analyte, level and lot of a control; an empty lot_number where the layout names none. Its lock puts the runs of
-- a lot one after the other.
CREATE TABLE control_series (
    series_key BIGINT NOT NULL PRIMARY KEY,
    assay_id {text} NOT NULL,
    analyte {text} NOT NULL,
    level_name {text} NOT NULL,
    lot_number {text} NOT NULL,
    point_count BIGINT NOT NULL,
    UNIQUE (assay_id, analyte, level_name, lot_number)
);

-- The points of a series in the order in which their runs were saved: position 1, 2, 3 without a gap.
CREATE TABLE control_series_point (
    series_key BIGINT NOT NULL REFERENCES control_series (series_key),
    position BIGINT NOT NULL,
    run_key BIGINT NOT NULL,
    ordinal INTEGER NOT NULL,
    PRIMARY KEY (series_key, position),
    UNIQUE (run_key, ordinal),
    FOREIGN KEY (run_key, ordinal) REFERENCES control_point (run_key, ordinal)
);

INSERT INTO control_series (series_key, assay_id, analyte, level_name, lot_number, point_count)
SELECT ROW_NUMBER() OVER (ORDER BY MIN(p.run_key), r.assay_id, p.analyte, p.level_name, COALESCE(p.lot_number, '')),
       r.assay_id, p.analyte, p.level_name, COALESCE(p.lot_number, ''), COUNT(*)
FROM control_point p
JOIN analytical_run r ON r.run_key = p.run_key
GROUP BY r.assay_id, p.analyte, p.level_name, COALESCE(p.lot_number, '');

INSERT INTO control_series_point (series_key, position, run_key, ordinal)
SELECT s.series_key, ROW_NUMBER() OVER (PARTITION BY s.series_key ORDER BY p.run_key, p.ordinal), p.run_key, p.ordinal
FROM control_point p
JOIN analytical_run r ON r.run_key = p.run_key
JOIN control_series s ON s.assay_id = r.assay_id AND s.analyte = p.analyte AND s.level_name = p.level_name AND s.lot_number = COALESCE(p.lot_number, '');

UPDATE key_sequence SET next_key = (SELECT COUNT(*) + 1 FROM control_series) WHERE name = 'control_series';
