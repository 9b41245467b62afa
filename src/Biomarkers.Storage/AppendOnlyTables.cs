namespace Biomarkers.Storage;

/// <summary>The tables whose rows are never changed or deleted: originals, results and the ledger. Triggers are generated from this list.</summary>
internal static class AppendOnlyTables
{
    public static IReadOnlyList<string> Names { get; } =
    [
        "audit_event", "change_feed", "assay", "rule_pack", "stream_event", "quarantined_event", "plate_layout", "plate_read",
        "analytical_run", "standard_curve", "control_point", "run_lot", "qc_flag", "result", "result_version",
    ];
}
