using System.Data.Common;
using Biomarkers.Faults;

namespace Biomarkers.Benchmarks;

/// <summary>The rows that a plate leaves in one table.</summary>
/// <param name="Name">The table.</param>
/// <param name="Source">Where they are read: the table as <c>t</c>, and its plate as <c>p</c>.</param>
internal sealed record PlateTable(string Name, string Source)
{
    private const string ByRun = "JOIN analytical_run r ON r.run_key = t.run_key JOIN plate p ON p.plate_key = r.plate_key";
    private const string ByPlate = "JOIN plate p ON p.plate_key = t.plate_key";

    /// <summary>What the acceptance of a read writes, in an order that keeps every reference. Rows that change are there once, as they are in the end.</summary>
    public static IReadOnlyList<PlateTable> OfAcceptance { get; } =
    [
        new("stream_event", "JOIN plate_read r ON r.stream_key = t.stream_key AND r.event_offset = t.event_offset JOIN plate p ON p.plate_key = r.plate_key"),
        new("plate", "JOIN plate p ON p.plate_key = t.plate_key"),
        new("plate_layout", ByPlate),
        new("plate_read", ByPlate),
        new("work_item", ByPlate),
        new("audit_event", "JOIN plate p ON t.action = 'LAYOUT_SUBMITTED' AND t.target = 'plates/' || p.barcode"),
    ];

    /// <summary>What saving a run writes.</summary>
    public static IReadOnlyList<PlateTable> OfRun { get; } =
    [
        new("analytical_run", ByPlate),
        new("standard_curve", ByRun),
        new("control_point", ByRun),
        new("control_series_point", ByRun),
        new("run_lot", ByRun),
        new("qc_flag", ByRun),
        new("result", ByPlate),
        new("result_version", ByRun),
        new("audit_event", "JOIN change_feed f ON f.sequence = t.sequence JOIN analytical_run r ON r.run_key = f.target_key JOIN plate p ON p.plate_key = r.plate_key"),
        new("change_feed", "JOIN analytical_run r ON r.run_key = t.target_key JOIN plate p ON p.plate_key = r.plate_key"),
    ];

    /// <summary>What rows of plates refer to: it is there before the first of them.</summary>
    public static IReadOnlyList<string> Referred { get; } = ["assay", "rule_pack", "read_stream", "control_series"];
}

/// <summary>Rows of one table.</summary>
/// <param name="Table">The table.</param>
/// <param name="Columns">Its columns, in the order of the values.</param>
/// <param name="Rows">The values.</param>
internal sealed record TableRows(string Table, IReadOnlyList<string> Columns, IReadOnlyList<object[]> Rows)
{
    /// <summary>Reads a whole table.</summary>
    public static async Task<TableRows> ReadAsync(DbConnection connection, string table, CancellationToken cancellationToken)
    {
        (IReadOnlyList<string> columns, List<object[]> rows) = await ReadAsync(connection, $"SELECT * FROM {table}", "", cancellationToken);
        return new TableRows(table, columns, rows);
    }

    /// <summary>Reads what plates left, a list of tables for each plate in the order of their keys.</summary>
    /// <param name="connection">Where to.</param>
    /// <param name="tables">Which tables.</param>
    /// <param name="prefix">With what the plates' barcodes begin.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<List<List<TableRows>>> ReadPlatesAsync(
        DbConnection connection, IReadOnlyList<PlateTable> tables, string prefix, CancellationToken cancellationToken)
    {
        var plates = new SortedDictionary<long, List<TableRows>>();
        foreach (PlateTable table in tables)
        {
            string sql = $"SELECT p.plate_key, t.* FROM {table.Name} t {table.Source} WHERE p.barcode LIKE @prefix";
            (IReadOnlyList<string> columns, List<object[]> rows) = await ReadAsync(connection, sql, $"{prefix}%", cancellationToken);
            foreach (IGrouping<long, object[]> plate in rows.GroupBy(row => (long)row[0], row => row[1..]))
            {
                if (!plates.TryGetValue(plate.Key, out List<TableRows>? known))
                {
                    plates[plate.Key] = known = [];
                }

                known.Add(new TableRows(table.Name, [.. columns.Skip(1)], [.. plate]));
            }
        }

        return [.. plates.Values];
    }

    private static async Task<(IReadOnlyList<string> Columns, List<object[]> Rows)> ReadAsync(
        DbConnection connection, string sql, string prefix, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> columns = [];
        List<object[]> rows = await connection.ReadAsync(
            sql,
            row =>
            {
                columns = columns.Count > 0 ? columns : [.. Enumerable.Range(0, row.FieldCount).Select(row.GetName)];
                object[] values = new object[row.FieldCount];
                row.GetValues(values);
                return values;
            },
            cancellationToken,
            ("prefix", prefix));
        return (columns, rows);
    }
}
