using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Biomarkers.Faults.Rot;

/// <summary>One bit of one value of one row, turned behind the server's back, and turned back.</summary>
/// <param name="Table">The table.</param>
/// <param name="Column">The column.</param>
/// <param name="RowId">The row.</param>
/// <param name="Type">What SQLite holds there.</param>
/// <param name="Before">The value as it was.</param>
internal sealed record BitFlip(string Table, string Column, long RowId, string Type, object Before)
{
    // Whatever a run is, rests on, or is shown with.
    private static readonly string[] Tables =
    [
        "result_version", "result", "standard_curve", "control_point", "qc_flag", "analytical_run", "run_lot", "run_seal", "plate_read", "plate_layout", "stream_event",
    ];

    private const int ConstraintViolated = 19;

    public override string ToString() => $"{Table}.{Column} of row {RowId}";

#pragma warning disable CA5394 // repeatable by its seed; nothing secret hangs on it
    /// <summary>Turns a bit that the engine lets be turned.</summary>
    public static async Task<BitFlip> MakeAsync(DbConnection connection, Random random, CancellationToken cancellationToken)
    {
        while (true)
        {
            string table = Tables[random.Next(Tables.Length)];
            List<string> columns = await connection.ReadAsync($"SELECT name FROM pragma_table_info('{table}')", row => row.GetString(0), cancellationToken);
            string column = columns[random.Next(columns.Count)];
            List<long> rows = await connection.ReadAsync($"SELECT rowid FROM {table} WHERE {column} IS NOT NULL", row => row.GetInt64(0), cancellationToken);
            if (rows.Count == 0)
            {
                continue;
            }

            long rowId = rows[random.Next(rows.Count)];
            string type = (await connection.ReadAsync($"SELECT typeof({column}) FROM {table} WHERE rowid = {rowId}", row => row.GetString(0), cancellationToken)).Single();
            object before = (await connection.ReadAsync(
                type is "text" or "blob" ? $"SELECT CAST({column} AS BLOB) FROM {table} WHERE rowid = {rowId}" : $"SELECT {column} FROM {table} WHERE rowid = {rowId}",
                row => row.GetValue(0),
                cancellationToken)).Single();
            var flip = new BitFlip(table, column, rowId, type, before);
            if (before is not byte[] { Length: 0 } && await flip.TrySetAsync(connection, Turned(before, random), cancellationToken))
            {
                return flip;
            }
        }
    }

    private static object Turned(object value, Random random) => value switch
    {
        long number => number ^ (1L << random.Next(63)),
        double number => BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(number) ^ (1L << random.Next(64))),
        byte[] bytes => Turned(bytes, random.Next(bytes.Length), random.Next(8)),
        _ => throw new InvalidOperationException($"A column holds {value.GetType().Name}."),
    };
#pragma warning restore CA5394

    /// <summary>Bytes with one bit turned.</summary>
    public static byte[] Turned(byte[] bytes, int at, int bit)
    {
        byte[] turned = [.. bytes];
        turned[at] ^= (byte)(1 << bit);
        return turned;
    }

    /// <summary>Turns it back.</summary>
    /// <exception cref="InvalidOperationException">The row is not there any more.</exception>
    public async Task UndoAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        if (!await TrySetAsync(connection, Before, cancellationToken))
        {
            throw new InvalidOperationException($"{this} could not be turned back.");
        }
    }

    // False where a key would be there twice, or a value is one that the column refuses.
    private async Task<bool> TrySetAsync(DbConnection connection, object value, CancellationToken cancellationToken)
    {
        string text = Type == "text" ? "CAST(@value AS TEXT)" : "@value";
        try
        {
            return await connection.ExecuteAsync(
                $"UPDATE {Table} SET {Column} = {text} WHERE rowid = {RowId}", cancellationToken, ("value", value is double.NaN ? DBNull.Value : value)) == 1;
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode == ConstraintViolated)
        {
            return false;
        }
    }
}
