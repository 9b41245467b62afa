using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Pipeline.Ingest;
using Biomarkers.Pipeline.Store;
using Biomarkers.Results;
using Biomarkers.Storage.Seals;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;

namespace Biomarkers.Storage;

/// <summary>Plates, layouts, reads, assays and rule packs.</summary>
internal sealed partial class SqlStoreTransaction
{
    private ITable<PlateTable> Plates => connection.GetTable<PlateTable>();

    private ITable<PendingReadTable> PendingReads => connection.GetTable<PendingReadTable>();

    private ITable<PendingReadPartTable> PendingParts => connection.GetTable<PendingReadPartTable>();

    public async Task<PlateRow?> FindPlateAsync(string barcode, CancellationToken cancellationToken)
    {
        await database.LockRowAsync(connection, "plate", "barcode", barcode, cancellationToken);
        keys.Renew("plate_read");
        keys.Renew("work_item");
        PlateTable? row = await Plates.FirstOrDefaultAsync(plate => plate.Barcode == barcode, cancellationToken);
        return row is null ? null : new PlateRow(row.PlateKey, row.Barcode, row.LayoutKey, row.RunKey);
    }

    public async Task<PlateRow> InsertPlateAsync(string barcode, DateTimeOffset time, CancellationToken cancellationToken)
    {
        long now = Instant.ToMicroseconds(time);
        var row = new PlateTable
        {
            PlateKey = await NextKeyAsync("plate", cancellationToken),
            Barcode = barcode,
            State = (int)PlateState.WaitingForRead,
            CreateTime = now,
            UpdateTime = now,
        };
        await connection.InsertAsync(row, token: cancellationToken);
        changedPlates.Add(row.PlateKey);
        return new PlateRow(row.PlateKey, barcode, null, null);
    }

    public async Task SettlePlateAsync(long plateKey, DateTimeOffset time, CancellationToken cancellationToken)
    {
        // Before its rows are looked at: another server's change of the same plate comes before or after.
        await database.LockRowAsync(connection, "plate", "plate_key", plateKey, cancellationToken);
        int state = (int)await StateOfAsync(plateKey, cancellationToken);
        long now = Instant.ToMicroseconds(time);
        changedPlates.Add(plateKey);
        await Plates.Where(row => row.PlateKey == plateKey)
            .Set(row => row.State, state)
            .Set(row => row.UpdateTime, now)
            .UpdateAsync(cancellationToken);
    }

    public async Task<LayoutRow> InsertLayoutAsync(NewLayout layout, CancellationToken cancellationToken)
    {
        int version = 1 + (await connection.GetTable<PlateLayoutTable>()
            .Where(known => known.PlateKey == layout.PlateKey)
            .MaxAsync(known => (int?)known.Version, cancellationToken) ?? 0);
        byte[] definition = layout.Layout.ToCanonicalJson();
        var row = new PlateLayoutTable
        {
            LayoutKey = await NextKeyAsync("plate_layout", cancellationToken),
            PlateKey = layout.PlateKey,
            Version = version,
            AssayKey = layout.AssayKey,
            ContentHash = ContentHash.Of(definition).ToBytes(),
            Definition = Encoding.UTF8.GetString(definition),
            SubmitTime = Instant.ToMicroseconds(layout.SubmitTime),
            Actor = layout.Actor,
            Reason = layout.Reason,
        };
        await connection.InsertAsync(row, token: cancellationToken);
        long? layoutKey = row.LayoutKey;
        await Plates.Where(plate => plate.PlateKey == layout.PlateKey).Set(plate => plate.LayoutKey, layoutKey).UpdateAsync(cancellationToken);
        return new LayoutRow(row.LayoutKey, version, layout.AssayKey, layout.Layout, layout.Reason);
    }

    public async Task<LayoutRow> GetLayoutAsync(long layoutKey, CancellationToken cancellationToken)
    {
        PlateLayoutTable row = await connection.GetTable<PlateLayoutTable>().SingleAsync(layout => layout.LayoutKey == layoutKey, cancellationToken);
        byte[] definition = Encoding.UTF8.GetBytes(row.Definition);
        Damage.Require($"layout version {row.Version} of a plate", definition, row.ContentHash);
        return new LayoutRow(row.LayoutKey, row.Version, row.AssayKey, PlateLayout.FromCanonicalJson(definition), row.Reason);
    }

