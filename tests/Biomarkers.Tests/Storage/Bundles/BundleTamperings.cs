using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Bundles;

namespace Biomarkers.Tests.Storage.Bundles;

/// <summary>Changes of the rows of a bundle, each with what must be found.</summary>
internal static class BundleTamperings
{
    public static IReadOnlyList<(string Sql, TamperingKind Kind, string Target)> Of(BundleManifest manifest)
    {
        long first = manifest.Ledger.FirstSequence;
        long last = manifest.Ledger.LastSequence;
        long newest = manifest.Ledger.NewestAboutPlate;
        string run = manifest.Run;
        string stream = "instruments/reader-1/readStreams/s1";
        return
        [
            // The ledger.
            ($"UPDATE audit_event SET reason = 'none' WHERE sequence = {newest}", TamperingKind.Changed, "ledger"),
            ($"UPDATE audit_event SET previous_hash = zeroblob(32) WHERE sequence = {first}", TamperingKind.Changed, "ledger"),
            ($"DELETE FROM audit_event WHERE sequence = {newest}", newest == last ? TamperingKind.Truncated : TamperingKind.Deleted, "ledger"),
            ($"DELETE FROM audit_event WHERE sequence = {first}", TamperingKind.Deleted, "ledger"),
            ($"INSERT INTO audit_event SELECT {first - 1}, event_time, actor, action, target, reason, detail, previous_hash, hash FROM audit_event WHERE sequence = {first}", TamperingKind.Reordered, "ledger"),
            ($"DELETE FROM audit_event WHERE sequence > {last - 2}; UPDATE ledger_head SET sequence = {last - 2}, hash = (SELECT hash FROM audit_event WHERE sequence = {last - 2})",
                TamperingKind.Truncated, "ledger"),
            ("UPDATE ledger_head SET hash = zeroblob(32)", TamperingKind.Changed, "ledger"),
            ("UPDATE ledger_head SET sequence = sequence + 1", TamperingKind.Truncated, "ledger"),
            ("UPDATE database_identity SET generation = generation - 1", TamperingKind.Truncated, "ledger"),
            // The run, and the other one of its plate.
            ("UPDATE analytical_run SET verdict = 1 - verdict WHERE run_key = (SELECT MIN(run_key) FROM analytical_run)", TamperingKind.Changed, run),
            ("UPDATE analytical_run SET engine_version = '0'", TamperingKind.Changed, run),
            ("UPDATE standard_curve SET parameters = zeroblob(8)", TamperingKind.Changed, run),
            ("UPDATE control_point SET concentration = concentration * 1.0000000001", TamperingKind.Changed, run),
            ("UPDATE run_lot SET expiry_date = '2039-01-01'", TamperingKind.Changed, run),
            ("INSERT INTO qc_flag SELECT run_key, 99, 'W_NONE', 1, 1, 'rule', NULL, NULL, NULL, NULL, NULL, '', 'made up' FROM analytical_run", TamperingKind.Inserted, run),
            ("UPDATE result SET sample_id = 'another' WHERE result_key = (SELECT MIN(result_key) FROM result)", TamperingKind.Changed, run),
            ("UPDATE result_version SET concentration = concentration * 2", TamperingKind.Changed, run),
            ("UPDATE result_version SET reason = 'none' WHERE status = 3", TamperingKind.Changed, "analyticalRuns/"),
            ("DELETE FROM result_version WHERE status = 4", TamperingKind.Deleted, "analyticalRuns/"),
            ("UPDATE run_seal SET content_hash = zeroblob(32)", TamperingKind.Changed, run),
            ("DELETE FROM run_seal WHERE ordinal = 1", TamperingKind.Deleted, run),
            ("DELETE FROM analytical_run WHERE run_key = (SELECT MAX(run_key) FROM analytical_run)", TamperingKind.Deleted, "analyticalRuns/"),
            // What they rest on.
            ("UPDATE plate_read SET operator_name = 'mallory'", TamperingKind.Changed, run),
            ("UPDATE plate_read SET content = x'00'", TamperingKind.Changed, run),
            ("UPDATE plate SET barcode = 'P-7'", TamperingKind.Changed, run),
            ("UPDATE plate_layout SET definition = replace(definition, 'S-0', 'S-9')", TamperingKind.Changed, "plates/P-2 layout"),
            ("UPDATE plate_layout SET actor = 'people/mallory'", TamperingKind.Changed, "plates/P-2 layout"),
            ("UPDATE assay SET definition = definition || ' '", TamperingKind.Changed, run),
            ("UPDATE rule_pack SET definition = definition || ' '", TamperingKind.Changed, run),
            ("UPDATE stream_event SET content = x'09' WHERE event_offset = 1", TamperingKind.Changed, stream),
            ("UPDATE stream_event SET content = x'' WHERE event_offset = 1", TamperingKind.Deleted, stream),
            ("UPDATE stream_event SET content = x'03' WHERE event_offset = 2", TamperingKind.Changed, stream),
            ("UPDATE read_stream SET next_offset = 2, chain_hash = (SELECT chain_hash FROM stream_event WHERE event_offset = 1); DELETE FROM stream_event WHERE event_offset = 2", TamperingKind.Truncated, stream),
            ("UPDATE read_stream SET instrument_id = 'reader-9'", TamperingKind.Changed, stream),
            // What persons did.
            ("UPDATE result_hold SET reason = 'none'", TamperingKind.Changed, "resultHolds/"),
            ("UPDATE result_hold_lift SET actor = 'people/mallory'", TamperingKind.Changed, "resultHolds/"),
            ("DELETE FROM result_hold_lift", TamperingKind.Deleted, "resultHolds/"),
            ("UPDATE result_signature SET signer_name = 'Mallory'", TamperingKind.Changed, "signature "),
            ("DELETE FROM result_signature", TamperingKind.Deleted, "signature "),
            ("UPDATE change_feed SET kind = 1 WHERE kind = 2", TamperingKind.Changed, ""),
            // What is not of the plate.
            ("INSERT INTO plate SELECT plate_key + 100, 'P-99', state, layout_key, run_key, change_key, create_time, update_time FROM plate", TamperingKind.Changed, "bundle.db"),
            ("INSERT INTO key_sequence VALUES ('result', 7)", TamperingKind.Changed, "bundle.db"),
            ("CREATE VIEW more AS SELECT 1", TamperingKind.Changed, "bundle.db"),
            ("DROP TABLE instrument", TamperingKind.Changed, "bundle.db"),
            ("UPDATE audit_event SET event_time = 'never'", TamperingKind.Changed, "ledger"),
        ];
    }
}
