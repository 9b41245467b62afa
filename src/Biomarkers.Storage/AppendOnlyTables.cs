namespace Biomarkers.Storage;

/// <summary>The tables whose rows are never changed or deleted: originals, results and the ledger. Triggers are generated from this list.</summary>
internal static class AppendOnlyTables
{
    // By the migration that makes the tables.
    private static readonly Dictionary<int, string[]> ByMigration = new()
    {
        [1] =
        [
            "audit_event", "change_feed", "assay", "rule_pack", "stream_event", "quarantined_event", "plate_layout", "plate_read",
            "analytical_run", "standard_curve", "control_point", "run_lot", "qc_flag", "result", "result_version",
        ],
        [2] = ["control_series_point"],
        [3] = ["held_read", "held_read_resolution", "quarantine_resolution", "joined_read"],
        [4] = ["revoked_certificate"],
        [5] = ["run_seal"],
        [6] = ["result_hold", "result_hold_lift", "result_signature"],
        [8] = ["repeat_link", "repeat_unlink"],
    };

    /// <summary>All of them.</summary>
    public static string[] All { get; } = [.. ByMigration.Values.SelectMany(tables => tables)];

    /// <summary>Append-only tables that a migration makes.</summary>
    public static IReadOnlyList<string> MadeBy(int migration) => ByMigration.GetValueOrDefault(migration, []);
}