    public async Task<IReadOnlyList<ReadRow>> ListReadsAsync(long plateKey, CancellationToken cancellationToken)
    {
        List<PlateReadTable> rows = await connection.GetTable<PlateReadTable>()
            .Where(row => row.PlateKey == plateKey)
            .OrderBy(row => row.ReadKey)
            .ToListAsync(cancellationToken);
        long[] readKeys = [.. rows.Select(row => row.ReadKey)];
        List<JoinedReadTable> joined = readKeys.Length == 0
            ? []
            : await connection.GetTable<JoinedReadTable>().Where(row => readKeys.Contains(row.ReadKey)).ToListAsync(cancellationToken);
        return [.. rows.Select(row => ToRead(row, Decode(row), joined.Find(pair => pair.ReadKey == row.ReadKey)))];
    }

    public async Task<ReadRow> InsertReadAsync(NewRead read, CancellationToken cancellationToken) =>
        ToRead(await InsertAsync(read, _ => read.Origin.ReadId, cancellationToken), read.Read, null);

    public async Task<ReadRow> InsertJoinedReadAsync(NewRead read, long measurementKey, long referenceKey, CancellationToken cancellationToken)
    {
        PlateReadTable row = await InsertAsync(read, key => $"~joined-{key}", cancellationToken);
        var joined = new JoinedReadTable { ReadKey = row.ReadKey, MeasurementKey = measurementKey, ReferenceKey = referenceKey };
        await connection.InsertAsync(joined, token: cancellationToken);
        return ToRead(row, read.Read, joined);
    }

    private static PlateRead Decode(PlateReadTable row)
    {
        Damage.Require($"read '{row.ReadId}' of a plate", row.Content, row.ContentHash);
        return PlateReadEncoding.Decode(row.Content);
    }

    private static ReadRow ToRead(PlateReadTable row, PlateRead read, JoinedReadTable? joined) => new(
        row.ReadKey,
        row.ReadId,
        read,
        row.StreamKey,
        row.EventOffset,
        Instant.FromMicroseconds(row.ReceiveTime),
        Instant.FromMicroseconds(row.ReadTime),
        row.InstrumentId,
        joined is null ? [] : [joined.MeasurementKey, joined.ReferenceKey]);

    private async Task<PlateReadTable> InsertAsync(NewRead read, Func<long, string> readIdOf, CancellationToken cancellationToken)
    {
        long readKey = await NextKeyAsync("plate_read", cancellationToken);
        byte[] content = PlateReadEncoding.Encode(read.Read);
        var row = new PlateReadTable
        {
            ReadKey = readKey,
            PlateKey = read.PlateKey,
            ReadId = readIdOf(readKey),
            Content = content,
            ContentHash = ContentHash.Of(content).ToBytes(),
            InstrumentId = read.InstrumentId,
            OperatorName = read.Origin.Operator,
            ReadTime = Instant.ToMicroseconds(read.Origin.ReadTime),
            ReceiveTime = Instant.ToMicroseconds(read.ReceiveTime),
            StreamKey = read.StreamKey,
            EventOffset = read.Offset,
            SameContentAs = read.SameContentAs,
        };
        await connection.InsertAsync(row, token: cancellationToken);
        return row;
    }

    public async Task<PendingReadRow?> FindPendingReadAsync(long streamKey, string readId, CancellationToken cancellationToken)
    {
        PendingReadTable? row = await PendingReads.FirstOrDefaultAsync(pending => pending.StreamKey == streamKey && pending.ReadId == readId, cancellationToken);
        if (row is null)
        {
            return null;
        }

        DateTimeOffset? readTime = Instant.FromMicroseconds(row.ReadTime);
        return new PendingReadRow(
            row.StreamKey,
            row.PlateKey,
            new ReadOrigin(row.ReadId, row.OperatorName, readTime),
            row.PlateBarcode,
            RowMapping.FormatOf(row.WellCount),
            (ResponseKind)row.ResponseKind,
            row.PartCount,
            RowMapping.LayoutOf(row.Layout),
            Instant.FromMicroseconds(row.StartTime));
    }

    public Task InsertPendingReadAsync(PendingReadRow pending, CancellationToken cancellationToken) => connection.InsertAsync(
        new PendingReadTable
        {
            StreamKey = pending.StreamKey,
            ReadId = pending.Origin.ReadId,
            PlateKey = pending.PlateKey,
            PlateBarcode = pending.PlateBarcode,
            WellCount = pending.Format.WellCount,
            ResponseKind = (int)pending.ResponseKind,
            OperatorName = pending.Origin.Operator,
            ReadTime = Instant.ToMicroseconds(pending.Origin.ReadTime),
            PartCount = pending.PartCount,
            Layout = RowMapping.ToText(pending.Layout),
            StartTime = Instant.ToMicroseconds(pending.StartTime),
        },
        token: cancellationToken);

