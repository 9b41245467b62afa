using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Results;
using Biomarkers.Results.Ledger;
using Biomarkers.Storage.Tables;
using Biomarkers.Storage.Verification;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage;

/// <summary>The audit log.</summary>
public sealed partial class SqlQueries : IAuditQueries
{
    /// <inheritdoc/>
    public async Task<Page<StoredAuditEvent>> ListAuditEventsAsync(AuditFilter filter, PageRequest page, CancellationToken cancellationToken)
    {
        long? start = Instant.ToMicroseconds(filter.StartTime);
        long? end = Instant.ToMicroseconds(filter.EndTime);
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        IQueryable<AuditEventTable> rows = snapshot.Connection.GetTable<AuditEventTable>()
            .Where(row => filter.Actor == null || row.Actor == filter.Actor)
            .Where(row => filter.Action == null || row.Action == filter.Action)
            .Where(row => filter.Target == null || row.Target == filter.Target)
            .Where(row => start == null || row.EventTime >= start)
            .Where(row => end == null || row.EventTime < end);
        rows = page.OldestFirst
            ? rows.Where(row => page.After == null || row.Sequence > page.After).OrderBy(row => row.Sequence)
            : rows.Where(row => page.After == null || row.Sequence < page.After).OrderByDescending(row => row.Sequence);
        return PageOf(await rows.Take(page.Size + 1).ToListAsync(cancellationToken), page, row => row.Sequence, LedgerScan.EventOf);
    }

    /// <inheritdoc/>
    public async Task<Checkpoint?> MakeCheckpointAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        LedgerHeadTable head = await connection.GetTable<LedgerHeadTable>().SingleAsync(row => row.Id == 1, cancellationToken);
        byte[]? first = await connection.GetTable<AuditEventTable>().OrderBy(row => row.Sequence).Select(row => row.Hash).FirstOrDefaultAsync(cancellationToken);
        if (first is null)
        {
            return null;
        }

        long generation = await connection.GetTable<DatabaseIdentityTable>().Where(row => row.Id == 1).Select(row => row.Generation).SingleAsync(cancellationToken);
        var streams = await connection.GetTable<ReadStreamTable>()
            .OrderBy(row => row.StreamKey)
            .Select(row => new { row.StreamKey, row.InstrumentId, row.StreamId, row.NextOffset, row.ChainHash })
            .ToListAsync(cancellationToken);
        return new Checkpoint(
            ContentHash.FromBytes(first),
            generation,
            head.Sequence,
            ContentHash.FromBytes(head.Hash),
            Instant.Truncate(time),
            [.. streams.Select(row => new StreamHead(row.StreamKey, StreamScan.NameOf(row.InstrumentId, row.StreamId), row.NextOffset, ContentHash.FromBytes(row.ChainHash)))]);
    }

    /// <summary>Verifies the database as it is now; see <see cref="DatabaseVerification"/>.</summary>
    /// <exception cref="VerificationException">It can't be read.</exception>
    public Task<VerificationReport> VerifyAsync(VerificationRequest request, CancellationToken cancellationToken) =>
        DatabaseVerification.RunAsync(database, request, cancellationToken);
}
