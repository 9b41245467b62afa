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

    public async Task<ClaimedPage> ClaimWorkAsync(string holder, int limit, DateTimeOffset time, CancellationToken cancellationToken)
    {
        List<WorkItemTable> rows = await WorkItems
            .Where(row => row.State == WorkItemTable.Open && row.Holder != holder)
            .OrderBy(row => row.WorkKey)
            .Take(limit)
            .ToListAsync(cancellationToken);
        long now = Instant.ToMicroseconds(time);
        var works = new List<ReadyWork>(rows.Count);
        foreach (WorkItemTable row in rows)
        {
            long generation = row.Generation + 1;
            await WorkItems.Where(work => work.WorkKey == row.WorkKey)
                .Set(work => work.Holder, holder)
                .Set(work => work.Generation, generation)
                .Set(work => work.UpdateTime, now)
                .UpdateAsync(cancellationToken);
            (AnalysisInputs? inputs, string? damage) = await LoadInputsAsync(row, cancellationToken);
            if (inputs is not null)
            {
                works.Add(new ReadyWork(row.WorkKey, generation, inputs));
            }
            else
            {
                await ParkWorkAsync(row.WorkKey, generation, damage!, time, cancellationToken);
            }
        }

        return new ClaimedPage(rows.Count, works);
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
        string text = error.Length <= LongestError ? error : error[..LongestError];
        int parked = await WorkItems
            .Where(row => row.WorkKey == workKey && row.Generation == generation && row.State == WorkItemTable.Open)
            .Set(row => row.State, WorkItemTable.Parked)
            .Set(row => row.LastError, text)
            .Set(row => row.UpdateTime, now)
            .UpdateAsync(cancellationToken);
        if (parked > 0)
        {
            long plateKey = await WorkItems.Where(row => row.WorkKey == workKey).Select(row => row.PlateKey).SingleAsync(cancellationToken);
            await SettlePlateAsync(plateKey, time, cancellationToken);
        }

        return parked > 0;
    }

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
