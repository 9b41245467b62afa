using System.Text;
using System.Text.Json;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Assays;
using Biomarkers.Immunoassay.Plates;
using Biomarkers.Immunoassay.QualityControl;
using Biomarkers.Pipeline.Store;
using Biomarkers.Pipeline.Work;
using Biomarkers.Results;
using Biomarkers.Storage.Tables;
using LinqToDB;
using LinqToDB.Async;

namespace Biomarkers.Storage;

/// <summary>The queue of work.</summary>
internal sealed partial class SqlStoreTransaction
{
    private const int LongestError = 2000;

    private ITable<WorkItemTable> WorkItems => connection.GetTable<WorkItemTable>();

    private ITable<WorkHolderTable> Holders => connection.GetTable<WorkHolderTable>();

    public async Task<WorkInsertion> InsertWorkAsync(NewWork work, CancellationToken cancellationToken)
    {
        byte[] hash = work.InputsHash.ToBytes();
        WorkItemTable? known = await WorkItems.FirstOrDefaultAsync(row => row.InputsHash == hash, cancellationToken);
        if (known is not null)
        {
            return new WorkInsertion(null, known.RunKey);
        }

        long now = Instant.ToMicroseconds(work.Time);
        await WorkItems.Where(row => row.ReadKey == work.ReadKey && row.State == WorkItemTable.Open)
            .Set(row => row.State, WorkItemTable.Superseded)
            .Set(row => row.UpdateTime, now)
            .UpdateAsync(cancellationToken);
        var added = new WorkItemTable
        {
            WorkKey = await NextKeyAsync("work_item", cancellationToken),
            InputsHash = hash,
            PlateKey = work.PlateKey,
            ReadKey = work.ReadKey,
            LayoutKey = work.LayoutKey,
            AssayKey = work.AssayKey,
            RulePack = work.RulePack,
            State = WorkItemTable.Open,
            Holder = work.Holder,
            Generation = 1,
            Attempts = 1,
            CreateTime = now,
            UpdateTime = now,
        };
        await connection.InsertAsync(added, token: cancellationToken);
        return new WorkInsertion(added.WorkKey, null);
    }

    public async Task<IReadOnlyList<HolderRow>> ListHoldersAsync(CancellationToken cancellationToken)
    {
        List<WorkHolderTable> rows = await Holders.Where(row => row.EndTime == null).ToListAsync(cancellationToken);
        IReadOnlySet<string> connected = await database.ListListenersAsync(connection, cancellationToken);
        return rows.ConvertAll(row => new HolderRow(row.Holder, row.HostName, row.Beat, connected.Contains(row.Holder)));
    }

    public async Task<bool> EndHolderAsync(HolderRow holder, DateTimeOffset time, CancellationToken cancellationToken)
    {
        long? now = Instant.ToMicroseconds(time);
        return await Holders
            .Where(row => row.Holder == holder.Holder && row.Beat == holder.Beat && row.EndTime == null)
            .Set(row => row.EndTime, now)
            .UpdateAsync(cancellationToken) == 1;
    }

    public async Task<IReadOnlyList<HeldWork>> ClaimWorkAsync(string holder, int limit, DateTimeOffset time, CancellationToken cancellationToken)
    {
        long now = Instant.ToMicroseconds(time);
        List<WorkItemTable> rows = await database.LockWorkAsync(connection, OfEndedHolders(holder), limit, cancellationToken);
        long[] workKeys = [.. rows.Select(row => row.WorkKey)];
        if (workKeys.Length > 0)
        {
            await WorkItems.Where(row => workKeys.Contains(row.WorkKey))
                .Set(row => row.Holder, holder)
                .Set(row => row.Generation, row => row.Generation + 1)
                .Set(row => row.UpdateTime, now)
                .UpdateAsync(cancellationToken);
        }

        var works = new List<HeldWork>(rows.Count);
        foreach (WorkItemTable row in rows)
        {
            string barcode = await Plates.Where(plate => plate.PlateKey == row.PlateKey).Select(plate => plate.Barcode).SingleAsync(cancellationToken);
            (AnalysisInputs? inputs, string? damage) = await LoadInputsAsync(row, cancellationToken);
            works.Add(new HeldWork(row.WorkKey, row.Generation + 1, barcode, inputs, damage));
        }

        return works;
    }