    public async Task InsertPendingPartAsync(long streamKey, string readId, long offset, byte[] content, CancellationToken cancellationToken)
    {
        var part = new PendingReadPartTable { StreamKey = streamKey, ReadId = readId, EventOffset = offset, Content = content };
        await connection.InsertAsync(part, token: cancellationToken);
        await PendingReads.Where(row => row.StreamKey == streamKey && row.ReadId == readId)
            .Set(row => row.PartCount, row => row.PartCount + 1)
            .UpdateAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<byte[]>> ListPendingPartsAsync(long streamKey, string readId, CancellationToken cancellationToken) =>
        await PendingParts.Where(row => row.StreamKey == streamKey && row.ReadId == readId)
            .OrderBy(row => row.EventOffset)
            .Select(row => row.Content)
            .ToListAsync(cancellationToken);

    public async Task DeletePendingReadAsync(long streamKey, string readId, CancellationToken cancellationToken)
    {
        await PendingParts.Where(row => row.StreamKey == streamKey && row.ReadId == readId).DeleteAsync(cancellationToken);
        await PendingReads.Where(row => row.StreamKey == streamKey && row.ReadId == readId).DeleteAsync(cancellationToken);
    }

    public async Task<AssayRow?> FindAssayAsync(string assayId, int? version, CancellationToken cancellationToken)
    {
        AssayTable? row = await connection.FindAssayAsync(assayId, version, cancellationToken);
        return row is null ? null : new AssayRow(row.AssayKey, RowMapping.AssayOf(row));
    }

    public Task<bool> HasAssayContentAsync(string assayId, ContentHash contentHash, CancellationToken cancellationToken)
    {
        byte[] hash = contentHash.ToBytes();
        return connection.GetTable<AssayTable>().AnyAsync(row => row.AssayId == assayId && row.ContentHash == hash, cancellationToken);
    }

    public async Task<AssayRow> InsertAssayAsync(AssayDefinition assay, string actor, DateTimeOffset time, CancellationToken cancellationToken)
    {
        var row = new AssayTable
        {
            AssayKey = await NextKeyAsync("assay", cancellationToken),
            AssayId = assay.Id,
            Version = assay.Version,
            ContentHash = assay.ContentHash.ToBytes(),
            Definition = RowMapping.ToJson(assay),
            CreateTime = Instant.ToMicroseconds(time),
            Actor = actor,
        };
        await connection.InsertAsync(row, token: cancellationToken);
        return new AssayRow(row.AssayKey, assay);
    }

    public async Task KeepRulePackAsync(RulePack pack, CancellationToken cancellationToken)
    {
        byte[] hash = pack.Hash.ToBytes();
        RulePackTable? kept = await connection.GetTable<RulePackTable>().FirstOrDefaultAsync(row => row.Name == pack.Name, cancellationToken);
        if (kept is null)
        {
            await connection.InsertAsync(new RulePackTable { Name = pack.Name, ContentHash = hash, Definition = RowMapping.ToJson(pack) }, token: cancellationToken);
        }
        else if (!kept.ContentHash.AsSpan().SequenceEqual(hash))
        {
            throw new InvalidOperationException($"Rule pack '{pack.Name}' is kept with other content: a changed pack needs a new version.");
        }
    }

    // The first that holds: work to do, a person to decide, parts to come, work given up, a run, a read without layout, nothing but a layout.
    private async Task<PlateState> StateOfAsync(long plateKey, CancellationToken cancellationToken)
    {
        List<int> works = await WorkItems
            .Where(row => row.PlateKey == plateKey && row.State != WorkItemTable.Superseded)
            .OrderByDescending(row => row.WorkKey)
            .Select(row => row.State)
            .ToListAsync(cancellationToken);
        if (works.Contains(WorkItemTable.Open))
        {
            return PlateState.Ready;
        }

        if (await OpenHolds.AnyAsync(row => row.PlateKey == plateKey, cancellationToken))
        {
            return PlateState.Held;
        }

        if (await PendingReads.AnyAsync(row => row.PlateKey == plateKey, cancellationToken))
        {
            return PlateState.Receiving;
        }

        if (works.Count > 0)
        {
            return works[0] == WorkItemTable.Parked ? PlateState.Parked : PlateState.Analyzed;
        }

        if (!await connection.GetTable<PlateReadTable>().AnyAsync(row => row.PlateKey == plateKey, cancellationToken))
        {
            return PlateState.WaitingForRead;
        }

        // With a layout every whole read has its work: what there is, is half of one.
        return await Plates.AnyAsync(row => row.PlateKey == plateKey && row.LayoutKey != null, cancellationToken)
            ? PlateState.WaitingForWavelength
            : PlateState.WaitingForLayout;
    }
}
