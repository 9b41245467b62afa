using System.Security.Cryptography;
using Microsoft.Data.Sqlite;

namespace Biomarkers.Faults;

/// <summary>Compares a database file with what the senders know.</summary>
internal static class DatabaseCheck
{
    private const int Done = 2;

    /// <summary>Opens the file, reads it whole and adds what is wrong.</summary>
    /// <param name="file">Database file that no server has open.</param>
    /// <param name="senders">What was sent.</param>
    /// <param name="figures">Takes the findings.</param>
    public static void Run(string file, IReadOnlyList<LoadSender> senders, KeptFigures figures)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        connection.Open();
        string integrity = Rows(connection, "PRAGMA integrity_check", row => row.GetString(0)).First();
        if (integrity != "ok")
        {
            figures.AddOther($"integrity_check says {integrity}");
        }

        foreach (LoadSender sender in senders)
        {
            CheckEvents(connection, sender, figures);
        }

        foreach (string hash in Rows(connection, "SELECT hex(content_hash) FROM stream_event GROUP BY content_hash HAVING COUNT(*) > 1", row => row.GetString(0)))
        {
            figures.AddTwice($"content {hash} is stored more than once");
        }

        CheckRuns(connection, senders, figures);
    }

    private static void CheckEvents(SqliteConnection connection, LoadSender sender, KeptFigures figures)
    {
        var stored = Rows(
            connection,
            "SELECT event_offset, content, content_hash FROM stream_event JOIN read_stream USING (stream_key) WHERE instrument_id = $instrument ORDER BY event_offset",
            row => (Offset: row.GetInt64(0), Sha256: SHA256.HashData(row.GetFieldValue<byte[]>(1)), StatedSha256: row.GetFieldValue<byte[]>(2)),
            ("$instrument", sender.InstrumentId)).ToDictionary(row => row.Offset);
        for (int offset = 0; offset < sender.Events.Count; offset++)
        {
            SentEvent sent = sender.Events[offset];
            if (!stored.Remove(offset, out (long Offset, byte[] Sha256, byte[] StatedSha256) row))
            {
                if (sent.IsAcknowledged)
                {
                    figures.AddLost($"event {offset} of {sender.InstrumentId}");
                }
            }
            else if (!row.Sha256.AsSpan().SequenceEqual(sent.Sha256) || !row.StatedSha256.AsSpan().SequenceEqual(sent.Sha256))
            {
                figures.AddChanged($"event {offset} of {sender.InstrumentId}");
            }
        }

        foreach (long offset in stored.Keys)
        {
            figures.AddTwice($"event {offset} of {sender.InstrumentId} was never sent");
        }

        long quarantined = Rows(
            connection,
            "SELECT COUNT(*) FROM quarantined_event JOIN read_stream USING (stream_key) WHERE instrument_id = $instrument",
            row => row.GetInt64(0),
            ("$instrument", sender.InstrumentId)).Single();
        int garbage = sender.Events.Count(sent => sent.PlateBarcode is null && sent.IsAcknowledged);
        if (quarantined != garbage)
        {
            figures.AddOther($"{quarantined} events of {sender.InstrumentId} are in quarantine; expected {garbage}");
        }
    }

    private static void CheckRuns(SqliteConnection connection, IReadOnlyList<LoadSender> senders, KeptFigures figures)
    {
        var runs = Rows(
            connection,
            "SELECT barcode, (SELECT COUNT(*) FROM analytical_run r WHERE r.plate_key = p.plate_key), (SELECT COUNT(*) FROM plate_read d WHERE d.plate_key = p.plate_key) FROM plate p",
            row => (Barcode: row.GetString(0), Runs: row.GetInt64(1), Reads: row.GetInt64(2))).ToDictionary(row => row.Barcode);
        foreach (string barcode in senders.SelectMany(sender => sender.Events).Where(sent => sent.IsAcknowledged).Select(sent => sent.PlateBarcode).OfType<string>())
        {
            (_, long runCount, long readCount) = runs.GetValueOrDefault(barcode);
            if (runCount == 0)
            {
                figures.AddRunMissing($"plate {barcode}");
            }
            else if (runCount > 1)
            {
                figures.AddRunDouble($"plate {barcode} has {runCount} runs");
            }

            if (readCount > 1)
            {
                figures.AddTwice($"plate {barcode} has {readCount} reads");
            }
        }

        foreach ((long key, long state, long runCount) in Rows(
            connection,
            "SELECT work_key, state, (SELECT COUNT(*) FROM analytical_run r WHERE r.inputs_hash = w.inputs_hash) FROM work_item w",
            row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2))))
        {
            if (state != Done)
            {
                figures.AddWorkOpen($"work item {key} is in state {state}");
            }
            else if (runCount != 1)
            {
                figures.AddOther($"work item {key} is done and has {runCount} runs");
            }
        }

        foreach ((long key, long counted, long found) in Rows(
            connection,
            "SELECT run_key, result_count, (SELECT COUNT(*) FROM result_version v WHERE v.run_key = r.run_key) FROM analytical_run r",
            row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2))))
        {
            if (counted != found)
            {
                figures.AddResultsMissing($"run {key} counts {counted} results and has {found}");
            }
        }
    }

    private static IEnumerable<T> Rows<T>(SqliteConnection connection, string sql, Func<SqliteDataReader, T> read, params (string Name, object Value)[] parameters)
    {
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // every text is a constant of this file
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach ((string name, object value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return read(reader);
        }
    }
}
