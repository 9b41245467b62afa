using System.Text;
using Biomarkers.Immunoassay;
using Biomarkers.Immunoassay.Analysis;
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

    public async Task<long?> InsertWorkAsync(NewWork work, CancellationToken cancellationToken)
    {
        byte[] hash = work.InputsHash.ToBytes();
        if (await WorkItems.AnyAsync(row => row.InputsHash == hash, cancellationToken))
        {
            return null;
        }

        long now = Instant.ToMicroseconds(work.Time);
        var row = new WorkItemTable
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
        await connection.InsertAsync(row, token: cancellationToken);
        return row.WorkKey;
    }

    public async Task<IReadOnlyList<ClaimedWork>> ClaimWorkAsync(string holder, int limit, DateTimeOffset time, CancellationToken cancellationToken)
    {
        List<WorkItemTable> rows = await WorkItems
            .Where(row => row.State == WorkItemTable.Open && row.Holder != holder)
            .OrderBy(row => row.WorkKey)
            .Take(limit)
            .ToListAsync(cancellationToken);
        long now = Instant.ToMicroseconds(time);
        var claimed = new List<ClaimedWork>(rows.Count);
        foreach (WorkItemTable row in rows)
        {
            await WorkItems.Where(work => work.WorkKey == row.WorkKey)
                .Set(work => work.Holder, holder)
                .Set(work => work.Generation, work => work.Generation + 1)
                .Set(work => work.Attempts, work => work.Attempts + 1)
                .Set(work => work.UpdateTime, now)
                .UpdateAsync(cancellationToken);
            AnalysisInputs inputs = await LoadInputsAsync(row, cancellationToken);
            claimed.Add(new ClaimedWork(new ReadyWork(row.WorkKey, row.Generation + 1, inputs), row.Attempts + 1));
        }

        return claimed;
    }

    public async Task ParkWorkAsync(ReadyWork work, string error, DateTimeOffset time, CancellationToken cancellationToken)
    {
        long now = Instant.ToMicroseconds(time);
        string text = error.Length <= LongestError ? error : error[..LongestError];
        int parked = await WorkItems
            .Where(row => row.WorkKey == work.WorkKey && row.Generation == work.Generation && row.State == WorkItemTable.Open)
            .Set(row => row.State, WorkItemTable.Parked)
            .Set(row => row.LastError, text)
            .Set(row => row.UpdateTime, now)
            .UpdateAsync(cancellationToken);
        if (parked == 0)
        {
            return;
        }

        long plateKey = await WorkItems.Where(row => row.WorkKey == work.WorkKey).Select(row => row.PlateKey).SingleAsync(cancellationToken);
        await MovePlateAsync(plateKey, PlateState.Parked, text, now, cancellationToken);
    }

    private async Task MovePlateAsync(long plateKey, PlateState state, string? error, long now, CancellationToken cancellationToken)
    {
        long change = await NextKeyAsync("plate_change", cancellationToken);
        int stateNumber = (int)state;
        await Plates.Where(row => row.PlateKey == plateKey)
            .Set(row => row.State, stateNumber)
            .Set(row => row.ParkedError, error)
            .Set(row => row.ChangeKey, change)
            .Set(row => row.UpdateTime, now)
            .UpdateAsync(cancellationToken);
    }

    private async Task<AnalysisInputs> LoadInputsAsync(WorkItemTable row, CancellationToken cancellationToken)
    {
        byte[] content = await connection.GetTable<PlateReadTable>().Where(read => read.ReadKey == row.ReadKey).Select(read => read.Content).SingleAsync(cancellationToken);
        LayoutRow layout = await GetLayoutAsync(row.LayoutKey, cancellationToken);
        AssayTable assay = await connection.GetTable<AssayTable>().SingleAsync(known => known.AssayKey == row.AssayKey, cancellationToken);
        RulePackTable pack = await connection.GetTable<RulePackTable>().SingleAsync(known => known.Name == row.RulePack, cancellationToken);
        var inputs = new AnalysisInputs(
            PlateReadEncoding.Decode(content),
            layout.Layout,
            RowMapping.AssayOf(assay),
            CanonicalJson.Deserialize<RulePack>(Encoding.UTF8.GetBytes(pack.Definition)));
        ContentHash stored = ContentHash.FromBytes(row.InputsHash);
        return inputs.Hash == stored
            ? inputs
            : throw new InvalidDataException($"The inputs of work {row.WorkKey} have SHA-256 {inputs.Hash}; {stored} was stored. The store is damaged.");
    }
}
