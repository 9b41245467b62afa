using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Results;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage;

/// <summary>Streams and assays; plates, runs, results and what waits for a person are in the files beside this one. Each answer is one snapshot.</summary>
public sealed partial class SqlQueries : IQueries
{
    private readonly SqlDatabase database;

    internal SqlQueries(SqlDatabase database) => this.database = database;

    /// <inheritdoc/>
    public async Task<StreamSummary?> GetStreamAsync(string instrumentId, string streamId, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        ReadStreamTable? row = await connection.GetTable<ReadStreamTable>()
            .FirstOrDefaultAsync(stream => stream.InstrumentId == instrumentId && stream.StreamId == streamId, cancellationToken);
        return row is null
            ? null
            : new StreamSummary(
                row.InstrumentId,
                row.StreamId,
                row.Epoch,
                row.NextOffset,
                Instant.FromMicroseconds(row.OpenTime),
                Instant.FromMicroseconds(row.LastEventTime),
                ContentHash.FromBytes(row.ChainHash),
                row.ClockOffset is { } offset ? TimeSpan.FromMicroseconds(offset) : null);
    }

    /// <inheritdoc/>
    public async Task<AssayDefinition?> GetAssayAsync(string assayId, int? version, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        AssayTable? row = await connection.FindAssayAsync(assayId, version, cancellationToken);
        return row is null ? null : RowMapping.AssayOf(row);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<AssayDefinition>> ListAssaysAsync(string? afterId, int limit, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        ITable<AssayTable> assays = connection.GetTable<AssayTable>();
        List<AssayTable> rows = await assays
            .Where(row => !assays.Any(newer => newer.AssayId == row.AssayId && newer.Version > row.Version))
            .Where(row => afterId == null || string.Compare(row.AssayId, afterId) > 0)
            .OrderBy(row => row.AssayId)
            .Take(limit)
            .ToListAsync(cancellationToken);
        return [.. rows.Select(RowMapping.AssayOf)];
    }

    /// <inheritdoc/>
    public async Task<long> DatabaseGenerationAsync(CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        return await snapshot.Connection.GetTable<DatabaseIdentityTable>().Where(row => row.Id == 1).Select(row => row.Generation).SingleAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<long> NewestSequenceAsync(CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        return await connection.GetTable<LedgerHeadTable>().Where(row => row.Id == 1).Select(row => row.Sequence).SingleAsync(cancellationToken);
    }


    // One row more than the page was asked for: its being there says that there is a next page.
    private static Page<TOut> PageOf<TRow, TOut>(IReadOnlyList<TRow> rows, PageRequest page, Func<TRow, long> key, Func<TRow, TOut> map)
    {
        bool more = rows.Count > page.Size;
        return new Page<TOut>([.. rows.Take(page.Size).Select(map)], more ? key(rows[page.Size - 1]) : null);
    }
}
