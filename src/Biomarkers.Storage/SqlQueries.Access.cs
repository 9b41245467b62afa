using Biomarkers.Pipeline.Access;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Results;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage;

/// <summary>Instruments, keys and denials.</summary>
public sealed partial class SqlQueries : IAccessQueries
{
    /// <inheritdoc/>
    public async Task<AccessList> GetAccessListAsync(DateTimeOffset endedSince, CancellationToken cancellationToken)
    {
        long since = Instant.ToMicroseconds(endedSince);
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        List<AccessKeyTable> keys = await connection.GetTable<AccessKeyTable>()
            .Where(row => row.ExpireTime > since && (row.RevokeTime == null || row.RevokeTime > since)).ToListAsync(cancellationToken);
        List<string> instruments = await connection.GetTable<InstrumentTable>().Where(row => row.RetireTime == null).Select(row => row.InstrumentId).ToListAsync(cancellationToken);
        List<string> revoked = await connection.GetTable<RevokedCertificateTable>().Select(row => row.Thumbprint).ToListAsync(cancellationToken);
        return new AccessList([.. keys.Select(AccessMapping.KeyOf)], instruments, revoked);
    }

    /// <inheritdoc/>
    public async Task<Page<AccessKey>> ListKeysAsync(DateTimeOffset? activeAt, PageRequest page, CancellationToken cancellationToken)
    {
        long? active = Instant.ToMicroseconds(activeAt);
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        List<AccessKeyTable> rows = await snapshot.Connection.GetTable<AccessKeyTable>()
            .Where(row => active == null || (row.RevokeTime == null && row.ExpireTime > active))
            .Where(row => page.After == null || row.Key < page.After)
            .OrderByDescending(row => row.Key)
            .Take(page.Size + 1)
            .ToListAsync(cancellationToken);
        return PageOf(rows, page, row => row.Key, AccessMapping.KeyOf);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<EnrolledInstrument>> ListInstrumentsAsync(string? afterId, int limit, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        List<InstrumentTable> rows = await connection.GetTable<InstrumentTable>()
            .Where(row => afterId == null || string.Compare(row.InstrumentId, afterId) > 0)
            .OrderBy(row => row.InstrumentId)
            .Take(limit)
            .ToListAsync(cancellationToken);
        string[] ids = [.. rows.Select(row => row.InstrumentId)];
        List<RevokedCertificateTable> revoked = await connection.GetTable<RevokedCertificateTable>().Where(row => ids.Contains(row.InstrumentId)).ToListAsync(cancellationToken);
        return [.. rows.Select(row => AccessMapping.InstrumentOf(row, revoked))];
    }

    /// <inheritdoc/>
    public async Task<Page<RecordedDenial>> ListDenialsAsync(PageRequest page, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        List<AuditEventTable> rows = await snapshot.Connection.GetTable<AuditEventTable>()
            .Where(row => row.Action == AuditActions.AccessDenied && (page.After == null || row.Sequence < page.After))
            .OrderByDescending(row => row.Sequence)
            .Take(page.Size + 1)
            .ToListAsync(cancellationToken);
        return PageOf(rows, page, row => row.Sequence, AccessMapping.DenialOf);
    }
}