    public async Task<int?> BeginAttemptAsync(ReadyWork work, string holder, DateTimeOffset time, CancellationToken cancellationToken)
    {
        long now = Instant.ToMicroseconds(time);
        IQueryable<WorkItemTable> held = WorkItems.Where(row =>
            row.WorkKey == work.WorkKey && row.Generation == work.Generation && row.Holder == holder && row.State == WorkItemTable.Open);
        int begun = await held.Set(row => row.Attempts, row => row.Attempts + 1).Set(row => row.UpdateTime, now).UpdateAsync(cancellationToken);
        return begun == 0 ? null : await held.Select(row => row.Attempts).SingleAsync(cancellationToken);
    }

    public async Task<bool> ParkWorkAsync(long workKey, long generation, string error, DateTimeOffset time, CancellationToken cancellationToken)
    {
        long now = Instant.ToMicroseconds(time);
        string text = Texts.Storable(error.Length <= LongestError ? error : error[..LongestError]);
        long plateKey = await LockPlateOfAsync(workKey, cancellationToken);
        int parked = await WorkItems
            .Where(row => row.WorkKey == workKey && row.Generation == generation && row.State == WorkItemTable.Open)
            .Set(row => row.State, WorkItemTable.Parked)
            .Set(row => row.LastError, text)
            .Set(row => row.UpdateTime, now)
            .UpdateAsync(cancellationToken);
        if (parked > 0)
        {
            await SettlePlateAsync(plateKey, time, cancellationToken);
        }

        return parked > 0;
    }

    // Plate before work, everywhere: two servers that want both wait for each other in one order.
    private async Task<long> LockPlateOfAsync(long workKey, CancellationToken cancellationToken)
    {
        long plateKey = await WorkItems.Where(row => row.WorkKey == workKey).Select(row => row.PlateKey).SingleAsync(cancellationToken);
        await database.LockRowAsync(connection, "plate", "plate_key", plateKey, cancellationToken);
        return plateKey;
    }

    // Open work whose holder has ended, or was never heard of.
    private IQueryable<WorkItemTable> OfEndedHolders(string holder) =>
        WorkItems
            .Where(row => row.State == WorkItemTable.Open && row.Holder != holder)
            .Where(row => !Holders.Any(known => known.Holder == row.Holder && known.EndTime == null))
            .OrderBy(row => row.WorkKey);

    // The hash is taken over the stored bytes, so that a program that writes a new form of an assay still knows the old one. Null with the reason
    // where a part is damaged or of a form that this program can't read.
    private async Task<(AnalysisInputs? Inputs, string? Damage)> LoadInputsAsync(WorkItemTable row, CancellationToken cancellationToken)
    {
        byte[] content = await connection.GetTable<PlateReadTable>()
            .Where(read => read.ReadKey == row.ReadKey).Select(read => read.Content).SingleAsync(cancellationToken);
        string layout = await connection.GetTable<PlateLayoutTable>()
            .Where(known => known.LayoutKey == row.LayoutKey).Select(known => known.Definition).SingleAsync(cancellationToken);
        string assay = await connection.GetTable<AssayTable>()
            .Where(known => known.AssayKey == row.AssayKey).Select(known => known.Definition).SingleAsync(cancellationToken);
        string pack = await connection.GetTable<RulePackTable>()
            .Where(known => known.Name == row.RulePack).Select(known => known.Definition).SingleAsync(cancellationToken);
        byte[][] parts = [content, Encoding.UTF8.GetBytes(layout), Encoding.UTF8.GetBytes(assay), Encoding.UTF8.GetBytes(pack)];
        ContentHash hash = ContentHash.OfAll([.. parts.Select(part => ContentHash.Of(part))]);
        ContentHash stored = ContentHash.FromBytes(row.InputsHash);
        if (hash != stored)
        {
            return (null, $"The stored inputs have SHA-256 {hash}; expected {stored}. The store is damaged.");
        }

        try
        {
            return (new AnalysisInputs(
                PlateReadEncoding.Decode(content),
                PlateLayout.FromCanonicalJson(parts[1]),
                CanonicalJson.Deserialize<AssayDefinition>(parts[2]),
                CanonicalJson.Deserialize<RulePack>(parts[3])), null);
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            return (null, $"The stored inputs are of a form that this program can't read: {exception.Message}");
        }
    }
}
