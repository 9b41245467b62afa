using Biomarkers.Immunoassay.Analysis;
using Biomarkers.Immunoassay.Plates;
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
        long now = Instant.ToMicroseconds(work.Time);
        await WorkItems.Where(row => row.ReadKey == work.ReadKey && row.State == WorkItemTable.Open && row.InputsHash != hash)
            .Set(row => row.State, WorkItemTable.Superseded)
            .Set(row => row.UpdateTime, now)
            .UpdateAsync(cancellationToken);
        WorkItemTable? known = await WorkItems.FirstOrDefaultAsync(row => row.InputsHash == hash, cancellationToken);
        if (known is not null)
        {
            return known.State == WorkItemTable.Superseded ? await ReopenWorkAsync(known, work, now, cancellationToken) : new WorkInsertion(null, known.Generation, known.RunKey);
        }

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
        return new WorkInsertion(added.WorkKey, added.Generation, null);
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
        // A row that is locked is being written by its own server, which then lives, or by another one that does this too.
        return await database.TryLockRowAsync(connection, "work_holder", "holder", holder.Holder, cancellationToken) && await Holders
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
                .Set(row => row.Attempts, row => row.Attempts < 2 ? row.Attempts + 1 : row.Attempts)
                .Set(row => row.UpdateTime, now)
                .UpdateAsync(cancellationToken);
        }

        Dictionary<long, StoredInputs> stored = await LoadInputsAsync(workKeys, cancellationToken);
        return rows.ConvertAll(row =>
        {
            (AnalysisInputs? inputs, string? damage) = stored[row.WorkKey].Read(row.InputsHash);
            return new HeldWork(row.WorkKey, row.Generation + 1, stored[row.WorkKey].Barcode, inputs, damage, RunsAlone: row.Attempts > 1);
        });
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

    // What it rests on came back before it was done.
    private async Task<WorkInsertion> ReopenWorkAsync(WorkItemTable known, NewWork work, long now, CancellationToken cancellationToken)
    {
        long generation = known.Generation + 1;
        await WorkItems.Where(row => row.WorkKey == known.WorkKey)
            .Set(row => row.State, WorkItemTable.Open)
            .Set(row => row.Holder, work.Holder)
            .Set(row => row.Generation, generation)
            .Set(row => row.UpdateTime, now)
            .UpdateAsync(cancellationToken);
        return new WorkInsertion(known.WorkKey, generation, null);
    }

    // Nobody holds it, and this attempt does not count.
    private async Task<bool> ReleaseWorkAsync(ReadyWork work, string holder, long now, CancellationToken cancellationToken) =>
        await WorkItems
            .Where(row => row.WorkKey == work.WorkKey && row.Generation == work.Generation && row.Holder == holder && row.State == WorkItemTable.Open)
            .Set(row => row.Holder, string.Empty)
            .Set(row => row.Attempts, row => row.Attempts - 1)
            .Set(row => row.UpdateTime, now)
            .UpdateAsync(cancellationToken) == 1;

    // Plate before work where one is known by the other: two servers that want both wait for each other in one order. Keys of its runs and versions are
    // reserved after this, so that they rise in the order in which servers held the plate.
    private async Task<long> LockPlateOfAsync(long workKey, CancellationToken cancellationToken)
    {
        long plateKey = await WorkItems.Where(row => row.WorkKey == workKey).Select(row => row.PlateKey).SingleAsync(cancellationToken);
        await database.LockRowAsync(connection, "plate", "plate_key", plateKey, cancellationToken);
        foreach (string sequence in new[] { "analytical_run", "result", "result_version" })
        {
            keys.Renew(sequence);
        }

        return plateKey;
    }

    // Open work whose holder has ended, or was never heard of.
    private IQueryable<WorkItemTable> OfEndedHolders(string holder) =>
        WorkItems
            .Where(row => row.State == WorkItemTable.Open && row.Holder != holder)
            .Where(row => !Holders.Any(known => known.Holder == row.Holder && known.EndTime == null))
            .OrderBy(row => row.WorkKey);

    private async Task<Dictionary<long, StoredInputs>> LoadInputsAsync(long[] workKeys, CancellationToken cancellationToken) =>
        await (
            from work in WorkItems
            join plate in Plates on work.PlateKey equals plate.PlateKey
            join read in connection.GetTable<PlateReadTable>() on work.ReadKey equals read.ReadKey
            join layout in connection.GetTable<PlateLayoutTable>() on work.LayoutKey equals layout.LayoutKey
            join assay in connection.GetTable<AssayTable>() on work.AssayKey equals assay.AssayKey
            join pack in connection.GetTable<RulePackTable>() on work.RulePack equals pack.Name
            where workKeys.Contains(work.WorkKey)
            select new { work.WorkKey, Inputs = new StoredInputs(plate.Barcode, read.Content, read.ReadTime, layout.Definition, assay.Definition, pack.Definition) })
        .ToDictionaryAsync(row => row.WorkKey, row => row.Inputs, cancellationToken);
}
