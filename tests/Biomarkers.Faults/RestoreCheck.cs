using System.Data.Common;
using Biomarkers.Client;

namespace Biomarkers.Faults;

/// <summary>Compares a database that was restored with what the senders know.</summary>
internal static class RestoreCheck
{
    /// <summary>Reads the database and adds what is wrong.</summary>
    /// <param name="connection">Database that no server has open.</param>
    /// <param name="senders">What was sent, and what each named as lost.</param>
    /// <param name="figures">Takes the findings.</param>
    public static void Run(DbConnection connection, IReadOnlyList<LoadSender> senders, RestoreFigures figures)
    {
        HashSet<string> stored = [.. Rows(connection, "SELECT content_hash FROM stream_event", row => Convert.ToHexString(row.GetFieldValue<byte[]>(0)))];
        Dictionary<string, (long Reads, long Runs)> plates = Rows(
            connection,
            "SELECT barcode, (SELECT COUNT(*) FROM plate_read d WHERE d.plate_key = p.plate_key), (SELECT COUNT(*) FROM analytical_run r WHERE r.plate_key = p.plate_key) FROM plate p",
            row => (Barcode: row.GetString(0), Reads: row.GetInt64(1), Runs: row.GetInt64(2))).ToDictionary(row => row.Barcode, row => (row.Reads, row.Runs));
        foreach (LoadSender sender in senders)
        {
            DatabaseRestoration[] told = [.. sender.Restorations];
            figures.Resent += told.Sum(restoration => (long)restoration.ResentCount);
            var named = told.SelectMany(restoration => restoration.Lost).ToLookup(lost => lost.PlateBarcode);
            // Garbage has no name: it is told by its number.
            int namelessLost = named[null].Count();
            foreach (SentEvent sent in sender.Events.Where(sent => sent.IsAcknowledged))
            {
                figures.Acknowledged++;
                if (!stored.Contains(Convert.ToHexString(sent.Sha256)))
                {
                    if (sent.PlateBarcode is null ? namelessLost-- > 0 : named.Contains(sent.PlateBarcode))
                    {
                        figures.LostAndNamed++;
                    }
                    else
                    {
                        figures.AddLostUnnamed($"event of {sent.PlateBarcode ?? "garbage"} of {sender.InstrumentId}");
                    }
                }
                else if (sent.PlateBarcode is { } barcode && plates.GetValueOrDefault(barcode) != (1, 1))
                {
                    figures.AddNotOnce($"plate {barcode} has {plates.GetValueOrDefault(barcode)} reads and runs");
                }
            }
        }
    }

    private static IEnumerable<T> Rows<T>(DbConnection connection, string sql, Func<DbDataReader, T> read)
    {
        using DbCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // every text is a constant of this file
        command.CommandText = sql;
#pragma warning restore CA2100
        using DbDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return read(reader);
        }
    }
}
