using System.Data.Common;
using System.Security.Cryptography;

namespace Biomarkers.Faults;

/// <summary>Compares a database with what the senders know.</summary>
internal static class DatabaseCheck
{
    private const int Done = 2;

    /// <summary>Reads the database whole and adds what is wrong.</summary>
    /// <param name="connection">To a database that no server uses.</param>
    /// <param name="senders">What was sent.</param>
    /// <param name="figures">Takes the findings.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task RunAsync(DbConnection connection, IReadOnlyList<ILoadSender> senders, KeptFigures figures, CancellationToken cancellationToken)
    {
        foreach (ILoadSender sender in senders)
        {
            await CheckEventsAsync(connection, sender, figures, cancellationToken);
        }

        foreach (byte[] hash in await connection.ReadAsync(
            "SELECT content_hash FROM stream_event GROUP BY content_hash HAVING COUNT(*) > 1", row => row.GetFieldValue<byte[]>(0), cancellationToken))
        {
            figures.AddTwice($"content {Convert.ToHexStringLower(hash)} is stored more than once");
        }

        await CheckPlatesAsync(connection, senders, figures, cancellationToken);
        await CheckWorkAsync(connection, figures, cancellationToken);
    }

    private static async Task CheckEventsAsync(DbConnection connection, ILoadSender sender, KeptFigures figures, CancellationToken cancellationToken)
    {
        var stored = (await connection.ReadAsync(
            "SELECT event_offset, content, content_hash FROM stream_event JOIN read_stream USING (stream_key) WHERE instrument_id = @instrument ORDER BY event_offset",
            row => (Offset: row.GetInt64(0), Sha256: SHA256.HashData(row.GetFieldValue<byte[]>(1)), StatedSha256: row.GetFieldValue<byte[]>(2)),
            cancellationToken,
            ("instrument", sender.InstrumentId))).ToDictionary(row => row.Offset);
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

        long quarantined = (await connection.ReadAsync(
            "SELECT COUNT(*) FROM quarantined_event JOIN read_stream USING (stream_key) WHERE instrument_id = @instrument",
            row => row.GetInt64(0),
            cancellationToken,
            ("instrument", sender.InstrumentId))).Single();
        int garbage = sender.Events.Count(sent => sent.PlateBarcode is null && sent.IsAcknowledged);
        if (quarantined != garbage)
        {
            figures.AddOther($"{quarantined} events of {sender.InstrumentId} are in quarantine; expected {garbage}");
        }
    }

    private static async Task CheckPlatesAsync(DbConnection connection, IReadOnlyList<ILoadSender> senders, KeptFigures figures, CancellationToken cancellationToken)
    {
        var runs = (await connection.ReadAsync(
            "SELECT barcode, (SELECT COUNT(*) FROM analytical_run r WHERE r.plate_key = p.plate_key), (SELECT COUNT(*) FROM plate_read d WHERE d.plate_key = p.plate_key) FROM plate p",
            row => (Barcode: row.GetString(0), Runs: row.GetInt64(1), Reads: row.GetInt64(2)),
            cancellationToken)).ToDictionary(row => row.Barcode);
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
    }

    private static async Task CheckWorkAsync(DbConnection connection, KeptFigures figures, CancellationToken cancellationToken)
    {
        foreach ((long key, long state, long runCount) in await connection.ReadAsync(
            "SELECT work_key, state, (SELECT COUNT(*) FROM analytical_run r WHERE r.inputs_hash = w.inputs_hash) FROM work_item w",
            row => (row.GetInt64(0), Convert.ToInt64(row.GetValue(1)), row.GetInt64(2)),
            cancellationToken))
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

        foreach ((long key, long counted, long found) in await connection.ReadAsync(
            "SELECT run_key, result_count, (SELECT COUNT(*) FROM result_version v WHERE v.run_key = r.run_key) FROM analytical_run r",
            row => (row.GetInt64(0), Convert.ToInt64(row.GetValue(1)), row.GetInt64(2)),
            cancellationToken))
        {
            if (counted != found)
            {
                figures.AddResultsMissing($"run {key} counts {counted} results and has {found}");
            }
        }
    }
}
