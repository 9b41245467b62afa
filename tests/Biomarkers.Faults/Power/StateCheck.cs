using System.Data.Common;
using System.Security.Cryptography;
using Biomarkers.Storage;
using Microsoft.Data.Sqlite;

namespace Biomarkers.Faults.Power;

/// <summary>Opens a database as the server does, and compares it with what senders know.</summary>
internal static class StateCheck
{
    /// <summary>Opens the store, which recovers it, and adds what is wrong.</summary>
    /// <param name="folder">Folder of the database.</param>
    /// <param name="sent">Everything that was ever sent, by instrument and offset.</param>
    /// <param name="acknowledged">What must be there.</param>
    /// <param name="figures">Takes the findings.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task RunAsync(
        string folder,
        IReadOnlyDictionary<(string Instrument, long Offset), TimedEvent> sent,
        IReadOnlyList<TimedEvent> acknowledged,
        KeptFigures figures,
        CancellationToken cancellationToken)
    {
        string file = Path.Combine(folder, "biomarkers.db");
        try
        {
            await using SqlStore store = await SqlStore.OpenAsync(new SqliteDatabase(file), TimeProvider.System, cancellationToken);
        }
        catch (Exception exception) when (exception is StoreException or SqliteException)
        {
            figures.AddOther($"the database does not open: {exception.Message}");
            acknowledged.ToList().ForEach(one => figures.AddLost($"event {one.Offset} of {one.Instrument}"));
            return;
        }

        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        await connection.OpenAsync(cancellationToken);
        await CheckAsync(connection, sent, acknowledged, figures, cancellationToken);
    }

    /// <summary>Reads a database whole and adds what is wrong.</summary>
    public static async Task CheckAsync(
        DbConnection connection,
        IReadOnlyDictionary<(string Instrument, long Offset), TimedEvent> sent,
        IReadOnlyList<TimedEvent> acknowledged,
        KeptFigures figures,
        CancellationToken cancellationToken)
    {
        foreach (string damage in await connection.ReadAsync("PRAGMA integrity_check", row => row.GetString(0), cancellationToken))
        {
            if (damage != "ok")
            {
                figures.AddOther($"SQLite finds damage: {damage}");
            }
        }

        foreach (string table in await connection.ReadAsync("PRAGMA foreign_key_check", row => row.GetString(0), cancellationToken))
        {
            figures.AddOther($"a row of '{table}' refers to none");
        }

        await FeedCheck.CheckLedgerAsync(connection, figures, cancellationToken);
        HashSet<(string, long)> stored = await CheckStreamsAsync(connection, sent, figures, cancellationToken);
        foreach (TimedEvent one in acknowledged.Where(one => !stored.Contains((one.Instrument, one.Offset))))
        {
            figures.AddLost($"event {one.Offset} of {one.Instrument}");
        }

        foreach (string barcode in await connection.ReadAsync(
            "SELECT barcode FROM plate p WHERE layout_key IS NOT NULL AND EXISTS (SELECT 1 FROM plate_read d WHERE d.plate_key = p.plate_key) "
            + "AND NOT EXISTS (SELECT 1 FROM work_item w WHERE w.plate_key = p.plate_key)",
            row => row.GetString(0),
            cancellationToken))
        {
            figures.AddRunMissing($"plate {barcode} waits for nobody");
        }
    }

    private static async Task<HashSet<(string Instrument, long Offset)>> CheckStreamsAsync(
        DbConnection connection, IReadOnlyDictionary<(string Instrument, long Offset), TimedEvent> sent, KeptFigures figures, CancellationToken cancellationToken)
    {
        var stored = new HashSet<(string, long)>();
        var streams = (await connection.ReadAsync(
            "SELECT instrument_id, next_offset, chain_hash FROM read_stream",
            row => (Instrument: row.GetString(0), Next: row.GetInt64(1), Chain: row.GetFieldValue<byte[]>(2)),
            cancellationToken)).ToDictionary(row => row.Instrument);
        var chains = streams.Keys.ToDictionary(name => name, _ => (Next: 0L, Chain: new byte[SHA256.HashSizeInBytes]));
        foreach ((string instrument, long offset, byte[] hash) in await connection.ReadAsync(
            "SELECT instrument_id, event_offset, content FROM stream_event JOIN read_stream USING (stream_key) ORDER BY instrument_id, event_offset",
            row => (row.GetString(0), row.GetInt64(1), SHA256.HashData(row.GetFieldValue<byte[]>(2))),
            cancellationToken))
        {
            if (!sent.TryGetValue((instrument, offset), out TimedEvent? known))
            {
                figures.AddTwice($"event {offset} of {instrument} was never sent");
            }
            else if (!hash.AsSpan().SequenceEqual(known.Sha256))
            {
                figures.AddChanged($"event {offset} of {instrument}");
            }

            stored.Add((instrument, offset));
            chains[instrument] = (chains[instrument].Next + 1, SHA256.HashData([.. chains[instrument].Chain, .. hash]));
        }

        foreach ((string instrument, long next, byte[] chain) in streams.Values)
        {
            if (next != chains[instrument].Next || !chain.AsSpan().SequenceEqual(chains[instrument].Chain))
            {
                figures.AddOther($"the stream of {instrument} says {next} events with chain {Convert.ToHexStringLower(chain)}; it has {chains[instrument].Next}");
            }
        }

        return stored;
    }
}
