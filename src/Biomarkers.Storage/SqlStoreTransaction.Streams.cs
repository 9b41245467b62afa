using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;

namespace Biomarkers.Storage;

/// <summary>Read streams and their events.</summary>
internal sealed partial class SqlStoreTransaction
{
    private ITable<ReadStreamTable> Streams => connection.GetTable<ReadStreamTable>();

    public async Task<StreamRow?> FindStreamAsync(string instrumentId, string streamId, CancellationToken cancellationToken) =>
        ToStream(await Streams.FirstOrDefaultAsync(row => row.InstrumentId == instrumentId && row.StreamId == streamId, cancellationToken));

    public async Task<StreamRow?> FindStreamAsync(long streamKey, CancellationToken cancellationToken) =>
        ToStream(await Streams.FirstOrDefaultAsync(row => row.StreamKey == streamKey, cancellationToken));

    public async Task<StreamRow> InsertStreamAsync(string instrumentId, string streamId, DateTimeOffset openTime, CancellationToken cancellationToken)
    {
        var stream = new StreamRow(await NextKeyAsync("read_stream", cancellationToken), instrumentId, streamId, 1, 0, default);
        var row = new ReadStreamTable
        {
            StreamKey = stream.StreamKey,
            InstrumentId = instrumentId,
            StreamId = streamId,
            Epoch = stream.Epoch,
            NextOffset = 0,
            ChainHash = stream.ChainHash.ToBytes(),
            OpenTime = Instant.ToMicroseconds(openTime),
        };
        await connection.InsertAsync(row, token: cancellationToken);
        return stream;
    }

    public async Task<bool> RaiseEpochAsync(StreamRow stream, long epoch, DateTimeOffset openTime, CancellationToken cancellationToken)
    {
        long time = Instant.ToMicroseconds(openTime);
        return await Streams
            .Where(row => row.StreamKey == stream.StreamKey && row.Epoch == stream.Epoch)
            .Set(row => row.Epoch, epoch)
            .Set(row => row.OpenTime, time)
            .UpdateAsync(cancellationToken) == 1;
    }

    public Task LockStreamAsync(long streamKey, CancellationToken cancellationToken) =>
        database.LockRowAsync(connection, "read_stream", "stream_key", streamKey, cancellationToken);

    public Task SetClockOffsetAsync(long streamKey, TimeSpan? offset, CancellationToken cancellationToken)
    {
        long? microseconds = offset is { } time ? time.Ticks / TimeSpan.TicksPerMicrosecond : null;
        return Streams.Where(row => row.StreamKey == streamKey).Set(row => row.ClockOffset, microseconds).UpdateAsync(cancellationToken);
    }

    public async Task<bool> AppendEventAsync(StreamRow stream, StreamEventRow row, CancellationToken cancellationToken)
    {
        byte[] chain = stream.ChainAfter(row.Hash).ToBytes();
        long receiveTime = Instant.ToMicroseconds(row.ReceiveTime);
        long next = row.Offset + 1;
        int moved = await Streams
            .Where(candidate => candidate.StreamKey == stream.StreamKey && candidate.Epoch == stream.Epoch && candidate.NextOffset == row.Offset)
            .Set(candidate => candidate.NextOffset, next)
            .Set(candidate => candidate.ChainHash, chain)
            .Set(candidate => candidate.LastEventTime, (long?)receiveTime)
            .UpdateAsync(cancellationToken);
        if (moved == 0)
        {
            return false;
        }

        var appended = new StreamEventTable
        {
            StreamKey = stream.StreamKey,
            EventOffset = row.Offset,
            Epoch = stream.Epoch,
            Content = row.Content,
            ContentHash = row.Hash.ToBytes(),
            ChainHash = chain,
            ReceiveTime = receiveTime,
            SendTime = row.SendTime is { } sendTime ? Instant.ToMicroseconds(sendTime) : null,
        };
        await connection.InsertAsync(appended, token: cancellationToken);
        return true;
    }

    public async Task<ContentHash?> FindEventHashAsync(long streamKey, long offset, CancellationToken cancellationToken)
    {
        byte[]? hash = await connection.GetTable<StreamEventTable>()
            .Where(row => row.StreamKey == streamKey && row.EventOffset == offset)
            .Select(row => row.ContentHash)
            .FirstOrDefaultAsync(cancellationToken);
        return hash is null ? null : ContentHash.FromBytes(hash);
    }

    public async Task QuarantineAsync(QuarantineRow row, CancellationToken cancellationToken)
    {
        byte[] hash = row.Hash.ToBytes();
        ITable<QuarantinedEventTable> table = connection.GetTable<QuarantinedEventTable>();
        if (await table.AnyAsync(kept => kept.StreamKey == row.StreamKey && kept.EventOffset == row.Offset && kept.ContentHash == hash, cancellationToken))
        {
            return;
        }

        var refused = new QuarantinedEventTable
        {
            QuarantineKey = await NextKeyAsync("quarantined_event", cancellationToken),
            StreamKey = row.StreamKey,
            EventOffset = row.Offset,
            ContentHash = hash,
            Content = row.Content,
            Reason = row.Reason,
            Faults = RowMapping.ToJson(row.Faults),
            ReceiveTime = Instant.ToMicroseconds(row.ReceiveTime),
            Epoch = row.Epoch,
            SendTime = row.SendTime is { } sendTime ? Instant.ToMicroseconds(sendTime) : null,
        };
        await connection.InsertAsync(refused, token: cancellationToken);
    }

    public async Task<IReadOnlyList<Fault>?> FindQuarantineFaultsAsync(long streamKey, long offset, ContentHash hash, CancellationToken cancellationToken)
    {
        byte[] bytes = hash.ToBytes();
        string? faults = await connection.GetTable<QuarantinedEventTable>()
            .Where(row => row.StreamKey == streamKey && row.EventOffset == offset && row.ContentHash == bytes)
            .Select(row => row.Faults)
            .FirstOrDefaultAsync(cancellationToken);
        return faults is null ? null : RowMapping.FromJson<IReadOnlyList<Fault>>(faults);
    }

    public Task<long> DatabaseGenerationAsync(CancellationToken cancellationToken) =>
        connection.GetTable<DatabaseIdentityTable>().Where(row => row.Id == 1).Select(row => row.Generation).SingleAsync(cancellationToken);

    private static StreamRow? ToStream(ReadStreamTable? row) =>
        row is null ? null : new StreamRow(row.StreamKey, row.InstrumentId, row.StreamId, row.Epoch, row.NextOffset, ContentHash.FromBytes(row.ChainHash));
}
