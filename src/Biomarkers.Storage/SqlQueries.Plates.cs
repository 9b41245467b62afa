using Biomarkers.Immunoassay;
using Biomarkers.Pipeline.Queries;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;
using LinqToDB.Data;

namespace Biomarkers.Storage;

/// <summary>Plates.</summary>
public sealed partial class SqlQueries
{
    /// <inheritdoc/>
    public async Task<PlateSummary?> GetPlateAsync(string barcode, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        PlateTable? row = await connection.GetTable<PlateTable>().FirstOrDefaultAsync(plate => plate.Barcode == barcode, cancellationToken);
        return row is null ? null : (await SummariesAsync(connection, [row], cancellationToken))[0];
    }

    /// <inheritdoc/>
    public async Task<Page<PlateSummary>> ListPlatesAsync(PlateFilter filter, PageRequest page, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        IQueryable<PlateTable> query = connection.GetTable<PlateTable>();
        if (filter.State is { } wanted)
        {
            int state = (int)wanted;
            query = query.Where(row => row.State == state);
        }

        if (page.After is { } after)
        {
            query = page.OldestFirst ? query.Where(row => row.PlateKey > after) : query.Where(row => row.PlateKey < after);
        }

        query = page.OldestFirst ? query.OrderBy(row => row.PlateKey) : query.OrderByDescending(row => row.PlateKey);
        List<PlateTable> rows = await query.Take(page.Size + 1).ToListAsync(cancellationToken);
        Page<PlateTable> kept = PageOf(rows, page, row => row.PlateKey, row => row);
        return new Page<PlateSummary>(await SummariesAsync(connection, kept.Rows, cancellationToken), kept.Next);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<PlateSummary>> ListPlateChangesAsync(long afterChange, int limit, CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        IQueryable<PlateTable> changed = connection.GetTable<PlateTable>().Where(row => row.ChangeKey > afterChange);
        // The plates of one transaction share their place, and a cursor stands between places: the last one is listed whole.
        long? last = await changed.OrderBy(row => row.ChangeKey).Take(limit).MaxAsync(row => (long?)row.ChangeKey, cancellationToken);
        List<PlateTable> rows = await changed
            .Where(row => row.ChangeKey <= last)
            .OrderBy(row => row.ChangeKey)
            .ThenBy(row => row.PlateKey)
            .ToListAsync(cancellationToken);
        return await SummariesAsync(connection, rows, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<long> NewestPlateChangeAsync(CancellationToken cancellationToken)
    {
        await using SqlSnapshot snapshot = await database.OpenSnapshotAsync(cancellationToken);
        DataConnection connection = snapshot.Connection;
        return await connection.GetTable<PlateTable>().MaxAsync(row => (long?)row.ChangeKey, cancellationToken) ?? 0;
    }

    private static async Task<IReadOnlyList<PlateSummary>> SummariesAsync(
        DataConnection connection, IReadOnlyList<PlateTable> plates, CancellationToken cancellationToken)
    {
        long[] plateKeys = [.. plates.Select(plate => plate.PlateKey)];
        long[] layoutKeys = [.. plates.Where(plate => plate.LayoutKey is not null).Select(plate => plate.LayoutKey!.Value)];
        var reads = await connection.GetTable<PlateReadTable>()
            .Where(row => plateKeys.Contains(row.PlateKey))
            .OrderBy(row => row.ReadKey)
            .Select(row => new { row.PlateKey, row.ReadKey, row.ReadId, row.InstrumentId, row.OperatorName, row.ReadTime, row.ReceiveTime, row.ContentHash, row.SameContentAs })
            .ToListAsync(cancellationToken);
        var layouts = await (
            from layout in connection.GetTable<PlateLayoutTable>()
            join assay in connection.GetTable<AssayTable>() on layout.AssayKey equals assay.AssayKey
            where layoutKeys.Contains(layout.LayoutKey)
            select new { layout.LayoutKey, layout.Version, assay.AssayId, AssayVersion = assay.Version }).ToListAsync(cancellationToken);
        var parked = await connection.GetTable<WorkItemTable>()
            .Where(row => plateKeys.Contains(row.PlateKey) && row.State == WorkItemTable.Parked)
            .OrderByDescending(row => row.WorkKey)
            .Select(row => new { row.PlateKey, row.LastError })
            .ToListAsync(cancellationToken);
        var pending = await (
            from reading in connection.GetTable<PendingReadTable>()
            join stream in connection.GetTable<ReadStreamTable>() on reading.StreamKey equals stream.StreamKey
            where reading.PlateKey != null && plateKeys.Contains(reading.PlateKey.Value)
            orderby reading.StartTime, reading.ReadId
            select new { reading.PlateKey, stream.InstrumentId, stream.StreamId, reading.ReadId, reading.PartCount, reading.StartTime }).ToListAsync(cancellationToken);
        var holds = await connection.GetTable<HeldReadTable>()
            .Where(row => row.PlateKey != null && plateKeys.Contains(row.PlateKey.Value))
            .Where(row => !connection.GetTable<HeldReadResolutionTable>().Any(resolution => resolution.HeldKey == row.HeldKey))
            .OrderBy(row => row.HeldKey)
            .Select(row => new { row.PlateKey, row.HeldKey })
            .ToListAsync(cancellationToken);
        long[] readKeys = [.. reads.Select(read => read.ReadKey)];
        List<JoinedReadTable> joined = await connection.GetTable<JoinedReadTable>().Where(row => readKeys.Contains(row.ReadKey)).ToListAsync(cancellationToken);
        var readIds = reads.ToDictionary(read => read.ReadKey, read => read.ReadId);
        return [.. plates.Select(plate =>
        {
            var layout = layouts.Find(candidate => candidate.LayoutKey == plate.LayoutKey);
            return new PlateSummary(
                plate.Barcode,
                (PlateState)plate.State,
                plate.ChangeKey,
                layout is null ? null : $"{layout.AssayId}@{layout.AssayVersion}",
                layout?.Version,
                [.. reads.Where(read => read.PlateKey == plate.PlateKey).Select(read => new ReadSummary(
                    read.ReadId,
                    read.InstrumentId,
                    read.OperatorName,
                    Instant.FromMicroseconds(read.ReadTime),
                    Instant.FromMicroseconds(read.ReceiveTime),
                    ContentHash.FromBytes(read.ContentHash),
                    read.SameContentAs is { } same ? readIds.GetValueOrDefault(same) : null,
                    joined.Find(row => row.ReadKey == read.ReadKey) is { } pair ? [readIds[pair.MeasurementKey], readIds[pair.ReferenceKey]] : []))],
                plate.RunKey,
                Instant.FromMicroseconds(plate.CreateTime),
                Instant.FromMicroseconds(plate.UpdateTime),
                (PlateState)plate.State == PlateState.Parked ? parked.Find(work => work.PlateKey == plate.PlateKey)?.LastError : null,
                [.. pending.Where(reading => reading.PlateKey == plate.PlateKey).Select(reading => new PendingReadSummary(
                    reading.InstrumentId, reading.StreamId, reading.ReadId, reading.PartCount, Instant.FromMicroseconds(reading.StartTime)))],
                [.. holds.Where(hold => hold.PlateKey == plate.PlateKey).Select(hold => hold.HeldKey)]);
        })];
    }
}
